"""``/v1/models``: what may stand in ``model``."""

from __future__ import annotations

from typing import Literal

import msgspec
from litestar import get

from ...domain.workspace import Workspace
from ...kit import clock
from ...kit.caller import Caller
from ...kit.errors import NotFound
from ...kit.paging import PageRequest

AGENT = "sophon/"  # model names with this prefix are agents


class ModelObject(msgspec.Struct):
    id: str
    created: int
    owned_by: str
    object: Literal["model"] = "model"


class ModelList(msgspec.Struct):
    data: list[ModelObject]
    object: Literal["list"] = "list"


async def _all(caller: Caller, workspace: Workspace) -> list[ModelObject]:
    agents = await workspace.agents.list(caller, PageRequest(limit=200))
    overview = await workspace.models.overview(caller)
    found = [ModelObject(AGENT + agent.id, int(clock.parse(agent.created_at).timestamp()), "sophon") for agent in agents.items if agent.enabled]
    found += [ModelObject(model.id, 0, model.provider_id or "sophon-local") for model in overview.items if model.status == "installed"]
    return found


@get("/v1/models", status_code=200, summary="List agents and models")
async def list_models(caller: Caller, workspace: Workspace) -> ModelList:
    """Agents come as ``sophon/<id>``."""
    return ModelList(await _all(caller, workspace))


@get("/v1/models/{model:path}", status_code=200, summary="Describe an agent or a model")
async def get_model(model: str, caller: Caller, workspace: Workspace) -> ModelObject:
    name = model.strip("/")
    found = next((one for one in await _all(caller, workspace) if one.id == name), None)
    if found is None:
        raise NotFound(f"There is no model {name}. GET /v1/models lists them.")
    return found


ROUTES = [list_models, get_model]
