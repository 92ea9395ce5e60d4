"""What many tests need: a database, the models' files, a running server."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import LiveServer, start_server, stop_server

ROOT = Path(__file__).parent.parent

# The files that the README's test command fetches once; the tests check them and never fetch.
MODEL_FILES = {
    "minilm/model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "minilm/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "smollm2-135m/model.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def models_folder() -> Path:
    folder = Path(os.environ.get("SOPHON_TEST_MODELS", ROOT / ".models"))
    for name, digest in MODEL_FILES.items():
        file = folder / name
        if not file.is_file():
            pytest.fail(f"{file} is missing: run the README's test command, which fetches it once.")
        if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            pytest.fail(f"{file} is damaged: delete it and run the README's test command again.")
    return folder


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Iterator[LiveServer]:
    """A server with both small models in place, shared by the tests that only add to it."""
    server = start_server(tmp_path_factory.mktemp("live") / "home", SOPHON_MODELS_PATH=str(models_folder))
    yield server
    stop_server(server)
