"""One bus per workspace: what happened is published once, and whoever cares subscribes."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

import msgspec

from . import clock

REPLAYED = 5_000  # events kept for those who reconnect
BACKLOG = 10_000  # events that a subscriber may fall behind before it is told to start over


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events. ``topic`` is the public name, such as ``message.delta``."""

    topic: ClassVar[str] = "event"
    session_id: str | None = None
    task_id: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place in the stream. ``id`` names the run of the program too, so that it never repeats."""

    id: str
    seq: int
    at: str
    event: Event


class Overflow(Event, frozen=True):
    """Some events can no longer be had: read the state afresh, then follow on."""

    topic: ClassVar[str] = "stream.reset"


class Events:
    """Publish from the event loop; subscribe with a filter; reconnect with the last id seen."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._seq = 0
        self._recent: deque[Recorded] = deque(maxlen=REPLAYED)
        self._listeners: set[Callable[[Recorded], None]] = set()

    def publish(self, event: Event) -> None:
        self._seq += 1
        recorded = Recorded(f"{self._run}-{self._seq}", self._seq, clock.timestamp(), event)
        self._recent.append(recorded)
        for listener in tuple(self._listeners):
            listener(recorded)

    def listen(self, listener: Callable[[Recorded], None]) -> Callable[[], None]:
        """Call ``listener`` with each event from now on; the answer stops it. It must be quick and never raise."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def last_id(self) -> str:
        return f"{self._run}-{self._seq}"

    async def subscribe(self, wanted: Callable[[Event], bool], after: str | None = None) -> AsyncIterator[Recorded]:
        """Events that are ``wanted``, from just behind ``after`` (an id seen before) or from now.

        When ``after`` is too old, or the reader fell too far behind, one ``Overflow`` comes first.
        """
        queue: asyncio.Queue[Recorded] = asyncio.Queue(BACKLOG)
        overflowed = False

        def put(recorded: Recorded) -> None:
            nonlocal overflowed
            if wanted(recorded.event):
                try:
                    queue.put_nowait(recorded)
                except asyncio.QueueFull:
                    overflowed = True

        missed: list[Recorded] = []
        reset = False
        if after is not None:
            run, _, seq = after.rpartition("-")
            oldest = self._recent[0].seq if self._recent else self._seq + 1
            if run == self._run and seq.isdecimal() and int(seq) >= oldest - 1:
                missed = [r for r in self._recent if r.seq > int(seq) and wanted(r.event)]
            else:
                reset = True
        stop = self.listen(put)
        try:
            if reset:
                yield self._reset()
            for recorded in missed:
                yield recorded
            while True:
                if overflowed and queue.empty():
                    overflowed = False
                    yield self._reset()
                yield await queue.get()
        finally:
            stop()

    def _reset(self) -> Recorded:
        return Recorded(self.last_id(), self._seq, clock.timestamp(), Overflow())
