"""Every sentence that rests on a source is marked; a weak model's other sentences are left out; nothing is marked that no source carries."""

from __future__ import annotations

import pytest

from sophon_local.domain.chat.grounding import Citations, MarkingFilter, StrictFilter
from sophon_local.domain.chat.language import asks_the_time, holds_expected, is_follow_up, sentences, understand
from sophon_local.domain.chat.sources import Source, evidence, windows_of
from sophon_local.domain.sessions import Recalled

WARRANTY = "The warranty period is 24 months from the date of purchase. Damage by frost is not covered."
FILTER = "Clean the air filter every 25 hours of use. Replace it once a year."


def source(number: int, text: str, offset: int = 0) -> Source:
    recalled = Recalled(kind="document", document_id=f"doc_{number}", filename="m.pdf", page=number, text=text, score=0.9)
    return Source(number, "document", text, offset, recalled, windows_of(text))


def strict(*pieces: str) -> tuple[str, StrictFilter, Citations]:
    sources = [source(1, WARRANTY, 100), source(2, FILTER)]
    citations = Citations(sources)
    chosen = StrictFilter(citations, [(0.9, s, w) for s in sources for w in s.windows])
    shown = "".join(chosen.feed(piece) for piece in pieces)
    return shown + chosen.close(), chosen, citations


def marking(*pieces: str) -> tuple[str, Citations]:
    citations = Citations([source(1, WARRANTY), source(2, FILTER)])
    chosen = MarkingFilter(citations)
    return "".join(chosen.feed(piece) for piece in pieces) + chosen.close(), citations


def test_a_sentence_that_a_source_carries_is_marked_with_its_very_words() -> None:
    shown, _, citations = strict("The warranty period ", "is 24 months.")
    assert shown == "The warranty period is 24 months. [1]"
    [made] = citations.made
    assert made.quote == "The warranty period is 24 months from the date of purchase."
    assert (made.start, made.end) == (100, 100 + len(made.quote))


def test_what_no_source_carries_is_left_out() -> None:
    shown, chosen, _ = strict("The warranty period is 24 months. The mower also flies to the moon every Sunday. Clean the air filter every 25 hours.")
    assert shown == "The warranty period is 24 months. [1] Clean the air filter every 25 hours. [2]"
    assert chosen.dropped == 1


@pytest.mark.parametrize("wrong", ["The warranty period is 36 months.", "Clean the air filter every 250 hours of use."])
def test_a_wrong_number_is_never_shown(wrong: str) -> None:
    shown, _, citations = strict(wrong)
    assert shown == "" and citations.made == []


@pytest.mark.parametrize(
    "said", ["NOT FOUND", "Not found.", "The passages do not mention the price.", "I cannot find that in the passages.", "There is no information about it."]
)
def test_a_model_that_declines_is_heard(said: str) -> None:
    shown, chosen, _ = strict(said)
    assert shown == "" and chosen.says_not_found


def test_a_bare_yes_rests_on_the_best_passage() -> None:
    shown, _, citations = strict("Yes.")
    assert shown == "Yes. [1]" and citations.made[0].document_id == "doc_1"


def test_marks_of_a_weak_model_are_checked_not_believed() -> None:
    shown, _, citations = strict("The warranty period is 24 months [2].")
    assert shown.endswith("[1]") and [c.number for c in citations.made] == [1]


def test_repetition_and_rambling_end() -> None:
    shown, chosen, _ = strict("The warranty period is 24 months. " * 9)
    assert shown.count("24 months") == 1 and chosen.dropped == 3 and chosen.is_done


def test_a_true_sentence_beside_the_point_does_not_begin_an_answer() -> None:
    sources = [source(1, WARRANTY), source(2, FILTER)]
    ranked = evidence(understand("How long is the warranty period?"), sources)
    chosen = StrictFilter(Citations(sources), ranked)
    assert chosen.feed("Clean the air filter every 25 hours of use. ") + chosen.close() == ""
    chosen = StrictFilter(Citations(sources), ranked)
    assert chosen.feed("The warranty period is 24 months. Clean the air filter every 25 hours of use.") + chosen.close() != ""


def test_a_capable_model_is_shown_as_it_writes_and_its_marks_are_kept() -> None:
    shown, citations = marking("It lasts ", "two years [1", "]. And the filter", " is cleaned often [2].")
    assert shown == "It lasts two years [1]. And the filter is cleaned often [2]."
    assert [c.number for c in citations.made] == [1, 2]


def test_a_mark_of_no_source_is_taken_out() -> None:
    shown, citations = marking("Bananas are yellow [7]. Cats purr [1, 9].")
    assert shown == "Bananas are yellow . Cats purr [1]." or "[7]" not in shown
    assert "[9]" not in shown and [c.number for c in citations.made] == [1]


def test_a_carried_sentence_without_a_mark_gets_one() -> None:
    shown, citations = marking("The warranty period is 24 months. ", "Anything else?")
    assert shown == "The warranty period is 24 months. [1] Anything else?"
    assert len(citations.made) == 1


def test_code_is_left_alone() -> None:
    text = "Use this:\n```python\nx = a[1]\nprint(b [7])\n```\nDone."
    shown, citations = marking(*text)
    assert shown == text and citations.made == []


@pytest.mark.parametrize("text", ["Plain words only", "One. Two! Three?\n\n- a\n- b\n", "Wait... what?", "`x[0]` is fine [", "Ends with a bracket [1"])
def test_any_cut_into_pieces_gives_the_same_text(text: str) -> None:
    whole, _ = marking(text)
    for size in (1, 2, 3, 7):
        assert marking(*(text[i : i + size] for i in range(0, len(text), size)))[0] == whole


def test_evidence_prefers_the_sentence_with_the_value_that_was_asked_for() -> None:
    ranked = evidence(understand("How long is the warranty period?"), [source(1, WARRANTY), source(2, FILTER)])
    assert "24 months" in ranked[0][2].text and ranked[0][0] > 0.5 > ranked[-1][0]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Hi there!", "small_talk"),
        ("ok thanks", "small_talk"),
        ("How long is it?", "question"),
        ("warranty period", "question"),
        ("Tell me about the filter", "question"),
        ("My name is Ana and I live in Lisbon.", "statement"),
        ("I prefer tea", "statement"),
        ("Write a poem about cats", "instruction"),
        ("please summarise the manual", "instruction"),
        ("Wie lange ist die Garantie?", "question"),
    ],
)
def test_messages_are_understood(text: str, intent: str) -> None:
    assert understand(text).intent == intent


def test_a_follow_up_is_recognised() -> None:
    assert is_follow_up(understand("And how often is it cleaned?"))
    assert not is_follow_up(understand("How often is the air filter of the lawnmower cleaned in summer?"))


def test_sentences_keep_abbreviations_numbers_and_lists_together() -> None:
    text = "See e.g. Dr. Smith. It costs 3.50 euros.\n\n- one\n- two"
    assert [text[a:b] for a, b in sentences(text)] == ["See e.g. Dr. Smith.", "It costs 3.50 euros.", "- one", "- two"]


def test_expected_values_are_recognised() -> None:
    assert holds_expected("money", "It costs 20 euros") and not holds_expected("money", "It costs a lot")
    assert holds_expected("number", "three pumps") and not holds_expected("number", "some pumps")
    assert holds_expected("email", "to a@b.example") and holds_expected(None, "")


def test_a_name_that_its_source_does_not_hold_is_never_shown() -> None:
    sources = [source(1, "The tenant is Maria Gonzalez. The rent is due monthly.")]
    chosen = StrictFilter(Citations(sources), evidence(understand("Who is the tenant?"), sources))
    assert chosen.feed("The tenant Maria Gonzalez is Peter Brandt.") + chosen.close() == ""
    chosen = StrictFilter(Citations(sources), evidence(understand("Who is the tenant?"), sources))
    assert chosen.feed("The tenant is Maria Gonzalez.") + chosen.close() == "The tenant is Maria Gonzalez. [1]"


def test_the_quotation_holds_everything_that_was_cited_from_a_source() -> None:
    text = "The office opens at 7:45 every Tuesday. The manager is Ms Ray. The storage code is 4471."
    sources = [source(1, text)]
    chosen = StrictFilter(Citations(sources), [(0.9, s, w) for s in sources for w in s.windows])
    chosen.feed("The office opens at 7:45 every Tuesday. The storage code is 4471. ")
    chosen.close()
    [made] = chosen._citations.made
    assert "7:45" in made.quote and "4471" in made.quote and text[made.start : made.end] == made.quote


def test_a_figure_in_the_question_must_stand_in_the_source() -> None:
    sources = [source(1, "Turbine number 102 was installed in 2019."), source(2, "Turbine number 500 was installed in 2021.")]
    ranked = evidence(understand("When was turbine number 500 installed?"), sources)
    assert "500" in ranked[0][2].text
    assert evidence(understand("When was turbine number 777 installed?"), sources)[0][0] < 0.45


@pytest.mark.parametrize("text", ["Who are you?", "What can you do?", "What time is it?", "👍", "?", "how are you"])
def test_ordinary_talk_is_no_question_to_the_documents(text: str) -> None:
    assert understand(text).intent == "small_talk"


@pytest.mark.parametrize(
    ("text", "intent"), [("Tell me a joke", "instruction"), ("What is 2+2?", "instruction"), ("Please remember that I like tea", "statement")]
)
def test_wishes_are_told_from_questions(text: str, intent: str) -> None:
    assert understand(text).intent == intent


def test_the_year_that_is_asked_for_is_no_word_to_look_for() -> None:
    sources = [source(1, "The castle was built in 1432 by Lord Ashcombe.")]
    assert evidence(understand("In what year was the castle built?"), sources)[0][0] > 0.45


def test_a_time_made_of_other_numbers_is_never_shown() -> None:
    sources = [source(1, "The greenhouse pump runs at 06:30 every day for 12 minutes.")]
    chosen = StrictFilter(Citations(sources), evidence(understand("When does the greenhouse pump run?"), sources))
    assert chosen.feed("The greenhouse pump runs at 12:30 every day.") + chosen.close() == ""


@pytest.mark.parametrize(
    ("text", "asks"),
    [("What time is it?", True), ("what day is it today", True), ("What time does the shop open?", False), ("What is the date of purchase?", False)],
)
def test_the_clock_is_asked_for_the_time(text: str, asks: bool) -> None:
    assert asks_the_time(understand(text)) is asks
