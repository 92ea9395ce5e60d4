"""The HTTP transport behind ``egress.Egress``: imported when the first client is made, because httpx2 takes its time."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpcore2
import httpx2

from . import clock
from .egress import MAX_REDIRECTS, EgressRecord, EgressRefused, check_url
from .errors import SophonError, UpstreamUnavailable, ValidationFailed

if TYPE_CHECKING:
    from .egress import Egress

_REDIRECTS = (301, 302, 303, 307, 308)
# What another host may be told. Everything else (Authorization, cookies, x-api-key, ...) could be a credential.
_HARMLESS = ("accept", "accept-encoding", "accept-language", "range", "user-agent")
_ATTEMPT_S = 2.5  # for one of several addresses, so that a dead IPv6 route does not use up the whole time


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Dials the address that was checked, not the name: a second answer of the name server is never asked for."""

    def __init__(self, egress: Egress, allow: frozenset[tuple[str, int]]) -> None:
        self._egress = egress
        self._allow = allow
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the base class's signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._egress.addresses(host, port, self._allow)
        except TimeoutError:
            raise httpcore2.ConnectTimeout(f"the name {host} was not resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} was not found ({error})") from None
        failure: Exception = httpcore2.ConnectError(f"the name {host} has no address")
        for at, address in enumerate(addresses):
            is_last = at == len(addresses) - 1
            attempt_s = timeout if is_last else min(_ATTEMPT_S, timeout or _ATTEMPT_S)
            try:
                return await self._inner.connect_tcp(address, port, timeout=attempt_s, local_address=local_address, socket_options=socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise EgressRefused("Local sockets are not called.")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Pool(httpx2.AsyncHTTPTransport):
    def __init__(self, backend: _CheckedBackend, context: ssl.SSLContext) -> None:
        # The base class offers no way to hand in a backend, so its pool is made here; everything else of it is wanted as it is.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context, max_connections=20, max_keepalive_connections=5, keepalive_expiry=30.0, network_backend=backend
        )


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Checks each hop before it is made, limits what comes back, and writes the ledger."""

    def __init__(
        self, egress: Egress, purpose: str, allow: frozenset[tuple[str, int]], context: ssl.SSLContext, total_s: float | None, max_bytes: int | None
    ) -> None:
        self._egress = egress
        self._purpose = purpose
        self._total_s = total_s
        self._max_bytes = max_bytes
        self._inner = _Pool(_CheckedBackend(egress, allow), context)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = None if self._total_s is None else asyncio.get_running_loop().time() + self._total_s
        for hop in range(MAX_REDIRECTS + 1):
            response = await self._ask(request, deadline)
            location = response.headers.get("location")
            if response.status_code not in _REDIRECTS or not location or request.method not in ("GET", "HEAD"):
                return response
            await response.aclose()
            if hop < MAX_REDIRECTS:
                request = _redirected(request, location)
        raise EgressRefused(f"{request.url.host} redirected more than {MAX_REDIRECTS} times.")

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _ask(self, request: httpx2.Request, deadline: float | None) -> httpx2.Response:
        entry = _Entry(self._egress, self._purpose, request)
        try:
            try:
                check_url(str(request.url))
            except ValidationFailed as error:
                raise EgressRefused(error.message) from None
            try:
                async with asyncio.timeout_at(deadline):
                    response = await self._inner.handle_async_request(request)
            except TimeoutError:
                raise httpx2.ReadTimeout(f"{request.url.host} did not answer in time", request=request) from None
        except BaseException as error:
            entry.close(error)
            raise
        entry.answered(response)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        stream = _LimitedStream(response.stream, entry, deadline, self._max_bytes)
        encoding = response.headers.get("content-encoding", "identity")
        if encoding.lower() not in ("identity", "") and request.method != "HEAD":
            # A compressed answer was not asked for; unpacked, it could be of any size.
            refused = UpstreamUnavailable(f"{request.url.host} sent a compressed answer ({encoding}) that was not asked for.")
            entry.close(refused)
            await stream.aclose()
            raise refused
        return httpx2.Response(response.status_code, headers=response.headers, stream=stream, extensions=response.extensions)


class _LimitedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, entry: _Entry, deadline: float | None, max_bytes: int | None) -> None:
        self._inner = inner
        self._entry = entry
        self._deadline = deadline
        self._max_bytes = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = self._inner.__aiter__()
        try:
            while True:
                async with asyncio.timeout_at(self._deadline):
                    part = await anext(parts, None)
                if part is None:
                    return
                self._entry.received_bytes += len(part)
                if self._max_bytes is not None and self._entry.received_bytes > self._max_bytes:
                    raise UpstreamUnavailable(f"{self._entry.host} sent more than {self._max_bytes // 1_000_000} MB. The answer was not taken.")
                yield part
        except TimeoutError:
            late = httpx2.ReadTimeout(f"{self._entry.host} did not finish its answer in time")
            self._entry.close(late)
            raise late from None
        except Exception as error:
            self._entry.close(error)
            raise

    async def aclose(self) -> None:
        self._entry.close(None)
        await self._inner.aclose()


class _Entry:
    """A row of the ledger while it is being filled in; written once."""

    def __init__(self, egress: Egress, purpose: str, request: httpx2.Request) -> None:
        self._egress = egress
        self._purpose = purpose
        self._method = request.method
        self._at = clock.timestamp()
        self._started = time.monotonic()
        self._sent = int(request.headers.get("content-length", "0"))
        self._address: str | None = None
        self._status: int | None = None
        self._is_written = False
        self.host = request.url.host
        self._destination = f"{request.url.scheme}://{request.url.netloc.decode('ascii', 'replace').rpartition('@')[2]}"
        self.received_bytes = 0

    def answered(self, response: httpx2.Response) -> None:
        self._status = response.status_code
        stream = response.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        self._address = str(peer[0]) if peer else None

    def close(self, error: BaseException | None) -> None:
        if self._is_written:
            return
        self._is_written = True
        outcome = "ok" if error is None else "refused" if isinstance(error, EgressRefused) else "failed"
        detail = None if error is None else error.message if isinstance(error, SophonError) else f"{type(error).__name__}: {error}"
        self._egress.record(
            EgressRecord(
                at=self._at,
                purpose=self._purpose,
                method=self._method,
                destination=self._destination,
                address=self._address,
                status=self._status,
                sent_bytes=self._sent,
                received_bytes=self.received_bytes,
                elapsed_ms=round((time.monotonic() - self._started) * 1_000),
                outcome=outcome,
                detail=detail,
            )
        )


def _redirected(request: httpx2.Request, location: str) -> httpx2.Request:
    target = urljoin(str(request.url), location)
    try:
        scheme, _, _ = check_url(target)
        url = httpx2.URL(target)
    except ValidationFailed as error:
        raise EgressRefused(f"{request.url.host} redirected to an address that is not called: {error.message}") from None
    except httpx2.InvalidURL as error:
        raise EgressRefused(f"{request.url.host} redirected to an address that is not one: {error}") from None
    if request.url.scheme == "https" and scheme == "http":
        raise EgressRefused(f"{request.url.host} redirected from https to http, where anyone could read along.")
    same = (url.scheme, url.host, url.port) == (request.url.scheme, request.url.host, request.url.port)
    headers = {name: value for name, value in request.headers.items() if name != "host" and (same or name in _HARMLESS)}
    return httpx2.Request(request.method, url, headers=headers, extensions=request.extensions)
