"""Ids, cursors, events: small promises that everything else rests on."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from sophon_local.kit import clock
from sophon_local.kit.errors import InvalidCursor, ValidationFailed
from sophon_local.kit.events import Event, Events, Overflow
from sophon_local.kit.ids import new_id
from sophon_local.kit.paging import Cursors, page_of

pytestmark = pytest.mark.anyio


class Ping(Event, frozen=True):
    topic: ClassVar[str] = "ping"
    n: int


def test_ids_sort_in_the_order_they_were_made() -> None:
    ids = [new_id("x") for _ in range(2_000)]
    assert ids == sorted(ids) and len(set(ids)) == 2_000


def test_timestamps_have_one_width_and_sort_as_text() -> None:
    early, late = clock.parse("2026-01-02T03:04:05+02:00"), clock.parse("2026-01-02T03:04:05.000001")
    assert clock.timestamp(early) == "2026-01-02T01:04:05.000000Z" < clock.timestamp(late)


def test_a_time_beyond_the_calendar_is_none() -> None:
    for text in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(ValueError):
            clock.parse(text)
    assert clock.timestamp(clock.parse("0001-01-01")) == "0001-01-01T00:00:00.000000Z"
    assert clock.timestamp(clock.parse("9999-12-31T23:59:59.999999Z")) == "9999-12-31T23:59:59.999999Z"


def test_a_cursor_opens_only_where_it_was_sealed() -> None:
    cursors = Cursors(b"secret")
    sealed = cursors.seal(("2026", "mem_1"))
    assert sealed and cursors.open(sealed) == ("2026", "mem_1")
    for wrong in (sealed[:-2], "A" + sealed, "", "x", Cursors(b"other").seal(("2026", "mem_1")) or "", "é", "\x00"):
        with pytest.raises(InvalidCursor):
            cursors.open(wrong)


def test_a_cursor_of_one_list_is_none_of_another() -> None:
    cursors = Cursors(b"secret")
    sealed = cursors.bound_to("/api/sessions?[]").seal(("2026", "sess_1"))
    assert sealed and cursors.bound_to("/api/sessions?[]").open(sealed) == ("2026", "sess_1")
    for other in (cursors, cursors.bound_to("/api/tasks/history?[]"), cursors.bound_to("/api/sessions?[('q', 'x')]")):
        with pytest.raises(InvalidCursor):
            other.open(sealed)


def test_limits_are_checked_and_cut() -> None:
    cursors = Cursors(b"s")
    assert cursors.request(10_000, None).limit == 200
    for limit, offset in ((0, 0), (-1, 0), (1, -1)):
        with pytest.raises(ValidationFailed):
            cursors.request(limit, None, offset)


def test_a_page_says_whether_there_is_more() -> None:
    assert page_of([1, 2, 3], 2, lambda n: (n,)).next_key == (2,)
    assert page_of([1, 2], 2, lambda n: (n,)).next_key is None


async def _take(subscription, n: int) -> list[object]:
    return [(await asyncio.wait_for(anext(subscription), 5)).event for _ in range(n)]


async def test_a_subscriber_gets_what_is_published_from_the_moment_it_subscribes() -> None:
    events = Events()
    events.publish(Ping(n=0))
    subscription = events.subscribe(lambda e: isinstance(e, Ping))
    events.publish(Ping(n=1))
    events.publish(Overflow())
    events.publish(Ping(n=2))
    assert [e.n for e in await _take(subscription, 2)] == [1, 2]


async def test_a_reader_that_comes_back_misses_nothing() -> None:
    events = Events()
    events.publish(Ping(n=1))
    seen = events.last_id()
    for n in (2, 3):
        events.publish(Ping(n=n))
    assert [e.n for e in await _take(events.subscribe(lambda e: True, seen), 2)] == [2, 3]


async def test_a_reader_from_another_run_is_told_to_start_over() -> None:
    events = Events()
    events.publish(Ping(n=1))
    for stale in ("other-1", "nonsense", ""):
        assert isinstance((await _take(events.subscribe(lambda e: True, stale), 1))[0], Overflow)


async def test_a_reader_that_falls_behind_is_told_instead_of_filling_the_memory() -> None:
    events = Events()
    subscription = events.subscribe(lambda e: True)
    for n in range(10_001):
        events.publish(Ping(n=n))
    first = await _take(subscription, 1)
    assert isinstance(first[0], Overflow)
