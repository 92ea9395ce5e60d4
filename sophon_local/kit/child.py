"""How this program starts itself as a child process, from a checkout, an installation or a frozen bundle."""

from __future__ import annotations

import os
import sys

# What a child may know of its surroundings. Keys and tokens of the person's shell stay out.
_KEPT = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "USERPROFILE", "LOCALAPPDATA",
    "APPDATA", "COMSPEC", "PATHEXT", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
)  # fmt: skip


def worker_argv(name: str, *arguments: str) -> list[str]:
    """The command line of the worker called ``name`` (``sophon_local.cli`` knows them)."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "sophon_local"]
    return [*start, "worker", name, *arguments]


def worker_environment(**extra: str) -> dict[str, str]:
    return {**{k: os.environ[k] for k in _KEPT if k in os.environ}, **extra}
