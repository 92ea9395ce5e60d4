"""Keyset pages with opaque, signed cursors."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Generic, TypeVar

import msgspec

from .errors import InvalidCursor, ValidationFailed

T = TypeVar("T")
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_OFFSET = 1_000_000_000


class Page(msgspec.Struct, Generic[T], frozen=True):
    """``items``, and the sort key of the last one when there are more."""

    items: list[T]
    next_key: tuple[Any, ...] | None = None
    total: int | None = None


class PageRequest(msgspec.Struct, frozen=True):
    """Which page: at most ``limit`` rows after ``key``, or after skipping ``offset`` rows."""

    limit: int = DEFAULT_LIMIT
    key: tuple[Any, ...] | None = None
    offset: int = 0


def page_of(rows: list[T], limit: int, key: Any, total: int | None = None) -> Page[T]:
    """The page made of ``rows``, of which one more than ``limit`` was asked for; ``key(row)`` is a row's sort key."""
    more = len(rows) > limit
    kept = rows[:limit]
    return Page(kept, tuple(key(kept[-1])) if more else None, total)


class Cursors:
    """Seals sort keys into text that only this installation can have written."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def bound_to(self, listing: str) -> Cursors:
        """Cursors that are good for one list only: ``listing`` names it, with its filters."""
        return Cursors(self._sign(listing.encode("utf-8", "surrogatepass")) + self._secret)

    def seal(self, key: tuple[Any, ...] | None) -> str | None:
        if key is None:
            return None
        body = msgspec.json.encode(key)
        return base64.urlsafe_b64encode(self._sign(body) + body).rstrip(b"=").decode()

    def open(self, cursor: str) -> tuple[Any, ...]:
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            signature, body = raw[:12], raw[12:]
            if not hmac.compare_digest(signature, self._sign(body)):
                raise ValueError
            return tuple(msgspec.json.decode(body, type=list[Any]))
        except (ValueError, msgspec.DecodeError):
            raise InvalidCursor("This cursor was not made by this server. Start again without one.") from None

    def request(self, limit: int | None, cursor: str | None, offset: int | None = None) -> PageRequest:
        """What a caller asked for, checked; limits above the highest are cut to it."""
        wanted = DEFAULT_LIMIT if limit is None else limit
        if wanted < 1 or not 0 <= (offset or 0) <= MAX_OFFSET:
            field = "limit" if wanted < 1 else "offset"
            message = f"limit is from 1 to {MAX_LIMIT}, offset from 0 to {MAX_OFFSET:,}"
            raise ValidationFailed(f"{message}.", errors=[{"field": field, "message": message}])
        return PageRequest(min(wanted, MAX_LIMIT), self.open(cursor) if cursor else None, offset or 0)

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, body, hashlib.sha256)[:12]
