"""The query path: candidates by words and by vectors, scored exactly, joined, fed back once, explained."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from ..database import Tx
from . import text, vectors
from .items import Collection, find_collection, find_groups, integers
from .model import Embedding, Hit
from .signs import Signs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POOL = 20  # candidates of each part that are scored by both
RESCORED, RESCORED_AGAIN = 400, 100  # coarse candidates whose vectors are compared exactly; those of the query moved by feedback come on top
FEEDBACK, FEEDBACK_WEIGHT = 5, 0.75  # Rocchio: the first hits, and their share beside the query's 1 (Salton and Buckley 1990)
NEIGHBOUR_SHARE = 0.15  # of a neighbour's rank value, for an item of a group that has no context of its own: with one, it only blurs


class Matches(msgspec.Struct, frozen=True):
    """What the text part found: the query's terms, rarest first, and its candidates by key. ``groups`` are numbers; None is all."""

    collection: Collection
    terms: list[text.Term]
    found: dict[int, text.Agreement]
    groups: list[int] | None
    limit: int


class SearchIndex:
    """The index of one database: what it holds in memory follows what is committed, is built when first used, and may be dropped."""

    def __init__(self) -> None:
        self._frequencies = text.Frequencies()
        self._signs: dict[tuple[int, int], Signs] = {}
        self._lock = threading.Lock()

    def match(self, tx: Tx, collection_name: str, query: str, groups: Iterable[str] | None, limit: int, *, by_words: bool = True) -> Matches | None:
        """The text part of a query; None when nothing can be found at all."""
        collection = find_collection(tx, collection_name)
        if collection is None or not collection.items:
            return None
        numbers = None if groups is None else find_groups(tx, collection, groups)
        terms = text.terms_of(tx, collection, query, self._frequencies)
        if numbers == [] or not terms:
            return None
        keys = text.candidates(tx, collection, terms, max(POOL, limit), numbers) if by_words else []
        return Matches(collection, terms, text.agreements(tx, collection, terms, keys), numbers, limit)

    def rank(self, tx: Tx, matches: Matches, embedding: Embedding | None, query: bytes | None, vector_weight: float) -> list[Hit]:
        """The best of what both parts found. Without a query vector, or with one that is none, the words decide alone."""
        scores = dict(matches.found)
        asked = None if embedding is None or query is None or vector_weight <= 0 else _unit(query, embedding.dimensions)
        if embedding is None or asked is None:
            plain = {key: found.score for key, found in scores.items()}
            return _hits(tx, matches, scores, {}, plain, plain)
        import numpy as np

        near = _Near(tx, embedding, self._current(tx, embedding, matches.collection), matches.groups)
        near.fetch(list(scores))

        def values_by(vector: NDArray[np.float32], rescored: int) -> dict[int, float]:
            """The rank value of each candidate, once the nearest to ``vector`` have joined them."""
            near.look(vector, max(rescored, 4 * matches.limit))
            cosines = near.cosines(vector)
            nearest = sorted(cosines, key=cosines.__getitem__, reverse=True)[: max(POOL, matches.limit)]
            scores.update(text.agreements(tx, matches.collection, matches.terms, [key for key in nearest if key not in scores]))
            return {key: _joined(found.score, cosines.get(key), vector_weight) for key, found in scores.items()}

        values = values_by(asked, RESCORED)
        first = [key for key in sorted(values, key=values.__getitem__, reverse=True) if values[key] > 0][:FEEDBACK]
        # Feedback lifts the cosines: among items that still wait for their vectors it would be unfair.
        if first and all(key in near.place for key in scores):
            moved = asked + FEEDBACK_WEIGHT * np.average([near.vector(key) for key in first], axis=0, weights=[values[key] for key in first])
            values = values_by((moved / np.linalg.norm(moved)).astype(np.float32), RESCORED_AGAIN)
        cosines = near.cosines(asked)
        plain = {key: _joined(found.score, cosines.get(key), vector_weight) for key, found in scores.items()}
        return _hits(tx, matches, scores, cosines, values, plain)

    def forget(self, embedder: int | None = None) -> None:
        """Drop what is held in memory, of one embedder or of all. The next query builds it anew."""
        with self._lock:
            for key in [key for key in self._signs if embedder in (None, key[0])]:
                del self._signs[key]

    def _current(self, tx: Tx, embedding: Embedding, collection: Collection) -> Signs:
        key = (embedding.number, collection.number)
        with self._lock:
            signs = self._signs.setdefault(key, Signs(embedding.dimensions))
        if not vectors.follow(tx, signs, *key):
            signs = Signs(embedding.dimensions)
            vectors.follow(tx, signs, *key)
            with self._lock:
                self._signs[key] = signs
        return signs


class _Near:
    """The vectors that one query has looked at."""

    def __init__(self, tx: Tx, embedding: Embedding, signs: Signs, groups: list[int] | None) -> None:
        self._tx = tx
        self._embedding = embedding
        self._signs = signs
        self._groups = groups
        self._seen: set[int] = set()
        self._vectors: NDArray[np.float32] | None = None
        self.place: dict[int, int] = {}  # of an item's vector among those read

    def fetch(self, keys: Sequence[int]) -> None:
        """Read the vectors of these items."""
        self._keep(*vectors.load(self._tx, "item", self._embedding.number, keys, self._embedding.dimensions))

    def look(self, vector: NDArray[np.float32], limit: int) -> None:
        """Read the ``limit`` vectors that seem nearest to ``vector``."""
        found = self._signs.nearest(vector, limit, self._groups).tolist()
        fresh = [seq for seq in found if seq not in self._seen]
        self._seen.update(fresh)
        self._keep(*vectors.load(self._tx, "seq", self._embedding.number, fresh, self._embedding.dimensions))

    def vector(self, key: int) -> NDArray[np.float32]:
        assert self._vectors is not None
        row: NDArray[np.float32] = self._vectors[self.place[key]]
        return row

    def cosines(self, vector: NDArray[np.float32]) -> dict[int, float]:
        """To all vectors read so far, by item key."""
        if self._vectors is None:
            return {}
        every = (self._vectors @ vector).tolist()
        return {key: every[at] for key, at in self.place.items()}

    def _keep(self, keys: list[int], found: NDArray[np.float32]) -> None:
        import numpy as np

        if keys:
            start = 0 if self._vectors is None else len(self._vectors)
            self._vectors = found if self._vectors is None else np.concatenate([self._vectors, found])
            self.place.update(zip(keys, range(start, start + len(keys)), strict=True))


def _unit(vector: bytes, dimensions: int) -> NDArray[np.float32] | None:
    import numpy as np

    if len(vector) != 4 * dimensions:
        return None
    row = np.frombuffer(vector, "<f4")
    length = np.linalg.norm(row)
    return (row / length).astype(np.float32) if np.isfinite(length) and length > 0 else None


def _joined(text_score: float, cosine: float | None, vector_weight: float) -> float:
    """The convex combination of both scores; an item that has no vector yet is judged by its words alone."""
    return text_score if cosine is None else vector_weight * max(cosine, 0.0) + (1 - vector_weight) * text_score


def _hits(
    tx: Tx, matches: Matches, scores: dict[int, text.Agreement], cosines: dict[int, float], values: dict[int, float], plain: dict[int, float]
) -> list[Hit]:
    """The best, explained. ``values`` order them, ``plain`` gives the scale: the agreement with the query as it was asked."""
    groups = _groups_of(tx, values)  # an item that was removed since it was found has none
    shared = {key: values[key] + (0.0 if scores[key].has_context else NEIGHBOUR_SHARE * sum(_neighbours(key, values, groups))) for key in groups}
    order = [key for key in sorted(groups, key=lambda key: (-shared[key], key)) if plain[key] > 0][: matches.limit]
    strength = max((plain[key] for key in order), default=0.0)
    return [
        Hit(
            id=scores[key].id,
            group=groups[key],
            score=min(1.0, strength * shared[key] / shared[order[0]]),
            text_score=scores[key].score if scores[key].words else None,
            vector_score=cosines.get(key),
            matched_terms=scores[key].words,
            coverage=scores[key].coverage,
        )
        for key in order
    ]


def _neighbours(key: int, values: dict[int, float], groups: dict[int, str]) -> list[float]:
    """The rank values of the items that were put just before and after this one into the same (named) group."""
    if not groups[key]:
        return []
    return [values[near] for near in (key - 1, key + 1) if groups.get(near) == groups[key]]


def _groups_of(tx: Tx, keys: Iterable[int]) -> dict[int, str]:
    find = "SELECT i.key, g.name FROM search_items i JOIN search_groups g ON g.number = i.grp WHERE i.key IN carray(:keys)"
    return dict(tx.rows(find, keys=integers(keys)))  # type: ignore[arg-type]
