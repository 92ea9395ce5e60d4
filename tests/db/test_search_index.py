from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sophon_local.db import Database, Tx, migrations_in
from sophon_local.db import search as store
from sophon_local.db.search import Embedding, Hit, Item, SearchIndex, text
from sophon_local.db.search.words import query_words
from tests.fakes_search import HashingEmbedder

pytestmark = pytest.mark.anyio

HASH = HashingEmbedder()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "workspace.db", migrations_in("sophon_local.db.search"))
    yield database
    database.close()


class Rig:
    """An index over collection ``c`` of a real database, with vectors made on the spot."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.index = SearchIndex()
        self.embedding: Embedding | None = None

    async def put(self, *items: Item) -> None:
        await self.db.write(lambda tx: store.put(tx, "c", items))

    async def embed(self) -> int:
        """Give every item its vector; how many were missing."""

        def work(tx: Tx) -> int:
            (self.embedding,) = store.adopt(tx, HASH.facts.id, HASH.facts.dimensions)
            waiting = store.pending(tx, self.embedding.number, 100_000)
            store.save(tx, self.embedding.number, {item.key: HASH.vector(item.passage) for item in waiting})
            return len(waiting)

        return await self.db.write(work)

    async def find(self, query: str, limit: int = 10, groups: list[str] | None = None, vector_weight: float | None = None) -> list[Hit]:
        weight = vector_weight if vector_weight is not None else 0.5 if self.embedding else 0.0

        def work(tx: Tx) -> list[Hit]:
            matches = self.index.match(tx, "c", query, groups, limit, by_words=weight < 1)
            return [] if matches is None else self.index.rank(tx, matches, self.embedding, HASH.vector(query), weight)

        return await self.db.read(work)

    async def ids(self, query: str, **more: Any) -> list[str]:
        return [hit.id for hit in await self.find(query, **more)]


@pytest.fixture
def rig(db: Database) -> Rig:
    return Rig(db)


async def test_what_was_put_is_found_by_its_words_in_any_form(rig: Rig) -> None:
    await rig.put(Item("a", "The turbines were inspected in Málaga."), Item("b", "Bread needs flour, water and salt."))
    for query in ("turbine inspection malaga", "TURBINES", "Where was the turbine inspected?"):
        (hit,) = await rig.find(query)
        assert hit.id == "a"
        assert hit.vector_score is None
    assert await rig.find("glacier") == []
    assert await rig.find("anything at all", groups=[]) == []


async def test_an_item_put_again_is_found_by_its_new_words_only(rig: Rig) -> None:
    await rig.put(Item("a", "the contract ends in june"))
    await rig.embed()
    await rig.put(Item("a", "the lease begins in march"))
    assert await rig.ids("june", vector_weight=0.0) == []
    (hit,) = await rig.find("march")
    assert hit.vector_score is None  # the old vector went with the old text
    await rig.embed()
    (hit,) = await rig.find("march")
    assert hit.vector_score is not None


async def test_an_item_put_again_unchanged_keeps_its_vector(rig: Rig) -> None:
    item = Item("a", "the contract ends in june", "Dates", "doc")
    await rig.put(item)
    assert await rig.embed() == 1
    await rig.put(item)
    assert await rig.embed() == 0
    await rig.put(Item("a", "the contract ends in june", "Other dates", "doc"))
    assert await rig.embed() == 1


async def test_the_last_of_two_items_with_one_id_stays(rig: Rig) -> None:
    await rig.put(Item("a", "first"), Item("a", "second"))
    assert await rig.ids("first second") == ["a"]
    assert await rig.ids("first") == []


async def test_removed_items_and_groups_are_found_no_more_by_either_part(rig: Rig) -> None:
    await rig.put(*(Item(f"{group}{n}", f"apple pie number {n}", "", group) for group in "xyz" for n in range(4)))
    await rig.embed()
    assert len(await rig.find("apple pie", limit=20)) == 12
    await rig.db.write(lambda tx: store.remove(tx, "c", ["x0", "x1", "not there"]))
    await rig.db.write(lambda tx: store.remove_group(tx, "c", "y"))
    await rig.db.write(lambda tx: store.remove_group(tx, "c", "no such group"))
    await rig.db.write(lambda tx: store.remove(tx, "no such collection", ["x"]))
    for weight in (0.0, 0.5, 1.0):
        assert sorted(await rig.ids("apple pie", limit=20, vector_weight=weight)) == ["x2", "x3", "z0", "z1", "z2", "z3"]
    left = await rig.db.read(lambda tx: [tx.value(f"SELECT count(*) FROM {table}") for table in ("search_items", "search_vectors", "search_signs")])
    assert left == [6, 6, 6]


async def test_a_transaction_that_fails_leaves_no_trace_in_any_part(rig: Rig) -> None:
    await rig.put(Item("kept", "a harbour with cranes"))
    await rig.embed()
    assert await rig.ids("harbour") == ["kept"]

    def fail(tx: Tx) -> None:
        store.put(tx, "c", [Item("lost", "a harbour with gulls"), Item("kept", "something else")])
        store.put(tx, "new collection", [Item("lost", "a harbour with gulls")])
        assert rig.embedding
        waiting = store.pending(tx, rig.embedding.number, 10)
        store.save(tx, rig.embedding.number, {item.key: HASH.vector(item.passage) for item in waiting})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await rig.db.write(fail)
    for weight in (0.0, 0.5, 1.0):
        assert await rig.ids("harbour", vector_weight=weight) == ["kept"]
    counts = await rig.db.read(store.counts)
    assert (counts.items, counts.pending) == (1, 0)
    await rig.db.write(lambda tx: store.put(tx, "new collection", [Item("n", "fine")]))


async def test_the_index_in_memory_follows_every_commit(rig: Rig) -> None:
    await rig.put(Item("a", "copper"))
    await rig.embed()
    assert await rig.ids("copper", vector_weight=1.0) == ["a"]
    await rig.put(Item("b", "copper wire"), Item("c", "tin"))
    await rig.embed()
    assert await rig.ids("copper", limit=2, vector_weight=1.0) == ["a", "b"]
    await rig.db.write(lambda tx: store.remove(tx, "c", ["a"]))
    assert await rig.ids("copper", limit=1, vector_weight=1.0) == ["b"]
    rig.index.forget()
    assert await rig.ids("copper", limit=1, vector_weight=1.0) == ["b"]
    rig.index = SearchIndex()  # as after a restart
    assert await rig.ids("copper", limit=1, vector_weight=1.0) == ["b"]


async def test_an_index_that_missed_too_many_removals_is_built_anew(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sophon_local.db.search.vectors._REMEMBERED_REMOVALS", 1)
    await rig.put(*(Item(str(n), f"stone {n}") for n in range(20)))
    await rig.embed()
    assert len(await rig.ids("stone", limit=20, vector_weight=1.0)) == 20
    await rig.db.write(lambda tx: store.remove(tx, "c", [str(n) for n in range(15)]))
    await rig.db.write(store.trim)
    assert sorted(await rig.ids("stone", limit=20, vector_weight=1.0)) == ["15", "16", "17", "18", "19"]


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
async def test_a_search_within_groups_finds_nothing_of_others(rig: Rig, weight: float) -> None:
    await rig.put(*(Item(f"{g}-{n}", f"report about rivers {n}", "", f"doc{g}") for g in range(30) for n in range(30)))
    await rig.embed()
    hits = await rig.find("rivers report", limit=50, groups=["doc3", "doc17", "missing"], vector_weight=weight)
    assert len(hits) == 50
    assert {hit.group for hit in hits} == {"doc3", "doc17"}
    assert await rig.find("rivers", groups=["missing"], vector_weight=weight) == []


async def test_a_common_word_is_found_within_a_small_group(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "POSTINGS", 20)
    await rig.put(*(Item(f"m{n}", f"valve {n} pump", "", "manual") for n in range(200)), Item("x", "valve", "", "note"), Item("y", "zebra", "", "zoo"))
    assert await rig.ids("valve zebra", groups=["note"]) == ["x"]
    assert len(await rig.find("valve zebra", groups=["manual", "zoo"], limit=100)) == 100


async def test_the_context_is_found_too_but_weighs_less_than_the_text(rig: Rig) -> None:
    await rig.put(
        Item("heading", "It is replaced every two years.", "Battery"), Item("text", "Battery: look here now and then."), Item("other", "It is cleaned often.")
    )
    assert await rig.ids("battery") == ["text", "heading"]


async def test_the_passage_that_is_embedded_begins_with_the_end_of_its_context(rig: Rig) -> None:
    await rig.put(Item("a", "every two years", "x" * 500 + " Battery"), Item("b", "alone"))

    def read(tx: Tx) -> list[str]:
        (embedding,) = store.adopt(tx, "e", 8)
        return [item.passage for item in store.pending(tx, embedding.number, 10)]

    first, second = await rig.db.write(read)
    assert first.endswith("Battery\nevery two years")
    assert len(first) < 230
    assert second == "alone"


async def test_rare_words_lead_and_the_many_common_ones_only_order(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [Item(str(n), " ".join(["flow", "pressure"][: 1 + n % 2] + ["wing"] * (n % 7 == 0) + ["flutter"] * (n % 150 == 3))) for n in range(600)]
    await rig.put(*items)
    whole = await rig.find("flutter of the wing under pressure in a flow", limit=4)
    monkeypatch.setattr(text, "POSTINGS", 50)
    pruned = await rig.find("flutter of the wing under pressure in a flow", limit=4)
    assert [(hit.id, hit.score) for hit in pruned] == [(hit.id, hit.score) for hit in whole]
    assert "flutter" in pruned[0].matched_terms


async def test_words_that_stand_nearly_everywhere_still_find_something(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "POSTINGS", 20)
    await rig.put(*(Item(str(n), "flow pressure" if n % 3 else "flow") for n in range(300)))
    hits = await rig.find("flow pressure", limit=10)
    assert len(hits) == 10
    assert all(hit.matched_terms == ["pressure", "flow"] for hit in hits)
    assert len(await rig.find("flow", limit=10)) == 10


async def test_a_remembered_word_count_never_hides_what_is_new(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "COMMON", 1)
    await rig.put(*(Item(str(n), "granite") for n in range(200)))
    assert await rig.ids("basalt") == []
    await rig.put(Item("new", "basalt"))
    assert await rig.ids("basalt") == ["new"]


async def test_a_remembered_word_count_that_is_too_high_does_no_harm(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "COMMON", 1)
    monkeypatch.setattr(text, "FEW_ITEMS", 1)
    monkeypatch.setattr(text, "STALE", 100)
    await rig.put(*(Item(str(n), "granite") for n in range(200)))
    await rig.ids("granite")
    await rig.db.write(lambda tx: store.remove(tx, "c", [str(n) for n in range(198)]))
    assert [hit.id for hit in await rig.find("granite") if 0 < hit.score <= 1] == ["198", "199"]


async def test_an_index_larger_than_one_read_is_built_whole(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sophon_local.db.search.vectors._AT_ONCE", 7)
    await rig.put(*(Item(str(n), f"slate {n}") for n in range(28)))
    await rig.embed()
    assert len(await rig.ids("slate", limit=50, vector_weight=1.0)) == 28


async def test_a_score_says_whether_the_words_are_really_there(rig: Rig) -> None:
    await rig.put(Item("w", "The warranty of the toaster is two years."), Item("m", "My aunt lives in Lyon."))
    (good,) = await rig.find("How long is the warranty of the toaster?")
    assert good.matched_terms == ["warranty", "toaster"] or good.matched_terms == ["toaster", "warranty"]
    (poor,) = await rig.find("Which aunt won the chess tournament of Reykjavik?")
    assert good.coverage > 0.6 > 0.3 > poor.coverage
    assert 0 < poor.score < good.score <= 1
    assert good.text_score == good.score


async def test_scores_fall_along_the_list_and_stay_within_bounds(rig: Rig) -> None:
    words = "lake river ocean stream pond harbour ferry canal bridge tide".split()
    await rig.put(*(Item(f"{a}{b}", f"{a} {b} {a}", "", "water") for a in words for b in words))
    await rig.embed()
    for query in ("lake", "river tide", "ocean bridge of sighs", "lake lake lake river"):
        hits = await rig.find(query, limit=30)
        assert len(hits) == 30
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert all(0 < hit.score <= 1 and 0 <= hit.coverage <= 1 and -1.001 <= (hit.vector_score or 0) <= 1.001 for hit in hits)


async def test_meaning_finds_what_the_words_do_not(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HASH, "same", {"car": "vehicle", "automobile": "vehicle"})
    await rig.put(Item("a", "automobile"), Item("b", "cathedral"), Item("c", "violin"))
    await rig.embed()
    hit = (await rig.find("car"))[0]
    assert (hit.id, hit.text_score, hit.matched_terms, hit.coverage) == ("a", None, [], 0.0)
    assert hit.vector_score == pytest.approx(1.0, abs=1e-5)
    assert hit.score == pytest.approx(0.5, abs=1e-5)


async def test_an_item_without_a_vector_is_judged_by_its_words_beside_those_with_one(rig: Rig) -> None:
    await rig.put(Item("old", "the garden wall"))
    await rig.embed()
    await rig.put(Item("new", "the garden wall was mended in april"))
    first, second = await rig.find("garden wall mended april")
    assert (first.id, first.vector_score) == ("new", None)
    assert second.vector_score is not None


async def test_a_neighbour_in_the_same_group_helps(rig: Rig) -> None:
    await rig.put(Item("alone", "tent poles", "", "x"), Item("filler", "soup", "", "y"))
    await rig.put(Item("one", "tent poles", "", "trip"), Item("two", "tent pegs", "", "trip"))
    assert await rig.ids("tent poles") == ["one", "alone", "two"]
    await rig.put(Item("loose", "tent poles"), Item("loose too", "tent poles"))  # no group: no neighbours
    assert await rig.ids("tent poles") == ["one", "alone", "loose", "loose too", "two"]


async def test_a_neighbour_does_not_help_an_item_that_has_a_context(rig: Rig) -> None:
    await rig.put(Item("alone", "tent poles", "Trip", "x"), Item("one", "tent poles", "Trip", "trip"), Item("two", "tent pegs", "Trip", "trip"))
    assert await rig.ids("tent poles") == ["alone", "one", "two"]


@pytest.mark.parametrize(
    "query",
    [
        "", " ", "\x00", "?!", "\ud800", '"', "\"unbalanced", "AND", "OR OR", "NOT", "NEAR(a b, 2)", "a AND (b", "col:word", "text:apple", "^apple", "apple*",
        "-apple", "apple + pie", "{text}: apple", "'; DROP TABLE search_items; --", "%_*", "🙂", "\u200b", "\x00apple\x00", "\ud800apple", "the of and",
        "ﬁ ﬂ ǆ", "e\u0301clair", "a" * 100_000, "apple " * 20_000, " ".join(f"w{n}" for n in range(20_000)), "東京" * 9_999, "\u0300" * 5_000, "(((" * 999,
    ],
)  # fmt: skip
async def test_any_text_is_a_harmless_query(rig: Rig, query: str) -> None:
    await rig.put(Item("a", "apple pie"), Item("b", "cherry tart"))
    found = await rig.ids(query.encode("utf-8", "replace").decode())
    assert found == (["a"] if "apple" in query else [])


@pytest.mark.parametrize("value", ["\x00 apple \x00", "\ud83d apple", "apple\u2028\x85", "apple " * 40_000, "🙂 apple", ""])
async def test_any_text_can_be_put_and_removed(rig: Rig, value: str) -> None:
    await rig.put(Item("a", value, value[:100], value[:10]))
    await rig.embed()
    assert await rig.ids("apple", vector_weight=0.0) == (["a"] if value else [])
    await rig.db.write(lambda tx: store.remove_group(tx, "c", value[:10]))
    assert await rig.ids("apple") == []


async def test_scripts_without_spaces_are_found_by_their_characters(rig: Rig) -> None:
    await rig.put(Item("tokyo", "東京タワーは1958年に建てられた。"), Item("osaka", "大阪城は有名です。"), Item("han", "北京是中国的首都"))
    assert (await rig.ids("東京タワー"))[0] == "tokyo"
    assert (await rig.ids("首都"))[0] == "han"


def test_stop_words_are_left_out_unless_there_is_nothing_else(db: Database) -> None:
    def words(query: str) -> list[str]:
        return db.peek(lambda tx: list(query_words(tx, query).values()))

    assert words("What don't the engineers' Reports say about it?") == ["engineers", "Reports", "say"]
    assert words("to be or not to be") == ["to", "be", "or", "not"]
    assert words("") == []


async def test_an_item_removed_between_the_two_parts_of_a_query_is_no_hit(rig: Rig) -> None:
    await rig.put(Item("a", "amber", "", "g"), Item("b", "amber ring", "", "h"))
    await rig.embed()
    matches = await rig.db.read(lambda tx: rig.index.match(tx, "c", "amber", None, 10))
    assert matches
    await rig.db.write(lambda tx: store.remove_group(tx, "c", "g"))
    hits = await rig.db.read(lambda tx: rig.index.rank(tx, matches, rig.embedding, HASH.vector("amber"), 0.5))
    assert [hit.id for hit in hits] == ["b"]


async def test_collections_do_not_see_each_other(rig: Rig) -> None:
    await rig.put(Item("a", "a red kite"))
    await rig.db.write(lambda tx: store.put(tx, "d", [Item("a", "a red kite in d", "", "g"), Item("z", "red")]))
    await rig.embed()
    assert await rig.ids("red kite", limit=10) == ["a"]
    await rig.db.write(lambda tx: store.remove(tx, "d", ["a"]))
    assert await rig.ids("red kite", limit=10) == ["a"]
