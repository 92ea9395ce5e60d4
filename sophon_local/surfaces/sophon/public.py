"""What anyone may ask: health, version, the tools, and the live events of the workspace."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import HeaderParameter
from litestar.response import Stream

from ... import __version__
from ...domain.tools import CATALOGUE
from ...domain.workspace import Workspace
from ...kit import clock
from ..http import sse
from .shapes import EXTENSION, PageObject, Wire

log = logging.getLogger("sophon")

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
async def health(workspace: Workspace) -> Response[HealthObject]:
    """Cheap enough for a load balancer: one read by primary key, and what is known without asking. 503 only when the database cannot be read."""
    started = time.perf_counter()
    try:
        workspace.db.peek(lambda tx: tx.value("SELECT 1"))
        database = "healthy"
    except Exception:
        log.exception("the database cannot be read")
        database = "unhealthy"
    took = round(time.perf_counter() - started, 6)
    services = {
        "database": ServiceHealthObject(database, took),
        "chat_model": ServiceHealthObject("healthy" if workspace.models.has_chat() else "degraded", 0.0),
    }
    status = next((one for one in ("unhealthy", "degraded") if any(service.status == one for service in services.values())), "healthy")
    return Response(HealthObject(status, services, clock.timestamp(), __version__), status_code=503 if status == "unhealthy" else 200)


@get("/api/version", status_code=200)
async def version() -> VersionObject:
    commit, built_at = _build()
    return VersionObject(__version__, commit, built_at, "personal", API_VERSION)


@cache
def _build() -> tuple[str | None, str | None]:
    """The commit this was built from, where the build knew it, and when it was put here."""
    package = Path(__file__).parent.parent.parent
    stamp = package / "web_dist" / ".commit"
    commit = stamp.read_text("utf-8").strip() or None if stamp.is_file() else None
    return commit, clock.timestamp(datetime.fromtimestamp((package / "__init__.py").stat().st_mtime, UTC))


class ToolObject(Wire):
    """``risk`` is none, low, medium, high or critical; ``source`` is bundled, skill or mcp."""

    name: str
    description: str
    parameters: dict[str, Any]
    risk: str
    source: str
    enabled: bool


@get("/api/tools", status_code=200)
async def list_tools() -> PageObject[ToolObject]:
    """What agents can do besides talking. Which agent may use which tool is the agent's own list."""
    items = [ToolObject(tool.name, tool.description, tool.parameters, tool.risk, tool.source, enabled=True) for tool in CATALOGUE]
    return PageObject(items, None, False, len(items))


@get("/api/events", status_code=200, media_type="text/event-stream", **EXTENSION)
async def events(workspace: Workspace, after: str | None = None, last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None) -> Stream:
    """Everything that happens in the workspace, as server-sent events; reconnecting with the last id replays what was missed."""
    return sse(workspace.events.subscribe(lambda event: True, last_event_id or after))


ROUTES: list[Any] = [health, version, list_tools, events]
