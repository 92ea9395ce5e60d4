"""Entities, relations between them, and walking from one to the next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sophon_local.domain.memory import EntryPatch, Graph
from sophon_local.domain.memory.entities import find_entities
from sophon_local.kit.errors import ValidationFailed
from tests.domain.memory.memory_rig import AGENT, OTHER_AGENT, OWNER, MemoryRig, remembering

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MemoryRig]:
    async with remembering(tmp_path) as running:
        yield running


def edges(graph: Graph) -> set[tuple[str, str, str]]:
    names = {node.id: node.name for node in graph.nodes}
    return {(names[edge.from_id], edge.relation, names[edge.to_id]) for edge in graph.edges}


def names(graph: Graph) -> set[str]:
    return {node.name for node in graph.nodes}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I live in Berlin with my wife Eva", {("Berlin", "place"), ("Eva", "person")}),
        ("I work at Acme Robotics GmbH since 3 May 2019", {("Acme Robotics GmbH", "organisation"), ("3 May 2019", "date")}),
        ("Met Anna Schmidt in Hamburg about the project Apollo", {("Anna Schmidt", "person"), ("Hamburg", "place"), ("Apollo", "project")}),
        ("The budget is 4.500 € until 2026-03-04", {("4.500 €", "money"), ("2026-03-04", "date")}),
        ("Write to bob@example.org or see https://example.org/a.", {("bob@example.org", "email"), ("https://example.org/a", "url")}),
        ("We use PostgreSQL with Redis", {("PostgreSQL", "thing"), ("Redis", "thing")}),
        ("Ich habe mit Anna über den Urlaub in Spanien gesprochen", {("Anna", "person"), ("Spanien", "place")}),
        ("I love New York and The Hague", {("New York", "place"), ("The Hague", "place")}),
        ("My Boss is Dr. Weber", {("Weber", "person")}),
        ("Lunch on Friday in May", set()),
        ("Nothing to see here", set()),
        ("", set()),
    ],
)
def test_entities_are_found_by_cue_suffix_and_shape(text: str, wanted: set[tuple[str, str]]) -> None:
    assert {(one.name, one.type) for one in find_entities(text, {})} == wanted


def test_a_known_name_is_found_in_small_letters() -> None:
    assert [(one.name, one.type) for one in find_entities("is anna coming?", {"anna": "person"})] == [("anna", "person")]


async def test_facts_become_relations(rig: MemoryRig) -> None:
    await rig.say("My sister is Clara and she lives in Oslo.")
    await rig.say("I live in Berlin with my wife Eva.")
    await rig.say("Our project Apollo uses SQLite.")
    found = edges(await rig.memory.graph(OWNER, "me"))
    assert {("Me", "sister", "Clara"), ("Me", "lives in", "Berlin"), ("Me", "wife", "Eva")} <= found
    assert ("Clara", "lives in", "Oslo") in edges(await rig.memory.graph(OWNER, "Clara"))
    assert edges(await rig.memory.graph(OWNER, "apollo")) >= {("Apollo", "uses", "SQLite")}


async def test_names_that_stand_together_are_linked(rig: MemoryRig) -> None:
    await rig.keep("Met Anna Schmidt in Hamburg about the project Apollo")
    graph = await rig.memory.graph(OWNER, "Anna Schmidt")
    assert names(graph) == {"Anna Schmidt", "Hamburg", "Apollo"}
    assert all(edge.relation == "mentioned with" for edge in graph.edges)


async def test_the_walk_goes_as_deep_as_asked_and_no_deeper_than_three(rig: MemoryRig) -> None:
    for a, b in (("Anna", "Bert"), ("Bert", "Carla"), ("Carla", "Dieter"), ("Dieter", "Emma")):
        await rig.keep(f"Call with {a} about lunch with {b}")
    assert names(await rig.memory.graph(OWNER, "Anna", 1)) == {"Anna", "Bert"}
    assert names(await rig.memory.graph(OWNER, "Anna", 2)) == {"Anna", "Bert", "Carla"}
    assert names(await rig.memory.graph(OWNER, "anna", 3)) == {"Anna", "Bert", "Carla", "Dieter"}
    assert names(await rig.memory.graph(OWNER, "Anna", 99)) == {"Anna", "Bert", "Carla", "Dieter"}
    with pytest.raises(ValidationFailed):
        await rig.memory.graph(OWNER, "Anna", 0)


async def test_a_ring_is_walked_once(rig: MemoryRig) -> None:
    for a, b in (("Anna", "Bert"), ("Bert", "Carla"), ("Carla", "Anna")):
        await rig.keep(f"Call with {a} about lunch with {b}")
    graph = await rig.memory.graph(OWNER, "Anna", 3)
    assert len(graph.nodes) == 3
    assert len(graph.edges) == 3


async def test_an_unknown_entity_has_an_empty_graph(rig: MemoryRig) -> None:
    await rig.keep("Met Anna Schmidt in Hamburg")
    for unknown in ("Zorro", "%", "ent_none", "x" * 5_000, "\x00"):
        graph = await rig.memory.graph(OWNER, unknown, 2)
        assert (graph.nodes, graph.edges) == ([], [])


async def test_without_an_entity_the_most_mentioned_come_first(rig: MemoryRig) -> None:
    assert (await rig.memory.graph(OWNER, None)).nodes == []
    await rig.keep("Met Anna Schmidt in Hamburg")
    await rig.keep("Met Anna Schmidt in Kiel")
    graph = await rig.memory.graph(OWNER, None)
    assert (graph.nodes[0].name, graph.nodes[0].mentions) == ("Anna Schmidt", 2)
    assert names(graph) == {"Anna Schmidt", "Hamburg", "Kiel"}
    assert len(graph.edges) == 2


async def test_a_first_name_is_enough_where_it_is_nobody_elses(rig: MemoryRig) -> None:
    await rig.keep("Met Anna Schmidt in Hamburg")
    assert "Hamburg" in names(await rig.memory.graph(OWNER, "anna"))
    await rig.keep("Met Anna Meyer in Kiel")
    assert (await rig.memory.graph(OWNER, "anna")).nodes == []


async def test_an_entity_is_found_by_its_id(rig: MemoryRig) -> None:
    entry = await rig.keep("Met Anna Schmidt in Hamburg")
    assert "Hamburg" in names(await rig.memory.graph(OWNER, entry.entities[0].id))


async def test_what_no_longer_holds_is_not_in_the_graph(rig: MemoryRig) -> None:
    await rig.say("I live in Berlin.")
    await rig.say("I moved to Hamburg.")
    assert names(await rig.memory.graph(OWNER, "me")) == {"Me", "Hamburg"}
    entry = await rig.keep("Met Anna Schmidt in Kiel")
    await rig.memory.patch(OWNER, entry.id, EntryPatch(content="Met Anna Schmidt in Ulm"))
    assert names(await rig.memory.graph(OWNER, "Anna Schmidt")) == {"Anna Schmidt", "Ulm"}


async def test_an_agent_sees_the_links_of_its_own_memories_only(rig: MemoryRig) -> None:
    await rig.keep("Met Anna Schmidt in Hamburg", scope="agent", agent_id="main")
    assert names(await rig.memory.graph(AGENT, "Anna Schmidt")) == {"Anna Schmidt", "Hamburg"}
    assert (await rig.memory.graph(OTHER_AGENT, "Anna Schmidt")).nodes == []
    assert (await rig.memory.graph(OTHER_AGENT, None)).nodes == []
    assert names(await rig.memory.graph(OWNER, "Anna Schmidt")) == {"Anna Schmidt", "Hamburg"}
    assert (await rig.memory.graph(OWNER, "Anna Schmidt", agent_id="other")).nodes == []


async def test_a_name_keeps_its_better_form(rig: MemoryRig) -> None:
    await rig.say("i live in berlin")
    entry = await rig.keep("Met Tom Miller in Berlin")
    assert [(one.name, one.type) for one in entry.entities] == [("Berlin", "place"), ("Tom Miller", "person")]
