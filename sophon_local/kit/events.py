"""One bus per workspace: what happened is published once, and whoever cares subscribes."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
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

    def subscribe(self, wanted: Callable[[Event], bool], after: str | None = None) -> Subscription:
        """Events that are ``wanted``, from just behind ``after`` (an id seen before) or from this very call on.

        When ``after`` is too old, or the reader fell too far behind, an ``Overflow`` comes instead of what was lost.
        """
        missed: list[Recorded] = []
        if after is not None:
            run, _, seq = after.rpartition("-")
            oldest = self._recent[0].seq if self._recent else self._seq + 1
            if run == self._run and seq.isdecimal() and int(seq) >= oldest - 1:
                missed = [r for r in self._recent if r.seq > int(seq) and wanted(r.event)]
            else:
                missed = [self.reset()]
        return Subscription(self, wanted, missed)

    def reset(self) -> Recorded:
        return Recorded(self.last_id(), self._seq, clock.timestamp(), Overflow())


class Subscription:
    """An async iterator of events; ``aclose`` it when done."""

    def __init__(self, events: Events, wanted: Callable[[Event], bool], missed: list[Recorded]) -> None:
        self._events = events
        self._wanted = wanted
        self._queue: asyncio.Queue[Recorded | None] = asyncio.Queue()
        for recorded in missed:
            self._queue.put_nowait(recorded)
        self._stop = events.listen(self._put)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Recorded:
        recorded = await self._queue.get()
        if recorded is None:
            raise StopAsyncIteration
        return recorded

    async def aclose(self) -> None:
        self._stop()
        self._queue.put_nowait(None)

    def _put(self, recorded: Recorded) -> None:
        if not self._wanted(recorded.event):
            return
        if self._queue.qsize() >= BACKLOG:
            while not self._queue.empty():
                self._queue.get_nowait()
            recorded = self._events.reset()
        self._queue.put_nowait(recorded)
