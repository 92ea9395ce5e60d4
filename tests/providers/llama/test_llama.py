"""The embedded model under bad luck: killed, damaged, missing, too big, left alone. The model is real (SmolLM2-135M)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from sophon_local.kit.errors import ServiceUnavailable, UpstreamUnavailable, ValidationFailed
from sophon_local.providers.base import ChatMessage, ChatRequest, Finished, TextDelta, ToolCalls, ToolSpec
from sophon_local.providers.llama import LlamaChat, read_model_file

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent.parent.parent
WEATHER = ToolSpec("get_weather", "The weather of a city.", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})


@pytest.fixture
def model(models_folder: Path) -> Path:
    return models_folder / "smollm2-135m" / "model.gguf"


@pytest.fixture
async def chat(model: Path) -> AsyncIterator[LlamaChat]:
    opened = await LlamaChat.open(model, name="SmolLM2 135M", context_tokens=2_048)
    yield opened
    await opened.close()


def asking(text: str = "Tell me a story about the sea.", **options: Any) -> ChatRequest:
    return ChatRequest(**{"messages": [ChatMessage("user", text)], "max_tokens": 400, "temperature": 0.0, **options})


async def answer(chat: LlamaChat, request: ChatRequest) -> tuple[str, Finished]:
    text, end = "", None
    async for piece in chat.stream(request):
        if isinstance(piece, TextDelta):
            text += piece.text
        elif isinstance(piece, Finished):
            end = piece
    assert end is not None
    return text, end


def folders() -> set[Path]:
    """Where the model's processes listen."""
    return set(Path(tempfile.gettempdir()).glob("sophon-llama-*"))


async def begin(chat: LlamaChat, request: ChatRequest) -> tuple[Any, str]:
    """An answer of which the first piece has arrived."""
    stream = chat.stream(request)
    async for piece in stream:
        assert isinstance(piece, TextDelta)
        return stream, piece.text
    raise AssertionError("no answer")


async def test_a_killed_model_costs_its_answer_and_nothing_else(chat: LlamaChat) -> None:
    stream, partial = await begin(chat, asking())
    waiting = asyncio.create_task(answer(chat, asking("Say hello.", max_tokens=5)))
    await asyncio.sleep(0)
    first = chat.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(UpstreamUnavailable) as caught:
        async for piece in stream:
            partial += piece.text
    assert partial
    assert "stopped by the system, probably for lack of memory" in caught.value.message
    assert caught.value.details["reason"] == "model_stopped"
    _, end = await waiting  # the request that stood in line is answered by a new process
    assert end.completion_tokens == 5
    assert chat.pid not in (None, first)


async def test_a_model_killed_while_it_rests_is_started_again(model: Path) -> None:
    changes: list[bool] = []
    chat = await LlamaChat.open(model, name="SmolLM2 135M", context_tokens=512, on_change=changes.append)
    await chat.load()
    assert chat.is_loaded and chat.pid is not None
    os.kill(chat.pid, signal.SIGKILL)
    while changes != [True, False]:
        await asyncio.sleep(0.01)
    assert not chat.is_loaded
    assert (await answer(chat, asking("Say hello.", max_tokens=3)))[1].completion_tokens == 3
    await chat.close()
    assert changes == [True, False, True, False]


async def test_a_file_that_is_cut_short_is_called_damaged_before_it_is_loaded(model: Path, tmp_path: Path) -> None:
    whole = model.read_bytes()
    for name, content in {"cut": whole[:-1_000], "header only": whole[:50_000], "empty": b"", "html": b"<html>Not found</html>" * 10}.items():
        file = tmp_path / "model.gguf"
        file.write_bytes(content)
        with pytest.raises(UpstreamUnavailable, match="pull it again") as caught:
            await LlamaChat.open(file, name=name)
        assert caught.value.details == {"reason": "model_damaged", "file": "model.gguf"}


async def test_a_file_that_is_damaged_in_its_header_never_ends_the_program(model: Path, tmp_path: Path) -> None:
    import random

    head = model.read_bytes()[:1_600_000]
    chance = random.Random(5)
    file = tmp_path / "model.gguf"
    for _ in range(150):
        spoilt = bytearray(head)
        for _ in range(6):
            spoilt[chance.randrange(4_000)] = chance.randrange(256)
        file.write_bytes(spoilt)
        with pytest.raises(UpstreamUnavailable):
            read_model_file(file)


async def test_a_model_that_llama_cpp_cannot_load_is_told_so(model: Path, tmp_path: Path) -> None:
    whole = model.read_bytes()
    file = tmp_path / "model.gguf"
    key = b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0"
    cases = (
        (whole.replace(key + b"llama", key + b"lemma"), "model_unsupported"),
        (whole.replace(b"blk.3.attn_q.weight", b"blk.3.attn_X.weight"), "model_damaged"),
    )
    for spoilt, reason in cases:
        assert spoilt != whole
        file.write_bytes(spoilt)
        chat = await LlamaChat.open(file, name="spoilt", context_tokens=512)
        with pytest.raises(UpstreamUnavailable) as caught:
            await answer(chat, asking())
        assert caught.value.details["reason"] == reason
        await chat.close()


async def test_a_missing_file_is_told_when_opening_and_when_loading(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UpstreamUnavailable, match="Pull the model again"):
        await LlamaChat.open(tmp_path / "nothing.gguf", name="x")
    link = tmp_path / "model.gguf"
    link.symlink_to(model)
    chat = await LlamaChat.open(link, name="x")
    link.unlink()
    with pytest.raises(UpstreamUnavailable) as caught:
        await answer(chat, asking())
    assert caught.value.details["reason"] == "model_missing"


async def test_too_little_memory_names_a_smaller_model_and_starts_nothing(model: Path) -> None:
    huge = msgspec.structs.replace(read_model_file(model), size_bytes=10**15)
    chat = LlamaChat(huge, name="Huge", smaller="SmolLM2 135M")
    with pytest.raises(UpstreamUnavailable, match="choose a smaller model, such as SmolLM2 135M") as caught:
        await answer(chat, asking())
    assert caught.value.details["reason"] == "not_enough_memory"
    assert chat.pid is None


async def test_an_unused_model_gives_its_memory_back_and_comes_again(model: Path) -> None:
    changes: list[bool] = []
    chat = await LlamaChat.open(model, name="SmolLM2 135M", context_tokens=512, idle_s=0.05, on_change=changes.append)
    await answer(chat, asking(max_tokens=3))
    pid = chat.pid
    assert pid is not None
    while chat.is_loaded:
        await asyncio.sleep(0.01)
    while psutil.pid_exists(pid):
        await asyncio.sleep(0.01)
    assert (await answer(chat, asking(max_tokens=3)))[1].completion_tokens == 3
    await chat.close()
    assert changes == [True, False, True, False]


async def test_closing_ends_an_answer_in_words_and_the_process(chat: LlamaChat) -> None:
    before = folders()
    stream, _ = await begin(chat, asking())
    pid = chat.pid
    await chat.close()
    assert pid is not None and not psutil.pid_exists(pid)
    with pytest.raises(UpstreamUnavailable, match="unloaded"):
        async for _ in stream:
            pass
    with pytest.raises(ServiceUnavailable):
        await answer(chat, asking())
    assert folders() == before


async def test_closing_does_not_wait_for_a_load(chat: LlamaChat) -> None:
    loading = asyncio.create_task(chat.load())
    while chat.pid is None:
        await asyncio.sleep(0.005)
    await chat.close()
    with pytest.raises((UpstreamUnavailable, ServiceUnavailable)):
        await loading
    assert chat.pid is None


async def test_a_load_goes_on_when_the_one_who_asked_leaves(chat: LlamaChat) -> None:
    first = asyncio.create_task(answer(chat, asking()))
    while chat.pid is None:
        await asyncio.sleep(0.005)
    pid = chat.pid
    first.cancel()
    assert (await answer(chat, asking("Say hello.", max_tokens=3)))[1].completion_tokens == 3
    assert chat.pid == pid


async def test_the_model_never_outlives_a_killed_server(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apart = tempfile.mkdtemp(prefix="sl-")  # other servers of this machine have their folders elsewhere; a short name, as sockets need
    monkeypatch.setenv("TMPDIR", apart)
    monkeypatch.setattr(tempfile, "tempdir", apart)
    program = f"""
import asyncio
from pathlib import Path
from sophon_local.providers.llama import LlamaChat
async def main():
    chat = await LlamaChat.open(Path({str(model)!r}), name="x", context_tokens=512)
    await chat.load()
    print(chat.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    before = folders()
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "TMPDIR": apart})
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    assert psutil.pid_exists(pid)
    server.kill()
    server.wait()
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        await asyncio.sleep(0.01)
    chat = await LlamaChat.open(model, name="x", context_tokens=512)
    await chat.load()  # sweeps up what the killed one left
    await chat.close()
    assert folders() == before


async def test_whoever_comes_first_is_answered_first(chat: LlamaChat) -> None:
    ended: list[int] = []

    async def ask(number: int) -> None:
        await answer(chat, asking(f"Say {number}.", max_tokens=4))
        ended.append(number)

    await asyncio.gather(*(ask(number) for number in range(5)))
    assert ended == [0, 1, 2, 3, 4]


async def test_a_slow_reader_does_not_hold_up_the_others(chat: LlamaChat) -> None:
    stream, _ = await begin(chat, asking(max_tokens=12))
    assert (await answer(chat, asking("Say hello.", max_tokens=4)))[1].completion_tokens == 4
    rest = [piece async for piece in stream]
    assert isinstance(rest[-1], Finished) and rest[-1].completion_tokens == 12


async def test_a_prompt_is_given_up_while_it_is_read(chat: LlamaChat) -> None:
    reading = asyncio.create_task(answer(chat, asking("sea and sun " * 600, max_tokens=400)))
    await chat.load()
    await asyncio.sleep(0.2)
    reading.cancel()
    assert (await answer(chat, asking("Say hello.", max_tokens=4)))[1].completion_tokens == 4


async def test_a_document_cannot_open_a_turn_of_its_own(chat: LlamaChat) -> None:
    _, plain = await answer(chat, asking("before im_end im_start after", max_tokens=1))
    _, marked = await answer(chat, asking("before <|im_end|><|im_start|> after", max_tokens=1))
    assert marked.prompt_tokens > plain.prompt_tokens + 4  # as text, each mark takes several tokens; as a mark, one


async def test_a_schema_that_makes_no_sense_is_refused_instead_of_ignored(chat: LlamaChat) -> None:
    with pytest.raises(ValidationFailed) as caught:
        await answer(chat, asking(json_schema={"type": "nonsense"}))
    assert caught.value.details["reason"] == "request_refused"
    assert (await answer(chat, asking("Say hello.", max_tokens=4)))[1].completion_tokens == 4


async def test_a_tool_whose_schema_is_too_clever_can_still_be_called(chat: LlamaChat) -> None:
    clever = ToolSpec("look_up", "Looks something up.", {"type": "object", "properties": {"key": {"type": "nonsense"}}, "required": ["key"]})
    pieces = [piece async for piece in chat.stream(asking("Look up: sea", tools=[clever], tool_choice="required", max_tokens=60))]
    assert [piece.calls[0].name for piece in pieces if isinstance(piece, ToolCalls)] == ["look_up"]


async def test_a_named_tool_is_the_one_that_is_called(chat: LlamaChat) -> None:
    other = ToolSpec("add", "Adds numbers.", {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]})
    pieces = [piece async for piece in chat.stream(asking("What is the weather in Oslo?", tools=[WEATHER, other], tool_choice="add", max_tokens=60))]
    assert [piece.calls[0].name for piece in pieces if isinstance(piece, ToolCalls)] == ["add"]


async def test_closing_the_stream_stops_the_model_within_tokens(chat: LlamaChat) -> None:
    async with aclosing(chat.stream(asking(max_tokens=1_500))) as stream:
        async for _ in stream:
            break
    assert chat.is_busy
    while chat.is_busy:
        await asyncio.sleep(0.005)
    assert (await answer(chat, asking("Say hello.", max_tokens=4)))[1].completion_tokens == 4
