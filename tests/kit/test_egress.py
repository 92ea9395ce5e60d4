from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sophon_local.kit.egress import Egress, EgressRecord, EgressRefused, check_url, refusal_of
from sophon_local.kit.errors import UpstreamUnavailable, ValidationFailed
from tests.loopback import Answer, Asked, free_port, loopback

pytestmark = pytest.mark.anyio

PUBLIC = "93.184.216.34"


def egress_with(*answers: list[str], ledger: list[EgressRecord] | None = None, **more: object) -> tuple[Egress, list[str]]:
    """An Egress whose name server gives one of ``answers`` after the other; and the names that it was asked for."""
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return Egress((ledger if ledger is not None else []).append, resolver=resolver, **more), asked  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "::1", "::", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1",
        "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:93.184.216.34", "::93.184.216.34", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::5db8:d822", "64:ff9b:1::1", "2001:0:1::1",
        "2001:db8::1", "3fff::1", "5f00::1", "100::1", "::ffff:0:7f00:1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_plainly_public_is_refused(address: str) -> None:
    assert refusal_of(address) is not None


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:830::200e"])
def test_a_public_address_is_fine(address: str) -> None:
    assert refusal_of(address) is None


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/", "file:///etc/passwd", "gopher://h/", "//host/x", "host/x", "http://", "http:///x", "http://user@host/", "http://a:b@host/",
        "http://ho st/", "http://host/\r\nX: y", "http://host/\x00", "http://host:99999/", "http://host:port/",
        "http://127.0.0.1\\@evil/", "http://a%00b/", "javascript:1", "http://h\u2028/",
    ],
)  # fmt: skip
def test_an_url_with_something_odd_in_it_is_refused(url: str) -> None:
    with pytest.raises(ValidationFailed):
        check_url(url)


def test_an_url_is_split_into_what_is_dialled() -> None:
    assert check_url("HTTPS://Example.COM./x") == ("https", "example.com", 443)
    assert check_url("http://[::1]:8080/x") == ("http", "::1", 8080)


async def test_an_allowed_private_host_answers_and_the_ledger_says_so() -> None:
    ledger: list[EgressRecord] = []
    async with loopback(lambda asked: Answer(body=b"hello " + asked.body)) as server:
        egress = Egress(ledger.append)
        async with egress.client("test", allow=[("127.0.0.1", server.port)], base_url=server.url) as client:
            answer = await client.post("/greet?secret=1", content=b"you")
    assert answer.text == "hello you"
    [record] = ledger
    assert (record.purpose, record.method, record.status, record.outcome) == ("test", "POST", 200, "ok")
    assert record.destination == server.url and "secret" not in str(record)
    assert (record.address, record.sent_bytes, record.received_bytes) == ("127.0.0.1", 3, 9)


async def test_a_loopback_address_is_refused_unless_that_very_port_is_allowed() -> None:
    ledger: list[EgressRecord] = []
    async with loopback(lambda asked: Answer(body=b"inside")) as server:
        async with Egress(ledger.append).client("test", allow=[("127.0.0.1", server.port + 1)]) as client:
            with pytest.raises(EgressRefused, match="unless you allow"):
                await client.get(server.url)
        assert server.connections == 0
    assert ledger[0].outcome == "refused" and ledger[0].status is None


@pytest.mark.parametrize("spelled", ["2130706433", "0x7f.1", "127.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_no_spelling_of_loopback_gets_through(spelled: str) -> None:
    async with loopback(lambda asked: Answer(body=b"inside")) as server:
        async with Egress([].append).client("test") as client:
            with pytest.raises((EgressRefused, httpx2.ConnectError, httpx2.InvalidURL)):
                await client.get(f"http://{spelled}:{server.port}/")
        assert server.connections == 0


async def test_one_bad_address_among_good_ones_is_enough_to_refuse() -> None:
    egress, _ = egress_with([PUBLIC, "10.0.0.5"])
    async with egress.client("test") as client:
        with pytest.raises(EgressRefused, match=r"10\.0\.0\.5"):
            await client.get("http://mixed.test/")


async def test_a_name_that_changes_its_answer_is_not_asked_twice() -> None:
    """DNS rebinding: the second answer would be another place; only the first, checked one is dialled."""
    async with loopback(lambda asked: Answer(body=b"ok")) as server:
        egress, asked = egress_with(["127.0.0.1"], ["10.0.0.1"])
        async with egress.client("test", allow=[("rebind.test", server.port)]) as client:
            answer = await client.get(f"http://rebind.test:{server.port}/")
        assert answer.text == "ok" and asked == ["rebind.test"]
        assert server.asked[0].headers["host"] == f"rebind.test:{server.port}"


async def test_a_name_that_turns_private_later_is_refused_on_the_next_connection() -> None:
    async with loopback(lambda asked: Answer(body=b"inside")) as server:
        egress, _ = egress_with(["127.0.0.1"])
        async with egress.client("test") as client:
            with pytest.raises(EgressRefused):
                await client.get(f"http://innocent.test:{server.port}/")
        assert server.connections == 0


async def test_a_dead_address_does_not_hide_a_living_one() -> None:
    async with loopback(lambda asked: Answer(body=b"ok")) as server:
        egress, _ = egress_with(["127.0.0.9", "127.0.0.1"])
        async with egress.client("test", allow=[("two.test", server.port)]) as client:
            assert (await client.get(f"http://two.test:{server.port}/")).text == "ok"


async def test_our_own_port_is_never_called_whatever_is_allowed() -> None:
    async with loopback(lambda asked: Answer(body=b"me")) as server:
        egress = Egress([].append, own_ports=[server.port])
        async with egress.client("test", allow=[("127.0.0.1", server.port)]) as client:
            with pytest.raises(EgressRefused, match="this server itself"):
                await client.get(server.url)
        assert server.connections == 0


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b:1::127.0.0.1", "2002:7f00:1::"])
async def test_our_own_port_is_our_own_behind_every_translation(address: str) -> None:
    assert refusal_of(address) == "an address of this machine"
    egress, _ = egress_with([address], own_ports=[8080])
    with pytest.raises(EgressRefused, match="this server itself"):
        await egress.addresses("friend", 8080, frozenset({("friend", 8080)}))


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::"])
async def test_a_link_local_address_is_never_called_whatever_is_allowed(address: str) -> None:
    egress, _ = egress_with([address], [address, "192.168.1.5"])
    allowed = frozenset({("metadata", 80)})
    with pytest.raises(EgressRefused, match="link-local"):
        await egress.addresses("metadata", 80, allowed)
    assert await egress.addresses("metadata", 80, allowed) == ["192.168.1.5"]


async def test_a_name_that_nobody_knows_is_a_connection_error() -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    ledger: list[EgressRecord] = []
    async with Egress(ledger.append, resolver=unknown).client("test") as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://nowhere.test/")
    assert ledger[0].outcome == "failed"


async def test_a_port_where_nobody_listens_is_a_connection_error() -> None:
    port = await free_port()
    async with Egress([].append).client("test", allow=[("127.0.0.1", port)]) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_userinfo_is_refused() -> None:
    async with Egress([].append).client("test") as client:
        with pytest.raises(EgressRefused):
            await client.get("http://user:pass@example.org/")


async def test_redirects_are_followed_three_times_and_no_further() -> None:
    def answer(asked: Asked) -> Answer:
        step = int(asked.path.strip("/"))
        return Answer(302, {"Location": f"/{step - 1}"}) if step else Answer(body=b"there")

    async with loopback(answer) as server, Egress([].append).client("test", allow=[("127.0.0.1", server.port)]) as client:
        assert (await client.get(f"{server.url}/3")).text == "there"
        with pytest.raises(EgressRefused, match="more than 3"):
            await client.get(f"{server.url}/4")


async def test_a_redirect_to_a_forbidden_place_is_refused() -> None:
    async with loopback(lambda asked: Answer(body=b"inside")) as inner, loopback(lambda asked: Answer(307, {"Location": inner.url})) as outer:
        async with Egress([].append).client("test", allow=[("127.0.0.1", outer.port)]) as client:
            with pytest.raises(EgressRefused):
                await client.get(outer.url)
        assert inner.connections == 0


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://h/", "http://u:p@h/", "http://h\x01/"])
async def test_a_redirect_to_something_that_is_no_web_address_is_refused(location: str) -> None:
    async with (
        loopback(lambda asked: Answer(302, {"Location": location})) as server,
        Egress([].append).client("test", allow=[("127.0.0.1", server.port)]) as client,
    ):
        with pytest.raises((EgressRefused, httpx2.RemoteProtocolError)):
            await client.get(server.url)


async def test_credentials_do_not_cross_hosts() -> None:
    async with loopback(lambda asked: Answer(body=b"elsewhere")) as other:
        async with loopback(lambda asked: Answer(302, {"Location": other.url + "/file", "Set-Cookie": "a=b"})) as first:
            headers = {"Authorization": "Bearer k", "x-api-key": "k", "Cookie": "c=d", "Range": "bytes=5-"}
            allow = [("127.0.0.1", first.port), ("127.0.0.1", other.port)]
            async with Egress([].append).client("test", allow=allow, headers=headers) as client:
                assert (await client.get(first.url)).text == "elsewhere"
        assert first.asked[0].headers["authorization"] == "Bearer k"
        got = other.asked[0].headers
        assert got["range"] == "bytes=5-" and got["host"] == f"127.0.0.1:{other.port}"
        assert not {"authorization", "x-api-key", "cookie"} & got.keys()


async def test_a_post_is_not_redirected() -> None:
    async with loopback(lambda asked: Answer(307, {"Location": "/again"})) as server:
        async with Egress([].append).client("test", allow=[("127.0.0.1", server.port)]) as client:
            answer = await client.post(server.url, content=b"x")
        assert answer.status_code == 307 and len(server.asked) == 1


async def test_an_answer_that_is_too_big_is_cut_off() -> None:
    ledger: list[EgressRecord] = []
    async with (
        loopback(lambda asked: Answer(body=b"x" * 3_000_000)) as server,
        Egress(ledger.append).client("test", allow=[("127.0.0.1", server.port)], max_bytes=1_000_000) as client,
    ):
        with pytest.raises(UpstreamUnavailable, match="more than 1 MB"):
            await client.get(server.url)
    assert ledger[0].outcome == "failed" and ledger[0].received_bytes < 3_000_000


async def test_an_answer_that_drips_is_given_up_after_the_whole_time() -> None:
    async with (
        loopback(lambda asked: Answer(body=b"x" * 1_000, piece=1, drip_s=0.02)) as server,
        Egress([].append).client("test", allow=[("127.0.0.1", server.port)], total_s=0.3) as client,
    ):
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(server.url)


async def test_a_stream_may_take_as_long_as_it_wants_while_it_says_something() -> None:
    async with (
        loopback(lambda asked: Answer(body=b"x" * 30, piece=1, drip_s=0.02)) as server,
        Egress([].append).client("test", allow=[("127.0.0.1", server.port)], total_s=None, idle_s=5, max_bytes=None) as client,
        client.stream("GET", server.url) as answer,
    ):
        assert len([part async for part in answer.aiter_bytes()]) > 1


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with (
        loopback(lambda asked: Answer(pause_s=5)) as server,
        Egress([].append).client("test", allow=[("127.0.0.1", server.port)], total_s=None, idle_s=0.2) as client,
    ):
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(server.url)


async def test_a_compressed_answer_that_nobody_asked_for_is_refused() -> None:
    async with (
        loopback(lambda asked: Answer(headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b")) as server,
        Egress([].append).client("test", allow=[("127.0.0.1", server.port)]) as client,
    ):
        with pytest.raises(UpstreamUnavailable, match="compressed"):
            await client.get(server.url)
        assert server.asked[0].headers["accept-encoding"] == "identity"


def certificate_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext, list[str]]:
    """TLS contexts of a server called ``name`` and of a client that trusts it, and the names that the server is asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    names: list[str] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    server.sni_callback = lambda sock, sni, context: names.append(sni)
    client = ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
    return server, client, names


async def test_tls_is_checked_against_the_name_while_the_checked_address_is_dialled(tmp_path: Path) -> None:
    server_tls, client_tls, names = certificate_for("vault.test", tmp_path)
    async with loopback(lambda asked: Answer(body=b"safe"), server_tls) as server:
        egress, _ = egress_with(["127.0.0.1"], trust=lambda: client_tls)
        async with egress.client("test", allow=[("vault.test", server.port), ("other.test", server.port)]) as client:
            assert (await client.get(f"https://vault.test:{server.port}/")).text == "safe"
            assert names == ["vault.test"]
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"https://other.test:{server.port}/")


async def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_trust_of_the_system(tmp_path: Path) -> None:
    server_tls, _, _ = certificate_for("vault.test", tmp_path)
    async with loopback(lambda asked: Answer(body=b"safe"), server_tls) as server:
        egress, _ = egress_with(["127.0.0.1"])
        async with egress.client("test", allow=[("vault.test", server.port)]) as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"https://vault.test:{server.port}/")
        assert server.asked == []


async def test_https_is_never_led_back_to_http(tmp_path: Path) -> None:
    server_tls, client_tls, _ = certificate_for("vault.test", tmp_path)
    async with loopback(lambda asked: Answer(body=b"plain")) as plain:
        async with loopback(lambda asked: Answer(302, {"Location": f"http://vault.test:{plain.port}/"}), server_tls) as server:
            egress, _ = egress_with(["127.0.0.1"], trust=lambda: client_tls)
            async with egress.client("test", allow=[("vault.test", server.port), ("vault.test", plain.port)]) as client:
                with pytest.raises(EgressRefused, match="https to http"):
                    await client.get(f"https://vault.test:{server.port}/")
        assert plain.connections == 0
