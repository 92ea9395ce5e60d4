"""Secrets at rest: AES-256-GCM each, under one master key that lies in the system's keyring or in a file that only this user may read."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from .errors import ServiceUnavailable

T = TypeVar("T")

PATIENCE_S = 5.0  # a keyring that asks somebody for a password, or a D-Bus that is not there, may never answer
_FORMAT = "v1."
_NONCE = 12
_SERVICE = "sophon-local"


class SecretUnreadable(ServiceUnavailable):
    """What is stored cannot be opened: another master key, another id, or damaged."""

    code = "secret_unreadable"


class Vault(Protocol):
    """A place of the system's that keeps passwords. Its calls may block."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...


class _Place(msgspec.Struct, frozen=True):
    """Where the master key of this data folder lies: chosen once, written to ``keys/master.json``. ``kind`` is keyring or file."""

    kind: str
    id: str


def system_vault() -> Vault | None:
    """The system's keyring; None where there is none, or only one that keeps plain text or asks on the terminal."""
    import keyring
    import keyring.errors

    with contextlib.suppress(keyring.errors.KeyringError, RuntimeError):
        backend = keyring.get_keyring()
        if backend.priority >= 1:
            return backend
    return None


def no_vault() -> Vault | None:
    """For those who want the key in the file."""
    return None


class Secrets:
    """``seal`` and ``open`` short texts, each bound to its id: a sealed text moved to another id does not open.

    Nothing happens before the first call: then the master key is made, or fetched from where ``keys/master.json`` says that it is. The keyring
    is asked in a thread of its own with a deadline, so it can neither delay the start nor hang a request. Where there is no keyring the key
    lies in ``keys/master.key`` with mode 0600; there is no passphrase on that file yet.
    """

    def __init__(self, folder: Path, vault: Callable[[], Vault | None] = system_vault, patience_s: float = PATIENCE_S) -> None:
        self._folder = folder
        self._vault = vault
        self._patience_s = patience_s
        self._key: bytes | None = None
        self._loading = asyncio.Lock()

    async def seal(self, secret_id: str, text: str) -> str:
        """``text``, encrypted, as text that may be stored."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        sealed = AESGCM(await self._master()).encrypt(nonce, text.encode(), secret_id.encode())
        return _FORMAT + base64.urlsafe_b64encode(nonce + sealed).decode()

    async def open(self, secret_id: str, sealed: str) -> str:
        """What was sealed under ``secret_id``; SecretUnreadable when it was not, or not with this master key."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = await self._master()
        try:
            if not sealed.startswith(_FORMAT):
                raise ValueError
            raw = base64.urlsafe_b64decode(sealed[len(_FORMAT) :])
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], secret_id.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise SecretUnreadable("A stored secret cannot be read with the master key of this data folder. Enter it again.") from None

    async def _master(self) -> bytes:
        async with self._loading:
            if self._key is None:
                self._key = await asyncio.to_thread(self._load)
            return self._key

    def _load(self) -> bytes:
        place = self._remembered()
        if place is None:
            return self._create()
        if place.kind == "file":
            return self._from_file()
        found = self._ask(lambda vault: vault.get_password(_SERVICE, place.id))
        if found is None:
            raise ServiceUnavailable(
                "The key to the stored secrets is in the system's keyring, and the keyring does not give it out. Unlock the keyring and try again, "
                "or enter the secrets again after moving keys/master.json out of the data folder."
            )
        return base64.b64decode(found)

    def _create(self) -> bytes:
        key = os.urandom(32)
        text = base64.b64encode(key).decode()
        place = _Place("keyring", os.urandom(8).hex())

        def keep(vault: Vault) -> str | None:
            vault.set_password(_SERVICE, place.id, text)
            return vault.get_password(_SERVICE, place.id)

        if self._ask(keep) != text:
            place = _Place("file", place.id)
            self._write("master.key", text.encode())
        self._write("master.json", msgspec.json.encode(place))
        return key

    def _remembered(self) -> _Place | None:
        try:
            return msgspec.json.decode((self._folder / "master.json").read_bytes(), type=_Place)
        except FileNotFoundError:
            return _Place("file", "") if (self._folder / "master.key").exists() else None
        except msgspec.DecodeError as error:
            raise ServiceUnavailable(f"keys/master.json in the data folder is damaged ({error}), so stored secrets cannot be opened. Restore it.") from None

    def _from_file(self) -> bytes:
        try:
            key = base64.b64decode((self._folder / "master.key").read_bytes(), validate=True)
        except (OSError, binascii.Error):
            key = b""
        if len(key) != 32:
            raise ServiceUnavailable("keys/master.key in the data folder is missing or damaged, so stored secrets cannot be opened. Restore it.")
        return key

    def _ask(self, question: Callable[[Vault], T]) -> T | None:
        """What the keyring answers; None when there is none, when it fails, and when it takes too long."""
        answers: list[T] = []

        def ask() -> None:
            # Third-party backends raise whatever they like; for us each of it means the same: this keyring is of no use.
            with contextlib.suppress(Exception):
                vault = self._vault()
                if vault is not None:
                    answers.append(question(vault))

        # A daemon: a keyring that never answers must not keep the program from ending either.
        thread = threading.Thread(target=ask, name="keyring", daemon=True)
        thread.start()
        thread.join(self._patience_s)
        return answers[0] if answers else None

    def _write(self, name: str, content: bytes) -> None:
        """On disk, for this user only, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._folder / f".{name}.{os.getpid()}.new"
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._folder / name)
