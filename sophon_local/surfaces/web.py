"""The built web UI under ``/ui/``, from memory: compressed when it was built, with an ETag, so that a request costs next to nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath

import msgspec

from .surface import Scope, Send

Page = Callable[[Scope, Send], Awaitable[None]]

BUILT = Path(__file__).parent.parent / "web_dist"
_TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".json": "application/json", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
    ".jpg": "image/jpeg", ".webp": "image/webp", ".woff2": "font/woff2", ".wasm": "application/wasm", ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
_ENCODINGS = ((b"br", ".br"), (b"gzip", ".gz"))
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"  # an empty style element, which is then filled through the CSS object model
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {EMPTY_STYLE}; img-src 'self' data: blob:; font-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_UNBUILT = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sophon Local</title>
<h1>The server runs; its web pages are not built yet</h1>
<p>This is a checkout of the sources. Build the pages once with <code>python packaging/build_web.py</code>, or install the program with
<code>pip install .</code>, then load this page again. The API answers meanwhile: <a href="/openapi.json">/openapi.json</a>.</p>
"""


class _File(msgspec.Struct, frozen=True):
    """A file in each encoding that it was built in, with the headers that go with it."""

    etag: str
    variants: list[tuple[bytes, bytes, list[tuple[bytes, bytes]]]]


class Web:
    """The files of ``folder``. A file is read when it is first asked for and kept."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._names: frozenset[str] | None = None

    @property
    def is_built(self) -> bool:
        return "index.html" in self._listed()

    def has(self, name: str) -> bool:
        return name in self._listed()

    def find(self, path: str) -> Page | None:
        """What answers GET ``path``: a file, or for the address of a room the page itself, whose script knows the rooms."""
        name = "favicon.ico" if path == "/favicon.ico" else path.removeprefix("/ui").lstrip("/")
        names = self._listed()
        if name in names and not name.endswith((".br", ".gz")):
            return lambda scope, send: self._send(name, scope, send)
        if path == "/favicon.ico" or name.startswith(("assets/", "vendor/")) or PurePosixPath(name).suffix in _TYPES:
            return None
        if "index.html" in names:
            return lambda scope, send: self._send("index.html", scope, send)
        return lambda scope, send: send_bytes(scope, send, _UNBUILT, _TYPES[".html"], [(b"content-security-policy", POLICY.encode())])

    def _listed(self) -> frozenset[str]:
        if not self._names:
            self._names = frozenset(file.relative_to(self._folder).as_posix() for file in self._folder.rglob("*") if file.is_file())
        return self._names

    async def _send(self, name: str, scope: Scope, send: Send) -> None:
        file = self._files.get(name) or self._files.setdefault(name, self._load(name))
        accepted = _header(scope, b"accept-encoding")
        _, body, headers = next(variant for variant in file.variants if variant[0] in accepted)  # the plain one, named b"", is in every text
        if file.etag.encode() in _header(scope, b"if-none-match"):
            await send({"type": "http.response.start", "status": 304, "headers": [pair for pair in headers if pair[0] != b"content-length"]})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _load(self, name: str) -> _File:
        plain = (self._folder / name).read_bytes()
        etag = hashlib.sha256(plain).hexdigest()[:32]
        # Vite puts a hash of the contents into the names of assets: such a file never changes.
        lasting = b"public, max-age=31536000, immutable" if name.startswith("assets/") else b"no-cache"
        headers = [(b"content-type", _TYPES.get(PurePosixPath(name).suffix, "application/octet-stream").encode()), (b"cache-control", lasting)]
        headers += [(b"vary", b"Accept-Encoding")]
        if name.endswith(".html"):
            headers.append((b"content-security-policy", POLICY.encode()))
        variants = []
        for encoding, suffix in _ENCODINGS:
            if name + suffix in self._listed():
                body = (self._folder / (name + suffix)).read_bytes()
                variants.append((encoding, body, [*headers, (b"content-encoding", encoding), *_sized(body, f"{etag}-{encoding.decode()}")]))
        variants.append((b"", plain, [*headers, *_sized(plain, etag)]))
        return _File(etag, variants)


def _sized(body: bytes, etag: str) -> list[tuple[bytes, bytes]]:
    return [(b"etag", f'"{etag}"'.encode()), (b"content-length", str(len(body)).encode())]


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


async def send_bytes(scope: Scope, send: Send, body: bytes, media_type: str, headers: list[tuple[bytes, bytes]] | None = None, etag: str | None = None) -> None:
    """A small answer from memory; 304 without a body when the reader has it already."""
    fields = [(b"content-type", media_type.encode()), *(headers or [])]
    is_known = False
    if etag is not None:
        fields.append((b"etag", f'"{etag}"'.encode()))
        is_known = etag.encode() in _header(scope, b"if-none-match")
    if not is_known:
        fields.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if is_known else body})
