"""Queued work survives a restart; what was cut off says so; nothing runs twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sophon_local.db import Database, migrations_in
from sophon_local.domain.tasks import NewTask, Outcome, Task, TaskFilter, Tasks
from sophon_local.kit.caller import owner
from sophon_local.kit.errors import Conflict, NotFound, ServiceUnavailable, UpstreamUnavailable
from sophon_local.kit.events import Events
from sophon_local.kit.paging import PageRequest

pytestmark = pytest.mark.anyio


def open_database(folder: Path) -> Database:
    return Database(folder / "t.db", migrations_in("sophon_local.domain.tasks"))


@pytest.fixture
def db(tmp_path: Path):
    database = open_database(tmp_path)
    yield database
    database.close()


class Work:
    """A handler that a test holds up and lets go."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.go_on = asyncio.Event()
        self.most_at_once = 0
        self._now = 0

    async def do(self, task: Task) -> Outcome:
        self.started.append(task.description)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await self.go_on.wait()
        finally:
            self._now -= 1
        return Outcome(tokens=7)


async def add(db: Database, tasks: Tasks, description: str, session_id: str | None = None) -> Task:
    task = await db.write(lambda tx: tasks.add(tx, NewTask(kind="work", description=description, user_id="u", session_id=session_id)))
    tasks.queued(task)
    return task


async def until(condition) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


async def test_a_task_runs_and_is_kept_with_its_outcome(db: Database) -> None:
    tasks, work = Tasks(db, Events()), Work()
    tasks.register("work", work.do)
    await tasks.start()
    task = await add(db, tasks, "one")
    await until(lambda: work.started == ["one"])
    assert (await tasks.list_active(owner(), PageRequest())).items[0].status == "running"
    work.go_on.set()
    done = await tasks.wait(task.id, 5)
    assert (done.status, done.tokens) == ("completed", 7)
    assert [t.id for t in (await tasks.list_ended(owner(), TaskFilter(status="completed"), PageRequest())).items] == [task.id]
    await tasks.close()


async def test_one_session_runs_one_task_at_a_time_and_others_go_on(db: Database) -> None:
    tasks, work = Tasks(db, Events()), Work()
    tasks.register("work", work.do)
    await tasks.start()
    mine = [await add(db, tasks, f"a{n}", "sess_a") for n in range(3)]
    await add(db, tasks, "b0", "sess_b")
    await until(lambda: len(work.started) == 2)
    await asyncio.sleep(0.05)
    assert sorted(work.started) == ["a0", "b0"]
    work.go_on.set()
    await asyncio.gather(*(tasks.wait(t.id, 5) for t in mine))
    assert [d for d in work.started if d.startswith("a")] == ["a0", "a1", "a2"]
    await tasks.close()


async def test_a_queued_task_runs_after_a_restart_and_a_running_one_is_marked(tmp_path: Path) -> None:
    db = open_database(tmp_path)
    tasks, work = Tasks(db, Events()), Work()
    tasks.register("work", work.do)
    await tasks.start()
    running = await add(db, tasks, "running", "sess_a")
    queued = await add(db, tasks, "queued", "sess_a")
    await until(lambda: work.started == ["running"])
    db.close()  # as a crash leaves it

    db = open_database(tmp_path)
    again, more = Tasks(db, Events()), Work()
    more.go_on.set()
    again.register("work", more.do)
    await again.start()
    assert (await again.wait(queued.id, 5)).status == "completed"
    cut_off = await again.get(owner(), running.id)
    assert cut_off.status == "interrupted" and cut_off.error
    assert more.started == ["queued"]
    await again.close()
    db.close()


async def test_cancelling_stops_it_and_its_children_once(db: Database) -> None:
    tasks, work = Tasks(db, Events()), Work()
    tasks.register("work", work.do)
    await tasks.start()
    parent = await add(db, tasks, "parent")
    child = await db.write(lambda tx: tasks.add(tx, NewTask(kind="later", description="child", user_id="u", parent_id=parent.id)))
    await until(lambda: work.started == ["parent"])
    assert (await tasks.cancel(owner(), parent.id)).status == "cancelled"
    assert (await tasks.get(owner(), child.id)).status == "cancelled"
    with pytest.raises(Conflict, match="cancelled"):
        await tasks.cancel(owner(), parent.id)
    with pytest.raises(NotFound):
        await tasks.cancel(owner(), "task_none")
    await tasks.close()


async def test_a_failing_task_says_why_and_never_shows_a_traceback(db: Database) -> None:
    tasks = Tasks(db, Events())

    async def fail(task: Task) -> Outcome:
        if task.description == "known":
            raise UpstreamUnavailable("The model does not answer. Start it and try again.")
        raise ZeroDivisionError("secret detail")

    tasks.register("work", fail)
    await tasks.start()
    known = await tasks.wait((await add(db, tasks, "known")).id, 5)
    unknown = await tasks.wait((await add(db, tasks, "unknown")).id, 5)
    assert (known.status, known.error) == ("failed", "The model does not answer. Start it and try again.")
    assert unknown.status == "failed" and "secret" not in (unknown.error or "")
    await tasks.close()


async def test_a_full_queue_is_said_and_nothing_is_lost(db: Database) -> None:
    tasks = Tasks(db, Events())
    for n in range(100):
        await add(db, tasks, str(n))
    with pytest.raises(ServiceUnavailable, match="100"):
        await add(db, tasks, "one too many")
    assert len((await tasks.list_active(owner(), PageRequest(limit=200))).items) == 100


async def test_stopping_the_program_marks_what_ran(db: Database) -> None:
    tasks, work = Tasks(db, Events()), Work()
    tasks.register("work", work.do)
    await tasks.start()
    task = await add(db, tasks, "long")
    await until(lambda: work.started == ["long"])
    await tasks.close()
    assert (await tasks.get(owner(), task.id)).status == "interrupted"


async def test_history_is_found_by_words_that_may_hold_wildcards(db: Database) -> None:
    tasks, work = Tasks(db, Events()), Work()
    work.go_on.set()
    tasks.register("work", work.do)
    await tasks.start()
    for description in ("100% sure", "100 cats"):
        await tasks.wait((await add(db, tasks, description)).id, 5)
    found = (await tasks.list_ended(owner(), TaskFilter(text="100%"), PageRequest())).items
    assert [t.description for t in found] == ["100% sure"]
    await tasks.close()
