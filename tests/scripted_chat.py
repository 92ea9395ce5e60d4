"""Stand-ins for the ports of the models: a chat model that says what a test has it say, and a house without or with models."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable
from typing import Any

from sophon_local.kit.errors import NoChatModel, UpstreamUnavailable
from sophon_local.providers.base import Chat, ChatModelFacts, ChatPiece, ChatRequest, Embedder, Finished, TextDelta


class ScriptedChat:
    """Answers each request with what ``say`` makes of it, in pieces; None means that the model does not answer."""

    def __init__(self, say: Callable[[ChatRequest], str | None], prompt_budget: int = 700) -> None:
        self.facts = ChatModelFacts(name="scripted", provider="test", is_local=True, context_tokens=4_096, prompt_budget=prompt_budget, has_native_tools=False)
        self.asked: list[ChatRequest] = []
        self._say = say

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        self.asked.append(request)
        said = self._say(request)
        if said is None:
            raise UpstreamUnavailable("The model does not answer. Try again later.")
        for piece in re.findall(r"\S+\s*", said):
            yield TextDelta(piece)
        yield Finished(reason="stop", prompt_tokens=10, completion_tokens=10, model="scripted")

    async def count_tokens(self, text: str) -> int:
        return len(text) // 4

    async def close(self) -> None:
        return None


class House:
    """Which models there are."""

    def __init__(self, chat: Chat | None = None, embedder: Embedder | None = None) -> None:
        self._chat = chat
        self._embedder = embedder

    def has_chat(self) -> bool:
        return self._chat is not None

    async def chat(self, model: str | None = None) -> Chat:
        if self._chat is None:
            raise NoChatModel("No chat model is installed. Choose one under Models.")
        return self._chat

    async def embedder(self) -> Embedder | None:
        return self._embedder


def filling(values: dict[str, Any]) -> Callable[[ChatRequest], str]:
    """A model that fills in forms with ``values``, and null for what it does not know."""

    def say(request: ChatRequest) -> str:
        assert request.json_schema is not None
        return json.dumps({name: values.get(name) for name in request.json_schema["properties"]})

    return say
