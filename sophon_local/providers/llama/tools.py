"""Tool calls for small models, which cannot call natively: first a short question under a grammar, "which tool?", then, when none is needed, the plain answer.

Measured on Qwen2.5-Coder 0.5B and 1.5B (five tools, eight messages that need one, four that need none): native calls 0 of 8 with both; tool or answer
in one constrained reply 5 and 7 of 8, and 3 of 4 with both; this way 6 and 8 of 8, and 3 of 4 with both. Tools shown while the answer is written cost
answers: the same models then no longer say that a passage lacks what was asked.
"""

from __future__ import annotations

import json
from typing import Any

from ...kit.ids import new_id
from ..base import ChatMessage, ChatRequest, ToolCall, ToolSpec

_TAIL = 6  # messages that are looked at for the choice
_CUT = 1_500  # characters of each
_NONE = "none"


def choice_messages(request: ChatRequest) -> list[dict[str, Any]]:
    """The short prompt that asks which tool the end of the conversation needs. Its beginning is the same each time, so it is read once."""
    lines = [f"- {tool.name}({', '.join(tool.parameters.get('properties') or {})}): {tool.description}" for tool in _choosable(request)]
    if _may_decline(request):
        lines.insert(0, f"- {_NONE}: no tool is needed: small talk, general knowledge, writing, or the results are there already")
    form = '{"tool": NAME, "arguments": {...}}' + (f', or {{"tool": "{_NONE}"}}' if _may_decline(request) else "")
    system = "You are a helpful assistant.\n\nTools:\n" + "\n".join(lines) + f"\n\nChoose the tool for the user's message: {form}."
    tail = [message for message in request.messages if message.role != "system"][-_TAIL:]
    shortened = [ChatMessage(m.role, m.content if len(m.content) <= _CUT else m.content[:_CUT] + " ...", m.tool_calls, m.tool_call_id) for m in tail]
    return plain_messages([ChatMessage("system", system), *shortened], show_calls=True)


def choice_schema(request: ChatRequest, *, is_loose: bool = False) -> dict[str, Any]:
    """What the choice may look like; ``is_loose`` leaves the arguments open, for schemas that llama.cpp refuses."""
    options: list[dict[str, Any]] = []
    if _may_decline(request):
        options.append(_object(tool={"const": _NONE}))
    for tool in _choosable(request):
        is_plain = not is_loose and tool.parameters.get("type") == "object" and "$ref" not in json.dumps(tool.parameters)
        options.append(_object(tool={"const": tool.name}, arguments=tool.parameters if is_plain else {"type": "object"}))
    return {"anyOf": options}


def read_choice(text: str, request: ChatRequest) -> ToolCall | None:
    """The call that the model chose, or None: no tool, or one that was made already with the same arguments since the last question."""
    try:
        value = json.loads(text)
        name, arguments = value["tool"], value.get("arguments", {})
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if name not in [tool.name for tool in _choosable(request)]:
        return None
    if _may_decline(request) and _was_made(name, arguments, request.messages):
        return None
    return ToolCall(new_id("call"), name, json.dumps(arguments, ensure_ascii=False))


def plain_messages(messages: list[ChatMessage], *, show_calls: bool = False) -> list[dict[str, Any]]:
    """The conversation for a chat template that knows only system, user and assistant, in turn: results become words of the user."""
    names = {call.id: call for message in messages for call in message.tool_calls}
    plain: list[dict[str, Any]] = []
    for message in messages:
        role, content = message.role, message.content
        if role == "tool":
            call = names.get(message.tool_call_id or "")
            role, content = "user", f"Result of {call.name}({call.arguments}):\n{content}" if call else f"Result:\n{content}"
        elif message.tool_calls:
            calls = (
                "\n".join(f'{{"tool": {json.dumps(call.name)}, "arguments": {call.arguments or "{}"}}}' for call in message.tool_calls) if show_calls else ""
            )
            content = "\n".join(part for part in (content, calls) if part)
            if not content:
                continue
        if plain and plain[-1]["role"] == role:
            plain[-1]["content"] += "\n\n" + content
        else:
            plain.append({"role": role, "content": content})
    return plain


def _choosable(request: ChatRequest) -> list[ToolSpec]:
    named = [tool for tool in request.tools if tool.name == request.tool_choice]
    return named or request.tools


def _may_decline(request: ChatRequest) -> bool:
    return request.tool_choice == "auto"


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _was_made(name: str, arguments: Any, messages: list[ChatMessage]) -> bool:
    for message in reversed(messages):
        if message.role == "user":
            return False
        for call in message.tool_calls:
            try:
                if call.name == name and json.loads(call.arguments) == arguments:
                    return True
            except ValueError:
                continue
    return False
