"""What an agent is."""

from __future__ import annotations

import re
import unicodedata

import msgspec
from msgspec import UNSET, UnsetType

from ...kit.errors import ValidationFailed

DEFAULT_AGENT = "sophon"
MAX_FILE_BYTES = 256 * 1024
MAX_PROMPT_CHARACTERS = 20_000  # how much of a Markdown file goes into a prompt
FILES = {"soul": "SOUL.md", "boot": "BOOT.md", "heartbeat": "HEARTBEAT.md"}

DEFAULT_SOUL = """\
You are Sophon, the assistant on this person's own computer.
Be plain, brief and kind. Say what you know, where you know it from, and when you don't know.
"""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_RESERVED = frozenset({"soul", "boot", "heartbeat", "tools"})


class ModelChoice(msgspec.Struct, frozen=True):
    """Which model an agent prefers: ``provider`` is "embedded" or a provider's id; ``fallback`` is another model's id."""

    provider: str | None = None
    model: str | None = None
    fallback: str | None = None

    @property
    def id(self) -> str | None:
        if self.model is None or self.provider in (None, "", "embedded"):
            return self.model
        return self.model if self.model.startswith(f"{self.provider}/") else f"{self.provider}/{self.model}"


class Heartbeat(msgspec.Struct, frozen=True):
    """When the agent looks at its checklist. ``active_hours`` is like "08:00-22:00", local time."""

    enabled: bool = False
    interval_minutes: int = 30
    active_hours: str | None = None
    target: str | None = None


class ToolPolicy(msgspec.Struct, frozen=True):
    """Names or globs such as ``memory.*``; what is denied wins."""

    allow: list[str] = msgspec.field(default_factory=lambda: ["*"])
    deny: list[str] = []


class NewAgent(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    id: str | None = None
    description: str = ""
    model: ModelChoice | None = None
    temperature: float | None = None
    enabled: bool = True
    color: str = "slate"
    heartbeat: Heartbeat = Heartbeat()
    soul: str | None = None


class AgentPatch(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    model: ModelChoice | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    color: str | UnsetType = UNSET
    heartbeat: Heartbeat | UnsetType = UNSET


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    description: str
    model: ModelChoice | None
    temperature: float | None
    enabled: bool
    is_default: bool
    color: str
    heartbeat: Heartbeat
    tools: ToolPolicy
    boot_completed_at: str | None
    created_at: str
    updated_at: str


class MarkdownFile(msgspec.Struct, frozen=True):
    """A file of an agent as it stands on disk now; ``etag`` changes with every byte."""

    content: str
    updated_at: str | None
    etag: str


def slug(name: str) -> str:
    """An id made of a name: "Frau Müller!" -> "frau-muller"; empty when nothing of it is a letter or digit."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def check(agent: Agent) -> None:
    """ValidationFailed, naming every field that is wrong."""
    errors = []
    if not _ID.fullmatch(agent.id) or agent.id in _RESERVED:
        errors.append({"field": "id", "message": "Use small letters, digits and hyphens, 64 at most, starting with a letter or digit."})
    if not agent.name.strip() or len(agent.name) > 100:
        errors.append({"field": "name", "message": "A name has 1 to 100 characters."})
    if len(agent.description) > 2_000:
        errors.append({"field": "description", "message": "A description has 2,000 characters at most."})
    if not re.fullmatch(r"[a-z0-9#-]{1,32}", agent.color):
        errors.append({"field": "color", "message": "A color has 1 to 32 small letters, digits, hyphens or #, such as slate or #64748b."})
    if agent.temperature is not None and not 0 <= agent.temperature <= 2:
        errors.append({"field": "temperature", "message": "The temperature is from 0 to 2."})
    if not 1 <= agent.heartbeat.interval_minutes <= 1_440:
        errors.append({"field": "heartbeat.intervalMinutes", "message": "The interval is from 1 to 1,440 minutes."})
    if agent.heartbeat.active_hours and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", agent.heartbeat.active_hours):
        errors.append({"field": "heartbeat.activeHours", "message": "Write active hours like 08:00-22:00."})
    if errors:
        raise ValidationFailed("The agent cannot be saved as it is.", errors=errors)
