"""HTTP on the socket: uvicorn with deadlines for headers, malformed requests answered in the envelope, and a stop that waits for no reader."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .kit.ids import new_id
from .settings import Settings
from .surfaces.problems import problem
from .surfaces.stopping import end_streams

if TYPE_CHECKING:
    from .app import Application

DRAIN_S = 1.5  # how long answers that are under way may take to finish after a stop
_MAX_HEAD = 65_536  # what is read of a request's head; the guard refuses much less than this, in words


class Server(uvicorn.Server):
    """Ends the open event streams first, then drains what is left. A stop is a normal end: the signal is not raised again behind it."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        end_streams()
        await super().shutdown(sockets)
        self._captured_signals.clear()


def make_server(app: Application, settings: Settings, on_stop: Callable[[], None]) -> Server:
    logging.getLogger("uvicorn.error").addFilter(_is_worth_telling)
    config = uvicorn.Config(
        app,
        http=_protocol(app, settings),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_MAX_HEAD,
        timeout_graceful_shutdown=DRAIN_S,  # type: ignore[arg-type]
    )
    return Server(config, on_stop)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """A caller that speaks no HTTP, or asks for a protocol that is not spoken here, has been told; the person at this machine need not be."""
    return not str(record.msg).startswith(("Invalid HTTP request", "Unsupported upgrade request", "No supported WebSocket", "Cancel %s running"))


def _protocol(app: Application, settings: Settings) -> type[asyncio.Protocol]:
    class Protocol(H11Protocol):
        """Closes connections whose request head does not arrive in time."""

        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._deadline = self.loop.call_later(settings.header_timeout_s, self._give_up)

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._disarm()
            elif self._deadline is None:
                self._deadline = self.loop.call_later(settings.header_timeout_s, self._give_up)

        def send_400_response(self, msg: str) -> None:
            request_id = new_id("req")
            found = problem(400, "This is not a valid HTTP request.")
            body = app.dispatcher.render("/", found, request_id)
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"x-sophon-request-id", request_id.encode()),
                (b"connection", b"close"),
            ]
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                events: list[Any] = [h11.Response(status_code=400, headers=headers, reason=b"Bad Request"), h11.Data(data=body), h11.EndOfMessage()]
                for event in events:
                    self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _give_up(self) -> None:
            self._deadline = None
            if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
                self.transport.close()

    return Protocol
