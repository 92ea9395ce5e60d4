"""The verbs of sessions: what was said, in order, and nothing of it lost."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import NotFound, ValidationFailed
from ...kit.events import Events
from ...kit.ids import new_id
from ...kit.paging import Page, PageRequest, page_of
from . import _store
from .model import TRANSCRIPT, Message, MessageCompleted, MessageCreated, Messages, Session, SessionDeleted, SessionPatch, SessionUpdated, title_of


class Sessions:
    def __init__(self, db: Database, events: Events) -> None:
        self._db = db
        self._events = events

    async def start(self) -> None:
        """Answers that the last run of the program left half written keep what they have, and say so."""
        await self._db.write(_store.interrupt_streaming)

    async def get(self, caller: Caller, session_id: str) -> Session:
        session = self._db.peek(lambda tx: _store.select(tx, session_id))
        if session is None:
            raise NotFound(f"There is no session {session_id}.")
        return session

    async def list(self, caller: Caller, page: PageRequest, text: str | None = None, status: str | None = None) -> Page[Session]:
        rows = await self._db.read(lambda tx: _store.select_page(tx, text, status, page))
        return page_of(rows, page.limit, lambda s: (s.last_message_at, s.id))

    async def messages(self, caller: Caller, session_id: str, page: PageRequest) -> Page[Message]:
        await self.get(caller, session_id)
        rows = await self._db.read(lambda tx: _store.select_messages(tx, session_id, page))
        return page_of(rows, page.limit, lambda m: (m.created_at, m.id))

    async def patch(self, caller: Caller, session_id: str, patch: SessionPatch) -> Session:
        if patch.title is not UNSET and not 1 <= len(patch.title.strip()) <= 200:
            raise ValidationFailed("A title has 1 to 200 characters.", errors=[{"field": "title", "message": "1 to 200 characters"}])

        def change(tx: Tx) -> Session:
            session = _store.select(tx, session_id)
            if session is None:
                raise NotFound(f"There is no session {session_id}.")
            changed = msgspec.structs.replace(
                session,
                title=session.title if patch.title is UNSET else patch.title.strip(),
                status=session.status if patch.status is UNSET else patch.status,
            )
            _store.update(tx, changed)
            return changed

        session = await self._db.write(change)
        self._events.publish(SessionUpdated(session=session, session_id=session.id))
        return session

    async def fork(self, caller: Caller, session_id: str, from_message_id: str | None = None, before_message_id: str | None = None) -> Session:
        """A new session with the history up to ``from_message_id`` (inclusive) or ``before_message_id`` (exclusive), or all of it."""
        if from_message_id is not None and before_message_id is not None:
            raise ValidationFailed("Give fromMessageId or beforeMessageId, not both.", errors=[{"field": "beforeMessageId"}])
        now = clock.timestamp()

        def copy(tx: Tx) -> Session:
            source = _store.select(tx, session_id)
            if source is None:
                raise NotFound(f"There is no session {session_id}.")
            history = [m for m in _store.select_messages(tx, session_id, PageRequest(limit=1_000_000)) if m.status != "streaming"]
            end = len(history)
            edge = from_message_id or before_message_id
            if edge is not None:
                found = next((at for at, m in enumerate(history) if m.id == edge), None)
                if found is None:
                    raise NotFound(f"There is no finished message {edge} in this session.")
                end = found + 1 if from_message_id is not None else found
            kept = history[:end]
            fork = Session(
                id=new_id("sess"),
                title=source.title,
                agent_id=source.agent_id,
                channel_id=source.channel_id,
                parent_session_id=source.id,
                status="active",
                message_count=len(kept),
                tokens_used=sum(m.tokens.prompt + m.tokens.completion for m in kept),
                created_at=now,
                last_message_at=now,
            )
            _store.insert(tx, fork)
            for message in kept:
                _store.insert_message(tx, msgspec.structs.replace(message, id=new_id("msg"), session_id=fork.id, task_id=None))
            return fork

        fork = await self._db.write(copy)
        self._events.publish(SessionUpdated(session=fork, session_id=fork.id))
        return fork

    async def delete(self, caller: Caller, session_id: str) -> None:
        """Its messages go with it; what was remembered from them stays."""

        def drop(tx: Tx) -> None:
            if not _store.delete(tx, session_id):
                raise NotFound(f"There is no session {session_id}.")

        await self._db.write(drop)
        self._events.publish(SessionDeleted(session_id=session_id))

    # What follows is for the turn that writes into a session.

    def open(self, tx: Tx, session_id: str | None, agent_id: str, channel_id: str | None, content: str) -> Session:
        """The session to write into: the one named, or a new one, in the caller's transaction."""
        if session_id is not None:
            session = _store.select(tx, session_id)
            if session is None:
                raise NotFound(f"There is no session {session_id}.")
            if session.message_count == 0 and session.title == "New chat":
                session = msgspec.structs.replace(session, title=title_of(content))
                _store.update(tx, session)
            return session
        now = clock.timestamp()
        session = Session(
            id=new_id("sess"),
            title=title_of(content),
            agent_id=agent_id,
            channel_id=channel_id,
            parent_session_id=None,
            status="active",
            message_count=0,
            tokens_used=0,
            created_at=now,
            last_message_at=now,
        )
        _store.insert(tx, session)
        return session

    def append(self, tx: Tx, message: Message) -> None:
        """Add a message in the caller's transaction; announce it with ``appended`` once it is committed."""
        _store.insert_message(tx, message)
        _store.touch(tx, message.session_id, message.created_at, 1, message.tokens.prompt + message.tokens.completion)

    def appended(self, message: Message) -> None:
        self._events.publish(MessageCreated(message=message, session_id=message.session_id, task_id=message.task_id))

    async def checkpoint(self, message_id: str, content: str) -> None:
        """Keep what has come of an answer so far."""
        await self._db.write(lambda tx: _store.update_content(tx, message_id, content))

    async def finish(self, message: Message, channel_of: Callable[[Messages], str]) -> None:
        """The final form of an answer. A session deleted meanwhile takes it with it. Where a client keeps the conversation itself, the session
        is named after what was said by now (``channel_of``), so that it is found again."""

        def keep(tx: Tx) -> Session | None:
            if _store.update_message(tx, message):
                _store.touch(tx, message.session_id, clock.timestamp(), 0, message.tokens.prompt + message.tokens.completion)
            session = _store.select(tx, message.session_id)
            if session is not None and (session.channel_id or "").startswith(TRANSCRIPT):
                said = _store.select_messages(tx, session.id, PageRequest(limit=1_000_000))
                _store.update_channel(tx, session.id, channel_of(said))
            return _store.select(tx, message.session_id)

        session = await self._db.write(keep)
        if session is not None:
            self._events.publish(MessageCompleted(message=message, session_id=message.session_id, task_id=message.task_id))
            self._events.publish(SessionUpdated(session=session, session_id=session.id))

    async def message(self, message_id: str) -> Message:
        message = await self._db.read(lambda tx: _store.select_message(tx, message_id))
        if message is None:
            raise NotFound(f"There is no message {message_id}.")
        return message

    async def before(self, session_id: str, message_id: str, limit: int) -> Messages:
        """The last messages before one, oldest first."""
        return await self._db.read(lambda tx: _store.select_latest(tx, session_id, message_id, limit))

    async def answer_of(self, task_id: str) -> Message | None:
        """The assistant's message that a task wrote."""
        return await self._db.read(lambda tx: _store.select_answer(tx, task_id))

    async def find_by_channel(self, channel_id: str) -> Session | None:
        """The latest session of a channel."""
        return await self._db.read(lambda tx: _store.select_by_channel(tx, channel_id))
