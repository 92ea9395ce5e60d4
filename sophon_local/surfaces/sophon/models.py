"""Models and providers. All of it is an extension: the reference has no endpoints for them."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from msgspec import UNSET, UnsetType

from ...domain.models import Model, NewProvider, Provider, ProviderPatch
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from .shapes import EXTENSION, SHOWN, Wire


class ModelObject(Wire):
    """``source`` is catalogue, provider or file; ``status`` available, queued, downloading, verifying, installed or failed (``error`` says why,
    also why a queued one waits); ``fitsMemory`` yes, tight or no."""

    id: str
    name: str
    kind: str
    source: str
    provider_id: str | None
    licence: str
    size_bytes: int | None
    parameters: str | None
    context_tokens: int | None
    status: str
    done_bytes: int
    total_bytes: int
    error: str | None
    is_in_use: bool
    is_loaded: bool
    fits_memory: str
    recommended: bool
    why: str
    note: str


class MachineObject(Wire):
    memory_bytes: int
    available_bytes: int
    cores: int


class ModelInUseObject(Wire):
    model_id: str | None


class ModelsObject(Wire):
    items: list[ModelObject]
    machine: MachineObject
    chat: ModelInUseObject
    embedding: ModelInUseObject


class ModelBody(Wire):
    model: str


class PullBody(Wire):
    """``from`` is the full path of a file or folder on this machine to take the model from, instead of fetching it."""

    model: str = ""
    from_: str | None = msgspec.field(default=None, name="from")


class ProviderObject(Wire):
    """``kind`` is openai (and everything that speaks its language), anthropic, ollama or lmstudio. The key itself is never shown."""

    id: str
    kind: str
    name: str
    base_url: str
    has_key: bool
    discovered: bool
    status: str
    error: str | None
    models: list[str]
    created_at: str


class ProvidersObject(Wire):
    items: list[ProviderObject]


class NewProviderBody(Wire):
    kind: str
    name: str | None = None
    base_url: str | None = None
    api_key: str | None = None


class ProviderPatchBody(Wire):
    name: str | UnsetType = UNSET
    base_url: str | UnsetType = UNSET
    api_key: str | UnsetType | None = UNSET


class ProviderTestObject(Wire):
    ok: bool
    latency_ms: int
    detail: str
    models: list[str]


def to_model(model: Model) -> ModelObject:
    return msgspec.convert(model, ModelObject, from_attributes=True)


def to_provider(provider: Provider) -> ProviderObject:
    return ProviderObject(
        id=provider.id,
        kind=provider.kind,
        name=provider.name,
        base_url=provider.base_url,
        has_key=provider.has_key,
        discovered=provider.discovered,
        status=provider.status,
        error=provider.error,
        models=[model.id for model in provider.models],
        created_at=provider.created_at,
    )


@get("/api/models", status_code=200, summary="List models, the machine, and what is in use", **EXTENSION)
async def list_models(caller: Caller, workspace: Workspace) -> ModelsObject:
    found = await workspace.models.overview(caller)
    return ModelsObject(
        items=[to_model(model) for model in found.items],
        machine=MachineObject(found.machine.memory_bytes, found.machine.available_bytes, found.machine.cores),
        chat=ModelInUseObject(found.chat_model_id),
        embedding=ModelInUseObject(found.embedding_model_id),
    )


@get("/api/models/{model_id:path}", status_code=200, summary="Get a model", **EXTENSION)
async def get_model(model_id: str, caller: Caller, workspace: Workspace) -> ModelObject:
    return to_model(await workspace.models.get(caller, model_id.removeprefix("/")))


@post("/api/models/pull", status_code=202, summary="Fetch a model in the background", **EXTENSION)
async def pull_model(data: PullBody, caller: Caller, workspace: Workspace) -> ModelObject:
    return to_model(await workspace.models.pull(caller, data.model, data.from_))


@post("/api/models/cancel", status_code=200, summary="Stop fetching a model", **EXTENSION)
async def cancel_model(data: ModelBody, caller: Caller, workspace: Workspace) -> ModelObject:
    return to_model(await workspace.models.cancel_pull(caller, data.model))


@post("/api/models/use", status_code=200, summary="Answer with a model from now on", **EXTENSION)
async def use_model(data: ModelBody, caller: Caller, workspace: Workspace) -> ModelObject:
    return to_model(await workspace.models.use(caller, data.model))


@post("/api/models/delete", status_code=204, summary="Remove a model's files", **EXTENSION)
async def delete_model(data: ModelBody, caller: Caller, workspace: Workspace) -> None:
    await workspace.models.delete(caller, data.model)


@get("/api/providers", status_code=200, summary="List providers", **EXTENSION)
async def list_providers(caller: Caller, workspace: Workspace) -> ProvidersObject:
    return ProvidersObject([to_provider(provider) for provider in await workspace.models.list_providers(caller)])


@post("/api/providers", status_code=201, summary="Add a provider", **EXTENSION)
async def create_provider(data: NewProviderBody, caller: Caller, workspace: Workspace) -> ProviderObject:
    new = NewProvider(kind=data.kind, name=data.name, base_url=data.base_url, api_key=data.api_key)
    return to_provider(await workspace.models.add_provider(caller, new))


@get("/api/providers/{provider_id:str}", status_code=200, summary="Get a provider", **EXTENSION)
async def get_provider(provider_id: str, caller: Caller, workspace: Workspace) -> ProviderObject:
    return to_provider(await workspace.models.get_provider(caller, provider_id))


@patch("/api/providers/{provider_id:str}", status_code=200, summary="Change a provider", **EXTENSION)
async def update_provider(provider_id: str, data: ProviderPatchBody, caller: Caller, workspace: Workspace) -> ProviderObject:
    change = ProviderPatch(name=data.name, base_url=data.base_url, api_key=data.api_key)
    return to_provider(await workspace.models.patch_provider(caller, provider_id, change))


@delete("/api/providers/{provider_id:str}", status_code=204, summary="Remove a provider", **EXTENSION)
async def delete_provider(provider_id: str, caller: Caller, workspace: Workspace) -> None:
    await workspace.models.delete_provider(caller, provider_id)


@post("/api/providers/{provider_id:str}/test", status_code=200, summary="See whether a provider answers", **EXTENSION)
async def test_provider(provider_id: str, caller: Caller, workspace: Workspace) -> ProviderTestObject:
    """200 also when the provider does not answer: ``ok`` says whether it did, and ``detail`` what it said."""
    found = await workspace.models.test_provider(caller, provider_id)
    return ProviderTestObject(found.ok, found.latency_ms, found.detail, found.models)


SHOWN[Model] = to_model
SHOWN[Provider] = to_provider

ROUTES: list[Any] = [
    list_models,
    get_model,
    pull_model,
    cancel_model,
    use_model,
    delete_model,
    list_providers,
    create_provider,
    get_provider,
    update_provider,
    delete_provider,
    test_provider,
]
