"""The models folder: each file under its SHA-256, and used only while it is what that name says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from pathlib import Path

from ...db import Database
from ...kit import clock
from . import _store
from ._store import StoredFile
from .model import File
from .sources import Damaged, Partial, digest_of

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Files:
    """Knows which files were checked. A file that was changed since then is read again before it is used, and removed when it is another one."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder
        self.partials = folder / ".partial"
        self._checked: dict[str, StoredFile] = {}
        self._checking: dict[str, asyncio.Lock] = {}

    async def open(self) -> None:
        self._checked = {file.sha256: file for file in await self._db.read(_store.select_files)}
        await asyncio.to_thread(self._tidy)

    def path(self, sha256: str) -> Path:
        return self._folder / sha256

    def has(self, sha256: str) -> bool:
        """Whether the file is here, checked, and unchanged since."""
        known = self._checked.get(sha256)
        if known is None:
            return False
        try:
            found = self.path(sha256).stat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (known.size_bytes, known.modified_ns)

    def was_here(self, sha256: str) -> bool:
        return sha256 in self._checked

    def is_unchecked(self, sha256: str) -> bool:
        """Whether something lies under that name which has to be read before it is used."""
        return not self.has(sha256) and self.path(sha256).exists()

    async def check(self, sha256: str) -> bool:
        """Read the whole file: True when it is what its name says. Otherwise it is removed, and forgotten."""
        async with self._checking.setdefault(sha256, asyncio.Lock()):
            path = self.path(sha256)
            try:
                before = path.stat()
                is_good = await asyncio.to_thread(digest_of, path) == sha256
            except OSError:
                is_good = False
            if is_good:
                await self._remember(StoredFile(sha256, before.st_size, before.st_mtime_ns, clock.timestamp()))
            else:
                await self.drop(sha256)
            return is_good

    async def keep(self, partial: Partial, file: File) -> None:
        """Take a finished partial file in. Damaged when it is not what it should be; the partial file stays then, for the caller to drop."""
        size = partial.size
        if size != file.size_bytes:
            raise Damaged(f"{file.name} has {size:,} bytes and should have {file.size_bytes:,}.")
        if await asyncio.to_thread(digest_of, partial.path) != file.sha256:
            raise Damaged(f"{file.name} is not the file that the catalogue names: its SHA-256 is another one.")
        modified = await asyncio.to_thread(_settle, partial.path, self.path(file.sha256))
        partial.drop()
        await self._remember(StoredFile(file.sha256, file.size_bytes, modified, clock.timestamp()))

    async def drop(self, sha256: str) -> None:
        self._checked.pop(sha256, None)
        await asyncio.to_thread(self.path(sha256).unlink, missing_ok=True)
        await self._db.write(lambda tx: _store.delete_file(tx, sha256))

    def drop_partial(self, file: File) -> None:
        Partial(self.partials, file).drop()

    async def _remember(self, file: StoredFile) -> None:
        self._checked[file.sha256] = file
        await self._db.write(lambda tx: _store.put_file(tx, file))

    def _tidy(self) -> None:
        """Remove what an interrupted download left beside the partial files."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.partials.mkdir(exist_ok=True, mode=0o700)
        for left in self.partials.iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            elif not _SHA256.match(left.name):
                left.unlink(missing_ok=True)


def _settle(partial: Path, target: Path) -> int:
    """Move a file into its place for good; when it was last modified."""
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    with contextlib.suppress(OSError):  # folders cannot be synced on every system
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return target.stat().st_mtime_ns
