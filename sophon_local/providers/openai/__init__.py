"""Chat and embeddings of any server that speaks OpenAI's HTTP interface: OpenAI, Ollama, LM Studio, vLLM, OpenRouter and others."""

from ..remote import RemoteModel
from .chat import OpenAIChat
from .discovery import api_url, list_models
from .embedder import OpenAIEmbedder

__all__ = ["OpenAIChat", "OpenAIEmbedder", "RemoteModel", "api_url", "list_models"]
