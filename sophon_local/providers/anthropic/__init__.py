"""Chat of Anthropic's models, and of servers that speak the same interface."""

from ..remote import RemoteModel
from .chat import AnthropicChat, list_models

__all__ = ["AnthropicChat", "RemoteModel", "list_models"]
