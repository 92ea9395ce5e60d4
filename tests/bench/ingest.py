"""From an uploaded 300-page PDF to "ready", against the embedding model's own time on the same passages. python -m tests.bench.ingest [PAGES]

Prints one line of JSON. ``ratio`` is the figure: wall time of the whole ingest over that of ``embed`` alone on the very texts of the passages, twice each in
turn, with the model loaded. ``cpu_ratio`` is the same in processor time, the children's included: what other programs do at the same time does not change it.
Also: the reading child's pages a second and memory, and OCR's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from sophon_local.domain.documents import Documents, NewDocument
from sophon_local.kit.caller import owner
from sophon_local.kit.paging import PageRequest
from sophon_local.providers.minilm import MiniLM
from sophon_local.providers.parsing import Reader
from tests import sample_files as sample
from tests.domain.documents.library import Library, library
from tests.scripted_chat import House

ROOT = Path(__file__).parents[2]


async def main(pages: int) -> None:
    models = Path(os.environ.get("SOPHON_TEST_MODELS", ROOT / ".models"))
    embedder = MiniLM(model=models / "minilm" / "model.onnx", tokenizer=models / "minilm" / "tokenizer.json", sha256="0" * 64)
    await embedder.embed(["loads the model"])
    with tempfile.TemporaryDirectory() as folder:
        pdf = sample.long_pdf(Path(folder) / "long.pdf", pages)
        figures = {"pages": pages, **await _reading(pdf, pages), **await _scanning(Path(folder))}
        async with library(Path(folder) / "home", House(embedder=embedder)) as lib:
            ingests, alone = [], []
            for _ in range(2):
                await _forget(lib.documents)
                clock = _Clock()
                texts = await _ingest(lib, pdf)
                ingests.append(clock.stop())
                clock = _Clock()
                await embedder.embed(texts)
                alone.append(clock.stop())
        (wall, cpu), (wall_alone, cpu_alone) = (map(sum, zip(*times, strict=True)) for times in (ingests, alone))
        figures |= {
            "passages": len(texts),
            "ingest_s": round(wall / 2, 2),
            "embedding_alone_s": round(wall_alone / 2, 2),
            "ratio": round(wall / wall_alone, 3),
            "cpu_ratio": round(cpu / cpu_alone, 3),
            "target": 1.2,
        }
    await embedder.close()
    print(json.dumps(figures))


async def _ingest(lib: Library, pdf: Path) -> list[str]:
    """Upload, wait until it is ready; the texts of its passages."""
    copy = lib.home / "upload"
    copy.write_bytes(pdf.read_bytes())
    content = copy.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    new = NewDocument(path=copy, filename="long.pdf", content_type="application/pdf", size_bytes=len(content), sha256=sha256)
    document, _ = await lib.documents.add(owner(), new)
    while (await lib.documents.get(owner(), document.id)).status not in ("ready", "failed"):
        await asyncio.sleep(0.02)
    assert lib.search.status().pending == 0
    return [chunk.text for chunk in await lib.documents.chunks(owner(), document.id)]


async def _forget(documents: Documents) -> None:
    for document in (await documents.list(owner(), PageRequest())).items:
        await documents.delete(owner(), document.id)


class _Clock:
    """Wall and processor seconds from here on; the latter of this process and of its children that have ended."""

    def __init__(self) -> None:
        self._began = self._now()

    def stop(self) -> tuple[float, float]:
        wall, cpu = self._now()
        return wall - self._began[0], cpu - self._began[1]

    def _now(self) -> tuple[float, float]:
        spent = os.times()
        return time.perf_counter(), spent.user + spent.system + spent.children_user + spent.children_system


async def _reading(pdf: Path, pages: int) -> dict[str, float]:
    with _Peak() as peak:
        began = time.perf_counter()
        await Reader().read(pdf, pdf.name, "")
        elapsed = time.perf_counter() - began
    return {"read_pages_per_s": round(pages / elapsed), "reader_peak_mb": peak.mb}


async def _scanning(folder: Path) -> dict[str, float]:
    path = sample.scanned_pdf(folder / "scan.pdf", [[sentence[:60] for sentence in sample.SENTENCES] + [f"page {number}"] for number in range(3)])
    stamps = []
    with _Peak() as peak:
        began = time.perf_counter()
        async for _ in Reader().scan(path, "pdf", [1, 2, 3]):
            stamps.append(time.perf_counter() - began)
    return {"ocr_first_page_s": round(stamps[0], 2), "ocr_s_per_page": round((stamps[-1] - stamps[0]) / 2, 2), "ocr_peak_mb": peak.mb}


class _Peak:
    """The largest resident size of this process's children while it is open."""

    def __enter__(self) -> _Peak:
        self.mb = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        while not self._done.wait(0.02):
            for child in psutil.Process().children():
                try:
                    self.mb = max(self.mb, child.memory_info().rss // 1_000_000)
                except psutil.Error:
                    continue


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
