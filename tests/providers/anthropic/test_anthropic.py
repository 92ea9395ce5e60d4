"""What is particular to Anthropic's interface."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from sophon_local.kit.errors import RateLimited, UpstreamUnavailable
from sophon_local.providers.anthropic import AnthropicChat, RemoteModel, list_models
from sophon_local.providers.base import ChatMessage, ChatPiece, ChatRequest, Finished, TextDelta, ToolCall, ToolCalls, ToolSpec
from tests.standins import Asked, Reply, anthropic_parrot, json_reply, sse, standin

pytestmark = pytest.mark.anyio
WEATHER = ToolSpec("get_weather", "The weather of a city.", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})


def connect() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(trust_env=False)


async def pieces_of(url: str, request: ChatRequest) -> list[ChatPiece]:
    chat = AnthropicChat(connect, base_url=url, model="claude", provider="Acme", api_key="sk-1")
    try:
        return [piece async for piece in chat.stream(request)]
    finally:
        await chat.close()


async def test_the_request_is_what_the_interface_asks_for() -> None:
    request = ChatRequest(
        messages=[
            ChatMessage("system", "Be brief."),
            ChatMessage("assistant", "Welcome. "),
            ChatMessage("user", "Weather in Oslo and Rome?"),
            ChatMessage("assistant", "I look.", [ToolCall("c1", "get_weather", '{"city":"Oslo"}'), ToolCall("c2", "get_weather", "not json")]),
            ChatMessage("tool", "Rain", tool_call_id="c1"),
            ChatMessage("tool", "", tool_call_id="c2"),
            ChatMessage("user", "Well?"),
        ],
        tools=[WEATHER],
        tool_choice="required",
        temperature=1.7,
        top_p=0.9,
        seed=7,
        stop=["END", "\n"],
    )
    async with standin(anthropic_parrot) as server:
        await pieces_of(server.url + "/v1/", request)
    [asked] = server.asked
    assert (asked.path, asked.headers["x-api-key"], asked.headers["anthropic-version"]) == ("/v1/messages", "sk-1", "2023-06-01")
    assert asked.body == {
        "model": "claude",
        "stream": True,
        "max_tokens": 4_096,
        "system": "Be brief.",
        "temperature": 1.0,
        "stop_sequences": ["END"],
        "tools": [{"name": "get_weather", "description": WEATHER.description, "input_schema": WEATHER.parameters}],
        "tool_choice": {"type": "any"},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "(The conversation begins here.)"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Welcome."}]},
            {"role": "user", "content": [{"type": "text", "text": "Weather in Oslo and Rome?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "get_weather", "input": {"city": "Oslo"}},
                    {"type": "tool_use", "id": "c2", "name": "get_weather", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "Rain"},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "(nothing)"},
                    {"type": "text", "text": "Well?"},
                ],
            },
        ],
    }


async def test_a_schema_becomes_a_tool_that_must_be_called_and_its_arguments_the_answer() -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    async with standin(anthropic_parrot) as server:
        pieces = await pieces_of(server.url, ChatRequest(messages=[ChatMessage("user", "Anna is 7.")], json_schema=schema))
    assert server.asked[0].body["tool_choice"] == {"type": "tool", "name": "answer"}
    assert json.loads("".join(piece.text for piece in pieces if isinstance(piece, TextDelta))) == {"age": 7}
    assert isinstance(pieces[-1], Finished) and pieces[-1].reason == "stop"
    assert not [piece for piece in pieces if isinstance(piece, ToolCalls)]


async def test_text_and_two_calls_in_one_answer_come_whole() -> None:
    def part(index: int, text: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": text}}

    events = sse(
        {"type": "message_start", "message": {"model": "claude-9", "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hmm"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "I "}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "look."}},
        {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "a", "name": "get_weather", "input": {}}},
        part(2, '{"city": '),
        {"type": "ping"},
        part(2, '"Oslo"}'),
        {"type": "content_block_start", "index": 3, "content_block": {"type": "tool_use", "id": "b", "name": "now", "input": {}}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 42}},
        {"type": "message_stop"},
        {"type": "something_new", "index": 1},
        name="type",
    )
    async with standin(lambda asked: Reply(parts=events)) as server:
        pieces = await pieces_of(server.url, ChatRequest(messages=[ChatMessage("user", "Weather?")], tools=[WEATHER]))
    assert pieces == [
        TextDelta("I "),
        TextDelta("look."),
        ToolCalls([ToolCall("a", "get_weather", '{"city": "Oslo"}'), ToolCall("b", "now", "{}")]),
        Finished(reason="tool_calls", prompt_tokens=100, completion_tokens=42, model="claude-9"),
    ]


async def test_a_parameter_that_a_model_refuses_is_left_out() -> None:
    def picky(asked: Asked) -> Reply:
        if "temperature" in asked.body:
            return json_reply({"type": "error", "error": {"type": "invalid_request_error", "message": "`temperature` is deprecated for this model."}}, 400)
        return anthropic_parrot(asked)

    async with standin(picky) as server:
        pieces = await pieces_of(server.url, ChatRequest(messages=[ChatMessage("user", "Hi")], temperature=0.2))
    assert isinstance(pieces[-1], Finished) and len(server.asked) == 2


async def test_a_rate_limit_within_the_stream_is_one() -> None:
    trouble = sse({"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}, name="type")
    async with standin(lambda asked: Reply(parts=trouble)) as server:
        with pytest.raises(RateLimited):
            await pieces_of(server.url, ChatRequest(messages=[ChatMessage("user", "Hi")]))


async def test_models_are_listed_page_by_page() -> None:
    def pages(asked: Asked) -> Reply:
        if "after_id=a" in asked.path:
            return json_reply({"data": [{"id": "b", "max_input_tokens": 1_000_000}], "has_more": False, "last_id": "b"})
        return json_reply({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})

    async with standin(pages) as server:
        models = await list_models(connect, base_url=server.url, provider="Acme", api_key="sk-1")
    assert models == [RemoteModel("a", "chat", 200_000, True), RemoteModel("b", "chat", 1_000_000, True)]


@pytest.mark.parametrize("answer", [{"data": 7}, [], {}, {"data": [{}]}])
async def test_rubbish_instead_of_a_list_is_told(answer: Any) -> None:
    async with standin(lambda asked: json_reply(answer)) as server:
        with pytest.raises(UpstreamUnavailable) as caught:
            await list_models(connect, base_url=server.url, provider="Acme")
    assert caught.value.details["reason"] == "garbled"
