from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from sophon_local.db import Database, migrations_in
from sophon_local.domain.models import Model, Models, ModelUpdated
from sophon_local.domain.models.model import Entry, File, Source
from sophon_local.kit.caller import owner
from sophon_local.kit.crypto import Secrets, no_vault
from sophon_local.kit.events import Event
from sophon_local.settings import Settings

OWNER = owner()


class Rig:
    """``Models`` on a data folder of its own, and what it told."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.told: list[Event] = []
        self.models: Models
        self.db: Database

    async def until(self, model_id: str, is_so: Callable[[Model], bool], seconds: float = 20) -> Model:
        """The model once ``is_so``; fails when that does not come about."""
        async with asyncio.timeout(seconds):
            while not is_so(model := await self.models.get(OWNER, model_id)):
                assert model.status != "failed" or is_so(model), model.error
                await asyncio.sleep(0.02)
        return model

    async def installed(self, model_id: str) -> Model:
        return await self.until(model_id, lambda model: model.status == "installed")

    async def failed(self, model_id: str) -> Model:
        return await self.until(model_id, lambda model: model.status == "failed")

    def statuses(self, model_id: str) -> list[str]:
        """The states that were told of a model, each once in a row."""
        seen = [event.model.status for event in self.told if isinstance(event, ModelUpdated) and event.model.id == model_id]
        return [status for at, status in enumerate(seen) if at == 0 or seen[at - 1] != status]

    def file(self, entry: Entry) -> Path:
        return self.home / "models" / entry.files[0].sha256

    def partial(self, entry: Entry) -> Path:
        return self.home / "models" / ".partial" / entry.files[0].sha256

    def ledger(self) -> list[tuple[Any, ...]]:
        return self.db.peek(lambda tx: tx.rows("SELECT method, destination, outcome, received_bytes FROM egress_ledger ORDER BY id"))


@contextlib.asynccontextmanager
async def rig(home: Path, entries: list[Entry], *, begin: bool = True, **more: Any) -> AsyncIterator[Rig]:
    """Options of ``Models`` by their names; all others are settings."""
    options = {name: more.pop(name) for name in ("pip_arguments", "backoff_s", "local_urls", "egress") if name in more}
    settings = Settings(home=home, **{"fetch_models": False, "discover_local_models": False, **more})
    made = Rig(home)
    made.db = Database(home / "system.db", migrations_in("sophon_local.domain.models", "sophon_local.domain.egress"))
    made.models = Models(made.db, settings, made.told.append, Secrets(home / "keys", no_vault), entries=entries, **{"backoff_s": (0.05,), **options})
    try:
        await (made.models.start() if begin else made.models.open())
        yield made
    finally:
        await made.models.close()
        made.db.close()


def content(size: int) -> bytes:
    return os.urandom(size)


def file_of(data: bytes, *sources: Source, name: str = "model.gguf") -> File:
    return File(name=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), sources=list(sources))


def entry_of(*files: File, **more: Any) -> Entry:
    known = {"id": "tiny", "name": "Tiny", "kind": "chat", "licence": "Apache-2.0", "memory_bytes": 1_000_000, "rank": 1}
    return Entry(**{**known, **more}, files=list(files))


HUB = Source(hub="someone/tiny", revision="main", path="model.gguf")


def wheel(folder: Path, name: str, version: str, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """A wheel that pip accepts, with ``members`` in it."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = name.replace("-", "_")
    path = folder / f"{plain}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
        archive.writestr(f"{plain}-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: not-there\n")
        archive.writestr(f"{plain}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{plain}-{version}.dist-info/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip takes as its only index; hand ``pip_arguments=from_folder(index)`` to the rig."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "index"
    folder.mkdir()
    return folder


def from_folder(folder: Path) -> tuple[str, ...]:
    return ("--no-index", "--find-links", str(folder))
