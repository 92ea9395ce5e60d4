"""The ledger of work and its runner: what is queued survives a restart, what was cut off says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import Conflict, NotFound, ServiceUnavailable, SophonError
from ...kit.events import Events
from ...kit.ids import new_id
from ...kit.paging import Page, PageRequest, page_of
from . import _store
from .model import DESCRIPTION_CHARACTERS, ENDED, QUEUE_LIMIT, TERMINAL, NewTask, Outcome, Task, TaskFilter, TaskQueued, TaskStarted

log = logging.getLogger(__name__)

Handler = Callable[[Task], Awaitable[Outcome]]
AT_ONCE = 4  # tasks that run side by side; of one session always one after the other


class Tasks:
    """``register`` a handler per kind, ``start``, then ``add`` tasks inside a transaction and ``queued`` them after it."""

    def __init__(self, db: Database, events: Events) -> None:
        self._db = db
        self._events = events
        self._handlers: dict[str, Handler] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._cancelled: set[str] = set()
        self._waiters: dict[str, list[asyncio.Future[Task]]] = {}
        self._wake = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._is_closing = False

    def register(self, kind: str, handler: Handler) -> None:
        """``handler`` does the work of one task. A SophonError it raises becomes the task's error; CancelledError must be let through."""
        self._handlers[kind] = handler

    async def start(self) -> None:
        """Mark what the last run of the program left unfinished, then take up the queue."""
        cut_off = await self._db.read(_store.select_running)
        for task in cut_off:
            await self._end(task, "interrupted", "The program stopped while this was running.")
        self._runner = asyncio.create_task(self._run(), name="task-runner")
        self._wake.set()

    async def close(self) -> None:
        """Stop taking work and cut off what runs; its handlers keep what they have."""
        self._is_closing = True
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        for running in self._running.values():
            running.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def add(self, tx: Tx, new: NewTask) -> Task:
        """Queue a task in the caller's transaction; ServiceUnavailable when the queue is full. Tell ``queued`` once it is committed."""
        if _store.count_queued(tx) >= QUEUE_LIMIT:
            raise ServiceUnavailable(f"{QUEUE_LIMIT} tasks are waiting already. Try again when some are done.")
        task = Task(
            id=new_id("task"),
            parent_id=new.parent_id,
            kind=new.kind,
            session_id=new.session_id,
            agent_id=new.agent_id,
            user_id=new.user_id,
            description=" ".join(new.description.split())[:DESCRIPTION_CHARACTERS],
            payload=new.payload,
            status="queued",
            tool_calls=[],
            tokens=0,
            error=None,
            created_at=clock.timestamp(),
            started_at=None,
            completed_at=None,
        )
        _store.insert(tx, task)
        return task

    def queued(self, task: Task) -> None:
        self._events.publish(TaskQueued(task=task, task_id=task.id, session_id=task.session_id))
        self._wake.set()

    async def get(self, caller: Caller, task_id: str) -> Task:
        caller.require("ViewActiveTasks")
        return await self._find(task_id)

    async def list_active(self, caller: Caller, page: PageRequest) -> Page[Task]:
        caller.require("ViewActiveTasks")
        rows = await self._db.read(lambda tx: _store.select_active(tx, page))
        return page_of(rows, page.limit, lambda t: (t.created_at, t.id))

    async def list_ended(self, caller: Caller, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        caller.require("ViewActiveTasks")
        rows = await self._db.read(lambda tx: _store.select_ended(tx, wanted, page))
        return page_of(rows, page.limit, lambda t: (t.completed_at, t.id))

    async def active_of_session(self, session_id: str) -> list[Task]:
        return await self._db.read(lambda tx: _store.select_of_session(tx, session_id))

    async def cancel(self, caller: Caller, task_id: str) -> Task:
        """Stop a task and its children. Conflict when it has ended already."""
        caller.require("CancelTasks")
        task = await self._find(task_id)
        if task.status in TERMINAL:
            raise Conflict(f"This task has ended already: {task.status}.", status=task.status)
        for child in await self._db.read(lambda tx: _store.select_children(tx, task_id)):
            await self._cancel(child)
        return await self._cancel(task)

    def is_cancelled(self, task_id: str) -> bool:
        """Whether a running task is being stopped by a person, rather than by the program's end."""
        return task_id in self._cancelled

    async def wait(self, task_id: str, timeout_s: float | None = None) -> Task:
        """The task once it has ended, or as it stands after ``timeout_s`` seconds."""
        ended: asyncio.Future[Task] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(task_id, []).append(ended)
        try:
            task = await self._find(task_id)
            if task.status in TERMINAL:
                return task
            try:
                return await asyncio.wait_for(ended, timeout_s)
            except TimeoutError:
                return await self._find(task_id)
        finally:
            waiting = self._waiters.get(task_id, [])
            if ended in waiting:
                waiting.remove(ended)
            if not waiting:
                self._waiters.pop(task_id, None)

    async def _cancel(self, task: Task) -> Task:
        running = self._running.get(task.id)
        if running is None:
            return await self._end(task, "cancelled", None)
        self._cancelled.add(task.id)
        running.cancel()
        await asyncio.wait([running])
        return await self._find(task.id)

    async def _find(self, task_id: str) -> Task:
        task = await self._db.read(lambda tx: _store.select(tx, task_id))
        if task is None:
            raise NotFound(f"There is no task {task_id}.")
        return task

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while len(self._running) < AT_ONCE and (task := await self._claim()) is not None:
                running = asyncio.create_task(self._do(task), name=task.id)
                self._running[task.id] = running

    async def _claim(self) -> Task | None:
        kinds = list(self._handlers)
        if not kinds or await self._db.read(lambda tx: _store.select_next(tx, kinds)) is None:
            return None

        def claim(tx: Tx) -> Task | None:
            task = _store.select_next(tx, kinds)
            if task is None:
                return None
            at = clock.timestamp()
            _store.start(tx, task.id, at)
            return msgspec.structs.replace(task, status="running", started_at=at)

        return await self._db.write(claim)

    async def _do(self, task: Task) -> None:
        self._events.publish(TaskStarted(task=task, task_id=task.id, session_id=task.session_id))
        try:
            outcome = await self._handlers[task.kind](task)
            await self._end(task, "completed", None, outcome)
        except asyncio.CancelledError:
            if task.id in self._cancelled:
                await self._end(task, "cancelled", None)
            else:
                await self._end(task, "interrupted", "The program stopped while this was running.")
        except SophonError as error:
            await self._end(task, "failed", error.message)
        except Exception:
            log.exception("task %s (%s) failed", task.id, task.kind)
            await self._end(task, "failed", f"Something went wrong inside the program. The log has the details, under {task.id}.")
        finally:
            self._cancelled.discard(task.id)
            self._running.pop(task.id, None)
            self._wake.set()

    async def _end(self, task: Task, status: str, error: str | None, outcome: Outcome | None = None) -> Task:
        outcome = outcome or Outcome()
        ended = msgspec.structs.replace(task, status=status, error=error, tokens=outcome.tokens, tool_calls=outcome.tool_calls, completed_at=clock.timestamp())
        columns = {name: getattr(ended, name) for name in ("status", "error", "tokens", "tool_calls", "completed_at")}
        if not await self._db.write(lambda tx: _store.end(tx, task.id, **columns)):
            return await self._find(task.id)
        self._events.publish(ENDED[status](task=ended, task_id=task.id, session_id=task.session_id))
        for waiter in self._waiters.pop(task.id, []):
            if not waiter.done():
                waiter.set_result(ended)
        return ended
