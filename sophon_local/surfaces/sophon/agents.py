"""Agents, their Markdown files and their tool allowlist."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, delete, get, patch, post, put
from litestar.params import Parameter
from msgspec import UNSET, UnsetType

from ...domain.agents import Agent, AgentPatch, Heartbeat, MarkdownFile, ModelChoice, NewAgent, ToolPolicy
from ...domain.tools import allowed, catalogue
from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.errors import InvalidRequest, ValidationFailed
from ...kit.paging import Cursors
from .shapes import PageObject, Wire, accepts, to_page

MARKDOWN = "text/markdown"


class ModelChoiceObject(Wire):
    provider: str | None = None
    model: str | None = None
    fallback: str | None = None


class HeartbeatObject(Wire):
    enabled: bool = False
    interval_minutes: int = 30
    active_hours: str | None = None
    target: str | None = None


class AgentObject(Wire):
    id: str
    name: str
    description: str
    model: ModelChoiceObject | None
    temperature: float | None
    enabled: bool
    is_default: bool
    color: str
    heartbeat: HeartbeatObject
    created_at: str
    updated_at: str


class NewAgentBody(Wire):
    name: str
    id: str | None = None
    description: str = ""
    model: ModelChoiceObject | None = None
    temperature: float | None = None
    enabled: bool = True
    color: str = "slate"
    heartbeat: HeartbeatObject = msgspec.field(default_factory=HeartbeatObject)
    soul: str | None = None


class AgentPatchBody(Wire):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    model: ModelChoiceObject | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    color: str | UnsetType = UNSET
    heartbeat: HeartbeatObject | UnsetType = UNSET


class MarkdownObject(Wire):
    content: str
    updated_at: str | None
    etag: str


class MarkdownBody(Wire):
    content: str


class ToolPolicyBody(Wire):
    allow: list[str] = msgspec.field(default_factory=lambda: ["*"])
    deny: list[str] = []


class ToolPolicyObject(Wire):
    """``effective`` are the tools that the agent may use as things stand."""

    allow: list[str]
    deny: list[str]
    effective: list[str]


def to_agent(agent: Agent) -> AgentObject:
    return msgspec.convert(agent, AgentObject, from_attributes=True)


def to_policy(agent: Agent) -> ToolPolicyObject:
    return ToolPolicyObject(agent.tools.allow, agent.tools.deny, [tool.name for tool in allowed(agent.tools)])


def from_choice(choice: ModelChoiceObject | None) -> ModelChoice | None:
    return None if choice is None else ModelChoice(choice.provider, choice.model, choice.fallback)


def from_heartbeat(heartbeat: HeartbeatObject) -> Heartbeat:
    return msgspec.convert(heartbeat, Heartbeat, from_attributes=True)


@get("/api/agents", status_code=200, summary="List agents")
async def list_agents(
    caller: Caller, workspace: Workspace, cursors: Cursors, limit: int | None = None, cursor: str | None = None, offset: int | None = None
) -> PageObject[AgentObject]:
    return to_page(await workspace.agents.list(caller, cursors.request(limit, cursor, offset)), to_agent, cursors)


@post("/api/agents", status_code=201, summary="Create an agent")
async def create_agent(data: NewAgentBody, caller: Caller, workspace: Workspace) -> AgentObject:
    new = NewAgent(
        name=data.name,
        id=data.id,
        description=data.description,
        model=from_choice(data.model),
        temperature=data.temperature,
        enabled=data.enabled,
        color=data.color,
        heartbeat=from_heartbeat(data.heartbeat),
        soul=data.soul,
    )
    return to_agent(await workspace.agents.create(caller, new))


@get("/api/agents/{agent_id:str}", status_code=200, summary="Get an agent")
async def get_agent(agent_id: str, caller: Caller, workspace: Workspace) -> AgentObject:
    return to_agent(await workspace.agents.get(caller, agent_id))


@patch("/api/agents/{agent_id:str}", status_code=200, summary="Update an agent")
async def update_agent(agent_id: str, data: AgentPatchBody, caller: Caller, workspace: Workspace) -> AgentObject:
    change = AgentPatch(
        name=data.name,
        description=data.description,
        model=UNSET if data.model is UNSET else from_choice(data.model),
        temperature=data.temperature,
        enabled=data.enabled,
        is_default=data.is_default,
        color=data.color,
        heartbeat=UNSET if data.heartbeat is UNSET else from_heartbeat(data.heartbeat),
    )
    return to_agent(await workspace.agents.patch(caller, agent_id, change))


@delete("/api/agents/{agent_id:str}", status_code=204, summary="Delete an agent")
async def delete_agent(agent_id: str, caller: Caller, workspace: Workspace, purge: bool = False) -> None:
    """Its sessions stay; what it alone remembered goes only with ``?purge=true``."""
    await workspace.agents.delete(caller, agent_id)
    if purge:
        await workspace.memory.purge_agent(caller, agent_id)


def markdown_answer(request: Request[Any, Any, Any], file: MarkdownFile) -> Response[Any]:
    headers = {"ETag": f'"{file.etag}"'}
    if MARKDOWN in request.headers.get("accept", "") and "application/json" not in request.headers.get("accept", ""):
        return Response(file.content, media_type=f"{MARKDOWN}; charset=utf-8", headers=headers)
    return Response(MarkdownObject(file.content, file.updated_at, file.etag), headers=headers)


async def markdown_body(request: Request[Any, Any, Any]) -> str:
    """The text that a PUT brings: JSON ``{"content": ...}``, or the Markdown itself."""
    raw = await request.body()
    try:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() == MARKDOWN:
            return raw.decode("utf-8")
        return msgspec.json.decode(raw, type=MarkdownBody).content
    except msgspec.ValidationError as error:
        raise ValidationFailed(
            f'Send {{"content": "..."}} as JSON, or the text itself as {MARKDOWN}.', errors=[{"field": "content", "message": str(error)}]
        ) from None
    except (UnicodeDecodeError, msgspec.DecodeError):
        raise InvalidRequest("The body is neither UTF-8 text nor JSON.") from None


FileKind = Literal["soul", "boot", "heartbeat"]


async def read_markdown(kind: FileKind, agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace) -> Response[Any]:
    return markdown_answer(request, await workspace.agents.read_file(caller, agent_id, kind))


async def write_markdown(
    kind: FileKind, agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace, if_match: str | None, rerun: bool = False
) -> Response[Any]:
    content = await markdown_body(request)
    return markdown_answer(request, await workspace.agents.write_file(caller, agent_id, kind, content, if_match, rerun))


IfMatch = Annotated[str | None, Parameter(header="If-Match")]
_WRITES = accepts("application/json", MARKDOWN)


@get("/api/agents/{agent_id:str}/soul", status_code=200, summary="Read SOUL.md")
async def read_soul(agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace) -> Response[MarkdownObject]:
    return await read_markdown("soul", agent_id, request, caller, workspace)


@put("/api/agents/{agent_id:str}/soul", status_code=200, summary="Write SOUL.md", **_WRITES)
async def write_soul(
    agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace, if_match: IfMatch = None
) -> Response[MarkdownObject]:
    return await write_markdown("soul", agent_id, request, caller, workspace, if_match)


@get("/api/agents/{agent_id:str}/boot", status_code=200, summary="Read BOOT.md")
async def read_boot(agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace) -> Response[MarkdownObject]:
    return await read_markdown("boot", agent_id, request, caller, workspace)


@put("/api/agents/{agent_id:str}/boot", status_code=200, summary="Write BOOT.md; it runs again with ?rerun=true", **_WRITES)
async def write_boot(
    agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace, if_match: IfMatch = None, rerun: bool = False
) -> Response[MarkdownObject]:
    return await write_markdown("boot", agent_id, request, caller, workspace, if_match, rerun)


@get("/api/agents/{agent_id:str}/heartbeat", status_code=200, summary="Read HEARTBEAT.md")
async def read_heartbeat(agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace) -> Response[MarkdownObject]:
    return await read_markdown("heartbeat", agent_id, request, caller, workspace)


@put("/api/agents/{agent_id:str}/heartbeat", status_code=200, summary="Write HEARTBEAT.md", **_WRITES)
async def write_heartbeat(
    agent_id: str, request: Request[Any, Any, Any], caller: Caller, workspace: Workspace, if_match: IfMatch = None
) -> Response[MarkdownObject]:
    return await write_markdown("heartbeat", agent_id, request, caller, workspace, if_match)


@get("/api/agents/{agent_id:str}/tools", status_code=200, summary="Read the tool allowlist")
async def read_tools(agent_id: str, caller: Caller, workspace: Workspace) -> ToolPolicyObject:
    return to_policy(await workspace.agents.get(caller, agent_id))


@put("/api/agents/{agent_id:str}/tools", status_code=200, summary="Write the tool allowlist")
async def write_tools(agent_id: str, data: ToolPolicyBody, caller: Caller, workspace: Workspace) -> ToolPolicyObject:
    known = frozenset(tool.name for tool in catalogue())
    return to_policy(await workspace.agents.set_tools(caller, agent_id, ToolPolicy(data.allow, data.deny), known))


ROUTES = [
    list_agents,
    create_agent,
    get_agent,
    update_agent,
    delete_agent,
    read_soul,
    write_soul,
    read_boot,
    write_boot,
    read_heartbeat,
    write_heartbeat,
    read_tools,
    write_tools,
]
