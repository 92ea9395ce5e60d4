"""Tool calls on their way from a model: put together from streamed fragments, or found in text where a model wrote JSON instead of calling."""

from __future__ import annotations

import json
from typing import Any

from ..kit.ids import new_id
from .base import ToolCall

_FENCE, _OPEN, _CLOSE = "```", "<tool_call>", "</tool_call>"
_MOST_HELD = 64_000  # characters of text that may wait for its end before it is taken for plain text


class Fragments:
    """The calls of one answer, streamed piece by piece; pieces with the same index belong together."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[list[str], list[str], list[str]]] = {}

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, index: int, call_id: str | None, name: str | None, arguments: str | None) -> None:
        ids, names, pieces = self._parts.setdefault(index, ([], [], []))
        for parts, piece in ((ids, call_id), (names, name), (pieces, arguments)):
            if piece:
                parts.append(piece)

    def calls(self) -> list[ToolCall]:
        """All calls that have a name; arguments that are missing count as none. Some servers repeat id or name with each piece, so the first counts."""
        return [
            ToolCall(ids[0] if ids else new_id("call"), names[0], "".join(pieces) or "{}") for _, (ids, names, pieces) in sorted(self._parts.items()) if names
        ]


class CallsInText:
    """Sifts an answer's text for calls of the ``offered`` tools, written bare, in a code fence or in <tool_call> marks. Other text passes at once."""

    def __init__(self, offered: list[str]) -> None:
        self._offered = set(offered)
        self._held = ""
        self._has_passed = not offered  # True: text has gone out, so that an object at the very start is no longer possible
        self._found: list[ToolCall] = []

    def feed(self, text: str) -> str:
        """Take the next piece; the answer is what may be shown now."""
        if not self._offered:
            return text
        self._held += text
        out = ""
        while self._held:
            start = self._next_start()
            if start is None:
                keep = self._partial_mark()
                out += self._held[: len(self._held) - keep]
                self._held = self._held[len(self._held) - keep :]
                break
            out += self._held[:start]
            self._held = self._held[start:]
            end = self._end_of_held()
            if end is None:
                break
            piece, self._held = self._held[:end], self._held[end:]
            calls = self._read(piece)
            self._found += calls
            out += "" if calls else piece
            self._has_passed = True
        self._has_passed = self._has_passed or bool(out.strip())
        return out

    def finish(self) -> tuple[str, list[ToolCall]]:
        """The text still held back, and all calls that were found."""
        calls = self._read(self._held)
        rest = "" if calls else self._held
        self._held = ""
        return rest, self._found + calls

    def _next_start(self) -> int | None:
        lead = len(self._held) - len(self._held.lstrip())
        if not self._has_passed and self._held[lead : lead + 1] in ("{", "["):
            return 0
        places = [place for mark in (_FENCE, _OPEN) if (place := self._held.find(mark)) >= 0]
        return min(places) if places else None

    def _partial_mark(self) -> int:
        """How many characters at the end may be the start of a mark; before any text, blanks wait too."""
        if not self._has_passed and not self._held.strip():
            return len(self._held)
        return next((n for n in range(min(len(_OPEN), len(self._held)), 0, -1) if any(mark.startswith(self._held[-n:]) for mark in (_FENCE, _OPEN))), 0)

    def _end_of_held(self) -> int | None:
        """Where the piece that begins here ends; None: not yet known."""
        held = self._held
        if len(held) > _MOST_HELD:
            return len(held)
        if held.startswith(_OPEN):
            end = held.find(_CLOSE)
            return end + len(_CLOSE) if end >= 0 else None
        if held.startswith(_FENCE):
            first_line = held.find("\n")
            if first_line < 0:
                return len(held) if len(held) > 40 else None
            inside = held[first_line + 1 :].lstrip()
            if inside and inside[0] not in "{[":
                return first_line + 1
            end = held.find(_FENCE, first_line)
            return end + len(_FENCE) if end >= 0 else None
        return None

    def _read(self, text: str) -> list[ToolCall]:
        body = text.strip()
        if body.startswith(_FENCE):
            body = body.partition("\n")[2]
        body = body.removeprefix(_OPEN).removesuffix(_CLOSE).removesuffix(_FENCE).strip()
        if body[:1] not in ("{", "["):
            return []
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return []
        calls = [self._call(item) for item in (value if isinstance(value, list) else [value])]
        return [call for call in calls if call] if all(calls) else []

    def _call(self, value: Any) -> ToolCall | None:
        if not isinstance(value, dict):
            return None
        inner = value.get("function")
        if isinstance(inner, dict):
            value = inner
        name = next((value[key] for key in ("name", "tool", "tool_name", "function") if isinstance(value.get(key), str)), None)
        if name not in self._offered:
            return None
        arguments: Any = next((value[key] for key in ("arguments", "parameters", "args", "input") if key in value), {})
        return ToolCall(new_id("call"), str(name), arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False))
