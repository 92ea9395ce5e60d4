"""The native API: ``/api/*``, and every path that no other surface owns."""

from __future__ import annotations

from typing import Any

from ..surface import Surface
from .errors import SCHEMA, render
from .limits import rate
from .tenants import tenanted


def _routes() -> list[Any]:
    from . import agents, approvals, documents, egress, memory, models, public, sessions, tasks

    groups = (public, agents, sessions, tasks, approvals, documents, memory, models, egress)
    return [route for group in groups for route in group.ROUTES]


SURFACE = Surface(
    name="sophon", title="Sophon", owns=("/api",), routes=_routes, render=render, rate=rate, wrap=tenanted, error_schema=SCHEMA
)  # fmt: skip
