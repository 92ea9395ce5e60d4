from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import sample_files as sample

STORY = (
    "Halvorsen's boiler was lit for the first time in March 1911.\n\n"
    "The relief valve opens at nine bar; the engineer on duty writes the pressure down every hour.\n\n"
    "A second boiler was bought from Trondheim in 1924 and never used.\n"
)


def upload(url: str, name: str, text: str | bytes) -> dict[str, Any]:
    """Sends a file as a script would, and waits until it is ready or failed."""
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    body = head.encode() + (text.encode() if isinstance(text, str) else text) + f"\r\n--{mark}--\r\n".encode()
    request = urllib.request.Request(url + "/api/documents/upload", body, {"Content-Type": f"multipart/form-data; boundary={mark}"})
    document: dict[str, Any] = json.load(urllib.request.urlopen(request))
    deadline = time.monotonic() + 120
    while document["status"] not in ("ready", "failed"):
        assert time.monotonic() < deadline, document
        time.sleep(0.2)
        document = json.load(urllib.request.urlopen(f"{url}/api/documents/{document['id']}"))
    return document


def choose(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add documents").first.click()
    chooser.value.set_files([str(file) for file in files])


def drop(page: Page, name: str, text: str) -> None:
    """Lets go of a file over the middle of the page."""
    transfer = page.evaluate_handle(
        "([name, text]) => { const transfer = new DataTransfer(); transfer.items.add(new File([text], name)); return transfer; }", [name, text]
    )
    target = page.locator("main section").last
    for kind in ("dragenter", "dragover", "drop"):
        target.dispatch_event(kind, {"dataTransfer": transfer})


def test_files_are_added_read_and_found(page: Page, live_server: Any, tmp_path: Path) -> None:
    unique = uuid.uuid4().hex[:8]
    (tmp_path / f"harbour-{unique}.txt").write_text(f"{STORY}\nSeen by {unique}.\n")
    sample.pdf(tmp_path / f"town-{unique}.pdf", [[*sample.SENTENCES, unique], ["The second page speaks of whale oil lamps."]])
    page.goto("/ui/documents")
    choose(page, tmp_path / f"harbour-{unique}.txt", tmp_path / f"town-{unique}.pdf")
    panel = page.get_by_role("region", name="Files on their way")
    expect(panel.get_by_text("Ready, ")).to_have_count(2, timeout=60_000)
    expect(panel.get_by_role("status")).to_have_text("All files are in")
    page.get_by_role("list", name="Documents").get_by_role("link", name=f"town-{unique}.pdf").click()
    expect(page.get_by_role("region", name=f"Text of town-{unique}.pdf")).to_contain_text("whale oil lamps")
    expect(page.get_by_label("Page, of 2")).to_be_visible()


def test_a_dropped_file_is_added_and_the_same_one_again_says_so(page: Page) -> None:
    unique = uuid.uuid4().hex[:8]
    page.goto("/ui/documents")
    expect(page.get_by_role("heading", name="Drop files anywhere here")).to_be_visible()
    drop(page, f"dropped-{unique}.md", f"# Dropped\n\nThis came by hand: {unique}.\n")
    panel = page.get_by_role("region", name="Files on their way")
    expect(panel.get_by_text("Ready, ")).to_be_visible(timeout=60_000)
    drop(page, f"again-{unique}.md", f"# Dropped\n\nThis came by hand: {unique}.\n")
    expect(panel.get_by_text(f"You have this file already, as “dropped-{unique}.md”")).to_be_visible()


def test_a_file_that_cannot_be_read_says_why_and_what_to_do(page: Page, tmp_path: Path) -> None:
    locked = sample.pdf(tmp_path / f"locked-{uuid.uuid4().hex[:8]}.pdf", [["Secret."]], password="hunter2")
    page.goto("/ui/documents")
    choose(page, locked)
    panel = page.get_by_role("region", name="Files on their way")
    expect(panel.get_by_text("password")).to_be_visible(timeout=60_000)
    panel.get_by_role("link", name=locked.name).click()
    expect(page.get_by_text("This document could not be read")).to_be_visible()
    expect(page.get_by_role("button", name="Read it again")).to_be_visible()


def test_an_address_with_a_passage_opens_the_text_there_and_marks_it(page: Page, live_server: Any) -> None:
    # Emoji before the passage: the server counts characters, the browser counts halves of some.
    filler = "".join(f"Paragraph {number} of the long report speaks of nothing in particular 🫖.\n\n" for number in range(3000))
    passage = "The relief valve opens at nine bar 🔥 and not before."
    text = f"{filler}{passage}\n\n{filler}"
    document = upload(live_server.url, f"long-{uuid.uuid4().hex[:8]}.txt", text + uuid.uuid4().hex)
    start = text.index(passage)
    page.goto(f"/ui/documents/{document['id']}?start={start}&end={start + len(passage)}")
    mark = page.locator("mark[data-passage]")
    expect(mark).to_have_text(passage)
    expect(mark).to_be_in_viewport()
    assert page.locator("[data-text] p").count() < 150  # of 6,001 paragraphs
    page.mouse.move(800, 400)
    page.mouse.wheel(0, 5000)
    expect(mark).not_to_be_in_viewport()
    page.get_by_role("button", name="Back to the passage").click()
    expect(mark).to_be_in_viewport()


def test_finding_in_a_text_goes_from_hit_to_hit(page: Page, live_server: Any) -> None:
    name = f"find-{uuid.uuid4().hex[:8]}.txt"
    document = upload(
        live_server.url, name, "".join(f"Line {number}.\n\n" for number in range(800)) + "The needle.\n\n" + "More.\n\n" * 300 + "A NEEDLE again. " + name
    )
    page.goto(f"/ui/documents/{document['id']}")
    expect(page.get_by_role("region", name=f"Text of {name}")).to_be_visible()
    page.keyboard.press("Control+f")
    page.keyboard.type("needle")
    expect(page.get_by_text("1 of 2")).to_be_visible()
    expect(page.get_by_text("The needle.")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 2")).to_be_visible()
    expect(page.get_by_text("A NEEDLE again.")).to_be_in_viewport()
    assert "find=needle" in page.url
    page.reload()
    expect(page.get_by_text("of 2", exact=False).first).to_be_visible()


def test_searching_all_texts_shows_passages_and_why(page: Page, live_server: Any) -> None:
    unique = uuid.uuid4().hex[:8]
    document = upload(live_server.url, f"search-{unique}.txt", STORY + f"\nThe zeppelin {unique} moored at the eastern quay.\n")
    page.goto("/ui/documents/search")
    page.get_by_role("searchbox", name="Search what your documents say").fill(f"zeppelin {unique}")
    hit = page.get_by_role("listitem").filter(has_text=f"search-{unique}.txt").filter(has=page.get_by_role("button", name="Why this one"))
    expect(hit.first).to_be_visible()
    hit.first.get_by_role("button", name="Why this one").click()
    why = page.get_by_role("complementary", name="Why this passage")
    expect(why.get_by_text("Scores, from 0 to 1")).to_be_visible()
    expect(why.get_by_text("zeppelin").first).to_be_visible()
    assert "inspect=why" in page.url
    page.go_back()
    expect(why).to_have_count(0)
    hit.first.get_by_role("link").first.click()
    expect(page.locator("mark[data-passage]").filter(has_text="zeppelin")).to_be_in_viewport()
    assert document["id"] in page.url


def test_two_documents_are_compared_with_places_on_both_sides(page: Page, live_server: Any) -> None:
    unique = uuid.uuid4().hex[:8]
    first = upload(live_server.url, f"first-{unique}.txt", STORY + f"\nFirst edition {unique}.\n")
    second = upload(live_server.url, f"second-{unique}.txt", STORY.replace("nine bar", "seven bar") + f"\nThe chimney was swept twice in {unique}.\n")
    page.goto(f"/ui/documents/compare?ids={first['id']}")
    page.get_by_role("searchbox", name="Add a document").fill(f"second-{unique}")
    page.get_by_role("list", name="Documents to add").get_by_role("button", name=f"second-{unique}.txt").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name="The same")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("heading", name="Different", exact=True)).to_be_visible()
    place = page.get_by_role("main").get_by_role("link", name=f"second-{unique}.txt").first
    place.click()
    page.wait_for_url(f"**/documents/{second['id']}*")
    page.go_back()
    expect(page.get_by_role("heading", name="The same")).to_be_visible()


def test_an_outline_leads_through_a_document(page: Page, live_server: Any) -> None:
    chapters = "".join(f"# Chapter {number}\n\n" + "Words follow on words in this chapter.\n\n" * 40 for number in range(1, 30))
    document = upload(live_server.url, f"outline-{uuid.uuid4().hex[:8]}.md", chapters + uuid.uuid4().hex)
    page.goto(f"/ui/documents/{document['id']}")
    page.get_by_role("button", name="Outline").click()
    page.get_by_role("navigation", name="Headings").get_by_role("link", name="Chapter 17").click()
    expect(page.get_by_role("heading", name="Chapter 17")).to_be_in_viewport()


def test_deleting_names_what_goes_and_takes_it_from_the_list(page: Page, live_server: Any) -> None:
    name = f"doomed-{uuid.uuid4().hex[:8]}.txt"
    document = upload(live_server.url, name, f"To be forgotten: {name}")
    page.goto(f"/ui/documents/{document['id']}")
    page.get_by_role("button", name="More", exact=True).last.click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text(name)
    expect(dialog).to_contain_text("can't be undone")
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    dialog.get_by_role("button", name="Delete this document").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    page.goto(f"/ui/documents/{document['id']}")
    expect(page.get_by_role("heading", name="This document is gone")).to_be_visible()


@pytest.mark.parametrize("path", ["/ui/documents", "/ui/documents/search?words=boiler", "/ui/documents/compare"])
def test_a_phone_shows_no_sideways_scrolling(open_page: Callable[..., Page], live_server: Any, path: str) -> None:
    upload(live_server.url, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.txt", "boiler " + "x" * 300)
    page = open_page(width=360, height=740)
    page.goto(path)
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("heading").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_list_is_walked_with_the_keyboard(page: Page, live_server: Any) -> None:
    unique = uuid.uuid4().hex[:8]
    for number in range(3):
        upload(live_server.url, f"keys-{unique}-{number}.txt", f"Text {number} of {unique}")
    page.goto(f"/ui/documents?q=keys-{unique}")
    rows = page.get_by_role("list", name="Documents").get_by_role("link")
    expect(rows).to_have_count(3)
    rows.first.focus()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Text of")).to_be_visible()
    assert f"q=keys-{unique}" in page.url
