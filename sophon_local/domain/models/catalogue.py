"""The models that this program knows how to fetch, from catalogue.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from .model import CHAT, EMBEDDING, Entry

_SHA256 = re.compile(r"[0-9a-f]{64}")


def read(text: str) -> list[Entry]:
    """The entries of a catalogue; ValueError when one of them makes no sense."""
    entries = msgspec.convert(tomllib.loads(text).get("models", []), list[Entry])
    for entry in entries:
        if entry.kind not in (CHAT, EMBEDDING) or not entry.files:
            raise ValueError(f"{entry.id}: kind or files")
        for file in entry.files:
            if not _SHA256.fullmatch(file.sha256) or file.size_bytes <= 0 or "/" in file.name:
                raise ValueError(f"{entry.id}: {file.name}")
            for source in file.sources:
                if sum(1 for place in (source.index, source.hub) if place) != 1:
                    raise ValueError(f"{entry.id}: a source is one of index and hub")
                if (source.index and not (source.version and source.member)) or (source.hub and not (source.revision and source.path)):
                    raise ValueError(f"{entry.id}: the source {source.index or source.hub} is incomplete")
    if len({entry.id for entry in entries}) != len(entries):
        raise ValueError("two entries have the same id")
    return entries


@cache
def shipped() -> list[Entry]:
    """The catalogue of this version of the program."""
    return read(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))
