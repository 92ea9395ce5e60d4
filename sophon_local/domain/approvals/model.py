"""What an approval is, and which call it stands for."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

import msgspec

from ...kit.events import Event

RISKS = ("none", "low", "medium", "high", "critical")
TIMEOUT_S = 300  # nobody answering means denied
PENDING = "pending"
CANCELLED = "cancelled"
GRANTED = ("approved", "edited")


class NewApproval(msgspec.Struct, frozen=True, kw_only=True):
    """A call that may not run before a person says so. ``preview`` shows what would happen."""

    tool_name: str
    risk: str
    parameters: dict[str, Any]
    preview: dict[str, Any]
    editable: bool = False
    session_id: str | None = None
    task_id: str | None = None
    agent_id: str | None = None


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """``status``: pending, then once and for all approved, edited, rejected, timed_out or cancelled."""

    id: str
    tool_name: str
    risk: str
    parameters: dict[str, Any]
    preview: dict[str, Any]
    editable: bool
    call_hash: str
    session_id: str | None
    task_id: str | None
    agent_id: str | None
    requested_at: str
    expires_at: str
    status: str
    decided_by: str | None = None
    decided_at: str | None = None
    reason: str | None = None
    executed_at: str | None = None


class ApprovalRequested(Event, frozen=True):
    topic: ClassVar[str] = "approval.requested"
    approval: Approval


class ApprovalResolved(Event, frozen=True):
    topic: ClassVar[str] = "approval.resolved"
    approval: Approval


def call_hash(tool_name: str, parameters: dict[str, Any]) -> str:
    """SHA-256 over the tool and its parameters in canonical JSON: an approval is good for this call and no other."""
    return hashlib.sha256(msgspec.json.encode([tool_name, parameters], order="sorted")).hexdigest()
