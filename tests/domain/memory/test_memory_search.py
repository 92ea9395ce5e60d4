"""Search and recall: by words and meaning, weighed, explained, and nothing that has nothing to do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sophon_local.domain.memory.model import recency, weighted
from sophon_local.kit import clock
from sophon_local.kit.errors import InvalidRequest, ValidationFailed
from sophon_local.providers.minilm import MiniLM
from tests.domain.memory.memory_rig import AGENT, OTHER_AGENT, OWNER, MemoryRig, remembering

pytestmark = pytest.mark.anyio

TOLD = [
    "Hi, my name is Anna Schmidt and I live in Berlin with my wife Eva.",
    "I work as a nurse at Charité.",
    "My sister is Clara and she lives in Oslo.",
    "Clara works at Equinor.",
    "I'm allergic to peanuts and shellfish.",
    "I don't like coffee.",
    "Our project Apollo uses SQLite.",
    "The deadline for the thesis is 20 June.",
    "I play the piano.",
    "We have two cats.",
    "Remember that the spare key is under the green flower pot.",
    "I prefer short answers.",
]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MemoryRig]:
    async with remembering(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> AsyncIterator[MemoryRig]:
    """A memory that knows someone, with the real embedding model."""
    files = models_folder / "minilm"
    embedder = MiniLM(model=files / "model.onnx", tokenizer=files / "tokenizer.json", sha256="0" * 64)
    async with remembering(tmp_path_factory.mktemp("told"), embedder) as running:
        for message in TOLD:
            await running.say(message)
        await running.search.wait_embedded("memory", "user")
        yield running
    await embedder.close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("where do I live?", "I live in Berlin with my wife Eva"),
        ("what is my name", "My name is Anna Schmidt"),
        ("who is my wife", "My wife is Eva"),
        ("where does Clara live", "Clara lives in Oslo"),
        ("what can't I eat?", "I'm allergic to"),
        ("do I like coffee?", "I don't like coffee"),
        ("which database does Apollo use", "Our project Apollo uses SQLite"),
        ("when is my thesis due", "The deadline for the thesis is 20 June"),
        ("what instrument do I play", "I play the piano"),
        ("where is the spare key", "The spare key is under the green flower pot"),
        ("what is my job", "I work as a nurse at Charité"),
        ("do I have pets?", "We have two cats"),
    ],
)
async def test_the_first_memory_answers_the_question(told: MemoryRig, question: str, answer: str) -> None:
    hits = await told.memory.recall("main", question, 5)
    assert hits[0].entry.content.startswith(answer)


async def test_a_question_about_my_sister_is_one_about_clara(told: MemoryRig) -> None:
    hits = await told.memory.recall("main", "where does my sister work?", 5)
    assert "Clara works at Equinor" in [hit.entry.content for hit in hits[:3]]
    assert any("it is about Clara" in hit.why for hit in hits)


@pytest.mark.parametrize("question", ["what is the capital of France?", "write me a poem about the sea", "fix this stack trace", "xyzzy", "   ", "?!"])
async def test_what_has_nothing_to_do_with_it_is_not_recalled(told: MemoryRig, question: str) -> None:
    assert await told.memory.recall("main", question, 5) == []


async def test_a_hit_explains_itself_in_figures_and_words(told: MemoryRig) -> None:
    found = await told.memory.search(OWNER, "where do I live?", 5)
    assert found.mode == "hybrid"
    hit = found.hits[0]
    assert hit.hit.vector_score is not None
    assert hit.hit.matched_terms == ["live"]
    assert "it matches “live”" in hit.why
    assert "it is about you" in hit.why
    assert hit.entity_match == 1.0
    assert hit.score == weighted(hit.hit.score, hit.recency, hit.importance, hit.entity_match)
    assert 0 < hit.score <= hit.hit.score <= 1


async def test_search_works_by_words_while_there_is_no_embedding_model(rig: MemoryRig) -> None:
    await rig.keep("The spare key is under the pot")
    found = await rig.memory.search(OWNER, "spare key", 5)
    assert found.mode == "keyword"
    assert [hit.entry.content for hit in found.hits] == ["The spare key is under the pot"]
    assert found.hits[0].hit.vector_score is None


async def test_a_fact_is_found_by_words_that_it_does_not_contain(rig: MemoryRig) -> None:
    await rig.say("I moved to Hamburg.")
    assert await rig.found("home address") == ["I moved to Hamburg"]


async def test_a_statement_about_somebody_else_comes_behind_one_about_me(rig: MemoryRig) -> None:
    await rig.say("My sister is Clara and she lives in Oslo.")
    await rig.say("I moved to Hamburg.")
    assert (await rig.found("where do I live"))[0] == "I moved to Hamburg"
    assert (await rig.found("where does Clara live"))[0] == "Clara lives in Oslo"


async def test_the_more_important_of_two_equals_comes_first(rig: MemoryRig) -> None:
    await rig.keep("The garden gate sticks in winter", importance=0.1)
    await rig.keep("The garden gate sticks in summer", importance=0.9)
    assert (await rig.found("garden gate"))[0] == "The garden gate sticks in summer"


async def test_scopes_keep_apart(rig: MemoryRig) -> None:
    await rig.keep("The secret garden of main is green", scope="agent", agent_id="main")
    await rig.keep("The secret garden of other is red", scope="agent", agent_id="other")
    await rig.keep("The secret garden of all is blue")
    assert len(await rig.found("secret garden")) == 3
    assert await rig.found("secret garden", scope="user") == ["The secret garden of all is blue"]
    assert len(await rig.found("secret garden", scope="agent")) == 2
    assert await rig.found("secret garden", scope="agent", agent_id="main") == ["The secret garden of main is green"]
    assert {hit.entry.content for hit in await rig.memory.recall("main", "secret garden", 9)} == {
        "The secret garden of main is green",
        "The secret garden of all is blue",
    }
    for caller, own in ((AGENT, "main"), (OTHER_AGENT, "other")):
        hits = (await rig.memory.search(caller, "secret garden", 9, agent_id="main")).hits
        assert {hit.entry.agent_id for hit in hits} == {None, own}, "an agent cannot ask for another's memory"


async def test_wishes_for_every_answer_are_always_recalled(rig: MemoryRig) -> None:
    await rig.say("Always answer in German.")
    await rig.say("Call me Captain.")
    await rig.say("Never use emojis.")
    hits = await rig.memory.recall("main", "what is the capital of France?", 5)
    assert {hit.entry.content for hit in hits} == {"Always answer in German", "Call me Captain", "Never use emojis"}
    assert all(hit.is_standing and hit.score == 0 and hit.why == ["you asked for this in every answer"] for hit in hits)
    await rig.say("Always answer in French.")
    assert "Always answer in German" not in {hit.entry.content for hit in await rig.memory.recall("main", "hm", 5)}


async def test_limits_categories_and_bad_questions(rig: MemoryRig) -> None:
    for n in range(9):
        await rig.keep(f"The shelf number {n} holds books", category="observation" if n % 2 else "fact")
    assert len((await rig.memory.search(OWNER, "shelf books", 4)).hits) == 4
    assert len((await rig.memory.search(OWNER, "shelf books", 50, category="observation")).hits) == 4
    for wrong in ("", "   ", "x" * 2_001):
        with pytest.raises(ValidationFailed):
            await rig.memory.search(OWNER, wrong, 5)
    with pytest.raises(ValidationFailed):
        await rig.memory.search(OWNER, "x", 5, scope="world")
    for when in ("yesterday", "", "2026-99-01", "0001-01-01T00:00:00+23:00"):
        with pytest.raises(InvalidRequest):
            await rig.memory.search(OWNER, "x", 5, as_of_text=when)
    assert (await rig.memory.search(OWNER, 'NEAR("a" -b* OR :c) \x00 \ud800', 5)).hits == []


async def test_a_moment_may_come_with_a_plus_that_the_address_made_a_space(rig: MemoryRig) -> None:
    await rig.keep("The shelf holds books")
    assert await rig.found("shelf", as_of_text="2999-01-01T00:00:00 02:00") == ["The shelf holds books"]


def test_recency_halves_with_each_half_life_and_never_goes_up() -> None:
    now = clock.parse("2026-12-31T00:00:00Z")
    assert recency("observation", "2026-12-31T00:00:00Z", now) == 1
    assert recency("observation", "2026-12-01T00:00:00Z", now) == pytest.approx(0.5)
    assert recency("fact", "2025-12-31T00:00:00Z", now) == pytest.approx(0.5)
    assert recency("fact", "2027-12-31T00:00:00Z", now) == 1


def test_circumstances_never_beat_relevance_by_far() -> None:
    assert weighted(0.5, 0, 0, 0) > weighted(0.25, 1, 1, 1)
    assert weighted(1, 1, 1, 1) == pytest.approx(1)
    assert weighted(0, 1, 1, 1) == 0
