"""How the native API writes things down: camelCase, pages with sealed cursors, and which endpoints are extensions of the reference.

A handler of a group module looks like this::

    @get("/api/memory/entries", status_code=200)
    async def list_entries(
        caller: Caller, workspace: Workspace, cursors: Cursors, limit: int | None = None, cursor: str | None = None
    ) -> PageObject[EntryObject]:
        return to_page(await workspace.memory.list(caller, cursors.request(limit, cursor)), to_entry, cursors)

Keyword arguments for the decorators, to be spread with ``**``:

- ``EXTENSION``: the endpoint is ours, not the reference's; the OpenAPI document says ``x-extension: true``.
- ``accepts("multipart/form-data")``: the content types of a handler that reads the body itself (through ``request``). A handler with a ``data``
  parameter accepts JSON and needs none; one without a body needs none either.
- ``rated("expensive")``: the handler draws on that rate limit instead of the one of its method (``limits.py`` has the figures).

They can be joined: ``@post("/api/documents/upload", status_code=201, **options(accepts("multipart/form-data"), rated("expensive")))``.

Beside ``ROUTES``, a group module says how its structs are written inside events: ``SHOWN[Document] = to_document`` (``surfaces/http.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from litestar.openapi.spec import Operation

from ...kit.paging import Cursors, Page
from ..http import SHOWN

__all__ = ["EXTENSION", "SHOWN", "ExtensionOperation", "PageObject", "Wire", "accepts", "options", "rated", "to_page"]

T = TypeVar("T")
W = TypeVar("W")


class Wire(msgspec.Struct, rename="camel"):
    """Base of everything that crosses the wire. Fields are snake_case here and camelCase there."""


class PageObject(Wire, Generic[T]):
    """One page of a list. ``next_cursor`` asks for the next one; ``total`` stands where counting is cheap."""

    items: list[T]
    next_cursor: str | None
    has_more: bool
    total: int | msgspec.UnsetType = msgspec.UNSET


def to_page(page: Page[T], translate: Callable[[T], W], cursors: Cursors) -> PageObject[W]:
    total = msgspec.UNSET if page.total is None else page.total
    return PageObject([translate(item) for item in page.items], cursors.seal(page.next_key), page.next_key is not None, total)


@dataclass
class ExtensionOperation(Operation):
    """An operation that the reference does not have."""

    x_extension: bool = field(default=True, metadata={"alias": "x-extension"})


EXTENSION: dict[str, Any] = {"tags": ["extension"], "operation_class": ExtensionOperation}


def accepts(*content_types: str) -> dict[str, Any]:
    return {"opt": {"accepts": content_types}}


def rated(category: str) -> dict[str, Any]:
    return {"opt": {"rate": category}}


def options(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Several sets of decorator arguments as one."""
    joined: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            joined[name] = {**joined.get(name, {}), **value} if isinstance(value, dict) else value
    return joined
