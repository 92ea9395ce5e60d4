"""Who may speak to the server, and what a request must look like."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sophon_local.kit.errors import InvalidRequest, RateLimited
from sophon_local.surfaces.admission import Limiter, check_json
from sophon_local.surfaces.surface import Rate
from tests.surface_rig import HOST, ORIGIN, Rig, run

JSON = {"content-type": "application/json"}
PATHS = ["/api/notes/a", "/no/such/path", "/ui/", "/ui/assets/none.js", "/openapi.json", "/"]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:9", "127.0.0.1.evil.example:8080", "localhost:80801", ""])
def test_a_foreign_host_name_is_misdirected_on_every_path(rig: Rig, path: str, host: str) -> None:
    answer = run(rig.call("GET", path, headers={"host": host}))
    assert answer.status_code == 421
    assert answer.json()["error"]["code"] == "misdirected_request"
    assert answer.json()["error"]["requestId"] == answer.headers["x-sophon-request-id"]


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"])
def test_the_loopback_names_with_our_port_are_served(rig: Rig, host: str) -> None:
    assert run(rig.call("GET", "/api/notes/a", headers={"host": host})).status_code == 200


def test_a_configured_name_is_served_with_and_without_the_port(tmp_path: Path) -> None:
    rig = Rig(tmp_path, allowed_hosts=["sophon.home"])
    assert run(rig.call("GET", "/api/notes/a", headers={"host": "sophon.home"})).status_code == 200
    assert run(rig.call("GET", "/api/notes/a", headers={"host": "sophon.home:8080"})).status_code == 200
    assert run(rig.call("GET", "/api/notes/a", headers={"host": "sophon.home:9"})).status_code == 421


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:8080", "http://127.0.0.1", "http://localhost:3000", "http://127.0.0.1:8080.evil.example"]
)
def test_a_foreign_origin_is_refused_on_every_path(rig: Rig, path: str, origin: str) -> None:
    assert run(rig.call("GET", path, headers={"origin": origin})).status_code == 403


def test_our_own_origin_may_write(rig: Rig) -> None:
    answer = run(rig.call("POST", "/api/notes", json={"noteText": "x"}, headers={"origin": ORIGIN, "sec-fetch-site": "same-origin"}))
    assert answer.status_code == 201
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_write_that_a_browser_says_is_not_ours_is_refused(rig: Rig, site: str) -> None:
    assert run(rig.call("POST", "/api/notes", json={"noteText": "x"}, headers={"sec-fetch-site": site})).status_code == 403
    assert rig.seen == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_our_own_origin_does_not_outweigh_what_the_browser_says(tmp_path: Path, rig: Rig, site: str) -> None:
    headers = {"origin": ORIGIN, "sec-fetch-site": site}
    assert run(rig.call("POST", "/api/notes", json={"noteText": "x"}, headers=headers)).status_code == 403
    assert run(rig.call("DELETE", "/api/notes/a", headers=headers)).status_code == 403
    assert rig.seen == []
    assert run(rig.call("GET", "/api/notes/a", headers=headers)).status_code == 200
    friends = Rig(tmp_path, allowed_origins=["http://friend.example"])
    headers = {"origin": "http://friend.example", "sec-fetch-site": site}
    assert run(friends.call("POST", "/api/notes", json={"noteText": "x"}, headers=headers)).status_code == 201


def test_another_site_may_link_here_but_not_load_from_here(rig: Rig) -> None:
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    loaded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert run(rig.call("GET", "/api/notes/a", headers=linked)).status_code == 200
    assert run(rig.call("GET", "/api/notes/a", headers=loaded)).status_code == 403
    assert run(rig.call("POST", "/api/notes", json={"noteText": "x"}, headers=linked)).status_code == 403


def test_programs_need_neither_origin_nor_fetch_headers(rig: Rig) -> None:
    assert run(rig.call("POST", "/api/notes", json={"noteText": "x"})).status_code == 201


def test_an_allowed_origin_gets_cors_headers_and_its_preflight(tmp_path: Path) -> None:
    rig = Rig(tmp_path, allowed_origins=["https://app.example"])
    preflight = {"origin": "https://app.example", "access-control-request-method": "POST", "sec-fetch-site": "cross-site"}
    answer = run(rig.call("OPTIONS", "/api/notes", headers=preflight))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "https://app.example")
    answer = run(rig.call("POST", "/api/notes", json={"noteText": "x"}, headers={"origin": "https://app.example", "sec-fetch-site": "cross-site"}))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (201, "https://app.example")


def test_a_websocket_with_a_foreign_origin_is_closed_before_it_opens(rig: Rig) -> None:
    async def connect(**headers: str) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        fields = [(name.encode(), value.encode()) for name, value in {"host": HOST, **headers}.items()]
        scope = {"type": "websocket", "path": "/ws/metrics", "raw_path": b"/ws/metrics", "query_string": b"", "headers": fields, "subprotocols": []}
        await rig.app(scope, receive, send)
        return sent

    assert run(connect(origin="http://evil.example"))[0] == {"type": "websocket.close", "code": 1008, "reason": "not_authorized"}
    assert run(connect(host="evil.example"))[0]["reason"] == "misdirected_request"


@pytest.mark.parametrize("path", ["/api/notes/%00", "/api/notes/%ff", "/api/notes/a?limit=%ff", "/api/notes/a?x=%00", "/api/notes/%c0%ae"])
def test_an_address_that_is_not_plain_utf8_is_malformed(rig: Rig, path: str) -> None:
    assert run(rig.call("GET", path)).status_code == 400


def test_headers_have_a_limit(rig: Rig) -> None:
    answer = run(rig.call("GET", "/api/notes/a", headers={"x-long": "a" * 17_000}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/json; charset=utf-16"])
def test_a_body_of_an_undeclared_type_is_refused_where_the_path_is_known_only(rig: Rig, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    assert run(rig.call("POST", "/api/notes", content=b'{"noteText":"x"}', headers=headers)).status_code == 415
    assert run(rig.call("POST", "/api/unknown", content=b'{"noteText":"x"}', headers=headers)).status_code == 404
    assert run(rig.call("POST", "/api/notes/a", content=b'{"noteText":"x"}', headers=headers)).status_code == 405
    assert rig.seen == []


def test_a_route_may_declare_other_types(rig: Rig) -> None:
    assert run(rig.call("PUT", "/api/soul", content="# me", headers={"content-type": "text/markdown; charset=utf-8"})).json() == {"body": "# me"}
    assert run(rig.call("PUT", "/api/soul", content=b"\xff", headers={"content-type": "text/markdown"})).status_code == 400
    assert run(rig.call("PUT", "/api/soul", content="x", headers={"content-type": "text/html"})).status_code == 415


def test_no_body_needs_no_type_and_a_json_body_is_let_pass_where_none_is_needed(rig: Rig) -> None:
    assert run(rig.call("POST", "/api/notes/a/cancel")).status_code == 200
    assert run(rig.call("POST", "/api/notes/a/cancel", content=b"{}", headers=JSON)).status_code == 200
    assert run(rig.call("DELETE", "/api/notes/a")).status_code == 204


def test_json_has_a_size_limit_whether_announced_or_not(rig: Rig) -> None:
    body = json.dumps({"noteText": "a" * 1_000_001}).encode()

    async def chunks() -> Any:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    assert run(rig.call("POST", "/api/notes", content=body, headers=JSON)).status_code == 413
    assert run(rig.call("POST", "/api/notes", content=chunks(), headers=JSON)).status_code == 413
    assert rig.seen == []


BAD_JSON = {
    "not closed": b'{"noteText":"x"',
    "deep": b'{"noteText":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "65 deep": b"[" * 65 + b"]" * 65,
    "twice the same key": b'{"noteText":"x","noteText":"y"}',
    "the same key, escaped": b'{"noteText":"x","note\\u0054ext":"y"}',
    "byte order mark": b'\xef\xbb\xbf{"noteText":"x"}',
    "invalid utf-8": b'{"noteText":"\xff"}',
    "half a surrogate": b'{"noteText":"\\ud800"}',
    "nul": b'{"noteText":"\\u0000"}',
    "raw nul": b'{"noteText":"\x00"}',
    "nul in a key": b'{"a\\u0000":1}',
    "huge integer": b'{"noteText":"x","howMany":' + b"9" * 30 + b"}",
    "5,000 digits": b'{"noteText":"x","howMany":' + b"9" * 5_000 + b"}",
    "not a number": b'{"noteText":"x","howMany":NaN}',
    "infinity": b'{"noteText":"x","howMany":Infinity}',
    "two values": b'{"noteText":"x"}{}',
    "empty text": b"   ",
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_json_that_parsers_could_read_differently_is_malformed(rig: Rig, name: str) -> None:
    answer = run(rig.call("POST", "/api/notes", content=BAD_JSON[name], headers=JSON))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert rig.seen == []


def test_unusual_but_plain_json_is_let_pass() -> None:
    check_json(b"[" * 64 + b"]" * 64)
    check_json(("[" * 3 + '"' + "[{" * 500 + '\\""' + "]" * 3).encode())
    check_json('{"a":"\\\\u0000 \\ud83d\\ude00 \U0001f600","b":9223372036854775807,"c":[1e3,-0.5,null,true]}'.encode())
    check_json(("[" + ",".join(["{}"] * 10_000) + "]").encode())
    with pytest.raises(InvalidRequest):
        check_json(("[" + ",".join(["{}"] * 10_000)).encode())


def test_a_well_formed_body_with_the_wrong_fields_is_422_and_bad_parameters_are_400(rig: Rig) -> None:
    answer = run(rig.call("POST", "/api/notes", json={"noteText": 1}))
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["errors"][0]["field"] == "noteText"
    assert run(rig.call("POST", "/api/notes", json={})).json()["error"]["details"]["errors"] == [{"field": "noteText", "message": "is missing"}]
    assert run(rig.call("POST", "/api/notes")).status_code == 422
    assert run(rig.call("GET", "/api/notes/a?limit=many")).status_code == 400


def test_a_body_that_stops_in_the_middle_times_out(tmp_path: Path) -> None:
    rig = Rig(tmp_path, body_timeout_s=0.05)

    async def stalled() -> int:
        answers: list[Any] = []
        first = True

        async def receive() -> dict[str, Any]:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": b'{"note', "more_body": True}
            await asyncio.sleep(0.2)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            answers.append(message)

        headers = [(b"host", HOST.encode()), (b"content-type", b"application/json"), (b"content-length", b"20")]
        scope = {"type": "http", "method": "POST", "path": "/api/notes", "raw_path": b"/api/notes", "query_string": b"", "headers": headers}
        await rig.app({**scope, "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080), "scheme": "http"}, receive, send)
        return int(answers[0]["status"])

    assert run(stalled()) == 408


def test_every_answer_has_a_request_id_and_the_security_headers(rig: Rig) -> None:
    for method, path in [
        ("GET", "/api/notes/a"),
        ("GET", "/api/notes/missing"),
        ("GET", "/none"),
        ("PUT", "/api/notes/a"),
        ("GET", "/"),
        ("GET", "/ui/"),
        ("GET", "/api/broken"),
    ]:
        answer = run(rig.call(method, path))
        assert answer.headers["x-sophon-request-id"].startswith("req_")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_failure_inside_says_nothing_but_the_request_id(rig: Rig) -> None:
    answer = run(rig.call("GET", "/api/broken"))
    assert answer.status_code == 500
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert answer.json()["error"]["requestId"] == answer.headers["x-sophon-request-id"]
    assert run(rig.call("GET", "/api/upstream")).json()["error"]["details"] == {}


@pytest.mark.parametrize("credential", ["Bearer sk_unknown", "Basic eDp5", "Bearer "])
def test_an_invalid_credential_is_refused_although_none_is_needed(rig: Rig, credential: str) -> None:
    assert run(rig.call("GET", "/api/notes/a", headers={"authorization": credential})).status_code == 401
    assert run(rig.call("GET", "/v1/other/things", headers={"authorization": credential})).status_code == 200


def test_calls_beyond_the_rate_are_told_when_to_come_back(tmp_path: Path) -> None:
    rig = Rig(tmp_path, rate_limits=True)

    async def hammer() -> list[int]:
        codes: list[int] = []
        while len(codes) < 2_000 and 429 not in codes:
            answer = await rig.call("POST", "/api/files", content=b"x", headers={"content-type": "multipart/form-data; boundary=b"})
            codes.append(answer.status_code)
        return codes

    codes = run(hammer())
    assert codes[-1] == 429
    assert codes[:500] == [400] * 500  # 10 a minute, 50 times as high in personal mode
    assert int(run(rig.call("POST", "/api/files")).headers["retry-after"]) >= 1
    assert run(rig.call("GET", "/api/notes/a")).status_code == 200


def test_a_bucket_refills_steadily() -> None:
    now = [0.0]
    limiter = Limiter(1, lambda: now[0])
    rate = Rate("expensive", 10)
    for _ in range(10):
        limiter.spend(rate)
    with pytest.raises(RateLimited) as error:
        limiter.spend(rate)
    assert error.value.retry_after_s == 6
    now[0] = 6.1
    limiter.spend(rate)
    with pytest.raises(RateLimited):
        limiter.spend(rate)


def test_the_tenant_comes_from_the_header_or_the_prefix_and_only_default_exists(rig: Rig) -> None:
    assert run(rig.call("GET", "/api/tenants/default/notes/a")).status_code == 200
    assert run(rig.call("GET", "/api/notes/a", headers={"x-sophon-tenant": "default"})).status_code == 200
    for path, header in [("/api/tenants/acme/notes/a", None), ("/api/notes/a", "acme"), ("/api/tenants//notes/a", None)]:
        answer = run(rig.call("GET", path, headers={"x-sophon-tenant": header} if header else {}))
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_authorized")
    assert run(rig.call("GET", "/api/tenants/default/notes/a", headers={"x-sophon-tenant": "acme"})).status_code == 400
    assert run(rig.call("GET", "/api/tenants/default/v1/other/things")).status_code == 404
    assert run(rig.call("GET", "/api/tenants/default")).status_code == 404
