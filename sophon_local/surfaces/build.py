"""One surface as a Litestar app: its routes, the shared dependencies, admission before every handler, its own error envelope."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.plugins.core import MsgspecDIPlugin

from .. import __version__
from ..kit.paging import Cursors
from ..settings import Settings
from .admission import Admission, Limiter
from .guard import answer
from .http import camel
from .problems import STATUS, to_problem
from .surface import ASGIApp, Receive, Scope, Send, Surface

DEPENDENCIES = ("caller", "workspace", "models", "cursors", "settings")  # what handlers may ask for by name
_OF_A_PAGE = ("cursor", "limit", "offset")
PERSONAL_RATE_FACTOR = 50  # a person's own scripts never meet the documented figures by accident


class SurfaceApp(Litestar):
    """Litestar without the plugins that it loads for packages that happen to be installed."""

    @staticmethod
    def _get_default_plugins(plugins: list[Any]) -> list[Any]:
        return [*plugins, MsgspecDIPlugin()]

    def openapi(self, title: str) -> dict[str, Any]:
        """The OpenAPI document as the framework sees it; built now, since it costs as much as registering the routes."""
        from litestar._openapi.plugin import OpenAPIPlugin

        plugin = self.plugins.get(OpenAPIPlugin)
        # Handing the configuration over before would also register a router of documentation pages, which ``docs.py`` has better.
        plugin._openapi_config = OpenAPIConfig(title=title, version=__version__, use_handler_docstrings=True)
        return plugin.provide_openapi_schema()


class _ErrorResponse(Response[bytes]):
    """An error whose sending also deals with a body that nobody has read."""

    def __init__(self, send_it: ASGIApp) -> None:
        super().__init__(b"")
        self._send_it = send_it

    def to_asgi_response(self, *args: Any, **named: Any) -> Any:
        return self._send_it


def build(surface: Surface, dependencies: Mapping[str, Callable[[], Any]], settings: Settings) -> BuiltSurface:
    """The app of ``surface``; handlers may ask for the ``dependencies`` by name."""
    limiter = Limiter(PERSONAL_RATE_FACTOR)
    methods: dict[str, list[str]] = {}

    def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        async def send_it(scope: Scope, receive: Receive, send: Send) -> None:
            request_id = scope["state"]["request_id"]
            found = to_problem(error, request_id, surface.status or STATUS)
            await answer(found, surface.render(found, request_id), scope, receive, send)

        return _ErrorResponse(send_it)

    def admitted(app: Any) -> Any:
        return Admission(app, surface, settings, limiter, lambda path: methods.get(path, []))

    def cursors(request: Request[Any, Any, Any]) -> Cursors:
        """Cursors of exactly this list: its path and filters, whatever the page."""
        kept = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _OF_A_PAGE)
        made: Cursors = dependencies["cursors"]()
        return made.bound_to(f"{request.url.path}?{kept}")

    provided = {name: Provide(provider, sync_to_thread=False) for name, provider in dependencies.items()}
    if "cursors" in provided:
        provided["cursors"] = Provide(cursors, sync_to_thread=False)
    app = SurfaceApp(
        route_handlers=surface.routes(),
        dependencies=provided,
        middleware=[admitted],
        exception_handlers={Exception: on_error},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,  # admission knows each route's own
        debug=False,
        pdb_on_exception=False,
    )
    for route in app.routes:
        methods.setdefault(route.path_format, []).extend(getattr(route, "methods", ()))
        for _, wanted in getattr(route, "route_handler_map", {}).values():
            # What is provided here is at hand at once; asked for one after the other it costs a tenth of a group of tasks.
            wanted.dependency_batches = [{one} for batch in wanted.dependency_batches for one in batch]
    return BuiltSurface(surface, app)


def build_unconnected(surface: Surface, settings: Settings) -> BuiltSurface:
    """``surface`` with nothing behind it: good for reading its routes, not for calling them."""
    return build(surface, {name: (lambda: None) for name in DEPENDENCIES}, settings)


class BuiltSurface:
    """A surface that answers. ``litestar`` is its app; ``wrap`` may stand in front of it."""

    def __init__(self, surface: Surface, litestar: SurfaceApp) -> None:
        self.litestar = litestar
        self._surface = surface
        inner: ASGIApp = litestar  # type: ignore[assignment]
        self._app = inner if surface.wrap is None else surface.wrap(inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document of this surface. Slow."""
        document = self.litestar.openapi(self._surface.title)
        error = {"description": "What went wrong", "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{_error_name(self._surface)}"}}}}
        taken: set[str] = set()
        for method, handler, operation in self._operations(document):
            responses = operation["responses"]
            responses.pop("400", None)  # the framework's own error shape, which never leaves this server
            for response in responses.values():
                if not response.get("headers"):
                    response.pop("headers", None)
            responses["default"] = error
            name = handler.fn.__name__
            if camel(name) not in taken:
                operation["operationId"] = camel(name)
            taken.add(camel(name))
            operation["summary"] = handler.summary or name.replace("_", " ").capitalize()
            operation["tags"] = [handler.fn.__module__.rpartition(".")[2]]
            if not operation.get("deprecated"):
                operation.pop("deprecated", None)
            accepted = handler.opt.get("accepts")
            if accepted and "requestBody" not in operation and method not in ("get", "delete"):
                operation["requestBody"] = {"required": True, "content": {one: {"schema": _BODIES.get(one, {})} for one in accepted}}
        document["components"].setdefault("schemas", {})[_error_name(self._surface)] = dict(self._surface.error_schema)
        return document

    def _operations(self, document: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
        for route in self.litestar.routes:
            for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
                operation = document["paths"].get(route.path_format or "/", {}).get(method.lower())
                if operation is not None:
                    yield method.lower(), handler, operation


_BODIES: dict[str, Any] = {
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": {"type": "array", "items": {"type": "string", "contentMediaType": "application/octet-stream"}}},
        "additionalProperties": {"type": "string"},
    },
    "text/markdown": {"type": "string"},
    "text/plain": {"type": "string"},
}


def _error_name(surface: Surface) -> str:
    return str(surface.error_schema.get("title", f"{surface.name.title()}Error"))
