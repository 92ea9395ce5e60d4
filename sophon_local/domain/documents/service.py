"""Documents: taken in, read by a child process, cut into passages, made findable; then searched, summarised, mined and compared."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
import unicodedata
from pathlib import Path, PurePath
from typing import Any

import msgspec

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import NotFound, SophonError, StorageFull, TooLarge, ValidationFailed
from ...kit.events import Events
from ...kit.ids import new_id
from ...kit.paging import Page, PageRequest, page_of
from ...providers.base import Chat
from ...providers.parsing import Parsed, ParseFailed, Reader, ReaderLimits
from ...settings import Settings
from ..search import Item, Search
from . import _store
from ._blobs import Blobs
from .model import (
    CHUNKING,
    EMBEDDING,
    EXTRACTING,
    FAILED,
    MAX_FILENAME_CHARACTERS,
    MAX_TAG_CHARACTERS,
    MAX_TAGS,
    READY,
    STATUSES,
    SUMMARY_STYLES,
    UNFINISHED,
    UPLOADED,
    ChatModels,
    Chunk,
    Comparison,
    Document,
    DocumentDeleted,
    DocumentFilter,
    DocumentNotReady,
    DocumentText,
    DocumentUpdated,
    Extraction,
    Heading,
    NewDocument,
    PassageHit,
    Problem,
    Summary,
    UnreadableFile,
    Wish,
    shorten,
)

log = logging.getLogger(__name__)

COLLECTION = "documents"
MAX_ATTEMPTS = 3  # at reading one document, counted over restarts: a file that brings the program down does so no more often
MAX_COMPARED = 10
_READ_UNTIL, _SCANNED_UNTIL, _EMBEDDED_UNTIL = 0.3, 0.6, 0.99  # of the progress bar
_FULL_DISK_PAUSE_S = 30.0
_CONTROLS = ("Cc", "Cs", "Zl", "Zp")  # Unicode categories


class Documents:
    """``start`` takes up what a stop, or a crash, left unfinished; ``add`` answers at once, and events tell how the work goes on."""

    def __init__(self, db: Database, events: Events, search: Search, models: ChatModels, blobs: Path, settings: Settings) -> None:
        self._db = db
        self._events = events
        self._search = search
        self._models = models
        self._blobs = Blobs(blobs)
        self._settings = settings
        self._reader = Reader(ReaderLimits(cpu_s=settings.parse_timeout_s, memory_bytes=settings.parse_memory_bytes))
        self._reading = asyncio.Semaphore(1)
        self._scanning = asyncio.Semaphore(1)
        self._moving = asyncio.Lock()  # originals come and go one at a time, so that a file and its row agree
        self._adding: set[asyncio.Task[tuple[Document, bool]]] = set()
        self._work: dict[str, asyncio.Task[None]] = {}
        self._live: dict[str, tuple[float, str | None]] = {}  # progress and detail of what is being worked on

    async def start(self) -> None:
        for sha256 in await self._db.read(_store.select_leftovers):
            await self._clear_leftover(sha256)
        for document_id in await self._db.read(_store.select_unfinished):
            self._begin(document_id)

    async def close(self) -> None:
        """Stop working; what is unfinished goes on at the next start."""
        await asyncio.gather(*self._adding, return_exceptions=True)
        tasks = list(self._work.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Taking in

    async def check(self, filename: str, path: Path, size_bytes: int) -> None:
        """Raise for a file that cannot become a document, by its size and first bytes; nothing is stored."""
        if size_bytes > self._settings.max_upload_bytes:
            raise TooLarge(f"{shorten(filename, 80)} is larger than {self._settings.max_upload_bytes // 1_000_000} MB, the most that a document may have.")
        from ...providers.parsing.kinds import refuse_unreadable

        head = await asyncio.to_thread(_head, path)
        try:
            refuse_unreadable(head, filename)
        except ParseFailed as failure:
            if failure.code == "unsupported_media_type":
                raise UnreadableFile(failure.message, filename=filename) from None
            raise ValidationFailed(
                failure.message, errors=[{"field": "file", "filename": filename, "code": failure.code, "message": failure.message}]
            ) from None

    async def add(self, caller: Caller, new: NewDocument) -> tuple[Document, bool]:
        """Take a file in, and whether it is new: the same content is stored once. Its temporary file is gone afterwards, whatever happens.

        Raises UnreadableFile, TooLarge, ValidationFailed (empty) or StorageFull; nothing stays behind then.
        """
        caller.require("ManageDocuments")
        # A caller who goes away in the middle must not leave half of it: what has begun is finished.
        adding = asyncio.create_task(self._add(caller, new))
        self._adding.add(adding)
        adding.add_done_callback(self._adding.discard)
        return await asyncio.shield(adding)

    async def _add(self, caller: Caller, new: NewDocument) -> tuple[Document, bool]:
        try:
            tags = _tags(new.tags)
            await self.check(new.filename, new.path, new.size_bytes)
            async with self._moving:
                existing = await self._db.read(lambda tx: _store.select_by_sha256(tx, new.sha256))
                if existing is None:
                    document = await self._store_new(new, tags)
                    is_new = True
                else:
                    if not self._blobs.path(new.sha256).exists():  # somebody took it out of the data folder
                        await asyncio.to_thread(self._blobs.take, new.path, new.sha256)
                    document = await self._db.write(lambda tx: _with_tags(tx, existing.id, tags))
                    is_new = False
        finally:
            await asyncio.to_thread(new.path.unlink, True)
        if document.status == FAILED:
            return await self.reprocess(caller, document.id), False
        if is_new or document.tags != (existing.tags if existing else []):
            self._publish(document)
        if is_new:
            self._begin(document.id)
        return self._shown(document), is_new

    async def _store_new(self, new: NewDocument, tags: list[str]) -> Document:
        document = Document(
            id=new_id("doc"),
            filename=_display_name(new.filename),
            content_type=new.content_type.partition(";")[0].strip().lower()[:200] or "application/octet-stream",
            size_bytes=new.size_bytes,
            sha256=new.sha256,
            tags=tags,
            status=UPLOADED,
            progress=0.0,
            detail=None,
            pages=None,
            chunk_count=0,
            characters=0,
            summary=None,
            session_id=new.session_id,
            created_at=clock.timestamp(),
            error=None,
        )

        def keep(tx: Tx) -> None:
            _store.insert(tx, document)
            _store.delete_leftover(tx, document.sha256)

        await self._db.write(lambda tx: _store.insert_leftover(tx, new.sha256))
        try:
            await asyncio.to_thread(self._blobs.take, new.path, new.sha256)
            await self._db.write(keep)
        except BaseException:
            await self._clear_leftover(new.sha256)
            raise
        return document

    async def _clear_leftover(self, sha256: str) -> None:
        """Remove an original that no document has."""

        def is_owned(tx: Tx) -> bool:
            return _store.select_by_sha256(tx, sha256) is not None

        with contextlib.suppress(StorageFull):  # then the next start does it
            if not await self._db.read(is_owned):
                await asyncio.to_thread(self._blobs.remove, sha256)
            await self._db.write(lambda tx: _store.delete_leftover(tx, sha256))

    # Asking for

    async def get(self, caller: Caller, document_id: str) -> Document:
        return self._shown(self._one(document_id))

    async def text(self, caller: Caller, document_id: str) -> DocumentText:
        """All of a document's text; empty while it is not there yet, or when it could not be read."""
        self._one(document_id)
        return await self._db.read(lambda tx: _store.select_text(tx, document_id)) or DocumentText("", [], [])

    async def chunks(self, caller: Caller, document_id: str) -> list[Chunk]:
        """A document's passages in order."""
        self._one(document_id)
        return await self._db.read(lambda tx: _store.select_chunks(tx, document_id))

    async def raw(self, caller: Caller, document_id: str) -> tuple[Path, Document]:
        """The original: where it lies, and what it is."""
        document = self._one(document_id)
        path = self._blobs.path(document.sha256)
        if not path.exists():
            raise NotFound(f"The original of {document.filename} is gone from the data folder. Add the file again.")
        return path, document

    async def shown_as(self, caller: Caller, document_id: str) -> str | None:
        """The media type under which a browser may show the original; None when it is only for download. What it says it is must be what its bytes are."""
        from ...providers.parsing.kinds import harmless_type

        path, document = await self.raw(caller, document_id)
        kind = harmless_type(await asyncio.to_thread(_head, path))
        return kind if kind == document.content_type else None

    async def search(self, caller: Caller, query: str, limit: int, document_ids: list[str] | None = None) -> list[PassageHit]:
        """The passages that answer ``query`` best, across all documents or within some. (The index gives each passage a share of its neighbours' scores.)"""
        if document_ids is not None and not document_ids:
            return []
        hits = await self._search.search(COLLECTION, query, limit=limit, groups=document_ids)
        if not hits:
            return []

        def read(tx: Tx) -> tuple[dict[str, Chunk], dict[str, Document]]:
            return _store.select_chunks_by_id(tx, [hit.id for hit in hits]), _store.select_many(tx, list({hit.group for hit in hits}))

        chunks, documents = await self._db.read(read)
        return [PassageHit(chunks[hit.id], documents[hit.group], hit) for hit in hits if hit.id in chunks and hit.group in documents]

    def is_hybrid(self) -> bool:
        """Whether search goes by meaning too, or by words alone."""
        status = self._search.status()
        return status.embedder_id is not None and status.embedded > 0

    # Changing

    async def delete(self, caller: Caller, document_id: str) -> None:
        """Remove a document with all that was made of it, also while it is being worked on."""
        caller.require("ManageDocuments")
        document = self._one(document_id)
        await self._stop_work(document_id)

        def remove(tx: Tx) -> None:
            if _store.select(tx, document_id) is None:
                raise _no_such(document_id)
            self._search.remove_group(tx, COLLECTION, document_id)
            _store.delete(tx, document_id)
            _store.insert_leftover(tx, document.sha256)

        async with self._moving:
            await self._db.write(remove)
            await self._clear_leftover(document.sha256)
        self._search.wake()
        self._events.publish(DocumentDeleted(document_id=document_id, session_id=document.session_id))

    async def reprocess(self, caller: Caller, document_id: str) -> Document:
        """Read a document anew, from its original."""
        caller.require("ManageDocuments")
        self._one(document_id)
        await self._stop_work(document_id)

        def reset(tx: Tx) -> Document | None:
            self._search.remove_group(tx, COLLECTION, document_id)
            _store.delete_content(tx, document_id)
            return _store.update(
                tx, document_id, status=UPLOADED, progress=0.0, detail=None, error=None, summary=None, chunk_count=0, characters=0, pages=None, attempts=0
            )

        document = await self._db.write(reset)
        if document is None:
            raise _no_such(document_id)
        self._publish(document)
        self._begin(document_id)
        return document

    # Making something of them

    async def summarize(self, caller: Caller, document_id: str, style: str | None = None, max_words: int | None = None) -> Summary:
        """A summary with its sources. Written by the chat model, or, where there is none, made of the document's own sentences."""
        if style is not None and style not in SUMMARY_STYLES:
            raise ValidationFailed(f"style is one of {', '.join(SUMMARY_STYLES)}.", errors=[{"field": "style"}])
        if max_words is not None and not 10 <= max_words <= 2_000:
            raise ValidationFailed("maxWords is from 10 to 2000.", errors=[{"field": "maxWords"}])
        from .summarise import summarise

        document, _, chunks = await self._ready(document_id)
        summary = await summarise(document, chunks, style or "paragraph", max_words, await self._chat())
        with contextlib.suppress(StorageFull):
            kept = await self._db.write(lambda tx: _store.update(tx, document_id, summary=summary.summary))
            if kept is not None:
                self._publish(kept)
        return summary

    async def extract(self, caller: Caller, document_id: str, wish: Wish) -> Extraction:
        """Data of the shape that was asked for, each value with the passage that bears it out. ValidationFailed when the document does not give it."""
        from .extract import check, extract

        await asyncio.to_thread(check, wish)
        document, text, chunks = await self._ready(document_id)

        async def find(query: str, limit: int) -> list[Chunk]:
            return [hit.chunk for hit in await self.search(caller, query, limit, [document_id])]

        return await extract(document, text, chunks, wish, await self._chat(), find)

    async def compare(self, caller: Caller, document_ids: list[str], question: str | None = None) -> Comparison:
        """What documents share and where they differ, with the places in each."""
        from .compare import compare

        ids = list(dict.fromkeys(document_ids))
        if not 2 <= len(ids) <= MAX_COMPARED:
            raise ValidationFailed(f"Name 2 to {MAX_COMPARED} different documents.", errors=[{"field": "documentIds"}])
        sources = [await self._ready(document_id) for document_id in ids]

        async def find(query: str, document_id: str, limit: int) -> list[Chunk]:
            return [hit.chunk for hit in await self.search(caller, query, limit, [document_id])]

        return await compare(sources, (question or "").strip() or None, await self._chat(), await self._models.embedder(), find)

    async def _chat(self) -> Chat | None:
        """The chat model, or None where there is none or it does not answer: what is done then says that it is extractive."""
        if not self._models.has_chat():
            return None
        try:
            return await self._models.chat()
        except SophonError as error:
            log.warning("documents do without the chat model: %s", error.message)
            return None

    async def _ready(self, document_id: str) -> tuple[Document, DocumentText, list[Chunk]]:
        def read(tx: Tx) -> tuple[Document | None, DocumentText | None, list[Chunk]]:
            return _store.select(tx, document_id), _store.select_text(tx, document_id), _store.select_chunks(tx, document_id)

        document, text, chunks = await self._db.read(read)
        if document is None:
            raise _no_such(document_id)
        if document.status == FAILED:
            reason = document.error.message if document.error else ""
            raise DocumentNotReady(f"{document.filename} could not be read: {reason}", documentId=document_id, status=document.status)
        if text is None:
            raise DocumentNotReady(f"{document.filename} is still being read. Try again when it is ready.", documentId=document_id, status=document.status)
        return document, text, chunks

    # Working

    def _begin(self, document_id: str) -> None:
        task = asyncio.create_task(self._process(document_id), name=f"document {document_id}")
        self._work[document_id] = task

        def ended(done: asyncio.Task[None]) -> None:
            if self._work.get(document_id) is done:
                del self._work[document_id]
                self._live.pop(document_id, None)

        task.add_done_callback(ended)

    async def _stop_work(self, document_id: str) -> None:
        task = self._work.get(document_id)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _process(self, document_id: str) -> None:
        """From upload to ready, or to failed; picks up where the document stands."""
        while True:
            try:
                return await self._advance(document_id)
            except ParseFailed as failure:
                problem = Problem(failure.code, failure.message)
            except StorageFull as error:
                self._tell(document_id, 0.0, f"Waiting: {error.message}")
                await asyncio.sleep(_FULL_DISK_PAUSE_S)
                continue
            except Exception:
                log.exception("document %s could not be processed", document_id)
                problem = Problem(
                    "internal_error", "Something went wrong inside the program while this file was read. Try “read again”; the log has the details."
                )
            try:
                await self._set(document_id, status=FAILED, error=problem, detail=None, progress=0.0)
                return
            except StorageFull:
                await asyncio.sleep(_FULL_DISK_PAUSE_S)

    async def _advance(self, document_id: str) -> None:
        from .chunking import has_words

        document = await self._db.read(lambda tx: _store.select(tx, document_id))
        if document is None:
            return
        if document.status != EMBEDDING:
            async with self._reading:
                parsed = await self._read(document)
            if parsed.scanned:
                async with self._scanning:
                    parsed = await self._scan(document, parsed)
            if not has_words(parsed.text):
                raise ParseFailed("no_text", "No text was found in this file: it is blank, or shows pictures without words.")
            await self._set(document_id, status=CHUNKING, progress=_SCANNED_UNTIL, pages=parsed.pages)
            document = await self._cut(document, parsed)
            if document is None:
                return
        await self._wait_until_found(document)

    async def _read(self, document: Document) -> Parsed:
        attempts = await self._db.write(lambda tx: _store.begin_attempt(tx, document.id))
        if attempts is not None and attempts > MAX_ATTEMPTS:
            raise ParseFailed(
                "gave_up", f"The program stopped {MAX_ATTEMPTS} times while this file was being read, so it was left alone. “Read again” tries once more."
            )
        if not self._blobs.path(document.sha256).exists():
            raise ParseFailed("damaged", "The original of this document is gone from the data folder. Add the file again.")
        await self._set(document.id, status=EXTRACTING, progress=0.01)

        def progress(done: int, total: int) -> None:
            self._tell(document.id, _READ_UNTIL * done / max(total, 1), f"Reading page {done:,} of {total:,}" if total > 1 else None)

        return await self._reader.read(self._blobs.path(document.sha256), document.filename, document.content_type, progress)

    async def _scan(self, document: Document, parsed: Parsed) -> Parsed:
        """OCR, page by page. Each page read is kept, so that a restart does not read it again."""
        from ...providers.parsing.builder import with_scans

        done = await self._db.read(lambda tx: _store.select_scans(tx, document.id))
        left = [page for page in parsed.scanned if page not in done]
        total = len(parsed.scanned)
        if left:
            self._tell(document.id, _READ_UNTIL, f"Reading scanned page {len(done) + 1:,} of {total:,}")
            async with contextlib.aclosing(self._reader.scan(self._blobs.path(document.sha256), parsed.kind, left)) as scans:
                async for scan, failure in scans:
                    await self._keep_scan(document.id, scan.page, scan.text, failure)
                    done[scan.page] = (scan.text, failure)
                    share = _READ_UNTIL + (_SCANNED_UNTIL - _READ_UNTIL) * len(done) / total
                    self._tell(document.id, share, f"Reading scanned page {min(len(done) + 1, total):,} of {total:,}")
        failures = [failure for _, failure in done.values() if failure]
        if failures and len(failures) == total and not parsed.text.strip():
            raise ParseFailed("damaged", failures[0])
        whole = with_scans(parsed, {page: text for page, (text, _) in done.items()})
        return msgspec.structs.replace(whole, notes=[*whole.notes, *failures])

    async def _keep_scan(self, document_id: str, page: int, text: str, failure: str | None) -> None:
        await self._db.write(lambda tx: _store.insert_scan(tx, document_id, page, text, failure))

    async def _cut(self, document: Document, parsed: Parsed) -> Document | None:
        """Text, passages and index entries, in one transaction; the document as it then is, or None when it is gone."""
        from .chunking import chunk

        pieces = await asyncio.to_thread(chunk, parsed.text, parsed.sections)
        chunks = [
            Chunk(_chunk_id(document.id, seq), document.id, seq, piece.page, piece.start, piece.end, piece.heading, parsed.text[piece.start : piece.end])
            for seq, piece in enumerate(pieces)
        ]
        headings = [Heading(section.heading, section.level, section.start, section.page) for section in parsed.sections if section.level]
        text = DocumentText(parsed.text, parsed.page_starts, headings)
        columns: dict[str, Any] = {
            "status": EMBEDDING,
            "progress": _SCANNED_UNTIL,
            "detail": " ".join(parsed.notes[:5]) or None,
            "content_type": parsed.media_type,
            "pages": parsed.pages,
            "chunk_count": len(chunks),
            "characters": len(parsed.text),
        }

        def keep(tx: Tx) -> Document | None:
            if _store.select(tx, document.id) is None:
                return None
            _store.replace_text(tx, document.id, text)
            _store.replace_chunks(tx, document.id, chunks)
            _store.delete_scans(tx, document.id)
            self._search.remove_group(tx, COLLECTION, document.id)
            title = re.sub(r"[-_.\s]+", " ", PurePath(document.filename).stem).strip()  # what a passage without a heading is about
            self._search.put(tx, COLLECTION, [Item(one.id, one.text, one.heading or title, document.id) for one in chunks])
            return _store.update(tx, document.id, **columns)

        kept = await self._db.write(keep)
        if kept is not None:
            self._search.wake()
            self._publish(kept)
        return kept

    async def _wait_until_found(self, document: Document) -> None:
        """Ready is what search finds: by words at once, by meaning when its vectors are there."""
        waiting = asyncio.ensure_future(self._search.wait_embedded(COLLECTION, document.id))
        before = self._search.status().pending
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=1.0)
                if done:
                    waiting.result()
                    break
                embedded = min(max(before - self._search.status().pending, 0), document.chunk_count)
                share = _SCANNED_UNTIL + (_EMBEDDED_UNTIL - _SCANNED_UNTIL) * embedded / max(document.chunk_count, 1)
                self._tell(document.id, share, f"Learning passage {embedded:,} of {document.chunk_count:,}")
        finally:
            waiting.cancel()
        await self._set(document.id, status=READY, progress=1.0)

    async def _set(self, document_id: str, **columns: Any) -> None:
        document = await self._db.write(lambda tx: _store.update(tx, document_id, **columns))
        self._live.pop(document_id, None)
        if document is not None:
            self._publish(document)

    def _tell(self, document_id: str, progress: float, detail: str | None) -> None:
        """Progress within a state: told, and shown to who asks, but not worth a commit."""
        self._live[document_id] = (round(progress, 3), detail)
        document = self._db.peek(lambda tx: _store.select(tx, document_id))
        if document is not None:
            self._publish(document)

    def _publish(self, document: Document) -> None:
        self._events.publish(DocumentUpdated(document=self._shown(document), session_id=document.session_id))

    def _shown(self, document: Document) -> Document:
        live = self._live.get(document.id)
        if live is None or document.status not in UNFINISHED:
            return document
        return msgspec.structs.replace(document, progress=max(live[0], document.progress), detail=live[1])

    def _one(self, document_id: str) -> Document:
        document = self._db.peek(lambda tx: _store.select(tx, document_id))
        if document is None:
            raise _no_such(document_id)
        return document

    # Last in the class: behind it, ``list`` means this in annotations.

    async def list(self, caller: Caller, page: PageRequest, wanted: DocumentFilter | None = None) -> Page[Document]:
        """Newest first."""
        wanted = wanted or DocumentFilter()
        if wanted.status is not None and wanted.status not in STATUSES:
            raise ValidationFailed(f"status is one of {', '.join(STATUSES)}.", errors=[{"field": "status"}])

        def read(tx: Tx) -> tuple[list[Document], int]:
            return _store.select_page(tx, wanted, page), _store.count(tx, wanted)

        rows, total = await self._db.read(read)
        return page_of([self._shown(row) for row in rows], page.limit, lambda document: (document.id,), total)


def _no_such(document_id: str) -> NotFound:
    return NotFound(f"There is no document {shorten(document_id, 60)}.")


def _head(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(8_192)


def _chunk_id(document_id: str, seq: int) -> str:
    """The same for the same passage of the same document, so that a citation survives reading it again."""
    return "chk_" + hashlib.sha256(f"{document_id}/{seq}".encode()).hexdigest()[:26]


def _with_tags(tx: Tx, document_id: str, tags: list[str]) -> Document:
    document = _store.select(tx, document_id)
    if document is None:
        raise _no_such(document_id)
    merged = _distinct([*document.tags, *tags])
    if merged == document.tags:
        return document
    _store.insert_tags(tx, document_id, merged)
    return _store.update(tx, document_id, tags=merged) or document


def _tags(given: list[str]) -> list[str]:
    """As they are kept; ValidationFailed for one that is too long or has control characters."""
    for tag in given:
        if len(tag) > MAX_TAG_CHARACTERS or any(unicodedata.category(character) in _CONTROLS for character in tag):
            raise ValidationFailed(f"A tag has at most {MAX_TAG_CHARACTERS} characters, and no control characters.", errors=[{"field": "tags"}])
    return _distinct([" ".join(tag.split()) for tag in given])


def _distinct(given: list[str]) -> list[str]:
    """Each once whatever its case, in the order given."""
    tags: dict[str, str] = {}
    for name in given:
        if name:
            tags.setdefault(name.casefold(), name)
    if len(tags) > MAX_TAGS:
        raise ValidationFailed(f"A document has at most {MAX_TAGS} tags.", errors=[{"field": "tags"}])
    return list(tags.values())


def _display_name(filename: str) -> str:
    """The name for people: the last part of a path, without control characters."""
    name = filename.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip()
    if len(name) > MAX_FILENAME_CHARACTERS:
        stem, dot, extension = name.rpartition(".")
        name = stem[: MAX_FILENAME_CHARACTERS - len(extension) - 1] + dot + extension if dot and len(extension) < 20 else name[:MAX_FILENAME_CHARACTERS]
    return name or "document"
