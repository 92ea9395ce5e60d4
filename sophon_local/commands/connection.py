"""How a command speaks to the program: over HTTP to the running server, or to one inside this process that listens on no port."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2

from ..kit.errors import SophonError
from ..server import StartRefused, find_running, instance_lock, prepare_home
from ..settings import Settings
from ..surfaces.surface import ASGIApp


class CommandFailed(SophonError):
    """The server refused; the message is the server's own."""

    code = "command_failed"


class Connection:
    """The public API, as any client sees it."""

    def __init__(self, client: httpx2.AsyncClient, is_running: bool) -> None:
        self._client = client
        self.is_running = is_running

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer's JSON; CommandFailed with the server's words otherwise."""
        given = {"content": json.dumps(body).encode(), "headers": {"content-type": "application/json"}} if body is not None else {}
        answer = await self._client.request(method, path, params={k: v for k, v in query.items() if v is not None}, **given)  # type: ignore[arg-type]
        return _result(answer)

    async def upload(self, file: Path | None, name: str, content: bytes | None = None) -> tuple[dict[str, Any], bool]:
        """Send a file, or ``content`` under a name; the document, and whether it was not there before."""
        with contextlib.ExitStack() as stack:
            source: Any = content if file is None else stack.enter_context(file.open("rb"))
            answer = await self._client.post("/api/documents/upload", files={"file": (name, source)}, timeout=600)
        return _result(answer), answer.status_code == 201

    @contextlib.asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, Any]]]]:
        """What happens from now on, as (topic, data)."""
        async with self._client.stream("GET", "/api/events", timeout=None) as answer:
            lines = answer.aiter_lines()
            await anext(lines)  # the server's greeting: from here on nothing is missed
            yield _events(lines)


def _result(answer: httpx2.Response) -> Any:
    if answer.status_code >= 400:
        try:
            raise CommandFailed(answer.json()["error"]["message"], status=answer.status_code)
        except (ValueError, KeyError, TypeError):
            raise CommandFailed(f"The server answered {answer.status_code}.", status=answer.status_code) from None
    return answer.json() if answer.content else None


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    topic = ""
    async for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            topic = value
        elif name == "data":
            yield topic, json.loads(value)


@contextlib.asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Connection]:
    """To the server of this data folder when it runs, otherwise to one that lives as long as this command."""
    running = await asyncio.to_thread(find_running, settings.home)
    if running is not None:
        async with httpx2.AsyncClient(base_url=running.url, timeout=60, trust_env=False) as client:
            yield Connection(client, is_running=True)
        return
    prepare_home(settings.home)
    with instance_lock(settings.home) as is_ours:
        if not is_ours:
            raise StartRefused(f"Another process uses the data folder {settings.home} but does not answer. Wait until it has stopped, or end it.")
        from ..app import build_app

        app = build_app(settings)
        async with app.running(), httpx2.AsyncClient(transport=_InProcess(app), base_url=f"http://127.0.0.1:{settings.port}", timeout=60) as client:
            yield Connection(client, is_running=False)


class _InProcess(httpx2.AsyncBaseTransport):
    """Hands requests to an ASGI app and its answers back while they come, so that event streams work too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        chunks = aiter(request.stream)
        messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        closed = asyncio.Event()

        async def receive() -> dict[str, Any]:
            async for chunk in chunks:
                return {"type": "http.request", "body": chunk, "more_body": True}
            if not ended:
                ended.append(True)
                return {"type": "http.request", "body": b"", "more_body": False}
            await closed.wait()
            return {"type": "http.disconnect"}

        ended: list[bool] = []

        async def send(message: Any) -> None:
            await messages.put(message)

        async def run() -> None:
            try:
                await self._app(_scope(request), receive, send)
            finally:
                await messages.put(None)

        task = asyncio.create_task(run())
        start = await messages.get()
        if start is None:
            await task
            raise httpx2.ReadError("the app gave no answer")
        return httpx2.Response(start["status"], headers=start["headers"], stream=_Body(messages, closed, task))


class _Body(httpx2.AsyncByteStream):
    def __init__(self, messages: asyncio.Queue[dict[str, Any] | None], closed: asyncio.Event, task: asyncio.Task[None]) -> None:
        self._messages = messages
        self._closed = closed
        self._task = task

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._messages.get()) is not None:
            yield message.get("body", b"")

    async def aclose(self) -> None:
        self._closed.set()
        with contextlib.suppress(Exception):
            await self._task


def _scope(request: httpx2.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": ("127.0.0.1", request.url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
