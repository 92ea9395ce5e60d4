"""The outermost ASGI layer, for http and websocket alike, before any routing: who may speak to this server at all.

A web page that the person visits can make their browser call this port. It cannot fake ``Host``, ``Origin`` or ``Sec-Fetch-Site``, so these are checked
on every request, to unknown paths and static files too. What depends on the route (content type, size, JSON) is checked behind the router, in ``admission.py``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from ..kit.ids import new_id
from ..settings import Settings
from .problems import Problem, problem
from .surface import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("sophon")

MAX_HEADER_BYTES = 16_384
LINGER_S = 5.0  # how long the rest of a refused upload is still read, so that its sender sees the answer
_WATCHED = frozenset(
    (b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"content-type", b"content-length", b"transfer-encoding", b"content-encoding",
     b"authorization", b"x-sophon-tenant", b"access-control-request-method")
)  # fmt: skip
_SAFE = ("GET", "HEAD", "OPTIONS")
# Said of every answer that does not say otherwise itself.
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """``render`` turns a problem into the body of the surface that owns the path."""

    def __init__(self, app: ASGIApp, settings: Settings, render: Callable[[str, Problem, str], bytes]) -> None:
        self._app = app
        self._render = render
        self._hosts = own_hosts(settings)
        self._own_origins = frozenset(b"http://" + host for host in own_hosts(settings, configured=False))
        self._other_origins = frozenset(origin.rstrip("/").lower().encode() for origin in settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = new_id("req")
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        seen: dict[bytes, bytes] = {}
        state["seen"] = seen
        found = self._check(scope, seen)
        if scope["type"] == "websocket":
            await (self._app(scope, receive, send) if found is None else _close(found, self._render(scope["path"], found, request_id), scope, send))
            return
        extra = self._cross_origin(seen)
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = list(message.get("headers", ()))
                present = {name for name, _ in headers}
                headers.extend(pair for pair in _HEADERS if pair[0] not in present)
                headers.append((b"x-sophon-request-id", request_id.encode()))
                headers.extend(extra)
                message = {**message, "headers": headers}
            await send(message)

        if found is not None:
            await answer(found, self._render(scope["path"], found, request_id), scope, receive, guarded)
        elif extra and scope["method"] == "OPTIONS" and b"access-control-request-method" in seen:
            await _preflight(guarded)
        else:
            try:
                await self._app(scope, receive, guarded)
            except Exception:
                log.exception("%s failed", request_id)
                if not started:
                    broken = Problem(500, "internal_error", "Something went wrong inside the server. Its log says more under this request id.")
                    await answer(broken, self._render(scope["path"], broken, request_id), scope, receive, guarded)

    def _check(self, scope: Scope, seen: dict[bytes, bytes]) -> Problem | None:
        size = 0
        for name, value in scope["headers"]:
            size += len(name) + len(value) + 4
            if name in _WATCHED:
                if name in seen:
                    return problem(400, f"The header {name.decode()} stands there twice.")
                seen[name] = value
        host = seen.get(b"host", b"").lower()
        if host not in self._hosts:
            return problem(421, "This server does not answer to that name. Use localhost, or add the name to the setting allowed_hosts.")
        origin = seen.get(b"origin")
        site = seen.get(b"sec-fetch-site")
        if origin is not None:
            if origin.lower() not in self._own_origins and origin.lower() not in self._other_origins:
                return problem(403, "Web pages of other origins may not call this server. The setting allowed_origins lists exceptions.")
            is_ours = site in (None, b"same-origin", b"none") or origin.lower() in self._other_origins
            if not is_ours and (scope["type"] == "websocket" or scope["method"] not in _SAFE):
                return problem(403, "A browser says that another site asks for this. Only this server's own pages may.")
        elif site is not None and site != b"same-origin":
            # A page elsewhere may link here, and a person may type the address; nothing else that a browser starts is ours.
            is_visit = scope["type"] == "http" and scope["method"] in _SAFE and (site == b"none" or seen.get(b"sec-fetch-mode") == b"navigate")
            if not is_visit:
                return problem(403, "A browser says that another site asks for this. Only this server's own pages may.")
        if size > MAX_HEADER_BYTES:
            return problem(431, f"The headers of a request may have at most {MAX_HEADER_BYTES:,} bytes.")
        length = seen.get(b"content-length")
        if length is not None and not (length.isdigit() and len(length) < 16):
            return problem(400, "The header content-length is not a number.")
        return _check_target(scope.get("raw_path") or b"", scope.get("query_string", b""))

    def _cross_origin(self, seen: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        origin = seen.get(b"origin", b"").lower()
        if origin not in self._other_origins:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"vary", b"Origin"),
            (b"access-control-expose-headers", b"X-Sophon-Request-Id, Retry-After, Location"),
        ]


def own_hosts(settings: Settings, *, configured: bool = True) -> frozenset[bytes]:
    """What the Host header may say: the loopback names with our port, and with ``configured`` the names of the setting allowed_hosts."""
    names = ["127.0.0.1", "localhost", "[::1]"]
    hosts = {f"{name}:{settings.port}" for name in names}
    if settings.port == 80:
        hosts.update(names)
    if configured:
        for name in settings.allowed_hosts:
            hosts.add(name.lower())
            if ":" not in name.rpartition("]")[2]:
                hosts.add(f"{name.lower()}:{settings.port}")
    return frozenset(host.encode() for host in hosts)


def _check_target(raw_path: bytes, query: bytes) -> Problem | None:
    """Percent escapes must be UTF-8 without control characters."""
    for part in (raw_path, query):
        if b"%" in part:
            plain = unquote_to_bytes(part)
            try:
                plain.decode("utf-8")
            except UnicodeDecodeError:
                return problem(400, "The address is not valid UTF-8.")
            if b"\0" in plain:
                return problem(400, "The address holds a NUL character.")
    return None


async def answer(found: Problem, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an error. When the request's body is still coming in, read on for a while: a sender that cannot finish never looks at the answer."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in found.headers.items()]
    seen = scope["state"]["seen"]
    is_unread = not scope["state"].get("body_read") and (seen.get(b"content-length", b"0").strip(b"0") != b"" or b"transfer-encoding" in seen)
    if is_unread:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body, "more_body": is_unread})
    if is_unread:
        try:
            async with asyncio.timeout(LINGER_S):
                while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _preflight(send: Send) -> None:
    headers = [
        (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
        (b"access-control-allow-headers", b"Content-Type, Authorization, Last-Event-ID, X-Sophon-Tenant, If-Match, Prefer"),
        (b"access-control-max-age", b"600"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _close(found: Problem, body: bytes, scope: Scope, send: Send) -> None:
    """Refuse a websocket before it is accepted."""
    if "websocket.http.response" in scope.get("extensions", {}):
        headers = [(b"content-type", b"application/json"), (b"x-sophon-request-id", scope["state"]["request_id"].encode())]
        await send({"type": "websocket.http.response.start", "status": found.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": found.code})
