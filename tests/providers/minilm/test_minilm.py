"""The embedded embedding model, for real."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sophon_local.kit.errors import ServiceUnavailable, UpstreamUnavailable
from sophon_local.providers.minilm import MiniLM

pytestmark = pytest.mark.anyio
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"


@pytest.fixture(scope="module")
async def minilm(models_folder: Path) -> AsyncIterator[MiniLM]:
    folder = models_folder / "minilm"
    embedder = MiniLM(model=folder / "model.onnx", tokenizer=folder / "tokenizer.json", sha256=SHA256)
    yield embedder
    await embedder.close()


def numbers(vector: bytes) -> tuple[float, ...]:
    return struct.unpack("<384f", vector)


def likeness(a: bytes, b: bytes) -> float:
    return math.sumprod(numbers(a), numbers(b)) if hasattr(math, "sumprod") else sum(x * y for x, y in zip(numbers(a), numbers(b), strict=True))


async def test_vectors_are_of_unit_length_and_named_after_their_file(minilm: MiniLM) -> None:
    assert (minilm.facts.dimensions, minilm.facts.max_tokens) == (384, 256)
    assert minilm.facts.id == "all-minilm-l6-v2-int8-8199be6f699a"
    for vector in await minilm.embed(["a cat", "", "   ", "\ud83d half a pair", "x" * 100_000, "日本語のテキスト"]):
        assert math.isclose(likeness(vector, vector), 1.0, rel_tol=1e-5)


async def test_what_means_the_same_lies_close(minilm: MiniLM) -> None:
    question, answer, other = await minilm.embed(
        ["How long is the guarantee of the printer?", "The printer has a warranty of two years.", "The cat sleeps on the sofa."]
    )
    assert likeness(question, answer) > likeness(question, other) + 0.3


async def test_a_text_has_the_same_vector_alone_and_among_others(minilm: MiniLM) -> None:
    texts = [f"sentence {number} " + "with more words " * (number % 40) for number in range(60)]
    together = await minilm.embed(texts)
    for place in (0, 13, 39, 59):
        [alone] = await minilm.embed([texts[place]])
        assert likeness(alone, together[place]) > 0.999
    assert len(set(together)) == len(texts)


async def test_only_the_first_256_tokens_count(minilm: MiniLM) -> None:
    start = "the sea is blue and wide " * 60
    first, second = await minilm.embed([start, start + "cats and printers"])
    assert first == second


async def test_the_mean_is_taken_over_the_text_and_not_over_the_padding(minilm: MiniLM, models_folder: Path) -> None:
    """The same sum done by hand on the model's own output."""
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(models_folder / "minilm" / "tokenizer.json"))
    tokenizer.no_padding()
    ids = tokenizer.encode("The quick brown fox.").ids
    session = onnxruntime.InferenceSession(str(models_folder / "minilm" / "model.onnx"), providers=["CPUExecutionProvider"])
    hidden = session.run(None, {"input_ids": [ids], "attention_mask": [[1] * len(ids)], "token_type_ids": [[0] * len(ids)]})[0][0].tolist()
    mean = [sum(column) / len(ids) for column in zip(*hidden, strict=True)]
    length = math.hypot(*mean)
    [vector] = await minilm.embed(["The quick brown fox."])
    assert all(math.isclose(a, b / length, abs_tol=1e-5) for a, b in zip(numbers(vector), mean, strict=True))


async def test_a_question_does_not_wait_for_a_whole_document(minilm: MiniLM) -> None:
    done: list[str] = []

    async def embed(name: str, texts: list[str]) -> None:
        await minilm.embed(texts)
        done.append(name)

    document = asyncio.create_task(embed("document", ["a long passage of many words " * 20] * 40))
    await asyncio.sleep(0.05)
    await embed("question", ["Where is it?"])
    await document
    assert done == ["question", "document"]


async def test_an_unused_model_is_unloaded_and_comes_again(models_folder: Path) -> None:
    folder = models_folder / "minilm"
    embedder = MiniLM(model=folder / "model.onnx", tokenizer=folder / "tokenizer.json", sha256=SHA256, idle_s=0.02)
    first = await embedder.embed(["hello"])
    while embedder.is_loaded:
        await asyncio.sleep(0.01)
    assert await embedder.embed(["hello"]) == first
    await embedder.close()
    await embedder.close()
    with pytest.raises(ServiceUnavailable):
        await embedder.embed(["hello"])


@pytest.mark.parametrize("which", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"<html>", "cut"])
async def test_missing_and_damaged_files_are_told(models_folder: Path, tmp_path: Path, which: str, content: bytes | str | None) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        whole = (models_folder / "minilm" / name).read_bytes()
        if name != which:
            (tmp_path / name).write_bytes(whole)
        elif content is not None:
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else whole[: len(whole) // 2])
    embedder = MiniLM(model=tmp_path / "model.onnx", tokenizer=tmp_path / "tokenizer.json", sha256=SHA256)
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable, match=r"ull (the model|it) again") as caught:
            await embedder.embed(["hello"])
        assert caught.value.details["reason"] == ("model_missing" if content is None else "model_damaged")
    await embedder.close()
