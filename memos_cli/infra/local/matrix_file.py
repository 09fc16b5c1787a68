"""The file that keeps a matrix ready: a cache of the rows in SQLite, mapped into memory.

It is a row of blocks. The first holds all vectors as they were; each later one what changed until it was appended: the keys
whose rows before it count no more, and their rows as they are now. A block is whole on disk before its header is, and the
header is checked, so that a block which was cut off by a crash is not taken for one; and each row has a sum that is checked
when it is found. A file in which anything else is wrong is no cache, and is made anew from SQLite.
"""

import hashlib
import mmap
import os
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from memos_cli import modes
from memos_cli.infra.local.vector_matrix import Matrix, sums_of
from memos_cli.infra.vector_changes import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

_MAGIC = b"MEMOSVEC"
_VERSION = 3
_ALIGNMENT = 64
_HEADER = struct.Struct("<8sIIQQQ32sQ8sQ8s")
"""Magic, version, dimensions, rows, keys that are gone, size of the block, SHA-256 of the name, number and token of the change
that the block begins with and of the last one that is in it; after it SHA-256 of these bytes, the centre and the gone keys."""
HEADER = _HEADER.size + 32
"""Bytes of a block's header."""
_START = Change(0, bytes(8))
"""What the first block begins with."""
_MAPPED = 1 << 28
"""Bytes of vectors up to which their rows are read through the mapping."""
_CHUNK = 16_384
"""Rows that are written at a time: 12 MB at 384 dimensions."""


class Block(NamedTuple):
    """A part of a matrix.

    Attributes:
        matrix: its rows.
        gone: int64: the keys whose rows in the blocks before it count no more.
    """

    matrix: Matrix
    gone: "NDArray[np.int64]"


class Stored(NamedTuple):
    """What a file holds: its blocks, the last change that is in them, and which file it is, as `place` says it."""

    blocks: tuple[Block, ...]
    known: Change
    place: tuple[int, ...]


def place(path: Path) -> tuple[int, ...] | None:
    """What tells a file from another one at the same path, and from itself before it was written to; `None` without one."""
    try:
        return _place(path.stat())
    except OSError:
        return None


def _place(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def load(path: Path, name: str) -> Stored | None:
    """The matrix that was stored under this name, memory-mapped.

    Returns:
        None where there is no such file, or where the file is of another name or version, cut short in its first block, damaged
        in a header or another program's: the caller then builds the matrix from SQLite. A flipped bit of a row is found when
        the row is (`Matrix.top`), and one of the bits or keys can only lose a candidate.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            read = [*_read(data, name)]
            blocks = tuple(_map(file, data, shape) for shape in read)
    except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
        return None
    if not read:
        data.close()
        return None
    return Stored(blocks, read[-1].known, _place(found))


def write(path: Path, name: str, matrix: Matrix, known: Change) -> bool:
    """Store a matrix, as `write_rows` does."""
    parts = (slice(start, start + _CHUNK) for start in range(0, len(matrix), _CHUNK))
    centre, _ = matrix.prepare()
    return write_rows(path, name, ((matrix.keys[part], matrix.vectors[part]) for part in parts), centre, known)


def write_rows(
    path: Path,
    name: str,
    rows: "Iterable[tuple[NDArray[np.int64], NDArray[np.float16]]]",
    centre: "NDArray[np.float32]",
    known: Change,
) -> bool:
    """Store a matrix as a file of one block.

    It is a temporary file of this process's own, then a rename, so that readers see the old file or the new one.

    Args:
        path: the file.
        name: what the matrix is of.
        rows: keys and vectors, in parts of some ten thousand: only one of them is in memory at a time.
        centre: float32, shape (dimensions,): what the bits are made around.
        known: the last change that is in it.

    Returns:
        False where the disk would not take it; without the cache a search is only slower, so that is no error.
    """
    import numpy as np

    half = ""
    try:
        modes.make_folder(path.parent)
        handle, half = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            _write_block(file, name, rows, centre, np.zeros(0, np.int64), (_START, known))
        Path(half).replace(path)
    except OSError:
        if half:
            with suppress(OSError):
                Path(half).unlink(missing_ok=True)
        return False
    return True


def append(path: Path, name: str, stored: Stored, block: Block, known: Change) -> bool:
    """Put a block behind those of a file that was loaded; `False` where another process writes to it, or did since.

    Args:
        path: the file.
        name: what the matrix is of.
        stored: the file as it was loaded.
        block: what changed since.
        known: the last change that is in the block.
    """
    try:
        import fcntl
    except ImportError:  # no such thing on Windows: there the file is written anew
        return False
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if place(path) != stored.place:
                return False
            # What stands behind the last block is what a crash left of another.
            file.seek(sum(_layout(one.matrix.dimensions, len(one.matrix), len(one.gone))[1] for one in stored.blocks))
            file.truncate()
            rows = [(block.matrix.keys, block.matrix.vectors)]
            _write_block(file, name, rows, stored.blocks[0].matrix.prepare()[0], block.gone, (stored.known, known))
    except OSError:
        return False
    return True


def _write_block(
    file: IO[bytes],
    name: str,
    rows: "Iterable[tuple[NDArray[np.int64], NDArray[np.float16]]]",
    centre: "NDArray[np.float32]",
    gone: "NDArray[np.int64]",
    changes: tuple[Change, Change],
) -> None:
    """Write a block where the file stands: the header last, when all else is on disk.

    Args:
        changes: the one that the block begins with, and the last one that is in it.
    """
    import numpy as np

    start = file.tell()
    file.write(bytes(-(-HEADER // _ALIGNMENT) * _ALIGNMENT))
    keys: list[NDArray[np.int64]] = []
    bits: list[NDArray[np.uint64]] = []
    sums: list[NDArray[np.uint64]] = []
    for some, vectors in rows:  # the vectors come first, so that their number need not be known before
        part = Matrix(some, vectors)
        part.vectors.tofile(file)
        keys.append(part.keys)
        bits.append(part.bits_around(centre))
        sums.append(sums_of(part.keys, part.vectors))
    none = np.zeros(0, np.int64)
    joined = np.concatenate(bits, axis=1) if bits else np.zeros((-(-len(centre) // 64), 0), "<u8")
    for section in (centre, gone, np.concatenate([none, *keys]), np.concatenate([none.astype("<u8"), *sums]), joined):
        file.write(b"\0" * (-(file.tell() - start) % _ALIGNMENT))
        np.ascontiguousarray(section).tofile(file)
    file.write(b"\0" * (-(file.tell() - start) % _ALIGNMENT))
    file.flush()
    os.fsync(file.fileno())
    file.seek(start)
    shape = _Shape(start, len(centre), sum(map(len, keys)), len(gone), *changes)
    file.write(_header(shape, name, centre.astype("<f4").tobytes() + gone.astype("<i8").tobytes()))
    file.flush()
    os.fsync(file.fileno())


class _Shape(NamedTuple):
    """Where a block begins, what it holds, and the changes between which it was made."""

    start: int
    dimensions: int
    rows: int
    gone: int
    since: Change
    known: Change


def _layout(dimensions: int, rows: int, gone: int) -> tuple[list[int], int]:
    """Where each section begins (vectors, centre, gone keys, keys, sums, bits) from the block's start; the block's size."""
    offsets = []
    end = HEADER
    for size in (2 * rows * dimensions, 4 * dimensions, 8 * gone, 8 * rows, 8 * rows, 8 * rows * -(-dimensions // 64)):
        start = -(-end // _ALIGNMENT) * _ALIGNMENT
        offsets.append(start)
        end = start + size
    return offsets, -(-end // _ALIGNMENT) * _ALIGNMENT


def _header(shape: _Shape, name: str, covered: bytes) -> bytes:
    """The header of a block; `covered` are the bytes of its centre and of its gone keys."""
    _, size = _layout(shape.dimensions, shape.rows, shape.gone)
    named = hashlib.sha256(name.encode()).digest()
    header = _HEADER.pack(_MAGIC, _VERSION, shape.dimensions, shape.rows, shape.gone, size, named, *shape.since, *shape.known)
    return header + hashlib.sha256(header + covered).digest()


def _read(data: mmap.mmap, name: str) -> "Iterator[_Shape]":
    """The blocks whose headers are exactly those that `_write_block` gives, each going on where the one before it ended."""
    start, last, dimensions = 0, _START, None
    while start + HEADER <= len(data):
        _, _, width, rows, gone, size, _, *changes = _HEADER.unpack_from(data, start)
        shape = _Shape(start, width, rows, gone, Change(*changes[:2]), Change(*changes[2:]))
        offsets, right = _layout(width, rows, gone)
        if size != right or start + size > len(data) or shape.since != last or dimensions not in {None, width}:
            return
        covered = b"".join(
            data[start + at : start + at + length] for at, length in ((offsets[1], 4 * width), (offsets[2], 8 * gone))
        )
        if data[start : start + HEADER] != _header(shape, name, covered):
            return
        yield shape
        start, last, dimensions = start + size, shape.known, width


class _Rows:
    """Reads rows of vectors from a file, each by itself.

    A row that is read through the mapping brings sixteen pages into this process, and some thousand rows the whole file.
    """

    def __init__(self, file: IO[bytes], start: int, dimensions: int) -> None:
        self._handle = os.dup(file.fileno())
        self._start, self._dimensions = start, dimensions

    def __call__(self, rows: "NDArray[np.intp]") -> "NDArray[np.float16]":
        import numpy as np

        size, handle = 2 * self._dimensions, self._handle
        read = b"".join([os.pread(handle, size, place) for place in (self._start + size * rows.astype(np.int64)).tolist()])
        return np.frombuffer(read, "<f2").reshape(len(rows), self._dimensions)

    def __del__(self) -> None:
        os.close(self._handle)


def _map(file: IO[bytes], data: mmap.mmap, shape: _Shape) -> Block:
    import numpy as np

    rows, dimensions = shape.rows, shape.dimensions
    offsets, _ = _layout(dimensions, rows, shape.gone)
    vectors, centre, gone, keys, sums, bits = (shape.start + offset for offset in offsets)
    words = -(-dimensions // 64)
    matrix = Matrix.mapped(
        np.frombuffer(data, "<i8", rows, keys),
        np.frombuffer(data, "<f2", rows * dimensions, vectors).reshape(rows, dimensions),
        np.frombuffer(data, "<f4", dimensions, centre),
        np.frombuffer(data, "<u8", words * rows, bits).reshape(words, rows),
        np.frombuffer(data, "<u8", rows, sums),
        _Rows(file, vectors, dimensions) if 2 * rows * dimensions > _MAPPED and hasattr(os, "pread") else None,
    )
    return Block(matrix, np.frombuffer(data, "<i8", shape.gone, gone))
