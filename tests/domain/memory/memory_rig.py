"""A memory on a database of its own, with the real search beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sophon_local.db import Database, migrations_in
from sophon_local.domain.approvals import Approvals
from sophon_local.domain.memory import Entry, EntryFilter, Learned, Memory, NewEntry, Turn
from sophon_local.domain.search import Search
from sophon_local.kit.caller import Caller, owner
from sophon_local.kit.events import Event, Events
from sophon_local.kit.paging import PageRequest
from sophon_local.providers.base import Chat, Embedder

OWNER = owner()
AGENT = Caller("agent:main", kind="agent")
OTHER_AGENT = Caller("agent:other", kind="agent")
MIGRATIONS = ("sophon_local.db.search", "sophon_local.domain.approvals", "sophon_local.domain.memory")


class MemoryRig:
    """``told`` are the events so far."""

    def __init__(self, folder: Path, embedder: Embedder | None = None) -> None:
        self.folder = folder
        self.db = Database(folder / "workspace.db", migrations_in(*MIGRATIONS))
        self.events = Events()
        self.told: list[Event] = []
        self.events.listen(lambda recorded: self.told.append(recorded.event))

        async def current() -> Embedder | None:
            return embedder

        self.search = Search(self.db, self.events, current)
        self.approvals = Approvals(self.db, self.events)
        self.memory = Memory(self.db, self.events, self.search, self.approvals, folder)
        self._messages = 0

    async def start(self) -> None:
        await self.search.start()
        await self.memory.start()
        await self.approvals.start()

    async def close(self) -> None:
        await self.approvals.close()
        await self.memory.close()
        await self.search.close()
        self.db.close()

    async def say(self, text: str, *, session: str = "sess_1", chat: Chat | None = None, answer: str = "") -> Learned:
        """One turn, and what was learned of it."""
        self._messages += 1
        turn = Turn(session_id=session, message_id=f"msg_{self._messages}", agent_id="main", user_text=text, assistant_text=answer)
        return await self.memory.learn(turn, chat)

    async def keep(self, content: str, **fields: Any) -> Entry:
        return await self.memory.create(OWNER, NewEntry(content=content, **fields))

    async def held(self) -> list[str]:
        """The contents that hold now, oldest first."""
        page = await self.memory.list(OWNER, EntryFilter(), PageRequest(limit=200))
        return [entry.content for entry in reversed(page.items)]

    async def past(self) -> list[str]:
        """What has been replaced, oldest first."""
        page = await self.memory.list(OWNER, EntryFilter(include_superseded=True), PageRequest(limit=200))
        return [entry.content for entry in reversed(page.items) if entry.superseded_by is not None]

    async def found(self, query: str, **how: Any) -> list[str]:
        return [hit.entry.content for hit in (await self.memory.search(OWNER, query, 10, **how)).hits]

    def rows(self, table: str) -> int:
        return int(self.db.peek(lambda tx: tx.value(f"SELECT count(*) FROM {table}")))

    def topics(self) -> list[str]:
        return [event.topic for event in self.told if event.topic.startswith("memory.")]


@asynccontextmanager
async def remembering(folder: Path, embedder: Embedder | None = None) -> AsyncIterator[MemoryRig]:
    rig = MemoryRig(folder, embedder)
    await rig.start()
    try:
        yield rig
    finally:
        await rig.close()


async def until(is_so: Any, seconds: float = 10) -> None:
    """Wait for something that happens in the background."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.01)
