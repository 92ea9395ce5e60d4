"""What many tests need: a database, the models' files, a running server."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent

# The files that the README's test command fetches once; the tests check them and never fetch.
MODEL_FILES = {
    "minilm/model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "minilm/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "smollm2-135m/model.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def models_folder() -> Path:
    folder = Path(os.environ.get("SOPHON_TEST_MODELS", ROOT / ".models"))
    for name, digest in MODEL_FILES.items():
        file = folder / name
        if not file.is_file():
            pytest.fail(f"{file} is missing: run the README's test command, which fetches it once.")
        if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            pytest.fail(f"{file} is damaged: delete it and run the README's test command again.")
    return folder


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


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Iterator[LiveServer]:
    """A server with both small models in place, shared by the tests that only add to it."""
    server = start_server(tmp_path_factory.mktemp("live") / "home", SOPHON_MODELS_PATH=str(models_folder))
    yield server
    stop_server(server)
