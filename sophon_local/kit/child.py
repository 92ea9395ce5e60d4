"""How this program starts itself as a child process, from a checkout, an installation or a frozen bundle."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# What a child may know of its surroundings. Keys and tokens of the person's shell stay out.
_KEPT = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "USERPROFILE", "LOCALAPPDATA",
    "APPDATA", "COMSPEC", "PATHEXT", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE",
)  # fmt: skip

# ONNX Runtime's packages keep a device id and usage events unless they are told not to.
QUIET = {"ORT_DISABLE_TELEMETRY": "1"}


def worker_argv(name: str, *arguments: str) -> list[str]:
    """The command line of the worker called ``name`` (``sophon_local.cli`` knows them)."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "sophon_local"]
    return [*start, "worker", name, *arguments]


def worker_folder() -> Path | None:
    """Where to start a worker: ``python -m`` looks in the current folder first, so it is the one with this package, never one where strangers
    may have put files. A frozen program does not care."""
    return None if getattr(sys, "frozen", False) else Path(__file__).parents[2]


def worker_environment(**extra: str) -> dict[str, str]:
    return {**{k: os.environ[k] for k in _KEPT if k in os.environ}, **QUIET, **extra}
