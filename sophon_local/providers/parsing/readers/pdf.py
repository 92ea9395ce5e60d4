"""PDF: the text layer page by page, headings from the outline or from the size of the letters. Pages that are pictures are named for OCR."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from ..builder import Builder, clean, one_line
from ..model import MAX_PAGES, MAX_SCANNED_PAGES, ParseFailed

_FEW = 16  # letters: a page with fewer than that has no text worth the name
_SPARSE = 120  # letters: a page with fewer than that under a large picture is a scan with a stamp
_LARGE = 0.5  # of the page, covered by one picture
_MAX_OUTLINE = 5_000
_HYPHEN = re.compile("(?:\ufffe|\x02)\\s*\n?")  # PDFium's mark for a word that was broken at the end of a line
_TALLER = 1.15  # than the body's letters: a heading


def open_pdf(file: Path) -> Any:
    """The document, or ``ParseFailed`` with the reason."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    try:
        return pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise ParseFailed("password_protected", "This PDF is protected by a password. Remove the password and add it again.") from None
        raise ParseFailed("damaged", "This PDF is damaged and cannot be opened. Open it in another program, save it again, and add that.") from None


def read(file: Path, out: Builder, progress: Callable[[int, int], None]) -> None:
    pdf = open_pdf(file)
    total = len(pdf)
    if total > MAX_PAGES:
        raise ParseFailed("too_large", f"This PDF has {total:,} pages, more than {MAX_PAGES:,}. Split it and add the parts.")
    outline = _outline(pdf)
    lines: list[list[tuple[str, int, float]]] = []
    texts: list[tuple[int | None, str]] = []
    unread = 0
    for number in range(1, total + 1):
        out.page()
        try:
            page = pdf[number - 1]
            text, is_scan, sizes = _page(page, wants_sizes=not outline)
            page.close()
        except Exception:  # whatever is wrong with one page, the others may be fine
            unread += 1
            text, is_scan, sizes = "", False, []
            out.note(f"Page {number} is damaged and was left out.")
        if is_scan and len(out.scanned) < MAX_SCANNED_PAGES:
            out.scanned.append(number)
        elif is_scan:
            out.note(f"Only the first {MAX_SCANNED_PAGES:,} scanned pages are read.")
        text = clean(text)
        texts.append((out.add(text), text))
        lines.append(sizes)
        progress(number, total)
    if unread == total:
        raise ParseFailed("damaged", "None of this PDF's pages can be read. Open it in another program, save it again, and add that.")
    for number, title, level in outline or _by_size(lines):
        start, text = texts[number - 1]
        if start is not None:
            at = _find(text, title)
            if at is not None or outline:
                out.mark(start + (at or 0), title, level, page=number)
    pdf.close()


def _page(page: Any, *, wants_sizes: bool) -> tuple[str, bool, list[tuple[str, int, float]]]:
    """A page's text, whether it is a picture of text, and its lines with their length and the height of their letters."""
    reader = page.get_textpage()
    try:
        text = _HYPHEN.sub("", reader.get_text_bounded().replace("\r\n", "\n"))
        sizes = _line_sizes(reader) if wants_sizes else []
    finally:
        reader.close()
    letters = sum(map(str.isalnum, text[: _SPARSE * 4]))
    return text, letters < _SPARSE and _is_scan(page, letters), sizes


def _is_scan(page: Any, letters: int) -> bool:
    import pypdfium2.raw as raw

    width, height = page.get_size()
    for thing in islice(page.get_objects(max_depth=3), 500):
        if letters < _FEW and thing.type in (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING):
            return True
        if thing.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = thing.get_bounds()
            if (right - left) * (top - bottom) > _LARGE * width * height:
                return True
    return False


def _line_sizes(reader: Any) -> list[tuple[str, int, float]]:
    """Of each line: its text where it may be a heading, its length, and the height of its first letter's box (0 where unknown)."""
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    found = []
    at = 0
    for line in reader.get_text_range().split("\r\n"):
        text = line.strip()
        if text:
            index = raw.FPDFText_GetCharIndexFromTextIndex(reader, at + len(line) - len(line.lstrip()))
            is_known = index >= 0 and raw.FPDFText_GetLooseCharBox(reader, index, ctypes.byref(box))
            found.append((text if len(text) <= 120 else "", len(text), round(abs(box.top - box.bottom), 1) if is_known else 0.0))
        at += len(line) + 2
    return found


def _by_size(pages: list[list[tuple[str, int, float]]]) -> list[tuple[int, str, int]]:
    """Headings (page, title, level) told by letters that stand clearly taller than most."""
    heights: Counter[float] = Counter()
    for lines in pages:
        for _, length, height in lines:
            if height:
                heights[height] += length
    if not heights:
        return []
    body = heights.most_common(1)[0][0]
    taller = sorted((height for height in heights if height >= body * _TALLER), reverse=True)
    headings = [
        (number, text, min(taller.index(height) + 1, 4))
        for number, lines in enumerate(pages, 1)
        for text, _, height in lines
        if text and height >= body * _TALLER and any(map(str.isalpha, text))
    ]
    return headings if len(headings) <= 20 * max(len(pages), 1) else []


def _outline(pdf: Any) -> list[tuple[int, str, int]]:
    found = []
    for bookmark in islice(pdf.get_toc(max_depth=6), _MAX_OUTLINE):
        target = bookmark.get_dest()
        index = target.get_index() if target else None
        title = one_line(bookmark.get_title())
        if title and index is not None and 0 <= index < len(pdf):
            found.append((index + 1, title, bookmark.level + 1))
    return found


def _find(text: str, title: str) -> int | None:
    """Where ``title`` stands in ``text``, whatever the spaces between its words and a number before it."""
    words = title.split()
    without_number = words[1:] if len(words) > 1 and re.fullmatch(r"[\d.IVXivx]+", words[0]) else words
    for wanted in (words, without_number):
        pattern = r"\s+".join(map(re.escape, wanted))
        match = re.search(rf"^[\d.]*\s*{pattern}\s*$", text, re.IGNORECASE | re.MULTILINE) or re.search(pattern, text)
        if match:
            return match.start()
    return None
