from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sophon_local.db import Database, Tx, migrations_in
from sophon_local.domain.search import Hit, Item, Search, SearchUpdated
from sophon_local.domain.search import service as service_module
from sophon_local.kit.errors import RateLimited, UpstreamUnavailable
from sophon_local.kit.events import Event, Events
from sophon_local.providers.base import Embedder
from tests.fakes_search import HashingEmbedder

pytestmark = pytest.mark.anyio


class ModelArrived(Event, frozen=True, kw_only=True):
    topic = "model.updated"


class Rig:
    """A workspace's search on a real database; ``embedder`` may be exchanged at any time, as a person does on the models page."""

    def __init__(self, path: Path, embedder: Embedder | None) -> None:
        self.db = Database(path, migrations_in("sophon_local.db.search"))
        self.events = Events()
        self.seen: list[Event] = []
        self.events.listen(lambda recorded: self.seen.append(recorded.event))
        self.embedder = embedder
        self.asked = 0
        self.search = Search(self.db, self.events, self._current)

    async def _current(self) -> Embedder | None:
        self.asked += 1
        return self.embedder

    async def put(self, *items: Item, collection: str = "c") -> None:
        await self.db.write(lambda tx: self.search.put(tx, collection, items))
        self.search.wake()

    async def find(self, query: str, limit: int = 10, groups: list[str] | None = None, vector_weight: float = 0.5) -> list[Hit]:
        return await self.search.search("c", query, limit=limit, groups=groups, vector_weight=vector_weight)

    async def ids(self, query: str, **more: float) -> list[str]:
        return [hit.id for hit in await self.find(query, **more)]  # type: ignore[arg-type]


@asynccontextmanager
async def running(path: Path, embedder: Embedder | None = None) -> AsyncIterator[Rig]:
    rig = Rig(path, embedder)
    await rig.search.start()
    try:
        yield rig
    finally:
        await rig.search.close()
        rig.db.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "workspace.db"


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.005)


def items(count: int, group: str = "") -> list[Item]:
    return [Item(f"{group}{n}", f"note {n} about {group or 'things'}", "", group) for n in range(count)]


async def test_without_an_embedder_words_are_found_at_once_and_vectors_come_when_there_is_one(path: Path) -> None:
    embedder = HashingEmbedder(same={"car": "vehicle", "automobile": "vehicle"})
    async with running(path) as rig:
        await rig.put(Item("a", "automobile", "", "doc"))
        async with asyncio.timeout(5):
            await rig.search.wait_embedded("c", "doc")
        assert await rig.ids("automobile") == ["a"]
        assert await rig.ids("car") == []
        status = rig.search.status()
        assert (status.items, status.embedded, status.pending, status.embedder_id) == (1, 0, 1, None)
        assert "no embedding model" in (status.problem or "")
        rig.embedder = embedder
        rig.events.publish(ModelArrived())
        await until(lambda: rig.search.status().pending == 0)
        (hit,) = await rig.find("car")
        assert hit.vector_score == pytest.approx(1.0, abs=1e-5)
        status = rig.search.status()
        assert (status.embedded, status.embedder_id, status.problem) == (1, "hash-1", None)
        await until(lambda: SearchUpdated(embedder_id="hash-1") in rig.seen)


async def test_an_embedder_that_appears_unannounced_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "POLL_S", 0.01)
    async with running(path) as rig:
        await rig.put(*items(3))
        await until(lambda: rig.asked > 0)
        rig.embedder = HashingEmbedder()
        await until(lambda: rig.search.status().embedded == 3)


async def test_an_empty_workspace_does_not_load_the_embedding_model(path: Path) -> None:
    async with running(path, HashingEmbedder()) as rig:
        rig.search.wake()
        assert await rig.find("anything") == []
        await asyncio.sleep(0.05)
        assert rig.asked == 0


async def test_waiting_ends_when_the_group_can_be_found_by_meaning(path: Path) -> None:
    async with running(path, HashingEmbedder()) as rig:
        await rig.put(*items(40, "doc"))
        async with asyncio.timeout(20):
            await rig.search.wait_embedded("c", "doc")
        hits = await rig.find("note 7", limit=40)
        assert all(hit.vector_score is not None for hit in hits)
        async with asyncio.timeout(5):
            await rig.search.wait_embedded("c", "doc")
            await rig.search.wait_embedded("c", "no such group")
            await rig.search.wait_embedded("no such collection", "doc")


async def test_texts_come_sorted_by_length_in_batches_of_sixteen_at_most(path: Path) -> None:
    embedder = HashingEmbedder()
    async with running(path, embedder) as rig:
        await rig.put(*(Item(str(n), "word " * (1 + n * 37 % 50)) for n in range(50)))
        await rig.search.wait_embedded("c", "")
    assert [len(call) for call in embedder.calls] == [16, 16, 16, 2]
    lengths = [len(text) for call in embedder.calls for text in call]
    assert lengths == sorted(lengths)


async def test_a_group_that_someone_waits_for_overtakes_a_long_queue(path: Path) -> None:
    embedder = HashingEmbedder()
    embedder.gate.clear()
    async with running(path, embedder) as rig:
        await rig.put(*items(300, "long"))
        await until(lambda: bool(embedder.calls))
        await rig.put(*items(5, "short"))
        waiting = asyncio.create_task(rig.search.wait_embedded("c", "short"))
        await asyncio.sleep(0.02)
        embedder.gate.set()
        async with asyncio.timeout(20):
            await waiting
        assert rig.search.status().pending > 100


async def test_another_embedder_takes_over_when_its_vectors_are_all_there(path: Path) -> None:
    old, new = HashingEmbedder("old", same={"car": "v", "automobile": "v"}), HashingEmbedder("new", dimensions=64, same={"boat": "s", "ship": "s"})
    async with running(path, old) as rig:
        await rig.put(Item("a", "automobile"), Item("s", "ship"), *items(30))
        await rig.search.wait_embedded("c", "")
        assert (await rig.ids("car"))[0] == "a"
        new.gate.clear()
        rig.embedder = new
        rig.search.wake()
        await until(lambda: rig.search.status().next_embedder_id == "new")
        await until(lambda: bool(new.calls))
        # The old vectors are searched meanwhile, and new items get both.
        assert (await rig.find("car"))[0].vector_score == pytest.approx(1.0, abs=1e-5)
        await rig.put(Item("later", "automobile too"))
        new.gate.set()
        await until(lambda: rig.search.status().embedder_id == "new")
        (hit, *_) = await rig.find("boat")
        assert (hit.id, hit.vector_score) == ("s", pytest.approx(1.0, abs=1e-5))
        assert SearchUpdated(embedder_id="new") in rig.seen
        await until(lambda: rig.db.peek(lambda tx: tx.value("SELECT count(*) FROM search_vectors")) == 33)
        status = rig.search.status()
        assert (status.next_embedder_id, status.pending) == (None, 0)


async def test_an_embedder_of_the_same_name_but_other_dimensions_is_another_one(path: Path) -> None:
    async with running(path, HashingEmbedder("one", dimensions=96)) as rig:
        await rig.put(*items(5))
        await rig.search.wait_embedded("c", "")
        rig.embedder = HashingEmbedder("one", dimensions=64)
        await rig.put(Item("later", "written later"))
        assert (await rig.ids("written later"))[0] == "later"
        await until(lambda: {len(v) for (v,) in rig.db.peek(lambda tx: tx.rows("SELECT vector FROM search_vectors"))} == {4 * 64})
        await until(lambda: rig.search.status().pending == 0)
        assert all(hit.vector_score is not None for hit in await rig.find("note"))


async def test_after_a_restart_the_vectors_being_made_are_searched_when_the_old_embedder_is_gone(path: Path) -> None:
    old, new = HashingEmbedder("old"), HashingEmbedder("new", same={"boat": "s", "ship": "s"})
    async with running(path, old) as rig:
        await rig.put(Item("s", "ship"), *items(200))
        await rig.search.wait_embedded("c", "")
        rig.embedder = new
        new.broken = UpstreamUnavailable("Not yet.")
        rig.search.wake()
        await until(lambda: rig.search.status().next_embedder_id == "new")
    new.broken = None
    async with running(path, new) as rig:
        await until(lambda: rig.search.status().embedder_id == "new")
        assert (await rig.find("boat"))[0].vector_score == pytest.approx(1.0, abs=1e-5)


async def test_an_old_embedder_that_was_closed_does_not_stop_the_new_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "QUERY_TIMEOUT_S", 0.02)
    old, new = HashingEmbedder("old"), HashingEmbedder("new")
    async with running(path, old) as rig:
        await rig.put(*items(20))
        await rig.search.wait_embedded("c", "")
        new.gate.clear()
        rig.embedder = new
        old.broken = RuntimeError("closed")
        await rig.put(Item("x", "written meanwhile"))
        await until(lambda: bool(new.calls))
        assert (await rig.ids("written meanwhile"))[0] == "x"
        new.gate.set()
        await until(lambda: rig.search.status().embedder_id == "new")


async def test_what_waited_when_the_program_stopped_is_embedded_at_the_next_start(path: Path) -> None:
    embedder = HashingEmbedder()
    embedder.gate.clear()
    async with running(path, embedder) as rig:
        await rig.put(*items(100))
        await until(lambda: bool(embedder.calls))
    embedder.gate.set()
    async with running(path, embedder) as rig:
        await until(lambda: rig.search.status().embedded == 100)
        assert len(await rig.find("note", limit=100, vector_weight=1.0)) == 100


async def test_an_embedder_that_fails_leaves_the_words_and_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "RETRY_S", (0.01,))
    embedder = HashingEmbedder()
    async with running(path, embedder) as rig:
        await rig.put(Item("first", "one"))
        await rig.search.wait_embedded("c", "")
        for error in (UpstreamUnavailable("The embedding service does not answer."), RateLimited("Too many.", 0), RuntimeError("what?")):
            embedder.broken = error
            await rig.put(Item("a", f"granite {error}", "", "doc"))
            async with asyncio.timeout(5):
                await rig.search.wait_embedded("c", "doc")
            await until(lambda: rig.search.status().problem is not None)
            assert (await rig.ids("granite"))[0] == "a"
            assert rig.search.status().pending == 1
            embedder.broken = None
            await until(lambda: rig.search.status().pending == 0)
            await until(lambda: rig.search.status().problem is None)


async def test_a_text_that_the_embedder_cannot_read_does_not_hold_up_the_others(path: Path) -> None:
    embedder = HashingEmbedder()
    embedder.poison = "BAD"
    async with running(path, embedder) as rig:
        await rig.put(*items(20), Item("p", "BAD granite"))
        await rig.search.wait_embedded("c", "")
        status = rig.search.status()
        assert (status.embedded, status.failed, status.pending, status.problem) == (20, 1, 0, None)
        assert (await rig.ids("granite"))[0] == "p"
        await rig.put(Item("p2", "BAD alone"))
        await rig.search.wait_embedded("c", "")
        assert rig.search.status().failed == 2
        await rig.put(Item("p", "good granite"))
        await rig.search.wait_embedded("c", "")
        assert rig.search.status().failed == 1


@pytest.mark.parametrize("vector", [b"", b"\x00" * 96 * 4, b"\xff" * 96 * 4, b"\x00" * 12])
async def test_what_is_no_vector_is_not_kept(path: Path, vector: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HashingEmbedder, "vector", lambda self, text: vector)
    async with running(path, HashingEmbedder()) as rig:
        await rig.put(*items(3))
        async with asyncio.timeout(5):
            await rig.search.wait_embedded("c", "")
        assert rig.search.status().embedded == 0
        assert "does not work" in (rig.search.status().problem or "")
        assert len(await rig.find("note")) == 3


async def test_a_query_does_not_wait_for_an_embedder_that_hangs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "QUERY_TIMEOUT_S", 0.02)
    embedder = HashingEmbedder()
    async with running(path, embedder) as rig:
        await rig.put(*items(3))
        await rig.search.wait_embedded("c", "")
        embedder.gate.clear()
        for weight in (0.5, 1.0):
            hits = await rig.find("note 1", vector_weight=weight)
            assert hits[0].id == "1"
            assert hits[0].vector_score is None


async def test_a_query_asked_again_is_not_embedded_again(path: Path) -> None:
    embedder = HashingEmbedder()
    async with running(path, embedder) as rig:
        await rig.put(*items(3))
        await rig.search.wait_embedded("c", "")
        calls = len(embedder.calls)
        for _ in range(3):
            assert (await rig.ids("note 1"))[0] == "1"
        assert len(embedder.calls) == calls + 1
        for n in range(100):
            await rig.ids(f"another {n}")
        assert len(embedder.calls) == calls + 101


async def test_weights_choose_the_parts_that_answer(path: Path) -> None:
    async with running(path, HashingEmbedder(same={"car": "v", "automobile": "v"})) as rig:
        await rig.put(Item("word", "car park ticket machine instructions"), Item("meaning", "automobile"))
        await rig.search.wait_embedded("c", "")
        assert await rig.ids("car", vector_weight=0.0) == ["word"]
        assert (await rig.ids("car", vector_weight=1.0))[0] == "meaning"
        assert set(await rig.ids("car", vector_weight=7.0)) == {"word", "meaning"}
        assert await rig.ids("car", limit=0) == []
        assert await rig.ids("car", limit=-3) == []


async def test_committed_writes_are_searched_and_rolled_back_ones_are_not(path: Path) -> None:
    async with running(path, HashingEmbedder()) as rig:
        await rig.put(*items(10, "g"))
        await rig.search.wait_embedded("c", "g")

        def fail(tx: Tx) -> None:
            rig.search.remove_group(tx, "c", "g")
            rig.search.put(tx, "c", [Item("lost", "note lost")])
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await rig.db.write(fail)
        rig.search.wake()
        assert len(await rig.ids("note about g", limit=50, vector_weight=1.0)) == 10
        await rig.db.write(lambda tx: rig.search.remove(tx, "c", ["g3"]))
        assert "g3" not in await rig.ids("note 3 about g", limit=50)
        await rig.db.write(lambda tx: rig.search.remove_group(tx, "c", "g"))
        assert await rig.ids("note about g", limit=50) == []
        rig.search.release_memory()
        assert await rig.ids("note about g", limit=50) == []


async def test_searching_while_items_come_and_go_gives_only_items_that_were_there(path: Path) -> None:
    async with running(path, HashingEmbedder()) as rig:
        written = 0

        async def write() -> None:
            nonlocal written
            for n in range(40):
                await rig.put(*items(5, f"g{n}"))
                if n % 3 == 0:
                    await rig.db.write(lambda tx, n=n: rig.search.remove_group(tx, "c", f"g{n}"))
                written = n + 1

        async def read() -> int:
            found = 0
            while written < 40:
                hits = await rig.find(f"note 2 about g{written}")
                assert all(hit.id.startswith("g") and 0 < hit.score <= 1 for hit in hits)
                found += len(hits)
            return found

        _, *found = await asyncio.gather(write(), read(), read(), read())
        assert sum(found) > 0
        await until(lambda: rig.search.status().pending == 0)
        assert rig.search.status().items == 40 * 5 - 14 * 5
        left = await rig.find("note", limit=200, vector_weight=1.0)
        assert len(left) == 130
