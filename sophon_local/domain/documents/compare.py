"""What documents share and where they differ: statements paired by their words, then by their meaning. Works without any model."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from difflib import SequenceMatcher

import msgspec

from ...kit.errors import SophonError
from ...providers.base import Chat, Embedder
from .asking import CITED_TEXT, Evidence, ask, fit, is_small, numbers, overlap, quoted
from .language import STOP_WORDS, Span, Vector, Weights, cosine, sentences, stem, terms, words
from .model import Chunk, Comparison, Difference, Document, DocumentComparison, DocumentText, Passage, Similarity, shorten
from .summarise import choose_sentences

Source = tuple[Document, DocumentText, list[Chunk]]
Find = Callable[[str, str, int], Awaitable[list[Chunk]]]

MAX_UNITS = 3_000  # statements of one document that are compared; of a longer one, whole passages
EMBEDDED = 150  # statements of one document that are compared by meaning
MAX_SIMILARITIES, MAX_DIFFERENCES = 20, 30
_WORDS_ALIKE = 0.55  # cosine of tf-idf from which two statements are laid side by side
_SAME_SENTENCE = 0.55  # share of words in common from which one is a new version of the other
_ALIKE = 0.7  # cosine of tf-idf from which two statements say the same, though they are no versions of one sentence
_SOMEWHAT = 0.45  # share of words in common from which two statements of like meaning and different numbers contradict one another
_MEANING_ALIKE = 0.75  # cosine of embeddings from which two statements say the same (MiniLM puts most paraphrases above it, mere kinship of topic below)
_COMMON = 0.2  # of the statements: a term in more of them than that finds no pairs
_ANSWERS = 0.34  # of a question's words must stand in a passage that answers it
_SAYS_ALIKE = re.compile(r"(?:both|all|they|the (?:two|documents|agreements|texts))\b", re.IGNORECASE)
NOT_HERE = "Not in this document."


class _Unit(msgspec.Struct):
    """One statement. ``source`` counts documents from 0."""

    source: int
    span: Span
    text: str
    key: str
    terms: list[str]
    vector: Vector = {}


class _Cluster(msgspec.Struct):
    """Statements that say the same, or are versions of one another, at most one per document; the first stands for all."""

    units: list[_Unit]
    score: float = 1.0
    kinds: set[str] = set()


async def compare(sources: Sequence[Source], question: str | None, chat: Chat | None, embedder: Embedder | None, find: Find) -> Comparison:
    clusters = await asyncio.to_thread(_by_words, sources)
    if embedder is not None:
        await _by_meaning(clusters, embedder, len(sources))
    similarities, differences, counts = await asyncio.to_thread(_results, clusters, sources)
    unique = await asyncio.to_thread(_unique_terms, sources)
    per_document = []
    is_written = False
    for source, found in zip(sources, unique, strict=True):
        described, by_model = await _describe(source, found, question, chat, find)
        per_document.append(described)
        is_written |= by_model
    if question:
        plain = " ".join(f"{one.filename}: {one.summary.rstrip('.')}." for one in per_document)
    else:
        plain = _plain_summary(sources, similarities, differences, counts, per_document)
    cut = [document.filename for document, _, chunks in sources if len(chunks) > MAX_UNITS]
    if cut:
        plain += f" Of {_listed(cut)}, only the first {MAX_UNITS:,} passages were compared."
    # A small model says of strangers that they have much in common: it is asked only where there is something, and its words stand behind the figures.
    if chat is not None and not (is_small(chat) and (question or not similarities)):
        written = await _written_summary(chat, similarities, differences, per_document, question)
        if written:
            summary = f"{plain} {written}" if is_small(chat) else written
            return Comparison(summary, "model", chat.facts.name, similarities, differences, per_document)
    method, model = ("model", chat.facts.name) if chat is not None and is_written else ("extractive", None)
    return Comparison(plain, method, model, similarities, differences, per_document)


# Pairing


def _by_words(sources: Sequence[Source]) -> list[_Cluster]:
    documents = [_units(number, text, chunks) for number, (_, text, chunks) in enumerate(sources)]
    weights = Weights([unit.terms for units in documents for unit in units])
    clusters: list[_Cluster] = []
    for units in documents:
        for unit in units:
            unit.vector = weights.vector(unit.terms)
        exact = {cluster.units[0].key: cluster for cluster in reversed(clusters)}
        taken: set[int] = set()
        left: list[_Unit] = []
        for unit in units:
            same = exact.get(unit.key)
            if same is not None and id(same) not in taken:
                same.units.append(unit)
                same.kinds.add("same")
                taken.add(id(same))
            else:
                left.append(unit)
        open_clusters = [cluster for cluster in clusters if id(cluster) not in taken]
        rest = _pair(left, open_clusters)
        clusters += [_Cluster([unit]) for unit in rest]
    return clusters


def _units(number: int, text: DocumentText, chunks: Sequence[Chunk]) -> list[_Unit]:
    spans = [span for span in sentences(text.text) if span.end - span.start < 4_000]
    if len(spans) > MAX_UNITS:
        spans = [Span(chunk.start, chunk.end) for chunk in chunks][:MAX_UNITS]
    units = []
    seen: set[str] = set()
    for span in spans:
        said = text.text[span.start : span.end]
        key = " ".join(words(said))
        if key and len(key.split()) > 1 and key not in seen:
            seen.add(key)
            units.append(_Unit(number, span, said, key, terms(said)))
    return units


def _pair(units: list[_Unit], clusters: list[_Cluster]) -> list[_Unit]:
    """Join each unit to the cluster whose words are most like its own, the best pairs first; the units that found none."""
    containing: dict[str, list[int]] = {}
    for number, cluster in enumerate(clusters):
        for term in cluster.units[0].vector:
            containing.setdefault(term, []).append(number)
    most = max(20, int(len(clusters) * _COMMON))
    pairs = []
    for at, unit in enumerate(units):
        likeness: dict[int, float] = {}
        for term, value in unit.vector.items():
            found = containing.get(term, ())
            if len(found) <= most:
                for number in found:
                    likeness[number] = likeness.get(number, 0.0) + value * clusters[number].units[0].vector[term]
        for number in sorted(likeness, key=likeness.__getitem__, reverse=True)[:3]:
            score = cosine(unit.vector, clusters[number].units[0].vector)
            if score >= _WORDS_ALIKE:
                pairs.append((score, at, number))
    pairs.sort(key=lambda pair: -pair[0])
    joined: set[int] = set()
    used: set[int] = set()
    for score, at, number in pairs:
        if at not in joined and number not in used:
            first = clusters[number].units[0]
            ratio = _in_common(first, units[at])
            if ratio >= _SAME_SENTENCE or (ratio >= _SOMEWHAT and _numbers_differ(first, units[at])):
                clusters[number].kinds.add("changed")
            elif score >= _ALIKE and not _numbers_differ(first, units[at]):
                clusters[number].kinds.add("alike")
            else:
                continue
            joined.add(at)
            used.add(number)
            clusters[number].units.append(units[at])
            clusters[number].score = min(clusters[number].score, score)
    return [unit for at, unit in enumerate(units) if at not in joined]


async def _by_meaning(clusters: list[_Cluster], embedder: Embedder, documents: int) -> None:
    """Join single statements that say the same in other words."""
    import numpy as np

    singles: list[list[_Cluster]] = [[] for _ in range(documents)]
    for cluster in clusters:
        if len(cluster.units) == 1 and len(cluster.units[0].terms) > 3:
            singles[cluster.units[0].source].append(cluster)
    singles = [sorted(found, key=lambda cluster: -len(cluster.units[0].terms))[:EMBEDDED] for found in singles]
    if sum(map(bool, singles)) < 2:
        return
    wanted = [cluster for found in singles for cluster in found]
    try:
        vectors = await embedder.embed([cluster.units[0].text[:1_000] for cluster in wanted])
    except SophonError:
        return
    matrix = np.stack([np.frombuffer(vector, "<f4") for vector in vectors])
    likeness = matrix @ matrix.T
    order = np.argwhere(np.triu(likeness, 1) >= _MEANING_ALIKE)
    pairs = sorted(((float(likeness[one, other]), int(one), int(other)) for one, other in order), reverse=True)
    gone: set[int] = set()
    for score, one, other in pairs:
        first, second = wanted[one], wanted[other]
        sources = {unit.source for unit in first.units}
        if one in gone or other in gone or sources & {unit.source for unit in second.units}:
            continue
        if not _numbers_differ(first.units[0], second.units[0]):
            first.kinds.add("alike")
        elif _in_common(first.units[0], second.units[0]) >= _SOMEWHAT:
            first.kinds.add("changed")
        else:
            continue
        first.units += second.units
        first.units.sort(key=lambda unit: unit.source)
        first.score = min(first.score, score)
        gone.add(other)
    removed = {id(wanted[number]) for number in gone}
    clusters[:] = [cluster for cluster in clusters if id(cluster) not in removed]


def _in_common(one: _Unit, other: _Unit) -> float:
    """The share of words that two statements have in common, in the same order."""
    return SequenceMatcher(None, one.key.split()[:200], other.key.split()[:200], autojunk=False).ratio()


def _numbers_differ(one: _Unit, other: _Unit) -> bool:
    first, second = numbers(one.text), numbers(other.text)
    return bool(first and second and first != second)


# What came of it


def _results(clusters: list[_Cluster], sources: Sequence[Source]) -> tuple[list[Similarity], list[Difference], dict[str, int]]:
    weights = Weights([cluster.units[0].terms for cluster in clusters])
    texts = [text for _, text, _ in sources]
    ids = [document.id for document, _, _ in sources]

    def worth(cluster: _Cluster) -> float:
        """How much a statement says: the rarity of its words; more for those that state numbers."""
        found = set(cluster.units[0].terms)
        return sum(weights.idf(term) for term in found) / math.sqrt(len(found) + 3) + (1.0 if numbers(cluster.units[0].text) else 0.0)

    def passage(unit: _Unit) -> Passage:
        return Passage(ids[unit.source], texts[unit.source].page_at(unit.span.start), unit.span.start, unit.span.end, unit.text)

    shared = [cluster for cluster in clusters if len(cluster.units) > 1]
    changed = sorted((cluster for cluster in shared if "changed" in cluster.kinds), key=lambda one: worth(one) * one.score, reverse=True)
    alike = sorted((cluster for cluster in shared if "changed" not in cluster.kinds), key=lambda one: (len(one.units), worth(one)), reverse=True)
    alone = sorted((cluster for cluster in clusters if len(cluster.units) == 1 and cluster.units[0].terms), key=worth, reverse=True)
    removed = [cluster for cluster in alone if cluster.units[0].source == 0]
    added = [cluster for cluster in alone if cluster.units[0].source > 0]
    counts = {"alike": len(alike), "changed": len(changed), "removed": len(removed), "added": len(added)}
    similarities = [Similarity(shorten(one.units[0].text, 300), round(one.score, 3), [passage(unit) for unit in one.units]) for one in alike[:MAX_SIMILARITIES]]
    differences = [Difference("changed", _change(one.units), [passage(unit) for unit in one.units]) for one in changed[: MAX_DIFFERENCES // 2]]
    room = MAX_DIFFERENCES - len(differences)
    shown_removed = min(len(removed), max(room // 2, room - len(added)))
    for kind, found in (("removed", removed[:shown_removed]), ("added", added[: room - shown_removed])):
        differences += [Difference(kind, shorten(one.units[0].text, 300), [passage(one.units[0])]) for one in found]
    return similarities, differences, counts


def _change(units: Sequence[_Unit]) -> str:
    """The words that differ between the first statement and the next that differs from it: “three silver marks” → “four silver marks”."""
    first = units[0]
    other = next((unit for unit in units[1:] if unit.key != first.key), units[-1])
    before, after = first.text.split(), other.text.split()
    matcher = SequenceMatcher(None, before[:300], after[:300], autojunk=False)
    if matcher.ratio() < _SAME_SENTENCE:
        return f"“{shorten(first.text, 150)}” → “{shorten(other.text, 150)}”"
    parts = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind != "equal":
            lead = before[max(i1 - 2, 0) : i1]
            follow = before[i2 : i2 + 1]
            old, new = " ".join([*lead, *before[i1:i2], *follow]), " ".join([*lead, *after[j1:j2], *follow])
            parts.append(f"“{shorten(old, 120)}” → “{shorten(new, 120)}”")
    return "; ".join(parts[:4]) or f"“{shorten(first.text, 150)}” → “{shorten(other.text, 150)}”"


def _unique_terms(sources: Sequence[Source]) -> list[list[str]]:
    """Of each document, the words it uses often and no other one uses, as it writes them."""
    counts: list[Counter[str]] = []
    spellings: list[dict[str, Counter[str]]] = []
    for _, text, _ in sources:
        count: Counter[str] = Counter()
        spelled: dict[str, Counter[str]] = {}
        for word in words(text.text):
            if word not in STOP_WORDS and len(word) > 2 and not word.isdigit():
                root = stem(word)
                count[root] += 1
                spelled.setdefault(root, Counter())[word] += 1
        counts.append(count)
        spellings.append(spelled)
    found = []
    for number, count in enumerate(counts):
        others = Counter({term: sum(other[term] for at, other in enumerate(counts) if at != number) for term in count})
        own = sorted((term for term in count if not others[term]), key=lambda term: (-count[term], -len(term)))
        found.append([spellings[number][term].most_common(1)[0][0] for term in own[:8]])
    return found


# In words


async def _describe(source: Source, unique: list[str], question: str | None, chat: Chat | None, find: Find) -> tuple[DocumentComparison, bool]:
    """One document's part, and whether the model wrote it."""
    document, _, chunks = source
    if question is None:
        chosen = await asyncio.to_thread(choose_sentences, chunks, 50, 2)
        passages = [Passage(document.id, one.chunk.page, one.chunk.start + one.start, one.chunk.start + one.end, one.quote) for one in chosen]
        return DocumentComparison(document.id, document.filename, " ".join(" ".join(one.quote.split()) for one in chosen), unique, passages), False
    answer, passages, by_model = await _answer(question, document, await find(question, document.id, 5), chat)
    return DocumentComparison(document.id, document.filename, answer, unique, passages), by_model


async def _answer(question: str, document: Document, found: list[Chunk], chat: Chat | None) -> tuple[str, list[Passage], bool]:
    """The question answered from one document, the places the answer stands in, and whether the model wrote it; without one, its own sentences."""
    found = [chunk for chunk in found if overlap(question, f"{chunk.heading} {chunk.text}") >= _ANSWERS]
    if not found:
        return NOT_HERE, [], False
    if chat is not None:
        read = fit(found, max(chat.facts.prompt_budget - 150, 300))
        system = (
            "Answer the question in one or two short sentences with what the text says, and nothing else. "
            f"If it does not answer it, write only: NOT FOUND. {CITED_TEXT}"
        )
        said = await ask(chat, system, f"Text:\n{quoted(read)}\n\nQuestion: {question}", 120)
        if said and "not found" in said.lower():
            return NOT_HERE, [], False
        evidence = Evidence(read)
        borne = [(line, support) for line in (said or "").split("\n") if (support := evidence.support(line)) and support.coverage >= 0.5]
        if borne:
            places = [Passage(document.id, one.chunk.page, one.chunk.start + one.start, one.chunk.start + one.end, one.quote) for _, one in borne]
            return " ".join(line.strip() for line, _ in borne), places, True
    candidates = [
        (overlap(question, chunk.text[span.start : span.end]), -rank, chunk, span) for rank, chunk in enumerate(found) for span in sentences(chunk.text)
    ]
    score, _, chunk, span = max(candidates, key=lambda candidate: candidate[:2])
    if score <= 0:
        return NOT_HERE, [], False
    quote = chunk.text[span.start : span.end]
    return shorten(quote, 400), [Passage(document.id, chunk.page, chunk.start + span.start, chunk.start + span.end, quote)], False


def _plain_summary(
    sources: Sequence[Source], similarities: list[Similarity], differences: list[Difference], counts: dict[str, int], per_document: list[DocumentComparison]
) -> str:
    names = [shorten(document.filename, 60) for document, _, _ in sources]
    if not any(counts[kind] for kind in ("changed", "added", "removed")):
        return f"{_listed(names)} say the same: {_count(counts['alike'], 'statement')}, none different."
    if not counts["alike"] and not counts["changed"]:
        about = "; ".join(f"{shorten(one.filename, 60)} speaks of {', '.join(one.unique_terms[:4])}" for one in per_document if one.unique_terms)
        return f"{_listed(names)} have no statement in common." + (f" {about}." if about else "")
    others = "the other" if len(names) == 2 else "another"
    parts = [
        f"{_count(counts['alike'], 'statement')} {'stands' if counts['alike'] == 1 else 'stand'} in more than one of {_listed(names)}",
        f"{counts['changed']:,} {'was' if counts['changed'] == 1 else 'were'} changed",
        f"{counts['removed']:,} {'stands' if counts['removed'] == 1 else 'stand'} only in {names[0]}",
        f"{counts['added']:,} only in {names[1] if len(names) == 2 else others}",
    ]
    text = "; ".join(parts) + "."
    examples = [one.text for one in differences if one.kind == "changed"][:2]
    return text + (f" Changed, for instance: {'; '.join(examples)}." if examples else "")


async def _written_summary(
    chat: Chat, similarities: list[Similarity], differences: list[Difference], per_document: list[DocumentComparison], question: str | None
) -> str | None:
    names = {one.document_id: one.filename for one in per_document}
    notes = [f"{one.filename}: {shorten(one.summary, 300)}" for one in per_document]
    notes += [f"In common: {shorten(one.text, 160)}" for one in similarities[:5]]
    for one in differences[:8]:
        label = "Changed" if one.kind == "changed" else f"Only {names[one.passages[0].document_id]} says"
        notes.append(f"{label}: {shorten(one.text, 160)}")
    budget = max(chat.facts.prompt_budget - 150, 300)
    lines = [Chunk(str(at), "", at, None, 0, len(note), "", note) for at, note in enumerate(notes)]
    read = fit(lines, budget)
    system = f"In two to four plain sentences, say what these documents have in common and how they differ. Use only these notes. {CITED_TEXT}"
    if question:
        system += f" Keep to this question: {shorten(question, 200)}"
    said = await ask(chat, system, "Notes:\n" + "\n".join(f"- {line.text}" for line in read), 160)
    evidence = Evidence(read)
    kept: dict[str, str] = {}
    for span in sentences(said or ""):
        statement = " ".join((said or "")[span.start : span.end].split())
        support = evidence.support(statement, strictly=is_small(chat))
        if support is None or support.coverage < (0.6 if is_small(chat) else 0.4) or not statement.endswith((".", "!", "。")):
            continue
        if _SAYS_ALIKE.match(statement) and not support.chunk.text.startswith("In common"):
            continue
        kept.setdefault(" ".join(words(statement)), statement)
    return " ".join(list(kept.values())[:4]) or None


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
