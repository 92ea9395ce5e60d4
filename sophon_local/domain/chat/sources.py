"""What the answer may rest on: numbered passages, and how well they carry a sentence."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from ..sessions import Citation, Recalled
from .language import Question, holds_expected, names, numbers, sentences, terms, words

if TYPE_CHECKING:
    from ..documents import Citation as DocumentCitation
    from ..documents import PassageHit
    from ..memory import MemoryHit

WINDOW = 2  # neighbouring sentences that may carry a claim together
_BESIDE = 0.4  # what evidence is worth that lacks the kind of value asked for, only asks the same, or says nothing new
_AROUND = 0.25  # what a word counts that stands in the document, but not in the sentence
CARRIED = 0.6  # share of a sentence's words that must stand in its source
_LEADERS = re.compile(r"(?:[.·…] ?){5}")  # a line of a table of contents
MARK = re.compile(r"\s*\[(\d{1,2})\]")


class Window(msgspec.Struct, frozen=True):
    """A sentence or two of a source, by their place in its text."""

    start: int
    end: int
    text: str
    terms: frozenset[str]


class Source(msgspec.Struct, frozen=True):
    """One numbered passage or memory as it stands in the prompt."""

    number: int
    kind: str
    text: str
    offset: int  # where the text begins in the document
    recalled: Recalled
    windows: list[Window]

    @property
    def label(self) -> str:
        if self.kind == "memory":
            return "remembered"
        page = f", page {self.recalled.page}" if self.recalled.page else ""
        return f"{self.recalled.filename}{page}"


def windows_of(text: str) -> list[Window]:
    """Every sentence of a text, and every pair of neighbours."""
    spans = sentences(text)
    found = []
    for size in range(1, WINDOW + 1):
        for first in range(len(spans) - size + 1):
            a, b = spans[first][0], spans[first + size - 1][1]
            found.append(Window(a, b, text[a:b], frozenset(terms(text[a:b]))))
    return found


def from_passage(number: int, hit: PassageHit) -> Source:
    chunk, document = hit.chunk, hit.document
    heading = f"under the heading “{chunk.heading}”" if chunk.heading else ""
    recalled = Recalled(
        kind="document",
        document_id=document.id,
        filename=document.filename,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=round(hit.hit.score, 4),
        text_score=hit.hit.text_score,
        vector_score=hit.hit.vector_score,
        matched_terms=hit.hit.matched_terms,
        why=[part for part in (_why(hit.hit.matched_terms, hit.hit.vector_score), heading) if part],
    )
    return Source(number, "document", chunk.text, chunk.start, recalled, windows_of(chunk.text))


def from_quotation(cited: DocumentCitation) -> Source:
    """A passage that another answer about a document has cited."""
    recalled = Recalled(
        kind="document",
        document_id=cited.document_id,
        filename=cited.filename,
        page=cited.page,
        start=cited.start,
        end=cited.end,
        text=cited.quote,
        score=cited.score,
        why=["the summary rests on it"],
    )
    return Source(cited.number, "document", cited.quote, cited.start, recalled, windows_of(cited.quote))


def from_memory(number: int, hit: MemoryHit) -> Source:
    entry = hit.entry
    recalled = Recalled(
        kind="memory",
        memory_id=entry.id,
        text=entry.content,
        score=round(hit.score, 4),
        text_score=hit.hit.text_score,
        vector_score=hit.hit.vector_score,
        matched_terms=hit.hit.matched_terms,
        why=hit.why,
    )
    # The search knows in what words an entry is asked after ("where do I live" for "I moved to Porto"); its matches count as the entry's own words.
    matched = frozenset(terms(" ".join(hit.hit.matched_terms)))
    whole = Window(0, len(entry.content), entry.content, frozenset(terms(entry.content)) | matched)
    return Source(number, "memory", entry.content, 0, recalled, [whole])


def _why(matched: list[str], vector_score: float | None) -> str:
    parts = []
    if matched:
        parts.append("has the words " + ", ".join(matched[:6]))
    if vector_score is not None:
        parts.append(f"is {vector_score:.2f} alike in meaning")
    return " and ".join(parts)


def evidence(question: Question, sources: list[Source]) -> list[tuple[float, Source, Window]]:
    """The windows that may hold the answer, best first, each from 0 to 1.

    The weight of a word is its rarity among the windows at hand (the words that all of them share say nothing about where the answer stands);
    a window without the kind of value that was asked for, one that only asks or repeats the question, or lacks its figures, counts less.
    """
    wanted = set(question.terms)
    if not wanted:
        return []
    all_windows = [(source, window) for source in sources for window in source.windows]
    around: dict[str | None, set[str]] = {}  # the words of a document's name and of its passages at hand: what it is about need not stand in each sentence
    for source in sources:
        known = around.setdefault(source.recalled.document_id, set(terms(source.label)))
        known.update(term for window in source.windows for term in window.terms)
    spread = Counter(term for _, window in all_windows for term in window.terms & wanted)
    weight = {term: math.log(1 + len(all_windows) / (1 + spread[term])) + 0.2 for term in wanted}
    whole = sum(weight.values())
    figures = numbers(question.text)
    scored = []
    for source, window in all_windows:
        held = sum(weight[term] for term in wanted & window.terms)
        if held and source.kind == "document":
            held += _AROUND * sum(weight[term] for term in (wanted - window.terms) & around[source.recalled.document_id])
        share = held / whole
        if source.recalled.vector_score is not None:
            share = 0.75 * share + 0.25 * max(source.recalled.vector_score, 0.0)
        if not holds_expected(question.expects, window.text) or window.text.endswith("?") or window.terms <= wanted:
            share *= _BESIDE
        if not figures <= numbers(source.text):
            share *= _BESIDE  # about another year, or another number of the same kind of thing
        if _LEADERS.search(window.text):
            share *= 0.3
        share -= 0.02 * (len(window.text) > 400)  # of two that say the same, the shorter
        scored.append((share, source, window))
    scored.sort(key=lambda row: (-row[0], row[1].number, row[2].start))
    return scored


def best_support(sentence: str, sources: list[Source]) -> tuple[float, Source, Window] | None:
    """The window that carries a sentence best, and the share of the sentence's words that it holds; its numbers
    and names must all be there."""
    wanted = set(terms(sentence))
    if not wanted:
        return None
    figures, named = numbers(sentence), names(sentence)
    best: tuple[float, Source, Window] | None = None
    for source in sources:
        for window in source.windows:
            if not figures <= numbers(window.text) or not named <= set(words(window.text)):
                continue
            share = len(wanted & window.terms) / len(wanted)
            if best is None or share > best[0] + 1e-9:
                best = (share, source, window)
    return best


def citation(source: Source, window: Window, score: float) -> Citation:
    """A citation of exactly the words of ``window``."""
    is_document = source.kind == "document"
    return Citation(
        number=source.number,
        kind="document" if is_document else "memory",
        document_id=source.recalled.document_id,
        memory_id=source.recalled.memory_id,
        filename=source.recalled.filename,
        page=source.recalled.page,
        start=source.offset + window.start if is_document else None,
        end=source.offset + window.end if is_document else None,
        quote=window.text,
        score=round(min(max(score, 0.0), 1.0), 4),
    )
