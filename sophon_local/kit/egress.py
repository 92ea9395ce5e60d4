"""The one way out: every outgoing connection is opened here, checked, limited and written to a ledger."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from .errors import UpstreamUnavailable, ValidationFailed

if TYPE_CHECKING:
    import ssl

    import httpx2

MAX_REDIRECTS = 3
TIMEOUT_S = 10.0
MAX_BYTES = 5_000_000
_LOOPBACK = ("127.0.0.1", "::1")
_PORTS = {"http": 80, "https": 443}
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")

Resolver = Callable[[str, int], Awaitable[list[str]]]

LINK_LOCAL = "a link-local address"  # where clouds hand out keys to whoever asks: never called, whatever is allowed
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_ENDS_IN_IPV4 = [ipaddress.ip_network(block) for block in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")]
# What ``ipaddress`` calls global though it leads elsewhere: addresses that a gateway, or this machine itself, translates into other ones.
_TRANSLATED = [
    ipaddress.ip_network(block)
    for block in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "192.88.99.0/24")
]
_NOT_PUBLIC = [ipaddress.ip_network(block) for block in ("100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "fec0::/10", "3fff::/20", "5f00::/16")]


class EgressRefused(UpstreamUnavailable):
    """A connection that this program does not make: the address, the scheme or the redirect is not allowed."""

    code = "egress_refused"


class EgressRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request that left, or was not let out. Paths and queries stay out of it: they may hold what is private.

    ``destination`` is scheme, host and port; ``address`` what was dialled; ``outcome`` ok, failed or refused, and ``detail`` says why.
    """

    at: str
    purpose: str
    method: str
    destination: str
    address: str | None
    status: int | None
    sent_bytes: int
    received_bytes: int
    elapsed_ms: int
    outcome: str
    detail: str | None = None


def unwrapped(address: str) -> str:
    """The IPv4 address that a mapped, compatible, 6to4 or NAT64 address leads to; any other address as it is."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4 or ip.is_loopback or ip.is_unspecified:
        return str(ip)
    if ip in _SIX_TO_FOUR:
        return str(ipaddress.IPv4Address(ip.packed[2:6]))
    return str(ipaddress.IPv4Address(ip.packed[12:])) if any(ip in block for block in _ENDS_IN_IPV4) else str(ip)


def refusal_of(address: str) -> str | None:
    """Why ``address`` is not dialled unless a person allowed it, or None when it is an ordinary public address.

    Of a translated address, what it leads to counts; it is refused even when that is public.
    """
    inner = unwrapped(address)
    if inner != str(ipaddress.ip_address(address)):
        return refusal_of(inner) or "a translated address"
    ip = ipaddress.ip_address(inner)
    if ip.is_loopback or ip.is_unspecified:
        return "an address of this machine"
    if ip.is_multicast:
        return "a multicast address"
    if ip.is_link_local:
        return LINK_LOCAL
    if any(ip.version == block.version and ip in block for block in _TRANSLATED):
        return "a translated address"
    if not ip.is_global or ip.is_reserved or any(ip.version == block.version and ip in block for block in _NOT_PUBLIC):
        return "a private or reserved address"
    return None


def check_url(url: str) -> tuple[str, str, int]:
    """Scheme, host (lower case) and port of a URL that may be asked for; ValidationFailed, with what is wrong, when it may not."""

    def wrong(what: str) -> ValidationFailed:
        return ValidationFailed(f"This address cannot be used: {what}. It looks like https://host or http://host:port.", errors=[{"field": "url"}])

    if _UNPRINTABLE.search(url):
        raise wrong("it has a space or a control character in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong(str(error)) from None
    if parts.scheme not in _PORTS:
        raise wrong("it starts with neither http:// nor https://")
    if "@" in parts.netloc:
        raise wrong("it has a user name in it")
    host = (parts.hostname or "").rstrip(".")
    if not host or "\\" in parts.netloc or "%" in host:
        raise wrong("it has no proper host")
    return parts.scheme, host, port if port is not None else _PORTS[parts.scheme]


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of ``host``, in the order in which the system would try them. OSError when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def addresses_of_this_machine() -> set[str]:
    import psutil

    return {entry.address.partition("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}


class Egress:
    """Gives out HTTP clients that can only go where they may.

    ``ledger`` is called once for every request, when it is over. ``own_ports`` are the ports that this server listens on: never dialled here,
    whatever is allowed. ``resolver`` and ``trust`` are for tests: name resolution, and the TLS context in place of the system's trust store.
    """

    def __init__(
        self,
        ledger: Callable[[EgressRecord], None],
        *,
        own_ports: Iterable[int] = (),
        resolver: Resolver = resolve,
        trust: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self.record = ledger
        self.own_ports = set(own_ports)
        self._resolver = resolver
        self._trust = trust or _system_trust
        self._context: ssl.SSLContext | None = None

    def client(
        self,
        purpose: str,
        allow: Iterable[tuple[str, int]] = (),
        *,
        base_url: str = "",
        headers: dict[str, str] | None = None,
        total_s: float | None = TIMEOUT_S,
        idle_s: float = TIMEOUT_S,
        max_bytes: int | None = MAX_BYTES,
    ) -> httpx2.AsyncClient:
        """A client for one ``purpose`` (as the ledger shows it).

        ``allow`` names hosts and ports that may have private addresses. ``total_s`` limits a whole request with its answer, ``idle_s`` each wait
        within it; ``max_bytes`` is how much an answer may hold: None for neither, where an answer streams. Redirects of GET and HEAD are followed
        to allowed places, three at most, and only harmless headers go along to another host; of other methods they are handed back.
        """
        import httpx2

        from ._transport import CheckedTransport

        if self._context is None:
            self._context = self._trust()
        transport = CheckedTransport(self, purpose, frozenset((host.lower().rstrip("."), port) for host, port in allow), self._context, total_s, max_bytes)
        return httpx2.AsyncClient(
            transport=transport,
            base_url=base_url,
            headers={"User-Agent": "sophon-local", "Accept-Encoding": "identity", **(headers or {})},
            timeout=httpx2.Timeout(idle_s, pool=None),
            follow_redirects=False,
            max_redirects=0,
            trust_env=False,
        )

    async def is_listening(self, host: str, port: int, within_s: float = 0.5) -> bool:
        """Whether something takes connections on a port of this machine; nothing is sent, and the ledger is not told. Cheap: no HTTP client."""
        if host not in _LOOPBACK or port in self.own_ports:
            return False
        try:
            async with asyncio.timeout(within_s):
                _, writer = await asyncio.open_connection(host, port)
            writer.close()
        except (OSError, TimeoutError):
            return False
        return True

    async def addresses(self, host: str, port: int, allow: frozenset[tuple[str, int]]) -> list[str]:
        """Where ``host`` may be dialled: resolved once, and every answer checked. Link-local ones are left out. OSError when the name is not known."""
        found = await self._resolver(host, port)
        good = []
        for address in found:
            reason = refusal_of(address)
            if reason is not None and (host.lower().rstrip("."), port) not in allow:
                raise EgressRefused(f"{host} is {reason} ({address}), which is not called unless you allow {host}:{port}.", host=host, port=port)
            if port in self.own_ports and (reason == "an address of this machine" or unwrapped(address) in addresses_of_this_machine()):
                raise EgressRefused(f"{host}:{port} is this server itself. Give the address of the other program.", host=host, port=port)
            if reason != LINK_LOCAL:
                good.append(address)
        if found and not good:
            raise EgressRefused(f"{host} is {LINK_LOCAL} ({found[0]}), which is never called.", host=host, port=port)
        return good


def _system_trust() -> ssl.SSLContext:
    import ssl

    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
