"""EML: who wrote to whom, when and about what; the words; what was attached, by name."""

from __future__ import annotations

from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from ..builder import Builder, one_line
from ..kinds import decode
from ..model import ParseFailed
from .web import add_html

_SHOWN = ("From", "To", "Cc", "Date")
_MAX_PARTS = 500


def read(file: Path, out: Builder) -> None:
    with file.open("rb") as opened:
        message = BytesParser(policy=policy.default).parse(opened)
    if not message.keys():
        raise ParseFailed("damaged", "This is no e-mail message: it has no header. Save the message again as EML, and add that.")
    _add(message, out, 1)


def _add(message: EmailMessage, out: Builder, level: int) -> None:
    out.heading(_header(message, "Subject") or "(no subject)", level)
    out.add("\n".join(f"{name}: {value}" for name in _SHOWN if (value := _header(message, name))))
    attachments = []
    texts, pages, enclosed = [], [], []
    for count, part in enumerate(_parts(message)):
        if count >= _MAX_PARTS:
            out.note(f"Only the first {_MAX_PARTS} parts of this message are read.")
            break
        kind = part.get_content_type()
        name = _filename(part)
        if kind == "message/rfc822":
            enclosed += [inner for inner in _children(part) if isinstance(inner, EmailMessage)]
        elif name or part.get_content_disposition() == "attachment":
            attachments.append(f"- {one_line(name or 'without a name')} ({kind}, {len(_payload(part)):,} bytes)")
        elif kind == "text/plain":
            texts.append(decode(_payload(part), part.get_content_charset()))
        elif kind == "text/html":
            pages.append(_payload(part))
    if texts:
        for text in texts:
            out.add(text)
    else:
        for page in pages:
            add_html(page, out, title=False)
    if attachments:
        out.add("Attachments:\n" + "\n".join(attachments))
    for inner in enclosed:
        if level < 5:
            _add(inner, out, level + 1)


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The leaves, and enclosed messages as a whole. Without recursion: a message from a stranger may be nested a thousand deep."""
    stack: list[EmailMessage] = [message]
    while stack:
        part = stack.pop()
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            stack.extend(reversed([child for child in _children(part) if isinstance(child, EmailMessage)]))
        else:
            yield part


def _children(part: EmailMessage) -> list[object]:
    payload = part.get_payload()
    return list(payload) if isinstance(payload, list) else []


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _header(message: EmailMessage, name: str) -> str:
    try:
        return one_line(str(message.get(name, "")), 500)
    except Exception:  # the header parser trips over some malformed headers
        return ""


def _filename(part: EmailMessage) -> str | None:
    try:
        return part.get_filename()
    except Exception:
        return None
