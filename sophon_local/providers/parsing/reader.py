"""The parent's side: starts the reading child, watches its memory and time, and hands on what it says."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import msgspec

from ...kit.child import worker_argv, worker_environment, worker_folder
from .model import Done, Failed, Finished, Parsed, ParseFailed, Progress, ReadScans, ReadText, Reply, Request, Scan, ScannedPage

_LOOK_EVERY_S = 0.1
_MAX_REPLIES = 200_000_000  # bytes that one child may say: the longest text allowed, escaped
_GIVE_UP = 3  # pages in a row that broke the child: the rest would too
_PATIENCE = 4  # wall time allowed, as a multiple of the processor time: the child has low priority and may have to wait


class ReaderLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Of one child. ``cpu_s`` is processor time: for a file's text in all, with OCR for each page."""

    cpu_s: float = 30.0
    memory_bytes: int = 512 * 1024 * 1024
    scan_memory_bytes: int = 1280 * 1024 * 1024  # finding the lines of a square page takes 0.7 GB


class Reader:
    """``read`` a file's text; ``scan`` pages that are pictures. Raises ``ParseFailed``; cancelling stops the child at once."""

    def __init__(self, limits: ReaderLimits | None = None) -> None:
        self._limits = limits or ReaderLimits()

    async def read(self, file: Path, filename: str, content_type: str, on_progress: Callable[[int, int], None] = lambda done, total: None) -> Parsed:
        """The text of ``file``; ``on_progress`` is called with pages done and pages in all."""
        limits = self._limits
        request = ReadText(str(file), _encodable(filename), _encodable(content_type), limits.cpu_s, limits.memory_bytes)
        async with contextlib.aclosing(self._run(request, limits.memory_bytes)) as replies:
            async for reply in replies:
                if isinstance(reply, Progress):
                    on_progress(reply.done, reply.total)
                elif isinstance(reply, Done):
                    return reply.parsed
        raise ParseFailed("damaged", "The reader stopped without an answer. Add the file again.")

    async def scan(self, file: Path, kind: str, pages: list[int]) -> AsyncGenerator[tuple[ScannedPage, str | None]]:
        """OCR of ``pages``, one after the other, each with the reason when it has no text. A page that breaks a limit does not stop the others."""
        left = list(pages)
        in_a_row = 0
        while left:
            try:
                async with contextlib.aclosing(
                    self._run(ReadScans(str(file), kind, left, self._limits.scan_memory_bytes), self._limits.scan_memory_bytes)
                ) as replies:
                    async for reply in replies:
                        if isinstance(reply, Scan):
                            left.remove(reply.page.page)
                            in_a_row = 0
                            yield reply.page, reply.failure
                        elif isinstance(reply, Finished):
                            return
            except ParseFailed as failure:
                in_a_row += 1
                if len(pages) == 1 or in_a_row == _GIVE_UP:
                    raise
                page = left.pop(0)
                yield ScannedPage(page, "", 0.0), f"Page {page} was left out: {failure.message}"

    async def _run(self, request: Request, memory_bytes: int) -> AsyncGenerator[Reply]:
        loop = asyncio.get_running_loop()
        replies: asyncio.Queue[Reply | None] = asyncio.Queue()
        child = _start()
        watch = _Watch(child.pid, memory_bytes, self._limits.cpu_s)
        listener = threading.Thread(target=_hear, args=(child, loop, replies), name="document-reader", daemon=True)
        try:
            listener.start()
            await loop.run_in_executor(None, _ask, child, request)
            while True:
                try:
                    reply = await asyncio.wait_for(replies.get(), _LOOK_EVERY_S)
                except TimeoutError:
                    watch.look()
                    continue
                watch.look_now_and_then()
                if reply is None:
                    raise watch.explain_end(await loop.run_in_executor(None, _end, child))
                if isinstance(reply, Failed):
                    raise ParseFailed(reply.code, reply.message)
                if isinstance(reply, Scan):
                    watch.restart_clock()
                yield reply
                if isinstance(reply, Done | Finished):
                    return
        finally:
            child.kill()
            threading.Thread(target=_bury, args=(child, listener), daemon=True).start()


def _hear(child: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop, replies: asyncio.Queue[Reply | None]) -> None:
    """On a thread of its own: pass on the replies until the child has closed its end."""
    assert child.stdout
    total = 0
    try:
        while total < _MAX_REPLIES and (line := child.stdout.readline(_MAX_REPLIES)):
            total += len(line)
            loop.call_soon_threadsafe(replies.put_nowait, msgspec.json.decode(line, type=Reply))
        child.kill()
    except (msgspec.DecodeError, RuntimeError):  # a reply broke off, or the loop is closed and nobody listens any more
        child.kill()
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(replies.put_nowait, None)


def _end(child: subprocess.Popen[bytes]) -> int:
    """How the child ended. It gets a moment to do so after its last word."""
    try:
        return child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _start() -> subprocess.Popen[bytes]:
    options: dict[str, Any] = {}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        worker_argv("parse"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=worker_folder(),
        env=worker_environment(PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"),
        start_new_session=True,  # Ctrl-C in the terminal is the parent's to answer
        **options,
    )


def _ask(child: subprocess.Popen[bytes], request: Request) -> None:
    assert child.stdin
    with contextlib.suppress(OSError):  # the child is gone already: its end is explained by whoever reads its replies
        child.stdin.write(msgspec.json.encode(request) + b"\n")
        child.stdin.flush()


def _bury(child: subprocess.Popen[bytes], listener: threading.Thread) -> None:
    child.wait()
    listener.join()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


class _Watch:
    """Looks at the child now and then; raises ``ParseFailed`` when it has taken too much."""

    def __init__(self, pid: int, memory_bytes: int, cpu_s: float) -> None:
        import psutil

        self._memory_bytes = memory_bytes
        self._cpu_s = cpu_s
        self._most = 0
        self._cpu_before = 0.0
        self._cpu = 0.0
        self._since = self._looked = time.monotonic()
        self._gone = psutil.Error
        try:
            self._process: Any = psutil.Process(pid)
        except psutil.Error:
            self._process = None

    def restart_clock(self) -> None:
        """The time limit counts from now: a page was finished."""
        self._since = time.monotonic()
        self._cpu_before = self._cpu

    def look_now_and_then(self) -> None:
        """``look``, unless that was a moment ago: replies may come faster than looking is worth."""
        if time.monotonic() - self._looked > _LOOK_EVERY_S:
            self.look()

    def look(self) -> None:
        self._looked = time.monotonic()
        if self._process is None:
            return
        try:
            with self._process.oneshot():
                self._most = max(self._most, self._process.memory_info().rss)
                times = self._process.cpu_times()
        except self._gone:
            return
        self._cpu = times.user + times.system
        if self._most > self._memory_bytes:
            raise self._out_of_memory()
        waited = time.monotonic() - self._since
        if self._cpu - self._cpu_before > self._cpu_s or waited > self._cpu_s * _PATIENCE:
            raise self._timed_out()

    def explain_end(self, returncode: int) -> ParseFailed:
        """The child ended without an answer."""
        if returncode == -24 or self._cpu - self._cpu_before > self._cpu_s * 0.9:  # SIGXCPU
            return self._timed_out()
        if self._most > self._memory_bytes * 0.5 or returncode == -9:
            return self._out_of_memory()
        return ParseFailed("damaged", "Reading this file made the reader crash, so it is damaged or made to do harm. Nothing else was touched.")

    def _out_of_memory(self) -> ParseFailed:
        return ParseFailed(
            "out_of_memory",
            f"Reading this file takes more than {self._memory_bytes // 1_048_576} MB of memory. Split it, or save it in a simpler form, and add that.",
        )

    def _timed_out(self) -> ParseFailed:
        return ParseFailed("timed_out", f"Reading this file takes more than {self._cpu_s:g} seconds. Split it, or save it in a simpler form, and add that.")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
