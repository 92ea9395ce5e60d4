"""What can go wrong, as nouns. Each class has a stable ``code``; only ``surfaces/*/errors.py`` knows status numbers.

SophonError
├── InvalidRequest          malformed input
│   └── InvalidCursor
├── ValidationFailed        well-formed, but not acceptable; ``details["errors"]`` lists what
├── Unauthenticated
├── NotAllowed
├── NotFound
├── Conflict                the state of the resource forbids it
├── TooLarge
├── UnsupportedType         a content type or file format that nobody here can read
├── RateLimited
├── StorageFull             the disk; reads go on working
├── UpstreamUnavailable     a model or an outside service did not answer
│   └── NoChatModel         nothing is installed that could write free text
└── ServiceUnavailable      draining, stopping, queue full
"""

from __future__ import annotations

from typing import Any


class SophonError(Exception):
    """Something a person can understand and act on. ``message`` says what happened and what to do."""

    code = "internal_error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidRequest(SophonError):
    code = "invalid_request"


class InvalidCursor(InvalidRequest):
    code = "invalid_cursor"


class ValidationFailed(SophonError):
    code = "validation_failed"


class Unauthenticated(SophonError):
    code = "unauthenticated"


class NotAllowed(SophonError):
    code = "not_authorized"


class NotFound(SophonError):
    code = "not_found"


class Conflict(SophonError):
    code = "conflict"


class TooLarge(SophonError):
    code = "payload_too_large"


class UnsupportedType(SophonError):
    code = "unsupported_media_type"


class RateLimited(SophonError):
    """``retry_after_s`` seconds from now it may be tried again."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after_s: int, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after_s = retry_after_s


class StorageFull(SophonError):
    code = "storage_full"


class UpstreamUnavailable(SophonError):
    code = "upstream_unavailable"


class NoChatModel(UpstreamUnavailable):
    code = "no_chat_model"


class ServiceUnavailable(SophonError):
    code = "service_unavailable"
