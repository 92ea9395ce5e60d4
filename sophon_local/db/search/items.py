"""Items and their keyword rows, in the transaction of whoever owns them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import apsw
import msgspec

from ..database import Tx
from .model import Item
from .words import TOKENIZE, clean, spaced

CONTEXT_WEIGHT = 0.5


class Collection(msgspec.Struct, frozen=True):
    """``characters`` is the weighted length of all its items; ``writes`` counts what was ever put or removed."""

    number: int
    name: str
    items: int
    characters: float
    writes: int

    @property
    def text_table(self) -> str:
        return f"search_text_{self.number}"

    @property
    def terms_table(self) -> str:
        return f"search_terms_{self.number}"


class _Stored(msgspec.Struct, frozen=True):
    key: int
    text: str
    context: str
    grp: int


def length(text: str, context: str) -> float:
    return len(text) + CONTEXT_WEIGHT * len(context)


def integers(values: Iterable[int]) -> object:
    """Keys or numbers as one SQL parameter: ``WHERE x IN carray(:values)``. They start at 1, so that 0 may stand for none, which SQLite cannot bind."""
    return apsw.carray(array("q", values) or array("q", [0]), flags=apsw.SQLITE_CARRAY_INT64)


def find_collection(tx: Tx, name: str) -> Collection | None:
    return tx.find(Collection, "SELECT number, name, items, characters, writes FROM search_collections WHERE name = :name", name=name)


def find_groups(tx: Tx, collection: Collection, names: Iterable[str]) -> list[int]:
    """The numbers of those named groups that there are."""
    numbers = []
    for name in set(names):
        number = tx.value("SELECT number FROM search_groups WHERE collection = :collection AND name = :name", collection=collection.number, name=clean(name))
        if number is not None:
            numbers.append(number)
    return numbers


def put(tx: Tx, collection_name: str, items: Iterable[Item]) -> None:
    """Add the items, each in place of the one with its id. One that has not changed is left alone and keeps its vectors."""
    collection = find_collection(tx, collection_name) or _create(tx, collection_name)
    embedders = [number for (number,) in tx.rows("SELECT number FROM search_embedders WHERE state <> 'retired'")]
    groups: dict[str, int] = {}
    added = 0
    characters = 0.0
    for item in items:
        text, context, group = clean(item.text), clean(item.context), clean(item.group)
        if group not in groups:
            groups[group] = _group(tx, collection, group)
        old = tx.find(
            _Stored,
            "SELECT key, text, context, grp FROM search_items WHERE collection = :collection AND id = :id",
            collection=collection.number,
            id=item.id,
        )
        if old is not None:
            if (old.text, old.context, old.grp) == (text, context, groups[group]):
                continue
            _remove(tx, collection, [old.key])
        key = tx.value(
            "INSERT INTO search_items (collection, id, grp, text, context) VALUES (:collection, :id, :grp, :text, :context) RETURNING key",
            collection=collection.number,
            id=item.id,
            grp=groups[group],
            text=text,
            context=context,
        )
        tx.run(
            f"INSERT INTO {collection.text_table} (rowid, text, context) VALUES (:key, :text, :context)",  # noqa: S608 (a number of ours)
            key=key,
            text=spaced(text),
            context=spaced(context),
        )
        for embedder in embedders:
            tx.run("INSERT INTO search_pending (embedder, failed, item) VALUES (:embedder, false, :key)", embedder=embedder, key=key)
        added += 1
        characters += length(text, context)
    _count(tx, collection, added, characters)


def remove(tx: Tx, collection_name: str, ids: Iterable[str]) -> None:
    """Remove the items with these ids, with their vectors; ids that are not there are passed over."""
    collection = find_collection(tx, collection_name)
    if collection is None:
        return
    find = "SELECT key FROM search_items WHERE collection = :collection AND id = :id"
    keys = [tx.value(find, collection=collection.number, id=name) for name in set(ids)]
    _remove(tx, collection, [key for key in keys if key is not None])


def remove_group(tx: Tx, collection_name: str, group: str) -> None:
    """Remove a group: all its items, with their vectors."""
    collection = find_collection(tx, collection_name)
    if collection is None:
        return
    for number in find_groups(tx, collection, [group]):
        _remove(tx, collection, [key for (key,) in tx.rows("SELECT key FROM search_items WHERE grp = :number", number=number)])
        tx.run("DELETE FROM search_groups WHERE number = :number", number=number)


def _create(tx: Tx, name: str) -> Collection:
    number = tx.value("INSERT INTO search_collections (name) VALUES (:name) RETURNING number", name=name)
    collection = Collection(number, name, 0, 0.0, 0)
    # Contentless: the text stands in search_items, and a row can be deleted without its old text.
    tx.run(f"CREATE VIRTUAL TABLE {collection.text_table} USING fts5(text, context, content='', contentless_delete=1, tokenize='{TOKENIZE}')")
    tx.run(f"CREATE VIRTUAL TABLE {collection.terms_table} USING fts5vocab({collection.text_table}, 'row')")
    return collection


def _group(tx: Tx, collection: Collection, name: str) -> int:
    numbers = find_groups(tx, collection, [name])
    if numbers:
        return numbers[0]
    insert = "INSERT INTO search_groups (collection, name) VALUES (:collection, :name) RETURNING number"
    return int(tx.value(insert, collection=collection.number, name=name))


def _remove(tx: Tx, collection: Collection, keys: list[int]) -> None:
    if not keys:
        return
    gone = integers(keys)
    characters = tx.value(
        f"SELECT sum(length(text) + {CONTEXT_WEIGHT} * length(context)) FROM search_items WHERE key IN carray(:gone)",  # noqa: S608 (a constant)
        gone=gone,
    )
    vectors = integers(seq for (seq,) in tx.rows("SELECT seq FROM search_vectors WHERE item IN carray(:gone) ORDER BY seq", gone=gone))
    tx.run("INSERT INTO search_gone (seq) SELECT seq FROM search_vectors WHERE seq IN carray(:vectors)", vectors=vectors)
    tx.run("DELETE FROM search_signs WHERE seq IN carray(:vectors)", vectors=vectors)
    tx.run("DELETE FROM search_vectors WHERE seq IN carray(:vectors)", vectors=vectors)
    tx.run("DELETE FROM search_pending WHERE item IN carray(:gone)", gone=gone)
    tx.run(f"DELETE FROM {collection.text_table} WHERE rowid IN carray(:gone)", gone=gone)  # noqa: S608 (a number of ours)
    tx.run("DELETE FROM search_items WHERE key IN carray(:gone)", gone=gone)
    _count(tx, collection, -len(keys), -characters)


def _count(tx: Tx, collection: Collection, items: int, characters: float) -> None:
    tx.run(
        "UPDATE search_collections SET items = items + :items, characters = characters + :characters, writes = writes + abs(:items) WHERE number = :number",
        items=items,
        characters=characters,
        number=collection.number,
    )
