# ruff: noqa: S608 (what is put into SQL text here are our own column names, constants and placeholders)
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ...db import Tx
from ...db.rows import to_columns
from ...kit import clock
from ...kit.ids import new_id
from ...kit.paging import PageRequest
from .model import Edge, EntityRef, EntryFilter, LogLine, Node, SourceRef

ME_KEY = "me"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it is stored."""

    id: str
    content: str
    folded: str
    category: str
    scope: str
    agent_id: str | None
    importance: float
    tags: list[str]
    source: SourceRef | None
    session_id: str | None
    slot: str | None
    slot_value: str | None
    spoken_value: str | None
    context: str
    valid_from: str
    valid_to: str | None
    stated_valid_to: str | None
    supersedes: str | None
    superseded_by: str | None
    is_version: bool
    created_at: str
    recorded_at: str
    replaced_at: str | None
    updated_at: str
    last_used_at: str | None
    use_count: int


class Mention(msgspec.Struct, frozen=True):
    entry_id: str
    id: str
    name: str
    type: str


_NAMES = Row.__struct_fields__
_INSERT = f"INSERT INTO memory_entries ({', '.join(_NAMES)}) VALUES ({', '.join(':' + n for n in _NAMES)})"
_UPDATE = f"UPDATE memory_entries SET {', '.join(f'{n} = :{n}' for n in _NAMES if n != 'id')} WHERE id = :id"

# What the memory held true at :at. An end counts once it was known; before that, the end that had been stated.
_HELD = (
    "{0}recorded_at <= :at AND {0}valid_from <= :at AND ({0}valid_to IS NULL OR {0}valid_to > :at "
    "OR ({0}replaced_at > :at AND ({0}stated_valid_to IS NULL OR {0}stated_valid_to > :at)))"
)
HELD = _HELD.format("")
HELD_E = _HELD.format("e.")
# What stands among the present entries at :now. One whose successor begins only later stands there until then.
PRESENT = "replaced_at IS NULL AND (superseded_by IS NULL OR valid_to > :now)"
# Entries of these scopes: the person's own, and those of one agent or of all.
_SCOPED = "(e.scope = 'user' OR :agent_id IS NULL OR e.agent_id = :agent_id)"


def _in(values: Iterable[str], prefix: str = "v") -> tuple[str, dict[str, str]]:
    """``IN (:v0, :v1)`` and its parameters."""
    named = {f"{prefix}{at}": value for at, value in enumerate(values)}
    return f"({', '.join(':' + name for name in named)})", named


# --- entries


def insert(tx: Tx, row: Row) -> None:
    tx.run(_INSERT, **to_columns(row))
    tx.many("INSERT INTO memory_tags (entry_id, tag) VALUES (:entry_id, :tag)", [{"entry_id": row.id, "tag": tag} for tag in row.tags])


def update(tx: Tx, row: Row) -> None:
    tx.run(_UPDATE, **to_columns(row))


def replace_tags(tx: Tx, entry_id: str, tags: Sequence[str]) -> None:
    tx.run("DELETE FROM memory_tags WHERE entry_id = :id", id=entry_id)
    tx.many("INSERT INTO memory_tags (entry_id, tag) VALUES (:entry_id, :tag)", [{"entry_id": entry_id, "tag": tag} for tag in tags])


def select(tx: Tx, entry_id: str) -> Row | None:
    return tx.find(Row, "SELECT * FROM memory_entries WHERE id = :id", id=entry_id)


def select_many(tx: Tx, ids: Sequence[str]) -> list[Row]:
    if not ids:
        return []
    within, named = _in(ids)
    return tx.all(Row, f"SELECT * FROM memory_entries WHERE id IN {within}", **named)


def select_held(tx: Tx, ids: Sequence[str], at: str) -> list[Row]:
    """Those of the entries that the memory held true at ``at``."""
    if not ids:
        return []
    within, named = _in(ids)
    return tx.all(Row, f"SELECT * FROM memory_entries WHERE id IN {within} AND {HELD}", at=at, **named)


def _filtered(wanted: EntryFilter) -> tuple[str, dict[str, Any]]:
    conditions = ["is_version = false"]
    named: dict[str, Any] = {}
    if not wanted.include_superseded:
        conditions.append(PRESENT)
        named["now"] = clock.timestamp()
    for column in ("scope", "category", "agent_id"):
        value = getattr(wanted, column)
        if value is not None:
            conditions.append(f"{column} = :{column}")
            named[column] = value
    if wanted.tag is not None:
        conditions.append("id IN (SELECT entry_id FROM memory_tags WHERE tag = :tag)")
        named["tag"] = wanted.tag
    for at, word in enumerate((wanted.q or "").split()[:16]):
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions.append(f"folded LIKE :q{at} ESCAPE '\\'")
        named[f"q{at}"] = f"%{escaped}%"
    return " AND ".join(conditions), named


def select_page(tx: Tx, wanted: EntryFilter, page: PageRequest, *, readable_by: str | None) -> list[Row]:
    """Newest first. ``readable_by`` None: by the person, who may read all; otherwise the agent."""
    conditions, named = _filtered(wanted)
    before = page.key or ("~", "~")
    return tx.all(
        Row,
        f"SELECT * FROM memory_entries AS e WHERE {conditions} AND (:reader IS NULL OR scope = 'user' OR e.agent_id = :reader) "
        "AND (created_at, id) < (:before_at, :before_id) ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset",
        reader=readable_by,
        before_at=before[0],
        before_id=before[1],
        limit=page.limit + 1,
        offset=page.offset,
        **named,
    )


def count(tx: Tx, wanted: EntryFilter, *, readable_by: str | None) -> int:
    conditions, named = _filtered(wanted)
    return int(
        tx.value(
            f"SELECT count(*) FROM memory_entries AS e WHERE {conditions} AND (:reader IS NULL OR scope = 'user' OR e.agent_id = :reader)",
            reader=readable_by,
            **named,
        )
    )


def select_agents(tx: Tx) -> list[str]:
    """The agents that have memories of their own."""
    return [name for (name,) in tx.rows("SELECT DISTINCT agent_id FROM memory_entries WHERE agent_id IS NOT NULL")]


def select_of_agent(tx: Tx, agent_id: str) -> list[str]:
    return [name for (name,) in tx.rows("SELECT id FROM memory_entries WHERE scope = 'agent' AND agent_id = :agent_id", agent_id=agent_id)]


def select_slot(tx: Tx, scope: str, agent_id: str | None, slot: str) -> list[Row]:
    """What fills a slot now or is to fill it later, what was written last first."""
    return tx.all(
        Row,
        f"SELECT * FROM memory_entries WHERE slot = :slot AND {PRESENT} AND scope = :scope AND (agent_id = :agent_id OR (agent_id IS NULL AND "
        ":agent_id IS NULL)) "
        "ORDER BY recorded_at DESC, id DESC",
        slot=slot,
        now=clock.timestamp(),
        scope=scope,
        agent_id=agent_id,
    )


def select_family(tx: Tx, scope: str, agent_id: str | None, family: str) -> list[Row]:
    """What fills the slots of one family ("me|sister|..."), the latest first."""
    return tx.all(
        Row,
        f"SELECT * FROM memory_entries WHERE slot >= :low AND slot < :high AND {PRESENT} AND scope = :scope "
        "AND (agent_id = :agent_id OR (agent_id IS NULL AND :agent_id IS NULL)) ORDER BY recorded_at DESC, id DESC",
        low=f"{family}|",
        high=f"{family}}}",  # "}" is the character after "|"
        now=clock.timestamp(),
        scope=scope,
        agent_id=agent_id,
    )


def select_value(tx: Tx, value: str) -> list[Row]:
    """Entries of the person whose slot has this value, the latest first."""
    return tx.all(
        Row,
        f"SELECT * FROM memory_entries WHERE slot_value = :value AND {PRESENT} AND scope = 'user' ORDER BY recorded_at DESC, id DESC LIMIT 20",
        value=value,
        now=clock.timestamp(),
    )


def select_said_in(tx: Tx, session_id: str, limit: int) -> list[Row]:
    """What was learned in a conversation and fills a slot, the latest first."""
    return tx.all(
        Row,
        f"SELECT * FROM memory_entries WHERE session_id = :session_id AND slot IS NOT NULL AND {PRESENT} AND scope = 'user' ORDER BY recorded_at "
        "DESC, id DESC LIMIT :limit",
        session_id=session_id,
        now=clock.timestamp(),
        limit=limit,
    )


def select_standing(tx: Tx, at: str, slots: Sequence[str], family: str, limit: int) -> list[Row]:
    """What holds for every answer."""
    within, named = _in(slots)
    return tx.all(
        Row,
        f"SELECT * FROM memory_entries WHERE (slot IN {within} OR (slot >= :low AND slot < :high)) AND scope = 'user' AND replaced_at IS NULL AND {HELD} "
        "ORDER BY importance DESC, recorded_at DESC, id DESC LIMIT :limit",
        low=f"{family}|",
        high=f"{family}}}",
        at=at,
        limit=limit,
        **named,
    )


def end(tx: Tx, entry_id: str, *, valid_to: str, replaced_at: str | None, superseded_by: str, at: str) -> None:
    """An entry is replaced: it holds until ``valid_to`` or the end that was stated, as is known since ``replaced_at``; None: it holds until then."""
    tx.run(
        "UPDATE memory_entries SET stated_valid_to = CASE WHEN superseded_by IS NULL THEN valid_to ELSE stated_valid_to END, "
        "valid_to = min(:valid_to, coalesce(CASE WHEN superseded_by IS NULL THEN valid_to ELSE stated_valid_to END, :valid_to)), "
        "replaced_at = :replaced_at, superseded_by = :superseded_by, updated_at = :at WHERE id = :id",
        id=entry_id,
        valid_to=valid_to,
        replaced_at=replaced_at,
        superseded_by=superseded_by,
        at=at,
    )


def reopen(tx: Tx, entry_id: str, at: str) -> None:
    """An entry was not replaced after all: it holds as long as had been stated."""
    tx.run(
        "UPDATE memory_entries SET valid_to = stated_valid_to, stated_valid_to = NULL, replaced_at = NULL, superseded_by = NULL, updated_at = :at "
        "WHERE id = :id",
        id=entry_id,
        at=at,
    )


def follow(tx: Tx, old: str, new: str) -> None:
    """``new`` comes right after ``old``."""
    tx.run("UPDATE memory_entries SET supersedes = :old WHERE id = :new", old=old, new=new)


def select_replaced_by(tx: Tx, ids: Sequence[str]) -> list[Row]:
    """The entries, not their versions, that these took the place of; the latest first."""
    within, named = _in(ids)
    return tx.all(
        Row,
        f"SELECT * FROM memory_entries WHERE superseded_by IN {within} AND is_version = false AND id NOT IN {within} ORDER BY valid_from DESC, id DESC",
        **named,
    )


def strengthen(tx: Tx, entry_id: str, *, importance: float, at: str) -> None:
    tx.run(
        "UPDATE memory_entries SET importance = :importance, use_count = use_count + 1, updated_at = :at WHERE id = :id",
        id=entry_id,
        importance=importance,
        at=at,
    )


def add_uses(tx: Tx, uses: Iterable[tuple[str, int, str]]) -> None:
    tx.many(
        "UPDATE memory_entries SET use_count = use_count + :times, last_used_at = :at WHERE id = :id",
        [{"id": entry_id, "times": times, "at": at} for entry_id, times, at in uses],
    )


def move_successors(tx: Tx, old: str, new: str) -> None:
    """What ``old`` had replaced counts as replaced by ``new``."""
    tx.run("UPDATE memory_entries SET superseded_by = :new WHERE superseded_by = :old AND id <> :new", old=old, new=new)


def select_chain(tx: Tx, entry_id: str) -> list[Row]:
    """The entry, all that it replaced and all that replaced it, the latest first."""
    return tx.all(
        Row,
        "WITH RECURSIVE later(id) AS (SELECT :id UNION SELECT e.superseded_by FROM memory_entries e JOIN later ON e.id = later.id WHERE e.superseded_by IS "
        "NOT NULL), "
        "chain(id) AS (SELECT id FROM later UNION SELECT e.id FROM memory_entries e JOIN chain ON e.superseded_by = chain.id) "
        "SELECT e.* FROM memory_entries e JOIN chain ON e.id = chain.id ORDER BY e.recorded_at DESC, e.is_version, e.id DESC",
        id=entry_id,
    )


def select_versions(tx: Tx, entry_id: str) -> list[Row]:
    """What an entry said before it was changed, the latest first."""
    return tx.all(
        Row,
        "WITH RECURSIVE chain(id) AS (SELECT :id UNION SELECT e.id FROM memory_entries e JOIN chain ON e.superseded_by = chain.id AND e.is_version = true) "
        "SELECT e.* FROM memory_entries e JOIN chain ON e.id = chain.id WHERE e.id <> :id ORDER BY e.recorded_at DESC, e.id DESC",
        id=entry_id,
    )


def delete(tx: Tx, ids: Sequence[str]) -> None:
    """Remove entries with their tags, mentions and relations, and the entities that nothing mentions any more."""
    within, named = _in(ids)
    touched = _touched(tx, ids)
    tx.run(f"DELETE FROM memory_entries WHERE id IN {within}", **named)
    _drop_orphans(tx, touched)


def relink(tx: Tx, ids: Sequence[str], *, before: str | None, after: str | None) -> None:
    """Close the gap that entries leave in their chain."""
    within, named = _in(ids)
    tx.run(f"UPDATE memory_entries SET superseded_by = :after WHERE superseded_by IN {within}", after=after, **named)
    tx.run(f"UPDATE memory_entries SET supersedes = :before WHERE supersedes IN {within}", before=before, **named)


# --- entities


def select_mentions(tx: Tx, ids: Sequence[str]) -> dict[str, list[EntityRef]]:
    """The entities of entries; the person themselves is left out."""
    if not ids:
        return {}
    within, named = _in(ids)
    found: dict[str, list[EntityRef]] = {}
    for row in tx.all(
        Mention,
        f"SELECT m.entry_id, e.id, e.name, e.type FROM memory_mentions m JOIN memory_entities e ON e.id = m.entity_id WHERE m.entry_id IN {within} "
        "AND e.name_key <> :me ORDER BY e.name, e.id",
        me=ME_KEY,
        **named,
    ):
        found.setdefault(row.entry_id, []).append(EntityRef(row.id, row.name, row.type))
    return found


def select_known(tx: Tx, limit: int) -> dict[str, str]:
    """Names that the memory knows, with their types."""
    return {
        key: kind
        for key, kind in tx.rows(
            "SELECT name_key, type FROM memory_entities WHERE name_key <> :me AND type NOT IN ('date', 'money', 'thing') LIMIT :limit", me=ME_KEY, limit=limit
        )
    }


def select_named(tx: Tx, keys: Sequence[str]) -> list[EntityRef]:
    if not keys:
        return []
    within, named = _in(keys)
    return tx.all(EntityRef, f"SELECT id, name, type FROM memory_entities WHERE name_key IN {within}", **named)


def select_related(tx: Tx, relations: Sequence[str], at: str) -> list[tuple[str, str, str]]:
    """Who stands in these relations to the person now: (relation, entity's id, its name)."""
    if not relations:
        return []
    within, named = _in(relations)
    rows = tx.rows(
        f"SELECT DISTINCT r.relation, o.id, o.name FROM memory_entities me JOIN memory_relations r ON r.from_id = me.id JOIN memory_entities o ON o.id = "
        f"r.to_id "
        f"JOIN memory_entries e ON e.id = r.entry_id WHERE me.name_key = :me AND r.relation IN {within} AND e.scope = 'user' AND {HELD_E} LIMIT 8",
        me=ME_KEY,
        at=at,
        **named,
    )
    return [(str(relation), str(entity_id), str(name)) for relation, entity_id, name in rows]


def find_entity(tx: Tx, name: str, key: str) -> str | None:
    """The id of the entity that a name or an id means; a first name is enough where it is nobody else's."""
    exact = tx.value("SELECT id FROM memory_entities WHERE id = :name OR name_key = :key", name=name, key=key)
    if exact or not key:
        return exact if isinstance(exact, str) else None
    near = tx.rows("SELECT id FROM memory_entities WHERE name_key >= :low AND name_key < :high LIMIT 2", low=f"{key} ", high=f"{key}!")
    return str(near[0][0]) if len(near) == 1 else None


def upsert_entity(tx: Tx, key: str, name: str, kind: str) -> str:
    """The entity's id. A name of unknown kind takes the first kind that is found for it; capitals win over small letters."""
    known = tx.rows("SELECT id, name, type FROM memory_entities WHERE name_key = :key", key=key)
    if not known:
        entity_id = new_id("ent")
        tx.run("INSERT INTO memory_entities (id, name_key, name, type) VALUES (:id, :key, :name, :type)", id=entity_id, key=key, name=name, type=kind)
        return entity_id
    entity_id, known_name, known_kind = known[0]
    better_kind = kind if known_kind in ("name", "thing") and kind not in ("name", "thing") else known_kind
    better_name = name if str(known_name).islower() and not name.islower() else known_name
    if (better_kind, better_name) != (known_kind, known_name):
        tx.run("UPDATE memory_entities SET name = :name, type = :type WHERE id = :id", id=entity_id, name=better_name, type=better_kind)
    return str(entity_id)


def insert_mentions(tx: Tx, entry_id: str, entity_ids: Iterable[str]) -> None:
    tx.many(
        "INSERT INTO memory_mentions (entry_id, entity_id) VALUES (:entry_id, :entity_id) ON CONFLICT DO NOTHING",
        [{"entry_id": entry_id, "entity_id": entity_id} for entity_id in dict.fromkeys(entity_ids)],
    )


def insert_relations(tx: Tx, entry_id: str, relations: Iterable[tuple[str, str, str]]) -> None:
    tx.many(
        "INSERT INTO memory_relations (entry_id, from_id, to_id, relation) VALUES (:entry_id, :from_id, :to_id, :relation) ON CONFLICT DO NOTHING",
        [{"entry_id": entry_id, "from_id": start, "to_id": stop, "relation": relation} for start, relation, stop in relations],
    )


def copy_graph(tx: Tx, old: str, new: str) -> None:
    tx.run("INSERT INTO memory_mentions (entry_id, entity_id) SELECT :new, entity_id FROM memory_mentions WHERE entry_id = :old", old=old, new=new)
    tx.run(
        "INSERT INTO memory_relations (entry_id, from_id, to_id, relation) SELECT :new, from_id, to_id, relation FROM memory_relations WHERE entry_id = :old",
        old=old,
        new=new,
    )


def clear_graph(tx: Tx, entry_id: str) -> None:
    """Take an entry out of the graph, before it is put in anew. ``drop_orphans`` follows."""
    touched = _touched(tx, [entry_id])
    tx.run("DELETE FROM memory_mentions WHERE entry_id = :id", id=entry_id)
    tx.run("DELETE FROM memory_relations WHERE entry_id = :id", id=entry_id)
    _drop_orphans(tx, touched)


def _touched(tx: Tx, ids: Sequence[str]) -> list[str]:
    within, named = _in(ids)
    return [entity_id for (entity_id,) in tx.rows(f"SELECT DISTINCT entity_id FROM memory_mentions WHERE entry_id IN {within}", **named)]


def _drop_orphans(tx: Tx, entity_ids: Sequence[str]) -> None:
    for start in range(0, len(entity_ids), 500):
        within, named = _in(entity_ids[start : start + 500])
        tx.run(
            f"DELETE FROM memory_entities WHERE id IN {within} AND NOT EXISTS (SELECT 1 FROM memory_mentions m WHERE m.entity_id = memory_entities.id)",
            **named,
        )


# --- graph


def select_neighbourhood(tx: Tx, entity_id: str, depth: int, at: str, agent_id: str | None, limit: int) -> list[str]:
    """Entities within ``depth`` steps, the nearest first, by relations that hold at ``at``."""
    rows = tx.rows(
        "WITH RECURSIVE walk(id, steps) AS ("
        "SELECT :start, 0 UNION "
        "SELECT CASE WHEN r.from_id = walk.id THEN r.to_id ELSE r.from_id END, walk.steps + 1 FROM walk "
        "JOIN memory_relations r ON (r.from_id = walk.id OR r.to_id = walk.id) JOIN memory_entries e ON e.id = r.entry_id "
        f"WHERE walk.steps < :depth AND {_SCOPED} AND {HELD_E}) "
        "SELECT id, min(steps) AS near FROM walk GROUP BY id ORDER BY near, id LIMIT :limit",
        start=entity_id,
        depth=depth,
        at=at,
        agent_id=agent_id,
        limit=limit,
    )
    return [str(found) for found, _ in rows]


def select_most_mentioned(tx: Tx, at: str, agent_id: str | None, limit: int) -> list[str]:
    rows = tx.rows(
        f"SELECT m.entity_id, count(*) AS times FROM memory_mentions m JOIN memory_entries e ON e.id = m.entry_id WHERE {_SCOPED} AND {HELD_E} "
        "GROUP BY m.entity_id ORDER BY times DESC, m.entity_id LIMIT :limit",
        at=at,
        agent_id=agent_id,
        limit=limit,
    )
    return [str(found) for found, _ in rows]


def select_nodes(tx: Tx, ids: Sequence[str], at: str, agent_id: str | None) -> list[Node]:
    """With each, how many entries that hold at ``at`` mention it; those that none mentions are left out."""
    if not ids:
        return []
    within, named = _in(ids)
    return tx.all(
        Node,
        f"SELECT n.id, n.name, n.type, count(*) AS mentions FROM memory_entities n JOIN memory_mentions m ON m.entity_id = n.id JOIN memory_entries e ON "
        f"e.id = m.entry_id "
        f"WHERE n.id IN {within} AND {_SCOPED} AND {HELD_E} GROUP BY n.id, n.name, n.type ORDER BY mentions DESC, n.name, n.id",
        at=at,
        agent_id=agent_id,
        **named,
    )


def select_edges(tx: Tx, ids: Sequence[str], at: str, agent_id: str | None, limit: int) -> list[Edge]:
    """Relations that hold at ``at`` between these entities."""
    if not ids:
        return []
    starts, named = _in(ids)
    return tx.all(
        Edge,
        f"SELECT r.from_id, r.to_id, r.relation, r.entry_id FROM memory_relations r JOIN memory_entries e ON e.id = r.entry_id "
        f"WHERE r.from_id IN {starts} AND r.to_id IN {starts} AND {_SCOPED} AND {HELD_E} ORDER BY r.entry_id, r.from_id, r.to_id, r.relation LIMIT :limit",
        at=at,
        agent_id=agent_id,
        limit=limit,
        **named,
    )


# --- daily logs


def insert_log(tx: Tx, *, log_id: str, day: str, at: str, text: str, session_id: str | None, agent_id: str | None) -> None:
    tx.run(
        "INSERT INTO memory_daily_logs (id, day, at, text, session_id, agent_id) VALUES (:id, :day, :at, :text, :session_id, :agent_id)",
        id=log_id,
        day=day,
        at=at,
        text=text,
        session_id=session_id,
        agent_id=agent_id,
    )


def select_log(tx: Tx, day: str) -> list[LogLine]:
    return tx.all(LogLine, "SELECT at, text, session_id, agent_id FROM memory_daily_logs WHERE day = :day ORDER BY at, id", day=day)


def select_last_days(tx: Tx, limit: int) -> list[tuple[str, int]]:
    """The latest days that have a log, with how many lines each."""
    return [
        (str(day), int(lines)) for day, lines in tx.rows("SELECT day, count(*) FROM memory_daily_logs GROUP BY day ORDER BY day DESC LIMIT :limit", limit=limit)
    ]
