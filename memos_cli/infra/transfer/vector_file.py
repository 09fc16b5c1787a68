"""Vectors as safetensors: the ids of the memories and their vectors, as the vault stores them, in one canonical form.

Written by hand: a file is a length, a line of JSON and two arrays, while numpy and the library belong to an extra.
"""

import json
import math
import struct
from collections.abc import Iterator
from typing import IO

from memos_cli.infra.cubefile import Incoming, encoded, unsound
from memos_cli.infra.limits import ID_LENGTH, is_count, is_name

MOST_DIMENSIONS = 65_536
_MOST_HEADER = 1 << 16
_CHUNK = 512
_SLACK = 0.01
"""How far the length of a float16 vector may be from 1; rounding moves it by less than 0.001."""


def header(fingerprint: str, count: int, dimensions: int) -> bytes:
    """The beginning of a file: the length of the JSON, and the JSON, padded with blanks to a multiple of 8."""
    split, end = ID_LENGTH * count, ID_LENGTH * count + 2 * dimensions * count
    text = encoded(
        {
            "__metadata__": {"fingerprint": fingerprint},
            "ids": {"data_offsets": [0, split], "dtype": "U8", "shape": [count, ID_LENGTH]},
            "vectors": {"data_offsets": [split, end], "dtype": "F16", "shape": [count, dimensions]},
        }
    )[:-1]
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def is_unit(vector: bytes) -> bool:
    """Whether these bytes are a float16 vector of length 1; a search cannot use any other."""
    return abs(math.hypot(*struct.unpack(f"<{len(vector) // 2}e", vector)) - 1) < _SLACK


class Vectors:
    """A file of vectors that is being read.

    Args:
        incoming: the member.

    Raises:
        IntegrityError: its beginning is not canonical.
    """

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        size = int.from_bytes(incoming.read(8), "little")
        text = incoming.read(size) if 0 < size <= _MOST_HEADER else b""
        try:
            told = json.loads(text)
            self.fingerprint, (self.count, self.dimensions) = told["__metadata__"]["fingerprint"], told["vectors"]["shape"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise unsound(f"{incoming.name} does not begin as it should") from None
        sound = is_name(self.fingerprint) and is_count(self.count) and is_count(self.dimensions, MOST_DIMENSIONS + 1)
        whole = sound and len(text) + 8 + self.count * (ID_LENGTH + 2 * self.dimensions) == incoming.size
        if not whole or header(self.fingerprint, self.count, self.dimensions)[8:] != text:
            raise unsound(f"{incoming.name} does not begin as it should")

    def rows(self, spool: IO[bytes]) -> Iterator[tuple[str, bytes]]:
        """Id and vector of each memory, by id.

        Args:
            spool: an empty file that keeps the ids, which precede the vectors.

        Raises:
            IntegrityError: the ids are not in order, or a row is no unit vector.
        """
        left, last = self.count * ID_LENGTH, ""
        while left:
            chunk = self._incoming.read(min(left, _CHUNK * ID_LENGTH))
            spool.write(chunk)
            left -= len(chunk)
        spool.seek(0)
        for _ in range(self.count):
            identity = spool.read(ID_LENGTH).decode("latin-1")
            vector = self._incoming.read(2 * self.dimensions)
            if identity <= last or not is_unit(vector):
                raise unsound(f"{self._incoming.name} holds what is no vector, or is not in order")
            yield identity, vector
            last = identity
