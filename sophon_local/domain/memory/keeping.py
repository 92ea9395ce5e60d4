"""Writing an entry: its row, what it said before, its place in the search index and its part of the graph. All inside a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from ...db import Tx
from ...kit.ids import new_id
from ..search import Item, Search
from . import _store
from ._store import Row
from .model import EntityRef, Entry, SourceRef, group_of, strengthened
from .words import FIRST_PERSON, entity_key, fold, key_of, tokens

if TYPE_CHECKING:
    from .facts import Fact, Link

COLLECTION = "memory"


def new_row(
    content: str,
    *,
    category: str,
    scope: str,
    agent_id: str | None,
    importance: float,
    tags: list[str],
    source: SourceRef | None,
    valid_from: str,
    valid_to: str | None,
    now: str,
) -> Row:
    """An entry that is new at ``now``: nothing came before it, and it fills no slot yet."""
    return Row(
        id=new_id("mem"),
        content=content,
        folded=fold(content),
        category=category,
        scope=scope,
        agent_id=agent_id,
        importance=importance,
        tags=tags,
        source=source,
        session_id=source.session_id if source else None,
        slot=None,
        slot_value=None,
        spoken_value=None,
        context="",
        valid_from=valid_from,
        valid_to=valid_to,
        stated_valid_to=None,
        supersedes=None,
        superseded_by=None,
        is_version=False,
        created_at=now,
        recorded_at=now,
        replaced_at=None,
        updated_at=now,
        last_used_at=None,
        use_count=0,
    )


def with_slot(row: Row, fact: Fact) -> Row:
    """``row`` with the slot that its fact fills, and the words by which it may be looked for."""
    if fact.slot is None:
        return msgspec.structs.replace(row, context=fact.context)
    return msgspec.structs.replace(
        row, slot=fact.slot, slot_value=key_of(fact.value) if fact.value else None, spoken_value=fact.value or None, context=fact.context
    )


class Keeper:
    """Keeps rows, index and graph at one: what one of them has, all have.

    ``uses``, by entry id, are those that are not written yet: how many, and when the last one was.
    """

    def __init__(self, search: Search, uses: Mapping[str, tuple[int, str]]) -> None:
        self._search = search
        self._uses = uses

    def entries(self, tx: Tx, rows: Sequence[Row]) -> list[Entry]:
        """Rows as entries, in their order, with their entities and the uses that are not written yet."""
        mentions = _store.select_mentions(tx, [row.id for row in rows])
        return [_entry(row, mentions.get(row.id, []), self._uses.get(row.id)) for row in rows]

    def put(self, tx: Tx, row: Row, old: Sequence[Row], links: Sequence[Link], *, is_named: bool = False) -> tuple[Entry, list[Entry]]:
        """Write ``row`` in the place of ``old``; the new entry, and those that it ended.

        Each holds until the next one begins: what began before ``row`` ends with it, and ``row`` ends with what begins after it. ``is_named``: somebody
        said that it takes the place of ``old``, whenever they began.
        """
        later = [] if is_named else [one for one in old if one.valid_from > row.valid_from]
        ending = [one for one in old if one not in later]
        following = _following(row, [*later, *_store.select_many(tx, [one.superseded_by for one in ending if one.superseded_by])])
        if ending:
            row = msgspec.structs.replace(row, supersedes=ending[0].id)
        if following is not None:
            until = min(row.valid_to or following.valid_from, following.valid_from)
            row = msgspec.structs.replace(
                row, stated_valid_to=row.valid_to, valid_to=until, superseded_by=following.id, replaced_at=row.recorded_at if until <= row.recorded_at else None
            )
        _store.insert(tx, row)
        if following is not None and (following.supersedes is None or following.supersedes in {one.id for one in ending}):
            _store.follow(tx, row.id, following.id)
        _put_graph(tx, row, links)
        self._index(tx, row)
        ended = [self.end(tx, one, row, row.recorded_at) for one in ending]
        return self.entries(tx, [row])[0], self.entries(tx, ended)

    def end(self, tx: Tx, row: Row, following: Row, now: str) -> Row:
        """``row`` holds until ``following`` begins, and stands among the present ones until then; as it is after that."""
        until = max(following.valid_from, row.valid_from)
        is_present = until > max(now, row.valid_from)
        _store.end(
            tx,
            row.id,
            valid_to=until,
            replaced_at=None if is_present else row.replaced_at or min(following.recorded_at, now),
            superseded_by=following.id,
            at=now,
        )
        return self._indexed_anew(tx, row.id)

    def reopen(self, tx: Tx, row: Row, now: str, following: Row | None) -> Row:
        """What had replaced ``row`` is gone: it holds until ``following`` begins, or as long as had been stated."""
        _store.reopen(tx, row.id, now)
        reopened = self._indexed_anew(tx, row.id)
        return reopened if following is None else self.end(tx, reopened, following, now)

    def _indexed_anew(self, tx: Tx, entry_id: str) -> Row:
        after = _store.select(tx, entry_id)
        assert after is not None
        self._index(tx, after)
        return after

    def rewrite(self, tx: Tx, before: Row, after: Row, links: Sequence[Link]) -> None:
        """Write ``after`` over ``before``, the same entry; ``links`` count where it says something else now."""
        _store.update(tx, after)
        if after.tags != before.tags:
            _store.replace_tags(tx, after.id, after.tags)
        if after.content != before.content:
            _store.clear_graph(tx, after.id)
            _put_graph(tx, after, links)
        self._index(tx, after)

    def keep_version(self, tx: Tx, row: Row, now: str) -> Row:
        """What an entry said until now, as a row of its own behind it."""
        version = msgspec.structs.replace(
            row,
            id=new_id("mem"),
            is_version=True,
            slot=None,
            valid_to=now if row.valid_to is None or row.valid_to > now else row.valid_to,
            stated_valid_to=row.valid_to,
            replaced_at=now,
            superseded_by=row.id,
        )
        if version.valid_to is not None and version.valid_to < version.valid_from:
            version = msgspec.structs.replace(version, valid_to=version.valid_from)  # it was to hold only later
        _store.move_successors(tx, row.id, version.id)
        _store.insert(tx, version)
        _store.copy_graph(tx, row.id, version.id)
        self._index(tx, version)
        return version

    def strengthen(self, tx: Tx, row: Row, now: str) -> Entry:
        """An entry was said once more."""
        _store.strengthen(tx, row.id, importance=strengthened(row.importance), at=now)
        after = _store.select(tx, row.id)
        assert after is not None
        return self.entries(tx, [after])[0]

    def erase(self, tx: Tx, ids: Sequence[str]) -> None:
        """Remove rows with all that hangs on them."""
        _store.delete(tx, ids)
        self._search.remove(tx, COLLECTION, ids)

    def erase_agent(self, tx: Tx, agent_id: str) -> list[str]:
        """Remove what one agent remembers by itself; the ids of what was removed."""
        ids = _store.select_of_agent(tx, agent_id)
        for start in range(0, len(ids), 500):
            _store.delete(tx, ids[start : start + 500])
        for is_past in (False, True):
            self._search.remove_group(tx, COLLECTION, group_of("agent", agent_id, is_past=is_past))
        return ids

    def _index(self, tx: Tx, row: Row) -> None:
        """Put an entry where it is searched for now: what no longer holds moves to the past."""
        context = " ".join(part for part in (row.context, " ".join(row.tags)) if part)
        self._search.put(tx, COLLECTION, [Item(row.id, row.content, context, group_of(row.scope, row.agent_id, is_past=row.replaced_at is not None))])


def _following(row: Row, others: Sequence[Row]) -> Row | None:
    """The first of the others that begins after ``row`` and stays: a passing one ("in May I am in Rome") ends nothing."""
    staying = [one for one in others if one.valid_from > row.valid_from and (one.valid_to is None or one.superseded_by is not None)]
    return min(staying, key=lambda one: one.valid_from, default=None)


def _put_graph(tx: Tx, row: Row, links: Sequence[Link]) -> None:
    """Entities and relations of an entry: those that its fact states, and names that stand together in it."""
    from .entities import find_entities

    ids: dict[str, str] = {}
    kinds: dict[str, str] = {}

    def entity(name: str, kind: str) -> str | None:
        key = entity_key(name)
        if not key:
            return None
        if key not in ids:
            ids[key] = _store.upsert_entity(tx, key, name, kind)
            kinds[ids[key]] = kind
        return ids[key]

    relations: list[tuple[str, str, str]] = []
    for link in links:
        start, stop = entity(link.subject, link.subject_type), entity(link.object, link.object_type)
        if start and stop and start != stop:
            relations.append((start, link.relation, stop))
    if not FIRST_PERSON.isdisjoint(tokens(row.content)):
        entity("Me", "person")
    known = {key: link.object_type for link in links if (key := entity_key(link.object))}
    named = [one for one in find_entities(row.content, known) if entity_key(one.name) not in ids]
    for one in named:
        # "Anna" beside "Anna Schmidt", "Siemens" beside "Siemens Berlin": the longer name says it already.
        if not any(f" {entity_key(one.name)} " in f" {key} " for key in ids):
            entity(one.name, one.type)
    joined = {frozenset((start, stop)) for start, _, stop in relations}
    together = [
        found for found in ids.values() if kinds[found] in ("person", "place", "organisation", "project", "animal", "name") and found != ids.get(_store.ME_KEY)
    ][:6]
    for at, start in enumerate(together):
        relations += [(start, "mentioned with", stop) for stop in together[at + 1 :] if frozenset((start, stop)) not in joined]
    _store.insert_mentions(tx, row.id, ids.values())
    _store.insert_relations(tx, row.id, relations)


def _entry(row: Row, entities: list[EntityRef], uses: tuple[int, str] | None) -> Entry:
    times, last = uses or (0, None)
    return Entry(
        id=row.id,
        content=row.content,
        category=row.category,
        scope=row.scope,
        agent_id=row.agent_id,
        importance=row.importance,
        tags=row.tags,
        entities=entities,
        source=row.source,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        supersedes=row.supersedes,
        superseded_by=row.superseded_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_used_at=last or row.last_used_at,
        use_count=row.use_count + times,
    )
