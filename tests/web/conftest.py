"""A real browser in front of a real server. Chromium is the system's (``SOPHON_TEST_CHROMIUM`` names another); nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from playwright.sync_api import expect as _expect

from sophon_local.surfaces.web import BUILT

_expect.set_options(timeout=20_000)
REFUSALS = "Failed to load resource"  # the browser's own line for each answer of 400 and above; tests ask for some of them


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = os.environ.get("SOPHON_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("These tests need a Chromium: apt-get install chromium, or name one in SOPHON_TEST_CHROMIUM.")
    if not (Path(BUILT) / "index.html").is_file():
        pytest.fail("The web pages are not built: python packaging/build_web.py")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, live_server: object) -> Iterator[Callable[..., Page]]:
    """Opens a page of its own; ``open_page(width=360)``. Afterwards none may have complained: no script error, nothing refused by the content policy."""
    complaints: list[str] = []
    contexts = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and REFUSALS not in message.text:
            complaints.append(message.text)

    def opened(width: int = 1280, height: int = 800, **options: object) -> Page:
        context = browser.new_context(
            base_url=live_server.url,  # type: ignore[attr-defined]
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()
