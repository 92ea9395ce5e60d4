"""What a fact is, and how a rule makes one of a clause.

A fact keeps the person's own words; beside them stand a ``slot`` (whose attribute it is: a newer fact in the same slot supersedes an older one)
and the value that fills it. The rules of four languages share the slots, so that "ich wohne jetzt in Hamburg" supersedes "I live in Berlin".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from .clauses import Clause, is_correction
from .values import LEADING, clean

LAST = ""  # in ``Scene.introduced``: of whom the message spoke last


class Link(msgspec.Struct, frozen=True):
    """An edge of the graph: subject, relation, object, each end with its type."""

    subject: str
    subject_type: str
    relation: str
    object: str
    object_type: str


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth keeping.

    ``slot`` is "whose|attribute", with "|which" behind it where there may be several (sisters, allergies). ``value`` is what fills it, as written;
    "" when the slot is being emptied ("I no longer work at ..."). ``context`` are words by which it may be looked for that it does not contain.
    """

    content: str
    category: str = "fact"
    importance: float = 0.6
    slot: str | None = None
    value: str = ""
    context: str = ""
    links: list[Link] = []
    is_correction: bool = False
    is_asked_for: bool = False
    replaces: str | None = None  # the value that it takes the place of, where the person named it ("..., not Clara")

    @property
    def family(self) -> str | None:
        """The slot without its "which"."""
        return None if self.slot is None else "|".join(self.slot.split("|")[:2])


class Correction(msgspec.Struct, frozen=True):
    """A new value for something said or recalled before ("no, it's Hamburg now"). ``old`` is what it replaces, where the person named it."""

    content: str
    value: str
    old: str | None = None


class Who(NamedTuple):
    key: str  # for the slot
    name: str  # for the graph
    type: str


ME = Who("me", "Me", "person")

# What each attribute is also called when one asks for it.
CONTEXT = {
    "name": "name called who am I",
    "age": "age old years",
    "home": "home live lives living address city town residence where",
    "origin": "from origin hometown home country nationality",
    "birthday": "birthday born birth date",
    "birthplace": "born birthplace",
    "employer": "work works job employer company office career",
    "role": "work works job profession occupation role career",
    "field": "work works job field industry",
    "study": "study studies university degree student subject",
    "diet": "diet food eat vegetarian vegan cooking restaurant recipe",
    "allergy": "allergy allergic allergies intolerance food health",
    "health": "health condition medical",
    "marital": "married marital status relationship partner",
    "taste": "likes dislikes preference taste",
    "prefer": "preference prefers likes",
    "nationality": "nationality citizen from country",
    "languages": "languages speak speaks",
    "instruction": "preference answers style instructions",
    "answer language": "language answers replies",
    "phone": "phone number call",
    "email": "email address mail",
}


class Scene(NamedTuple):
    """What a rule may know beside its match."""

    clause: Clause
    content: str
    is_all_lower: bool
    known: Mapping[str, str]  # folded names that the memory knows -> type
    introduced: dict[str, Who]  # "wife" -> Eva, learned earlier in this message


def fact_of(
    scene: Scene,
    who: Who,
    attribute: str,
    value: str,
    *,
    which: str = "",
    category: str = "fact",
    importance: float = 0.6,
    links: Iterable[Link] = (),
    context: str | None = None,
) -> Fact:
    slot = f"{who.key}|{attribute}" + (f"|{which}" if which else "")
    words = CONTEXT.get(attribute, "") if context is None else context
    return Fact(
        content=scene.content,
        category=category,
        importance=max(importance, 0.8) if scene.clause.is_asked_for else importance,
        slot=slot,
        value=value,
        context=words,
        links=list(links),
        is_correction=is_correction(scene.clause.text),
        is_asked_for=scene.clause.is_asked_for,
    )


def links_to(who: Who, relation: str, value: str, kind: str) -> list[Link]:
    value = LEADING.sub("", clean(value))
    return [Link(who.name, who.type, relation, value, kind)] if value and len(value) <= 80 else []


Build = Callable[[Scene, "Who", re.Match[str]], Fact | None]


class Rule(NamedTuple):
    pattern: re.Pattern[str]
    build: Build


def rule(pattern: str, build: Build) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), build)
