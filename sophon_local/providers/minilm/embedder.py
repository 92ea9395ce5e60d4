"""Text to vectors with all-MiniLM-L6-v2 (int8 ONNX): mean of the last hidden states over the mask, then L2 norm, as its authors do.

Measured on two cores, chunks of 200 tokens and sentences of 20, per second of CPU: batches of 16 make 13 and 227 vectors, batches of at most 256 tokens 25
and 246. One thread a batch and two batches at a time is three times as fast in wall time as two threads a batch while other programs run, and the same when
none do. Without ONNX Runtime's arena the process stays within 250 MB; with it, 1.9 GB were seen.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kit.child import QUIET
from ...kit.errors import ServiceUnavailable, UpstreamUnavailable
from .. import machine
from ..base import EmbedderFacts
from ..text import encodable

if TYPE_CHECKING:
    import numpy as np

_DIMENSIONS = 384
_MOST_TOKENS = 256  # of a text; what comes behind is not seen
_MOST_CHARACTERS = 20_000  # of a text that are looked at: 256 tokens never need more
_BATCH_TEXTS, _BATCH_TOKENS = 16, 256
_MOST_WORKERS = 4


class MiniLM:
    """``Embedder``. The model is loaded by the first call, in a worker thread, and given back after ``idle_s`` seconds without one.

    ``sha256`` is that of the model file: vectors of another file are never compared with this one's. Calls share the workers batch by batch, so that one
    question never waits for a whole document.
    """

    def __init__(self, *, model: Path, tokenizer: Path, sha256: str, workers: int | None = None, idle_s: float = 900.0) -> None:
        self.facts = EmbedderFacts(f"all-minilm-l6-v2-int8-{sha256[:12]}", _DIMENSIONS, _MOST_TOKENS)
        self._model = model
        self._tokenizer = tokenizer
        self._workers = workers or min(machine.usable_cores(), _MOST_WORKERS)
        self._idle_s = idle_s
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="minilm")
        self._slots = asyncio.Semaphore(self._workers)
        self._engine: _Engine | None = None
        self._loading: asyncio.Task[_Engine] | None = None
        self._users = 0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def is_loaded(self) -> bool:
        return self._engine is not None

    async def embed(self, texts: list[str]) -> list[bytes]:
        if self._is_closed:
            raise ServiceUnavailable("The embedding model has been closed. Try again.")
        if not texts:
            return []
        self._users += 1
        self._stop_idle_timer()
        try:
            engine = await self._ready()
            encoded = await self._in_thread(engine.encode, texts)
            vectors = [b""] * len(texts)
            batches = _batches(encoded)

            async def work() -> None:
                for places in batches:
                    for place, vector in zip(places, await self._in_thread(engine.vectors, [encoded[place] for place in places]), strict=True):
                        vectors[place] = vector

            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self._workers, len(texts))):
                    workers.create_task(work())
            return vectors
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            self._users -= 1
            if self._users == 0 and not self._is_closed:
                self._idle_timer = asyncio.get_running_loop().call_later(self._idle_s, self._forget)
                if len(texts) > _BATCH_TEXTS:
                    self._threads.submit(machine.give_back_memory)

    async def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._stop_idle_timer()
        self._forget()
        self._threads.shutdown(wait=False)

    async def _ready(self) -> _Engine:
        if self._engine is not None:
            return self._engine
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._loading)

    async def _load(self) -> _Engine:
        self._engine = await self._in_thread(_Engine, self._model, self._tokenizer)
        return self._engine

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        async with self._slots:  # first come, first served
            if self._is_closed:
                raise ServiceUnavailable("The embedding model was closed while it worked. Try again.")
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _forget(self) -> None:
        if self._users == 0 or self._is_closed:
            self._engine = self._loading = None
            self._threads.submit(machine.give_back_memory)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None


def _batches(encoded: list[list[int]]) -> Iterator[list[int]]:
    """Places of texts of like length, so that padding is little and each batch has at most 256 tokens (or one text)."""
    batch: list[int] = []
    for place in sorted(range(len(encoded)), key=lambda place: len(encoded[place])):
        if batch and (len(batch) == _BATCH_TEXTS or (len(batch) + 1) * len(encoded[place]) > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


class _Engine:
    """The loaded model; its methods run in worker threads."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        for file in (model, tokenizer):
            if not file.is_file():
                raise UpstreamUnavailable(f"The embedding model's file {file.name} is gone. Pull the model again.", reason="model_missing", file=file.name)
        os.environ.update(QUIET)  # read when the library is loaded
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(_MOST_TOKENS)
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self.vectors(self.encode(["ready"]))
            machine.give_back_memory()  # what reading the files took
        except Exception as error:  # both libraries raise classes of their own, some of them bare Exceptions
            raise UpstreamUnavailable(
                "The embedding model's files are damaged: they cannot be loaded. Delete the model and pull it again.", reason="model_damaged", file=model.name
            ) from error

    def encode(self, texts: list[str]) -> list[list[int]]:
        clean = [encodable(text[:_MOST_CHARACTERS]) for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch(clean)]

    def vectors(self, encoded: list[list[int]]) -> list[bytes]:
        import numpy as np

        ids = np.zeros((len(encoded), max(map(len, encoded))), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        hidden: np.ndarray = self._session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
        weights = mask[:, :, None].astype(np.float32)
        mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        unit = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype("<f4")
        return [row.tobytes() for row in unit]
