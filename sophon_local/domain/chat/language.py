"""Words: what a message is about, and what kind of answer it asks for. Rules, no model."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import msgspec

Intent = Literal["small_talk", "statement", "question", "instruction"]

_STOP = frozenset(
    """a about above after again all also am an and any are as at be been before being below between both but by can could did do does doing don down during
    each few for from further get give had has have having he her here hers him his how i if in into is it its itself just know let like ll made make many
    may me might more most much must my of off on once one only or other our out over own per please re s same say see shall she should so some such t
    tell than that the their them then there these they this those through to too under until up upon us use used using ve very was way we were what when
    where which while who whom whose why will with would yes you your yours der die das den dem des ein eine einen einem einer und oder ist sind war wie
    was wer wo wann warum welche welcher welches mit für von zu zum zur im in auf an es er sie ich du wir ihr mein meine dein nicht auch noch bitte
    kann""".split()
)
_WORD = re.compile(r"[^\W_]+(?:[.,:'’\-/][^\W_]+)*", re.UNICODE)
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\W_])|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Eq|Sec|approx|ca|z\.B|d\.h|bzw|Nr|\b[A-Z]))\.$")


def _any(*alternatives: str) -> str:
    """One of some words and phrases, given in lines of words parted by spaces; an underscore stands for a space within a phrase."""
    return "(?:" + "|".join(word.replace("_", " ") for line in alternatives for word in line.split()) + ")"


_POLITE = r"\W*(?:please |can you |could you |would you )*"
_GREETING = _any(
    "hi hello hey hallo moin hola salut bonjour good_morning good_evening good_afternoon good_night guten_morgen guten_tag guten_abend",
    "thanks? thanks?_you thank_you thx danke merci gracias ok okay cool great nice perfect super got_it i_see sure yes no yep nope bye goodbye see_you",
    "tschüss lol haha+ how_are_you how's_it_going wow there sophon you so_much very_much a_lot again then everyone friend schön sehr",
)
_SMALL_TALK = re.compile(rf"\W*{_GREETING}(?:\W+{_GREETING})*\W*", re.IGNORECASE)
_QUESTION_WORD = re.compile(
    r"\W*(?:and |so |but |ok(?:ay)?,? |please,? |then )?"
    + _any(
        "who whom whose what when where which why how is are was were do does did can could may must should will would has have had am",
        "wer was wann wo wie warum wieso welche[rsmn]? ist sind hat haben kann darf muss",
        "qui quoi quand où comment pourquoi combien quel(?:le)?s? quién qué cuándo dónde cómo cuánto",
    )
    + r"\b",
    re.IGNORECASE,
)
_LOOK_UP = re.compile(
    _POLITE + _any("tell_me explain describe define find look_up search list show_me name give_me according_to") + r"\b",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    _POLITE
    + _any(
        "write draft compose translate rewrite rephrase summari[sz]e shorten generate create make fix correct improve convert calculate compute count code",
        "implement sing joke imagine pretend continue repeat remind remember forget help suggest plan brainstorm schreibe? übersetze? fasse",
    )
    + r"\b",
    re.IGNORECASE,
)
_NOW = re.compile(r"\W*what(?:'s| is)? (?:the )?(?:time|day|date)\b[^?]{0,12}\b(?:it|today|now)\b", re.IGNORECASE)
_REMEMBER = re.compile(_POLITE + r"(?:remember|note|keep in mind|don't forget|merke? dir)\b", re.IGNORECASE)
_DELETE = re.compile(_POLITE + r"(?:forget|delete|erase|remove|wipe)\b", re.IGNORECASE)
_MADE_UP = re.compile(r"\b(?:joke|story|poem|haiku|song|riddle|limerick|rap|fairy tale)\b", re.IGNORECASE)
_SUMMARY = re.compile(r"\b(?:summari[sz]e|summary|sum up|tl;?dr|overview of|key points|main points|fasse .* zusammen|zusammenfassung|résume)\b", re.IGNORECASE)
_FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine|myself|our|we|us|ich|mein\w*|mir|mich|unser\w*)\b", re.IGNORECASE)
_PERSONAL = re.compile(
    r"\b(?:my|mine|our|ours|mein\w*|unser\w*|about me|know me|mon|ma|mes|mi|mis)\b|\bi "
    + _any(
        "live work like love hate prefer own say said tell told mention mentioned was_born am study drive eat drink speak call meet met bought plan want have"
    )
    + r"\b",
    re.IGNORECASE,
)
_FOLLOW_UP = re.compile(r"\b(?:it|its|they|them|their|he|she|his|her|that|this|those|these|there|one|ones|same|else)\b", re.IGNORECASE)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|half|once|twice|no|none|zero)"
)
_EXPECTED: list[tuple[str, re.Pattern[str], re.Pattern[str]]] = [
    (
        "money",
        re.compile(r"\b(?:costs?|priced?|fee|how much (?:is|does|do|are)|budget|salary|pay for)\b", re.IGNORECASE),
        re.compile(
            r"[$€£¥]\s?\d|\b\d[\d,. ]*\s?" + _any("dollars? euros? eur usd gbp pounds? cents? chf yen percent") + r"\b|\bfree\b|\bno (?:fee|charge|cost)",
            re.IGNORECASE,
        ),
    ),
    ("email", re.compile(r"\be-?mail(?: address)?\b", re.IGNORECASE), re.compile(r"\S+@\S+\.\w+")),
    ("phone", re.compile(r"\b(?:phone|telephone|fax) (?:number)?", re.IGNORECASE), re.compile(r"\+?\d[\d\s()./-]{5,}\d")),
    ("year", re.compile(r"\b(?:what|which) year\b", re.IGNORECASE), re.compile(r"\b(?:1\d|20)\d\d\b")),
    (
        "date",
        re.compile(r"\b(?:since when|when|(?:what|which) (?:date|day|year|month|time)|deadline|due)\b", re.IGNORECASE),
        re.compile(
            rf"\b(?:1\d|20)\d\d\b|\b\d{{1,2}}[./:]\d{{1,2}}|\b{_MONTH}\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d+\s?(?:am|pm)\b|\b"
            + _any("today tomorrow yesterday daily weekly monthly annually every after before until once during within immediately whenever if when")
            + r"\b",
            re.IGNORECASE,
        ),
    ),
    (
        "number",
        re.compile(
            r"\bhow " + _any("many much long far old big large high tall deep heavy fast wide often hot cold late early") + r"\b"
            r"|\bwhat (?:percentage|number|size|amount|temperature)\b",
            re.IGNORECASE,
        ),
        re.compile(rf"\d|\b{_NUMBER_WORD}\b|\b" + _any("every always never daily weekly monthly yearly unlimited several all") + r"\b", re.IGNORECASE),
    ),
    (
        "person",
        re.compile(r"\bwho(?:se|m)?\b", re.IGNORECASE),
        re.compile(
            r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+|\b"
            + _any("you user owner manager director anyone everyone nobody people customers? \\w+(?:er|or|ist|ian)s?")
            + r"\b"
        ),
    ),
]


class Question(msgspec.Struct, frozen=True):
    """A message, understood. ``terms`` are stems in order; ``expects`` is the kind of value a good answer holds, with its pattern."""

    text: str
    intent: Intent
    terms: list[str]
    expects: str | None
    is_personal: bool
    wants_summary: bool

    @property
    def asks_for_facts(self) -> bool:
        """Whether it asks about the world, rather than for help or about the assistant itself."""
        return self.intent == "question" and len(self.terms) >= 2 and not re.search(r"\b(?:you|your)\b", self.text, re.IGNORECASE)


@lru_cache(maxsize=1)
def _stemmer() -> object:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    return str(_stemmer().stemWord(word))  # type: ignore[attr-defined]


def words(text: str) -> list[str]:
    """The words of a text, folded."""
    return [match.casefold().replace("’", "'").removesuffix("'s") for match in _WORD.findall(text)]


def terms(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order, each as often as it stands there."""
    return [stem(word) for word in words(text) if word not in _STOP and (len(word) > 1 or word.isdigit())]


def numbers(text: str) -> set[str]:
    """Every number in a text, without grouping signs."""
    return {n.replace(",", "").rstrip(".") for n in re.findall(r"\d[\d,]*(?:[.:]\d+)*", text)}


def names(text: str) -> set[str]:
    """The words that are written like names within a sentence, folded: capitals anywhere but at its beginning."""
    return {word for match in re.finditer(r"(?<=[\w,;] )[^\W\d_a-z][\w'’-]+", text) for word in words(match.group())}


def sentences(text: str) -> list[tuple[int, int]]:
    """Where sentences (or list items, or lines of a table) begin and end in ``text``, without surrounding white space."""
    spans = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[start : match.start()][-12:]) and "\n" not in match.group():
            continue
        spans.append((start, match.start()))
        start = match.end()
    spans.append((start, len(text)))
    trimmed = []
    for a, b in spans:
        piece = text[a:b]
        a += len(piece) - len(piece.lstrip())
        b -= len(piece) - len(piece.rstrip())
        if b > a:
            trimmed.append((a, b))
    return trimmed


_MEASURE = re.compile(r"\bhow " + _any("many much long far old big large high tall deep heavy fast wide often hot cold late early") + r"\b", re.IGNORECASE)


def understand(text: str) -> Question:
    """What a message wants."""
    stripped = text.strip()
    first = stripped.splitlines()[0] if stripped else ""
    about = list(dict.fromkeys(terms(_MEASURE.sub(" ", stripped))))
    intent: Intent
    if (len(words(stripped)) <= 8 and _SMALL_TALK.fullmatch(stripped)) or _NOW.match(stripped) or not (about or _FOLLOW_UP.search(stripped)):
        intent = "small_talk"
    elif _REMEMBER.match(first):
        intent = "statement"
    elif _INSTRUCTION.match(first) or _MADE_UP.search(first) or (about and all(term.isdigit() for term in about)):
        intent = "instruction"
    elif stripped.endswith("?") or first.rstrip().endswith("?") or _QUESTION_WORD.match(first) or _LOOK_UP.match(first):
        intent = "question"
    elif len(about) <= 3 and not _FIRST_PERSON.search(stripped):
        intent = "question"  # keywords, as one types into a search box
    else:
        intent = "statement"
    expects = None
    if intent == "question":
        expects, asked = next(((name, asked) for name, asked, _ in _EXPECTED if asked.search(stripped)), (None, None))
        if asked is not None and expects in ("year", "date"):  # the kind of value, not what it is of; the other kinds may stand in the text by name
            about = list(dict.fromkeys(terms(asked.sub(" ", _MEASURE.sub(" ", stripped))))) or about
    return Question(stripped, intent, about, expects, bool(_PERSONAL.search(stripped)), bool(_SUMMARY.search(stripped)))


def asks_the_time(question: Question) -> bool:
    """Whether a message asks what time or day it is: that is for the clock to say, not for a small model."""
    return bool(_NOW.match(question.text))


def asks_to_delete(question: Question) -> bool:
    """Whether a message wants something erased. Nothing is erased by talking: a person does that where they see what goes."""
    return bool(_DELETE.match(question.text))


def is_follow_up(question: Question) -> bool:
    """Whether a question leans on the turn before: few words of its own, and a pronoun or a connective."""
    return len(question.terms) <= 4 and bool(
        _FOLLOW_UP.search(question.text) or re.match(r"\W*(?:and|und|what about|how about)\b", question.text, re.IGNORECASE)
    )


def follow(question: Question, before: str) -> Question:
    """A question that leans on the message ``before``, with the words of both."""
    return msgspec.structs.replace(
        question,
        text=f"{before.strip()} {question.text}",
        terms=list(dict.fromkeys([*question.terms, *understand(before).terms])),
        expects=question.expects or understand(before).expects,
    )


def holds_expected(expects: str | None, text: str) -> bool:
    """Whether a text holds the kind of value that was asked for; True where no kind was."""
    pattern = next((holds for name, _, holds in _EXPECTED if name == expects), None)
    return pattern is None or bool(pattern.search(text))
