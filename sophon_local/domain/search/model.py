"""What search takes and gives."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ...db.search import Hit, Item
from ...kit.events import Event

__all__ = ["Hit", "Item", "SearchStatus", "SearchUpdated"]


class SearchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far the vectors are. ``embedder_id`` is the one whose vectors are searched, ``next_embedder_id`` the one that is being prepared.

    ``failed`` items are found by their words only: the embedding model could not read them. ``problem`` says why nothing is embedded at
    the moment, in words for a person.
    """

    items: int
    embedded: int
    pending: int
    failed: int
    embedder_id: str | None
    next_embedder_id: str | None
    next_pending: int
    problem: str | None


class SearchUpdated(Event, frozen=True, kw_only=True):
    """All vectors are there, or those of another embedder are searched from now on."""

    topic: ClassVar[str] = "search.updated"
    embedder_id: str
