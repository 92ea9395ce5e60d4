"""Which models a server has, and what each can do, as far as the server says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from ...kit.errors import SophonError
from ..remote import Refused, Remote, RemoteModel

if TYPE_CHECKING:
    from ..remote import Connect

_OLLAMA_CONTEXT = 4_096  # what Ollama gives a model that is not told otherwise; it cuts longer prompts silently
_MOST_MODELS = 1_000
_MOST_QUESTIONS = 50  # models that Ollama is asked about one by one
_EMBEDDING_WORDS = ("embed", "bge-", "e5-", "gte-", "minilm")
_OTHER_WORDS = ("whisper", "tts", "dall-e", "gpt-image", "sora", "moderation", "transcribe", "rerank", "realtime")


def api_url(base_url: str, kind: str = "openai") -> str:
    """The address that ``/chat/completions`` is appended to, from what a person entered."""
    url = base_url.strip().rstrip("/")
    for tail in ("/chat/completions", "/embeddings", "/models", "/api" if kind == "ollama" else "/chat/completions"):
        url = url.removesuffix(tail)
    has_path = "/" in url.partition("://")[2]
    return url if has_path else url + "/v1"


async def list_models(
    connect: Connect, *, base_url: str, provider: str, api_key: str | None = None, kind: str = "openai", timeout_s: float = 10.0
) -> list[RemoteModel]:
    """Ask the server; it is also the test whether address and key are right. Raises what chat raises."""
    url = api_url(base_url, kind)
    api = _remote(connect, provider, url, api_key, timeout_s)
    root = _remote(connect, provider, url.removesuffix("/v1"), api_key, timeout_s)
    try:
        if kind == "ollama":
            return await _ollama_models(root)
        if kind == "lmstudio":
            try:
                return _lmstudio_models(await root.get("/api/v0/models"))
            except SophonError as error:
                if error.details.get("reason") not in ("model_unknown", "garbled", "refused"):
                    raise
        return _openai_models(await api.get("/models"))
    except Refused as refused:
        raise api.refusal(refused) from None
    except (msgspec.ValidationError, TypeError, AttributeError, KeyError, ValueError):
        raise api.garbled("not a list of models") from None
    finally:
        await api.close()
        await root.close()


def _remote(connect: Connect, provider: str, url: str, api_key: str | None, timeout_s: float) -> Remote:
    headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
    return Remote(connect, name=provider, base_url=url, headers=headers, key=api_key, first_byte_s=timeout_s, stall_s=timeout_s)


def _openai_models(answer: Any) -> list[RemoteModel]:
    models = []
    for item in (answer["data"] if isinstance(answer, dict) else answer)[:_MOST_MODELS]:
        name = str(item["id"])
        meta = item.get("meta") or {}
        context = item.get("context_length") or item.get("max_model_len") or item.get("context_window") or meta.get("n_ctx") or meta.get("n_ctx_train")
        parameters = item.get("supported_parameters")
        tools = "tools" in parameters if isinstance(parameters, list) else None
        if not any(word in name.lower() for word in _OTHER_WORDS):
            models.append(RemoteModel(name, _kind_by_name(name), int(context) if context else None, tools))
    return models


def _lmstudio_models(answer: Any) -> list[RemoteModel]:
    models = []
    for item in answer["data"][:_MOST_MODELS]:
        context = item.get("loaded_context_length") or item.get("max_context_length")
        tools = "tool_use" in item["capabilities"] if isinstance(item.get("capabilities"), list) else None
        kind = "embedding" if item.get("type") == "embeddings" else "chat"
        models.append(RemoteModel(str(item["id"]), kind, int(context) if context else None, tools))
    return models


async def _ollama_models(root: Remote) -> list[RemoteModel]:
    names = [str(item.get("model") or item["name"]) for item in (await root.get("/api/tags"))["models"]][:_MOST_MODELS]
    try:
        loaded = {str(item.get("model") or item["name"]): int(item.get("context_length") or 0) for item in (await root.get("/api/ps"))["models"]}
    except (SophonError, Refused, KeyError, TypeError, ValueError):  # an older Ollama
        loaded = {}
    gate = asyncio.Semaphore(4)

    async def look(name: str) -> RemoteModel:
        try:
            async with gate:
                facts = await root.post("/api/show", {"model": name})
            info = facts.get("model_info") or {}
            trained = next((int(value) for key, value in info.items() if key.endswith(".context_length")), None)
            capabilities = facts.get("capabilities")
            context = loaded.get(name) or _parameter(str(facts.get("parameters") or ""), "num_ctx") or _OLLAMA_CONTEXT
            is_embedding = "embedding" in capabilities if isinstance(capabilities, list) else _kind_by_name(name) == "embedding"
            tools = "tools" in capabilities if isinstance(capabilities, list) else None
            return RemoteModel(name, "embedding" if is_embedding else "chat", min(context, trained or context), tools)
        except (SophonError, Refused, TypeError, ValueError, AttributeError):
            return RemoteModel(name, _kind_by_name(name), _OLLAMA_CONTEXT)

    known = await asyncio.gather(*(look(name) for name in names[:_MOST_QUESTIONS]))
    return [*known, *(RemoteModel(name, _kind_by_name(name), _OLLAMA_CONTEXT) for name in names[_MOST_QUESTIONS:])]


def _parameter(text: str, name: str) -> int | None:
    """A value from Ollama's parameter list: one ``name value`` a line."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == name and words[1].isdecimal():
            return int(words[1])
    return None


def _kind_by_name(name: str) -> str:
    return "embedding" if any(word in name.lower() for word in _EMBEDDING_WORDS) else "chat"
