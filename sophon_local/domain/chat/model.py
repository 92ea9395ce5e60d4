"""What goes into a turn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

import msgspec

from ..sessions import TRANSCRIPT

MAX_CONTENT = 100_000  # characters of one message
MAX_ATTACHMENTS = 20


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """``attachments`` are ids of documents; without ``session_id`` a new session begins."""

    content: str
    session_id: str | None = None
    agent_id: str | None = None
    attachments: list[str] = []
    channel_id: str | None = None


class Ack(msgspec.Struct, frozen=True):
    """The message is on disk and its turn is queued."""

    task_id: str
    session_id: str
    message_id: str


class Said(Protocol):
    @property
    def role(self) -> str: ...

    @property
    def content(self) -> str: ...


def transcript_channel(said: Sequence[Said]) -> str:
    """The channel of a conversation that its client keeps: what was said so far, as a fingerprint."""
    digest = hashlib.sha256(msgspec.json.encode([(one.role, one.content.strip()) for one in said]))
    return TRANSCRIPT + digest.hexdigest()[:32]
