"""Who may read an entry, and what an agent may not write by itself."""

from __future__ import annotations

from ...db import Tx
from ...kit.caller import Caller
from ...kit.errors import NotFound
from . import _store
from ._store import Row
from .model import refused


def agent_of(caller: Caller) -> str | None:
    """The agent that asks; None when it is a person or program, who may see every agent's memories."""
    return caller.user_id.removeprefix("agent:") if caller.kind == "agent" else None


def readable(tx: Tx, caller: Caller, entry_id: str) -> Row:
    """The entry, if the caller may know of it; NotFound otherwise."""
    row = _store.select(tx, entry_id)
    reader = agent_of(caller)
    if row is None or (reader is not None and row.scope == "agent" and row.agent_id != reader):
        raise NotFound(f"There is no memory {entry_id}.")
    return row


def refuse_for_agent(content: str, owner: str | None, agent: str) -> None:
    """What an agent writes by itself may not be a secret, nor speak to the model, nor be put into another agent's memory."""
    from .sensitive import find_secret, speaks_to_model

    secret = find_secret(content)
    if secret:
        raise refused("content", f"This holds {secret}. Secrets are not kept in memory.")
    if speaks_to_model(content):
        raise refused("content", "This reads like an instruction to the model, not like something to remember.")
    if owner is not None and owner != agent:
        raise refused("agentId", "An agent writes into its own memory only.")
