"""Answers without a model: the sentences themselves, quoted."""

from __future__ import annotations

from .grounding import Citations
from .language import Question
from .sources import Source, Window

MOST = 3
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


def closest(ranked: list[tuple[float, Source, Window]]) -> str:
    """Where a person may look further when nothing answers the question."""
    named: list[str] = []
    for _, source, _ in ranked:
        if source.kind == "document" and source.label not in named:
            named.append(source.label)
        if len(named) == 2:
            break
    return "" if not named else " The closest I have is " + " and ".join(named) + "."
