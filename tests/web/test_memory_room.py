from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect


def remember(url: str, content: str, **fields: Any) -> dict[str, Any]:
    request = urllib.request.Request(url + "/api/memory/entries", json.dumps({"content": content, **fields}).encode(), {"Content-Type": "application/json"})
    entry: dict[str, Any] = json.load(urllib.request.urlopen(request))
    return entry


def test_a_memory_is_written_shown_and_changed(page: Page) -> None:
    unique = uuid.uuid4().hex[:8]
    page.goto("/ui/memory/new")
    page.get_by_label("What to remember").fill(f"Tea number {unique} is brewed at eighty degrees.")
    page.get_by_role("radiogroup", name="Kind").get_by_text("Preference").click()
    page.get_by_label("Tags").fill("tea, kitchen")
    page.get_by_role("button", name="Remember", exact=True).click()
    page.wait_for_url("**/memory/mem_*")
    expect(page.get_by_role("heading", name="Preference")).to_be_visible()
    expect(page.get_by_text("Written by you")).to_be_visible()
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("What is remembered").fill(f"Tea number {unique} is brewed at ninety degrees.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name=f"Edit: Tea number {unique} is brewed at ninety degrees.")).to_be_visible()
    expect(page.get_by_role("list", name="Memories").get_by_role("link").filter(has_text=unique)).to_contain_text("ninety")


def test_a_memory_can_belong_to_one_agent(page: Page, live_server: Any) -> None:
    unique = uuid.uuid4().hex[:8]
    page.goto("/ui/memory/new")
    page.get_by_label("What to remember").fill(f"Speaks in short sentences {unique}.")
    page.get_by_role("radiogroup", name="Who may use it").get_by_text("One agent").click()
    expect(page.get_by_label("Which agent")).to_contain_text("Sophon")
    page.get_by_role("button", name="Remember", exact=True).click()
    page.wait_for_url("**/memory/mem_*")
    entry = live_server.get(f"/api/memory/entries/{page.url.rpartition('/')[2]}")
    assert (entry["scope"], entry["agentId"]) == ("agent", "sophon")


def test_a_search_says_why_each_memory_was_found(page: Page, live_server: Any) -> None:
    unique = uuid.uuid4().hex[:8]
    entry = remember(live_server.url, f"The spare key {unique} hangs behind the barometer.", importance=0.9)
    page.goto("/ui/memory")
    page.get_by_role("searchbox", name="Search memories").fill(f"spare key {unique}")
    row = page.get_by_role("list", name="Memories that were found").get_by_role("listitem").filter(has_text=unique)
    expect(row).to_be_visible()
    row.hover()
    row.get_by_role("button", name="Why this one").click()
    why = page.get_by_role("complementary", name="Why this memory")
    for part in ("Words", "Meaning", "Recency", "Importance"):
        expect(why.get_by_role("term").filter(has_text=part)).to_be_visible()
    expect(why.get_by_text("Written by you")).to_be_visible()
    assert f"inspect=why%3A{entry['id']}" in page.url


def test_what_was_replaced_stays_in_the_history(page: Page, live_server: Any) -> None:
    unique = uuid.uuid4().hex[:8]
    old = remember(live_server.url, f"The depot {unique} is in Oslo.")
    new = remember(live_server.url, f"The depot {unique} is in Bergen.", supersedes=old["id"])
    page.goto(f"/ui/memory/{new['id']}")
    versions = page.get_by_role("region", name="What was known, and when").get_by_role("listitem")
    expect(versions).to_have_count(2)
    versions.get_by_role("link").filter(has_text="Oslo").click()
    expect(page.get_by_text("Something newer took its place")).to_be_visible()
    page.get_by_role("link", name="Show what holds now").click()
    page.wait_for_url(f"**/memory/{new['id']}*")


def test_what_no_longer_holds_is_kept_and_can_hold_again(page: Page, live_server: Any) -> None:
    entry = remember(live_server.url, f"The lift {uuid.uuid4().hex[:8]} is out of order.")
    page.goto(f"/ui/memory/{entry['id']}")
    page.get_by_role("button", name="More", exact=True).last.click()
    page.get_by_role("menuitem", name="No longer so").click()
    expect(page.get_by_role("main").get_by_text("No longer so").first).to_be_visible()
    page.get_by_role("button", name="More", exact=True).last.click()
    page.get_by_role("menuitem", name="It holds again").click()
    expect(page.get_by_text("since", exact=False).first).to_be_visible()


def test_forgetting_waits_for_an_answer_and_deleting_does_not(page: Page, live_server: Any) -> None:
    unique = uuid.uuid4().hex[:8]
    entry = remember(live_server.url, f"The code word is {unique}.")
    page.goto(f"/ui/memory/{entry['id']}")
    page.get_by_role("button", name="More", exact=True).last.click()
    page.get_by_role("menuitem", name="Forget").click()
    expect(page.get_by_text("This waits for your answer")).to_be_visible()
    expect(page.get_by_role("link", name="Go to the question")).to_be_visible()
    assert live_server.get(f"/api/memory/entries/{entry['id']}")["content"] == f"The code word is {unique}."
    page.get_by_role("button", name="More", exact=True).last.click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text(unique)
    dialog.get_by_role("button", name="Delete this memory").click()
    expect(page.get_by_role("list", name="Memories").get_by_text(unique)).to_have_count(0)


def test_the_graph_is_walked_with_the_keyboard_and_read_as_a_list(page: Page, live_server: Any) -> None:
    name = f"Quentin{uuid.uuid4().hex[:6]}"
    remember(live_server.url, f"{name} works at Halvorsen Boilers.")
    remember(live_server.url, f"{name} lives in Trondheim.")
    page.goto(f"/ui/memory/graph?entity={name}&depth=1")
    nodes = page.locator("[data-node]")
    expect(nodes.first).to_be_visible()
    assert nodes.count() >= 2
    expect(page.locator('[data-node][tabindex="0"]')).to_have_count(1)
    page.locator('[data-node][tabindex="0"]').focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="About this name")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("List", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert "as=list" in page.url


def test_a_day_can_be_turned_back(page: Page) -> None:
    page.goto("/ui/memory/days?date=2026-03-01")
    expect(page.get_by_role("heading", name="Sunday, 1 March 2026")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing was noted that day")).to_be_visible()
    page.get_by_role("button", name="The day before").click()
    expect(page.get_by_role("heading", name="Saturday, 28 February 2026")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sunday, 1 March 2026")).to_be_visible()


def test_a_memory_written_elsewhere_shows_by_itself(page: Page, live_server: Any) -> None:
    page.goto("/ui/memory")
    expect(page.get_by_role("searchbox", name="Search memories")).to_be_visible()
    page.wait_for_timeout(500)  # the stream connects
    unique = uuid.uuid4().hex[:8]
    remember(live_server.url, f"A visitor called {unique} came by.")
    expect(page.get_by_role("list", name="Memories").get_by_text(unique)).to_be_visible()


def test_names_of_every_script_fit_on_a_phone(open_page: Callable[..., Page], live_server: Any) -> None:
    entry = remember(live_server.url, "يفضّل سامي الاجتماعات القصيرة 🙂 " + "Donaudampfschifffahrtsgesellschaft" * 6, tags=["שלום", "🍵" * 20])
    page = open_page(width=360, height=740)
    page.goto(f"/ui/memory/{entry['id']}")
    expect(page.get_by_text("Who may use it")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_many_tabs_share_one_connection_and_one_takes_over_when_it_closes(page: Page, live_server: Any) -> None:
    # A browser opens six connections to a server: with a stream for each tab the seventh tab would hang.
    tabs = [page, *(page.context.new_page() for _ in range(7))]
    for tab in tabs:
        tab.goto("/ui/memory")
        expect(tab.get_by_role("searchbox", name="Search memories")).to_be_visible()
    first = uuid.uuid4().hex[:8]
    tabs[-1].wait_for_timeout(500)
    remember(live_server.url, f"All tabs know {first}.")
    for tab in tabs:
        expect(tab.get_by_role("list", name="Memories").get_by_text(first)).to_be_visible()
    tabs[0].close()
    second = uuid.uuid4().hex[:8]
    remember(live_server.url, f"The others know {second} too.")
    for tab in tabs[1:]:
        expect(tab.get_by_role("list", name="Memories").get_by_text(second)).to_be_visible()
