from __future__ import annotations

from ...db import Tx
from ...db.rows import to_columns
from ...kit.egress import EgressRecord
from ...kit.ids import new_id
from ...kit.paging import PageRequest

_NAMES = EgressRecord.__struct_fields__
_INSERT = f"INSERT INTO egress_ledger (id, {', '.join(_NAMES)}) VALUES (:id, {', '.join(':' + n for n in _NAMES)})"  # noqa: S608 (our own field names)


class _Stored(EgressRecord, frozen=True, kw_only=True):
    id: str


def insert(tx: Tx, record: EgressRecord) -> None:
    tx.run(_INSERT, id=new_id("egr"), **to_columns(record))


def select_page(tx: Tx, page: PageRequest) -> list[_Stored]:
    """The latest first."""
    before = page.key or ("~", "~")
    return tx.all(
        _Stored,
        "SELECT * FROM egress_ledger WHERE (at, id) < (:at, :id) ORDER BY at DESC, id DESC LIMIT :limit OFFSET :offset",
        at=before[0],
        id=before[1],
        limit=page.limit + 1,
        offset=page.offset,
    )


def delete_before(tx: Tx, at: str) -> int:
    return tx.run("DELETE FROM egress_ledger WHERE at < :at", at=at)
