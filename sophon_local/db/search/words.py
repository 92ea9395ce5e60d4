"""Text to words, the same way for what is stored and what is asked."""

from __future__ import annotations

import re
from typing import Any, cast

import apsw

from ..database import Tx

TOKENIZE = "porter unicode61 remove_diacritics 2"
_NAME, *_ARGUMENTS = TOKENIZE.split()

# Scripts written without spaces: each character is a word of its own.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")

# English function words: articles, prepositions, pronouns, auxiliaries, question words, and what apostrophes leave behind.
STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but by can could d did do
    does doing don down during each few for from further had has have having he her here hers him his how i if in into is it its just ll m may
    me might more most must my no nor not of off on once only or other our ours out over own re s same shall she should so some such t than
    that the their theirs them then there these they this those through to too under until up us ve very was we were what when where which
    while who whom whose why will with would you your yours""".split()
)


def clean(text: str) -> str:
    """``text`` as the database can hold it: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        text = text.replace("\x00", " ")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def spaced(text: str) -> str:
    """``text`` as the tokenizer can take it apart."""
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", text)


def stems(tx: Tx, text: str) -> list[str]:
    """The stems of all words of ``text``, in order."""
    tokenizer = tx.connection.fts5_tokenizer(_NAME, _ARGUMENTS)
    found: Any = tokenizer(spaced(text).encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False, include_colocated=False)
    return cast("list[str]", found)


def query_words(tx: Tx, query: str) -> dict[str, str]:
    """Stem to word as it was typed, in the order typed. Stop words are left out, unless there is nothing else."""
    text = spaced(query).encode()
    tokenizer = tx.connection.fts5_tokenizer(_NAME, _ARGUMENTS)
    found: dict[str, str] = {}
    stopped: dict[str, str] = {}
    tokens: Any = tokenizer(text, apsw.FTS5_TOKENIZE_QUERY, None, include_colocated=False)
    for start, end, stem in tokens:
        word = text[start:end].decode("utf-8", "replace")
        (stopped if word.lower() in STOP_WORDS else found).setdefault(stem, word)
    return found or stopped
