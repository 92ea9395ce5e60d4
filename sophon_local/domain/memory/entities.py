"""People, places, organisations, dates and the like in a text, by cue words, suffixes and shape.

No model: a name counts when something beside its capital letter says so (a cue before it, a suffix, several capitalised words, or that the memory
knows it already). German capitalises every noun, so there a cue is always needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from .gazetteer import LANGUAGES, MONTHS, NATIONALITIES, PLACES, SOFTWARE, WEEKDAYS
from .words import SMALL, fold, tokens

MOST = 40  # entities of one entry


class Found(msgspec.Struct, frozen=True):
    """``type``: person, organisation, place, date, money, email, url, project, animal, thing or name (a name of unknown kind)."""

    name: str
    type: str
    start: int


_UPPER = r"[^\W\d_a-zß-öø-ÿ]"
_CAPITALISED = rf"(?:{_UPPER}[\w&'’-]*|{_UPPER}\.)"
_RUN = re.compile(rf"{_CAPITALISED}(?:\s+(?:(?:of|de|der|den|van|von|del|da|di|la|le|the|&)\s+){{0,2}}{_CAPITALISED})*")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"\bhttps?://[^\s<>\"')\]]+|\bwww\.[^\s<>\"')\]]+")
_MONTH = rf"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_DATE = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b|\b(?:the )?\d{{1,2}}(?:st|nd|rd|th|er|\.|º)? (?:of |de )?{_MONTH}\b(?:,? (?:de )?\d{{4}})?"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\b{_MONTH} \d{{4}}\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"(?:[€$£¥]\s?\d[\d.,]*(?:\s?(?:k|m|bn|million|billion))?|\b\d[\d.,]*\s?(?:€|\$|£|euros?|dollars?|pounds?|usd|eur|gbp|chf|francs?)(?!\w))", re.IGNORECASE
)
_ORGANISATION_SUFFIX = re.compile(
    r"\b(?:GmbH|AG|KG|SE|e\.V\.|Inc|Inc\.|Incorporated|Corp|Corp\.|Corporation|Co\.|Company|Ltd|Ltd\.|Limited|LLC|LLP|PLC|plc|S\.A\.|SA|SARL|SL|S\.L\.|BV|"
    r"NV|Oy|AB|ApS|University|College|School|Institute|"
    r"Institut|Universität|Hochschule|Universidad|Université|Bank|Foundation|Stiftung|Hospital|Clinic|Klinik|Museum|Library|Ministry|Department|Committee|"
    r"Association|Society|Group|Holdings|Labs|Laboratories|"
    r"Technologies|Systems|Solutions|Software|Robotics|Studios|Airlines|Airways|Insurance|Partners|Consulting|Industries|Motors|Press|Records|Club)$"
)
_PERSON_CUE = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|professor|sir|herr|frau|señor|señora|monsieur|madame|aunt|uncle|grandma|grandpa|tante|onkel|"
    r"wife|husband|spouse|partner|fiancée?|girlfriend|boyfriend|mother|mom|mum|father|dad|sister|brother|son|daughter|cousin|niece|nephew|friend|boss|"
    r"manager|colleague|coworker|neighbou?r|flatmate|roommate|teacher|doctor|"
    r"mutter|vater|schwester|bruder|sohn|tochter|freundin|freund|chef|chefin|kollegin|kollege|hermana|hermano|esposa|marido|hija|hijo|amiga|amigo|femme|"
    r"mari|sœur|frère|fille|fils|amie?|"
    r"met|meet|meeting|called|named|ask|asked|told|tell|emailed|phoned|texted|thank|thanks|invite|invited|(?:meeting|lunch|dinner|breakfast|coffee|call|"
    r"talk|talked|spoke|speak|chat|chatted|live|lives|date|trip|went|go|gone|"
    r"travel\w*|appointment) with|(?:written|made|painted|recommended|sent|owned|founded) by|heißt|traf|mit|conocí|avec|rencontré)\.?,?\s+)$",
    re.IGNORECASE,
)
_ORGANISATION_CUE = re.compile(r"\b(?:(?:work|works|working|worked|job|position|interview|intern|internship|employed|engineer|developer|manager|nurse|"
                               r"doctor|teacher|studies|studied|student)\s+(?:at|for|with)|joined|founded|company|firm|employer|bei|arbeite für|chez|"
                               r"trabajo en)\s+$", re.IGNORECASE)  # fmt: skip
_PLACE_CUE = re.compile(
    r"\b(?:(?:live|lives|living|lived|based|born|stay|staying|stayed|flat|house|apartment|office|trip|holiday|vacation|conference|meeting|restaurant|hotel|"
    r"grew up)\s+(?:in|to|near|at)|moved? to|moving to|travel(?:l?ing|led)? to|flying to|"
    r"flight to|trip to|drive to|train to|going to|went to|visit(?:ing|ed)?|wohne in|lebe in|nach|aus|vivo en|habite à|arrived in|city of|in)\s+$",
    re.IGNORECASE,
)
_PROJECT_CUE = re.compile(
    r"\b(?:project|app|product|codename|code name|library|tool|game|startup|projekt|proyecto|projet|service|repo|repository|"
    r"platform)\s+(?:(?:is\s+)?(?:called|named)\s+)?$",
    re.IGNORECASE,
)
_VERB_BEHIND = re.compile(r"^\s+(?:said|says|told|asked|wrote|lives|works|likes|loves|hates|thinks|called|agreed|and i|is my|was my|is our)\b", re.IGNORECASE)
_NOT_A_NAME = (
    SMALL
    | MONTHS
    | WEEKDAYS
    | LANGUAGES
    | NATIONALITIES
    | frozenset(
        "i i'm i've i'd i'll ok okay hi hello hey thanks please remember today tomorrow yesterday tonight always never mr mrs ms dr prof god christmas "
        "easter api url html css json pdf ai llm cpu gpu tv pc "
        "ich du er sie es wir ihr bitte heute morgen gestern yo tú él ella nosotros hoy mañana je tu il elle nous vous aujourd'hui demain met meet call "
        "ask tell visit see email buy book send get use using talk lunch dinner deadline boss great there here let's that's it's what's don't".split()
    )
)
_GERMAN = frozenset("ich und der die das ist nicht ein eine mein meine mit auf für bin wir habe von zu im den".split())


def find_entities(text: str, known: Mapping[str, str]) -> list[Found]:
    """The entities of ``text`` in their order, each name once. ``known`` maps folded names that the memory has to their types."""
    found: dict[str, Found] = {}
    taken: list[tuple[int, int]] = []

    def add(name: str, kind: str, start: int) -> None:
        name = " ".join(name.strip(" .,;:!?'\"").split()).removesuffix("'s").removesuffix("’s")
        if len(name) < 2 or len(name) > 80 or len(found) >= MOST:
            return
        key = fold(name)
        if key not in found or found[key].type == "name":
            found[key] = Found(name, kind, start if key not in found else found[key].start)

    for pattern, kind in ((_EMAIL, "email"), (_URL, "url"), (_DATE, "date"), (_MONEY, "money")):
        for m in pattern.finditer(text):
            if all(m.end() <= s or m.start() >= e for s, e in taken):
                add(m[0].rstrip(".,;"), kind, m.start())
                taken.append((m.start(), m.end()))

    words = tokens(text)
    is_german = sum(word in _GERMAN for word in words) >= max(2, len(words) // 8)
    for m in _RUN.finditer(text):
        if any(m.start() < e and m.end() > s for s, e in taken):
            continue
        name, start = _trimmed(m)
        if not name:
            continue
        key = fold(name)
        before, behind = text[max(0, start - 40) : start], text[start + len(name) : start + len(name) + 24]
        was_led = start > m.start()  # "The Deadline", "My Boss": the capital may be a matter of taste
        is_first = was_led or not before.strip() or before.rstrip().endswith((".", "!", "?", ":", "\n", "•", "-"))
        named_kind = known.get(key) or _kind(name, key, before, behind)
        if named_kind is None:
            has_several = len(name.split()) >= 2
            if is_german or (is_first and not has_several) or (has_several and any(fold(word) in _NOT_A_NAME for word in name.split()[:1])):
                continue
            named_kind = "name"
        add(name, named_kind, start)
    # Names that the memory knows are found in lower case too.
    folded = f" {' '.join(words)} "
    for name, kind in known.items():
        if kind not in {"date", "money", "thing"} and name not in found and len(name) > 2 and f" {name} " in folded:
            at = fold(text).find(name)
            add(text[at : at + len(name)] if fold(text[at : at + len(name)]) == name else name, kind, max(at, 0))
    return sorted(found.values(), key=lambda one: one.start)


def _trimmed(m: re.Match[str]) -> tuple[str, int]:
    """The run of capitalised words without small words at its ends: "The Hague" stays, "My Anna" becomes "Anna"."""
    name, start = m[0], m.start()
    if fold(name) in PLACES:
        return name, start
    while name:
        first, _, others = name.partition(" ")
        if fold(first) in _NOT_A_NAME or fold(first).split("'")[0] in {"i", "that", "it", "what", "let"}:
            start += len(first) + len(others) - len(others.lstrip()) + (1 if others else 0)
            name = others.lstrip()
            continue
        break
    while name and fold(name.rsplit(" ", 1)[-1]) in (MONTHS | WEEKDAYS) and " " in name:
        name = name.rsplit(" ", 1)[0]
    return (name, start) if name and re.search(r"\w\w", name) else ("", start)


def _kind(name: str, key: str, before: str, behind: str) -> str | None:
    if key in PLACES:
        return "place"
    if key in SOFTWARE:
        return "thing"
    if _ORGANISATION_SUFFIX.search(name) and " " in name:
        return "organisation"
    if _PROJECT_CUE.search(before):
        return "project"
    if _ORGANISATION_CUE.search(before):
        return "organisation"
    if _PLACE_CUE.search(before):
        return "place"
    if _PERSON_CUE.search(before) or _VERB_BEHIND.match(behind):
        return "person"
    return None
