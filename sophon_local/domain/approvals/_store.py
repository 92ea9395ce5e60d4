from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...db import Tx
from ...db.rows import to_columns
from ...kit.paging import PageRequest
from .model import Approval

_INSERT = (
    f"INSERT INTO approvals ({', '.join(Approval.__struct_fields__)}) "  # noqa: S608 (our own field names)
    f"VALUES ({', '.join(':' + name for name in Approval.__struct_fields__)})"
)

DECISION = ("status", "parameters", "call_hash", "decided_by", "decided_at", "reason")


def insert(tx: Tx, approval: Approval) -> None:
    tx.run(_INSERT, **to_columns(approval))


def select(tx: Tx, approval_id: str) -> Approval | None:
    return tx.find(Approval, "SELECT * FROM approvals WHERE id = :id", id=approval_id)


def select_pending_call(tx: Tx, tool_name: str, call_hash: str) -> Approval | None:
    return tx.find(
        Approval,
        "SELECT * FROM approvals WHERE tool_name = :tool_name AND call_hash = :call_hash AND status = 'pending'",
        tool_name=tool_name,
        call_hash=call_hash,
    )


def select_pending(tx: Tx, page: PageRequest) -> list[Approval]:
    """Oldest first: the order in which they run out."""
    after = page.key or ("", "")
    return tx.all(
        Approval,
        "SELECT * FROM approvals WHERE status = 'pending' AND (requested_at, id) > (:at, :id) ORDER BY requested_at, id LIMIT :limit OFFSET :offset",
        at=after[0],
        id=after[1],
        limit=page.limit + 1,
        offset=page.offset,
    )


def select_decided(tx: Tx, page: PageRequest) -> list[Approval]:
    """Latest first."""
    before = page.key or ("~", "~")
    return tx.all(
        Approval,
        "SELECT * FROM approvals WHERE decided_at IS NOT NULL AND (decided_at, id) < (:at, :id) ORDER BY decided_at DESC, id DESC LIMIT :limit OFFSET :offset",
        at=before[0],
        id=before[1],
        limit=page.limit + 1,
        offset=page.offset,
    )


def select_about(tx: Tx, tool_name: str, parameter: str, values: Sequence[str]) -> list[Approval]:
    """All approvals of a tool, whatever became of them, whose ``parameter`` is one of ``values``."""
    named = {f"v{at}": value for at, value in enumerate(values)}
    return tx.all(
        Approval,
        f"SELECT * FROM approvals WHERE tool_name = :tool_name AND json_extract(parameters, :path) IN ({', '.join(':' + name for name in named)})",  # noqa: S608
        tool_name=tool_name,
        path=f'$."{parameter}"',
        **named,
    )


def select_expired(tx: Tx, now: str) -> list[Approval]:
    return tx.all(Approval, "SELECT * FROM approvals WHERE status = 'pending' AND expires_at <= :now", now=now)


def select_unexecuted(tx: Tx) -> list[Approval]:
    return tx.all(Approval, "SELECT * FROM approvals WHERE status IN ('approved', 'edited') AND executed_at IS NULL ORDER BY decided_at")


def select_next_expiry(tx: Tx) -> str | None:
    value = tx.value("SELECT min(expires_at) FROM approvals WHERE status = 'pending'")
    return value if isinstance(value, str) else None


def decide(tx: Tx, approval_id: str, **columns: Any) -> int:
    """Set the decision; 0 when somebody else was first."""
    return tx.run(
        "UPDATE approvals SET status = :status, parameters = :parameters, call_hash = :call_hash, decided_by = :decided_by, decided_at = :decided_at, "
        "reason = :reason WHERE id = :id AND status = 'pending'",
        id=approval_id,
        **columns,
    )


def blank(tx: Tx, approval: Approval) -> None:
    """Write what is left of an approval once nobody may read what it was about."""
    tx.run(
        "UPDATE approvals SET parameters = :parameters, preview = :preview, call_hash = :call_hash WHERE id = :id",
        **{name: value for name, value in to_columns(approval).items() if name in ("id", "parameters", "preview", "call_hash")},
    )


def cancel_granted(tx: Tx, approval_id: str, reason: str) -> None:
    tx.run("UPDATE approvals SET status = 'cancelled', reason = :reason WHERE id = :id AND executed_at IS NULL", id=approval_id, reason=reason)


def mark_executed(tx: Tx, approval_id: str, at: str, forgets_preview: bool) -> None:
    tx.run("UPDATE approvals SET executed_at = :at WHERE id = :id", at=at, id=approval_id)
    if forgets_preview:
        tx.run("UPDATE approvals SET preview = '{}' WHERE id = :id", id=approval_id)
