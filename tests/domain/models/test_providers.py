from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sophon_local.domain.models import NewProvider, Provider, ProviderDeleted, ProviderPatch, ProviderUpdated
from sophon_local.kit.caller import Caller
from sophon_local.kit.errors import Conflict, NoChatModel, NotAllowed, NotFound, ValidationFailed
from sophon_local.providers.base import ChatMessage, ChatRequest, Finished, TextDelta
from tests.domain.models.rig import OWNER, Rig, rig
from tests.loopback import Answer, Asked, free_port, loopback

pytestmark = pytest.mark.anyio

KEY = "sk-test-0123456789abcdef"


def listing(*names: str) -> Answer:
    return Answer(headers={"Content-Type": "application/json"}, body=json.dumps({"object": "list", "data": [{"id": name} for name in names]}).encode())


def ollama(*names: str) -> Callable[[Asked], Answer]:
    """An Ollama with these models."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/api/tags":
            return Answer(body=json.dumps({"models": [{"model": name, "name": name} for name in names]}).encode())
        if asked.path == "/api/show":
            is_embedding = "embed" in json.loads(asked.body)["model"]
            return Answer(body=json.dumps({"capabilities": ["embedding"] if is_embedding else ["completion", "tools"], "model_info": {}}).encode())
        return Answer(body=b'{"models": []}')

    return answer


def vendor(asked: Asked) -> Answer:
    """An OpenAI-compatible server that wants the key."""
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        return Answer(401, body=b"{}")
    return listing("big", "small") if asked.path == "/v1/models" else Answer(404)


async def until(it: Rig, provider_id: str, is_so: Callable[[Provider], bool]) -> Provider:
    async with asyncio.timeout(10):
        while not is_so(provider := await it.models.get_provider(OWNER, provider_id)):
            await asyncio.sleep(0.01)
    return provider


async def test_a_provider_is_added_tested_and_lists_its_models(tmp_path: Path) -> None:
    async with loopback(vendor) as server, rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="openai", name="Mine", base_url=server.url, api_key=KEY))
        assert (added.base_url, added.has_key, added.discovered, added.status) == (f"{server.url}/v1", True, False, "unknown")
        known = await until(it, added.id, lambda provider: provider.status == "ok")
        assert [model.id for model in known.models] == ["big", "small"]
        overview = await it.models.overview(OWNER)
        assert [(model.id, model.source, model.provider_id) for model in overview.items][-1] == (f"{added.id}/small", "provider", added.id)
        tested = await it.models.test_provider(OWNER, added.id)
        assert (tested.ok, tested.models, tested.detail) == (True, ["big", "small"], "2 models")
        assert any(isinstance(event, ProviderUpdated) and event.provider.status == "ok" for event in it.told)


async def test_the_key_is_nowhere_in_clear(tmp_path: Path) -> None:
    async with loopback(vendor) as server:
        async with rig(tmp_path, []) as it:
            added = await it.models.add_provider(OWNER, NewProvider(kind="openai", base_url=server.url, api_key=KEY))
            await until(it, added.id, lambda provider: provider.status == "ok")
            assert KEY not in repr(it.told) + repr(await it.models.list_providers(OWNER)) + repr(it.ledger())
        for file in tmp_path.rglob("*"):
            assert not file.is_file() or KEY.encode() not in file.read_bytes()
        async with rig(tmp_path, []) as it:
            assert (await it.models.test_provider(OWNER, added.id)).ok


async def test_a_wrong_key_is_said(tmp_path: Path) -> None:
    async with loopback(vendor) as server, rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="openai", base_url=f"{server.url}/v1/", api_key="wrong"))
        tested = await it.models.test_provider(OWNER, added.id)
        assert not tested.ok and "refused the key" in tested.detail
        assert (await it.models.get_provider(OWNER, added.id)).status == "error"
        await it.models.patch_provider(OWNER, added.id, ProviderPatch(api_key=None))
        assert not (await it.models.test_provider(OWNER, added.id)).ok
        await it.models.patch_provider(OWNER, added.id, ProviderPatch(api_key=KEY, name="Right"))
        assert (await until(it, added.id, lambda provider: provider.status == "ok")).name == "Right"


async def test_anthropic_is_asked_in_its_own_way(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Answer:
        is_right = asked.path.startswith("/v1/models") and asked.headers.get("x-api-key") == KEY and asked.headers.get("anthropic-version") == "2023-06-01"
        return listing("claude") if is_right else Answer(401)

    async with loopback(answer) as server, rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="anthropic", base_url=f"{server.url}/v1", api_key=KEY))
        assert added.base_url == server.url
        assert (await it.models.test_provider(OWNER, added.id)).models == ["claude"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(418), "status 418"),
        (Answer(404), "address is wrong"),
        (Answer(200, body=b"<html>"), "not JSON"),
        (Answer(200, body=b'{"data": [{"name": 7}]}'), "not a list of models"),
        (Answer(302, {"Location": "http://10.0.0.1/"}), "unless you allow"),
    ],
)
async def test_a_server_that_is_no_provider_is_described(tmp_path: Path, answer: Answer, says: str) -> None:
    async with loopback(lambda asked: answer) as server, rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="openai", base_url=server.url))
        tested = await it.models.test_provider(OWNER, added.id)
        assert not tested.ok and says in tested.detail


async def test_a_provider_that_is_off_is_described(tmp_path: Path) -> None:
    port = await free_port()
    async with rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="lmstudio", base_url=f"http://127.0.0.1:{port}"))
        tested = await it.models.test_provider(OWNER, added.id)
        assert not tested.ok and "cannot be reached" in tested.detail


@pytest.mark.parametrize(
    "new",
    [
        NewProvider(kind="nonsense"),
        NewProvider(kind="openai", base_url="ftp://host"),
        NewProvider(kind="openai", base_url="http://user:pass@host/v1"),
        NewProvider(kind="openai", base_url="https://host/v1?x=1"),
        NewProvider(kind="openai", base_url="not an address"),
        NewProvider(kind="openai", base_url="http://api.example.com/v1", api_key=KEY),
        NewProvider(kind="openai", base_url="http://127.0.0.1:8080/v1"),
        NewProvider(kind="openai", base_url="http://localhost:8080/v1"),
        NewProvider(kind="openai", base_url="http://[::ffff:127.0.0.1]:8080/v1"),
        NewProvider(kind="openai", base_url="http://[64:ff9b::7f00:1]:8080/v1"),
        NewProvider(kind="openai", base_url="http://[2002:7f00:1::]:8080/v1"),
        NewProvider(kind="openai", base_url="http://169.254.169.254/latest"),
        NewProvider(kind="openai", base_url="http://[fe80::1]:1234"),
        NewProvider(kind="openai", base_url="http://[::ffff:169.254.169.254]/"),
        NewProvider(kind="openai", base_url="https://host/v1", api_key="with\nnewline"),
        NewProvider(kind="openai", base_url="https://host/v1", name="x" * 100),
    ],
)
async def test_a_provider_that_makes_no_sense_is_refused(tmp_path: Path, new: NewProvider) -> None:
    async with rig(tmp_path, [], port=8080) as it:
        with pytest.raises(ValidationFailed):
            await it.models.add_provider(OWNER, new)
        assert await it.models.list_providers(OWNER) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://[::1]:9/v1", "http://192.168.1.5:9/v1", "http://[fd12::1]:9/v1", "http://nas.local:9/v1"])
async def test_a_provider_may_be_on_this_machine_or_in_the_house(tmp_path: Path, url: str) -> None:
    async with rig(tmp_path, [], port=8080) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="openai", base_url=url))
        assert added.base_url == url
        with pytest.raises(ValidationFailed, match="link-local"):
            await it.models.patch_provider(OWNER, added.id, ProviderPatch(base_url="http://169.254.169.254/v1"))


async def test_a_stored_key_is_not_sent_to_a_new_address(tmp_path: Path) -> None:
    async with loopback(vendor) as server, loopback(lambda asked: listing()) as thief, rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="openai", base_url=server.url, api_key=KEY))
        with pytest.raises(ValidationFailed, match="stored key"):
            await it.models.patch_provider(OWNER, added.id, ProviderPatch(base_url=thief.url))
        moved = await it.models.patch_provider(OWNER, added.id, ProviderPatch(base_url=thief.url, api_key=None))
        assert not moved.has_key
        await until(it, added.id, lambda provider: provider.status == "ok")
        assert all("authorization" not in asked.headers for asked in thief.asked)


async def test_a_deleted_provider_is_gone_with_its_models(tmp_path: Path) -> None:
    async with loopback(vendor) as server, rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="openai", base_url=server.url, api_key=KEY))
        await until(it, added.id, lambda provider: provider.status == "ok")
        await it.models.use(OWNER, f"{added.id}/big")
        assert it.models.has_chat()
        await it.models.delete_provider(OWNER, added.id)
        assert not it.models.has_chat() and await it.models.list_providers(OWNER) == []
        assert any(isinstance(event, ProviderDeleted) and event.provider_id == added.id for event in it.told)
        with pytest.raises(NotFound):
            await it.models.get_provider(OWNER, added.id)
        with pytest.raises(NotFound):
            await it.models.chat(f"{added.id}/big")
        with pytest.raises(NoChatModel):
            await it.models.chat()


async def test_a_program_on_this_machine_is_found_and_lost_again(tmp_path: Path) -> None:
    port = await free_port()
    urls = {"ollama": f"http://127.0.0.1:{port}/v1"}
    async with rig(tmp_path, [], discover_local_models=True, local_urls=urls) as it:
        assert await it.models.list_providers(OWNER) == []
        async with loopback(ollama("nomic-embed-text", "llama3:8b"), port=port):
            await it.models._providers.discover()
            [found] = await it.models.list_providers(OWNER)
            assert (found.id, found.kind, found.discovered, found.status) == ("ollama", "ollama", True, "ok")
            assert [(model.id, model.kind) for model in found.models] == [("nomic-embed-text", "embedding"), ("llama3:8b", "chat")]
            overview = await it.models.overview(OWNER)
            assert overview.chat_model_id == "ollama/llama3:8b"  # nothing else is installed, and it runs on this machine
            assert (await it.models.get(OWNER, "ollama/nomic-embed-text")).kind == "embedding"
            with pytest.raises(Conflict):
                await it.models.delete_provider(OWNER, "ollama")
        await it.models._providers.discover()
        assert await it.models.list_providers(OWNER) == [] and not it.models.has_chat()


async def test_a_registered_provider_takes_the_place_of_the_found_one(tmp_path: Path) -> None:
    async with (
        loopback(ollama("llama3")) as server,
        rig(tmp_path, [], discover_local_models=True, local_urls={"ollama": f"{server.url}/v1"}) as it,
    ):
        await it.models._providers.discover()
        await it.models.add_provider(OWNER, NewProvider(kind="ollama", name="Mine", base_url=server.url))
        await it.models._providers.discover()
        assert [provider.name for provider in await it.models.list_providers(OWNER)] == ["Mine"]


async def test_nothing_is_looked_for_when_the_setting_says_so(tmp_path: Path) -> None:
    async with loopback(ollama("llama3")) as server:
        async with rig(tmp_path, [], local_urls={"ollama": f"{server.url}/v1"}) as it:
            await it.models.overview(OWNER)
            await asyncio.sleep(0.1)
            assert await it.models.list_providers(OWNER) == []
        assert server.connections == 0


async def test_without_the_permission_nothing_is_changed(tmp_path: Path) -> None:
    viewer = Caller("usr_2", permissions=frozenset())
    async with rig(tmp_path, []) as it:
        for ask in (
            it.models.add_provider(viewer, NewProvider(kind="openai")),
            it.models.delete_provider(viewer, "x"),
            it.models.test_provider(viewer, "x"),
            it.models.pull(viewer, "x"),
            it.models.cancel_pull(viewer, "x"),
            it.models.delete(viewer, "x"),
            it.models.use(viewer, "x"),
        ):
            with pytest.raises(NotAllowed):
                await ask


async def test_a_providers_model_answers_and_is_asked_anew_when_its_key_changes(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/v1/models":
            return listing("big", "text-embedding-1")
        if asked.path == "/v1/embeddings":
            texts = json.loads(asked.body)["input"]
            return Answer(body=json.dumps({"data": [{"index": at, "embedding": [3.0, 4.0]} for at in range(len(texts))]}).encode())
        chunk = {"choices": [{"delta": {"content": "hello"}, "finish_reason": "stop"}], "model": "big"}
        return Answer(headers={"Content-Type": "text/event-stream"}, body=f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())

    async with loopback(answer) as server, rig(tmp_path, []) as it:
        added = await it.models.add_provider(OWNER, NewProvider(kind="openai", name="Mine", base_url=server.url, api_key=KEY))
        await until(it, added.id, lambda provider: provider.status == "ok")
        with pytest.raises(NoChatModel, match="Choose one"):
            await it.models.chat()  # a provider is not used by itself
        await it.models.use(OWNER, f"{added.id}/big")
        chat = await it.models.chat()
        assert chat.facts.name == "big" and chat.facts.provider == "Mine" and chat.facts.is_local
        pieces = [piece async for piece in chat.stream(ChatRequest(messages=[ChatMessage("user", "Hi")]))]
        assert "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)) == "hello" and isinstance(pieces[-1], Finished)
        assert server.asked[-1].headers["authorization"] == f"Bearer {KEY}"
        await it.models.patch_provider(OWNER, added.id, ProviderPatch(api_key="sk-other"))
        other = await it.models.chat()
        assert other is not chat
        assert [piece async for piece in other.stream(ChatRequest(messages=[ChatMessage("user", "Hi")]))]
        assert server.asked[-1].headers["authorization"] == "Bearer sk-other"
        used = await it.models.use(OWNER, f"{added.id}/text-embedding-1")
        assert used.kind == "embedding" and used.is_in_use
        embedder = await it.models.embedder()
        assert embedder is not None and embedder.facts.dimensions == 2 and len((await embedder.embed(["x"]))[0]) == 8
        assert (await it.models.overview(OWNER)).embedding_model_id == f"{added.id}/text-embedding-1"
