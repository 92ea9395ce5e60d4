"""The server process: starting, finding each other, stopping, and coming back after the worst."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import apsw
import pytest

from sophon_local import __version__
from tests.live import LiveServer, start_server, stop_server

QUIET = {"SOPHON_FETCH_MODELS": "false", "SOPHON_DISCOVER_LOCAL_MODELS": "false", "SOPHON_USE_KEYRING": "false"}


def start_and_wait(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to end by itself."""
    command = [sys.executable, "-m", "sophon_local", "--no-browser", "--data", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, **QUIET, **environment}, check=False)


def speak(server: LiveServer, request: bytes, patience_s: float = 20) -> bytes:
    """Send raw bytes; everything that comes back until the server closes."""
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=patience_s) as line:
        line.sendall(request)
        answer = b""
        while chunk := line.recv(65_536):
            answer += chunk
    return answer


def test_it_says_where_it_is_and_keeps_its_folder_to_itself(tmp_path: Path) -> None:
    server = start_server(tmp_path / "home", **QUIET)
    try:
        running = json.loads((server.home / "runtime.json").read_text())
        assert (running["pid"], running["version"]) == (server.process.pid, __version__)
        assert running["url"] == f"http://127.0.0.1:{running['port']}/"
        assert running["startedAt"].endswith("Z")
        health = server.get("/api/health")
        assert isinstance(health, dict) and health["services"]["database"]["status"] == "healthy"
        if os.name == "posix":
            assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
            loose = [file for file in server.home.rglob("*") if stat.S_IMODE(file.lstat().st_mode) & 0o077]
            assert loose == []
    finally:
        stop_server(server)
    assert not (tmp_path / "home" / "runtime.json").exists()


def test_a_second_start_finds_the_first_one(tmp_path: Path) -> None:
    server = start_server(tmp_path / "home", **QUIET)
    try:
        second = start_and_wait(tmp_path / "home")
        assert second.returncode == 0
        assert server.url in second.stdout
        assert server.get("/api/version") is not None
    finally:
        stop_server(server)


def test_a_wanted_port_that_is_taken_is_an_error_and_a_default_one_is_not(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = start_and_wait(tmp_path / "home", "--port", str(port))
        assert refused.returncode == 1
        assert f"Port {port} is taken" in refused.stderr and "Traceback" not in refused.stderr
        server = start_server(tmp_path / "home", **QUIET, SOPHON_PORT=str(port))
        try:
            assert server.url != f"http://127.0.0.1:{port}"
            assert f"port {port} is taken" in (tmp_path / "home.log").read_text()
        finally:
            stop_server(server)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_soon_although_somebody_follows_the_events(tmp_path: Path, number: int) -> None:
    server = start_server(tmp_path / "home", **QUIET)
    with urllib.request.urlopen(server.url + "/api/events", timeout=20) as stream:
        assert stream.readline().startswith(b":")
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
        assert b"data:" not in stream.read()
    assert "Traceback" not in (tmp_path / "home.log").read_text()


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    server = start_server(tmp_path / "home", **QUIET)
    body = json.dumps({"name": "Survivor"}).encode()
    request = urllib.request.Request(server.url + "/api/agents", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        made = json.load(answer)
    server.process.kill()
    server.process.wait(20)
    assert (tmp_path / "home" / "runtime.json").exists()  # left behind, and no obstacle
    server = start_server(tmp_path / "home", **QUIET)
    try:
        found = server.get(f"/api/agents/{made['id']}")
        assert isinstance(found, dict) and found["name"] == "Survivor"
    finally:
        stop_server(server)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    stop_server(start_server(home, **QUIET))
    file = home / "tenants" / "default" / "workspace.db"
    database = apsw.Connection(str(file))
    database.execute("INSERT INTO schema_migrations VALUES ('agents', 9999, 'future', 'x', '2099-01-01T00:00:00.000000Z')")
    database.close()
    before = file.read_bytes()
    refused = start_and_wait(home)
    assert refused.returncode == 1
    assert "newer version" in refused.stderr and "Traceback" not in refused.stderr
    assert file.read_bytes() == before


def test_a_damaged_database_is_named_and_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "system.db").write_bytes(b"this is not a database, it only looks like a file" * 100)
    before = (home / "system.db").read_bytes()
    refused = start_and_wait(home)
    assert refused.returncode == 1
    assert "system.db" in refused.stderr and "Traceback" not in refused.stderr
    assert (home / "system.db").read_bytes() == before


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    refused = start_and_wait(tmp_path / "file" / "home")
    assert refused.returncode == 1
    assert "is not a folder" in refused.stderr and "--data" in refused.stderr and "Traceback" not in refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the limit that stands in for a full disk is POSIX")
@pytest.mark.parametrize("room", [8_192, 200_000])
def test_a_full_disk_at_the_start_is_told_in_words(tmp_path: Path, room: int) -> None:
    import resource

    refused = subprocess.run(
        [sys.executable, "-m", "sophon_local", "--no-browser", "--port", "0", "--data", str(tmp_path / "home")],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **QUIET},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        check=False,
    )
    assert refused.returncode == 1
    assert "free some space" in refused.stderr.lower() and "Traceback" not in refused.stderr


def test_personal_mode_listens_on_loopback_only_and_names_the_setting(tmp_path: Path) -> None:
    for given in (["--host", "0.0.0.0"], ["--host", "192.168.1.5"]):
        refused = start_and_wait(tmp_path / "home", *given)
        assert refused.returncode == 1
        assert "host" in refused.stderr and "127.0.0.1" in refused.stderr
    assert start_and_wait(tmp_path / "home", SOPHON_HOST="::").returncode == 1


def test_settings_that_cannot_be_read_are_an_error_in_words(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text("port = ")
    refused = start_and_wait(home)
    assert refused.returncode == 1
    assert "config.toml" in refused.stderr and "Traceback" not in refused.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> LiveServer:  # type: ignore[misc]
    running = start_server(tmp_path_factory.mktemp("wire") / "home", **QUIET, SOPHON_HEADER_TIMEOUT_S="0.3", SOPHON_MAX_UPLOAD_BYTES="100000")
    yield running  # type: ignore[misc]
    stop_server(running)


@pytest.mark.parametrize(
    "request_bytes",
    [b"not http at all\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"],
)
def test_what_is_no_http_is_answered_in_the_envelope(server: LiveServer, request_bytes: bytes) -> None:
    head, _, body = speak(server, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"x-sophon-request-id: req_" in head.lower()
    assert json.loads(body)["error"]["code"] == "invalid_request"


def test_a_head_that_does_not_end_is_hung_up_on(server: LiveServer) -> None:
    assert speak(server, b"GET / HTTP/1.1\r\nHost: 127") == b""
    assert speak(server, b"") == b""


def test_an_upgrade_to_a_websocket_from_a_foreign_page_is_refused(server: LiveServer) -> None:
    host = server.url.removeprefix("http://")
    upgrade = (
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    )
    answer = speak(server, upgrade.encode() + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403")


def test_the_sender_of_an_upload_that_is_too_large_hears_why(server: LiveServer) -> None:
    """The whole body is sent before the answer is read, as most programs do."""
    host = server.url.removeprefix("http://")
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="large"\r\n\r\n' + b"x" * 20_000_000
    head = f"POST /api/documents/upload HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = speak(server, head.encode() + body)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"payload_too_large" in answer
    assert list((server.home).rglob("*.part")) == []


def test_requests_on_one_connection_follow_each_other(server: LiveServer) -> None:
    host = server.url.removeprefix("http://")
    one = f"GET /api/version HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    last = f"GET /api/version HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    assert speak(server, one + one + last).count(b"HTTP/1.1 200") == 3
