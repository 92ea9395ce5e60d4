"""Errors as the native API tells them: ``{"error": {code, message, details, requestId}}``. The statuses are those of ``problems.STATUS``."""

from __future__ import annotations

from typing import Any

import msgspec

from ..problems import Problem


def render(problem: Problem, request_id: str) -> bytes:
    """The body of the error answer, as JSON."""
    return msgspec.json.encode({"error": {"code": problem.code, "message": problem.message, "details": problem.details, "requestId": request_id}})


SCHEMA: dict[str, Any] = {
    "title": "ErrorObject",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "requestId"],
            "properties": {
                "code": {"type": "string", "description": "Stable, for programs", "examples": ["not_found"]},
                "message": {"type": "string", "description": "For people: what happened, and what to do"},
                "details": {"type": "object", "additionalProperties": True},
                "requestId": {"type": "string", "description": "The same as the header X-Sophon-Request-Id"},
            },
        }
    },
}
