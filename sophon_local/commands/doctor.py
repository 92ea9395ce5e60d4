"""``sophon-local doctor``: what could keep the program from working, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator

import msgspec

from ..db.integrity import damage, engine_version, is_ahead_of_the_clock
from ..kit import clock
from ..kit.errors import SophonError
from ..server import check_host, find_running
from ..settings import Settings

_GB = 1_000_000_000
_LEAST_SQLITE = (3, 51, 3)


class Finding(msgspec.Struct, frozen=True):
    """``state`` is good, notice (works, but look) or problem."""

    name: str
    state: str
    text: str
    advice: str = ""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    found = [finding for check in _CHECKS for finding in check(settings)]
    is_healthy = all(one.state != "problem" for one in found)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode({"healthy": is_healthy, "findings": found}), indent=2).decode())
    else:
        marks = {"good": "ok     ", "notice": "notice ", "problem": "PROBLEM"}
        for one in found:
            print(f"{marks[one.state]}  {one.name}: {one.text}")
            if one.advice:
                print(f"         {one.advice}")
    return 0 if is_healthy else 1


def _python(settings: Settings) -> Iterator[Finding]:
    text = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    yield Finding("Python", "good", text)


def _sqlite(settings: Settings) -> Iterator[Finding]:
    version = engine_version()
    if tuple(int(part) for part in version.split(".")) < _LEAST_SQLITE:
        yield Finding("SQLite", "problem", version, "Releases before 3.51.3 can damage a database. Install the program again: pip install --upgrade apsw")
    else:
        yield Finding("SQLite", "good", version)


def _host(settings: Settings) -> Iterator[Finding]:
    try:
        check_host(settings)
    except SophonError as error:
        yield Finding("Address", "problem", error.message)


def _folder(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not home.exists():
        yield Finding("Data folder", "good", f"{home} is made at the first start")
        return
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        yield Finding("Data folder", "problem", f"{home} cannot be written", "Give it back to your user, or choose another with --data.")
        return
    if os.name == "posix" and stat.S_IMODE(home.stat().st_mode) & 0o077:
        yield Finding("Data folder", "notice", f"{home} can be read by other users of this machine", f"chmod 700 {home}")
        return
    yield Finding("Data folder", "good", str(home))


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(one for one in (settings.home, *settings.home.parents) if one.exists())
    free = shutil.disk_usage(folder).free
    text = f"{free / _GB:.1f} GB free"
    if free < 200_000_000:
        yield Finding("Disk", "problem", text, "Free some space: nothing new can be stored soon.")
    elif free < 2 * _GB:
        yield Finding("Disk", "notice", text, "A chat model needs 0.1 to 3 GB.")
    else:
        yield Finding("Disk", "good", text)


def _databases(settings: Settings) -> Iterator[Finding]:
    files = [settings.home / "system.db", *sorted((settings.home / "tenants").glob("*/workspace.db"))]
    for file in files:
        name = file.relative_to(settings.home).as_posix()
        if not file.exists():
            continue
        wrong = damage(file)
        if wrong is None:
            yield Finding(name, "good", f"sound, {file.stat().st_size / 1_000_000:.1f} MB")
        else:
            yield Finding(name, "problem", wrong, f"Stop the server, copy {file} to a safe place, and restore the latest of {settings.home / 'backups'}.")


def _clock(settings: Settings) -> Iterator[Finding]:
    now = clock.now()
    files = [settings.home / "system.db", *sorted((settings.home / "tenants").glob("*/workspace.db"))]
    if now.year < 2026 or any(is_ahead_of_the_clock(file) for file in files if file.exists()):
        yield Finding("Clock", "problem", clock.timestamp(now), "The clock of this machine is wrong, or was. Set it: the order of what is kept depends on it.")
    else:
        yield Finding("Clock", "good", clock.timestamp(now))


def _web(settings: Settings) -> Iterator[Finding]:
    from ..surfaces.web import Web

    if Web().is_built:
        yield Finding("Web pages", "good", "built")
    else:
        yield Finding("Web pages", "problem", "not built", "Run python packaging/build_web.py, or install the program with pip install .")


def _port(settings: Settings) -> Iterator[Finding]:
    running = find_running(settings.home)
    if running is not None:
        yield Finding("Server", "good", f"runs at {running.url} (process {running.pid})")
        return
    with socket.socket() as probe:
        probe.settimeout(1)
        is_taken = probe.connect_ex(("127.0.0.1", settings.port)) == 0
    if is_taken:
        yield Finding("Port", "notice", f"{settings.port} is taken by another program", "The server takes the next free one. --port chooses another.")
    else:
        yield Finding("Port", "good", f"{settings.port} is free")


def _models(settings: Settings) -> Iterator[Finding]:
    async def ask() -> dict[str, dict[str, str | None]]:
        from .connection import connect

        async with connect(msgspec.structs.replace(settings, fetch_models=False)) as connection:
            answer: dict[str, dict[str, str | None]] = await connection.call("GET", "/api/models")
            return answer

    if not settings.home.exists():
        yield Finding("Models", "good", "fetched at the first start" if settings.fetch_models else "none")
        return
    try:
        answer = asyncio.run(ask())
    except (SophonError, OSError) as error:
        yield Finding("Models", "problem", getattr(error, "message", str(error)))
        return
    for kind, without in (("embedding", "search finds words, not meaning"), ("chat", "answers are quotations from your documents")):
        model = answer[kind]["modelId"]
        if model:
            yield Finding(f"{kind.title()} model", "good", str(model))
        else:
            yield Finding(f"{kind.title()} model", "notice", f"none: {without}", "sophon-local models list shows what can be fetched.")


_CHECKS: list[Callable[[Settings], Iterator[Finding]]] = [_python, _sqlite, _host, _folder, _disk, _databases, _clock, _web, _port, _models]
