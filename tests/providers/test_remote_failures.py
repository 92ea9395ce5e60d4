"""How both hosted adapters fail: in words, with a reason, without the key, and never after the first piece of an answer twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from sophon_local.kit.errors import RateLimited, SophonError, UpstreamUnavailable
from sophon_local.providers.anthropic import AnthropicChat
from sophon_local.providers.base import Chat, ChatMessage, ChatPiece, ChatRequest, Finished, TextDelta
from sophon_local.providers.openai import OpenAIChat
from sophon_local.providers.remote import EventReader
from sophon_local.providers.text import estimate_tokens
from tests.standins import Asked, Reply, Standin, anthropic_parrot, json_reply, openai_parrot, sse, standin

pytestmark = pytest.mark.anyio
KEY = "sk-very-secret-0123456789"
REQUEST = ChatRequest(messages=[ChatMessage("user", "Tell me a story.")], max_tokens=50)


@pytest.fixture(params=["openai", "anthropic"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def make(kind: str, url: str, **options: Any) -> Chat:
    adapter: Any = OpenAIChat if kind == "openai" else AnthropicChat
    return adapter(lambda: httpx2.AsyncClient(trust_env=False), base_url=url, model="parrot", provider="Acme", api_key=KEY, **options)  # type: ignore[no-any-return]


def parrot(kind: str) -> Callable[[Asked], Reply]:
    return openai_parrot if kind == "openai" else anthropic_parrot


def beginning(kind: str) -> list[bytes]:
    """The first words of an answer."""
    if kind == "openai":
        return sse({"choices": [{"delta": {"content": "Once upon"}}]})
    return sse(
        {"type": "message_start", "message": {"model": "parrot", "usage": {"input_tokens": 5}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Once upon"}},
        name="type",
    )


async def run(chat: Chat, seen: list[ChatPiece]) -> None:
    try:
        async for piece in chat.stream(REQUEST):
            seen.append(piece)
    finally:
        await chat.close()


async def failure(kind: str, server: Standin, seen: list[ChatPiece] | None = None, **options: Any) -> SophonError:
    with pytest.raises(SophonError) as caught:
        await run(make(kind, server.url, **options), [] if seen is None else seen)
    assert KEY not in str(caught.value) + repr(caught.value.details)
    assert "Acme" in caught.value.message
    return caught.value


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_told_and_never_shown(kind: str, status: int) -> None:
    async with standin(lambda asked: json_reply({"error": {"message": f"Incorrect API key: {KEY}"}}, status)) as server:
        error = await failure(kind, server)
    assert error.details["reason"] == "key_refused" and "refused the key" in error.message
    assert len(server.asked) == 1


async def test_a_vendor_that_repeats_the_key_in_its_error_does_not_get_it_into_ours(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "sophon")
    async with standin(lambda asked: json_reply({"error": {"message": f"you sent {KEY}, {asked.headers}"}}, 418)) as server:
        await failure(kind, server)
    assert KEY not in caplog.text


async def test_an_unknown_model_is_told(kind: str) -> None:
    async with standin(lambda asked: json_reply({"error": {"message": "no model parrot"}}, 404)) as server:
        error = await failure(kind, server)
    assert error.details["reason"] == "model_unknown" and "no model parrot" in error.message


async def test_a_rate_limit_that_passes_soon_is_waited_for(kind: str) -> None:
    answers = [json_reply({"error": {"message": "slow down"}}, 429, Retry_After="0"), json_reply({"error": {"message": "oops"}}, 503, Retry_After="0")]
    async with standin(lambda asked: answers.pop(0) if answers else parrot(kind)(asked)) as server:
        seen: list[ChatPiece] = []
        await run(make(kind, server.url), seen)
    assert isinstance(seen[-1], Finished) and len(server.asked) == 3


async def test_a_long_rate_limit_is_passed_on_at_once(kind: str) -> None:
    async with standin(lambda asked: json_reply({"error": {"message": "slow down"}}, 429, Retry_After="120")) as server:
        error = await failure(kind, server)
    assert isinstance(error, RateLimited) and error.retry_after_s == 120
    assert len(server.asked) == 1


async def test_an_account_without_credit_is_not_asked_again(kind: str) -> None:
    async with standin(lambda asked: json_reply({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, 429)) as server:
        error = await failure(kind, server)
    assert "no credit left" in error.message and len(server.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 529])
async def test_a_server_that_keeps_failing_is_given_up_after_three_tries(kind: str, status: int) -> None:
    async with standin(lambda asked: Reply(status, [b"<html>secret stack trace</html>"], {"Retry-After": "0"}, "text/html")) as server:
        error = await failure(kind, server)
    assert error.details["reason"] == "failed" and str(status) in error.message and "stack trace" not in error.message
    assert len(server.asked) == 3


async def test_nobody_listening_is_told_at_once(kind: str) -> None:
    async with standin(parrot(kind)) as server:
        pass
    error = await failure(kind, server)
    assert error.details["reason"] == "unreachable" and "Is it running" in error.message


async def test_an_address_with_secrets_in_it_is_not_repeated(kind: str) -> None:
    with pytest.raises(UpstreamUnavailable) as caught:
        await run(make(kind, "http://user:hunter2@127.0.0.1:9/path?token=hunter2"), [])
    assert "hunter2" not in caught.value.message and "127.0.0.1:9" in caught.value.message


@pytest.mark.parametrize("url", ["ftp://example.com", "http://[bad", "nothing"])
async def test_an_address_that_is_none_is_told(kind: str, url: str) -> None:
    with pytest.raises(UpstreamUnavailable):
        await run(make(kind, url), [])


async def test_a_key_that_cannot_be_a_key_is_told_without_showing_it(kind: str) -> None:
    adapter: Any = OpenAIChat if kind == "openai" else AnthropicChat
    chat = adapter(lambda: httpx2.AsyncClient(trust_env=False), base_url="http://127.0.0.1:9", model="m", provider="Acme", api_key="sk\nX-Evil: 1€")
    with pytest.raises(UpstreamUnavailable) as caught:
        await run(chat, [])
    assert caught.value.details["reason"] == "key_refused" and "Evil" not in caught.value.message


@pytest.mark.parametrize("ending", [[None], []])
async def test_an_answer_that_breaks_off_keeps_what_came_and_says_so(kind: str, ending: list[None]) -> None:
    seen: list[ChatPiece] = []
    async with standin(lambda asked: Reply(parts=[*beginning(kind), *ending])) as server:
        error = await failure(kind, server, seen)
    assert error.details["reason"] == "cut_off"
    assert "".join(piece.text for piece in seen if isinstance(piece, TextDelta)) == "Once upon"
    assert len(server.asked) == 1  # never asked again after the first piece


async def test_an_answer_that_stalls_is_given_up_and_the_server_let_go(kind: str) -> None:
    seen: list[ChatPiece] = []
    async with standin(lambda asked: Reply(parts=[*beginning(kind), 60.0])) as server:
        error = await failure(kind, server, seen, stall_s=0.2)
        await server.hung_up.wait()
    assert error.details["reason"] == "stalled" and seen


async def test_a_server_that_never_begins_is_given_up(kind: str) -> None:
    async def never(asked: Asked) -> Reply:
        await asyncio.sleep(60)
        raise AssertionError

    async with standin(never) as server:
        error = await failure(kind, server, first_byte_s=0.2)
    assert error.details["reason"] == "stalled"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "rubbish", [b"data: {not json}\n\n", b"data: [1, 2]\n\n", b'data: {"choices": 7, "type": 5}\n\n', b"\xff\xfe\x00data: \xc3\x28\n\n", b"data: \xff\xff\n\n"]
)
async def test_rubbish_in_the_stream_is_told(kind: str, rubbish: bytes) -> None:
    async with standin(lambda asked: Reply(parts=[rubbish])) as server:
        error = await failure(kind, server)
    assert error.details["reason"] in ("garbled", "cut_off")


async def test_a_web_page_instead_of_an_answer_is_told(kind: str) -> None:
    async with standin(lambda asked: Reply(parts=[b"<html><body>Welcome to nginx!</body></html>"], kind="text/html")) as server:
        error = await failure(kind, server)
    assert error.details["reason"] in ("garbled", "cut_off") and "nginx" not in error.message


async def test_a_redirect_is_not_followed_with_the_key(kind: str) -> None:
    async with standin(lambda asked: json_reply({}, 200)) as elsewhere:
        async with standin(lambda asked: json_reply({}, 307, Location=elsewhere.url)) as server:
            error = await failure(kind, server)
        assert "redirect" in error.message and elsewhere.asked == []


async def test_an_error_in_the_middle_of_the_stream_is_told(kind: str) -> None:
    trouble = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with standin(lambda asked: Reply(parts=[*beginning(kind), *sse(trouble, name="type")])) as server:
        error = await failure(kind, server)
    assert error.details["reason"] == "failed" and "Overloaded" in error.message


async def test_leaving_an_answer_hangs_up_on_the_server(kind: str) -> None:
    async with standin(lambda asked: Reply(parts=[*beginning(kind), 60.0])) as server:
        chat = make(kind, server.url)
        stream = chat.stream(REQUEST)
        async for piece in stream:
            assert isinstance(piece, TextDelta)
            break
        await stream.aclose()  # type: ignore[attr-defined]
        await server.hung_up.wait()
        await chat.close()


async def test_events_arrive_the_same_however_the_network_cuts_them(kind: str) -> None:
    whole = b"".join(part for part in parrot(kind)(Asked("POST", "/", {}, _body(kind))).parts if isinstance(part, bytes)).replace(b"\n", b"\r\n")
    whole = whole.replace(b"word3 ", "wörd\U0001f600 ".encode()) if b"word3 " in whole else whole
    answers = []
    for size in (1, 7, 100_000):
        async with standin(lambda asked, size=size: Reply(parts=[whole[at : at + size] for at in range(0, len(whole), size)])) as server:  # type: ignore[misc]
            seen: list[ChatPiece] = []
            await run(make(kind, server.url), seen)
            answers.append(seen)
    assert answers[0] == answers[1] == answers[2]
    assert "wörd\U0001f600 " in "".join(piece.text for piece in answers[0] if isinstance(piece, TextDelta))


def _body(kind: str) -> dict[str, Any]:
    content: Any = "Hi" if kind == "openai" else [{"type": "text", "text": "Hi"}]
    return {"model": "parrot", "max_tokens": 50, "messages": [{"role": "user", "content": content}], "stream_options": {"include_usage": True}}


def test_the_event_reader_knows_the_format() -> None:
    reader = EventReader()
    text = ": comment\r\nevent: a\r\ndata: one\r\ndata:two\r\nid: 5\r\nretry: 7\r\n\r\ndata\r\n\r\n\r\ndata: last"
    events = [event for character in text for event in reader.feed(character)] + reader.finish()
    assert [(event.name, event.data) for event in events] == [("a", "one\ntwo"), ("message", ""), ("message", "last")]


def test_tokens_are_estimated_rather_too_high() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a" * 400) == 100
    assert estimate_tokens("日本語") == 3
