"""What a memory is made of, and how much a found one counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ...kit import clock
from ...kit.errors import ValidationFailed
from ...kit.events import Event
from ..search import Hit

Category = Literal["fact", "preference", "observation"]
Scope = Literal["user", "agent"]
SourceKind = Literal["person", "turn", "document", "import"]

CATEGORIES = ("fact", "preference", "observation")
SCOPES = ("user", "agent")
CONTENT_CHARACTERS = 10_000
QUERY_CHARACTERS = 2_000
TAGS = 32
TAG_CHARACTERS = 64
IMPORTANCE = 0.5  # of an entry whose author did not say
DEEPEST = 3  # steps through the graph

# How much a hit counts: its relevance, of which up to the sum of these hangs on circumstances. Whom a statement is about is half of what it
# says ("Clara lives in Oslo" is no answer to "where do I live?"), so that counts most; being new or important only settles what is close.
# Relevance leads: a memory about something else never wins by circumstances alone. Set on these grounds, not tuned to any data.
RECENCY_SHARE = IMPORTANCE_SHARE = 0.1
ENTITY_SHARE = 0.25
# After so many days a memory counts half as recent. What was observed in passing ages fast; what somebody is or likes hardly does.
HALF_LIFE_DAYS = {"fact": 365.0, "preference": 365.0, "observation": 30.0}


class SourceRef(msgspec.Struct, frozen=True, kw_only=True):
    """Where an entry comes from."""

    kind: SourceKind
    session_id: str | None = None
    message_id: str | None = None
    document_id: str | None = None


class EntityRef(msgspec.Struct, frozen=True):
    id: str
    name: str
    type: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is remembered. ``scope`` user: by all of the person's agents; agent: by ``agent_id`` alone.

    It holds from ``valid_from`` until just before ``valid_to``. ``superseded_by`` is the entry that takes its place then, ``supersedes`` what it replaced
    itself: an entry of its own, or what it said before it was changed.
    """

    id: str
    content: str
    category: str
    scope: str
    agent_id: str | None
    importance: float
    tags: list[str]
    entities: list[EntityRef] = []
    source: SourceRef | None
    valid_from: str
    valid_to: str | None
    supersedes: str | None
    superseded_by: str | None
    created_at: str
    updated_at: str
    last_used_at: str | None
    use_count: int


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """``valid_from`` None: from now on. ``supersedes`` names the entry whose place it takes."""

    content: str
    category: str = "fact"
    scope: str = "user"
    agent_id: str | None = None
    importance: float = IMPORTANCE
    tags: list[str] = []
    source: SourceRef | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    supersedes: str | None = None


class EntryPatch(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change; UNSET stays as it is. ``valid_to`` None: it holds until further notice."""

    content: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    importance: float | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    valid_from: str | UnsetType = UNSET
    valid_to: str | UnsetType | None = UNSET


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """``q``: each of its words stands in the content."""

    scope: str | None = None
    category: str | None = None
    agent_id: str | None = None
    tag: str | None = None
    q: str | None = None
    include_superseded: bool = False


class MemoryHit(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that was found. ``score`` is the relevance of ``hit`` weighted by the three shares, each 0..1; ``why`` says the same in words.

    ``is_standing``: it was not searched for, but holds for every answer ("always answer in German").
    """

    entry: Entry
    hit: Hit
    score: float
    recency: float
    importance: float
    entity_match: float
    why: list[str]
    is_standing: bool = False


class Found(msgspec.Struct, frozen=True):
    """``mode``: hybrid, or keyword while there are no vectors."""

    hits: list[MemoryHit]
    mode: Literal["hybrid", "keyword"]


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a conversation."""

    session_id: str
    message_id: str
    agent_id: str
    user_text: str
    assistant_text: str


class NotKept(msgspec.Struct, frozen=True):
    """What a turn said that was not kept, and why, in a sentence for the person. ``is_secret``: the person gave a secret away, which ``text`` masks."""

    text: str
    reason: str
    is_secret: bool = False


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn left behind: new entries, those they replaced, those that were said once more, and what was not kept."""

    written: list[Entry] = []
    superseded: list[Entry] = []
    strengthened: list[Entry] = []
    skipped: list[NotKept] = []


class Node(msgspec.Struct, frozen=True):
    id: str
    name: str
    type: str
    mentions: int


class Edge(msgspec.Struct, frozen=True):
    """``relation`` leads from ``from_id`` to ``to_id`` and was read in ``entry_id``."""

    from_id: str
    to_id: str
    relation: str
    entry_id: str


class Graph(msgspec.Struct, frozen=True):
    nodes: list[Node]
    edges: list[Edge]


class LogLine(msgspec.Struct, frozen=True):
    at: str
    text: str
    session_id: str | None
    agent_id: str | None


class DailyLog(msgspec.Struct, frozen=True):
    date: str
    entries: list[LogLine]


class MemoryWritten(Event, frozen=True):
    """An entry is new or was changed."""

    topic: ClassVar[str] = "memory.written"
    entry: Entry


class MemorySuperseded(Event, frozen=True):
    topic: ClassVar[str] = "memory.superseded"
    entry: Entry


class MemoryDeleted(Event, frozen=True):
    topic: ClassVar[str] = "memory.deleted"
    entry_id: str


def group_of(scope: str, agent_id: str | None, *, is_past: bool = False) -> str:
    """The group of the search index that an entry lies in. What no longer holds lies apart, so that it neither crowds nor colours a search of today."""
    return (f"agent:{agent_id}" if scope == "agent" else "user") + ("/past" if is_past else "")


def recency(category: str, recorded_at: str, at: datetime) -> float:
    """1 for what was learned just now, halved with every half-life."""
    days = max((at - clock.parse(recorded_at)).total_seconds(), 0.0) / 86_400
    return float(0.5 ** (days / HALF_LIFE_DAYS.get(category, 365.0)))


def weighted(relevance: float, recency: float, importance: float, entity_match: float) -> float:
    rest = 1 - RECENCY_SHARE - IMPORTANCE_SHARE - ENTITY_SHARE
    return relevance * (rest + RECENCY_SHARE * recency + IMPORTANCE_SHARE * importance + ENTITY_SHARE * entity_match)


def strengthened(importance: float) -> float:
    """The importance of what was said once more."""
    return round(importance + 0.1 * (1 - importance), 4)


def moment(text: str, field: str) -> str:
    """A time in a body, as the database writes it; ValidationFailed when it is none."""
    try:
        return clock.timestamp(clock.parse(text.strip()))
    except (ValueError, OverflowError):
        raise refused(field, f"{field} is not a time in ISO 8601, such as 2026-03-01 or 2026-03-01T09:00:00Z.") from None


def as_of(text: str) -> str:
    """The moment that a question is asked about; a day without an hour means the end of that day. ValueError when it is neither."""
    text = text.strip()
    if len(text) > 6 and text[-6] == " " and text[-3] == ":":  # a plus sign that an address was not escaped for
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        found = clock.parse(text)
        if len(text) <= 10:
            found += timedelta(days=1, microseconds=-1)
        return clock.timestamp(found)
    except OverflowError:
        raise ValueError(text) from None


def refused(field: str, message: str) -> ValidationFailed:
    return ValidationFailed(message, errors=[{"field": field, "message": message}])


def checked_content(content: str) -> str:
    content = content.replace("\r\n", "\n").strip()
    if not content:
        raise refused("content", "content is empty. Write down what is to be remembered.")
    if len(content) > CONTENT_CHARACTERS:
        raise refused("content", f"content has {len(content):,} characters; {CONTENT_CHARACTERS:,} is the most. Upload it as a document instead.")
    if "\x00" in content or any("\ud800" <= ch <= "\udfff" for ch in content):
        raise refused("content", "content holds characters that are no text.")
    return content


def checked_tags(tags: list[str]) -> list[str]:
    cleaned = list(dict.fromkeys(" ".join(tag.split()) for tag in tags))
    if len(cleaned) > TAGS or any(not tag or len(tag) > TAG_CHARACTERS or "\x00" in tag for tag in cleaned):
        raise refused("tags", f"tags are at most {TAGS}, each of 1 to {TAG_CHARACTERS} characters.")
    return cleaned


def checked_importance(importance: float) -> float:
    if not 0 <= importance <= 1:  # NaN is refused too
        raise refused("importance", "importance is a number from 0 to 1.")
    return float(importance)


def checked_choice(field: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise refused(field, f"{field} is one of {', '.join(choices)}.")
    return value


def check_order(valid_from: str, valid_to: str | None) -> None:
    if valid_to is not None and valid_to <= valid_from:
        raise refused("validTo", "validTo must be later than validFrom.")
