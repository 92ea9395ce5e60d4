"""HTML without its chrome, and EPUB: chapters of HTML in the order of the spine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..archive import Archive, damaged
from ..builder import Builder
from ..kinds import decode
from ..model import ParseFailed

_NOISE = [
    "script", "style", "noscript", "template", "svg", "math annotation", "iframe", "object", "canvas", "nav", "footer", "aside", "button", "select", "dialog",
    "[hidden]", "[aria-hidden=true]", "[role=navigation]", "[role=banner]", "[role=contentinfo]", "[role=search]",
]  # fmt: skip
_BLOCKS = {
    "address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "form", "header",
    "hr", "legend", "li",
    "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "caption", "h1", "h2", "h3", "h4", "h5", "h6",
    "td", "th", "option",
}  # fmt: skip
_TIGHT = {"li", "dt", "dd", "tr", "td", "th", "option"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*["']([\w.:-]+)""", re.IGNORECASE)
_EMBEDDED_FONT = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def read_html(file: Path, out: Builder) -> None:
    add_html(file.read_bytes(), out)


def add_html(raw: bytes, out: Builder, *, title: bool = True) -> None:
    """The words of an HTML page, with its headings; its title comes first unless its first heading says the same."""
    from selectolax.lexbor import LexborHTMLParser

    declared = _CHARSET.search(raw[:4_096])
    name = next((group.decode("ascii", "replace") for group in declared.groups() if group), None) if declared else None
    tree = LexborHTMLParser(decode(raw, name).replace("\x00", ""))
    named = tree.css_first("title") if title else None
    label = " ".join(named.text().split()) if named is not None else ""
    first = tree.css_first("h1, h2")
    if label and (first is None or " ".join(first.text().split()).lower() not in label.lower()):
        out.heading(label, 1)
    tree.strip_tags(_NOISE)
    if tree.body is not None:
        _Walk(out).run(tree.body)


class _Walk:
    """Goes through the nodes in reading order, without recursion, and gathers the words of each block."""

    def __init__(self, out: Builder) -> None:
        self._out = out
        self._words: list[str] = []
        self._level: int | None = None
        self._gap = "\n\n"
        self._prefix = ""
        self._preformatted = 0

    def run(self, root: Any) -> None:
        node, depth, leaving = root, 0, False
        while node is not None:
            child = None if leaving else node.child
            if not leaving:
                self._enter(node)
            if child is not None:
                node, depth = child, depth + 1
                continue
            self._leave(node)
            if depth == 0:
                break
            if node.next is not None:
                node, leaving = node.next, False
            else:
                node, depth, leaving = node.parent, depth - 1, True
        self._flush()

    def _enter(self, node: Any) -> None:
        tag = node.tag
        if node.is_text_node:
            text = node.text_content or ""
            self._words.append(text if self._preformatted else re.sub(r"\s+", " ", text))
        elif tag == "br":
            self._words.append("\n")
        elif tag == "img" and (node.attributes.get("alt") or "").strip():
            self._words.append(f" {node.attributes['alt']} ")
        elif tag in ("td", "th"):
            if any(word.strip() for word in self._words):
                self._words.append(" | ")
        elif tag in _BLOCKS and not self._is_in_row():
            self._flush()
            self._gap = "\n" if tag in _TIGHT else "\n\n"
            self._prefix = "- " if tag == "li" else ""
            self._level = _HEADINGS.get(tag)
            self._row = tag == "tr"
        if tag in ("pre", "textarea"):
            self._preformatted += 1

    def _leave(self, node: Any) -> None:
        tag = node.tag
        if tag in ("pre", "textarea"):
            self._preformatted -= 1
        if tag == "tr":
            self._row = False
            self._flush()
        elif tag in ("td", "th"):
            pass
        elif tag in _BLOCKS and not self._is_in_row():
            self._flush()
            self._prefix, self._level = "", None

    _row = False

    def _is_in_row(self) -> bool:
        """Blocks inside a table's cell do not break its line."""
        if self._row and self._words and not self._words[-1].endswith(" "):
            self._words.append(" ")
        return self._row

    def _flush(self) -> None:
        text = "".join(self._words)
        self._words.clear()
        lines = text.split("\n") if self._preformatted else [" ".join(line.split()) for line in text.split("\n")]
        text = "\n".join(lines).strip("\n")
        if not text.strip(" |"):
            return
        if self._level:
            self._out.heading(text, self._level)
        else:
            self._out.add(self._prefix + text, self._gap)
            self._prefix = ""


def read_epub(file: Path, out: Builder, progress: Callable[[int, int], None]) -> None:
    from selectolax.lexbor import LexborHTMLParser

    archive = Archive(file)

    def tree(name: str) -> Any:
        if name not in archive:
            raise damaged(f"{posixpath.basename(name)} is missing")
        return LexborHTMLParser(decode(archive.read(name)))

    root = tree("META-INF/container.xml").css_first("rootfile")
    package = unquote((root.attributes.get("full-path") or "") if root is not None else "")
    book = tree(package)
    folder = posixpath.dirname(package)
    items = {
        item.attributes.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.attributes.get("href") or ""))) for item in book.css("manifest item")
    }
    spine = [items[ref.attributes.get("idref")] for ref in book.css("spine itemref") if items.get(ref.attributes.get("idref"))]
    locked = _encrypted(tree("META-INF/encryption.xml")) if "META-INF/encryption.xml" in archive else set()
    if locked.intersection(spine):
        raise ParseFailed("password_protected", "This book is protected against copying (DRM), so it cannot be read. Add a copy without protection.")
    title = next((" ".join(node.text().split()) for node in book.css("metadata *") if node.tag == "dc:title"), "")
    if title:
        out.heading(title, 1)
    for number, name in enumerate(dict.fromkeys(spine), 1):
        if name in archive:
            add_html(archive.read(name), out, title=False)
        progress(number, len(spine))


def _encrypted(tree: Any) -> set[str]:
    """The parts that are encrypted; fonts that are merely obfuscated do not count."""
    parts = set()
    for node in tree.css("*"):
        if node.tag and node.tag.split(":")[-1] == "encrypteddata":
            method = next((n.attributes.get("algorithm") for n in node.css("*") if n.tag.split(":")[-1] == "encryptionmethod"), None)
            if method not in _EMBEDDED_FONT:
                parts |= {unquote(n.attributes.get("uri") or "") for n in node.css("*") if n.tag.split(":")[-1] == "cipherreference"}
    return parts
