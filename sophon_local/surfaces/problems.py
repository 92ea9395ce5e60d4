"""What a request can come to grief on, before a surface puts it in its own words. One translator for domain and framework errors."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ..kit import errors

log = logging.getLogger("sophon")


class SlowBody(errors.InvalidRequest):
    """The sender of a body stopped in the middle."""

    code = "request_timeout"


STATUS: dict[type[errors.SophonError], int] = {
    errors.InvalidRequest: 400,
    SlowBody: 408,
    errors.Unauthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.UnsupportedType: 415,
    errors.ValidationFailed: 422,
    errors.RateLimited: 429,
    errors.UpstreamUnavailable: 502,
    errors.ServiceUnavailable: 503,
    errors.StorageFull: 507,
}
CODES = {
    400: "invalid_request", 401: "unauthenticated", 403: "not_authorized", 404: "not_found", 405: "method_not_allowed", 408: "request_timeout",
    409: "conflict", 413: "payload_too_large", 415: "unsupported_media_type", 421: "misdirected_request", 422: "validation_failed",
    429: "rate_limited", 431: "headers_too_large", 502: "upstream_unavailable", 503: "service_unavailable", 507: "storage_full",
}  # fmt: skip
_MISSING = re.compile(r"Object missing required field `(.+)`")
_NOT_FOUND = "There is nothing at this address. GET /openapi.json lists what this server answers."


class Problem(msgspec.Struct, frozen=True):
    """An error answer that is not yet in any surface's envelope. ``details`` never holds anything from inside."""

    status: int
    code: str
    message: str
    details: dict[str, Any] = {}
    headers: dict[str, str] = {}


def problem(status: int, message: str, **details: Any) -> Problem:
    return Problem(status, CODES[status], message, details)


def to_problem(error: Exception, request_id: str, status: Mapping[type[errors.SophonError], int] = STATUS) -> Problem:
    """``error`` as an answer. What is nobody's fault but ours is logged under ``request_id`` and says nothing else outside."""
    if isinstance(error, errors.SophonError):
        for kind in type(error).__mro__:
            if kind in status:
                number = status[kind]
                headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, errors.RateLimited) else {}
                return Problem(number, error.code, error.message, error.details if number < 500 else {}, headers)
        return _unexpected(error, request_id)
    # The framework's own errors. Looked up by attribute: this module is in the start path of every surface, the framework is not.
    number = getattr(error, "status_code", 500)
    if not isinstance(number, int) or number >= 500 or not hasattr(error, "detail"):
        return _unexpected(error, request_id)
    return _of_framework(error, number)


def _of_framework(error: Any, number: int) -> Problem:
    extra = error.extra if isinstance(getattr(error, "extra", None), list) else []
    if number == 400 and extra:
        found = [_finding(one) for one in extra]
        if all(one.get("source") == "body" for one in extra):
            return Problem(422, CODES[422], f"The request body is not acceptable: {_listed(found)}", {"errors": found})
        return Problem(400, CODES[400], f"The request is not acceptable: {_listed(found)}", {"errors": found})
    if number == 404:
        return problem(404, _NOT_FOUND)
    if number == 405:
        allowed = ", ".join(allowed_methods((error.headers or {}).get("allow", "").split(", ")))
        return Problem(405, CODES[405], f"This address answers {allowed} only.", {}, {"Allow": allowed})
    return Problem(number, CODES.get(number, CODES[400]), str(error.detail))


def allowed_methods(methods: list[str]) -> list[str]:
    """``methods`` as an Allow header lists them; who answers GET answers HEAD."""
    named = {one for one in methods if one}
    return sorted(named | {"OPTIONS"} | ({"HEAD"} if "GET" in named else set()))


def _finding(one: dict[str, str]) -> dict[str, str]:
    """One of the framework's findings in our words; a finding about the whole body names the field that its text names."""
    field, message = one.get("key", ""), one["message"]
    if field == "data":
        if message == "'data'":
            return {"field": "body", "message": "A JSON body is needed here"}
        missing = _MISSING.fullmatch(message)
        return {"field": missing[1], "message": "is missing"} if missing else {"field": "body", "message": message}
    if message == f"'{field}'":
        message = "is missing"
    return {"field": field, "message": message} if field else {"message": message}


def _listed(found: list[dict[str, str]]) -> str:
    return "; ".join(f"{one['field']}: {one['message']}" if "field" in one else one["message"] for one in found[:5])


def _unexpected(error: Exception, request_id: str) -> Problem:
    log.error("%s failed", request_id, exc_info=error)
    return Problem(500, "internal_error", "Something went wrong inside the server; nothing is known to be lost. Its log says more under this request id.")
