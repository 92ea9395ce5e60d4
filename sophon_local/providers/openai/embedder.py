"""Embeddings over ``/embeddings``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..base import EmbedderFacts
from ..remote import Refused, Remote
from ..text import encodable
from .discovery import api_url

if TYPE_CHECKING:
    from ..remote import Connect

_BATCH_TEXTS = 64
_MOST_TOKENS = 512  # most hosted embedders take more; chunks are shorter anyway
_MOST_CHARACTERS = 8_000


class OpenAIEmbedder:
    """``Embedder`` on one model of one server; made by ``open``, which asks the server once to learn the vectors' size."""

    def __init__(self, remote: Remote, *, model: str, place: str, dimensions: int) -> None:
        self.facts = EmbedderFacts(f"{place}/{model}/{dimensions}", dimensions, _MOST_TOKENS)
        self._remote = remote
        self._model = model

    @classmethod
    async def open(
        cls, connect: Connect, *, base_url: str, model: str, provider: str, api_key: str | None = None, kind: str = "openai", timeout_s: float = 60.0
    ) -> OpenAIEmbedder:
        url = api_url(base_url, kind)
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        remote = Remote(connect, name=provider, base_url=url, headers=headers, key=api_key, first_byte_s=timeout_s, stall_s=timeout_s)
        try:
            vectors = await _ask(remote, model, ["dimensions"])
            return cls(remote, model=model, place=urlsplit(url).netloc.rpartition("@")[2], dimensions=len(vectors[0]) // 4)
        except BaseException:
            await remote.close()
            raise

    async def embed(self, texts: list[str]) -> list[bytes]:
        vectors: list[bytes] = []
        for start in range(0, len(texts), _BATCH_TEXTS):
            vectors += await _ask(self._remote, self._model, texts[start : start + _BATCH_TEXTS])
        if any(len(vector) != self.facts.dimensions * 4 for vector in vectors):
            raise self._remote.garbled("vectors of another size than before")
        return vectors

    async def close(self) -> None:
        await self._remote.close()


async def _ask(remote: Remote, model: str, texts: list[str]) -> list[bytes]:
    clean = [encodable(text[:_MOST_CHARACTERS]) or " " for text in texts]  # an empty text is refused by some
    try:
        answer = await remote.post("/embeddings", {"model": model, "input": clean, "encoding_format": "float"})
    except Refused as refused:
        raise remote.refusal(refused) from None
    try:
        return await asyncio.to_thread(_unit_vectors, answer, len(texts))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise remote.garbled("not as many vectors as texts") from None


def _unit_vectors(answer: Any, count: int) -> list[bytes]:
    import numpy as np

    rows = sorted(answer["data"], key=lambda item: int(item.get("index", 0)))
    matrix = np.asarray([row["embedding"] for row in rows], dtype="<f4")
    if matrix.ndim != 2 or len(matrix) != count or not np.isfinite(matrix).all():
        raise ValueError
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError
    return [row.tobytes() for row in (matrix / lengths).astype("<f4")]
