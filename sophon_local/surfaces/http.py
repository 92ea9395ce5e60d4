"""Shared plumbing of the surfaces: event streams out, uploads in."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec
from litestar import Request
from litestar.response import Stream

from ..kit.errors import InvalidRequest, StorageFull, TooLarge
from ..kit.events import Recorded
from .stopping import stop_flag

KEEP_ALIVE_S = 15.0
_BATCH = 1_000_000  # bytes of an upload that are written and hashed in one hop to a thread
_FILES_PER_UPLOAD = 100
_FIELD_BYTES = 100_000
_FILES_SIZE = 10  # uploads of several files may be this many times as large as one file

# How a domain struct inside an event is written by the native API. The group modules add theirs: ``SHOWN[Document] = to_document``.
# A struct that is not listed is written with its own field names in camelCase.
SHOWN: dict[type, Callable[[Any], Any]] = {}


def to_wire(value: Any, shown: Mapping[type, Callable[[Any], Any]] = SHOWN) -> Any:
    """``value`` as JSON types: structs by ``shown``, or by their fields in camelCase."""
    if isinstance(value, msgspec.Struct):
        translate = shown.get(type(value))
        if translate is not None:
            return translate(value)
        if type(value).__struct_encode_fields__ != type(value).__struct_fields__:
            return value  # a wire struct already
        return {camel(name): to_wire(getattr(value, name), shown) for name in value.__struct_fields__}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_wire(one, shown) for one in value]
    if isinstance(value, dict):
        return {name: to_wire(one, shown) for name, one in value.items()}
    return value


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def frame(recorded: Recorded, shown: Mapping[type, Callable[[Any], Any]] = SHOWN) -> bytes:
    """One event as a server-sent event. What an event leaves open (None in ``sessionId``, ``taskId``) is left out."""
    event = recorded.event
    data = {camel(name): to_wire(getattr(event, name), shown) for name in event.__struct_fields__}
    data = {"at": recorded.at, **{name: value for name, value in data.items() if value is not None or name not in ("sessionId", "taskId")}}
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (recorded.id.encode(), event.topic.encode(), msgspec.json.encode(data))


def sse(events: AsyncIterator[Recorded], shown: Mapping[type, Callable[[Any], Any]] = SHOWN) -> Stream:
    """The answer that streams ``events`` until the reader goes away or the server stops, with a comment every 15 s to keep the line open."""
    return stream(_frames(events, shown))


def stream(chunks: AsyncIterator[bytes], media_type: str = "text/event-stream") -> Stream:
    """The answer that sends ``chunks`` as they come, never stored, and ends when the server stops."""
    return Stream(_until_stop(chunks), media_type=media_type, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _frames(events: AsyncIterator[Recorded], shown: Mapping[type, Callable[[Any], Any]]) -> AsyncIterator[bytes]:
    yield b": connected\n\n"
    waiting: asyncio.Future[Recorded] | None = None
    try:
        while True:
            waiting = asyncio.ensure_future(anext(events))  # type: ignore[arg-type]
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=KEEP_ALIVE_S)
                if not waiting.done():
                    yield b": still here\n\n"
            try:
                recorded = waiting.result()
            except StopAsyncIteration:
                return
            yield frame(recorded, shown)
    finally:
        if waiting is not None and not waiting.done():
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await waiting
        if hasattr(events, "aclose"):
            await events.aclose()


async def _until_stop(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    stopped = asyncio.ensure_future(stop_flag().wait())
    waiting: asyncio.Future[bytes] | None = None
    try:
        while not stopped.done():
            waiting = asyncio.ensure_future(anext(chunks))  # type: ignore[arg-type]
            await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                try:
                    chunk = waiting.result()
                except StopAsyncIteration:
                    return
                yield chunk
    finally:
        stopped.cancel()
        if waiting is not None and not waiting.done():
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await waiting
        if hasattr(chunks, "aclose"):
            await chunks.aclose()


class ReceivedFile(msgspec.Struct, frozen=True):
    """A file of an upload, whole, on disk and hashed. ``filename`` is what the sender calls it: data, never a path."""

    field: str
    path: Path
    filename: str
    content_type: str
    size_bytes: int
    sha256: str


class Form(msgspec.Struct, frozen=True):
    """A multipart body. Move a file away to keep it: what is left at the end of the request is removed."""

    fields: dict[str, list[str]]
    files: list[ReceivedFile]


async def receive_multipart(request: Request[Any, Any, Any], folder: Path, max_bytes: int) -> Form:
    """Stream a multipart body to files in ``folder``; no file may be larger than ``max_bytes``. On any failure nothing stays there."""
    from multipart import MultipartError, ParserLimitReached, PushMultipartParser

    content_type, parameters = request.content_type
    boundary = parameters.get("boundary", "")
    if content_type != "multipart/form-data" or not 0 < len(boundary) <= 200:
        raise InvalidRequest("Send the file as multipart/form-data with a boundary.")
    declared = int(request.headers.get("content-length") or 0)
    if declared > max_bytes * _FILES_SIZE:
        raise _too_large(max_bytes)
    temporary: list[Path] = request.scope["state"].setdefault("temporary", [])
    fields: dict[str, list[str]] = {}
    files: list[ReceivedFile] = []
    parser = PushMultipartParser(boundary, max_segment_size=max_bytes, max_segment_count=_FILES_PER_UPLOAD * 2, strict=True)
    part: _Part | None = None
    total = 0
    try:
        async for chunk in _body(request):
            total += len(chunk)
            if total > max_bytes * _FILES_SIZE:
                raise _too_large(max_bytes)
            for piece in parser.parse(chunk):
                if piece is None:
                    assert part is not None
                    await part.finish()
                    if part.is_file:
                        files.append(part.received())
                    else:
                        fields.setdefault(part.name, []).append(part.text())
                    part = None
                elif isinstance(piece, bytes | bytearray):
                    assert part is not None
                    await part.take(bytes(piece))
                else:
                    if not piece.name:
                        raise InvalidRequest("A part of the multipart body has no name.")
                    if len(files) >= _FILES_PER_UPLOAD:
                        raise TooLarge(f"At most {_FILES_PER_UPLOAD} files can be sent at once.")
                    part = _Part(piece.name, piece.filename, piece.content_type, folder)
                    if part.is_file:
                        temporary.append(part.path)
        parser.close()
        return Form(fields, files)
    except BaseException as error:
        if part is not None:
            part.abandon()
        for path in temporary:
            path.unlink(missing_ok=True)
        if isinstance(error, ParserLimitReached):
            if "segment size" in str(error).lower():
                raise _too_large(max_bytes) from None
            raise TooLarge(f"The upload has too many or too large parts ({error}).") from None
        if any(isinstance(cause, UnicodeDecodeError) for cause in (error, *error.args)):
            raise InvalidRequest("A name in the multipart body is not UTF-8 text.") from None
        if isinstance(error, MultipartError):
            raise InvalidRequest(f"The multipart body is damaged: {error}") from None
        if isinstance(error, OSError):
            raise disk_error(error) from error
        raise


def disk_error(error: OSError) -> StorageFull | OSError:
    """A write that failed because there is no room, as ours; anything else as it is."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("The disk is full: nothing was stored. Free some space and try again; reading goes on working.")
    return error


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"A file may have at most {max_bytes:,} bytes (the setting max_upload_bytes).", maxBytes=max_bytes)


async def _body(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    more = True
    while more:
        message: dict[str, Any] = await request.receive()  # type: ignore[assignment]
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The upload ended in the middle.")
        more = message.get("more_body", False)
        if message.get("body"):
            yield message["body"]


class _Part:
    """One part of a multipart body while it comes in: files go to disk in batches, on a thread; fields stay in memory."""

    def __init__(self, name: str, filename: str | None, content_type: str | None, folder: Path) -> None:
        self.name = name
        self.is_file = filename is not None
        self.path = folder / f"upload-{secrets.token_hex(12)}.part"
        self._filename = _display_name(filename or "")
        self._content_type = content_type or "application/octet-stream"
        self._batch: list[bytes] = []
        self._waiting = 0
        self._size = 0
        self._hash = hashlib.sha256()
        self._file: IO[bytes] | None = None

    async def take(self, piece: bytes) -> None:
        self._batch.append(piece)
        self._waiting += len(piece)
        self._size += len(piece)
        if not self.is_file:
            if self._size > _FIELD_BYTES:
                raise TooLarge(f"A form field may have at most {_FIELD_BYTES:,} bytes.")
        elif self._waiting >= _BATCH:
            await self._write()

    async def finish(self) -> None:
        if self.is_file:
            await self._write(is_last=True)

    async def _write(self, is_last: bool = False) -> None:
        batch, self._batch, self._waiting = self._batch, [], 0
        await asyncio.to_thread(self._write_here, batch, is_last)

    def _write_here(self, batch: list[bytes], is_last: bool) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb", buffering=0)
        for piece in batch:
            self._hash.update(piece)
            view = memoryview(piece)
            while view:
                view = view[self._file.write(view) :]
        if is_last:
            os.fsync(self._file.fileno())
            self._file.close()

    def received(self) -> ReceivedFile:
        return ReceivedFile(self.name, self.path, self._filename, self._content_type, self._size, self._hash.hexdigest())

    def text(self) -> str:
        try:
            return b"".join(self._batch).decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidRequest(f"The form field {self.name[:60]} is not UTF-8 text.") from None

    def abandon(self) -> None:
        if self._file is not None:
            self._file.close()


def _display_name(name: str) -> str:
    """The last part of what the sender calls the file, without control characters, at most 255 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", last).strip()[-255:] or "unnamed"
