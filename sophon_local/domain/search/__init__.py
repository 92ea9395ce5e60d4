"""Search by words and by meaning, over whatever the other domains put into its collections."""

from .model import Hit, Item, SearchStatus, SearchUpdated
from .service import Search

__all__ = ["Hit", "Item", "Search", "SearchStatus", "SearchUpdated"]
