"""Passages: where they begin and end."""

from __future__ import annotations

import itertools
from pydoc_data.topics import topics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophon_local.domain.documents.chunking import TARGET, Piece, chunk
from sophon_local.domain.documents.language import estimate_tokens, sentences
from sophon_local.providers.parsing import Section
from sophon_local.providers.parsing.builder import Builder, clean
from tests.sample_files import SENTENCES

PROSE = " ".join(SENTENCES * 4)


def whole(text: str) -> list[Piece]:
    return chunk(text, [Section(0, len(text), None, "", 0)])


def texts(text: str, pieces: list[Piece]) -> list[str]:
    return [text[piece.start : piece.end] for piece in pieces]


def test_no_passage_is_longer_than_the_embedding_model_reads_and_none_of_the_text_is_lost() -> None:
    text = "\n\n".join(topics[name] for name in sorted(topics)[:20])
    pieces = whole(text)
    assert all(estimate_tokens(one) <= TARGET for one in texts(text, pieces))
    covered = set()
    for piece in pieces:
        covered.update(range(piece.start, piece.end))
    assert all(at in covered for at, character in enumerate(text) if not character.isspace())


def test_a_passage_begins_with_the_last_sentence_of_the_one_before() -> None:
    pieces = whole(PROSE)
    assert len(pieces) > 2
    for before, after in itertools.pairwise(pieces):
        overlap = PROSE[after.start : before.end]
        assert overlap in SENTENCES


def test_a_passage_never_crosses_a_page() -> None:
    out = Builder("pdf", "application/pdf")
    for number in range(3):
        out.page()
        out.add(f"Page {number}. {SENTENCES[number]}")
    parsed = out.build()
    pieces = chunk(parsed.text, parsed.sections)
    assert [piece.page for piece in pieces] == [1, 2, 3]
    assert all(parsed.page_starts[piece.page - 1] == piece.start for piece in pieces if piece.page)


def test_a_passage_knows_the_path_of_its_headings() -> None:
    out = Builder("docx", "x")
    for title, level in (("Harbour", 1), ("Trade", 2), ("Tolls", 3), ("Light", 2)):
        out.heading(title, level)
        out.add(PROSE)
    parsed = out.build()
    headings = list(dict.fromkeys(piece.heading for piece in chunk(parsed.text, parsed.sections)))
    assert headings == ["Harbour", "Harbour > Trade", "Harbour > Trade > Tolls", "Harbour > Light"]


def test_short_sections_share_a_passage() -> None:
    out = Builder("docx", "x")
    for number in range(4):
        out.heading(f"Question {number}", 1)
        out.add("A short answer.")
    parsed = out.build()
    assert len(chunk(parsed.text, parsed.sections)) == 1


@pytest.mark.parametrize("text", ["x" * 50_000, "word " * 5_000, "a|b\n" * 3_000, "." * 20_000, "好" * 3_000, "\n\n\n"])
def test_text_without_sentences_is_split_all_the_same(text: str) -> None:
    assert all(estimate_tokens(one) <= TARGET for one in texts(text, whole(text)))


@pytest.mark.parametrize("text", ["(" * 100_000, "()[]{}\n" * 10_000, "… — ! " * 5_000, "___\n\n" * 5_000])
def test_what_holds_no_word_makes_no_passage(text: str) -> None:
    assert whole(text) == []
    mixed = f"{text}\n\nThe pier is closed.\n\n{text}\n\nThe ferry leaves at 9.\n\n{text}"
    found = texts(mixed, whole(mixed))
    assert len(found) == 2 and "pier" in found[0] and "ferry" in found[1]


def test_sentences_end_where_they_end() -> None:
    text = "Heading of this\nDr. Holm paid 3.5 marks to J. Smith, i.e. too much. Was it? “Yes.” He left.\n\n- one item\n- another item"
    assert [text[span.start : span.end] for span in sentences(text)] == [
        "Heading of this",
        "Dr. Holm paid 3.5 marks to J. Smith, i.e. too much.",
        "Was it?",
        "“Yes.”",
        "He left.",
        "- one item",
        "- another item",
    ]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=400))
def test_cleaning_is_stable_and_offsets_hold_for_any_text(raw: str) -> None:
    text = clean(raw)
    assert clean(text) == text
    text.encode("utf-8")  # no lone surrogates are left
    assert "\x00" not in text and "\r" not in text
    for piece in whole(text):
        assert text[piece.start : piece.end].strip() == text[piece.start : piece.end] != ""
