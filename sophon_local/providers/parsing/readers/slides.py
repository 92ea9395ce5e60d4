"""PPTX: each slide is a page; its title is a heading; tables, charts, groups and the speaker's notes are read too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..builder import Builder

_MAX_SLIDES = 5_000


def read(file: Path, out: Builder, progress: Callable[[int, int], None]) -> None:
    from pptx import Presentation

    slides = list(Presentation(str(file)).slides)[:_MAX_SLIDES]
    for number, slide in enumerate(slides, 1):
        out.page()
        title = slide.shapes.title
        name = title.text_frame.text if title is not None and title.has_text_frame else ""
        if name.strip():
            out.heading(name, 1)
        for shape in sorted(_shapes(slide.shapes), key=lambda shape: (shape.top or 0, shape.left or 0)):
            if title is None or shape.shape_id != title.shape_id:
                out.add(_text(shape))
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            notes = slide.notes_slide.notes_text_frame.text.strip()
            if notes:
                out.add(f"Notes: {notes}")
        progress(number, len(slides))


def _shapes(shapes: Any) -> Iterator[Any]:
    stack = [iter(shapes)]
    while stack:
        for shape in stack[-1]:
            if hasattr(shape, "shapes"):
                if len(stack) < 20:
                    stack.append(iter(shape.shapes))
                    break
            else:
                yield shape
        else:
            stack.pop()


def _text(shape: Any) -> str:
    if shape.has_text_frame:
        lines = []
        for paragraph in shape.text_frame.paragraphs:
            text = "".join(run.text for run in paragraph.runs) or paragraph.text
            if text.strip():
                lines.append(("  " * paragraph.level + "- " if paragraph.level else "") + text)
        return "\n".join(lines)
    if getattr(shape, "has_table", False):
        return "\n".join(" | ".join(" ".join(cell.text.split()) for cell in row.cells) for row in shape.table.rows)
    if getattr(shape, "has_chart", False):
        return _chart(shape.chart)
    return ""


def _chart(chart: Any) -> str:
    lines = [chart.chart_title.text_frame.text] if chart.has_title and chart.chart_title.has_text_frame else []
    for plot in chart.plots:
        categories = [str(category) for category in plot.categories]
        for series in plot.series:
            values = [str(value) for value in series.values]
            pairs = [f"{category}: {value}" for category, value in zip(categories, values, strict=False)] or values
            lines.append(f"{series.name}: " + ", ".join(pairs))
    return "\n".join(lines)
