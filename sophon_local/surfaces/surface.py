"""What a surface is: one published HTTP interface, answered by an app of its own behind the dispatcher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from ..kit.errors import SophonError
from .problems import Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Rate(msgspec.Struct, frozen=True):
    """How many calls of a kind one user may make in a minute."""

    category: str
    per_minute: int


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """Light to import: ``routes`` imports the handlers when the surface is first asked for.

    ``owns`` are path prefixes of whole segments; the longest match wins. ``render`` puts a problem into this surface's error envelope (the body, as
    JSON), whose JSON Schema is ``error_schema``. ``rate`` is the limit of a call by method, path template and the handler's own category; None is no
    limit. ``wrap`` stands in front of the app.
    """

    name: str
    title: str
    owns: tuple[str, ...]
    routes: Callable[[], list[Any]]
    render: Callable[[Problem, str], bytes]
    rate: Callable[[str, str, str | None], Rate | None] = lambda method, path, category: None
    status: Mapping[type[SophonError], int] | None = None  # where its numbers differ from problems.STATUS
    wrap: Callable[[ASGIApp], ASGIApp] | None = None
    error_schema: Mapping[str, Any] = {}
    takes_any_key: bool = False  # its clients cannot do without a key, so in personal mode any is as good as none
