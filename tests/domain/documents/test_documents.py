"""From a file to what search finds, and away again, on a real database with the real reading child."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sophon_local.domain.documents import DocumentFilter, UnreadableFile
from sophon_local.kit.caller import Caller
from sophon_local.kit.errors import NotAllowed, NotFound, StorageFull, TooLarge, ValidationFailed
from sophon_local.kit.paging import PageRequest
from tests import sample_files as sample
from tests.domain.documents.library import ME, Library, library, minilm
from tests.scripted_chat import House

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]


async def test_an_uploaded_pdf_goes_through_its_states_until_search_finds_it_with_page_and_place(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        path = sample.pdf(tmp_path / "Harbour.PDF", [sample.SENTENCES[:4], sample.SENTENCES[4:]], headings=["The storm", "Trade"])
        document, is_new = await lib.upload(path, "application/pdf", tags=["Town", "history", "town"])
        assert is_new and document.status == "uploaded" and document.tags == ["Town", "history"]
        document = await lib.settle(document.id)
        assert [told.status for told in lib.told if told.id == document.id][-1] == "ready"
        states = list(dict.fromkeys(told.status for told in lib.told))
        assert states == ["uploaded", "extracting", "chunking", "embedding", "ready"]
        assert (document.pages, document.progress, document.error, document.content_type) == (2, 1.0, None, "application/pdf")
        progress = [told.progress for told in lib.told]
        assert progress == sorted(progress)
        hits = await lib.documents.search(ME, "What made up the trade in herring and timber?", 3)
        assert hits[0].chunk.page == 2 and hits[0].chunk.heading == "Trade" and hits[0].document.id == document.id
        text = await lib.documents.text(ME, document.id)
        for hit in hits:
            assert text.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
            assert text.page_at(hit.chunk.start) == hit.chunk.page
        assert [heading.text for heading in text.headings] == ["The storm", "Trade"]


async def test_vectors_find_what_words_do_not(tmp_path: Path, models_folder: Path) -> None:
    embedder = minilm(models_folder)
    async with library(tmp_path / "home", House(embedder=embedder)) as lib:
        await lib.ready(sample.pdf(tmp_path / "a.pdf", [[one] for one in sample.SENTENCES]))
        assert lib.documents.is_hybrid()
        hits = await lib.documents.search(ME, "illumination for sailors at night", 3)
        assert any("lighthouse" in hit.chunk.text for hit in hits)
        assert hits[0].hit.vector_score is not None
    await embedder.close()


async def test_the_same_content_is_stored_once_and_its_tags_are_joined(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        (tmp_path / "a.md").write_text("# Piers\nThere were seven piers.")
        first = await lib.ready(tmp_path / "a.md", tags=["one"])
        (second, is_new), (third, _) = await asyncio.gather(
            lib.upload(tmp_path / "a.md", filename="other.md", tags=["two"]), lib.upload(tmp_path / "a.md", filename="third.md")
        )
        assert (second.id, third.id, is_new) == (first.id, first.id, False)
        assert (await lib.documents.get(ME, first.id)).tags == ["one", "two"]
        assert len(lib.files()) == 1


async def test_two_uploads_of_the_same_content_at_once_make_one_document(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        (tmp_path / "a.txt").write_text("There were seven piers.")
        results = await asyncio.gather(*(lib.upload(tmp_path / "a.txt") for _ in range(5)))
        assert len({document.id for document, _ in results}) == 1
        assert sorted(is_new for _, is_new in results) == [False] * 4 + [True]


async def test_originals_are_private_files_named_by_their_hash(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        (tmp_path / "a.txt").write_text("There were seven piers.")
        document = await lib.ready(tmp_path / "a.txt", filename="../../etc/a\x00\x1b.txt")
        path, _ = await lib.documents.raw(ME, document.id)
        assert document.filename == "a.txt"
        assert path == lib.blobs / document.sha256[:2] / document.sha256
        assert path.read_text() == "There were seven piers."
        if os.name == "posix":
            assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


async def test_deleting_removes_every_trace(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        keep = await lib.ready(sample.docx(tmp_path / "keep.docx"))
        document = await lib.ready(sample.pdf(tmp_path / "a.pdf", [sample.SENTENCES]))
        await lib.documents.delete(ME, document.id)
        with pytest.raises(NotFound):
            await lib.documents.get(ME, document.id)
        assert lib.files() == [keep.sha256]
        assert all(hit.document.id == keep.id for hit in await lib.documents.search(ME, "lighthouse whale oil trade", 10))
        counts = await lib.db.read(
            lambda tx: [
                tx.value(f"SELECT count(*) FROM {t} WHERE document_id = :id", id=document.id) for t in ("document_texts", "document_chunks", "document_tags")
            ]
        )
        assert counts == [0, 0, 0]
        assert await lib.db.read(lambda tx: tx.value("SELECT count(*) FROM document_leftovers")) == 0


async def test_a_document_can_be_deleted_while_it_is_read(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        document, _ = await lib.upload(sample.scanned_pdf(tmp_path / "a.pdf", [["one page"], ["another page"], ["a third page"]]))
        while not any(told.detail and "scanned" in told.detail for told in lib.told):
            await asyncio.sleep(0.02)
        await lib.documents.delete(ME, document.id)
        assert lib.files() == []
        again = await lib.ready(sample.docx(tmp_path / "b.docx"))  # the next one is not held up
        assert again.chunk_count > 0


async def test_a_file_that_cannot_be_read_fails_with_its_reason_and_can_be_uploaded_again(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        path = sample.pdf(tmp_path / "a.pdf", [sample.SENTENCES], password="secret")
        document, _ = await lib.upload(path)
        document = await lib.settle(document.id)
        assert document.status == "failed" and document.error and document.error.code == "password_protected"
        assert "password" in document.error.message
        again, is_new = await lib.upload(path)
        assert (again.id, is_new, again.status) == (document.id, False, "uploaded")


async def test_a_file_without_words_fails_as_no_text(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        (tmp_path / "b.txt").write_text("(" * 100_000)
        for path in (sample.scanned_pdf(tmp_path / "a.pdf", [[], []]), tmp_path / "b.txt"):
            document, _ = await lib.upload(path)
            document = await lib.settle(document.id)
            assert document.error and document.error.code == "no_text"


async def test_what_cannot_become_a_document_is_refused_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    async with library(tmp_path / "home", max_upload_bytes=1_000) as lib:
        for content, error in ((b"", ValidationFailed), (b"MZ" + bytes(50), UnreadableFile), (b"words " * 500, TooLarge)):
            (tmp_path / "a.txt").write_bytes(content)
            with pytest.raises(error):
                await lib.upload(tmp_path / "a.txt")
        assert lib.files() == [] and lib.told == []


async def test_the_disk_being_full_refuses_an_upload_and_leaves_nothing(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        pages = await lib.db.write(lambda tx: tx.value("PRAGMA page_count"))
        await lib.db.write(lambda tx: tx.rows(f"PRAGMA max_page_count = {pages + 1}"))
        (tmp_path / "a.txt").write_text("There were seven piers.")
        refused = 0
        for number in range(60):
            (tmp_path / "a.txt").write_text(f"There were {number} piers. " + "words " * 300)
            try:
                await lib.upload(tmp_path / "a.txt")
            except StorageFull as error:
                assert "full" in error.message
                refused += 1
        assert refused
        rows = await lib.db.read(lambda tx: {row[0] for row in tx.rows("SELECT sha256 FROM documents")})
        assert set(lib.files()) == rows
        assert (await lib.documents.list(ME, PageRequest())).total == len(rows)  # reading goes on
        await lib.db.write(lambda tx: tx.rows("PRAGMA max_page_count = 1000000"))
        await lib.upload(tmp_path / "a.txt")  # and writing, once there is space


async def test_lists_are_paged_newest_first_and_filtered(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        made = []
        for number in range(5):
            (tmp_path / f"Note_{number}.txt").write_text(f"Note {number} about piers.")
            made.append(await lib.ready(tmp_path / f"Note_{number}.txt", tags=["Even" if number % 2 == 0 else "odd"]))
        first = await lib.documents.list(ME, PageRequest(limit=2))
        assert ([d.id for d in first.items], first.total) == ([made[4].id, made[3].id], 5)
        second = await lib.documents.list(ME, PageRequest(limit=2, key=first.next_key))
        assert [d.id for d in second.items] == [made[2].id, made[1].id]
        even = await lib.documents.list(ME, PageRequest(), DocumentFilter(tag="even", status="ready"))
        assert [d.id for d in even.items] == [made[4].id, made[2].id, made[0].id]
        assert [d.id for d in (await lib.documents.list(ME, PageRequest(), DocumentFilter(text="NOTE_3"))).items] == [made[3].id]
        assert (await lib.documents.list(ME, PageRequest(), DocumentFilter(text="%"))).items == []
        with pytest.raises(ValidationFailed):
            await lib.documents.list(ME, PageRequest(), DocumentFilter(status="lost"))


async def test_search_can_be_confined_to_documents(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        one, two = await lib.ready(sample.docx(tmp_path / "a.docx")), await lib.ready(sample.epub(tmp_path / "b.epub"))
        assert {hit.document.id for hit in await lib.documents.search(ME, "storm toll herring", 10)} == {one.id, two.id}
        assert {hit.document.id for hit in await lib.documents.search(ME, "storm toll herring", 10, [two.id])} == {two.id}
        assert await lib.documents.search(ME, "storm", 10, []) == []


async def test_reading_again_replaces_everything_once(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        document = await lib.ready(sample.docx(tmp_path / "a.docx"))
        before = await lib.documents.chunks(ME, document.id)
        await lib.documents.reprocess(ME, document.id)
        document = await lib.settle(document.id)
        assert document.status == "ready"
        assert await lib.documents.chunks(ME, document.id) == before
        assert lib.search.status().items == len(before)


async def test_without_the_permission_nothing_changes(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        document = await lib.ready(sample.docx(tmp_path / "a.docx"))
        visitor = Caller("usr_visitor", permissions=frozenset())
        for refused in (lib.documents.delete(visitor, document.id), lib.documents.reprocess(visitor, document.id)):
            with pytest.raises(NotAllowed):
                await refused


async def test_a_document_whose_reading_brought_the_program_down_is_left_alone_in_the_end(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        document = await lib.ready(sample.docx(tmp_path / "a.docx"))
        await lib.db.write(lambda tx: tx.run("UPDATE documents SET status = 'extracting', attempts = 3"))
    async with library(tmp_path / "home") as lib:
        document = await lib.settle(document.id)
        assert document.error and document.error.code == "gave_up"


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
async def test_after_a_kill_in_the_middle_reading_goes_on_and_scanned_pages_are_not_read_again(tmp_path: Path) -> None:
    sample.scanned_pdf(
        tmp_path / "scan.pdf", [["The first page tells of the storm"], ["The second page tells of the tolls"], ["The third page tells of the light"]]
    )
    sample.long_pdf(tmp_path / "long.pdf", 30)
    script = f"""
import asyncio
from pathlib import Path
from tests.domain.documents.library import library
async def main():
    async with library(Path({str(tmp_path / "home")!r})) as lib:
        await lib.upload(Path({str(tmp_path / "scan.pdf")!r}))
        await lib.upload(Path({str(tmp_path / "long.pdf")!r}))
        while not any(told.detail == "Reading scanned page 2 of 3" for told in lib.told):
            await asyncio.sleep(0.01)
        print("killed here", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT)
    assert child.stdout
    await asyncio.to_thread(child.stdout.readline)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    async with library(tmp_path / "home") as lib:
        listed = (await lib.documents.list(ME, PageRequest())).items
        for document in listed:
            assert (await lib.settle(document.id)).status == "ready"
        assert any(told.detail == "Reading scanned page 2 of 3" for told in lib.told)
        assert not any(told.detail == "Reading scanned page 1 of 3" for told in lib.told)
        scan = next(document for document in listed if document.filename == "scan.pdf")
        text = (await lib.documents.text(ME, scan.id)).text
        assert all(word in text for word in ("storm", "tolls", "light"))
        assert len(lib.files()) == 2
        assert await _is_consistent(lib)


async def _is_consistent(lib: Library) -> bool:
    """Index and passages agree: as many items as chunks."""
    chunks = await lib.db.read(lambda tx: tx.value("SELECT count(*) FROM document_chunks"))
    return bool(lib.search.status().items == chunks)


async def test_a_caller_who_goes_away_leaves_a_whole_document_or_none(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        (tmp_path / "a.txt").write_text("There were seven piers.")
        for delay in (0.0, 0.001, 0.003):
            uploading = asyncio.create_task(lib.upload(tmp_path / "a.txt"))
            await asyncio.sleep(delay)
            uploading.cancel()
            await asyncio.gather(uploading, return_exceptions=True)
        await asyncio.sleep(0.1)
        listed = (await lib.documents.list(ME, PageRequest())).items
        assert lib.files() == [document.sha256 for document in listed]


async def test_an_original_that_somebody_took_away_is_said_and_can_be_brought_back(tmp_path: Path) -> None:
    async with library(tmp_path / "home") as lib:
        (tmp_path / "a.txt").write_text("There were seven piers.")
        document = await lib.ready(tmp_path / "a.txt")
        path, _ = await lib.documents.raw(ME, document.id)
        path.unlink()
        with pytest.raises(NotFound):
            await lib.documents.raw(ME, document.id)
        await lib.documents.reprocess(ME, document.id)
        failed = await lib.settle(document.id)
        assert failed.error and "gone" in failed.error.message
        assert (await lib.ready(tmp_path / "a.txt")).id == document.id
        assert path.exists()
