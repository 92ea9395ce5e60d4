from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
import uuid
from typing import Any

from playwright.sync_api import Page, expect


def call(url: str, method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)) as answer:
        raw = answer.read()
    return json.loads(raw) if raw else None


def asked_to_forget(url: str) -> tuple[str, str]:
    """A memory that waits for its forgetting to be allowed: its id, and what it says."""
    content = f"The spare key lies under pot {uuid.uuid4().hex[:8]}."
    entry = call(url, "POST", "/api/memory/entries", {"content": content})
    call(url, "POST", f"/api/memory/entries/{entry['id']}/forget")
    return entry["id"], content


def test_a_question_shows_what_would_happen_and_rejecting_keeps_it(page: Page, live_server: Any) -> None:
    page.goto("/ui/approvals")
    entry_id, content = asked_to_forget(live_server.url)
    page.get_by_role("list", name="Waiting").get_by_role("link", name=re.compile(re.escape(content))).click()  # it came while the page was open
    card = page.get_by_role("article", name="Question: Forget a memory")
    expect(card).to_contain_text(content)
    expect(card).to_contain_text("for good")
    expect(card).to_contain_text("Rejected by itself in")
    card.get_by_role("button", name="Reject").click()
    expect(card).to_contain_text("Rejected,")
    assert call(live_server.url, "GET", f"/api/memory/entries/{entry_id}")["content"] == content
    page.get_by_role("tab", name="Answered").click()
    expect(page.get_by_role("list", name="Answered").get_by_role("link", name=re.compile(re.escape(content)))).to_be_visible()


def test_reject_comes_first_and_allow_takes_a_moment_to_arm(page: Page, live_server: Any) -> None:
    entry_id, content = asked_to_forget(live_server.url)
    page.goto("/ui/approvals")
    badge = page.get_by_role("navigation", name="Rooms").get_by_role("link", name=re.compile(r"Approvals.*waiting"))
    expect(badge).to_be_visible()
    page.get_by_role("list", name="Waiting").get_by_role("link", name=re.compile(re.escape(content))).click()
    card = page.get_by_role("article", name="Question: Forget a memory")
    reject, allow = card.get_by_role("button", name="Reject"), card.get_by_role("button", name="Allow")
    expect(reject).to_be_visible()
    expect(allow).to_be_disabled()
    expect(allow).to_be_enabled()
    reject.focus()
    page.keyboard.press("Tab")
    expect(allow).to_be_focused()
    page.keyboard.press("Enter")
    expect(card).to_contain_text("Allowed,")
    page.goto(f"/ui/memory/{entry_id}")
    expect(page.get_by_text(content)).to_have_count(0)
    try:
        call(live_server.url, "GET", f"/api/memory/entries/{entry_id}")
        raise AssertionError("it is still there")
    except urllib.error.HTTPError as error:
        assert error.code == 404
