"""Lines that OCR found, put in the order in which people read."""

from __future__ import annotations

from sophon_local.providers.parsing.readers.scans import Line, in_reading_order


def line(text: str, left: float, top: float) -> Line:
    return Line(text, left, top, left + len(text) * 10, top + 20)


def test_columns_of_prose_are_read_one_after_the_other_under_their_title() -> None:
    left = [line(f"left column, sentence number {n}", 50, 100 + n * 28) for n in range(5)]
    right = [line(f"right column, sentence number {n}", 500, 104 + n * 28) for n in range(5)]
    text = in_reading_order([*right, line("A title over both of the columns", 200, 20), *left])
    assert text.split("\n\n") == ["A title over both of the columns", "\n".join(one.text for one in left), "\n".join(one.text for one in right)]


def test_a_table_is_read_row_by_row() -> None:
    cells = [
        line(text, left, 100 + row * 40)
        for row, pair in enumerate([("Item", "Price"), ("Rake", "12.00"), ("Spade", "19.50")])
        for text, left in zip(pair, (50, 400), strict=True)
    ]
    assert in_reading_order(cells).split() == ["Item", "Price", "Rake", "12.00", "Spade", "19.50"]


def test_paragraphs_are_told_apart_by_the_gap_between_them() -> None:
    lines = [line("first line", 50, 100), line("second line", 50, 126), line("a new paragraph", 50, 200)]
    assert in_reading_order(lines) == "first line\nsecond line\n\na new paragraph"


def test_a_page_without_lines_has_no_text() -> None:
    assert in_reading_order([]) == ""
