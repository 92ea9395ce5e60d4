"""A document's text into passages: by headings, pages, paragraphs and sentences, each small enough for the embedding model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from ...providers.parsing import Section
from .language import Span, estimate_tokens, sentences

TARGET = 180  # tokens that no passage exceeds; the embedding model reads 256, so an estimate may be a third too low
_LONGEST = TARGET * 12  # characters: longer than that is too long, whatever is in it
SMALL = 60  # tokens: a passage this short takes in what stands under the next heading on the page
OVERLAP = 60  # tokens: a longer last sentence is not repeated at the beginning of the next passage
_MAX_PATH = 300
_WORD = re.compile(r"[^\W_]")


class Piece(msgspec.Struct, frozen=True):
    """A passage before it has an id: ``text[start:end]`` on ``page``, under ``heading`` (a path such as "Trade > Tolls")."""

    start: int
    end: int
    page: int | None
    heading: str


def chunk(text: str, sections: Sequence[Section], count: Callable[[str], int] = estimate_tokens) -> list[Piece]:
    """The passages of ``text`` in order. A passage never crosses a page, begins with the last sentence of the one before under the same
    heading, and is a contiguous piece of the text. What holds no word makes no passage."""
    pieces: list[Piece] = []
    path: dict[int, str] = {}
    open_units: list[tuple[Span, int]] = []  # sentences of the passage being made, with their tokens
    page: int | None = None
    heading = ""

    def close() -> None:
        if open_units:
            pieces.append(Piece(open_units[0][0].start, open_units[-1][0].end, page, heading))

    size = 0
    fresh = 0  # sentences with words in the open passage that no passage before it has
    for section in sections:
        if section.level:
            path = {level: title for level, title in path.items() if level < section.level} | {section.level: section.heading}
        if section.page != page or (section.level and size >= SMALL):
            if fresh:
                close()
            open_units, size, fresh = [], 0, 0
        if not open_units:
            page, heading = section.page, " > ".join(path[level] for level in sorted(path))[:_MAX_PATH]
        for span in sentences(text, section.start, section.end):
            for unit in _split(text, span, count):
                tokens = count(text[unit.start : unit.end])
                if open_units and size + tokens > TARGET:
                    if fresh:
                        close()
                    last = open_units[-1]
                    keeps = last[1] <= OVERLAP and last[1] + tokens <= TARGET and fresh > 1
                    open_units, size, fresh = ([last], last[1], 0) if keeps else ([], 0, 0)
                    if section.level or not open_units:
                        heading = " > ".join(path[level] for level in sorted(path))[:_MAX_PATH]
                open_units.append((unit, tokens))
                size += tokens
                fresh += _WORD.search(text, unit.start, unit.end) is not None
    if fresh:
        close()
    return pieces


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in ``text``."""
    return _WORD.search(text) is not None


def _split(text: str, span: Span, count: Callable[[str], int]) -> list[Span]:
    """``span`` itself, or its parts where it is too long for a passage: at line ends, then between words, then anywhere."""
    if span.end - span.start <= _LONGEST and count(text[span.start : span.end]) <= TARGET:
        return [span]
    middle = (span.start + span.end) // 2
    for separator in ("\n", " "):
        after, before = text.find(separator, middle, span.end), text.rfind(separator, span.start, middle)
        cuts = [at for at in (after, before) if span.start < at < span.end - 1]
        if cuts:
            cut = min(cuts, key=lambda at: abs(at - middle))
            left_end = len(text[span.start : cut].rstrip()) + span.start
            right_start = span.end - len(text[cut : span.end].lstrip())
            return [part for half in (Span(span.start, left_end), Span(right_start, span.end)) if half.start < half.end for part in _split(text, half, count)]
    return [*_split(text, Span(span.start, middle), count), *_split(text, Span(middle, span.end), count)]
