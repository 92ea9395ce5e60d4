"""What the server and the process that holds a model say to each other: one JSON object a line, on the child's stdin and stdout."""

from __future__ import annotations

from typing import Any

import msgspec


class Order(msgspec.Struct, frozen=True, tag_field="do"):
    """What the server asks for."""


class Load(Order, frozen=True, kw_only=True, tag="load"):
    """The first line. ``socket`` is a file name for llama.cpp's own listener; None: a random port of 127.0.0.1."""

    path: str
    context_tokens: int
    threads: int
    socket: str | None


class Ask(Order, frozen=True, tag="ask"):
    """``body`` is a chat completion request in OpenAI's shape."""

    id: int
    body: dict[str, Any]


class Stop(Order, frozen=True, tag="stop"):
    """End answer ``id`` now."""

    id: int


class Count(Order, frozen=True, tag="count"):
    id: int
    text: str


class News(msgspec.Struct, frozen=True, tag_field="is"):
    """What the child tells."""


class Ready(News, frozen=True, kw_only=True, tag="ready"):
    load_ms: int


class LoadFailed(News, frozen=True, tag="load_failed"):
    message: str


class Alive(News, frozen=True, tag="alive"):
    """``read`` of ``total`` prompt tokens are read."""

    id: int
    read: int
    total: int


class Text(News, frozen=True, tag="text"):
    id: int
    text: str


class CallPart(News, frozen=True, tag="call"):
    """A piece of a native tool call."""

    id: int
    index: int
    call_id: str | None
    name: str | None
    arguments: str | None


class Done(News, frozen=True, kw_only=True, tag="done"):
    """The last line of an answer. ``reason`` is stop, length, tool_calls or cancelled."""

    id: int
    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    read_ms: float = 0.0
    write_ms: float = 0.0


class Failed(News, frozen=True, kw_only=True, tag="failed"):
    """The last line of an answer that failed. ``kind`` is llama.cpp's word for it, or ``refused`` where the request was not acceptable."""

    id: int
    kind: str
    message: str
    prompt_tokens: int = 0


class Counted(News, frozen=True, tag="counted"):
    id: int
    tokens: int


AnyOrder = Load | Ask | Stop | Count
AnyNews = Ready | LoadFailed | Alive | Text | CallPart | Done | Failed | Counted
decode_order = msgspec.json.Decoder(AnyOrder).decode
decode_news = msgspec.json.Decoder(AnyNews).decode


def encode(message: Order | News) -> bytes:
    return msgspec.json.encode(message) + b"\n"
