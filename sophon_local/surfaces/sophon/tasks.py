"""The task ledger: what runs, what ran, and stopping it."""

from __future__ import annotations

from typing import Any, Literal

from litestar import get, post

from ...domain.tasks import Task, TaskFilter
from ...domain.workspace import Workspace
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import InvalidRequest
from ...kit.paging import Cursors
from ..http import SHOWN
from .shapes import PageObject, Wire, to_page


class TaskObject(Wire):
    id: str
    parent_id: str | None
    kind: str
    session_id: str | None
    agent_id: str | None
    user_id: str
    description: str
    status: Literal["queued", "running", "completed", "failed", "cancelled", "interrupted"]
    plan: list[dict[str, Any]] | None
    tool_calls: list[dict[str, Any]]
    tokens: int
    error: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    elapsed_ms: int | None


def to_task(task: Task) -> TaskObject:
    return TaskObject(
        id=task.id,
        parent_id=task.parent_id,
        kind=task.kind,
        session_id=task.session_id,
        agent_id=task.agent_id,
        user_id=task.user_id,
        description=task.description,
        status=task.status,  # type: ignore[arg-type]
        plan=None,
        tool_calls=task.tool_calls,
        tokens=task.tokens,
        error=task.error,
        created_at=task.created_at,
        started_at=task.started_at,
        completed_at=task.completed_at,
        elapsed_ms=task.elapsed_ms,
    )


SHOWN[Task] = to_task


def moment(name: str, text: str | None) -> str | None:
    """A point in time from a query parameter, as the ledger writes it."""
    if text is None:
        return None
    try:
        return clock.timestamp(clock.parse(text))
    except ValueError:
        raise InvalidRequest(f"{name} is no date or time. Write it like 2026-01-31 or 2026-01-31T12:00:00Z.", parameter=name) from None


@get("/api/tasks/active", status_code=200, summary="Queued and running tasks")
async def list_active(
    caller: Caller, workspace: Workspace, cursors: Cursors, limit: int | None = None, cursor: str | None = None, offset: int | None = None
) -> PageObject[TaskObject]:
    return to_page(await workspace.tasks.list_active(caller, cursors.request(limit, cursor, offset)), to_task, cursors)


@get("/api/tasks/history", status_code=200, summary="Finished tasks, latest first")
async def list_history(
    caller: Caller,
    workspace: Workspace,
    cursors: Cursors,
    limit: int | None = None,
    cursor: str | None = None,
    offset: int | None = None,
    status: Literal["completed", "failed", "cancelled", "interrupted"] | None = None,
    agent: str | None = None,
    since: str | None = None,
    until: str | None = None,
    q: str | None = None,
) -> PageObject[TaskObject]:
    wanted = TaskFilter(status=status, agent_id=agent, since=moment("since", since), until=moment("until", until), text=q)
    return to_page(await workspace.tasks.list_ended(caller, wanted, cursors.request(limit, cursor, offset)), to_task, cursors)


@get("/api/tasks/{task_id:str}", status_code=200, summary="Task detail")
async def get_task(task_id: str, caller: Caller, workspace: Workspace) -> TaskObject:
    return to_task(await workspace.tasks.get(caller, task_id))


@post("/api/tasks/{task_id:str}/cancel", status_code=200, summary="Stop a task")
async def cancel_task(task_id: str, caller: Caller, workspace: Workspace) -> TaskObject:
    return to_task(await workspace.tasks.cancel(caller, task_id))


ROUTES = [list_active, list_history, get_task, cancel_task]
