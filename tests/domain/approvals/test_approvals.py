"""A question is asked once, decided once, carried out once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sophon_local.db import Database, migrations_in
from sophon_local.domain.approvals import Approval, Approvals, NewApproval
from sophon_local.kit import clock
from sophon_local.kit.caller import Caller, owner
from sophon_local.kit.errors import Conflict, NotAllowed, NotFound
from sophon_local.kit.events import Events
from sophon_local.kit.paging import PageRequest

pytestmark = pytest.mark.anyio

CALL = NewApproval(tool_name="memory.forget", risk="high", parameters={"entryId": "mem_1"}, preview={"content": "x"})


def open_database(folder: Path) -> Database:
    return Database(folder / "a.db", migrations_in("sophon_local.domain.approvals"))


@pytest.fixture
def db(tmp_path: Path):
    database = open_database(tmp_path)
    yield database
    database.close()


class Effects:
    def __init__(self) -> None:
        self.done: list[Approval] = []

    async def execute(self, approval: Approval) -> None:
        self.done.append(approval)


def build(db: Database) -> tuple[Approvals, Effects]:
    approvals, effects = Approvals(db, Events()), Effects()
    approvals.register("memory.forget", effects.execute)
    return approvals, effects


async def test_what_is_approved_runs_once_and_only_then(db: Database) -> None:
    approvals, effects = build(db)
    asked = await approvals.request(CALL)
    assert effects.done == []
    await approvals.approve(owner(), asked.id)
    assert [a.id for a in effects.done] == [asked.id]
    for decide in (approvals.approve, approvals.reject):
        with pytest.raises(Conflict, match="approved"):
            await decide(owner(), asked.id)
    assert len(effects.done) == 1


async def test_a_rejected_call_never_runs(db: Database) -> None:
    approvals, effects = build(db)
    asked = await approvals.request(CALL)
    rejected = await approvals.reject(owner(), asked.id, "not this one")
    assert (rejected.status, rejected.reason, effects.done) == ("rejected", "not this one", [])


async def test_of_many_answers_at_once_the_first_wins(db: Database) -> None:
    approvals, effects = build(db)
    asked = await approvals.request(CALL)
    answers = await asyncio.gather(*(approvals.approve(owner(), asked.id) for _ in range(10)), approvals.reject(owner(), asked.id), return_exceptions=True)
    assert sum(isinstance(a, Approval) for a in answers) == 1
    assert len(effects.done) <= 1


async def test_the_same_call_is_not_asked_twice_while_it_waits(db: Database) -> None:
    approvals, _ = build(db)
    asked = await approvals.request(CALL)
    with pytest.raises(Conflict) as waiting:
        await approvals.request(CALL)
    assert waiting.value.details["approvalId"] == asked.id
    await approvals.reject(owner(), asked.id)
    assert (await approvals.request(CALL)).id != asked.id


async def test_an_agent_cannot_answer_for_the_person(db: Database) -> None:
    approvals, effects = build(db)
    asked = await approvals.request(CALL)
    with pytest.raises(NotAllowed):
        await approvals.approve(Caller("agent:sophon", kind="agent"), asked.id)
    assert effects.done == []


async def test_only_an_editable_call_is_approved_with_changes(db: Database) -> None:
    approvals, effects = build(db)
    asked = await approvals.request(CALL)
    with pytest.raises(Conflict, match="with changes"):
        await approvals.edit(owner(), asked.id, {"entryId": "mem_2"})
    assert (await approvals.get(owner(), asked.id)).status == "pending" and effects.done == []


async def test_nobody_answering_means_denied(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    approvals, effects = build(db)
    asked = await approvals.request(CALL)
    later = clock.now() + timedelta(minutes=5, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(Conflict, match="timed_out"):
        await approvals.approve(owner(), asked.id)
    assert (await approvals.get(owner(), asked.id)).status == "timed_out"
    assert effects.done == []
    assert (await approvals.list_pending(owner(), PageRequest())).items == []


async def test_a_question_survives_a_restart_and_runs_out_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = open_database(tmp_path)
    asked = await build(db)[0].request(CALL)
    db.close()
    db = open_database(tmp_path)
    approvals, effects = build(db)
    await approvals.start()
    assert (await approvals.get(owner(), asked.id)).status == "pending"
    await approvals.approve(owner(), asked.id)
    assert len(effects.done) == 1
    await approvals.close()
    db.close()


async def test_what_was_approved_but_not_carried_out_is_taken_up_after_a_crash(tmp_path: Path) -> None:
    db = open_database(tmp_path)
    approvals = Approvals(db, Events())

    async def crash(approval: Approval) -> None:
        raise SystemError("power cut")

    approvals.register("memory.forget", crash)
    asked = await approvals.request(CALL)
    with pytest.raises(SystemError):
        await approvals.approve(owner(), asked.id)
    db.close()
    db = open_database(tmp_path)
    again, effects = build(db)
    await again.start()
    assert [a.id for a in effects.done] == [asked.id]
    await again.close()
    db.close()


async def test_lists_page_without_gaps(db: Database) -> None:
    approvals, _ = build(db)
    for n in range(5):
        await approvals.request(NewApproval(tool_name="memory.forget", risk="high", parameters={"n": n}, preview={}))
    first = await approvals.list_pending(owner(), PageRequest(limit=3))
    second = await approvals.list_pending(owner(), PageRequest(limit=3, key=first.next_key))
    assert [a.parameters["n"] for a in [*first.items, *second.items]] == [0, 1, 2, 3, 4]
    assert second.next_key is None


async def test_an_unknown_approval_is_not_found(db: Database) -> None:
    approvals, _ = build(db)
    for verb in (approvals.get, approvals.approve, approvals.reject):
        with pytest.raises(NotFound):
            await verb(owner(), "appr_none")


async def test_what_was_erased_does_not_live_on_in_the_question(db: Database) -> None:
    approvals, effects = Approvals(db, Events()), Effects()
    approvals.register("memory.forget", effects.execute, keeps_preview=False)
    erased, kept = await approvals.request(CALL), await approvals.request(NewApproval(tool_name="memory.forget", risk="high", parameters={}, preview={"a": 1}))
    await approvals.approve(owner(), erased.id)
    await approvals.reject(owner(), kept.id)
    assert (await approvals.get(owner(), erased.id)).preview == {}
    assert (await approvals.get(owner(), kept.id)).preview == {"a": 1}


async def test_what_is_withdrawn_waits_no_longer_and_shows_nothing(db: Database) -> None:
    approvals, effects = build(db)
    old = await approvals.request(CALL)
    await approvals.reject(owner(), old.id)
    waiting = await approvals.request(
        NewApproval(tool_name="memory.forget", risk="high", parameters={"entryId": "mem_1", "text": "x"}, preview={"content": "x"})
    )
    others = [
        await approvals.request(NewApproval(tool_name=tool, risk="high", parameters={"entryId": entry}, preview={"content": "x"}))
        for tool, entry in (("memory.forget", "mem_2"), ("memory.read", "mem_1"))
    ]
    cancelled = await db.write(lambda tx: approvals.withdraw(tx, "memory.forget", "entryId", ["mem_1", "mem_3"], "It is gone.", erases=True))
    assert [(one.id, one.status, one.preview, one.parameters) for one in cancelled] == [(waiting.id, "cancelled", {}, {"entryId": "mem_1"})]
    assert (await approvals.get(owner(), waiting.id)) == cancelled[0]
    rejected = await approvals.get(owner(), old.id)
    assert (rejected.status, rejected.preview) == ("rejected", {})
    for one in others:
        assert await approvals.get(owner(), one.id) == one
    with pytest.raises(Conflict, match="It is gone"):
        await approvals.approve(owner(), waiting.id)
    assert effects.done == []


async def test_a_call_that_no_longer_fits_what_was_seen_is_cancelled_for_good(db: Database) -> None:
    approvals = Approvals(db, Events())
    tries: list[str] = []

    async def refuse(approval: Approval) -> None:
        tries.append(approval.id)
        raise Conflict("It was changed since.")

    approvals.register("memory.forget", refuse)
    asked = await approvals.request(CALL)
    with pytest.raises(Conflict, match="changed since"):
        await approvals.approve(owner(), asked.id)
    assert (await approvals.get(owner(), asked.id)).status == "cancelled"
    await approvals.start()
    await approvals.close()
    assert tries == [asked.id], "a restart does not try it again"
