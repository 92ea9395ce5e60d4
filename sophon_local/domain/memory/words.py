"""Words as the memory compares them: folded, lightly stemmed, without the small words of four languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SPACE = re.compile(r"\s+")

SMALL = frozenset(
    # English
    "a about after again all also am an and any are as at be been being but by can could did do does doing for from had has have having he her here hers "
    "him his how i if "
    "in into is it its just me more most my no nor not now of off on or our ours out over own please really she so some such than that the their them then "
    "there these they "
    "this those to too up us very was we were what when where which while who whom why will with would you your yours yes "
    # German
    "aber als am an auch auf aus bei bin bist das dass dein deine dem den der des die du ein eine einem einen einer er es euch für hat hatte ich ihr ihre "
    "im in ist ja kann kein keine mein "
    "meine meinem meinen meiner mich mir mit nach nicht noch nur oder schon sehr sich sie sind so über um und uns unser unsere vom von vor war was wenn "
    "wer wie wir wird wo zu zum zur "
    # Spanish
    "al como con cual de del el ella en es esta este eso era fue ha he la las le lo los mi mis me muy no nos nuestra nuestro o para pero por que se ser si "
    "sin sobre soy su sus te tu un una y ya yo "
    # French
    "au aux avec ce cette ces c'est dans de des du elle en est et eu il ils j'ai je la le les leur ma mais me mes moi mon ne nos notre nous on ou par pas "
    "pour qu que qui sa se ses son sont "
    "suis sur ta te tes toi ton tu un une vos votre vous y à".split()
)
NEGATIONS = frozenset(
    "not no never none nothing nobody cannot don't doesn't didn't isn't aren't wasn't won't can't without anymore longer stopped quit hate dislike detest "
    "nicht kein keine keinen keinem keiner nie niemals mehr ohne hasse no nunca jamás sin odio ne pas jamais plus sans déteste".split()
)
FIRST_PERSON = frozenset(
    "i i'm i've i'd i'll me my mine myself we we're our ours us ich mir mich mein meine meinen meinem meiner wir uns unser unsere yo mi mis nosotros je "
    "j'ai moi mon ma mes nous notre".split()
)


def fold(text: str) -> str:
    """``text`` for comparing: compatibility forms, case and runs of space ironed out, straight apostrophes."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'").casefold()).strip()


def tokens(text: str) -> list[str]:
    return _WORD.findall(fold(text))


@lru_cache(4096)
def stem(word: str) -> str:
    """The word without its plural or possessive ending: enough to compare "cats" with "cat", never to search with."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def content_words(text: str) -> frozenset[str]:
    """What a text is about: its stems without the small words. Numbers and negations stay, because they change the meaning."""
    return frozenset(stem(word) for word in tokens(text) if word not in SMALL or word in NEGATIONS)


def overlap(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard similarity, 0..1."""
    return len(a & b) / len(a | b) if a and b else 0.0


def is_negated(text: str) -> bool:
    return any(word in NEGATIONS for word in tokens(text))


def key_of(text: str) -> str:
    """A short text as part of a key: stems in their order, without small words; the folded text itself when nothing else is left."""
    return " ".join(stem(word) for word in tokens(text) if word not in SMALL) or fold(text)


def entity_key(name: str) -> str:
    """A name as the graph knows it: its words, folded; "" when it has none."""
    return " ".join(tokens(name))
