"""What is remembered: written, found, changed, replaced, forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import Conflict, InvalidRequest, SophonError
from ...kit.events import Events
from ...kit.ids import new_id
from ...kit.paging import Page, PageRequest, page_of
from ...providers.base import Chat
from ..approvals import Approval, Approvals, NewApproval
from ..search import Search
from . import _store, diary
from ._store import Row
from .access import agent_of, readable, refuse_for_agent
from .keeping import COLLECTION, Keeper, new_row, with_slot
from .likeness import holds, says_nothing_new
from .model import (
    CATEGORIES,
    DEEPEST,
    QUERY_CHARACTERS,
    SCOPES,
    DailyLog,
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
    check_order,
    checked_choice,
    checked_content,
    checked_importance,
    checked_tags,
    group_of,
    moment,
    refused,
)
from .ranking import Subject, bears_on, standing_hit, subject_of, weigh
from .words import entity_key, fold

if TYPE_CHECKING:
    from .facts import Fact

log = logging.getLogger(__name__)

# Inside the class, ``list`` is the verb.
_Entries = list[Entry]
_Hits = list[MemoryHit]
_Names = list[str]
_Rows = list[Row]
_Approvals = list[Approval]

FORGET = "memory.forget"
CHANGED = "This memory was changed since you were asked. Ask again."
GONE = "This memory is gone already."
# On chats, words with .7 and meaning with .3 found the most evidence, on documents .5 each: memories are short sentences in between.
VECTOR_WEIGHT = 0.4
WIDER = 3  # times as many candidates as wanted are weighed
FEWEST = 30
STANDING = 3  # wishes that hold for every answer, at most so many in a prompt
STANDING_SLOTS = ("me|answer language", "me|nickname")
STANDING_FAMILY = "me|instruction"
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
        self._uses: dict[str, tuple[int, str]] = {}  # not written yet, by entry: how often, and when last
        self._keeper = Keeper(search, self._uses)
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
            return self._keeper.entries(tx, [readable(tx, caller, entry_id)])[0]

        return self._db.peek(read)

    async def list(self, caller: Caller, wanted: EntryFilter, page: PageRequest) -> Page[Entry]:
        if wanted.scope is not None:
            checked_choice("scope", wanted.scope, SCOPES)
        if wanted.category is not None:
            checked_choice("category", wanted.category, CATEGORIES)
        if wanted.q is not None:
            wanted = msgspec.structs.replace(wanted, q=fold(wanted.q[:QUERY_CHARACTERS]))
        reader = agent_of(caller)

        def read(tx: Tx) -> Page[Entry]:
            rows = _store.select_page(tx, wanted, page, readable_by=reader)
            total = _store.count(tx, wanted, readable_by=reader)
            cut = page_of(rows, page.limit, lambda row: (row.created_at, row.id), total)
            return Page(self._keeper.entries(tx, cut.items), cut.next_key, cut.total)

        return await self._db.read(read)

    async def create(self, caller: Caller, new: NewEntry) -> Entry:
        """Remember something. A statement that fills a slot of its own ("I live in ...") takes the place of what filled it, from the day on
        that it holds."""
        caller.require("ManageMemory")
        agent = agent_of(caller)
        content = checked_content(new.content)
        scope = checked_choice("scope", new.scope, SCOPES)
        agent_id = new.agent_id or agent if scope == "agent" else None
        if scope == "agent" and not agent_id:
            raise refused("agentId", "An entry of scope agent needs agentId: whose it is.")
        if scope == "user" and new.agent_id is not None:
            raise refused("agentId", "agentId belongs to entries of scope agent; one of scope user is for all agents.")
        if agent is not None:
            refuse_for_agent(content, agent_id, agent)
        now = clock.timestamp()
        valid_from = now if new.valid_from is None else moment(new.valid_from, "validFrom")
        valid_to = None if new.valid_to is None else moment(new.valid_to, "validTo")
        check_order(valid_from, valid_to)
        row = new_row(
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
            row = with_slot(row, fact)

        alike = [] if agent is None or row.slot else await self._alike(content, group_of(scope, agent_id))

        def write(tx: Tx) -> tuple[Entry, _Entries, bool]:
            if new.supersedes is not None:
                old = [_changeable(readable(tx, caller, new.supersedes))]
                if (old[0].scope, old[0].agent_id) != (scope, agent_id):
                    raise refused("supersedes", "An entry takes the place of one of its own scope.")
            else:
                old = _store.select_slot(tx, scope, agent_id, row.slot) if row.slot and not valid_to else []
            if agent is not None:  # a model writes the same thing again and again
                told = [*old, *(one for one in _store.select_many(tx, alike) if one.replaced_at is None)]
                same = next((one for one in told if holds(one, valid_from) and says_nothing_new(row, one)), None)
                if same is not None:
                    return self._keeper.strengthen(tx, same, now), [], False
            entry, ended = self._keeper.put(tx, row, old, fact.links if fact else [], is_named=new.supersedes is not None)
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
        if content is not UNSET and (agent := agent_of(caller)) is not None:
            refuse_for_agent(content, None, agent)
        category = UNSET if patch.category is UNSET else checked_choice("category", patch.category, CATEGORIES)
        importance = UNSET if patch.importance is UNSET else checked_importance(patch.importance)
        tags = UNSET if patch.tags is UNSET else checked_tags(patch.tags)
        valid_from = UNSET if patch.valid_from is UNSET else moment(patch.valid_from, "validFrom")
        valid_to = UNSET if patch.valid_to is UNSET else None if patch.valid_to is None else moment(patch.valid_to, "validTo")
        fact = None if content is UNSET else await self._single_fact(content)
        now = clock.timestamp()

        def write(tx: Tx) -> tuple[Entry, _Approvals]:
            row = readable(tx, caller, entry_id)
            if row.is_version or (row.superseded_by is not None and not (row.replaced_at is None and holds(row, now))):
                raise Conflict("This is how it was before. Change the entry that took its place.", supersededBy=row.superseded_by)
            says = row.content if content is UNSET else content
            until = row.valid_to if valid_to is UNSET else valid_to
            if row.superseded_by is not None and until != row.valid_to:
                raise Conflict("It ends when the entry that takes its place begins. Change that one.", supersededBy=row.superseded_by)
            since = valid_from if valid_from is not UNSET else max(now, row.valid_from) if says != row.content else row.valid_from
            if until is not None and until <= since and valid_from is UNSET and valid_to is UNSET:
                since = row.valid_from  # a note about something that is over: when it held does not change
            check_order(since, until)
            is_other = says != row.content or until != row.valid_to or since != row.valid_from
            changed = msgspec.structs.replace(
                row,
                category=row.category if category is UNSET else category,
                importance=row.importance if importance is UNSET else importance,
                tags=row.tags if tags is UNSET else tags,
                updated_at=now,
            )
            before = [] if valid_from is UNSET else _store.select_replaced_by(tx, [row.id, *(one.id for one in _store.select_versions(tx, row.id))])
            if is_other:
                version = self._keeper.keep_version(tx, row, now)
                changed = msgspec.structs.replace(
                    changed,
                    content=says,
                    folded=fold(says),
                    valid_from=since,
                    valid_to=until,
                    stated_valid_to=row.stated_valid_to if row.superseded_by else None,
                    replaced_at=None,
                    recorded_at=now,
                    supersedes=version.id,
                )
            if says != row.content:
                changed = (
                    with_slot(changed, fact)
                    if fact is not None
                    else msgspec.structs.replace(changed, slot=None, slot_value=None, spoken_value=None, context="")
                )
            self._keeper.rewrite(tx, row, changed, fact.links if fact else [])
            if since != row.valid_from:
                for one in before:  # it ended when this began, and this begins at another time now
                    self._keeper.end(tx, one, changed, now)
            outdated = self._approvals.withdraw(tx, FORGET, "entryId", [row.id], CHANGED, erases=False) if is_other else []
            return self._keeper.entries(tx, [changed])[0], outdated

        entry, outdated = await self._db.write(write)
        self._approvals.tell(outdated)
        self._search.wake()
        self._tell([entry], [])
        return entry

    async def delete(self, caller: Caller, entry_id: str) -> None:
        """Remove an entry and what it said before it was changed, at once. What it had replaced holds again."""
        caller.require("ManageMemory")
        now = clock.timestamp()

        def write(tx: Tx) -> tuple[_Entries, _Approvals]:
            row = readable(tx, caller, entry_id)
            versions = [] if row.is_version else _store.select_versions(tx, row.id)
            ids = [row.id, *(version.id for version in versions)]
            before = next((one.supersedes for one in reversed([row, *versions]) if one.supersedes not in ids), None)
            replaced = [] if row.is_version else _store.select_replaced_by(tx, ids)
            _store.relink(tx, ids, before=before, after=row.superseded_by)
            pointless = self._erase(tx, ids)
            after = [] if row.superseded_by is None else _store.select_many(tx, [row.superseded_by])
            reopened = []
            for one in replaced:
                rivals = after or self._rivals(tx, one)
                following = min(rivals, key=lambda other: other.valid_from, default=None)
                reopened.append(self._keeper.reopen(tx, one, now, following))
            return self._keeper.entries(tx, reopened), pointless

        reopened, pointless = await self._db.write(write)
        self._uses.pop(entry_id, None)
        self._approvals.tell(pointless)
        self._events.publish(MemoryDeleted(entry_id=entry_id))
        if reopened:
            self._search.wake()
        self._tell([one for one in reopened if one.superseded_by is None], [one for one in reopened if one.superseded_by is not None])

    async def purge_agent(self, caller: Caller, agent_id: str) -> None:
        """Remove all that one agent remembers by itself."""
        caller.require("ManageMemory")

        def write(tx: Tx) -> tuple[_Names, _Approvals]:
            ids = self._keeper.erase_agent(tx, agent_id)
            return ids, self._withdraw(tx, ids)

        ids, pointless = await self._db.write(write)
        self._approvals.tell(pointless)
        for entry_id in ids:
            self._uses.pop(entry_id, None)
            self._events.publish(MemoryDeleted(entry_id=entry_id))

    async def forget(self, caller: Caller, entry_id: str) -> Approval:
        """Ask the person whether an entry shall be erased with all its history; Conflict when that is being asked already."""
        caller.require("ManageMemory")

        def look(tx: Tx) -> tuple[Entry, str]:
            entry = self._keeper.entries(tx, [readable(tx, caller, entry_id)])[0]
            return entry, _state_of(_store.select_chain(tx, entry_id))

        entry, state = self._db.peek(look)
        return await self._approvals.request(
            NewApproval(
                tool_name=FORGET,
                risk="high",
                parameters={"entryId": entry.id, "state": state},
                preview={"action": "Erase this memory with its history, for good", "entry": _preview(entry)},
                editable=False,
                agent_id=agent_of(caller),
            )
        )

    async def history(self, caller: Caller, entry_id: str) -> _Entries:
        """The entry with all that came before and after it, the latest first."""

        def read(tx: Tx) -> _Entries:
            readable(tx, caller, entry_id)
            return self._keeper.entries(tx, _store.select_chain(tx, entry_id))

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
        reader = agent_of(caller)
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
        reader = agent_of(caller) or agent_id
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
        reader = agent_of(caller)
        return DailyLog(wanted, [line for line in lines if reader is None or line.agent_id == reader])

    # --- around a turn

    async def recall(self, agent_id: str, query: str, limit: int) -> _Hits:
        """What the agent remembers that bears on ``query``, then what holds for every answer. Nothing that has nothing to do with it."""
        at = clock.timestamp()
        standing = self._db.peek(lambda tx: self._keeper.entries(tx, _store.select_standing(tx, at, STANDING_SLOTS, STANDING_FAMILY, STANDING)))
        found = []
        if query.strip():
            hits = await self._find(query[:QUERY_CHARACTERS], limit, agent_id=agent_id)
            found = [hit for hit in hits if bears_on(hit)]
        seen = {hit.entry.id for hit in found}
        found += [standing_hit(entry) for entry in standing if entry.id not in seen]
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
        # Not above: the grammar's patterns take a tenth of a second to compile, and a start has no use for them.
        from . import extraction
        from .learning import Lesson

        known = await self._db.read(lambda tx: _store.select_known(tx, KNOWN_NAMES))
        extracted = await asyncio.to_thread(extraction.extract, turn.user_text, known)
        skipped = [NotKept(one.text, one.reason, one.is_secret) for one in extracted.skipped]
        mine = group_of("user", None)
        facts = [(fact, [] if fact.slot else await self._alike(fact.content, mine), False) for fact in extracted.facts]
        if chat is not None and extracted.open and extraction.is_capable(chat.facts):
            near = await self._search.search(COLLECTION, turn.user_text[:QUERY_CHARACTERS], limit=8, groups=[mine], vector_weight=VECTOR_WEIGHT)
            remembered = await self._db.read(lambda tx: _store.select_held(tx, [hit.id for hit in near], clock.timestamp()))
            by_model, unfit = await extraction.ask_model(chat, extracted.open, [row.content for row in remembered])
            skipped += [NotKept(one.text, one.reason, one.is_secret) for one in unfit]
            for one in by_model:
                if one.replaces is not None:
                    facts.append((one.fact, [remembered[one.replaces - 1].id], True))
                else:
                    facts.append((one.fact, await self._alike(one.fact.content, mine), False))
        if not facts and not extracted.corrections:
            return Learned(skipped=skipped)
        recalled = self._recently_recalled(turn.agent_id)

        def write(tx: Tx) -> Learned:
            lesson = Lesson(tx, self._keeper, turn, recalled, known)
            for fact, alike, is_replacing in facts:
                lesson.take_fact(fact, alike, is_replacing=is_replacing)
            for correction in extracted.corrections:
                lesson.take_correction(correction)
            return lesson.learned(skipped)

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

        def look(tx: Tx) -> tuple[Subject, _Names]:
            return subject_of(tx, query, when), _store.select_agents(tx) if every_agent else []

        subject, agents = self._db.peek(look)
        groups = [] if scope == "agent" else ["user"]
        if scope != "user":
            groups += [group_of("agent", one) for one in ([agent_id] if agent_id else agents)]
        if at is not None or include_superseded:
            groups += [f"{group}/past" for group in groups]
        if not groups:
            return []
        words = " ".join([query, *subject.unsaid_in(query)])
        hits = await self._search.search(COLLECTION, words, limit=max(limit * WIDER, FEWEST), groups=groups, vector_weight=VECTOR_WEIGHT)
        if not hits:
            return []

        def read(tx: Tx) -> dict[str, tuple[Row, Entry]]:
            ids = [hit.id for hit in hits]
            rows = _store.select_many(tx, ids) if include_superseded and at is None else _store.select_held(tx, ids, when)
            rows = [row for row in rows if category is None or row.category == category]
            return {row.id: (row, entry) for row, entry in zip(rows, self._keeper.entries(tx, rows), strict=True)}

        found = await self._db.read(read)
        weighed = [weigh(*found[hit.id], hit, subject, clock.parse(when)) for hit in hits if hit.id in found]
        weighed.sort(key=lambda hit: (-hit.score, hit.entry.id))
        return weighed[: max(limit, 0)]

    def _has_vectors(self) -> bool:
        status = self._search.status()
        return status.embedder_id is not None and status.embedded > 0

    # --- learning

    async def _alike(self, content: str, group: str) -> _Names:
        """Entries of a group that may say the same."""
        hits = await self._search.search(COLLECTION, content, limit=5, groups=[group], vector_weight=VECTOR_WEIGHT)
        return [hit.id for hit in hits]

    def _recently_recalled(self, agent_id: str) -> _Names:
        when, ids = self._recalled.get(agent_id, (0.0, []))
        return ids if time.monotonic() - when < RECENTLY_S else []

    async def _single_fact(self, content: str) -> Fact | None:
        from . import extraction

        known = await self._db.read(lambda tx: _store.select_known(tx, KNOWN_NAMES))
        return await asyncio.to_thread(extraction.single_fact, content, known)

    # --- forgetting, and telling

    async def _forget_approved(self, approval: Approval) -> None:
        """Erase an entry with everything that hangs on it. Runs again after a crash, so what is gone already is fine."""
        entry_id = str(approval.parameters["entryId"])

        def erase(tx: Tx) -> tuple[_Names, _Approvals]:
            chain = _store.select_chain(tx, entry_id)
            if not chain:
                return [], []
            if approval.parameters.get("state") != _state_of(chain):
                raise Conflict(CHANGED)
            return [row.id for row in chain if not row.is_version], self._erase(tx, [row.id for row in chain])

        erased, pointless = await self._db.write(erase)
        self._approvals.tell(pointless)
        for gone in erased:
            self._uses.pop(gone, None)
            self._events.publish(MemoryDeleted(entry_id=gone))

    def _erase(self, tx: Tx, ids: _Names) -> _Approvals:
        """Remove rows with all that hangs on them; the questions about them that wait no longer."""
        self._keeper.erase(tx, ids)
        return self._withdraw(tx, ids)

    def _withdraw(self, tx: Tx, ids: _Names) -> _Approvals:
        """Nobody needs to be asked about these any more, and what was asked about them shows nothing of them."""
        return self._approvals.withdraw(tx, FORGET, "entryId", ids, GONE, erases=True)

    def _rivals(self, tx: Tx, row: Row) -> _Rows:
        """What fills the slot of ``row`` from a later day on, and not just in passing."""
        beside = [] if row.slot is None else [one for one in _store.select_slot(tx, row.scope, row.agent_id, row.slot) if one.id != row.id]
        return [one for one in beside if one.valid_from >= row.valid_from and (one.valid_to is None or one.superseded_by is not None)]

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


def _changeable(row: Row) -> Row:
    if row.is_version or row.replaced_at is not None or row.superseded_by is not None:
        raise Conflict("That entry has been replaced already.", supersededBy=row.superseded_by)
    return row


def _state_of(chain: Iterable[Row]) -> str:
    """A mark for what a question to forget is about. Whatever an entry comes to say or is replaced by adds a row, so the ids alone tell a change; unlike
    a hash of the content, they give nothing away once that is erased."""
    return hashlib.sha256(" ".join(sorted(row.id for row in chain)).encode()).hexdigest()[:32]


def _preview(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "content": entry.content,
        "category": entry.category,
        "scope": entry.scope,
        "createdAt": entry.created_at,
        "entities": [entity.name for entity in entry.entities],
    }
