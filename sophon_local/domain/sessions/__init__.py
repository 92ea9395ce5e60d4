"""Sessions: conversations and their messages."""

from .model import (
    TRANSCRIPT,
    Answered,
    Citation,
    Message,
    MessageCompleted,
    MessageCreated,
    MessageDelta,
    ModelUsed,
    Recalled,
    Session,
    SessionDeleted,
    SessionPatch,
    SessionUpdated,
    Step,
    TokenCount,
    TurnStep,
)
from .service import Sessions

__all__ = [
    "TRANSCRIPT",
    "Answered",
    "Citation",
    "Message",
    "MessageCompleted",
    "MessageCreated",
    "MessageDelta",
    "ModelUsed",
    "Recalled",
    "Session",
    "SessionDeleted",
    "SessionPatch",
    "SessionUpdated",
    "Sessions",
    "Step",
    "TokenCount",
    "TurnStep",
]
