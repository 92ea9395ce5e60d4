"""When two entries say the same, deny each other, or are about the same thing. By their words alone."""

from __future__ import annotations

import re

from ._store import Row
from .words import NEGATIONS, SMALL, content_words, is_negated, overlap, tokens

SIMILAR = 0.8  # shared words from which two statements say the same

_CHANGE = re.compile(
    r"\b(?:now|instead|no longer|not any ?more|from now on|changed|moved|jetzt|nun|stattdessen|ahora|ya no|maintenant|désormais|ne .* plus)\b", re.IGNORECASE
)


def says_nothing_new(new: Row, old: Row) -> bool:
    """Whether ``old`` says all that ``new`` says, and neither denies the other."""
    if new.folded == old.folded:
        return True
    if not agree(new, old) or (new.slot is not None and (new.slot, new.slot_value) != (old.slot, old.slot_value)):
        return False
    return content_words(new.content) <= content_words(old.content)


def holds(row: Row, at: str) -> bool:
    return row.valid_from <= at and (row.valid_to is None or row.valid_to > at)


def agree(a: Row, b: Row) -> bool:
    """Whether two statements on the same thing may both be true: neither denies the other, and their numbers are the same."""
    return is_negated(a.content) == is_negated(b.content) and _numbers(a.content) == _numbers(b.content)


def speaks_of_change(content: str) -> bool:
    """Whether a statement says by itself that something was otherwise before ("now", "no longer")."""
    return _CHANGE.search(content) is not None


def is_alike(new: Row, old: Row, *, is_change: bool) -> bool:
    """Whether two statements without a slot are about the same thing: (nearly) the same words; the same but for a "not"; the same but for a number at
    the end ("... is on channel 6"); where the new one speaks of a change, the same but for when and how much."""
    a, b = content_words(new.content), content_words(old.content)
    if overlap(a, b) >= SIMILAR or (len(a) >= 3 and a <= b) or (len(b) >= 3 and b <= a):
        return True
    if is_change or is_negated(new.content) != is_negated(old.content):
        plain_a, plain_b = _plain(a, is_change), _plain(b, is_change)
        return overlap(plain_a, plain_b) >= SIMILAR and len(plain_a) >= 2
    return _differ_in_a_final_number(tokens(new.content), tokens(old.content))


def has_same_shape(old: str, new: str) -> bool:
    """Whether a bare new value may stand in an old one's place: a number for a number, a name for a name."""
    if any(ch.isdigit() for ch in old) != any(ch.isdigit() for ch in new):
        return False
    return old[:1].isupper() == new[:1].isupper() or old.islower() == new.islower()


def _differ_in_a_final_number(new: list[str], old: list[str]) -> bool:
    same = 0
    while same < min(len(new), len(old)) and new[same] == old[same]:
        same += 1
    rests = (new[same:], old[same:])
    is_value = all(rest and len(rest) <= 3 and any(ch.isdigit() for word in rest for ch in word) for rest in rests)
    before = new[:same]
    return is_value and any(word in SMALL for word in before[1:]) and len(content_words(" ".join(before))) >= 2


def _plain(words: frozenset[str], is_change: bool) -> frozenset[str]:
    """Words without those that say how much, when, or that it is not so."""
    from .gazetteer import MONTHS, WEEKDAYS

    left_out = NEGATIONS | MONTHS | WEEKDAYS | {"now", "instead", "jetzt", "ahora", "maintenant"} if is_change else NEGATIONS
    return frozenset(word for word in words if word not in left_out and not any(ch.isdigit() for ch in word))


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in tokens(text) if any(ch.isdigit() for ch in word))
