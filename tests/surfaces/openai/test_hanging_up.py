"""An answer that nobody reads any more is given up, so that the model is free for the next caller."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sophon_local.kit.errors import ServiceUnavailable
from sophon_local.surfaces.openai.chat import _unless_gone

pytestmark = pytest.mark.anyio


class Connection:
    """The receiving side of a request: silent until its caller hangs up."""

    def __init__(self) -> None:
        self.hung_up = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.hung_up.wait()
        return {"type": "http.disconnect"}


async def test_work_for_a_caller_who_hangs_up_is_cancelled() -> None:
    connection, stopped = Connection(), asyncio.Event()

    async def work() -> str:
        try:
            connection.hung_up.set()
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.set()
            raise
        return "too late"

    with pytest.raises(ServiceUnavailable):
        await _unless_gone(connection, work())  # type: ignore[arg-type]
    assert stopped.is_set()


async def test_a_caller_who_stays_gets_the_answer() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "here"

    assert await _unless_gone(Connection(), work()) == "here"  # type: ignore[arg-type]
