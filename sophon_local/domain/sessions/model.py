"""What a conversation is made of."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ...kit.events import Event

TRANSCRIPT = "transcript:"  # channels of conversations whose client brings all of it each time

Answered = Literal["model", "extractive", "not_found"]


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a claim comes from: ``[number]`` in the text. ``start`` and ``end`` are characters in the document's text;
    ``quote`` is what stands there, and it stood in the prompt."""

    number: int
    kind: Literal["document", "memory"]
    document_id: str | None = None
    memory_id: str | None = None
    filename: str | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None
    quote: str
    score: float


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """A passage or memory that was put before the model, and why."""

    kind: Literal["document", "memory"]
    document_id: str | None = None
    memory_id: str | None = None
    filename: str | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None
    text: str
    score: float
    text_score: float | None = None
    vector_score: float | None = None
    matched_terms: list[str] = []
    why: list[str] = []


class Step(msgspec.Struct, frozen=True):
    """One step of a turn, in words: recall, read, load_model, generate or remember."""

    kind: str
    text: str
    elapsed_ms: int


class ModelUsed(msgspec.Struct, frozen=True):
    name: str
    provider: str
    is_local: bool


class TokenCount(msgspec.Struct, frozen=True):
    prompt: int = 0
    completion: int = 0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    agent_id: str
    channel_id: str | None
    parent_session_id: str | None
    status: str
    message_count: int
    tokens_used: int
    created_at: str
    last_message_at: str


class SessionPatch(msgspec.Struct, frozen=True, kw_only=True):
    title: str | UnsetType = UNSET
    status: Literal["active", "archived"] | UnsetType = UNSET


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """``status``: streaming, then complete, cancelled, interrupted (the program stopped) or failed. Whatever came is kept."""

    id: str
    session_id: str
    role: str
    content: str
    status: str
    error: str | None = None
    tool_calls: list[dict[str, Any]] = []
    attachments: list[str] = []
    task_id: str | None = None
    citations: list[Citation] = []
    recalled: list[Recalled] = []
    steps: list[Step] = []
    answered: Answered | None = None
    model: ModelUsed | None = None
    tokens: TokenCount = TokenCount()
    elapsed_ms: int | None = None
    created_at: str


class MessageCreated(Event, frozen=True):
    topic: ClassVar[str] = "message.created"
    message: Message


class MessageDelta(Event, frozen=True):
    """``offset`` is where in the content, in characters, ``delta`` begins: a reader that joins late can tell what it has."""

    topic: ClassVar[str] = "message.delta"
    message_id: str
    delta: str
    offset: int


class MessageCompleted(Event, frozen=True):
    topic: ClassVar[str] = "message.completed"
    message: Message


class TurnStep(Event, frozen=True):
    topic: ClassVar[str] = "turn.step"
    message_id: str
    kind: str
    text: str
    elapsed_ms: int


class SessionUpdated(Event, frozen=True):
    topic: ClassVar[str] = "session.updated"
    session: Session


class SessionDeleted(Event, frozen=True):
    topic: ClassVar[str] = "session.deleted"


Messages = list[Message]  # in order, oldest first


def title_of(content: str) -> str:
    """A session's title: the first words of its first message."""
    words = " ".join(content.split())
    if len(words) <= 60:
        return words or "New chat"
    return words[:60].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
