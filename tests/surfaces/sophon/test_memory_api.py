"""Memory over HTTP, against the whole app."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from sophon_local.app import build_app
from sophon_local.domain.memory import Entry, MemoryWritten
from sophon_local.kit.events import Recorded
from sophon_local.settings import Settings
from sophon_local.surfaces.http import frame

pytestmark = pytest.mark.anyio

ENTRIES = "/api/memory/entries"
FIELDS = {
    "id", "content", "category", "scope", "agentId", "importance", "tags", "entities", "source", "validFrom", "validTo", "supersedes", "supersededBy",
    "createdAt", "updatedAt", "lastUsedAt", "useCount",
}  # fmt: skip


@contextlib.asynccontextmanager
async def server(home: Path, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    app = build_app(Settings(home=home, **{"fetch_models": False, "discover_local_models": False, "use_keyring": False, **settings}))
    async with app.running():
        transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            yield client


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with server(tmp_path) as client:
        yield client


async def keep(http: httpx2.AsyncClient, content: str, **fields: Any) -> dict[str, Any]:
    answer = await http.post(ENTRIES, json={"content": content, **fields})
    assert answer.status_code == 201, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


async def found(http: httpx2.AsyncClient, query: str, **how: Any) -> list[str]:
    answer = await http.get("/api/memory/search", params={"q": query, **how})
    assert answer.status_code == 200, answer.text
    return [item["content"] for item in answer.json()["items"]]


async def test_an_entry_is_written_read_changed_and_deleted(http: httpx2.AsyncClient) -> None:
    entry = await keep(http, "Anna Schmidt works at Siemens", tags=["work"], importance=0.7, source={"kind": "document", "documentId": "doc_1"})
    assert set(entry) == FIELDS
    assert entry["source"] == {"kind": "document", "documentId": "doc_1"}
    assert {(one["name"], one["type"]) for one in entry["entities"]} == {("Anna Schmidt", "person"), ("Siemens", "organisation")}
    path = f"{ENTRIES}/{entry['id']}"
    assert (await http.get(path)).json() == entry
    changed = await http.patch(path, json={"content": "Anna Schmidt works at Bosch", "validTo": "2030-01-01"})
    assert changed.status_code == 200
    assert (changed.json()["id"], changed.json()["content"], changed.json()["validTo"]) == (
        entry["id"],
        "Anna Schmidt works at Bosch",
        "2030-01-01T00:00:00.000000Z",
    )
    assert (await http.patch(path, json={"validTo": None})).json()["validTo"] is None
    history = (await http.get(f"{path}/history")).json()["items"]
    assert [one["content"] for one in history] == ["Anna Schmidt works at Bosch", "Anna Schmidt works at Bosch", "Anna Schmidt works at Siemens"]
    gone = await http.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (
        await http.get(path),
        await http.patch(path, json={}),
        await http.delete(path),
        await http.post(f"{path}/forget"),
        await http.get(f"{path}/history"),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": ""},
        {"content": None},
        {"content": 5},
        {"content": "x" * 10_001},
        {"content": "x", "importance": 2},
        {"content": "x", "importance": "much"},
        {"content": "x", "category": "gossip"},
        {"content": "x", "scope": "world"},
        {"content": "x", "scope": "agent"},
        {"content": "x", "tags": "a"},
        {"content": "x", "tags": ["y" * 65]},
        {"content": "x", "tags": [str(n) for n in range(33)]},
        {"content": "x", "validFrom": "soon"},
        {"content": "x", "validFrom": "2026-02-02", "validTo": "2026-01-01"},
        {"content": "x", "source": {"kind": "rumour"}},
        [],
        "x",
    ],
)
async def test_a_body_that_is_not_acceptable_is_422_and_names_the_field(http: httpx2.AsyncClient, body: Any) -> None:
    answer = await http.post(ENTRIES, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["code"] == "validation_failed"
    assert answer.json()["error"]["details"]["errors"]
    assert (await http.get(ENTRIES)).json()["total"] == 0


@pytest.mark.parametrize(
    "body",
    [{"content": None}, {"tags": None}, {"importance": None}, {"category": None}, {"validFrom": None}, {"content": " "}, {"category": "x"}, {"validTo": "x"}],
)
async def test_a_change_that_is_not_acceptable_changes_nothing(http: httpx2.AsyncClient, body: Any) -> None:
    entry = await keep(http, "The person likes tea")
    assert (await http.patch(f"{ENTRIES}/{entry['id']}", json=body)).status_code == 422
    assert (await http.get(f"{ENTRIES}/{entry['id']}")).json() == entry


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ENTRIES}?scope=world", 422),
        (f"{ENTRIES}?category=gossip", 422),
        (f"{ENTRIES}?limit=0", 422),
        (f"{ENTRIES}?limit=x", 400),
        (f"{ENTRIES}?cursor=forged", 400),
        ("/api/memory/search", 400),
        ("/api/memory/search?q=", 422),
        ("/api/memory/search?q=%20", 422),
        ("/api/memory/search?q=" + "x" * 2_001, 422),
        ("/api/memory/search?q=x&limit=0", 422),
        ("/api/memory/search?q=x&limit=many", 400),
        ("/api/memory/search?q=x&scope=world", 422),
        ("/api/memory/search?q=x&asOf=soon", 400),
        ("/api/memory/graph?entity=x&depth=0", 422),
        ("/api/memory/graph?entity=x&depth=deep", 400),
        ("/api/memory/daily-logs?date=soon", 400),
        ("/api/memory/daily-logs?date=2026-02-30", 400),
        (f"{ENTRIES}/mem_none", 404),
        ("/api/memory", 404),
        ("/api/memory/entries/x/y", 404),
    ],
)
async def test_a_bad_question_is_refused_in_the_envelope(http: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await http.get(path)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["message"] and error["requestId"] == answer.headers["X-Sophon-Request-Id"]


async def test_a_list_is_paged_with_opaque_cursors(http: httpx2.AsyncClient) -> None:
    for n in range(5):
        await keep(http, f"note {n}", tags=["n"])
    first = (await http.get(ENTRIES, params={"limit": 2, "tag": "n"})).json()
    assert ([item["content"] for item in first["items"]], first["hasMore"], first["total"]) == (["note 4", "note 3"], True, 5)
    second = (await http.get(ENTRIES, params={"limit": 2, "tag": "n", "cursor": first["nextCursor"]})).json()
    third = (await http.get(ENTRIES, params={"limit": 2, "tag": "n", "cursor": second["nextCursor"]})).json()
    assert [item["content"] for item in [*second["items"], *third["items"]]] == ["note 2", "note 1", "note 0"]
    assert (third["hasMore"], third["nextCursor"]) == (False, None)
    assert len((await http.get(ENTRIES, params={"limit": 9_999})).json()["items"]) == 5
    assert [item["content"] for item in (await http.get(ENTRIES, params={"q": "NOTE 3"})).json()["items"]] == ["note 3"]


async def test_a_contradiction_supersedes_and_the_past_can_still_be_asked(http: httpx2.AsyncClient) -> None:
    old = await keep(http, "I live in Berlin")
    new = await keep(http, "I moved to Hamburg")
    assert new["supersedes"] == old["id"]
    assert await found(http, "where do I live") == ["I moved to Hamburg"]
    assert await found(http, "where do I live", asOf=old["createdAt"]) == ["I live in Berlin"]
    assert sorted(await found(http, "where do I live", includeSuperseded="true")) == ["I live in Berlin", "I moved to Hamburg"]
    assert [item["content"] for item in (await http.get(ENTRIES)).json()["items"]] == ["I moved to Hamburg"]
    both = (await http.get(ENTRIES, params={"includeSuperseded": "true"})).json()["items"]
    assert [item["supersededBy"] for item in both] == [None, new["id"]]


async def test_a_search_explains_itself_when_asked(http: httpx2.AsyncClient) -> None:
    await keep(http, "The spare key is under the flower pot", importance=0.8)
    plain = (await http.get("/api/memory/search", params={"q": "spare key"})).json()
    assert plain["mode"] == "keyword"
    assert set(plain["items"][0]) == FIELDS | {"score"}
    item = (await http.get("/api/memory/search", params={"q": "spare key", "explain": "true"})).json()["items"][0]
    assert set(item["explain"]) == {"textScore", "vectorScore", "matchedTerms", "recency", "importance", "entityMatch", "why"}
    assert item["explain"]["matchedTerms"] == ["spare", "key"]
    assert "it matches “spare”, “key”" in item["explain"]["why"]
    assert 0 < item["score"] <= 1


async def test_scope_and_agent_choose_whose_memories_are_searched(http: httpx2.AsyncClient) -> None:
    await keep(http, "The garden of main is green", scope="agent", agentId="main")
    await keep(http, "The garden of all is blue")
    assert len(await found(http, "garden")) == 2
    assert await found(http, "garden", scope="user") == ["The garden of all is blue"]
    assert await found(http, "garden", scope="agent") == ["The garden of main is green"]
    assert await found(http, "garden", scope="agent", agent="other") == []


async def test_the_graph_is_walked(http: httpx2.AsyncClient) -> None:
    entry = await keep(http, "My sister is Clara")
    graph = (await http.get("/api/memory/graph", params={"entity": "me", "depth": 2})).json()
    nodes = {node["id"]: node for node in graph["nodes"]}
    assert {node["name"] for node in nodes.values()} == {"Me", "Clara"}
    assert all(set(node) == {"id", "name", "type", "mentions"} for node in nodes.values())
    (edge,) = graph["edges"]
    assert (nodes[edge["from"]]["name"], edge["relation"], nodes[edge["to"]]["name"], edge["entryId"]) == ("Me", "sister", "Clara", entry["id"])
    assert (await http.get("/api/memory/graph", params={"entity": "Zorro"})).json() == {"nodes": [], "edges": []}
    assert {node["name"] for node in (await http.get("/api/memory/graph")).json()["nodes"]} == {"Me", "Clara"}


async def test_forgetting_is_asked_once_and_erases_on_approval(http: httpx2.AsyncClient) -> None:
    entry = await keep(http, "I live in Bonn")
    path = f"{ENTRIES}/{entry['id']}"
    asked = await http.post(f"{path}/forget")
    assert asked.status_code == 202
    assert asked.json()["status"] == "pending"
    again = await http.post(f"{path}/forget")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    approval = (await http.get(f"/api/approvals/{asked.json()['approvalId']}")).json()
    assert (approval["toolName"], approval["risk"], approval["preview"]["entry"]["content"]) == ("memory.forget", "high", "I live in Bonn")
    assert (await http.post(f"/api/approvals/{approval['id']}/reject")).status_code == 200
    assert (await http.get(path)).status_code == 200
    asked = await http.post(f"{path}/forget")
    assert (await http.post(f"/api/approvals/{asked.json()['approvalId']}/approve")).status_code == 200
    assert (await http.get(path)).status_code == 404
    assert await found(http, "where do I live") == []
    assert (await http.get("/api/memory/graph", params={"entity": "me"})).json() == {"nodes": [], "edges": []}


async def test_approving_to_forget_what_was_changed_or_deleted_since_is_a_conflict(http: httpx2.AsyncClient) -> None:
    path = f"{ENTRIES}/{(await keep(http, 'I live in Bonn'))['id']}"
    asked = (await http.post(f"{path}/forget")).json()["approvalId"]
    await http.patch(path, json={"content": "I live in Ulm"})
    refused = await http.post(f"/api/approvals/{asked}/approve")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert "changed since you were asked" in refused.json()["error"]["message"]
    assert (await http.get(path)).json()["content"] == "I live in Ulm"
    asked = (await http.post(f"{path}/forget")).json()["approvalId"]
    assert (await http.delete(path)).status_code == 204
    assert (await http.post(f"/api/approvals/{asked}/approve")).status_code == 409
    shown = (await http.get("/api/approvals/history")).json()["items"]
    assert [(one["status"], "Ulm" in str(one), "Bonn" in str(one)) for one in shown] == [("cancelled", False, False)] * 2


async def test_an_event_shows_the_entry_as_the_api_does(http: httpx2.AsyncClient) -> None:
    shown = await keep(http, "I live in Berlin", source={"kind": "document", "documentId": "doc_1"})
    snake = {re.sub("[A-Z]", lambda m: "_" + m[0].lower(), name): value for name, value in shown.items()}
    entry = msgspec.convert({**snake, "source": {"kind": "document", "document_id": "doc_1"}}, Entry)
    text = frame(Recorded("1-1", 1, "2026-01-01T00:00:00.000000Z", MemoryWritten(entry=entry, session_id="sess_1"))).decode()
    assert "event: memory.written\n" in text
    data = json.loads(text.split("data: ")[1])
    assert data == {"at": "2026-01-01T00:00:00.000000Z", "sessionId": "sess_1", "entry": shown}


async def test_what_is_said_in_a_conversation_is_remembered_and_logged(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/api/chat?wait=60", json={"content": "Hi, my name is Anna and I live in Berlin."})
    assert answer.status_code == 200, answer.text
    async with asyncio.timeout(30):
        while len(items := (await http.get(ENTRIES)).json()["items"]) < 2:
            await asyncio.sleep(0.05)
    assert {item["content"] for item in items} == {"My name is Anna", "I live in Berlin"}
    assert all(item["source"]["kind"] == "turn" and item["source"]["sessionId"] == answer.json()["sessionId"] for item in items)
    log = (await http.get("/api/memory/daily-logs")).json()
    assert log["entries"][0]["text"] == "Hi, my name is Anna and I live in Berlin."
    assert (await http.get("/api/memory/daily-logs", params={"date": log["date"]})).json() == log
    assert set(log["entries"][0]) == {"time", "text", "sessionId", "agentId"}


async def test_the_reference_document_marks_the_extension(http: httpx2.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert paths["/api/memory/entries/{entry_id}/history"]["get"]["x-extension"] is True
    names = {parameter["name"] for parameter in paths["/api/memory/search"]["get"]["parameters"]}
    assert {"q", "scope", "limit", "explain", "asOf"} <= names
    for path in ("/api/memory/entries", "/api/memory/search", "/api/memory/graph", "/api/memory/daily-logs"):
        assert "x-extension" not in paths[path]["get"]
