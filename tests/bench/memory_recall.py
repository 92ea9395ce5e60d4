"""How long a recall takes over many memories, beside the bare search it rests on.

    .venv/bin/python tests/bench/memory_recall.py [--entries 20000] [--questions 200]

Vectors of the stored entries are made by hashing, so that the index has its real size without the hours that a model would take; a query's own embedding is
measured apart with the real model, where its files lie in .models (or SOPHON_TEST_MODELS).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sophon_local.db import Database, migrations_in  # noqa: E402
from sophon_local.domain.approvals import Approvals  # noqa: E402
from sophon_local.domain.memory import Memory, NewEntry, Turn  # noqa: E402
from sophon_local.domain.search import Search  # noqa: E402
from sophon_local.kit.caller import owner  # noqa: E402
from sophon_local.kit.events import Events  # noqa: E402
from sophon_local.providers.base import Embedder, EmbedderFacts  # noqa: E402

PEOPLE = "Anna Bert Carla Dieter Emma Frida Georg Hanna Ivan Jana Karl Lena Marco Nina Otto Paula Quentin Rosa Sven Tara Udo Vera Willi Xenia Yuri Zoe".split()
TOWNS = "Berlin Hamburg Köln Paris Lyon Madrid Rome Oslo Vienna Zurich London Leeds Dublin Porto Prague Warsaw Athens Sofia Riga Turin".split()
THINGS = "piano bicycle greenhouse router printer thesis garden camera boat tent kettle ladder lamp novel invoice visa passport contract heater fence".split()
DOINGS = "repaired bought lent returned painted cleaned ordered sold measured planned insured borrowed replaced packed shipped signed".split()
PATTERNS = [
    "{who} {did} the {what} in {where}",
    "The {what} of {who} stands in {where} since {year}",
    "Call with {who} about the {what} and the {other}",
    "{who} prefers the {what} to the {other}",
    "In {year} the {what} was {did} by {who} near {where}",
]


class HashingVectors:
    """Unit vectors of 384 numbers that depend on the words of a text."""

    facts = EmbedderFacts("hashing-384", 384, 256)

    def __init__(self) -> None:
        import numpy as np

        self._np = np
        self._words: dict[str, object] = {}

    async def embed(self, texts: list[str]) -> list[bytes]:
        np = self._np
        made = []
        for text in texts:
            total = np.zeros(384, np.float32)
            for word in text.lower().split():
                if word not in self._words:
                    self._words[word] = np.random.default_rng(abs(hash(word)) % 2**32).standard_normal(384).astype(np.float32)
                total += self._words[word]
            made.append((total / (np.linalg.norm(total) or 1)).astype("<f4").tobytes())
        return made

    async def close(self) -> None:
        pass


def sentence(dice: random.Random) -> str:
    return dice.choice(PATTERNS).format(
        who=dice.choice(PEOPLE),
        where=dice.choice(TOWNS),
        what=dice.choice(THINGS),
        other=dice.choice(THINGS),
        did=dice.choice(DOINGS),
        year=dice.randint(1950, 2026),
    )


def question(dice: random.Random) -> str:
    who, what, where = dice.choice(PEOPLE), dice.choice(THINGS), dice.choice(TOWNS)
    return dice.choice(
        [
            f"who has the {what}?",
            f"what did {who} do in {where}?",
            f"when was the {what} of {who} bought?",
            f"what does {who} prefer?",
            f"what happened in {where}?",
        ]
    )


async def timed(call: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await call()
    return (time.perf_counter() - start) * 1000


def told(name: str, times: list[float]) -> float:
    middle = statistics.median(times)
    print(f"{name:<44} p50 {middle:7.1f} ms   p95 {sorted(times)[int(len(times) * 0.95)]:7.1f} ms")
    return middle


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    dice = random.Random(7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db = Database(folder / "workspace.db", migrations_in("sophon_local.db.search", "sophon_local.domain.approvals", "sophon_local.domain.memory"))
        events = Events()
        vectors: Embedder = HashingVectors()

        async def embedder() -> Embedder:
            return vectors

        search = Search(db, events, embedder)
        memory = Memory(db, events, search, Approvals(db, events), folder)
        await search.start()
        start = time.perf_counter()
        for at in range(0, options.entries, 250):
            count = min(250, options.entries - at)
            await asyncio.gather(*(memory.create(owner(), NewEntry(content=sentence(dice), importance=dice.random())) for _ in range(count)))
        written = time.perf_counter() - start
        print(f"{options.entries:,} entries written in {written:.1f} s ({options.entries / written:,.0f} a second, entities and links included)")
        await search.wait_embedded("memory", "user")
        questions = [question(dice) for _ in range(options.questions)]
        await memory.recall("main", questions[0], 6)  # builds what is held in memory
        bare = told(
            "baseline: the bare search, 30 candidates",
            [await timed(lambda q=q: search.search("memory", q, limit=30, groups=["user"], vector_weight=0.4)) for q in questions],
        )
        fresh = [question(dice) for _ in range(options.questions)]
        recall = told("recall, 6 memories", [await timed(lambda q=q: memory.recall("main", q, 6)) for q in fresh])
        print(f"{'recall / baseline':<44} {recall / bare:5.2f}")
        messages = [
            f"Hi, I have a question. My colleague {dice.choice(PEOPLE)} lives in {dice.choice(TOWNS)}. How do I {dice.choice(DOINGS)} it?" for _ in range(100)
        ]
        told(
            "learn from a message, rules only",
            [
                await timed(lambda t=t: memory.learn(Turn(session_id="s", message_id="m", agent_id="main", user_text=t, assistant_text=""), None))
                for t in messages
            ],
        )
        told("graph around an entity, depth 1", [await timed(lambda p=p: memory.graph(owner(), p, 1)) for p in PEOPLE])
        told("graph around an entity, depth 3", [await timed(lambda p=p: memory.graph(owner(), p, 3)) for p in PEOPLE])
        await memory.close()
        await search.close()
        db.close()
    files = Path(os.environ.get("SOPHON_TEST_MODELS", ROOT / ".models")) / "minilm"
    if files.is_dir():
        from sophon_local.providers.minilm import MiniLM

        model = MiniLM(model=files / "model.onnx", tokenizer=files / "tokenizer.json", sha256="0" * 64)
        await model.embed(["warm up"])
        told("a question's embedding with the real model", [await timed(lambda q=q: model.embed([q])) for q in questions[:50]])
        await model.close()


if __name__ == "__main__":
    asyncio.run(main())
