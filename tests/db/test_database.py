"""The writer commits in groups, and what it has answered is there after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import apsw
import msgspec
import pytest

from sophon_local.db import Database, DatabaseCorrupt, DatabaseTooNew, Migration, Tx
from sophon_local.kit.errors import Conflict, StorageFull

pytestmark = pytest.mark.anyio

NOTES = Migration("notes", 1, "notes", "CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT NOT NULL, tags TEXT NOT NULL, is_pinned BOOLEAN NOT NULL)")


class Note(msgspec.Struct):
    id: str
    body: str
    tags: list[str]
    is_pinned: bool


def insert(tx: Tx, note: Note) -> None:
    tx.run("INSERT INTO notes VALUES (:id, :body, :tags, :is_pinned)", id=note.id, body=note.body, tags=note.tags, is_pinned=note.is_pinned)


@pytest.fixture
def db(tmp_path: Path):
    database = Database(tmp_path / "test.db", [NOTES])
    yield database
    database.close()


async def test_a_row_comes_back_as_the_struct_that_went_in(db: Database) -> None:
    note = Note("n1", "hello", ["a", "ü"], True)
    await db.write(lambda tx: insert(tx, note))
    assert await db.read(lambda tx: tx.one(Note, "SELECT * FROM notes WHERE id = :id", id="n1")) == note
    assert db.peek(lambda tx: tx.find(Note, "SELECT * FROM notes WHERE id = :id", id="n2")) is None


async def test_a_failing_transaction_takes_nothing_else_with_it(db: Database) -> None:
    def fail(tx: Tx) -> None:
        insert(tx, Note("bad", "x", [], False))
        raise ValueError("no")

    jobs = [db.write(lambda tx, i=i: insert(tx, Note(f"n{i}", "x", [], False))) for i in range(20)]
    jobs.insert(7, db.write(fail))
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(r) for r in results if isinstance(r, BaseException)] == [ValueError]
    ids = {row[0] for row in await db.read(lambda tx: tx.rows("SELECT id FROM notes"))}
    assert ids == {f"n{i}" for i in range(20)}


async def test_a_broken_constraint_is_a_conflict(db: Database) -> None:
    await db.write(lambda tx: insert(tx, Note("n1", "x", [], False)))
    with pytest.raises(Conflict):
        await db.write(lambda tx: insert(tx, Note("n1", "y", [], False)))
    assert await db.read(lambda tx: tx.value("SELECT body FROM notes")) == "x"


async def test_readers_cannot_write(db: Database) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        await db.read(lambda tx: tx.run("DELETE FROM notes"))


async def test_a_read_sees_one_moment(db: Database) -> None:
    await db.write(lambda tx: insert(tx, Note("n1", "x", [], False)))
    inside, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def twice(tx: Tx) -> tuple[int, int]:
        first = tx.value("SELECT count(*) FROM notes")
        loop.call_soon_threadsafe(inside.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        return first, tx.value("SELECT count(*) FROM notes")

    reading = asyncio.ensure_future(db.read(twice))
    await inside.wait()
    await db.write(lambda tx: insert(tx, Note("n2", "x", [], False)))
    go_on.set()
    assert await reading == (1, 1)


async def test_a_full_disk_loses_nothing_and_heals_by_itself(db: Database) -> None:
    await db.write(lambda tx: insert(tx, Note("before", "x", [], False)))
    pages = await db.read(lambda tx: tx.value("PRAGMA page_count"))
    await db.write(lambda tx: tx.rows(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageFull):
        await db.write(lambda tx: insert(tx, Note("big", "x" * 200_000, [], False)))
    assert await db.read(lambda tx: tx.value("SELECT count(*) FROM notes")) == 1
    await db.write(lambda tx: tx.rows("PRAGMA max_page_count = 1000000"))
    await db.write(lambda tx: insert(tx, Note("after", "x" * 200_000, [], False)))
    assert await db.read(lambda tx: tx.value("SELECT count(*) FROM notes")) == 2


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from sophon_local.db import Database, Migration
        db = Database(Path(sys.argv[1]), [Migration("t", 1, "t", "CREATE TABLE t (id INTEGER PRIMARY KEY)")])
        async def main():
            for i in range(100_000):
                await db.write(lambda tx: tx.run("INSERT INTO t VALUES (:i)", i=i))
                print(i, flush=True)
        asyncio.run(main())
    """)
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "k.db")], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    last = -1
    for line in process.stdout:
        last = int(line)
        if last >= 50:
            os.kill(process.pid, signal.SIGKILL)
            break
    rest = process.stdout.read().split("\n")
    last = max([last, *(int(n) for n in rest[:-1] if n)])
    process.wait()
    db = Database(tmp_path / "k.db", [Migration("t", 1, "t", "CREATE TABLE t (id INTEGER PRIMARY KEY)")])
    assert await db.read(lambda tx: tx.value("SELECT max(id) FROM t")) >= last
    assert await db.read(lambda tx: tx.value("PRAGMA integrity_check")) == "ok"
    db.close()


async def test_migrations_keep_a_copy_of_what_was_there(tmp_path: Path) -> None:
    first = Database(tmp_path / "m.db", [NOTES], tmp_path / "backups")
    await first.write(lambda tx: insert(tx, Note("n1", "x", [], False)))
    first.close()
    more = Migration("notes", 2, "colour", "ALTER TABLE notes ADD COLUMN colour TEXT")
    Database(tmp_path / "m.db", [NOTES, more], tmp_path / "backups").close()
    [backup] = (tmp_path / "backups").iterdir()
    assert apsw.Connection(str(backup)).execute("SELECT id FROM notes").fetchall() == [("n1",)]


async def test_a_failing_migration_changes_nothing(tmp_path: Path) -> None:
    Database(tmp_path / "m.db", [NOTES]).close()
    broken = Migration("notes", 2, "broken", "ALTER TABLE notes ADD COLUMN colour TEXT; CREATE TABLE notes (id TEXT)")
    with pytest.raises(apsw.SQLError):
        Database(tmp_path / "m.db", [NOTES, broken])
    again = Database(tmp_path / "m.db", [NOTES])
    assert "colour" not in [row[1] for row in await again.read(lambda tx: tx.rows("PRAGMA table_info(notes)"))]
    again.close()


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    Database(path, [NOTES, Migration("notes", 2, "x", "ALTER TABLE notes ADD COLUMN colour TEXT")]).close()
    before = path.read_bytes()
    with pytest.raises(DatabaseTooNew, match="newer version"):
        Database(path, [NOTES])
    assert path.read_bytes() == before


async def test_a_damaged_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(DatabaseCorrupt, match="damaged"):
        Database(path, [NOTES])
    assert path.read_bytes() == b"this is no database at all" * 100


async def test_a_backup_is_whole(db: Database, tmp_path: Path) -> None:
    await db.write(lambda tx: insert(tx, Note("n1", "x", [], False)))
    await db.backup(tmp_path / "copy.db")
    assert apsw.Connection(str(tmp_path / "copy.db")).execute("SELECT body FROM notes").fetchall() == [("x",)]
