"""The catalogue of tools."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Protocol

import msgspec

_LIMIT = {"type": "integer", "minimum": 1, "maximum": 20, "description": "how many at most"}


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """``parameters`` is a JSON Schema. ``risk``: none, low, medium, high or critical; from high on a person is asked first.
    ``reads_foreign_text`` marks tools whose results may hold text by strangers."""

    name: str
    description: str
    parameters: dict[str, Any]
    risk: str
    source: str = "bundled"
    reads_foreign_text: bool = False

    @property
    def call_name(self) -> str:
        """The name as models spell it: they take no dots."""
        return self.name.replace(".", "_")


class ToolPolicyLike(Protocol):
    @property
    def allow(self) -> list[str]: ...

    @property
    def deny(self) -> list[str]: ...


def _schema(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


CATALOGUE = [
    Tool(
        name="documents.search",
        description="Find passages in the person's documents. Each comes with a number to cite it by.",
        parameters=_schema(["query"], query={"type": "string", "minLength": 1}, limit=_LIMIT),
        risk="none",
        reads_foreign_text=True,
    ),
    Tool(
        name="documents.read",
        description="Read a document's text from a character position on, 6,000 characters at a time.",
        parameters=_schema(["documentId"], documentId={"type": "string"}, start={"type": "integer", "minimum": 0}),
        risk="none",
        reads_foreign_text=True,
    ),
    Tool(
        name="memory.search",
        description="Find what is remembered about the person. Each entry comes with a number to cite it by.",
        parameters=_schema(["query"], query={"type": "string", "minLength": 1}, limit=_LIMIT),
        risk="none",
    ),
    Tool(
        name="memory.write",
        description="Remember a fact or preference that the person has stated.",
        parameters=_schema(
            ["content"], content={"type": "string", "minLength": 1, "maxLength": 2000}, category={"enum": ["fact", "preference", "observation"]}
        ),
        risk="medium",
    ),
    Tool(
        name="memory.forget",
        description="Ask the person to let an entry of the memory be erased.",
        parameters=_schema(["entryId"], entryId={"type": "string"}),
        risk="high",
    ),
]


def catalogue() -> list[Tool]:
    """Every tool there is."""
    return CATALOGUE


def allowed(policy: ToolPolicyLike) -> list[Tool]:
    """The tools that a policy lets through: what is denied wins."""

    def matches(name: str, patterns: list[str]) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    return [tool for tool in CATALOGUE if matches(tool.name, policy.allow) and not matches(tool.name, policy.deny)]
