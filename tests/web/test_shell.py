from __future__ import annotations

import re
import time
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

ROOMS = ("chat", "documents", "memory", "models", "approvals", "settings")
PAGES = (*ROOMS, "chat/new", "attic")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent || ''"))


def test_the_root_leads_to_the_chats(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/ui/chat$"))
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_has_its_address_and_its_title(page: Page, room: str) -> None:
    page.goto(f"/ui/{room}")
    expect(page).to_have_title(re.compile(room, re.IGNORECASE))
    expect(page.get_by_role("navigation", name="Rooms").get_by_role("link", name=re.compile(f"^{room}", re.IGNORECASE))).to_have_attribute(
        "aria-current", "page"
    )


def test_an_unknown_address_says_so_and_shows_the_way(page: Page) -> None:
    page.goto("/ui/attic")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("link", name="Go to your chats").click()
    expect(page).to_have_url(re.compile(r"/ui/chat$"))


def test_back_does_what_it_says(page: Page) -> None:
    page.goto("/ui/chat")
    rooms = page.get_by_role("navigation", name="Rooms")
    rooms.get_by_role("link", name="Documents").click()
    rooms.get_by_role("link", name="Memory").click()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/ui/documents$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/ui/chat$"))


def test_the_keys_do_what_their_list_says(page: Page) -> None:
    page.goto("/ui/models")
    expect(page.get_by_role("region", name="In use")).to_be_visible()
    page.keyboard.press("Control+/")
    keys = page.get_by_role("dialog", name="Keys")
    for does in ("New chat", "Show or hide the list", "Settings", "Recall what you said before", "Stop the answer"):
        expect(keys.get_by_text(does)).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    page.keyboard.press("Control+.")
    expect(page).to_have_url(re.compile(r"/ui/settings$"))
    page.keyboard.press("Control+Shift+O")
    expect(page).to_have_url(re.compile(r"/ui/chat/new$"))
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    chats = page.get_by_role("region", name="Chats")
    expect(chats).to_be_visible()
    page.keyboard.press("Control+Shift+S")
    expect(chats).to_have_count(0)
    page.reload()
    expect(chats).to_have_count(0)
    page.keyboard.press("Control+Shift+S")
    expect(chats).to_be_visible()
    page.get_by_role("searchbox", name="Search chats").focus()
    page.keyboard.press("Shift+Escape")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_the_palette_goes_anywhere(page: Page, live_server: Any) -> None:
    name = f"palette-{uuid.uuid4().hex[:8]}.txt"
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    body = f"{head}The ferry leaves at noon. {name}\r\n--x--\r\n".encode()
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    urllib.request.urlopen(urllib.request.Request(live_server.url + "/api/documents/upload", body, kind)).close()
    page.goto("/ui/chat")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Go to, do, or find")
    expect(field).to_be_focused()
    field.fill("dark")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Dark theme")
    field.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    field.fill(name)
    expect(page.get_by_role("option", name=name).first).to_be_visible()
    expect(page.get_by_role("option", selected=True)).to_contain_text(name)
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"/ui/documents/doc_"))


def test_a_chosen_theme_holds_and_is_there_before_the_first_picture(page: Page) -> None:
    page.goto("/ui/settings")
    page.get_by_text("Dark", exact=True).click()
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.route("**/assets/index-*.js", lambda route: route.abort())  # nothing but the page itself and theme.js
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    page.unroute("**/assets/index-*.js")
    page.reload()
    page.get_by_text("As the system").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")


def test_with_the_keyboard_alone_one_comes_from_the_rail_to_the_work(page: Page) -> None:
    page.goto("/ui/settings")
    expect(page.get_by_role("heading", name="Looks")).to_be_visible()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the work"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "work"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    outline = page.evaluate(
        "[document.activeElement, ...document.querySelectorAll('[data-focus-visible]')].map(e => getComputedStyle(e))"
        ".some(s => parseFloat(s.outlineWidth) >= 1 && s.outlineStyle !== 'none')"
    )
    assert outline


def test_the_character_is_saved_and_an_editors_change_is_not_overwritten(page: Page, live_server: Any) -> None:
    page.goto("/ui/settings")
    soul = page.get_by_role("textbox", name=re.compile("SOUL.md of"))
    before = soul.input_value()
    mark = uuid.uuid4().hex[:8]
    soul.fill(f"{before}\n\nMind the gap {mark}.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It holds from the next message on.")).to_be_visible()
    file = next((live_server.home / "tenants" / "default" / "agents").glob("*/SOUL.md"))
    assert mark in file.read_text()
    soul.fill("Mine.")
    file.write_text("Theirs.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The file was changed elsewhere in the meantime")).to_be_visible()
    assert file.read_text() == "Theirs."
    page.get_by_role("button", name="Discard").click()
    expect(soul).to_have_value("Theirs.")
    file.write_text(before)


def settled(page: Page, room: str) -> None:
    """The room as it is once everything has been read. The page never falls silent: it listens."""
    page.goto(f"/ui/{room}")
    expect(page.locator("main").get_by_role("heading").first).to_be_visible()
    expect(page.locator("main [class*=skeleton]")).to_have_count(0)
    page.wait_for_timeout(250)


@pytest.mark.parametrize("width", [1280, 360])
def test_no_room_asks_outside_overflows_or_shifts(open_page: Callable[..., Page], live_server: Any, width: int) -> None:
    while any(one["status"] not in ("ready", "failed") for one in live_server.get("/api/documents?limit=200")["items"]):
        time.sleep(0.2)  # what is being read moves, and rightly so
    asked: list[str] = []
    page = open_page(width=width, height=740)
    page.on("request", lambda request: asked.append(request.url))
    for room in PAGES:
        settled(page, room)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), room
        shift = page.evaluate(
            "new Promise(resolve => { let sum = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value })"
            ".observe({ type: 'layout-shift', buffered: true }); setTimeout(() => resolve(sum), 100) })"
        )
        assert shift < 0.1, room  # what Web Vitals call good
    assert [url for url in asked if not url.startswith(live_server.url)] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_to_object_to(open_page: Callable[..., Page], theme: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core comes with npm ci in web/")
    page = open_page(width=width, height=740, color_scheme=theme, bypass_csp=True)
    objections = []
    for room in PAGES:
        settled(page, room)
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })")
        objections += [(room, one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
    assert objections == []
