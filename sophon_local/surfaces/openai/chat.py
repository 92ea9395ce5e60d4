"""``/v1/chat/completions``: ``model`` names an agent (``sophon/<id>``) or a model. An agent recalls, cites and remembers; a model just answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, Literal, TypeVar

import msgspec
from litestar import Request, Response, post

from ...domain.chat import NewMessage
from ...domain.sessions import Message, MessageCompleted, MessageDelta
from ...domain.tasks import TaskCancelled, TaskFailed
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.errors import Conflict, ServiceUnavailable, SophonError, UpstreamUnavailable, ValidationFailed
from ...kit.events import Event
from ...kit.ids import new_id
from ...providers.base import Chat, ChatMessage, ChatPiece, ChatRequest, Finished, TextDelta, ToolCall, ToolCalls, ToolSpec
from ..http import stream
from ..problems import to_problem
from .errors import STATUS, render
from .models import AGENT

T = TypeVar("T")


class Function(msgspec.Struct):
    name: str
    description: str = ""
    parameters: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object", "properties": {}})


class ToolObject(msgspec.Struct):
    function: Function
    type: Literal["function"] = "function"


class CalledFunction(msgspec.Struct):
    name: str
    arguments: str


class ToolCallObject(msgspec.Struct):
    id: str
    function: CalledFunction
    type: Literal["function"] = "function"


class ContentPart(msgspec.Struct):
    type: str
    text: str | None = None


class RequestMessage(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCallObject] | None = None
    tool_call_id: str | None = None


class NamedSchema(msgspec.Struct):
    name: str = "answer"
    schema: dict[str, Any] = msgspec.field(default_factory=dict)
    strict: bool | None = None
    description: str | None = None


class ResponseFormat(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class NamedFunction(msgspec.Struct):
    name: str


class NamedTool(msgspec.Struct):
    function: NamedFunction
    type: Literal["function"] = "function"


class CompletionRequest(msgspec.Struct):
    model: str
    messages: list[RequestMessage]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    tools: list[ToolObject] | None = None
    tool_choice: str | NamedTool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = 1
    logprobs: bool | None = False
    user: str | None = None


class AnswerMessage(msgspec.Struct, omit_defaults=True):
    role: str
    content: str | None
    tool_calls: list[ToolCallObject] = []
    annotations: list[dict[str, Any]] = []


class Choice(msgspec.Struct):
    index: int
    message: AnswerMessage
    finish_reason: str
    logprobs: None = None


class Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(msgspec.Struct):
    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    object: Literal["chat.completion"] = "chat.completion"


@post("/v1/chat/completions", status_code=200, summary="Complete a chat")
async def create_completion(data: CompletionRequest, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace) -> Response[Completion]:
    """Streams server-sent events with ``stream``: chunks, then ``[DONE]``. Citations of an agent's answer stand in ``annotations``."""
    _check(data)
    messages = [_to_chat_message(message) for message in data.messages]
    is_agent = data.model == AGENT.rstrip("/") or data.model.startswith(AGENT)
    if is_agent and not data.tools and data.response_format in (None, ResponseFormat("text")):
        agent_id = data.model.removeprefix(AGENT) if data.model.startswith(AGENT) else None
        return await _ask_agent(data, agent_id, messages, caller, workspace)
    chat = await workspace.chat.model_for(caller, data.model.removeprefix(AGENT) if data.model.startswith(AGENT) else None, None if is_agent else data.model)
    if is_agent:
        messages = [await workspace.chat.soul_message(caller, data.model.removeprefix(AGENT) if data.model.startswith(AGENT) else None), *messages]
    return await _ask_model(data, chat, messages, request)


def _check(data: CompletionRequest) -> None:
    wanted = data.response_format
    wrong = [
        ("messages", not data.messages, "messages holds at least one message"),
        ("n", data.n not in (None, 1), "n is 1: ask again for another answer"),
        ("logprobs", bool(data.logprobs), "logprobs are not given"),
        ("temperature", data.temperature is not None and not 0 <= data.temperature <= 2, "temperature is from 0 to 2"),
        ("top_p", data.top_p is not None and not 0 < data.top_p <= 1, "top_p is above 0 and at most 1"),
        ("max_tokens", any(n is not None and n < 1 for n in (data.max_tokens, data.max_completion_tokens)), "max_tokens is 1 or more"),
        ("response_format", wanted is not None and wanted.type == "json_schema" and not wanted.json_schema, "json_schema is missing"),
    ]  # fmt: skip
    for param, is_wrong, message in wrong:
        if is_wrong:
            raise ValidationFailed(f"{message}.", param=param)


def _to_chat_message(message: RequestMessage) -> ChatMessage:
    content = message.content or ""
    if not isinstance(content, str):
        foreign = next((part.type for part in content if part.type != "text"), None)
        if foreign is not None:
            raise ValidationFailed(f"This server takes text in messages, no {foreign}. Upload files as documents.", param="messages")
        content = "".join(part.text or "" for part in content)
    calls = [ToolCall(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or []]
    return ChatMessage("system" if message.role == "developer" else message.role, content, calls, message.tool_call_id)


async def _ask_model(data: CompletionRequest, chat: Chat, messages: list[ChatMessage], caller: Request[Any, Any, Any]) -> Response[Any]:
    schema: dict[str, Any] | None = None
    if data.response_format is not None and data.response_format.type != "text":
        schema = data.response_format.json_schema.schema if data.response_format.json_schema else {"type": "object"}
    choice = data.tool_choice.function.name if isinstance(data.tool_choice, NamedTool) else data.tool_choice or "auto"
    request = ChatRequest(
        messages=messages,
        tools=[ToolSpec(tool.function.name, tool.function.description, tool.function.parameters) for tool in data.tools or []],
        tool_choice=choice,
        json_schema=schema,
        max_tokens=data.max_completion_tokens or data.max_tokens,
        temperature=data.temperature,
        top_p=data.top_p,
        seed=data.seed,
        stop=[data.stop] if isinstance(data.stop, str) else data.stop or [],
    )
    completion_id, created = new_id("chatcmpl").replace("_", "-", 1), int(time.time())
    pieces = chat.stream(request)
    if data.stream:
        first = await anext(pieces, None)  # what fails before the first word is an error status, not a broken stream
        return stream(_chunks(_chain(first, pieces), completion_id, created, data))  # type: ignore[return-value]
    text, calls, end = await _unless_gone(caller, _whole(pieces))
    message = AnswerMessage("assistant", text if text or not calls else None, [_to_call(call) for call in calls])
    usage = Usage(end.prompt_tokens, end.completion_tokens, end.prompt_tokens + end.completion_tokens)
    return Response(Completion(completion_id, created, data.model, [Choice(0, message, "tool_calls" if calls else end.reason)], usage))


async def _whole(pieces: AsyncGenerator[ChatPiece, None]) -> tuple[str, list[ToolCall], Finished]:
    text, calls, end = "", list[ToolCall](), Finished(reason="stop")
    async with aclosing(pieces):
        async for piece in pieces:
            match piece:
                case TextDelta():
                    text += piece.text
                case ToolCalls():
                    calls = piece.calls
                case Finished():
                    end = piece
    return text, calls, end


async def _unless_gone(caller: Request[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """The outcome of ``work``, which is dropped when its caller hangs up: nobody else should wait for an answer that nobody reads."""

    async def hung_up() -> None:
        while (await caller.receive())["type"] != "http.disconnect":
            pass

    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(hung_up())
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ServiceUnavailable("The caller has hung up.")
        return working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


def _to_call(call: ToolCall) -> ToolCallObject:
    return ToolCallObject(call.id, CalledFunction(call.name, call.arguments))


async def _chain(first: ChatPiece | None, rest: AsyncGenerator[ChatPiece, None]) -> AsyncGenerator[ChatPiece, None]:
    async with aclosing(rest):
        if first is not None:
            yield first
        async for piece in rest:
            yield piece


async def _chunks(pieces: AsyncGenerator[ChatPiece, None], completion_id: str, created: int, data: CompletionRequest) -> AsyncGenerator[bytes, None]:
    def chunk(delta: dict[str, Any] | None, finish: str | None = None, usage: Usage | None = None) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
        body: dict[str, Any] = {"id": completion_id, "object": "chat.completion.chunk", "created": created, "model": data.model, "choices": choices}
        if usage is not None:
            body["usage"] = usage
        return b"data: " + msgspec.json.encode(body) + b"\n\n"

    yield chunk({"role": "assistant", "content": ""})
    called = False
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                match piece:
                    case TextDelta():
                        yield chunk({"content": piece.text})
                    case ToolCalls():
                        called = True
                        yield chunk({"tool_calls": [{"index": at, **msgspec.to_builtins(_to_call(call))} for at, call in enumerate(piece.calls)]})
                    case Finished():
                        yield chunk({}, "tool_calls" if called else piece.reason)
                        if data.stream_options is not None and data.stream_options.include_usage:
                            yield chunk(None, usage=Usage(piece.prompt_tokens, piece.completion_tokens, piece.prompt_tokens + piece.completion_tokens))
    except Exception as error:
        request_id = new_id("req")
        yield b"data: " + render(to_problem(error, request_id, STATUS), request_id) + b"\n\n"
        return
    yield b"data: [DONE]\n\n"


async def _ask_agent(data: CompletionRequest, agent_id: str | None, messages: list[ChatMessage], caller: Caller, workspace: Workspace) -> Response[Any]:
    """One turn of the agent, kept as a session: the same rows and events as ``POST /api/chat``."""
    if messages[-1].role != "user":
        raise ValidationFailed("The last message is the user's.", param="messages")
    said = [message for message in messages[:-1] if message.role != "tool"]
    events = workspace.events.subscribe(lambda event: event.task_id is not None)
    try:
        ack = await workspace.chat.send_transcript(caller, NewMessage(content=messages[-1].content, agent_id=agent_id), said)
    except BaseException:
        await events.aclose()
        raise
    completion_id, created = ack.task_id.replace("task_", "chatcmpl-"), int(time.time())
    pieces = _agent_pieces(events, ack.task_id)
    if data.stream:
        return stream(_chunks(pieces, completion_id, created, data))  # type: ignore[return-value]
    async with aclosing(pieces):
        async for _ in pieces:
            pass
    message = await workspace.sessions.answer_of(ack.task_id)
    if message is None or message.status == "failed":
        raise UpstreamUnavailable((message.error if message else None) or "The agent could not answer.")
    if message.status != "complete":
        raise Conflict(message.error or f"The answer was {message.status}.")
    usage = Usage(message.tokens.prompt, message.tokens.completion, message.tokens.prompt + message.tokens.completion)
    answer = AnswerMessage("assistant", message.content, annotations=_annotations(message))
    return Response(Completion(completion_id, created, data.model, [Choice(0, answer, "stop")], usage))


async def _agent_pieces(events: Any, task_id: str) -> AsyncGenerator[ChatPiece, None]:
    """What one turn publishes, as pieces of an answer."""
    try:
        async for recorded in events:
            event: Event = recorded.event
            if event.task_id != task_id:
                continue
            if isinstance(event, MessageDelta):
                yield TextDelta(event.delta)
            elif isinstance(event, MessageCompleted):
                if event.message.status == "failed":
                    raise UpstreamUnavailable(event.message.error or "The agent could not answer.")
                tokens = event.message.tokens
                reason = "stop" if event.message.status == "complete" else "length"
                yield Finished(reason=reason, prompt_tokens=tokens.prompt, completion_tokens=tokens.completion)
                return
            elif isinstance(event, TaskFailed | TaskCancelled):
                raise SophonError(event.task.error or "The turn was stopped.")
    finally:
        await events.aclose()


def _annotations(message: Message) -> list[dict[str, Any]]:
    return [
        {
            "type": "sophon_citation",
            "sophon_citation": {name: value for name in citation.__struct_fields__ if (value := getattr(citation, name)) is not None},
        }
        for citation in message.citations
    ]


ROUTES = [create_completion]
