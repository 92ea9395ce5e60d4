"""Reads the header of a GGUF file: what the model is, what it needs, and whether the file is whole.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian). Nothing in the file is believed: each length is
checked against the file before it is used.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

import msgspec

from ...kit.errors import UpstreamUnavailable

# value type -> struct code; 8 is a string and 9 an array
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
# tensor type -> (values in a block, bytes of a block)
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84), 11: (256, 110),
    12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
_CONTROL = 3  # the token type of the marks that separate roles and turns
_MOST_KEYS, _MOST_TENSORS, _MOST_CONTROL = 10_000, 200_000, 2_000


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a model file says of itself. ``memory_per_token`` is the bytes that one token of context takes in the f16 key-value cache."""

    path: Path
    size_bytes: int
    architecture: str
    name: str
    parameters: int
    trained_context: int
    memory_per_token: int
    knows_tools: bool
    control_tokens: list[str] = []


class _Broken(Exception):
    pass


def read_model_file(path: Path) -> ModelFile:
    """Read ``path``; ``UpstreamUnavailable`` with ``reason`` model_missing or model_damaged when it cannot be used. Blocks for up to 0.3 s."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size < 24:
                raise _Broken("it is too short")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return _Reader(view, size).read(path)
    except FileNotFoundError:
        raise missing(path) from None
    except OSError as error:
        raise UpstreamUnavailable(f"The model file {path.name} cannot be read ({error.strerror}).", reason="model_missing", file=path.name) from None
    except (_Broken, struct.error, IndexError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise damaged(path, str(error) if isinstance(error, _Broken) else "its header makes no sense") from None


def missing(path: Path) -> UpstreamUnavailable:
    return UpstreamUnavailable(f"The model file {path.name} is gone. Pull the model again.", reason="model_missing", file=path.name)


def damaged(path: Path, why: str) -> UpstreamUnavailable:
    return UpstreamUnavailable(f"The model file {path.name} is damaged: {why}. Delete the model and pull it again.", reason="model_damaged", file=path.name)


class _Reader:
    def __init__(self, view: mmap.mmap, size: int) -> None:
        self._view = view
        self._size = size
        self._at = 0
        self._texts: dict[str, list[tuple[int, int]]] = {}  # where the strings of the long arrays lie

    def read(self, path: Path) -> ModelFile:
        if self._view[:4] != b"GGUF":
            raise _Broken("it is not a GGUF file")
        self._at = 4
        version, tensors, keys = self._number("<I"), self._number("<Q"), self._number("<Q")
        if version not in (2, 3):
            raise _Broken(f"its format version {version} is unknown")
        if keys > _MOST_KEYS or tensors > _MOST_TENSORS:
            raise _Broken("its header makes no sense")
        values: dict[str, Any] = {}
        for _ in range(keys):
            key = self._text()
            values[key] = self._value(self._number("<I"), key)
        parameters, end = self._tensors(tensors, int(values.get("general.alignment", 32)))
        if end > self._size:
            raise _Broken(f"it ends after {self._size:,} of {end:,} bytes")
        architecture = str(values.get("general.architecture", ""))

        def of(name: str, default: int) -> int:
            value = values.get(f"{architecture}.{name}", default)
            return int(max(value) if isinstance(value, list) and value else value)

        heads = max(1, of("attention.head_count", 1))
        width = of("embedding_length", 0) // heads
        per_layer = of("attention.head_count_kv", heads) * (of("attention.key_length", width) + of("attention.value_length", width)) * 2
        return ModelFile(
            path=path,
            size_bytes=self._size,
            architecture=architecture,
            name=str(values.get("general.name", path.stem))[:200],
            parameters=parameters,
            trained_context=max(512, of("context_length", 2048)),
            memory_per_token=of("block_count", 1) * per_layer,
            knows_tools="tools" in str(values.get("tokenizer.chat_template", "")),
            control_tokens=self._control_tokens(values),
        )

    def _number(self, code: str) -> Any:
        value = struct.unpack_from(code, self._view, self._at)[0]
        self._at += struct.calcsize(code)
        return value

    def _text(self) -> str:
        length = self._number("<Q")
        if length > self._size - self._at:
            raise _Broken("it breaks off in its header")
        text = self._view[self._at : self._at + length].decode("utf-8", "replace")
        self._at += length
        return text

    def _value(self, kind: int, key: str) -> Any:
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            if kind not in _SCALARS:
                raise _Broken("its header makes no sense")
            return self._number(_SCALARS[kind])
        inner, count = self._number("<I"), self._number("<Q")
        if inner == _STRING:
            self._texts[key] = self._skip_texts(count)
            return None
        if inner not in _SCALARS:
            raise _Broken("its header makes no sense")
        code = _SCALARS[inner][1]
        length = count * struct.calcsize("<" + code)
        if length > self._size - self._at:
            raise _Broken("it breaks off in its header")
        values = list(struct.unpack_from(f"<{count}{code}", self._view, self._at))
        self._at += length
        return values

    def _skip_texts(self, count: int) -> list[tuple[int, int]]:
        view, at, end = self._view, self._at, self._size
        if count > (end - at) // 8:
            raise _Broken("it breaks off in its header")
        length_at = struct.Struct("<Q").unpack_from
        places = []
        for _ in range(count):
            length = length_at(view, at)[0]
            at += 8
            places.append((at, length))
            at += length
            if at > end:
                raise _Broken("it breaks off in its header")
        self._at = at
        return places

    def _tensors(self, count: int, alignment: int) -> tuple[int, int]:
        """(number of weights, where the last of them ends in the file)."""
        parameters, end = 0, 0
        for _ in range(count):
            self._text()
            dimensions = self._number("<I")
            if dimensions > 8:
                raise _Broken("its header makes no sense")
            elements = 1
            for _ in range(dimensions):
                elements *= self._number("<Q")
            kind, offset = self._number("<I"), self._number("<Q")
            block, size = _BLOCKS.get(kind, (1, 0))
            parameters += elements
            end = max(end, offset + elements // block * size)
        start = -(-self._at // alignment) * alignment if alignment > 0 else self._at
        return parameters, start + end

    def _control_tokens(self, values: dict[str, Any]) -> list[str]:
        kinds, places = values.get("tokenizer.ggml.token_type") or [], self._texts.get("tokenizer.ggml.tokens", [])
        found: list[str] = []
        for (at, length), kind in zip(places, kinds, strict=False):
            if kind == _CONTROL and 3 <= length <= 100 and len(found) < _MOST_CONTROL:
                found.append(self._view[at : at + length].decode("utf-8", "replace"))
        return found
