"""The guard, the dispatcher and a small surface of our own behind them, so that the plumbing is tested without the rooms it leads to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
from litestar import Request, delete, get, post, put
from litestar.response import Stream

from sophon_local.kit.caller import Caller, owner
from sophon_local.kit.errors import NotFound, UpstreamUnavailable
from sophon_local.kit.events import Events
from sophon_local.settings import Settings
from sophon_local.surfaces.dispatch import Dispatcher
from sophon_local.surfaces.guard import Guard
from sophon_local.surfaces.http import receive_multipart, sse
from sophon_local.surfaces.sophon.errors import SCHEMA, render
from sophon_local.surfaces.sophon.limits import rate
from sophon_local.surfaces.sophon.shapes import EXTENSION, Wire, accepts, options, rated
from sophon_local.surfaces.sophon.tenants import tenanted
from sophon_local.surfaces.surface import Surface
from sophon_local.surfaces.web import Web

T = TypeVar("T")
PORT = 8080
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"


class Note(Wire):
    note_text: str
    how_many: int = 1


class Uploaded(msgspec.Struct):
    names: list[str]
    sizes: list[int]
    hashes: list[str]
    fields: dict[str, list[str]]


class Rig:
    """``call`` asks the app directly; ``state`` is what the handlers keep."""

    def __init__(self, folder: Path, web: Path | None = None, **settings: Any) -> None:
        self.folder = folder
        self.settings = Settings(home=folder, port=PORT, **{"rate_limits": False, **settings})
        self.events = Events()
        self.seen: list[Any] = []
        self.built = 0
        native = Surface(name="sophon", title="Native", owns=("/api",), routes=self._routes, render=render, rate=rate, wrap=tenanted, error_schema=SCHEMA)
        other = Surface(name="other", title="Other", owns=("/v1/other",), routes=lambda: [other_thing], render=_render_other, takes_any_key=True)
        self.dispatcher = Dispatcher([native, other], {"caller": owner}, self.settings, Web(web or folder / "no-web"))
        self.app = Guard(self.dispatcher, self.settings, self.dispatcher.render)

    async def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            return await client.request(method, path, headers=headers, **given)

    def _routes(self) -> list[Any]:
        self.built += 1
        rig = self

        @get("/api/notes/{note_id:str}", status_code=200)
        async def get_note(note_id: str, caller: Caller, limit: int | None = None) -> Note:
            if note_id == "missing":
                raise NotFound("There is no such note.", note=note_id)
            return Note(f"{caller.user_id} {note_id}", limit or 1)

        @post("/api/notes", status_code=201)
        async def create_note(data: Note) -> Note:
            rig.seen.append(data)
            return data

        @post("/api/notes/{note_id:str}/cancel", status_code=200)
        async def cancel_note(note_id: str) -> Note:
            rig.seen.append(note_id)
            return Note(note_id)

        @delete("/api/notes/{note_id:str}", status_code=204)
        async def delete_note(note_id: str) -> None:
            rig.seen.append(note_id)

        @put("/api/soul", status_code=200, **accepts("application/json", "text/markdown"))
        async def put_soul(request: Request[Any, Any, Any]) -> dict[str, str]:
            return {"body": (await request.body()).decode()}

        @post("/api/files", status_code=201, **options(accepts("multipart/form-data"), rated("expensive"), EXTENSION))
        async def upload(request: Request[Any, Any, Any]) -> Uploaded:
            form = await receive_multipart(request, rig.folder / "incoming", rig.settings.max_upload_bytes)
            rig.seen.extend(file.path.read_bytes() for file in form.files)
            return Uploaded([f.filename for f in form.files], [f.size_bytes for f in form.files], [f.sha256 for f in form.files], form.fields)

        @get("/api/broken", status_code=200)
        async def broken() -> None:
            raise RuntimeError("secret detail from inside")

        @get("/api/upstream", status_code=200)
        async def upstream() -> None:
            raise UpstreamUnavailable("The model did not answer.", host="inside.example")

        @get("/api/live", status_code=200)
        async def live(after: str | None = None) -> Stream:
            return sse(rig.events.subscribe(lambda event: True, after))

        return [get_note, create_note, cancel_note, delete_note, put_soul, upload, broken, upstream, live]


@get("/v1/other/things", status_code=200)
async def other_thing() -> Note:
    return Note("other")


def _render_other(problem: Any, request_id: str) -> bytes:
    return msgspec.json.encode({"error": problem.code, "message": problem.message})


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def threads_named(prefix: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(prefix)]


Check = Callable[[httpx2.Response], None]
