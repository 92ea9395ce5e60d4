"""What every chat adapter promises, asked of all of them: the embedded model for real, the hosted ones against stand-ins that speak their wire formats."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from sophon_local.kit.errors import ValidationFailed
from sophon_local.providers.base import Chat, ChatMessage, ChatPiece, ChatRequest, Finished, TextDelta, ToolCall, ToolCalls, ToolSpec
from tests.standins import anthropic_parrot, openai_parrot, standin

pytestmark = pytest.mark.anyio

WEATHER = ToolSpec(
    "get_weather",
    "The weather of a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
)


@contextlib.asynccontextmanager
async def open_chat(kind: str, models_folder: Path) -> AsyncIterator[Chat]:
    import httpx2

    def connect() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(trust_env=False)

    if kind == "llama":
        from sophon_local.providers.llama import LlamaChat

        chat: Chat = await LlamaChat.open(models_folder / "smollm2-135m" / "model.gguf", name="SmolLM2 135M", context_tokens=2_048)
        try:
            yield chat
        finally:
            await chat.close()
        return
    async with standin(openai_parrot if kind == "openai" else anthropic_parrot) as server:
        if kind == "openai":
            from sophon_local.providers.openai import OpenAIChat

            chat = OpenAIChat(connect, base_url=server.url, model="parrot", provider="Stand-in", api_key="sk-secret")
        else:
            from sophon_local.providers.anthropic import AnthropicChat

            chat = AnthropicChat(connect, base_url=server.url, model="parrot", provider="Stand-in", api_key="sk-secret")
        yield chat
        await chat.close()


@pytest.fixture(scope="module", params=["llama", "openai", "anthropic"])
async def chat(request: pytest.FixtureRequest, models_folder: Path) -> AsyncIterator[Chat]:
    async with open_chat(request.param, models_folder) as opened:
        yield opened


def asking(text: str = "Tell me a story about the sea.", **options: Any) -> ChatRequest:
    return ChatRequest(**{"messages": [ChatMessage("system", "You are brief."), ChatMessage("user", text)], "max_tokens": 24, "temperature": 0.0, **options})


async def pieces_of(chat: Chat, request: ChatRequest) -> list[ChatPiece]:
    return [piece async for piece in chat.stream(request)]


def text_of(pieces: list[ChatPiece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


def end_of(pieces: list[ChatPiece]) -> Finished:
    assert isinstance(pieces[-1], Finished)
    assert [piece for piece in pieces if isinstance(piece, Finished)] == [pieces[-1]]
    return pieces[-1]


async def test_an_answer_comes_in_pieces_and_ends_with_its_counts(chat: Chat) -> None:
    pieces = await pieces_of(chat, asking())
    end = end_of(pieces)
    assert sum(isinstance(piece, TextDelta) for piece in pieces) > 5
    assert text_of(pieces).strip()
    assert end.prompt_tokens > 0 and 0 < end.completion_tokens <= 31
    assert end.model == chat.facts.name


async def test_the_limit_of_tokens_ends_an_answer_with_length(chat: Chat) -> None:
    end = end_of(await pieces_of(chat, asking(max_tokens=6)))
    assert (end.reason, end.completion_tokens) == ("length", 6)


async def test_a_stop_text_ends_an_answer_and_is_not_part_of_it(chat: Chat) -> None:
    whole = text_of(await pieces_of(chat, asking()))
    stop = whole.split()[4]
    pieces = await pieces_of(chat, asking(stop=[stop]))
    assert end_of(pieces).reason == "stop"
    assert stop not in text_of(pieces)
    assert whole.startswith(text_of(pieces).strip())


async def test_a_json_schema_is_kept_to(chat: Chat) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    value = json.loads(text_of(await pieces_of(chat, asking("Anna is 31 years old.", json_schema=schema, max_tokens=80))))
    assert set(value) == {"name", "age"} and isinstance(value["name"], str) and isinstance(value["age"], int)


async def test_a_json_schema_may_be_of_something_else_than_an_object(chat: Chat) -> None:
    pieces = await pieces_of(chat, asking("Red or blue?", json_schema={"type": "string", "enum": ["red", "blue"]}, max_tokens=80))
    assert json.loads(text_of(pieces)) in ("red", "blue")


async def test_a_required_tool_is_called_with_arguments_of_its_schema(chat: Chat) -> None:
    pieces = await pieces_of(chat, asking("What is the weather in Oslo?", tools=[WEATHER], tool_choice="required", max_tokens=80))
    assert end_of(pieces).reason == "tool_calls"
    [calls] = [piece for piece in pieces if isinstance(piece, ToolCalls)]
    assert pieces.index(calls) == len(pieces) - 2
    assert calls.calls[0].name == "get_weather" and calls.calls[0].id
    assert isinstance(json.loads(calls.calls[0].arguments)["city"], str)


async def test_no_tool_is_called_when_none_may_be(chat: Chat) -> None:
    pieces = await pieces_of(chat, asking("What is the weather in Oslo?", tools=[WEATHER], tool_choice="none"))
    assert text_of(pieces).strip() and not [piece for piece in pieces if isinstance(piece, ToolCalls)]


async def test_the_result_of_a_tool_leads_to_an_answer(chat: Chat) -> None:
    messages = [
        ChatMessage("user", "What is the weather in Oslo?"),
        ChatMessage("assistant", "", [ToolCall("c1", "get_weather", '{"city": "Oslo"}')]),
        ChatMessage("tool", "Rain, 4 degrees.", tool_call_id="c1"),
    ]
    pieces = await pieces_of(chat, asking(messages=messages, tools=[WEATHER], tool_choice="none"))
    assert text_of(pieces).strip()


async def test_a_prompt_beyond_the_context_is_refused_in_words(chat: Chat) -> None:
    with pytest.raises(ValidationFailed) as caught:
        await pieces_of(chat, asking("the sea " * 3_000))
    assert caught.value.details["reason"] == "prompt_too_long"
    assert text_of(await pieces_of(chat, asking())).strip()


async def test_an_answer_that_nobody_wants_any_more_is_stopped(chat: Chat) -> None:
    async with aclosing(chat.stream(asking(max_tokens=500))) as answer:  # type: ignore[type-var]
        async for piece in answer:
            if isinstance(piece, TextDelta):
                break
    task = asyncio.create_task(pieces_of(chat, asking(max_tokens=500)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert end_of(await pieces_of(chat, asking(max_tokens=6))).completion_tokens == 6


async def test_several_may_ask_at_once(chat: Chat) -> None:
    for pieces in await asyncio.gather(*(pieces_of(chat, asking(f"Name {number} things.", max_tokens=8)) for number in range(3))):
        assert end_of(pieces).completion_tokens == 8


async def test_text_that_cannot_be_encoded_does_no_harm(chat: Chat) -> None:
    assert end_of(await pieces_of(chat, asking("half a pair: \ud83d, a zero: \x00, and \u2028")))


async def test_tokens_are_counted(chat: Chat) -> None:
    assert await chat.count_tokens("") == 0
    assert 0 < await chat.count_tokens("hello") < await chat.count_tokens("hello " * 100) <= 300
