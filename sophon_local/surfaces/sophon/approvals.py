"""The inbox of questions that wait for a person."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import get, post

from ...domain.approvals import Approval
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.paging import Cursors
from ..http import SHOWN
from .shapes import PageObject, Wire, to_page


class ApprovalObject(Wire):
    id: str
    tool_name: str
    risk: Literal["none", "low", "medium", "high", "critical"]
    parameters: dict[str, Any]
    preview: dict[str, Any]
    editable: bool
    session_id: str | None
    task_id: str | None
    agent_id: str | None
    requested_at: str
    expires_at: str
    status: Literal["pending", "approved", "edited", "rejected", "timed_out", "cancelled"]
    decided_by: str | None
    decided_at: str | None
    reason: str | None


class DecisionBody(Wire):
    reason: str | None = None


class EditBody(Wire):
    parameters: dict[str, Any]


def to_approval(approval: Approval) -> ApprovalObject:
    return msgspec.convert(approval, ApprovalObject, from_attributes=True)


SHOWN[Approval] = to_approval


@get("/api/approvals", status_code=200, summary="Pending approvals")
async def list_approvals(
    caller: Caller, workspace: Workspace, cursors: Cursors, limit: int | None = None, cursor: str | None = None, offset: int | None = None
) -> PageObject[ApprovalObject]:
    return to_page(await workspace.approvals.list_pending(caller, cursors.request(limit, cursor, offset)), to_approval, cursors)


@get("/api/approvals/history", status_code=200, summary="Decided and timed-out approvals, latest first")
async def list_decided(
    caller: Caller, workspace: Workspace, cursors: Cursors, limit: int | None = None, cursor: str | None = None, offset: int | None = None
) -> PageObject[ApprovalObject]:
    return to_page(await workspace.approvals.list_decided(caller, cursors.request(limit, cursor, offset)), to_approval, cursors)


@get("/api/approvals/{approval_id:str}", status_code=200, summary="Get an approval")
async def get_approval(approval_id: str, caller: Caller, workspace: Workspace) -> ApprovalObject:
    return to_approval(await workspace.approvals.get(caller, approval_id))


@post("/api/approvals/{approval_id:str}/approve", status_code=200, summary="Approve as asked")
async def approve(approval_id: str, caller: Caller, workspace: Workspace, data: DecisionBody | None = None) -> ApprovalObject:
    return to_approval(await workspace.approvals.approve(caller, approval_id, data.reason if data else None))


@post("/api/approvals/{approval_id:str}/edit", status_code=200, summary="Approve with other parameters")
async def edit(approval_id: str, data: EditBody, caller: Caller, workspace: Workspace) -> ApprovalObject:
    return to_approval(await workspace.approvals.edit(caller, approval_id, data.parameters))


@post("/api/approvals/{approval_id:str}/reject", status_code=200, summary="Reject")
async def reject(approval_id: str, caller: Caller, workspace: Workspace, data: DecisionBody | None = None) -> ApprovalObject:
    return to_approval(await workspace.approvals.reject(caller, approval_id, data.reason if data else None))


ROUTES = [list_approvals, list_decided, get_approval, approve, edit, reject]
