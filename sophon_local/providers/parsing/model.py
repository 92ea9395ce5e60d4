"""What reading a file gives, what can go wrong, and the messages between this program and its reading child."""

from __future__ import annotations

import msgspec

MAX_CHARACTERS = 20_000_000  # of one document's text; more is a data set, not a document
MAX_PAGES = 10_000
MAX_SCANNED_PAGES = 1_000  # pages of one document that are read with OCR


class ParseFailed(Exception):
    """The file could not be read. ``code`` is stable; ``message`` says what happened and what to do.

    Codes: password_protected, damaged, empty, too_large, timed_out, out_of_memory, unsupported_media_type, no_text.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Section(msgspec.Struct, frozen=True):
    """``text[start:end]`` stands under ``heading``. Level 1 is the highest; level 0 is a page's beginning without a heading of its own.

    Offsets count characters (code points). Sections follow one another without overlap.
    """

    start: int
    end: int
    page: int | None
    heading: str
    level: int


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """A file's text. ``pages`` is None where the format knows none; ``page_starts[i]`` is where the text of page ``i + 1`` begins.

    ``scanned`` are the pages (from 1) that are pictures of text and still wait for OCR. ``notes`` say what was left out.
    """

    kind: str
    media_type: str
    text: str
    sections: list[Section]
    pages: int | None = None
    page_starts: list[int] = []
    scanned: list[int] = []
    notes: list[str] = []


class ScannedPage(msgspec.Struct, frozen=True):
    """The text of one page as OCR read it; ``confidence`` is the mean over its lines, 0 to 1."""

    page: int
    text: str
    confidence: float


class ReadText(msgspec.Struct, frozen=True, tag="read_text"):
    """Ask the child for a file's text."""

    file: str
    filename: str
    content_type: str
    cpu_s: float
    memory_bytes: int


class ReadScans(msgspec.Struct, frozen=True, tag="read_scans"):
    """Ask the child to read pages with OCR, one after the other."""

    file: str
    kind: str
    pages: list[int]
    memory_bytes: int


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """``done`` of ``total`` pages."""

    done: int
    total: int


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The whole text; nothing follows."""

    parsed: Parsed


class Scan(msgspec.Struct, frozen=True, tag="scan"):
    """One page is read. ``failure`` says why it has no text."""

    page: ScannedPage
    failure: str | None = None


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Reading ended with a ``ParseFailed``; nothing follows."""

    code: str
    message: str


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """All pages asked for were tried; nothing follows."""


Request = ReadText | ReadScans
Reply = Progress | Done | Scan | Failed | Finished
