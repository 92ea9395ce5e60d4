"""``/v1/embeddings`` with the embedding model of this machine."""

from __future__ import annotations

import array
import base64
import sys
from typing import Literal

import msgspec
from litestar import post

from ...domain.workspace import Workspace
from ...kit.caller import Caller
from ...kit.errors import NotFound, UpstreamUnavailable, ValidationFailed

MAX_INPUTS = 2_048


class EmbeddingsRequest(msgspec.Struct):
    input: str | list[str | int | list[int]]
    model: str
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str | None = None


class EmbeddingObject(msgspec.Struct):
    embedding: list[float] | str
    index: int
    object: Literal["embedding"] = "embedding"


class EmbeddingUsage(msgspec.Struct):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(msgspec.Struct):
    data: list[EmbeddingObject]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"


@post("/v1/embeddings", status_code=200, summary="Embed texts")
async def create_embeddings(data: EmbeddingsRequest, caller: Caller, workspace: Workspace) -> EmbeddingList:
    texts = [data.input] if isinstance(data.input, str) else data.input
    if not texts or len(texts) > MAX_INPUTS or not all(isinstance(text, str) and text for text in texts):
        raise ValidationFailed(f"input is a text or a list of 1 to {MAX_INPUTS:,} texts, none empty; token numbers are not taken.", param="input")
    embedder = await workspace.models.embedder()
    if embedder is None:
        raise UpstreamUnavailable(
            "The embedding model is not installed yet. It comes by itself while the machine is online, or with: sophon-local models pull."
        )
    overview = await workspace.models.overview(caller)
    if data.model not in (overview.embedding_model_id, embedder.facts.id):
        raise NotFound(f"There is no embedding model {data.model}. This machine has {overview.embedding_model_id}.", param="model")
    if data.dimensions not in (None, embedder.facts.dimensions):
        raise ValidationFailed(f"{overview.embedding_model_id} gives {embedder.facts.dimensions} dimensions and no other number.", param="dimensions")
    vectors = await embedder.embed([str(text) for text in texts])
    tokens = sum(min(len(str(text)) // 4 + 1, embedder.facts.max_tokens) for text in texts)
    found = [EmbeddingObject(_encoded(vector, data.encoding_format), at) for at, vector in enumerate(vectors)]
    return EmbeddingList(found, overview.embedding_model_id or embedder.facts.id, EmbeddingUsage(tokens, tokens))


def _encoded(vector: bytes, form: str) -> list[float] | str:
    if form == "base64":
        return base64.b64encode(vector).decode()
    numbers = array.array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


ROUTES = [create_embeddings]
