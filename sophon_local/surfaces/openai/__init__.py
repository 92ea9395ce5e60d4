"""The OpenAI-compatible surface: ``/v1/chat/completions``, ``/v1/embeddings``, ``/v1/models``."""

from __future__ import annotations

from typing import Any

from ..surface import Surface
from .errors import SCHEMA, STATUS, render


def _routes() -> list[Any]:
    from . import chat, embeddings, models

    return [*chat.ROUTES, *embeddings.ROUTES, *models.ROUTES]


SURFACE = Surface(
    name="openai",
    title="OpenAI-compatible",
    owns=("/v1/chat", "/v1/embeddings", "/v1/models"),
    routes=_routes,
    render=render,
    status=STATUS,
    error_schema=SCHEMA,
    takes_any_key=True,
)
