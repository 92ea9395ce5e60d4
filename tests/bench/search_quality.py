"""Search quality on the Cranfield collection (or another in its form), through the search that the program uses.

    python tests/bench/search_quality.py --cranfield DIR [--models DIR] [--keep DIR]

Prints nDCG@10 (grades 1 to 4 count as relevant) of BM25 alone, exact vectors alone, their reciprocal rank fusion (k 60, the baseline) and of
this program's hybrid search; over all questions, and over those with odd and with even numbers. No constant was fitted to these questions: they
come from the literature, or from speed (sophon_local/decisions/0003-search.md). Two choices between equally plausible ways, absolute instead of
min-max scores and feedback weighted by score, were decided by the odd half; the even half says what that is worth.

Then: how far the first hit's score tells these questions from everyday ones that the collection cannot answer.
``--keep`` keeps the index, whose vectors take a minute or two to make, for the next run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sophon_local.db import Database, Tx, migrations_in
from sophon_local.db.search.words import query_words
from sophon_local.domain.search import Hit, Item, Search
from sophon_local.kit.events import Events
from sophon_local.providers.minilm import MiniLM

ROOT = Path(__file__).parent.parent.parent
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
EVERYDAY = """
How long does the warranty of my toaster last?
Which train goes to Lyon on Sunday morning?
What did my sister want for her birthday?
How do I reset the password of my bank account?
Who won the chess tournament last year?
When does the lease of the flat end?
What is the recipe for my grandmother's apple cake?
How much did we spend on groceries in March?
Which vaccine does the dog still need?
Where did I park the bicycle?
What is the notice period in my employment contract?
How many chapters does the novel about the lighthouse have?
Which wine goes with mushroom risotto?
What are the opening hours of the public library?
How do I prune an old rose bush?
Who painted the ceiling of the chapel?
What is the name of the teacher of class three?
How do I export my photos from the old phone?
Which documents do I need to renew my passport?
What side effects does this medicine have?
How much is the deductible of the household insurance?
When was the boiler serviced last?
What did the landlord write about the broken window?
Which languages are spoken in Switzerland?
""".strip().splitlines()


class Collection(NamedTuple):
    documents: list[tuple[str, str]]
    questions: list[tuple[str, str]]
    relevant: dict[str, set[str]]


def read(folder: Path) -> Collection:
    documents = [(str(row["id"]), row["text"]) for row in map(json.loads, (folder / "corpus.jsonl").read_text("utf-8").splitlines())]
    questions = [(line.split("\t")[0], line.split("\t")[1]) for line in (folder / "queries.tsv").read_text("utf-8").splitlines()]
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        question, document, grade = line.split("\t")
        if int(grade) > 0:
            relevant.setdefault(question, set()).add(document)
    return Collection(documents, [q for q in questions if q[0] in relevant], relevant)


def ndcg(ranking: list[str], relevant: set[str], depth: int = 10) -> float:
    gained = sum(1 / math.log2(rank + 2) for rank, document in enumerate(ranking[:depth]) if document in relevant)
    return gained / sum(1 / math.log2(rank + 2) for rank in range(min(depth, len(relevant))))


def fused_by_rank(*rankings: list[str], k: int = 60) -> list[str]:
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, document in enumerate(ranking):
            scores[document] = scores.get(document, 0.0) + 1 / (k + 1 + rank)
    return sorted(scores, key=lambda document: -scores[document])


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cranfield", type=Path, required=True, help="folder with corpus.jsonl, queries.tsv and qrels.tsv")
    arguments.add_argument("--models", type=Path, default=Path(os.environ.get("SOPHON_TEST_MODELS", ROOT / ".models")))
    arguments.add_argument("--keep", type=Path, help="folder for the index")
    given = arguments.parse_args()
    collection = read(given.cranfield)
    minilm = given.models / "minilm"
    embedder = MiniLM(model=minilm / "model.onnx", tokenizer=minilm / "tokenizer.json", sha256=MODEL_SHA256)

    async def current() -> MiniLM:
        return embedder

    with tempfile.TemporaryDirectory() as scratch:
        db = Database((given.keep or Path(scratch)) / "quality.db", migrations_in("sophon_local.db.search"))
        search = Search(db, Events(), current)
        await search.start()
        started = time.perf_counter()
        await db.write(lambda tx: search.put(tx, "documents", [Item(name, text) for name, text in collection.documents]))
        search.wake()
        while search.status().pending:
            await search.wait_embedded("documents", "")
        print(f"{len(collection.documents)} documents, {len(collection.questions)} questions; vectors made in {time.perf_counter() - started:.0f} s")

        questions = [text for _, text in collection.questions]
        asked = np.frombuffer(b"".join(await embedder.embed(questions)), "<f4").reshape(len(questions), -1)
        rows = await db.read(lambda tx: tx.rows("SELECT i.id, v.vector FROM search_vectors v JOIN search_items i ON i.key = v.item ORDER BY i.key"))
        names = np.array([row[0] for row in rows])
        vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
        by_vectors = [names[np.argsort(-row)].tolist() for row in asked @ vectors.T]
        by_words = [await plain_bm25(db, question) for question in questions]
        rankings = {
            "BM25 alone (FTS5)": by_words,
            "vectors alone (exact)": by_vectors,
            "rank fusion of both (baseline)": [fused_by_rank(*pair) for pair in zip(by_words, by_vectors, strict=True)],
        }
        first: list[Hit] = []
        times: list[float] = []
        for weight, name in ((0.0, "ours, words only"), (1.0, "ours, vectors only"), (0.5, "ours, hybrid")):
            rankings[name] = []
            for question in questions:
                started = time.perf_counter()
                hits = await search.search("documents", question, limit=10, vector_weight=weight)
                if weight == 0.5:
                    times.append(time.perf_counter() - started)
                    first += hits[:1]
                rankings[name].append([hit.id for hit in hits])

        scores = {
            name: [ndcg(ranking, collection.relevant[question]) for (question, _), ranking in zip(collection.questions, found, strict=True)]
            for name, found in rankings.items()
        }
        baseline = statistics.mean(scores["rank fusion of both (baseline)"])
        odd = [int(name) % 2 == 1 for name, _ in collection.questions]
        print(f"{'nDCG@10':34} {'all':>6} {'odd':>6} {'even':>6}  of the baseline")
        for name, values in scores.items():
            halves = [statistics.mean(value for value, is_odd in zip(values, odd, strict=True) if is_odd is wanted) for wanted in (True, False)]
            print(f"{name:34} {statistics.mean(values):6.4f} {halves[0]:6.4f} {halves[1]:6.4f}  {statistics.mean(values) / baseline:.3f}")
        print(f"hybrid query with its embedding cached: p50 {1000 * statistics.median(times):.1f} ms")

        strangers = [hits[0] for question in EVERYDAY if (hits := await search.search("documents", question, limit=10))]
        print(f"first hit of {len(EVERYDAY)} questions that the collection cannot answer, beside its own questions:")
        for field in ("score", "vector_score", "coverage"):
            own = [getattr(hit, field) or 0.0 for hit in first]
            other = [getattr(hit, field) or 0.0 for hit in strangers] + [0.0] * (len(EVERYDAY) - len(strangers))
            apart = statistics.mean((a > b) + (a == b) / 2 for a in own for b in other)
            low, high = statistics.quantiles(own, n=20)[0], statistics.quantiles(other, n=20)[-1]
            print(
                f"  {field:13} own: median {statistics.median(own):.2f}, 5 % below {low:.2f}; other: median {statistics.median(other):.2f}, "
                f"5 % above {high:.2f}; told apart (AUC) {apart:.3f}"
            )
        await search.close()
        await embedder.close()
        db.close()


async def plain_bm25(db: Database, question: str) -> list[str]:
    """FTS5's own ranking over the same index: an OR of the quoted words, stop words dropped."""

    def work(tx: Tx) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in query_words(tx, question).values())
        return [
            row[0]
            for row in tx.rows(
                "SELECT i.id FROM (SELECT rowid, rank FROM search_text_1 WHERE search_text_1 MATCH :words) f "
                "JOIN search_items i ON i.key = f.rowid ORDER BY f.rank",
                words=words,
            )
        ]

    return await db.read(work)


if __name__ == "__main__":
    asyncio.run(main())
