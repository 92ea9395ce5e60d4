"""Keeps the ledger of outgoing connections."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from datetime import timedelta

from ...db import Database
from ...kit import clock
from ...kit.caller import Caller
from ...kit.egress import EgressRecord
from ...kit.errors import ServiceUnavailable
from ...kit.paging import Page, PageRequest, page_of
from . import _store

log = logging.getLogger("sophon.egress")
KEPT_DAYS = 90
_SWEEP_EVERY = 1_000  # records between two looks for old ones


class Ledger:
    """``write`` is what ``kit.egress.Egress`` wants: it returns at once, and the row follows with the next commit."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._written = 0

    def write(self, record: EgressRecord) -> None:
        try:
            self._db.submit(lambda tx: _store.insert(tx, record)).add_done_callback(_noted)
            if self._written % _SWEEP_EVERY == 0:
                oldest = clock.timestamp(clock.now() - timedelta(days=KEPT_DAYS))
                self._db.submit(lambda tx: _store.delete_before(tx, oldest))
            self._written += 1
        except ServiceUnavailable:  # the database is closing: the connection that just ended is told in the log
            log.info("%s %s for %s: %s", record.method, record.destination, record.purpose, record.outcome)

    async def list(self, caller: Caller, page: PageRequest) -> Page[EgressRecord]:
        """The latest connections first."""
        rows = await self._db.read(lambda tx: _store.select_page(tx, page))
        found = page_of(rows, page.limit, lambda row: (row.at, row.id))
        return Page(list(found.items), found.next_key, found.total)


def _noted(written: Future[None]) -> None:
    error = None if written.cancelled() else written.exception()
    if error is not None:
        log.warning("a connection could not be written to the egress ledger: %s", error)
