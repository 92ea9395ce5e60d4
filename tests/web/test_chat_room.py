"""Chats on a real server, with a model on loopback that speaks at the test's pace, and with the small model that ships."""

from __future__ import annotations

import json
import re
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import LiveServer, start_server, stop_server
from tests.web.storyteller import Storyteller

LEASE = (
    "Lease agreement\n\nThe rent of the flat is 14,200 crowns a month and is due on the first day of each month.\n\n"
    "Either party may end the lease with a notice of three months, in writing.\n\n"
    "The deposit is returned within five weeks after the keys were handed over.\n"
)
LONG = " ".join(f"Sentence number {n} goes on for a while so that the page has something to follow." for n in range(1, 121))


def call(url: str, method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        raw = answer.read()
    return json.loads(raw) if raw else None


@pytest.fixture(scope="module")
def teller() -> Iterator[Storyteller]:
    teller = Storyteller()
    yield teller
    teller.close()


def with_teller(server: LiveServer, teller: Storyteller) -> None:
    provider = call(server.url, "POST", "/api/providers", {"kind": "openai", "name": "Teller", "baseUrl": teller.url, "apiKey": "sk-" + "t" * 20})
    call(server.url, "POST", f"/api/providers/{provider['id']}/test")
    call(server.url, "POST", "/api/models/use", {"model": f"{provider['id']}/teller"})


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, teller: Storyteller) -> Iterator[str]:
    """The address of a server whose answers come from the storyteller."""
    server = start_server(tmp_path_factory.mktemp("told") / "home")
    with_teller(server, teller)
    yield server.url
    stop_server(server)


@pytest.fixture(autouse=True)
def at_ease(teller: Storyteller) -> Iterator[None]:
    teller.story, teller.pause_s = "Once upon a time.", 0.0
    teller.go_on.set()
    yield
    teller.go_on.set()


def message(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


def ask(page: Page, question: str) -> None:
    message(page).fill(question)
    message(page).press("Enter")


def answers(page: Page) -> Locator:
    return page.get_by_role("log").get_by_role("article", name=re.compile("^(Answer|No answer found)$"))


def done(page: Page, count: int = 1) -> Locator:
    """The last of ``count`` answers, once it is complete."""
    expect(answers(page)).to_have_count(count, timeout=60_000)
    expect(answers(page).last).to_have_attribute("aria-busy", "false", timeout=60_000)
    return answers(page).last


def attach(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(str(file))


def gap(page: Page) -> float:
    """How far the transcript is from its end."""
    return float(page.get_by_role("log").evaluate("log => { const box = log.parentElement; return box.scrollHeight - box.scrollTop - box.clientHeight }"))


# With the models that ship


def test_an_answer_leads_to_the_passage_that_it_rests_on(page: Page, tmp_path: Path) -> None:
    name = f"lease-{uuid.uuid4().hex[:8]}.txt"
    (tmp_path / name).write_text(LEASE)
    page.goto("/ui/chat/new")
    attach(page, tmp_path / name)
    ask(page, "When is the rent of the flat due?")  # the file may still be on its way: the message goes when it is read
    answer = done(page)
    expect(answer).to_contain_text("first")
    expect(page.get_by_role("article", name="You").get_by_role("link", name=name)).to_be_visible()
    chip = answer.get_by_role("link", name=re.compile(r"^Source \d+")).first
    page.mouse.move(10, 10)
    chip.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("due on the first")
    chip.click()
    expect(page).to_have_url(re.compile(r"/ui/documents/doc_\w+\?.*start=\d+"))
    expect(page.get_by_role("region", name=f"Text of {name}").locator("mark").filter(has_text="rent").first).to_be_in_viewport()
    page.go_back()
    expect(done(page)).to_contain_text("first")


def test_what_is_not_there_looks_different_from_an_answer(page: Page, tmp_path: Path) -> None:
    name = f"lease-{uuid.uuid4().hex[:8]}.txt"
    (tmp_path / name).write_text(LEASE + uuid.uuid4().hex)
    page.goto("/ui/chat/new")
    attach(page, tmp_path / name)
    expect(page.get_by_role("list", name="Attached")).to_contain_text("Ready", timeout=60_000)
    page.get_by_role("button", name=f"Take {name} off").click()  # it is among the documents now
    ask(page, "What is the airspeed of the unladen swallow in the Halvorsen treaty?")
    missing = page.get_by_role("article", name="No answer found")
    expect(missing).to_contain_text("Not in your documents", timeout=60_000)
    expect(missing).not_to_contain_text("on this machine")


def test_what_was_recalled_and_why_is_one_press_away_and_has_its_address(page: Page, tmp_path: Path) -> None:
    name = f"lease-{uuid.uuid4().hex[:8]}.txt"
    (tmp_path / name).write_text(LEASE + uuid.uuid4().hex)
    page.goto("/ui/chat/new")
    attach(page, tmp_path / name)
    ask(page, "When is the deposit returned?")
    done(page).get_by_role("button", name=re.compile("(Read|Looked at) .*passage")).click()
    why = page.get_by_role("complementary", name="How this answer came about")
    expect(why.get_by_role("heading", name="What was recalled, and why")).to_be_visible()
    expect(why.get_by_role("link", name=name).first).to_be_visible()
    expect(why.get_by_text(re.compile(r"\d+ %")).first).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?inspect=answer(:|%3A)msg_"))
    page.reload()
    expect(why).to_be_visible()
    why.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    expect(why).to_have_count(0)
    page.go_back()
    expect(why).to_be_visible()


# While an answer is written


def test_it_streams_and_the_page_follows_until_the_person_scrolls(page: Page, told: str, teller: Storyteller) -> None:
    teller.story, teller.pause_s = LONG, 0.004
    page.goto(f"{told}/ui/chat/new")
    ask(page, "Tell me a long story")
    expect(answers(page)).to_contain_text("Sentence number 30 ", timeout=30_000)
    expect(answers(page).last).to_have_attribute("aria-busy", "true")
    assert gap(page) < 2
    page.get_by_role("log").hover()
    page.mouse.wheel(0, -400)
    back = page.get_by_role("button", name="Follow the answer")
    expect(back).to_be_visible()
    place = page.get_by_role("log").evaluate("log => log.parentElement.scrollTop")
    expect(answers(page)).to_contain_text("Sentence number 60 ", timeout=30_000)
    assert page.get_by_role("log").evaluate("log => log.parentElement.scrollTop") == place  # nobody pulls the reader back
    back.click()
    expect(answers(page).last).to_have_attribute("aria-busy", "false", timeout=30_000)
    assert gap(page) < 2


def test_escape_stops_it_and_what_came_is_kept(page: Page, told: str, teller: Storyteller) -> None:
    teller.story, teller.pause_s = LONG, 0.02
    page.goto(f"{told}/ui/chat/new")
    ask(page, "Tell me a story that I will stop")
    expect(answers(page)).to_contain_text("Sentence number 2 ", timeout=30_000)
    page.keyboard.press("Escape")
    expect(page.get_by_text("You stopped this answer.")).to_be_visible()
    expect(answers(page).last).to_contain_text("Sentence number 2 ")
    teller.story = "The short version."
    page.get_by_role("button", name="Ask again").click()
    expect(done(page, 2)).to_contain_text("The short version.")


def test_a_page_that_comes_in_the_middle_shows_each_word_once(page: Page, told: str, teller: Storyteller) -> None:
    teller.story, teller.pause_s = LONG, 0.01
    page.goto(f"{told}/ui/chat/new")
    ask(page, "Tell me a story while I reload")
    expect(answers(page)).to_contain_text("Sentence number 5 ", timeout=30_000)
    page.reload()
    expect(answers(page)).to_contain_text("Sentence number 12 ", timeout=30_000)
    said = answers(page).last.locator("p").first.inner_text()
    assert LONG.startswith(" ".join(said.split()[:-1])), said
    teller.pause_s = 0.0
    expect(done(page).locator("p").first).to_have_text(LONG)


def test_a_killed_server_is_said_calmly_and_the_answer_is_marked_as_cut_off(page: Page, teller: Storyteller, tmp_path: Path) -> None:
    server = start_server(tmp_path / "home")
    with_teller(server, teller)
    teller.story, teller.pause_s = LONG, 0.02
    page.goto(f"{server.url}/ui/chat/new")
    ask(page, "Tell me a story through an accident")
    expect(answers(page)).to_contain_text("Sentence number 8 ", timeout=30_000)
    server.process.kill()
    server.process.wait()
    expect(page.get_by_text("Sophon does not answer.")).to_be_visible(timeout=30_000)
    expect(answers(page)).to_contain_text("Sentence number 8 ")  # what was read stays readable
    again = start_server(tmp_path / "home", SOPHON_PORT=server.url.rpartition(":")[2], SOPHON_PORT_IS_FIXED="true")
    try:
        page.get_by_role("button", name="Try now").click()
        expect(page.get_by_text("Sophon does not answer.")).to_have_count(0, timeout=30_000)
        expect(page.get_by_text("This answer was cut off")).to_be_visible(timeout=30_000)
        expect(answers(page).last).to_contain_text("Sentence number 1 ")
        expect(page.get_by_role("button", name="Ask again")).to_be_visible()
    finally:
        stop_server(again)


# What was said


def test_editing_goes_on_in_a_copy_and_loses_nothing(page: Page, told: str, teller: Storyteller) -> None:
    teller.story = "Norway is the answer."
    page.goto(f"{told}/ui/chat/new")
    ask(page, "Which country is it")
    done(page)
    first = page.url
    page.get_by_role("article", name="You").hover()
    page.get_by_role("button", name="Edit, and ask in a copy of this chat").click()
    box = page.get_by_role("textbox", name="Say it differently")
    expect(box).to_be_focused()
    teller.story = "Sweden is the answer."
    box.fill("Which other country is it")
    box.press("Enter")
    expect(page.get_by_text("A copy of Which country is it")).to_be_visible()
    expect(done(page)).to_contain_text("Sweden")
    assert page.url != first
    page.get_by_role("log").get_by_role("link", name="Which country is it").click()
    expect(done(page)).to_contain_text("Norway")
    assert page.url == first


def test_up_recalls_and_a_draft_survives_a_reload(page: Page, told: str) -> None:
    page.goto(f"{told}/ui/chat/new")
    ask(page, "The first thing")
    done(page)
    ask(page, "The second thing")
    done(page, 2)
    message(page).press("ArrowUp")
    expect(message(page)).to_have_value("The second thing")
    message(page).press("ArrowUp")
    expect(message(page)).to_have_value("The first thing")
    message(page).fill("half a thought")
    page.reload()
    expect(message(page)).to_have_value("half a thought")


def test_a_message_that_cannot_be_sent_is_kept_and_can_be_changed(page: Page, told: str) -> None:
    page.goto(f"{told}/ui/chat/new")
    page.route("**/api/chat", lambda route: route.abort())
    ask(page, "Is anybody there?")
    unsent = page.get_by_role("article", name="You")
    expect(unsent).to_contain_text("This was not sent")
    page.unroute("**/api/chat")
    page.reload()
    expect(unsent).to_contain_text("This was not sent")
    page.get_by_role("button", name="Change it").click()
    expect(message(page)).to_have_value("Is anybody there?")
    message(page).press("Enter")
    expect(done(page)).to_contain_text("Once upon a time")


def test_what_a_model_writes_never_runs_and_fetches_nothing(page: Page, told: str, teller: Storyteller) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    teller.story = (
        "Look: <img src=http://127.0.0.1:9/x.png onerror=alert(1)> ![cat](http://127.0.0.1:9/cat.png) <script>document.title='owned'</script> "
        "[run](javascript:alert(2)) and code:\n\n```python\nprint('" + "long " * 60 + "')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    page.goto(f"{told}/ui/chat/new")
    ask(page, "Write something wicked")
    answer = done(page)
    expect(answer).to_contain_text("<script>document.title='owned'</script>")
    assert "owned" not in page.title()
    expect(answer.locator("img, script, iframe, a[href^=javascript]")).to_have_count(0)
    assert [url for url in asked if not url.startswith(told)] == []
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer.get_by_role("button", name="Copy this code").click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("print('long long")
    code = answer.locator("pre")
    assert code.evaluate("pre => pre.scrollWidth > pre.clientWidth")
    answer.get_by_role("button", name="Wrap lines").click()
    assert code.evaluate("pre => pre.scrollWidth <= pre.clientWidth")


def test_the_answer_says_which_model_wrote_it_where_and_with_how_many_tokens(page: Page, told: str) -> None:
    page.goto(f"{told}/ui/chat/new")
    ask(page, "Who are you?")
    foot = done(page).get_by_role("contentinfo").or_(done(page).locator("footer"))
    expect(foot).to_contain_text("teller")
    expect(foot).to_contain_text("on this machine")
    expect(foot).to_contain_text("tokens")
    expect(done(page)).to_contain_text("No source")


# The list


def chats(page: Page) -> Locator:
    return page.get_by_role("list", name="Chats", exact=True)


def test_chats_are_found_renamed_and_deleted_with_a_way_back(page: Page, told: str) -> None:
    mark = uuid.uuid4().hex[:8]
    for title in (f"Garden {mark}", f"Kitchen {mark}"):
        page.goto(f"{told}/ui/chat/new")
        ask(page, title)
        done(page)
    page.get_by_role("searchbox", name="Search chats").fill(mark)
    expect(page).to_have_url(re.compile(rf"[?&]q={mark}"))
    rows = chats(page).get_by_role("link")
    expect(rows).to_have_count(2)
    rows.filter(has_text="Garden").focus()
    page.keyboard.press("F2")
    field = page.get_by_role("textbox", name="Title of the chat")
    expect(field).to_be_focused()
    field.fill(f"Orchard {mark} 🌿")
    field.press("Enter")
    expect(rows.filter(has_text="Orchard")).to_be_visible()
    rows.filter(has_text="Orchard").focus()
    page.keyboard.press("Delete")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)
    rows.filter(has_text="Orchard").focus()
    page.keyboard.press("Delete")
    expect(rows).to_have_count(1)
    page.get_by_role("region", name="Messages").get_by_role("button", name="Dismiss").click()
    with page.expect_response(re.compile("/api/sessions")):
        page.reload()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Kitchen")


def test_j_and_k_walk_the_list_and_enter_opens(page: Page, told: str) -> None:
    for title in ("Walk one", "Walk two", "Walk three"):
        page.goto(f"{told}/ui/chat/new")
        ask(page, title)
        done(page)
    page.goto(f"{told}/ui/settings")
    page.goto(f"{told}/ui/chat")
    expect(chats(page).get_by_role("link").nth(2)).to_be_visible()
    page.evaluate("document.activeElement?.blur()")
    page.keyboard.press("j")
    expect(chats(page).get_by_role("link").nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(chats(page).get_by_role("link").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/ui/chat/sess_"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Walk")


def test_on_a_phone_the_list_is_a_page_and_back_leads_to_it(open_page: Callable[..., Page], told: str) -> None:
    page = open_page(width=360, height=740, is_mobile=True, has_touch=True)
    page.goto(f"{told}/ui/chat")
    page.get_by_role("button", name="New chat").click()
    ask(page, "A question from a phone")  # on a phone Enter breaks the line
    page.get_by_role("button", name="Send").click()
    done(page)
    expect(chats(page)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Back to the list").click()
    expect(chats(page).get_by_role("link", name="A question from a phone").first).to_be_visible()
    page.go_back()
    expect(done(page)).to_contain_text("Once upon a time")


def test_a_file_that_is_let_go_over_the_chat_is_attached_and_can_be_taken_off(page: Page, told: str) -> None:
    page.goto(f"{told}/ui/chat/new")
    transfer = page.evaluate_handle(
        "() => { const transfer = new DataTransfer(); transfer.items.add(new File(['Dropped.'], 'dropped.txt', { type: 'text/plain' })); return transfer }"
    )
    target = page.get_by_role("heading", name="What would you like to know?")
    target.dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Let go to attach")).to_be_visible()
    target.dispatch_event("dragover", {"dataTransfer": transfer})
    target.dispatch_event("drop", {"dataTransfer": transfer})
    tray = page.get_by_role("list", name="Attached")
    expect(tray).to_contain_text("dropped.txt")
    expect(tray).to_contain_text("Ready", timeout=60_000)
    page.get_by_role("button", name="Take dropped.txt off").click()
    expect(tray).to_have_count(0)
