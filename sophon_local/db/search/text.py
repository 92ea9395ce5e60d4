"""The text part: which items hold the query's words, and how well. BM25 with the context as a weaker field (BM25F).

FTS5 finds the candidates; their scores are computed here, in the same way for what the vectors found.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from ..database import Tx
from .items import CONTEXT_WEIGHT, Collection, integers, length
from .words import query_words, stems

K1, B = 1.2, 0.75  # FTS5's own, and the field's standard
MAX_TERMS = 32  # of a query; the rarest are taken
LOOKED_UP = 256  # words of a query whose frequency is looked up
FEW_ITEMS = 1_000  # a smaller collection says nothing about which words are rare: its frequencies count as if among this many
SCORED_CHARACTERS = 50_000  # of an item; a chunk has about 1,000

# FTS5 takes about 0.5 microseconds to rank one posting and 0.05 to count it. A query with more postings than POSTINGS is answered from its
# rarest words: items that have none of them are not looked at, and words beyond COUNTED postings only count when the candidates are scored.
# At 100,000 chunks of boilerplate-heavy text, half of the queries then take 5 ms instead of 37, and 96 % of the ten best are found.
POSTINGS = 3_000
COUNTED = 40_000
COMMON = 1_000  # frequencies from here on are remembered
REMEMBERED = 20_000
STALE = 0.02  # share of a collection that may be written before a frequency is counted again


class Term(msgspec.Struct, frozen=True):
    """A word of the query: as stored, as typed, in how many items, and how rare that makes it."""

    stem: str
    word: str
    frequency: int
    idf: float


class Agreement(msgspec.Struct, frozen=True):
    """How well an item's words agree with the query's. ``score`` is BM25 as a share of the highest that this query allows."""

    key: int
    id: str
    has_context: bool
    score: float
    coverage: float
    words: list[str]


class _Text(msgspec.Struct, frozen=True):
    key: int
    id: str
    text: str
    context: str


class Frequencies:
    """In how many items a word stands. Counting a common word takes a while, so that is remembered until much has been written."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[int, int]] = {}

    def of(self, tx: Tx, collection: Collection, stem: str) -> int:
        known = self._known.get((collection.number, stem))
        if known is not None and 0 <= collection.writes - known[1] <= STALE * collection.items:
            return known[0]
        count = int(tx.value(f"SELECT doc FROM {collection.terms_table} WHERE term = :stem", stem=stem) or 0)  # noqa: S608 (a number of ours)
        if count >= COMMON:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[collection.number, stem] = (count, collection.writes)
        return count


def terms_of(tx: Tx, collection: Collection, query: str, frequencies: Frequencies) -> list[Term]:
    """The query's words, the rarest first."""
    among = max(collection.items, FEW_ITEMS)
    terms = []
    for stem, word in list(query_words(tx, query).items())[:LOOKED_UP]:
        frequency = min(frequencies.of(tx, collection, stem), among)  # a remembered one may be a little too high
        terms.append(Term(stem, word, frequency, math.log(1 + (among - frequency + 0.5) / (frequency + 0.5))))
    terms.sort(key=lambda term: term.frequency)
    return terms[:MAX_TERMS]


def candidates(tx: Tx, collection: Collection, terms: Sequence[Term], limit: int, groups: Sequence[int] | None) -> list[int]:
    """Keys of the items that agree best with the terms, or nearly the best where the terms are common: see POSTINGS."""
    known = [term for term in terms if term.frequency > 0]
    if not known:
        return []
    if groups is not None:
        return _candidates_in_groups(tx, collection, known, limit, groups)
    rare, common = _split(known)
    if not common:
        return [key for key, _ in _ranked(tx, collection, _any(rare), limit)]
    ranked = _ranked(tx, collection, f"{_any(rare)} AND {_any(common)}", limit)
    if len(ranked) < limit or rare[0].frequency <= POSTINGS:
        ranked += _ranked(tx, collection, _any(rare), limit)
    best: dict[int, float] = {}
    for key, rank in ranked:
        best[key] = min(rank, best.get(key, 0.0))  # FTS5's ranks are negative: the lower the better
    return sorted(best, key=best.__getitem__)[:limit]


def agreements(tx: Tx, collection: Collection, terms: Sequence[Term], keys: Iterable[int]) -> dict[int, Agreement]:
    """The agreement of each of these items with the terms; items that are gone are left out."""
    rows = tx.all(
        _Text,
        f"SELECT key, id, substr(text, 1, {SCORED_CHARACTERS}) AS text, context FROM search_items WHERE key IN carray(:keys)",  # noqa: S608
        keys=integers(keys),
    )
    most = sum(term.idf for term in terms) or 1.0
    usual = collection.characters / collection.items if collection.items and collection.characters > 0 else 1.0
    wanted = {term.stem for term in terms}
    found = {}
    for row in rows:
        in_text = Counter([stem for stem in stems(tx, row.text) if stem in wanted])
        in_context = Counter([stem for stem in stems(tx, row.context) if stem in wanted]) if row.context else {}
        slope = K1 * (1 - B + B * length(row.text, row.context) / usual)
        score = coverage = 0.0
        words = []
        for term in terms:
            times = in_text[term.stem] + CONTEXT_WEIGHT * in_context.get(term.stem, 0)
            if times:
                score += term.idf * times / (times + slope)
                coverage += term.idf
                words.append(term.word)
        found[row.key] = Agreement(row.key, row.id, bool(row.context), score / most, coverage / most, words)
    return found


def _split(terms: Sequence[Term]) -> tuple[list[Term], list[Term]]:
    """The terms that name the candidates, and those that only help to order them. ``terms`` come with the rarest first."""
    rare = [terms[0]]
    postings = terms[0].frequency
    for term in terms[1:]:
        postings += term.frequency
        if postings > POSTINGS:
            break
        rare.append(term)
    common = []
    counted = 0
    for term in terms[len(rare) :]:
        counted += term.frequency
        if counted > COUNTED:
            break
        common.append(term)
    return rare, common


def _candidates_in_groups(tx: Tx, collection: Collection, terms: Sequence[Term], limit: int, groups: Sequence[int]) -> list[int]:
    numbers = integers(groups)
    share = tx.value("SELECT count(*) FROM search_items WHERE grp IN carray(:numbers)", numbers=numbers) / max(collection.items, 1)
    if sum(term.frequency for term in terms) * share > POSTINGS:
        rare, _ = _split(terms)
        found = _ranked_in_groups(tx, collection, _any(rare), limit, numbers)
        if len(found) == limit:
            return found
    return _ranked_in_groups(tx, collection, _any(terms), limit, numbers)


def _any(terms: Sequence[Term]) -> str:
    # Words are made of token characters only, so that quotes make them harmless; the words as typed, for a stem may stem differently again.
    return "(" + " OR ".join(f'"{term.word}"' for term in terms) + ")"


def _ranked(tx: Tx, collection: Collection, match: str, limit: int) -> list[tuple[int, float]]:
    table = collection.text_table
    return [
        (int(key), float(rank))
        for key, rank in tx.rows(
            f"SELECT rowid, rank FROM {table} WHERE {table} MATCH :match AND rank MATCH 'bm25(1.0, {CONTEXT_WEIGHT})' ORDER BY rank LIMIT :limit",  # noqa: S608
            match=match,
            limit=limit,
        )
    ]


def _ranked_in_groups(tx: Tx, collection: Collection, match: str, limit: int, numbers: object) -> list[int]:
    # bm25() is asked for explicitly, so that only rows of these groups are ranked; the plus keeps FTS5 from one query per row.
    table = collection.text_table
    return [
        int(key)
        for (key,) in tx.rows(
            f"SELECT rowid FROM {table} WHERE {table} MATCH :match "  # noqa: S608 (a number of ours)
            "AND +rowid IN (SELECT key FROM search_items WHERE grp IN carray(:numbers)) "
            f"ORDER BY bm25({table}, 1.0, {CONTEXT_WEIGHT}) LIMIT :limit",
            match=match,
            limit=limit,
            numbers=numbers,
        )
    ]
