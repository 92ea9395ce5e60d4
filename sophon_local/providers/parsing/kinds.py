"""What a file is: by its content first, by its name where the content leaves it open."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .model import ParseFailed

if TYPE_CHECKING:
    from .archive import Archive

READABLE = "PDF, DOCX, PPTX, XLSX, XLS, ODS, CSV, HTML, Markdown, text, EPUB, EML, JSON, PNG and JPEG"
HEAD_BYTES = 8_192

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "epub": "application/epub+zip",
    "csv": "text/csv",
    "html": "text/html",
    "markdown": "text/markdown",
    "text": "text/plain",
    "eml": "message/rfc822",
    "json": "application/json",
    "png": "image/png",
    "jpeg": "image/jpeg",
}
_BY_EXTENSION = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".htm": "html", ".html": "html", ".xhtml": "html", ".md": "markdown", ".markdown": "markdown",
    ".mdx": "markdown", ".eml": "eml", ".mht": "eml", ".mhtml": "eml", ".json": "json", ".geojson": "json",
}  # fmt: skip
_BY_MEDIA_TYPE = {MEDIA_TYPES[kind]: kind for kind in ("csv", "html", "markdown", "eml", "json")} | {
    "text/tab-separated-values": "csv",
    "application/xhtml+xml": "html",
}

# What cannot be read: leading bytes, where they stand, what it is.
_REFUSED = [
    (b"MZ", 0, "a Windows program"), (b"\x7fELF", 0, "a program"), (b"\xcf\xfa\xed\xfe", 0, "a macOS program"), (b"\xca\xfe\xba\xbe", 0, "a program"),
    (b"Rar!", 0, "an archive"), (b"7z\xbc\xaf\x27\x1c", 0, "an archive"), (b"\x1f\x8b", 0, "an archive"), (b"BZh", 0, "an archive"),
    (b"\xfd7zXZ", 0, "an archive"), (b"\x28\xb5\x2f\xfd", 0, "an archive"), (b"ustar", 257, "an archive"),
    (b"ID3", 0, "a sound file"), (b"OggS", 0, "a sound or video file"), (b"fLaC", 0, "a sound file"), (b"WAVE", 8, "a sound file"), (b"AVI ", 8, "a video"),
    (b"ftyp", 4, "a video, or a picture in HEIC format"), (b"\x1aE\xdf\xa3", 0, "a video"), (b"\x00\x00\x01\xba", 0, "a video"),
    (b"GIF8", 0, "a GIF picture"), (b"WEBP", 8, "a WebP picture"), (b"II*\x00", 0, "a TIFF picture"), (b"MM\x00*", 0, "a TIFF picture"),
    (b"8BPS", 0, "a Photoshop picture"),
    (b"{\\rtf", 0, "an RTF file"), (b"SQLite format 3\x00", 0, "a database"), (b"%!PS", 0, "a PostScript file"),
]  # fmt: skip

_HTML = re.compile(rb"^\s*(<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"^[\s\ufeff]*<[a-z!?/]|<(\?xml|!doctype|!entity|!\[cdata|(html|head|body|script|svg|iframe|object|embed|style|math)\b)", re.IGNORECASE)
_HEADER = re.compile(rb"^(from|to|cc|subject|date|received|message-id|mime-version|return-path|delivered-to|content-type|x-[\w-]+): ?[^\r\n]*$", re.IGNORECASE)


class Kind(msgspec.Struct, frozen=True):
    """``name`` chooses the reader; ``media_type`` is what the content really is."""

    name: str
    media_type: str


def refuse_unreadable(head: bytes, filename: str) -> None:
    """Raise for a file whose first bytes already say that nobody here can read it. Cheap and safe in any process."""
    if not head:
        raise ParseFailed("empty", "This file is empty. Check that it was saved, and add it again.")
    for magic, at, what in _REFUSED:
        if head[at : at + len(magic)] == magic:
            raise unsupported(what)
    if head.startswith((b"%PDF-", b"PK", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff")) or b"%PDF-" in head[:1024]:
        return
    controls = sum(byte < 9 or 13 < byte < 27 for byte in head)
    if (head.count(0) > len(head) / 100 or controls > len(head) / 20) and len(head) > 64 and not _is_wide_text(head):
        raise unsupported("a binary file")


def detect(file: Path, filename: str, content_type: str) -> Kind:
    """What the file is. Raises ``ParseFailed`` for what cannot be read."""
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    refuse_unreadable(head, filename)
    name = _by_content(file, head) or _by_name(head, filename, content_type)
    return Kind(name, MEDIA_TYPES[name])


def harmless_type(head: bytes) -> str | None:
    """What the first bytes plainly are, of the types that a browser shows without running anything: PDF, PNG, JPEG, text without markup. Else None."""
    for magic, name in ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg")):
        if head.startswith(magic):
            return MEDIA_TYPES[name]
    try:
        refuse_unreadable(head, "")
    except ParseFailed:
        return None
    if head.startswith((b"PK", b"\xd0\xcf\x11\xe0")) or b"%PDF-" in head[:1024] or _MARKUP.search(decode(head)):
        return None
    return MEDIA_TYPES["text"]


def unsupported(what: str) -> ParseFailed:
    return ParseFailed("unsupported_media_type", f"This is {what}, which cannot be read as a document. What can be read: {READABLE}.")


def _by_content(file: Path, head: bytes) -> str | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _in_compound_file(file)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from .archive import Archive

        return _in_archive(Archive(file))
    if _HTML.match(head):
        return "html"
    return None


def _in_archive(archive: Archive) -> str:
    if "mimetype" in archive:
        kind = archive.read("mimetype").strip()
        if kind == b"application/epub+zip":
            return "epub"
        if kind == b"application/vnd.oasis.opendocument.spreadsheet":
            return "ods"
        if kind.startswith(b"application/vnd.oasis.opendocument"):
            raise unsupported("an OpenDocument file that is no spreadsheet (save it as DOCX, PPTX or PDF)")
    for part, kind_name in (("word/document.xml", "docx"), ("ppt/presentation.xml", "pptx"), ("xl/workbook.xml", "xlsx"), ("xl/workbook.bin", "xlsb")):
        if part in archive:
            return kind_name
    if "META-INF/container.xml" in archive:
        return "epub"
    raise unsupported("an archive (unpack it and add the files)")


def _in_compound_file(file: Path) -> str:
    """The old Office container: what it holds is told by the names of its streams, which are UTF-16 text."""
    content = file.read_bytes()

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if has("EncryptedPackage"):
        raise ParseFailed("password_protected", "This file is protected by a password. Remove the password and add it again.")
    if has("WordDocument"):
        raise unsupported("a document of Word 97 to 2003 (save it as DOCX)")
    if has("PowerPoint Document"):
        raise unsupported("slides of PowerPoint 97 to 2003 (save them as PPTX)")
    if has("Workbook") or has("Book"):
        return "xls"
    if has("__substg1.0_"):
        raise unsupported("an Outlook message (save it as EML)")
    raise unsupported("a file in an old Office format")


def _by_name(head: bytes, filename: str, content_type: str) -> str:
    named = _BY_EXTENSION.get(Path(filename).suffix.lower()) or _BY_MEDIA_TYPE.get(content_type.partition(";")[0].strip().lower())
    if named:
        return named
    lines = head.split(b"\n\n")[0].replace(b"\r", b"").split(b"\n")
    if lines and _HEADER.match(lines[0]) and len({line.partition(b":")[0].lower() for line in lines if _HEADER.match(line)}) >= 3:
        return "eml"
    return "text"


def _is_wide_text(head: bytes) -> bool:
    """UTF-16 or UTF-32, by its mark or by its zeros in every other byte."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return True
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return half >= 4 and min(even, odd) < half * 0.05 and max(even, odd) > half * 0.4


def decode(raw: bytes, declared: str | None = None) -> str:
    """Bytes as text: a byte order mark decides, then UTF-8, then what was declared, then Windows-1252, which reads anything."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):  # fmt: skip
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if b"\x00" in raw[:HEAD_BYTES] and _is_wide_text(raw[:HEAD_BYTES]):
        return raw.decode("utf-16-le" if raw[1:HEAD_BYTES:2].count(0) > raw[0:HEAD_BYTES:2].count(0) else "utf-16-be", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 3:  # only the last character is cut
            return raw.decode("utf-8", "replace")
    if declared:
        try:
            if codecs.lookup(declared)._is_text_encoding:  # zip, hex and the like are no encodings of text
                return raw.decode(declared)
        except (LookupError, UnicodeError):
            pass
    repaired = raw.decode("utf-8", "replace")
    broken = repaired.count("\ufffd")
    wide = sum(map(len, re.findall(r"[^\x00-\x7f]+", repaired))) - broken
    return repaired if wide > broken * 20 else raw.decode("cp1252", "replace")
