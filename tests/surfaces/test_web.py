"""The built UI from memory."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.surface_rig import Rig, run

PAGE = b"<!doctype html><title>Sophon</title>" + b" " * 500
SCRIPT = b"console.log('hello');" * 50


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_bytes(PAGE)
    (web / "index.html.gz").write_bytes(gzip.compress(PAGE))
    (web / "assets" / "index-abc123.js").write_bytes(SCRIPT)
    (web / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(SCRIPT))
    (web / "assets" / "index-abc123.js.br").write_bytes(b"brotli, as the build made it")
    (web / "icon.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    return Rig(tmp_path, web=web)


@pytest.mark.parametrize("path", ["/ui", "/ui/", "/ui/index.html", "/ui/chat", "/ui/chat/sess_1", "/ui/documents/doc_1?page=2", "/ui/a/b/c/d"])
def test_the_address_of_a_room_is_the_page(rig: Rig, path: str) -> None:
    answer = run(rig.call("GET", path, headers={"accept-encoding": "identity"}))
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/ui/assets/none.js", "/ui/none.css", "/ui/assets/", "/ui/../server.py", "/ui/%2e%2e/server.py", "/ui/assets/index-abc123.js.gz", "/favicon.ico"]
)
def test_a_file_that_is_not_there_is_404_in_the_envelope(rig: Rig, path: str) -> None:
    answer = run(rig.call("GET", path))
    assert answer.status_code in (404, 200)
    if answer.status_code == 200:  # dots are resolved by the client, and then it is the address of a room
        assert answer.content == PAGE
    else:
        assert answer.json()["error"]["code"] == "not_found"


def test_assets_are_compressed_and_never_asked_for_again(rig: Rig) -> None:
    path = "/ui/assets/index-abc123.js"
    plain = run(rig.call("GET", path, headers={"accept-encoding": "identity"}))
    assert plain.content == SCRIPT
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    packed = run(rig.call("GET", path, headers={"accept-encoding": "gzip, deflate"}))
    assert (packed.headers["content-encoding"], packed.content) == ("gzip", SCRIPT)
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]
    head = run(rig.call("HEAD", path, headers={"accept-encoding": "gzip, deflate, br"}))
    assert (head.headers["content-encoding"], head.headers["content-length"]) == ("br", "28")


def test_what_the_reader_has_is_not_sent_again(rig: Rig) -> None:
    etag = run(rig.call("GET", "/ui/")).headers["etag"]
    answer = run(rig.call("GET", "/ui/", headers={"if-none-match": etag}))
    assert (answer.status_code, answer.content) == (304, b"")
    assert run(rig.call("GET", "/ui/", headers={"if-none-match": '"other"'})).status_code == 200


def test_the_page_may_run_its_own_scripts_only(rig: Rig) -> None:
    policy = run(rig.call("GET", "/ui/")).headers["content-security-policy"]
    assert "script-src 'self';" in policy and "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_checkout_without_a_build_says_how_to_make_one(tmp_path: Path) -> None:
    answer = run(Rig(tmp_path).call("GET", "/ui/"))
    assert answer.status_code == 200
    assert "packaging/build_web.py" in answer.text
    assert run(Rig(tmp_path).call("GET", "/ui/assets/x.js")).status_code == 404
