"""What a request must be for the route it has reached: credentials, rate, content type, size, and JSON that means one thing only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from ..kit.errors import InvalidRequest, RateLimited, TooLarge, Unauthenticated, UnsupportedType
from ..settings import Settings
from .problems import SlowBody, allowed_methods
from .surface import ASGIApp, Message, Rate, Receive, Scope, Send, Surface

MAX_DEPTH = 64
_LARGE = 100_000  # bytes of JSON that are checked in a thread
_EXTENDED_BY = 1_000_000  # each so many bytes of an upload earn it another deadline


class _Route(msgspec.Struct, frozen=True):
    accepts: frozenset[str]
    limit: int | None
    rate: Rate | None


class Admission:
    """Stands between the router and a handler. ``limiter`` is shared by all routes of a surface."""

    def __init__(self, app: ASGIApp, surface: Surface, settings: Settings, limiter: Limiter, methods: Callable[[str], list[str]]) -> None:
        self._app = app
        self._surface = surface
        self._settings = settings
        self._limiter = limiter
        self._methods = methods
        self._routes: dict[int, _Route] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await _options(self._methods(scope["path_template"]), send)
            return
        state, seen = scope["state"], scope["state"]["seen"]
        handler = scope["route_handler"]
        route = self._routes.get(id(handler)) or self._routes.setdefault(id(handler), self._describe(handler, scope))
        if b"authorization" in seen and not self._surface.takes_any_key:
            raise Unauthenticated("This credential is not known here. On your own machine none is needed: leave the Authorization header out.")
        if route.rate is not None and self._settings.rate_limits:
            self._limiter.spend(route.rate)
        try:
            if int(seen.get(b"content-length", b"0")) or b"transfer-encoding" in seen:
                receive = await self._admit(scope, seen, route, receive)
            else:
                state["body_read"] = True
            await self._app(scope, receive, send)
        finally:
            for path in state.get("temporary", ()):
                _remove(path)

    def _describe(self, handler: Any, scope: Scope) -> _Route:
        opt = handler.opt
        accepts = opt.get("accepts")
        if accepts is None:
            field = getattr(handler, "parsed_data_field", None)
            declared = getattr(getattr(field, "kwarg_definition", None), "media_type", None)
            accepts = (str(getattr(declared, "value", declared) or "application/json"),)
        limit = opt.get("max_body_bytes")
        category = opt.get("rate")
        return _Route(frozenset(accepts), limit, self._surface.rate(scope["method"], scope["path_template"], category))

    async def _admit(self, scope: Scope, seen: dict[bytes, bytes], route: _Route, receive: Receive) -> Receive:
        media, _, parameters = seen.get(b"content-type", b"").decode("latin-1").partition(";")
        media = media.strip().lower()
        charset = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters, re.I)
        if media not in route.accepts or (charset and charset[1].lower() not in ("utf-8", "utf8") and not media.startswith("multipart/")):
            raise UnsupportedType(f"Send this as {' or '.join(sorted(route.accepts))} (UTF-8), and say so in the Content-Type header.")
        if b"content-encoding" in seen and seen[b"content-encoding"].lower() != b"identity":
            raise UnsupportedType("Send the body as it is, without a Content-Encoding.")
        declared = int(seen.get(b"content-length", b"0"))
        deadline = self._settings.body_timeout_s
        if media == "multipart/form-data":
            return _bounded(scope, receive, None, deadline)
        limit = route.limit or self._settings.max_json_bytes
        if declared > limit:
            raise TooLarge(f"The body of this request may have at most {limit:,} bytes.", maxBytes=limit)
        body = await _whole(_bounded(scope, receive, limit, deadline))
        if media == "application/json" or media.endswith("+json"):
            await (asyncio.to_thread(check_json, body) if len(body) > _LARGE else _at_once(body))
        elif b"\0" in body:
            raise InvalidRequest("The body holds a NUL character.")
        else:
            _utf8(body)
        return _replay(body, receive)


async def _at_once(body: bytes) -> None:
    check_json(body)


def _bounded(scope: Scope, receive: Receive, limit: int | None, deadline_s: float) -> Receive:
    """``receive`` that raises once the body is larger than ``limit`` or slower than its deadline, which each further megabyte extends."""
    loop = asyncio.get_running_loop()
    until = loop.time() + deadline_s
    size = 0

    async def bounded() -> Message:
        nonlocal size
        try:
            async with asyncio.timeout_at(until + deadline_s * (size // _EXTENDED_BY)):
                message = await receive()
        except TimeoutError:
            raise SlowBody(f"The body of this request did not arrive within {deadline_s:.0f} s.") from None
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            scope["state"]["body_read"] = True
        if limit is not None and size > limit:
            raise TooLarge(f"The body of this request may have at most {limit:,} bytes.", maxBytes=limit)
        return message

    return bounded


async def _whole(receive: Receive) -> bytes:
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The request ended in the middle.")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _options(methods: list[str], send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", ", ".join(allowed_methods(methods)).encode())]})
    await send({"type": "http.response.body", "body": b""})


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


# ---- JSON

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.S)
_TO_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\d{19}")


def check_json(body: bytes) -> None:
    """Raise InvalidRequest unless ``body`` is JSON that every parser reads alike: UTF-8 without a byte order mark, NUL or lone surrogates, at most
    64 levels deep, no key twice in an object, no NaN, and integers of at most 64 bits."""
    if body.startswith(b"\xef\xbb\xbf"):
        raise InvalidRequest("The JSON starts with a byte order mark. Send it without.")
    text = _utf8(body)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deep(body):
        raise InvalidRequest(f"The JSON is nested more than {MAX_DEPTH} levels deep.")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}") from None
    if _SUSPICIOUS.search(body):
        _check_values(value)


def _is_deep(body: bytes) -> bool:
    brackets = _STRINGS.sub(b"", body).translate(_TO_SQUARE, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):  # each pass takes the innermost level away; what is not balanced stays, and is no JSON either
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise InvalidRequest("The JSON has an object with the same key twice.")
    return made


def _constant(name: str) -> NoReturn:
    raise InvalidRequest(f"The JSON has {name}, which is not a number that JSON knows.")


def _check_values(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidRequest("The JSON holds a NUL character.")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidRequest("The JSON holds half of a surrogate pair.") from None
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_values(name)
            _check_values(one)
    elif isinstance(value, list):
        for one in value:
            _check_values(one)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidRequest("The JSON has an integer of more than 64 bits.")


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not valid UTF-8.") from None


# ---- rates


class Limiter:
    """A bucket of tokens per category: it holds a minute's worth and refills steadily. ``factor`` multiplies the documented figures."""

    def __init__(self, factor: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._factor = factor
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, rate: Rate) -> None:
        capacity = float(rate.per_minute * self._factor)
        now = self._clock()
        tokens, at = self._buckets.get(rate.category, (capacity, now))
        tokens = min(capacity, tokens + (now - at) * capacity / 60)
        if tokens < 1:
            wait = max(1, round((1 - tokens) * 60 / capacity + 0.5))
            raise RateLimited(
                f"More than {capacity:.0f} calls of this kind ({rate.category}) in a minute. Wait {wait} s, or set rate_limits to false.",
                wait,
                category=rate.category,
                perMinute=int(capacity),
            )
        self._buckets[rate.category] = (tokens - 1, now)
