"""The command line, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sophon_local import __version__
from sophon_local.cli import main
from tests.live import LiveServer, start_server, stop_server

QUIET = {"SOPHON_FETCH_MODELS": "false", "SOPHON_DISCOVER_LOCAL_MODELS": "false", "SOPHON_USE_KEYRING": "false"}
NOTES = "The kiln in the north shed reaches 1240 degrees. Mara Okafor ordered forty bags of porcelain clay on 3 May.\n"


def sophon(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sophon_local", *arguments]
    stdin = {"input": given} if given is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **QUIET}, check=False, **stdin)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> LiveServer:  # type: ignore[misc]
    running = start_server(tmp_path_factory.mktemp("cli") / "home", **QUIET)
    yield running  # type: ignore[misc]
    stop_server(running)


def test_the_version_is_told_in_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"sophon-local {__version__}\n"
    assert main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == __version__


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--port", "99999"], ["serve", "--port", "x"], ["ask"]])
def test_what_the_command_line_does_not_know_it_says(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_every_route_is_listed_with_the_line_that_answers_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    root = Path(__file__).parent.parent
    health = next(row for row in rows if row["path"] == "/api/health")
    assert (health["method"], health["file"], health["surface"]) == ("GET", "sophon_local/surfaces/sophon/public.py", "sophon")
    lines = (root / health["file"]).read_text().splitlines()
    assert "async def health" in "\n".join(lines[health["line"] - 1 : health["line"] + 2])
    assert {row["surface"] for row in rows} == {"sophon", "openai"}


def test_the_routes_of_one_surface(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "--surface", "openai"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("openai") for line in lines)
    assert any("/v1/chat/completions" in line for line in lines)
    assert main(["routes", "--surface", "nothing"]) == 1
    assert "There is no surface nothing" in capsys.readouterr().err


def test_the_doctor_finds_a_healthy_installation_healthy(server: LiveServer) -> None:
    done = sophon("doctor", "--json", "--data", str(server.home))
    report = json.loads(done.stdout)
    states = {finding["name"]: finding["state"] for finding in report["findings"]}
    assert states["system.db"] == states["tenants/default/workspace.db"] == states["SQLite"] == states["Clock"] == states["Server"] == "good"
    assert states["Chat model"] == "notice"
    assert done.returncode == (0 if report["healthy"] else 1)


def test_the_doctor_names_a_damaged_database_and_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "system.db").write_bytes(b"not a database" * 1_000)
    done = sophon("doctor", "--data", str(home))
    assert done.returncode == 1
    assert "PROBLEM  system.db" in done.stdout and "backups" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_question_about_a_file_is_answered_from_it(server: LiveServer, tmp_path: Path) -> None:
    notes = tmp_path / "workshop.txt"
    notes.write_text(NOTES)
    done = sophon("ask", "--data", str(server.home), "How hot does the kiln in the north shed get?", "--file", str(notes))
    assert done.returncode == 0, done.stderr
    assert "1240" in done.stdout
    assert "workshop.txt" in done.stdout


def test_piped_text_is_attached(server: LiveServer) -> None:
    text = "Ludvig Brandt keeps the spare key of the boathouse behind the third lantern.\n"
    done = sophon("ask", "--json", "--data", str(server.home), "Where does Ludvig Brandt keep the spare key?", given=text)
    assert done.returncode == 0, done.stderr
    message = json.loads(done.stdout)
    assert message["role"] == "assistant"
    assert "lantern" in message["content"]
    assert message["citations"][0]["filename"].startswith("piped-")


def test_a_question_needs_no_running_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = sophon("ask", "--data", str(home), "What did Mara Okafor order?", given=NOTES)
    assert done.returncode == 0, done.stderr
    assert "porcelain" in done.stdout
    assert not (home / "runtime.json").exists()


def documents(server: LiveServer) -> list[str]:
    page = server.get("/api/documents?limit=200")
    assert isinstance(page, dict)
    return [item["filename"] for item in page["items"]]


def test_piped_text_goes_after_the_answer_unless_it_is_to_be_kept_or_was_there_before(server: LiveServer, tmp_path: Path) -> None:
    before = documents(server)
    text = "Anneke Vos waters the lemon trees on Thursdays.\n"
    ask = ["ask", "--data", str(server.home), "When does Anneke Vos water the lemon trees?"]
    done = sophon(*ask, given=text)
    assert done.returncode == 0 and "Thursdays" in done.stdout, done.stderr
    assert documents(server) == before
    kept = sophon(*ask, "--keep", given=text)
    assert kept.returncode == 0 and len(documents(server)) == len(before) + 1
    again = sophon(*ask, given=text)
    assert again.returncode == 0 and len(documents(server)) == len(before) + 1


def test_piped_text_goes_when_there_is_no_answer_too(server: LiveServer) -> None:
    before = documents(server)
    done = sophon("ask", "--data", str(server.home), "--session", "sess_none", "What?", given="Nobody asks about the blue ladder.\n")
    assert done.returncode == 1 and documents(server) == before


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    done = sophon("ask", "--data", str(tmp_path / "home"), "What?", "--file", str(tmp_path))
    assert done.returncode == 1
    assert "is a folder" in done.stderr and "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = sophon("ask", "--data", str(tmp_path / "home"), "What?", "--file", "no-such-file.pdf")
    assert done.returncode == 1
    assert "no-such-file.pdf" in done.stderr and "Traceback" not in done.stderr
