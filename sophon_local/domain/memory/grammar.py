"""The closed grammar of what people say about themselves, put together: clause in, facts out.

What fits no rule is not kept here: silence is cheaper than a wrong memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from .clauses import Clause, is_correction, tidy
from .facts import LAST, ME, Correction, Fact, Scene, Who, fact_of, links_to
from .gazetteer import NATIONALITIES, PLACES
from .predicates import PREDICATES
from .statements import MY, STATEMENTS
from .values import ADVERBS, END, LEADING, RELATIVE, STATE, UPPER, clean, expanded, is_empty, kin_of, thing_key
from .words import fold, key_of, tokens

_I = re.IGNORECASE

_I_SUBJECT = re.compile(rf"^(?:i|we)(?:\s+(?:both|all|myself))?\s+(?P<rest>{ADVERBS}(?P<core>.+))$", _I)
_KIN_SUBJECT = re.compile(rf"^(?:my|our)\s+{RELATIVE}(?:,?\s+(?P<name>{UPPER}[\w'-]+),?)?\s+(?P<rest>{ADVERBS}(?P<core>.+))$", _I)
_NAME_SUBJECT = re.compile(rf"^(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)?)\s+(?P<rest>{ADVERBS}(?P<core>.+))$")
_THIRD = re.compile(
    r"^(?:(?:is|has|does|was|just|also|now|still|currently|recently|really|not)\s+)*(?:lives?|moved|works?|working|studies|studying|allergic|likes?|loves?|"
    r"hates?|prefers?|born|from|speaks|plays|"
    r"turned|\d+ years|joined|started|an?\b|vegan|vegetarian|married|engaged|divorced|pregnant|enjoys?|owns?|drives?|dislikes?|moving|quit|left|retired|"
    r"has|not|no longer|living|diabetic|left-handed)\b",
    _I,
)


_PRONOUN = re.compile(r"^(?:she|he)(?='s\b|\s)", _I)


def find_facts(clauses: list[Clause], known: Mapping[str, str]) -> tuple[list[Fact], list[Correction], list[Clause]]:
    """Facts and corrections in ``clauses``, and the clauses that fit no rule. ``known`` maps folded names that the memory has to their types."""
    facts: list[Fact] = []
    corrections: list[Correction] = []
    rest: list[Clause] = []
    introduced: dict[str, Who] = {}
    is_all_lower = all(clause.text == clause.text.lower() for clause in clauses)
    for clause in clauses:
        content = tidy(clause.text)
        if len(content) < 3:
            continue
        pronoun = _PRONOUN.match(content)
        if pronoun and LAST in introduced:
            content = introduced[LAST].name[:1].upper() + introduced[LAST].name[1:] + content[pronoun.end() :]
        scene = Scene(clause, content, is_all_lower, known, introduced)
        correction = _correction(clause, content)
        found = _match(scene)
        if found and correction and correction.old:
            found = [msgspec.structs.replace(found[0], replaces=correction.old), *found[1:]]
        if found:
            facts.extend(found)
            facts.extend(_named_in_passing(scene, found))
        elif correction:
            corrections.append(correction)
        else:
            rest.append(clause)
    return facts, corrections, rest


def _match(scene: Scene) -> list[Fact]:
    text = expanded(scene.content)
    for rule in STATEMENTS:
        m = rule.pattern.match(text)
        if m:
            fact = rule.build(scene, ME, m)
            if fact:
                return _each(fact, m)
    subject = _I_SUBJECT.match(text)
    if subject:
        return _predicate(scene, ME, subject)
    subject = _KIN_SUBJECT.match(text)
    if subject:
        kin, _ = kin_of(subject["kin"])
        named = subject["name"]
        if named and named[:1].isupper():
            who = Who(fold(named), named, "person")
            scene.introduced[kin] = who
        else:
            who = scene.introduced.get(kin) or Who(kin, f"my {kin}", "person")
        scene.introduced[LAST] = who
        return _predicate(scene, who, subject)
    subject = _NAME_SUBJECT.match(text)
    if subject:
        name = fold(subject["name"])
        is_introduced = any(who.key == name for who in scene.introduced.values())
        is_known = scene.known.get(name) in {"person", "animal"}
        if (is_introduced or is_known or scene.clause.is_asked_for) and _THIRD.match(subject["rest"]) and name not in PLACES:
            return _predicate(scene, Who(name, subject["name"], scene.known.get(name, "person")), subject)
    return []


def _predicate(scene: Scene, who: Who, subject: re.Match[str]) -> list[Fact]:
    # With and without the adverbs: "I really like", and "I have a dog", where "have" is the verb itself.
    for text in _beginnings(subject["rest"]):
        for rule in PREDICATES:
            m = rule.pattern.match(text)
            if m:
                fact = rule.build(scene, who, m)
                if fact:
                    return _each(fact, m)
    return []


_PAIRS = frozenset("chips cheese pepper roll bass tonic blues soul jelly vinegar bolts white butter gravy spice dragons".split())
_MORE = re.compile(
    r"(?:\s*,\s*(?:and |or |und |y |et )?|\s+(?:and|or|und|oder|y|o|et|ou)\s+)(?P<item>(?:(?!\b(?:i|my|we|but|because|who|which|that|so|it|and|or|und|oder|"
    r"y|et|ou)\b)[\w'-]+ ?){1,3}?)(?=\s*(?:,|$|[.!]|\s(?:and|or|und|oder|y|et|ou)\s))",
    _I,
)


def _each(fact: Fact, m: re.Match[str]) -> list[Fact]:
    """A list of tastes or allergies as one fact each: "allergic to nuts and eggs" is two, and one of them may end without the other."""
    attribute = (fact.slot or "").split("|")[1:2]
    if attribute not in (["taste"], ["allergy"]) or not fact.value or len(tokens(fact.value)) > 3:
        return [fact]
    items = [fact.value]
    at = m.end("v")
    while more := _MORE.match(m.string, at):
        item = clean(more["item"])
        if not item or is_empty(item):
            return [fact]
        if fold(item.split(" ")[-1]) in _PAIRS:  # "fish and chips" is one thing
            whole = m.string[m.start("v") : more.end()]
            links = [msgspec.structs.replace(link, object=LEADING.sub("", whole)) for link in fact.links[:1]]
            return [msgspec.structs.replace(fact, slot=f"{fact.family}|{thing_key(whole)}", value=whole, links=links)]
        items.append(item)
        at = more.end()
    if len(items) == 1 or m.string[at:].strip(" .!"):
        return [fact]
    spoken = re.search(re.escape(fact.value) + r".*$", fact.content, _I)
    if spoken is None:
        return [fact]
    found = []
    for item in items:
        which = thing_key(item)
        links = [msgspec.structs.replace(link, object=LEADING.sub("", item)) for link in fact.links[:1]]
        found.append(msgspec.structs.replace(fact, content=fact.content[: spoken.start()] + item, slot=f"{fact.family}|{which}", value=item, links=links))
    return found


_IN_PASSING = re.compile(rf"\b(?P<my>{MY}) {RELATIVE},? (?P<name>{UPPER}[\w'-]+)", _I)
_IS = {"mein": "ist", "unse": "ist", "mi": "es", "mis": "es", "nues": "es", "mon": "est", "ma": "est", "mes": "est", "notr": "est"}


def _named_in_passing(scene: Scene, found: list[Fact]) -> list[Fact]:
    """People named on the way are facts of their own: "I live in Berlin with my wife Eva" may end, Eva stays the wife."""
    more = []
    for m in _IN_PASSING.finditer(found[0].content):
        name = m["name"]
        if fold(name) in PLACES or fold(name) in NATIONALITIES or any(fact.value == name for fact in found):
            continue
        kin, is_one = kin_of(m["kin"])
        scene.introduced[kin] = scene.introduced[LAST] = Who(fold(name), name, "person")
        content = f"{m['my'][:1].upper()}{m['my'][1:]} {m['kin']} {_IS.get(m['my'][:4].casefold(), 'is')} {name}"
        passing = Scene(scene.clause, content, scene.is_all_lower, scene.known, scene.introduced)
        which = "" if is_one else key_of(name)
        more.append(fact_of(passing, ME, kin, name, which=which, importance=0.7, context=f"{kin} family who", links=links_to(ME, kin, name, "person")))
    return more


_ADVERB = re.compile(ADVERBS.removesuffix("*"), _I)


def _beginnings(rest: str) -> list[str]:
    """``rest`` as it stands, then with one leading adverb or auxiliary fewer each time."""
    found = [rest]
    while True:
        one = _ADVERB.match(found[-1])
        if not one or one.end() == 0 or one.end() >= len(found[-1]):
            return found
        found.append(found[-1][one.end() :])


_NEW_VALUE = r"(?P<new>[^,;!?()]{1,80}?)"
_OLD_VALUE = r"(?P<old>[^,;!?()]{1,80}?)"
_CORRECTIONS = [
    re.compile(
        rf"^(?:it is|that is|they are|he is|she is|es ist|es|c'est)(?: (?:now|actually|jetzt|ahora))? {_NEW_VALUE},? (?:and )?not {_OLD_VALUE}{END}", _I
    ),
    re.compile(rf"^(?:it is|that is|they are) not {_OLD_VALUE}(?: anymore| any more)?,? (?:but|it is|rather)?\s*(?:it is )?{_NEW_VALUE}{END}", _I),
    re.compile(rf"^(?:(?:my|our|the) .+? (?:is|are)|i .+?|we .+?) {_NEW_VALUE}, (?:and )?not {_OLD_VALUE}{END}", _I),
    re.compile(rf"^(?:(?:i|we) (?:have )?(?:just )?(?:switched|changed|migrated|upgraded)) from {_OLD_VALUE} to {_NEW_VALUE}{END}", _I),
    re.compile(rf"^{_NEW_VALUE}, not {_OLD_VALUE}{END}", _I),
    re.compile(rf"^i mean(?:t)? {_NEW_VALUE}{END}", _I),
    re.compile(
        rf"^(?:it is|that is|they are|make (?:it|that)|it should be|it must be|es ist|es|c'est)(?: (?:now|actually|jetzt|ahora|maintenant))? "
        rf"{_NEW_VALUE}{END}",
        _I,
    ),
]


def _correction(clause: Clause, content: str) -> Correction | None:
    text = expanded(content)
    is_marked = is_correction(clause.text)
    for at, pattern in enumerate(_CORRECTIONS):
        m = pattern.match(text)
        if not m:
            continue
        new, old = clean(m["new"]), clean(m.groupdict().get("old") or "")
        if not new or STATE.match(new) or is_empty(new) or len(tokens(new)) > 8:
            continue
        if old:
            if is_empty(old) or len(tokens(old)) > 6 or (at in (2, 4) and not is_marked and old.islower()):
                continue
            return Correction(content, re.sub(r"^(?:in|at|on|to)\s+", "", new), re.sub(r"^(?:in|at|on|to)\s+", "", old))
        if is_marked or text[:6].casefold() == "i mean" or re.search(r"\b(?:now|jetzt|ahora|maintenant)\b", text, _I):
            return Correction(content, new)
    return None
