from __future__ import annotations

from typing import Any

from ...db import Tx
from ...db.rows import to_columns
from ...kit.paging import PageRequest
from .model import UNFINISHED, Chunk, Document, DocumentFilter, DocumentText

_NAMES = Document.__struct_fields__
_COLUMNS = ", ".join(_NAMES)
_CHUNK = 'id, document_id, seq, page, first_char AS start, end_char AS "end", heading, text'


def insert(tx: Tx, document: Document) -> None:
    names = (*_NAMES, "folded_name", "attempts")
    tx.run(
        f"INSERT INTO documents ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})",  # noqa: S608 (our own field names)
        **to_columns(document),
        folded_name=document.filename.casefold(),
        attempts=0,
    )
    insert_tags(tx, document.id, document.tags)


def insert_tags(tx: Tx, document_id: str, tags: list[str]) -> None:
    tx.many(
        "INSERT INTO document_tags (tag, document_id) VALUES (:tag, :document_id) ON CONFLICT DO NOTHING",
        [{"tag": tag.casefold(), "document_id": document_id} for tag in tags],
    )


def select(tx: Tx, document_id: str) -> Document | None:
    return tx.find(Document, f"SELECT {_COLUMNS} FROM documents WHERE id = :id", id=document_id)  # noqa: S608


def select_by_sha256(tx: Tx, sha256: str) -> Document | None:
    return tx.find(Document, f"SELECT {_COLUMNS} FROM documents WHERE sha256 = :sha256", sha256=sha256)  # noqa: S608


def select_many(tx: Tx, ids: list[str]) -> dict[str, Document]:
    marks = ", ".join(f":d{at}" for at in range(len(ids)))
    found = tx.all(Document, f"SELECT {_COLUMNS} FROM documents WHERE id IN ({marks})", **{f"d{at}": one for at, one in enumerate(ids)})  # noqa: S608
    return {document.id: document for document in found}


def select_unfinished(tx: Tx) -> list[str]:
    states = ", ".join(f"'{status}'" for status in UNFINISHED)
    return [row[0] for row in tx.rows(f"SELECT id FROM documents WHERE status IN ({states}) ORDER BY id")]  # noqa: S608


def select_page(tx: Tx, wanted: DocumentFilter, page: PageRequest) -> list[Document]:
    """The newest first; one more than asked for, where there are more."""
    where, parameters = _where(wanted)
    if page.key:
        where.append("id < :before")
        parameters["before"] = page.key[0]
    return tx.all(
        Document,
        f"SELECT {_COLUMNS} FROM documents{_joined(where)} ORDER BY id DESC LIMIT :limit OFFSET :offset",  # noqa: S608
        limit=page.limit + 1,
        offset=page.offset,
        **parameters,
    )


def count(tx: Tx, wanted: DocumentFilter) -> int:
    where, parameters = _where(wanted)
    return int(tx.value(f"SELECT count(*) FROM documents{_joined(where)}", **parameters))  # noqa: S608


def _where(wanted: DocumentFilter) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    parameters: dict[str, Any] = {}
    if wanted.text:
        where.append(r"folded_name LIKE :text ESCAPE '\'")
        parameters["text"] = "%" + wanted.text.casefold().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    if wanted.status:
        where.append("status = :status")
        parameters["status"] = wanted.status
    if wanted.tag:
        where.append("id IN (SELECT document_id FROM document_tags WHERE tag = :tag)")
        parameters["tag"] = wanted.tag.casefold()
    return where, parameters


def _joined(where: list[str]) -> str:
    return " WHERE " + " AND ".join(where) if where else ""


def update(tx: Tx, document_id: str, **columns: Any) -> Document | None:
    """Set columns; the document as it now is, or None when it is gone."""
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    tx.run(f"UPDATE documents SET {changes} WHERE id = :id", id=document_id, **columns)  # noqa: S608 (our own column names)
    return select(tx, document_id)


def begin_attempt(tx: Tx, document_id: str) -> int | None:
    """Count one more attempt at reading a document; how many there were, or None when it is gone."""
    tx.run("UPDATE documents SET attempts = attempts + 1 WHERE id = :id", id=document_id)
    attempts = tx.value("SELECT attempts FROM documents WHERE id = :id", id=document_id)
    return None if attempts is None else int(attempts)


def delete(tx: Tx, document_id: str) -> None:
    tx.run("DELETE FROM documents WHERE id = :id", id=document_id)


def replace_text(tx: Tx, document_id: str, text: DocumentText) -> None:
    tx.run("DELETE FROM document_texts WHERE document_id = :id", id=document_id)
    tx.run(
        "INSERT INTO document_texts (document_id, text, page_starts, headings) VALUES (:id, :text, :page_starts, :headings)",
        id=document_id,
        **to_columns(text),
    )


def select_text(tx: Tx, document_id: str) -> DocumentText | None:
    return tx.find(DocumentText, "SELECT text, page_starts, headings FROM document_texts WHERE document_id = :id", id=document_id)


def replace_chunks(tx: Tx, document_id: str, chunks: list[Chunk]) -> None:
    tx.run("DELETE FROM document_chunks WHERE document_id = :id", id=document_id)
    tx.many(
        "INSERT INTO document_chunks (id, document_id, seq, page, first_char, end_char, heading, text) "
        "VALUES (:id, :document_id, :seq, :page, :start, :end, :heading, :text)",
        map(to_columns, chunks),
    )


def delete_content(tx: Tx, document_id: str) -> None:
    for table in ("document_texts", "document_chunks", "document_scans"):
        tx.run(f"DELETE FROM {table} WHERE document_id = :id", id=document_id)  # noqa: S608 (the names above)


def select_chunks(tx: Tx, document_id: str) -> list[Chunk]:
    return tx.all(Chunk, f"SELECT {_CHUNK} FROM document_chunks WHERE document_id = :id ORDER BY seq", id=document_id)  # noqa: S608


def select_chunks_by_id(tx: Tx, ids: list[str]) -> dict[str, Chunk]:
    marks = ", ".join(f":c{at}" for at in range(len(ids)))
    found = tx.all(Chunk, f"SELECT {_CHUNK} FROM document_chunks WHERE id IN ({marks})", **{f"c{at}": one for at, one in enumerate(ids)})  # noqa: S608
    return {chunk.id: chunk for chunk in found}


def insert_scan(tx: Tx, document_id: str, page: int, text: str, failure: str | None) -> None:
    """Keep what OCR read, unless the document went away meanwhile."""
    tx.run(
        "INSERT INTO document_scans (document_id, page, text, failure) SELECT id, :page, :text, :failure FROM documents WHERE id = :id "
        "ON CONFLICT (document_id, page) DO NOTHING",
        id=document_id,
        page=page,
        text=text,
        failure=failure,
    )


def select_scans(tx: Tx, document_id: str) -> dict[int, tuple[str, str | None]]:
    rows = tx.rows("SELECT page, text, failure FROM document_scans WHERE document_id = :id", id=document_id)
    return {page: (text, failure) for page, text, failure in rows}


def delete_scans(tx: Tx, document_id: str) -> None:
    tx.run("DELETE FROM document_scans WHERE document_id = :id", id=document_id)


def insert_leftover(tx: Tx, sha256: str) -> None:
    tx.run("INSERT INTO document_leftovers (sha256) VALUES (:sha256) ON CONFLICT DO NOTHING", sha256=sha256)


def delete_leftover(tx: Tx, sha256: str) -> None:
    tx.run("DELETE FROM document_leftovers WHERE sha256 = :sha256", sha256=sha256)


def select_leftovers(tx: Tx) -> list[str]:
    """Originals noted as leftovers that no document has."""
    return [row[0] for row in tx.rows("SELECT sha256 FROM document_leftovers WHERE sha256 NOT IN (SELECT sha256 FROM documents)")]
