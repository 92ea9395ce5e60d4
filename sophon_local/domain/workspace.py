"""The object graph of one tenant. Whoever holds a workspace can reach its database and no other."""

from __future__ import annotations

from pathlib import Path

from ..db import Database, migrations_in
from ..kit.events import Events
from ..settings import Settings
from .agents import Agents
from .approvals import Approvals
from .chat import Chats
from .documents import Documents
from .memory import Memory
from .models import Models
from .search import Search
from .sessions import Sessions
from .tasks import Tasks
from .tools import Tools

# In the order in which their tables are made.
_DOMAINS = ("agents", "sessions", "tasks", "approvals", "documents", "memory")


class Workspace:
    """Built by ``open_workspace``; ``start`` it before use, ``close`` it after."""

    def __init__(self, folder: Path, db: Database, settings: Settings, models: Models) -> None:
        self.folder = folder
        self.db = db
        self.settings = settings
        self.models = models
        self.events = Events()
        self.agents = Agents(db, folder / "agents")
        self.sessions = Sessions(db, self.events)
        self.tasks = Tasks(db, self.events)
        self.approvals = Approvals(db, self.events)
        self.search = Search(db, self.events, models.embedder)
        self.documents = Documents(db, self.events, self.search, models, folder / "blobs", settings)
        self.memory = Memory(db, self.events, self.search, self.approvals, folder)
        self.tools = Tools(self.documents, self.memory)
        self.chat = Chats(db, self.events, self.agents, self.sessions, self.tasks, self.documents, self.memory, models, self.tools)

    async def start(self) -> None:
        """Take up what the last run of the program left."""
        await self.agents.start()
        await self.sessions.start()
        await self.search.start()
        await self.memory.start()
        await self.approvals.start()
        await self.documents.start()
        await self.tasks.start()

    async def close(self) -> None:
        """In the opposite order; every part keeps what it has."""
        await self.tasks.close()
        await self.documents.close()
        await self.approvals.close()
        await self.memory.close()
        await self.search.close()
        self.db.close()


def open_workspace(folder: Path, settings: Settings, models: Models) -> Workspace:
    """Open, and migrate, the workspace in ``folder``. Raises DatabaseTooNew, DatabaseCorrupt or StorageFull."""
    package = __package__
    migrations = migrations_in("sophon_local.db.search", *(f"{package}.{name}" for name in _DOMAINS))
    db = Database(folder / "workspace.db", migrations, backups=settings.home / "backups")
    return Workspace(folder, db, settings, models)
