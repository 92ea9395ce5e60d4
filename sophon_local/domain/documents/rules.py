"""Reading fields off a text without a model: labels, and the shapes of dates, amounts, addresses. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

import msgspec

from .language import Span, words

LABELLED, ALONE = 0.9, 0.6  # confidence: behind its label; the only one of its shape in the document
_LABEL_FROM = 60  # characters of a line that may stand before a label
_MAX_VALUE = 160
_MAX_ITEMS = 100
_MAX_CANDIDATES = 20

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january januar janvier enero", "feb february februar février febrero", "mar march märz maerz mars marzo", "apr april avril abril", "may mai mayo",
         "jun june juni juin junio", "jul july juli juillet julio", "aug august août agosto", "sep sept september septembre septiembre",
         "oct okt october oktober octobre octubre", "nov november novembre noviembre", "dec dez december dezember décembre diciembre"),
        1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
DATE = re.compile(
    rf"\b(?:(?P<y1>\d{{4}})-(?P<m1>\d{{1,2}})-(?P<d1>\d{{1,2}})|(?P<d2>\d{{1,2}})\.\s?(?P<m2>\d{{1,2}})\.\s?(?P<y2>\d{{4}})"
    rf"|(?P<a3>\d{{1,2}})/(?P<b3>\d{{1,2}})/(?P<y3>\d{{4}})"
    rf"|(?P<d4>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m4>{_MONTH})\.?,?\s+(?P<y4>\d{{4}})|(?P<m5>{_MONTH})\.?\s+(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y5>\d{{4}}))\b",
    re.IGNORECASE,
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
URL = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"'()]{1,1000}[^\s<>\"'().,;:]", re.IGNORECASE)
PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d\s()/.-]{6,18}\d(?![\w])")
NUMBER = re.compile(r"(?<![\w.,-])[-+−]?\d{1,3}(?:[.,'’ ]\d{3})+(?:[.,]\d+)?(?![\d])|(?<![\w.,])[-+−]?\d+(?:[.,]\d+)?(?![\d])")
MONEY = re.compile(
    rf"(?:[€$£¥]|\b(?:EUR|USD|GBP|CHF|JPY)\b)\s?(?:{NUMBER.pattern})|(?:{NUMBER.pattern})\s?(?:[€$£¥]|(?:EUR|USD|GBP|CHF|JPY|euros?|dollars?|pounds?)\b)",
    re.IGNORECASE,
)
_TRUE, _FALSE = {"yes", "true", "ja", "oui", "sí", "x", "checked"}, {"no", "false", "nein", "non", "none"}
_WORDS_IN_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_BETWEEN = r"(?:\s*(?:[:=|]|[–—-](?=\s)|\.{2,})\s*|\s{2,}|\t|\s+(?:is|are|was|ist|est|es)\s+)"
_ITEM = re.compile(r"^[ \t]*(?:[-*•·–]|\d{1,3}[.)])[ \t]+(.+?)[ \t]*$", re.MULTILINE)


class Found(msgspec.Struct, frozen=True):
    """A value, where its words stand in the text, and how sure it is. ``rivals`` are other values that could as well have been taken."""

    value: Any
    places: list[Span]
    confidence: float
    rivals: int = 0


def name_words(name: str) -> list[str]:
    """ "invoiceDate" and "invoice_date" -> ["invoice", "date"]."""
    return [word.casefold() for word in _WORDS_IN_NAME.findall(name)]


def find(name: str, schema: dict[str, Any], text: str) -> Found | None:
    """The value of the field ``name`` of the shape ``schema``, or None where the text does not plainly have one."""
    kind = type_of(schema)
    if kind == "object":
        parts = {key: found for key, part in schema.get("properties", {}).items() if isinstance(part, dict) and (found := find(key, part, text))}
        if not parts:
            return None
        places = [place for found in parts.values() for place in found.places]
        confidence, rivals = min(found.confidence for found in parts.values()), max(found.rivals for found in parts.values())
        return Found({key: found.value for key, found in parts.items()}, places, confidence, rivals)
    labels = [name_words(name), *([words(schema["title"])] if isinstance(schema.get("title"), str) else [])]
    if kind == "array":
        items = schema.get("items") if isinstance(schema.get("items"), dict) else {}
        return _find_array(name, labels, items or {}, text)
    for label in labels:
        first: tuple[Any, list[Span]] | None = None
        others: dict[bool, list[Any]] = {True: [], False: []}  # what else there is behind the label, where it begins a line and where it does not
        stands_alone = False
        for region, begins_line in islice(_behind_label(label, text), _MAX_CANDIDATES):
            value = _read(name, schema, text, region)
            if value is None:
                continue
            if first is None:
                first, stands_alone = value, begins_line
            elif value[0] != first[0] and value[0] not in others[begins_line]:
                others[begins_line].append(value[0])
        if first is not None:
            rivals = len(others[True]) + (0 if stands_alone else len([one for one in others[False] if one not in others[True]]))
            return Found(*first, LABELLED, rivals)
    pattern = _shape(name, schema)
    if pattern is not None and pattern in (EMAIL, URL):
        matches = {match.group(): match for match in pattern.finditer(text)}
        if len(matches) == 1:
            (match,) = matches.values()
            return Found(match.group(), [Span(*match.span())], ALONE)
    return None


def type_of(schema: dict[str, Any]) -> str:
    """The one JSON type that a field asks for; string where it is open."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "string")
    if kind is None:
        for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            if isinstance(branch, dict) and branch.get("type") not in (None, "null"):
                return type_of(branch)
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind)


def _find_array(name: str, labels: list[list[str]], items: dict[str, Any], text: str) -> Found | None:
    pattern = _shape(name, items)
    if pattern in (EMAIL, URL, DATE):
        found: dict[Any, Span] = {}
        for match in pattern.finditer(text):
            found.setdefault(_as_asked(match.group(), pattern, items), Span(*match.span()))
        kept = list(found.items())[:_MAX_ITEMS]
        return Found([value for value, _ in kept], [place for _, place in kept], ALONE) if kept else None
    if type_of(items) != "string":
        return None
    for label in labels:
        for region, _ in _behind_label(label, text):
            block = text[region.start :].split("\n\n")[0]
            values = [(match[1].rstrip(",;"), Span(region.start + match.start(1), region.start + match.end(1))) for match in _ITEM.finditer(block)]
            if values:
                return Found([value for value, _ in values[:_MAX_ITEMS]], [place for _, place in values[:_MAX_ITEMS]], LABELLED)
            line = text[region.start : region.end]
            parts = [part.strip() for part in re.split(r"[,;]|\s+(?:and|und|et|y)\s+", line) if part.strip()]
            if len(parts) > 1:
                return Found(parts[:_MAX_ITEMS], [region], LABELLED)
    return None


def _behind_label(label: list[str], text: str) -> Iterator[tuple[Span, bool]]:
    """What stands behind the label on its line; where that is nothing, the next line. And whether the label begins its line."""
    if not label or len(label) > 8:
        return
    joined = r"[\s_/-]*".join(re.escape(word) for word in label)
    pattern = re.compile(rf"^(?P<before>.{{0,{_LABEL_FROM}}}?)\b{joined}\b(?:\s*\([^)\n]{{0,30}}\))?(?P<rest>[^\n]*)$", re.IGNORECASE | re.MULTILINE)
    for match in pattern.finditer(text):
        rest, begins_line = match["rest"], not match["before"].strip(" -*•#|")
        between = re.match(_BETWEEN, rest)
        if between and rest[between.end() :].strip():
            yield Span(match.start("rest") + between.end(), match.end("rest")), begins_line
        elif begins_line and not rest.strip(" :=|*"):
            start = match.end() + 1
            while start < len(text) and text[start] in "\n \t":
                start += 1
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            if start < end:
                yield Span(start, end), True


def _read(name: str, schema: dict[str, Any], text: str, region: Span) -> tuple[Any, list[Span]] | None:
    line = text[region.start : min(region.end, region.start + 400)]
    choices = schema.get("enum")
    if isinstance(choices, list):
        for choice in sorted((one for one in choices if isinstance(one, str)), key=len, reverse=True):
            match = re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", line, re.IGNORECASE)
            if match:
                return choice, [Span(region.start + match.start(), region.start + match.end())]
        return None
    kind = type_of(schema)
    if kind == "boolean":
        said = words(line)[:1]
        if not said or said[0] not in _TRUE | _FALSE:
            return None
        return said[0] in _TRUE, [Span(region.start, region.start + len(line.split()[0]))]
    if kind in ("number", "integer"):
        match = NUMBER.search(line)
        number = parse_number(match.group()) if match else None
        if match is None or number is None or (kind == "integer" and number != int(number)):
            return None
        return (int(number) if kind == "integer" else number), [Span(region.start + match.start(), region.start + match.end())]
    pattern = _shape(name, schema)
    if pattern is not None:
        match = pattern.search(line)
        return (_as_asked(match.group(), pattern, schema), [Span(region.start + match.start(), region.start + match.end())]) if match else None
    value = re.split(r"\s{3,}|\t| \| |;\s", line.strip(" |*_"))[0].strip()[:_MAX_VALUE].rstrip(" ,")
    at = line.find(value)
    return (value, [Span(region.start + at, region.start + at + len(value))]) if value and any(map(str.isalnum, value)) else None


def _shape(name: str, schema: dict[str, Any]) -> re.Pattern[str] | None:
    """The pattern that a string field's format, or its name, asks for."""
    if type_of(schema) != "string":
        return None
    form = schema.get("format")
    if form in ("date", "date-time"):
        return DATE
    if form in ("email", "idn-email"):
        return EMAIL
    if form in ("uri", "url", "iri"):
        return URL
    said = set(name_words(name))
    if said & {"email", "emails", "mail", "e"} and said & {"email", "emails", "mail"}:
        return EMAIL
    if said & {"url", "urls", "website", "link", "links", "homepage"}:
        return URL
    if said & {"date", "dates", "datum", "birthday", "deadline"} or ("due" in said and len(said) == 1):
        return DATE
    if said & {"phone", "telephone", "tel", "fax", "mobile"}:
        return PHONE
    if said & {"amount", "price", "cost", "costs", "total", "fee", "salary", "betrag", "preis"}:
        return MONEY
    return None


def _as_asked(value: str, pattern: re.Pattern[str], schema: dict[str, Any]) -> str:
    if pattern is DATE and schema.get("format") == "date":
        day = parse_date(value)
        return day.isoformat() if day else value
    return value


def parse_number(text: str) -> float | None:
    """ "1,234.50", "1.234,50", "1 234" and "−3" as numbers. A single separator before three digits is taken for thousands, as in 1,234."""
    bare = re.sub(r"[\s'’]", "", text.replace("−", "-"))
    comma, dot = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and dot >= 0:
        bare = bare.replace(",", "") if dot > comma else bare.replace(".", "").replace(",", ".")
    elif comma >= 0:
        is_thousands = re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+", bare)
        bare = bare.replace(",", "") if is_thousands else bare.replace(",", ".")
    elif bare.count(".") > 1:
        bare = bare.replace(".", "")
    try:
        return float(bare)
    except ValueError:
        return None


def parse_date(text: str) -> date | None:
    """The day that ``text`` names. 3/4/2024 is taken month first, unless only the other reading is a day."""
    match = DATE.search(text)
    if match is None:
        return None
    part = {name: value for name, value in match.groupdict().items() if value}
    if "y3" in part:
        year, first, second = int(part["y3"]), int(part["a3"]), int(part["b3"])
        month, day = (second, first) if first > 12 else (first, second)
    else:
        number = next(name[1] for name in part if name[0] == "y")
        year, day = int(part[f"y{number}"]), int(part[f"d{number}"])
        said = part[f"m{number}"]
        month = int(said) if said.isdecimal() else _MONTHS[said.casefold()]
    try:
        return date(year, month, day)
    except ValueError:
        return None
