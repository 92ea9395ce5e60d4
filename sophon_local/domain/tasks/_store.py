from __future__ import annotations

from typing import Any

from ...db import Tx
from ...db.rows import to_columns
from ...kit.paging import PageRequest
from .model import Task, TaskFilter

_NAMES = Task.__struct_fields__
_INSERT = f"INSERT INTO tasks ({', '.join(_NAMES)}) VALUES ({', '.join(':' + n for n in _NAMES)})"  # noqa: S608 (our own field names)


def insert(tx: Tx, task: Task) -> None:
    tx.run(_INSERT, **to_columns(task))


def select(tx: Tx, task_id: str) -> Task | None:
    return tx.find(Task, "SELECT * FROM tasks WHERE id = :id", id=task_id)


def count_queued(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) FROM tasks WHERE status = 'queued'"))


def select_next(tx: Tx, kinds: list[str]) -> Task | None:
    """The oldest queued task of the given kinds whose session has nothing running."""
    marks = ", ".join(f":k{i}" for i in range(len(kinds)))
    return tx.find(
        Task,
        f"SELECT * FROM tasks t WHERE status = 'queued' AND kind IN ({marks}) AND (session_id IS NULL OR NOT EXISTS "  # noqa: S608 (only our own markers)
        "(SELECT 1 FROM tasks r WHERE r.session_id = t.session_id AND r.status = 'running')) ORDER BY created_at, id LIMIT 1",
        **{f"k{i}": kind for i, kind in enumerate(kinds)},
    )


def start(tx: Tx, task_id: str, at: str) -> int:
    return tx.run("UPDATE tasks SET status = 'running', started_at = :at WHERE id = :id AND status = 'queued'", id=task_id, at=at)


def end(tx: Tx, task_id: str, **columns: Any) -> int:
    """Set the outcome; 0 when the task had ended already."""
    return tx.run(
        "UPDATE tasks SET status = :status, error = :error, tokens = :tokens, tool_calls = :tool_calls, completed_at = :completed_at "
        "WHERE id = :id AND status IN ('queued', 'running')",
        id=task_id,
        **columns,
    )


def select_children(tx: Tx, task_id: str) -> list[Task]:
    return tx.all(Task, "SELECT * FROM tasks WHERE parent_id = :id AND status IN ('queued', 'running')", id=task_id)


def select_running(tx: Tx) -> list[Task]:
    return tx.all(Task, "SELECT * FROM tasks WHERE status = 'running'")


def select_of_session(tx: Tx, session_id: str) -> list[Task]:
    return tx.all(Task, "SELECT * FROM tasks WHERE session_id = :id AND status IN ('queued', 'running')", id=session_id)


def select_active(tx: Tx, page: PageRequest) -> list[Task]:
    after = page.key or ("", "")
    return tx.all(
        Task,
        "SELECT * FROM tasks WHERE status IN ('queued', 'running') AND (created_at, id) > (:at, :id) ORDER BY created_at, id LIMIT :limit OFFSET :offset",
        at=after[0],
        id=after[1],
        limit=page.limit + 1,
        offset=page.offset,
    )


def select_ended(tx: Tx, wanted: TaskFilter, page: PageRequest) -> list[Task]:
    before = page.key or ("~", "~")
    terms = ["completed_at IS NOT NULL", "(completed_at, id) < (:at, :id)"]
    parameters: dict[str, Any] = {"at": before[0], "id": before[1], "limit": page.limit + 1, "offset": page.offset}
    for name, term in (
        ("status", "status = :status"),
        ("agent_id", "agent_id = :agent_id"),
        ("since", "completed_at >= :since"),
        ("until", "completed_at < :until"),
    ):
        if getattr(wanted, name) is not None:
            terms.append(term)
            parameters[name] = getattr(wanted, name)
    if wanted.text:
        terms.append(r"lower(description) LIKE :text ESCAPE '\'")
        parameters["text"] = "%" + wanted.text.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    where = " AND ".join(terms)
    return tx.all(Task, f"SELECT * FROM tasks WHERE {where} ORDER BY completed_at DESC, id DESC LIMIT :limit OFFSET :offset", **parameters)  # noqa: S608
