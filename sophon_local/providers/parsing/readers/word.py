"""DOCX: paragraphs with the headings that their styles name, lists, tables, footnotes. Deleted text of tracked changes stays deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..builder import Builder

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # the same once more, for old programs
_HEADING = re.compile(r"heading (\d)")
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def read(file: Path, out: Builder) -> None:
    import docx

    document = docx.Document(str(file))
    levels, listed = _styles(document.styles.element)
    for block in _blocks(document.element.body):
        if block.tag == f"{_W}tbl":
            out.add("\n".join(_rows(block)))
        else:
            _paragraph(block, levels, listed, out)
    notes = [text for part in _note_parts(document) for text in _notes(part)]
    if notes:
        out.heading("Footnotes", 1)
        for text in notes:
            out.add(text)


def _paragraph(element: Any, levels: dict[str, int], listed: set[str], out: Builder) -> None:
    text = _text(element)
    if not text.strip():
        return
    properties = element.find(f"{_W}pPr")
    style, level, depth = "", None, None
    if properties is not None:
        style = _value(properties.find(f"{_W}pStyle")) or ""
        outline = _value(properties.find(f"{_W}outlineLvl"))
        level = int(outline) + 1 if outline and outline.isdecimal() and int(outline) < 9 else None
        numbering = properties.find(f"{_W}numPr")
        if numbering is not None:
            indent = _value(numbering.find(f"{_W}ilvl")) or "0"
            depth = min(int(indent), 8) if indent.isdecimal() else 0
    level = level or levels.get(style)
    if level:
        out.heading(text, level)
    elif depth is not None or style in listed:
        out.add("  " * (depth or 0) + "- " + text.strip(), gap="\n")
    else:
        out.add(text)


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, also those inside content controls and tracked insertions."""
    stack = [iter(parent)]
    while stack:
        for child in stack[-1]:
            if child.tag in (f"{_W}p", f"{_W}tbl"):
                yield child
            elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
                stack.append(iter(child))
                break
        else:
            stack.pop()


def _text(element: Any) -> str:
    parts = []
    stack = [element]
    while stack:
        node = stack.pop()
        tag = node.tag
        if tag == f"{_W}t":
            parts.append(node.text or "")
        elif tag in _BREAKS:
            parts.append(_BREAKS[tag])
        elif isinstance(tag, str) and tag not in (_FALLBACK, f"{_W}pPr", f"{_W}rPr", f"{_W}del"):
            if tag == f"{_W}p" and node is not element and parts:
                parts.append("\n")
            stack.extend(reversed(list(node)))
    return "".join(parts)


def _rows(table: Any) -> list[str]:
    lines = []
    for row in table.iter(f"{_W}tr"):
        if _nearest(row, f"{_W}tbl") is not table:
            continue  # of a table inside a cell: its text comes with that cell
        cells = [" ".join(_text(cell).split()) for cell in row.iter(f"{_W}tc") if _nearest(cell, f"{_W}tr") is row]
        if any(cells):
            lines.append(" | ".join(cells))
    return lines


def _nearest(element: Any, tag: str) -> Any:
    parent = element.getparent()
    while parent is not None and parent.tag != tag:
        parent = parent.getparent()
    return parent


def _styles(element: Any) -> tuple[dict[str, int], set[str]]:
    """Heading level by style id, following what a style is based on; and the styles of lists."""
    own: dict[str, int] = {}
    based: dict[str, str] = {}
    listed = set()
    for style in element.iter(f"{_W}style"):
        identity = style.get(f"{_W}styleId") or ""
        name = (_value(style.find(f"{_W}name")) or "").lower()
        match = _HEADING.fullmatch(name)
        outline = _value(style.find(f"{_W}pPr/{_W}outlineLvl"))
        if match:
            own[identity] = int(match[1])
        elif name == "title":
            own[identity] = 1
        elif outline and outline.isdecimal() and int(outline) < 9:
            own[identity] = int(outline) + 1
        if name.startswith("list ") or style.find(f"{_W}pPr/{_W}numPr") is not None:
            listed.add(identity)
        based[identity] = _value(style.find(f"{_W}basedOn")) or ""
    levels = {}
    for identity in based:
        at, seen = identity, set()
        while at and at not in own and at not in seen:
            seen.add(at)
            at = based.get(at, "")
        if at in own:
            levels[identity] = own[at]
    return levels, listed - levels.keys()


def _note_parts(document: Any) -> Iterator[Any]:
    from docx.oxml.parser import parse_xml

    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(("/footnotes", "/endnotes")):
            yield parse_xml(relation.target_part.blob)


def _notes(root: Any) -> Iterator[str]:
    for note in root:
        if note.get(f"{_W}type") is None and isinstance(note.tag, str):
            text = _text(note).strip()
            if text:
                yield text


def _value(element: Any) -> str | None:
    return None if element is None else element.get(f"{_W}val")
