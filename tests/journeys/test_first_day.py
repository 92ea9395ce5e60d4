"""The first day with the program, over HTTP, with the real models: read documents, answer from them, remember, survive a kill."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import LiveServer, start_server, stop_server
from tests.make import manual_pdf


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Iterator[LiveServer]:
    running = start_server(tmp_path_factory.mktemp("journey") / "home", SOPHON_MODELS_PATH=str(models_folder))
    yield running
    stop_server(running)


@pytest.fixture(scope="module")
def http(server: LiveServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=120) as client:
        yield client


def upload(http: httpx2.Client, path: Path, **fields: str) -> dict[str, Any]:
    answer = http.post("/api/documents/upload", files={"file": (path.name, path.read_bytes())}, data=fields)
    assert answer.status_code in (200, 201), answer.text
    return until_ready(http, answer.json()["id"])


def until_ready(http: httpx2.Client, document_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        document: dict[str, Any] = http.get(f"/api/documents/{document_id}").json()
        if document["status"] in ("ready", "failed"):
            return document
        time.sleep(0.1)
    raise AssertionError(f"{document_id} never became ready")


def ask(http: httpx2.Client, content: str, **more: Any) -> dict[str, Any]:
    answer = http.post("/api/chat?wait=120", json={"content": content, **more})
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.json()
    assert message["status"] == "complete", message
    return message


@pytest.fixture(scope="module")
def manual(http: httpx2.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    document = upload(http, manual_pdf(tmp_path_factory.mktemp("files") / "mower.pdf"))
    assert document["status"] == "ready", document
    return document


def test_an_answer_from_a_document_cites_the_very_words(http: httpx2.Client, manual: dict[str, Any]) -> None:
    message = ask(http, "How long is the warranty period of the lawnmower?")
    assert "24 months" in message["content"]
    assert message["answered"] in ("model", "extractive")
    cited = message["citations"]
    assert cited and all(f"[{c['number']}]" in message["content"] for c in cited)
    best = next(c for c in cited if "24 months" in c["quote"])
    assert (best["documentId"], best["page"]) == (manual["id"], 3)
    text = http.get(f"/api/documents/{manual['id']}", params={"maxChars": 1_000_000}).json()["text"]
    for citation in cited:
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert any(citation["quote"] in r["text"] for r in message["recalled"]), "a citation must have stood in the prompt"


@pytest.mark.parametrize(
    "question",
    [
        "What does the lawnmower cost?",
        "Who is the president of France?",
        "What is the phone number of the dealer in Munich?",
        "How many horsepower does the engine have?",
        "Which wine goes with fish?",
    ],
)
def test_what_the_documents_do_not_hold_is_said(http: httpx2.Client, manual: dict[str, Any], question: str) -> None:
    message = ask(http, question)
    assert message["answered"] == "not_found", message["content"]
    assert "not in your documents" in message["content"].lower()
    assert message["citations"] == []


def test_a_question_to_an_attached_document_may_use_other_words(http: httpx2.Client, tmp_path: Path) -> None:
    path = tmp_path / "lease.txt"
    path.write_text("The tenant may leave with a notice of three months to the end of a quarter. The rent is 900 euros a month.")
    lease = upload(http, path)
    message = ask(http, "How long is the notice period?", attachments=[lease["id"]])
    assert "three months" in message["content"], message["content"]
    assert {c["documentId"] for c in message["citations"]} == {lease["id"]}
    http.delete(f"/api/documents/{lease['id']}")


def test_what_a_person_says_is_remembered_with_its_source_and_a_change_supersedes(http: httpx2.Client, manual: dict[str, Any]) -> None:
    first = ask(http, "My name is Ana and I live in Lisbon.")
    found = http.get("/api/memory/search", params={"q": "where does she live", "explain": "true"}).json()["items"]
    home = next(e for e in found if "Lisbon" in e["content"])
    assert home["source"]["sessionId"] == first["sessionId"] and home["explain"]["why"]

    answer = ask(http, "Where do I live?")
    assert "Lisbon" in answer["content"]
    assert any(c["kind"] == "memory" and c["memoryId"] == home["id"] for c in answer["citations"])

    before = http.get("/api/memory/entries", params={"limit": 200}).json()["items"]
    ask(http, "I moved to Porto last week.")
    answer = ask(http, "Where do I live?")
    assert "Porto" in answer["content"] and "Lisbon" not in answer["content"]
    old = http.get(f"/api/memory/entries/{home['id']}").json()
    assert old["validTo"] and old["supersededBy"]
    past = http.get("/api/memory/search", params={"q": "live", "asOf": before[0]["createdAt"]}).json()["items"]
    assert any("Lisbon" in e["content"] for e in past) and not any("Porto" in e["content"] for e in past)


def test_small_talk_is_not_kept(http: httpx2.Client) -> None:
    before = {e["id"] for e in http.get("/api/memory/entries", params={"limit": 200}).json()["items"]}
    for said in ("ok", "thanks!", "hello there"):
        ask(http, said)
    assert {e["id"] for e in http.get("/api/memory/entries", params={"limit": 200}).json()["items"]} == before


def test_forgetting_waits_for_approval(http: httpx2.Client) -> None:
    entry = http.post("/api/memory/entries", json={"content": "The alarm code hint is a birthday", "category": "fact"}).json()
    asked = http.post(f"/api/memory/entries/{entry['id']}/forget")
    assert asked.status_code == 202 and asked.json()["status"] == "pending"
    assert http.post(f"/api/memory/entries/{entry['id']}/forget").status_code == 409
    assert http.get(f"/api/memory/entries/{entry['id']}").status_code == 200
    pending = http.get("/api/approvals").json()["items"]
    assert [a["id"] for a in pending] == [asked.json()["approvalId"]]
    assert http.post(f"/api/approvals/{asked.json()['approvalId']}/approve").json()["status"] == "approved"
    assert http.get(f"/api/memory/entries/{entry['id']}").status_code == 404


def test_the_answer_streams_in_order_and_can_be_replayed(http: httpx2.Client, server: LiveServer, manual: dict[str, Any]) -> None:
    ack = http.post("/api/chat", json={"content": "How often is the air filter cleaned?"})
    assert ack.status_code == 202
    session, task = ack.json()["sessionId"], ack.json()["taskId"]
    deadline = time.monotonic() + 120
    while http.get(f"/api/tasks/{task}").json()["status"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    session_events = list(_events(server, f"/api/sessions/{session}/events?after={_before_all(http, session, server)}", "task.completed"))
    deltas = [data for name, data in session_events if name == "message.delta"]
    final = http.get(f"/api/sessions/{session}/messages").json()["items"][-1]
    text = ""
    for delta in deltas:
        assert delta["offset"] == len(text)
        text += delta["delta"]
    assert text.strip() == final["content"]


def _before_all(http: httpx2.Client, session: str, server: LiveServer) -> str:
    """The id of the event before the first one of this run: every id is ``<run>-<number>``."""
    with httpx2.stream("GET", f"{server.url}/api/sessions/{session}/events?after=none-1", timeout=10) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: "):
                return line[4:].rpartition("-")[0] + "-0"
    raise AssertionError("no event came")


def _events(server: LiveServer, path: str, last: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with httpx2.stream("GET", server.url + path, timeout=30) as answer:
        name = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                yield name, json.loads(line[6:])
                if name == last:
                    return


def test_a_fork_goes_its_own_way(http: httpx2.Client, manual: dict[str, Any]) -> None:
    first = ask(http, "How often should the blade be sharpened?")
    messages = http.get(f"/api/sessions/{first['sessionId']}/messages").json()["items"]
    fork = http.post(f"/api/sessions/{first['sessionId']}/fork", json={"beforeMessageId": messages[0]["id"]})
    assert fork.status_code == 201 and fork.json()["messageCount"] == 0
    ask(http, "How often is the filter replaced?", sessionId=fork.json()["id"])
    assert len(http.get(f"/api/sessions/{first['sessionId']}/messages").json()["items"]) == 2
    assert http.delete(f"/api/sessions/{first['sessionId']}").status_code == 204
    assert http.get(f"/api/sessions/{fork.json()['id']}/messages").json()["items"][0]["content"] == "How often is the filter replaced?"


def test_a_kill_in_the_middle_of_an_answer_keeps_what_had_come(tmp_path: Path, models_folder: Path) -> None:
    server = start_server(tmp_path / "home", SOPHON_MODELS_PATH=str(models_folder))
    with httpx2.Client(base_url=server.url, timeout=60) as http:
        ack = http.post("/api/chat", json={"content": "Write a long story about a lighthouse keeper and the sea."}).json()
        content, deadline = "", time.monotonic() + 90
        while len(content) < 40:
            assert time.monotonic() < deadline, "nothing was kept while the answer was being written"
            time.sleep(0.2)
            messages = http.get(f"/api/sessions/{ack['sessionId']}/messages").json()["items"]
            content = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
            assert messages[-1]["status"] in ("streaming", "complete")
        assert messages[-1]["status"] == "streaming"
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    again = start_server(tmp_path / "home", SOPHON_MODELS_PATH=str(models_folder))
    try:
        messages = again.get(f"/api/sessions/{ack['sessionId']}/messages")["items"]  # type: ignore[index]
        assert messages[-1]["status"] == "interrupted" and messages[-1]["content"].startswith(content) and messages[-1]["error"]
        assert again.get(f"/api/tasks/{ack['taskId']}")["status"] == "interrupted"  # type: ignore[index]
    finally:
        stop_server(again)


def test_stopping_an_answer_keeps_what_had_come(http: httpx2.Client, server: LiveServer) -> None:
    ack = http.post("/api/chat", json={"content": "Write a very long poem about the sea and the wind."}).json()
    seen = threading.Event()

    def watch() -> None:
        with httpx2.stream("GET", f"{server.url}/api/sessions/{ack['sessionId']}/events?after=none-0", timeout=60) as answer:
            for line in answer.iter_lines():
                if line == "event: message.delta":
                    seen.set()
                    return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert seen.wait(90), "no text came"
    assert http.post(f"/api/tasks/{ack['taskId']}/cancel").json()["status"] == "cancelled"
    last = http.get(f"/api/sessions/{ack['sessionId']}/messages").json()["items"][-1]
    assert last["status"] == "cancelled" and last["content"]
    assert http.post(f"/api/tasks/{ack['taskId']}/cancel").status_code == 409


def test_deleting_a_document_takes_its_passages_along(http: httpx2.Client, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The zanzibar protocol requires three signatures before noon.")
    document = upload(http, path)
    assert http.get("/api/documents/search", params={"q": "zanzibar protocol"}).json()["items"][0]["documentId"] == document["id"]
    assert http.delete(f"/api/documents/{document['id']}").status_code == 204
    assert all(i["documentId"] != document["id"] for i in http.get("/api/documents/search", params={"q": "zanzibar protocol"}).json()["items"])
    assert http.get(f"/api/documents/{document['id']}").status_code == 404
