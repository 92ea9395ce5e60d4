"""Every format, read by the real child process, with text, headings, pages and offsets that hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sophon_local.providers.parsing import Parsed, Reader
from sophon_local.providers.parsing.builder import with_scans
from tests import sample_files as sample

pytestmark = pytest.mark.anyio


async def read(path: Path, content_type: str = "") -> Parsed:
    parsed = await Reader().read(path, path.name, content_type)
    at = 0
    for section in parsed.sections:
        assert section.start == at and section.end >= section.start
        at = section.end
    assert at == len(parsed.text)
    return parsed


def under(parsed: Parsed, heading: str) -> str:
    return next(parsed.text[s.start : s.end] for s in parsed.sections if s.heading == heading)


async def test_a_pdf_is_read_page_by_page_with_the_headings_that_its_letters_show(tmp_path: Path) -> None:
    parsed = await read(sample.pdf(tmp_path / "a.pdf", [sample.SENTENCES[:3], sample.SENTENCES[3:6]], headings=["The storm", "The archive"]))
    assert (parsed.kind, parsed.pages, parsed.scanned) == ("pdf", 2, [])
    assert [(s.heading, s.page) for s in parsed.sections] == [("The storm", 1), ("The archive", 2)]
    assert parsed.text[parsed.page_starts[1] :].startswith("The archive")
    assert "eastern wall" in " ".join(parsed.text[: parsed.page_starts[1]].split())


async def test_a_pdf_with_an_outline_takes_its_headings_from_there(tmp_path: Path) -> None:
    parsed = await read(sample.pdf(tmp_path / "a.pdf", [sample.SENTENCES[:3], sample.SENTENCES[3:6]], headings=["The storm", "The archive"], outline=True))
    assert [(s.heading, s.level, s.page) for s in parsed.sections if s.level] == [("The storm", 1, 1), ("The archive", 1, 2)]


async def test_scanned_pages_are_named_and_read_with_ocr_and_put_in_their_place(tmp_path: Path) -> None:
    path = sample.scanned_pdf(
        tmp_path / "scan.pdf", ["A page with a text layer of its own, long enough to count.", ["The eastern wall fell", "in the storm of 1687"], []]
    )
    parsed = await read(path)
    assert (parsed.pages, parsed.scanned) == (3, [2])  # the third is blank: nothing to read
    scans = {page.page: page.text async for page, failure in Reader().scan(path, parsed.kind, parsed.scanned) if failure is None}
    whole = with_scans(parsed, scans)
    second = whole.text[whole.page_starts[1] : whole.page_starts[2]]
    assert "eastern wall fell" in second and "1687" in second
    assert whole.text.startswith("A page with a text layer")


async def test_a_picture_is_read_with_ocr(tmp_path: Path) -> None:
    path = tmp_path / "sign.png"
    path.write_bytes(sample.picture_of_text(["Toll of three silver marks"], size=(700, 200)))
    parsed = await read(path)
    assert (parsed.kind, parsed.scanned, parsed.text) == ("png", [1], "")
    pages = [page async for page, _ in Reader().scan(path, "png", [1])]
    assert "three silver marks" in pages[0].text and pages[0].confidence > 0.8


async def test_a_word_document_keeps_headings_lists_and_tables(tmp_path: Path) -> None:
    parsed = await read(sample.docx(tmp_path / "a.docx"))
    assert [(s.heading, s.level) for s in parsed.sections] == [("Harbour report", 1), ("Trade", 1), ("Tolls", 2)]
    assert "- herring\n- salt" in under(parsed, "Trade")
    assert "Ship | Toll\nAnna | 3 marks" in under(parsed, "Tolls")


async def test_slides_are_pages_with_their_notes_and_tables(tmp_path: Path) -> None:
    parsed = await read(sample.pptx(tmp_path / "a.pptx"))
    assert parsed.pages == 2
    assert "Rebuild the eastern wall" in under(parsed, "Harbour plans") and "Notes: Mention the granite." in under(parsed, "Harbour plans")
    assert "Granite | 1200" in under(parsed, "Costs")


async def test_a_workbook_names_its_sheets_and_columns(tmp_path: Path) -> None:
    parsed = await read(sample.xlsx(tmp_path / "a.xlsx"))
    assert [s.heading for s in parsed.sections] == ["Arrivals", "Columns: Ship, Arrived, Marks"]
    assert "Anna | 1688-04-02 | 3\nDorothea | 1688-05-17 | 4.5" in parsed.text


async def test_an_opendocument_sheet_is_read(tmp_path: Path) -> None:
    assert "Anna | herring" in (await read(sample.ods(tmp_path / "a.ods"))).text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
async def test_csv_is_read_whatever_its_separator_and_encoding(tmp_path: Path, separator: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        separator.join(["Schiff", "Zöllner"]).encode(encoding) + separator.join(["\nAnna", '"Müller, Jörg"\n']).encode(encoding).removeprefix(b"\xff\xfe")
    )
    parsed = await read(path)
    assert "Schiff | Zöllner\nAnna | Müller, Jörg" in parsed.text
    assert parsed.kind == "csv"


async def test_html_loses_its_scripts_and_chrome_and_keeps_its_words(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"  # the content says what it is
    path.write_text(sample.HTML)
    parsed = await read(path)
    assert parsed.kind == "html"
    assert [s.heading for s in parsed.sections] == ["Lunden harbour", "The storm", "Trade"]
    assert "- herring\n- salt" in parsed.text and "Ship | Toll\nAnna | 3 marks" in parsed.text
    assert not any(noise in parsed.text for noise in ("alert", "color", "About us", "rights"))


async def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    parsed = await read(sample.epub(tmp_path / "a.epub"))
    assert [s.heading for s in parsed.sections] == ["The Seven Piers", "The storm", "The light"]


async def test_a_message_shows_who_wrote_what_and_names_its_attachments(tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(sample.EML)
    parsed = await read(path)
    assert parsed.sections[0].heading == "The lamp – again"
    assert "From: Ada Holm <ada@lunden.example>" in parsed.text and "flückers" in parsed.text and "- invoice.pdf (application/pdf, 4 bytes)" in parsed.text


async def test_markdown_headings_are_found_outside_code(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntags: x\n---\n# One\ntext\n```sh\n# not a heading\n```\nTwo\n---\nmore\n\n### Three ##\n")
    parsed = await read(path)
    assert [(s.heading, s.level) for s in parsed.sections] == [("", 0), ("One", 1), ("Two", 2), ("Three", 3)]
    assert under(parsed, "Two").startswith("Two\n---")


async def test_json_on_one_line_is_laid_out_and_broken_json_is_text(tmp_path: Path) -> None:
    whole, broken = tmp_path / "a.json", tmp_path / "b.json"
    whole.write_text(json.dumps({"ship": "Anna", "tolls": list(range(5))}))
    broken.write_text('{"ship": // a remark\n "Anna"')
    assert '\n  "ship": "Anna"' in (await read(whole)).text
    assert "// a remark" in (await read(broken)).text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xef\xbb\xbfHerring \xe2\x82\xac3", "Herring €3"),
        ("Häfen".encode("utf-16-le"), "Häfen"),
        ("Häfen".encode("utf-16"), "Häfen"),
        ("Häfen".encode("utf-32"), "Häfen"),
        (b"caf\xe9 \x80 3", "café € 3"),
        (b"a\x00b\x07c\x1bd " + b"words " * 20, "abcd " + "words " * 19 + "words"),
        (b"one\r\ntwo\rthree\n\n\n\nfour   \n", "one\ntwo\nthree\n\nfour"),
        ("soft\u00adhyphen \ufb01ne \ufffe\ud7ff".encode(), "softhyphen fine \ud7ff"),
    ],
)
async def test_text_is_decoded_and_cleaned(tmp_path: Path, raw: bytes, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    assert (await read(path)).text == text


async def test_progress_is_told_while_reading(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = sample.pdf(tmp_path / "a.pdf", [["words"]] * 35)
    await Reader().read(path, path.name, "", lambda done, total: seen.append((done, total)))
    assert seen == [(10, 35), (20, 35), (30, 35), (35, 35)]
