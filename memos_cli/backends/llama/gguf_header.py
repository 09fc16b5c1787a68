"""Reads a GGUF file's header and checks that the file is complete, since llama.cpp may end the process on a bad file.

The format is `docs/gguf.md` of the ggml repository: magic, version, two counts, typed key-value pairs, tensor
descriptions, then, aligned, the tensors' data. Integers are little-endian.
"""

import mmap
import struct
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from memos_cli.errors import ModelUnavailable

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING = 8
_ARRAY = 9
_VERSIONS = (2, 3)
_MAX_PAIRS = 10_000
_MAX_TENSORS = 100_000
_MAX_DIMENSIONS = 4
_BLOCKS = {
    # ggml type: (elements a block, bytes a block), from ggml-common.h
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    30: (1, 2),
}


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a GGUF file.

    Attributes:
        metadata: key to value; a list for an array.
        tensors: how many tensors there are.
        parameters: how many numbers the tensors hold together.
        shapes: the name of each tensor and its dimensions, the innermost first, as in the file.
    """

    metadata: dict[str, Any] = field(default_factory=dict)
    tensors: int = 0
    parameters: int = 0
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 -- values are of any type
        """A value by its key, where `{arch}` stands for the architecture's name."""
        return self.metadata.get(key.replace("{arch}", str(self.metadata.get("general.architecture"))), default)


def read(path: Path, unread: str = "") -> Header:
    """The header of a GGUF file whose tensors all lie within the file.

    Args:
        path: the file.
        unread: a key whose value is a string of bytes; in its place the header has the range of these in the file.

    Raises:
        ModelUnavailable: no such file, not a GGUF, of an unknown version, or cut short.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _parse(_Cursor(data), path, unread)
    except OSError as error:
        raise ModelUnavailable(f"cannot read the model {path}: {error.strerror}", hint=_HINT) from error
    except (ValueError, struct.error, RecursionError) as error:  # an empty file cannot be mapped: ValueError
        raise ModelUnavailable(f"not a usable GGUF file: {path} ({error})", hint=_HINT) from error


_HINT = "fetch or copy the file again, or choose another with `memos config set embedder`"


class _Cursor:
    """A cursor over the file; a read past the end raises ValueError."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> Any:  # noqa: ANN401 -- a number or a bool, as `form` says
        (value,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def string(self) -> str:
        span = self.span()
        return self.data[span.start : span.stop].decode("utf-8", "replace")

    def span(self) -> range:
        """The bytes of a string in the file."""
        length = self.take("Q")
        start, self.at = self.at, self.at + length
        if self.at > len(self.data):
            raise ValueError("cut short")
        return range(start, self.at)

    def strings(self, count: int) -> list[str]:
        """`count` strings; the loop is written out because a vocabulary has tens of thousands (7 ms for 30,522)."""
        data, at, size, length_of = self.data, self.at, len(self.data), struct.Struct("<Q").unpack_from
        found = []
        for _ in range(count):
            end = at + 8 + length_of(data, at)[0]
            if end > size:
                raise ValueError("cut short")
            found.append(data[at + 8 : end].decode("utf-8", "replace"))
            at = end
        self.at = at
        return found

    def value(self, kind: int) -> Any:  # noqa: ANN401 -- any type GGUF has
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            return self.array()
        if kind not in _SCALARS:
            raise ValueError(f"unknown value type {kind}")
        return self.take(_SCALARS[kind])

    def array(self) -> list[Any]:
        kind, count = self.take("I"), self.take("Q")
        if count > len(self.data) - self.at:
            raise ValueError("cut short")
        if kind == _STRING:
            return self.strings(count)
        if kind not in _SCALARS:
            raise ValueError(f"unknown array type {kind}")
        form = f"<{count}{_SCALARS[kind]}"
        values = list(struct.unpack_from(form, self.data, self.at))
        self.at += struct.calcsize(form)
        return values


def _parse(reader: _Cursor, path: Path, unread: str) -> Header:
    if reader.data[:4] != b"GGUF":
        raise ModelUnavailable(f"not a GGUF file: {path}", hint=_HINT)
    reader.at = 4
    version = reader.take("I")
    tensors, pairs = reader.take("Q"), reader.take("Q")
    if version not in _VERSIONS:
        raise ValueError(f"version {version}")
    if tensors > _MAX_TENSORS or pairs > _MAX_PAIRS:
        raise ValueError("impossible counts")
    metadata = {}
    for _ in range(pairs):
        key = reader.string()
        kind = reader.take("I")
        metadata[key] = reader.span() if key == unread and kind == _STRING else reader.value(kind)
    described = [_tensor(reader) for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise ValueError("bad alignment")
    start = -(-reader.at // alignment) * alignment
    if start + max((end for *_, end in described), default=0) > len(reader.data):
        raise ValueError("cut short")
    shapes = {name: shape for name, shape, _ in described}
    return Header(metadata, tensors, sum(prod(shape) for _, shape, _ in described), shapes)


def _tensor(reader: _Cursor) -> tuple[str, tuple[int, ...], int]:
    """Reads one tensor's description: its name, its shape, and the byte after its last, counted from the start of the data."""
    name = reader.string()
    dimensions = reader.take("I")
    if dimensions > _MAX_DIMENSIONS:
        raise ValueError("too many dimensions")
    shape = tuple(reader.take("Q") for _ in range(dimensions))
    kind, offset = reader.take("I"), reader.take("Q")
    per_block, size = _BLOCKS.get(kind, (1, 0))  # of an unlisted type at least the start must be in the file
    return name, shape, int(offset + -(-prod(shape) // per_block) * size)
