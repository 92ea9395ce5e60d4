"""Tool calls of small models: the short question, and what becomes of results."""

from __future__ import annotations

import json

from sophon_local.providers.base import ChatMessage, ChatRequest, ToolCall, ToolSpec
from sophon_local.providers.llama.tools import choice_messages, choice_schema, plain_messages, read_choice

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = ToolSpec("get_weather", "The weather of a city.", CITY)
SEARCH = ToolSpec("search", "Searches documents.", {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]})
QUESTION = ChatMessage("user", "What is the weather in Oslo?")
CALL = ChatMessage("assistant", "", [ToolCall("c1", "get_weather", '{"city": "Oslo"}')])
RESULT = ChatMessage("tool", "Rain.", tool_call_id="c1")


def request(*messages: ChatMessage, choice: str = "auto") -> ChatRequest:
    return ChatRequest(messages=list(messages), tools=[WEATHER, SEARCH], tool_choice=choice)


def test_the_choice_lists_each_tool_with_its_arguments_and_a_way_out() -> None:
    system, question = choice_messages(request(ChatMessage("system", "You are a pirate."), QUESTION))
    assert "- get_weather(city): The weather of a city." in system["content"] and "- none:" in system["content"]
    assert "pirate" not in system["content"]
    assert question == {"role": "user", "content": QUESTION.content}


def test_a_required_choice_has_no_way_out() -> None:
    schema = choice_schema(request(QUESTION, choice="required"))
    assert [option["properties"]["tool"]["const"] for option in schema["anyOf"]] == ["get_weather", "search"]
    assert "none" not in choice_messages(request(QUESTION, choice="required"))[0]["content"]


def test_a_named_choice_offers_that_tool_only() -> None:
    schema = choice_schema(request(QUESTION, choice="search"))
    assert [option["properties"]["tool"]["const"] for option in schema["anyOf"]] == ["search"]


def test_a_schema_with_references_is_left_open() -> None:
    tool = ToolSpec("add", "Adds.", {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}})
    [_, option] = choice_schema(ChatRequest(messages=[QUESTION], tools=[tool]))["anyOf"]
    assert option["properties"]["arguments"] == {"type": "object"}


def test_long_messages_are_shortened_for_the_choice_only() -> None:
    long = ChatMessage("user", "x" * 10_000)
    assert len(choice_messages(request(long))[1]["content"]) < 2_000
    assert len(plain_messages([long])[0]["content"]) == 10_000


def test_a_chosen_tool_becomes_a_call() -> None:
    call = read_choice('{"tool": "get_weather", "arguments": {"city": "Oslo"}}', request(QUESTION))
    assert call is not None and call.name == "get_weather" and json.loads(call.arguments) == {"city": "Oslo"}


def test_none_and_nonsense_are_no_calls() -> None:
    for text in ('{"tool": "none"}', '{"tool": "rm", "arguments": {}}', "", '{"tool"', "[]", "7", '{"tool": ["search"]}', '{"tool": null}'):
        assert read_choice(text, request(QUESTION)) is None


def test_the_same_call_is_not_made_twice_for_one_question() -> None:
    again = '{"tool": "get_weather", "arguments": {"city": "Oslo"}}'
    assert read_choice(again, request(QUESTION, CALL, RESULT)) is None
    assert read_choice('{"tool": "get_weather", "arguments": {"city": "Rome"}}', request(QUESTION, CALL, RESULT)) is not None
    assert read_choice(again, request(QUESTION, CALL, RESULT, ChatMessage("assistant", "Rain."), QUESTION)) is not None


def test_results_become_words_of_the_user_and_roles_take_turns() -> None:
    plain = plain_messages([ChatMessage("system", "Be brief."), QUESTION, CALL, RESULT])
    assert [message["role"] for message in plain] == ["system", "user"]
    assert plain[1]["content"] == 'What is the weather in Oslo?\n\nResult of get_weather({"city": "Oslo"}):\nRain.'


def test_a_result_without_its_call_is_kept() -> None:
    assert plain_messages([RESULT]) == [{"role": "user", "content": "Result:\nRain."}]
