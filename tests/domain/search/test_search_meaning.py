"""Search with the real embedding model: what a person may expect of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sophon_local.db import Database, migrations_in
from sophon_local.domain.search import Item, Search
from sophon_local.kit.events import Events
from sophon_local.providers.minilm import MiniLM

pytestmark = pytest.mark.anyio

NOTES = {
    "warranty": "The manufacturer repairs the dishwasher free of charge for twenty-four months after purchase.",
    "train": "The night train to Vienna leaves from platform nine at 22:15.",
    "allergy": "Jonas must not eat peanuts; they make his throat swell.",
    "lease": "The tenant may end the lease with three months' notice, at the end of any quarter.",
    "garden": "Roses are cut back in early spring, just above an outward-facing bud.",
    "router": "Hold the reset button of the router for ten seconds to restore the factory settings.",
    "budget": "Travel costs rose by eight percent, mostly because of higher fuel prices.",
}


@pytest.fixture(scope="module")
async def search(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Search]:
    embedder = MiniLM(model=models_folder / "minilm/model.onnx", tokenizer=models_folder / "minilm/tokenizer.json", sha256="test")

    async def current() -> MiniLM:
        return embedder

    db = Database(tmp_path_factory.mktemp("meaning") / "workspace.db", migrations_in("sophon_local.db.search"))
    search = Search(db, Events(), current)
    await search.start()
    await db.write(lambda tx: search.put(tx, "notes", [Item(name, text) for name, text in NOTES.items()]))
    search.wake()
    await search.wait_embedded("notes", "")
    yield search
    await search.close()
    await embedder.close()
    db.close()


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How long is the guarantee on my kitchen appliance?", "warranty"),
        ("When does the railway connection to Austria depart?", "train"),
        ("Which food is dangerous for Jonas?", "allergy"),
        ("How can I get out of the rental contract?", "lease"),
        ("pruning flowers", "garden"),
        ("The wifi box does not work, how do I set it back?", "router"),
        ("Why did we spend more on business trips?", "budget"),
    ],
)
async def test_a_question_in_other_words_finds_its_note(search: Search, question: str, wanted: str) -> None:
    assert (await search.search("notes", question, limit=3))[0].id == wanted


@pytest.mark.parametrize("question", ["What is the boiling point of tungsten?", "Who wrote the opera about the flying Dutchman?", "chess opening theory"])
async def test_a_question_that_the_notes_do_not_answer_scores_low(search: Search, question: str) -> None:
    answered = (await search.search("notes", "three months' notice to end the lease", limit=1))[0]
    for hit in await search.search("notes", question, limit=3):
        assert hit.score < 0.25 < 0.5 < answered.score
        assert (hit.vector_score or 0.0) < 0.35
