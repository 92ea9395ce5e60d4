from __future__ import annotations

from pathlib import Path

import pytest

from sophon_local.domain.models import Machine, NotInstalled
from sophon_local.domain.models.catalogue import read, shipped
from sophon_local.domain.models.model import DEFAULT_CHAT, DEFAULT_EMBEDDING, SMALL_CHAT, Entry, default_chat, fits, recommend
from sophon_local.domain.models.sources import digest_of
from sophon_local.kit.errors import Conflict, NoChatModel, UnsupportedType
from tests.domain.models.rig import HUB, OWNER, content, entry_of, file_of, rig
from tests.loopback import Answer, loopback

pytestmark = pytest.mark.anyio

GB = 1_000_000_000


def here(entries: list[Entry], home: Path) -> None:
    """Put the files of models where installed ones are."""
    (home / "models").mkdir(parents=True, exist_ok=True)
    for entry in entries:
        for file in entry.files:
            (home / "models" / file.sha256).write_bytes(DATA[file.sha256])


DATA: dict[str, bytes] = {}


def chats(*ranks: int) -> list[Entry]:
    made = []
    for rank in ranks:
        file = file_of(data := content(1_000), HUB)
        DATA[file.sha256] = data
        made.append(entry_of(file, id=f"m{rank}", name=f"M{rank}", rank=rank))
    return made


def test_the_catalogue_makes_sense() -> None:
    entries = {entry.id: entry for entry in shipped()}
    assert {DEFAULT_EMBEDDING, DEFAULT_CHAT, SMALL_CHAT, "qwen2.5-coder-1.5b-instruct", "qwen3-0.6b", "qwen3-1.7b", "qwen3-4b"} <= entries.keys()
    for entry in entries.values():
        for file in entry.files:
            if any(source.parts for source in file.sources):
                assert all("{part" in (source.index or "") + (source.member or "") for source in file.sources if source.parts)
        assert entry.is_open or "Terms" in entry.licence


def test_the_files_of_the_tests_are_the_ones_of_the_catalogue(models_folder: Path) -> None:
    entries = {entry.id: entry for entry in shipped()}
    assert digest_of(models_folder / "minilm" / "model.onnx") == entries[DEFAULT_EMBEDDING].files[0].sha256
    assert digest_of(models_folder / "smollm2-135m" / "model.gguf") == entries[SMALL_CHAT].files[0].sha256


@pytest.mark.parametrize(
    "text",
    [
        '[[models]]\nid="x"',
        '[[models]]\nid="x"\nname="x"\nkind="chat"\nlicence="x"\nmemory_bytes=1\nfiles=[]',
        '[[models]]\nid="x"\nname="x"\nkind="chat"\nlicence="x"\nmemory_bytes=1\nfiles=[{name="f",sha256="short",size_bytes=1}]',
        '[[models]]\nid="x"\nname="x"\nkind="chat"\nlicence="x"\nmemory_bytes=1\nfiles=[{name="../f",sha256="' + "a" * 64 + '",size_bytes=1}]',
        '[[models]]\nid="x"\nname="x"\nkind="chat"\nlicence="x"\nmemory_bytes=1\nfiles=[{name="f",sha256="' + "a" * 64 + '",size_bytes=1,sources=[{hub="a"}]}]',
    ],
)
def test_a_catalogue_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read(text)


@pytest.mark.parametrize(
    ("machine", "recommended"),
    [
        (Machine(1 * GB, GB // 2, 2), SMALL_CHAT),
        (Machine(2 * GB, 1 * GB, 2), DEFAULT_CHAT),
        (Machine(4 * GB, 2 * GB, 2), "qwen3-0.6b"),
        (Machine(24 * GB, 20 * GB, 2), "qwen2.5-coder-1.5b-instruct"),
        (Machine(16 * GB, 12 * GB, 4), "qwen3-4b"),
        (Machine(64 * GB, 60 * GB, 16), "qwen3-4b"),
        (Machine(8 * GB, 4 * GB, 1), "qwen3-0.6b"),
    ],
)
def test_what_is_recommended_depends_on_memory_and_cores(machine: Machine, recommended: str) -> None:
    best = recommend(shipped(), machine)
    assert best is not None and best.id == recommended
    assert fits(best.memory_bytes, machine) != "no"


def test_only_open_models_are_recommended_and_a_machine_too_small_gets_none() -> None:
    assert all(not entry.is_open or entry.licence == "Apache-2.0" for entry in shipped())
    assert recommend(shipped(), Machine(200_000_000, 100_000_000, 1)) is None


def test_the_chat_model_of_the_first_start_depends_on_memory() -> None:
    assert default_chat(Machine(4 * GB, GB, 2)) == DEFAULT_CHAT
    assert default_chat(Machine(2 * GB, GB, 2)) == SMALL_CHAT


async def test_the_best_installed_model_is_in_use_until_a_person_chooses(tmp_path: Path) -> None:
    entries = chats(10, 30, 20)
    here(entries, tmp_path)
    async with rig(tmp_path, entries) as it:
        for entry in entries:
            await it.installed(entry.id)
        assert (await it.models.overview(OWNER)).chat_model_id == "m30"
        used = await it.models.use(OWNER, "m10")
        assert used.is_in_use and not (await it.models.get(OWNER, "m30")).is_in_use
    async with rig(tmp_path, entries) as it:
        assert (await it.models.overview(OWNER)).chat_model_id == "m10"
        await it.models.delete(OWNER, "m10")
        assert (await it.models.overview(OWNER)).chat_model_id == "m30"


async def test_the_setting_wins_over_the_choice(tmp_path: Path) -> None:
    entries = chats(10, 30)
    here(entries, tmp_path)
    async with rig(tmp_path, entries, chat_model="m10") as it:
        for entry in entries:
            await it.installed(entry.id)
        assert (await it.models.overview(OWNER)).chat_model_id == "m10"
        with pytest.raises(Conflict, match="chat_model"):
            await it.models.use(OWNER, "m30")


async def test_a_setting_that_names_nothing_installed_is_passed_over(tmp_path: Path) -> None:
    entries = chats(10)
    here(entries, tmp_path)
    async with rig(tmp_path, entries, chat_model="not-here") as it:
        await it.installed("m10")
        assert (await it.models.overview(OWNER)).chat_model_id == "m10"


async def test_a_model_that_is_not_installed_cannot_be_used(tmp_path: Path) -> None:
    async with rig(tmp_path, chats(10)) as it:
        with pytest.raises(Conflict, match="Pull it first"):
            await it.models.use(OWNER, "m10")
        with pytest.raises(NotInstalled, match="models pull m10"):
            await it.models.chat("m10")
        with pytest.raises(NoChatModel, match="No chat model is installed"):
            await it.models.chat()
        assert not it.models.has_chat() and await it.models.embedder() is None


async def test_the_first_start_fetches_what_everybody_needs_and_nothing_else(tmp_path: Path) -> None:
    entries = []
    bodies = {}
    for model_id, kind in ((DEFAULT_EMBEDDING, "embedding"), (DEFAULT_CHAT, "chat"), (SMALL_CHAT, "chat"), ("other", "chat")):
        file = file_of(data := content(2_000), type(HUB)(hub=f"x/{model_id}", revision="main", path="f"))
        bodies[model_id] = data
        entries.append(entry_of(file, id=model_id, kind=kind))
    async with loopback(lambda asked: Answer(body=bodies[asked.path.split("/")[2]])) as hub:
        async with rig(tmp_path, entries, fetch_models=True, model_hub=hub.url) as it:
            await it.installed(DEFAULT_EMBEDDING)
            wanted = default_chat((await it.models.overview(OWNER)).machine)
            await it.installed(wanted)
            assert {asked.path.split("/")[2] for asked in hub.asked} == {DEFAULT_EMBEDDING, wanted}
            await it.models.delete(OWNER, DEFAULT_EMBEDDING)
        before = len(hub.asked)
        async with rig(tmp_path, entries, fetch_models=True, model_hub=hub.url) as it:
            await it.installed(wanted)
            assert (await it.models.get(OWNER, DEFAULT_EMBEDDING)).status == "available"  # deleted by the person: it stays away
        assert len(hub.asked) == before


async def test_a_file_of_the_persons_own_becomes_a_model_and_answers(tmp_path: Path, models_folder: Path) -> None:
    from sophon_local.providers.base import ChatMessage, ChatRequest, Finished, TextDelta

    async with rig(tmp_path, []) as it:
        added = await it.models.pull(OWNER, "My Model", str(models_folder / "smollm2-135m" / "model.gguf"))
        assert (added.id, added.source, added.kind) == ("my-model", "file", "chat")
        await it.installed("my-model")
        chat = await it.models.chat()
        assert chat.facts.is_local and not (await it.models.get(OWNER, "my-model")).is_loaded
        request = ChatRequest(messages=[ChatMessage("user", "Say hello.")], max_tokens=8)
        pieces = [piece async for piece in chat.stream(request)]
        assert isinstance(pieces[-1], Finished) and any(isinstance(piece, TextDelta) for piece in pieces)
        assert (await it.models.get(OWNER, "my-model")).is_loaded
        assert await it.models.chat("my-model") is chat
    async with rig(tmp_path, []) as it:
        await it.installed("my-model")
        await it.models.delete(OWNER, "my-model")
        assert (await it.models.overview(OWNER)).items == []
    assert (models_folder / "smollm2-135m" / "model.gguf").exists()


async def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.gguf").write_bytes(b"GGUF but not really, and rather short")
    async with rig(tmp_path / "home", []) as it:
        with pytest.raises(UnsupportedType):
            await it.models.pull(OWNER, "x", str(tmp_path / "notes.gguf"))


async def test_a_file_damaged_behind_our_back_is_noticed_when_it_is_loaded_and_fetched_again(tmp_path: Path, models_folder: Path) -> None:
    """Same size and age as before, so nothing shows from outside."""
    import os

    from sophon_local.kit.errors import UpstreamUnavailable
    from sophon_local.providers.base import ChatMessage, ChatRequest

    good = (models_folder / "smollm2-135m" / "model.gguf").read_bytes()
    entry = entry_of(file_of(good, HUB), memory_bytes=400_000_000)
    async with loopback(lambda asked: Answer(body=good)) as hub, rig(tmp_path, [entry], model_hub=hub.url, fetch_models=True) as it:
        await it.models.pull(OWNER, "tiny", str(models_folder / "smollm2-135m" / "model.gguf"))
        await it.installed("tiny")
        age = it.file(entry).stat()
        with it.file(entry).open("r+b") as file:
            file.seek(4)
            file.write(b"\xff" * 64)
        os.utime(it.file(entry), ns=(age.st_atime_ns, age.st_mtime_ns))
        with pytest.raises(UpstreamUnavailable):
            chat = await it.models.chat("tiny")
            async for _ in chat.stream(ChatRequest(messages=[ChatMessage("user", "Hi")], max_tokens=2)):
                pass
        await it.until("tiny", lambda model: model.status == "installed" and len(hub.asked) == 1)
        assert it.file(entry).read_bytes() == good


async def test_the_embedding_model_comes_goes_and_comes_again_when_damaged(tmp_path: Path, models_folder: Path) -> None:
    entries = [entry for entry in shipped() if entry.id == DEFAULT_EMBEDDING]
    async with rig(tmp_path, entries, models_path=str(models_folder)) as it:
        await it.installed(DEFAULT_EMBEDDING)
        embedder = await it.models.embedder()
        assert embedder is not None and await it.models.embedder() is embedder
        [vector] = await embedder.embed(["hello"])
        assert len(vector) == embedder.facts.dimensions * 4
        assert (await it.models.get(OWNER, DEFAULT_EMBEDDING)).is_loaded
    (tmp_path / "models" / entries[0].files[0].sha256).write_bytes(b"damage")
    async with rig(tmp_path, entries, models_path=str(models_folder)) as it:
        await it.until(DEFAULT_EMBEDDING, lambda model: model.status != "installed")
        await it.installed(DEFAULT_EMBEDDING)
        embedder = await it.models.embedder()
        assert embedder is not None and await embedder.embed(["hello"]) == [vector]
        await it.models.delete(OWNER, DEFAULT_EMBEDDING)
        assert await it.models.embedder() is None
