"""Tasks: one ledger row for every unit of agent work, and the runner that takes them from it."""

from .model import NewTask, Outcome, Task, TaskCancelled, TaskCompleted, TaskFailed, TaskFilter, TaskQueued, TaskStarted
from .service import Tasks

__all__ = ["NewTask", "Outcome", "Task", "TaskCancelled", "TaskCompleted", "TaskFailed", "TaskFilter", "TaskQueued", "TaskStarted", "Tasks"]
