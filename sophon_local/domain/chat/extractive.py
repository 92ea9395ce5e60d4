"""Answers without a model: the sentences themselves, quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grounding import Citations
from .language import Question
from .sources import Source, Window

if TYPE_CHECKING:
    from ..memory import Learned

MOST = 3
_NEAR_MEMORY = 0.2  # a memory that scores less has little to do with the question
_AS_GOOD = 0.9  # further memories must be this near to the best one
_NEAR = 0.75  # further quotes must be this near to the best one


def quote(question: Question, ranked: list[tuple[float, Source, Window]], citations: Citations) -> str:
    """The best windows as quotations, each with its mark; ``ranked`` is best first and not empty."""
    best = ranked[0][0]
    chosen: list[tuple[float, Source, Window]] = []
    for score, source, window in ranked:
        if score < best * _NEAR or len(chosen) == MOST:
            break
        if any(s.number == source.number and window.start < w.end and w.start < window.end for _, s, w in chosen):
            continue
        if any(window.terms <= w.terms for _, _, w in chosen):
            continue
        chosen.append((score, source, window))
    lines = []
    for score, source, window in chosen:
        mark = citations.cite(source, window, score)
        where = "from what you told me" if source.kind == "memory" else source.label
        text = " ".join(window.text.split())
        lines.append(f"> {text} {mark}\n\n— {where}" if len(chosen) > 1 else f"> {text} {mark}")
    return "\n\n".join(lines)


def told(ranked: list[tuple[float, Source, Window]], citations: Citations) -> str:
    """What the person has said themselves, as it was said; ``ranked`` begins with a memory. The memory's own ranking knows whom an entry is about."""
    answers = sorted((row for row in ranked if row[1].kind == "memory" and row[0] >= ranked[0][0] * _NEAR), key=lambda row: -row[1].recalled.score)
    chosen = [row for row in answers if row[1].recalled.score >= answers[0][1].recalled.score * _AS_GOOD][:3]
    return "You told me: " + " and ".join(f"“{source.text.rstrip('.')}” {citations.cite(source, window, score)}" for score, source, window in chosen)


def closest(ranked: list[tuple[float, Source, Window]]) -> str:
    """Where a person may look further when nothing answers the question."""
    named: list[str] = []
    for _, source, _ in ranked:
        if source.kind == "document" and source.label not in named:
            named.append(source.label)
        if len(named) == 2:
            break
    return "" if not named else " The closest I have is " + " and ".join(named) + "."


def nearest_memory(sources: list[Source]) -> str:
    """What is remembered nearest to a question that it does not answer."""
    near = next((s for s in sources if s.kind == "memory" and s.recalled.score >= _NEAR_MEMORY), None)
    return f" The nearest I remember is “{near.text.rstrip('.')}”." if near else ""


def noted(learned: Learned) -> str:
    """An acknowledgement that says what was kept, and what it replaced."""
    kept = " and ".join(f"“{entry.content.rstrip('.')}”" for entry in [*learned.written, *learned.strengthened])
    replaced = " and ".join(f"“{entry.content.rstrip('.')}”" for entry in learned.superseded)
    refused = " ".join(one.reason for one in learned.skipped if one.is_secret)
    parts = [f"I'll remember: {kept}." if kept else "", f"That replaces {replaced}." if replaced else "", refused]
    return " ".join(part for part in parts if part)
