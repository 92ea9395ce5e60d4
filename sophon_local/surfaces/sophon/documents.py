"""Documents: upload, read, search, summarise, extract, compare."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import Parameter
from litestar.response import File

from ...domain.documents import (
    Citation,
    Comparison,
    Document,
    DocumentFilter,
    DocumentText,
    Extraction,
    Field,
    NewDocument,
    PassageHit,
    Summary,
    Wish,
)
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.errors import ValidationFailed
from ...kit.paging import Cursors
from ...settings import Settings
from ..http import SHOWN, Form, ReceivedFile, receive_multipart
from .shapes import EXTENSION, PageObject, Wire, accepts, options, rated, to_page

MAX_TEXT = 10_000_000
MAX_PASSAGES = 50

Status = Literal["uploaded", "extracting", "chunking", "embedding", "ready", "failed"]
Method = Literal["model", "extractive"]


class DocumentError(Wire):
    code: str
    message: str


class DocumentObject(Wire):
    id: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    tags: list[str]
    status: Status
    progress: float
    detail: str | None
    pages: int | None
    chunk_count: int
    characters: int
    summary: str | None
    session_id: str | None
    created_at: str
    error: DocumentError | None


class HeadingObject(Wire):
    text: str
    level: int
    start: int
    page: int | None


class DocumentTextObject(DocumentObject):
    """``text`` is cut at ``maxChars``; ``pageStarts`` and headings count characters of the whole text."""

    text: str
    text_truncated: bool
    page_starts: list[int]
    headings: list[HeadingObject]


class UploadedObject(Wire):
    items: list[DocumentObject]


class PassageExplanation(Wire):
    text_score: float | None
    vector_score: float | None
    matched_terms: list[str]
    coverage: float
    why: list[str]


class PassageObject(Wire):
    document_id: str
    filename: str
    chunk_id: str
    page: int | None
    start: int
    end: int
    heading: str
    text: str
    score: float
    explain: PassageExplanation | msgspec.UnsetType = msgspec.UNSET


class PassageResults(Wire):
    items: list[PassageObject]
    mode: Literal["hybrid", "keyword"]


class DocumentCitation(Wire):
    number: int
    document_id: str
    filename: str
    page: int | None
    start: int
    end: int
    quote: str
    score: float
    field: str | None
    kind: Literal["document"] = "document"


class SummarizeBody(Wire):
    style: str | None = None
    max_words: int | None = None


class SummaryObject(Wire):
    summary: str
    model: str | None
    method: Method
    citations: list[DocumentCitation]


class FieldBody(Wire):
    name: str
    type: str = "string"
    description: str | None = None


class ExtractBody(Wire):
    """A JSON Schema, or fields: names, or objects with name, type and description."""

    schema: dict[str, Any] | None = None
    fields: list[str | FieldBody] | None = None


class ExtractionObject(Wire):
    """``confidence`` is the mean of ``fieldConfidence`` over all fields, those not found counting 0; ``method`` says of every field how it was found,
    or that it was not."""

    data: Any
    confidence: float
    method: dict[str, Literal["model", "extractive", "not_found"]]
    field_confidence: dict[str, float]
    model: str | None
    citations: list[DocumentCitation]


class CompareBody(Wire):
    document_ids: list[str]
    question: str | None = None


class ComparedPassage(Wire):
    document_id: str
    page: int | None
    start: int
    end: int
    text: str


class SimilarityObject(Wire):
    text: str
    score: float
    passages: list[ComparedPassage]


class DifferenceObject(Wire):
    kind: Literal["added", "removed", "changed"]
    text: str
    passages: list[ComparedPassage]


class ComparedDocument(Wire):
    document_id: str
    filename: str
    summary: str
    unique_terms: list[str]
    passages: list[ComparedPassage]


class ComparisonObject(Wire):
    summary: str
    summary_method: Method
    model: str | None
    similarities: list[SimilarityObject]
    differences: list[DifferenceObject]
    per_document: list[ComparedDocument]


def to_document(document: Document) -> DocumentObject:
    return msgspec.convert(document, DocumentObject, from_attributes=True)


def to_text(document: Document, text: DocumentText, max_chars: int) -> DocumentTextObject:
    shown = {name: getattr(to_document(document), name) for name in DocumentObject.__struct_fields__}
    headings = [HeadingObject(h.text, h.level, h.start, h.page) for h in text.headings]
    return DocumentTextObject(**shown, text=text.text[:max_chars], text_truncated=len(text.text) > max_chars, page_starts=text.page_starts, headings=headings)


def to_passage(found: PassageHit, explain: bool) -> PassageObject:
    chunk, hit = found.chunk, found.hit
    passage = PassageObject(
        document_id=chunk.document_id,
        filename=found.document.filename,
        chunk_id=chunk.id,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        heading=chunk.heading,
        text=chunk.text,
        score=round(hit.score, 4),
    )
    if explain:
        why = []
        if hit.matched_terms:
            why.append(f"has the words {', '.join(hit.matched_terms)}")
        if hit.vector_score is not None:
            why.append(f"is {hit.vector_score:.2f} alike in meaning")
        if chunk.heading:
            why.append(f"stands under “{chunk.heading}”")
        passage.explain = PassageExplanation(hit.text_score, hit.vector_score, hit.matched_terms, round(hit.coverage, 4), why)
    return passage


def to_citation(citation: Citation) -> DocumentCitation:
    return msgspec.convert(citation, DocumentCitation, from_attributes=True)


def to_summary(summary: Summary) -> SummaryObject:
    return SummaryObject(summary.summary, summary.model, summary.method, [to_citation(c) for c in summary.citations])  # type: ignore[arg-type]


def to_extraction(extraction: Extraction) -> ExtractionObject:
    return msgspec.convert(extraction, ExtractionObject, from_attributes=True)


def to_comparison(comparison: Comparison) -> ComparisonObject:
    return msgspec.convert(comparison, ComparisonObject, from_attributes=True)


SHOWN[Document] = to_document


@post("/api/documents/upload", status_code=201, summary="Upload one or more documents", **options(accepts("multipart/form-data"), rated("expensive")))
async def upload_documents(
    request: Request[Any, Any, Any], caller: Caller, workspace: Workspace, settings: Settings
) -> Response[DocumentObject | UploadedObject]:
    """Multipart field ``file``, repeatable, with ``tags`` (commas) and ``sessionId``. One file answers the document, several ``items``.
    What is here already, by content, is answered with 200."""
    form = await receive_multipart(request, settings.home / "incoming", settings.max_upload_bytes)
    if not form.files:
        raise ValidationFailed("There is no file in this request. Send it in the multipart field file.", errors=[{"field": "file"}])
    for file in form.files:  # all or none: a bad file among several leaves nothing behind
        await workspace.documents.check(file.filename, file.path, file.size_bytes)
    added = [await workspace.documents.add(caller, _new_document(form, file)) for file in form.files]
    status = 201 if any(is_new for _, is_new in added) else 200
    if len(added) == 1:
        return Response(to_document(added[0][0]), status_code=status)
    return Response(UploadedObject([to_document(document) for document, _ in added]), status_code=status)


def _new_document(form: Form, file: ReceivedFile) -> NewDocument:
    tags = [tag.strip() for line in form.fields.get("tags", []) for tag in line.split(",") if tag.strip()]
    return NewDocument(
        path=file.path,
        filename=file.filename,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        tags=tags,
        session_id=next(iter(form.fields.get("sessionId", [])), None),
    )


@get("/api/documents", status_code=200, summary="List documents, latest first")
async def list_documents(
    caller: Caller,
    workspace: Workspace,
    cursors: Cursors,
    limit: int | None = None,
    cursor: str | None = None,
    offset: int | None = None,
    q: str | None = None,
    status: Status | None = None,
    tag: str | None = None,
) -> PageObject[DocumentObject]:
    wanted = DocumentFilter(text=q, status=status, tag=tag)
    return to_page(await workspace.documents.list(caller, cursors.request(limit, cursor, offset), wanted), to_document, cursors)


@get("/api/documents/search", status_code=200, summary="Search passages across documents", **EXTENSION)
async def search_documents(
    caller: Caller,
    workspace: Workspace,
    q: str,
    limit: int = 10,
    document_id: Annotated[list[str] | None, Parameter(query="documentId")] = None,
    explain: bool = False,
) -> PassageResults:
    if not q.strip() or not 1 <= limit <= MAX_PASSAGES:
        raise ValidationFailed(f"q says what to look for, and limit is from 1 to {MAX_PASSAGES}.", errors=[{"field": "q"}, {"field": "limit"}])
    hits = await workspace.documents.search(caller, q, limit, document_id)
    return PassageResults([to_passage(hit, explain) for hit in hits], "hybrid" if workspace.documents.is_hybrid() else "keyword")


@get("/api/documents/{document_id:str}", status_code=200, summary="Metadata and extracted text")
async def get_document(
    document_id: str, caller: Caller, workspace: Workspace, max_chars: Annotated[int, Parameter(query="maxChars")] = 100_000
) -> DocumentTextObject:
    if not 0 <= max_chars <= MAX_TEXT:
        raise ValidationFailed(f"maxChars is from 0 to {MAX_TEXT:,}.", errors=[{"field": "maxChars"}])
    document = await workspace.documents.get(caller, document_id)
    return to_text(document, await workspace.documents.text(caller, document_id), max_chars)


@get("/api/documents/{document_id:str}/raw", status_code=200, summary="The original file", media_type="application/octet-stream")
async def get_raw(document_id: str, caller: Caller, workspace: Workspace) -> File:
    """What a browser could run (HTML, SVG, XML, whatever it is called) is always a download, and never sniffed.
    (Browsers show no PDF in a sandbox; their viewers have their own.)"""
    path, document = await workspace.documents.raw(caller, document_id)
    shown_as = await workspace.documents.shown_as(caller, document_id)
    disposition = f"{'inline' if shown_as else 'attachment'}; filename*=UTF-8''{quote(document.filename, safe='')}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    if shown_as != "application/pdf":
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return File(path, media_type=shown_as or "application/octet-stream", headers=headers)


@post("/api/documents/{document_id:str}/summarize", status_code=200, summary="Summarise a document")
async def summarize_document(document_id: str, caller: Caller, workspace: Workspace, data: SummarizeBody | None = None) -> SummaryObject:
    body = data or SummarizeBody()
    return to_summary(await workspace.documents.summarize(caller, document_id, body.style, body.max_words))


@post("/api/documents/{document_id:str}/extract", status_code=200, summary="Extract data of a given shape")
async def extract_document(document_id: str, data: ExtractBody, caller: Caller, workspace: Workspace) -> ExtractionObject:
    fields = None if data.fields is None else [Field(f) if isinstance(f, str) else Field(f.name, f.type, f.description) for f in data.fields]
    return to_extraction(await workspace.documents.extract(caller, document_id, Wish(data.schema, fields)))


@post("/api/documents/compare", status_code=200, summary="Compare documents")
async def compare_documents(data: CompareBody, caller: Caller, workspace: Workspace) -> ComparisonObject:
    return to_comparison(await workspace.documents.compare(caller, data.document_ids, data.question))


@post("/api/documents/{document_id:str}/reprocess", status_code=202, summary="Read a document anew", **EXTENSION)
async def reprocess_document(document_id: str, caller: Caller, workspace: Workspace) -> DocumentObject:
    return to_document(await workspace.documents.reprocess(caller, document_id))


@delete("/api/documents/{document_id:str}", status_code=204, summary="Delete a document, its chunks and vectors")
async def delete_document(document_id: str, caller: Caller, workspace: Workspace) -> None:
    await workspace.documents.delete(caller, document_id)


ROUTES = [
    upload_documents,
    list_documents,
    search_documents,
    get_document,
    get_raw,
    summarize_document,
    extract_document,
    compare_documents,
    reprocess_document,
    delete_document,
]
