"""``sophon-local ask``: one question, answered on the terminal while the answer comes."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ..kit.errors import ValidationFailed
from ..settings import Settings
from .connection import CommandFailed, Connection, connect

_ENDS = ("task.completed", "task.failed", "task.cancelled")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    return asyncio.run(_ask(settings, arguments, _piped()))


def _piped() -> bytes:
    """What is piped into the command, if anything is."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return b""
    import os
    import stat

    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)):
        return b""
    return sys.stdin.buffer.read()


async def _ask(settings: Settings, arguments: argparse.Namespace, piped: bytes) -> int:
    files = [Path(name) for name in arguments.file]
    for file in files:
        if file.is_dir():
            raise ValidationFailed(f"{file} is a folder. Name the files in it, each with a --file of its own.")
        if not file.is_file():
            raise ValidationFailed(f"There is no file {file}.")
    question = " ".join(arguments.question).strip()
    if not question:
        raise ValidationFailed('Ask something: sophon-local ask "What did we decide?"')
    async with connect(settings) as connection:
        passing: list[str] = []  # documents that go again after the answer
        try:
            attachments = [await _attach(connection, (await connection.upload(file, file.name))[0]) for file in files]
            if piped.strip():
                document, is_new = await connection.upload(None, f"piped-{hashlib.sha256(piped).hexdigest()[:8]}.txt", piped)
                if is_new and not arguments.keep:
                    passing.append(document["id"])
                attachments.append(await _attach(connection, document))
            body = {"content": question, "sessionId": arguments.session, "agentId": arguments.agent, "attachments": attachments}
            message = await _turn(connection, body, is_live=not arguments.json and sys.stdout.isatty())
        finally:
            for document_id in passing:
                with contextlib.suppress(Exception):  # it is gone already, or the server is
                    await connection.call("DELETE", f"/api/documents/{document_id}")
    if arguments.json:
        print(json.dumps(message, ensure_ascii=False, indent=2))
    else:
        _show_sources(message)
    if message["status"] != "complete":
        _note(message.get("error") or f"The answer is {message['status']}.")
        return 1
    return 0


async def _attach(connection: Connection, document: dict[str, Any]) -> str:
    """The id of an uploaded document, once it can be searched."""
    name = document["filename"]
    told = ""
    while document["status"] not in ("ready", "failed"):
        if document["status"] != told:
            told = document["status"]
            _note(f"{name}: {told}")
        await asyncio.sleep(0.2)
        document = await connection.call("GET", f"/api/documents/{document['id']}", maxChars=0)
    if document["status"] == "failed":
        raise CommandFailed(f"{name}: {(document.get('error') or {}).get('message', 'it could not be read')}")
    return str(document["id"])


async def _turn(connection: Connection, body: dict[str, Any], is_live: bool) -> dict[str, Any]:
    """Send the message, show the answer as it comes when somebody looks on, and answer the finished message."""
    async with connection.events() as events:
        ack = await connection.call("POST", "/api/chat", body)
        try:
            message = await _follow(events, ack["taskId"], is_live)
        except (asyncio.CancelledError, KeyboardInterrupt):
            with contextlib.suppress(Exception):
                await connection.call("POST", f"/api/tasks/{ack['taskId']}/cancel")
            raise
    if message is None:  # the task ended without an answer, or the stream was cut: the server knows
        page = await connection.call("GET", f"/api/sessions/{ack['sessionId']}/messages", limit=200)
        found = [one for one in page["items"] if one["taskId"] == ack["taskId"] and one["role"] == "assistant"]
        if not found:
            task = await connection.call("GET", f"/api/tasks/{ack['taskId']}")
            raise CommandFailed(_task_error(task))
        message = found[-1]
        if is_live:
            print(message["content"], end="")
    if is_live:
        print()
    return message


async def _follow(events: AsyncIterator[tuple[str, dict[str, Any]]], task_id: str, is_live: bool) -> dict[str, Any] | None:
    shown = ""
    message: dict[str, Any] | None = None
    async for topic, data in events:
        if topic == "stream.reset":
            return message
        if data.get("taskId") != task_id and data.get("task", {}).get("id") != task_id:
            continue
        if topic == "message.delta" and is_live:
            shown += data["delta"]
            print(data["delta"], end="", flush=True)
        elif topic == "message.completed" and data["message"]["role"] == "assistant":
            message = data["message"]
            if is_live:
                content = message["content"]
                print(content[len(shown) :] if content.startswith(shown) else f"\n\n{content}", end="", flush=True)
        elif topic in _ENDS:
            return message
    return message


def _task_error(task: dict[str, Any]) -> str:
    error = task.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    return str(error or f"The task ended as {task['status']}.")


def _show_sources(message: dict[str, Any]) -> None:
    if not sys.stdout.isatty():
        print(message["content"])
    for one in message.get("citations", []):
        place = one.get("filename") or ("memory" if one.get("kind") == "memory" else "document")
        page = f", page {one['page']}" if one.get("page") else ""
        quote = " ".join(str(one.get("quote", "")).split())
        print(f'  [{one["number"]}] {place}{page}: "{quote if len(quote) <= 160 else quote[:157] + "..."}"')


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
