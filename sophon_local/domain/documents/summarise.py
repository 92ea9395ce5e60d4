"""Summaries: by the chat model over the passages (map, then reduce), or by choosing the document's own most telling sentences."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from ...providers.base import Chat
from .asking import CITED_TEXT, SUPPORTED, SUPPORTED_CAPABLE, Evidence, Support, ask, is_small, quoted
from .language import Vector, Weights, cosine, estimate_tokens, sentences, terms, words
from .model import Chunk, Citation, Document, Summary

WORDS = {"paragraph": 120, "brief": 40, "bullets": 150, "detailed": 260}
_CALLS_SMALL, _CALLS = 4, 10  # calls that read the document, at most; then one that joins
_INSTRUCTIONS = 150  # tokens of a prompt that are not the text
_TELLING = (6, 60)  # words of a sentence that can stand in a summary
_MAX_CHUNKS = 4_000  # passages whose sentences are looked at
_CONSIDERED = 400  # sentences compared with one another, at most
_NO_STATEMENT = re.compile(r"^(?:#|\d+(?:\.\d+)+\s|(?:chapter|section|figure|table|fig\.)\s+\d)|https?://|\. \. \.|\.\.\.\.| \| |…$|\?$", re.IGNORECASE)
_LEAD = 1.2  # a document says early what it is about: the first sentences weigh that much more
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_PREAMBLE = re.compile(r"^(?:here (?:is|are)|sure|this is|below is|the following is)\b[^.\n]*:\s*", re.IGNORECASE)
_SHAPES = {
    "paragraph": "one paragraph of plain sentences",
    "brief": "one or two sentences",
    "bullets": "a list of short points, each on a line of its own beginning with “- ”",
    "detailed": "several short paragraphs",
}


async def summarise(document: Document, chunks: Sequence[Chunk], style: str, max_words: int | None, chat: Chat | None) -> Summary:
    """A summary in ``style`` of at most ``max_words`` words, each statement marked with the number of its citation."""
    limit = max_words or WORDS[style]
    if chat is not None:
        written, read = await _written(chunks, style, limit, chat)
        if written is not None:
            supported = await asyncio.to_thread(_supported, written, read, limit, strictly=is_small(chat))
            if supported:
                text, citations = _put_together(document, supported, style)
                return Summary(text, chat.facts.name, "model", citations)
    chosen = await asyncio.to_thread(choose_sentences, chunks, limit, 2 if style == "brief" else 40)
    text, citations = _put_together(document, [(support.quote, support) for support in chosen], "bullets" if style == "bullets" else "paragraph")
    return Summary(text, None, "extractive", citations)


# By the model


async def _written(chunks: Sequence[Chunk], style: str, limit: int, chat: Chat) -> tuple[str | None, list[Chunk]]:
    """What the model wrote, and the passages it had read."""
    budget = max(chat.facts.prompt_budget - _INSTRUCTIONS, 300)
    groups = await asyncio.to_thread(_groups, chunks, budget, _CALLS_SMALL if is_small(chat) else _CALLS)
    system = f"Summarise the text you are given as {_SHAPES[style]}, at most {limit} words, in the language of the text. Say only what it says. {CITED_TEXT}"
    if len(groups) == 1:
        return await ask(chat, system, f"Text:\n{quoted(groups[0])}\n\nSummary:", _tokens(limit)), groups[0]
    per_group = max(30, min(90, budget // len(groups) // 2))
    part_system = f"Say in at most {per_group} words what this part of a longer text says: its main points and facts, in its own language. {CITED_TEXT}"
    parts = []
    for group in groups:
        part = await ask(chat, part_system, f"Text:\n{quoted(group)}\n\nMain points:", _tokens(per_group))
        if part is None:
            break  # it does not answer now: what it has said so far is kept
        parts.append(part)
    read = [chunk for group in groups[: len(parts)] for chunk in group]
    if not parts:
        return None, []
    notes = "\n".join(" ".join(part.split()) for part in parts)
    while estimate_tokens(notes) > budget:
        notes = notes[: len(notes) * 3 // 4].rpartition("\n")[0] or notes[: len(notes) // 2]
    joined = await ask(chat, system, f"Text (notes on the parts of a longer one, in order):\n{notes}\n\nSummary:", _tokens(limit))
    return joined or "\n".join(parts), read


def _tokens(limit: int) -> int:
    return limit * 2 + 30


def _groups(chunks: Sequence[Chunk], budget: int, calls: int) -> list[list[Chunk]]:
    """The passages in order, in at most ``calls`` groups that fit the budget. Of a long document only the most central ones of each stretch."""
    sizes = {chunk.seq: estimate_tokens(chunk.text) + estimate_tokens(chunk.heading) + 6 for chunk in chunks}
    room = budget * calls
    kept = list(chunks) if sum(sizes.values()) <= room else _representative(chunks, sizes, room)
    groups: list[list[Chunk]] = [[]]
    used = 0
    for chunk in kept:
        if groups[-1] and used + sizes[chunk.seq] > budget:
            if len(groups) == calls:
                break
            groups.append([])
            used = 0
        groups[-1].append(chunk)
        used += sizes[chunk.seq]
    return groups


def _representative(chunks: Sequence[Chunk], sizes: dict[int, int], room: int) -> list[Chunk]:
    mean = sum(sizes.values()) / len(chunks)
    stretches = max(1, int(room / mean * 0.9))
    listed = [terms(chunk.text) for chunk in chunks]
    weights = Weights(listed)
    vectors = [weights.vector(found) for found in listed]
    centre = _centre(vectors)
    kept = []
    for number in range(stretches):
        part = range(number * len(chunks) // stretches, (number + 1) * len(chunks) // stretches)
        if part:
            kept.append(chunks[max(part, key=lambda at: cosine(vectors[at], centre))])
    return kept


def _supported(written: str, chunks: Sequence[Chunk], limit: int, *, strictly: bool) -> list[tuple[str, Support]]:
    """The statements that the document bears out, each with its place, up to ``limit`` words. What was made up is left out."""
    evidence = Evidence(chunks)
    least = SUPPORTED if strictly else SUPPORTED_CAPABLE
    kept: list[tuple[str, Support]] = []
    used = 0
    seen = {" ".join(words(heading)) for chunk in chunks for heading in (chunk.heading, *chunk.heading.split(" > "))}
    text = _PREAMBLE.sub("", written.strip())
    for line in text.split("\n"):
        bare = _BULLET.sub("", line.replace("**", "")).strip()
        for span in sentences(bare):
            statement = re.sub(r"\s*\[\d+\]", "", bare[span.start : span.end]).strip()
            count = len(words(statement))
            key = " ".join(words(statement))
            if count < 3 or key in seen or (kept and used + count > limit):
                continue
            support = evidence.support(statement, strictly=strictly)
            if support is not None and support.coverage >= least:
                seen.add(key)
                kept.append((" ".join(statement.split()[:limit]), support))
                used += count
    return kept


# By choosing


def choose_sentences(chunks: Sequence[Chunk], limit: int, most: int) -> list[Support]:
    """Sentences near the middle of what the document says and unlike one another, in its order, at most ``limit`` words together.

    Nearness to the centroid of all sentences in tf-idf (Radev et al. 2004), with maximal marginal relevance against repetition
    (Carbonell and Goldstein 1998).
    """
    candidates = _telling(_spread(chunks))
    if not candidates:
        first = next(((chunk, span) for chunk in chunks for span in sentences(chunk.text)), None)
        if first is None:
            return []
        chunk, span = first
        cut = span.start + len(" ".join(chunk.text[span.start : span.end].split(" ")[:limit]))
        return [Support(chunk, span.start, min(cut, span.end), 1.0)]
    listed = [terms(support.quote) for support in candidates]
    weights = Weights(listed)
    vectors = [weights.vector(found) for found in listed]
    centre = _centre(vectors)
    value = [cosine(vector, centre) * (_LEAD if at < 3 or at < len(vectors) // 20 else 1.0) for at, vector in enumerate(vectors)]
    open_ones = sorted(range(len(candidates)), key=value.__getitem__, reverse=True)[:_CONSIDERED]
    chosen: list[int] = []
    likeness = dict.fromkeys(open_ones, 0.0)
    left = limit
    while open_ones and len(chosen) < most and left > 0:
        best = max(open_ones, key=lambda at: 0.7 * value[at] - 0.3 * likeness[at])
        open_ones.remove(best)
        length = len(words(candidates[best].quote))
        if length > left and chosen:
            continue
        if likeness[best] > 0.8:
            continue
        chosen.append(best)
        left -= length
        for at in open_ones:
            likeness[at] = max(likeness[at], cosine(vectors[at], vectors[best]))
    return [candidates[at] for at in sorted(chosen)]


def _spread(chunks: Sequence[Chunk]) -> Sequence[Chunk]:
    """Of a very long document, passages from all over it."""
    step = -(-len(chunks) // _MAX_CHUNKS) or 1
    return chunks[::step]


def _telling(chunks: Sequence[Chunk]) -> list[Support]:
    """Sentences that are whole and of a fair length; not rows of tables, tables of contents, or code. Each place once."""
    found = []
    end = -1
    for chunk in chunks:
        for span in sentences(chunk.text):
            if chunk.start + span.start < end:
                continue  # the sentence that this passage repeats of the one before
            end = chunk.start + span.end
            text = chunk.text[span.start : span.end]
            count = len(words(text))
            letters = sum(map(str.isalpha, text))
            capitals = sum(map(str.isupper, text))
            is_prose = letters > 0.65 * len(text.replace(" ", "")) and capitals < 0.3 * letters
            if _TELLING[0] <= count <= _TELLING[1] and is_prose and not _NO_STATEMENT.search(" ".join(text.split())):
                found.append(Support(chunk, span.start, span.end, 1.0))
    whole = [support for support in found if support.quote.rstrip("\"'”’)»").endswith((".", "!", "?", "…", "。"))]
    return whole or found


def _centre(vectors: Sequence[Vector]) -> Vector:
    centre: Vector = {}
    for vector in vectors:
        for term, value in vector.items():
            centre[term] = centre.get(term, 0.0) + value
    norm = sum(value * value for value in centre.values()) ** 0.5 or 1.0
    return {term: value / norm for term, value in centre.items()}


def _put_together(document: Document, statements: Sequence[tuple[str, Support]], style: str) -> tuple[str, list[Citation]]:
    """The text with the number of its citation behind each statement; two statements from one place share a number."""
    citations: dict[tuple[int, int], Citation] = {}
    lines = []
    for statement, support in statements:
        start = support.chunk.start + support.start
        place = (start, support.chunk.start + support.end)
        if place not in citations:
            citations[place] = Citation(
                len(citations) + 1, document.id, document.filename, support.chunk.page, *place, support.quote, round(min(support.coverage, 1.0), 3)
            )
        lines.append(f"{_BULLET.sub('', ' '.join(statement.replace('**', '').split()))} [{citations[place].number}]")
    text = "\n".join(f"- {line}" for line in lines) if style == "bullets" else " ".join(lines)
    return text, list(citations.values())
