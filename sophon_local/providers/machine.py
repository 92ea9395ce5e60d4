"""What this machine has to give to a model: cores and free memory, as the process may really use them (containers are counted)."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def usable_cores() -> int:
    """Physical cores, within this process's affinity and the container's CPU quota; at least 1."""
    import psutil

    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        allowed = os.cpu_count() or 1
    cores = min(psutil.cpu_count(logical=False) or allowed, allowed)
    quota = _cpu_quota()
    return max(1, min(cores, quota) if quota else cores)


def total_memory() -> int:
    """Bytes of memory that this machine, or this container, has in all."""
    import psutil

    limit = _memory_limit()
    total = int(psutil.virtual_memory().total)
    return min(total, limit[0]) if limit else total


def available_memory() -> int:
    """Bytes that a new process can take without pushing others out."""
    import psutil

    limit = _memory_limit()
    available = int(psutil.virtual_memory().available)
    return min(available, max(0, limit[0] - limit[1])) if limit else available


def give_back_memory() -> None:
    """Hand freed memory back to the system, where the C library would keep it (glibc: 150 MB after a long run of embeddings). Takes some milliseconds."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # musl has no such function
            ctypes.CDLL(None).malloc_trim(0)


def _control_group() -> Path | None:
    """This process's folder of control group version 2."""
    try:
        for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
            if line.startswith("0::"):
                folder = Path("/sys/fs/cgroup") / line[3:].lstrip("/")
                return folder if (folder / "memory.max").exists() or (folder / "cpu.max").exists() else Path("/sys/fs/cgroup")
    except OSError:
        pass
    return None


def _cpu_quota() -> int | None:
    folder = _control_group()
    try:
        quota, period = (folder / "cpu.max").read_text("utf-8").split() if folder else ("max", "1")
        return None if quota == "max" else max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):
        return None


def _memory_limit() -> tuple[int, int] | None:
    """(limit, used without what can be dropped) of the container, or None where nothing limits it."""
    folder = _control_group()
    try:
        if folder is None or (text := (folder / "memory.max").read_text("utf-8").strip()) == "max":
            return None
        statistics = dict(line.split() for line in (folder / "memory.stat").read_text("utf-8").splitlines())
        droppable = int(statistics.get("inactive_file", 0)) + int(statistics.get("active_file", 0))
        return int(text), max(0, int((folder / "memory.current").read_text("utf-8")) - droppable)
    except (OSError, ValueError):
        return None
