"""With a capable model behind an OpenAI-compatible address: native tool calls, streaming, citations, tokens; and what it does wrong is borne."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import LiveServer, start_server, stop_server
from tests.journeys.test_first_day import ask, upload
from tests.make import manual_pdf

Script = Callable[[dict[str, Any]], list[dict[str, Any]] | int]


def text(*pieces: str) -> list[dict[str, Any]]:
    return [{"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]


def call(name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """A tool call as servers stream it: the name first, the arguments in fragments."""
    written = json.dumps(arguments)
    fragments = [{"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}]
    fragments += [{"index": 0, "function": {"arguments": written[at : at + 7]}} for at in range(0, len(written), 7)]
    chunks = [{"choices": [{"index": 0, "delta": {"tool_calls": [fragment]}, "finish_reason": None}]} for fragment in fragments]
    return [*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}]


class Vendor:
    """A model server on loopback that answers each request with what the script says."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.script: Script = lambda request: text("Hello.")
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None: ...

            def do_GET(self) -> None:
                self._answer(200, "application/json", json.dumps({"object": "list", "data": [{"id": "giant", "object": "model"}]}).encode())

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                vendor.asked.append(request)
                made = vendor.script(request)
                if isinstance(made, int):
                    self._answer(made, "application/json", b'{"error": {"message": "no"}}')
                    return
                usage = {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}}
                frames = [f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', 'model': 'giant', **chunk})}\n\n" for chunk in [*made, usage]]
                self._answer(200, "text/event-stream", ("".join(frames) + "data: [DONE]\n\n").encode())

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    yield made
    made.server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Iterator[LiveServer]:
    running = start_server(tmp_path_factory.mktemp("capable") / "home", SOPHON_MODELS_PATH=str(models_folder))
    yield running
    stop_server(running)


@pytest.fixture(scope="module")
def http(server: LiveServer, vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=120) as client:
        made = client.post("/api/providers", json={"kind": "openai", "name": "Giant", "baseUrl": vendor.url, "apiKey": "sk-very-secret"})
        assert made.status_code == 201, made.text
        assert "sk-very-secret" not in made.text and made.json()["hasKey"]
        assert client.post(f"/api/providers/{made.json()['id']}/test").json()["ok"]
        model = next(m["id"] for m in client.get("/api/models").json()["items"] if m["providerId"] == made.json()["id"])
        assert client.post("/api/models/use", json={"model": model}).status_code == 200
        upload(client, manual_pdf(tmp_path_factory.mktemp("files") / "mower.pdf"))
        yield client


def system_of(request: dict[str, Any]) -> str:
    return "\n".join(m["content"] for m in request["messages"] if m["role"] == "system")


def test_the_model_sees_numbered_passages_and_its_marks_become_citations(http: httpx2.Client, vendor: Vendor) -> None:
    vendor.asked.clear()

    def script(request: dict[str, Any]) -> list[dict[str, Any]]:
        line = next(part for part in system_of(request).split("\n\n") if "24 months" in part)
        number = line[line.index("[") + 1 : line.index("]")]
        return text("You have ", "two years ", f"[{number}", "] and a battery warranty of one year [99].")

    vendor.script = script
    message = ask(http, "How long is the warranty?")
    assert message["content"].startswith("You have two years [") and "[99]" not in message["content"]
    [citation] = message["citations"]
    assert "24 months" in citation["quote"] and citation["page"] == 3
    assert message["model"] == {"name": "giant", "provider": "Giant", "isLocal": message["model"]["isLocal"]} or message["model"]["name"]
    assert message["tokens"] == {"prompt": 100, "completion": 20}
    assert vendor.asked[0]["stream"] is True and {t["function"]["name"] for t in vendor.asked[0]["tools"]} >= {"documents_search", "memory_search"}


def test_a_tool_call_is_carried_out_and_what_it_found_can_be_cited(http: httpx2.Client, vendor: Vendor) -> None:
    def script(request: dict[str, Any]) -> list[dict[str, Any]]:
        last = request["messages"][-1]
        if last["role"] != "tool":
            return call("documents_search", {"query": "air filter cleaning interval", "limit": 2})
        number = last["content"][1 : last["content"].index("]")]
        return text(f"Every 25 hours [{number}].")

    vendor.script = script
    message = ask(http, "Please look it up.")
    assert [(c["name"], c["ok"]) for c in message["toolCalls"]] == [("documents_search", True)]
    assert "25 hours" in message["content"] and "25 hours" in message["citations"][0]["quote"]
    assert message["tokens"] == {"prompt": 200, "completion": 40}
    assert any(step["kind"] == "tool" for step in message["steps"])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rm_rf", {"path": "/"}),
        ("documents_search", {"nonsense": 1}),
        ("memory_forget", {"entryId": "mem_none"}),
        ("documents_read", {"documentId": "../../etc/passwd"}),
    ],
)
def test_a_call_that_cannot_be_is_told_to_the_model_and_the_turn_goes_on(http: httpx2.Client, vendor: Vendor, name: str, arguments: dict[str, Any]) -> None:
    vendor.script = lambda request: text("I see.") if request["messages"][-1]["role"] == "tool" else call(name, arguments)
    message = ask(http, "Do something odd.")
    assert message["content"] == "I see." and message["toolCalls"][0]["ok"] is False


def test_an_agent_cannot_forget_by_itself(http: httpx2.Client, vendor: Vendor) -> None:
    entry = http.post("/api/memory/entries", json={"content": "The spare key is under the pot"}).json()
    vendor.script = lambda request: text("Asked.") if request["messages"][-1]["role"] == "tool" else call("memory_forget", {"entryId": entry["id"]})
    ask(http, "Forget the spare key.")
    assert http.get(f"/api/memory/entries/{entry['id']}").status_code == 200
    [approval] = [a for a in http.get("/api/approvals").json()["items"] if a["toolName"] == "memory.forget"]
    http.post(f"/api/approvals/{approval['id']}/reject")
    assert http.get(f"/api/memory/entries/{entry['id']}").status_code == 200


def test_a_model_that_calls_tools_for_ever_is_stopped(http: httpx2.Client, vendor: Vendor) -> None:
    vendor.asked.clear()
    vendor.script = lambda request: call("memory_search", {"query": "x"}) if request.get("tools") else text("Enough.")
    message = ask(http, "Go on and on.")
    assert message["content"] == "Enough." and len(message["toolCalls"]) == 6 and len(vendor.asked) == 7


def test_a_denied_tool_is_neither_offered_nor_run(http: httpx2.Client, vendor: Vendor) -> None:
    agent = http.post("/api/agents", json={"name": "Plain"}).json()["id"]
    assert http.put(f"/api/agents/{agent}/tools", json={"allow": ["*"], "deny": ["documents.*"]}).json()["effective"] == [
        "memory.search",
        "memory.write",
        "memory.forget",
    ]
    vendor.asked.clear()
    vendor.script = lambda request: text("No.") if request["messages"][-1]["role"] == "tool" else call("documents_search", {"query": "warranty"})
    message = ask(http, "How long is the warranty?", agentId=agent)
    assert "documents_search" not in {t["function"]["name"] for t in vendor.asked[0]["tools"]}
    assert "24 months" not in json.dumps(vendor.asked) and message["toolCalls"][0]["ok"] is False


def test_the_soul_is_read_at_every_turn(http: httpx2.Client, vendor: Vendor, server: LiveServer) -> None:
    vendor.script = lambda request: text("Arr.")
    (server.home / "tenants" / "default" / "agents" / "sophon" / "SOUL.md").write_text("You are a pirate named Kale.")
    vendor.asked.clear()
    ask(http, "Introduce yourself please.")
    assert "pirate named Kale" in system_of(vendor.asked[0])


def test_the_conversation_goes_along_and_a_failure_keeps_the_question(http: httpx2.Client, vendor: Vendor) -> None:
    vendor.script = lambda request: text("Blue is nice.")
    first = ask(http, "Suggest a colour for the shed.")
    vendor.script = lambda request: 401
    answer = http.post("/api/chat?wait=60", json={"content": "And another?", "sessionId": first["sessionId"]})
    assert answer.status_code == 200 and answer.json()["status"] == "failed" and "sk-very-secret" not in answer.text
    assert answer.json()["error"]
    history = http.get(f"/api/sessions/{first['sessionId']}/messages").json()["items"]
    assert [m["content"] for m in history if m["role"] == "user"] == ["Suggest a colour for the shed.", "And another?"]
    vendor.asked.clear()
    vendor.script = lambda request: text("Green.")
    ask(http, "Once more?", sessionId=first["sessionId"])
    said = [m["content"] for m in vendor.asked[0]["messages"] if m["role"] in ("user", "assistant")]
    assert said[:2] == ["Suggest a colour for the shed.", "Blue is nice."] and said[-1] == "Once more?"
