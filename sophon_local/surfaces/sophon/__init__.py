"""The native API: ``/api/*``, and every path that no other surface owns."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..surface import Surface
from .errors import SCHEMA, render
from .limits import rate
from .tenants import tenanted

GROUPS = ("public", "agents", "chat", "sessions", "tasks", "approvals", "documents", "memory", "models", "egress")


def _routes() -> list[Any]:
    routes: list[Any] = []
    for name in GROUPS:
        try:
            routes += import_module(f"{__name__}.{name}").ROUTES
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    return routes


SURFACE = Surface(
    name="sophon", title="Sophon", owns=("/api",), routes=_routes, render=render, rate=rate, wrap=tenanted, error_schema=SCHEMA
)  # fmt: skip
