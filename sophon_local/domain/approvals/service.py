"""The inbox of questions: asked once, decided once, carried out once, across restarts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import Conflict, NotAllowed, NotFound
from ...kit.events import Events
from ...kit.ids import new_id
from ...kit.paging import Page, PageRequest, page_of
from . import _store
from .model import CANCELLED, GRANTED, PENDING, TIMEOUT_S, Approval, ApprovalRequested, ApprovalResolved, NewApproval, call_hash

log = logging.getLogger(__name__)

Execute = Callable[[Approval], Awaitable[None]]


class Approvals:
    def __init__(self, db: Database, events: Events) -> None:
        self._db = db
        self._events = events
        self._executors: dict[str, Execute] = {}
        self._forgetful: set[str] = set()
        self._expiry: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def register(self, tool_name: str, execute: Execute, keeps_preview: bool = True) -> None:
        """``execute`` carries out what was approved. It may run again after a crash, so it must bear that. Its Conflict means that the person saw
        something else than what it would act on: the approval is cancelled, and the decision answers with it. ``keeps_preview`` False: the preview
        goes once it is carried out, since it shows what was to be erased."""
        self._executors[tool_name] = execute
        if not keeps_preview:
            self._forgetful.add(tool_name)

    async def start(self) -> None:
        """Carry out what was approved before a restart, and let questions run out."""
        for approval in await self._db.read(_store.select_unexecuted):
            try:
                await self._execute(approval)
            except Conflict as changed:
                log.info("approval %s: %s", approval.id, changed.message)
        await self._expire_overdue()
        self._expiry = asyncio.create_task(self._watch_expiry(), name="approvals-expiry")

    async def close(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            await asyncio.gather(self._expiry, return_exceptions=True)

    async def request(self, new: NewApproval) -> Approval:
        """Ask. Conflict when the very same call already waits for an answer."""
        now = clock.now()
        approval = Approval(
            id=new_id("appr"),
            **{name: getattr(new, name) for name in new.__struct_fields__},
            call_hash=call_hash(new.tool_name, new.parameters),
            requested_at=clock.timestamp(now),
            expires_at=clock.timestamp(now + timedelta(seconds=TIMEOUT_S)),
            status=PENDING,
        )

        def ask(tx: Tx) -> None:
            waiting = _store.select_pending_call(tx, approval.tool_name, approval.call_hash)
            if waiting is not None:
                raise Conflict("This is already waiting for your approval.", approvalId=waiting.id)
            _store.insert(tx, approval)

        await self._db.write(ask)
        self._changed.set()
        self._events.publish(ApprovalRequested(approval=approval, session_id=approval.session_id, task_id=approval.task_id))
        return approval

    async def get(self, caller: Caller, approval_id: str) -> Approval:
        caller.require("ApproveActions")
        await self._expire_overdue()
        return await self._find(approval_id)

    async def list_pending(self, caller: Caller, page: PageRequest) -> Page[Approval]:
        caller.require("ApproveActions")
        await self._expire_overdue()
        rows = await self._db.read(lambda tx: _store.select_pending(tx, page))
        return page_of(rows, page.limit, lambda a: (a.requested_at, a.id))

    async def list_decided(self, caller: Caller, page: PageRequest) -> Page[Approval]:
        caller.require("ApproveActions")
        await self._expire_overdue()
        rows = await self._db.read(lambda tx: _store.select_decided(tx, page))
        return page_of(rows, page.limit, lambda a: (a.decided_at, a.id))

    def withdraw(self, tx: Tx, tool_name: str, parameter: str, values: Sequence[str], reason: str, *, erases: bool) -> list[Approval]:
        """Cancel what still waits of the tool's calls whose ``parameter`` is one of ``values``, for a reason that the person is told. ``erases``: of all
        such calls, decided ones too, nothing but ``parameter`` stays readable. Part of the caller's transaction; ``tell`` what it returns after it."""
        now = clock.timestamp()
        cancelled = []
        for start in range(0, len(values), 500):
            for approval in _store.select_about(tx, tool_name, parameter, values[start : start + 500]):
                left = approval
                if erases:
                    only = {parameter: approval.parameters[parameter]}
                    left = msgspec.structs.replace(approval, parameters=only, preview={}, call_hash=call_hash(tool_name, only))
                    _store.blank(tx, left)
                if left.status == PENDING:
                    left = msgspec.structs.replace(left, status=CANCELLED, decided_at=now, reason=reason)
                    _store.decide(tx, left.id, **{name: getattr(left, name) for name in _store.DECISION})
                    cancelled.append(left)
        return cancelled

    def tell(self, resolved: Iterable[Approval]) -> None:
        """Publish that these were resolved."""
        for approval in resolved:
            self._events.publish(ApprovalResolved(approval=approval, session_id=approval.session_id, task_id=approval.task_id))

    async def approve(self, caller: Caller, approval_id: str, reason: str | None = None) -> Approval:
        return await self._decide(caller, approval_id, "approved", reason)

    async def edit(self, caller: Caller, approval_id: str, parameters: dict[str, Any]) -> Approval:
        """Approve with other parameters; Conflict where the tool does not allow that."""
        return await self._decide(caller, approval_id, "edited", None, parameters)

    async def reject(self, caller: Caller, approval_id: str, reason: str | None = None) -> Approval:
        return await self._decide(caller, approval_id, "rejected", reason)

    async def _decide(self, caller: Caller, approval_id: str, status: str, reason: str | None, parameters: dict[str, Any] | None = None) -> Approval:
        caller.require("ApproveActions")
        if caller.kind == "agent":
            raise NotAllowed("An agent cannot answer a question that is put to a person.")
        await self._expire_overdue()
        decided_at = clock.timestamp()

        def decide(tx: Tx) -> Approval:
            approval = _store.select(tx, approval_id)
            if approval is None:
                raise NotFound(f"There is no approval {approval_id}.")
            if approval.status != PENDING or approval.expires_at <= decided_at:
                found = approval.status if approval.status != PENDING else "timed_out"
                if found == CANCELLED and approval.reason:
                    raise Conflict(approval.reason, status=found)
                raise Conflict(f"This was already decided: {found}.", status=found)
            if parameters is not None and not approval.editable:
                raise Conflict(f"{approval.tool_name} cannot be approved with changes. Approve or reject it as it is.")
            final = approval.parameters if parameters is None else parameters
            decided = msgspec.structs.replace(
                approval,
                status=status,
                parameters=final,
                call_hash=call_hash(approval.tool_name, final),
                decided_by=caller.user_id,
                decided_at=decided_at,
                reason=reason,
            )
            _store.decide(tx, approval_id, **{name: getattr(decided, name) for name in _store.DECISION})
            return decided

        approval = await self._db.write(decide)
        self.tell([approval])
        if approval.status in GRANTED:
            await self._execute(approval)
        return approval

    async def _execute(self, approval: Approval) -> None:
        execute = self._executors.get(approval.tool_name)
        if execute is None:
            return  # the task that asked is waiting for the event, and acts itself
        try:
            await execute(approval)
        except NotFound:
            log.info("approval %s: what it was about is gone", approval.id)
        except Conflict as changed:
            reason = changed.message
            await self._db.write(lambda tx: _store.cancel_granted(tx, approval.id, reason))
            self.tell([msgspec.structs.replace(approval, status=CANCELLED, reason=reason)])
            raise
        forgets = approval.tool_name in self._forgetful
        await self._db.write(lambda tx: _store.mark_executed(tx, approval.id, clock.timestamp(), forgets))

    async def _find(self, approval_id: str) -> Approval:
        approval = await self._db.read(lambda tx: _store.select(tx, approval_id))
        if approval is None:
            raise NotFound(f"There is no approval {approval_id}.")
        return approval

    async def _expire_overdue(self) -> None:
        now = clock.timestamp()
        overdue = await self._db.read(lambda tx: _store.select_expired(tx, now))
        if not overdue:
            return

        def expire(tx: Tx) -> list[Approval]:
            expired = []
            for a in overdue:
                late = msgspec.structs.replace(a, status="timed_out", decided_at=now, reason="Nobody answered in time.")
                if _store.decide(tx, a.id, **{name: getattr(late, name) for name in _store.DECISION}):
                    expired.append(late)
            return expired

        self.tell(await self._db.write(expire))

    async def _watch_expiry(self) -> None:
        while True:
            self._changed.clear()
            expires_at = await self._db.read(_store.select_next_expiry)
            wait = None if expires_at is None else max((clock.parse(expires_at) - clock.now()).total_seconds(), 0.0) + 0.05
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                await self._expire_overdue()
