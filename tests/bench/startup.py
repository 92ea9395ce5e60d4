"""CPU and memory from the command to the first 200, beside a stock FastAPI "hello": python tests/bench/startup.py

Asked of the issue: at most 1.0 s of CPU to the first 200 and at most 120 MB at rest with no model loaded.
The baseline is measured when fastapi is installed in an environment of its own: FASTAPI_PYTHON=/path/to/python.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

RUNS = 5
HELLO = """
import sys
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()

class Hello(BaseModel):
    word: str

@app.get("/")
async def hello() -> Hello:
    return Hello(word="hello")

uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(command: list[str], url: str, environment: dict[str, str]) -> tuple[float, float, float]:
    """(CPU seconds, wall seconds) to the first 200, and MB of memory once it is at rest."""
    started = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    assert answer.status == 200
                break
            except (urllib.error.URLError, ConnectionError):
                if process.poll() is not None:
                    sys.exit(f"{command} stopped with {process.returncode}")
                time.sleep(0.005)
        wall = time.monotonic() - started
        watched = psutil.Process(process.pid)
        times = watched.cpu_times()
        cpu = times.user + times.system
        time.sleep(3)
        return cpu, wall, sum(one.memory_info().rss for one in [watched, *watched.children(recursive=True)]) / 1e6
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def report(name: str, runs: list[tuple[float, float, float]]) -> dict[str, float]:
    cpu, wall, memory = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"{name:28} {cpu:6.2f} s CPU  {wall:6.2f} s wall  {memory:6.1f} MB", flush=True)
    return {"cpu_s": cpu, "wall_s": wall, "memory_mb": memory}


def main() -> None:
    results = {}
    quiet = {"SOPHON_FETCH_MODELS": "false", "SOPHON_DISCOVER_LOCAL_MODELS": "false", "SOPHON_USE_KEYRING": "false"}
    for name, path in (("sophon-local, /api/health", "/api/health"), ("sophon-local, /ui/", "/ui/")):
        runs = []
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(RUNS + 1):  # the first one makes the databases and the byte code
                port = free_port()
                command = [sys.executable, "-m", "sophon_local", "--no-browser", "--port", str(port), "--data", str(Path(folder) / "home")]
                runs.append(measure(command, f"http://127.0.0.1:{port}{path}", quiet))
        results[name] = report(name, runs[1:])
    python = os.environ.get("FASTAPI_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import fastapi"], capture_output=True, check=False).returncode == 0:
        runs = []
        for _ in range(RUNS + 1):
            port = free_port()
            runs.append(measure([python, "-c", HELLO, str(port)], f"http://127.0.0.1:{port}/", {}))
        results["fastapi hello"] = report("fastapi hello", runs[1:])
    else:
        print("fastapi is not installed: no baseline")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
