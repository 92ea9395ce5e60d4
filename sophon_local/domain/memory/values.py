"""The parts that the rules are made of: pieces of regular expressions, and what a value may look like."""

from __future__ import annotations

import re

from .gazetteer import OCCUPATIONS, PETS, PLACES, RELATIVES, SOFTWARE
from .words import fold, key_of, tokens

_I = re.IGNORECASE

_ADJECTIVES = (
    r"(?:(?:older|elder|younger|little|big|twin|eldest|oldest|youngest|best|old|new|close|good|step|half|great|late|ex|other|first|second|only)[\s-]+)*"
)
RELATIVE = rf"(?P<kin>{_ADJECTIVES}(?:{'|'.join(sorted((re.escape(word) for word in RELATIVES), key=len, reverse=True))}))"
PET = rf"(?P<pet>{'|'.join(sorted(PETS, key=len, reverse=True))})"

UPPER = r"(?-i:[^\W\d_a-zß-öø-ÿ])"
NAME = (
    rf"(?P<name>(?:(?:Dr|Prof|Mr|Mrs|Ms)\.?\s+)?[^\W\d_][\w'-]*(?:\s+(?:(?:van|von|de|der|den|da|del|di|la|le|el|al|bin|ibn|zu|"
    rf"y)\s+){{0,2}}{UPPER}[\w'-]*){{0,3}})"
)
_TAIL = (
    r"(?:\s+(?:now|these days|at the moment|currently|though|too|as well|again|anymore|any more|instead|btw|by the way|please|jetzt|ahora|maintenant|"
    r"really|by now|since then|already))*"
)
END = rf"{_TAIL}\s*[.!]*$"
VALUE = r"(?P<v>[^,;!?()]+?)"
STOP = (
    rf"(?:{END}|(?=\s*[,;!?()])|(?=\s+(?:and|but|because|since|so|which|who|where|when|while|until|although|though|with my|with our|for (?:the|about|over|"
    rf"a|my|\d|\w+ years)|as (?:a|an|the|my)|after|before|"
    rf"und|aber|weil|seit|mit|y|pero|porque|desde|con|et|mais|parce|depuis|avec|from)\b))"
)
ADVERBS = (
    r"(?:(?:currently|now|still|just|recently|also|really|actually|absolutely|totally|particularly|especially|truly|definitely|usually|generally|mostly|"
    r"mainly|always|often|sometimes|originally|"
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
            r"\b(wife|husband|partner|sister|brother|mother|father|mum|mom|dad|son|daughter|boss|friend|girlfriend|boyfriend|dog|cat|birthday|anniversary|"
            r"favourite)'s\b"
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


LEADING = re.compile(r"^(?:a|an|the|my|our|some|any|der|die|das|ein|eine|einen|el|la|los|las|un|una|le|les|une|du|des|de la|l')\s*(?<=[\s'])", _I)
_TRAILING = re.compile(
    r"(?:\s+|^)(?:very much|so much|a lot|the most|most|more than anything|now|anymore|any more|these days|lately|right now|at the moment|today|again|too|"
    r"as well|though|though|at all|either|please|sehr|gern|gerne|"
    r"nicht mehr|mucho|beaucoup|plus|pas)$",
    _I,
)
ACT = re.compile(
    r"^(?:to\s+)?(?:drink(?:ing)?|eat(?:ing)?|watch(?:ing)?|listen(?:ing)? to|read(?:ing)?|using|use|having|have|wearing|beber|comer|boire|manger)\s+(?=\S)", _I
)
EMPTY = frozenset(
    "it that this them those these him her you me us everything nothing something anything one ones what how when where why who if everyone people someone "
    "things stuff way idea answer response "
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


def is_name(value: str, *, is_lower_ok: bool = False) -> bool:
    words = value.split()
    if not 1 <= len(words) <= 5 or fold(words[0]) in EMPTY | {
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


def is_place(value: str, is_all_lower: bool) -> bool:
    folded = fold(LEADING.sub("", value))
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
        return (
            re.search(
                r"\b(?:city|town|village|country|countryside|suburbs?|house|flat|apartment|farm|island|coast|mountains?|north|south|east|west|"
                r"centre|center|area|neighbou?rhood|stadt|dorf|haus|wohnung|land|"
                r"ciudad|pueblo|casa|piso|ville|village|maison|appartement)\b",
                value,
                _I,
            )
            is not None
        )
    return value[:1].isupper() or (is_all_lower and first not in EMPTY and len(folded.split()) <= 3)


def is_role(value: str) -> bool:
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


def thing_key(value: str) -> str:
    """The thing of a taste as a key: "drinking coffee", "a coffee" and "Coffee" are one."""
    value = ACT.sub("", clean(value))
    return key_of(LEADING.sub("", value)) or fold(value)


def is_empty(value: str) -> bool:
    folded = [word for word in tokens(value)]
    return not folded or folded[0] in EMPTY or len(folded) > 14


def kin_of(word: str) -> tuple[str, bool]:
    folded = fold(word)
    if folded in RELATIVES:
        return RELATIVES[folded]
    head = folded.split(" ")[-1]
    canonical, is_one = RELATIVES.get(head, (head, False))
    rest = folded.removesuffix(head).strip()
    return (canonical, is_one) if not rest else (f"{rest} {canonical}", rest in {"eldest", "oldest", "youngest", "twin", "best", "only"} or is_one)


DATE_LIKE = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|märz|mai|juni|juli|"
    r"oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|"
    r"agosto|septiembre|octubre|noviembre|diciembre|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|"
    r"christmas|new year|halloween|valentine)\b",
    _I,
)


DAY_LIKE = re.compile(r"\b\d{4}\b|\b\d{1,2}[./]\d{1,2}\b|(?=.*\d).*[^\W\d_]{3,}", _I)  # more than an hour
STATE = re.compile(
    r"^(?:(?:not|very|too|so|really|quite|a bit|pretty|still|now|already|completely|totally|also)\s+)*(?:broken|slow|fast|working|work|down|up|stuck|empty|"
    r"full|fine|good|bad|ok|okay|ready|done|wrong|right|correct|here|there|"
    r"great|nice|annoying|failing|crashing|running|gone|lost|missing|late|early|close|closed|open|over|long|short|big|small|old|new|dead|off|on|sick|ill|"
    r"tired|happy|sad|angry|important|urgent|hard|easy|simple|"
    r"complicated|clear|unclear|that|how|what|why|whether|if|to|as follows|below|above|attached|the following|it|this)\b",
    _I,
)
