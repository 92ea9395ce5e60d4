"""Memory: entries and their history, search, the graph of who and what belongs together, and the daily logs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from ...domain.memory import DailyLog, Edge, Entry, EntryFilter, EntryPatch, Graph, MemoryHit, NewEntry, SourceRef
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.errors import ValidationFailed
from ...kit.paging import MAX_LIMIT, Cursors
from ..http import SHOWN
from .shapes import EXTENSION, PageObject, Wire, to_page

# By another name here, because the framework hands the connection to a parameter called scope.
Scope = Annotated[str | None, Parameter(query="scope", description="user or agent")]

SEARCHED = 10  # hits of a search that names no limit


class EntityObject(Wire):
    id: str
    name: str
    type: str


class SourceObject(Wire, omit_defaults=True):
    kind: Literal["person", "turn", "document", "import"]
    session_id: str | None = None
    message_id: str | None = None
    document_id: str | None = None


class EntryObject(Wire):
    id: str
    content: str
    category: Literal["fact", "preference", "observation"]
    scope: Literal["user", "agent"]
    agent_id: str | None
    importance: float
    tags: list[str]
    entities: list[EntityObject]
    source: SourceObject | None
    valid_from: str
    valid_to: str | None
    supersedes: str | None
    superseded_by: str | None
    created_at: str
    updated_at: str
    last_used_at: str | None
    use_count: int


class NewEntryBody(Wire):
    """``validFrom`` is now unless given. ``supersedes`` names the entry whose place the new one takes."""

    content: str
    category: Literal["fact", "preference", "observation"] = "fact"
    scope: Literal["user", "agent"] = "user"
    agent_id: str | None = None
    importance: float = 0.5
    tags: list[str] = []
    source: SourceObject | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    supersedes: str | None = None


class EntryPatchBody(Wire):
    """What is left out stays as it is; ``validTo`` null means until further notice."""

    content: str | UnsetType = UNSET
    category: Literal["fact", "preference", "observation"] | UnsetType = UNSET
    importance: float | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    valid_from: str | UnsetType = UNSET
    valid_to: str | UnsetType | None = UNSET


class HistoryObject(Wire):
    """Latest first."""

    items: list[EntryObject]


class ExplanationObject(Wire):
    """Each figure is 0 to 1 (``vectorScore`` is a cosine); ``why`` says the same in words."""

    text_score: float | None
    vector_score: float | None
    matched_terms: list[str]
    recency: float
    importance: float
    entity_match: float
    why: list[str]


class FoundEntryObject(EntryObject):
    score: float
    explain: ExplanationObject | UnsetType = UNSET


class SearchObject(Wire):
    """``mode`` is keyword while there are no vectors."""

    items: list[FoundEntryObject]
    mode: Literal["hybrid", "keyword"]


class ForgetObject(Wire):
    approval_id: str
    status: Literal["pending"]


class NodeObject(Wire):
    id: str
    name: str
    type: str
    mentions: int


class EdgeObject(Wire, rename={"start": "from", "stop": "to", "entry_id": "entryId"}):
    start: str
    stop: str
    relation: str
    entry_id: str


class GraphObject(Wire):
    nodes: list[NodeObject]
    edges: list[EdgeObject]


class LogLineObject(Wire):
    time: str
    text: str
    session_id: str | None
    agent_id: str | None


class DailyLogObject(Wire):
    date: str
    entries: list[LogLineObject]


def to_entry(entry: Entry) -> EntryObject:
    return msgspec.convert(entry, EntryObject, from_attributes=True)


def to_found(hit: MemoryHit, is_explained: bool) -> FoundEntryObject:
    explain = ExplanationObject(
        text_score=_rounded(hit.hit.text_score),
        vector_score=_rounded(hit.hit.vector_score),
        matched_terms=hit.hit.matched_terms,
        recency=round(hit.recency, 4),
        importance=round(hit.importance, 4),
        entity_match=round(hit.entity_match, 4),
        why=hit.why,
    )
    fields = {name: getattr(to_entry(hit.entry), name) for name in EntryObject.__struct_fields__}
    return FoundEntryObject(**fields, score=round(hit.score, 4), explain=explain if is_explained else UNSET)


def to_graph(graph: Graph) -> GraphObject:
    return GraphObject([msgspec.convert(node, NodeObject, from_attributes=True) for node in graph.nodes], [to_edge(edge) for edge in graph.edges])


def to_edge(edge: Edge) -> EdgeObject:
    return EdgeObject(edge.from_id, edge.to_id, edge.relation, edge.entry_id)


def to_daily_log(log: DailyLog) -> DailyLogObject:
    return DailyLogObject(log.date, [LogLineObject(line.at, line.text, line.session_id, line.agent_id) for line in log.entries])


def from_source(source: SourceObject | None) -> SourceRef | None:
    return None if source is None else msgspec.convert(source, SourceRef, from_attributes=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


SHOWN[Entry] = to_entry


@get("/api/memory/entries", status_code=200, summary="List memories, newest first")
async def list_entries(
    caller: Caller,
    workspace: Workspace,
    cursors: Cursors,
    limit: int | None = None,
    cursor: str | None = None,
    offset: int | None = None,
    within: Scope = None,
    category: str | None = None,
    agent: str | None = None,
    tag: str | None = None,
    q: str | None = None,
    include_superseded: Annotated[bool, Parameter(query="includeSuperseded")] = False,
) -> PageObject[EntryObject]:
    """``q``: each of its words stands in the content. What was replaced is listed with ``includeSuperseded=true``."""
    wanted = EntryFilter(scope=within, category=category, agent_id=agent, tag=tag, q=q, include_superseded=include_superseded)
    return to_page(await workspace.memory.list(caller, wanted, cursors.request(limit, cursor, offset)), to_entry, cursors)


@post("/api/memory/entries", status_code=201, summary="Remember something")
async def create_entry(data: NewEntryBody, caller: Caller, workspace: Workspace) -> EntryObject:
    """A statement that can hold only once ("I live in ...") takes the place of the one before it, which ``supersedes`` then names."""
    new = NewEntry(
        content=data.content,
        category=data.category,
        scope=data.scope,
        agent_id=data.agent_id,
        importance=data.importance,
        tags=data.tags,
        source=from_source(data.source),
        valid_from=data.valid_from,
        valid_to=data.valid_to,
        supersedes=data.supersedes,
    )
    return to_entry(await workspace.memory.create(caller, new))


@get("/api/memory/entries/{entry_id:str}", status_code=200, summary="Get a memory")
async def get_entry(entry_id: str, caller: Caller, workspace: Workspace) -> EntryObject:
    return to_entry(await workspace.memory.get(caller, entry_id))


@patch("/api/memory/entries/{entry_id:str}", status_code=200, summary="Change a memory")
async def update_entry(entry_id: str, data: EntryPatchBody, caller: Caller, workspace: Workspace) -> EntryObject:
    """What it said before stays in its history."""
    change = EntryPatch(
        content=data.content, category=data.category, importance=data.importance, tags=data.tags, valid_from=data.valid_from, valid_to=data.valid_to
    )
    return to_entry(await workspace.memory.patch(caller, entry_id, change))


@delete("/api/memory/entries/{entry_id:str}", status_code=204, summary="Delete a memory at once")
async def delete_entry(entry_id: str, caller: Caller, workspace: Workspace) -> None:
    await workspace.memory.delete(caller, entry_id)


@get("/api/memory/entries/{entry_id:str}/history", status_code=200, summary="What a memory said before, and what took its place", **EXTENSION)
async def get_history(entry_id: str, caller: Caller, workspace: Workspace) -> HistoryObject:
    return HistoryObject([to_entry(entry) for entry in await workspace.memory.history(caller, entry_id)])


@get("/api/memory/search", status_code=200, summary="Search memories by words and meaning")
async def search_memory(
    caller: Caller,
    workspace: Workspace,
    q: str,
    within: Scope = None,
    category: str | None = None,
    agent: str | None = None,
    limit: int = SEARCHED,
    explain: bool = False,
    as_of: Annotated[str | None, Parameter(query="asOf")] = None,
    include_superseded: Annotated[bool, Parameter(query="includeSuperseded")] = False,
) -> SearchObject:
    """``asOf`` answers from what was known then (a day means its end). ``explain=true`` says why each hit is there, in figures and in words."""
    if limit < 1:
        raise ValidationFailed(f"limit is from 1 to {MAX_LIMIT}.", errors=[{"field": "limit"}])
    found = await workspace.memory.search(
        caller,
        q,
        min(limit, MAX_LIMIT),
        scope=within,
        agent_id=agent,
        category=category,
        as_of_text=as_of,
        include_superseded=include_superseded,
    )
    return SearchObject([to_found(hit, explain) for hit in found.hits], found.mode)


@post("/api/memory/entries/{entry_id:str}/forget", status_code=202, summary="Ask for a memory to be erased with its history")
async def forget_entry(entry_id: str, caller: Caller, workspace: Workspace) -> ForgetObject:
    """Waits for an approval; rejected or unanswered, everything stays."""
    approval = await workspace.memory.forget(caller, entry_id)
    return ForgetObject(approval.id, "pending")


@get("/api/memory/graph", status_code=200, summary="Walk the graph of what belongs together")
async def get_graph(caller: Caller, workspace: Workspace, entity: str | None = None, depth: int = 1, agent: str | None = None) -> GraphObject:
    """Around ``entity`` (a name or an id), up to three steps; without one, what is mentioned most. An unknown entity has an empty graph."""
    return to_graph(await workspace.memory.graph(caller, entity, depth, agent))


@get("/api/memory/daily-logs", status_code=200, summary="What happened on a day")
async def get_daily_log(caller: Caller, workspace: Workspace, date: str | None = None) -> DailyLogObject:
    """``date`` is a day such as 2026-03-01, today's without it."""
    return to_daily_log(await workspace.memory.daily_log(caller, date))


ROUTES: list[Any] = [
    list_entries,
    create_entry,
    get_entry,
    update_entry,
    delete_entry,
    get_history,
    search_memory,
    forget_entry,
    get_graph,
    get_daily_log,
]
