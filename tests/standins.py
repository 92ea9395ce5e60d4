"""Model servers on loopback that stand in for vendors: a parrot that speaks the real wire formats, and a script for everything that goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

CONTEXT_WORDS = 2_000  # prompts beyond it are refused


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """``parts`` are sent one by one, chunked; a number among them is a pause in seconds, and None cuts the connection."""

    status: int = 200
    parts: Iterable[bytes | float | None] = ()
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "text/event-stream"


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, [json.dumps(value).encode()], {name.replace("_", "-"): text for name, text in headers.items()}, "application/json")


class Standin:
    """A server that answers with what ``answer`` returns."""

    def __init__(self, answer: Callable[[Asked], Reply | Awaitable[Reply]]) -> None:
        self._answer = answer
        self.asked: list[Asked] = []
        self.hung_up = asyncio.Event()  # somebody left in the middle of an answer
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer; then the connection is closed."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
            raw = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, path, headers, json.loads(raw) if raw else None)
            self.asked.append(asked)
            reply = self._answer(asked)
            if not isinstance(reply, Reply):
                reply = await reply
            leaving = asyncio.create_task(self._watch(reader))
            try:
                await self._send(reply, writer, leaving)
            finally:
                leaving.cancel()
        writer.close()

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read(1)
        self.hung_up.set()

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter, leaving: asyncio.Task[None]) -> None:
        sent = {"Content-Type": reply.kind, "Transfer-Encoding": "chunked", "Connection": "close", **reply.headers}
        writer.write(f"HTTP/1.1 {reply.status} -\r\n".encode() + b"".join(f"{n}: {v}\r\n".encode() for n, v in sent.items()) + b"\r\n")
        for part in reply.parts:
            if part is None:
                writer.transport.abort()
                return
            if isinstance(part, bytes):
                writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                await writer.drain()
            else:
                await asyncio.wait([leaving], timeout=part)
            if leaving.done():
                return
        writer.write(b"0\r\n\r\n")
        await writer.drain()


@contextlib.asynccontextmanager
async def standin(answer: Callable[[Asked], Reply | Awaitable[Reply]]) -> AsyncIterator[Standin]:
    server = Standin(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


def sse(*events: Any, name: str | None = None) -> list[bytes]:
    """Events of a stream, each as bytes; dicts become JSON, and their type the event's name where ``name`` is "type"."""
    out = []
    for event in events:
        head = f"event: {event['type']}\n" if name == "type" and isinstance(event, dict) else ""
        out.append(f"{head}data: {json.dumps(event) if isinstance(event, dict) else event}\n\n".encode())
    return out


def _said(limit: int | None, stops: list[str]) -> tuple[list[str], bool]:
    """The parrot's words for a free answer, and whether the limit cut them."""
    words = [f"word{number} " for number in range(1, 31)]
    text = "".join(words)
    for stop in stops:
        text = text.partition(stop)[0]
    words = [word + " " for word in text.split()]
    return (words[:limit], True) if limit is not None and limit < len(words) else (words, False)


def _instance(schema: dict[str, Any]) -> Any:
    """The simplest value that a schema allows, for the few keywords that the tests use."""
    match schema.get("type"):
        case "object":
            return {name: _instance(inner) for name, inner in schema.get("properties", {}).items()}
        case "array":
            return [_instance(schema.get("items", {}))]
        case "integer" | "number":
            return 7
        case "boolean":
            return True
        case _:
            return schema.get("enum", ["Oslo"])[0]


def _pieces(text: str, size: int = 5) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def openai_parrot(asked: Asked) -> Reply:
    """Speaks ``/v1/chat/completions``: obeys limits, stops, schemas and tools, and calls a tool when "weather" is asked for."""
    body = asked.body
    count = sum(len(str(message.get("content") or "").split()) for message in body["messages"])
    if count > CONTEXT_WORDS:
        return json_reply({"error": {"message": "This model's maximum context length is 2000 tokens.", "code": "context_length_exceeded"}}, 400)
    last = body["messages"][-1]
    tools = body.get("tools") or []
    wants = tools and (body.get("tool_choice") != "auto" or (last["role"] == "user" and "weather" in last["content"]))
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]}]
    if wants:
        function = tools[0]["function"]
        arguments = json.dumps(_instance(function["parameters"]))
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": function["name"], "arguments": ""}}
        chunks.append({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
        chunks += [{"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}}]} for piece in _pieces(arguments)]
        reason, words = "tool_calls", [arguments]
    else:
        form = body.get("response_format")
        limit = body.get("max_tokens") or body.get("max_completion_tokens")
        words, is_cut = (_pieces(json.dumps(_instance(form["json_schema"]["schema"]))), False) if form else _said(limit, body.get("stop") or [])
        chunks += [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in words]
        reason = "length" if is_cut else "stop"
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    if body.get("stream_options", {}).get("include_usage"):
        chunks.append({"choices": [], "usage": {"prompt_tokens": count, "completion_tokens": len(words), "total_tokens": count + len(words)}})
    return Reply(parts=[part for chunk in sse(*({"model": body["model"], **c} for c in chunks), "[DONE]") for part in (chunk, 0.002)])


def anthropic_parrot(asked: Asked) -> Reply:
    """Speaks ``/v1/messages`` as far as the tests need it, and refuses what the real one refuses."""
    body = asked.body
    texts = [block.get("text") or block.get("content") or "" for message in body["messages"] for block in message["content"]]
    count = sum(len(str(text).split()) for text in texts)
    roles = [message["role"] for message in body["messages"]]
    if roles[0] != "user" or any(a == b for a, b in itertools.pairwise(roles)) or any(role not in ("user", "assistant") for role in roles):
        return json_reply({"type": "error", "error": {"type": "invalid_request_error", "message": "roles must alternate"}}, 400)
    if count > CONTEXT_WORDS:
        return json_reply({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9999 tokens > 2000 maximum"}}, 400)
    choice, tools = body.get("tool_choice"), body.get("tools") or []
    last = body["messages"][-1]["content"][-1]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"model": body["model"], "usage": {"input_tokens": count, "output_tokens": 1, "cache_read_input_tokens": None}}},
        {"type": "ping"},
    ]
    if choice and (choice["type"] != "auto" or "weather" in str(last.get("text"))):
        tool = next((tool for tool in tools if tool["name"] == choice.get("name")), tools[0])
        arguments = json.dumps(_instance(tool["input_schema"]))
        words = [arguments]
        events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "toolu_1", "name": tool["name"], "input": {}}})
        events += [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}} for piece in ("", *_pieces(arguments))
        ]
        reason = "tool_use"
    else:
        words, is_cut = _said(body["max_tokens"], body.get("stop_sequences") or [])
        events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
        events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in words]
        reason = "max_tokens" if is_cut else "end_turn"
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": len(words)}},
        {"type": "message_stop"},
    ]
    return Reply(parts=[part for event in sse(*events, name="type") for part in (event, 0.002)])
