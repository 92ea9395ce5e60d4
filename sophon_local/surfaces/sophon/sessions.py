"""Chat and sessions: a message goes in and is acknowledged; its answer comes as events, or within ``?wait=``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from ...domain.chat import NewMessage
from ...domain.sessions import Message, Session, SessionPatch
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.errors import InvalidRequest
from ...kit.paging import Cursors
from ..http import SHOWN, sse
from .shapes import EXTENSION, PageObject, Wire, rated, to_page

MAX_WAIT_S = 600


class ChatBody(Wire, forbid_unknown_fields=False):
    content: str
    session_id: str | None = None
    agent_id: str | None = None
    attachments: list[str] = []
    channel_id: str | None = None
    is_streaming: bool | None = None


class ChatAcknowledgement(Wire):
    task_id: str
    session_id: str
    message_id: str
    status: Literal["queued"] = "queued"


class CitationObject(Wire):
    number: int
    kind: Literal["document", "memory"]
    document_id: str | None
    memory_id: str | None
    filename: str | None
    page: int | None
    start: int | None
    end: int | None
    quote: str
    score: float


class RecalledObject(Wire):
    kind: Literal["document", "memory"]
    document_id: str | None
    memory_id: str | None
    filename: str | None
    page: int | None
    start: int | None
    end: int | None
    text: str
    score: float
    text_score: float | None
    vector_score: float | None
    matched_terms: list[str]
    why: list[str]


class StepObject(Wire):
    kind: str
    text: str
    elapsed_ms: int


class MessageModelObject(Wire):
    name: str
    provider: str
    is_local: bool


class TokensObject(Wire):
    prompt: int
    completion: int


class MessageObject(Wire):
    id: str
    session_id: str
    role: Literal["user", "assistant", "system", "tool"]
    content: str
    status: Literal["complete", "streaming", "interrupted", "cancelled", "failed"]
    error: str | None
    tool_calls: list[dict[str, Any]]
    attachments: list[str]
    task_id: str | None
    citations: list[CitationObject]
    recalled: list[RecalledObject]
    steps: list[StepObject]
    answered: Literal["model", "extractive", "not_found"] | None
    model: MessageModelObject | None
    tokens: TokensObject
    elapsed_ms: int | None
    created_at: str


class SessionObject(Wire):
    id: str
    title: str
    agent_id: str
    channel_id: str | None
    parent_session_id: str | None
    status: Literal["active", "archived", "expired"]
    message_count: int
    tokens_used: int
    created_at: str
    last_message_at: str


class SessionPatchBody(Wire):
    title: str | UnsetType = UNSET
    status: Literal["active", "archived"] | UnsetType = UNSET


class ForkBody(Wire):
    """Up to a message: with it (``fromMessageId``) or without (``beforeMessageId``). Neither: all of it."""

    from_message_id: str | None = None
    before_message_id: str | None = None


def to_session(session: Session) -> SessionObject:
    return msgspec.convert(session, SessionObject, from_attributes=True)


def to_message(message: Message) -> MessageObject:
    return msgspec.convert(message, MessageObject, from_attributes=True)


SHOWN[Session] = to_session
SHOWN[Message] = to_message


def wait_of(request: Request[Any, Any, Any], wait: float | None) -> float | None:
    """How long a caller wants to wait, in seconds: ``?wait=`` or the header ``Prefer: wait=``."""
    if wait is None:
        preferred = re.search(r"\bwait=(\d+)", request.headers.get("prefer", ""))
        wait = float(preferred[1]) if preferred else None
    if wait is not None and not 0 <= wait <= MAX_WAIT_S:
        raise InvalidRequest(f"wait is from 0 to {MAX_WAIT_S} seconds.")
    return wait


@post("/api/chat", status_code=202, summary="Send a message", **rated("chat"))
async def send_message(
    data: ChatBody, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace, wait: float | None = None
) -> Response[ChatAcknowledgement | MessageObject]:
    """202 at once; the turn runs as a task. With ``?wait=SECONDS``: 200 with the finished answer, or 202 when the time runs out."""
    wait = wait_of(request, wait)
    ack = await workspace.chat.send(
        caller,
        NewMessage(content=data.content, session_id=data.session_id, agent_id=data.agent_id, attachments=data.attachments, channel_id=data.channel_id),
    )
    message = await workspace.chat.wait(ack.task_id, wait) if wait else None
    if message is not None:
        return Response(to_message(message), status_code=200)
    return Response(ChatAcknowledgement(ack.task_id, ack.session_id, ack.message_id), status_code=202)


@get("/api/sessions", status_code=200, summary="List sessions")
async def list_sessions(
    caller: Caller,
    workspace: Workspace,
    cursors: Cursors,
    limit: int | None = None,
    cursor: str | None = None,
    offset: int | None = None,
    q: str | None = None,
    status: Literal["active", "archived", "expired"] | None = None,
) -> PageObject[SessionObject]:
    return to_page(await workspace.sessions.list(caller, cursors.request(limit, cursor, offset), q, status), to_session, cursors)


@get("/api/sessions/{session_id:str}", status_code=200, summary="Describe a session")
async def get_session(session_id: str, caller: Caller, workspace: Workspace) -> SessionObject:
    return to_session(await workspace.sessions.get(caller, session_id))


@patch("/api/sessions/{session_id:str}", status_code=200, summary="Rename or archive a session", **EXTENSION)
async def update_session(session_id: str, data: SessionPatchBody, caller: Caller, workspace: Workspace) -> SessionObject:
    return to_session(await workspace.sessions.patch(caller, session_id, SessionPatch(title=data.title, status=data.status)))


@get("/api/sessions/{session_id:str}/messages", status_code=200, summary="Message history, oldest first")
async def list_messages(
    session_id: str,
    caller: Caller,
    workspace: Workspace,
    cursors: Cursors,
    limit: int | None = None,
    cursor: str | None = None,
    offset: int | None = None,
) -> PageObject[MessageObject]:
    return to_page(await workspace.sessions.messages(caller, session_id, cursors.request(limit, cursor, offset)), to_message, cursors)


@get("/api/sessions/{session_id:str}/events", status_code=200, summary="Follow a session as server-sent events", media_type="text/event-stream", **EXTENSION)
async def session_events(
    session_id: str,
    caller: Caller,
    workspace: Workspace,
    after: str | None = None,
    last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID")] = None,
) -> Response[Any]:
    """Replays from ``Last-Event-ID`` (or ``?after=``); ``stream.reset`` says that something was lost and the state is to be read afresh."""
    await workspace.sessions.get(caller, session_id)
    return sse(workspace.events.subscribe(lambda event: event.session_id == session_id, last_event_id or after))


@post("/api/sessions/{session_id:str}/fork", status_code=201, summary="Fork a session")
async def fork_session(session_id: str, caller: Caller, workspace: Workspace, data: ForkBody | None = None) -> SessionObject:
    body = data or ForkBody()
    return to_session(await workspace.sessions.fork(caller, session_id, body.from_message_id, body.before_message_id))


@delete("/api/sessions/{session_id:str}", status_code=204, summary="Delete a session")
async def delete_session(session_id: str, caller: Caller, workspace: Workspace, force: bool = False) -> None:
    """Its messages go with it; memories stay. 409 while an answer is being written, unless ``?force=true``."""
    await workspace.chat.delete_session(caller, session_id, force)


ROUTES = [
    send_message,
    list_sessions,
    get_session,
    update_session,
    list_messages,
    session_events,
    fork_session,
    delete_session,
]
