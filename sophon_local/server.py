"""The server process: one per data folder, on a loopback port, and gone within 5 s when asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http.client
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from . import __version__
from .kit import clock
from .kit.errors import SophonError
from .settings import Settings

PORTS_TRIED = 20
STOP_S = 4.5  # after this the process ends whatever still runs; the databases are safe at any moment
STARTING_S = 15.0  # how long a second start waits for the first one to answer


class StartRefused(SophonError):
    """The server cannot start like this; the message says what to change."""

    code = "start_refused"


class Running(msgspec.Struct, rename="camel", frozen=True):
    """``runtime.json``: how scripts and a second start find the running server."""

    pid: int
    port: int
    url: str
    started_at: str
    version: str


def serve(settings: Settings) -> int:
    """Run until stopped. The answer is the exit code: 0 also when this data folder's server runs already."""
    check_host(settings)
    prepare_home(settings.home)
    with instance_lock(settings.home) as is_first:
        if not is_first:
            return _show_running(settings)
        listener, note = listen(settings)
        with contextlib.closing(listener):
            port = listener.getsockname()[1]
            settings = msgspec.structs.replace(settings, port=port)
            asyncio.run(_run(settings, listener, note))
    return 0


def check_host(settings: Settings) -> None:
    if not settings.is_loopback:
        raise StartRefused(
            f"host is {settings.host}, but in personal mode nobody logs in, so the server listens on this machine only. "
            "Set host (--host, SOPHON_HOST, or config.toml) to 127.0.0.1."
        )


def prepare_home(home: Path) -> None:
    """Make the data folder, for this user only. What the process writes from now on is for this user only, too."""
    os.umask(0o077)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix":
            home.chmod(0o700)
        probe = home / f".write-test-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise StartRefused(f"{explain(error, home)} Choose another data folder with --data or SOPHON_HOME.") from None


def explain(error: OSError, path: Path) -> str:
    """What the operating system means, in words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {path} is full. Free some space and start again."
    if error.errno == errno.EROFS:
        return f"{path} is on a disk that can only be read."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path} cannot be written by this user."
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{path} is not a folder."
    return f"{path} cannot be used as the data folder: {error.strerror or error}."


# ---- one server per data folder


@contextlib.contextmanager
def instance_lock(home: Path) -> Iterator[bool]:
    """True for the first process in this data folder, as long as it runs. The system gives the lock back when the process dies."""
    file = os.open(home / "runtime.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _take(file)
    finally:
        os.close(file)


def _take(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def find_running(home: Path) -> Running | None:
    """The server of this data folder, when one answers."""
    try:
        running = msgspec.json.decode((home / "runtime.json").read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return running if _answers(running) else None


def _answers(running: Running) -> bool:
    address = urlsplit(running.url)
    connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", running.port, timeout=3)
    try:
        connection.request("GET", "/api/health")
        answer = connection.getresponse()
        return answer.getheader("X-Sophon-Request-Id") is not None and "status" in json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _show_running(settings: Settings) -> int:
    until = time.monotonic() + STARTING_S
    running = find_running(settings.home)
    while running is None and time.monotonic() < until:
        time.sleep(0.2)
        running = find_running(settings.home)
    if running is None:
        raise StartRefused(f"Another process uses the data folder {settings.home} but does not answer. Wait until it has stopped, or end it, and start again.")
    print(f"Sophon Local runs already: {running.url}", flush=True)
    if settings.open_browser:
        open_browser(running.url)
    return 0


def _write_runtime(home: Path, running: Running) -> None:
    beside = home / "runtime.json.new"
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(running))
    beside.replace(home / "runtime.json")


def open_browser(url: str) -> None:
    """Show ``url`` to the person, where there is a screen to show it on."""
    if sys.platform not in ("win32", "darwin") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


# ---- the port


def listen(settings: Settings) -> tuple[socket.socket, str]:
    """A socket bound to the wanted port or, unless it must be that one, the next free one; and a word to the person when it is another."""
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    last = settings.port if settings.port_is_fixed or settings.port == 0 else min(settings.port + PORTS_TRIED, 65_535)
    for port in range(settings.port, last + 1):
        bound = _bind(host, port)
        if bound is not None:
            return bound, "" if port == settings.port else f" (port {settings.port} is taken by another program)"
    if last == settings.port:
        raise StartRefused(f"Port {settings.port} is taken by another program. Stop that program, or choose another port with --port.")
    raise StartRefused(f"The ports {settings.port} to {last} are all taken. Choose another one with --port.")


def _bind(host: str, port: int) -> socket.socket | None:
    # The protocol is named so that asyncio switches off Nagle's algorithm on what it accepts: without that every answer waits 40 ms.
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(256)
        return bound
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            return None
        if error.errno == errno.EACCES:
            raise StartRefused(f"This user may not listen on port {port}. Choose one above 1023 with --port.") from None
        raise StartRefused(f"It is not possible to listen on {host} port {port}: {error.strerror or error}.") from None


# ---- the process


async def _run(settings: Settings, listener: socket.socket, note: str) -> None:
    from .app import build_app
    from .wire import make_server

    home = settings.home
    app = build_app(settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}/"
    async with app.running():
        server = make_server(app, settings, on_stop=_end_in_time)
        _write_runtime(home, Running(os.getpid(), settings.port, url, clock.timestamp(), __version__))
        print(f"Sophon Local {__version__}: {url}{note}\nData folder: {home}\nCtrl-C stops it.", flush=True)
        if settings.open_browser:
            open_browser(url)
        try:
            await server.serve(sockets=[listener])
        finally:
            with contextlib.suppress(OSError):
                (home / "runtime.json").unlink()


def _end_in_time() -> None:
    """Whatever hangs, the process is gone in time: what was acknowledged is on disk already."""

    def end() -> None:
        logging.getLogger("sophon").warning("something did not stop in time; the process ends without it")
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(STOP_S, end)
    timer.daemon = True
    timer.start()
