"""``sophon-local models``: list, pull, use and delete, over the API of the running server or of one inside this command."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from ..kit.errors import ValidationFailed
from ..settings import Settings
from .connection import CommandFailed, Connection, connect

_OFFLINE_S = 60.0  # a command without a server gives up when it could fetch nothing for so long


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    # A command does what it was asked to: the first-start downloads are the server's.
    return asyncio.run(_run(msgspec.structs.replace(settings, fetch_models=False), arguments))


async def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    async with connect(settings) as connection:
        match arguments.verb:
            case "pull":
                found = await _pull(connection, arguments.model, getattr(arguments, "from_path", None))
            case "use":
                found = [await connection.call("POST", "/api/models/use", {"model": arguments.model})]
                _note(f"{found[0]['name']} answers from now on.")
            case "delete":
                await connection.call("POST", "/api/models/delete", {"model": arguments.model})
                found = []
                _note(f"{arguments.model} is deleted.")
            case _:
                overview = await connection.call("GET", "/api/models")
                print(json.dumps(overview, ensure_ascii=False, indent=2) if arguments.json else _table(overview))
                return 0
    if arguments.json:
        print(json.dumps(found if arguments.verb == "pull" else found[0] if found else None, ensure_ascii=False, indent=2))
    return 0


def _table(overview: dict[str, Any]) -> str:
    machine = overview["machine"]
    lines = [f"{machine['cores']} cores, {_size(machine['memoryBytes'])} of memory, {_size(machine['availableBytes'])} of it free", ""]
    width = max(len(model["id"]) for model in overview["items"])
    for model in overview["items"]:
        mark = "*" if model["isInUse"] else " "
        state = model["status"]
        if state in ("downloading", "verifying"):
            state = f"{state} {_percent(model)}"
        words = [model["kind"], _size(model["sizeBytes"]) if model["sizeBytes"] else "", model["licence"]]
        fit = {"yes": "fits", "tight": "tight", "no": "too big"}[model["fitsMemory"]] if model["sizeBytes"] else ""
        lines.append(
            f"{mark} {model['id']:{width}}  {state:16} {fit:8} {', '.join(word for word in words if word)}{'  (recommended)' if model['recommended'] else ''}"
        )
        if model["error"]:
            lines.append(f"    {model['error']}")
    return "\n".join([*lines, "", "* is in use"])


async def _pull(connection: Connection, models: list[str], from_path: str | None) -> list[dict[str, Any]]:
    if from_path is not None and len(models) > 1:
        raise ValidationFailed("--from names the file of one model: pull the others without it.")
    path = str(await asyncio.to_thread(Path(from_path).absolute)) if from_path is not None else None
    pulled = [await connection.call("POST", "/api/models/pull", {"model": model, "from": path}) for model in models]
    return [await _follow(connection, model) for model in pulled]


async def _follow(connection: Connection, model: dict[str, Any]) -> dict[str, Any]:
    """Wait until a model is here, and say how far it is."""
    told = ""
    waiting_since: float | None = None
    while model["status"] != "installed":
        if model["status"] == "failed":
            raise CommandFailed(f"{model['name']}: {model['error']}")
        if model["status"] == "available":
            raise CommandFailed(f"{model['name']}: the download was cancelled.")
        if model["status"] == "queued" and model["error"]:
            waiting_since = waiting_since or time.monotonic()
            if connection.is_running:
                raise CommandFailed(f"{model['name']}: {model['error']} The server goes on trying.")
            if time.monotonic() - waiting_since > _OFFLINE_S:
                raise CommandFailed(f"{model['name']}: {model['error']} Given up; what was fetched is kept.")
        else:
            waiting_since = None
        state = f"{model['name']}: {model['status']} {_percent(model)}" + (f" ({model['error']})" if model["error"] else "")
        if state != told:
            told = state
            _show(state)
        await asyncio.sleep(0.3)
        model = await connection.call("GET", f"/api/models/{quote(model['id'])}")
    _show(f"{model['name']}: installed, {_size(model['sizeBytes'])}")
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return model


def _show(state: str) -> None:
    """One line that is written over, where somebody looks on; a line each otherwise."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{state}", end="", file=sys.stderr, flush=True)
    else:
        _note(state)


def _percent(model: dict[str, Any]) -> str:
    return f"{model['doneBytes'] / model['totalBytes']:.0%}" if model["totalBytes"] else ""


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
