"""The time, in one place, so that a test can hold it still."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def timestamp(moment: datetime | None = None) -> str:
    """Fixed-width UTC ISO 8601 with microseconds and ``Z``: sorts as text in time order."""
    return (moment or now()).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse(text: str) -> datetime:
    """The moment that an ISO 8601 text names; without a zone it is taken as UTC. ValueError when it is none, or lies outside the years 1 to 9999 there."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} lies outside the years 1 to 9999") from None
    return moment
