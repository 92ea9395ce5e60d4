"""The documents group over HTTP: works, not there, not acceptable. A real server without models: words and rules do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import sample_files as sample
from tests.conftest import LiveServer, start_server, stop_server

UPLOAD = "/api/documents/upload"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    running = start_server(tmp_path_factory.mktemp("documents") / "home", SOPHON_MAX_UPLOAD_BYTES="2000000")
    yield running
    stop_server(running)


@pytest.fixture(scope="module")
def http(server: LiveServer) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        yield client


def settle(http: httpx2.Client, document_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        document: dict[str, Any] = http.get(f"/api/documents/{document_id}").json()
        if document["status"] in ("ready", "failed"):
            return document
        time.sleep(0.05)
    raise AssertionError("it was never ready")


def upload(http: httpx2.Client, name: str, content: bytes, **fields: Any) -> dict[str, Any]:
    answer = http.post(UPLOAD, files={"file": (name, content)}, data=fields)
    assert answer.status_code in (200, 201), answer.text
    return settle(http, answer.json()["id"])


@pytest.fixture(scope="module")
def harbour(http: httpx2.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    pdf = sample.pdf(tmp_path_factory.mktemp("files") / "harbour.pdf", [sample.SENTENCES[:4], sample.SENTENCES[4:]], headings=["The storm", "Trade"])
    return upload(http, "harbour.pdf", pdf.read_bytes(), tags="town, History")


def code(answer: httpx2.Response) -> tuple[int, str]:
    body = answer.json()["error"]
    assert body["requestId"] == answer.headers["X-Sophon-Request-Id"]
    return answer.status_code, body["code"]


def test_one_file_answers_the_document_and_the_same_content_answers_200(http: httpx2.Client) -> None:
    first = http.post(UPLOAD, files={"file": ("notes.md", b"# Notes\nThe pier is closed.")})
    assert first.status_code == 201
    body = first.json()
    assert (body["filename"], body["status"], body["tags"], body["sizeBytes"], body["error"]) == ("notes.md", "uploaded", [], 27, None)
    second = http.post(UPLOAD, files={"file": ("again.md", b"# Notes\nThe pier is closed.")})
    assert (second.status_code, second.json()["id"]) == (200, body["id"])


def test_many_files_answer_a_list_and_a_bad_one_among_them_leaves_nothing(http: httpx2.Client, server: LiveServer) -> None:
    good = http.post(UPLOAD, files=[("file", ("one.txt", b"the first")), ("file", ("two.txt", b"the second"))], data={"tags": "pair"})
    assert good.status_code == 201 and [item["filename"] for item in good.json()["items"]] == ["one.txt", "two.txt"]
    before = http.get("/api/documents").json()["total"]
    bad = http.post(UPLOAD, files=[("file", ("three.txt", b"the third")), ("file", ("x.exe", b"MZ" + bytes(99)))])
    assert code(bad) == (415, "unsupported_media_type") and bad.json()["error"]["details"]["filename"] == "x.exe"
    assert http.get("/api/documents").json()["total"] == before
    assert not [one for one in (server.home / "incoming").glob("**/*") if one.is_file()]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"files": {"file": ("empty.txt", b"")}}, (422, "validation_failed")),
        ({"files": {"file": ("large.txt", b"x" * 2_100_000)}}, (413, "payload_too_large")),
        ({"files": {"file": ("a.zip", b"\x1f\x8b" + bytes(90))}}, (415, "unsupported_media_type")),
        ({"data": {"tags": "x"}, "files": {"other": (None, "no file")}}, (422, "validation_failed")),
        ({"json": {"file": "x"}}, (415, "unsupported_media_type")),
    ],
)
def test_uploads_that_are_refused(http: httpx2.Client, sent: dict[str, Any], expected: tuple[int, str]) -> None:
    assert code(http.post(UPLOAD, **sent)) == expected


def test_a_file_that_cannot_be_read_says_why(http: httpx2.Client, tmp_path: Path) -> None:
    locked = upload(http, "locked.pdf", sample.pdf(tmp_path / "a.pdf", [["x"]], password="p").read_bytes())
    assert locked["status"] == "failed" and locked["error"]["code"] == "password_protected" and locked["text"] == ""
    assert code(http.post(f"/api/documents/{locked['id']}/summarize")) == (409, "document_not_ready")


def test_a_document_shows_its_text_pages_and_headings(http: httpx2.Client, harbour: dict[str, Any]) -> None:
    assert (harbour["pages"], harbour["tags"], harbour["textTruncated"]) == (2, ["town", "History"], False)
    assert harbour["text"][harbour["pageStarts"][1] :].startswith("Trade")
    assert [(heading["text"], heading["page"]) for heading in harbour["headings"]] == [("The storm", 1), ("Trade", 2)]
    cut = http.get(f"/api/documents/{harbour['id']}?maxChars=10").json()
    assert (cut["text"], cut["textTruncated"]) == (harbour["text"][:10], True)
    assert code(http.get(f"/api/documents/{harbour['id']}?maxChars=-1")) == (422, "validation_failed")


def test_lists_are_filtered_and_paged(http: httpx2.Client, harbour: dict[str, Any]) -> None:
    assert [d["id"] for d in http.get("/api/documents?q=HARBOUR&tag=history&status=ready").json()["items"]] == [harbour["id"]]
    first = http.get("/api/documents?limit=1").json()
    assert first["hasMore"] and first["total"] > 1
    second = http.get("/api/documents", params={"limit": 1, "cursor": first["nextCursor"]}).json()
    assert second["items"][0]["id"] < first["items"][0]["id"]
    assert code(http.get("/api/documents?cursor=forged"))[0] == 400
    assert code(http.get("/api/documents?status=lost"))[0] in (400, 422)


def test_search_explains_its_hits_and_names_the_place(http: httpx2.Client, harbour: dict[str, Any]) -> None:
    found = http.get("/api/documents/search", params={"q": "herring trade", "limit": 3, "explain": "true", "documentId": harbour["id"]}).json()
    assert found["mode"] == "keyword"
    hit = found["items"][0]
    assert harbour["text"][hit["start"] : hit["end"]] == hit["text"] and (hit["page"], hit["heading"]) == (2, "Trade")
    assert set(hit["explain"]["matchedTerms"]) == {"herring", "trade"} and hit["explain"]["vectorScore"] is None and hit["explain"]["why"]
    assert "explain" not in http.get("/api/documents/search?q=herring").json()["items"][0]
    assert code(http.get("/api/documents/search?q=%20"))[0] == 422 and code(http.get("/api/documents/search?q=x&limit=0"))[0] == 422
    assert http.get("/api/documents/search?q=zzzz").json()["items"] == []


def test_the_original_comes_back_and_nothing_in_it_can_run(http: httpx2.Client, harbour: dict[str, Any]) -> None:
    raw = http.get(f"/api/documents/{harbour['id']}/raw")
    assert raw.content.startswith(b"%PDF-") and raw.headers["content-type"] == "application/pdf"
    page = upload(http, "Seite ü.html", b"<html><body><script>alert(1)</script>Hello from the pier</body></html>")
    answer = http.get(f"/api/documents/{page['id']}/raw")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Seite%20%C3%BC.html"
    assert answer.headers["x-content-type-options"] == "nosniff" and "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "application/octet-stream" and page["text"] == "Hello from the pier"


@pytest.mark.parametrize(
    ("content", "declared", "shown"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><text>Pier one</text></svg>', "text/plain", None),
        (b'\xef\xbb\xbf \n<?xml version="1.0"?><note>Pier two</note>', "text/plain", None),
        (b"<!-- pier --><html><body>Pier three</body></html>", "text/plain", None),
        (b"Pier four <script>alert(1)</script>", "text/plain", None),
        ("<svg><text>Pier five</text></svg>".encode("utf-16"), "text/plain", None),
        (b"<svg><text>Pier six</text></svg>", "image/png", None),
        (b"\x89PNG\r\n\x1a\n broken", "text/plain", None),
        (b"%PDF-1.7 broken", "text/plain", None),
        (b"Pier seven: 3 < 4, and a <b> is said.", "text/plain", "text/plain"),
    ],
)  # fmt: skip
def test_only_what_plainly_cannot_run_is_shown_in_the_browser(http: httpx2.Client, content: bytes, declared: str, shown: str | None) -> None:
    answer = http.post(UPLOAD, files={"file": ("pier.txt", content, declared)})
    document = settle(http, answer.json()["id"])
    raw = http.get(f"/api/documents/{document['id']}/raw")
    assert raw.headers["content-disposition"].split(";")[0] == ("inline" if shown else "attachment")
    assert raw.headers["content-type"].split(";")[0] == (shown or "application/octet-stream")
    assert raw.content == content and "sandbox" in raw.headers["content-security-policy"]


@pytest.mark.parametrize("tags", [",".join(f"t{n}" for n in range(33)), "x" * 65, "a\x07b", "a\nb", "a\x7fb", "a\u2028b"])
def test_tags_that_cannot_be_kept_are_refused_and_leave_nothing(http: httpx2.Client, tags: str) -> None:
    before = http.get("/api/documents").json()["total"]
    assert code(http.post(UPLOAD, files={"file": ("tagged.txt", b"Never kept.")}, data={"tags": tags})) == (422, "validation_failed")
    assert http.get("/api/documents").json()["total"] == before


def test_as_many_and_as_long_tags_as_there_may_be_are_kept(http: httpx2.Client) -> None:
    tags = [f"{n:02}" + "é" * 62 for n in range(32)]
    document = upload(http, "tagged.txt", b"Kept with all its tags.", tags=",".join(tags))
    assert document["tags"] == tags
    assert code(http.post(UPLOAD, files={"file": ("tagged.txt", b"Kept with all its tags.")}, data={"tags": "one more"}))[0] == 422


def test_summaries_extractions_and_comparisons_say_how_they_were_made(http: httpx2.Client, harbour: dict[str, Any]) -> None:
    summary = http.post(f"/api/documents/{harbour['id']}/summarize", json={"style": "brief", "maxWords": 30}).json()
    assert (summary["method"], summary["model"]) == ("extractive", None)
    cited = summary["citations"][0]
    assert cited["kind"] == "document" and harbour["text"][cited["start"] : cited["end"]] == cited["quote"] and cited["page"] in (1, 2)

    bill = upload(http, "bill.txt", b"Bill number: 17\nTotal: 12.50 EUR\nWritten by the harbour master.")
    found = http.post(f"/api/documents/{bill['id']}/extract", json={"fields": ["bill number", {"name": "total", "type": "number"}, "due date"]}).json()
    assert found["data"] == {"bill number": "17", "total": 12.5, "due date": None}
    assert found["method"] == {"bill number": "extractive", "total": "extractive", "due date": "not_found"}

    other = upload(http, "bill2.txt", b"Bill number: 18\nTotal: 12.50 EUR\nWritten by the harbour master.")
    compared = http.post("/api/documents/compare", json={"documentIds": [bill["id"], other["id"]]}).json()
    assert [one["kind"] for one in compared["differences"]] == ["changed"]
    assert [passage["documentId"] for passage in compared["differences"][0]["passages"]] == [bill["id"], other["id"]]
    assert compared["summaryMethod"] == "extractive" and [one["filename"] for one in compared["perDocument"]] == ["bill.txt", "bill2.txt"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("{id}/summarize", {"style": "poem"}, 422),
        ("{id}/summarize", {"maxWords": 1}, 422),
        ("{id}/extract", {}, 422),
        ("{id}/extract", {"schema": {"type": "nonsense"}}, 422),
        ("{id}/extract", {"schema": {"type": "object", "properties": {"iban": {"type": "string"}}, "required": ["iban"]}}, 422),
        ("{id}/extract", {"schema": {}, "fields": ["a"]}, 422),
        ("doc_gone/summarize", {}, 404),
        ("doc_gone/extract", {"fields": ["a"]}, 404),
        ("compare", {"documentIds": ["{id}", "doc_gone"]}, 404),
        ("compare", {"documentIds": ["{id}"]}, 422),
        ("compare", {"documentIds": "x"}, 422),
    ],
)
def test_requests_that_cannot_be_met(http: httpx2.Client, harbour: dict[str, Any], path: str, body: dict[str, Any], expected: int) -> None:
    filled = json.loads(json.dumps(body).replace("{id}", harbour["id"]))
    answer = http.post("/api/documents/" + path.replace("{id}", harbour["id"]), json=filled)
    assert code(answer)[0] in (expected, 400 if expected == 422 else expected), answer.text


@pytest.mark.parametrize("path", ["", "/raw"])
def test_what_is_not_there_is_404(http: httpx2.Client, path: str) -> None:
    assert code(http.get(f"/api/documents/doc_gone{path}")) == (404, "not_found")
    assert code(http.delete("/api/documents/doc_gone")) == (404, "not_found")


def test_events_tell_every_state_in_order(http: httpx2.Client, server: LiveServer, tmp_path: Path) -> None:
    seen: list[tuple[str, Any]] = []
    listening = threading.Event()

    def listen() -> None:
        with httpx2.stream("GET", f"{server.url}/api/events", timeout=30) as stream:
            topic = ""
            for line in stream.iter_lines():
                listening.set()
                if line.startswith("event:"):
                    topic = line[6:].strip()
                elif line.startswith("data:") and topic.startswith("document."):
                    seen.append((topic, json.loads(line[5:])))
                    if topic == "document.deleted":
                        return

    thread = threading.Thread(target=listen)
    thread.start()
    assert listening.wait(10)
    document = upload(http, "long.pdf", sample.long_pdf(tmp_path / "long.pdf", 25).read_bytes(), sessionId="sess_x")
    assert http.post(f"/api/documents/{document['id']}/reprocess").status_code == 202
    settle(http, document["id"])
    assert http.delete(f"/api/documents/{document['id']}").status_code == 204
    thread.join(20)
    states = [data["document"]["status"] for topic, data in seen if topic == "document.updated" and data["document"]["id"] == document["id"]]
    once = ["uploaded", "extracting", "chunking", "embedding", "ready"]
    assert [state for at, state in enumerate(states) if at == 0 or states[at - 1] != state] == once * 2
    assert seen[-1][0] == "document.deleted" and seen[-1][1]["documentId"] == document["id"] and seen[-1][1]["sessionId"] == "sess_x"
