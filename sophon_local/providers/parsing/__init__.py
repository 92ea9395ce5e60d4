"""Reading files of all kinds: in a child process with limits, so that a hostile file can only fail."""

from .builder import with_scans
from .kinds import HEAD_BYTES, READABLE, refuse_unreadable
from .model import Parsed, ParseFailed, ScannedPage, Section
from .reader import Reader, ReaderLimits

__all__ = ["HEAD_BYTES", "READABLE", "ParseFailed", "Parsed", "Reader", "ReaderLimits", "ScannedPage", "Section", "refuse_unreadable", "with_scans"]
