"""From a model's id to something that answers: builds the adapters, keeps them, and gives memory back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...kit.egress import check_url
from ...kit.errors import SophonError, UpstreamUnavailable
from ...providers import machine
from ...providers.base import Chat, ChatPiece, ChatRequest, Embedder
from .model import Entry, Provider
from .registry import Providers

if TYPE_CHECKING:
    from ...providers.llama import LlamaChat

_ASK_AGAIN_S = 30.0  # a provider whose embedding model did not answer is left alone for so long
_DOUBTFUL = ("model_damaged", "model_missing")
Doubt = Callable[[Entry], Awaitable[UpstreamUnavailable | None]]


class EmbeddedChat:
    """A chat model of this program's own. When its file turns out to be damaged, ``doubt`` has it checked, and fetched again.

    ``make_room`` is called before an answer begins, so that other models can be unloaded.
    """

    def __init__(self, entry: Entry, inner: LlamaChat, doubt: Doubt, make_room: Callable[[EmbeddedChat], Awaitable[None]]) -> None:
        self.entry = entry
        self.facts = inner.facts
        self._inner = inner
        self._doubt = doubt
        self._make_room = make_room
        self._active = 0
        self._is_retired = False

    @property
    def is_loaded(self) -> bool:
        return self._inner.is_loaded

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        async with self._in_use():
            pieces = self._inner.stream(request)
            async with contextlib.aclosing(pieces):  # type: ignore[type-var]
                async for piece in pieces:
                    yield piece

    async def count_tokens(self, text: str) -> int:
        async with self._in_use():
            return await self._inner.count_tokens(text)

    async def retire(self) -> None:
        """Unload as soon as nobody is being answered."""
        self._is_retired = True
        if self._active == 0:
            await self._inner.unload()

    async def close(self) -> None:
        await self._inner.close()

    @contextlib.asynccontextmanager
    async def _in_use(self) -> AsyncIterator[None]:
        self._active += 1
        self._is_retired = False
        try:
            if not self._inner.is_loaded:
                await self._make_room(self)
            yield
        except UpstreamUnavailable as error:
            if error.details.get("reason") in _DOUBTFUL:
                raise await self._doubt(self.entry) or error from None
            raise
        finally:
            self._active -= 1
            if self._is_retired and self._active == 0:
                await self._inner.unload()


class Embedded:
    """The chat models of this program's own that have been asked for."""

    def __init__(self, doubt: Doubt, changed: Callable[[str], None], *, threads: int | None, spin: bool, idle_s: float) -> None:
        self._spin = spin
        self._doubt = doubt
        self._changed = changed
        self._threads = threads
        self._idle_s = idle_s
        self._open: dict[str, EmbeddedChat] = {}

    def is_loaded(self, model_id: str) -> bool:
        chat = self._open.get(model_id)
        return chat is not None and chat.is_loaded

    async def get(self, entry: Entry, path: Path, smaller: str | None) -> Chat:
        chat = self._open.get(entry.id)
        if chat is None:
            from ...providers.llama import LlamaChat

            try:
                inner = await LlamaChat.open(
                    path,
                    name=entry.name,
                    threads=self._threads,
                    spin=self._spin,
                    idle_s=self._idle_s,
                    smaller=smaller,
                    on_change=lambda is_loaded: self._changed(entry.id),
                )
            except UpstreamUnavailable as error:
                raise await self._doubt(entry) or error from None
            chat = self._open.setdefault(entry.id, EmbeddedChat(entry, inner, self._doubt, self._make_room))
        return chat

    async def retire(self, but: str | None) -> None:
        """Give the memory of all but one of them back, when they are done."""
        for model_id, chat in list(self._open.items()):
            if model_id != but:
                await chat.retire()

    async def drop(self, model_id: str) -> None:
        chat = self._open.pop(model_id, None)
        if chat is not None:
            await chat.close()

    async def close(self) -> None:
        for model_id in list(self._open):
            await self.drop(model_id)

    async def _make_room(self, wanted: EmbeddedChat) -> None:
        if machine.available_memory() < 2 * wanted.entry.memory_bytes:
            await self.retire(wanted.entry.id)


class Remote:
    """The models of providers that have been asked for; forgotten when their provider changes."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._chats: dict[tuple[str, str], Chat] = {}
        self._embedders: dict[tuple[str, str], Embedder] = {}
        self._failed: dict[str, tuple[float, SophonError]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def chat(self, provider: Provider, name: str) -> Chat:
        chat = self._chats.get((provider.id, name))
        if chat is None:
            chat = self._chats.setdefault((provider.id, name), await self._build(provider, name))
        return chat

    async def embedder(self, provider: Provider, name: str) -> Embedder:
        """The provider is asked once, to learn the size of its vectors. Raises what asking raises, and for a while without asking again."""
        found = self._embedders.get((provider.id, name))
        failed = self._failed.get(provider.id)
        if found is None and failed is not None and time.monotonic() < failed[0]:
            raise failed[1]
        if found is None:
            from ...providers.openai import OpenAIEmbedder

            key = await self._providers.key(provider.id)
            connect = self._providers.connect(provider)
            try:
                made = await OpenAIEmbedder.open(connect, base_url=provider.base_url, model=name, provider=provider.name, api_key=key, kind=provider.kind)
            except SophonError as error:
                self._failed[provider.id] = (time.monotonic() + _ASK_AGAIN_S, error)
                raise
            found = self._embedders.setdefault((provider.id, name), made)
        return found

    def forget(self, provider_id: str) -> None:
        """The next question is asked with the provider's new address and key."""
        self._failed.pop(provider_id, None)
        for known in (self._chats, self._embedders):
            for place in [place for place in known if place[0] == provider_id]:
                task = asyncio.create_task(known.pop(place).close())  # type: ignore[attr-defined]
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        for provider_id in {place[0] for place in [*self._chats, *self._embedders]}:
            self.forget(provider_id)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _build(self, provider: Provider, name: str) -> Chat:
        key = await self._providers.key(provider.id)
        connect = self._providers.connect(provider)
        offered = provider.offered(name)
        if provider.kind == "anthropic":
            from ...providers.anthropic import AnthropicChat

            return AnthropicChat(connect, base_url=provider.base_url, model=name, provider=provider.name, api_key=key)
        from ...providers.openai import OpenAIChat

        return OpenAIChat(
            connect,
            base_url=provider.base_url,
            model=name,
            provider=provider.name,
            api_key=key,
            kind=provider.kind,
            is_local=is_on_this_machine(provider),
            context_tokens=offered.context_tokens,
            has_native_tools=offered.has_native_tools is not False,
        )


def is_on_this_machine(provider: Provider) -> bool:
    """Whether what is sent to the provider stays on this machine."""
    return check_url(provider.base_url)[1] in ("127.0.0.1", "::1", "localhost")


class EmbeddedEmbedder:
    """The embedding model of this program's own; when its files turn out to be damaged, ``doubt`` has them checked, and fetched again."""

    def __init__(self, entry: Entry, paths: dict[str, Path], doubt: Doubt, *, idle_s: float) -> None:
        from ...providers.minilm import MiniLM

        digests = {file.name: file.sha256 for file in entry.files}
        self._inner = MiniLM(model=paths["model.onnx"], tokenizer=paths["tokenizer.json"], sha256=digests["model.onnx"], idle_s=idle_s)
        self._entry = entry
        self._doubt = doubt
        self.facts = self._inner.facts

    @property
    def is_loaded(self) -> bool:
        return self._inner.is_loaded

    async def embed(self, texts: list[str]) -> list[bytes]:
        try:
            return await self._inner.embed(texts)
        except UpstreamUnavailable as error:
            if error.details.get("reason") in _DOUBTFUL:
                raise await self._doubt(self._entry) or error from None
            raise

    async def close(self) -> None:
        await self._inner.close()
