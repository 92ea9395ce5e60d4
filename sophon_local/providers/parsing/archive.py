"""ZIP files from strangers (DOCX, XLSX, PPTX, EPUB, ODS are ZIP files), checked against what they claim before anything opens them."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, LargeZipFile, ZipFile, ZipInfo

from .model import ParseFailed

MAX_ENTRIES = 1_000
MAX_BYTES = 100_000_000
MAX_ENTRY_BYTES = 20_000_000
MAX_RATIO = 100
_SMALL = 1_000_000  # the ratio of an entry matters from this size on; a short text may well shrink a hundredfold
_STORED, _DEFLATED = 0, 8
_LOCAL_HEADER = 30


class Archive:
    """An opened ZIP file of which every entry was inflated once and counted. ``read`` gives an entry's bytes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            with ZipFile(file) as zipped:
                self.entries = {info.filename: info for info in zipped.infolist()}
                self._check_directory(zipped.infolist())
        except (BadZipFile, LargeZipFile, NotImplementedError, struct.error, ValueError, EOFError, OSError, OverflowError) as error:
            raise damaged(str(error)) from None
        self._inflate_all()

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def read(self, name: str) -> bytes:
        """The bytes of the entry called ``name``; KeyError when there is none."""
        return b"".join(self._inflate(self.entries[name]))

    def _check_directory(self, infos: list[ZipInfo]) -> None:
        if len(infos) > MAX_ENTRIES:
            raise too_large(f"it has {len(infos)} parts, more than {MAX_ENTRIES}")
        if len(self.entries) != len(infos):
            raise damaged("it has two parts of the same name")
        total = 0
        spans = []
        size = self._file.stat().st_size
        for info in infos:
            name = info.filename.replace("\\", "/")
            if name.startswith("/") or ".." in name.split("/") or (len(name) > 1 and name[1] == ":"):
                raise damaged("a part's name leads out of the file")
            if info.external_attr >> 16 & 0o170000 == 0o120000:
                raise damaged("it holds a link")
            if info.flag_bits & 1:
                raise ParseFailed("password_protected", "This file is protected by a password. Remove the password and add it again.")
            if info.compress_type not in (_STORED, _DEFLATED):
                raise damaged(f"it is packed in a way (method {info.compress_type}) that documents do not use")
            if info.file_size > MAX_ENTRY_BYTES:
                raise too_large(f"one part of it unpacks to {info.file_size // 1_000_000} MB, more than {MAX_ENTRY_BYTES // 1_000_000} MB")
            if info.file_size > _SMALL and info.file_size > MAX_RATIO * max(info.compress_size, 1):
                raise too_large(f"one part of it is packed more than {MAX_RATIO} times smaller than it is")
            total += info.file_size
            spans.append((info.header_offset, info.header_offset + _LOCAL_HEADER + info.compress_size))
        if total > MAX_BYTES:
            raise too_large(f"it unpacks to {total // 1_000_000} MB, more than {MAX_BYTES // 1_000_000} MB")
        if total > _SMALL and total > MAX_RATIO * size:
            raise too_large(f"it is packed more than {MAX_RATIO} times smaller than it is")
        spans.sort()
        if any(start < end for (_, end), (start, _) in itertools.pairwise(spans)) or (spans and spans[-1][1] > size):
            raise damaged("its parts overlap")

    def _inflate_all(self) -> None:
        """The sizes in the directory are claims: count what really comes out."""
        for info in self.entries.values():
            for _ in self._inflate(info):
                pass

    def _inflate(self, info: ZipInfo) -> Iterator[bytes]:
        with self._file.open("rb") as raw:
            raw.seek(info.header_offset)
            header = raw.read(_LOCAL_HEADER)
            if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
                raise damaged("a part is missing")
            name_length, extra_length = struct.unpack("<HH", header[26:30])
            raw.seek(name_length + extra_length, 1)
            left, out, checksum = info.compress_size, 0, 0
            inflater = zlib.decompressobj(-15) if info.compress_type == _DEFLATED else None
            while left:
                packed = raw.read(min(left, 65_536))
                if not packed:
                    raise damaged("it ends too early")
                left -= len(packed)
                while packed:
                    try:
                        piece = inflater.decompress(packed, 1_000_000) if inflater else packed
                    except zlib.error:
                        raise damaged("a part does not unpack") from None
                    packed = inflater.unconsumed_tail if inflater else b""
                    out += len(piece)
                    checksum = zlib.crc32(piece, checksum)
                    if out > info.file_size:
                        raise too_large("a part of it unpacks to more than it says")
                    yield piece
            if inflater:
                rest = inflater.flush()
                out += len(rest)
                checksum = zlib.crc32(rest, checksum)
                yield rest
            if out != info.file_size or checksum != info.CRC:
                raise damaged("a part does not match its checksum")


def damaged(why: str) -> ParseFailed:
    return ParseFailed("damaged", f"This file is damaged: {why}. Open it in the program it was made with, save it again, and add that.")


def too_large(why: str) -> ParseFailed:
    return ParseFailed(
        "too_large", f"This file was not opened: {why}. Files like that are usually made to break programs; if yours is not, save it in smaller parts."
    )
