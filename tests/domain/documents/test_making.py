"""What is made of documents: summaries, data, comparisons; with a scripted model, and without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sophon_local.domain.documents import DocumentNotReady, Extraction, Field, Wish
from sophon_local.domain.documents.rules import parse_date, parse_number
from sophon_local.kit.errors import NotFound, ValidationFailed
from sophon_local.providers.base import ChatRequest
from sophon_local.providers.llama import LlamaChat
from tests import sample_files as sample
from tests.domain.documents.library import ME, library, minilm
from tests.scripted_chat import House, ScriptedChat, filling

pytestmark = pytest.mark.anyio

INVOICE = """GreenLine Tools Ltd
billing@greenline.example | +44 113 496 0123

INVOICE

Invoice number: GL-2024-0193
Invoice date: 14 March 2024
Due date: 13.04.2024
Paid: no

Bill to
Hannah Osei

Item | Qty | Amount
Lawnmower | 1 | 349.00
Spare blade | 2 | 49.00

Total: GBP 1,495.60

Payment by bank transfer within 30 days. Late payments are charged 2% a month.
"""
SCHEMA = {
    "type": "object",
    "properties": {
        "invoiceNumber": {"type": "string"},
        "invoiceDate": {"type": "string", "format": "date"},
        "dueDate": {"type": "string", "format": "date"},
        "paid": {"type": "boolean"},
        "total": {"type": "number"},
        "customer": {"type": "string"},
        "email": {"type": "string", "format": "email"},
    },
    "required": ["invoiceNumber", "total"],
}
OLD = """# Service agreement

This agreement is made between Lunden Harbour Authority and Hestholm Quarries.

## Term
The agreement runs for 24 months from 1 May 2023. It can be ended by either side with a notice of three months.

## Price
Hestholm Quarries delivers granite blocks at 120 euros a tonne. The price is fixed for the first year.
"""
NEW = OLD.replace("24 months", "36 months") + "\n## Disputes\nDisputes are decided by the court in Lunden.\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


async def extraction(tmp_path: Path, wish: Wish, house: House | None = None, text: str = INVOICE) -> Extraction:
    async with library(tmp_path / "home", house) as lib:
        document = await lib.ready(write(tmp_path / "invoice.txt", text))
        return await lib.documents.extract(ME, document.id, wish)


# Summaries


async def test_without_a_model_a_summary_is_made_of_the_documents_own_sentences(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        document = await lib.ready(sample.pdf(tmp_path / "a.pdf", [sample.SENTENCES[:4], sample.SENTENCES[4:]]))
        text = (await lib.documents.text(ME, document.id)).text
        summary = await lib.documents.summarize(ME, document.id, "bullets", 40)
        assert (summary.method, summary.model) == ("extractive", None)
        assert summary.citations
        for cited in summary.citations:
            assert text[cited.start : cited.end] == cited.quote
            assert " ".join(cited.quote.split()) in sample.SENTENCES
            assert f"[{cited.number}]" in summary.summary
        assert all(line.startswith("- ") for line in summary.summary.splitlines())
        assert sum(len(cited.quote.split()) for cited in summary.citations) <= 40
        assert (await lib.documents.get(ME, document.id)).summary == summary.summary


async def test_a_written_summary_loses_what_the_document_does_not_say(tmp_path: Path) -> None:
    said = (
        "Here is a summary: The agreement between Lunden Harbour Authority and Hestholm Quarries runs for 24 months. The price is 999 euros a tonne. "
        "Dolphins were seen in the bay. Either side may end it with three months' notice."
    )
    chat = ScriptedChat(lambda request: said)
    async with library(tmp_path / "home", House(chat)) as lib:
        document = await lib.ready(write(tmp_path / "a.md", OLD))
        summary = await lib.documents.summarize(ME, document.id)
        assert (summary.method, summary.model) == ("model", "scripted")
        assert "24 months" in summary.summary and "notice" in summary.summary
        assert "999" not in summary.summary and "Dolphins" not in summary.summary and "Here is" not in summary.summary
        assert len(summary.citations) == 2


@pytest.mark.parametrize("said", [None, "Dolphins were seen in the bay.", ""])
async def test_a_model_that_fails_or_invents_everything_leaves_it_to_the_documents_sentences(tmp_path: Path, said: str | None) -> None:
    async with library(tmp_path / "home", House(ScriptedChat(lambda request: said))) as lib:
        document = await lib.ready(write(tmp_path / "a.md", OLD))
        assert (await lib.documents.summarize(ME, document.id)).method == "extractive"


async def test_a_long_document_is_summarised_in_few_calls_that_fit_the_models_prompt(tmp_path: Path) -> None:
    chat = ScriptedChat(lambda request: "The statement assigns values to names.")
    async with library(tmp_path / "home", House(chat)) as lib:
        document = await lib.ready(sample.long_pdf(tmp_path / "a.pdf", 40))
        await lib.documents.summarize(ME, document.id)
    assert 2 <= len(chat.asked) <= 5
    assert all(sum(len(message.content) for message in request.messages) < 700 * 5 for request in chat.asked)


async def test_unknown_styles_and_lengths_are_refused(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        document = await lib.ready(write(tmp_path / "a.md", OLD))
        for style, words in (("poem", None), (None, 3)):
            with pytest.raises(ValidationFailed):
                await lib.documents.summarize(ME, document.id, style, words)


async def test_the_starter_model_writes_summaries_that_the_document_bears_out(tmp_path: Path, models_folder: Path) -> None:
    chat = await LlamaChat.open(models_folder / "smollm2-135m" / "model.gguf", name="SmolLM2 135M")
    try:
        async with library(tmp_path / "home", House(chat)) as lib:
            document = await lib.ready(write(tmp_path / "a.md", OLD))
            summary = await lib.documents.summarize(ME, document.id, "brief")
            text = (await lib.documents.text(ME, document.id)).text
            assert summary.summary and all(text[cited.start : cited.end] == cited.quote for cited in summary.citations)
            found = await lib.documents.extract(ME, document.id, Wish(fields=[Field("term in months", "integer"), Field("parties", "array")]))
            assert set(found.data) == {"term in months", "parties"}
    finally:
        await chat.close()


# Data


async def test_labelled_fields_are_read_without_a_model_and_cited(tmp_path: Path) -> None:
    found = await extraction(tmp_path, Wish(schema=SCHEMA))
    assert found.data == {
        "invoiceNumber": "GL-2024-0193",
        "invoiceDate": "2024-03-14",
        "dueDate": "2024-04-13",
        "paid": False,
        "total": 1495.6,
        "email": "billing@greenline.example",
    }
    assert found.method["total"] == "extractive" and found.method["customer"] == "not_found"
    assert found.model is None and 0.5 < found.confidence <= 1
    for cited in found.citations:
        assert INVOICE[cited.start : cited.end] == cited.quote
    assert {cited.field: cited.quote for cited in found.citations}["total"] == "Total: GBP 1,495.60"


async def test_confidence_counts_what_is_missing_and_what_could_as_well_have_been_taken(tmp_path: Path) -> None:
    half = await extraction(tmp_path / "half", Wish(fields=[Field("invoice number"), Field("iban")]))
    assert half.field_confidence == {"invoice number": 0.9} and half.confidence == 0.45
    none = await extraction(tmp_path / "none", Wish(fields=[Field("iban")]))
    assert none.confidence == 0.0
    lots = "\n".join(f"Fee: {amount}.00 EUR" for amount in (10, 20, 30, 20))
    many = await extraction(tmp_path / "many", Wish(fields=[Field("fee", "number")]), text=lots)
    assert many.data == {"fee": 10} and many.confidence == 0.3  # one of three
    plain = await extraction(tmp_path / "plain", Wish(fields=[Field("fee", "number")]), text="Fee: 10.00 EUR\nMonthly fee: 20.00 EUR\nFee: 10 EUR")
    assert plain.data == {"fee": 10} and plain.confidence == 0.9  # the others are the same, or another fee


async def test_fields_that_the_document_does_not_give_are_null_and_never_invented(tmp_path: Path) -> None:
    made_up = {"delivery date": "2024-05-01", "iban": "DE02 1203 0000 0000 2020 51", "discount": 12, "customer": "Hannah Osei", "ship": "Titanic of Belfast"}
    wish = Wish(fields=[Field("delivery date"), Field("iban"), Field("discount", "number"), Field("customer"), Field("ship")])
    found = await extraction(tmp_path, wish, House(ScriptedChat(filling(made_up))))
    assert found.data == {"delivery date": None, "iban": None, "discount": None, "customer": "Hannah Osei", "ship": None}
    assert found.method["customer"] == "model" and found.model == "scripted"
    assert [cited.quote for cited in found.citations] == ["Hannah Osei"]


async def test_a_small_model_is_asked_only_for_what_the_labels_leave_open(tmp_path: Path) -> None:
    chat = ScriptedChat(filling({"customer": "Hannah Osei", "invoiceNumber": "wrong"}))
    found = await extraction(tmp_path, Wish(schema=SCHEMA), House(chat))
    assert found.data["customer"] == "Hannah Osei" and found.data["invoiceNumber"] == "GL-2024-0193"
    assert [list(request.json_schema["properties"]) for request in chat.asked if request.json_schema] == [["customer"]]


async def test_lists_of_objects_keep_only_the_rows_that_stand_in_the_document(tmp_path: Path) -> None:
    items = [{"name": "Lawnmower", "amount": 349}, {"name": "Spare blade", "amount": 49.0}, {"name": "Golden rake", "amount": 777}]
    schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
        "$defs": {"item": {"type": "object", "properties": {"name": {"type": "string"}, "amount": {"type": "number"}}}},
    }
    found = await extraction(tmp_path, Wish(schema=schema), House(ScriptedChat(filling({"items": items}), prompt_budget=8_000)))
    assert found.data == {"items": items[:2]}


async def test_what_cannot_be_made_valid_is_said_field_by_field(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"iban": {"type": "string"}, "total": {"type": "number", "maximum": 10}}, "required": ["iban", "total"]}
    with pytest.raises(ValidationFailed) as caught:
        await extraction(tmp_path, Wish(schema=schema), House(ScriptedChat(filling({}))))
    assert {error["field"] for error in caught.value.details["errors"]} == {"iban", "total"}
    assert caught.value.details["data"] == {"total": 1495.6}


async def test_an_optional_value_of_the_wrong_shape_is_left_out(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"total": {"type": "number"}, "invoiceNumber": {"type": "string", "pattern": "^[0-9]+$"}}, "required": ["total"]}
    found = await extraction(tmp_path, Wish(schema=schema))
    assert found.data == {"total": 1495.6}


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish(schema={"type": "strin"}),
        Wish(schema={"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}}),
        Wish(schema={"$schema": "http://127.0.0.1:9/meta.json", "type": "object"}),
        Wish(schema={"properties": {"a": {"pattern": "("}}}),
        Wish(schema={"$ref": "#/$defs/nowhere"}),
        Wish(fields=[]),
        Wish(fields=[Field("a"), Field("a")]),
        Wish(fields=[Field("a", "colour")]),
    ],
)
async def test_a_wish_that_no_document_can_fulfil_is_refused(tmp_path: Path, wish: Wish) -> None:
    with pytest.raises(ValidationFailed):
        await extraction(tmp_path, wish)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234.50", 1234.5), ("1.234,50", 1234.5), ("1 234", 1234), ("1,234", 1234), ("3,5", 3.5), ("−3", -3), ("1.234.567", 1234567), ("x", None)],
)
def test_numbers_are_read_as_they_are_written_in_many_countries(text: str, number: float | None) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["2024-03-14", "14.3.2024", "14 March 2024", "March 14th, 2024", "14. März 2024", "3/14/2024", "14/3/2024", "14 mars 2024"])
def test_dates_are_read_as_they_are_written_in_many_countries(text: str) -> None:
    day = parse_date(text)
    assert day is not None and day.isoformat() == "2024-03-14"


# Comparisons


async def test_two_versions_differ_where_they_differ_with_places_on_both_sides(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        old, new = await lib.ready(write(tmp_path / "old.md", OLD)), await lib.ready(write(tmp_path / "new.md", NEW))
        compared = await lib.documents.compare(ME, [old.id, new.id])
        changed = [one for one in compared.differences if one.kind == "changed"]
        assert [one.text for one in changed] == ["“runs for 24 months” → “runs for 36 months”"]
        assert [passage.document_id for passage in changed[0].passages] == [old.id, new.id]
        assert next((one.kind, one.text) for one in compared.differences if one.kind != "changed") == ("added", "Disputes are decided by the court in Lunden.")
        assert any("three months" in one.text for one in compared.similarities)
        for one in [*compared.differences, *compared.similarities]:
            for passage in one.passages:
                assert (OLD if passage.document_id == old.id else NEW)[passage.start : passage.end] == passage.text
        assert compared.summary_method == "extractive" and "1 was changed" in compared.summary
        assert "court" in compared.per_document[1].unique_terms


async def test_pages_are_named_on_both_sides(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        one = await lib.ready(sample.pdf(tmp_path / "a.pdf", [["Nothing of note."], sample.SENTENCES[:2]]))
        two = await lib.ready(sample.pdf(tmp_path / "b.pdf", [sample.SENTENCES[:1], ["Something else entirely."], [sample.SENTENCES[1]]]))
        compared = await lib.documents.compare(ME, [one.id, two.id])
        pages = {tuple(passage.page for passage in similar.passages) for similar in compared.similarities}
        assert pages == {(2, 1), (2, 3)}


async def test_statements_of_one_meaning_are_found_in_other_words(tmp_path: Path, models_folder: Path) -> None:
    embedder = minilm(models_folder)
    async with library(tmp_path / "home", House(embedder=embedder)) as lib:
        one = await lib.ready(write(tmp_path / "a.txt", "The physician examined the sick child in the morning. Wool is exported to the south."))
        two = await lib.ready(write(tmp_path / "b.txt", "In the morning a doctor looked at the ill kid. Trains leave from the northern platform."))
        compared = await lib.documents.compare(ME, [one.id, two.id])
        assert [[passage.text.split()[1] for passage in similar.passages] for similar in compared.similarities] == [["physician", "the"]]
        assert compared.similarities[0].score < 1
    await embedder.close()


async def test_a_question_is_answered_from_each_document_or_not_at_all(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        ids = [
            (await lib.ready(write(tmp_path / name, text))).id for name, text in (("old.md", OLD), ("new.md", NEW), ("other.md", "Herring is sold at dawn."))
        ]
        compared = await lib.documents.compare(ME, ids, "How long does the agreement run?")
        answers = [one.summary for one in compared.per_document]
        assert "24 months" in answers[0] and "36 months" in answers[1] and answers[2] == "Not in this document."
        assert compared.per_document[0].passages[0].document_id == ids[0] and compared.per_document[2].passages == []


async def test_strangers_have_nothing_in_common_and_a_small_model_is_not_asked_to_say_otherwise(tmp_path: Path) -> None:
    chat = ScriptedChat(lambda request: "Both documents are about agreements.")
    async with library(tmp_path / "home", House(chat)) as lib:
        one, two = await lib.ready(write(tmp_path / "a.md", OLD)), await lib.ready(write(tmp_path / "b.txt", "Herring is sold at dawn. Salt comes by ship."))
        compared = await lib.documents.compare(ME, [one.id, two.id])
        assert compared.similarities == [] and "no statement in common" in compared.summary
        assert (compared.summary_method, chat.asked) == ("extractive", [])


async def test_a_capable_model_puts_the_comparison_into_words_that_the_findings_bear_out(tmp_path: Path) -> None:
    def say(request: ChatRequest) -> str:
        return "The newer agreement runs for 36 months instead of 24 months. Disputes are decided by the court in Lunden. It also grants 500 camels."

    async with library(tmp_path / "home", House(ScriptedChat(say, prompt_budget=8_000))) as lib:
        ids = [(await lib.ready(write(tmp_path / name, text))).id for name, text in (("old.md", OLD), ("new.md", NEW))]
        compared = await lib.documents.compare(ME, ids)
        assert (compared.summary_method, compared.model) == ("model", "scripted")
        assert "36 months" in compared.summary and "camels" not in compared.summary


async def test_only_documents_that_were_read_can_be_compared(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        one = await lib.ready(write(tmp_path / "a.md", OLD))
        broken, _ = await lib.upload(sample.pdf(tmp_path / "b.pdf", [["x"]], password="secret"))
        await lib.settle(broken.id)
        refusals: list[tuple[list[str], Any]] = [
            ([one.id, broken.id], DocumentNotReady),
            ([one.id, "doc_gone"], NotFound),
            ([one.id, one.id], ValidationFailed),
        ]
        for ids, error in refusals:
            with pytest.raises(error):
                await lib.documents.compare(ME, ids)
