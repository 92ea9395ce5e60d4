"""Chat over ``/chat/completions``. Servers differ in what they accept, so a refused parameter is left out or renamed, and remembered."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from ..base import ChatMessage, ChatModelFacts, ChatPiece, ChatRequest, Finished, TextDelta, ToolCalls
from ..remote import Refused, Remote
from ..text import encodable, estimate_tokens
from ..toolcalls import CallsInText, Fragments
from .discovery import api_url

if TYPE_CHECKING:
    from ..remote import Connect

_UNKNOWN_CONTEXT = {"openai": 32_768, "ollama": 4_096, "lmstudio": 4_096}
_LOCAL_PROMPT, _HOSTED_PROMPT = 6_000, 24_000  # tokens of prompt that are wise at most: time to the first token, and money
_DROPPABLE = ("stream_options", "temperature", "top_p", "seed", "stop", "parallel_tool_calls")
_REASONS = {"stop": "stop", "length": "length", "max_tokens": "length", "tool_calls": "tool_calls", "function_call": "tool_calls"}


class OpenAIChat:
    """``Chat`` on one model of one server. ``provider`` is the person's name for the server, ``kind`` openai, ollama or lmstudio."""

    def __init__(
        self,
        connect: Connect,
        *,
        base_url: str,
        model: str,
        provider: str,
        api_key: str | None = None,
        kind: str = "openai",
        is_local: bool = False,
        context_tokens: int | None = None,
        has_native_tools: bool = True,
        first_byte_s: float = 300.0,
        stall_s: float = 60.0,
    ) -> None:
        context = context_tokens or _UNKNOWN_CONTEXT.get(kind, 32_768)
        self.facts = ChatModelFacts(
            name=model,
            provider=provider,
            is_local=is_local,
            context_tokens=context,
            prompt_budget=min(context // 2, _LOCAL_PROMPT if is_local else _HOSTED_PROMPT),
            has_native_tools=has_native_tools,
        )
        url = api_url(base_url, kind)
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._remote = Remote(connect, name=provider, base_url=url, headers=headers, key=api_key, first_byte_s=first_byte_s, stall_s=stall_s)
        self._limit_name = "max_completion_tokens" if "//api.openai.com/" in url else "max_tokens"
        self._left_out: set[str] = set()  # parameters that this server refuses

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        while True:
            body = self._body(request)
            has_begun = False
            try:
                async with aclosing(self._read(request, body)) as pieces:
                    async for piece in pieces:
                        has_begun = True
                        yield piece
                return
            except Refused as refused:
                if has_begun or not self._learn(refused, body):
                    raise self._remote.refusal(refused) from None

    async def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    async def close(self) -> None:
        await self._remote.close()

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        messages = [_message(message) for message in request.messages]
        body: dict[str, Any] = {
            "model": self.facts.name,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            self._limit_name: request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed,
            "stop": [text for text in request.stop if text] or None,
        }
        if request.tools and request.tool_choice != "none":
            body["tools"] = [
                {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}} for tool in request.tools
            ]
            named = request.tool_choice not in ("auto", "required")
            body["tool_choice"] = {"type": "function", "function": {"name": request.tool_choice}} if named else request.tool_choice
        if request.json_schema is not None:
            if "response_format" in self._left_out:
                rule = f"Answer with JSON only, without a code fence, of this JSON Schema: {json.dumps(request.json_schema, ensure_ascii=False)}"
                messages.insert(0, {"role": "system", "content": encodable(rule)})
            else:
                form = {"name": "answer", "schema": request.json_schema, "strict": _is_strict(request.json_schema)}
                body["response_format"] = {"type": "json_schema", "json_schema": form}
        return {key: value for key, value in body.items() if value is not None and key not in self._left_out}

    def _learn(self, refused: Refused, body: dict[str, Any]) -> bool:
        """Take from a refusal which parameter to rename or leave out from now on; False: there is nothing to take."""
        said = refused.message
        if self._limit_name in body and self._limit_name in said:
            other = "max_tokens" if self._limit_name == "max_completion_tokens" else "max_completion_tokens"
            if f"limit:{other}" not in self._left_out:
                self._left_out.add(f"limit:{self._limit_name}")
                self._limit_name = other
                return True
        if "response_format" in body and ("response_format" in said or "json_schema" in said or "schema" in said.lower()):
            self._left_out.add("response_format")
            return True
        for name in _DROPPABLE:
            if name in body and re.search(rf"\b{name}\b", said):
                self._left_out.add(name)
                return True
        return False

    async def _read(self, request: ChatRequest, body: dict[str, Any]) -> AsyncGenerator[ChatPiece, None]:
        offered = [tool.name for tool in request.tools] if "tools" in body else []
        sift, fragments = CallsInText(offered), Fragments()
        reason, usage, model, is_complete = None, _Usage(), self.facts.name, False
        async with aclosing(self._remote.stream("/chat/completions", body)) as events:
            async for event in events:
                if event.data.strip() == "[DONE]":
                    is_complete = True
                    break
                if event.name not in ("message", "json", "error") or not event.data.strip():
                    continue
                chunk = self._chunk(event.data)
                if chunk.error is not None:
                    raise self._remote.failure("failed", f"stopped the answer: {_words_of(chunk.error)}")
                usage, model = chunk.usage or usage, chunk.model or model
                for choice in chunk.choices:
                    part = choice.message if event.name == "json" else choice.delta
                    if part is not None:
                        if (text := _text_of(part.content)) and (shown := sift.feed(text)):
                            yield TextDelta(shown)
                        for place, call in enumerate(part.tool_calls or []):
                            function = call.function or _Function()
                            arguments = function.arguments if isinstance(function.arguments, str | None) else json.dumps(function.arguments)
                            fragments.add(place if call.index is None else call.index, call.id, function.name, arguments)
                    reason = choice.finish_reason or reason
        if not is_complete and reason is None:
            raise self._remote.cut_off()
        rest, found = sift.finish()
        if rest:
            yield TextDelta(rest)
        if calls := fragments.calls() or found:
            yield ToolCalls(calls)
        ending = _REASONS.get(reason or "stop", "stop")
        yield Finished(
            reason="tool_calls" if calls and ending == "stop" else ending,
            prompt_tokens=usage.prompt_tokens or 0,
            completion_tokens=usage.completion_tokens or 0,
            model=model,
        )

    def _chunk(self, text: str) -> _Chunk:
        try:
            return _decode_chunk(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            raise self._remote.garbled("an event that is no piece of an answer") from None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Part(msgspec.Struct):
    content: Any = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    delta: _Part | None = None
    message: _Part | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    model: str | None = None
    error: Any = None


_decode_chunk = msgspec.json.Decoder(_Chunk, strict=False).decode


def _message(message: ChatMessage) -> dict[str, Any]:
    item: dict[str, Any] = {"role": message.role, "content": encodable(message.content)}
    if message.tool_calls:
        item["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": encodable(call.arguments)}} for call in message.tool_calls
        ]
        item["content"] = item["content"] or None
    if message.role == "tool":
        item["tool_call_id"] = message.tool_call_id or ""
    return item


def _is_strict(schema: Any) -> bool:
    """Whether each object in the schema is closed and requires all it has: only then do strict servers take it as strict."""
    if isinstance(schema, list):
        return all(_is_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        names = set(properties) if isinstance(properties, dict) else set()
        if schema.get("additionalProperties") is not False or set(schema.get("required") or ()) != names:
            return False
    return all(_is_strict(value) for value in schema.values())


def _text_of(content: Any) -> str:
    """Content is text, or a list of parts of which some are text."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def _words_of(error: Any) -> str:
    if isinstance(error, dict):
        return str(error.get("message") or error.get("type") or "no reason given")[:300]
    return str(error)[:300]
