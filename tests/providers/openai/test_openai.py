"""What servers that speak OpenAI's interface do differently from one another, and what each offers."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import httpx2
import pytest

from sophon_local.kit.errors import UpstreamUnavailable
from sophon_local.providers.base import ChatMessage, ChatPiece, ChatRequest, Finished, TextDelta, ToolCall, ToolCalls, ToolSpec
from sophon_local.providers.openai import OpenAIChat, OpenAIEmbedder, RemoteModel, api_url, list_models
from tests.standins import Asked, Reply, json_reply, openai_parrot, sse, standin

pytestmark = pytest.mark.anyio
WEATHER = ToolSpec("get_weather", "The weather of a city.", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"], "additionalProperties": False}


def connect() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(trust_env=False)


def chat_of(url: str, **options: Any) -> OpenAIChat:
    return OpenAIChat(connect, base_url=url, model="parrot", provider="Acme", **options)


def asking(text: str = "Hello", **options: Any) -> ChatRequest:
    return ChatRequest(**{"messages": [ChatMessage("user", text)], "max_tokens": 20, **options})


async def pieces_of(chat: OpenAIChat, request: ChatRequest) -> list[ChatPiece]:
    pieces = [piece async for piece in chat.stream(request)]
    await chat.close()
    return pieces


def text_of(pieces: list[ChatPiece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


async def test_the_request_is_what_the_interface_asks_for() -> None:
    async with standin(openai_parrot) as server:
        request = ChatRequest(
            messages=[
                ChatMessage("system", "Be brief."),
                ChatMessage("user", "Weather?"),
                ChatMessage("assistant", "", [ToolCall("c1", "get_weather", '{"city":"Oslo"}')]),
                ChatMessage("tool", "Rain", tool_call_id="c1"),
            ],
            tools=[WEATHER],
            tool_choice="get_weather",
            temperature=0.5,
            top_p=0.9,
            seed=7,
            stop=["END"],
        )
        await pieces_of(chat_of(server.url, api_key="sk-1"), request)
    [asked] = server.asked
    assert (asked.method, asked.path, asked.headers["authorization"]) == ("POST", "/v1/chat/completions", "Bearer sk-1")
    assert asked.body == {
        "model": "parrot",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END"],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'}}],
            },
            {"role": "tool", "content": "Rain", "tool_call_id": "c1"},
        ],
        "tools": [{"type": "function", "function": {"name": "get_weather", "description": WEATHER.description, "parameters": WEATHER.parameters}}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    }


@pytest.mark.parametrize("name", ["stream_options", "temperature", "top_p", "seed", "stop"])
async def test_a_parameter_that_a_server_refuses_is_left_out_from_then_on(name: str) -> None:
    def picky(asked: Asked) -> Reply:
        if name in asked.body:
            return json_reply({"error": {"message": f"Unsupported parameter: '{name}'"}}, 400)
        return openai_parrot(asked)

    async with standin(picky) as server:
        chat = chat_of(server.url)
        request = asking(temperature=0.1, top_p=0.5, seed=1, stop=["x"])
        for _ in range(2):
            assert isinstance([piece async for piece in chat.stream(request)][-1], Finished)
        await chat.close()
    assert len(server.asked) == 3


async def test_the_newer_name_of_the_token_limit_is_learned() -> None:
    def newer(asked: Asked) -> Reply:
        if "max_tokens" in asked.body:
            return json_reply({"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "param": "max_tokens"}}, 400)
        return openai_parrot(asked)

    async with standin(newer) as server:
        end = (await pieces_of(chat_of(server.url), asking(max_tokens=3)))[-1]
    assert isinstance(end, Finished) and (end.reason, end.completion_tokens) == ("length", 3)


async def test_a_server_without_json_schema_is_told_the_schema_in_words() -> None:
    def plain(asked: Asked) -> Reply:
        if "response_format" in asked.body:
            return json_reply({"error": {"message": "This response_format type is unavailable now"}}, 400)
        return Reply(parts=sse({"choices": [{"delta": {"content": '{"age": 5}'}, "finish_reason": "stop"}]}, "[DONE]"))

    async with standin(plain) as server:
        assert json.loads(text_of(await pieces_of(chat_of(server.url), asking(json_schema=SCHEMA)))) == {"age": 5}
    assert '"age"' in server.asked[-1].body["messages"][0]["content"]


async def test_a_refusal_that_nothing_mends_is_passed_on() -> None:
    async with standin(lambda asked: json_reply({"error": {"message": "The sea is closed"}}, 400)) as server:
        with pytest.raises(UpstreamUnavailable, match="The sea is closed") as caught:
            await pieces_of(chat_of(server.url), asking())
    assert caught.value.details["reason"] == "refused" and len(server.asked) == 1


@pytest.mark.parametrize(("schema", "strict"), [(SCHEMA, True), ({"type": "object", "properties": {"a": {"type": "string"}}}, False)])
async def test_only_closed_schemas_are_sent_as_strict(schema: dict[str, Any], strict: bool) -> None:
    async with standin(openai_parrot) as server:
        await pieces_of(chat_of(server.url), asking(json_schema=schema))
    assert server.asked[0].body["response_format"]["json_schema"]["strict"] is strict


async def test_several_calls_in_fragments_come_whole_and_in_order() -> None:
    def calls(*parts: dict[str, Any]) -> dict[str, Any]:
        return {"choices": [{"delta": {"tool_calls": list(parts)}}]}

    events = sse(
        calls({"index": 0, "id": "a", "function": {"name": "get_weather", "arguments": ""}}),
        calls({"index": 1, "id": "b", "function": {"name": "get_weather", "arguments": '{"city"'}}),
        calls({"index": 0, "function": {"arguments": '{"city": "Oslo"}'}}, {"index": 1, "function": {"arguments": ': "Rome"}'}}),
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
        "[DONE]",
    )
    async with standin(lambda asked: Reply(parts=events)) as server:
        [found, end] = await pieces_of(chat_of(server.url), asking(tools=[WEATHER]))
    assert isinstance(found, ToolCalls) and [(call.id, json.loads(call.arguments)["city"]) for call in found.calls] == [("a", "Oslo"), ("b", "Rome")]
    assert isinstance(end, Finished) and end.reason == "tool_calls"


async def test_a_call_that_a_small_model_writes_as_text_is_a_call() -> None:
    text = '```json\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n```'
    events = sse(*({"choices": [{"delta": {"content": character}}]} for character in text), {"choices": [{"delta": {}, "finish_reason": "stop"}]}, "[DONE]")
    async with standin(lambda asked: Reply(parts=events)) as server:
        pieces = await pieces_of(chat_of(server.url), asking(tools=[WEATHER]))
    assert [type(piece) for piece in pieces] == [ToolCalls, Finished]


async def test_a_server_that_does_not_stream_is_understood() -> None:
    answer = {
        "model": "parrot-1",
        "choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    async with standin(lambda asked: json_reply(answer)) as server:
        assert await pieces_of(chat_of(server.url), asking()) == [
            TextDelta("Hello."),
            Finished(reason="stop", prompt_tokens=3, completion_tokens=2, model="parrot-1"),
        ]


async def test_thoughts_and_oddities_do_not_show() -> None:
    events = [
        b": OPENROUTER PROCESSING\n\n",
        *sse(
            {"choices": [{"delta": {"role": "assistant", "content": "", "reasoning_content": "Hmm"}}]},
            {"choices": [{"delta": {"content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "Yes."}]}}]},
            {"choices": [{"delta": {"content": None}, "finish_reason": "content_filter"}], "usage": None},
            {"choices": [], "usage": {"prompt_tokens": None, "completion_tokens": 4}},
        ),
    ]
    async with standin(lambda asked: Reply(parts=events)) as server:  # and no [DONE]
        pieces = await pieces_of(chat_of(server.url), asking())
    assert pieces == [TextDelta("Yes."), Finished(reason="stop", completion_tokens=4, model="parrot")]


@pytest.mark.parametrize(
    ("given", "kind", "url"),
    [
        ("https://api.openai.com/v1", "openai", "https://api.openai.com/v1"),
        ("https://api.openai.com", "openai", "https://api.openai.com/v1"),
        (" http://localhost:1234/ ", "lmstudio", "http://localhost:1234/v1"),
        ("http://localhost:11434", "ollama", "http://localhost:11434/v1"),
        ("http://localhost:11434/api", "ollama", "http://localhost:11434/v1"),
        ("https://openrouter.ai/api/v1/chat/completions", "openai", "https://openrouter.ai/api/v1"),
        ("https://x.example/openai/", "openai", "https://x.example/openai"),
    ],
)
def test_the_address_is_made_of_what_people_enter(given: str, kind: str, url: str) -> None:
    assert api_url(given, kind) == url


def test_the_budget_follows_the_context() -> None:
    assert chat_of("http://x", kind="ollama", is_local=True).facts.prompt_budget == 2_048
    assert chat_of("http://x", context_tokens=128_000).facts.prompt_budget == 24_000


async def test_models_of_an_openai_server_are_listed_with_what_it_says_of_them() -> None:
    answer = {
        "data": [
            {"id": "gpt-5", "object": "model"},
            {"id": "text-embedding-3-small"},
            {"id": "whisper-1"},
            {"id": "meta/llama", "context_length": 131_072, "supported_parameters": ["tools", "seed"]},
            {"id": "vllm-model", "max_model_len": 8_192},
        ]
    }
    async with standin(lambda asked: json_reply(answer)) as server:
        models = await list_models(connect, base_url=server.url, provider="Acme", api_key="sk-1")
    assert models == [
        RemoteModel("gpt-5"),
        RemoteModel("text-embedding-3-small", "embedding"),
        RemoteModel("meta/llama", "chat", 131_072, True),
        RemoteModel("vllm-model", "chat", 8_192),
    ]
    assert (server.asked[0].path, server.asked[0].headers["authorization"]) == ("/v1/models", "Bearer sk-1")


async def test_models_of_ollama_are_listed_with_the_context_that_they_really_get() -> None:
    def ollama(asked: Asked) -> Reply:
        if asked.path == "/api/tags":
            return json_reply({"models": [{"name": name, "model": name} for name in ("a:latest", "b:latest", "nomic-embed-text:latest", "broken:latest")]})
        if asked.path == "/api/ps":
            return json_reply({"models": [{"name": "b:latest", "model": "b:latest", "context_length": 16_384}]})
        name = asked.body["model"]
        if name == "broken:latest":
            return json_reply({"error": "model is broken"}, 404)
        capabilities = ["embedding"] if "embed" in name else ["completion", "tools"]
        return json_reply(
            {"model_info": {"llama.context_length": 2_048 if "embed" in name else 131_072}, "capabilities": capabilities, "parameters": 'stop "x"'}
        )

    async with standin(ollama) as server:
        models = await list_models(connect, base_url=server.url, provider="Ollama", kind="ollama")
    assert models == [
        RemoteModel("a:latest", "chat", 4_096, True),
        RemoteModel("b:latest", "chat", 16_384, True),
        RemoteModel("nomic-embed-text:latest", "embedding", 2_048, False),
        RemoteModel("broken:latest", "chat", 4_096),
    ]


async def test_models_of_lm_studio_are_listed_and_an_older_one_is_asked_the_plain_way() -> None:
    def lmstudio(asked: Asked) -> Reply:
        if asked.path == "/api/v0/models":
            return json_reply(
                {"data": [{"id": "q", "type": "llm", "max_context_length": 32_768, "loaded_context_length": 4_096, "capabilities": ["tool_use"]}]}
            )
        raise AssertionError(asked.path)

    async with standin(lmstudio) as server:
        assert await list_models(connect, base_url=server.url, provider="LM Studio", kind="lmstudio") == [RemoteModel("q", "chat", 4_096, True)]
    older = {"/v1/models": json_reply({"data": [{"id": "q"}]})}
    async with standin(lambda asked: older.get(asked.path, json_reply({"error": "no such endpoint"}, 404))) as server:
        assert await list_models(connect, base_url=server.url, provider="LM Studio", kind="lmstudio") == [RemoteModel("q")]


@pytest.mark.parametrize("kind", ["openai", "ollama", "lmstudio"])
@pytest.mark.parametrize("answer", [{"data": 7, "models": 7}, {"data": [{}], "models": [{}]}, {"models": None}, "text", {"data": [7], "models": [7]}])
async def test_rubbish_instead_of_a_list_is_told(answer: Any, kind: str) -> None:
    async with standin(lambda asked: json_reply(answer)) as server:
        with pytest.raises(UpstreamUnavailable) as caught:
            await list_models(connect, base_url=server.url, provider="Acme", kind=kind)
    assert caught.value.details["reason"] == "garbled"


def embeddings(asked: Asked) -> Reply:
    rows = [{"index": place, "embedding": [3.0, 4.0 + len(text)]} for place, text in enumerate(asked.body["input"])]
    return json_reply({"data": rows[::-1]})


async def test_embeddings_are_unit_vectors_in_the_order_of_the_texts() -> None:
    async with standin(embeddings) as server:
        embedder = await OpenAIEmbedder.open(connect, base_url=server.url, model="e", provider="Acme", api_key="sk-1")
        texts = ["x" * length for length in range(1, 100)]
        vectors = [struct.unpack("<2f", vector) for vector in await embedder.embed(texts)]
        assert await embedder.embed([]) == []
        await embedder.close()
    assert embedder.facts.dimensions == 2 and "sk-1" not in embedder.facts.id
    assert all(math.isclose(math.hypot(*vector), 1.0, rel_tol=1e-6) for vector in vectors)
    assert all(math.isclose(vector[1] / vector[0], (4 + len(text)) / 3, rel_tol=1e-5) for text, vector in zip(texts, vectors, strict=True))


@pytest.mark.parametrize(
    "answer",
    [
        {"data": []},
        {"data": [{"embedding": []}]},
        {"data": [{"embedding": ["a"]}]},
        {"data": [{"embedding": [0.0, 0.0]}]},
        {"data": [{"embedding": [1e999]}]},
        {"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]},
        {},
        [],
    ],
)
async def test_rubbish_instead_of_vectors_is_told(answer: Any) -> None:
    async with standin(lambda asked: json_reply(answer)) as server:
        with pytest.raises(UpstreamUnavailable) as caught:
            await OpenAIEmbedder.open(connect, base_url=server.url, model="e", provider="Acme")
    assert caught.value.details["reason"] == "garbled"
