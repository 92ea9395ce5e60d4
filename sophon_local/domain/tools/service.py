"""Carrying out tool calls. Risk and approval are decided here and nowhere else, so that no surface can go around them."""

from __future__ import annotations

from typing import Any

import msgspec

from ...kit.caller import Caller
from ...kit.errors import SophonError
from ...providers.base import ToolCall
from ..documents import Documents, PassageHit
from ..memory import Memory, MemoryHit, NewEntry, SourceRef
from .model import Tool, ToolPolicyLike, allowed

READ_CHARACTERS = 6_000


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """``content`` is what the model reads. Passages and memories are given apart, so that the turn can number them."""

    content: str
    is_error: bool = False
    passages: list[PassageHit] = []
    memories: list[MemoryHit] = []


class Tools:
    def __init__(self, documents: Documents, memory: Memory) -> None:
        self._documents = documents
        self._memory = memory

    async def execute(self, caller: Caller, policy: ToolPolicyLike, agent_id: str, session_id: str, message_id: str, call: ToolCall) -> ToolResult:
        """Run one call. What goes wrong becomes a result that the model can read and react to."""
        tool = next((t for t in allowed(policy) if t.call_name == call.name or t.name == call.name), None)
        if tool is None:
            return ToolResult(content=f"There is no tool called {call.name}, or it is not allowed.", is_error=True)
        try:
            arguments = msgspec.json.decode(call.arguments or "{}", type=dict[str, Any])
        except msgspec.DecodeError as error:
            return ToolResult(content=f"The arguments are not a JSON object: {error}", is_error=True)
        wrong = _violations(tool, arguments)
        if wrong:
            return ToolResult(content=f"The arguments do not fit: {wrong}", is_error=True)
        try:
            return await self._run(caller, tool, arguments, agent_id, session_id, message_id)
        except SophonError as error:
            return ToolResult(content=error.message, is_error=True)

    async def _run(self, caller: Caller, tool: Tool, arguments: dict[str, Any], agent_id: str, session_id: str, message_id: str) -> ToolResult:
        match tool.name:
            case "documents.search":
                hits = await self._documents.search(caller, arguments["query"], arguments.get("limit", 6))
                return ToolResult(content="" if hits else "No passage was found.", passages=hits)
            case "documents.read":
                document = await self._documents.get(caller, arguments["documentId"])
                text = (await self._documents.text(caller, document.id)).text
                start = arguments.get("start", 0)
                piece = text[start : start + READ_CHARACTERS]
                return ToolResult(content=f"{document.filename}, characters {start} to {start + len(piece)} of {len(text)}:\n{piece}")
            case "memory.search":
                found = await self._memory.recall(agent_id, arguments["query"], arguments.get("limit", 6))
                return ToolResult(content="" if found else "Nothing is remembered about that.", memories=found)
            case "memory.write":
                new = NewEntry(
                    content=arguments["content"],
                    category=arguments.get("category", "fact"),
                    source=SourceRef(kind="turn", session_id=session_id, message_id=message_id),
                )
                entry = await self._memory.create(caller, new)
                return ToolResult(content=f"Remembered as {entry.id}.")
            case "memory.forget":
                approval = await self._memory.forget(caller, arguments["entryId"])
                return ToolResult(content=f"The person has been asked ({approval.id}). It is erased when they approve; do not wait for it.")
            case name:
                return ToolResult(content=f"{name} cannot be run.", is_error=True)


def _violations(tool: Tool, arguments: dict[str, Any]) -> str:
    import jsonschema_rs

    errors = jsonschema_rs.validator_for(tool.parameters).iter_errors(arguments)
    return "; ".join(error.message for error in errors)[:500]
