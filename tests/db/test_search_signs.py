from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from sophon_local.db.search.signs import Signs, sign_bits

Vectors = NDArray[np.float32]


def clustered(count: int, dimensions: int, seed: int = 0, clusters: int = 50) -> Vectors:
    random = np.random.default_rng(seed)
    centres = random.standard_normal((clusters, dimensions))
    vectors = centres[random.integers(0, clusters, count)] + 0.7 * random.standard_normal((count, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def rows(vectors: Vectors, first: int = 1, groups: int = 1) -> list[tuple[int, int, bytes]]:
    return [(first + n, n % groups, bits.tobytes()) for n, bits in enumerate(sign_bits(vectors))]


def filled(vectors: Vectors, groups: int = 1) -> Signs:
    signs = Signs(vectors.shape[1])
    signs.add(rows(vectors, groups=groups))
    return signs


def differing(vectors: Vectors, query: Vectors) -> NDArray[np.int64]:
    return ((vectors > 0) != (query > 0)).sum(axis=1)


@pytest.mark.parametrize("dimensions", [8, 64, 100, 384])
def test_the_nearest_are_those_whose_signs_differ_least(dimensions: int) -> None:
    vectors, query = clustered(3_000, dimensions), clustered(1, dimensions, seed=1)[0]
    found = filled(vectors).nearest(query, 50)
    distances = differing(vectors, query)
    assert len(set(found.tolist())) == 50
    assert sorted(distances[found - 1]) == sorted(distances)[:50]


def test_few_vectors_are_all_near_and_none_are_none() -> None:
    vectors = clustered(7, 64)
    assert filled(vectors).nearest(vectors[0], 10).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert Signs(64).nearest(vectors[0], 10).tolist() == []


def test_four_hundred_candidates_hold_the_ten_nearest_vectors() -> None:
    vectors, queries = clustered(20_000, 384, clusters=400), clustered(50, 384, clusters=400)
    signs = filled(vectors)
    share = 0
    for query in queries:
        exact = set((np.argsort(-(vectors @ query))[:10] + 1).tolist())
        share += len(exact & set(signs.nearest(query, 400).tolist()))
    assert share / 500 >= 0.97


def test_what_is_added_later_is_found_and_what_is_removed_is_not() -> None:
    vectors = clustered(5_000, 128)
    signs = Signs(128)
    for start in range(0, 5_000, 700):
        signs.add(rows(vectors[start : start + 700], first=start + 1))
    target = vectors[4_321]
    assert 4_322 in signs.nearest(target, 5)
    signs.discard([4_322, 4_322, 99_999])
    assert 4_322 not in signs.nearest(target, 4_999)
    assert len(signs) == 4_999
    signs.discard(range(1, 4_000))
    assert len(signs) == 1_000
    assert signs.nearest(target, 5_000).min() == 4_000
    signs.add(rows(target.reshape(1, -1), first=6_000))
    assert 6_000 in signs.nearest(target, 1)


def test_only_the_groups_asked_for_are_looked_at() -> None:
    vectors = clustered(4_000, 128)
    signs = filled(vectors, groups=10)
    for groups in ([3], [2, 7], list(range(8))):
        found = signs.nearest(vectors[0], 100, groups) - 1
        assert set((found % 10).tolist()) <= set(groups)
        members = np.flatnonzero(np.isin(np.arange(4_000) % 10, groups))
        assert sorted(differing(vectors, vectors[0])[found]) == sorted(differing(vectors[members], vectors[0]))[:100]
    assert signs.nearest(vectors[0], 100, [77]).tolist() == []
    signs.discard([n + 1 for n in range(0, 4_000, 10)])
    assert signs.nearest(vectors[0], 100, [0]).tolist() == []


def test_reading_while_vectors_come_and_go_gives_vectors_that_were_there() -> None:
    vectors = clustered(20_000, 128)
    signs = filled(vectors[:1_000])
    wrong: list[int] = []

    def read() -> None:
        for _ in range(200):
            wrong.extend(seq for seq in signs.nearest(vectors[5], 50).tolist() if not 0 < seq <= 20_000)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(1_000, 20_000, 500):
        with signs.lock:
            signs.add(rows(vectors[start : start + 500], first=start + 1))
            signs.discard(range(start - 900, start - 500))
    for thread in threads:
        thread.join()
    assert wrong == []
