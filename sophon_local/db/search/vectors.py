"""The vectors: those of the embedder that is searched, those of the one that will take its place, and what waits for either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...kit import clock
from ..database import Tx
from .items import integers
from .model import Counts, Embedding, Pending
from .signs import Signs, sign_bits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A heading or the end of the turn before says what a passage is about; more of it would drown the passage.
CONTEXT_CHARACTERS = 200
PASSAGE_CHARACTERS = 8_000  # more than any embedder here reads
_REMEMBERED_REMOVALS = 200_000
_AT_ONCE = 20_000  # rows of sign bits read at a time


def embeddings(tx: Tx) -> list[Embedding]:
    """All that are known: the searched one first."""
    rows = tx.all(Embedding, "SELECT number, id, dimensions, state FROM search_embedders ORDER BY number")
    return sorted(rows, key=lambda row: row.state != "searched")


def adopt(tx: Tx, embedder_id: str, dimensions: int) -> list[Embedding]:
    """Make this embedder the one to fill vectors of: searched at once where there are no others, else as a shadow. The state after it."""
    known = embeddings(tx)
    mine = next((e for e in known if e.state != "retired" and (e.id, e.dimensions) == (embedder_id, dimensions)), None)
    for other in known:
        is_empty = other.state == "searched" and mine is None and not _has_vectors(tx, other.number)
        if other is not mine and (other.state == "shadow" or is_empty):
            _retire(tx, other.number)
    if mine is None:
        has_searched = tx.value("SELECT count(*) FROM search_embedders WHERE state = 'searched'")
        number = tx.value(
            "INSERT INTO search_embedders (id, dimensions, state, created_at) VALUES (:id, :dimensions, :state, :at) RETURNING number",
            id=embedder_id,
            dimensions=dimensions,
            state="shadow" if has_searched else "searched",
            at=clock.timestamp(),
        )
        tx.run("INSERT INTO search_pending (embedder, failed, item) SELECT :number, false, key FROM search_items", number=number)
    return embeddings(tx)


def flip(tx: Tx, number: int) -> bool:
    """Search the shadow from now on, and retire the other. False while something still waits for it."""
    if tx.value("SELECT 1 FROM search_pending WHERE embedder = :number AND failed = false LIMIT 1", number=number):
        return False
    for (other,) in tx.rows("SELECT number FROM search_embedders WHERE state = 'searched'"):
        _retire(tx, other)
    return tx.run("UPDATE search_embedders SET state = 'searched' WHERE number = :number AND state = 'shadow'", number=number) == 1


def clear(tx: Tx, number: int, limit: int) -> bool:
    """Delete up to ``limit`` vectors of a retired embedder. True when it is gone altogether."""
    seqs = integers(seq for (seq,) in tx.rows("SELECT seq FROM search_signs WHERE embedder = :number LIMIT :limit", number=number, limit=limit))
    removed = tx.run("DELETE FROM search_vectors WHERE seq IN carray(:seqs)", seqs=seqs)
    tx.run("DELETE FROM search_signs WHERE seq IN carray(:seqs)", seqs=seqs)
    if removed < limit:
        tx.run("DELETE FROM search_embedders WHERE number = :number", number=number)
    return removed < limit


def pending(tx: Tx, number: int, limit: int, first: Sequence[int] = ()) -> list[Pending]:
    """What waits for a vector, the oldest first; items of the groups ``first`` before all others."""
    columns = f"i.key, substr(i.text, 1, {PASSAGE_CHARACTERS}), substr(i.context, -{CONTEXT_CHARACTERS})"
    waiting = f"SELECT {columns} FROM search_pending p JOIN search_items i ON i.key = p.item WHERE p.embedder = :number AND p.failed = false "  # noqa: S608
    rows: list[tuple[int, str, str]] = []
    if first:
        rows = tx.rows(waiting + "AND i.grp IN carray(:first) ORDER BY p.item LIMIT :limit", number=number, limit=limit, first=integers(first))  # type: ignore[assignment]
    if not rows:
        rows = tx.rows(waiting + "ORDER BY p.item LIMIT :limit", number=number, limit=limit)  # type: ignore[assignment]
    return [Pending(key, f"{context}\n{text}" if context else text) for key, text, context in rows]


def is_pending(tx: Tx, number: int, groups: Sequence[int]) -> bool:
    """Whether an item of these groups waits for its vector."""
    return bool(
        tx.value(
            "SELECT 1 FROM search_items i JOIN search_pending p ON p.item = i.key "
            "WHERE i.grp IN carray(:groups) AND p.embedder = :number AND p.failed = false LIMIT 1",
            groups=integers(groups),
            number=number,
        )
    )


def save(tx: Tx, number: int, vectors: Mapping[int, bytes], failed: Iterable[int] = ()) -> None:
    """Keep the vectors of these items, but not of those that were removed or replaced meanwhile; note those that cannot be embedded."""
    import numpy as np

    if not tx.value("SELECT 1 FROM search_embedders WHERE number = :number AND state <> 'retired'", number=number):
        return
    waiting = tx.rows(
        "SELECT i.key, i.collection, i.grp FROM search_pending p JOIN search_items i ON i.key = p.item "
        "WHERE p.embedder = :number AND p.failed = false AND p.item IN carray(:keys) ORDER BY i.key",
        number=number,
        keys=integers(vectors),
    )
    signs = sign_bits(np.frombuffer(b"".join(vectors[key] for key, _, _ in waiting), "<f4").reshape(len(waiting), -1)) if waiting else ()
    for (key, collection, group), bits in zip(waiting, signs, strict=True):
        insert = "INSERT INTO search_vectors (embedder, item, vector) VALUES (:number, :key, :vector) RETURNING seq"
        tx.run(
            "INSERT INTO search_signs (seq, embedder, collection, grp, signs) VALUES (:seq, :number, :collection, :grp, :signs)",
            seq=tx.value(insert, number=number, key=key, vector=vectors[key]),
            number=number,
            collection=collection,
            grp=group,
            signs=bits.tobytes(),
        )
    done = integers([*(key for key, _, _ in waiting), *failed])
    tx.run("DELETE FROM search_pending WHERE embedder = :number AND failed = false AND item IN carray(:done)", number=number, done=done)
    tx.run(
        "INSERT INTO search_pending (embedder, failed, item) SELECT :number, true, key FROM search_items WHERE key IN carray(:failed)",
        number=number,
        failed=integers(failed),
    )


def follow(tx: Tx, signs: Signs, number: int, collection: int) -> bool:
    """Bring an index in memory up to what is committed. False when it fell too far behind, and must be built anew."""
    with signs.lock:
        if not signs.last_seq and not len(signs):  # new: what went before does not matter
            signs.last_gone = int(tx.value("SELECT seq FROM sqlite_sequence WHERE name = 'search_gone'") or 0)
        removals = tx.rows("SELECT number, seq FROM search_gone WHERE number > :last ORDER BY number", last=signs.last_gone)
        if removals and removals[0][0] > signs.last_gone + 1:
            return False
        added = _AT_ONCE
        while added == _AT_ONCE:
            rows: list[tuple[int, int, bytes]] = tx.rows(  # type: ignore[assignment]
                "SELECT seq, grp, signs FROM search_signs WHERE seq > :last AND embedder = :number AND collection = :collection ORDER BY seq LIMIT :limit",
                last=signs.last_seq,
                number=number,
                collection=collection,
                limit=_AT_ONCE,
            )
            signs.add(rows)
            added = len(rows)
        signs.last_seq = max(signs.last_seq, int(tx.value("SELECT max(seq) FROM search_signs") or 0))
        if removals:
            signs.discard([seq for _, seq in removals])
            signs.last_gone = removals[-1][0]
    return True


def load(tx: Tx, where: str, number: int, numbers: Iterable[int], dimensions: int) -> tuple[list[int], NDArray[np.float32]]:
    """Item keys and vectors of one embedder, ``where`` their ``seq`` or their ``item`` is among ``numbers``."""
    import numpy as np

    rows = tx.rows(
        f"SELECT item, vector FROM search_vectors WHERE {where} IN carray(:numbers) AND embedder = :number",  # noqa: S608 (a column's name)
        numbers=integers(numbers),
        number=number,
    )
    vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(-1, dimensions)
    return [row[0] for row in rows], vectors


def trim(tx: Tx) -> None:
    """Forget removals that no index in memory can still have to follow. An index that is further behind builds itself anew."""
    tx.run("DELETE FROM search_gone WHERE number <= (SELECT max(number) FROM search_gone) - :kept", kept=_REMEMBERED_REMOVALS)


def has_items(tx: Tx) -> bool:
    return bool(tx.value("SELECT sum(items) FROM search_collections"))


def counts(tx: Tx) -> Counts:
    items = int(tx.value("SELECT sum(items) FROM search_collections") or 0)
    numbers = {embedding.state: embedding.number for embedding in embeddings(tx)}

    def waiting(state: str, failed: bool) -> int:
        count = "SELECT count(*) FROM search_pending WHERE embedder = :number AND failed = :failed"
        return int(tx.value(count, number=numbers.get(state, 0), failed=failed))

    return Counts(
        items=items,
        pending=waiting("searched", False) if "searched" in numbers else items,
        failed=waiting("searched", True),
        shadow_pending=waiting("shadow", False),
    )


def _has_vectors(tx: Tx, number: int) -> bool:
    return bool(tx.value("SELECT 1 FROM search_signs WHERE embedder = :number LIMIT 1", number=number))


def _retire(tx: Tx, number: int) -> None:
    tx.run("UPDATE search_embedders SET state = 'retired' WHERE number = :number", number=number)
    tx.run("DELETE FROM search_pending WHERE embedder = :number", number=number)
