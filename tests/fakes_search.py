"""An embedder that needs no model: words are hashed into a vector, so that texts which share words lie near each other."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
import struct

from sophon_local.providers.base import EmbedderFacts

DIMENSIONS = 96


class HashingEmbedder:
    """Adapter of the Embedder port. ``same`` maps words to what they mean: such words get the same vector.

    ``broken`` makes every call fail; a text with ``poison`` in it fails alone; ``gate``, when cleared, holds calls back.
    """

    def __init__(self, name: str = "hash-1", dimensions: int = DIMENSIONS, same: dict[str, str] | None = None) -> None:
        self.facts = EmbedderFacts(name, dimensions, 256)
        self.same = same or {}
        self.broken: Exception | None = None
        self.poison: str | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.calls: list[list[str]] = []

    async def embed(self, texts: list[str]) -> list[bytes]:
        self.calls.append(texts)
        await self.gate.wait()
        await asyncio.sleep(0)
        if self.broken is not None:
            raise self.broken
        if self.poison is not None and any(self.poison in text for text in texts):
            raise ValueError("this text breaks the tokenizer")
        return [self.vector(text) for text in texts]

    async def close(self) -> None:
        pass

    def vector(self, text: str) -> bytes:
        sums = [0.0] * self.facts.dimensions
        for word in re.findall(r"\w+", text.lower()) or [""]:
            digest = hashlib.shake_128(f"{self.facts.id}/{self.same.get(word, word)}".encode()).digest(self.facts.dimensions)
            sums = [have + (byte - 127.5) for have, byte in zip(sums, digest, strict=True)]
        length = math.sqrt(sum(value * value for value in sums))
        return struct.pack(f"<{len(sums)}f", *(value / length for value in sums))
