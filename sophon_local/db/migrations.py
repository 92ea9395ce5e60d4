"""Numbered SQL files, applied once, in order, with their checksum."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import msgspec

_NAME = re.compile(r"(\d{4})_(\w+)\.sql")


class Migration(msgspec.Struct, frozen=True):
    """One step of one domain's tables."""

    domain: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


def migrations_in(*packages: str) -> list[Migration]:
    """The migrations of the named packages, each from its ``migrations`` folder, in the order given and then by number."""
    found = []
    for package in packages:
        folder = files(package).joinpath("migrations")
        steps = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if _NAME.fullmatch(entry.name))
        for name, sql in steps:
            match = _NAME.fullmatch(name)
            assert match
            found.append(Migration(package.rpartition(".")[2], int(match[1]), match[2], sql))
    return found
