"""What a document is, what can be asked of it, and the ports that answering needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec

from ...kit.errors import Conflict, UnsupportedType
from ...kit.events import Event
from ...providers.base import Chat, Embedder
from ..search import Hit

UPLOADED, EXTRACTING, CHUNKING, EMBEDDING, READY, FAILED = "uploaded", "extracting", "chunking", "embedding", "ready", "failed"
STATUSES = (UPLOADED, EXTRACTING, CHUNKING, EMBEDDING, READY, FAILED)
UNFINISHED = (UPLOADED, EXTRACTING, CHUNKING, EMBEDDING)
SUMMARY_STYLES = ("paragraph", "brief", "bullets", "detailed")
MAX_TAGS = 32
MAX_TAG_CHARACTERS = 64
MAX_FILENAME_CHARACTERS = 255


class DocumentNotReady(Conflict):
    """Its text is not there yet, or could not be read."""

    code = "document_not_ready"


class UnreadableFile(UnsupportedType):
    """The first bytes say already that this file cannot be read."""


class Problem(msgspec.Struct, frozen=True):
    """Why a document failed. Codes are those of ``providers.parsing.ParseFailed``, and ``gave_up``."""

    code: str
    message: str


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A received file. ``path`` is a finished temporary file, which is moved away; ``filename`` is what its sender called it."""

    path: Path
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    tags: list[str] = []
    session_id: str | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """``progress`` runs from 0 to 1 over all states; ``detail`` says in words what is happening, or what was left out of a ready one."""

    id: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    tags: list[str]
    status: str
    progress: float
    detail: str | None
    pages: int | None
    chunk_count: int
    characters: int
    summary: str | None
    session_id: str | None
    created_at: str
    error: Problem | None


class DocumentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` is a part of the file's name, whatever its case."""

    text: str | None = None
    status: str | None = None
    tag: str | None = None


class Heading(msgspec.Struct, frozen=True):
    """``start`` is its place in the document's text, in characters."""

    text: str
    level: int
    start: int
    page: int | None


class DocumentText(msgspec.Struct, frozen=True):
    """All of a document's text. ``page_starts[i]`` is where page ``i + 1`` begins; empty where there are no pages."""

    text: str
    page_starts: list[int]
    headings: list[Heading]

    def page_at(self, offset: int) -> int | None:
        """The page on which the character at ``offset`` stands."""
        from bisect import bisect_right

        return bisect_right(self.page_starts, offset) or 1 if self.page_starts else None


class Chunk(msgspec.Struct, frozen=True):
    """A passage: ``text`` is exactly ``document_text[start:end]``, on one page where there are pages. ``heading`` is the path of headings over it."""

    id: str
    document_id: str
    seq: int
    page: int | None
    start: int
    end: int
    heading: str
    text: str


class PassageHit(msgspec.Struct, frozen=True):
    """A passage that a search found."""

    chunk: Chunk
    document: Document
    hit: Hit


class Passage(msgspec.Struct, frozen=True):
    """A place in a document, with the words that stand there."""

    document_id: str
    page: int | None
    start: int
    end: int
    text: str


class Citation(msgspec.Struct, frozen=True):
    """Where a statement comes from. ``number`` is the ``[1]`` in the text; ``field`` names the extracted field it supports, where there is one."""

    number: int
    document_id: str
    filename: str
    page: int | None
    start: int
    end: int
    quote: str
    score: float
    field: str | None = None


class Summary(msgspec.Struct, frozen=True):
    """``method`` is model or extractive (sentences of the document itself); ``model`` names who wrote it."""

    summary: str
    model: str | None
    method: str
    citations: list[Citation]


class Field(msgspec.Struct, frozen=True):
    """One value that is wanted. ``type`` is a JSON type."""

    name: str
    type: str = "string"
    description: str | None = None


class Wish(msgspec.Struct, frozen=True):
    """What to extract: a JSON Schema, or a list of fields, each of which may be missing."""

    schema: dict[str, Any] | None = None
    fields: list[Field] | None = None

    def as_schema(self) -> dict[str, Any]:
        if self.schema is not None:
            return self.schema
        properties = {
            field.name: {"type": [field.type, "null"], **({"description": field.description} if field.description else {})} for field in self.fields or ()
        }
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


class Extraction(msgspec.Struct, frozen=True):
    """``data`` fits the schema asked for. ``method`` and ``field_confidence`` say of each field how it was found and how well the document bears it out."""

    data: Any
    confidence: float
    method: dict[str, str]
    field_confidence: dict[str, float]
    model: str | None
    citations: list[Citation]


class Similarity(msgspec.Struct, frozen=True):
    """Something that several documents say. One passage per document."""

    text: str
    score: float
    passages: list[Passage]


class Difference(msgspec.Struct, frozen=True):
    """``kind`` is changed (a passage per document), added (only in a later document) or removed (only in the first)."""

    kind: str
    text: str
    passages: list[Passage]


class DocumentComparison(msgspec.Struct, frozen=True):
    """One document in a comparison: its summary, or its answer to the question; the terms that set it apart."""

    document_id: str
    filename: str
    summary: str
    unique_terms: list[str]
    passages: list[Passage]


class Comparison(msgspec.Struct, frozen=True):
    """``summary_method`` is model or extractive."""

    summary: str
    summary_method: str
    model: str | None
    similarities: list[Similarity]
    differences: list[Difference]
    per_document: list[DocumentComparison]


class DocumentUpdated(Event, frozen=True):
    """A document came, went on, became ready or failed."""

    topic: ClassVar[str] = "document.updated"
    document: Document


class DocumentDeleted(Event, frozen=True):
    topic: ClassVar[str] = "document.deleted"
    document_id: str


class ChatModels(Protocol):
    """What this domain needs of the installed models."""

    def has_chat(self) -> bool: ...

    async def chat(self, model: str | None = None) -> Chat: ...

    async def embedder(self) -> Embedder | None: ...


def shorten(text: str, limit: int) -> str:
    """``text`` on one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
