"""What a task is."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from ...kit import clock
from ...kit.events import Event

ACTIVE = ("queued", "running")
TERMINAL = ("completed", "failed", "cancelled", "interrupted")
QUEUE_LIMIT = 100
DESCRIPTION_CHARACTERS = 100


class NewTask(msgspec.Struct, frozen=True, kw_only=True):
    """Work to queue. ``payload`` is what the handler of this ``kind`` needs to do it after a restart."""

    kind: str
    description: str
    user_id: str
    payload: dict[str, Any] = {}
    session_id: str | None = None
    agent_id: str | None = None
    parent_id: str | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """``status``: queued, running, then completed, failed, cancelled or interrupted (the program stopped meanwhile)."""

    id: str
    parent_id: str | None
    kind: str
    session_id: str | None
    agent_id: str | None
    user_id: str
    description: str
    payload: dict[str, Any]
    status: str
    tool_calls: list[dict[str, Any]]
    tokens: int
    error: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None

    @property
    def elapsed_ms(self) -> int | None:
        if self.started_at is None:
            return None
        end = clock.parse(self.completed_at) if self.completed_at else clock.now()
        return max(int((end - clock.parse(self.started_at)).total_seconds() * 1000), 0)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler reports of finished work."""

    tokens: int = 0
    tool_calls: list[dict[str, Any]] = []


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    status: str | None = None
    agent_id: str | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None


class TaskQueued(Event, frozen=True):
    topic: ClassVar[str] = "task.queued"
    task: Task


class TaskStarted(Event, frozen=True):
    topic: ClassVar[str] = "task.started"
    task: Task


class TaskCompleted(Event, frozen=True):
    topic: ClassVar[str] = "task.completed"
    task: Task


class TaskFailed(Event, frozen=True):
    topic: ClassVar[str] = "task.failed"
    task: Task


class TaskCancelled(Event, frozen=True):
    """Cancelled by a person, or interrupted because the program stops."""

    topic: ClassVar[str] = "task.cancelled"
    task: Task


ENDED: dict[str, type[TaskCompleted] | type[TaskFailed] | type[TaskCancelled]] = {
    "completed": TaskCompleted,
    "failed": TaskFailed,
    "cancelled": TaskCancelled,
    "interrupted": TaskCancelled,
}
