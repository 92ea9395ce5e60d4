"""Which models there are, which one is in use, and how they come and go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path

from ...db import Database
from ...kit import clock
from ...kit.caller import Caller
from ...kit.crypto import Secrets
from ...kit.egress import Egress
from ...kit.errors import Conflict, InvalidRequest, NoChatModel, NotFound, SophonError, UnsupportedType, UpstreamUnavailable, ValidationFailed
from ...kit.events import Event
from ...providers import machine
from ...providers.base import Chat, Embedder
from ...settings import Settings
from ..egress import Ledger
from . import _store, catalogue
from ._store import StoredDownload
from ._view import show_own, show_remote
from .adapters import Embedded, EmbeddedEmbedder, Remote
from .downloads import BACKOFF_S, Downloads
from .files import Files
from .model import (
    BASE_URLS,
    CHAT,
    DEFAULT_EMBEDDING,
    DISCOVERED,
    EMBEDDING,
    Entry,
    File,
    Machine,
    Model,
    ModelUpdated,
    NewProvider,
    NotInstalled,
    Overview,
    Provider,
    ProviderDeleted,
    ProviderPatch,
    ProviderTest,
    ProviderUpdated,
    default_chat,
    fits,
    recommend,
    slug,
)  # fmt: skip
from .registry import Providers
from .sources import PUBLIC_HUB, Sources, digest_of

log = logging.getLogger("sophon.models")


class Models:
    """One per installation. ``start`` it, then ask for ``chat`` and ``embedder``; ``broadcast`` gets what concerns every workspace.

    The keyword arguments are for tests and installers: ``entries`` instead of the catalogue, ``pip_arguments`` that say where the package index is,
    ``local_urls`` where Ollama and LM Studio would be.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        broadcast: Callable[[Event], None],
        secrets: Secrets,
        *,
        egress: Egress | None = None,
        entries: list[Entry] | None = None,
        pip_arguments: tuple[str, ...] = (),
        backoff_s: tuple[float, ...] = BACKOFF_S,
        local_urls: dict[str, str] | None = None,
    ) -> None:
        self._db = db
        self._settings = settings
        self._broadcast = broadcast
        self.ledger = Ledger(db)
        self._egress = egress or Egress(self.ledger.write, own_ports=[settings.port])
        self._shipped = entries
        self._folder = Path(settings.models_path).expanduser() if settings.models_path else None
        sources = Sources(self._egress, folder=self._folder, hub=settings.model_hub or PUBLIC_HUB, pip_arguments=pip_arguments)
        self._files = Files(db, settings.models_folder)
        self._downloads = Downloads(db, self._files, sources, self._tell, self._installed, backoff_s)
        local = ({kind: BASE_URLS[kind] for kind in DISCOVERED} if local_urls is None else local_urls) if settings.discover_local_models else {}
        self._providers = Providers(db, self._egress, secrets, self._provider_changed, self._provider_deleted, local)
        self._embedded = Embedded(self._doubt, self._tell, threads=settings.llama_threads, spin=settings.llama_spin, idle_s=settings.llama_idle_s)
        self._remote = Remote(self._providers)
        self._sources = sources
        self._entries: dict[str, Entry] = {}
        self._chosen: dict[str, str] = {}
        self._declined: set[str] = set()
        self._embedder: EmbeddedEmbedder | None = None
        self._beginning: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Know what is here; what is missing comes in the background."""
        await self.open()
        self._beginning = asyncio.create_task(self._begin())

    async def open(self) -> None:
        """``start`` without anything in the background: no download, no looking around."""
        self._entries = {entry.id: entry for entry in (catalogue.shipped() if self._shipped is None else self._shipped)}
        for entry in await self._db.read(_store.select_added):
            self._entries.setdefault(entry.id, entry)
        self._chosen = await self._db.read(_store.select_chosen)
        self._declined = await self._db.read(_store.select_declined)
        await self._files.open()
        await self._providers.open()

    async def close(self) -> None:
        """Stop downloads (they go on at the next start) and give all memory back."""
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.gather(self._beginning, return_exceptions=True)
        await self._downloads.close()
        await self._providers.close()
        await self._embedded.close()
        await self._remote.close()
        await self._close_embedder()

    # ---- what others use

    def has_chat(self) -> bool:
        return self._pick_chat() is not None

    async def chat(self, model: str | None = None) -> Chat:
        """The chat model with that id ("provider/name" for a provider's); None is the one in use. NotFound, NotInstalled or NoChatModel."""
        model_id = model or self._pick_chat()
        if model_id is None:
            raise NoChatModel(self._why_no_chat())
        entry = self._entries.get(model_id)
        if entry is None:
            return await self._remote.chat(*self._remote_name(model_id))
        if entry.kind != CHAT:
            raise ValidationFailed(f"{entry.name} is not a model that chats.", errors=[{"field": "model"}])
        paths = await self._paths(entry)
        smaller = min((e for e in self._installed_chats() if e.memory_bytes < entry.memory_bytes), key=lambda e: -e.rank, default=None)
        return await self._embedded.get(entry, paths[0], smaller.name if smaller else None)

    async def embedder(self) -> Embedder | None:
        """The embedding model in use, or None while it is missing or does not answer."""
        model_id = self._pick_embedding()
        entry = self._entries.get(model_id)
        if entry is None:
            try:
                return await self._remote.embedder(*self._remote_name(model_id))
            except SophonError as error:
                log.warning("the embedding model %s cannot be used now: %s", model_id, error.message)
                return None
        if self._embedder is None:
            if not any(self._files.was_here(file.sha256) for file in entry.files):
                return None
            try:
                paths = await self._paths(entry)
            except NotInstalled:
                return None
            if self._embedder is None:
                names = (file.name for file in entry.files)
                self._embedder = EmbeddedEmbedder(entry, dict(zip(names, paths, strict=True)), self._doubt, idle_s=self._settings.llama_idle_s)
        return self._embedder

    # ---- models, for people

    async def overview(self, caller: Caller) -> Overview:
        self._providers.look_around()
        here = await asyncio.to_thread(machine_now)
        best = recommend(list(self._entries.values()), here)
        items = [self._shown(entry, here, best) for entry in self._entries.values()]
        for provider in self._providers.all():
            items += [self._shown_remote(provider, offered.id) for offered in provider.models]
        embedding = self._pick_embedding()
        return Overview(items, here, self._pick_chat(), embedding if "/" in embedding or self._is_installed(self._entries.get(embedding)) else None)

    async def get(self, caller: Caller, model_id: str) -> Model:
        here = await asyncio.to_thread(machine_now)
        return self._model(model_id, here)

    async def pull(self, caller: Caller, model_id: str, from_path: str | None = None) -> Model:
        """Fetch a model in the background; from that file or folder of this machine, if one is given. A file that is no model of the
        catalogue becomes a model of its own: ``model_id``, or what its file name makes."""
        caller.require("ManageModels")
        entry = self._entries.get(model_id)
        if from_path is not None and not Path(from_path).is_absolute():
            raise InvalidRequest("Give the full path of the file or folder to take the model from.")
        if from_path is not None and entry is None:
            entry = await self._add_file(model_id, Path(from_path))
        if entry is None:
            if "/" in model_id:
                raise Conflict(f"{model_id} is a provider's model: there is nothing to pull here. Use it as it is.")
            raise NotFound(f"There is no model {model_id}. `sophon-local models list` shows the ones there are.")
        await self._want(entry.id)
        if not self._is_installed(entry):
            await self._downloads.request(entry, from_path)
        return await self.get(caller, entry.id)

    async def cancel_pull(self, caller: Caller, model_id: str) -> Model:
        """Stop a download; what came so far is kept for another time, and it does not begin again by itself."""
        caller.require("ManageModels")
        entry = self._entry(model_id)
        if not await self._downloads.cancel(model_id):
            raise Conflict(f"{entry.name} is not being fetched.")
        await self._decline(model_id)
        return await self.get(caller, model_id)

    async def delete(self, caller: Caller, model_id: str) -> None:
        """Remove a model's files, also half-fetched ones. It does not come again by itself."""
        caller.require("ManageModels")
        entry = self._entry(model_id)
        await self._downloads.cancel(model_id)
        await self._embedded.drop(model_id)
        if model_id == DEFAULT_EMBEDDING:
            await self._close_embedder()
        shared = {file.sha256 for other in self._entries.values() if other.id != model_id and self._is_installed(other) for file in other.files}
        for file in entry.files:
            if file.sha256 not in shared:
                await self._files.drop(file.sha256)
            self._files.drop_partial(file)
        await self._db.write(lambda tx: _store.delete_chosen(tx, model_id))
        self._chosen = {kind: chosen for kind, chosen in self._chosen.items() if chosen != model_id}
        await self._decline(model_id)
        if entry.source == "file":
            await self._db.write(lambda tx: _store.delete_added(tx, model_id))
            gone = await self.get(caller, model_id)
            del self._entries[model_id]
            self._broadcast(ModelUpdated(model=gone))
        else:
            self._tell(model_id)

    async def use(self, caller: Caller, model_id: str) -> Model:
        """Make a model the one in use from the next answer on, also after a restart."""
        caller.require("ManageModels")
        fixed = self._settings.chat_model
        entry = self._entries.get(model_id)
        if entry is None:
            provider, name = self._remote_name(model_id)
            kind = provider.offered(name).kind
        else:
            kind = entry.kind
        if kind == CHAT and fixed is not None and fixed != model_id and self._is_usable(fixed):
            raise Conflict(f"The setting chat_model says {fixed}. Take it out of config.toml, or out of SOPHON_CHAT_MODEL, to choose here.")
        if entry is not None and not self._is_installed(entry):
            raise Conflict(f"{entry.name} is not installed yet. Pull it first.")
        before = self._in_use(kind)
        await self._db.write(lambda tx: _store.put_chosen(tx, kind, model_id, clock.timestamp()))
        self._chosen[kind] = model_id
        if kind == CHAT:
            await self._embedded.retire(model_id)
        if before is not None and before != model_id:
            self._tell(before)
        self._tell(model_id)
        return await self.get(caller, model_id)

    async def recommend(self, caller: Caller) -> Model | None:
        """The chat model for this machine."""
        here = await asyncio.to_thread(machine_now)
        best = recommend(list(self._entries.values()), here)
        return self._shown(best, here, best) if best else None

    # ---- providers, for people

    async def list_providers(self, caller: Caller) -> list[Provider]:
        self._providers.look_around()
        return self._providers.all()

    async def get_provider(self, caller: Caller, provider_id: str) -> Provider:
        return self._providers.get(provider_id)

    async def add_provider(self, caller: Caller, new: NewProvider) -> Provider:
        caller.require("ManageModels")
        return await self._providers.add(new)

    async def patch_provider(self, caller: Caller, provider_id: str, patch: ProviderPatch) -> Provider:
        caller.require("ManageModels")
        return await self._providers.patch(provider_id, patch)

    async def delete_provider(self, caller: Caller, provider_id: str) -> None:
        caller.require("ManageModels")
        await self._providers.delete(provider_id)
        self._chosen = {kind: chosen for kind, chosen in self._chosen.items() if not chosen.startswith(provider_id + "/")}

    async def test_provider(self, caller: Caller, provider_id: str) -> ProviderTest:
        caller.require("ManageModels")
        return await self._providers.test(provider_id)

    # ---- in the background

    async def _begin(self) -> None:
        """After the start: check what changed on disk, go on with downloads, take what lies here, fetch what everybody needs."""
        try:
            await self._check_files()
            for stored in await self._db.read(_store.select_downloads):
                await self._resume(stored)
            await self._take_what_is_here()
            if self._settings.fetch_models:
                await self._fetch_basics()
            self._providers.look_around()
        except SophonError as error:
            log.warning("the models were not all taken up at the start: %s", error.message)

    async def _check_files(self) -> None:
        """Files that were changed, or that lie here unknown, are read; damaged ones come again, where that is allowed."""
        for entry in list(self._entries.values()):
            for file in entry.files:
                was_here = self._files.was_here(file.sha256)
                if self._files.is_unchecked(file.sha256):
                    if await self._files.check(file.sha256):
                        self._tell(entry.id)
                    elif was_here:
                        log.warning("%s of %s is damaged", file.name, entry.name)
                        await self._repair(entry)

    async def _resume(self, stored: StoredDownload) -> None:
        entry = self._entries.get(stored.model_id)
        if entry is None or self._is_installed(entry):
            await self._db.write(lambda tx: _store.delete_download(tx, stored.model_id))
        else:
            self._downloads.take_up(entry, stored.from_path)

    async def _take_what_is_here(self) -> None:
        """From the folder of the setting models_path: the embedding model, and the best chat model if there is none yet. No network is needed."""
        if self._folder is None:
            return
        here = await asyncio.to_thread(machine_now)
        wanted = [entry for entry in self._entries.values() if entry.id == DEFAULT_EMBEDDING]
        if not self._installed_chats():
            wanted += sorted((e for e in self._entries.values() if e.kind == CHAT and fits(e.memory_bytes, here) != "no"), key=lambda e: -e.rank)
        taken: set[str] = set()
        for entry in wanted:
            if entry.kind not in taken and entry.id not in self._declined and not self._is_installed(entry) and await self._lies_here(entry):
                taken.add(entry.kind)
                await self._downloads.request(entry)

    async def _lies_here(self, entry: Entry) -> bool:
        for file in entry.files:
            if await self._sources.find_here(file) is None:
                return False
        return True

    async def _fetch_basics(self) -> None:
        here = await asyncio.to_thread(machine_now)
        basics = [DEFAULT_EMBEDDING]
        if not self._installed_chats() and CHAT not in self._chosen and not self._downloads.is_busy(CHAT):
            basics.append(default_chat(here))
        for model_id in basics:
            entry = self._entries.get(model_id)
            if entry is not None and model_id not in self._declined and not self._is_installed(entry) and self._downloads.progress(model_id) is None:
                await self._downloads.request(entry)

    def _installed(self, entry: Entry) -> None:
        log.info("%s is installed", entry.name)

    def _tell(self, model_id: str) -> None:
        if model_id in self._entries or "/" in model_id:
            try:
                model = self._model(model_id, machine_now())
            except NotFound:
                return
            self._broadcast(ModelUpdated(model=model))

    def _provider_changed(self, provider: Provider) -> None:
        self._remote.forget(provider.id)
        self._broadcast(ProviderUpdated(provider=provider))

    def _provider_deleted(self, provider_id: str) -> None:
        self._remote.forget(provider_id)
        self._broadcast(ProviderDeleted(provider_id=provider_id))

    # ---- choosing

    def _pick_chat(self) -> str | None:
        """What is chosen by the setting, then by the person; else the best one that is installed; else one of a program on this machine."""
        for wanted in (self._settings.chat_model, self._chosen.get(CHAT)):
            if wanted is not None and self._is_usable(wanted):
                return wanted
        installed = self._installed_chats()
        if installed:
            return max(installed, key=lambda entry: entry.rank).id
        for provider in self._providers.all():
            if provider.discovered and provider.models:
                chats = [offered.id for offered in provider.models if offered.kind == CHAT]
                if chats:
                    return f"{provider.id}/{chats[0]}"
        return None

    def _pick_embedding(self) -> str:
        """What the person chose, as long as its provider is there; else the embedded one, installed or not."""
        chosen = self._chosen.get(EMBEDDING, DEFAULT_EMBEDDING)
        return chosen if chosen in self._entries or self._providers.expected(chosen.partition("/")[0]) is not None else DEFAULT_EMBEDDING

    def _in_use(self, kind: str) -> str | None:
        return self._pick_chat() if kind == CHAT else self._pick_embedding()

    def _is_usable(self, model_id: str) -> bool:
        entry = self._entries.get(model_id)
        if entry is not None:
            return entry.kind == CHAT and self._is_installed(entry)
        provider_id, _, name = model_id.partition("/")
        return bool(name) and self._providers.expected(provider_id) is not None

    def _installed_chats(self) -> list[Entry]:
        return [entry for entry in self._entries.values() if entry.kind == CHAT and self._is_installed(entry)]

    def _is_installed(self, entry: Entry | None) -> bool:
        return entry is not None and all(self._files.has(file.sha256) for file in entry.files)

    def _why_no_chat(self) -> str:
        coming = next((e for e in self._entries.values() if e.kind == CHAT and (p := self._downloads.progress(e.id)) and p.status != "failed"), None)
        if coming is not None:
            return f"No chat model is installed yet; {coming.name} is on its way. The models page shows how far it is."
        if self._providers.all():
            return "No chat model is chosen. Choose one of your provider's on the models page, or with `sophon-local models use`."
        return "No chat model is installed. Pull one on the models page, or with `sophon-local models pull`, or add a provider."

    def _remote_name(self, model_id: str) -> tuple[Provider, str]:
        provider_id, _, name = model_id.partition("/")
        provider = self._providers.expected(provider_id) if name else None
        if provider is None:
            raise NotFound(f"There is no model {model_id}. `sophon-local models list` names the ones there are.")
        return provider, name

    def _entry(self, model_id: str) -> Entry:
        entry = self._entries.get(model_id)
        if entry is None:
            if "/" in model_id:
                raise Conflict(f"{model_id} is a provider's model: there is nothing of it here.")
            raise NotFound(f"There is no model {model_id}.")
        return entry

    # ---- files

    async def _paths(self, entry: Entry) -> list[Path]:
        """The files of an installed model, checked. A damaged one is repaired, and NotInstalled says so."""
        was_here = any(self._files.was_here(file.sha256) for file in entry.files)
        for file in entry.files:
            if self._files.is_unchecked(file.sha256):
                await self._files.check(file.sha256)
        if not self._is_installed(entry):
            progress = self._downloads.progress(entry.id)
            if progress is None and was_here:
                raise NotInstalled(await self._repair(entry))
            if progress is not None and progress.status != "failed":
                raise NotInstalled(f"{entry.name} is on its way. The models page shows how far it is.")
            raise NotInstalled(f"{entry.name} is not installed. Pull it on the models page, or with `sophon-local models pull {entry.id}`.")
        return [self._files.path(file.sha256) for file in entry.files]

    async def _doubt(self, entry: Entry) -> UpstreamUnavailable | None:
        """Read a model's files again after it failed: what to say when they are damaged (and repaired), None when they are as they should be."""
        good = [await self._files.check(file.sha256) for file in entry.files]
        if all(good):
            return None
        await self._embedded.drop(entry.id)
        if entry.id == DEFAULT_EMBEDDING:
            await self._close_embedder()
        return NotInstalled(await self._repair(entry))

    async def _repair(self, entry: Entry) -> str:
        """Bring the damaged files of a model again; without the setting fetch_models only from this machine. What became of it, for a person."""
        if self._settings.fetch_models or await self._lies_here(entry):
            await self._downloads.request(entry)
            return f"The files of {entry.name} were damaged or gone. They are being fetched again; the models page shows how far that is."
        damage = f"The files of {entry.name} were damaged or gone, and the setting fetch_models is off: pull it again."
        self._downloads.fail(entry, damage)
        return damage

    async def _close_embedder(self) -> None:
        embedder, self._embedder = self._embedder, None
        if embedder is not None:
            await embedder.close()

    async def _add_file(self, model_id: str, path: Path) -> Entry:
        """An entry for a GGUF file of the person's own; the catalogue's when it is one of those."""
        from ...providers.llama import read_model_file

        if not await asyncio.to_thread(path.is_file):
            raise InvalidRequest(f"There is no file {path}.")
        try:
            facts = await asyncio.to_thread(read_model_file, path)
        except UpstreamUnavailable as error:
            raise UnsupportedType(f"{path.name} is not a model that can be used here: {error.message}") from None
        digest = await asyncio.to_thread(digest_of, path)
        for entry in self._entries.values():
            if entry.kind == CHAT and any(file.sha256 == digest for file in entry.files):
                return entry
        own_id = slug(model_id) or slug(path.stem) or digest[:12]
        if own_id in self._entries:
            raise Conflict(f"There is already a model {own_id}, and it is another file. Give this one another name.")
        entry = Entry(
            id=own_id,
            name=facts.name,
            kind=CHAT,
            licence="not stated",
            parameters=f"{facts.parameters / 1e9:.1f}B" if facts.parameters >= 1e9 else f"{facts.parameters / 1e6:.0f}M",
            context_tokens=facts.trained_context,
            memory_bytes=facts.size_bytes + 8_192 * facts.memory_per_token + 200_000_000,
            rank=20,
            note=f"Your own file {path.name}.",
            source="file",
            files=[File(name=path.name, sha256=digest, size_bytes=facts.size_bytes)],
        )
        await self._db.write(lambda tx: _store.put_added(tx, entry, clock.timestamp()))
        self._entries[entry.id] = entry
        return entry

    async def _want(self, model_id: str) -> None:
        self._declined.discard(model_id)
        await self._db.write(lambda tx: _store.delete_declined(tx, model_id))

    async def _decline(self, model_id: str) -> None:
        self._declined.add(model_id)
        await self._db.write(lambda tx: _store.put_declined(tx, model_id, clock.timestamp()))

    # ---- showing

    def _model(self, model_id: str, here: Machine) -> Model:
        entry = self._entries.get(model_id)
        if entry is not None:
            return self._shown(entry, here, recommend(list(self._entries.values()), here))
        return self._shown_remote(*self._remote_name(model_id))

    def _shown(self, entry: Entry, here: Machine, best: Entry | None) -> Model:
        is_installed = self._is_installed(entry)
        here_bytes = sum(file.size_bytes for file in entry.files if self._files.has(file.sha256))
        is_in_use = is_installed and entry.id == self._in_use(entry.kind)
        is_loaded = self._embedded.is_loaded(entry.id) or (entry.kind == EMBEDDING and self._embedder is not None and self._embedder.is_loaded)
        return show_own(entry, here, best, None if is_installed else self._downloads.progress(entry.id), is_installed, here_bytes, is_in_use, is_loaded)

    def _shown_remote(self, provider: Provider, name: str) -> Model:
        offered = provider.offered(name)
        return show_remote(provider, offered, f"{provider.id}/{name}" == self._in_use(offered.kind))


@cache
def _fixed_facts() -> tuple[int, int]:
    return machine.total_memory(), machine.usable_cores()


def machine_now() -> Machine:
    total, cores = _fixed_facts()
    return Machine(total, machine.available_memory(), cores)
