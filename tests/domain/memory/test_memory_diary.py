"""The daily log: one line per interaction in the database, and a Markdown file for the person."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sophon_local.domain.memory import diary
from sophon_local.kit import clock
from sophon_local.kit.errors import InvalidRequest
from tests.domain.memory.memory_rig import AGENT, OTHER_AGENT, OWNER, remembering, until

pytestmark = pytest.mark.anyio


async def test_each_interaction_is_one_line_of_the_day(tmp_path: Path) -> None:
    async with remembering(tmp_path) as rig:
        await rig.memory.log("Where is\nthe   spare key?", "sess_1", "main")
        await rig.memory.log("Thanks", "sess_1", "main")
        log = await rig.memory.daily_log(OWNER)
        assert log.date == diary.today()
        assert [(line.text, line.session_id, line.agent_id) for line in log.entries] == [
            ("Where is the spare key?", "sess_1", "main"),
            ("Thanks", "sess_1", "main"),
        ]
        assert log.entries[0].at <= log.entries[1].at
        assert (await rig.memory.daily_log(OWNER, "2001-02-03")).entries == []


@pytest.mark.parametrize("day", ["today", "2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00", "", "2026-02-03 ", "../../etc"])
async def test_a_bad_day_is_refused(tmp_path: Path, day: str) -> None:
    async with remembering(tmp_path) as rig:
        with pytest.raises(InvalidRequest):
            await rig.memory.daily_log(OWNER, day)


async def test_the_markdown_file_follows_and_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sophon_local.domain.memory.service.EXPORT_S", 0.01)
    async with remembering(tmp_path) as rig:
        await rig.memory.log("Where is the spare key?", "sess_1", "main")
        path = tmp_path / "memory" / f"{diary.today()}.md"
        await until(lambda: path.is_file())
        text = path.read_text("utf-8")
        assert text.startswith(f"# {diary.today()}\n\n- ")
        assert text.endswith(" Where is the spare key? (main)\n")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert list(path.parent.iterdir()) == [path]


async def test_the_file_is_complete_after_a_stop_and_mended_after_a_loss(tmp_path: Path) -> None:
    async with remembering(tmp_path) as rig:
        for n in range(5):
            await rig.memory.log(f"Line {n}", None, None)
    path = tmp_path / "memory" / f"{diary.today()}.md"
    assert path.read_text("utf-8").count("\n- ") == 5
    path.unlink()
    async with remembering(tmp_path):
        await until(path.is_file)
    assert path.read_text("utf-8").count("\n- ") == 5


async def test_what_is_written_in_a_message_stays_text_in_the_file(tmp_path: Path) -> None:
    async with remembering(tmp_path) as rig:
        await rig.memory.log("# Title\n- [x](http://evil.example) <img src=x> `rm` \x00 \ud800", "sess_1", None)
    text = (tmp_path / "memory" / f"{diary.today()}.md").read_text("utf-8")
    assert len(text.splitlines()) == 3
    assert "\\[x\\](http" in text
    assert "\\<img" in text


async def test_a_long_message_is_cut_and_an_empty_one_left_out(tmp_path: Path) -> None:
    async with remembering(tmp_path) as rig:
        await rig.memory.log("x" * 50_000, None, None)
        await rig.memory.log("  \n ", None, None)
        (line,) = (await rig.memory.daily_log(OWNER)).entries
        assert len(line.text) == diary.LINE_CHARACTERS
        assert line.text.endswith("…")


async def test_a_folder_that_cannot_be_written_costs_no_line(tmp_path: Path) -> None:
    (tmp_path / "memory").write_text("in the way")
    async with remembering(tmp_path) as rig:
        await rig.memory.log("Still there", None, None)
        assert [line.text for line in (await rig.memory.daily_log(OWNER)).entries] == ["Still there"]
    assert (tmp_path / "memory").read_text() == "in the way"


async def test_an_agent_reads_its_own_lines_only(tmp_path: Path) -> None:
    async with remembering(tmp_path) as rig:
        await rig.memory.log("for main", "sess_1", "main")
        await rig.memory.log("for other", "sess_2", "other")
        assert [line.text for line in (await rig.memory.daily_log(AGENT)).entries] == ["for main"]
        assert [line.text for line in (await rig.memory.daily_log(OTHER_AGENT)).entries] == ["for other"]


async def test_days_keep_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    async with remembering(tmp_path) as rig:
        await rig.memory.log("first", None, None)
        now += timedelta(days=1)
        await rig.memory.log("second", None, None)
        assert [line.text for line in (await rig.memory.daily_log(OWNER, "2026-05-01")).entries] == ["first"]
        assert [line.text for line in (await rig.memory.daily_log(OWNER)).entries] == ["second"]
    assert sorted(path.name for path in (tmp_path / "memory").iterdir()) == ["2026-05-01.md", "2026-05-02.md"]
