"""Uploads in, event streams out."""

from __future__ import annotations

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sophon_local.kit.events import Event, Events, Overflow
from sophon_local.surfaces import http
from sophon_local.surfaces.stopping import begin_streams, end_streams
from tests.surface_rig import HOST, Rig, run

BOUNDARY = "----boundary"
KIND = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path, max_upload_bytes=3_000_000)


def left_behind(rig: Rig) -> list[Path]:
    return list((rig.folder / "incoming").glob("*"))


def test_files_and_fields_come_in_hashed_and_leave_nothing_behind(rig: Rig) -> None:
    big = bytes(range(256)) * 8_000
    body = part("file", big, "big.bin") + part("tags", b"one") + part("tags", "zwei ä".encode()) + part("file", b"", "empty.txt") + END

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 4_999):
            yield body[start : start + 4_999]

    answer = run(rig.call("POST", "/api/files", content=chunks(), headers=KIND))
    assert answer.status_code == 201
    assert answer.json() == {
        "names": ["big.bin", "empty.txt"],
        "sizes": [len(big), 0],
        "hashes": [hashlib.sha256(big).hexdigest(), hashlib.sha256().hexdigest()],
        "fields": {"tags": ["one", "zwei ä"]},
    }
    assert rig.seen == [big, b""]
    assert left_behind(rig) == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("../../etc/passwd", "passwd"), ("C:\\\\files\\\\report.pdf", "report.pdf"), ("a\u202egpj.exe", "agpj.exe"), ("", "unnamed"), ("  ", "unnamed")],
)
def test_a_filename_is_a_name_to_show_and_never_a_path(rig: Rig, sent: str, shown: str) -> None:
    body = part("file", b"x", "PLACE").replace(b"PLACE", sent.encode()) + END
    assert run(rig.call("POST", "/api/files", content=body, headers=KIND)).json()["names"] == [shown]


def test_a_file_that_is_too_large_is_refused_and_removed(rig: Rig) -> None:
    answer = run(rig.call("POST", "/api/files", content=part("file", b"a" * 3_000_001, "large.bin") + END, headers=KIND))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "payload_too_large")
    assert left_behind(rig) == []


def test_an_announced_size_beyond_all_limits_is_refused_before_anything_is_read(rig: Rig) -> None:
    async def announce() -> list[Any]:
        sent: list[Any] = []
        read = 0

        async def receive() -> dict[str, Any]:
            nonlocal read
            read += 1
            if not sent:
                raise AssertionError("the body was read before the refusal")
            return {"type": "http.request", "body": b"x", "more_body": read < 3}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"host", HOST.encode()), (b"content-type", KIND["content-type"].encode()), (b"content-length", b"2000000000")]
        scope = {"type": "http", "method": "POST", "path": "/api/files", "raw_path": b"/api/files", "query_string": b"", "headers": headers}
        await rig.app({**scope, "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080), "scheme": "http"}, receive, send)
        return sent

    sent = run(announce())
    assert sent[0]["status"] == 413
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


BROKEN = {
    "no end": part("file", b"x", "a.txt"),
    "no boundary inside": b"just text",
    "no name": f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + END,
    "a field that is not text": part("tags", b"\xff\xfe") + END,
    "nothing": b"\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_body_is_malformed_and_leaves_nothing_behind(rig: Rig, name: str) -> None:
    answer = run(rig.call("POST", "/api/files", content=BROKEN[name], headers=KIND))
    assert answer.status_code == 400
    assert left_behind(rig) == []


def test_a_field_that_is_not_utf8_is_named(rig: Rig) -> None:
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="tags"\r\n\r\n'.encode() + b"caf\xe9\r\n"
    answer = run(rig.call("POST", "/api/files", content=part("file", b"x", "a.txt") + field + END, headers=KIND))
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "The form field tags is not UTF-8 text.")
    named = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="'.encode() + b'caf\xe9.txt"\r\n\r\nx\r\n'
    answer = run(rig.call("POST", "/api/files", content=named + END, headers=KIND))
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "A name in the multipart body is not UTF-8 text.")
    assert left_behind(rig) == []


def test_an_upload_whose_sender_goes_away_leaves_nothing_behind(rig: Rig) -> None:
    async def vanish() -> None:
        messages = [{"type": "http.request", "body": part("file", b"x" * 2_000_000, "a.bin")[:-10], "more_body": True}, {"type": "http.disconnect"}]

        async def receive() -> dict[str, Any]:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None: ...

        headers = [(b"host", HOST.encode()), (b"content-type", KIND["content-type"].encode()), (b"transfer-encoding", b"chunked")]
        scope = {"type": "http", "method": "POST", "path": "/api/files", "raw_path": b"/api/files", "query_string": b"", "headers": headers}
        await rig.app({**scope, "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080), "scheme": "http"}, receive, send)

    run(vanish())
    assert left_behind(rig) == []


def test_a_full_disk_answers_507(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(http.os, "fsync", full)
    answer = run(rig.call("POST", "/api/files", content=part("file", b"x", "a.txt") + END, headers=KIND))
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert left_behind(rig) == []


class Tick(Event, frozen=True):
    topic = "tick"
    number: int


async def _frames(events: Events, count: int, after: str | None = None) -> list[bytes]:
    frames = []
    response = http.sse(events.subscribe(lambda event: isinstance(event, Tick | Overflow), after))
    async for chunk in response.iterator:
        frames.append(chunk)
        if len(frames) == count:
            break
    await response.iterator.aclose()
    return frames


def test_a_reader_that_reconnects_gets_what_it_missed() -> None:
    async def story() -> list[bytes]:
        begin_streams()
        events = Events()
        events.publish(Tick(number=1))
        seen = events.last_id()
        events.publish(Tick(number=2))
        return await _frames(events, 2, after=seen)

    frames = run(story())
    assert frames[0].startswith(b":")
    assert b'"number":2' in frames[1]


def test_a_reader_with_an_id_of_another_run_is_told_to_start_over() -> None:
    async def story() -> list[bytes]:
        begin_streams()
        return await _frames(Events(), 2, after="beef-7")

    assert b"event: stream.reset" in run(story())[1]


def test_a_quiet_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "KEEP_ALIVE_S", 0.01)

    async def story() -> list[bytes]:
        begin_streams()
        return await _frames(Events(), 3)

    assert run(story())[1:] == [b": still here\n\n"] * 2


def test_streams_end_when_the_server_stops_and_forget_their_reader() -> None:
    async def story() -> tuple[int, int]:
        begin_streams()
        events = Events()
        response = http.sse(events.subscribe(lambda event: True))
        got = []

        async def read() -> None:
            async for chunk in response.iterator:
                got.append(chunk)

        reader = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        events.publish(Tick(number=1))
        await asyncio.sleep(0.01)
        end_streams()
        await asyncio.wait_for(reader, 10)
        return len(got), len(events._listeners)

    assert run(story()) == (2, 0)
