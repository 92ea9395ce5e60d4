"""Puts a document's text together: clean characters, sections, pages, and offsets that stay true."""

from __future__ import annotations

import re

from .model import MAX_CHARACTERS, Parsed, ParseFailed, Section

MAX_HEADING = 200

# NUL and other control characters, lone surrogates, byte order marks, soft hyphens, Unicode's non-characters.
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u2028\u2029\u200b\ufb00-\ufb06\ufeff\ufffe\uffff\ud800-\udfff\ufdd0-\ufdef]")
_CLEAN: dict[int, str | None] = {
    **dict.fromkeys([*range(0x00, 0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xAD, 0x200B, 0xFEFF, 0xFFFE, 0xFFFF, *range(0xFDD0, 0xFDF0)]),
    **dict.fromkeys([0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029], "\n"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    0xA0: " ",
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st",
}  # fmt: skip
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]+(?=\n|$)")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """``text`` without what is no text, with ``\\n`` between lines and at most one blank line in a row. Cleaning twice changes nothing."""
    text = text.replace("\r\n", "\n")
    if _UNCLEAN.search(text):
        text = text.translate(_CLEAN)
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("", text)).strip("\n")


def one_line(text: str, limit: int = MAX_HEADING) -> str:
    """``text`` cleaned, on one line, cut to ``limit`` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


class Builder:
    """Readers call ``page``, ``heading`` and ``add`` in reading order; ``build`` gives the result."""

    def __init__(self, kind: str, media_type: str) -> None:
        self.kind = kind
        self.media_type = media_type
        self.notes: list[str] = []
        self.scanned: list[int] = []
        self._parts: list[str] = []
        self._length = 0
        self._page: int | None = None
        self._page_starts: list[int] = []
        self._page_waits = False
        self._marks: list[tuple[int, int | None, str, int]] = []  # start, page, heading, level
        self._waiting: list[tuple[str, int]] = []  # headings without text of their own, for the next piece of text

    def page(self) -> None:
        """The next page begins."""
        self._settle_page()
        self._page = (self._page or 0) + 1
        self._page_waits = True

    def heading(self, title: str, level: int, *, shown: bool = True) -> None:
        """A heading; ``shown`` when it is part of the text. Level 1 to 6."""
        line = one_line(title)
        if not line:
            return
        self._waiting.append((line, min(max(level, 1), 6)))
        if shown:
            self.add(title if len(title) <= MAX_HEADING else line)

    def add(self, text: str, gap: str = "\n\n") -> int | None:
        """Append a piece of text after ``gap``; where it begins, or None when nothing was left of it."""
        text = clean(text)
        if not text.strip():
            return None
        if self._length:
            self._parts.append(gap)
            self._length += len(gap)
        start = self._length
        self._settle_page()
        self._parts.append(text)
        self._length += len(text)
        if self._length > MAX_CHARACTERS:
            raise ParseFailed("too_large", f"This file holds more than {MAX_CHARACTERS // 1_000_000} million characters of text. Split it and add the parts.")
        for title, level in self._waiting:
            self.mark(start, title, level)
        self._waiting.clear()
        return start

    def mark(self, start: int, title: str, level: int, page: int | None = None) -> None:
        """A heading that stands at ``start`` in text already added, on ``page`` (by default the one being read)."""
        line = one_line(title)
        if line:
            self._marks.append((start, page or self._page, line, min(max(level, 1), 6)))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def build(self) -> Parsed:
        self._settle_page()
        marks = sorted(self._marks, key=lambda mark: mark[0])
        starts = {mark[0] for mark in marks}
        marks += [(start, number, "", 0) for number, start in enumerate(self._page_starts, 1) if start not in starts and start < self._length]
        if self._length and not any(start == 0 for start, *_ in marks):
            marks.append((0, 1 if self._page_starts else None, "", 0))
        marks.sort(key=lambda mark: mark[0])
        ends = [start for start, *_ in marks[1:]] + [self._length]
        return Parsed(
            kind=self.kind,
            media_type=self.media_type,
            text="".join(self._parts),
            sections=[Section(start, end, page, title, level) for (start, page, title, level), end in zip(marks, ends, strict=False)],
            pages=self._page,
            page_starts=self._page_starts,
            scanned=self.scanned,
            notes=self.notes,
        )

    def _settle_page(self) -> None:
        if self._page_waits:
            self._page_starts.append(self._length)
            self._page_waits = False


def with_scans(parsed: Parsed, scans: dict[int, str]) -> Parsed:
    """``parsed`` with the text of ``scans`` (by page, from 1) in place of those pages' own."""
    out = Builder(parsed.kind, parsed.media_type)
    out.notes = list(parsed.notes)
    ends = [*parsed.page_starts[1:], len(parsed.text)]
    for number, (start, end) in enumerate(zip(parsed.page_starts, ends, strict=True), 1):
        out.page()
        old = parsed.text[start:end].strip("\n")
        new = scans.get(number, "")
        kept = new if len(new.strip()) > len(old.strip()) else old
        begin = out.add(kept)
        for section in parsed.sections:
            if section.page == number and section.level and begin is not None and kept is old:
                out.mark(begin + section.start - start, section.heading, section.level)
    return out.build()
