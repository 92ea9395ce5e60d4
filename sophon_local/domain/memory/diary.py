"""The daily logs as Markdown files, for the person to read with any editor.

The database is the truth; a file that was changed or lost is written anew from it.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from ...kit import clock
from .model import LogLine

LINE_CHARACTERS = 2_000
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def today() -> str:
    """The person's own calendar day."""
    return clock.now().astimezone().strftime("%Y-%m-%d")


def is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        clock.parse(text)
    except ValueError:
        return False
    return True


def line_of(text: str) -> str:
    """An interaction in one line."""
    words = " ".join(text.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8").split())
    return words if len(words) <= LINE_CHARACTERS else words[: LINE_CHARACTERS - 1] + "…"


def render(day: str, lines: list[LogLine]) -> str:
    rows = [f"- {clock.parse(line.at).astimezone():%H:%M} {_plain(line.text)}" + (f" ({line.agent_id})" if line.agent_id else "") for line in lines]
    return "\n".join([f"# {day}", "", *rows, ""])


def lines_in(path: Path) -> int:
    """How many interactions the file shows; -1 when there is none to read."""
    try:
        return sum(line.startswith("- ") for line in path.read_text("utf-8", "replace").splitlines())
    except OSError:
        return -1


def write(folder: Path, day: str, lines: list[LogLine]) -> None:
    """Put the day's file in place in one step: a reader sees the old one or the new one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{day}.md"
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        beside.write_text(render(day, lines), "utf-8")
        beside.chmod(0o600)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: what a message says must not become a link, an image or a tag of the file."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)
