"""Data of a given shape out of a document: rules, a model held to the schema, and evidence for every value."""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from ...kit.errors import ValidationFailed
from ...providers.base import Chat
from .asking import CITED_TEXT, ask, fit, is_small, overlap, quoted
from .language import Span, estimate_tokens, sentences, words
from .model import Chunk, Citation, Document, DocumentText, Extraction, Wish
from .rules import DATE, LABELLED, Found, find, name_words, parse_date, parse_number, type_of

Find = Callable[[str, int], Awaitable[list[Chunk]]]

MAX_FIELDS = 60
_MAX_PARTS = 5_000  # of a schema, once its references are followed
_TYPES = ("string", "number", "integer", "boolean", "array", "object")
_CALLS_SMALL, _CALLS = 6, 12
_FIELDS_AT_ONCE_SMALL = 4
_INSTRUCTIONS = 200  # tokens of a prompt that are not the text
_LITERAL, _NEAR, _LOOSE, _JUDGED = 0.9, 0.6, 0.5, 0.4  # confidence: in a sentence that names the field; in the text; in other words; not a quotation at all
_SYSTEM = (
    "You fill in a form from a text. Copy each value from the text exactly as it stands there. "
    f"Where the text does not give a value, write null. Never guess. {CITED_TEXT}"
)


def check(wish: Wish) -> None:
    """ValidationFailed when it cannot be fulfilled by any document."""
    if (wish.schema is None) == (wish.fields is None):
        raise ValidationFailed("Give either a schema or a list of fields.", errors=[{"field": "schema"}, {"field": "fields"}])
    if wish.fields is not None:
        if not 1 <= len(wish.fields) <= MAX_FIELDS:
            raise ValidationFailed(f"Name 1 to {MAX_FIELDS} fields.", errors=[{"field": "fields"}])
        for field in wish.fields:
            if not field.name.strip() or len(field.name) > 100 or field.type not in _TYPES:
                raise ValidationFailed(
                    f"A field has a name and one of these types: {', '.join(_TYPES)}.", errors=[{"field": "fields", "message": field.name[:100]}]
                )
        if len({field.name for field in wish.fields}) < len(wish.fields):
            raise ValidationFailed("Each field may be named once.", errors=[{"field": "fields"}])
    validator_of(wish.as_schema())
    if len(properties_of(wish)) > MAX_FIELDS:
        raise ValidationFailed(f"A schema may have at most {MAX_FIELDS} properties.", errors=[{"field": "schema"}])


def properties_of(wish: Wish) -> dict[str, dict[str, Any]]:
    """The parts that are looked for one by one: the properties of an object, or the whole under the name ""."""
    root = wish.as_schema()
    schema = _inlined(root, root, [_MAX_PARTS])
    named = schema.get("properties")
    if type_of(schema) == "object" and isinstance(named, dict) and named:
        return {name: part if isinstance(part, dict) else {} for name, part in named.items()}
    return {"": schema}


def validator_of(schema: dict[str, Any]) -> Any:
    """The validator of ``schema``; ValidationFailed when that is no JSON Schema, or needs another document."""
    import jsonschema_rs

    def refuse(uri: str) -> Any:
        raise ValueError(f"{uri} lies outside this schema")

    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True, retriever=refuse)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        reason = str(getattr(error, "message", error)).split("\n")[0][:300]
        raise ValidationFailed(f"The schema is no valid JSON Schema: {reason}.", errors=[{"field": "schema", "message": reason}]) from None


class _Value(msgspec.Struct, frozen=True):
    """A field's value with what bears it out. ``places`` are in the document's text."""

    value: Any
    method: str
    confidence: float
    places: list[Span]
    rivals: int = 0

    @property
    def sureness(self) -> float:
        """``confidence``, shared with every value that could as well have been taken."""
        return round(self.confidence / (1 + self.rivals), 2)


async def extract(document: Document, text: DocumentText, chunks: Sequence[Chunk], wish: Wish, chat: Chat | None, find_passages: Find) -> Extraction:
    """Every value that the document bears out; ValidationFailed when they cannot be put into the shape that was asked for."""
    properties = properties_of(wish)
    ruled = await asyncio.to_thread(_by_rules, properties, text.text)
    found: dict[str, _Value] = {}
    asked: list[str] = []
    if chat is not None:
        # A small model is worse than a plain label: it is asked only for what the rules left open.
        asked = [name for name in properties if not (is_small(chat) and name in ruled)]
        found = await _by_model(chat, document, chunks, wish, {name: properties[name] for name in asked}, find_passages)
        found = {name: value for name, value in found.items() if not _is_taken(name, value, ruled)}
    values = {name: value for name in properties if (value := found.get(name) or ruled.get(name))}
    data = _assembled(values, wish)
    errors = await asyncio.to_thread(_errors, wish.as_schema(), data)
    if errors and chat is not None:
        again = {error["field"].split("/")[0] for error in errors} & set(properties)
        if again:
            hint = "; ".join(error["message"] for error in errors[:5])
            mended = await _by_model(chat, document, chunks, wish, {name: properties[name] for name in again}, find_passages, hint)
            data_again = _assembled({**values, **mended}, wish)
            errors_again = await asyncio.to_thread(_errors, wish.as_schema(), data_again)
            if len(errors_again) < len(errors):
                values, data, errors = {**values, **mended}, data_again, errors_again
    if errors and isinstance(data, dict):
        # A value that does not fit, of a field that may be missing, is as good as none.
        dropped = {error["field"].split("/")[0] for error in errors} & data.keys()
        rest = {name: value for name, value in data.items() if name not in dropped}
        if not await asyncio.to_thread(_errors, wish.as_schema(), rest):
            values, data, errors = {name: value for name, value in values.items() if name not in dropped}, rest, []
    if errors:
        raise ValidationFailed(
            f"{document.filename} does not give what the schema asks for: {errors[0]['message']}.", errors=errors, data=data, documentId=document.id
        )
    confidences = {name or "value": value.sureness for name, value in values.items()}
    return Extraction(
        data=data,
        confidence=round(sum(confidences.values()) / len(properties), 2),  # a field that was not found counts as 0
        method={name or "value": values[name].method if name in values else "not_found" for name in properties},
        field_confidence=confidences,
        model=chat.facts.name if chat is not None and any(value.method == "model" for value in values.values()) else None,
        citations=_citations(document, text, values),
    )


def _by_rules(properties: dict[str, dict[str, Any]], text: str) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for name, schema in properties.items():
        value: Found | None = find(name, schema, text)
        if value is not None:
            found[name] = _Value(value.value, "extractive", value.confidence, value.places, value.rivals)
    return found


async def _by_model(
    chat: Chat, document: Document, chunks: Sequence[Chunk], wish: Wish, properties: dict[str, dict[str, Any]], find_passages: Find, hint: str = ""
) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for names, passages in await _batches(chat, chunks, properties, find_passages):
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name or "value": _nullable(properties[name]) for name in names},
            "required": [name or "value" for name in names],
            "additionalProperties": False,
        }
        schema |= {key: wish.schema[key] for key in ("$defs", "definitions") if wish.schema and key in wish.schema}
        wanted = "\n".join(f"- {name or 'value'}" + (f": {said}" if (said := properties[name].get("description")) else "") for name in names)
        prompt = f"Text ({document.filename}):\n{quoted(passages)}\n\nFill in as JSON:\n{wanted}" + (f"\n\nMind: {hint}" if hint else "")
        answer = await ask(chat, _SYSTEM, prompt, 120 + 60 * len(names), schema)
        filled = _json(answer)
        if not isinstance(filled, dict):
            continue
        for name in names:
            value = _borne_out(filled.get(name or "value"), properties[name], name, passages)
            if value is not None:
                found[name] = value
    return found


async def _batches(chat: Chat, chunks: Sequence[Chunk], properties: dict[str, dict[str, Any]], find_passages: Find) -> list[tuple[list[str], list[Chunk]]]:
    """Which fields to ask for together, over which passages: all of a short document, or what search finds for the fields."""
    names = list(properties)
    if not names:
        return []
    budget = max(chat.facts.prompt_budget - _INSTRUCTIONS, 300)
    at_once, calls = (_FIELDS_AT_ONCE_SMALL, _CALLS_SMALL) if is_small(chat) else (MAX_FIELDS, _CALLS)
    if sum(estimate_tokens(chunk.text) + 8 for chunk in chunks) <= budget:
        return [(names[at : at + at_once], list(chunks)) for at in range(0, len(names), at_once)]
    size = max(1, -(-len(names) // calls)) if is_small(chat) else max(4, -(-len(names) // calls))
    batches = []
    for at in range(0, len(names), size):
        batch = names[at : at + size]
        ranked: list[Chunk] = []
        lists = [await find_passages(_query(name, properties[name]), 4) for name in batch]
        for place in range(4):
            ranked += [found[place] for found in lists if place < len(found) and found[place].id not in {chunk.id for chunk in ranked}]
        # The beginning of a document often says what it is, from whom and when.
        passages = fit([*ranked[:1], *chunks[:1], *ranked[1:]] if ranked else list(chunks), budget)
        batches.append((batch, sorted({chunk.id: chunk for chunk in passages}.values(), key=lambda chunk: chunk.seq)))
    return batches


def _query(name: str, schema: dict[str, Any]) -> str:
    said = schema.get("description")
    return " ".join([*name_words(name), said if isinstance(said, str) else ""]).strip() or "main facts"


def _borne_out(value: Any, schema: dict[str, Any], name: str, passages: Sequence[Chunk]) -> _Value | None:
    """``value`` without what the passages do not bear out; None when nothing is left."""
    if value is None:
        return None
    if isinstance(value, list):
        items = schema.get("items")
        parts = [kept for one in value if (kept := _borne_out(one, items if isinstance(items, dict) else {}, name, passages))]
        return _joined([part.value for part in parts], parts) if parts else None
    if isinstance(value, dict):
        named = schema.get("properties")
        kept_parts = {
            key: kept
            for key, one in value.items()
            if (kept := _borne_out(one, named[key] if isinstance(named, dict) and isinstance(named.get(key), dict) else {}, key, passages))
        }
        return _joined({key: part.value for key, part in kept_parts.items()}, list(kept_parts.values())) if kept_parts else None
    if isinstance(value, bool):
        return _Value(value, "model", _JUDGED, [])
    value = _coerced(value, schema)
    place = _locate(value, schema, passages)
    if place is not None:
        chunk, span = place
        near = any(word in words(_around(chunk.text, span)) for word in name_words(name))
        return _Value(value, "model", _LITERAL if near else _NEAR, [Span(chunk.start + span.start, chunk.start + span.end)])
    if isinstance(value, int | float) or DATE.search(value):
        return None
    if isinstance(schema.get("enum"), list):
        return _Value(value, "model", _JUDGED, [])
    best = max(passages, key=lambda chunk: overlap(value, chunk.text), default=None)
    if best is None or overlap(value, best.text) < 0.6:
        return None
    span = max(sentences(best.text), key=lambda one: overlap(value, best.text[one.start : one.end]))
    return _Value(value, "model", _LOOSE, [Span(best.start + span.start, best.start + span.end)])


def _is_taken(name: str, value: _Value, ruled: dict[str, _Value]) -> bool:
    """Whether the value stands behind another field's label: a model that finds nothing likes to repeat what it has seen."""
    if isinstance(value.value, list | dict) or name in ruled:
        return False
    labelled = [place for other, by_rule in ruled.items() if other != name and by_rule.confidence >= LABELLED for place in by_rule.places]
    return any(mine.start < theirs.end and theirs.start < mine.end for mine in value.places for theirs in labelled)


def _joined(value: Any, parts: Sequence[_Value]) -> _Value:
    return _Value(value, "model", sum(part.confidence for part in parts) / len(parts), [place for part in parts for place in part.places])


def _coerced(value: Any, schema: dict[str, Any]) -> Any:
    """The same value in the type that is asked for, where a model wrote it otherwise."""
    kind = type_of(schema) if schema else ""
    if kind in ("number", "integer") and isinstance(value, str):
        number = parse_number(re.sub(r"[^\d.,'’+−-]", "", value))
        value = value if number is None else number
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "string" and isinstance(value, int | float):
        return f"{value:g}"
    if kind == "string" and schema.get("format") == "date" and isinstance(value, str):
        day = parse_date(value)
        return day.isoformat() if day else value
    return value.strip() if isinstance(value, str) else value


def _locate(value: Any, schema: dict[str, Any], passages: Sequence[Chunk]) -> tuple[Chunk, Span] | None:
    """Where the value stands, whatever the spaces, the case, and the way a number or a date is written."""
    for chunk in passages:
        if isinstance(value, int | float):
            for match in re.finditer(r"[-+−]?\d[\d.,'’ ]*\d|\d", chunk.text):
                if parse_number(match.group()) == float(value):
                    return chunk, Span(*match.span())
            continue
        if not value:
            return None
        match_text = re.search(r"\s+".join(map(re.escape, value.split())), chunk.text, re.IGNORECASE)
        if match_text:
            return chunk, Span(*match_text.span())
        day = parse_date(value)
        if day is not None:
            for match in DATE.finditer(chunk.text):
                if parse_date(match.group()) == day:
                    return chunk, Span(*match.span())
    return None


def _around(text: str, span: Span) -> str:
    start = max(text.rfind("\n", 0, span.start), text.rfind(". ", 0, span.start), 0)
    end = text.find("\n", span.end)
    return text[start : len(text) if end < 0 else end]


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind):
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _inlined(schema: Any, root: dict[str, Any], left: list[int], depth: int = 0) -> Any:
    """``schema`` with what its local references name in their place, as far as ``left`` parts and a depth of 12 go."""
    left[0] -= 1
    if left[0] < 0 or depth > 12:
        return schema
    if isinstance(schema, list):
        return [_inlined(part, root, left, depth + 1) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _inlined(part, root, left, depth + 1) for key, part in _resolved(schema, root).items() if key not in ("$defs", "definitions")}


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with its own ``$ref`` (local, not of its parts) followed."""
    for _ in range(20):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        target: Any = root
        for part in reference[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            target = target.get(name) if isinstance(target, dict) else None
        if not isinstance(target, dict):
            return schema
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _json(answer: str | None) -> Any:
    if not answer:
        return None
    fenced = re.search(r"```(?:json)?\s*(.+?)```", answer, re.DOTALL)
    try:
        return msgspec.json.decode((fenced[1] if fenced else answer).strip().encode("utf-8", "replace"))
    except msgspec.DecodeError:
        return None


def _assembled(values: dict[str, _Value], wish: Wish) -> Any:
    """The values in the shape of the schema; what was not found is null where null is allowed, and left out elsewhere."""
    properties = properties_of(wish)
    if list(properties) == [""]:
        return copy.deepcopy(values[""].value) if "" in values else None
    data: dict[str, Any] = {}
    for name, schema in properties.items():
        if name in values:
            data[name] = copy.deepcopy(values[name].value)
        elif _allows_null(schema):
            data[name] = None
    return data


def _allows_null(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    if kind == "null" or (isinstance(kind, list) and "null" in kind) or schema.get("nullable") is True:
        return True
    return any(
        isinstance(branch, dict) and _allows_null(branch) for key in ("anyOf", "oneOf") for branch in schema.get(key, ()) if isinstance(schema.get(key), list)
    )


def _errors(schema: dict[str, Any], data: Any) -> list[dict[str, str]]:
    errors = []
    for error in validator_of(schema).iter_errors(data):
        path = "/".join(map(str, error.instance_path))
        message = str(error.message)[:300]
        if not path:
            missing = re.match(r'"(.+)" is a required property', message)
            if missing:
                path, message = missing[1], f"“{missing[1]}” was not found in the document"
        errors.append({"field": path, "message": message})
        if len(errors) == 50:
            break
    return errors


def _citations(document: Document, text: DocumentText, values: dict[str, _Value]) -> list[Citation]:
    """For each place that bears out a value, the line or sentence around it, as it stands in the document."""
    citations: dict[tuple[str, int, int], Citation] = {}
    for name, value in values.items():
        for place in value.places[:20]:
            start, end = _sentence_at(text.text, place)
            if (name, start, end) not in citations:
                number, quote = len(citations) + 1, text.text[start:end]
                citations[name, start, end] = Citation(
                    number, document.id, document.filename, text.page_at(start), start, end, quote, value.sureness, name or "value"
                )
    return list(citations.values())


def _sentence_at(text: str, place: Span) -> Span:
    start = text.rfind("\n", 0, place.start) + 1
    end = text.find("\n", place.end)
    line = Span(start, len(text) if end < 0 else end)
    for sentence in sentences(text, line.start, line.end):
        if sentence.start <= place.start and place.end <= sentence.end:
            return sentence
    return Span(place.start, place.end)
