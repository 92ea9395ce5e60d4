"""What a turn teaches: which entries its facts and corrections make, strengthen or take the place of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ...db import Tx
from ...kit import clock
from . import _store
from ._store import Row
from .clauses import Clause
from .facts import Correction, Fact
from .grammar import find_facts
from .keeping import Keeper, new_row, with_slot
from .likeness import agree, has_same_shape, holds, is_alike, says_nothing_new, speaks_of_change
from .model import Entry, Learned, NotKept, SourceRef, Turn, strengthened
from .words import content_words, key_of

UNKNOWN = "That corrects something I don't remember, so there was nothing to change."


class Lesson:
    """One turn's lesson, inside one transaction: give it the facts, then the corrections, then ask what was ``learned``.

    ``recalled`` are the entries that the agent recalled a short while ago, ``known`` the names that the memory knows, with their types.
    """

    def __init__(self, tx: Tx, keeper: Keeper, turn: Turn, recalled: Sequence[str], known: Mapping[str, str]) -> None:
        self._tx = tx
        self._keeper = keeper
        self._turn = turn
        self._source = SourceRef(kind="turn", session_id=turn.session_id, message_id=turn.message_id)
        self._recalled = recalled
        self._known = known
        # By entry id, in order.
        self._written: dict[str, None] = {}
        self._superseded: dict[str, None] = {}
        self._strengthened: dict[str, None] = {}
        self._skipped: list[NotKept] = []

    def take_fact(self, fact: Fact, alike: Sequence[str], *, is_replacing: bool) -> None:
        """``alike`` may say the same; ``is_replacing``: they are to be replaced whatever they say."""
        now = clock.timestamp()
        row = with_slot(self._row(fact.content, fact.category, fact.importance, [], now), fact)
        is_change = fact.is_correction or speaks_of_change(row.content)
        if fact.slot is not None:
            old = self._in_slot(fact, fact.slot)
        else:
            rows = [
                one
                for one in _store.select_many(self._tx, list(alike))
                if one.replaced_at is None and not one.is_version and (one.superseded_by is None or holds(one, now))
            ]
            old = [one for one in rows if is_replacing or is_alike(row, one, is_change=is_change)]
        same = next((one for one in old if holds(one, now) and says_nothing_new(row, one)), None)
        if same is not None:
            if same.id not in self._written:
                self._keeper.strengthen(self._tx, same, now)
                self._strengthened[same.id] = None
            return
        if fact.slot is None and not is_replacing and not is_change and all(agree(row, one) for one in old):
            old = [one for one in old if content_words(one.content) <= content_words(row.content)]  # it says more than they did
        self._put(row, old, fact, is_named=is_replacing)

    def take_correction(self, correction: Correction) -> None:
        """ "No, it's Hamburg now": write the sentence that it corrects anew."""
        old = next((row for row in self._meant_by(correction) if row.spoken_value and row.spoken_value in row.content and row.id not in self._written), None)
        if old is None or old.spoken_value is None:
            self._skipped.append(NotKept(correction.content, UNKNOWN))
            return
        content = old.content.replace(old.spoken_value, correction.value, 1)
        facts, _, _ = find_facts([Clause(content, is_asked_for=True)], self._known)
        fact = next((one for one in facts if one.family == "|".join((old.slot or "").split("|")[:2])), None)
        row = self._row(content, old.category, strengthened(old.importance), list(old.tags), clock.timestamp())
        if fact is not None:
            row = with_slot(row, fact)
        else:
            row = msgspec.structs.replace(row, slot=old.slot, slot_value=key_of(correction.value), spoken_value=correction.value, context=old.context)
        row = msgspec.structs.replace(row, valid_from=max(row.valid_from, old.valid_from))  # what begins only later is put right for then
        self._put(row, [old], fact, is_named=True)

    def learned(self, skipped: Sequence[NotKept]) -> Learned:
        """What the turn left behind; ``skipped`` is what was not kept before it came to a lesson."""
        return Learned(
            written=self._entries(self._written),
            superseded=self._entries(one for one in self._superseded if one not in self._written),
            strengthened=self._entries(self._strengthened),
            skipped=[*skipped, *self._skipped],
        )

    def _in_slot(self, fact: Fact, slot: str) -> list[Row]:
        """What a fact takes the place of: what fills its slot now, or the one of its family that it means."""
        old = _store.select_slot(self._tx, "user", None, slot)
        if not old and fact.is_correction and fact.family is not None and fact.family != slot:
            # "No, my sister is called Eva" is about the sister that was meant before.
            several = _store.select_family(self._tx, "user", None, fact.family)
            meant = [one for one in several if one.session_id == self._turn.session_id] or (several if len(several) == 1 else [])
            old = meant[:1]
        if not old and fact.replaces is not None and fact.family is not None:
            old = [one for one in _store.select_family(self._tx, "user", None, fact.family) if one.slot_value == key_of(fact.replaces)][:1]
        return old

    def _meant_by(self, correction: Correction) -> list[Row]:
        """What a correction may be about, the likeliest first: with the old value named, what has it; otherwise what was said or recalled last."""
        if correction.old is not None:
            meant = _store.select_value(self._tx, key_of(correction.old))
            meant.sort(key=lambda row: row.session_id != self._turn.session_id)
            return meant
        rows = _store.select_said_in(self._tx, self._turn.session_id, 5)
        order = {entry_id: at for at, entry_id in enumerate(self._recalled)}
        recalled = [row for row in _store.select_many(self._tx, list(self._recalled)) if row.replaced_at is None and row.slot_value]
        rows += sorted(recalled, key=lambda row: order[row.id])
        return [row for row in rows if row.spoken_value and has_same_shape(row.spoken_value, correction.value)]

    def _row(self, content: str, category: str, importance: float, tags: list[str], now: str) -> Row:
        return new_row(
            content,
            category=category,
            scope="user",
            agent_id=None,
            importance=importance,
            tags=tags,
            source=self._source,
            valid_from=now,
            valid_to=None,
            now=now,
        )

    def _put(self, row: Row, old: Sequence[Row], fact: Fact | None, *, is_named: bool) -> None:
        _, ended = self._keeper.put(self._tx, row, old, fact.links if fact else [], is_named=is_named)
        self._written[row.id] = None
        self._superseded.update(dict.fromkeys(one.id for one in ended))

    def _entries(self, ids: Iterable[str]) -> list[Entry]:
        return self._keeper.entries(self._tx, _store.select_many(self._tx, list(ids)))
