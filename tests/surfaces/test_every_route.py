"""Asked of every route, from the server's own OpenAPI document: the guard stands before it, and whatever comes in, the answer is polite."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.live import LiveServer, start_server, stop_server

QUIET = {"SOPHON_FETCH_MODELS": "false", "SOPHON_DISCOVER_LOCAL_MODELS": "false", "SOPHON_USE_KEYRING": "false", "SOPHON_RATE_LIMITS": "false"}
IDS = ["no-such-thing", "%F0%9F%A6%8A", "a" * 300, "..%2f..%2fetc%2fpasswd", "'%20OR%201=1--", "0", "-1"]
QUERY = ["", "x", "-1", "0", "99999999999999999999999", "1e400", "true", "\u202e\U0001f98a", "2026-13-45", "' OR 1=1 --", '"unbalanced AND (', "*", "a" * 3_000]
BODIES: list[Any] = [{}, [], None, "text", 1, True, {"unknown": {"deep": [1, {"x": None}]}}]
VALUES: list[Any] = [None, "", "x", -1, 2**62, 1e308, True, [], {}, [None], {"a": {"b": []}}, "\U0001f98a" * 100, "' OR 1=1 --", "a" * 20_000]
STREAMS = {"/api/events", "/api/sessions/{session_id}/events"}


class Operation(NamedTuple):
    method: str
    path: str
    query: list[str]
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    running = start_server(tmp_path_factory.mktemp("polite") / "home", **QUIET)
    yield running
    stop_server(running)


@pytest.fixture(scope="module")
def client(server: LiveServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def operations(client: httpx2.Client) -> list[Operation]:
    document = client.get("/openapi.json").json()
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            query = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            found.append(Operation(method.upper(), path, query, _properties(document, schema)))
    assert len(found) > 60
    return found


def _properties(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The named fields of a body, through references and alternatives."""
    if "$ref" in schema:
        return _properties(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    properties: dict[str, Any] = dict(schema.get("properties", {}))
    for part in schema.get("oneOf", []) + schema.get("anyOf", []):
        properties |= _properties(document, part)
    return properties


def address(path: str, value: str = "no-such-thing") -> str:
    return re.sub(r"\{[^}]*\}", value, path)


def check(operation: Operation, asked: str, answer: httpx2.Response) -> None:
    where = f"{operation}, asked {asked[:120]}: {answer.status_code} {answer.text[:300]}"
    request_id = answer.headers.get("x-sophon-request-id", "")
    assert request_id.startswith("req_"), where
    assert answer.status_code < 500 or answer.status_code in (502, 503), where
    if answer.status_code >= 400:
        error = answer.json()["error"]
        assert isinstance(error["code"], str) and error["message"], where
        assert "Traceback" not in answer.text and 'File "' not in answer.text, where
        if operation.path.startswith("/api/"):
            assert error["requestId"] == request_id, where


def test_no_route_can_be_reached_under_a_foreign_name_or_from_a_foreign_page(client: httpx2.Client, operations: list[Operation]) -> None:
    foreign = [
        ({"host": "evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, 403),
    ]
    for operation in operations:
        for headers, status in foreign:
            answer = client.request(operation.method, address(operation.path), headers=headers)
            assert answer.status_code == status, f"{operation} with {headers}: {answer.status_code}"


def test_no_write_takes_a_form_or_plain_text(client: httpx2.Client, operations: list[Operation]) -> None:
    """What a web page can send without asking first."""
    for operation in operations:
        if operation.method in ("POST", "PUT", "PATCH", "DELETE"):
            for kind in ("text/plain", "application/x-www-form-urlencoded"):
                answer = client.request(operation.method, address(operation.path), content=b'{"content":"x"}', headers={"content-type": kind})
                assert answer.status_code == 415, f"{operation} took {kind}: {answer.status_code}"


def test_no_native_route_takes_an_unknown_credential(client: httpx2.Client, operations: list[Operation]) -> None:
    for operation in operations:
        if operation.path.startswith("/api/"):
            answer = client.request(operation.method, address(operation.path), headers={"authorization": "Bearer sk_nobody"})
            assert answer.status_code == 401, f"{operation}: {answer.status_code}"


def test_ids_of_all_kinds_are_answered_politely(client: httpx2.Client, operations: list[Operation]) -> None:
    for operation in operations:
        if "{" in operation.path:
            for value in IDS:
                content = {"content": b"{}", "headers": {"content-type": "application/json"}} if operation.method in ("POST", "PUT", "PATCH") else {}
                check(operation, value, client.request(operation.method, address(operation.path, value), **content))  # type: ignore[arg-type]


def test_parameters_of_all_kinds_are_answered_politely(client: httpx2.Client, operations: list[Operation]) -> None:
    for operation in operations:
        if operation.method == "GET" and operation.path not in STREAMS:
            for name in operation.query:
                for value in QUERY:
                    given = {"q": "x", "ids": "x"} | {name: value}
                    check(operation, f"?{name}={value}", client.get(address(operation.path), params={k: v for k, v in given.items() if k in operation.query}))


def test_bodies_of_all_kinds_are_answered_politely(client: httpx2.Client, operations: list[Operation]) -> None:
    for operation in operations:
        if operation.method not in ("POST", "PUT", "PATCH") or operation.path in ("/api/models/pull",):
            continue
        bodies = [*BODIES, *({name: value} for name in operation.body for value in VALUES), *(dict.fromkeys(operation.body, value) for value in VALUES)]
        for body in bodies:
            text = json.dumps(body)
            answer = client.request(operation.method, address(operation.path), content=text.encode(), headers={"content-type": "application/json"})
            check(operation, text, answer)


def test_after_all_that_the_server_is_healthy(server: LiveServer) -> None:
    health = server.get("/api/health")
    assert isinstance(health, dict) and health["services"]["database"]["status"] == "healthy"
    log = server.home.parent / f"{server.home.name}.log"
    assert "Traceback" not in log.read_text("utf-8")
