"""The OpenAI-compatible surface, asked by OpenAI's own client."""

from __future__ import annotations

import json

import openai
import pytest

from tests.conftest import LiveServer

MODEL = "smollm2-135m-instruct"


@pytest.fixture
def client(live_server: LiveServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{live_server.url}/v1", api_key="any", max_retries=0)


def test_models_and_agents_are_listed(client: openai.OpenAI) -> None:
    ids = {model.id for model in client.models.list()}
    assert {"sophon/sophon", MODEL} <= ids
    assert client.models.retrieve("sophon/sophon").owned_by == "sophon"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_a_model_answers_at_once_and_in_pieces(client: openai.OpenAI) -> None:
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 12, "temperature": 0}
    whole = client.chat.completions.create(**asked)
    assert whole.choices[0].message.content and whole.usage and whole.usage.completion_tokens > 0
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    streamed = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert streamed == whole.choices[0].message.content
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


def test_an_answer_keeps_to_a_json_schema(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}, "size": {"type": "integer"}},
        "required": ["colour", "size"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "A red shirt of size 4, as JSON."}],
        response_format={"type": "json_schema", "json_schema": {"name": "shirt", "schema": schema, "strict": True}},
        max_tokens=60,
        temperature=0,
    )
    made = json.loads(answer.choices[0].message.content or "")
    assert made["colour"] in ("red", "blue") and isinstance(made["size"], int) and set(made) == {"colour", "size"}


def test_a_required_tool_is_called_with_fitting_arguments(client: openai.OpenAI) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
        },
    }
    answer = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Weather in Paris?"}], tools=[tool], tool_choice="required", max_tokens=80, temperature=0
    )
    [call] = answer.choices[0].message.tool_calls or []
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather" and isinstance(json.loads(call.function.arguments)["city"], str)


def test_embeddings_come_as_numbers_and_mean_something(client: openai.OpenAI) -> None:
    model = next(m.id for m in client.models.list() if "minilm" in m.id)
    made = client.embeddings.create(model=model, input=["a cat", "a kitten", "tax law"])
    cat, kitten, law = (item.embedding for item in made.data)
    assert len(cat) == 384 and abs(sum(x * x for x in cat) - 1) < 1e-3
    assert sum(a * b for a, b in zip(cat, kitten, strict=True)) > sum(a * b for a, b in zip(cat, law, strict=True)) + 0.2
    plain = client.embeddings.create(model=model, input="a cat", encoding_format="float").data[0].embedding
    assert max(abs(a - b) for a, b in zip(plain, cat, strict=True)) < 1e-5
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-nothing", input="x")


def test_an_agent_answers_as_in_chat_and_goes_on_in_its_session(client: openai.OpenAI, live_server: LiveServer) -> None:
    messages: list = [{"role": "user", "content": "My dog is called Bruno."}]
    first = client.chat.completions.create(model="sophon/sophon", messages=messages)
    content = first.choices[0].message.content
    assert content
    sessions = live_server.get("/api/sessions?q=Bruno")["items"]  # type: ignore[index]
    assert len(sessions) == 1
    messages += [{"role": "assistant", "content": content}, {"role": "user", "content": "What is my dog called?"}]
    chunks = list(client.chat.completions.create(model="sophon/sophon", messages=messages, stream=True))
    assert "Bruno" in "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert chunks[-1].choices[0].finish_reason == "stop"
    history = live_server.get(f"/api/sessions/{sessions[0]['id']}/messages")["items"]  # type: ignore[index]
    assert [m["role"] for m in history] == ["user", "assistant", "user", "assistant"]


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"messages": []}, openai.BadRequestError),
        ({"temperature": 9}, openai.BadRequestError),
        ({"n": 3}, openai.BadRequestError),
        ({"messages": [{"role": "robot", "content": "x"}]}, openai.UnprocessableEntityError),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, openai.BadRequestError),
        ({"model": "no/such"}, openai.NotFoundError),
        ({"model": "sophon/nobody"}, openai.NotFoundError),
    ],
)
def test_bad_requests_are_told_in_openais_words(client: openai.OpenAI, wrong: dict, kind: type[openai.APIStatusError]) -> None:
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "x"}], **wrong}
    with pytest.raises(kind) as raised:
        client.chat.completions.create(**asked)
    assert isinstance(raised.value.body, dict) and raised.value.body["message"]
