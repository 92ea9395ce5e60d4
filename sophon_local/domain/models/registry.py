"""Providers: the ones that a person registered, and the ones that were found running on this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from ...db import Database
from ...kit import clock
from ...kit.crypto import Secrets
from ...kit.egress import LINK_LOCAL, Egress, check_url, refusal_of
from ...kit.errors import Conflict, NotFound, SophonError, ValidationFailed
from ...kit.ids import new_id
from . import _store
from ._store import StoredProvider
from .model import BASE_URLS, KIND_NAMES, NewProvider, Offered, Provider, ProviderPatch, ProviderTest, check_provider_kind

if TYPE_CHECKING:
    import httpx2

_LOCAL_NAMES = (".local", ".lan", ".internal", ".home.arpa", ".localhost")
_LOOK_AGAIN_S = 15.0
_MOST_MODELS = 500


class Providers:
    """``changed`` is called with a provider that is another one now, ``deleted`` with the id of one that is gone; both on the event loop.
    ``local_urls`` says where to look for the kinds of provider that are found by themselves; empty to look nowhere."""

    def __init__(
        self,
        db: Database,
        egress: Egress,
        secrets: Secrets,
        changed: Callable[[Provider], None],
        deleted: Callable[[str], None],
        local_urls: dict[str, str],
    ) -> None:
        self._db = db
        self._egress = egress
        self._secrets = secrets
        self._changed = changed
        self._deleted = deleted
        self._local_urls = local_urls
        self._registered: dict[str, StoredProvider] = {}
        self._found: dict[str, Provider] = {}
        self._looked_at: float | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        self._registered = {provider.id: provider for provider in await self._db.read(_store.select_providers)}

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def all(self) -> list[Provider]:
        """Registered ones in their order, then the ones found here."""
        return [*map(_shown, self._registered.values()), *self._found.values()]

    def find(self, provider_id: str) -> Provider | None:
        stored = self._registered.get(provider_id)
        return _shown(stored) if stored else self._found.get(provider_id)

    def get(self, provider_id: str) -> Provider:
        provider = self.find(provider_id)
        if provider is None:
            raise NotFound(f"There is no provider {provider_id}.")
        return provider

    def expected(self, provider_id: str) -> Provider | None:
        """``find``, and also a local one that has not been looked for yet."""
        url = self._local_urls.get(provider_id)
        return self.find(provider_id) or (_local(provider_id, url, []) if url else None)

    async def add(self, new: NewProvider) -> Provider:
        check_provider_kind(new.kind)
        base_url = self._checked_url(new.kind, new.base_url or BASE_URLS[new.kind], bool(new.api_key))
        provider_id = new_id("prov")
        stored = StoredProvider(
            id=provider_id,
            kind=new.kind,
            name=_checked_name(new.name or KIND_NAMES[new.kind]),
            base_url=base_url,
            sealed_key=await self._sealed(provider_id, new.api_key),
            status="unknown",
            error=None,
            models=[],
            created_at=clock.timestamp(),
        )
        await self._db.write(lambda tx: _store.insert_provider(tx, stored))
        self._registered[provider_id] = stored
        self._forget_found(base_url)
        self._changed(_shown(stored))
        self._in_background(self.test(provider_id))
        return _shown(stored)

    async def patch(self, provider_id: str, patch: ProviderPatch) -> Provider:
        stored = self._stored(provider_id)
        changes: dict[str, Any] = {}
        if patch.name is not UNSET:
            changes["name"] = _checked_name(patch.name)
        if patch.api_key is not UNSET:
            changes["sealed_key"] = await self._sealed(provider_id, patch.api_key)
        if patch.base_url is not UNSET:
            sealed = changes.get("sealed_key", stored.sealed_key)
            changes["base_url"] = self._checked_url(stored.kind, patch.base_url, sealed is not None)
            if sealed is not None and patch.api_key is UNSET and check_url(changes["base_url"]) != check_url(stored.base_url):
                raise ValidationFailed(
                    "The stored key belongs to the old address and is not sent to another one. Give the key for the new address with it.",
                    errors=[{"field": "apiKey"}],
                )
        elif patch.api_key is not UNSET:
            self._checked_url(stored.kind, stored.base_url, changes["sealed_key"] is not None)
        is_other = changes.keys() & {"base_url", "sealed_key"}
        changed = msgspec.structs.replace(stored, **changes, **({"status": "unknown", "error": None} if is_other else {}))
        await self._keep(changed)
        if is_other:
            self._in_background(self.test(provider_id))
        return _shown(changed)

    async def delete(self, provider_id: str) -> None:
        self._stored(provider_id)
        await self._db.write(lambda tx: _store.delete_provider(tx, provider_id))
        self._registered.pop(provider_id, None)
        self._deleted(provider_id)

    async def test(self, provider_id: str) -> ProviderTest:
        """Ask the provider for its models, and remember what came of it."""
        provider = self.get(provider_id)
        started = time.monotonic()
        try:
            models = await self._models_of(provider, await self.key(provider_id))
            detail = f"{len(models)} model{'' if len(models) == 1 else 's'}" if models else "It answers, but offers no model yet."
            ok = True
        except SophonError as error:
            models, detail, ok = provider.models, error.message, False
        latency_ms = round((time.monotonic() - started) * 1_000)
        stored = self._registered.get(provider_id)
        if stored is not None and stored.base_url == provider.base_url:
            tested = msgspec.structs.replace(stored, status="ok" if ok else "error", error=None if ok else detail, models=models)
            if tested != stored:
                await self._keep(tested)
        return ProviderTest(ok, latency_ms, detail, [model.id for model in models])

    async def key(self, provider_id: str) -> str | None:
        """The key in clear, for the adapter that sends it and nobody else."""
        stored = self._registered.get(provider_id)
        return await self._secrets.open(provider_id, stored.sealed_key) if stored and stored.sealed_key else None

    def connect(self, provider: Provider) -> Callable[[], httpx2.AsyncClient]:
        """Makes clients that reach this provider, and of private addresses only its own. The adapters set the deadlines and limits of each answer."""
        _, host, port = check_url(provider.base_url)
        return lambda: self._egress.client(f"model provider {provider.name}", [(host, port)], total_s=None, max_bytes=None)

    def look_around(self) -> None:
        """Look for Ollama and LM Studio on this machine, in the background, and not again for a while."""
        now = time.monotonic()
        if self._local_urls and (self._looked_at is None or now - self._looked_at > _LOOK_AGAIN_S):
            self._looked_at = now
            self._in_background(self.discover())

    async def discover(self) -> None:
        """Update what is known of the local providers."""
        for kind, url in self._local_urls.items():
            _, host, port = check_url(url)
            known = self._found.get(kind)
            found = None
            if not any(check_url(stored.base_url)[1:] == (host, port) for stored in self._registered.values()) and await self._egress.is_listening(host, port):
                try:
                    found = _local(kind, url, await self._models_of(_local(kind, url, []), None, timeout_s=2.0))
                except SophonError:
                    found = None
            if found is not None:
                self._found[kind] = found if known is None else msgspec.structs.replace(found, created_at=known.created_at)
                if self._found[kind] != known:
                    self._changed(self._found[kind])
            elif known is not None:
                del self._found[kind]
                self._deleted(kind)

    async def _models_of(self, provider: Provider, key: str | None, timeout_s: float = 10.0) -> list[Offered]:
        """What a provider offers. SophonError, with words for a person, when it does not say."""
        connect = self.connect(provider)
        if provider.kind == "anthropic":
            from ...providers.anthropic import list_models as list_anthropic_models

            found = await list_anthropic_models(connect, base_url=provider.base_url, provider=provider.name, api_key=key, timeout_s=timeout_s)
        else:
            from ...providers.openai import list_models

            found = await list_models(connect, base_url=provider.base_url, provider=provider.name, api_key=key, kind=provider.kind, timeout_s=timeout_s)
        return [Offered(model.id, model.kind, model.context_tokens, model.has_native_tools) for model in found[:_MOST_MODELS] if model.id]

    def _checked_url(self, kind: str, url: str, has_key: bool) -> str:
        """``url`` as it is stored and called: without what belongs to a single call, with /v1 where nobody gave a path."""
        scheme, host, port = check_url(url.strip())
        base = url.strip().rstrip("/")
        if "?" in base or "#" in base:
            raise ValidationFailed("The address of a provider has no ? or # in it.", errors=[{"field": "baseUrl"}])
        if _refusal(host) == LINK_LOCAL:
            raise ValidationFailed(
                f"{host} is {LINK_LOCAL}, where no model provider is. Give its address on this machine, in your network or on the internet.",
                errors=[{"field": "baseUrl"}],
            )
        if scheme == "http" and has_key and not _is_local(host):
            raise ValidationFailed("A key is not sent without encryption: use an address with https://.", errors=[{"field": "baseUrl"}])
        if _is_local(host) and port in self._egress.own_ports and (host == "localhost" or _refusal(host) == "an address of this machine"):
            raise ValidationFailed("This is the address of this server itself. Give the address of the other program.", errors=[{"field": "baseUrl"}])
        if kind == "anthropic":
            return base.removesuffix("/v1")
        from ...providers.openai import api_url

        return api_url(base, kind)

    async def _sealed(self, provider_id: str, key: str | None) -> str | None:
        key = (key or "").strip()
        if not key:
            return None
        if not key.isascii() or not key.isprintable() or len(key) > 4_000:
            raise ValidationFailed("This is not an API key: it has unusual characters in it, or is too long.", errors=[{"field": "apiKey"}])
        return await self._secrets.seal(provider_id, key)

    def _stored(self, provider_id: str) -> StoredProvider:
        stored = self._registered.get(provider_id)
        if stored is not None:
            return stored
        if provider_id in self._found:
            raise Conflict(
                f"{self._found[provider_id].name} was found running on this machine, so there is nothing to change or delete. "
                "Turn the setting discover_local_models off to have it no longer looked for."
            )
        raise NotFound(f"There is no provider {provider_id}.")

    async def _keep(self, provider: StoredProvider) -> None:
        await self._db.write(lambda tx: _store.update_provider(tx, provider))
        if provider.id in self._registered:
            self._registered[provider.id] = provider
            self._changed(_shown(provider))

    def _forget_found(self, base_url: str) -> None:
        """A registered provider takes the place of the one that was found at its address."""
        for kind, found in list(self._found.items()):
            if check_url(found.base_url)[1:] == check_url(base_url)[1:]:
                del self._found[kind]
                self._deleted(kind)

    def _in_background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _shown(stored: StoredProvider) -> Provider:
    return Provider(
        id=stored.id,
        kind=stored.kind,
        name=stored.name,
        base_url=stored.base_url,
        has_key=stored.sealed_key is not None,
        discovered=False,
        status=stored.status,
        error=stored.error,
        models=stored.models,
        created_at=stored.created_at,
    )


def _local(kind: str, url: str, models: list[Offered]) -> Provider:
    return Provider(
        id=kind,
        kind=kind,
        name=KIND_NAMES[kind],
        base_url=url,
        has_key=False,
        discovered=True,
        status="ok",
        error=None,
        models=models,
        created_at=clock.timestamp(),
    )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise ValidationFailed("The name of a provider has 1 to 80 characters.", errors=[{"field": "name"}])
    return name


def _is_local(host: str) -> bool:
    """Whether a host is, by its spelling, one of this machine or of a private network."""
    return ("." not in host and ":" not in host) or host.endswith(_LOCAL_NAMES) or _refusal(host) is not None


def _refusal(host: str) -> str | None:
    """``refusal_of`` for a host that may be an address or a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return refusal_of(host)
