"""Reads and writes over HTTP, as ratios: python tests/bench/http_read.py

- a read of one row, against a bare Litestar route that returns the same bytes (asked: at least 0.5)
- acknowledged single writes of 32 clients, against plain SQLite with one commit per write at synchronous=FULL (asked: at least 10)

Both servers run alone in a process of their own; the clients are raw keep-alive connections in this one, so that they cost little.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

import apsw
import psutil

SECONDS = 4.0
CLIENTS = 32
ROUNDS = 3
BARE = """
import sys
import msgspec, uvicorn
from litestar import Litestar, get

BODY = msgspec.json.decode(sys.argv[2].encode())

@get("/row")
async def row() -> dict:
    return BODY

uvicorn.run(Litestar([row], openapi_config=None, logging_config=None), port=int(sys.argv[1]), log_level="error", http="h11", loop="asyncio")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> bytes:
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                body: bytes = answer.read()
                return body
        except OSError:
            time.sleep(0.02)


async def drive(port: int, clients: int, make: object) -> float:
    """Requests a second that ``clients`` connections get answered; each sends the next when it has the answer to the last."""
    end = time.perf_counter() + SECONDS
    counts = [0] * clients

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            writer.write(make(number, counts[number]))  # type: ignore[operator]
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), head
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            counts[number] += 1
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(clients)))
    return sum(counts) / (time.perf_counter() - started)


def get(port: int, path: str) -> object:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    return lambda number, count: request


def patch_agent(port: int) -> object:
    def make(number: int, count: int) -> bytes:
        body = json.dumps({"description": f"Client {number}, write {count}"}).encode()
        head = f"PATCH /api/agents/sophon HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    return make


def cpu_of(process: subprocess.Popen[bytes]) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def plain_commits(folder: Path) -> float:
    connection = apsw.Connection(str(folder / "plain.db"))
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE agents (id TEXT PRIMARY KEY, body TEXT)")
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        connection.execute("INSERT INTO agents VALUES (?, ?)", (str(count), "x" * 300))
        count += 1
    rate = count / (time.perf_counter() - started)
    connection.close()
    return rate


async def grouped_commits(folder: Path) -> float:
    """The same rows through our own writer, from 32 clients inside one process: what HTTP adds is then plain to see."""
    from sophon_local.db import Database, Migration, Tx

    database = Database(folder / "grouped.db", [Migration("bench", 1, "agents", "CREATE TABLE agents (id TEXT PRIMARY KEY, body TEXT);")])
    end, counts = time.perf_counter() + SECONDS, [0] * CLIENTS

    def insert(name: str, tx: Tx) -> None:
        tx.run("INSERT INTO agents VALUES (:id, :body)", id=name, body="x" * 300)

    async def one(number: int) -> None:
        while time.perf_counter() < end:
            await database.write(partial(insert, f"{number}-{counts[number]}"))
            counts[number] += 1

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    rate = sum(counts) / (time.perf_counter() - started)
    database.close()
    return rate


def main() -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        port, bare_port = free_port(), free_port()
        quiet = {"SOPHON_FETCH_MODELS": "false", "SOPHON_DISCOVER_LOCAL_MODELS": "false", "SOPHON_USE_KEYRING": "false", "SOPHON_RATE_LIMITS": "false"}
        command = [sys.executable, "-m", "sophon_local", "--no-browser", "--port", str(port), "--data", str(Path(folder) / "home")]
        ours = subprocess.Popen(command, env={**os.environ, **quiet}, stdout=subprocess.DEVNULL)
        row = wait_for(f"http://127.0.0.1:{port}/api/agents/sophon")
        bare = subprocess.Popen([sys.executable, "-c", BARE, str(bare_port), row.decode()])
        assert wait_for(f"http://127.0.0.1:{bare_port}/row") == row
        try:
            for _ in range(ROUNDS):
                before = cpu_of(bare)
                bare_rate = asyncio.run(drive(bare_port, 8, get(bare_port, "/row")))
                bare_cost = (cpu_of(bare) - before) / (bare_rate * SECONDS)
                before = cpu_of(ours)
                our_rate = asyncio.run(drive(port, 8, get(port, "/api/agents/sophon")))
                our_cost = (cpu_of(ours) - before) / (our_rate * SECONDS)
                print(f"one row, {len(row)} bytes: {our_rate:6.0f}/s, {our_cost * 1e6:4.0f} us of CPU each; bare Litestar ", end="")
                print(f"{bare_rate:6.0f}/s, {bare_cost * 1e6:4.0f} us   ratio {our_rate / bare_rate:.2f}, by CPU {bare_cost / our_cost:.2f}", flush=True)
            for _ in range(ROUNDS):
                plain = plain_commits(Path(folder))
                (Path(folder) / "plain.db").unlink()
                grouped = asyncio.run(grouped_commits(Path(folder)))
                (Path(folder) / "grouped.db").unlink()
                writes = asyncio.run(drive(port, CLIENTS, patch_agent(port)))
                print(f"acknowledged writes of {CLIENTS} clients: {grouped:7.0f}/s in the process, {writes:7.0f}/s over HTTP", end="")
                print(f"   plain SQLite {plain:7.0f}/s   ratios {grouped / plain:.1f} and {writes / plain:.1f}", flush=True)
        finally:
            for process in (ours, bare):
                process.send_signal(signal.SIGTERM)
                process.wait(20)


if __name__ == "__main__":
    main()
