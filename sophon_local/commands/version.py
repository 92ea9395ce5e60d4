"""``sophon-local version``."""

from __future__ import annotations

import argparse
import json
import platform

from .. import __version__
from ..settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(json.dumps({"version": __version__, "python": platform.python_version(), "home": str(settings.home)}))
    else:
        print(f"sophon-local {__version__}")
    return 0
