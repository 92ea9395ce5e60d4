"""One port, several surfaces: each is an app of its own, chosen by path prefix and built when it is first asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..settings import Settings
from .docs import Docs
from .guard import answer
from .problems import CODES, Problem
from .surface import ASGIApp, Message, Receive, Scope, Send, Surface
from .web import Page, Web

if TYPE_CHECKING:
    from .build import BuiltSurface


class Dispatcher:
    """``surfaces`` in order; the first is the native one, which owns every path that no other does."""

    def __init__(self, surfaces: Sequence[Surface], dependencies: Mapping[str, Callable[[], Any]], settings: Settings, web: Web) -> None:
        self._surfaces = list(surfaces)
        self._owners = sorted(((prefix, surface) for surface in surfaces for prefix in surface.owns), key=lambda pair: -len(pair[0]))
        self._dependencies = dependencies
        self._settings = settings
        self._built: dict[str, Future[BuiltSurface]] = {}
        self._lock = threading.Lock()
        self._web = web
        self._docs = Docs(web, self.openapi_parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await _head(self._route, scope, receive, send)
        else:
            await self._route(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        page = self._page(path) if scope["type"] == "http" else None
        if page is not None:
            await self._show(page, scope, receive, send)
            return
        surface = self.owner(path)
        built = self._build(surface)
        app = built.result() if built.done() else await asyncio.wrap_future(built)
        await app(scope, receive, send)

    def _page(self, path: str) -> Page | None:
        if path == "/":
            return _to_ui
        if path == "/ui" or path.startswith("/ui/") or path == "/favicon.ico":
            return self._web.find(path)
        return None if path.startswith(("/api/", "/v1/")) else self._docs.find(path)

    async def _show(self, page: Page, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await page(scope, send)
        elif scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", b"GET, HEAD, OPTIONS")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            found = Problem(405, CODES[405], "This address answers GET, HEAD, OPTIONS only.", {}, {"Allow": "GET, HEAD, OPTIONS"})
            await answer(found, self.render(scope["path"], found, scope["state"]["request_id"]), scope, receive, send)

    def owner(self, path: str) -> Surface:
        for prefix, surface in self._owners:
            if path.startswith(prefix) and (len(path) == len(prefix) or path[len(prefix)] == "/"):
                return surface
        return self._surfaces[0]

    def render(self, path: str, problem: Problem, request_id: str) -> bytes:
        """``problem`` in the words of the surface that owns ``path``."""
        return self.owner(path).render(problem, request_id)

    def begin(self) -> None:
        """Start to build the native surface on a thread of its own, so that the port answers meanwhile."""
        self._build(self._surfaces[0])

    def _build(self, surface: Surface) -> Future[BuiltSurface]:
        with self._lock:
            future = self._built.get(surface.name)
            if future is not None:
                return future
            future = self._built[surface.name] = Future()
        threading.Thread(target=self._build_here, args=(surface, future), name=f"build-{surface.name}", daemon=True).start()
        return future

    def _build_here(self, surface: Surface, future: Future[BuiltSurface]) -> None:
        try:
            from .build import build

            future.set_result(build(surface, self._dependencies, self._settings))
        except BaseException as error:
            future.set_exception(error)

    def built(self) -> list[tuple[Surface, BuiltSurface]]:
        """Every surface with its app; builds those that are not there yet, so not on the event loop."""
        return [(surface, self._build(surface).result()) for surface in self._surfaces]

    def openapi_parts(self) -> list[tuple[Surface, dict[str, Any]]]:
        return [(surface, app.openapi()) for surface, app in self.built()]


async def _to_ui(scope: Scope, send: Send) -> None:
    query = scope.get("query_string", b"")
    location = b"/ui/" + (b"?" + query if query else b"")
    await send({"type": "http.response.start", "status": 307, "headers": [(b"location", location), (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer HEAD as GET without the body: whoever serves GET serves HEAD, and a stream ends with its headers."""
    sent = asyncio.Event()

    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif not sent.is_set():
            sent.set()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def until_sent() -> Message:
        if scope["state"].get("body_read"):
            await sent.wait()
            return {"type": "http.disconnect"}
        return await receive()

    await app({**scope, "method": "GET"}, until_sent, headers_only)
