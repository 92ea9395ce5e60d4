"""Words and sentences: what chunking, summaries, extraction and comparison agree on."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

# The commonest English, German, French and Spanish function words; other languages do without, at some cost in sharpness.
STOP_WORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being below between both but by can could did do does doing
    down during each few for from further had has have having he her here hers him his how i if in into is it its itself just may me might more most
    must my no nor not now of off on once only or other our out over own same shall she should so some such than that the their them then there these
    they this those through to too under until up upon us very was we were what when where which while who whom why will with within without would you
    your aber als am an auch auf aus bei bin bis das dass dem den der des die dies diese dieser du durch ein eine einem einen einer eines er es für
    hat haben hier ich ihr im in ist ja kann mit nach nicht noch nur oder sein seine sich sie sind so über um und uns unter vom von vor war waren was
    wenn werden wie wir wird zu zum zur au aux avec ce ces cette dans de des du elle en est et être il ils je la le les leur mais ne nous on ont ou
    par pas plus pour que qui sa se ses son sont sur un une vous al como con del el ella es esta este esto fue ha hay las lo los más muy no o para
    pero por que se si sin son su sus también una uno y ya""".split()
)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_TOKEN = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|(?<![^\W_])[^\W_]{1,7}|(?<=[^\W_])[^\W_]{1,3}|[^\w\s]|_")
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"[.!?…]{1,8}[\"'’”»)\]]{0,4}(?=\s+[\"'‘“«(\[]*[A-ZÀ-ÖØ-ÞΑ-ΩА-Я0-9])|[。！？]{1,8}[」』”]?")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Nr|Fig|Figs|Eq|Eqs|Ref|Refs|Vol|Ch|Sec|Art|Abs|Inc|Ltd|Co|Corp|vs|cf|al|etc|e\.g|i\.e|z\.B|d\.h|bzw|ca|approx|pp?))\.$"
)
_ITEM = re.compile(r"(?:[-*•·–]|\d{1,3}[.)])\s")
_SUFFIX = re.compile(r"(?:'s|’s)$")


class Span(NamedTuple):
    """A stretch of a text: ``text[start:end]``."""

    start: int
    end: int


def words(text: str) -> list[str]:
    """The words of ``text``, folded in case."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def terms(text: str) -> list[str]:
    """The words that carry meaning, stripped of common endings, so that "report" meets "reports"."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())]


def stem(word: str) -> str:
    """A light English stemmer: plurals, -ed and -ing. It may only ever join words, never change what is shown."""
    word = _SUFFIX.sub("", word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        return word[:-3]
    if len(word) > 4 and word.endswith("ed"):
        return word[:-2]
    if len(word) > 4 and word.endswith("es") and word[-3] in "sxzh":
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def estimate_tokens(text: str) -> int:
    """About how many tokens an embedding model makes of ``text``. Checked against MiniLM's tokenizer: within a tenth for English prose, code, tables,
    Chinese and Russian; half too few for the longest German words."""
    return sum(1 for _ in _TOKEN.finditer(text))


def paragraphs(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """The stretches between blank lines."""
    end = len(text) if end is None else end
    at = start
    for gap in _PARAGRAPH.finditer(text, start, end):
        yield from _trimmed(text, at, gap.start())
        at = gap.end()
    yield from _trimmed(text, at, end)


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """The sentences of a stretch, paragraph by paragraph; the lines of lists and tables count as sentences."""
    for paragraph in paragraphs(text, start, end):
        lines = list(_lines(text, *paragraph))
        rows = sum(1 for line in lines if _ITEM.match(text, line.start, line.end) or text.find(" | ", line.start, line.end) >= 0)
        if rows > 1 and rows * 2 >= len(lines):
            yield from lines
            continue
        at = paragraph.start
        for title in _titles(text, lines):
            yield title
            at = title.end
        for mark in _SENTENCE_END.finditer(text, at, paragraph.end):
            if _ABBREVIATION.search(text, max(paragraph.start, mark.end() - 12), mark.end()):
                continue
            yield from _trimmed(text, at, mark.end())
            at = mark.end()
        yield from _trimmed(text, at, paragraph.end)


def _titles(text: str, lines: list[Span]) -> Iterator[Span]:
    """The lines at the beginning of a paragraph that are headings: marked as such, or short, unfinished, and followed by a new beginning."""
    longest = max(line.end - line.start for line in lines)
    for line, following in itertools.pairwise(lines):
        is_marked = text[line.start] == "#"
        is_short = line.end - line.start <= 0.75 * longest and text[line.end - 1] not in ".!?,;:-…"
        if not (is_marked or (is_short and (text[following.start].isupper() or text[following.start].isdigit()))):
            return
        yield line


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield from _trimmed(text, start, stop)
        start = stop + 1


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Span(start, end)


Vector = dict[str, float]


class Weights:
    """tf-idf over a set of texts. Vectors are sparse and of length 1."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        """``texts`` are lists of terms."""
        counted = Counter(term for text in texts for term in set(text))
        self._idf = {term: math.log((1 + len(texts)) / (1 + count)) + 1.0 for term, count in counted.items()}
        self._unseen = math.log(1 + len(texts)) + 1.0

    def vector(self, text: Iterable[str]) -> Vector:
        counts = Counter(text)
        weighted = {term: (1 + math.log(count)) * self._idf.get(term, self._unseen) for term, count in counts.items()}
        norm = math.sqrt(sum(value * value for value in weighted.values())) or 1.0
        return {term: value / norm for term, value in weighted.items()}

    def idf(self, term: str) -> float:
        return self._idf.get(term, self._unseen)


def cosine(one: Vector, other: Vector) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(value * other[term] for term, value in one.items() if term in other)
