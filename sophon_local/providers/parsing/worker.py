"""The child process that opens strangers' files. One request as a line of JSON on stdin, replies as lines on stdout.

It ends when its parent closes stdin, so that it never outlives the server.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import msgspec

from . import sandbox
from .builder import Builder
from .kinds import detect
from .model import Done, Failed, Finished, Parsed, ParseFailed, Progress, ReadScans, ReadText, Reply, Request, Scan

OUT_OF_MEMORY = Failed("out_of_memory", "Reading this file takes more memory than is allowed. Split it, or save it in a simpler form, and add that.")
DAMAGED = Failed("damaged", "This file is damaged and cannot be read. Open it in the program it was made with, save it again, and add that.")


def main(argv: list[str]) -> int:
    sandbox.lower_priority()
    # Libraries print; what they print must not end up among the replies.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    request = msgspec.json.decode(line, type=Request)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if isinstance(request, ReadText):
            sandbox.confine(request.memory_bytes, request.cpu_s)
            _send(replies, Done(_read_text(request, replies)))
        else:
            sandbox.confine(request.memory_bytes, None)
            _read_scans(request, replies)
    except ParseFailed as failure:
        _send(replies, Failed(failure.code, failure.message))
    except (MemoryError, KeyboardInterrupt):  # OpenBLAS raises SIGINT when it gets no memory
        _send(replies, OUT_OF_MEMORY)
    except Exception as error:
        print(f"{type(error).__name__}: {error}"[:2_000], file=sys.stderr)
        _send(replies, OUT_OF_MEMORY if _is_memory(error) else DAMAGED)
    sys.stderr.flush()
    os._exit(0)  # libraries that were interrupted by a full memory may hang while they are torn down


def _is_memory(error: Exception) -> bool:
    """Libraries in C++ and Rust tell of a full memory in their own words."""
    return any(word in repr(error).lower() for word in ("bad_alloc", "bad allocation", "out of memory", "insufficient memory", "allocate"))


def _read_text(request: ReadText, replies: BinaryIO) -> Parsed:
    file = Path(request.file)
    kind = detect(file, request.filename, request.content_type)
    out = Builder(kind.name, kind.media_type)

    def progress(done: int, total: int) -> None:
        if done % 10 == 0 or done == total:
            _send(replies, Progress(done, total))

    if kind.name == "pdf":
        from .readers import pdf

        pdf.read(file, out, progress)
    elif kind.name == "docx":
        from .readers import word

        word.read(file, out)
    elif kind.name == "pptx":
        from .readers import slides

        slides.read(file, out, progress)
    elif kind.name in ("xlsx", "xlsb", "xls", "ods"):
        from .readers import sheets

        sheets.read_workbook(file, out, progress)
    elif kind.name == "csv":
        from .readers import sheets

        sheets.read_csv(file, out)
    elif kind.name == "html":
        from .readers import web

        web.read_html(file, out)
    elif kind.name == "epub":
        from .readers import web

        web.read_epub(file, out, progress)
    elif kind.name == "eml":
        from .readers import mail

        mail.read(file, out)
    elif kind.name in ("png", "jpeg"):
        out.page()
        out.scanned.append(1)
    else:
        from .readers import plain

        {"markdown": plain.read_markdown, "json": plain.read_json, "text": plain.read_text}[kind.name](file, out)
    return out.build()


def _read_scans(request: ReadScans, replies: BinaryIO) -> None:
    from .readers.scans import read_pages

    for page, failure in read_pages(Path(request.file), request.kind, request.pages):
        _send(replies, Scan(page, failure))
    _send(replies, Finished())


def _send(replies: BinaryIO, reply: Reply) -> None:
    rest = memoryview(msgspec.json.encode(reply) + b"\n")
    while rest:
        rest = rest[replies.write(rest) :]


def _end_with_parent() -> None:
    while os.read(0, 1_024):
        pass
    os._exit(1)
