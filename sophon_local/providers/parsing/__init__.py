"""Reading files of all kinds: in a child process with limits, so that a hostile file can only fail.

``kinds.refuse_unreadable`` and ``builder.with_scans`` are imported from their modules when they are needed, to keep the start light.
"""

from .model import Parsed, ParseFailed, ScannedPage, Section
from .reader import Reader, ReaderLimits

__all__ = ["ParseFailed", "Parsed", "Reader", "ReaderLimits", "ScannedPage", "Section"]
