"""Tenant context: the header ``X-Sophon-Tenant`` or the prefix ``/api/tenants/<slug>/`` before any path of the native API."""

from __future__ import annotations

from ...kit.ids import new_id
from ..guard import answer
from ..problems import Problem, problem
from ..surface import ASGIApp, Receive, Scope, Send
from .errors import render

DEFAULT = "default"
_PREFIX = "/api/tenants/"


def tenanted(app: ASGIApp) -> ASGIApp:
    """``app`` behind the rewrite: the prefix is taken off and the tenant checked. Personal mode has the tenant ``default`` only."""

    async def rewrite(scope: Scope, receive: Receive, send: Send) -> None:
        slug: str | None = None
        path = scope.get("path", "")
        if path.startswith(_PREFIX):
            slug, _, rest = path[len(_PREFIX) :].partition("/")
            if rest:
                raw = scope.get("raw_path") or path.encode()
                scope = {**scope, "path": f"/api/{rest}", "raw_path": b"/api/" + raw.split(b"/", 4)[-1]}
        found = _problem(slug, scope["state"]["seen"].get(b"x-sophon-tenant") if "state" in scope else None)
        if found is None:
            await app(scope, receive, send)
        elif scope["type"] == "http":
            await answer(found, render(found, scope["state"].get("request_id") or new_id("req")), scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": found.code})

    return rewrite


def _problem(slug: str | None, header: bytes | None) -> Problem | None:
    named = header.decode("latin-1") if header is not None else None
    if slug is not None and named is not None and slug != named:
        return problem(400, "The address names one tenant and the header X-Sophon-Tenant another.")
    tenant = slug if slug is not None else named
    if tenant is not None and tenant != DEFAULT:
        return problem(403, "You have no access to this tenant.")
    return None
