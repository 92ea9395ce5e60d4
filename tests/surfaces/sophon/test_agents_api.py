"""What agents and the task history refuse over HTTP, against the whole app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.surfaces.sophon.test_memory_api import server

pytestmark = pytest.mark.anyio


async def test_a_markdown_file_as_the_wrong_json_is_unprocessable_and_no_json_is_malformed(tmp_path: Path) -> None:
    async with server(tmp_path) as http:
        for name in ("soul", "boot", "heartbeat"):
            path = f"/api/agents/sophon/{name}"
            before = (await http.get(path)).json()["content"]
            for body, status in ((b"{}", 422), (b'{"content": 7}', 422), (b"[]", 422), (b'"x"', 422), (b"{", 400), (b"\xff", 400)):
                answer = await http.put(path, content=body, headers={"content-type": "application/json"})
                assert answer.status_code == status, (name, body, answer.text)
            assert (await http.get(path)).json()["content"] == before


async def test_a_color_is_a_short_plain_word(tmp_path: Path) -> None:
    async with server(tmp_path) as http:
        for color in ("", "x" * 33, "Red", "red;", "url(x)", "slate\n", "röt"):
            made = await http.post("/api/agents", json={"name": "Painter", "color": color})
            changed = await http.patch("/api/agents/sophon", json={"color": color})
            assert (made.status_code, changed.status_code) == (422, 422), color
            assert made.json()["error"]["details"]["errors"][0]["field"] == "color"
        for color in ("#64748b", "slate-500", "x" * 32):
            assert (await http.patch("/api/agents/sophon", json={"color": color})).json()["color"] == color


@pytest.mark.parametrize("name", ["since", "until"])
async def test_a_time_beyond_the_calendar_is_a_bad_parameter(tmp_path: Path, name: str) -> None:
    async with server(tmp_path) as http:
        for text in ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "tomorrow"):
            answer = await http.get("/api/tasks/history", params={name: text})
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request"), answer.text
        assert (await http.get("/api/tasks/history", params={name: "0001-01-01"})).status_code == 200
