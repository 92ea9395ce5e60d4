"""Text, Markdown, JSON."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from ..builder import Builder, clean
from ..kinds import decode

_ATX = re.compile(r"(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_SETEXT = re.compile(r"(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")


def read_text(file: Path, out: Builder) -> None:
    out.add(decode(file.read_bytes()))


def read_markdown(file: Path, out: Builder) -> None:
    text = clean(decode(file.read_bytes()))
    begin = out.add(text)
    if begin is None:
        return
    at, fence, before, before_at = 0, "", "", 0
    if text.startswith("---\n"):  # front matter
        end = text.find("\n---", 4)
        at = end + 4 if 0 < end < 10_000 else 0
    for line in text[at:].split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence:
            atx = _ATX.match(line)
            if atx:
                out.mark(begin + at, atx[2], len(atx[1]))
            elif _SETEXT.match(line) and before.strip() and not before.startswith((" ", "#", ">", "-", "*", "|")):
                out.mark(begin + before_at, before, 1 if line[0] == "=" else 2)
        before, before_at = line, at
        at += len(line) + 1


def read_json(file: Path, out: Builder) -> None:
    """Laid out for reading where it stands on one line; what is no valid JSON (comments, one value a line) is read as text."""
    text = decode(file.read_bytes())
    try:
        raw = text.encode()
        msgspec.json.decode(raw, type=msgspec.Raw)
        if raw.count(b"\n") < len(raw) / 500:
            text = msgspec.json.format(raw, indent=2).decode()
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass
    out.add(text)
