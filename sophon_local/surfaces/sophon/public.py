"""What anyone may ask: health, version, the tools, and the live events of the workspace."""

from __future__ import annotations

import time
from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter
from litestar.response import Stream

from ... import __version__
from ...domain.workspace import Workspace
from ...kit import clock
from ..http import sse
from .shapes import EXTENSION, Wire

API_VERSION = "1"


class ServiceHealthObject(Wire, rename=None):
    """``response_time`` is in seconds."""

    status: str
    response_time: float


class HealthObject(Wire):
    """``status`` is healthy, degraded (something that can be done without is missing) or unhealthy."""

    status: str
    services: dict[str, ServiceHealthObject]
    timestamp: str
    version: str


class VersionObject(Wire):
    version: str
    commit: str | None
    built_at: str | None
    tier: str
    api_version: str


@get("/api/health", status_code=200)
async def health(workspace: Workspace) -> HealthObject:
    """Cheap enough for a load balancer: one read by primary key, and what is known without asking."""
    started = time.perf_counter()
    workspace.db.peek(lambda tx: tx.value("SELECT 1"))
    took = time.perf_counter() - started
    services = {"database": ServiceHealthObject("healthy", round(took, 6))}
    return HealthObject("healthy", services, clock.timestamp(), __version__)


@get("/api/version", status_code=200)
async def version() -> VersionObject:
    return VersionObject(__version__, None, None, "personal", API_VERSION)


@get("/api/events", status_code=200, media_type="text/event-stream", **EXTENSION)
async def events(workspace: Workspace, after: str | None = None, last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID")] = None) -> Stream:
    """Everything that happens in the workspace, as server-sent events; reconnecting with the last id replays what was missed."""
    return sse(workspace.events.subscribe(lambda event: True, last_event_id or after))


ROUTES: list[Any] = [health, version, events]
