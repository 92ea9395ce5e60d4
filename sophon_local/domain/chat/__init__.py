"""Chat: one turn from a message to an answer that says where it comes from."""

from .model import Ack, NewMessage
from .service import Chats

__all__ = ["Ack", "Chats", "NewMessage"]
