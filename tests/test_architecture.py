"""What import-linter cannot say about the house."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sophon_local"


def imports(file: Path) -> Iterator[tuple[str, list[str]]]:
    """(absolute module, names) of every import in a file of the package."""
    home = ["sophon_local", *file.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = home[: len(home) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])]), [name.name for name in node.names]
        elif isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, []


def files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((PACKAGE / folder).rglob("*.py"))]


def test_a_domain_uses_another_one_through_its_face_only() -> None:
    wrong = []
    domains = {folder.name for folder in (PACKAGE / "domain").iterdir() if folder.is_dir()}
    for file in files("domain"):
        own = file.relative_to(PACKAGE / "domain").parts[0]
        for module, names in imports(file):
            parts = module.split(".")
            if parts[:2] != ["sophon_local", "domain"] or len(parts) < 3 or parts[2] == own or parts[2] not in domains:
                continue
            inner = len(parts) > 3 or any((PACKAGE / "domain" / parts[2] / f"{name}.py").exists() for name in names)
            if inner:
                wrong.append(f"{file.relative_to(PACKAGE)} imports {module} {names}")
    assert wrong == []


def test_surfaces_speak_to_services_and_never_to_stores_or_the_database() -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)} imports {module}"
        for file in files("surfaces")
        for module, names in imports(file)
        if module.startswith("sophon_local.db") or "._store" in module or "_store" in names
    ]
    assert wrong == []


def test_sql_stands_in_stores_and_in_the_database_only() -> None:
    wrong = []
    for file in files("surfaces", "commands", "domain"):
        if file.name.startswith("_"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith(("SELECT * ", "INSERT INTO ", "DELETE FROM ", "UPDATE "))
            ):
                wrong.append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("module", ["sophon_local.app", "sophon_local.server", "sophon_local.cli"])
def test_the_start_path_stays_light(module: str) -> None:
    """Imports are the start-up cost: what is heavy is imported when it is first used."""
    heavy = [
        "numpy",
        "pydantic",
        "httpx2",
        "httpx",
        "cryptography",
        "onnxruntime",
        "tokenizers",
        "xllamacpp",
        "pypdfium2",
        "PIL",
        "jsonschema_rs",
        "litestar",
        "keyring",
    ]
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent).stdout == "[]\n"


def test_building_the_native_surface_imports_nothing_heavy() -> None:
    heavy = [
        "numpy",
        "pydantic",
        "httpx2",
        "httpx",
        "cryptography",
        "onnxruntime",
        "tokenizers",
        "xllamacpp",
        "pypdfium2",
        "PIL",
        "jsonschema_rs",
        "attrs",
        "jinja2",
    ]
    code = (
        "import sys\nfrom pathlib import Path\nfrom sophon_local.settings import Settings\nfrom sophon_local.surfaces import ALL\n"
        "from sophon_local.surfaces.build import build_unconnected\nbuild_unconnected(ALL[0], Settings(home=Path('unused')))\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent).stdout == "[]\n"
