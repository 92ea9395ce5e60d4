"""The closed grammar of what people say about themselves, and the facts that it yields.

Each rule is a regular expression over one clause and a function that makes a fact of the match. A fact keeps the person's own words; beside them stand a ``slot`` (whose
attribute it is: a newer fact in the same slot supersedes an older one) and the value. The rules of four languages share the slots, so that "ich wohne jetzt in Hamburg" supersedes
"I live in Berlin". What fits no rule is not kept here: silence is cheaper than a wrong memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from .clauses import Clause, is_correction, tidy
from .gazetteer import ACTIVITIES, DIETS, HEALTH, LANGUAGES, MONTHS, NATIONALITIES, OCCUPATIONS, PETS, PLACES, SOFTWARE, VEHICLES, WEEKDAYS
from .words import fold, is_negated, key_of, tokens

_I = re.IGNORECASE
ME = "me"  # the person, as subject of a slot and as node of the graph


class Link(msgspec.Struct, frozen=True):
    """An edge of the graph: subject, relation, object, each end with its type."""

    subject: str
    subject_type: str
    relation: str
    object: str
    object_type: str


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth keeping.

    ``slot`` is "whose|attribute", with "|which" behind it where there may be several (sisters, allergies). ``value`` is what fills it, as written; "" when the slot is being
    emptied ("I no longer work at ..."). ``context`` are words by which it may be looked for that it does not contain.
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

    @property
    def family(self) -> str | None:
        """The slot without its "which"."""
        return None if self.slot is None else "|".join(self.slot.split("|")[:2])


class Correction(msgspec.Struct, frozen=True):
    """ "No, it's Hamburg now": a new value for something said or recalled before. ``old`` is the value it replaces, where the person named it."""

    content: str
    value: str
    old: str | None = None


class _Who(NamedTuple):
    key: str  # for the slot
    name: str  # for the graph
    type: str


_ME = _Who(ME, "Me", "person")

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

RELATIVES = {
    # relation word -> (canonical, there is only one)
    "wife": ("wife", True), "husband": ("husband", True), "spouse": ("spouse", True), "partner": ("partner", True), "fiancé": ("fiancé", True), "fiancée": ("fiancée", True),
    "fiance": ("fiancé", True), "fiancee": ("fiancée", True), "girlfriend": ("girlfriend", True), "boyfriend": ("boyfriend", True), "mother": ("mother", True), "mom": ("mother", True),
    "mum": ("mother", True), "father": ("father", True), "dad": ("father", True), "boss": ("boss", True), "manager": ("boss", True), "supervisor": ("boss", True), "landlord": ("landlord", True),
    "landlady": ("landlord", True), "doctor": ("doctor", True), "gp": ("doctor", True), "dentist": ("dentist", True), "therapist": ("therapist", True), "lawyer": ("lawyer", True),
    "accountant": ("accountant", True), "roommate": ("roommate", False), "flatmate": ("roommate", False), "neighbour": ("neighbour", False), "neighbor": ("neighbour", False),
    "sister": ("sister", False), "brother": ("brother", False), "son": ("son", False), "daughter": ("daughter", False), "child": ("child", False), "kid": ("child", False), "baby": ("child", False),
    "friend": ("friend", False), "best friend": ("best friend", True), "colleague": ("colleague", False), "coworker": ("colleague", False), "co-worker": ("colleague", False),
    "teammate": ("colleague", False), "cousin": ("cousin", False), "aunt": ("aunt", False), "uncle": ("uncle", False), "grandmother": ("grandmother", False), "grandma": ("grandmother", False),
    "grandfather": ("grandfather", False), "grandpa": ("grandfather", False), "niece": ("niece", False), "nephew": ("nephew", False), "teacher": ("teacher", False), "client": ("client", False),
    "customer": ("client", False), "mentor": ("mentor", False), "assistant": ("assistant", False), "ex": ("ex", False), "mother-in-law": ("mother-in-law", True), "father-in-law": ("father-in-law", True),
    "sister-in-law": ("sister-in-law", False), "brother-in-law": ("brother-in-law", False),
    "frau": ("wife", True), "mann": ("husband", True), "freundin": ("girlfriend", True), "freund": ("boyfriend", True), "mutter": ("mother", True), "mama": ("mother", True), "vater": ("father", True),
    "papa": ("father", True), "schwester": ("sister", False), "bruder": ("brother", False), "sohn": ("son", False), "tochter": ("daughter", False), "chef": ("boss", True), "chefin": ("boss", True),
    "oma": ("grandmother", False), "opa": ("grandfather", False), "kollege": ("colleague", False), "kollegin": ("colleague", False), "ärztin": ("doctor", True), "arzt": ("doctor", True),
    "esposa": ("wife", True), "mujer": ("wife", True), "marido": ("husband", True), "esposo": ("husband", True), "novia": ("girlfriend", True), "novio": ("boyfriend", True), "madre": ("mother", True),
    "padre": ("father", True), "hermana": ("sister", False), "hermano": ("brother", False), "hijo": ("son", False), "hija": ("daughter", False), "jefe": ("boss", True), "jefa": ("boss", True),
    "amigo": ("friend", False), "amiga": ("friend", False), "abuela": ("grandmother", False), "abuelo": ("grandfather", False),
    "femme": ("wife", True), "mari": ("husband", True), "copine": ("girlfriend", True), "copain": ("boyfriend", True), "mère": ("mother", True), "père": ("father", True), "sœur": ("sister", False),
    "soeur": ("sister", False), "frère": ("brother", False), "fils": ("son", False), "fille": ("daughter", False), "patron": ("boss", True), "patronne": ("boss", True), "ami": ("friend", False),
    "amie": ("friend", False),
}  # fmt: skip
_ADJECTIVES = (
    r"(?:(?:older|elder|younger|little|big|twin|eldest|oldest|youngest|best|old|new|close|good|step|half|great|late|ex|other|first|second|only)[\s-]+)*"
)
_RELATIVE = rf"(?P<kin>{_ADJECTIVES}(?:{'|'.join(sorted((re.escape(word) for word in RELATIVES), key=len, reverse=True))}))"
_PET = rf"(?P<pet>{'|'.join(sorted(PETS, key=len, reverse=True))})"

_UPPER = r"(?-i:[^\W\d_a-zß-öø-ÿ])"
_NAME = rf"(?P<name>(?:(?:Dr|Prof|Mr|Mrs|Ms)\.?\s+)?[^\W\d_][\w'-]*(?:\s+(?:(?:van|von|de|der|den|da|del|di|la|le|el|al|bin|ibn|zu|y)\s+){{0,2}}{_UPPER}[\w'-]*){{0,3}})"
_TAIL = r"(?:\s+(?:now|these days|at the moment|currently|though|too|as well|again|anymore|any more|instead|btw|by the way|please|jetzt|ahora|maintenant|really|by now|since then|already))*"
_END = rf"{_TAIL}\s*[.!]*$"
_VALUE = r"(?P<v>[^,;!?()]+?)"
_STOP = (
    rf"(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|so|which|who|where|when|while|until|although|though|with my|with our|for (?:the|about|over|a|my|\d|\w+ years)|as (?:a|an|the|my)|after|before|"
    rf"und|aber|weil|seit|mit|y|pero|porque|desde|con|et|mais|parce|depuis|avec|from)\b))"
)
_ADVERBS = (
    r"(?:(?:currently|now|still|just|recently|also|really|actually|absolutely|totally|particularly|especially|truly|definitely|usually|generally|mostly|mainly|always|often|sometimes|originally|"
    r"very much|quite|kind of|sort of|have|has|do|does|am|is|are|been|both|only|simply|personally|finally|then)\s+)*"
)

_CONTRACTIONS = [
    (re.compile(pattern, _I), to)
    for pattern, to in (
        (r"\bi'm\b|\bim\b(?=\s)", "I am"),
        (r"\bi've\b|\bive\b(?=\s)", "I have"),
        (r"\bi'd\b", "I would"),
        (r"\bi'll\b", "I will"),
        (r"\bwe're\b", "we are"),
        (r"\bwe've\b", "we have"),
        (r"\b(it|he|she|that|name|there)'s\b", r"\1 is"),
        (
            r"\b(wife|husband|partner|sister|brother|mother|father|mum|mom|dad|son|daughter|boss|friend|girlfriend|boyfriend|dog|cat|birthday|anniversary|favourite)'s\b"
            r"(?=\s+(?:an?|the|called|named|from|allergic|not|vegan|vegetarian|on|in|now|also|\d)\b)",
            r"\1 is",
        ),
        (r"\bthey're\b", "they are"),
        (r"\bcan't\b|\bcant\b|\bcan not\b", "cannot"),
        (r"\bwon't\b", "will not"),
        (r"\b(do|does|did|is|are|was|were|has|have|had)n't\b", r"\1 not"),
        (r"\b(do|does|did|is)nt\b", r"\1 not"),
        (r"\bfavorite\b", "favourite"),
        (r"\bfav\b", "favourite"),
    )
]


def expanded(text: str) -> str:
    """``text`` with its English contractions written out, for matching only."""
    for pattern, to in _CONTRACTIONS:
        text = pattern.sub(to, text)
    return text


# --- values ------------------------------------------------------------------------------------------------------------------------------------------------------

_LEADING = re.compile(r"^(?:a|an|the|my|our|some|any|der|die|das|ein|eine|einen|el|la|los|las|un|una|le|les|une|du|des|de la|l')\s*(?<=[\s'])", _I)
_TRAILING = re.compile(
    r"(?:\s+|^)(?:very much|so much|a lot|the most|most|more than anything|now|anymore|any more|these days|lately|right now|at the moment|today|again|too|as well|though|though|at all|either|please|sehr|gern|gerne|"
    r"nicht mehr|mucho|beaucoup|plus|pas)$",
    _I,
)
_ACT = re.compile(
    r"^(?:to\s+)?(?:drink(?:ing)?|eat(?:ing)?|watch(?:ing)?|listen(?:ing)? to|read(?:ing)?|using|use|having|have|wearing|beber|comer|boire|manger)\s+(?=\S)", _I
)
_EMPTY = frozenset(
    "it that this them those these him her you me us everything nothing something anything one ones what how when where why who if everyone people someone things stuff way idea answer response "
    "das dies es ihn sie dich dir eso esto lo ça cela to be do go".split()
)


def clean(value: str) -> str:
    """A value without articles and hangers-on, in its own case."""
    value = " ".join(value.strip(" .,!?;:'\"").split())
    while True:
        shorter = _TRAILING.sub("", value).strip()
        if shorter == value or not shorter:
            return value
        value = shorter


def _is_name(value: str, *, is_lower_ok: bool = False) -> bool:
    words = value.split()
    if not 1 <= len(words) <= 5 or fold(words[0]) in _EMPTY | {
        "a",
        "an",
        "the",
        "not",
        "so",
        "very",
        "from",
        "in",
        "on",
        "at",
        "really",
        "back",
        "later",
        "when",
        "if",
        "just",
        "now",
        "getting",
        "being",
    }:
        return False
    return any(word[:1].isupper() for word in words) or (is_lower_ok and len(words) <= 3 and value.replace(" ", "").replace("-", "").isalpha())


def _is_place(value: str, is_all_lower: bool) -> bool:
    folded = fold(_LEADING.sub("", value))
    if folded in PLACES or any(folded.startswith(place + " ") or folded.endswith(" " + place) for place in PLACES):
        return True
    first = folded.split(" ")[0] if folded else ""
    if (
        first in SOFTWARE
        or folded in SOFTWARE
        or any(ch.isdigit() for ch in folded)
        or first in {"fear", "hope", "peace", "denial", "hell", "love", "constant", "pain", "past", "moment", "next", "step", "new", "same"}
    ):
        return False
    if re.match(r"(?:a|an|the|einer?|einem|un|una|une)\s", value, _I):
        return re.search(r"\b(?:city|town|village|country|countryside|suburbs?|house|flat|apartment|farm|island|coast|mountains?|north|south|east|west|centre|center|area|neighbou?rhood|stadt|dorf|haus|wohnung|land|"
                         r"ciudad|pueblo|casa|piso|ville|village|maison|appartement)\b", value, _I) is not None  # fmt: skip
    return value[:1].isupper() or (is_all_lower and first not in _EMPTY and len(folded.split()) <= 3)


def _is_role(value: str) -> bool:
    head = fold(re.split(r"\s+(?:at|for|in|with|from|who|and|of|by|on|bei|en|chez|de)\s+|,", value)[0])
    words = head.split()
    if (
        not words
        or len(words) > 5
        or words[0]
        in {
            "bit",
            "little",
            "lot",
            "fan",
            "big",
            "huge",
            "total",
            "complete",
            "real",
            "idiot",
            "hard",
            "slow",
            "fast",
            "quick",
            "heavy",
            "light",
            "morning",
            "night",
            "dog",
            "cat",
        }
    ):
        return False
    return words[-1] in OCCUPATIONS or head in OCCUPATIONS


def _thing(value: str) -> str:
    """The thing of a taste as a key: "drinking coffee", "a coffee" and "Coffee" are one."""
    value = _ACT.sub("", clean(value))
    return key_of(_LEADING.sub("", value)) or fold(value)


def _is_empty(value: str) -> bool:
    folded = [word for word in tokens(value)]
    return not folded or folded[0] in _EMPTY or len(folded) > 14


# --- building --------------------------------------------------------------------------------------------------------------------------------------------------


class _Scene(NamedTuple):
    """What a rule may know beside its match."""

    clause: Clause
    content: str
    is_all_lower: bool
    known: Mapping[str, str]  # folded names that the memory knows -> type
    introduced: dict[str, _Who]  # "wife" -> Eva, learned earlier in this message


def _fact(
    scene: _Scene,
    who: _Who,
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


def _link(who: _Who, relation: str, value: str, kind: str) -> list[Link]:
    value = _LEADING.sub("", clean(value))
    return [Link(who.name, who.type, relation, value, kind)] if value and len(value) <= 80 else []


_Build = Callable[[_Scene, "_Who", re.Match[str]], Fact | None]


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    build: _Build


def _rule(pattern: str, build: _Build) -> _Rule:
    return _Rule(re.compile(pattern, _I), build)


# Predicates: what stands behind the subject. English verbs with and without the s of the third person.


def _home(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if not _is_place(value, scene.is_all_lower):
        return None
    return _fact(scene, who, "home", value, importance=0.8 if who is _ME else 0.5, links=_link(who, "lives in", value, "place"))


def _future_home(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return (
        _fact(scene, who, "plan", value, which="move", importance=0.6, context="move moving plan home", links=_link(who, "moves to", value, "place"))
        if _is_place(value, False)
        else None
    )


def _no_home(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, who, "home", "", importance=0.5) if _is_place(clean(m["v"]), scene.is_all_lower) else None


def _origin(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    is_known = fold(value) in PLACES or value[:1].isupper()
    return _fact(scene, who, "origin", value, links=_link(who, "comes from", value, "place")) if is_known and _is_place(value, scene.is_all_lower) else None


_DATE_LIKE = re.compile(r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|"
                        r"agosto|septiembre|octubre|noviembre|diciembre|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|christmas|new year|halloween|valentine)\b", _I)  # fmt: skip


def _born(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if re.fullmatch(r"(?:the year )?\d{4}(?: .*)?", value):
        return _fact(scene, who, "birth year", value, importance=0.7, context=CONTEXT["birthday"], links=_link(who, "born in", value[:4], "date"))
    if _DATE_LIKE.search(value):
        return _fact(scene, who, "birthday", value, importance=0.8, links=_link(who, "birthday", value, "date"))
    return _fact(scene, who, "birthplace", value, links=_link(who, "born in", value, "place")) if _is_place(value, scene.is_all_lower) else None


def _birthday(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return _fact(scene, who, "birthday", value, importance=0.8, links=_link(who, "birthday", value, "date")) if _DATE_LIKE.search(value) else None


def _age(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = m["v"]
    return _fact(scene, who, "age", value, importance=0.5) if 0 < int(value) < 120 else None


def _work_at(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    bare = _LEADING.sub("", value)
    if _is_empty(value) or fold(bare) in {"home", "night", "weekends", "living", "hour", "hours", "free", "fun", "best", "well", "myself", "office"}:
        return None
    if not (bare[:1].isupper() or any(ch.isdigit() for ch in bare) or scene.is_all_lower or re.match(r"(?:a|an|the|my|einem|einer|una?|une?)\s", value, _I)):
        return None
    if re.match(r"(?:this|that|these|those|it|some|all)\b|.*\b(?:problem|issue|bug|task|question|moment|thing)\b", value, _I):
        return None
    return _fact(scene, who, "employer", value, importance=0.7 if who is _ME else 0.5, links=_link(who, "works at", value, "organisation"))


def _no_work(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, who, "employer", "", importance=0.6)


def _work_in(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if fold(_LEADING.sub("", value)) in PLACES or value[:1].isupper() and not value.isupper():
        return (
            None
            if len(value) < 2
            else _fact(scene, who, "workplace", value, importance=0.5, context=CONTEXT["employer"], links=_link(who, "works in", value, "place"))
        )
    if re.match(
        r"(?:the|this|that|a|an|my)\s+(?:morning|afternoon|evening|night|background|moment|garden|file|code|repo|branch|terminal|browser|same|way)\b", value, _I
    ) or _is_empty(value):
        return None
    return _fact(scene, who, "field", value, importance=0.6)


def _role(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if m.groupdict().get("sure") is None and not _is_role(value):
        return None
    if _is_empty(value):
        return None
    if re.match(r"(?:\w+ )?student\b", value, _I):
        return _fact(scene, who, "study", value, links=_link(who, "studies", value, "thing") if len(tokens(value)) <= 5 else [])
    links = _link(who, "works as", re.split(r"\s+(?:at|for|bei|en|chez)\s+", value)[0], "thing")
    at = re.search(r"\s(?:at|for|bei|chez)\s+(?P<org>(?:the\s+)?[A-Z0-9].+)$", value)
    if at:
        return _fact(
            scene,
            who,
            "employer",
            clean(at["org"]),
            importance=0.7 if who is _ME else 0.5,
            context=f"{CONTEXT['employer']} {CONTEXT['role']}",
            links=[*links, *_link(who, "works at", at["org"], "organisation")],
        )
    return _fact(scene, who, "role", value, importance=0.7 if who is _ME else 0.5, links=links)


def _study(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if _is_empty(value) or re.match(r"(?:for|hard|a lot|every|with|tonight|today|tomorrow|this|that)\b", value, _I):
        return None
    return _fact(scene, who, "study", value, links=_link(who, "studies", re.split(r"\s+(?:at|in|an|en|à)\s+", value)[0], "thing"))


def _taste(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if _is_empty(value) or re.match(r"(?:your|his|their|to (?:think|know|see|ask|be|have|get|say|point)|the (?:way|idea|fact|answer|first|second|last|new|old|other|result|look|sound|style|previous)|how|what|when|that|being|it|"
                                    r"where|working with you|talking to you|seeing|if)\b", value, _I):  # fmt: skip
        return None
    is_dislike = m.groupdict().get("no") is not None
    relation = "dislikes" if is_dislike else "likes"
    thing = _ACT.sub("", value)
    links = _link(who, relation, thing, "thing") if len(tokens(thing)) <= 4 else []
    return _fact(scene, who, "taste", value, which=_thing(value), category="preference", importance=0.6 if who is _ME else 0.4, links=links)


def _prefer(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if _is_empty(value) or re.match(
        r"(?:the|your|this|that|to)\s+(?:first|second|third|last|other|former|latter|one|previous|version|option|new|old)\b", value, _I
    ):
        return None
    pair = re.split(r"\s+(?:over|to|than|rather than|instead of|statt|als|a|que|à|plutôt que)\s+", value, maxsplit=1)
    purpose = re.search(r"\b(?:for|when|in|on|at|für|para|pour)\s+(.+)$", pair[0])
    if len(pair) == 2 and not re.match(r"(?:be|have|get|use|work|go|eat|drink|read|write|do)\b", pair[1], _I):
        which = " ".join(sorted((_thing(pair[0]), _thing(pair[1]))))
    elif purpose:
        which = "for " + key_of(purpose[1])
    else:
        words = tokens(pair[0])
        which = key_of(words[-1]) if words else key_of(value)
    return _fact(
        scene,
        who,
        "prefer",
        pair[0].strip(),
        which=which,
        category="preference",
        importance=0.7,
        links=_link(who, "prefers", pair[0], "thing") if len(tokens(pair[0])) <= 4 else [],
    )


def _favourite(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    thing, value = key_of(m["thing"]), clean(m["v"])
    if _is_empty(value) or not thing or len(thing.split()) > 4:
        return None
    return _fact(
        scene,
        who,
        f"favourite {thing}",
        value,
        category="preference",
        importance=0.7,
        context=f"favourite favorite {thing} likes best",
        links=_link(who, f"favourite {thing}", value, "thing"),
    )


def _allergy(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if _is_empty(value) or re.search(r"\b(?:bullshit|mondays|meetings|work|bugs?)\b", value, _I):
        return None
    return _fact(
        scene,
        who,
        "allergy",
        value,
        which=_thing(value),
        importance=0.9 if who is _ME else 0.7,
        links=_link(who, "no longer allergic to" if is_negated(m[0]) else "allergic to", value, "thing"),
    )


def _diet(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(
        scene, who, "diet", clean(m["v"]), category="preference", importance=0.8, links=[] if is_negated(m[0]) else _link(who, "diet", m["v"], "thing")
    )


def _health(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, who, "health", clean(m["v"]), which=_thing(m["v"]), importance=0.8)


def _marital(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, who, "marital", clean(m["v"]), importance=0.6)


def _nationality(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, who, "nationality", clean(m["v"]), importance=0.6)


def _trait(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, who, "trait", clean(m["v"]), which=key_of(m["v"]), importance=0.6, context="")


def _measure(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, who, m["what"].casefold().replace("weighs", "weigh"), clean(m["v"]), importance=0.5, context="height tall weight size")


def _speaks(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    named = [word for word in tokens(m["v"]) if word in LANGUAGES]
    return (
        _fact(
            scene,
            who,
            "languages",
            clean(m["v"]),
            which=" ".join(sorted(named)),
            importance=0.6,
            links=[link for one in named for link in _link(who, "speaks", one.title(), "thing")],
        )
        if named
        else None
    )


def _plays(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if not any(word in ACTIVITIES for word in tokens(value)):
        return None
    return _fact(
        scene,
        who,
        "activity",
        value,
        which=_thing(value),
        category="fact",
        importance=0.5,
        context="hobby plays sport instrument",
        links=_link(who, "plays", value, "thing") if len(tokens(value)) <= 4 else [],
    )


def _learning(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if _is_empty(value) or re.match(r"(?:about|how|to|that|this|from|more|a lot|new)\b", value, _I) or len(tokens(value)) > 8:
        return None
    return _fact(
        scene,
        who,
        "learning",
        value,
        which=_thing(value),
        importance=0.5,
        context="learning learn study goal",
        links=_link(who, "learns", value, "thing") if len(tokens(value)) <= 4 else [],
    )


_PROJECT = (
    r"(?:project|app|application|book|novel|thesis|dissertation|startup|start-up|company|paper|game|website|site|library|framework|film|movie|album|song|podcast|blog|newsletter|course|phd|robot|drone|house|boat|shed|"
    r"language|compiler|plugin|extension|dashboard|platform|tool|bot|model|database|engine|api|service|shop|store|comic|documentary|grant|proposal|spiel|buch|roman|firma|juego|libro|livre|jeu)"
)


def _project(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if _is_empty(value) or re.match(
        r"(?:this|that|these|the (?:same|following|above)|an? (?:bug|issue|problem|error|fix|solution|presentation|email|e-mail|letter|report|assignment|homework|task|ticket))\b",
        value,
        _I,
    ):
        return None
    called = re.search(rf"\b{_PROJECT}\s+(?:called|named)\s+{_NAME}", value, _I) or re.search(rf"\b{_PROJECT}\s+(?P<name>[A-Z][\w-]+)", value)
    if called and _is_name(called["name"]):
        return _fact(
            scene,
            who,
            "project",
            clean(called["name"]),
            which=key_of(called["name"]),
            importance=0.7,
            context="project working on building",
            links=_link(who, "works on", called["name"], "project"),
        )
    bare = _LEADING.sub("", value)
    if not (re.search(rf"\b{_PROJECT}s?\b", value, _I) or (bare[:1].isupper() and len(bare.split()) <= 4)):
        return None
    return _fact(
        scene,
        who,
        "project",
        value,
        which=key_of(value),
        importance=0.6,
        context="project working on building",
        links=_link(who, "works on", value, "project") if len(tokens(value)) <= 5 else [],
    )


def _owns(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    verb = fold(m["verb"])
    words = tokens(
        _LEADING.sub("", re.split(r"\s+(?:called|named|who|that|which|namens|llamad[oa]|qui s'appelle)\s+|\s+(?:in|at|from|with|since|and|for)\s+", value)[0])
    )
    if not words or words[0] in _EMPTY:
        return None
    named = re.search(rf"\b(?:called|named|namens|llamad[oa]|qui s'appelle)\s+{_NAME}", value, _I)
    head = words[-1].removesuffix("s") if words[-1] not in PETS else words[-1]
    relation = "drives" if verb.startswith("driv") else "has"
    if head in PETS:
        name = clean(named["name"]) if named else ""
        which = f"{PETS[head]} {key_of(name)}".strip()
        links = _link(who, PETS[head], name, "animal") if name else []
        return _fact(scene, who, "pet", name or value, which=which, importance=0.6, context=f"pet animal {PETS[head]}", links=links)
    if head in {
        "kid",
        "children",
        "child",
        "son",
        "daughter",
        "sister",
        "brother",
        "sibling",
        "twin",
        "grandchild",
        "grandchildren",
        "grandson",
        "granddaughter",
        "kinder",
        "hijo",
        "enfant",
    }:
        return _fact(
            scene,
            who,
            "family",
            value,
            which=head.removesuffix("ren") if head != "children" else "child",
            importance=0.7,
            context="family children kids siblings",
        )
    if verb in {"have", "has", "got"} and head not in VEHICLES:
        return None
    if verb.startswith("driv") and not (head in VEHICLES or any(word[:1].isupper() for word in value.split())):
        return None
    if not any(word[:1].isupper() or word in VEHICLES for word in value.split()) and head not in VEHICLES and verb not in {"own", "owns"}:
        return None
    return _fact(
        scene, who, "owns", value, which=head, importance=0.5, context="has owns", links=_link(who, relation, value, "thing") if len(tokens(value)) <= 5 else []
    )


def _uses(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    bare = _LEADING.sub("", value)
    known = any(word in SOFTWARE for word in tokens(bare))
    if (
        _is_empty(value)
        or len(tokens(value)) > 8
        or not (known or bare[:1].isupper())
        or re.search(r"\b(?:error|here|to (?:get|make|do|fix|solve))\b", value, _I)
    ):
        return None
    return _fact(
        scene,
        who,
        "uses",
        value,
        which=_thing(value),
        importance=0.5,
        context="uses tools setup software",
        links=_link(who, "uses", value, "thing") if len(tokens(bare)) <= 3 else [],
    )


def _goal(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return None if _is_empty(value) else _fact(scene, who, "goal", value, which=key_of(value)[:60], importance=0.6, context="goal plan wants")


def _plan(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    return (
        None
        if _is_empty(value)
        else _fact(scene, who, "plan", value, which=key_of(value)[:60], category="observation", importance=0.5, context="plan planning trip")
    )


def _routine(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    if re.search(r"\b(?:error|this|that|it)\b", m["v"], _I) or len(tokens(m["v"])) < 2:
        return None
    return _fact(
        scene, who, "routine", clean(m["v"]), which=key_of(m["v"])[:80], category="observation", importance=0.4, context="routine habit usually schedule"
    )


def _founder(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    is_firm = re.search(
        r"\b(?:company|startup|start-up|business|shop|store|restaurant|caf[eé]|agency|studio|farm|bakery|clinic|practice|school|firm|consultancy|charity|blog|podcast|channel)\b",
        value,
        _I,
    )
    is_named = value[:1].isupper() and fold(m[0]).startswith(("founded", "cofounded", "co-founded", "started", "run", "manage"))
    first = tokens(value)[:1]
    if _is_empty(value) or not (is_firm or is_named) or (first and (first[0] in SOFTWARE or first[0] in WEEKDAYS or first[0] in MONTHS)):
        return None
    return _fact(
        scene,
        who,
        "business",
        value,
        which=key_of(value)[:60],
        importance=0.7,
        context="company business owner founder runs",
        links=_link(who, "runs", value, "organisation") if len(tokens(value)) <= 6 else [],
    )


def _ended(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    """ "I stopped drinking coffee", "I gave up smoking"."""
    value = clean(m["v"])
    return None if _is_empty(value) else _fact(scene, who, "taste", value, which=_thing(value), category="preference", importance=0.6)


_DIET = rf"(?P<v>(?:a\s+)?(?:strict\s+|lifelong\s+)?(?:{'|'.join(sorted(map(re.escape, DIETS), key=len, reverse=True))}))"
_HEALTH = rf"(?P<v>(?:type [12] |chronic |severe |mild )*(?:{'|'.join(sorted(map(re.escape, HEALTH), key=len, reverse=True))}))"
_NATION = (
    rf"(?P<v>(?:half[- ])?(?:{'|'.join(sorted(NATIONALITIES, key=len, reverse=True))})(?:[- ](?:{'|'.join(sorted(NATIONALITIES, key=len, reverse=True))}))?)"
)

_PREDICATES = [
    _rule(rf"(?:not live|no longer live|not living|no longer living|not based|no longer based)s? (?:in|at|near|on) {_VALUE}(?:{_STOP})", _no_home),
    _rule(rf"(?:lives?|resides?|living|based|residing|dwells?|settled)(?: (?:now|currently|mostly|here|again|alone|together))* (?:down )?(?:in|at|near|on|outside|around|just outside) {_VALUE}(?:{_STOP})", _home),
    _rule(rf"(?:moving|going to move|about to move|will move|planning to move|relocating)(?: \w+)?(?: from [^,]+?)? to {_VALUE}(?:{_STOP}|(?=\s+(?:next|this|in|on|at|soon|tomorrow)\b))", _future_home),
    _rule(rf"(?:moved|relocated|emigrated)(?: (?:back|over|away|house|out|permanently|recently|last \w+|this \w+))*(?: from [^,]+?)? (?:in)?to {_VALUE}(?:{_STOP}|(?=\s+(?:last|this|in|on|two|three|a few|\d+|recently|yesterday)\b))", _home),
    _rule(rf"(?:come |comes )?from {_VALUE}(?:{_STOP})", _origin),
    _rule(rf"(?:was |were )?born (?:and raised )?(?:in|on|at) {_VALUE}(?:{_STOP})", _born),
    _rule(rf"(?:turned|turning)?\s*(?P<v>\d{{1,3}})(?: years?[- ]old| y/?o| yrs? old| years of age)(?:{_STOP})", _age),
    _rule(rf"(?:turned|turning) (?P<v>\d{{1,3}})(?: (?:today|yesterday|last \w+|this \w+))?(?:{_STOP})", _age),
    _rule(rf"(?:not work|no longer works?|not working|no longer working|no longer employed|not employed)s? (?:at|for|with) {_VALUE}(?:{_STOP})", _no_work),
    _rule(rf"(?:quit|left|resigned from|got (?:fired|laid off) from|was (?:fired|laid off) from|got fired|was fired|was laid off|got laid off|retired)(?: (?:my|the|his|her) (?:old |previous )?job)?(?: (?:at|from) {_VALUE})?(?: (?:last|this|in|yesterday|today)\b.*)?(?:{_STOP})",
          lambda scene, who, m: _no_work(scene, who, m) if re.search(r"job|fired|laid|resigned|retired", m[0], _I) else None),
    _rule(rf"(?:joined|started (?:working )?(?:at|with|for)|started (?:a|my) (?:new )?job (?:at|with)|got (?:a|the|my) (?:new )?job (?:at|with)|have a new job at|has a new job at|got hired (?:by|at)|was hired by) {_VALUE}(?:{_STOP}|(?=\s+(?:last|this|in|on)\b))", _work_at),
    _rule(rf"(?:was |got |been )?promoted to (?P<sure>)(?:an?|the )?\s*{_VALUE}(?:{_STOP})", _role),
    _rule(rf"teach(?:es)? {_VALUE}(?:{_STOP})", lambda scene, who, m: None if re.match(r"(?:you|him|her|them|me|it|myself)\b", m["v"], _I) else _fact(scene, who, "role", f"teaches {clean(m['v'])}", importance=0.6)),
    _rule(rf"(?:works?|working) as (?P<sure>)(?:an?|the )?\s*{_VALUE}(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|so|which|where|with)\b))", _role),
    _rule(rf"(?:works?|working|employed|intern|interning|freelanc\w+)(?: (?:full[- ]time|part[- ]time|now|currently|remotely|mostly|there|freelance))* (?:at|for|by) {_VALUE}(?:{_STOP}|(?=\s+in\b))", _work_at),
    _rule(rf"(?:works?|working)(?: (?:full[- ]time|part[- ]time|now|currently|mostly))* in {_VALUE}(?:{_STOP})", _work_in),
    _rule(rf"(?:works? from home|works? remotely|works? nights|works? night shifts|works? part[- ]time|works? full[- ]time)(?P<v>.*?)(?:{_STOP})", lambda scene, who, m: _fact(scene, who, "work mode", m[0], importance=0.5, context="work works remote home office")),
    _rule(rf"(?:study|studies|studying|majoring in|major in|studied|doing (?:a|my) (?:phd|master'?s?|bachelor'?s?|degree) in) {_VALUE}(?:{_STOP})", _study),
    _rule(rf"(?:very |severely |highly |deathly |mildly |not |no longer )*(?:allergic|intolerant) (?:to|of) {_VALUE}(?:{_STOP}|(?=\s+(?:and|or)\b))", _allergy),
    _rule(rf"(?:have |has |got )?(?:a |an )(?:severe |bad |serious |mild )?(?P<v>[\w-]+(?: \w+)?) (?:allergy|intolerance)(?:{_STOP})", _allergy),
    _rule(rf"(?:not |no longer |not really )?{_DIET}(?: (?:now|again|for .+|since .+))?(?:{_STOP})", _diet),
    _rule(rf"(?:became|turned|gone|going|went) {_DIET}(?:{_STOP})", _diet),
    _rule(rf"(?:have|has|suffer from|suffers from|was diagnosed with|got diagnosed with|live with|diagnosed with) {_HEALTH}(?:{_STOP})", _health),
    _rule(r"(?P<v>diabetic|asthmatic|epileptic|dyslexic|autistic|lactose[- ]intolerant|coeliac|celiac|colou?r[- ]?blind|deaf|blind|hard of hearing|left[- ]handed|right[- ]handed|pregnant|neurodivergent|an introvert|an extrovert|introverted|a night owl|an early bird|an? \w+ person)\b(?P<rest>.*)", _trait),
    _rule(rf"(?P<v>(?:(?:not|no longer|happily|recently|newly|got|getting|just)\s+)*(?:married|engaged|divorced|single|widowed|separated)(?: to {_NAME})?)(?: (?:in|on|last|this|next|yesterday|today|since|for)\b.*)?(?:{_STOP})", _marital),
    _rule(rf"(?:an? )?{_NATION}(?: citizen| by birth)?(?:{_STOP})", _nationality),
    _rule(r"(?P<v>\d[\d.,]*\s*(?:cm|m|meters?|metres?|feet|foot|ft|'\d+\"?)(?:\s*\d+)?)\s*(?P<what>tall)\b", _measure),
    _rule(r"(?P<what>weighs?)\s+(?P<v>\d[\d.,]*\s*(?:kg|kilos?|pounds?|lbs?|stone))\b", _measure),
    _rule(rf"(?:can )?(?:speak|speaks|fluent in|native speaker of|bilingual in)(?: (?:fluent|native|some|a little|a bit of|basic|only|both))* {_VALUE}(?:{_END}|(?=\s*[;!?()])|(?=\s+but\b))", _speaks),
    _rule(rf"(?:started |began |am )?(?:learning|teaching myself|taking (?:lessons|classes|a course) in|practising|practicing|training for|saving (?:up )?for|preparing for) {_VALUE}(?:{_STOP})", _learning),
    _rule(rf"(?:can )?(?:play|plays|playing|practi[sc]e|practi[sc]es|do|does|train|trains) (?:the )?{_VALUE}(?:{_STOP})", _plays),
    _rule(rf"(?:building|developing|designing|creating|writing|working on|founding|making|launching|restoring|renovating) {_VALUE}(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|which|so that|to)\b))", _project),
    _rule(rf"(?:graduated from|went to (?:school|university|college|uni) (?:at|in)|was educated at) {_VALUE}(?:{_STOP}|(?=\s+in\s+\d))",
          lambda scene, who, m: _fact(scene, who, "school", clean(m["v"]), which=key_of(m["v"])[:60], importance=0.5, context="school university studied graduated education", links=_link(who, "studied at", m["v"], "organisation"))),
    _rule(rf"used to (?P<what>live|work) (?:in|at|for|as an?|with) {_VALUE}(?:{_STOP})",
          lambda scene, who, m: _fact(scene, who, f"past {'home' if m['what'] == 'live' else 'work'}", clean(m["v"]), which=key_of(m["v"])[:60], importance=0.4, context="past formerly lived worked before")),
    _rule(rf"more of an? {_VALUE} person(?:{_STOP})", _taste),
    _rule(rf"(?:(?:co-?)?founded|started|runs?|own|owns|manages?) (?P<v>(?:a|an|my own|the|our own|my)\s+.*?|[A-Z].*?)(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|which)\b))", _founder),
    _rule(rf"(?:not|no longer) (?P<verb>have|own|drive)s? (?P<v>(?:(?:a|an|any) )?[\w -]{{2,40}}?)(?: anymore| any more| yet)?(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since)\b))", _owns),
    _rule(rf"(?P<verb>have|has|got|own|owns|drive|drives|ride|rides|bought|adopted) (?P<v>(?:(?:a|an|one|two|three|four|five|six|\d+|my own|twin|our|another|ein|eine|einen|zwei|drei|un|una|dos|tres|une|deux|trois)\s+)?[^,;!?()]+?)(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|which|who|that|so)\b))", _owns),
    _rule(rf"(?:use|uses|using|code|codes|program|programs|develop|run|runs|running) (?:mostly |mainly |only )?(?:in |with |on )?{_VALUE}(?:{_STOP})", _uses),
    _rule(rf"(?:prefer|prefers|rather have|favou?r) {_VALUE}(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since)\b))", _prefer),
    _rule(rf"(?P<no>not (?:really |particularly |much |actually |even )?(?:like|love|enjoy|eat|drink|care for|watch|stand|smoke)|never (?:eat|drink|watch|use|wear|smoke)s?|hates?|dislikes?|detests?|loathes?|despises?|cannot stand|cannot bear|not a (?:big |huge )?fan of|not fond of|not into|no longer likes?|no longer (?:eat|drink|enjoy)s?|avoids?|cannot (?:eat|drink|have|tolerate)|must not (?:eat|drink)) {_VALUE}(?:{_STOP})", _taste),
    _rule(rf"(?:likes?|loves?|enjoys?|adores?|(?:really |very |super )?into|(?:very |really )?fond of|keen on|(?:a )?(?:big |huge |massive )?fan of|obsessed with|passionate about|crazy about|interested in|only (?:eat|drink|listen to|use|wear)s?) {_VALUE}(?:{_STOP})", _taste),
    _rule(rf"(?P<no>stopped|quit|gave up|given up|giving up|used to (?:like|love|enjoy)) {_VALUE}(?:{_STOP})", _ended),
    _rule(rf"(?:want|wants|plan|plans|hope|hopes|intend|intends|would like) to (?P<v>(?:learn|become|run a|lose weight|lose \d|quit smoking|stop smoking|stop drinking|retire|move to|travel to|visit|start a|open a|write a book|buy a (?:house|flat|car|boat)|get married|have (?:kids|children)|get a (?:dog|cat)).*?)(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because)\b))", _goal),
    _rule(rf"(?:planning|organi[sz]ing|going on|taking|booked|travelling|traveling|flying|going) (?P<v>(?:(?:a|an|my|our|the) (?:trip|holiday|vacation|wedding|party|move|honeymoon|conference|surgery|birthday)|to [A-Z]).*?)(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because)\b))", _plan),
    _rule(r"(?P<v>.*\b(?:every|each) (?:single )?(?:day|morning|evening|night|week|weekend|month|year|other day|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b.*|.*\bon (?:mon|tues|wednes|thurs|fri|satur|sun)days\b.*|"
          r"(?:usually|normally|typically) .*|.*\b(?:once|twice|three times) a (?:day|week|month|year)\b.*)", _routine),
    _rule(rf"(?:an?|the) (?:former |retired |senior |junior |lead |head |chief |freelance |trained |professional |registered |part-time |full-time |self-employed )*{_VALUE}(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|who|which|with|from)\b))", _role),
]  # fmt: skip


# Whole clauses: those with a subject of their own kind, and the other languages.


def _named(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["name"])
    if not _is_name(value, is_lower_ok=m.groupdict().get("sure") is not None and scene.is_all_lower):
        return None
    if value.islower():
        value = value.title()
    attribute = "name" if m.groupdict().get("sure") is not None else "nickname"
    return _fact(scene, _ME, attribute, value, importance=0.9, context=CONTEXT["name"], links=_link(_ME, attribute, value, "person"))


def _introduced(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    """ "I'm Anna": only with a greeting before it or something of the kind behind it, because "I'm Batman" and "I'm French" look the same."""
    folded = fold(m["name"])
    if folded in NATIONALITIES or folded in PLACES or folded in LANGUAGES or not (m["more"] or scene.clause.is_greeted):
        return None
    return _named(scene, who, m)


def _relative_named(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["name"])
    if (
        not _is_name(value, is_lower_ok=m.groupdict().get("sure") is not None and scene.is_all_lower)
        or _is_role(value)
        or fold(value) in NATIONALITIES
        or fold(value) in PLACES
    ):
        return None
    if value.islower():
        value = value.title()
    kin, is_one = _kin(m["kin"])
    key = kin if is_one else f"{kin}|{key_of(value)}"
    attribute, _, which = key.partition("|")
    scene.introduced[kin] = scene.introduced[_LAST] = _Who(fold(value), value, "person")
    return _fact(scene, _ME, attribute, value, which=which, importance=0.8, context=f"{kin} family who", links=_link(_ME, kin, value, "person"))


def _pet_named(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["name"])
    if not _is_name(value, is_lower_ok=m.groupdict().get("sure") is not None and scene.is_all_lower) or fold(value) in NATIONALITIES:
        return None
    if value.islower():
        value = value.title()
    pet = PETS[fold(m["pet"])]
    scene.introduced[pet] = scene.introduced[_LAST] = _Who(fold(value), value, "animal")
    return _fact(
        scene, _ME, "pet", value, which=f"{pet} {key_of(value)}", importance=0.7, context=f"pet animal {pet}", links=_link(_ME, pet, value, "animal")
    )


def _kin(word: str) -> tuple[str, bool]:
    folded = fold(word)
    if folded in RELATIVES:
        return RELATIVES[folded]
    head = folded.split(" ")[-1]
    canonical, is_one = RELATIVES.get(head, (head, False))
    rest = folded.removesuffix(head).strip()
    return (canonical, is_one) if not rest else (f"{rest} {canonical}", rest in {"eldest", "oldest", "youngest", "twin", "best", "only"} or is_one)


def _about_owner(scene: _Scene, m: re.Match[str]) -> _Who:
    if m.groupdict().get("kin"):
        kin, _ = _kin(m["kin"])
        return scene.introduced.get(kin) or _Who(kin, f"my {kin}", "person")
    if m.groupdict().get("owner"):
        owner = clean(m["owner"])
        if fold(owner) in RELATIVES:
            kin, _ = _kin(owner)
            return scene.introduced.get(kin) or _Who(kin, f"my {kin}", "person")
        return _Who(fold(owner), owner, "person")
    return _ME


def _their_birthday(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    owner = _about_owner(scene, m)
    if not _DATE_LIKE.search(value):
        return None
    what = fold(m.groupdict().get("what") or "birthday")
    attribute = "birthday" if re.search(r"birthday|geburtstag|cumpleaños|anniversaire\b(?! de mariage)", what) else key_of(what)
    return _fact(
        scene,
        owner,
        attribute,
        value,
        importance=0.8,
        context=f"{CONTEXT['birthday'] if attribute == 'birthday' else what} date when",
        links=_link(owner, attribute, value, "date"),
    )


_THING_STOP = frozenset(
    "question questions problem problems issue issues point code program script error bug idea ideas concern concerns request task understanding guess assumption answer message prompt input output text function "
    "query computer laptop test tests app page screen opinion mistake apology apologies bad thought thoughts feeling head back time turn hope reason mind heart eyes life day week weekend morning luck attempt result results "
    "frage problem idee meinung pregunta problema idea opinion problème".split()
)
_THING_KNOWN = re.compile(
    r"\b(?:job|occupation|profession|employer|company|title|size|timezone|time zone|deadline|budget|stack|editor|language|hometown|home town|hobby|hobbies|degree|major|height|weight|phone|number|email|e-mail|address|"
    r"website|blog|github|handle|username|nickname|pronouns|star sign|zodiac|blood type|religion|car|bike|team|project|goal|dream|native|mother tongue|salary|rent|schedule|working hours|favourite|address|car|"
    r"office|doctor|dentist|flight|hotel|appointment|exam|interview|wedding|meeting|network|wifi|wi-fi|router|printer|server|database|repo|repository|branch|version|laptop|phone|beruf|hobby|adresse)\b",
    _I,
)
_STATE = re.compile(
    r"^(?:(?:not|very|too|so|really|quite|a bit|pretty|still|now|already|completely|totally|also)\s+)*(?:broken|slow|fast|working|work|down|up|stuck|empty|full|fine|good|bad|ok|okay|ready|done|wrong|right|correct|here|there|"
    r"great|nice|annoying|failing|crashing|running|gone|lost|missing|late|early|close|closed|open|over|long|short|big|small|old|new|dead|off|on|sick|ill|tired|happy|sad|angry|important|urgent|hard|easy|simple|"
    r"complicated|clear|unclear|that|how|what|why|whether|if|to|as follows|below|above|attached|the following|it|this)\b",
    _I,
)


def _thing_is(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    thing, value = m["thing"].strip(), clean(m["v"])
    if fold(thing).startswith("name of "):
        thing = re.sub(r"^name of (?:my |our |the )?", "", thing, flags=_I)
    words = tokens(thing)
    if not words or len(words) > 6 or words[-1] in _THING_STOP or words[0] in {"favourite"} or _STATE.match(value) or _is_empty(value) or len(value) > 160:
        return None
    is_named = m.groupdict().get("called") is not None
    has_value = any(word[:1].isupper() for word in value.split()) or bool(re.search(r"\d", value)) or "@" in value
    if not (is_named or has_value or _THING_KNOWN.search(thing)):
        return None
    if fold(m.groupdict().get("det") or "") == "the" and not re.search(
        r"\b(?:deadline|launch|release|meeting|flight|exam|appointment|wedding|interview|trip|party|due date|demo|wifi|wi-fi|project|company|team|code name|codename|kick-?off)\b",
        thing,
        _I,
    ):
        return None
    if words[0] in RELATIVES | PETS.keys() and (len(words) == 1 or thing.split()[1][:1].isupper()):
        return None
    key = key_of(thing)
    attribute = {"phone number": "phone", "number": "phone", "e mail": "email", "email": "email", "e-mail": "email", "email address": "email", "job": "role", "profession": "role", "occupation": "role", "beruf": "role",
                 "company": "employer", "employer": "employer", "native language": "languages", "mother tongue": "languages", "hometown": "origin", "address": "home", "age": "age"}.get(key, key)  # fmt: skip
    kind = "date" if _DATE_LIKE.search(value) and re.search(r"\b(?:deadline|date|flight|exam|appointment|launch|release|day)\b", thing, _I) else "thing"
    of = re.match(rf"(?P<what>.+?) (?:for|of) (?:the |my |our )?(?P<whose>{_UPPER}.*)$", thing)
    links = _link(_Who(fold(of["whose"]), of["whose"], "project"), fold(of["what"]), value, kind) if of else _link(_ME, fold(thing), value, kind)
    return _fact(
        scene, _ME, attribute, value, importance=0.7, context=f"{CONTEXT.get(attribute, '')} {key}".strip(), links=links if len(tokens(value)) <= 6 else []
    )


def _thing_does(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    value = clean(m["v"])
    if _is_empty(value) or re.search(r"\b(?:error|problem|bug|issue|wrong|crash\w*|fail\w*)\b", value, _I):
        return None
    name = clean(m.groupdict().get("name") or "")
    key = key_of(name) or key_of(m["thing"])
    verb = fold(m["verb"])
    subject = _Who(key, name or f"our {fold(m['thing'])}", "project")
    return _fact(
        scene,
        subject,
        verb.removesuffix("s"),
        value,
        importance=0.6,
        context=f"{key} {fold(m['thing'])}",
        links=_link(subject, verb, value, "thing") if len(tokens(value)) <= 4 else [],
    )


def _standing(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    """How the assistant is to behave from now on."""
    text = m[0]
    language = re.search(rf"\b(?:in|auf|en)\s+(?P<l>{'|'.join(sorted(LANGUAGES, key=len, reverse=True))})\b", text, _I)
    if language and re.search(r"\b(?:answer|reply|respond|write|speak|talk|antworte?|sprich|schreib|responde|habla|réponds?|parle)", text, _I):
        return _fact(scene, _ME, "answer language", language["l"], category="preference", importance=0.9)
    value = clean(m["v"])
    return None if not value else _fact(scene, _ME, "instruction", value, which=key_of(value)[:80], category="preference", importance=0.8)


def _diet_negative(scene: _Scene, who: _Who, m: re.Match[str]) -> Fact | None:
    return _fact(scene, _ME, "diet", clean(m["v"]), category="preference", importance=0.8)


_BE = r"(?:is|are|was|were|has been|have been|will be|'s|ist|sind|war|es|son|est|sont)"
_MY = r"(?:my|our|mein[er]?|unser[e]?|mi|mis|nuestr[oa]|mon|ma|mes|notre)"
_WHOLE = [
    # names
    _rule(rf"^(?P<sure>)(?:my (?:full |first |real )?name is|mein name ist|ich heiße|ich heisse|me llamo|mi nombre es|je m'appelle|mon nom est|mon prénom est) {_NAME}(?:{_STOP}|\b)", _named),
    _rule(rf"^(?:(?:you can|please|just|everyone|everybody|my friends|people|from now on)[,\s]+)*(?:calls? me|i go by|i am called|address me as|nenn mich|du kannst mich|llámame|appelle-moi) {_NAME}(?:{_STOP}|\b)", _named),
    _rule(rf"^i am (?P<sure>)(?P<name>{_UPPER}[\w'-]+(?: {_UPPER}[\w'-]+)?)(?P<more> from {_UPPER}.*| by the way| here|)$", _introduced),
    # relatives and pets
    _rule(rf"^(?P<sure>)(?:{_MY}) {_RELATIVE}(?:'s name {_BE}| {_BE} (?:called|named)| goes by| heißt| heisst| se llama| s'appelle|'s called|'s named) {_NAME}(?:{_STOP}|\b)", _relative_named),
    _rule(rf"^(?P<sure>)(?:the )?name of (?:{_MY}) {_RELATIVE} is {_NAME}(?:{_STOP}|\b)", _relative_named),
    _rule(rf"^(?:{_MY}) {_RELATIVE} {_BE} {_NAME}(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|und|y|et)\b))", lambda scene, who, m: _relative_named(scene, who, m) if m["name"][:1].isupper() else None),
    _rule(rf"^{_NAME} {_BE} (?:{_MY}) {_RELATIVE}(?:{_STOP})", lambda scene, who, m: _relative_named(scene, who, m) if m["name"][:1].isupper() else None),
    _rule(rf"^i am (?:married|engaged) to {_NAME}(?:{_STOP})", lambda scene, who, m: _fact(scene, _ME, "spouse", clean(m["name"]), importance=0.8, context="married wife husband spouse partner", links=_link(_ME, "spouse", m["name"], "person")) if m["name"][:1].isupper() else None),
    _rule(rf"^(?P<sure>)(?:{_MY}) (?:\w+ )?{_PET}(?:'s name {_BE}| {_BE} (?:called|named)| heißt| heisst| se llama| s'appelle) {_NAME}(?:{_STOP}|\b)", _pet_named),
    _rule(rf"^(?:{_MY}) (?:\w+ )?{_PET} {_BE} {_NAME}(?:{_END}|(?=\s*[,;!?()]))", lambda scene, who, m: _pet_named(scene, who, m) if m["name"][:1].isupper() else None),
    _rule(rf"^{_NAME} {_BE} (?:{_MY}) (?:\w+ )?{_PET}(?:{_STOP})", lambda scene, who, m: _pet_named(scene, who, m) if m["name"][:1].isupper() else None),
    # birthdays and other dates
    _rule(rf"^(?:{_MY}) (?:{_RELATIVE}'s )?(?P<what>birthday|wedding anniversary|anniversary|geburtstag|hochzeitstag|cumpleaños|aniversario|anniversaire(?: de mariage)?) (?:{_BE})(?: (?:on|am|el|le))?(?: the)? {_VALUE}(?:{_STOP})", _their_birthday),
    _rule(rf"^(?P<owner>[A-Z][\w-]+)'s? (?P<what>birthday|anniversary) (?:{_BE})(?: on)?(?: the)? {_VALUE}(?:{_STOP})", lambda scene, who, m: _their_birthday(scene, who, m) if m["owner"][:1].isupper() else None),
    # favourites
    _rule(rf"^(?:{_MY}) (?:all[- ]time |absolute |new |current )*favourite (?P<thing>[\w' -]+?) (?:{_BE})(?: now| still| always| definitely)* {_VALUE}(?:{_STOP})", _favourite),
    _rule(rf"^(?:{_MY}) lieblings-?(?P<thing>[\w-]+) (?:ist|sind)(?: jetzt)? {_VALUE}(?:{_STOP})", _favourite),
    _rule(rf"^(?:{_MY}) (?P<thing>[\w-]+) (?:favorit[oa]s?|préférée?s?) (?:es|son|est|sont)(?: ahora| maintenant)? {_VALUE}(?:{_STOP})", _favourite),
    _rule(rf"^(?P<v>[A-Z0-9][^,;!?()]{{0,60}}?) is (?:{_MY}) (?:all[- ]time |absolute |new )*favourite (?P<thing>[\w' -]+?)(?:{_STOP})", _favourite),
    # standing wishes to the assistant
    _rule(r"^(?:please )?(?:from now on|in (?:the )?future|going forward|henceforth|by default|ab (?:jetzt|sofort)|künftig|in zukunft|a partir de ahora|désormais|à partir de maintenant),?\s+(?:please |bitte |por favor )?(?P<v>(?:always |never |only |immer |nie )?"
          r"(?:answer|reply|respond|write|call|address|use|speak|talk|keep|give|show|cite|format|include|avoid|do not|don't|be|treat|assume|explain|ask|tell|antworte?|schreib\w*|sprich|nutze?|verwende?|nenn\w*|responde|usa|habla|réponds?|utilise|parle)\b.*)", _standing),
    _rule(r"^(?:please )?(?P<v>(?:always|never|immer|niemals|siempre|nunca|toujours)\s+(?:answer|reply|respond|write|call|address|use|speak|talk|keep|give|show|cite|format|include|avoid|assume|explain|ask|tell|be|start|end|put|"
          r"antworte?n?|schreib\w*|sprich|nutze?n?|verwende?n?|responde|usa|habla|réponds?|utilise|parle)\b.*)", _standing),
    _rule(r"^(?:please )?(?P<v>(?:answer|reply|respond|write|speak|antworte?|responde|réponds?)\b.*\b(?:always|from now on|in (?:the )?future|by default|every time|immer|künftig|ab jetzt|siempre|toujours|désormais)\b.*)", _standing),
    # German
    _rule(rf"^ich (?:wohne|lebe)(?: jetzt| derzeit| aktuell| noch| nun)* (?:in|bei|auf|am|im) {_VALUE}(?:{_STOP})", lambda scene, who, m: _home(scene, _ME, m)),
    _rule(rf"^(?:ich|wir) (?:bin|sind)(?: jetzt| gerade| kürzlich| vor kurzem| letzte\w* \w+)* nach {_VALUE} (?:um)?gezogen", lambda scene, who, m: _home(scene, _ME, m)),
    _rule(rf"^ich (?:wohne|lebe) nicht mehr in {_VALUE}(?:{_STOP})", lambda scene, who, m: _no_home(scene, _ME, m)),
    _rule(rf"^ich (?:arbeite|bin)(?: jetzt| derzeit| aktuell| seit [\w ]+?)* als {_VALUE}(?:{_STOP}|(?=\s+bei\b))", lambda scene, who, m: _fact(scene, _ME, "role", clean(m["v"]), importance=0.7, links=_link(_ME, "works as", m["v"], "thing"))),
    _rule(rf"^ich arbeite(?: jetzt| derzeit| aktuell| seit [\w ]+?)* (?:bei|für) {_VALUE}(?:{_STOP}|(?=\s+(?:als|in)\b))", lambda scene, who, m: _work_at(scene, _ME, m)),
    _rule(rf"^ich bin (?:jetzt |von beruf )?(?P<v>[A-ZÄÖÜ][\wäöüß-]+)(?:{_STOP})", lambda scene, who, m: _role(scene, _ME, m)),
    _rule(rf"^ich bin (?P<v>\d{{1,3}}) jahre alt", lambda scene, who, m: _age(scene, _ME, m)),
    _rule(rf"^ich bin (?:stark |sehr )?allergisch (?:gegen|auf) {_VALUE}(?:{_STOP})", lambda scene, who, m: _allergy(scene, _ME, m)),
    _rule(r"^ich (?:bin|lebe|esse|ernähre mich)(?: jetzt)? (?P<v>veganerin|veganer|vegan|vegetarierin|vegetarier|vegetarisch)\b", lambda scene, who, m: _diet_negative(scene, _ME, m)),
    _rule(rf"^ich (?P<no>hasse|verabscheue|mag (?:jetzt )?(?:kein(?:e|en)?|nicht)|esse kein(?:e|en)?|trinke kein(?:e|en)?) {_VALUE}(?:{_STOP}|(?=\s+mehr\b))", lambda scene, who, m: _taste(scene, _ME, m)),
    _rule(rf"^ich mag (?P<v>[^,;!?()]+?) (?P<no>nicht)(?: mehr)?(?:{_END})", lambda scene, who, m: _taste(scene, _ME, m)),
    _rule(rf"^ich (?:mag|liebe|trinke gerne?|esse gerne?|höre gerne?|lese gerne?)(?: sehr| am liebsten)? {_VALUE}(?:{_STOP})", lambda scene, who, m: _taste(scene, _ME, m)),
    _rule(rf"^ich (?:bevorzuge|ziehe) {_VALUE}(?: vor)?(?:{_STOP})", lambda scene, who, m: _prefer(scene, _ME, m)),
    _rule(rf"^ich (?:komme|stamme) (?:ursprünglich )?aus {_VALUE}(?:{_STOP})", lambda scene, who, m: _origin(scene, _ME, m)),
    _rule(rf"^ich habe (?P<v>(?:ein|eine|einen|zwei|drei|vier)\s+[^,;!?()]+?)(?P<verb>)(?:{_STOP})", lambda scene, who, m: _owns(scene, _ME, m)),
    _rule(rf"^ich studiere {_VALUE}(?:{_STOP})", lambda scene, who, m: _study(scene, _ME, m)),
    # Spanish
    _rule(rf"^(?:yo )?(?:ahora )?vivo(?: ahora| actualmente)? en {_VALUE}(?:{_STOP})", lambda scene, who, m: _home(scene, _ME, m)),
    _rule(rf"^(?:yo )?(?:me (?:mudé|he mudado)|nos mudamos) a {_VALUE}(?:{_STOP})", lambda scene, who, m: _home(scene, _ME, m)),
    _rule(rf"^(?:yo )?trabajo(?: ahora)? (?:en|para) {_VALUE}(?:{_STOP}|(?=\s+como\b))", lambda scene, who, m: _work_at(scene, _ME, m)),
    _rule(rf"^(?:yo )?trabajo(?: ahora)? (?:como|de) {_VALUE}(?:{_STOP})", lambda scene, who, m: _fact(scene, _ME, "role", clean(m["v"]), importance=0.7, links=_link(_ME, "works as", m["v"], "thing"))),
    _rule(rf"^(?:yo )?soy (?:muy )?alérgic[oa] (?:a la |a los |a las |al |a ){_VALUE}(?:{_STOP})", lambda scene, who, m: _allergy(scene, _ME, m)),
    _rule(r"^(?:yo )?soy (?P<v>vegan[oa]|vegetarian[oa])\b", lambda scene, who, m: _diet_negative(scene, _ME, m)),
    _rule(rf"^(?:yo )?soy de {_VALUE}(?:{_STOP})", lambda scene, who, m: _origin(scene, _ME, m)),
    _rule(rf"^(?:yo )?soy (?P<v>[\wáéíóúñ]+)(?:{_STOP})", lambda scene, who, m: _role(scene, _ME, m)),
    _rule(rf"^(?:yo )?(?P<no>odio|detesto|(?:ya )?no me gustan?) {_VALUE}(?:{_STOP})", lambda scene, who, m: _taste(scene, _ME, m)),
    _rule(rf"^(?:a mí )?(?:me gustan?|me encantan?|adoro|amo) (?:mucho )?{_VALUE}(?:{_STOP})", lambda scene, who, m: _taste(scene, _ME, m)),
    _rule(rf"^(?:yo )?prefiero {_VALUE}(?:{_STOP})", lambda scene, who, m: _prefer(scene, _ME, m)),
    _rule(r"^(?:yo )?tengo (?P<v>\d{1,3}) años", lambda scene, who, m: _age(scene, _ME, m)),
    _rule(rf"^(?:yo )?tengo (?P<v>(?:un|una|dos|tres)\s+[^,;!?()]+?)(?P<verb>)(?:{_STOP})", lambda scene, who, m: _owns(scene, _ME, m)),
    # French
    _rule(rf"^(?:j'habite|je vis)(?: maintenant| actuellement)? (?:à|en|au|aux|dans) {_VALUE}(?:{_STOP})", lambda scene, who, m: _home(scene, _ME, m)),
    _rule(rf"^(?:j'ai déménagé|je suis (?:parti|partie) vivre|nous avons déménagé) (?:à|en|au) {_VALUE}(?:{_STOP})", lambda scene, who, m: _home(scene, _ME, m)),
    _rule(rf"^je travaille(?: maintenant)? (?:chez|pour|à) {_VALUE}(?:{_STOP}|(?=\s+comme\b))", lambda scene, who, m: _work_at(scene, _ME, m)),
    _rule(rf"^je travaille(?: maintenant)? comme {_VALUE}(?:{_STOP})", lambda scene, who, m: _fact(scene, _ME, "role", clean(m["v"]), importance=0.7, links=_link(_ME, "works as", m["v"], "thing"))),
    _rule(rf"^je suis (?:très )?allergique (?:aux |au |à la |à l'|à ){_VALUE}(?:{_STOP})", lambda scene, who, m: _allergy(scene, _ME, m)),
    _rule(r"^je suis (?P<v>végétarienne|végétarien|végétalienne|végétalien|végane|vegan)\b", lambda scene, who, m: _diet_negative(scene, _ME, m)),
    _rule(rf"^je suis (?P<v>[\wéèêàç]+)(?:{_STOP})", lambda scene, who, m: _role(scene, _ME, m)),
    _rule(rf"^(?P<no>je déteste|je n'aime (?:pas|plus)) {_VALUE}(?:{_STOP})", lambda scene, who, m: _taste(scene, _ME, m)),
    _rule(rf"^(?:j'aime|j'adore)(?: beaucoup| bien)? {_VALUE}(?:{_STOP})", lambda scene, who, m: _taste(scene, _ME, m)),
    _rule(rf"^je préfère {_VALUE}(?:{_STOP})", lambda scene, who, m: _prefer(scene, _ME, m)),
    _rule(r"^j'ai (?P<v>\d{1,3}) ans", lambda scene, who, m: _age(scene, _ME, m)),
    _rule(rf"^j'ai (?P<v>(?:un|une|deux|trois)\s+[^,;!?()]+?)(?P<verb>)(?:{_STOP})", lambda scene, who, m: _owns(scene, _ME, m)),
    # my thing
    _rule(rf"^my (?:main |biggest |current |big )?(?:goal|dream|ambition|new year's resolution|resolution) (?:for \S+(?: \S+)? )?is to {_VALUE}(?:{_END}|(?=\s*[;!?()])|(?=\s+(?:but|because|since)\b))", _goal),
    _rule(rf"^(?P<det>my|our|the) (?P<thing>project|app|company|team|startup|codebase|website|server|backend|frontend|database|stack|repo|product|game|service|platform)(?: {_NAME})? "
          rf"(?P<verb>uses?|runs on|is written in|is built (?:in|on|with)|is hosted (?:on|in|at)|is based on|is called|consists of|targets?|supports?|ships?|deploys to|depends on) {_VALUE}(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:but|because|since|which)\b))",
          lambda scene, who, m: None if fold(m["det"]) == "the" and not m.groupdict().get("name") or fold(m["verb"]) == "is called" else _thing_does(scene, who, m)),
    _rule(rf"^(?P<det>my|our|the) (?P<thing>[\w'’/& -]{{2,60}}?) (?:(?P<called>is called|are called|is named|are named|goes by)|(?:(?:is|are|will be)(?: now| still)?|(?:has been |was |has |is )?(?:moved|changed|postponed|pushed|rescheduled|switched) (?:back )?(?:to|from [\w ]+? to))(?: on)?) {_VALUE}(?:{_END}|(?=\s*[,;!?()])|(?=\s+(?:but|because|since|which|so)\b))", _thing_is),
]  # fmt: skip

_I_SUBJECT = re.compile(rf"^(?:i|we)(?:\s+(?:both|all|myself))?\s+(?P<rest>{_ADVERBS}(?P<core>.+))$", _I)
_KIN_SUBJECT = re.compile(rf"^(?:my|our)\s+{_RELATIVE}(?:,?\s+(?P<name>{_UPPER}[\w'-]+),?)?\s+(?P<rest>{_ADVERBS}(?P<core>.+))$", _I)
_NAME_SUBJECT = re.compile(rf"^(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)?)\s+(?P<rest>{_ADVERBS}(?P<core>.+))$")
_THIRD = re.compile(
    r"^(?:(?:is|has|does|was|just|also|now|still|currently|recently|really|not)\s+)*(?:lives?|moved|works?|working|studies|studying|allergic|likes?|loves?|hates?|prefers?|born|from|speaks|plays|"
    r"turned|\d+ years|joined|started|an?\b|vegan|vegetarian|married|engaged|divorced|pregnant|enjoys?|owns?|drives?|dislikes?|moving|quit|left|retired|has|not|no longer|living|diabetic|left-handed)\b",
    _I,
)


_LAST = ""  # under this key, of whom the message spoke last
_PRONOUN = re.compile(r"^(?:she|he)(?='s\b|\s)", _I)


def find_facts(clauses: list[Clause], known: Mapping[str, str]) -> tuple[list[Fact], list[Correction], list[Clause]]:
    """Facts and corrections in ``clauses``, and the clauses that fit no rule. ``known`` maps folded names that the memory has to their types."""
    facts: list[Fact] = []
    corrections: list[Correction] = []
    rest: list[Clause] = []
    introduced: dict[str, _Who] = {}
    is_all_lower = all(clause.text == clause.text.lower() for clause in clauses)
    for clause in clauses:
        content = tidy(clause.text)
        if len(content) < 3:
            continue
        pronoun = _PRONOUN.match(content)
        if pronoun and _LAST in introduced:
            content = introduced[_LAST].name[:1].upper() + introduced[_LAST].name[1:] + content[pronoun.end() :]
        scene = _Scene(clause, content, is_all_lower, known, introduced)
        correction = _correction(clause, content)
        found = [] if correction and correction.old else _match(scene)
        if found:
            facts.extend(found)
            facts.extend(_named_in_passing(scene, found))
        elif correction:
            corrections.append(correction)
        else:
            rest.append(clause)
    return facts, corrections, rest


def _match(scene: _Scene) -> list[Fact]:
    text = expanded(scene.content)
    for rule in _WHOLE:
        m = rule.pattern.match(text)
        if m:
            fact = rule.build(scene, _ME, m)
            if fact:
                return _each(fact, m)
    subject = _I_SUBJECT.match(text)
    if subject:
        return _predicate(scene, _ME, subject)
    subject = _KIN_SUBJECT.match(text)
    if subject:
        kin, _ = _kin(subject["kin"])
        named = subject["name"]
        if named and named[:1].isupper():
            who = _Who(fold(named), named, "person")
            scene.introduced[kin] = who
        else:
            who = scene.introduced.get(kin) or _Who(kin, f"my {kin}", "person")
        scene.introduced[_LAST] = who
        return _predicate(scene, who, subject)
    subject = _NAME_SUBJECT.match(text)
    if subject:
        name = fold(subject["name"])
        is_introduced = any(who.key == name for who in scene.introduced.values())
        is_known = scene.known.get(name) in {"person", "animal"}
        if (is_introduced or is_known or scene.clause.is_asked_for) and _THIRD.match(subject["rest"]) and name not in PLACES:
            return _predicate(scene, _Who(name, subject["name"], scene.known.get(name, "person")), subject)
    return []


def _predicate(scene: _Scene, who: _Who, subject: re.Match[str]) -> list[Fact]:
    # With and without the adverbs: "I really like", and "I have a dog", where "have" is the verb itself.
    for text in _beginnings(subject["rest"]):
        for rule in _PREDICATES:
            m = rule.pattern.match(text)
            if m:
                fact = rule.build(scene, who, m)
                if fact:
                    return _each(fact, m)
    return []


_PAIRS = frozenset("chips cheese pepper roll bass tonic blues soul jelly vinegar bolts white butter gravy spice dragons".split())
_MORE = re.compile(
    r"(?:\s*,\s*(?:and |or |und |y |et )?|\s+(?:and|or|und|oder|y|o|et|ou)\s+)(?P<item>(?:(?!\b(?:i|my|we|but|because|who|which|that|so|it|and|or|und|oder|y|et|ou)\b)[\w'-]+ ?){1,3}?)(?=\s*(?:,|$|[.!]|\s(?:and|or|und|oder|y|et|ou)\s))",
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
        if not item or _is_empty(item):
            return [fact]
        if fold(item.split(" ")[-1]) in _PAIRS:  # "fish and chips" is one thing
            whole = m.string[m.start("v") : more.end()]
            links = [msgspec.structs.replace(link, object=_LEADING.sub("", whole)) for link in fact.links[:1]]
            return [msgspec.structs.replace(fact, slot=f"{fact.family}|{_thing(whole)}", value=whole, links=links)]
        items.append(item)
        at = more.end()
    if len(items) == 1 or m.string[at:].strip(" .!"):
        return [fact]
    spoken = re.search(re.escape(fact.value) + r".*$", fact.content, _I)
    if spoken is None:
        return [fact]
    found = []
    for item in items:
        which = _thing(item)
        links = [msgspec.structs.replace(link, object=_LEADING.sub("", item)) for link in fact.links[:1]]
        found.append(msgspec.structs.replace(fact, content=fact.content[: spoken.start()] + item, slot=f"{fact.family}|{which}", value=item, links=links))
    return found


_IN_PASSING = re.compile(rf"\b(?P<my>{_MY}) {_RELATIVE},? (?P<name>{_UPPER}[\w'-]+)", _I)
_IS = {"mein": "ist", "unse": "ist", "mi": "es", "mis": "es", "nues": "es", "mon": "est", "ma": "est", "mes": "est", "notr": "est"}


def _named_in_passing(scene: _Scene, found: list[Fact]) -> list[Fact]:
    """People named on the way are facts of their own: "I live in Berlin with my wife Eva" may end, Eva stays the wife."""
    more = []
    for m in _IN_PASSING.finditer(found[0].content):
        name = m["name"]
        if fold(name) in PLACES or fold(name) in NATIONALITIES or any(fact.value == name for fact in found):
            continue
        kin, is_one = _kin(m["kin"])
        scene.introduced[kin] = scene.introduced[_LAST] = _Who(fold(name), name, "person")
        content = f"{m['my'][:1].upper()}{m['my'][1:]} {m['kin']} {_IS.get(m['my'][:4].casefold(), 'is')} {name}"
        passing = _Scene(scene.clause, content, scene.is_all_lower, scene.known, scene.introduced)
        which = "" if is_one else key_of(name)
        more.append(_fact(passing, _ME, kin, name, which=which, importance=0.7, context=f"{kin} family who", links=_link(_ME, kin, name, "person")))
    return more


_ADVERB = re.compile(_ADVERBS.removesuffix("*"), _I)


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
        rf"^(?:it is|that is|they are|he is|she is|es ist|es|c'est)(?: (?:now|actually|jetzt|ahora))? {_NEW_VALUE},? (?:and )?not {_OLD_VALUE}{_END}", _I
    ),
    re.compile(rf"^(?:it is|that is|they are) not {_OLD_VALUE}(?: anymore| any more)?,? (?:but|it is|rather)?\s*(?:it is )?{_NEW_VALUE}{_END}", _I),
    re.compile(rf"^(?:(?:my|our|the) .+? (?:is|are)|i .+?|we .+?) {_NEW_VALUE}, (?:and )?not {_OLD_VALUE}{_END}", _I),
    re.compile(rf"^(?:(?:i|we) (?:have )?(?:just )?(?:switched|changed|migrated|upgraded)) from {_OLD_VALUE} to {_NEW_VALUE}{_END}", _I),
    re.compile(rf"^{_NEW_VALUE}, not {_OLD_VALUE}{_END}", _I),
    re.compile(rf"^i mean(?:t)? {_NEW_VALUE}{_END}", _I),
    re.compile(
        rf"^(?:it is|that is|they are|make (?:it|that)|it should be|it must be|es ist|es|c'est)(?: (?:now|actually|jetzt|ahora|maintenant))? {_NEW_VALUE}{_END}",
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
        if not new or _STATE.match(new) or _is_empty(new) or len(tokens(new)) > 8:
            continue
        if old:
            if _is_empty(old) or len(tokens(old)) > 6 or (at in (2, 4) and not is_marked and old.islower()):
                continue
            return Correction(content, re.sub(r"^(?:in|at|on|to)\s+", "", new), re.sub(r"^(?:in|at|on|to)\s+", "", old))
        if is_marked or text[:6].casefold() == "i mean" or re.search(r"\b(?:now|jetzt|ahora|maintenant)\b", text, _I):
            return Correction(content, new)
    return None
