"""A real server process, as the tests start and stop it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple


class LiveServer(NamedTuple):
    url: str
    home: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> object:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)


def start_server(home: Path, **environment: str) -> LiveServer:
    """A real server process on a free port with the data folder ``home``; it downloads nothing. With ``SOPHON_MODELS_PATH`` it has its models."""
    log = (home.parent / f"{home.name}.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "sophon_local", "serve", "--no-browser", "--data", str(home)],
        stdout=log,
        stderr=log,
        env={**os.environ, "SOPHON_FETCH_MODELS": "false", "SOPHON_DISCOVER_LOCAL_MODELS": "false", **environment},
    )
    runtime = home / "runtime.json"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server stopped with {process.returncode}: {Path(log.name).read_text()[-2000:]}")
        try:
            running = json.loads(runtime.read_text())
            if running["pid"] == process.pid:
                urllib.request.urlopen(running["url"].rstrip("/") + "/api/health", timeout=5).close()
                server = LiveServer(running["url"].rstrip("/"), home, process)
                if "SOPHON_MODELS_PATH" in environment:
                    wait_for_models(server, deadline)
                return server
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the server did not come up: {Path(log.name).read_text()[-2000:]}")


def wait_for_models(server: LiveServer, deadline: float) -> None:
    """The models of the given folder are taken over in the background; come back once they are."""
    while time.monotonic() < deadline:
        models = server.get("/api/models")
        if models["chat"]["modelId"] and models["embedding"]["modelId"]:  # type: ignore[index]
            return
        time.sleep(0.05)
    raise RuntimeError("the models were not taken over")


def stop_server(server: LiveServer) -> None:
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        raise
