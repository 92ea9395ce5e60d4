"""OCR: pages of a PDF that are pictures, and pictures, to text in reading order. One page at a time, one thread."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..builder import clean
from ..model import ParseFailed, ScannedPage

MAX_PIXELS = 64_000_000  # of a picture; more is refused before it is decoded
_LONG_SIDE = 2_200  # pixels that a page is rendered to: about 190 dots per inch of A4
_PROSE = 20  # letters in a line on average: shorter ones side by side are a table, read row by row
_SURE = 0.5  # lines that OCR is less sure of are noise


class Line(msgspec.Struct, frozen=True):
    """A line that OCR found, with its box in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def read_pages(file: Path, kind: str, pages: list[int]) -> Iterator[tuple[ScannedPage, str | None]]:
    """Each page with its text, or with the reason why it has none."""
    engine = _engine()
    pdf = None
    if kind == "pdf":
        from .pdf import open_pdf

        pdf = open_pdf(file)
    for number in pages:
        try:
            picture = _picture(file) if pdf is None else _render(pdf, number)
        except ParseFailed:
            raise
        except MemoryError:
            yield ScannedPage(number, "", 0.0), f"Page {number} needs too much memory to be read."
            continue
        except Exception:
            if pdf is None:
                raise ParseFailed("damaged", "This picture is damaged. Open it in another program, save it again, and add that.") from None
            yield ScannedPage(number, "", 0.0), f"Page {number} is damaged and was left out."
            continue
        found = engine(picture)
        lines, sure = [], []
        if found.boxes is not None and found.txts:
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
                if score >= _SURE and text.strip():
                    xs, ys = [float(x) for x, _ in box], [float(y) for _, y in box]
                    lines.append(Line(text.strip(), min(xs), min(ys), max(xs), max(ys)))
                    sure.append(float(score))
        yield ScannedPage(number, clean(in_reading_order(lines)), statistics.fmean(sure) if sure else 0.0), None


def _engine() -> Any:
    from rapidocr import RapidOCR

    # One line at a time and a smaller picture for finding the lines: half the memory and half the time of the defaults, and fewer mistakes.
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Det.limit_type": "max",
            "Det.limit_side_len": 1280,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _render(pdf: Any, number: int) -> Any:
    page = pdf[number - 1]
    try:
        bitmap = page.render(scale=_LONG_SIDE / max(*page.get_size(), 1.0), rev_byteorder=False, prefer_bgrx=False)
        return bitmap.to_numpy()
    finally:
        page.close()


def _picture(file: Path) -> Any:
    import numpy
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # checked below, with a message of ours
    with Image.open(file, formats=("PNG", "JPEG")) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            size = f"{picture.width * picture.height // 1_000_000:,} million pixels, more than {MAX_PIXELS // 1_000_000}"
            raise ParseFailed("too_large", f"This picture has {size}. Make it smaller and add it again.")
        picture.draft("RGB", (_LONG_SIDE, _LONG_SIDE))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((_LONG_SIDE, _LONG_SIDE))
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright.convert("RGBA"))
        return numpy.asarray(upright.convert("RGB"))[:, :, ::-1].copy()


def in_reading_order(lines: list[Line]) -> str:
    """The lines as text: blocks are told apart by the gaps between them, first across the page, then down (recursive XY-cut)."""
    if not lines:
        return ""
    usual = statistics.median(line.height for line in lines) or 1.0
    return "\n\n".join(_cut(lines, usual, 0))


def _cut(lines: list[Line], usual: float, depth: int) -> list[str]:
    if len(lines) > 1 and depth < 12:
        columns = _groups(lines, usual * 1.2, across=True)
        if len(columns) > 1 and all(len(column) > 2 and statistics.fmean(len(line.text) for line in column) >= _PROSE for column in columns):
            return [text for column in columns for text in _cut(column, usual, depth + 1)]
        bands = _groups(lines, usual * 0.9, across=False)
        if len(bands) > 1:
            return [text for band in bands for text in _cut(band, usual, depth + 1)]
    return ["\n".join(_rows(lines))]


def _groups(lines: list[Line], gap: float, *, across: bool) -> list[list[Line]]:
    """``lines`` split wherever a gap of at least ``gap`` pixels runs through all of them."""

    def span(line: Line) -> tuple[float, float]:
        return (line.left, line.right) if across else (line.top, line.bottom)

    groups: list[list[Line]] = []
    end = float("-inf")
    for line in sorted(lines, key=span):
        start, stop = span(line)
        if start - end >= gap:
            groups.append([])
        groups[-1].append(line)
        end = max(end, stop)
    return groups


def _rows(lines: list[Line]) -> Iterator[str]:
    """Lines of the same height on the page are one line of text."""
    row: list[Line] = []
    for line in sorted(lines, key=lambda line: line.top + line.bottom):
        if row and (line.top + line.bottom) / 2 > row[0].bottom - row[0].height * 0.25:
            yield " ".join(part.text for part in sorted(row, key=lambda part: part.left))
            row = []
        row.append(line)
    if row:
        yield " ".join(part.text for part in sorted(row, key=lambda part: part.left))
