from __future__ import annotations

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sophon_local.kit.crypto import Secrets, SecretUnreadable, Vault, no_vault
from sophon_local.kit.errors import ServiceUnavailable

pytestmark = pytest.mark.anyio


class Drawer:
    """A keyring that lives as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Silent(Drawer):
    """A keyring that waits for somebody to type a password."""

    def __init__(self) -> None:
        super().__init__()
        self.wait = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.wait.wait(30)
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.wait.wait(30)
        super().set_password(service, username, password)


async def test_what_is_sealed_can_be_opened_also_after_a_restart(tmp_path: Path) -> None:
    sealed = await Secrets(tmp_path / "keys", no_vault).seal("prov_1", "sk-very-secret-ü")
    assert "secret" not in sealed
    assert await Secrets(tmp_path / "keys", no_vault).open("prov_1", sealed) == "sk-very-secret-ü"


async def test_the_same_text_is_sealed_differently_each_time(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, no_vault)
    assert await secrets.seal("a", "x") != await secrets.seal("a", "x")


async def test_a_sealed_text_is_bound_to_its_id(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, no_vault)
    sealed = await secrets.seal("prov_1", "key")
    with pytest.raises(SecretUnreadable):
        await secrets.open("prov_2", sealed)


@pytest.mark.parametrize("damage", ["", "v1.", "v1.!!!!", "v2.AAAA", "v1.AAAA", "nonsense"])
async def test_nonsense_does_not_open(tmp_path: Path, damage: str) -> None:
    with pytest.raises(SecretUnreadable):
        await Secrets(tmp_path, no_vault).open("a", damage)


async def test_one_changed_character_does_not_open(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path, no_vault)
    sealed = await secrets.seal("a", "a longer secret text")
    changed = sealed[:25] + ("A" if sealed[25] != "A" else "B") + sealed[26:]
    with pytest.raises(SecretUnreadable):
        await secrets.open("a", changed)


async def test_without_a_keyring_the_key_is_a_file_for_this_user_alone(tmp_path: Path) -> None:
    await Secrets(tmp_path / "keys", no_vault).seal("a", "x")
    assert sorted(f.name for f in (tmp_path / "keys").iterdir()) == ["master.json", "master.key"]
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


async def test_with_a_keyring_no_key_is_on_disk(tmp_path: Path) -> None:
    drawer = Drawer()
    sealed = await Secrets(tmp_path, lambda: drawer).seal("a", "x")
    assert [f.name for f in tmp_path.iterdir()] == ["master.json"]
    [key] = drawer.kept.values()
    assert key not in (tmp_path / "master.json").read_text()
    assert await Secrets(tmp_path, lambda: drawer).open("a", sealed) == "x"


async def test_the_choice_is_made_once(tmp_path: Path) -> None:
    """A keyring that appears later does not make stored secrets unreadable."""
    sealed = await Secrets(tmp_path, no_vault).seal("a", "x")
    drawer = Drawer()
    assert await Secrets(tmp_path, lambda: drawer).open("a", sealed) == "x"
    assert drawer.kept == {}


async def test_a_keyring_that_has_gone_is_said_and_no_new_key_is_made(tmp_path: Path) -> None:
    await Secrets(tmp_path, Drawer).seal("a", "x")
    before = (tmp_path / "master.json").read_bytes()
    with pytest.raises(ServiceUnavailable, match="Unlock the keyring"):
        await Secrets(tmp_path, no_vault).seal("b", "y")
    assert (tmp_path / "master.json").read_bytes() == before and not (tmp_path / "master.key").exists()


async def test_a_keyring_that_never_answers_is_passed_over(tmp_path: Path) -> None:
    silent = Silent()
    secrets = Secrets(tmp_path, lambda: silent, patience_s=0.05)
    sealed = await secrets.seal("a", "x")
    assert (tmp_path / "master.key").exists()
    silent.wait.set()
    assert await Secrets(tmp_path, lambda: silent).open("a", sealed) == "x"


async def test_a_keyring_that_fails_is_passed_over(tmp_path: Path) -> None:
    def broken() -> Vault | None:
        raise OSError("no D-Bus")

    await Secrets(tmp_path, broken).seal("a", "x")
    assert (tmp_path / "master.key").exists()


async def test_a_keyring_that_forgets_is_not_trusted(tmp_path: Path) -> None:
    class Forgetful(Drawer):
        def set_password(self, service: str, username: str, password: str) -> None:
            pass

    await Secrets(tmp_path, Forgetful).seal("a", "x")
    assert (tmp_path / "master.key").exists()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe", b"QUJD"])
async def test_a_damaged_key_file_is_said_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    await Secrets(tmp_path, no_vault).seal("a", "x")
    (tmp_path / "master.key").write_bytes(content)
    with pytest.raises(ServiceUnavailable, match=r"master\.key"):
        await Secrets(tmp_path, no_vault).seal("a", "x")
    assert (tmp_path / "master.key").read_bytes() == content


async def test_a_key_file_without_its_note_is_still_used(tmp_path: Path) -> None:
    sealed = await Secrets(tmp_path, no_vault).seal("a", "x")
    (tmp_path / "master.json").unlink()
    assert await Secrets(tmp_path, Drawer).open("a", sealed) == "x"


def test_making_secrets_imports_neither_cryptography_nor_keyring(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sophon_local.kit.crypto import Secrets; "
        f"Secrets(Path({str(tmp_path)!r})); print([m for m in ('cryptography', 'keyring') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []
