from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sophon_local.app import build_app
from sophon_local.domain.models import Model, ModelUpdated, Provider, ProviderUpdated
from sophon_local.domain.models.model import Offered
from sophon_local.kit.events import Recorded
from sophon_local.settings import Settings
from sophon_local.surfaces.http import frame
from tests.loopback import Answer, Asked, free_port, loopback

pytestmark = pytest.mark.anyio

MINILM, SMALL = "all-minilm-l6-v2", "smollm2-135m-instruct"


@contextlib.asynccontextmanager
async def server(home: Path, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    app = build_app(Settings(home=home, **{"fetch_models": False, "discover_local_models": False, "use_keyring": False, **settings}))
    async with app.running():
        transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            yield client


async def until(client: httpx2.AsyncClient, path: str, is_so: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(20):
        while not is_so(found := (await client.get(path)).json()):
            await asyncio.sleep(0.05)
    return found


async def test_the_list_says_what_there_is_and_what_fits(tmp_path: Path) -> None:
    async with server(tmp_path) as client:
        answer = await client.get("/api/models")
        assert answer.status_code == 200
        found = answer.json()
        assert found["chat"] == {"modelId": None} and found["embedding"] == {"modelId": None}
        assert found["machine"]["memoryBytes"] > 0 and found["machine"]["cores"] >= 1
        small = next(model for model in found["items"] if model["id"] == SMALL)
        assert small["kind"] == "chat" and small["source"] == "catalogue" and small["status"] == "available" and small["licence"] == "Apache-2.0"
        assert small["sizeBytes"] == small["totalBytes"] == 98_362_432 and small["doneBytes"] == 0 and small["providerId"] is None
        assert small["fitsMemory"] in ("yes", "tight", "no") and small["why"] and not small["isInUse"] and not small["isLoaded"]
        assert sum(model["recommended"] for model in found["items"]) <= 1
        assert (await client.get(f"/api/models/{SMALL}")).json() == small


async def test_a_model_is_pulled_used_and_deleted(tmp_path: Path, models_folder: Path) -> None:
    async with server(tmp_path) as client:
        pulled = await client.post("/api/models/pull", json={"model": SMALL, "from": str(models_folder / "smollm2-135m" / "model.gguf")})
        assert pulled.status_code == 202 and pulled.json()["id"] == SMALL
        await until(client, f"/api/models/{SMALL}", lambda model: model["status"] == "installed" and model["isInUse"])
        used = await client.post("/api/models/use", json={"model": SMALL})
        assert used.status_code == 200 and used.json()["isInUse"]
        assert (await client.get("/api/models")).json()["chat"] == {"modelId": SMALL}
        gone = await client.post("/api/models/delete", json={"model": SMALL})
        assert gone.status_code == 204 and gone.content == b""
        assert (await client.get(f"/api/models/{SMALL}")).json()["status"] == "available"


async def test_the_models_of_a_folder_are_there_after_the_start(tmp_path: Path, models_folder: Path) -> None:
    async with server(tmp_path, models_path=str(models_folder)) as client:
        found = await until(client, "/api/models", lambda found: found["chat"]["modelId"] and found["embedding"]["modelId"])
        assert (found["chat"]["modelId"], found["embedding"]["modelId"]) == (SMALL, MINILM)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/models/nobody", None, 404, "not_found"),
        ("GET", "/api/models/prov_x/nobody", None, 404, "not_found"),
        ("POST", "/api/models/pull", {"model": "nobody"}, 404, "not_found"),
        ("POST", "/api/models/pull", {"model": "ollama/llama3"}, 409, "conflict"),
        ("POST", "/api/models/pull", {"model": SMALL, "from": "relative/path"}, 400, "invalid_request"),
        ("POST", "/api/models/pull", {"model": "mine", "from": "/nowhere/at/all.gguf"}, 400, "invalid_request"),
        ("POST", "/api/models/pull", {"model": 7}, 422, "validation_failed"),
        ("POST", "/api/models/cancel", {"model": SMALL}, 409, "conflict"),
        ("POST", "/api/models/use", {"model": SMALL}, 409, "conflict"),
        ("POST", "/api/models/use", {}, 422, "validation_failed"),
        ("POST", "/api/models/delete", {"model": "nobody"}, 404, "not_found"),
        ("GET", "/api/providers/nobody", None, 404, "not_found"),
        ("PATCH", "/api/providers/nobody", {"name": "x"}, 404, "not_found"),
        ("DELETE", "/api/providers/nobody", None, 404, "not_found"),
        ("POST", "/api/providers/nobody/test", None, 404, "not_found"),
        ("POST", "/api/providers", {"kind": "nonsense"}, 422, "validation_failed"),
        ("POST", "/api/providers", {"kind": "openai", "baseUrl": "file:///etc"}, 422, "validation_failed"),
        ("POST", "/api/providers", {"kind": "openai", "baseUrl": "http://127.0.0.1:8080"}, 422, "validation_failed"),
    ],
)
async def test_what_cannot_be_done_is_said(tmp_path: Path, method: str, path: str, body: Any, status: int, code: str) -> None:
    async with server(tmp_path) as client:
        answer = await client.request(method, path, json=body) if body is not None else await client.request(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
        assert answer.json()["error"]["message"]


async def test_a_provider_from_first_to_last(tmp_path: Path) -> None:
    def vendor(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Bearer sk-right":
            return Answer(401)
        return Answer(body=json.dumps({"data": [{"id": "org/big:latest"}]}).encode())

    async with loopback(vendor) as upstream, server(tmp_path) as client:
        added = await client.post("/api/providers", json={"kind": "openai", "name": "Mine", "baseUrl": upstream.url, "apiKey": "sk-right"})
        assert added.status_code == 201 and "sk-right" not in added.text
        provider = added.json()
        assert provider["hasKey"] and not provider["discovered"] and provider["baseUrl"] == f"{upstream.url}/v1"
        path = f"/api/providers/{provider['id']}"
        known = await until(client, path, lambda found: found["status"] == "ok")
        assert known["models"] == ["org/big:latest"]
        model = await client.get(f"/api/models/{provider['id']}/org/big:latest")
        assert model.status_code == 200 and model.json()["providerId"] == provider["id"] and model.json()["source"] == "provider"
        renamed = await client.patch(path, json={"name": "Renamed"})
        assert renamed.json()["name"] == "Renamed" and renamed.json()["hasKey"]
        keyless = await client.patch(path, json={"apiKey": None})
        assert not keyless.json()["hasKey"]
        tested = await client.post(f"{path}/test")
        assert tested.status_code == 200 and tested.json()["ok"] is False and tested.json()["latencyMs"] >= 0 and "key" in tested.json()["detail"]
        ledger = (await client.get("/api/egress")).json()["items"]
        assert ledger[0]["destination"] == upstream.url and ledger[0]["outcome"] == "ok" and ledger[0]["status"] == 401
        assert "sk-right" not in json.dumps(ledger)
        assert (await client.delete(path)).status_code == 204
        assert (await client.get("/api/providers")).json() == {"items": []}


def test_an_event_shows_a_model_and_a_provider_as_the_api_does() -> None:
    progress = Model(
        id="m", name="M", kind="chat", source="catalogue", provider_id=None, licence="x", size_bytes=2, parameters=None, context_tokens=None,
        status="downloading", done_bytes=1, total_bytes=2, error=None, is_in_use=False, is_loaded=False, fits_memory="yes", recommended=False, why="", note="",
    )  # fmt: skip
    told = json.loads(frame(Recorded("run-1", 1, "now", ModelUpdated(model=progress))).split(b"data: ")[1])
    assert told["model"]["doneBytes"] == 1 and told["model"]["fitsMemory"] == "yes"
    provider = Provider(
        id="p",
        kind="openai",
        name="P",
        base_url="https://h/v1",
        has_key=True,
        discovered=False,
        status="ok",
        error=None,
        models=[Offered("a")],
        created_at="now",
    )
    told = json.loads(frame(Recorded("run-2", 2, "now", ProviderUpdated(provider=provider))).split(b"data: ")[1])
    assert told["provider"]["models"] == ["a"] and told["provider"]["baseUrl"] == "https://h/v1"


async def test_a_download_without_a_network_waits_and_can_be_cancelled(tmp_path: Path) -> None:
    port = await free_port()
    async with server(tmp_path, model_hub=f"http://127.0.0.1:{port}") as client:
        await client.post("/api/models/pull", json={"model": "qwen3-0.6b"})
        waiting = await until(client, "/api/models/qwen3-0.6b", lambda model: model["error"])
        assert waiting["status"] == "queued" and waiting["error"].startswith("Offline")
        cancelled = await client.post("/api/models/cancel", json={"model": "qwen3-0.6b"})
        assert cancelled.status_code == 200 and cancelled.json()["status"] == "available"
