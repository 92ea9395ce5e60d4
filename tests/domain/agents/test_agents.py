"""Agents have settings in the database and a personality in files that any editor may change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sophon_local.db import Database, migrations_in
from sophon_local.domain.agents import AgentPatch, Agents, Heartbeat, NewAgent, ToolPolicy
from sophon_local.kit.caller import Caller, owner
from sophon_local.kit.errors import Conflict, NotAllowed, NotFound, TooLarge, ValidationFailed
from sophon_local.kit.paging import PageRequest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def agents(tmp_path: Path):
    db = Database(tmp_path / "a.db", migrations_in("sophon_local.domain.agents"))
    service = Agents(db, tmp_path / "agents")
    await service.start()
    yield service
    db.close()


async def test_there_is_a_default_agent_with_a_soul(agents: Agents, tmp_path: Path) -> None:
    agent = await agents.get_default()
    assert (tmp_path / "agents" / agent.id / "SOUL.md").read_text() == (await agents.read_file(owner(), agent.id, "soul")).content != ""
    await agents.start()
    assert len((await agents.list(owner(), PageRequest())).items) == 1


async def test_an_edit_with_any_editor_counts_at_once(agents: Agents, tmp_path: Path) -> None:
    file = tmp_path / "agents" / "sophon" / "SOUL.md"
    before = await agents.read_file(owner(), "sophon", "soul")
    file.write_text("Be a pirate. ☠")
    after = await agents.read_file(owner(), "sophon", "soul")
    assert after.content == "Be a pirate. ☠" and after.etag != before.etag
    with pytest.raises(Conflict, match="changed"):
        await agents.write_file(owner(), "sophon", "soul", "mine", if_match=before.etag)
    assert file.read_text() == "Be a pirate. ☠"
    assert (await agents.write_file(owner(), "sophon", "soul", "mine", if_match=after.etag)).content == "mine" == file.read_text()


async def test_a_missing_file_is_empty_and_a_huge_one_is_refused(agents: Agents) -> None:
    assert (await agents.read_file(owner(), "sophon", "boot")).content == ""
    with pytest.raises(TooLarge):
        await agents.write_file(owner(), "sophon", "boot", "x" * (256 * 1024 + 1))
    with pytest.raises(NotFound):
        await agents.read_file(owner(), "nobody", "soul")


async def test_a_name_becomes_an_id_and_ids_are_unique(agents: Agents) -> None:
    made = await agents.create(owner(), NewAgent(name="Frau Müller!"))
    assert made.id == "frau-muller"
    with pytest.raises(Conflict):
        await agents.create(owner(), NewAgent(name="Frau Müller"))
    assert (await agents.create(owner(), NewAgent(name="日本"))).id.startswith("agent-")


@pytest.mark.parametrize(
    "new",
    [
        NewAgent(name="x", id="../../etc"),
        NewAgent(name="x", id="A"),
        NewAgent(name="x", id="soul"),
        NewAgent(name=" "),
        NewAgent(name="x" * 101),
        NewAgent(name="x", temperature=3),
        NewAgent(name="x", heartbeat=Heartbeat(interval_minutes=0)),
        NewAgent(name="x", heartbeat=Heartbeat(active_hours="25:00-26:00")),
    ],
)
async def test_what_cannot_be_an_agent_is_refused_and_leaves_no_folder(agents: Agents, tmp_path: Path, new: NewAgent) -> None:
    with pytest.raises(ValidationFailed):
        await agents.create(owner(), new)
    assert [p.name for p in (tmp_path / "agents").iterdir()] == ["sophon"]


async def test_the_default_agent_stays_until_another_takes_its_place(agents: Agents, tmp_path: Path) -> None:
    with pytest.raises(Conflict):
        await agents.delete(owner(), "sophon")
    with pytest.raises(Conflict):
        await agents.patch(owner(), "sophon", AgentPatch(enabled=False))
    other = await agents.create(owner(), NewAgent(name="Other"))
    await agents.patch(owner(), other.id, AgentPatch(is_default=True))
    assert (await agents.get_default()).id == other.id
    await agents.delete(owner(), "sophon")
    kept = [p for p in (tmp_path / "agents").iterdir() if p.name.startswith(".deleted-sophon")]
    assert (kept[0] / "SOUL.md").is_file()


async def test_of_two_that_want_to_be_default_one_is(agents: Agents) -> None:
    made = [await agents.create(owner(), NewAgent(name=f"A{n}")) for n in range(4)]
    await asyncio.gather(*(agents.patch(owner(), a.id, AgentPatch(is_default=True)) for a in made))
    assert sum(a.is_default for a in (await agents.list(owner(), PageRequest())).items) == 1


async def test_the_allowlist_takes_globs_and_known_names_only(agents: Agents) -> None:
    known = frozenset({"memory.search"})
    agent = await agents.set_tools(owner(), "sophon", ToolPolicy(["memory.*", "memory.search"], []), known)
    assert agent.tools.allow == ["memory.*", "memory.search"]
    with pytest.raises(ValidationFailed, match=r"memory\.fly"):
        await agents.set_tools(owner(), "sophon", ToolPolicy(["memory.fly"], []), known)


async def test_without_the_permission_nothing_changes(agents: Agents) -> None:
    viewer = Caller("usr_viewer", permissions=frozenset())
    with pytest.raises(NotAllowed, match="ManageAgents"):
        await agents.create(viewer, NewAgent(name="x"))
    with pytest.raises(NotAllowed):
        await agents.write_file(viewer, "sophon", "soul", "x")
