"""Rows to structs and back. JSON columns are text that SQL never looks into."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def _is_json(kind: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    if origin in (typing.Union, types.UnionType):
        return any(_is_json(part) for part in typing.get_args(kind))
    return origin in (list, dict, tuple) or (isinstance(origin, type) and issubclass(origin, msgspec.Struct))


def _is_bool(kind: Any) -> bool:
    return kind is bool or bool in typing.get_args(kind)


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    if _is_json(kind):
        return lambda value: msgspec.json.decode(value, type=kind)
    if _is_bool(kind):
        return bool
    return None


@cache
def _plan(struct: Hashable, columns: tuple[str, ...]) -> list[tuple[str, int, Callable[[Any], Any] | None]]:
    kinds = {field.name: field.type for field in msgspec.structs.fields(struct)}  # type: ignore[arg-type]
    return [(name, at, _converter(kinds[name])) for at, name in enumerate(columns) if name in kinds]


def to_struct(struct: type[T], columns: tuple[str, ...], row: tuple[Any, ...]) -> T:
    """One row as ``struct``; columns that it has no field for are passed over, NULL stays None."""
    values = {}
    for name, at, convert in _plan(struct, columns):  # type: ignore[arg-type]
        value = row[at]
        values[name] = convert(value) if convert is not None and value is not None else value
    return struct(**values)


def to_columns(struct: msgspec.Struct) -> dict[str, Any]:
    """The fields of ``struct`` as SQL parameters: lists, dicts and structs become JSON text."""
    return {name: to_column(getattr(struct, name)) for name in struct.__struct_fields__}


def to_column(value: Any) -> Any:
    if isinstance(value, list | dict | tuple | msgspec.Struct):
        return msgspec.json.encode(value).decode()
    return value
