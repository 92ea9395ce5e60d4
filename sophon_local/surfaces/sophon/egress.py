"""The egress ledger: every connection that this program made to the outside. An extension of the reference."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get

from ...domain.egress import EgressRecord
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.paging import Cursors
from .shapes import EXTENSION, PageObject, Wire, to_page


class EgressObject(Wire):
    """``destination`` is scheme, host and port, without path; ``outcome`` ok, failed or refused."""

    at: str
    purpose: str
    method: str
    destination: str
    address: str | None
    status: int | None
    sent_bytes: int
    received_bytes: int
    elapsed_ms: int
    outcome: str
    detail: str | None


def to_egress(record: EgressRecord) -> EgressObject:
    return msgspec.convert(record, EgressObject, from_attributes=True)


@get("/api/egress", status_code=200, summary="List outgoing connections, the latest first", **EXTENSION)
async def list_egress(
    caller: Caller, workspace: Workspace, cursors: Cursors, limit: int | None = None, cursor: str | None = None, offset: int | None = None
) -> PageObject[EgressObject]:
    return to_page(await workspace.models.ledger.list(caller, cursors.request(limit, cursor, offset)), to_egress, cursors)


ROUTES: list[Any] = [list_egress]
