"""Tables: XLSX, XLS, ODS through calamine, and CSV. Each row is a line; the sheet and its column names are headings of the rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ..builder import Builder, one_line
from ..kinds import decode
from ..model import ParseFailed

_GROUP = 50  # rows that are added at a time
_MAX_ROWS = 500_000


def read_workbook(file: Path, out: Builder, progress: Callable[[int, int], None]) -> None:
    from python_calamine import CalamineWorkbook, PasswordError, WorksheetNotFound

    try:
        book = CalamineWorkbook.from_path(str(file))
    except PasswordError:
        raise ParseFailed("password_protected", "This workbook is protected by a password. Remove the password and add it again.") from None
    names = book.sheet_names
    for number, name in enumerate(names, 1):
        try:
            sheet = book.get_sheet_by_name(name)
        except WorksheetNotFound:
            continue  # a chart sheet: it has no cells
        rows = ([_cell(value) for value in row] for row in sheet.iter_rows())
        out.heading(name, 1, shown=True)
        _rows(rows, out)
        progress(number, len(names))


def read_csv(file: Path, out: Builder) -> None:
    text = decode(file.read_bytes())
    csv.field_size_limit(1_000_000)
    try:
        _rows(csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=_delimiter(text)), out)
    except csv.Error as error:
        raise ParseFailed("damaged", f"This table cannot be read ({error}). Save it again as CSV, and add that.") from None


def _delimiter(text: str) -> str:
    """The separator that splits the first lines most evenly."""
    lines = [line for line in text[:20_000].splitlines()[:50] if line.strip()]
    best, best_score = ",", 0.0
    for candidate in ",;\t|":
        counts = [len(row) for row in csv.reader(lines, delimiter=candidate)]
        usual = max(set(counts), key=counts.count) if counts else 1
        score = counts.count(usual) / len(counts) * min(usual, 20) if usual > 1 else 0.0
        if score > best_score:
            best, best_score = candidate, score
    return best


def _rows(rows: Iterable[list[str]], out: Builder) -> None:
    names: list[str] | None = None
    group: list[str] = []
    gap = "\n\n"
    for number, row in enumerate(rows):
        if number >= _MAX_ROWS:
            out.note(f"Only the first {_MAX_ROWS:,} rows of each table are read.")
            break
        cells = [" ".join(cell.split()) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if names is None:
            names = cells
            if len(cells) > 1 and not any(map(_is_number, cells)):
                out.heading("Columns: " + one_line(", ".join(filter(None, cells)), 180), 2, shown=False)
        group.append(" | ".join(cells))
        if len(group) == _GROUP:
            out.add("\n".join(group), gap)
            group, gap = [], "\n"
    out.add("\n".join(group), gap)


def _is_number(cell: str) -> bool:
    return bool(cell) and all(character.isdigit() or character in ".,-+%/: €$£" for character in cell)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
