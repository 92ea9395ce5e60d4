"""A real HTTP server on loopback that a test scripts: it stands in for vendors, hubs and strangers."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pause_s: float = 0.0  # before the answer starts
    cut_at: int | None = None  # the connection is dropped after so many bytes of the body
    drip_s: float = 0.0  # between two pieces of the body
    piece: int = 65_536


class Loopback:
    def __init__(self, answer: Callable[[Asked], Answer | Awaitable[Answer]]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.port = 0
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                method, path, _ = first.split(" ")
                headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                asked = Asked(method, path, headers, body)
                self.asked.append(asked)
                answer = self.answer(asked)
                if not isinstance(answer, Answer):
                    answer = await answer
                await asyncio.sleep(answer.pause_s)
                sent = {"Content-Length": str(len(answer.body)), **answer.headers}
                writer.write(f"HTTP/1.1 {answer.status} -\r\n".encode() + b"".join(f"{n}: {v}\r\n".encode() for n, v in sent.items()) + b"\r\n")
                await writer.drain()
                if method != "HEAD":
                    end = len(answer.body) if answer.cut_at is None else answer.cut_at
                    for at in range(0, end, answer.piece):
                        writer.write(answer.body[at : min(at + answer.piece, end)])
                        await writer.drain()
                        await asyncio.sleep(answer.drip_s)
                    if answer.cut_at is not None:
                        break
        writer.close()


@contextlib.asynccontextmanager
async def loopback(answer: Callable[[Asked], Answer | Awaitable[Answer]], tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Loopback]:
    """``async with loopback(lambda asked: Answer(body=b"hello")) as server``: on a free port of 127.0.0.1."""
    server = Loopback(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


async def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    listening = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    return int(port)
