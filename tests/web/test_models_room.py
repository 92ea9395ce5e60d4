from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

KEY = "sk-test-" + "k" * 24


class Vendor(BaseHTTPRequestHandler):
    """Lists two models to whoever has the key."""

    def do_GET(self) -> None:
        is_known = self.headers.get("Authorization") == f"Bearer {KEY}"
        body = {"data": [{"id": "parrot-1"}, {"id": "parrot-2"}]} if is_known else {"error": {"message": "Incorrect API key provided."}}
        raw = json.dumps(body).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def vendor() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def add(page: Page, name: str, address: str, key: str) -> None:
    page.goto("/ui/models?add=provider")
    form = page.get_by_role("form", name="Add a provider")
    form.get_by_label("Address").fill(address)
    form.get_by_label("Key").fill(key)
    form.get_by_label("Name").fill(name)
    form.get_by_role("button", name="Add and test").click()


def test_the_models_and_the_machine_are_shown(page: Page) -> None:
    page.goto("/ui/models")
    use = page.get_by_role("region", name="In use")
    expect(use.get_by_text("Stays on this machine").first).to_be_visible()
    expect(page.get_by_role("region", name="On this machine").get_by_role("listitem").filter(has_text="MiniLM")).to_contain_text("Apache-2.0")
    expect(page.get_by_role("region", name="More models to fetch").get_by_role("button", name="Fetch").first).to_be_visible()
    expect(page.get_by_text("free, ")).to_contain_text("of memory")


def test_one_model_is_recommended_with_its_reason(page: Page) -> None:
    page.goto("/ui/models")
    best = page.get_by_role("region", name="Best for this machine")
    expect(best).to_contain_text("memory")
    expect(best.get_by_role("button")).to_have_count(1)


def test_a_provider_is_added_tested_and_offers_its_models(page: Page, vendor: str) -> None:
    name = f"Parrots {uuid.uuid4().hex[:6]}"
    add(page, name, vendor, KEY)
    row = page.get_by_role("region", name="From other programs and services").get_by_role("listitem").filter(has_text=name).first
    expect(row).to_contain_text("Stays on this machine")
    expect(row.get_by_text("parrot-1")).to_be_visible()
    expect(row).to_contain_text("key ••••••••")
    assert KEY not in page.content()
    row.get_by_role("button", name=f"Test {name}").click()
    expect(row.get_by_text("It answered in")).to_be_visible()


def test_a_wrong_key_says_so_and_can_be_replaced(page: Page, vendor: str) -> None:
    name = f"Locked {uuid.uuid4().hex[:6]}"
    add(page, name, vendor, "sk-wrong")
    row = page.get_by_role("region", name="From other programs and services").get_by_role("listitem").filter(has_text=name).first
    row.get_by_role("button", name=f"Test {name}").click()
    expect(row.get_by_text("It did not answer as it should")).to_be_visible()
    row.get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("menuitem", name="Edit").click()
    form = page.get_by_role("form", name=f"Edit {name}")
    form.get_by_label("Key").fill(KEY)
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    row.get_by_role("button", name=f"Test {name}").click()
    expect(row.get_by_text("It answered in")).to_be_visible()
    row.get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Remove this provider").click()
    expect(row).to_have_count(0)


def test_an_address_says_where_it_leads_before_anything_is_sent(page: Page) -> None:
    page.goto("/ui/models?add=provider")
    form = page.get_by_role("form", name="Add a provider")
    expect(form).to_contain_text("over the internet to api.openai.com")
    form.get_by_label("Address").fill("http://127.0.0.1:9/v1")
    expect(form).to_contain_text("nothing leaves it")
    form.get_by_label("Address").fill("http://example.com/v1")
    expect(form).to_contain_text("Not encrypted")
    form.get_by_label("Address").fill("example.com")
    form.get_by_role("button", name="Add and test").click()
    expect(form).to_contain_text("begins with http:// or https://")


def test_a_phone_shows_no_sideways_scrolling(open_page: Callable[..., Page]) -> None:
    page = open_page(width=360, height=740)
    page.goto("/ui/models?add=provider")
    expect(page.get_by_role("form", name="Add a provider")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
