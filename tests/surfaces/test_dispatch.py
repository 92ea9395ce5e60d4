"""One port, several surfaces, one OpenAPI document."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from sophon_local.kit.events import Event
from sophon_local.surfaces.http import frame
from tests.surface_rig import Rig, run


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_surface_is_built_once_and_only_when_it_is_asked_for(rig: Rig) -> None:
    async def many() -> list[int]:
        await rig.call("GET", "/ui/")
        await rig.call("GET", "/v1/other/things")
        before = rig.built
        await asyncio.gather(*(rig.call("GET", "/api/notes/a") for _ in range(5)))
        return [before, rig.built]

    assert run(many()) == [0, 1]


def test_an_unknown_path_is_404_in_its_owners_envelope(rig: Rig) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        for path in ("/nothing", "/api/nothing", "/v1/nothing", "/api/notes/a/b/c", "/docs/none", "/ui/none.js"):
            assert run(rig.call(method, path)).status_code == 404, (method, path)
    assert run(rig.call("GET", "/v1/other/nothing")).json()["error"] == "not_found"
    assert run(rig.call("GET", "/v1/otherwise")).json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/notes", "OPTIONS, POST"),
        ("/api/notes/a", "DELETE, GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/ui/", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_known_path_says_which_methods_it_takes(rig: Rig, path: str, allowed: str) -> None:
    answer = run(rig.call("PATCH", path))
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["error"]["code"] == "method_not_allowed"
    answer = run(rig.call("OPTIONS", path))
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")


def test_head_is_get_without_the_body(rig: Rig) -> None:
    for path in ("/api/notes/a", "/api/notes/missing", "/ui/", "/openapi.json", "/docs"):
        got, head = run(rig.call("GET", path)), run(rig.call("HEAD", path))
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]


def test_head_of_a_stream_ends(rig: Rig) -> None:
    answer = run(asyncio.wait_for(rig.call("HEAD", "/api/live"), 10))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_the_root_leads_to_the_ui(rig: Rig) -> None:
    answer = run(rig.call("GET", "/?x=1"))
    assert (answer.status_code, answer.headers["location"]) == (307, "/ui/?x=1")


def test_the_openapi_document_is_one_and_the_same_at_both_addresses(rig: Rig) -> None:
    async def both() -> list[bytes]:
        return [(await rig.call("GET", path)).content for path in ("/openapi.json", "/swagger/v1/swagger.json")]

    one, two = run(both())
    assert one == two
    document = msgspec.json.decode(one)
    assert document["openapi"].startswith("3.")
    assert set(document["paths"]) >= {"/api/notes/{note_id}", "/v1/other/things"}
    upload = document["paths"]["/api/files"]["post"]
    assert upload["x-extension"] is True
    assert "multipart/form-data" in upload["requestBody"]["content"]
    assert "x-extension" not in document["paths"]["/api/notes"]["post"]
    assert document["paths"]["/api/notes"]["post"]["responses"]["default"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ErrorObject"
    }
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    assert b"status_code" not in one  # the framework's error shape


def test_the_openapi_document_is_not_sent_twice_to_who_has_it(rig: Rig) -> None:
    async def again() -> int:
        first = await rig.call("GET", "/openapi.json")
        return (await rig.call("GET", "/openapi.json", headers={"if-none-match": first.headers["etag"]})).status_code

    assert run(again()) == 304


def test_the_documentation_pages_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    web = tmp_path / "web"
    for name in ("index.html", "vendor/swagger-ui-dist/swagger-ui-bundle.js", "vendor/swagger-ui-dist/swagger-ui.css", "vendor/redoc/redoc.standalone.js"):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text("content")
    rig = Rig(tmp_path, web=web)
    for path in ("/docs", "/swagger", "/redoc", "/docs/"):
        answer = run(rig.call("GET", path))
        assert answer.status_code == 200
        assert "http" not in answer.text.replace("http-equiv", "")
        assert "unsafe" not in answer.headers["content-security-policy"]
        for part in answer.text.split('"'):
            if part.startswith("/") and part != "/openapi.json":
                assert run(rig.call("GET", part)).status_code == 200, part


class Moved(Event, frozen=True):
    topic = "thing.moved"
    thing_id: str
    where_to: str | None = None


def test_events_are_framed_in_camel_case_with_their_time_and_id(rig: Rig) -> None:
    got = []
    rig.events.listen(got.append)
    rig.events.publish(Moved(thing_id="t1", session_id="sess_1"))
    lines = frame(got[0]).decode().splitlines()
    assert lines[0] == f"id: {got[0].id}"
    assert lines[1] == "event: thing.moved"
    assert msgspec.json.decode(lines[2].removeprefix("data: ")) == {"at": got[0].at, "sessionId": "sess_1", "thingId": "t1", "whereTo": None}
