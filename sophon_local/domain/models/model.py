"""What a model and a provider are, and which model suits a machine."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from ...kit.errors import NoChatModel, ValidationFailed
from ...kit.events import Event

CHAT, EMBEDDING = "chat", "embedding"
DEFAULT_EMBEDDING = "all-minilm-l6-v2"
DEFAULT_CHAT = "qwen2.5-coder-0.5b-instruct"
SMALL_CHAT = "smollm2-135m-instruct"
DEFAULT_CHAT_MEMORY = 4_000_000_000  # below this much memory the small chat model is fetched by itself instead

# Where a provider of a kind is expected when nobody says otherwise. The two local ones speak OpenAI's language.
BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434/v1",
    "lmstudio": "http://127.0.0.1:1234/v1",
}
KIND_NAMES = {"openai": "OpenAI-compatible", "anthropic": "Anthropic", "ollama": "Ollama", "lmstudio": "LM Studio"}
DISCOVERED = ("ollama", "lmstudio")  # their ids too, when they were found and not registered

_YES, _TIGHT = 0.5, 0.8  # shares of the machine's memory that a model may take
_BYTES_PER_S_AND_CORE = 4.6e9  # weights that llama.cpp reads for each token: 8.2 tokens/s of a 1.117 GB file on 2 cores, measured
_PLEASANT_TOKENS_PER_S = 6.0
_SLUG = re.compile(r"[^a-z0-9.]+")


class NotInstalled(NoChatModel):
    """The model is known, but its files are not here (yet)."""

    code = "model_not_installed"


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place that has a file: exactly one of ``index`` and ``hub`` is set (catalogue.toml explains them)."""

    index: str | None = None
    version: str | None = None
    member: str | None = None
    parts: int = 0
    hub: str | None = None
    revision: str | None = None
    path: str | None = None


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    sha256: str
    size_bytes: int
    sources: list[Source] = []


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that can run in this program: one of the catalogue, or a person's own file."""

    id: str
    name: str
    kind: str
    licence: str
    parameters: str | None = None
    context_tokens: int | None = None
    memory_bytes: int
    rank: int = 0
    is_open: bool = True
    note: str = ""
    source: str = "catalogue"
    files: list[File]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


class Machine(msgspec.Struct, frozen=True):
    memory_bytes: int
    available_bytes: int
    cores: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a download is. ``status`` is queued, downloading, verifying or failed; ``error`` also says why a queued one waits."""

    status: str
    done_bytes: int = 0
    total_bytes: int = 0
    error: str | None = None


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model as people see it. ``source`` is catalogue, provider or file; ``status`` available, queued, downloading, verifying, installed or failed;
    ``fits_memory`` yes, tight or no; ``why`` says in words what is to be known of it on this machine."""

    id: str
    name: str
    kind: str
    source: str
    provider_id: str | None
    licence: str
    size_bytes: int | None
    parameters: str | None
    context_tokens: int | None
    status: str
    done_bytes: int
    total_bytes: int
    error: str | None
    is_in_use: bool
    is_loaded: bool
    fits_memory: str
    recommended: bool
    why: str
    note: str


class Overview(msgspec.Struct, frozen=True):
    """All models, the machine they would run on, and which ones are in use (None: there is none)."""

    items: list[Model]
    machine: Machine
    chat_model_id: str | None
    embedding_model_id: str | None


class Offered(msgspec.Struct, frozen=True):
    """A model of a provider's. ``kind`` is chat or embedding; None where the provider does not say."""

    id: str
    kind: str = CHAT
    context_tokens: int | None = None
    has_native_tools: bool | None = None


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A place with models outside this program. ``status`` is unknown, ok or error; ``discovered`` ones were found running on this machine."""

    id: str
    kind: str
    name: str
    base_url: str
    has_key: bool
    discovered: bool
    status: str
    error: str | None
    models: list[Offered]
    created_at: str

    def offered(self, name: str) -> Offered:
        """What is known of its model ``name``, also when it does not list it."""
        return next((model for model in self.models if model.id == name), Offered(name))


class NewProvider(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    name: str | None = None
    base_url: str | None = None
    api_key: str | None = None


class ProviderPatch(msgspec.Struct, frozen=True, kw_only=True):
    """``api_key`` None takes the stored key away."""

    name: str | UnsetType = UNSET
    base_url: str | UnsetType = UNSET
    api_key: str | UnsetType | None = UNSET


class ProviderTest(msgspec.Struct, frozen=True):
    ok: bool
    latency_ms: int
    detail: str
    models: list[str]


class ModelUpdated(Event, frozen=True):
    topic: ClassVar[str] = "model.updated"
    model: Model


class ProviderUpdated(Event, frozen=True):
    topic: ClassVar[str] = "provider.updated"
    provider: Provider


class ProviderDeleted(Event, frozen=True):
    topic: ClassVar[str] = "provider.deleted"
    provider_id: str


def fits(memory_bytes: int, machine: Machine) -> str:
    """yes, tight or no: whether a model that takes ``memory_bytes`` leaves enough of the machine's memory to everything else."""
    share = memory_bytes / max(1, machine.memory_bytes)
    return "yes" if share <= _YES else "tight" if share <= _TIGHT else "no"


def tokens_per_s(entry: Entry, machine: Machine) -> float:
    """A guess at how fast a chat model writes: each token reads all weights once, and the cores share that work."""
    return _BYTES_PER_S_AND_CORE * machine.cores / max(1, entry.size_bytes)


def recommend(entries: list[Entry], machine: Machine) -> Entry | None:
    """The chat model to take: the highest in rank, under an open licence, that fits the memory well and writes at a pleasant speed."""
    chats = [entry for entry in entries if entry.kind == CHAT and entry.is_open and entry.source == "catalogue"]
    good = [entry for entry in chats if fits(entry.memory_bytes, machine) == "yes" and tokens_per_s(entry, machine) >= _PLEASANT_TOKENS_PER_S]
    if good:
        return max(good, key=lambda entry: entry.rank)
    possible = [entry for entry in chats if fits(entry.memory_bytes, machine) != "no"]
    return min(possible, key=lambda entry: entry.memory_bytes, default=None)


def default_chat(machine: Machine) -> str:
    """The chat model that is fetched by itself at the first start."""
    return DEFAULT_CHAT if machine.memory_bytes >= DEFAULT_CHAT_MEMORY else SMALL_CHAT


def why(entry: Entry, machine: Machine, recommended: bool) -> str:
    """What is to be known of the model on this machine, in a sentence or two."""
    needs = f"takes about {as_size(entry.memory_bytes)} of this machine's {as_size(machine.memory_bytes)} of memory"
    if entry.kind == EMBEDDING:
        return f"Finds documents and memories by their meaning; {needs}."
    speed = tokens_per_s(entry, machine)
    pace = f"writes roughly {speed:.0f} tokens a second here" if speed < 60 else "writes fast here"
    match fits(entry.memory_bytes, machine):
        case "no":
            return f"Too big for this machine: it {needs}."
        case "tight":
            return f"Tight: it {needs}, and {pace}."
    start = "The best one for this machine: it" if recommended else "Fits: it"
    return f"{start} {needs}, and {pace}{'' if entry.is_open else '. Its licence is not an open one'}."


def as_size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def check_provider_kind(kind: str) -> None:
    if kind not in BASE_URLS:
        raise ValidationFailed(f"There is no provider kind {kind!r}. Kinds are {', '.join(BASE_URLS)}.", errors=[{"field": "kind"}])


def slug(name: str) -> str:
    return _SLUG.sub("-", name.lower()).strip("-.")[:80]
