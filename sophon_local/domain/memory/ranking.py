"""How much a found memory counts for a question, and why it was found, in words."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ...db import Tx
from ..search import Hit
from . import _store
from ._store import Row
from .model import Entry, MemoryHit, group_of, recency, weighted
from .words import FIRST_PERSON, SMALL, tokens

# What a recalled memory must have in common with the question. Below it, it would be put before the model for no reason.
NEAR_ENOUGH = 0.30  # cosine
COVERED_ENOUGH = 0.25  # share of the question's words, by rarity


class Subject(NamedTuple):
    """Whom a question is about: entities by id, or the person."""

    named: dict[str, str]
    is_me: bool

    def unsaid_in(self, query: str) -> list[str]:
        """Names to search for beside the question's own words: "Where does my sister work?" is a question about Clara too."""
        return [name for name in self.named.values() if not set(tokens(name)) <= set(tokens(query))]


def subject_of(tx: Tx, query: str, at: str) -> Subject:
    """Whom or what a question is about. People may be named by what they are to the person ("my sister")."""
    words = tokens(query)[:64]
    keys = {" ".join(words[start : start + length]) for start in range(len(words)) for length in (1, 2, 3) if start + length <= len(words)}
    found = {entity.id: entity.name for entity in _store.select_named(tx, [key for key in keys if key not in SMALL])}
    if any(word in ("my", "our", "mein", "meine", "mi", "ma", "mon") for word in words):
        from .gazetteer import PETS, RELATIVES

        relations = {RELATIVES[key][0] for key in keys if key in RELATIVES} | {PETS[key] for key in keys if key in PETS}
        found |= {entity_id: name for _, entity_id, name in _store.select_related(tx, sorted(relations), at)}
        if relations and not found:
            return Subject({}, is_me=False)
    return Subject(found, is_me=not found and not FIRST_PERSON.isdisjoint(words))


def weigh(row: Row, entry: Entry, hit: Hit, subject: Subject, at: datetime) -> MemoryHit:
    """The hit with its score for a question about ``subject`` asked at ``at``, and its reasons."""
    fresh = recency(entry.category, max(row.valid_from, row.created_at), at)
    about = [entity.name for entity in entry.entities if entity.id in subject.named]
    is_about_me = subject.is_me and (row.slot.startswith("me|") if row.slot else not FIRST_PERSON.isdisjoint(tokens(entry.content)[:1]))
    match = 1.0 if about or is_about_me else 0.0
    why = []
    if hit.matched_terms:
        why.append("it matches " + ", ".join(f"“{term}”" for term in hit.matched_terms[:6]))
    if hit.vector_score is not None and hit.vector_score >= NEAR_ENOUGH:
        why.append(f"it is close in meaning ({hit.vector_score:.2f} of 1)")
    if about:
        why.append("it is about " + ", ".join(about[:4]))
    elif is_about_me:
        why.append("it is about you")
    if fresh >= 0.95:
        why.append("it is recent")
    if entry.importance >= 0.75:
        why.append(f"it is important ({entry.importance:.1f} of 1)")
    if entry.use_count >= 5:
        why.append(f"it was used {entry.use_count} times")
    if row.replaced_at is not None and entry.valid_to is not None:
        why.append(f"it held until {entry.valid_to[:10]}")
    return MemoryHit(
        entry=entry,
        hit=hit,
        score=weighted(hit.score, fresh, entry.importance, match),
        recency=fresh,
        importance=entry.importance,
        entity_match=match,
        why=why or ["it is the nearest there is"],
    )


def bears_on(hit: MemoryHit) -> bool:
    """Whether a hit has enough to do with the question to be put before the model."""
    return (
        (hit.hit.vector_score is not None and hit.hit.vector_score >= NEAR_ENOUGH)
        or (bool(hit.hit.matched_terms) and hit.hit.coverage >= COVERED_ENOUGH)
        or (hit.entity_match > 0 and bool(hit.hit.matched_terms))
    )


def standing_hit(entry: Entry) -> MemoryHit:
    """An entry that holds for every answer, as a hit that nothing was searched for."""
    hit = Hit(id=entry.id, group=group_of(entry.scope, entry.agent_id), score=0.0, text_score=None, vector_score=None, matched_terms=[], coverage=0.0)
    return MemoryHit(
        entry=entry,
        hit=hit,
        score=0.0,
        recency=1.0,
        importance=entry.importance,
        entity_match=0.0,
        why=["you asked for this in every answer"],
        is_standing=True,
    )
