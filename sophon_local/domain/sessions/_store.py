from __future__ import annotations

from typing import Any

from ...db import Tx
from ...db.rows import to_columns
from ...kit.paging import PageRequest
from .model import Message, Session

_SESSION = Session.__struct_fields__
_MESSAGE = Message.__struct_fields__
_INSERT_SESSION = f"INSERT INTO sessions ({', '.join(_SESSION)}) VALUES ({', '.join(':' + n for n in _SESSION)})"  # noqa: S608 (our own field names)
_INSERT_MESSAGE = f"INSERT INTO messages ({', '.join(_MESSAGE)}) VALUES ({', '.join(':' + n for n in _MESSAGE)})"  # noqa: S608
_UPDATE_MESSAGE = f"UPDATE messages SET {', '.join(f'{n} = :{n}' for n in _MESSAGE if n != 'id')} WHERE id = :id"  # noqa: S608


def insert(tx: Tx, session: Session) -> None:
    tx.run(_INSERT_SESSION, **to_columns(session))


def select(tx: Tx, session_id: str) -> Session | None:
    return tx.find(Session, "SELECT * FROM sessions WHERE id = :id", id=session_id)


def select_page(tx: Tx, text: str | None, status: str | None, page: PageRequest) -> list[Session]:
    """Latest activity first; ``text`` is looked for in titles and in what was said."""
    before = page.key or ("~", "~")
    terms = ["(last_message_at, id) < (:at, :id)"]
    parameters: dict[str, Any] = {"at": before[0], "id": before[1], "limit": page.limit + 1, "offset": page.offset}
    if text:
        terms.append(
            r"(lower(title) LIKE :text ESCAPE '\' OR EXISTS "
            r"(SELECT 1 FROM messages m WHERE m.session_id = sessions.id AND lower(m.content) LIKE :text ESCAPE '\'))"
        )
        parameters["text"] = "%" + text.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    if status:
        terms.append("status = :status")
        parameters["status"] = status
    return tx.all(
        Session,
        f"SELECT * FROM sessions WHERE {' AND '.join(terms)} ORDER BY last_message_at DESC, id DESC LIMIT :limit OFFSET :offset",  # noqa: S608
        **parameters,
    )


def select_by_channel(tx: Tx, channel_id: str) -> Session | None:
    return tx.find(Session, "SELECT * FROM sessions WHERE channel_id = :channel_id ORDER BY last_message_at DESC LIMIT 1", channel_id=channel_id)


def update_channel(tx: Tx, session_id: str, channel_id: str) -> None:
    tx.run("UPDATE sessions SET channel_id = :channel_id WHERE id = :id", id=session_id, channel_id=channel_id)


def update(tx: Tx, session: Session) -> None:
    tx.run("UPDATE sessions SET title = :title, status = :status WHERE id = :id", id=session.id, title=session.title, status=session.status)


def touch(tx: Tx, session_id: str, at: str, messages: int, tokens: int) -> None:
    tx.run(
        "UPDATE sessions SET message_count = message_count + :messages, tokens_used = tokens_used + :tokens, last_message_at = :at WHERE id = :id",
        id=session_id,
        at=at,
        messages=messages,
        tokens=tokens,
    )


def delete(tx: Tx, session_id: str) -> int:
    return tx.run("DELETE FROM sessions WHERE id = :id", id=session_id)


def insert_message(tx: Tx, message: Message) -> None:
    tx.run(_INSERT_MESSAGE, **to_columns(message))


def update_message(tx: Tx, message: Message) -> int:
    return tx.run(_UPDATE_MESSAGE, **to_columns(message))


def update_content(tx: Tx, message_id: str, content: str) -> None:
    tx.run("UPDATE messages SET content = :content WHERE id = :id AND status = 'streaming'", id=message_id, content=content)


def select_message(tx: Tx, message_id: str) -> Message | None:
    return tx.find(Message, "SELECT * FROM messages WHERE id = :id", id=message_id)


def select_messages(tx: Tx, session_id: str, page: PageRequest) -> list[Message]:
    """Oldest first."""
    after = page.key or ("", "")
    return tx.all(
        Message,
        "SELECT * FROM messages WHERE session_id = :session_id AND (created_at, id) > (:at, :id) ORDER BY created_at, id LIMIT :limit OFFSET :offset",
        session_id=session_id,
        at=after[0],
        id=after[1],
        limit=page.limit + 1,
        offset=page.offset,
    )


def select_latest(tx: Tx, session_id: str, before_id: str, limit: int) -> list[Message]:
    """The last messages before one, oldest first."""
    rows = tx.all(
        Message,
        "SELECT * FROM messages WHERE session_id = :session_id AND id < :before AND role IN ('system', 'user', 'assistant') ORDER BY id DESC LIMIT :limit",
        session_id=session_id,
        before=before_id,
        limit=limit,
    )
    return rows[::-1]


def select_answer(tx: Tx, task_id: str) -> Message | None:
    return tx.find(Message, "SELECT * FROM messages WHERE task_id = :task_id AND role = 'assistant' ORDER BY id DESC LIMIT 1", task_id=task_id)


def interrupt_streaming(tx: Tx) -> int:
    return tx.run(
        "UPDATE messages SET status = 'interrupted', error = 'The program stopped while this was being written. What had come until then is kept.' "
        "WHERE status = 'streaming'"
    )
