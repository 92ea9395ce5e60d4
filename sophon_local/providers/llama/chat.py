"""The embedded chat model: llama.cpp in a process of its own, one answer at a time, first come, first served."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from ...kit.errors import ServiceUnavailable, SophonError, UpstreamUnavailable, ValidationFailed
from .. import machine
from ..base import ChatMessage, ChatModelFacts, ChatPiece, ChatRequest, Finished, TextDelta, ToolCalls
from ..text import encodable
from ..toolcalls import CallsInText, Fragments
from .gguf import ModelFile, missing, read_model_file
from .process import Answer, Gone, ModelProcess
from .protocol import CallPart, Done, Failed, Text
from .tools import choice_messages, choice_schema, plain_messages, read_choice

SMALL = 2_500_000_000  # weights; below it, short prompts, and tools by grammar. (Files of "1.7B" models hold up to 2.0e9.)
_SMALL_PROMPT = 700  # tokens: a small model on two cores reads 40 to 100 a second, and answers best from few passages
_SMALL_CONTEXT, _LARGE_CONTEXT, _LEAST_CONTEXT = 8_192, 16_384, 2_048
_SMALL_ANSWER, _LARGE_ANSWER = 1_024, 2_048  # tokens, where the request sets no limit: small models may never stop
_TEMPERATURE = 0.3  # where the request sets none; small models wander at llama.cpp's own 0.8
_COMPUTE_BYTES = 200 * 1024 * 1024  # what llama.cpp and Python need beside the weights and the context
_MOST_USERS = 64  # requests that wait or are being answered
_STALLED_AFTER_S = 300.0


class LlamaChat:
    """``Chat`` on a GGUF file. The model is loaded by the first request and unloaded after ``idle_s`` seconds without one.

    ``spin`` lets llama.cpp's threads wait busily: up to twice as fast on an idle machine, twenty times slower on a busy one. ``smaller`` is the name of a model
    to recommend when memory is short. ``on_change`` is called with True and False when the model has been loaded and unloaded.
    """

    def __init__(
        self,
        file: ModelFile,
        *,
        name: str,
        threads: int | None = None,
        context_tokens: int | None = None,
        idle_s: float = 900.0,
        spin: bool = False,
        smaller: str | None = None,
        on_change: Callable[[bool], None] | None = None,
    ) -> None:
        self._file = file
        self._is_small = file.parameters < SMALL
        context = min(context_tokens or _wise_context(file), file.trained_context)
        self.facts = ChatModelFacts(
            name=name,
            provider="llama",
            is_local=True,
            context_tokens=context,
            prompt_budget=min(_SMALL_PROMPT, context // 2) if self._is_small else max(_SMALL_PROMPT, context // 4),
            has_native_tools=not self._is_small and file.knows_tools,
        )
        self._threads = threads or machine.usable_cores()
        self._idle_s = idle_s
        self._spin = spin
        self._smaller = smaller
        self._on_change = on_change
        self._process: ModelProcess | None = None
        self._turn = asyncio.Lock()  # asyncio's lock is fair: first come, first served
        self._loading: asyncio.Task[ModelProcess] | None = None
        self._users = 0  # whoever waits for the model or uses it
        self._idle_timer: asyncio.TimerHandle | None = None
        self._unloading: asyncio.Task[None] | None = None
        self._is_closed = False
        marks = sorted((re.escape(token) for token in file.control_tokens), key=len, reverse=True)
        self._marks = re.compile("|".join(marks)) if marks else None

    @classmethod
    async def open(cls, path: Path, **options: Any) -> LlamaChat:
        """Read the file's header, off the event loop; ``UpstreamUnavailable`` when the file is missing or damaged."""
        return cls(await asyncio.to_thread(read_model_file, path), **options)

    @property
    def is_loaded(self) -> bool:
        return self._process is not None and self._process.is_ready

    @property
    def is_busy(self) -> bool:
        """An answer is being written, or the model is being loaded for one."""
        return self._turn.locked()

    @property
    def pid(self) -> int | None:
        """The model's process, while there is one."""
        return self._process.pid if self._process is not None else None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        if not request.tools or request.tool_choice == "none":
            pieces = self._write(request, plain_messages(request.messages))
        elif self.facts.has_native_tools and request.json_schema is None:
            pieces = self._write(request, _native_messages(request.messages), with_tools=True)
        else:
            pieces = self._choose_and_write(request)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def count_tokens(self, text: str) -> int:
        if not text:
            return 0
        self._users += 1
        try:
            return await (await self._ready()).count(encodable(text))
        finally:
            self._leave()

    async def load(self) -> None:
        """Load the model now, so that the first answer does not wait for it."""
        self._users += 1
        try:
            await self._ready()
        finally:
            self._leave()

    async def unload(self) -> None:
        """Give the memory back; an answer that is being written ends with an error. The next request loads the model again."""
        self._stop_idle_timer()
        await self._unload()

    async def close(self) -> None:
        self._is_closed = True
        await self.unload()
        if self._loading is not None:
            await asyncio.gather(self._loading, return_exceptions=True)

    # -- asking

    async def _choose_and_write(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        """A small model's tool use: first which tool, under a grammar; then, when it needs none, the answer."""
        body = {"messages": self._clean(choice_messages(request)), "temperature": 0.0, "max_tokens": self._most_tokens(request)}
        text, choosing = "", Done(id=0, reason="stop")
        async with aclosing(self._ask(body, [choice_schema(request), choice_schema(request, is_loose=True)])) as answer:
            async for news in answer:
                if isinstance(news, Text):
                    text += news.text
                elif isinstance(news, Done):
                    choosing = news
        call = read_choice(text, request)
        if call is None and choosing.reason == "stop" and request.tool_choice == "auto":
            async with aclosing(self._write(request, plain_messages(request.messages))) as pieces:
                async for piece in pieces:
                    yield _with_tokens_of(choosing, piece) if isinstance(piece, Finished) else piece
            return
        if call is not None:
            yield ToolCalls([call])
        yield Finished(
            reason="tool_calls" if call else choosing.reason,
            prompt_tokens=choosing.prompt_tokens,
            completion_tokens=choosing.completion_tokens,
            model=self.facts.name,
        )

    async def _write(self, request: ChatRequest, messages: list[dict[str, Any]], *, with_tools: bool = False) -> AsyncGenerator[ChatPiece, None]:
        body: dict[str, Any] = {
            "messages": self._clean(messages),
            "max_tokens": self._most_tokens(request),
            "temperature": _TEMPERATURE if request.temperature is None else request.temperature,
            "stop": [text for text in request.stop if text],
        }
        if request.top_p is not None:
            body["top_p"] = request.top_p
        if request.seed is not None:
            body["seed"] = request.seed & 0xFFFFFFFF
        schemas = [request.json_schema] if request.json_schema is not None else []
        if with_tools:
            body["tools"] = [
                {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}} for tool in request.tools
            ]
            named = request.tool_choice not in ("auto", "required")
            body["tool_choice"] = {"type": "function", "function": {"name": request.tool_choice}} if named else request.tool_choice
            body["parallel_tool_calls"] = True
        sift = CallsInText([tool.name for tool in request.tools] if with_tools else [])
        fragments = Fragments()
        async with aclosing(self._ask(body, schemas)) as answer:
            async for news in answer:
                match news:
                    case Text(text=text):
                        if shown := sift.feed(text):
                            yield TextDelta(shown)
                    case CallPart():
                        fragments.add(news.index, news.call_id, news.name, news.arguments)
                    case Done():
                        rest, found = sift.finish()
                        if rest:
                            yield TextDelta(rest)
                        if calls := fragments.calls() or found:
                            yield ToolCalls(calls)
                        yield Finished(
                            reason="tool_calls" if calls and news.reason == "stop" else news.reason,
                            prompt_tokens=news.prompt_tokens,
                            completion_tokens=news.completion_tokens,
                            model=self.facts.name,
                        )

    def _most_tokens(self, request: ChatRequest) -> int:
        if request.max_tokens is not None:
            return request.max_tokens
        return _SMALL_ANSWER if self._is_small else _LARGE_ANSWER

    async def _ask(self, body: dict[str, Any], schemas: list[dict[str, Any]]) -> AsyncGenerator[Text | CallPart | Done, None]:
        """One question; the answer keeps to the first of ``schemas`` that llama.cpp accepts.

        As ``response_format``, never as ``grammar``: a grammar that llama.cpp cannot compile is dropped without a word, and the answer is free text.
        """
        body |= {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True, "cache_prompt": True}
        tries = [{**body, "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}} for schema in schemas] or [body]
        refusal = ""
        for attempt in tries:
            async with aclosing(self._ask_once(attempt)) as answer:
                async for news in answer:
                    if isinstance(news, Failed):
                        refusal = news.message
                        break
                    yield news
                else:
                    return
        raise ValidationFailed(f"The model's process refused the request: {refusal[:300]}", reason="request_refused")

    async def _ask_once(self, body: dict[str, Any]) -> AsyncGenerator[Text | CallPart | Done | Failed, None]:
        answer, process = await self._begin(body)
        try:
            while not isinstance(news := await self._next(answer, process), Done | Failed):
                if isinstance(news, Text | CallPart):
                    yield news
            if isinstance(news, Failed) and news.kind not in ("refused", "invalid_request_error"):
                raise self._failure(news)
            yield news
        finally:
            process.stop(answer)

    async def _begin(self, body: dict[str, Any]) -> tuple[Answer, ModelProcess]:
        """Wait for this question's turn and ask it. The turn ends when the child says so, not when the reader has read everything."""
        if self._users >= _MOST_USERS:
            raise ServiceUnavailable("Too many requests are waiting for the model. Try again in a minute.")
        self._users += 1
        has_turn = False

        def end() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._turn.release()
            self._leave()

        try:
            await self._turn.acquire()
            has_turn = True
            process = await self._ready()
            return process.ask(body, end), process
        except BaseException:
            end()
            raise

    async def _next(self, answer: Answer, process: ModelProcess) -> Any:
        try:
            async with asyncio.timeout(_STALLED_AFTER_S):
                news = await answer.next()
        except TimeoutError:
            await process.close()
            raise UpstreamUnavailable(
                "The model has made no progress for five minutes and was stopped. Send the message again.", reason="model_stalled"
            ) from None
        if isinstance(news, Gone):
            raise UpstreamUnavailable(news.message, reason="model_stopped")
        return news

    def _failure(self, news: Failed) -> SophonError:
        if news.kind == "exceed_context_size_error":
            size = f"{news.prompt_tokens:,} tokens" if news.prompt_tokens else "more tokens"
            return ValidationFailed(
                f"The message and its context have {size}; {self.facts.name} holds {self.facts.context_tokens:,}. "
                "Shorten it or choose a model with a longer context.",
                reason="prompt_too_long",
            )
        return UpstreamUnavailable(f"The model could not answer: {news.message[:300]}", reason="model_failed")

    def _clean(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Text that can be encoded, in which nothing reads as a mark of the chat template: a document cannot open a turn of its own."""
        for message in messages:
            text = encodable(message["content"])
            message["content"] = self._marks.sub(lambda mark: f"{mark[0][0]} {mark[0][1:]}", text) if self._marks else text
        return messages

    # -- the process

    async def _ready(self) -> ModelProcess:
        """The process with its model loaded. Loading goes on when the one who asked for it leaves: the next one will want it."""
        self._stop_idle_timer()
        if self._is_closed:
            raise ServiceUnavailable("This model has been closed. Send the message again.")
        if self._process is not None and self._process.is_ready:
            return self._process
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._loading)

    async def _load(self) -> ModelProcess:
        await self._unload()
        await self._check_room()
        process = self._process = await ModelProcess.start(self._file, spin=self._spin, on_gone=lambda: self._tell(False))
        if self._is_closed:
            await process.close()
        await process.load(context_tokens=self.facts.context_tokens, threads=self._threads)
        self._tell(True)
        return process

    async def _unload(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    async def _check_room(self) -> None:
        if not await asyncio.to_thread(self._file.path.is_file):
            raise missing(self._file.path)
        needed = self._file.size_bytes + self.facts.context_tokens * self._file.memory_per_token + _COMPUTE_BYTES
        available = machine.available_memory()
        if available < needed:
            instead = f"choose a smaller model, such as {self._smaller}" if self._smaller else "choose a smaller model"
            raise UpstreamUnavailable(
                f"{self.facts.name} needs about {_gigabytes(needed)} of free memory and this machine has {_gigabytes(available)}. "
                f"Close other programs, or {instead}.",
                reason="not_enough_memory",
            )

    def _leave(self) -> None:
        """One user less; when nobody is left, unload unless someone comes within the idle time."""
        self._users -= 1
        self._stop_idle_timer()
        if self._users == 0 and self._process is not None:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_s, self._unload_when_idle)

    def _unload_when_idle(self) -> None:
        if self._users == 0:
            self._unloading = asyncio.create_task(self._unload())

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _tell(self, is_loaded: bool) -> None:
        if self._on_change is not None:
            self._on_change(is_loaded)


def _wise_context(file: ModelFile) -> int:
    """As much context as a thirty-second of the machine's memory holds, within reason."""
    most = _SMALL_CONTEXT if file.parameters < SMALL else _LARGE_CONTEXT
    affordable = machine.total_memory() // 32 // max(1, file.memory_per_token)
    return max(_LEAST_CONTEXT, min(most, affordable // 256 * 256))


def _native_messages(messages: list[ChatMessage]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = []
    for message in messages:
        item: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            item["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in message.tool_calls
            ]
        if message.role == "tool" and message.tool_call_id:
            item["tool_call_id"] = message.tool_call_id
        plain.append(item)
    return plain


def _with_tokens_of(choosing: Done, finished: Finished) -> Finished:
    return msgspec.structs.replace(
        finished, prompt_tokens=finished.prompt_tokens + choosing.prompt_tokens, completion_tokens=finished.completion_tokens + choosing.completion_tokens
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
