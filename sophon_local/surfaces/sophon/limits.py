"""The reference's rate limits, per user and minute: read 120, write 60, approval or cancel 30, expensive 10, chat 60."""

from __future__ import annotations

from ..surface import Rate

RATES = {rate.category: rate for rate in (Rate("read", 120), Rate("write", 60), Rate("approval", 30), Rate("expensive", 10), Rate("chat", 60))}
_DECISIONS = ("/approve", "/reject", "/edit", "/cancel")


def rate(method: str, path: str, category: str | None) -> Rate:
    """``category`` is the handler's own, from ``shapes.rated``."""
    if category is not None:
        return RATES[category]
    if method in ("GET", "HEAD"):
        return RATES["read"]
    if path == "/api/chat":
        return RATES["chat"]
    return RATES["approval" if path.endswith(_DECISIONS) else "write"]
