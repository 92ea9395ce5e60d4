"""Calls put together from fragments, and found in text."""

from __future__ import annotations

import json

import pytest

from sophon_local.providers.toolcalls import CallsInText, Fragments

OFFERED = ["get_weather", "search"]
CALL = '{"name": "get_weather", "arguments": {"city": "Oslo"}}'


def sift(text: str, size: int) -> tuple[str, list[tuple[str, object]]]:
    sieve = CallsInText(OFFERED)
    shown = "".join(sieve.feed(text[at : at + size]) for at in range(0, len(text), size))
    rest, calls = sieve.finish()
    return shown + rest, [(call.name, json.loads(call.arguments)) for call in calls]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (CALL, ""),
        (f"  \n{CALL}\n", ""),
        (f"```json\n{CALL}\n```", ""),
        (f"<tool_call>\n{CALL}\n</tool_call>", ""),
        (f"<tool_call>{CALL}", ""),
        (f"I look it up.\n```json\n{CALL}\n```\nDone.", "I look it up.\n\nDone."),
        ('{"tool": "get_weather", "parameters": {"city": "Oslo"}}', ""),
        ('{"function": {"name": "get_weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}}', ""),
        (f"[{CALL}]", ""),
    ],
)
def test_a_call_written_as_text_is_found(text: str, shown: str, size: int) -> None:
    seen, calls = sift(text, size)
    assert calls == [("get_weather", {"city": "Oslo"})]
    assert seen.strip() == shown.strip()


@pytest.mark.parametrize("size", [1, 3, 1_000])
@pytest.mark.parametrize(
    "text",
    [
        "A plain answer.",
        "Here is code:\n```python\nprint({1: 2})\n```\nand more `x` and ``y``.",
        'Some JSON:\n```json\n{"name": "Anna"}\n```\nend',
        '{"name": "unknown_tool", "arguments": {}}',
        '{"answer": 42}',
        "{broken",
        "<tool",
        "a < b and ` and ``` unfinished",
        "",
        "   ",
        "[1] is a citation",
    ],
)
def test_other_text_passes_whole(text: str, size: int) -> None:
    assert sift(text, size) == (text, [])


def test_plain_text_is_not_held_back() -> None:
    sieve = CallsInText(OFFERED)
    assert sieve.feed("Hello") == "Hello"
    assert sieve.feed(" there") == " there"
    assert sieve.feed(" `co") == " `co"


def test_without_tools_nothing_is_sifted() -> None:
    sieve = CallsInText([])
    assert sieve.feed(CALL) == CALL
    assert sieve.finish() == ("", [])


def test_fragments_make_calls_in_order() -> None:
    parts = Fragments()
    assert not parts
    parts.add(1, "b", "search", '{"q')
    parts.add(0, "a", "get_weather", "")
    parts.add(1, "b", "search", 'uery": "x"}')  # some servers repeat id and name
    parts.add(2, None, None, "{}")
    calls = parts.calls()
    assert [(call.id, call.name, call.arguments) for call in calls] == [("a", "get_weather", "{}"), ("b", "search", '{"query": "x"}')]
