"""What is remembered: written, found, changed, replaced, forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import UNSET

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import Conflict, InvalidRequest, NotFound, SophonError
from ...kit.events import Events
from ...kit.ids import new_id
from ...kit.paging import Page, PageRequest, page_of
from ...providers.base import Chat
from ..approvals import Approval, Approvals, NewApproval
from ..search import Hit, Item, Search
from . import _store, diary
from ._store import Row
from .model import (
    CATEGORIES,
    DEEPEST,
    QUERY_CHARACTERS,
    SCOPES,
    DailyLog,
    EntityRef,
    Entry,
    EntryFilter,
    EntryPatch,
    Found,
    Graph,
    Learned,
    MemoryDeleted,
    MemoryHit,
    MemorySuperseded,
    MemoryWritten,
    NewEntry,
    NotKept,
    SourceRef,
    Turn,
    as_of,
    checked_choice,
    checked_content,
    checked_importance,
    checked_tags,
    group_of,
    moment,
    recency,
    refused,
    strengthened,
    weighted,
)
from .words import SMALL, content_words, fold, is_negated, key_of, overlap, tokens

if TYPE_CHECKING:
    from .facts import Correction, Fact, Link

log = logging.getLogger(__name__)

# Inside the class, ``list`` is the verb.
_Entries = list[Entry]
_Hits = list[MemoryHit]
_Names = list[str]

COLLECTION = "memory"
FORGET = "memory.forget"
# On chats, words with .7 and meaning with .3 found the most evidence, on documents .5 each: memories are short sentences in between.
VECTOR_WEIGHT = 0.4
WIDER = 3  # times as many candidates as wanted are weighed
FEWEST = 30
# What a recalled memory must have in common with the question. Below it, it would be put before the model for no reason.
NEAR_ENOUGH = 0.30  # cosine
COVERED_ENOUGH = 0.25  # share of the question's words, by rarity
STANDING = 3  # wishes that hold for every answer, at most so many in a prompt
STANDING_SLOTS = ("me|answer language", "me|nickname")
STANDING_FAMILY = "me|instruction"
SIMILAR = 0.8  # shared words from which two statements say the same
KNOWN_NAMES = 5_000
FLUSH_S = 5.0  # uses are counted in memory and written together
EXPORT_S = 1.0  # the same for the daily file
GRAPH_NODES = 100
GRAPH_EDGES = 500
RECENTLY_S = 900.0  # a correction without a subject may mean what was recalled so long ago


class Memory:
    """``start`` it, then ``recall`` before a turn, ``learn`` and ``log`` after it; the other verbs are the person's own."""

    def __init__(self, db: Database, events: Events, search: Search, approvals: Approvals, folder: Path) -> None:
        self._db = db
        self._events = events
        self._search = search
        self._approvals = approvals
        self._diary = folder / "memory"
        self._uses: dict[str, tuple[int, str]] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._dirty_days: set[str] = set()
        self._exporting: asyncio.Task[None] | None = None
        self._recalled: dict[str, tuple[float, _Names]] = {}  # by agent: when, and which entries
        approvals.register(FORGET, self._forget_approved, keeps_preview=False)

    async def start(self) -> None:
        """Write the daily files that the last run of the program owes."""
        days = await self._db.read(lambda tx: _store.select_last_days(tx, 7))
        self._dirty_days.update(day for day, lines in days if diary.lines_in(self._diary / f"{day}.md") != lines)
        if self._dirty_days:
            self._exporting = asyncio.create_task(self._export(0.0), name="memory-diary")

    async def close(self) -> None:
        """Write what is still only in memory."""
        for task in (self._flushing, self._exporting):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(SophonError):
            await self._write_uses()
        with contextlib.suppress(SophonError, OSError):
            await self._write_days()

    # --- the person's verbs

    async def get(self, caller: Caller, entry_id: str) -> Entry:
        def read(tx: Tx) -> Entry:
            return self._entries(tx, [_readable(tx, caller, entry_id)])[0]

        return self._db.peek(read)

    async def list(self, caller: Caller, wanted: EntryFilter, page: PageRequest) -> Page[Entry]:
        if wanted.scope is not None:
            checked_choice("scope", wanted.scope, SCOPES)
        if wanted.category is not None:
            checked_choice("category", wanted.category, CATEGORIES)
        if wanted.q is not None:
            wanted = msgspec.structs.replace(wanted, q=fold(wanted.q[:QUERY_CHARACTERS]))
        reader = _agent_of(caller)

        def read(tx: Tx) -> Page[Entry]:
            rows = _store.select_page(tx, wanted, page, readable_by=reader)
            total = _store.count(tx, wanted, readable_by=reader)
            cut = page_of(rows, page.limit, lambda row: (row.created_at, row.id), total)
            return Page(self._entries(tx, cut.items), cut.next_key, cut.total)

        return await self._db.read(read)

    async def create(self, caller: Caller, new: NewEntry) -> Entry:
        """Remember something. A statement that fills a slot of its own ("I live in ...") takes the place of what filled it."""
        caller.require("ManageMemory")
        agent = _agent_of(caller)
        content = checked_content(new.content)
        scope = checked_choice("scope", new.scope, SCOPES)
        agent_id = new.agent_id or agent if scope == "agent" else None
        if scope == "agent" and not agent_id:
            raise refused("agentId", "An entry of scope agent needs agentId: whose it is.")
        if scope == "user" and new.agent_id is not None:
            raise refused("agentId", "agentId belongs to entries of scope agent; one of scope user is for all agents.")
        if agent is not None:
            _refuse_for_agent(content, agent_id, agent)
        now = clock.timestamp()
        valid_from = now if new.valid_from is None else moment(new.valid_from, "validFrom")
        valid_to = None if new.valid_to is None else moment(new.valid_to, "validTo")
        _check_order(valid_from, valid_to)
        row = self._row(
            content,
            category=checked_choice("category", new.category, CATEGORIES),
            scope=scope,
            agent_id=agent_id,
            importance=checked_importance(new.importance),
            tags=checked_tags(new.tags),
            source=new.source or SourceRef(kind="person" if caller.kind == "person" else "import" if agent is None else "turn"),
            valid_from=valid_from,
            valid_to=valid_to,
            now=now,
        )
        fact = await self._single_fact(content)
        if fact is not None:
            row = _with_slot(row, fact)

        alike = [] if agent is None or row.slot else await self._alike(content, group_of(scope, agent_id))

        def write(tx: Tx) -> tuple[Entry, _Entries, bool]:
            if new.supersedes is not None:
                old = [_changeable(_readable(tx, caller, new.supersedes))]
                if (old[0].scope, old[0].agent_id) != (scope, agent_id):
                    raise refused("supersedes", "An entry takes the place of one of its own scope.")
            else:
                old = _store.select_slot(tx, scope, agent_id, row.slot) if row.slot and not valid_to else []
            if agent is not None:  # a model writes the same thing again and again
                told = [*old, *(one for one in _store.select_many(tx, alike) if one.replaced_at is None)]
                same = next((one for one in told if _says_nothing_new(row, one)), None)
                if same is not None:
                    return self._strengthen(tx, same, now), [], False
            entry, ended = self._put(tx, row, old, fact.links if fact else [])
            return entry, ended, True

        entry, ended, is_new = await self._db.write(write)
        if is_new:
            self._search.wake()
        self._tell([entry], ended, new.source.session_id if new.source else None)
        return entry

    async def patch(self, caller: Caller, entry_id: str, patch: EntryPatch) -> Entry:
        """Change an entry. What it said, or when it held, before the change stays in its history."""
        caller.require("ManageMemory")
        content = UNSET if patch.content is UNSET else checked_content(patch.content)
        if content is not UNSET and (agent := _agent_of(caller)) is not None:
            _refuse_for_agent(content, None, agent)
        category = UNSET if patch.category is UNSET else checked_choice("category", patch.category, CATEGORIES)
        importance = UNSET if patch.importance is UNSET else checked_importance(patch.importance)
        tags = UNSET if patch.tags is UNSET else checked_tags(patch.tags)
        valid_from = UNSET if patch.valid_from is UNSET else moment(patch.valid_from, "validFrom")
        valid_to = UNSET if patch.valid_to is UNSET else None if patch.valid_to is None else moment(patch.valid_to, "validTo")
        fact = None if content is UNSET else await self._single_fact(content)
        now = clock.timestamp()

        def write(tx: Tx) -> Entry:
            row = _readable(tx, caller, entry_id)
            if row.is_version or row.superseded_by is not None:
                raise Conflict("This is how it was before. Change the entry that took its place.", supersededBy=row.superseded_by)
            says = row.content if content is UNSET else content
            until = row.valid_to if valid_to is UNSET else valid_to
            since = valid_from if valid_from is not UNSET else now if says != row.content else row.valid_from
            if until is not None and until <= since and valid_from is UNSET and valid_to is UNSET:
                since = row.valid_from  # a note about something that is over: when it held does not change
            _check_order(since, until)
            is_other = says != row.content or until != row.valid_to or since != row.valid_from
            changed = msgspec.structs.replace(
                row,
                category=row.category if category is UNSET else category,
                importance=row.importance if importance is UNSET else importance,
                tags=row.tags if tags is UNSET else tags,
                updated_at=now,
            )
            if is_other:
                version = self._keep_version(tx, row, now)
                changed = msgspec.structs.replace(
                    changed,
                    content=says,
                    folded=fold(says),
                    valid_from=since,
                    valid_to=until,
                    stated_valid_to=None,
                    replaced_at=None,
                    recorded_at=now,
                    supersedes=version.id,
                )
            if says != row.content:
                changed = (
                    _with_slot(changed, fact)
                    if fact is not None
                    else msgspec.structs.replace(changed, slot=None, slot_value=None, spoken_value=None, context="")
                )
            _store.update(tx, changed)
            if tags is not UNSET:
                _store.replace_tags(tx, row.id, tags)
            if says != row.content:
                _store.clear_graph(tx, row.id)
                self._put_graph(tx, changed, fact.links if fact else [])
            self._index(tx, changed)
            return self._entries(tx, [changed])[0]

        entry = await self._db.write(write)
        self._search.wake()
        self._tell([entry], [])
        return entry

    async def delete(self, caller: Caller, entry_id: str) -> None:
        """Remove an entry and what it said before it was changed, at once. What it had replaced stays in the past."""
        caller.require("ManageMemory")

        def write(tx: Tx) -> None:
            row = _readable(tx, caller, entry_id)
            versions = [] if row.is_version else _store.select_versions(tx, row.id)
            ids = [row.id, *(version.id for version in versions)]
            before = next((one.supersedes for one in reversed([row, *versions]) if one.supersedes not in ids), None)
            _store.relink(tx, ids, before=before, after=row.superseded_by)
            _store.delete(tx, ids)
            self._search.remove(tx, COLLECTION, ids)

        await self._db.write(write)
        self._uses.pop(entry_id, None)
        self._events.publish(MemoryDeleted(entry_id=entry_id))

    async def purge_agent(self, caller: Caller, agent_id: str) -> None:
        """Remove all that one agent remembers by itself."""
        caller.require("ManageMemory")

        def write(tx: Tx) -> _Names:
            ids = _store.select_of_agent(tx, agent_id)
            for start in range(0, len(ids), 500):
                _store.delete(tx, ids[start : start + 500])
            for is_past in (False, True):
                self._search.remove_group(tx, COLLECTION, group_of("agent", agent_id, is_past=is_past))
            return ids

        for entry_id in await self._db.write(write):
            self._uses.pop(entry_id, None)
            self._events.publish(MemoryDeleted(entry_id=entry_id))

    async def forget(self, caller: Caller, entry_id: str) -> Approval:
        """Ask the person whether an entry shall be erased with all its history; Conflict when that is being asked already."""
        caller.require("ManageMemory")
        entry = await self.get(caller, entry_id)
        return await self._approvals.request(
            NewApproval(
                tool_name=FORGET,
                risk="high",
                parameters={"entryId": entry.id},
                preview={"action": "Erase this memory with its history, for good", "entry": _preview(entry)},
                editable=False,
                agent_id=_agent_of(caller),
            )
        )

    async def history(self, caller: Caller, entry_id: str) -> _Entries:
        """The entry with all that came before and after it, the latest first."""

        def read(tx: Tx) -> _Entries:
            _readable(tx, caller, entry_id)
            return self._entries(tx, _store.select_chain(tx, entry_id))

        return await self._db.read(read)

    async def search(
        self,
        caller: Caller,
        query: str,
        limit: int,
        *,
        scope: str | None = None,
        agent_id: str | None = None,
        category: str | None = None,
        as_of_text: str | None = None,
        include_superseded: bool = False,
    ) -> Found:
        """What bears on ``query``, best first; with ``as_of_text``, as the memory would have answered then."""
        if not query.strip():
            raise refused("q", "q is empty. Say what to look for.")
        if len(query) > QUERY_CHARACTERS:
            raise refused("q", f"q has {len(query):,} characters; {QUERY_CHARACTERS:,} is the most.")
        if scope is not None:
            checked_choice("scope", scope, SCOPES)
        if category is not None:
            checked_choice("category", category, CATEGORIES)
        at = None
        if as_of_text is not None:
            try:
                at = as_of(as_of_text)
            except ValueError:
                raise InvalidRequest("asOf is not a time in ISO 8601, such as 2026-03-01 or 2026-03-01T09:00:00Z.", field="asOf") from None
        reader = _agent_of(caller)
        if reader is not None:
            agent_id = reader
        hits = await self._find(
            query,
            limit,
            scope=scope,
            agent_id=agent_id,
            every_agent=reader is None and agent_id is None,
            category=category,
            at=at,
            include_superseded=include_superseded,
        )
        return Found(hits, "hybrid" if any(hit.hit.vector_score is not None for hit in hits) or self._has_vectors() else "keyword")

    async def graph(self, caller: Caller, entity: str | None, depth: int = 1, agent_id: str | None = None) -> Graph:
        """What is known around an entity (a name or an id), up to ``depth`` steps; without one, the entities that are mentioned most. Unknown: nothing."""
        if depth < 1:
            raise refused("depth", f"depth is from 1 to {DEEPEST}.")
        reader = _agent_of(caller) or agent_id
        at = clock.timestamp()

        def read(tx: Tx) -> Graph:
            if entity is None or not entity.strip():
                ids = _store.select_most_mentioned(tx, at, reader, GRAPH_NODES)
            else:
                start = _store.find_entity(tx, entity.strip(), entity_key(entity))
                ids = [] if start is None else _store.select_neighbourhood(tx, start, min(depth, DEEPEST), at, reader, GRAPH_NODES)
            nodes = _store.select_nodes(tx, ids, at, reader)
            return Graph(nodes, _store.select_edges(tx, [node.id for node in nodes], at, reader, GRAPH_EDGES))

        return await self._db.read(read)

    async def daily_log(self, caller: Caller, day: str | None = None) -> DailyLog:
        """The interactions of one day, today's without ``day``."""
        if day is not None and not diary.is_day(day):
            raise InvalidRequest("date is a day such as 2026-03-01.", field="date")
        wanted = day or diary.today()
        lines = await self._db.read(lambda tx: _store.select_log(tx, wanted))
        reader = _agent_of(caller)
        return DailyLog(wanted, [line for line in lines if reader is None or line.agent_id == reader])

    # --- around a turn

    async def recall(self, agent_id: str, query: str, limit: int) -> _Hits:
        """What the agent remembers that bears on ``query``, then what holds for every answer. Nothing that has nothing to do with it."""
        at = clock.timestamp()
        standing = self._db.peek(lambda tx: self._entries(tx, _store.select_standing(tx, at, STANDING_SLOTS, STANDING_FAMILY, STANDING)))
        found = []
        if query.strip():
            hits = await self._find(query[:QUERY_CHARACTERS], limit, agent_id=agent_id)
            found = [hit for hit in hits if _bears_on(hit)]
        seen = {hit.entry.id for hit in found}
        found += [_standing_hit(entry) for entry in standing if entry.id not in seen]
        if found:
            now = clock.timestamp()
            for hit in found:
                times, _ = self._uses.get(hit.entry.id, (0, now))
                self._uses[hit.entry.id] = (times + 1, now)
            self._recalled[agent_id] = (time.monotonic(), [hit.entry.id for hit in found])
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.create_task(self._flush(), name="memory-uses")
        return found

    async def learn(self, turn: Turn, chat: Chat | None) -> Learned:
        """Keep what the person said in this turn that is worth it. Only their own words count, never the assistant's."""
        from . import extraction

        known = await self._db.read(lambda tx: _store.select_known(tx, KNOWN_NAMES))
        extracted = await asyncio.to_thread(extraction.extract, turn.user_text, known)
        skipped = [NotKept(one.text, one.reason) for one in extracted.skipped]
        mine = group_of("user", None)
        facts = [(fact, [] if fact.slot else await self._alike(fact.content, mine), False) for fact in extracted.facts]
        if chat is not None and extracted.open and extraction.is_capable(chat.facts):
            near = await self._search.search(
                COLLECTION, turn.user_text[:QUERY_CHARACTERS], limit=8, groups=[group_of("user", None)], vector_weight=VECTOR_WEIGHT
            )
            remembered = await self._db.read(lambda tx: _store.select_held(tx, [hit.id for hit in near], clock.timestamp()))
            by_model, unfit = await extraction.ask_model(chat, extracted.open, [row.content for row in remembered])
            skipped += [NotKept(one.text, one.reason) for one in unfit]
            for one in by_model:
                if one.replaces is not None:
                    facts.append((one.fact, [remembered[one.replaces - 1].id], True))
                else:
                    facts.append((one.fact, await self._alike(one.fact.content, mine), False))
        if not facts and not extracted.corrections:
            return Learned(skipped=skipped)
        source = SourceRef(kind="turn", session_id=turn.session_id, message_id=turn.message_id)
        recalled = self._recently_recalled(turn.agent_id)

        def write(tx: Tx) -> Learned:
            done = _Learning()
            for fact, alike, is_replacing in facts:
                self._learn_fact(tx, fact, alike, is_replacing, source, done)
            for correction in extracted.corrections:
                self._learn_correction(tx, correction, turn, recalled, source, done, known)
            return Learned(
                written=self._entries(tx, _store.select_many(tx, list(done.written))),
                superseded=self._entries(tx, _store.select_many(tx, [one for one in done.superseded if one not in done.written])),
                strengthened=self._entries(tx, _store.select_many(tx, list(done.strengthened))),
                skipped=[*skipped, *done.skipped],
            )

        learned = await self._db.write(write)
        if learned.written:
            self._search.wake()
        self._tell([*learned.written, *learned.strengthened], learned.superseded, turn.session_id)
        return learned

    async def log(self, text: str, session_id: str | None, agent_id: str | None) -> None:
        """One line in today's log. Secrets are masked."""
        from .sensitive import mask_secrets

        line = diary.line_of(mask_secrets(text[: 4 * diary.LINE_CHARACTERS]))
        if not line:
            return
        day, at = diary.today(), clock.timestamp()
        log_id = new_id("log")
        await self._db.write(lambda tx: _store.insert_log(tx, log_id=log_id, day=day, at=at, text=line, session_id=session_id, agent_id=agent_id))
        self._dirty_days.add(day)
        if self._exporting is None or self._exporting.done():
            self._exporting = asyncio.create_task(self._export(EXPORT_S), name="memory-diary")

    # --- finding

    async def _find(
        self,
        query: str,
        limit: int,
        *,
        scope: str | None = None,
        agent_id: str | None = None,
        every_agent: bool = False,
        category: str | None = None,
        at: str | None = None,
        include_superseded: bool = False,
    ) -> _Hits:
        when = at or clock.timestamp()

        def look(tx: Tx) -> tuple[_Subject, _Names]:
            return self._subject_of(tx, query, when), _store.select_agents(tx) if every_agent else []

        subject, agents = self._db.peek(look)
        groups = [] if scope == "agent" else ["user"]
        if scope != "user":
            groups += [group_of("agent", one) for one in ([agent_id] if agent_id else agents)]
        if at is not None or include_superseded:
            groups += [f"{group}/past" for group in groups]
        # "Where does my sister work?" is a question about Clara too.
        absent = [name for name in subject.named.values() if not set(tokens(name)) <= set(tokens(query))]
        hits = (
            await self._search.search(COLLECTION, " ".join([query, *absent]), limit=max(limit * WIDER, FEWEST), groups=groups, vector_weight=VECTOR_WEIGHT)
            if groups
            else []
        )
        if not hits:
            return []

        def read(tx: Tx) -> dict[str, tuple[Row, Entry]]:
            ids = [hit.id for hit in hits]
            rows = _store.select_many(tx, ids) if include_superseded and at is None else _store.select_held(tx, ids, when)
            rows = [row for row in rows if category is None or row.category == category]
            return {row.id: (row, entry) for row, entry in zip(rows, self._entries(tx, rows), strict=True)}

        found = await self._db.read(read)
        weighed = [_weigh(*found[hit.id], hit, subject, clock.parse(when)) for hit in hits if hit.id in found]
        weighed.sort(key=lambda hit: (-hit.score, hit.entry.id))
        return weighed[: max(limit, 0)]

    def _subject_of(self, tx: Tx, query: str, at: str) -> _Subject:
        """Whom or what a question is about. People may be named by what they are to the person ("my sister")."""
        words = tokens(query)[:64]
        keys = {" ".join(words[start : start + length]) for start in range(len(words)) for length in (1, 2, 3) if start + length <= len(words)}
        found = {entity.id: entity.name for entity in _store.select_named(tx, [key for key in keys if key not in SMALL])}
        if any(word in ("my", "our", "mein", "meine", "mi", "ma", "mon") for word in words):
            from .gazetteer import PETS, RELATIVES

            relations = {RELATIVES[key][0] for key in keys if key in RELATIVES} | {PETS[key] for key in keys if key in PETS}
            found |= {entity_id: name for _, entity_id, name in _store.select_related(tx, sorted(relations), at)}
            if relations and not found:
                return _Subject({}, is_me=False)
        return _Subject(found, is_me=not found and not _FIRST_PERSON.isdisjoint(words))

    def _has_vectors(self) -> bool:
        status = self._search.status()
        return status.embedder_id is not None and status.embedded > 0

    # --- learning

    async def _alike(self, content: str, group: str) -> _Names:
        """Entries of a group that may say the same."""
        hits = await self._search.search(COLLECTION, content, limit=5, groups=[group], vector_weight=VECTOR_WEIGHT)
        return [hit.id for hit in hits]

    def _learn_fact(self, tx: Tx, fact: Fact, alike: Sequence[str], is_replacing: bool, source: SourceRef, done: _Learning) -> None:
        """``alike`` may say the same; ``is_replacing``: they are to be replaced whatever they say."""
        now = clock.timestamp()
        row = self._row(
            fact.content,
            category=fact.category,
            scope="user",
            agent_id=None,
            importance=fact.importance,
            tags=[],
            source=source,
            valid_from=now,
            valid_to=None,
            now=now,
        )
        row = _with_slot(row, fact)
        is_change = fact.is_correction or _CHANGE.search(row.content) is not None
        if fact.slot is not None:
            old = _store.select_slot(tx, "user", None, fact.slot)
            if not old and fact.is_correction and fact.family is not None and fact.family != fact.slot:
                # "No, my sister is called Eva" is about the sister that was meant before.
                several = _store.select_family(tx, "user", None, fact.family)
                meant = [one for one in several if one.session_id == source.session_id] or (several if len(several) == 1 else [])
                old = meant[:1]
            if not old and fact.replaces is not None and fact.family is not None:
                old = [one for one in _store.select_family(tx, "user", None, fact.family) if one.slot_value == key_of(fact.replaces)][:1]
        else:
            rows = [one for one in _store.select_many(tx, list(alike)) if one.replaced_at is None and not one.is_version]
            old = [one for one in rows if is_replacing or _is_alike(row, one, is_change=is_change)]
        same = next((one for one in old if _says_nothing_new(row, one)), None)
        if same is not None:
            if same.id not in done.written:
                self._strengthen(tx, same, now)
                done.strengthened[same.id] = None
            return
        if fact.slot is None and not is_replacing and not is_change and all(_agree(row, one) for one in old):
            old = [one for one in old if content_words(one.content) <= content_words(row.content)]  # it says more than they did
        self._put(tx, row, old, fact.links)
        done.written[row.id] = None
        done.superseded.update(dict.fromkeys(one.id for one in old))

    def _learn_correction(
        self, tx: Tx, correction: Correction, turn: Turn, recalled: Sequence[str], source: SourceRef, done: _Learning, known: dict[str, str]
    ) -> None:
        """ "No, it's Hamburg now": write the sentence that it corrects anew."""
        from .clauses import Clause
        from .grammar import find_facts

        if correction.old is not None:
            meant = _store.select_value(tx, key_of(correction.old))
            meant.sort(key=lambda row: row.session_id != turn.session_id)
        else:
            rows = _store.select_said_in(tx, turn.session_id, 5)
            order = {entry_id: at for at, entry_id in enumerate(recalled)}
            rows += sorted((row for row in _store.select_many(tx, list(recalled)) if row.replaced_at is None and row.slot_value), key=lambda row: order[row.id])
            meant = [row for row in rows if row.spoken_value and _same_shape(row.spoken_value, correction.value)]
        old = next((row for row in meant if row.spoken_value and row.spoken_value in row.content and row.id not in done.written), None)
        if old is None or old.spoken_value is None:
            done.skipped.append(NotKept(correction.content, "it corrects something that is not remembered"))
            return
        content = old.content.replace(old.spoken_value, correction.value, 1)
        facts, _, _ = find_facts([Clause(content, is_asked_for=True)], known)
        fact = next((one for one in facts if one.family == "|".join((old.slot or "").split("|")[:2])), None)
        now = clock.timestamp()
        row = self._row(
            content,
            category=old.category,
            scope="user",
            agent_id=None,
            importance=strengthened(old.importance),
            tags=list(old.tags),
            source=source,
            valid_from=now,
            valid_to=None,
            now=now,
        )
        if fact is not None:
            row = msgspec.structs.replace(_with_slot(row, fact), importance=row.importance)
        else:
            row = msgspec.structs.replace(row, slot=old.slot, slot_value=key_of(correction.value), spoken_value=correction.value, context=old.context)
        self._put(tx, row, [old], fact.links if fact else [])
        done.written[row.id] = None
        done.superseded[old.id] = None

    def _recently_recalled(self, agent_id: str) -> _Names:
        when, ids = self._recalled.get(agent_id, (0.0, []))
        return ids if time.monotonic() - when < RECENTLY_S else []

    async def _single_fact(self, content: str) -> Fact | None:
        from . import extraction

        known = await self._db.read(lambda tx: _store.select_known(tx, KNOWN_NAMES))
        return await asyncio.to_thread(extraction.single_fact, content, known)

    # --- writing, inside a transaction

    def _row(
        self,
        content: str,
        *,
        category: str,
        scope: str,
        agent_id: str | None,
        importance: float,
        tags: _Names,
        source: SourceRef | None,
        valid_from: str,
        valid_to: str | None,
        now: str,
    ) -> Row:
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

    def _put(self, tx: Tx, row: Row, old: Sequence[Row], links: Sequence[Link]) -> tuple[Entry, _Entries]:
        """Write ``row`` in the place of ``old``."""
        if old:
            row = msgspec.structs.replace(row, supersedes=old[0].id)
        _store.insert(tx, row)
        self._put_graph(tx, row, links)
        self._index(tx, row)
        ended = []
        for one in old:
            _store.end(tx, one.id, valid_to=max(row.valid_from, one.valid_from), replaced_at=row.recorded_at, superseded_by=row.id)
            after = _store.select(tx, one.id)
            assert after is not None
            self._index(tx, after)
            ended.append(after)
        return self._entries(tx, [row])[0], self._entries(tx, ended)

    def _keep_version(self, tx: Tx, row: Row, now: str) -> Row:
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

    def _index(self, tx: Tx, row: Row) -> None:
        context = " ".join(part for part in (row.context, " ".join(row.tags)) if part)
        self._search.put(tx, COLLECTION, [Item(row.id, row.content, context, group_of(row.scope, row.agent_id, is_past=row.replaced_at is not None))])

    def _put_graph(self, tx: Tx, row: Row, links: Sequence[Link]) -> None:
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
        if not _FIRST_PERSON.isdisjoint(tokens(row.content)):
            entity("Me", "person")
        known = {key: link.object_type for link in links if (key := entity_key(link.object))}
        named = [one for one in find_entities(row.content, known) if entity_key(one.name) not in ids]
        for one in named:
            # "Anna" beside "Anna Schmidt", "Siemens" beside "Siemens Berlin": the longer name says it already.
            if not any(f" {entity_key(one.name)} " in f" {key} " for key in ids):
                entity(one.name, one.type)
        joined = {frozenset((start, stop)) for start, _, stop in relations}
        together = [
            found
            for found in ids.values()
            if kinds[found] in ("person", "place", "organisation", "project", "animal", "name") and found != ids.get(_store.ME_KEY)
        ][:6]
        for at, start in enumerate(together):
            relations += [(start, "mentioned with", stop) for stop in together[at + 1 :] if frozenset((start, stop)) not in joined]
        _store.insert_mentions(tx, row.id, ids.values())
        _store.insert_relations(tx, row.id, relations)

    def _strengthen(self, tx: Tx, row: Row, now: str) -> Entry:
        _store.strengthen(tx, row.id, importance=strengthened(row.importance), at=now)
        after = _store.select(tx, row.id)
        assert after is not None
        return self._entries(tx, [after])[0]

    async def _forget_approved(self, approval: Approval) -> None:
        """Erase an entry with everything that hangs on it. Runs again after a crash, so what is gone already is fine."""
        entry_id = str(approval.parameters["entryId"])

        def erase(tx: Tx) -> _Names:
            chain = _store.select_chain(tx, entry_id)
            ids = [row.id for row in chain]
            if ids:
                _store.delete(tx, ids)
                self._search.remove(tx, COLLECTION, ids)
            return [row.id for row in chain if not row.is_version]

        for gone in await self._db.write(erase):
            self._uses.pop(gone, None)
            self._events.publish(MemoryDeleted(entry_id=gone))

    def _entries(self, tx: Tx, rows: Sequence[Row]) -> _Entries:
        """Rows as entries, in their order, with their entities and the uses that are not written yet."""
        mentions = _store.select_mentions(tx, [row.id for row in rows])
        return [_entry(row, mentions.get(row.id, []), self._uses.get(row.id)) for row in rows]

    def _tell(self, written: Iterable[Entry], superseded: Iterable[Entry], session_id: str | None = None) -> None:
        for entry in superseded:
            self._events.publish(MemorySuperseded(entry=entry, session_id=session_id))
        for entry in written:
            self._events.publish(MemoryWritten(entry=entry, session_id=session_id))

    # --- in the background

    async def _flush(self) -> None:
        while self._uses:
            await asyncio.sleep(FLUSH_S)
            try:
                await self._write_uses()
            except SophonError as error:
                log.warning("uses of memories could not be written: %s", error.message)

    async def _write_uses(self) -> None:
        uses = dict(self._uses)
        if not uses:
            return
        await self._db.write(lambda tx: _store.add_uses(tx, [(entry_id, times, at) for entry_id, (times, at) in uses.items()]))
        for entry_id, (times, _) in uses.items():
            now_times, at = self._uses.get(entry_id, (0, ""))
            if now_times <= times:
                self._uses.pop(entry_id, None)
            else:
                self._uses[entry_id] = (now_times - times, at)

    async def _export(self, delay_s: float) -> None:
        while self._dirty_days:
            await asyncio.sleep(delay_s)
            try:
                await self._write_days()
            except (SophonError, OSError) as error:
                log.warning("the daily log could not be written as a file: %s", error)
                return  # the database has it; the next line or the next start tries again

    async def _write_days(self) -> None:
        for day in sorted(self._dirty_days):
            lines = await self._db.read(lambda tx, day=day: _store.select_log(tx, day))  # type: ignore[misc]
            self._dirty_days.discard(day)
            try:
                await asyncio.to_thread(diary.write, self._diary, day, lines)
            except OSError:
                self._dirty_days.add(day)
                raise


class _Subject(NamedTuple):
    """Whom a question is about: entities by id, or the person."""

    named: dict[str, str]
    is_me: bool


_FIRST_PERSON = frozenset(
    "i i'm i've i'd i'll me my mine myself we we're our ours us ich mir mich mein meine meinen meinem meiner wir uns unser unsere yo mi mis nosotros je "
    "j'ai moi mon ma mes nous notre".split()
)


class _Learning:
    """What one turn has done so far, by entry id in order."""

    def __init__(self) -> None:
        self.written: dict[str, None] = {}
        self.superseded: dict[str, None] = {}
        self.strengthened: dict[str, None] = {}
        self.skipped: list[NotKept] = []


def entity_key(name: str) -> str:
    return " ".join(tokens(name))


def _agent_of(caller: Caller) -> str | None:
    """The agent that asks; None when it is a person or program, who may see every agent's memories."""
    return caller.user_id.removeprefix("agent:") if caller.kind == "agent" else None


def _readable(tx: Tx, caller: Caller, entry_id: str) -> Row:
    """The entry, if the caller may know of it."""
    row = _store.select(tx, entry_id)
    reader = _agent_of(caller)
    if row is None or (reader is not None and row.scope == "agent" and row.agent_id != reader):
        raise NotFound(f"There is no memory {entry_id}.")
    return row


def _changeable(row: Row) -> Row:
    if row.is_version or row.replaced_at is not None:
        raise Conflict("That entry has been replaced already.", supersededBy=row.superseded_by)
    return row


def _refuse_for_agent(content: str, owner: str | None, agent: str) -> None:
    """What an agent writes by itself may not be a secret, nor speak to the model, nor be put into another agent's memory."""
    from .sensitive import find_secret, speaks_to_model

    secret = find_secret(content)
    if secret:
        raise refused("content", f"This holds {secret}. Secrets are not kept in memory.")
    if speaks_to_model(content):
        raise refused("content", "This reads like an instruction to the model, not like something to remember.")
    if owner is not None and owner != agent:
        raise refused("agentId", "An agent writes into its own memory only.")


def _check_order(valid_from: str, valid_to: str | None) -> None:
    if valid_to is not None and valid_to <= valid_from:
        raise refused("validTo", "validTo must be later than validFrom.")


def _with_slot(row: Row, fact: Fact) -> Row:
    if fact.slot is None:
        return msgspec.structs.replace(row, context=fact.context)
    return msgspec.structs.replace(
        row, slot=fact.slot, slot_value=key_of(fact.value) if fact.value else None, spoken_value=fact.value or None, context=fact.context
    )


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


def _preview(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "content": entry.content,
        "category": entry.category,
        "scope": entry.scope,
        "createdAt": entry.created_at,
        "entities": [entity.name for entity in entry.entities],
    }


def _weigh(row: Row, entry: Entry, hit: Hit, subject: _Subject, at: datetime) -> MemoryHit:
    fresh = recency(entry.category, max(row.valid_from, row.created_at), at)
    about = [entity.name for entity in entry.entities if entity.id in subject.named]
    is_about_me = subject.is_me and (row.slot.startswith("me|") if row.slot else not _FIRST_PERSON.isdisjoint(tokens(entry.content)[:1]))
    match = 1.0 if about or is_about_me else 0.0
    why = []
    if hit.matched_terms:
        why.append("it matches " + ", ".join(f"“{term}”" for term in hit.matched_terms[:6]))
    if hit.vector_score is not None and hit.vector_score >= NEAR_ENOUGH:
        why.append(f"it is close in meaning ({hit.vector_score:.2f} of 1)")
    if about:
        why.append("it is about " + ", ".join(about[:4]))
    elif is_about_me:
        why.append("it is about you")
    if fresh >= 0.95:
        why.append("it is recent")
    if entry.importance >= 0.75:
        why.append(f"it is important ({entry.importance:.1f} of 1)")
    if entry.use_count >= 5:
        why.append(f"it was used {entry.use_count} times")
    if row.replaced_at is not None and entry.valid_to is not None:
        why.append(f"it held until {entry.valid_to[:10]}")
    return MemoryHit(
        entry=entry,
        hit=hit,
        score=weighted(hit.score, fresh, entry.importance, match),
        recency=fresh,
        importance=entry.importance,
        entity_match=match,
        why=why or ["it is the nearest there is"],
    )


def _standing_hit(entry: Entry) -> MemoryHit:
    hit = Hit(id=entry.id, group=group_of(entry.scope, entry.agent_id), score=0.0, text_score=None, vector_score=None, matched_terms=[], coverage=0.0)
    return MemoryHit(
        entry=entry,
        hit=hit,
        score=0.0,
        recency=1.0,
        importance=entry.importance,
        entity_match=0.0,
        why=["you asked for this in every answer"],
        is_standing=True,
    )


def _bears_on(hit: MemoryHit) -> bool:
    return (
        (hit.hit.vector_score is not None and hit.hit.vector_score >= NEAR_ENOUGH)
        or (bool(hit.hit.matched_terms) and hit.hit.coverage >= COVERED_ENOUGH)
        or (hit.entity_match > 0 and bool(hit.hit.matched_terms))
    )


def _says_nothing_new(new: Row, old: Row) -> bool:
    """Whether ``old`` says all that ``new`` says, and neither denies the other."""
    if new.folded == old.folded:
        return True
    if not _agree(new, old) or (new.slot is not None and (new.slot, new.slot_value) != (old.slot, old.slot_value)):
        return False
    return content_words(new.content) <= content_words(old.content)


_CHANGE = re.compile(
    r"\b(?:now|instead|no longer|not any ?more|from now on|changed|moved|jetzt|nun|stattdessen|ahora|ya no|maintenant|désormais|ne .* plus)\b", re.IGNORECASE
)


def _is_alike(new: Row, old: Row, *, is_change: bool) -> bool:
    """Whether two statements without a slot are about the same thing: (nearly) the same words; the same but for a "not"; the same but for a number at
    the end ("... is on channel 6"); where the new one speaks of a change, the same but for when and how much."""
    a, b = content_words(new.content), content_words(old.content)
    if overlap(a, b) >= SIMILAR or (len(a) >= 3 and a <= b) or (len(b) >= 3 and b <= a):
        return True
    if is_change or is_negated(new.content) != is_negated(old.content):
        plain_a, plain_b = _plain(a, is_change), _plain(b, is_change)
        return overlap(plain_a, plain_b) >= SIMILAR and len(plain_a) >= 2
    return _differ_in_a_final_number(tokens(new.content), tokens(old.content))


def _differ_in_a_final_number(new: list[str], old: list[str]) -> bool:
    same = 0
    while same < min(len(new), len(old)) and new[same] == old[same]:
        same += 1
    rests = (new[same:], old[same:])
    is_value = all(rest and len(rest) <= 3 and any(ch.isdigit() for word in rest for ch in word) for rest in rests)
    before = new[:same]
    return is_value and any(word in SMALL for word in before[1:]) and len(content_words(" ".join(before))) >= 2


def _plain(words: frozenset[str], is_change: bool) -> frozenset[str]:
    """Words without those that say how much, when, or that it is not so."""
    from .gazetteer import MONTHS, WEEKDAYS
    from .words import NEGATIONS

    left_out = NEGATIONS | MONTHS | WEEKDAYS | {"now", "instead", "jetzt", "ahora", "maintenant"} if is_change else NEGATIONS
    return frozenset(word for word in words if word not in left_out and not any(ch.isdigit() for ch in word))


def _agree(a: Row, b: Row) -> bool:
    """Whether two statements on the same thing may both be true: neither denies the other, and their numbers are the same."""
    return is_negated(a.content) == is_negated(b.content) and _numbers(a.content) == _numbers(b.content)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in tokens(text) if any(ch.isdigit() for ch in word))


def _same_shape(old: str, new: str) -> bool:
    """Whether a bare new value may stand in an old one's place: a number for a number, a name for a name."""
    if any(ch.isdigit() for ch in old) != any(ch.isdigit() for ch in new):
        return False
    return old[:1].isupper() == new[:1].isupper() or old.islower() == new.islower()
