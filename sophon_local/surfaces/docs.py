"""One OpenAPI document for all surfaces, and the pages that show it. Nothing on them comes from another machine."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from .. import __version__
from .surface import Scope, Send, Surface
from .web import EMPTY_STYLE, Page, Web, send_bytes

_DOCUMENT = ("/openapi.json", "/swagger/v1/swagger.json")
# Both viewers set styles through the CSS object model, for which they first add an empty style element: its hash is all they need.
# Redoc 2.5 also brings the rules of its scroll bars as an element; under another version it falls back to the browser's.
_SCROLLBARS = "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
_POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {EMPTY_STYLE} {_SCROLLBARS}; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sophon Local: {title}</title>
<link rel="icon" href="data:,">
{style}<div id="page"></div>
<noscript>This page needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="{viewer}"></script>
<script src="{start}"></script>
"""
_UNBUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sophon Local: API</title>
<p>The viewer comes with the web build, which this checkout does not have: run <code>python packaging/build_web.py</code>.</p>
<p>The document itself is at <a href="/openapi.json">/openapi.json</a>.</p>
"""
_START = {
    "/docs/start.js": 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null, tryItOutEnabled: true, '
    'docExpansion: "list", filter: true, presets: [SwaggerUIBundle.presets.apis]});',
    "/redoc/start.js": 'Redoc.init("/openapi.json", {disableSearch: true, hideDownloadButton: false, '
    'theme: {typography: {fontFamily: "system-ui, sans-serif", headings: {fontFamily: "system-ui, sans-serif"}}}}, document.getElementById("page"));',
}
_SWAGGER = ("vendor/swagger-ui-dist/swagger-ui-bundle.js", "vendor/swagger-ui-dist/swagger-ui.css")
_REDOC = "vendor/redoc/redoc.standalone.js"


class Docs:
    """``parts`` gives every surface with its own OpenAPI document; it is slow and runs in a thread, once."""

    def __init__(self, web: Web, parts: Callable[[], list[tuple[Surface, dict[str, Any]]]]) -> None:
        self._web = web
        self._parts = parts
        self._document: asyncio.Task[tuple[bytes, str]] | None = None

    def find(self, path: str) -> Page | None:
        path = path.rstrip("/")
        if path in _DOCUMENT:
            return self._send_document
        if path in ("/docs", "/swagger"):
            style = f'<link rel="stylesheet" href="/ui/{_SWAGGER[1]}">\n'
            return self._page(_PAGE.format(title="API", style=style, viewer=f"/ui/{_SWAGGER[0]}", start="/docs/start.js"), _SWAGGER[0])
        if path == "/redoc":
            style = '<link rel="stylesheet" href="/redoc/start.css">\n'
            return self._page(_PAGE.format(title="API reference", style=style, viewer=f"/ui/{_REDOC}", start="/redoc/start.js"), _REDOC)
        if path in _START:
            return lambda scope, send: send_bytes(scope, send, _START[path].encode(), "text/javascript; charset=utf-8")
        if path == "/redoc/start.css":
            return lambda scope, send: send_bytes(scope, send, b"body { margin: 0 }", "text/css; charset=utf-8")
        return None

    def _page(self, html: str, viewer: str) -> Page:
        async def page(scope: Scope, send: Send) -> None:
            body = html if self._web.has(viewer) else _UNBUILT
            await send_bytes(scope, send, body.encode(), "text/html; charset=utf-8", [(b"content-security-policy", _POLICY.encode())])

        return page

    async def _send_document(self, scope: Scope, send: Send) -> None:
        if self._document is None or (self._document.done() and self._document.exception() is not None):
            self._document = asyncio.create_task(asyncio.to_thread(self._build))
        body, etag = await asyncio.shield(self._document)
        await send_bytes(scope, send, body, "application/json", [(b"cache-control", b"no-cache")], etag)

    def _build(self) -> tuple[bytes, str]:
        body = msgspec.json.encode(merged(self._parts()))
        return body, hashlib.sha256(body).hexdigest()[:32]


def merged(parts: list[tuple[Surface, dict[str, Any]]]) -> dict[str, Any]:
    """One document of several. A schema name that two surfaces use for different things gets the later surface's name in front."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    names: set[str] = set()
    for surface, part in parts:
        own = part.get("components", {}).get("schemas", {})
        clashing = {name: f"{surface.name.title()}{name}" for name, schema in own.items() if schemas.get(name, schema) != schema}
        if clashing:
            part = _renamed(part, {f"#/components/schemas/{old}": f"#/components/schemas/{new}" for old, new in clashing.items()})
            own = part["components"]["schemas"]
        schemas.update({clashing.get(name, name): schema for name, schema in own.items()})
        for path, item in part.get("paths", {}).items():
            for operation in item.values():
                name = operation["operationId"]
                if name in names:
                    name = operation["operationId"] = surface.name + name[0].upper() + name[1:]
                names.add(name)
            paths.setdefault(path, {}).update(item)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sophon Local",
            "version": __version__,
            "description": "An agent server with a memory, on your own machine. Operations marked `x-extension` are not in the published reference.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: names.get(one, one) if key == "$ref" else _renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    return value
