"""HTTP in, HTTP out: no rules, no SQL. Every surface is listed here."""

from __future__ import annotations

from .sophon import SURFACE as SOPHON
from .surface import Surface

ALL: list[Surface] = [SOPHON]  # the native one first: it owns every path that no other does
