"""Files that are broken, or made to break things: each fails with its own reason, and nothing else happens."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sophon_local.providers.parsing import ParseFailed, Reader, ReaderLimits
from tests import sample_files as sample

pytestmark = pytest.mark.anyio


async def failure_of(path: Path, limits: ReaderLimits | None = None, content_type: str = "") -> str:
    reader = Reader(limits)
    with pytest.raises(ParseFailed) as caught:
        parsed = await reader.read(path, path.name, content_type)
        async for _ in reader.scan(path, parsed.kind, parsed.scanned):
            pass
        raise AssertionError(f"it was read: {parsed.text[:80]!r}")
    assert len(caught.value.message) > 20
    return caught.value.code


async def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    assert await failure_of(tmp_path / "a.pdf") == "empty"


async def test_a_pdf_that_is_cut_in_its_first_object(tmp_path: Path) -> None:
    path = sample.pdf(tmp_path / "a.pdf", [sample.SENTENCES])
    path.write_bytes(path.read_bytes()[:60])
    assert await failure_of(path) == "damaged"


async def test_a_pdf_of_noise(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 200)
    assert await failure_of(tmp_path / "a.pdf") == "damaged"


async def test_an_encrypted_pdf(tmp_path: Path) -> None:
    assert await failure_of(sample.pdf(tmp_path / "a.pdf", [sample.SENTENCES], password="secret")) == "password_protected"


async def test_an_encrypted_office_document(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(sample.password_protected_office_file())
    assert await failure_of(tmp_path / "a.docx") == "password_protected"


async def test_an_encrypted_archive_entry(tmp_path: Path) -> None:
    path = sample.docx(tmp_path / "a.docx")
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    path.write_bytes(raw)
    assert await failure_of(path) == "password_protected"


async def test_a_copy_protected_book(tmp_path: Path) -> None:
    assert await failure_of(sample.epub(tmp_path / "a.epub", encrypted="OEBPS/one.xhtml")) == "password_protected"


async def test_a_zip_bomb_dressed_as_a_word_document(tmp_path: Path) -> None:
    path = sample.docx(tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as zipped:
        for number in range(12):
            zipped.writestr(f"word/media/{number}.bin", bytes(19_000_000))
    assert await failure_of(path) == "too_large"


async def test_an_archive_entry_that_is_larger_than_allowed(tmp_path: Path) -> None:
    path = sample.docx(tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a") as zipped:
        zipped.writestr("word/media/1.bin", bytes(21_000_000))
    assert await failure_of(path) == "too_large"


async def test_an_archive_entry_that_unpacks_to_more_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    sample.archive(path, {"[Content_Types].xml": "<Types/>", "word/document.xml": b"<a/>" * 100_000})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = raw.rindex(signature)
        raw[at + offset : at + offset + 4] = struct.pack("<I", 100)
    path.write_bytes(raw)
    assert await failure_of(path) == "too_large"


async def test_an_archive_with_too_many_entries(tmp_path: Path) -> None:
    assert await failure_of(sample.archive(tmp_path / "a.docx", {"word/document.xml": "", **{f"word/{n}": "" for n in range(1_100)}})) == "too_large"


async def test_an_archive_whose_names_lead_out_of_it(tmp_path: Path) -> None:
    assert await failure_of(sample.archive(tmp_path / "a.docx", {"word/document.xml": "", "../../evil.txt": "x"})) == "damaged"


async def test_an_archive_whose_entries_overlap(tmp_path: Path) -> None:
    path = sample.archive(tmp_path / "a.docx", {"word/document.xml": "x" * 100, "word/other.xml": "x" * 100})
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 42 : at + 46] = struct.pack("<I", 0)  # the second entry claims the bytes of the first
    path.write_bytes(raw)
    assert await failure_of(path) == "damaged"


async def test_an_xml_bomb_in_a_word_document_stays_small(tmp_path: Path) -> None:
    path = sample.docx(tmp_path / "a.docx")
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{levels}<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>words &l11; &secret;</w:t></w:r></w:p>'
        "</w:body></w:document>"
    )
    with zipfile.ZipFile(path) as zipped:
        parts = {name: zipped.read(name) for name in zipped.namelist()}
    sample.archive(path, {**parts, "word/document.xml": bomb})
    try:
        parsed = await Reader().read(path, path.name, "")
        assert len(parsed.text) < 1_000 and "root:" not in parsed.text and "lollol" not in parsed.text
    except ParseFailed as failure:
        assert failure.code in ("damaged", "too_large")


async def test_an_archive_that_is_no_document(tmp_path: Path) -> None:
    assert await failure_of(sample.archive(tmp_path / "photos.docx", {"a.jpg": "x"})) == "unsupported_media_type"


@pytest.mark.parametrize(
    "raw", [b"MZ\x90\x00" + bytes(100), b"\x7fELF" + bytes(100), b"\x1f\x8b\x08" + bytes(50), b"GIF89a" + bytes(50), b"{\\rtf1 hello}", bytes(range(256)) * 4]
)
async def test_what_is_no_document_is_refused_by_its_content(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "innocent.txt"
    path.write_bytes(raw)
    assert await failure_of(path, content_type="text/plain") == "unsupported_media_type"


async def test_a_cut_picture(tmp_path: Path) -> None:
    whole = sample.picture_of_text(["words"] * 10)
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    assert await failure_of(tmp_path / "a.png") == "damaged"


async def test_a_picture_that_unpacks_to_billions_of_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(sample.png_claiming(60_000, 60_000))
    assert path.stat().st_size < 1_000_000
    assert await failure_of(path) == "too_large"


async def test_a_workbook_cut_in_half(tmp_path: Path) -> None:
    path = sample.xlsx(tmp_path / "a.xlsx")
    path.write_bytes(path.read_bytes()[:700])
    assert await failure_of(path) == "damaged"


async def test_a_file_that_needs_more_memory_than_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"word " * 8_000_000)
    assert await failure_of(path, ReaderLimits(memory_bytes=60 * 1024 * 1024)) in ("out_of_memory", "too_large")


async def test_a_text_longer_than_a_document(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"word " * 4_100_000)
    assert await failure_of(path) == "too_large"


async def test_a_file_that_takes_too_long(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><body>" + "<p>some words in a paragraph</p>" * 400_000)
    assert await failure_of(path, ReaderLimits(cpu_s=0.3)) == "timed_out"


async def test_html_nested_deeper_than_any_stack(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html><body>" + "<div>" * 20_000 + "bottom")
    assert (await Reader().read(path, path.name, "")).text == "bottom"


async def test_mail_nested_a_thousand_deep(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    body = "From: a@b.example\nSubject: x\n"
    for number in range(1_000):
        body += f'Content-Type: multipart/mixed; boundary="b{number}"\n\n--b{number}\n'
    path.write_text(body + "\nbottom\n")
    try:
        await Reader().read(path, path.name, "")
    except ParseFailed as failure:
        assert failure.code == "damaged"


async def test_pages_that_break_the_limits_are_left_out_and_three_in_a_row_end_the_scan(tmp_path: Path) -> None:
    path = sample.scanned_pdf(tmp_path / "a.pdf", [["a page"]] * 4)
    results = []
    with pytest.raises(ParseFailed) as caught:
        async for page, failure in Reader(ReaderLimits(scan_memory_bytes=350 * 1024 * 1024)).scan(path, "pdf", [1, 2, 3, 4]):
            results.append((page.page, failure))
    assert caught.value.code == "out_of_memory"
    assert [page for page, _ in results] == [1, 2] and all(failure and "memory" in failure for _, failure in results)


def test_the_child_can_neither_write_nor_reach_out_nor_start_programs() -> None:
    """In a process of its own, because what is given up cannot be had back."""
    script = """
import ctypes, errno, os, socket, subprocess, sys
from sophon_local.providers.parsing import sandbox
sandbox.confine(200 * 1024 * 1024, 30)
def refused(action):
    try:
        action()
    except PermissionError:
        return
    sys.exit(f"{action} was let through")
refused(lambda: socket.create_connection(("127.0.0.1", 9)))
refused(lambda: open(sys.argv[1], "w"))
refused(lambda: os.remove(sys.argv[1]))
refused(lambda: subprocess.run(["true"]))
if sys.platform == "linux":
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (lambda: libc.socket(2, 1, 0), lambda: libc.open(sys.argv[1].encode(), os.O_WRONLY), lambda: libc.unlink(sys.argv[1].encode())):
        if call() != -1 or ctypes.get_errno() != errno.EACCES:
            sys.exit("the kernel let a call through")
try:
    bytearray(400 * 1024 * 1024)
except MemoryError:
    print("confined")
"""
    done = subprocess.run([sys.executable, "-c", script, __file__], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert (done.stdout.strip(), done.stderr) == ("confined", "")
