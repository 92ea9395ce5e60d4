"""What was said is kept in order, can be forked, and an answer cut off by a crash keeps what it had."""

from __future__ import annotations

from pathlib import Path

import pytest

from sophon_local.db import Database, migrations_in
from sophon_local.domain.sessions import Message, SessionPatch, Sessions
from sophon_local.domain.sessions.model import title_of
from sophon_local.kit import clock
from sophon_local.kit.caller import owner
from sophon_local.kit.errors import NotFound, ValidationFailed
from sophon_local.kit.events import Events
from sophon_local.kit.ids import new_id
from sophon_local.kit.paging import PageRequest

pytestmark = pytest.mark.anyio


@pytest.fixture
def db(tmp_path: Path):
    database = Database(tmp_path / "s.db", migrations_in("sophon_local.domain.sessions"))
    yield database
    database.close()


async def say(db: Database, sessions: Sessions, *texts: str, status: str = "complete") -> list[Message]:
    made: list[Message] = []

    def keep(tx) -> None:
        session = sessions.open(tx, None, "sophon", None, texts[0])
        for n, text in enumerate(texts):
            role = "assistant" if n % 2 else "user"
            message = Message(
                id=new_id("msg"), session_id=session.id, role=role, content=text, status=status if n % 2 else "complete", created_at=clock.timestamp()
            )
            sessions.append(tx, message)
            made.append(message)

    await db.write(keep)
    return made


async def test_history_comes_oldest_first_and_pages_without_gaps(db: Database) -> None:
    sessions = Sessions(db, Events())
    said = await say(db, sessions, *(f"m{n}" for n in range(7)))
    session_id = said[0].session_id
    first = await sessions.messages(owner(), session_id, PageRequest(limit=4))
    rest = await sessions.messages(owner(), session_id, PageRequest(limit=4, key=first.next_key))
    assert [m.content for m in [*first.items, *rest.items]] == [f"m{n}" for n in range(7)]
    assert (await sessions.get(owner(), session_id)).message_count == 7


async def test_a_fork_copies_up_to_a_message_and_leaves_the_original_alone(db: Database) -> None:
    sessions = Sessions(db, Events())
    said = await say(db, sessions, "a", "b", "c", "d")
    source = said[0].session_id
    with_it = await sessions.fork(owner(), source, from_message_id=said[1].id)
    without = await sessions.fork(owner(), source, before_message_id=said[2].id)
    for fork in (with_it, without):
        copied = (await sessions.messages(owner(), fork.id, PageRequest())).items
        assert [m.content for m in copied] == ["a", "b"]
        assert not {m.id for m in copied} & {m.id for m in said}
        assert fork.parent_session_id == source
    await sessions.delete(owner(), source)
    assert len((await sessions.messages(owner(), with_it.id, PageRequest())).items) == 2
    with pytest.raises(NotFound):
        await sessions.fork(owner(), with_it.id, from_message_id="msg_none")


async def test_an_answer_cut_off_keeps_what_it_had_and_says_so(db: Database) -> None:
    sessions = Sessions(db, Events())
    said = await say(db, sessions, "question", "half an ans", status="streaming")
    await Sessions(db, Events()).start()
    kept = await sessions.message(said[1].id)
    assert (kept.content, kept.status) == ("half an ans", "interrupted") and kept.error


async def test_deleting_takes_the_messages_along(db: Database) -> None:
    sessions = Sessions(db, Events())
    said = await say(db, sessions, "a", "b")
    await sessions.delete(owner(), said[0].session_id)
    with pytest.raises(NotFound):
        await sessions.message(said[1].id)
    with pytest.raises(NotFound):
        await sessions.delete(owner(), said[0].session_id)


async def test_sessions_are_found_by_what_was_said(db: Database) -> None:
    sessions = Sessions(db, Events())
    await say(db, sessions, "hello", "The lawnmower is in the shed")
    await say(db, sessions, "100% wool?")
    for words, found in (("LAWNMOWER", 1), ("100%", 1), ("_", 0), ("nothing", 0), ("o", 2)):
        assert len((await sessions.list(owner(), PageRequest(), text=words)).items) == found, words


async def test_a_title_is_checked_and_kept(db: Database) -> None:
    sessions = Sessions(db, Events())
    session_id = (await say(db, sessions, "a"))[0].session_id
    assert (await sessions.patch(owner(), session_id, SessionPatch(title=" Shed "))).title == "Shed"
    for title in ("", " ", "x" * 201):
        with pytest.raises(ValidationFailed):
            await sessions.patch(owner(), session_id, SessionPatch(title=title))


def test_titles_are_short_and_end_at_a_word() -> None:
    assert title_of("  How   long\nis it? ") == "How long is it?"
    assert title_of("word " * 30).endswith("word…") and len(title_of("word " * 30)) <= 61
    assert title_of("x" * 300) == "x" * 60 + "…"
