"""``sophon-local models``, without a running server and with one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sophon_local.cli import main
from tests.live import start_server, stop_server

SMALL = "smollm2-135m-instruct"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FETCH_MODELS", "DISCOVER_LOCAL_MODELS", "USE_KEYRING"):
        monkeypatch.setenv(f"SOPHON_{name}", "false")


def test_a_model_is_pulled_from_a_file_listed_used_and_deleted(tmp_path: Path, models_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path / "home")]
    assert main(["models", "pull", SMALL, "--from", str(models_folder / "smollm2-135m" / "model.gguf"), *data]) == 0
    shown = capsys.readouterr()
    assert "installed, 98 MB" in shown.err and shown.out == ""
    assert main(["models", *data]) == 0
    listed = capsys.readouterr().out
    assert f"* {SMALL}" in listed and "qwen3-4b" in listed and "(recommended)" in listed
    assert main(["models", "list", "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["chat"] == {"modelId": SMALL}
    assert main(["models", "use", SMALL, "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["isInUse"] is True
    assert main(["models", "delete", SMALL, *data]) == 0
    assert main(["models", "list", "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["chat"] == {"modelId": None}


def test_what_cannot_be_done_is_said_with_a_failing_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path / "home")]
    for arguments, says in (
        (["pull", "nobody"], "no model nobody"),
        (["use", SMALL], "Pull it first"),
        (["use", "nope"], "`sophon-local models list` names"),
        (["delete", "nobody"], "no model nobody"),
        (["pull", "a", "b", "--from", "x"], "one model"),
        (["pull", "mine", "--from", str(tmp_path / "missing.gguf")], "no file"),
    ):
        assert main(["models", *arguments, *data]) == 1
        assert says in capsys.readouterr().err


def test_a_running_server_does_the_work(tmp_path: Path, models_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = start_server(tmp_path / "home", SOPHON_USE_KEYRING="false")
    try:
        data = ["--data", str(server.home)]
        assert main(["models", "pull", SMALL, "--from", str(models_folder / "smollm2-135m" / "model.gguf"), "--json", *data]) == 0
        assert json.loads(capsys.readouterr().out)[0]["status"] == "installed"
        found = server.get(f"/api/models/{SMALL}")
        assert isinstance(found, dict) and found["isInUse"]
    finally:
        stop_server(server)
