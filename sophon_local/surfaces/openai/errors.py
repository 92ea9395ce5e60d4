"""Errors as OpenAI's clients expect them: ``{"error": {message, type, param, code}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...kit import errors
from ..problems import STATUS as COMMON
from ..problems import Problem

# What we call unacceptable, OpenAI calls a bad request.
STATUS = {**COMMON, errors.ValidationFailed: 400, errors.NoChatModel: 503}
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


def render(problem: Problem, request_id: str) -> bytes:
    """The body of the error answer, as JSON."""
    kind = _TYPES.get(problem.status, "invalid_request_error" if problem.status < 500 else "server_error")
    param = problem.details.get("param")
    return msgspec.json.encode({"error": {"message": problem.message, "type": kind, "param": param, "code": problem.code}})
