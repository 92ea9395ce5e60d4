"""Search storage: a text index, vectors, and the query over both. Items are put and removed in the transaction of whoever owns them."""

from .index import Matches, SearchIndex
from .items import find_collection, find_groups, put, remove, remove_group
from .model import Counts, Embedding, Hit, Item, Pending
from .vectors import adopt, clear, counts, embeddings, flip, has_items, is_pending, pending, save, trim

__all__ = [
    "Counts",
    "Embedding",
    "Hit",
    "Item",
    "Matches",
    "Pending",
    "SearchIndex",
    "adopt",
    "clear",
    "counts",
    "embeddings",
    "find_collection",
    "find_groups",
    "flip",
    "has_items",
    "is_pending",
    "pending",
    "put",
    "remove",
    "remove_group",
    "save",
    "trim",
]
