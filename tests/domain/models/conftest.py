from __future__ import annotations

from rig import index

__all__ = ["index"]
