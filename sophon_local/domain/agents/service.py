"""The verbs of agents. Rows hold settings; personality lives in files, read at every turn."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import UNSET

from ...db import Database, Tx
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import Conflict, NotFound, StorageFull, TooLarge, ValidationFailed
from ...kit.ids import new_id
from ...kit.paging import Page, PageRequest, page_of
from . import _store
from .model import DEFAULT_AGENT, DEFAULT_SOUL, FILES, MAX_FILE_BYTES, Agent, AgentPatch, Heartbeat, MarkdownFile, NewAgent, ToolPolicy, check, slug


class Agents:
    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    async def start(self) -> None:
        """There is always a default agent."""
        if self._db.peek(_store.select_default) is not None:
            return
        now = clock.timestamp()
        agent = Agent(
            id=DEFAULT_AGENT,
            name="Sophon",
            description="Answers from your documents and remembers what you tell it.",
            model=None,
            temperature=None,
            enabled=True,
            is_default=True,
            color="slate",
            heartbeat=Heartbeat(),
            tools=ToolPolicy(),
            boot_completed_at=None,
            created_at=now,
            updated_at=now,
        )
        await asyncio.to_thread(self._make_folder, agent.id, DEFAULT_SOUL)
        await self._db.write(lambda tx: _store.insert(tx, agent))

    async def get(self, caller: Caller, agent_id: str) -> Agent:
        agent = self._db.peek(lambda tx: _store.select(tx, agent_id))
        if agent is None:
            raise NotFound(f"There is no agent {agent_id}.")
        return agent

    async def get_default(self) -> Agent:
        agent = self._db.peek(_store.select_default)
        if agent is None:
            raise NotFound("There is no default agent.")
        return agent

    async def list(self, caller: Caller, page: PageRequest) -> Page[Agent]:
        rows = await self._db.read(lambda tx: _store.select_page(tx, page))
        return page_of(rows, page.limit, lambda a: (a.created_at, a.id))

    async def create(self, caller: Caller, new: NewAgent) -> Agent:
        caller.require("ManageAgents")
        now = clock.timestamp()
        wanted_id = new.id or slug(new.name) or new_id("agent").replace("_", "-")
        agent = Agent(
            id=wanted_id,
            name=new.name.strip(),
            description=new.description,
            model=new.model,
            temperature=new.temperature,
            enabled=new.enabled,
            is_default=False,
            color=new.color,
            heartbeat=new.heartbeat,
            tools=ToolPolicy(),
            boot_completed_at=None,
            created_at=now,
            updated_at=now,
        )
        check(agent)
        soul = DEFAULT_SOUL if new.soul is None else new.soul
        _check_size(soul)

        def keep(tx: Tx) -> None:
            if _store.select(tx, agent.id) is not None:
                raise Conflict(f"There is already an agent {agent.id}. Choose another name.", id=agent.id)
            _store.insert(tx, agent)

        await self._db.write(keep)
        await asyncio.to_thread(self._make_folder, agent.id, soul)
        return agent

    async def patch(self, caller: Caller, agent_id: str, patch: AgentPatch) -> Agent:
        caller.require("ManageAgents")
        changes = {name: value for name in patch.__struct_fields__ if (value := getattr(patch, name)) is not UNSET}

        def change(tx: Tx) -> Agent:
            agent = _store.select(tx, agent_id)
            if agent is None:
                raise NotFound(f"There is no agent {agent_id}.")
            if agent.is_default and (changes.get("is_default") is False or changes.get("enabled") is False):
                raise Conflict("The default agent stays on. Make another agent the default first.")
            changed = msgspec.structs.replace(agent, **changes, updated_at=clock.timestamp())
            check(changed)
            if changed.is_default and not agent.is_default:
                _store.clear_default(tx)
            _store.update(tx, changed)
            return changed

        return await self._db.write(change)

    async def delete(self, caller: Caller, agent_id: str) -> None:
        """Sessions keep the agent's id. Its folder is moved aside, not deleted: the files in it are the person's own."""
        caller.require("ManageAgents")

        def drop(tx: Tx) -> None:
            agent = _store.select(tx, agent_id)
            if agent is None:
                raise NotFound(f"There is no agent {agent_id}.")
            if agent.is_default:
                raise Conflict("The default agent cannot be deleted. Make another agent the default first.")
            _store.delete(tx, agent_id)

        await self._db.write(drop)
        await asyncio.to_thread(self._set_aside, agent_id)

    async def read_file(self, caller: Caller, agent_id: str, kind: str) -> MarkdownFile:
        """The file as it stands now; empty when there is none. ``kind`` is soul, boot or heartbeat."""
        await self.get(caller, agent_id)
        return await asyncio.to_thread(_read, self._folder / agent_id / FILES[kind])

    async def write_file(self, caller: Caller, agent_id: str, kind: str, content: str, if_match: str | None = None, rerun: bool = False) -> MarkdownFile:
        """Replace a file. Conflict when ``if_match`` is not the etag of what stands there."""
        caller.require("ManageAgents")
        await self.get(caller, agent_id)
        _check_size(content)
        written = await asyncio.to_thread(_replace, self._folder / agent_id / FILES[kind], content, if_match)
        if kind == "boot" and rerun:
            await self._db.write(lambda tx: _store.forget_boot(tx, agent_id))
        return written

    async def set_tools(self, caller: Caller, agent_id: str, policy: ToolPolicy, known: frozenset[str]) -> Agent:
        """Replace the allowlist. ValidationFailed for a name, not a glob, that no tool has."""
        caller.require("ManageAgents")
        unknown = [name for name in [*policy.allow, *policy.deny] if "*" not in name and "?" not in name and name not in known]
        if unknown:
            raise ValidationFailed(
                f"There is no tool called {unknown[0]}. GET /api/tools lists them.", errors=[{"field": "allow", "message": name} for name in unknown]
            )

        def change(tx: Tx) -> Agent:
            agent = _store.select(tx, agent_id)
            if agent is None:
                raise NotFound(f"There is no agent {agent_id}.")
            changed = msgspec.structs.replace(agent, tools=policy, updated_at=clock.timestamp())
            _store.update(tx, changed)
            return changed

        return await self._db.write(change)

    def _make_folder(self, agent_id: str, soul: str) -> None:
        folder = self._folder / agent_id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / FILES["soul"]).exists():
            _replace(folder / FILES["soul"], soul, None)

    def _set_aside(self, agent_id: str) -> None:
        folder = self._folder / agent_id
        if folder.is_dir():
            shutil.move(folder, self._folder / f".deleted-{agent_id}-{clock.now():%Y%m%dT%H%M%S%f}")


def _check_size(content: str) -> None:
    if len(content.encode("utf-8", "surrogatepass")) > MAX_FILE_BYTES:
        raise TooLarge(f"The file may have {MAX_FILE_BYTES // 1024} KB at most.", limit=MAX_FILE_BYTES)


def _etag(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:32]


def _read(path: Path) -> MarkdownFile:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES)
            changed = os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return MarkdownFile("", None, _etag(b""))
    return MarkdownFile(raw.decode("utf-8", "replace"), clock.timestamp(datetime.fromtimestamp(changed, UTC)), _etag(raw))


def _replace(path: Path, content: str, if_match: str | None) -> MarkdownFile:
    """Write beside the file, then put it in its place: a reader sees the old text or the new one, never half of it."""
    current = _read(path)
    if if_match is not None and if_match.strip('"') not in ("*", current.etag):
        raise Conflict("The file was changed by someone else meanwhile. Read it again, then save your change.", etag=current.etag)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        beside.write_bytes(content.encode("utf-8", "replace"))
        beside.chmod(0o600)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StorageFull(f"The file could not be written ({error.strerror}). The old one is unchanged.") from None
    return _read(path)
