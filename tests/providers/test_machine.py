"""What the machine has to give."""

from __future__ import annotations

import os
import sys

import psutil
import pytest

from sophon_local.providers import machine


def test_cores_and_memory_are_those_of_this_machine_or_less() -> None:
    assert 1 <= machine.usable_cores() <= (os.cpu_count() or 1)
    assert 0 < machine.total_memory() <= psutil.virtual_memory().total
    assert 0 <= machine.available_memory() <= machine.total_memory()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' C libraries give memory back by themselves, or never")
def test_memory_can_be_given_back_at_any_time() -> None:
    held = [bytes(100_000) for _ in range(1_000)]
    before = psutil.Process().memory_info().rss
    held.clear()
    machine.give_back_memory()
    assert psutil.Process().memory_info().rss < before
