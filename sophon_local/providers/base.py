"""The ports: what the program needs of the outside world. One folder beside this file per adapter."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

import msgspec


class ToolCall(msgspec.Struct, frozen=True):
    """A call that a model wants made. ``arguments`` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


class ChatMessage(msgspec.Struct, frozen=True):
    """``role`` is system, user, assistant or tool; a tool message answers ``tool_call_id``."""

    role: str
    content: str
    tool_calls: list[ToolCall] = []
    tool_call_id: str | None = None


class ToolSpec(msgspec.Struct, frozen=True):
    """``parameters`` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call to a chat model. ``json_schema`` constrains the whole answer to JSON of that schema."""

    messages: list[ChatMessage]
    tools: list[ToolSpec] = []
    tool_choice: str = "auto"  # auto, none, required, or a tool's name
    json_schema: dict[str, Any] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: list[str] = []


class TextDelta(msgspec.Struct, frozen=True):
    """The next piece of the answer."""

    text: str


class ToolCalls(msgspec.Struct, frozen=True):
    """The calls of this answer, complete; sent once, before ``Finished``."""

    calls: list[ToolCall]


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The last piece. ``reason`` is stop, length, tool_calls or cancelled; token counts as the model reports them, 0 where it does not."""

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""


ChatPiece = TextDelta | ToolCalls | Finished


class ChatModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a model can do. ``context_tokens`` is prompt and answer together; ``prompt_budget`` is how much prompt is wise."""

    name: str
    provider: str
    is_local: bool
    context_tokens: int
    prompt_budget: int
    has_native_tools: bool


class Chat(Protocol):
    """A chat model. ``stream`` yields pieces and ends with ``Finished``; closing the iterator stops the model within a token.

    Raises ``UpstreamUnavailable`` (with what to do) when the model does not answer, ``RateLimited`` when it asks to wait.
    """

    facts: ChatModelFacts

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]: ...

    async def count_tokens(self, text: str) -> int: ...

    async def close(self) -> None: ...


class EmbedderFacts(msgspec.Struct, frozen=True):
    """``id`` names model and version: vectors of different ids are never compared."""

    id: str
    dimensions: int
    max_tokens: int


class Embedder(Protocol):
    """Text to unit vectors: each is ``dimensions`` little-endian float32, L2-normalised, as bytes."""

    facts: EmbedderFacts

    async def embed(self, texts: list[str]) -> list[bytes]: ...

    async def close(self) -> None: ...
