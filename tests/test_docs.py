"""What the documentation says is so."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import msgspec
import pytest

from sophon_local import __version__
from sophon_local.cli import _parser, _with_command
from sophon_local.settings import Settings
from sophon_local.surfaces import ALL

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"```\w*\n(.*?)```", text, re.S)


def test_every_command_of_the_readme_is_one() -> None:
    lines = [line for block in blocks(README) for line in block.splitlines() if line.startswith("sophon-local")]
    assert len(lines) >= 4
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        assert _parser().parse_args(_with_command(words)).command


def test_every_path_in_the_readmes_tree_is_there() -> None:
    tree = next(block for block in blocks(README) if "sophon_local/" in block and "tests/" in block)
    names = [name for line in tree.splitlines() for name in re.split(r" {3,}", line.strip())[0].split()]
    assert len(names) >= 10
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "sophon_local" / name).exists(), name


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "sophon_local").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text("utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.relative_to(ROOT)}: {target}"


@pytest.mark.parametrize("surface", ALL, ids=lambda surface: surface.name)
def test_every_surface_has_a_page_on_what_it_serves_and_what_differs(surface: object) -> None:
    page = ROOT / "sophon_local" / "surfaces" / str(getattr(surface, "name", "")) / "README.md"
    assert page.is_file()
    assert len(page.read_text("utf-8")) > 300


def test_the_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_setting_says_what_it_does() -> None:
    source = (ROOT / "sophon_local" / "settings.py").read_text("utf-8")
    plain = {
        "home",
        "host",
        "port",
        "open_browser",
        "max_json_bytes",
        "max_upload_bytes",
        "header_timeout_s",
        "body_timeout_s",
        "parse_timeout_s",
        "parse_memory_bytes",
    }
    for field in msgspec.structs.fields(Settings):
        line = next(line for line in source.splitlines() if line.strip().startswith(f"{field.name}:"))
        assert "#" in line or field.name in plain | {"rate_limits", "log_level", "llama_threads"}, field.name


def test_decisions_have_the_four_parts() -> None:
    for page in (ROOT / "sophon_local" / "decisions").glob("*.md"):
        text = page.read_text("utf-8").lower()
        for part in ("context", "decision", "consequences", "alternatives"):
            assert re.search(rf"^(#+ |\*\*){part}", text, re.M), f"{page.name}: {part}"


def test_no_file_names_this_machine() -> None:
    parts = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "pyproject.toml", *(ROOT / "packaging").iterdir(), *(ROOT / "sophon_local").rglob("*.py")]
    for file in parts:
        if file.is_file():
            assert not re.search(r"/(?:(?:home|Users)/\w+|root)/", file.read_text("utf-8")), file
