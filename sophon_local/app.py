"""The composition root: the only place that knows everything. ``build_app(settings)`` builds it, the lifespan starts and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from .db import Database, migrations_in
from .domain.models import Models
from .domain.workspace import Workspace, open_workspace
from .kit.caller import owner
from .kit.crypto import Secrets, no_vault, system_vault
from .kit.events import Event
from .kit.paging import Cursors
from .settings import Settings
from .surfaces import ALL
from .surfaces.dispatch import Dispatcher
from .surfaces.guard import Guard
from .surfaces.stopping import begin_streams, end_streams
from .surfaces.surface import Receive, Scope, Send
from .surfaces.web import Web

T = TypeVar("T")

_SYSTEM_DOMAINS = ("sophon_local.domain.models", "sophon_local.domain.egress")


class Installation:
    """Everything of one data folder: ``system.db``, the models, and the workspace of the one tenant that personal mode has."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._system: Database | None = None
        self._models: Models | None = None
        self._workspace: Workspace | None = None
        self._cursors: Cursors | None = None

    @property
    def workspace(self) -> Workspace:
        return _opened(self._workspace)

    @property
    def models(self) -> Models:
        return _opened(self._models)

    @property
    def cursors(self) -> Cursors:
        return _opened(self._cursors)

    def open(self) -> None:
        """Open the databases, bringing their tables up to date. Raises DatabaseTooNew, DatabaseCorrupt or StorageFull; then nothing stays open."""
        home, settings = self.settings.home, self.settings
        try:
            self._cursors = Cursors(_secret(home / "keys" / "cursors.key"))
            self._system = Database(home / "system.db", migrations_in(*_SYSTEM_DOMAINS), backups=home / "backups")
            vault = Secrets(home / "keys", system_vault if settings.use_keyring else no_vault)
            self._models = Models(self._system, settings, self._broadcast, vault)
            self._workspace = open_workspace(home / "tenants" / "default", settings, self._models)
        except BaseException:
            if self._system is not None:
                self._system.close()
            raise

    async def start(self) -> None:
        await self.models.start()
        await self.workspace.start()

    async def close(self) -> None:
        """Stop the workspace, then the models, then close ``system.db``; a part that fails to stop does not keep the others open."""
        async with contextlib.AsyncExitStack() as stack:
            if self._system is not None:
                stack.callback(self._system.close)
            if self._models is not None:
                stack.push_async_callback(self._models.close)
            if self._workspace is not None:
                stack.push_async_callback(self._workspace.close)

    def _broadcast(self, event: Event) -> None:
        """What concerns the whole installation is told to every open workspace."""
        if self._workspace is not None:
            self._workspace.events.publish(event)


class Application:
    """The ASGI app: guard, then dispatcher, then the surface that owns the path."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.installation = Installation(settings)
        self.web = Web()
        self.dispatcher = Dispatcher(ALL, self._dependencies(), settings, self.web)
        self._guard = Guard(self.dispatcher, settings, self.dispatcher.render)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._guard(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Application]:
        """Open and start everything; stop and close it at the end."""
        begin_streams()
        self.dispatcher.begin()
        await asyncio.to_thread(self.installation.open)
        try:
            await self.installation.start()
            yield self
        finally:
            end_streams()
            await self.installation.close()

    def _dependencies(self) -> dict[str, Callable[[], Any]]:
        """What handlers may ask for by name. In personal mode the caller is the owner; admission has refused any other credential."""
        house = self.installation
        person = owner()
        return {
            "caller": lambda: person,
            "workspace": lambda: house.workspace,
            "models": lambda: house.models,
            "cursors": lambda: house.cursors,
            "settings": lambda: house.settings,
        }

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        stack = contextlib.AsyncExitStack()
        try:
            await stack.enter_async_context(self.running())
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            await stack.aclose()
        except Exception as error:
            await send({"type": "lifespan.shutdown.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def build_app(settings: Settings) -> Application:
    return Application(settings)


def _opened(part: T | None) -> T:
    if part is None:
        raise RuntimeError("The installation is not open.")
    return part


def _secret(path: Path) -> bytes:
    """32 random bytes that stay the same for this data folder."""
    with contextlib.suppress(FileNotFoundError):
        kept = path.read_bytes()
        if len(kept) == 32:
            return kept
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = secrets.token_bytes(32)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return made
