"""One SQLite file: a writer thread that commits in groups, reader threads, and a reader for the calling thread."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import apsw

from ..kit import clock
from ..kit.errors import Conflict, NotFound, ServiceUnavailable, SophonError, StorageFull
from .migrations import Migration
from .rows import to_column, to_struct

T = TypeVar("T")
R = TypeVar("R")

READERS = 3
GROUP = 256  # transactions that may share one commit
_BUSY_MS = 5_000
_CHECKPOINT_PAGES = 4_000


class DatabaseTooNew(SophonError):
    """The file was written by a newer version of this program. It is left as it is."""

    code = "database_too_new"


class DatabaseCorrupt(SophonError):
    """The file is not a healthy SQLite database. It is left as it is."""

    code = "database_corrupt"


class Tx:
    """A unit of work on one connection: named parameters in, structs out. Valid only inside the function it is given to."""

    __slots__ = ("_columns", "connection")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._columns: dict[str, tuple[str, ...]] = {}

    def find(self, struct: type[T], sql: str, **parameters: Any) -> T | None:
        """The first row, or None."""
        rows = self.all(struct, sql, **parameters)
        return rows[0] if rows else None

    def one(self, struct: type[T], sql: str, **parameters: Any) -> T:
        """The first row; NotFound when there is none."""
        row = self.find(struct, sql, **parameters)
        if row is None:
            raise NotFound("There is no such thing here.")
        return row

    def all(self, struct: type[T], sql: str, **parameters: Any) -> list[T]:
        cursor = self.connection.cursor()
        cursor.execute(sql, parameters)
        columns = self._columns.get(sql)
        if columns is None:
            try:
                columns = self._columns[sql] = tuple(name for name, _ in cursor.getdescription())
            except apsw.ExecutionCompleteError:
                return []
        return [to_struct(struct, columns, row) for row in cursor]

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.connection.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def run(self, sql: str, **parameters: Any) -> int:
        """Run a statement; how many rows it changed."""
        cursor = self.connection.cursor()
        cursor.execute(sql, {name: to_column(value) for name, value in parameters.items()})
        cursor.fetchall()
        return self.connection.changes()

    def many(self, sql: str, rows: Iterable[dict[str, Any]]) -> None:
        self.connection.executemany(sql, ({name: to_column(value) for name, value in row.items()} for row in rows))


def _vec0() -> str:
    """Where sqlite-vec's library lies. Found without importing the package, which would import numpy."""
    spec = importlib.util.find_spec("sqlite_vec")
    if spec is None or spec.origin is None:
        raise RuntimeError("The package sqlite-vec is not installed. Install the program again.")
    return str(Path(spec.origin).parent / "vec0")


def _connect(path: Path, *, writes: bool) -> apsw.Connection:
    # Readers open read-write too: a WAL database that was not closed cleanly cannot be opened read-only.
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(_BUSY_MS)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES if writes else 0}").fetchall()
    if not writes:
        connection.execute("PRAGMA query_only = ON")
    connection.enable_load_extension(True)
    connection.load_extension(_vec0())
    connection.enable_load_extension(False)
    return connection


class _Job:
    """A transaction that waits, and who waits for it: a future of an event loop (``loop``) or of a thread."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Tx], Any], future: Future[Any] | asyncio.Future[Any], loop: asyncio.AbstractEventLoop | None) -> None:
        self.work = work
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def answer(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def _answer_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.answer()


class Database:
    """Open with ``Database(path, migrations)``, then ``await db.read(work)`` and ``await db.write(work)``.

    ``work`` is a function of a ``Tx`` and does a whole unit of work in one hop to a database thread. What ``write`` has answered is on disk
    (``synchronous=FULL``): the writer runs the transactions that wait, each in a savepoint of its own, inside one commit.
    """

    def __init__(self, path: Path, migrations: list[Migration], backups: Path | None = None) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._writer = _connect(path, writes=True)
            _migrate(self._writer, path, migrations, backups)
        except (apsw.NotADBError, apsw.CorruptError) as error:
            raise DatabaseCorrupt(
                f"{path} is damaged ({error}). Nothing was changed. Restore a backup, or move the file away to start with an empty one.", path=str(path)
            ) from None
        except apsw.FullError:
            raise StorageFull("The disk is full, so the database could not be opened. Free some space and start again.") from None
        except apsw.IOError as error:
            raise StorageFull(f"{path} cannot be written ({error}). The disk may be full or failing: free some space, check it, and start again.") from None
        except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, apsw.BusyError) as error:
            raise ServiceUnavailable(f"{path} cannot be opened ({error}). Check who may write it and that no other program uses it, and start again.") from None
        path.chmod(0o600)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._local = threading.local()
        self._here: Tx | None = None
        self._connections: list[apsw.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, f"read-{path.stem}")
        self._is_closed = False
        self._thread = threading.Thread(target=self._write_loop, name=f"write-{path.stem}", daemon=True)
        self._thread.start()

    async def read(self, work: Callable[[Tx], R]) -> R:
        """Run ``work`` on a reader thread, on one consistent snapshot."""
        self._check_open()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read_here, work)

    async def write(self, work: Callable[[Tx], R]) -> R:
        """Run ``work`` in a transaction and answer once it is on disk. An exception rolls this transaction back, and no other.

        A caller that is cancelled does not take its transaction back.
        """
        self._check_open()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._jobs.put(_Job(work, future, loop))
        return await future

    def submit(self, work: Callable[[Tx], R]) -> Future[R]:
        """``write`` for threads without an event loop."""
        self._check_open()
        future: Future[R] = Future()
        self._jobs.put(_Job(work, future, None))
        return future

    def peek(self, work: Callable[[Tx], R]) -> R:
        """Run ``work`` on the calling thread, which must be the event loop's. Only for a few reads by primary key: microseconds,
        where a hop to another thread costs half a millisecond."""
        self._check_open()
        if self._here is None:
            connection = _connect(self.path, writes=False)
            self._connections.append(connection)
            self._here = Tx(connection)
        return work(self._here)

    async def backup(self, target: Path) -> None:
        """A consistent copy of the database, made while it is in use."""
        await asyncio.get_running_loop().run_in_executor(self._readers, _copy, self.path, target)

    def close(self) -> None:
        """Finish what is queued, then close. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._jobs.put(None)
        self._thread.join()
        self._readers.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
        with contextlib.suppress(apsw.Error):
            self._writer.execute("PRAGMA optimize").fetchall()
        self._writer.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ServiceUnavailable("The server is stopping.")

    def _read_here(self, work: Callable[[Tx], R]) -> R:
        tx: Tx | None = getattr(self._local, "tx", None)
        if tx is None:
            tx = self._local.tx = Tx(_connect(self.path, writes=False))
            self._connections.append(tx.connection)
        tx.connection.execute("BEGIN")
        try:
            return work(tx)
        finally:
            tx.connection.execute("ROLLBACK")

    def _write_loop(self) -> None:
        tx = Tx(self._writer)
        is_last = False
        while not is_last:
            group: list[_Job] = []
            job = self._jobs.get()
            while True:
                if job is None:
                    is_last = True
                    break
                group.append(job)
                if len(group) == GROUP:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            if group:
                self._commit(tx, group)

    def _commit(self, tx: Tx, group: list[_Job]) -> None:
        try:
            tx.connection.execute("BEGIN IMMEDIATE")
            for job in group:
                tx.connection.execute("SAVEPOINT unit")
                try:
                    job.result = job.work(tx)
                except BaseException as error:
                    job.error = _explained(error)
                    if not tx.connection.in_transaction:  # a full disk rolls everything back by itself
                        raise
                    tx.connection.execute("ROLLBACK TO unit")
                tx.connection.execute("RELEASE unit")
            tx.connection.execute("COMMIT")
        except BaseException as error:
            if tx.connection.in_transaction:
                with contextlib.suppress(apsw.Error):
                    tx.connection.execute("ROLLBACK")
            explained = _explained(error)
            for job in group:
                job.error = job.error or explained
        # One wake-up an event loop for the whole group: they are what a write costs once the commit is shared.
        waiting: dict[asyncio.AbstractEventLoop | None, list[_Job]] = {}
        for job in group:
            waiting.setdefault(job.loop, []).append(job)
        for loop, jobs in waiting.items():
            if loop is None:
                _answer_all(jobs)
            else:
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
                    loop.call_soon_threadsafe(_answer_all, jobs)


def _explained(error: BaseException) -> BaseException:
    """Engine errors that a person can do something about, as ours."""
    if isinstance(error, apsw.FullError):
        return StorageFull("The disk is full: nothing was changed. Free some space and try again; reading goes on working.")
    if isinstance(error, apsw.IOError):
        return StorageFull(f"The disk cannot be written ({error}): nothing was changed. Check it and try again; reading goes on working.")
    if isinstance(error, apsw.ConstraintError):
        conflict = Conflict("This clashes with something that is there already.")
        conflict.__cause__ = error
        return conflict
    return error


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    reader, copy = apsw.Connection(str(source)), apsw.Connection(str(target))
    try:
        with copy.backup("main", reader, "main") as backup:
            while not backup.done:
                backup.step(1_000)
        target.chmod(0o600)
    finally:
        copy.close()
        reader.close()


def _migrate(writer: apsw.Connection, path: Path, migrations: list[Migration], backups: Path | None) -> None:
    """Bring the file up to ``migrations``: all of them or none, with a copy of the file kept first."""
    known = writer.execute("SELECT count(*) FROM sqlite_master WHERE name = 'schema_migrations'").fetchone()
    applied: dict[tuple[str, int], str] = {}
    if known and known[0]:
        applied = {(domain, number): checksum for domain, number, checksum in writer.execute("SELECT domain, number, checksum FROM schema_migrations")}
    ours = {(m.domain, m.number): m for m in migrations}
    unknown = sorted(applied.keys() - ours.keys())
    if unknown:
        raise DatabaseTooNew(
            f"{path} was written by a newer version of this program (it has {unknown[0][0]} {unknown[0][1]:04}). "
            "Nothing was changed. Install the newer version, or restore a backup from before it.",
            path=str(path),
        )
    for key, checksum in applied.items():
        if ours[key].checksum != checksum:
            raise DatabaseCorrupt(f"{path}: the table version {key[0]} {key[1]:04} is not the one this program knows. Nothing was changed.", path=str(path))
    missing = [m for m in migrations if (m.domain, m.number) not in applied]
    if not missing:
        return
    if applied and backups is not None:
        _copy(path, backups / f"{path.stem}-before-{missing[-1].domain}-{missing[-1].number:04}-{clock.now():%Y%m%dT%H%M%SZ}.db")
    writer.execute("BEGIN IMMEDIATE")
    try:
        writer.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (domain TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, "
            "checksum TEXT NOT NULL, applied_at TEXT NOT NULL, PRIMARY KEY (domain, number))"
        )
        for m in missing:
            writer.execute(m.sql)
            writer.execute(
                "INSERT INTO schema_migrations VALUES (:domain, :number, :name, :checksum, :at)",
                {"domain": m.domain, "number": m.number, "name": m.name, "checksum": m.checksum, "at": clock.timestamp()},
            )
        writer.execute("COMMIT")
    except BaseException:
        if writer.in_transaction:  # a full disk rolls everything back by itself
            writer.execute("ROLLBACK")
        raise
