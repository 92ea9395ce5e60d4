"""``sophon-local routes``: every method and path with the file and line that answers it."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..kit.errors import ValidationFailed
from ..settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    rows = list(_rows(settings, arguments.surface))
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    width = max((len(row["path"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['surface']:8} {row['method']:7} {row['path']:{width}}  {row['file']}:{row['line']}{'  extension' if row['extension'] else ''}")
    return 0


def _rows(settings: Settings, wanted: str | None) -> Iterator[dict[str, Any]]:
    from ..surfaces import ALL
    from ..surfaces.build import build_unconnected
    from ..surfaces.sophon.shapes import ExtensionOperation

    names = [surface.name for surface in ALL]
    if wanted is not None and wanted not in names:
        raise ValidationFailed(f"There is no surface {wanted}. There are: {', '.join(names)}.")
    root = Path(__file__).parent.parent.parent
    for surface in ALL:
        if wanted not in (None, surface.name):
            continue
        app = build_unconnected(surface, settings).litestar
        for route in sorted(app.routes, key=lambda route: route.path_format):
            for method, (handler, _) in sorted(getattr(route, "route_handler_map", {}).items()):
                if method == "OPTIONS":
                    continue
                function = handler.fn
                yield {
                    "surface": surface.name,
                    "method": method,
                    "path": route.path_format,
                    "file": Path(inspect.getsourcefile(function) or "").relative_to(root).as_posix(),
                    "line": function.__code__.co_firstlineno,
                    "extension": handler.operation_class is ExtensionOperation,
                }
