"""What the adapters of hosted models share: one HTTP client, retries before the first token, clear errors, and no key in any of them."""

from __future__ import annotations

import asyncio
import codecs
import logging
import math
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from ..kit.errors import RateLimited, SophonError, UpstreamUnavailable, ValidationFailed

if TYPE_CHECKING:
    import httpx2

    Connect = Callable[[], httpx2.AsyncClient]

log = logging.getLogger("sophon.remote")
_TRIES = 3
_LONGEST_PAUSE_S = 15.0  # a server that wants a longer pause before the next try gets its answer passed on
_FAILED = frozenset({408, 500, 502, 503, 504, 520, 522, 524, 529})  # may pass by itself
_TOO_LONG = (
    "context length", "context_length", "context window", "maximum context", "prompt is too long", "exceed_context_size", "available context size",
)  # fmt: skip
_LONGEST_EVENT = 4 * 1024 * 1024
_LONGEST_ANSWER = 64 * 1024 * 1024
_LONGEST_ERROR = 64 * 1024
_CONNECT_S = 10.0
_LONGEST_WAIT_S = 86_400.0


class Refused(Exception):
    """The server said no in a way that another request body may mend; ``message`` is the server's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class ServerEvent(msgspec.Struct, frozen=True):
    """One event of a server-sent stream."""

    name: str
    data: str


class RemoteModel(msgspec.Struct, frozen=True):
    """A model that a server lists. ``kind`` is chat or embedding; None: the server does not say."""

    id: str
    kind: str = "chat"
    context_tokens: int | None = None
    has_native_tools: bool | None = None


class Remote:
    """One model server. ``name`` is what the person calls it; ``first_byte_s`` is how long it may think, ``stall_s`` how long it may pause within an answer."""

    def __init__(
        self, connect: Connect, *, name: str, base_url: str, headers: dict[str, str], key: str | None, first_byte_s: float = 300.0, stall_s: float = 60.0
    ) -> None:
        self.name = name
        self._connect = connect
        self._base_url = base_url.rstrip("/")
        self._place = _place(self._base_url)
        self._headers = headers
        self._key = key
        self._first_byte_s = first_byte_s
        self._stall_s = stall_s
        self._client: httpx2.AsyncClient | None = None

    async def get(self, path: str) -> Any:
        async with self._exchange("GET", path, None) as response:
            return self._json(await self._whole(response))

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._exchange("POST", path, body) as response:
            return self._json(await self._whole(response))

    async def stream(self, path: str, body: dict[str, Any]) -> AsyncGenerator[ServerEvent, None]:
        """The events of the answer. A server that answers with plain JSON instead gives one event named ``json``."""
        async with self._exchange("POST", path, body) as response:
            if "json" in response.headers.get("content-type", "") and "stream" not in response.headers.get("content-type", ""):
                yield ServerEvent("json", (await self._whole(response)).decode("utf-8", "replace"))
                return
            reader = EventReader()
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            async for chunk in self._chunks(response):
                for event in reader.feed(decoder.decode(chunk)):
                    yield event
                if reader.waiting > _LONGEST_EVENT:
                    raise self.garbled("an event without end")
            for event in reader.finish():
                yield event

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    # -- errors

    def failure(self, reason: str, text: str) -> UpstreamUnavailable:
        return UpstreamUnavailable(f"{self.name} {self._without_key(text)}", reason=reason, provider=self.name)

    def garbled(self, what: str) -> UpstreamUnavailable:
        return self.failure("garbled", f"sent something that makes no sense ({what}). Check that its address is that of a model server.")

    def cut_off(self) -> UpstreamUnavailable:
        return self.failure("cut_off", "broke off in the middle of the answer. Send the message again.")

    def too_long(self) -> ValidationFailed:
        return ValidationFailed(
            f"The message and its context are too long for this model of {self.name}. Shorten it or choose a model with a longer context.",
            reason="prompt_too_long",
        )

    def refusal(self, refused: Refused) -> SophonError:
        return self.failure("refused", f"refused the request (status {refused.status}): {refused.message or 'no reason given'}")

    # -- one exchange

    @asynccontextmanager
    async def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> AsyncGenerator[httpx2.Response, None]:
        """A response with a good status. Retries what may pass, with the pause that the server asks for; never after the first byte of an answer."""
        import httpx2

        if self._key is not None and not (self._key.isascii() and self._key.isprintable() and " " not in self._key):
            raise self.failure("key_refused", "has a key with characters that no key has. Enter it again under Models, Providers.")
        client = self._client = self._client or self._connect()
        timeout = httpx2.Timeout(connect=_CONNECT_S, read=self._first_byte_s, write=60.0, pool=_CONNECT_S)
        content = None if body is None else msgspec.json.encode(body)
        headers = {**self._headers, "accept": "application/json, text/event-stream"} | ({"content-type": "application/json"} if content else {})
        for last in range(_TRIES - 1, -1, -1):
            pause = 0.5 * 2 ** (_TRIES - 1 - last) * random.uniform(0.8, 1.2)  # noqa: S311 (spreads retries, keeps no secret)
            try:
                request = client.build_request(method, self._base_url + path, content=content, headers=headers, timeout=timeout)
                response = await client.send(request, stream=True, follow_redirects=False)
            except httpx2.ConnectError as error:
                if "CERTIFICATE" in str(error).upper():
                    raise self.failure("unreachable", f"shows a certificate for {self._place} that is not valid, so nothing was sent.") from None
                raise self.failure("unreachable", f"cannot be reached at {self._place}. Is it running, and is the address right?") from None
            except httpx2.ConnectTimeout:
                raise self.failure("unreachable", f"did not take the connection to {self._place} within {_CONNECT_S:.0f} s.") from None
            except httpx2.ReadTimeout:
                raise self.failure("stalled", f"did not answer within {self._first_byte_s:.0f} s. Try again, or choose another model.") from None
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
                raise self.failure("unreachable", f"has an address that is none: {self._place}. It begins with http:// or https://.") from None
            except httpx2.TransportError as error:
                if last == 0:
                    raise self.failure("unreachable", f"closed the connection without an answer ({type(error).__name__}). Try again.") from None
                await asyncio.sleep(pause)
                continue
            try:
                if response.is_success:
                    yield response
                    return
                failure = await self._error(response)
            finally:
                await response.aclose()
            wanted = _retry_after(response.headers.get("retry-after"))
            may_pass = isinstance(failure, RateLimited) or (isinstance(failure, UpstreamUnavailable) and failure.details.get("reason") == "failed")
            if last == 0 or not may_pass or (wanted or 0.0) > _LONGEST_PAUSE_S:
                raise failure
            log.info("%s answered %d; trying again", self.name, response.status_code)
            await asyncio.sleep(pause if wanted is None else wanted)

    async def _error(self, response: httpx2.Response) -> Exception:
        """What an unsuccessful answer means."""
        message, code = self._error_text(await self._beginning(response))
        status = response.status_code
        said = f"{message} {code}".lower()
        reason = f": {message}" if message else ""
        if status in (401, 403) or (status == 400 and "api key" in said):
            return self.failure("key_refused", "refused the key. Enter a valid one under Models, Providers.")
        if status == 402 or (status == 429 and ("quota" in said or "billing" in said)):
            return self.failure("key_refused", f"says that the account has no credit left{reason}")
        if status == 429:
            seconds = max(1, round(_retry_after(response.headers.get("retry-after")) or 30))
            return RateLimited(f"{self.name} is asked too often. Try again in {seconds} s.", retry_after_s=seconds, provider=self.name)
        if status in (400, 413, 422) and any(words in said for words in _TOO_LONG):
            return self.too_long()
        if status == 404:
            return self.failure("model_unknown", f"does not know this model, or its address is wrong{reason}")
        if 300 <= status < 400:
            return self.failure("refused", f"answers with a redirect (status {status}). Enter the address that it redirects to.")
        if status in (400, 422):
            return Refused(status, self._without_key(f"{message} {code}".strip()))
        if status in _FAILED:
            return self.failure("failed", f"failed (status {status}){reason}. Try again later.")
        return self.refusal(Refused(status, message))

    async def _beginning(self, response: httpx2.Response) -> bytes:
        import httpx2

        text = b""
        try:
            async for chunk in self._chunks(response):
                text += chunk
                if len(text) > _LONGEST_ERROR:
                    break
        except (SophonError, httpx2.HTTPError):
            pass  # the status is known, which is enough
        return text

    def _error_text(self, body: bytes) -> tuple[str, str]:
        """(message, code) of the usual error bodies; of others, nothing: an HTML page helps nobody."""
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "", ""
        error = value.get("error", value) if isinstance(value, dict) else value
        if isinstance(error, str):
            return error[:300], ""
        if isinstance(error, dict):
            return str(error.get("message") or error.get("detail") or "")[
                :300
            ], f"{error.get('code') or ''} {error.get('type') or ''} {error.get('param') or ''}"
        return "", ""

    async def _whole(self, response: httpx2.Response) -> bytes:
        parts, size = [], 0
        async for chunk in self._chunks(response):
            parts.append(chunk)
            size += len(chunk)
        return b"".join(parts)

    async def _chunks(self, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        import httpx2

        chunks = response.aiter_bytes()
        size = 0
        while True:
            try:
                async with asyncio.timeout(self._stall_s):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except (TimeoutError, httpx2.ReadTimeout):
                raise self.failure("stalled", f"has sent nothing for {self._stall_s:.0f} s and was given up. Send the message again.") from None
            except httpx2.DecodingError:
                raise self.garbled("its compression cannot be undone") from None
            except httpx2.TransportError:
                raise self.cut_off() from None
            size += len(chunk)
            if size > _LONGEST_ANSWER:
                raise self.garbled("an answer without end")
            yield chunk

    def _json(self, body: bytes) -> Any:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self.garbled("not JSON") from None

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


class EventReader:
    """Server-sent events out of text in pieces (WHATWG HTML, 9.2.6; ids and retry times are of no use here)."""

    def __init__(self) -> None:
        self._text = ""
        self._name = ""
        self._data: list[str] = []

    @property
    def waiting(self) -> int:
        return len(self._text) + sum(map(len, self._data))

    def feed(self, text: str) -> list[ServerEvent]:
        self._text = (self._text + text).replace("\r\n", "\n")
        lines = self._text.split("\n")
        self._text = lines.pop()
        return [event for line in lines if (event := self._line(line.rstrip("\r"))) is not None]

    def finish(self) -> list[ServerEvent]:
        """An event whose blank line is missing at the end counts: some servers forget it."""
        events = [self._line(self._text), self._line("")]
        self._text = ""
        return [event for event in events if event is not None]

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            event = ServerEvent(self._name or "message", "\n".join(self._data)) if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        return None


def _place(url: str) -> str:
    """The address without what may be secret in it."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "its address"


def _retry_after(value: str | None) -> float | None:
    if not value:
        return None
    try:
        seconds = float(value)
        return min(max(0.0, seconds), _LONGEST_WAIT_S) if math.isfinite(seconds) else None
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return min(max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT_S)
