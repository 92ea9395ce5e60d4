"""A documents service on a real database, with real search, in a folder of its own."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sophon_local.db import Database, migrations_in
from sophon_local.domain.documents import Document, Documents, DocumentUpdated, NewDocument
from sophon_local.domain.search import Search
from sophon_local.kit.caller import owner
from sophon_local.kit.events import Events, Recorded
from sophon_local.providers.minilm import MiniLM
from sophon_local.settings import Settings
from tests.scripted_chat import House

ME = owner()
MIGRATIONS = ("sophon_local.db.search", "sophon_local.domain.documents")


def minilm(models_folder: Path) -> MiniLM:
    """The real embedding model."""
    return MiniLM(model=models_folder / "minilm" / "model.onnx", tokenizer=models_folder / "minilm" / "tokenizer.json", sha256="0" * 64)


class Library:
    def __init__(self, home: Path, house: House, **settings: Any) -> None:
        self.home = home
        self.blobs = home / "blobs"
        self.db = Database(home / "workspace.db", migrations_in(*MIGRATIONS))
        self.events = Events()
        self.told: list[Document] = []
        self.events.listen(self._hear)
        self.search = Search(self.db, self.events, house.embedder)
        self.documents = Documents(self.db, self.events, self.search, house, self.blobs, Settings(home=home, **settings))

    def _hear(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, DocumentUpdated):
            self.told.append(recorded.event.document)

    async def upload(self, path: Path, content_type: str = "", **fields: Any) -> tuple[Document, bool]:
        """Add a copy of ``path``, as the HTTP layer does with a received file."""
        temporary = self.home / f"upload-{uuid.uuid4().hex}"
        shutil.copyfile(path, temporary)
        content = path.read_bytes()
        new = NewDocument(
            path=temporary,
            filename=fields.pop("filename", path.name),
            content_type=content_type,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            **fields,
        )
        try:
            return await self.documents.add(ME, new)
        finally:
            assert not temporary.exists()

    async def settle(self, document_id: str) -> Document:
        """The document once nothing works on it any more."""
        async with asyncio.timeout(120):
            while (document := await self.documents.get(ME, document_id)).status not in ("ready", "failed"):
                await asyncio.sleep(0.02)
        return document

    async def ready(self, path: Path, **fields: Any) -> Document:
        document, _ = await self.upload(path, **fields)
        document = await self.settle(document.id)
        assert document.status == "ready", document.error
        return document

    def files(self) -> list[str]:
        return sorted(one.name for one in self.blobs.rglob("*") if one.is_file())


@contextlib.asynccontextmanager
async def library(home: Path, house: House | None = None, **settings: Any) -> AsyncIterator[Library]:
    home.mkdir(parents=True, exist_ok=True)
    opened = Library(home, house or House(), **settings)
    await opened.search.start()
    await opened.documents.start()
    try:
        yield opened
    finally:
        await opened.documents.close()
        await opened.search.close()
        opened.db.close()
