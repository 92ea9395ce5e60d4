"""What is put into the index and what comes out."""

from __future__ import annotations

import msgspec


class Item(msgspec.Struct, frozen=True):
    """``context`` is what helps to understand the text (its heading, the turn before): found too, at half weight.

    ``group`` is what a search may be confined to and what is removed as one, such as a document. Items of one group that are put one
    after the other are neighbours.
    """

    id: str
    text: str
    context: str = ""
    group: str = ""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was found, and why. Hits come best first.

    ``score`` is absolute: 0..1, comparable between queries, falling along the list. The first hit's is the best agreement of any hit with
    the query as it was asked (``vector_weight`` times the cosine plus the rest times ``text_score``); the others follow in proportion to
    the values that order them.
    ``text_score`` is BM25 as a share of the most that any text could get for this query; None when no word matched.
    ``vector_score`` is the cosine to the query, -1..1; None when no vector was compared.
    ``coverage`` is the share of the query's words that the item has, weighted by their rarity: words that stand nowhere count in full, so
    that a query about something else stays low even where its common words match.
    """

    id: str
    group: str
    score: float
    text_score: float | None
    vector_score: float | None
    matched_terms: list[str]
    coverage: float


class Embedding(msgspec.Struct, frozen=True):
    """The vectors of one embedder. ``state``: searched, shadow (being filled to take over) or retired (being cleared away)."""

    number: int
    id: str
    dimensions: int
    state: str


class Pending(msgspec.Struct, frozen=True):
    """An item that waits for its vector; ``passage`` is what is to be embedded."""

    key: int
    passage: str


class Counts(msgspec.Struct, frozen=True):
    """``pending`` and ``failed`` are of the searched vectors, ``shadow_pending`` of those that will take their place."""

    items: int
    pending: int
    failed: int
    shadow_pending: int
