"""HTTP in, HTTP out: no rules, no SQL. Every surface is listed here."""

from __future__ import annotations

from .openai import SURFACE as OPENAI
from .sophon import SURFACE as SOPHON
from .surface import Surface

ALL: list[Surface] = [SOPHON, OPENAI]  # the native one first: it owns every path that no other does
