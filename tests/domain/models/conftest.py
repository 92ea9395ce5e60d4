from __future__ import annotations

from tests.domain.models.rig import index

__all__ = ["index"]
