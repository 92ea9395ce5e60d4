"""Holding an answer to its sources while it streams: every sentence that rests on one is marked, and a weak model's others are left out."""

from __future__ import annotations

import re
from collections import Counter

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
_MARK_AT = re.compile(r" ?[\[【]\d{1,2}(?:\s*,\s*\d{1,2})*[\]】]")
_UNDECIDED = re.compile(r"(?:`{1,2}| ?(?:[\[【][\d\s,]{0,12})?)$")  # the end of a piece: what follows decides how to read it
_LIST_NUMBER = re.compile(r"\W*\d{1,2}(?:\.\d{1,2})*[.):]?\W*")
_ON_POINT = 0.5  # share of the best evidence that what a first sentence rests on must have
_MAX_DROPPED = 3  # sentences in a row
_MAX_SENTENCES = 5  # of a weak model: it starts to ramble after that


def rambles(text: str) -> bool:
    """Whether a model has begun to say the same thing over and over."""
    said = Counter(text[a:b] for a, b in sentences(text[-2_000:])[:-1] if text[a:b].count(" ") >= 3)
    return any(times >= 2 for times in said.values())


class Citations:
    """The citations of one answer, at most one a source."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources
        self._by_number = {source.number: source for source in sources}
        self._made: dict[int, tuple[Window, float]] = {}

    @property
    def made(self) -> list[Citation]:
        return [citation(self._by_number[number], *self._made[number]) for number in sorted(self._made)]

    def add(self, sources: list[Source]) -> None:
        """Sources that were found while the answer was being written."""
        self.sources = [*self.sources, *sources]
        self._by_number |= {source.number: source for source in sources}

    def has(self, number: int) -> bool:
        return number in self._by_number

    def cite(self, source: Source, window: Window, score: float) -> str:
        """The mark of ``source``. Its one quotation grows until it holds everything that was cited from it."""
        known = self._made.get(source.number)
        if known is not None:
            start, end = min(known[0].start, window.start), max(known[0].end, window.end)
            window, score = Window(start, end, source.text[start:end], known[0].terms | window.terms), max(known[1], score)
        self._made[source.number] = (window, score)
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

    def __init__(self, citations: Citations, ranked: list[tuple[float, Source, Window]]) -> None:
        self._citations = citations
        self._fallback = ranked[0] if ranked else None  # what a bare yes or no rests on
        self._evidence = {(source.number, window.start, window.end): score for score, source, window in ranked}
        self._buffer = ""
        self._shown: list[frozenset[str]] = []
        self.says_not_found = False
        self.is_done = False
        self.dropped = 0
        self._dropped_in_a_row = 0

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
            _, source, window = self._fallback
            self._shown.append(frozenset())
            return f"{plain.rstrip()} {self._citations.cite(source, window, CARRIED)}"
        support = best_support(plain, self._citations.sources)
        words = frozenset(terms(plain))
        if support is None or support[0] < CARRIED or words in self._shown or plain.endswith("?") or self._misses_the_point(plain, support):
            self.dropped += 1
            self._dropped_in_a_row += 1
            self.is_done = self._dropped_in_a_row >= _MAX_DROPPED
            return ""
        self._dropped_in_a_row = 0
        share, source, window = support
        before = " " if self._shown else ""
        self._shown.append(words)
        self.is_done = len(self._shown) >= _MAX_SENTENCES
        return f"{before}{plain} {self._citations.cite(source, window, share)}"

    def _misses_the_point(self, sentence: str, support: tuple[float, Source, Window]) -> bool:
        """Whether a first sentence, true as it may be, rests on words that say little about what was asked; or is a stray number of a list."""
        if _LIST_NUMBER.fullmatch(sentence):
            return True
        if self._shown or self._fallback is None:
            return False
        _, source, window = support
        return self._evidence.get((source.number, window.start, window.end), 0.0) < _ON_POINT * self._fallback[0]


class MarkingFilter:
    """For capable models: everything passes as it comes; marks that name no source are taken out, and a sentence that a source carries
    word for word gets a mark when the model gave none. However the text is cut into pieces, the outcome is the same."""

    def __init__(self, citations: Citations) -> None:
        self._citations = citations
        self._held = ""
        self._sentence = ""
        self._code = ""  # the backticks that opened it, while in code
        self._last = ""  # the last character that was passed

    def feed(self, text: str) -> str:
        self._held += text
        return self._pass(is_end=False)

    def close(self) -> str:
        return self._pass(is_end=True) + self._end_sentence()

    def _pass(self, is_end: bool) -> str:
        shown: list[str] = []
        at, text = 0, self._held
        while at < len(text):
            if not is_end and _UNDECIDED.match(text, at):
                break
            ticks = re.compile("`+").match(text, at)
            mark = _MARK_AT.match(text, at)
            if ticks:
                self._code = "" if self._code == ticks.group() else self._code or ticks.group()
                at = ticks.end()
                self._show(shown, ticks.group())
            elif self._code:
                if text[at] == "\n" and len(self._code) < 3:
                    self._code = ""
                self._show(shown, text[at])
                at += 1
            elif mark and not (mark.group()[0] != " " and (self._last.isalnum() or self._last in "`_)")):
                at = mark.end()
                self._show(shown, self._checked(mark))
            elif text[at].isspace() and (text[at] == "\n" or self._last in ".!?…") and not _MARK_AT.match(text, at):
                self._show(shown, self._end_sentence())
                self._show(shown, text[at])
                at += 1
            else:
                self._show(shown, text[at])
                at += 1
        self._held = text[at:]
        return "".join(shown)

    def _show(self, shown: list[str], text: str) -> None:
        if text:
            shown.append(text)
            self._sentence += text
            self._last = text[-1]

    def _checked(self, mark: re.Match[str]) -> str:
        kept = "".join(f"[{n}]" for n in map(int, re.findall(r"\d+", mark.group())) if self._citations.has(n))
        return (" " if mark.group()[0] == " " and kept else "") + kept

    def _end_sentence(self) -> str:
        sentence, self._sentence = self._sentence.strip(), ""
        if not sentence or not self._citations.sources or self._code:
            return ""
        marked = [int(n) for n in re.findall(r"\[(\d{1,2})\]", re.sub(r"`[^`]*`", "", sentence))]
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
