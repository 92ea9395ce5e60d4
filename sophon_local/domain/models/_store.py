from __future__ import annotations

import msgspec

from ...db import Tx
from ...db.rows import to_columns
from .model import Entry, Offered


class StoredFile(msgspec.Struct, frozen=True):
    """A file of the models folder whose content was checked; ``modified_ns`` is its age then, so that a later change is seen."""

    sha256: str
    size_bytes: int
    modified_ns: int
    verified_at: str


class StoredDownload(msgspec.Struct, frozen=True):
    """What is still to be fetched. With ``from_path`` only that file or folder will do."""

    model_id: str
    from_path: str | None
    requested_at: str


class StoredProvider(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    name: str
    base_url: str
    sealed_key: str | None
    status: str
    error: str | None
    models: list[Offered]
    created_at: str


class _Added(msgspec.Struct):
    entry: Entry


_PROVIDER_NAMES = StoredProvider.__struct_fields__
_PROVIDER_INSERT = f"INSERT INTO models_providers ({', '.join(_PROVIDER_NAMES)}) VALUES ({', '.join(':' + n for n in _PROVIDER_NAMES)})"  # noqa: S608 (our own field names)
_PROVIDER_UPDATE = f"UPDATE models_providers SET {', '.join(f'{n} = :{n}' for n in _PROVIDER_NAMES if n != 'id')} WHERE id = :id"  # noqa: S608


def select_files(tx: Tx) -> list[StoredFile]:
    return tx.all(StoredFile, "SELECT sha256, size_bytes, modified_ns, verified_at FROM models_files")


def put_file(tx: Tx, file: StoredFile) -> None:
    tx.run(
        "INSERT INTO models_files (sha256, size_bytes, modified_ns, verified_at) VALUES (:sha256, :size_bytes, :modified_ns, :verified_at) "
        "ON CONFLICT (sha256) DO UPDATE SET size_bytes = :size_bytes, modified_ns = :modified_ns, verified_at = :verified_at",
        **to_columns(file),
    )


def delete_file(tx: Tx, sha256: str) -> None:
    tx.run("DELETE FROM models_files WHERE sha256 = :sha256", sha256=sha256)


def select_added(tx: Tx) -> list[Entry]:
    return [row.entry for row in tx.all(_Added, "SELECT entry FROM models_added ORDER BY added_at, id")]


def put_added(tx: Tx, entry: Entry, now: str) -> None:
    tx.run(
        "INSERT INTO models_added (id, entry, added_at) VALUES (:id, :entry, :now) ON CONFLICT (id) DO UPDATE SET entry = :entry, added_at = :now",
        id=entry.id,
        entry=entry,
        now=now,
    )


def delete_added(tx: Tx, model_id: str) -> None:
    tx.run("DELETE FROM models_added WHERE id = :id", id=model_id)


def select_downloads(tx: Tx) -> list[StoredDownload]:
    return tx.all(StoredDownload, "SELECT model_id, from_path, requested_at FROM models_downloads ORDER BY requested_at, model_id")


def put_download(tx: Tx, download: StoredDownload) -> None:
    tx.run(
        "INSERT INTO models_downloads (model_id, from_path, requested_at) VALUES (:model_id, :from_path, :requested_at) "
        "ON CONFLICT (model_id) DO UPDATE SET from_path = :from_path, requested_at = :requested_at",
        **to_columns(download),
    )


def delete_download(tx: Tx, model_id: str) -> None:
    tx.run("DELETE FROM models_downloads WHERE model_id = :id", id=model_id)


def select_declined(tx: Tx) -> set[str]:
    return {row[0] for row in tx.rows("SELECT model_id FROM models_declined")}


def put_declined(tx: Tx, model_id: str, now: str) -> None:
    tx.run("INSERT INTO models_declined (model_id, declined_at) VALUES (:id, :now) ON CONFLICT (model_id) DO NOTHING", id=model_id, now=now)


def delete_declined(tx: Tx, model_id: str) -> None:
    tx.run("DELETE FROM models_declined WHERE model_id = :id", id=model_id)


def select_chosen(tx: Tx) -> dict[str, str]:
    return {kind: model_id for kind, model_id in tx.rows("SELECT kind, model_id FROM models_chosen")}


def put_chosen(tx: Tx, kind: str, model_id: str, now: str) -> None:
    tx.run(
        "INSERT INTO models_chosen (kind, model_id, chosen_at) VALUES (:kind, :id, :now) ON CONFLICT (kind) DO UPDATE SET model_id = :id, chosen_at = :now",
        kind=kind,
        id=model_id,
        now=now,
    )


def delete_chosen(tx: Tx, model_id: str) -> None:
    tx.run("DELETE FROM models_chosen WHERE model_id = :id", id=model_id)


def select_providers(tx: Tx) -> list[StoredProvider]:
    return tx.all(StoredProvider, "SELECT * FROM models_providers ORDER BY created_at, id")


def insert_provider(tx: Tx, provider: StoredProvider) -> None:
    tx.run(_PROVIDER_INSERT, **to_columns(provider))


def update_provider(tx: Tx, provider: StoredProvider) -> None:
    tx.run(_PROVIDER_UPDATE, **to_columns(provider))


def delete_provider(tx: Tx, provider_id: str) -> None:
    tx.run("DELETE FROM models_providers WHERE id = :id", id=provider_id)
    for model_id in select_chosen(tx).values():
        if model_id.startswith(provider_id + "/"):
            delete_chosen(tx, model_id)
