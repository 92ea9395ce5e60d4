from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from sophon_local.db import Database, Tx, migrations_in
from sophon_local.db import search as store
from sophon_local.db.search import Item

pytestmark = pytest.mark.anyio

VECTOR = struct.pack("<8f", 1, 0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
async def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "workspace.db", migrations_in("sophon_local.db.search"))
    await database.write(lambda tx: store.put(tx, "c", [Item(str(n), f"text {n}", "", "even" if n % 2 == 0 else "odd") for n in range(10)]))
    yield database
    database.close()


def states(tx: Tx) -> list[tuple[str, str]]:
    return [(embedding.id, embedding.state) for embedding in store.embeddings(tx)]


def embed_all(tx: Tx, number: int) -> int:
    waiting = store.pending(tx, number, 1_000)
    store.save(tx, number, dict.fromkeys([item.key for item in waiting], VECTOR))
    return len(waiting)


async def test_the_first_embedder_is_searched_at_once_and_owes_every_item_a_vector(db: Database) -> None:
    (first,) = await db.write(lambda tx: store.adopt(tx, "one", 8))
    assert (first.id, first.state) == ("one", "searched")
    counts = await db.read(store.counts)
    assert (counts.items, counts.pending) == (10, 10)
    assert await db.write(lambda tx: store.adopt(tx, "one", 8)) == [first]
    await db.write(lambda tx: store.put(tx, "c", [Item("new", "later")]))
    assert await db.write(lambda tx: embed_all(tx, first.number)) == 11
    assert (await db.read(store.counts)).pending == 0


async def test_another_embedder_is_a_shadow_until_all_its_vectors_are_there(db: Database) -> None:
    (one,) = await db.write(lambda tx: store.adopt(tx, "one", 8))
    await db.write(lambda tx: embed_all(tx, one.number))
    known = await db.write(lambda tx: store.adopt(tx, "two", 8))
    assert [(e.id, e.state) for e in known] == [("one", "searched"), ("two", "shadow")]
    two = known[1]
    counts = await db.read(store.counts)
    assert (counts.pending, counts.shadow_pending) == (0, 10)
    assert not await db.write(lambda tx: store.flip(tx, two.number))
    await db.write(lambda tx: store.put(tx, "c", [Item("new", "written meanwhile")]))
    counts = await db.read(store.counts)
    assert (counts.pending, counts.shadow_pending) == (1, 11)
    await db.write(lambda tx: embed_all(tx, two.number))
    assert await db.write(lambda tx: store.flip(tx, two.number))
    assert await db.read(states) == [("two", "searched"), ("one", "retired")]
    assert (await db.read(store.counts)).pending == 0
    assert not await db.write(lambda tx: store.clear(tx, one.number, 4))
    assert not await db.write(lambda tx: store.clear(tx, one.number, 4))
    assert await db.write(lambda tx: store.clear(tx, one.number, 4))
    assert await db.read(states) == [("two", "searched")]
    assert await db.read(lambda tx: tx.value("SELECT count(*) FROM search_vectors")) == 11


async def test_an_embedder_that_was_never_used_gives_way_at_once(db: Database) -> None:
    await db.write(lambda tx: store.adopt(tx, "one", 8))
    await db.write(lambda tx: store.adopt(tx, "two", 8))
    assert await db.read(states) == [("two", "searched"), ("one", "retired")]


async def test_going_back_to_the_embedder_before_drops_the_shadow(db: Database) -> None:
    (one,) = await db.write(lambda tx: store.adopt(tx, "one", 8))
    await db.write(lambda tx: embed_all(tx, one.number))
    await db.write(lambda tx: store.adopt(tx, "two", 8))
    await db.write(lambda tx: store.adopt(tx, "three", 8))
    assert await db.read(states) == [("one", "searched"), ("two", "retired"), ("three", "shadow")]
    await db.write(lambda tx: store.adopt(tx, "one", 8))
    assert await db.read(states) == [("one", "searched"), ("two", "retired"), ("three", "retired")]


async def test_one_name_with_other_dimensions_is_another_embedder(db: Database) -> None:
    (one,) = await db.write(lambda tx: store.adopt(tx, "one", 8))
    await db.write(lambda tx: embed_all(tx, one.number))
    known = await db.write(lambda tx: store.adopt(tx, "one", 16))
    assert [(e.dimensions, e.state) for e in known] == [(8, "searched"), (16, "shadow")]


async def test_a_vector_that_comes_too_late_is_not_kept(db: Database) -> None:
    (one,) = await db.write(lambda tx: store.adopt(tx, "one", 8))
    window = await db.read(lambda tx: store.pending(tx, one.number, 3))
    await db.write(lambda tx: store.remove(tx, "c", ["0"]))
    await db.write(lambda tx: store.put(tx, "c", [Item("1", "another text", "", "odd")]))
    vectors = {item.key: VECTOR for item in window}
    await db.write(lambda tx: store.save(tx, one.number, vectors))
    await db.write(lambda tx: store.save(tx, one.number, vectors))  # said twice, kept once
    assert await db.read(lambda tx: tx.rows("SELECT item FROM search_vectors")) == [(window[2].key,)]
    assert (await db.read(store.counts)).pending == 8
    await db.write(lambda tx: store.adopt(tx, "two", 8))
    await db.write(lambda tx: store.adopt(tx, "one", 8))
    shadow = 2
    await db.write(lambda tx: store.save(tx, shadow, vectors))  # a retired embedder gets no more
    assert await db.read(lambda tx: tx.value("SELECT count(*) FROM search_vectors")) == 1


async def test_groups_that_someone_waits_for_go_first(db: Database) -> None:
    (one,) = await db.write(lambda tx: store.adopt(tx, "one", 8))

    def read(tx: Tx) -> tuple[list[str], bool, bool]:
        collection = store.find_collection(tx, "c")
        assert collection
        odd, even = store.find_groups(tx, collection, ["odd"]), store.find_groups(tx, collection, ["even"])
        window = store.pending(tx, one.number, 100, odd)
        store.save(tx, one.number, {item.key: VECTOR for item in window})
        return [item.passage for item in window], store.is_pending(tx, one.number, odd), store.is_pending(tx, one.number, even)

    passages, odd_waits, even_waits = await db.write(read)
    assert passages == [f"text {n}" for n in (1, 3, 5, 7, 9)]
    assert (odd_waits, even_waits) == (False, True)


async def test_a_text_that_cannot_be_embedded_waits_no_more_but_is_counted(db: Database) -> None:
    (one,) = await db.write(lambda tx: store.adopt(tx, "one", 8))
    window = await db.read(lambda tx: store.pending(tx, one.number, 100))
    await db.write(lambda tx: store.save(tx, one.number, {item.key: VECTOR for item in window[2:]}, [item.key for item in window[:2]]))
    counts = await db.read(store.counts)
    assert (counts.pending, counts.failed) == (0, 2)
    await db.write(lambda tx: store.remove(tx, "c", ["0"]))
    assert (await db.read(store.counts)).failed == 1
    two = (await db.write(lambda tx: store.adopt(tx, "two", 8)))[1]
    assert len(await db.read(lambda tx: store.pending(tx, two.number, 100))) == 9  # another embedder may manage
