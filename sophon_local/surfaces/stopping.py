"""The flag that ends open streams, so that a server that stops need not wait for its readers. One per event loop."""

from __future__ import annotations

import asyncio
import weakref

_flags: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Event] = weakref.WeakKeyDictionary()


def stop_flag() -> asyncio.Event:
    """Set while this event loop's server is stopping."""
    return _flags.setdefault(asyncio.get_running_loop(), asyncio.Event())


def begin_streams() -> None:
    """Streams of this event loop may run (again)."""
    stop_flag().clear()


def end_streams() -> None:
    """End every open stream of this event loop."""
    stop_flag().set()
