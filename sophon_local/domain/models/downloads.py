"""Fetches models in the background: one of a kind at a time, across restarts, again and again while there is no network."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from ...db import Database
from ...kit import clock
from ...kit.errors import SophonError, UpstreamUnavailable
from . import _store
from ._store import StoredDownload
from .files import Files
from .model import Entry, File, Progress
from .sources import Damaged, OnBytes, Partial, SourceLacks, SourceOffline, Sources, check_space, copy, find_in, to_its_end

log = logging.getLogger("sophon.models")

BACKOFF_S = (5, 15, 30, 60, 120, 300)
_TELL_S = 0.5  # how often progress is told


class _Download:
    """One model on its way."""

    def __init__(self, entry: Entry, from_path: str | None) -> None:
        self.entry = entry
        self.from_path = from_path
        self.status = "queued"
        self.done_bytes = 0
        self.error: str | None = None
        self.retry_at: float | None = None
        self.attempts = 0
        self.task: asyncio.Task[None] | None = None

    @property
    def progress(self) -> Progress:
        error = self.error
        if self.retry_at is not None:
            error = f"{error} Trying again in {max(1, round(self.retry_at - time.monotonic()))} s."
        return Progress(status=self.status, done_bytes=self.done_bytes, total_bytes=self.entry.size_bytes, error=error)


class Downloads:
    """``changed`` is called, on the event loop, with the id of a model whose progress is another one now; ``installed`` when one is complete."""

    def __init__(
        self,
        db: Database,
        files: Files,
        sources: Sources,
        changed: Callable[[str], None],
        installed: Callable[[Entry], None],
        backoff_s: tuple[float, ...] = BACKOFF_S,
    ) -> None:
        self._db = db
        self._files = files
        self._sources = sources
        self._changed = changed
        self._installed = installed
        self._backoff_s = backoff_s
        self._waiting: dict[str, _Download] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    def progress(self, model_id: str) -> Progress | None:
        download = self._waiting.get(model_id)
        return download.progress if download else None

    def is_busy(self, kind: str) -> bool:
        """Whether a model of the kind is on its way or waits its turn."""
        return any(d.entry.kind == kind and d.status != "failed" for d in self._waiting.values())

    async def request(self, entry: Entry, from_path: str | None = None) -> None:
        """Fetch a model; at once if it waits for its next try. Asking again for one that is under way changes nothing."""
        known = self._waiting.get(entry.id)
        if known is not None and known.task is not None and not known.task.done():
            return
        download = StoredDownload(entry.id, from_path, clock.timestamp())
        await self._db.write(lambda tx: _store.put_download(tx, download))
        self.take_up(entry, from_path)

    def take_up(self, entry: Entry, from_path: str | None) -> None:
        """``request`` for what is in the table already."""
        self._waiting[entry.id] = _Download(entry, from_path)
        self._changed(entry.id)
        self._wake.set()
        worker = self._workers.get(entry.kind)
        if worker is None or worker.done():
            self._workers[entry.kind] = asyncio.create_task(self._work(entry.kind))

    def fail(self, entry: Entry, error: str) -> None:
        """Show a model as failed, without fetching anything, until somebody asks for it."""
        known = self._waiting.get(entry.id)
        if known is None or known.status == "failed":
            failed = _Download(entry, None)
            failed.status, failed.error = "failed", error
            self._waiting[entry.id] = failed
            self._changed(entry.id)

    async def cancel(self, model_id: str) -> bool:
        """Stop and forget a download; what has come so far is kept for another time. False when there is none."""
        download = self._waiting.pop(model_id, None)
        await self._db.write(lambda tx: _store.delete_download(tx, model_id))
        if download is None:
            return False
        if download.task is not None:
            download.task.cancel()
            await asyncio.wait([download.task])
        self._changed(model_id)
        return True

    async def close(self) -> None:
        """Stop everything; what is in the table goes on at the next start."""
        for worker in self._workers.values():
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def _work(self, kind: str) -> None:
        while True:
            queue = [d for d in self._waiting.values() if d.entry.kind == kind and d.status == "queued"]
            if not queue:
                return
            download = min(queue, key=lambda d: d.retry_at or 0.0)
            delay = (download.retry_at or 0.0) - time.monotonic()
            if delay > 0:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), delay)
                continue
            download.task = asyncio.create_task(self._run(download))
            try:
                await asyncio.wait([download.task])
            except asyncio.CancelledError:
                download.task.cancel()
                await asyncio.wait([download.task])
                raise
            download.task = None

    async def _run(self, download: _Download) -> None:
        entry = download.entry
        download.error, download.retry_at = None, None
        telling = asyncio.create_task(self._tell(download))
        try:
            await self._fetch(download)
        except SourceOffline as error:
            wait_s = self._backoff_s[min(download.attempts, len(self._backoff_s) - 1)]
            download.attempts += 1
            download.status, download.error, download.retry_at = "queued", error.message, time.monotonic() + wait_s
        except SophonError as error:
            download.status, download.error = "failed", error.message
        except OSError as error:
            download.status, download.error = "failed", f"The model could not be stored ({error.strerror or error}). Check the disk and pull it again."
        except Exception:
            log.exception("the download of %s failed in a way that was not foreseen", entry.id)
            download.status, download.error = "failed", "The download failed; the log says why. Pull the model again."
        else:
            self._waiting.pop(entry.id, None)
            await self._db.write(lambda tx: _store.delete_download(tx, entry.id))
            self._installed(entry)
        finally:
            telling.cancel()
        if self._waiting.get(entry.id, download) is download:
            self._changed(entry.id)

    async def _tell(self, download: _Download) -> None:
        told = None
        while True:
            if told != (download.status, download.done_bytes):
                told = (download.status, download.done_bytes)
                self._changed(download.entry.id)
            await asyncio.sleep(_TELL_S)

    async def _fetch(self, download: _Download) -> None:
        before = 0
        download.status = "downloading"
        for file in download.entry.files:
            if not self._files.has(file.sha256) and not (self._files.is_unchecked(file.sha256) and await self._files.check(file.sha256)):
                await self._fetch_file(download, file, before)
            before += file.size_bytes
            download.done_bytes = before

    async def _fetch_file(self, download: _Download, file: File, before: int) -> None:
        partial = Partial(self._files.partials, file)

        def on_bytes(size: int) -> None:
            download.done_bytes = before + size

        download.done_bytes = before + partial.size
        if download.from_path is not None:
            await self._take(await asyncio.to_thread(_look, Path(download.from_path), file), download, file, partial, on_bytes)
            return
        here = await self._sources.find_here(file)
        if here is not None:
            await self._take(here, download, file, partial, on_bytes)
            return
        reasons: list[str] = []
        is_offline = False
        for source in file.sources:
            download.status = "downloading"
            largest = file.size_bytes // max(1, source.parts) if source.index else 0  # the wheel lies beside the file for a while
            check_space(self._files.partials, file.size_bytes - partial.size + largest)
            try:
                await self._sources.fetch(source, file, partial, on_bytes)
                download.status = "verifying"
                await self._files.keep(partial, file)
                return
            except SourceOffline as error:
                is_offline = True
                reasons.append(error.message)
            except Damaged as error:
                partial.drop()
                reasons.append(f"{error.message} What came was thrown away.")
            except (SourceLacks, UpstreamUnavailable) as error:
                reasons.append(error.message)
        if is_offline:
            raise SourceOffline(f"Offline: {' '.join(reasons)}")
        raise SourceLacks(" ".join(reasons) or f"Nobody has {file.name}.")

    async def _take(self, path: Path, download: _Download, file: File, partial: Partial, on_bytes: OnBytes) -> None:
        """A copy of a file that lies on this machine already."""
        check_space(self._files.partials, file.size_bytes)
        await to_its_end(copy, path, partial, on_bytes)
        download.status = "verifying"
        try:
            await self._files.keep(partial, file)
        except Damaged:
            partial.drop()
            raise


def _look(place: Path, file: File) -> Path:
    """The file at ``place``, or in the folder ``place``; its name does not matter, its content does."""
    if place.is_dir():
        found = find_in(place, file)
        if found is None:
            raise SourceLacks(f"{file.name} is not in {place}.")
        return found
    if not place.is_file():
        raise SourceLacks(f"There is no file {place}.")
    if place.stat().st_size != file.size_bytes:
        raise SourceLacks(f"{place.name} is not {file.name}: it has another size.")
    return place
