"""The file that keeps a matrix ready: a cache of the rows in SQLite, mapped into memory, under a header that is checked."""

import hashlib
import mmap
import os
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from memos_cli import modes
from memos_cli.infra.local.vector_matrix import Matrix
from memos_cli.infra.vector_changes import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

_MAGIC = b"MEMOSVEC"
_VERSION = 2
_ALIGNMENT = 64
_HEADER = struct.Struct("<8sIIQQ32sQ8s")
"""Magic, version, dimensions, rows, size of the file, SHA-256 of the name, number and token of the last change that is in it;
after it SHA-256 of these bytes."""


def load(path: Path, name: str) -> tuple[Matrix, Change] | None:
    """The matrix that `write` stored under this name, memory-mapped, and the last change that is in it.

    Returns:
        None where there is no such file, or where the file is of another name or version, cut short, damaged in its header or
        another program's: the caller then builds the matrix from SQLite. Damage to the body can only change the ranking; the
        caller must skip a key that SQLite does not know.
    """
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
        return None
    shape = _read_header(data, name)
    if shape is None:
        data.close()
        return None
    dimensions, rows, known = shape
    return _map(data, dimensions, rows), known


def write(path: Path, name: str, matrix: Matrix, known: Change) -> bool:
    """Store a matrix, as `write_sections` does."""
    return write_sections(path, name, Sections(matrix.keys, *matrix.prepare(), [matrix.vectors]), known)


class Sections(NamedTuple):
    """What a file of a matrix holds.

    Attributes:
        keys: int64, shape (n,).
        centre: float32, shape (dimensions,).
        bits: uint64, shape (words, n); with `centre` as `Matrix.prepare` returns it.
        vectors: parts of the rows, each of shape (any number, dimensions), n rows in all.
    """

    keys: "NDArray[np.int64]"
    centre: "NDArray[np.float32]"
    bits: "NDArray[np.uint64]"
    vectors: "Iterable[NDArray[np.float16]]"


def write_sections(path: Path, name: str, sections: Sections, known: Change) -> bool:
    """Store a matrix: a temporary file of this process's own, then a rename, so that readers see the old or the new one.

    Args:
        path: the file.
        name: what the matrix is of.
        sections: the matrix.
        known: the last change that is in it.

    Returns:
        False where the disk would not take it; without the cache a search is only slower, so that is no error.
    """
    keys, centre, bits, vectors = sections
    handle, half = -1, ""
    try:
        modes.make_folder(path.parent)
        handle, half = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(_header(len(centre), len(keys), name, known))
            for section in (keys, centre, bits):
                file.write(b"\0" * (-file.tell() % _ALIGNMENT))
                section.tofile(file)
            file.write(b"\0" * (-file.tell() % _ALIGNMENT))
            for part in vectors:
                part.tofile(file)
        Path(half).replace(path)
    except OSError:
        if half:
            with suppress(OSError):
                Path(half).unlink(missing_ok=True)
        return False
    return True


def _layout(dimensions: int, rows: int) -> tuple[list[int], int]:
    """Where each section begins (keys, centre, bits, vectors), and the size of the file."""
    offsets = []
    end = _HEADER.size + 32
    for size in (8 * rows, 4 * dimensions, 8 * rows * -(-dimensions // 64), 2 * rows * dimensions):
        start = -(-end // _ALIGNMENT) * _ALIGNMENT
        offsets.append(start)
        end = start + size
    return offsets, end


def _header(dimensions: int, rows: int, name: str, known: Change) -> bytes:
    _, size = _layout(dimensions, rows)
    named = hashlib.sha256(name.encode()).digest()
    header = _HEADER.pack(_MAGIC, _VERSION, dimensions, rows, size, named, *known)
    return header + hashlib.sha256(header).digest()


def _read_header(data: mmap.mmap, name: str) -> tuple[int, int, Change] | None:
    """Dimensions, rows and last change, if the header is exactly the one that `write` gives a file of this size and name."""
    end = _HEADER.size + 32
    if len(data) < end:
        return None
    _, _, dimensions, rows, size, _, *last = _HEADER.unpack_from(data)
    known = Change(*last)
    if size != len(data) or _layout(dimensions, rows)[1] != size or data[:end] != _header(dimensions, rows, name, known):
        return None
    return dimensions, rows, known


def _map(data: mmap.mmap, dimensions: int, rows: int) -> Matrix:
    import numpy as np

    (keys, centre, bits, vectors), _ = _layout(dimensions, rows)
    words = -(-dimensions // 64)
    return Matrix.mapped(
        np.frombuffer(data, "<i8", rows, keys),
        np.frombuffer(data, "<f2", rows * dimensions, vectors).reshape(rows, dimensions),
        np.frombuffer(data, "<f4", dimensions, centre),
        np.frombuffer(data, "<u8", words * rows, bits).reshape(words, rows),
    )
