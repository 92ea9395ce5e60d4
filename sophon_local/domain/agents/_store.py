from __future__ import annotations

from ...db import Tx
from ...db.rows import to_columns
from ...kit.paging import PageRequest
from .model import Agent

_NAMES = Agent.__struct_fields__
_INSERT = f"INSERT INTO agents ({', '.join(_NAMES)}) VALUES ({', '.join(':' + n for n in _NAMES)})"  # noqa: S608 (our own field names)
_UPDATE = f"UPDATE agents SET {', '.join(f'{n} = :{n}' for n in _NAMES if n != 'id')} WHERE id = :id"  # noqa: S608


def insert(tx: Tx, agent: Agent) -> None:
    tx.run(_INSERT, **to_columns(agent))


def update(tx: Tx, agent: Agent) -> None:
    tx.run(_UPDATE, **to_columns(agent))


def select(tx: Tx, agent_id: str) -> Agent | None:
    return tx.find(Agent, "SELECT * FROM agents WHERE id = :id", id=agent_id)


def select_default(tx: Tx) -> Agent | None:
    return tx.find(Agent, "SELECT * FROM agents WHERE is_default = true")


def select_page(tx: Tx, page: PageRequest) -> list[Agent]:
    after = page.key or ("", "")
    return tx.all(
        Agent,
        "SELECT * FROM agents WHERE (created_at, id) > (:at, :id) ORDER BY created_at, id LIMIT :limit OFFSET :offset",
        at=after[0],
        id=after[1],
        limit=page.limit + 1,
        offset=page.offset,
    )


def clear_default(tx: Tx) -> None:
    tx.run("UPDATE agents SET is_default = false WHERE is_default = true")


def delete(tx: Tx, agent_id: str) -> None:
    tx.run("DELETE FROM agents WHERE id = :id", id=agent_id)


def forget_boot(tx: Tx, agent_id: str) -> None:
    tx.run("UPDATE agents SET boot_completed_at = NULL WHERE id = :id", id=agent_id)
