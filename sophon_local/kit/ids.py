"""Prefixed, URL-safe ids that sort by the time they were made (ULID: 48 bits of milliseconds, 80 of randomness)."""

from __future__ import annotations

import os
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """``new_id("mem")`` -> ``mem_01h...``; within this process each id sorts after the one before."""
    global _last
    with _lock:
        value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
        if value <= _last:
            value = _last + 1
        _last = value
    return f"{prefix}_" + "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
