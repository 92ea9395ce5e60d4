"""Chat over ``/v1/messages``: https://docs.anthropic.com/en/api/messages-streaming."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from ...kit.errors import RateLimited, SophonError
from ..base import ChatMessage, ChatModelFacts, ChatPiece, ChatRequest, Finished, TextDelta, ToolCall, ToolCalls
from ..remote import Refused, Remote, RemoteModel
from ..text import encodable, estimate_tokens

if TYPE_CHECKING:
    from ..remote import Connect

_VERSION = "2023-06-01"
_CONTEXT = 200_000
_WISE_PROMPT = 24_000  # time to the first token, and money
_ANSWER = 4_096  # tokens; this interface wants a limit
_SCHEMA_TOOL = "answer"  # the tool whose arguments are the answer, where a JSON Schema constrains it
_REASONS = {"max_tokens": "length", "model_context_window_exceeded": "length", "tool_use": "tool_calls"}
_DROPPABLE = ("temperature", "top_p", "stop_sequences")


class AnthropicChat:
    """``Chat`` on one model. ``provider`` is the person's name for the server."""

    def __init__(
        self,
        connect: Connect,
        *,
        base_url: str,
        model: str,
        provider: str,
        api_key: str | None = None,
        is_local: bool = False,
        context_tokens: int | None = None,
        first_byte_s: float = 120.0,
        stall_s: float = 60.0,
    ) -> None:
        context = context_tokens or _CONTEXT
        self.facts = ChatModelFacts(
            name=model,
            provider=provider,
            is_local=is_local,
            context_tokens=context,
            prompt_budget=min(context // 2, _WISE_PROMPT),
            has_native_tools=True,
        )
        self._remote = _remote(connect, provider, base_url, api_key, first_byte_s, stall_s)
        self._left_out: set[str] = set()  # parameters that this model refuses

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        while True:
            body, wraps = self._body(request)
            has_begun = False
            try:
                async with aclosing(self._read(request, body, wraps)) as pieces:
                    async for piece in pieces:
                        has_begun = True
                        yield piece
                return
            except Refused as refused:
                named = next((name for name in _DROPPABLE if name in body and re.search(rf"\b{name}\b", refused.message)), None)
                if has_begun or named is None:
                    raise self._remote.refusal(refused) from None
                self._left_out.add(named)

    async def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    async def close(self) -> None:
        await self._remote.close()

    def _body(self, request: ChatRequest) -> tuple[dict[str, Any], bool]:
        """The request, and whether the answer's schema had to be wrapped in an object."""
        tools = [] if request.tool_choice == "none" else [_tool(tool.name, tool.description, tool.parameters) for tool in request.tools]
        choice: dict[str, Any] | None = None
        if tools:
            choice = {"auto": {"type": "auto"}, "required": {"type": "any"}}.get(request.tool_choice, {"type": "tool", "name": request.tool_choice})
        wraps = False
        if request.json_schema is not None:
            wraps = request.json_schema.get("type") != "object"
            schema = {"type": "object", "properties": {"value": request.json_schema}, "required": ["value"]} if wraps else request.json_schema
            choice = {"type": "any"} if tools else {"type": "tool", "name": _SCHEMA_TOOL}
            tools.append(_tool(_SCHEMA_TOOL, "Give the answer. Call this exactly once, at the end.", schema))
        system = "\n\n".join(encodable(message.content) for message in request.messages if message.role == "system")
        body: dict[str, Any] = {
            "model": self.facts.name,
            "messages": _messages(request.messages),
            "max_tokens": _ANSWER if request.max_tokens is None else request.max_tokens,
            "stream": True,
            "system": system or None,
            "tools": tools or None,
            "tool_choice": choice,
            "temperature": None if request.temperature is None else min(1.0, max(0.0, request.temperature)),
            "top_p": request.top_p if request.temperature is None else None,  # newer models refuse both together
            "stop_sequences": [text for text in request.stop if text.strip()] or None,
        }
        return {key: value for key, value in body.items() if value is not None and key not in self._left_out}, wraps

    async def _read(self, request: ChatRequest, body: dict[str, Any], wraps: bool) -> AsyncGenerator[ChatPiece, None]:
        blocks: dict[int, _Block] = {}
        reason, counts, model, is_complete = None, _Usage(), self.facts.name, False
        async with aclosing(self._remote.stream("/v1/messages", body)) as events:
            async for raw in events:
                if not raw.data.strip():
                    continue
                event = self._event(raw.data)
                match event.type:
                    case "message_start" if event.message is not None:
                        counts, model = event.message.usage or counts, event.message.model or model
                    case "content_block_start" if event.content_block is not None:
                        block = blocks[event.index] = _Block(event.content_block, request.json_schema is not None)
                        if event.content_block.text:
                            yield TextDelta(event.content_block.text)
                    case "content_block_delta" if event.delta is not None and event.index in blocks:
                        block = blocks[event.index]
                        if event.delta.type == "text_delta" and event.delta.text and request.json_schema is None:
                            yield TextDelta(event.delta.text)
                        elif event.delta.type == "input_json_delta" and event.delta.partial_json:
                            block.json += event.delta.partial_json
                            if block.is_answer and not wraps:
                                yield TextDelta(event.delta.partial_json)
                    case "message_delta":
                        reason = event.delta.stop_reason if event.delta is not None else reason
                        if event.usage is not None:
                            counts = counts.with_end(event.usage)
                    case "message_stop":
                        is_complete = True
                    case "error":
                        raise self._stream_error(event.error)
                    case "message":  # a server that does not stream
                        raise self._remote.garbled("a whole message where a stream was asked for")
        if not is_complete and reason is None:
            raise self._remote.cut_off()
        answers = [block for block in blocks.values() if block.is_answer]
        if wraps and answers:
            yield TextDelta(_unwrapped(answers[0].json))
        calls = [ToolCall(block.id, block.name, block.json or "{}") for block in blocks.values() if block.is_call and not block.is_answer]
        if calls:
            yield ToolCalls(calls)
        ending = _REASONS.get(reason or "", "stop")
        yield Finished(
            reason="stop" if ending == "tool_calls" and not calls else ending,
            prompt_tokens=counts.prompt_tokens,
            completion_tokens=counts.output_tokens or 0,
            model=model,
        )

    def _event(self, text: str) -> _Event:
        try:
            return _decode_event(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            raise self._remote.garbled("an event that is no piece of an answer") from None

    def _stream_error(self, error: _Error | None) -> SophonError:
        kind, message = (error.type, error.message) if error is not None else ("", "")
        if kind == "rate_limit_error":
            return RateLimited(f"{self._remote.name} is asked too often. Try again in 30 s.", retry_after_s=30, provider=self._remote.name)
        return self._remote.failure("failed", f"stopped the answer ({kind or 'error'}: {message[:300]}). Send the message again.")


async def list_models(connect: Connect, *, base_url: str, provider: str, api_key: str | None = None, timeout_s: float = 10.0) -> list[RemoteModel]:
    """Ask the server; it is also the test whether address and key are right. Raises what chat raises."""
    remote = _remote(connect, provider, base_url, api_key, timeout_s, timeout_s)
    try:
        models: list[RemoteModel] = []
        after = ""
        for _ in range(10):
            page = await remote.get(f"/v1/models?limit=100{after}")
            models += [RemoteModel(str(item["id"]), "chat", int(item.get("max_input_tokens") or _CONTEXT), True) for item in page["data"]]
            if not page.get("has_more") or not page.get("last_id"):
                break
            after = f"&after_id={page['last_id']}"
        return models
    except Refused as refused:
        raise remote.refusal(refused) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise remote.garbled("not a list of models") from None
    finally:
        await remote.close()


def _remote(connect: Connect, provider: str, base_url: str, api_key: str | None, first_byte_s: float, stall_s: float) -> Remote:
    url = base_url.strip().rstrip("/").removesuffix("/v1/messages").removesuffix("/v1")
    headers = {"anthropic-version": _VERSION} | ({"x-api-key": api_key} if api_key else {})
    return Remote(connect, name=provider, base_url=url, headers=headers, key=api_key, first_byte_s=first_byte_s, stall_s=stall_s)


def _tool(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "description": description, "input_schema": schema if schema.get("type") == "object" else {"type": "object"}}


def _messages(messages: list[ChatMessage]) -> list[dict[str, Any]]:
    """User and assistant in turn, the user first, as this interface wants it; results are parts of a user's message."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        blocks: list[dict[str, Any]] = []
        text = encodable(message.content)
        if message.role == "tool":
            blocks.append({"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": text or "(nothing)"})
        elif text.strip():
            blocks.append({"type": "text", "text": text.rstrip() if message.role == "assistant" else text})
        blocks += [{"type": "tool_use", "id": call.id, "name": call.name, "input": _arguments(call.arguments)} for call in message.tool_calls]
        role = "assistant" if message.role == "assistant" else "user"
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    if not turns or turns[0]["role"] != "user":
        turns.insert(0, {"role": "user", "content": [{"type": "text", "text": "(The conversation begins here.)"}]})
    return turns


def _arguments(text: str) -> dict[str, Any]:
    try:
        value = json.loads(encodable(text))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _unwrapped(text: str) -> str:
    try:
        return json.dumps(json.loads(text)["value"], ensure_ascii=False)
    except (ValueError, KeyError, TypeError):
        return text


class _ContentBlock(msgspec.Struct):
    type: str = ""
    id: str = ""
    name: str = ""
    text: str = ""


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None

    @property
    def prompt_tokens(self) -> int:
        return (self.input_tokens or 0) + (self.cache_read_input_tokens or 0) + (self.cache_creation_input_tokens or 0)

    def with_end(self, later: _Usage) -> _Usage:
        """The counts so far and those of the end; some servers tell the prompt's size only there."""
        return _Usage(
            later.input_tokens or self.input_tokens,
            later.output_tokens or self.output_tokens,
            later.cache_read_input_tokens or self.cache_read_input_tokens,
            later.cache_creation_input_tokens or self.cache_creation_input_tokens,
        )


class _Message(msgspec.Struct):
    model: str = ""
    usage: _Usage | None = None


class _Error(msgspec.Struct):
    type: str = ""
    message: str = ""


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: _ContentBlock | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: _Error | None = None


_decode_event = msgspec.json.Decoder(_Event).decode


class _Block:
    """A part of the answer while it arrives."""

    def __init__(self, start: _ContentBlock, has_schema: bool) -> None:
        self.id = start.id
        self.name = start.name
        self.is_call = start.type == "tool_use"
        self.is_answer = self.is_call and has_schema and start.name == _SCHEMA_TOOL
        self.json = ""
