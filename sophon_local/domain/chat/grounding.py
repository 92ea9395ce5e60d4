"""Holding an answer to its sources while it streams: every sentence that rests on one is marked, and a weak model's others are left out."""

from __future__ import annotations

import re

from ..sessions import Citation
from .language import sentences, terms
from .sources import CARRIED, MARK, Source, Window, best_support, citation

NOT_FOUND = re.compile(
    r"\W*(?:not[ _]found|not in (?:your|the) (?:documents|passages)|it is not (?:mentioned|stated|specified)|"
    r"(?:the |these |your )?(?:passages?|documents?|text|sources?) (?:do(?:es)? not|don't|doesn't) "
    r"(?:contain|mention|say|state|specify|provide|include|answer|give|hold)|"
    r"(?:there is |i (?:have |found |see )?)no (?:information|mention|answer)|i (?:do not|don't|cannot|can't) (?:know|find|answer|see))",
    re.IGNORECASE,
)
_BARE = re.compile(r"\W*(?:yes|no|yep|nope|correct|true|false|ja|nein|oui|non|sí)\W*", re.IGNORECASE)
_LABEL = re.compile(r"^\s*(?:answer|assistant|sophon|response)\s*:\s*", re.IGNORECASE)
_PASSAGE_TALK = re.compile(
    r"^\s*(?:according to|as (?:stated|mentioned|described) in|based on|in) (?:the )?(?:passages?|texts?|documents?|sources?)(?: \[?\d+\]?)?,?\s*",
    re.IGNORECASE,
)
_OPEN_MARK = re.compile(r"(?:^|(?<=[\s.,;:!?)\"”]))[\[【](?:\d{0,2}(?:\s*,\s*\d{1,2})*\s*,?\s*)[\]】]?$")
_SENTENCE_EDGE = re.compile(r"`{1,2}$|[.!?…]\s*(?:[\[【][\d, ]*)?$")  # what follows decides how to read this
_MARKS = re.compile(r"(?:^|(?<=[\s.,;:!?)\"”]))[\[【](\d{1,2}(?:\s*,\s*\d{1,2})*)[\]】]")
_MAX_SENTENCES = 5  # of a weak model: it starts to ramble after that


class Citations:
    """The citations of one answer, at most one a source."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources
        self._by_number = {source.number: source for source in sources}
        self._made: dict[int, Citation] = {}

    @property
    def made(self) -> list[Citation]:
        return [self._made[number] for number in sorted(self._made)]

    def add(self, sources: list[Source]) -> None:
        """Sources that were found while the answer was being written."""
        self.sources = [*self.sources, *sources]
        self._by_number |= {source.number: source for source in sources}

    def has(self, number: int) -> bool:
        return number in self._by_number

    def cite(self, source: Source, window: Window, score: float) -> str:
        known = self._made.get(source.number)
        if known is None or score > known.score:
            self._made[source.number] = citation(source, window, score)
        return f"[{source.number}]"

    def cite_number(self, number: int, sentence: str) -> None:
        """The model said itself that ``sentence`` rests on source ``number``: quote the words of it that come nearest."""
        source = self._by_number[number]
        nearest = best_support(sentence, [source])
        if nearest is None and source.windows:
            nearest = (0.0, source, source.windows[0])
        if nearest is not None:
            self.cite(source, nearest[2], nearest[0])


class StrictFilter:
    """For models that may add what their sources do not say: whole sentences pass, each only when a source carries it.

    ``feed`` takes what the model writes and gives what may be shown. ``says_not_found`` when the model declined to answer;
    ``is_done`` when reading on is pointless.
    """

    def __init__(self, citations: Citations, fallback: tuple[Source, Window] | None) -> None:
        self._citations = citations
        self._fallback = fallback  # what a bare yes or no rests on
        self._buffer = ""
        self._shown: list[frozenset[str]] = []
        self.says_not_found = False
        self.is_done = False
        self.dropped = 0

    def feed(self, text: str) -> str:
        self._buffer += text
        spans = sentences(self._buffer)
        if len(spans) < 2 or self.is_done:
            return ""
        shown = "".join(self._take(self._buffer[a:b]) for a, b in spans[:-1])
        self._buffer = self._buffer[spans[-1][0] :]
        return shown

    def close(self) -> str:
        if self.is_done:
            return ""
        shown = "".join(self._take(self._buffer[a:b]) for a, b in sentences(self._buffer))
        self._buffer = ""
        return shown

    def _take(self, sentence: str) -> str:
        if self.is_done:
            return ""
        plain = _PASSAGE_TALK.sub("", _LABEL.sub("", MARK.sub("", sentence))).strip()
        if plain[:1].islower() and plain[:1] != sentence.strip()[:1]:
            plain = plain[0].upper() + plain[1:]
        if not self._shown and NOT_FOUND.match(plain):
            self.says_not_found = self.is_done = True
            return ""
        if _BARE.fullmatch(plain) and not self._shown and self._fallback is not None:
            source, window = self._fallback
            self._shown.append(frozenset())
            return f"{plain.rstrip()} {self._citations.cite(source, window, CARRIED)}"
        support = best_support(plain, self._citations.sources)
        words = frozenset(terms(plain))
        if support is None or support[0] < CARRIED or words in self._shown:
            self.dropped += 1
            return ""
        share, source, window = support
        before = " " if self._shown else ""
        self._shown.append(words)
        self.is_done = len(self._shown) >= _MAX_SENTENCES
        return f"{before}{plain} {self._citations.cite(source, window, share)}"


class MarkingFilter:
    """For capable models: everything passes as it comes; marks that name no source are taken out, and a sentence that a source carries
    word for word gets a mark when the model gave none."""

    def __init__(self, citations: Citations) -> None:
        self._citations = citations
        self._held = ""
        self._sentence = ""
        self._in_code = False

    def feed(self, text: str) -> str:
        text = self._held + text
        hold = _SENTENCE_EDGE.search(text[-24:]) or _OPEN_MARK.search(text[-24:])
        self._held = text[-len(hold.group()) :] if hold else ""
        return self._pass(text[: len(text) - len(self._held)])

    def close(self) -> str:
        rest = self._pass(self._held)
        self._held = ""
        return rest + self._end_sentence()

    def _pass(self, text: str) -> str:
        shown = []
        for part in re.split(r"(```)", text):
            if part == "```":
                self._in_code = not self._in_code
                self._sentence = ""
                shown.append(part)
            elif self._in_code or not self._citations.sources:
                shown.append(part)
            else:
                shown.append(self._mark(_MARKS.sub(self._checked, part)))
        return "".join(shown)

    def _checked(self, match: re.Match[str]) -> str:
        numbers = [int(n) for n in re.findall(r"\d+", match[1])]
        return "".join(f"[{n}]" for n in numbers if self._citations.has(n))

    def _mark(self, text: str) -> str:
        shown = []
        at = 0
        for match in re.finditer(r"(?<=[.!?…])(?=\s)|\n", text):
            self._sentence += text[at : match.start()]
            shown.append(text[at : match.start()])
            if re.match(r"\s*\[\d", text[match.end() :]) and match.group() != "\n":
                at = match.start()
                continue
            shown.append(self._end_sentence())
            at = match.start()
        self._sentence += text[at:]
        shown.append(text[at:])
        return "".join(shown)

    def _end_sentence(self) -> str:
        sentence, self._sentence = self._sentence.strip(), ""
        if not sentence or not self._citations.sources:
            return ""
        marked = [int(n) for n in re.findall(r"\[(\d{1,2})\]", sentence)]
        plain = MARK.sub("", sentence)
        for number in marked:
            if self._citations.has(number):
                self._citations.cite_number(number, plain)
        if marked or len(terms(plain)) < 3:
            return ""
        support = best_support(plain, self._citations.sources)
        if support is None or support[0] < CARRIED:
            return ""
        return " " + self._citations.cite(support[1], support[2], support[0])
