"""Search by cosine over many vectors.

Up to `EXACT_ROWS` rows every row is multiplied with the query. Above that, the sign bits of the centred vectors (48 bytes a
row at 384 dimensions) are compared first, and the nearest rows by Hamming distance are then scored exactly. The scores are
exact either way; only the choice of rows is approximate, and recall among the first ten is above 0.99
(`tests/infra/local/test_vector_matrix.py`; the figures are beside `CANDIDATE_SHARE`).

There is no int8 stage in between: scoring the candidates from their float16 rows costs 1 ms for a thousand, reads only their
pages of the mapped file, and needs no third copy of the vectors on disk.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import IntegrityError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXACT_ROWS = 4_000
"""The most rows that are all multiplied: 2 ms at 384 dimensions. The bits would take 0.7, but exact scores are cheap here."""

CANDIDATE_FLOOR = 1_000
CANDIDATE_SHARE = 0.004
"""Share of the rows that the bits let through, beside the floor and six for each hit asked for.

Measured with 384 dimensions, clusters of 200, a cluster's spread 0.9 of the distance between clusters, 30 queries, 2 cores:

    rows        recall@10   top      from the file
    10,000      1.00        0.8 ms   0.2 ms
    100,000     1.00        2.3 ms   0.2 ms
    1,000,000   1.00        27 ms    0.6 ms
"""

_CANDIDATES_PER_HIT = 6
"""Recall among the first 200 of 100,000 rows is 0.99 with it, as with fifty, which take seven times as long (17 ms)."""
_CHUNK = 16_384  # rows compared at a time: the buffers stay in the second-level cache
_WIDE = 512  # rows made float32 at a time, for the same reason
_FAR = 65_535
_ODD = 0x9E3779B97F4A7C15  # the golden ratio as a fraction of 2**64: its multiples are well spread


class DamagedMatrix(Exception):
    """A row of a matrix's file is not the one that was written."""


class Hits(NamedTuple):
    """What `Matrix.top` found, the best first.

    Attributes:
        keys: int64, shape (n,), each once.
        scores: float32, shape (n,): the cosine with the query.
    """

    keys: "NDArray[np.int64]"
    scores: "NDArray[np.float32]"


def encode(vectors: "NDArray[np.float32]") -> list[bytes]:
    """Each row as the bytes that SQLite stores: float16, little-endian; the cosine moves by less than 1e-6 for it."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def decode(rows: bytes | Sequence[bytes], dimensions: int) -> "NDArray[np.float16]":
    """The matrix of the rows that `encode` made, given one by one or joined; shape (n, dimensions).

    Raises:
        IntegrityError: a row has another length than that of a vector with so many dimensions.
    """
    import numpy as np

    size = 2 * dimensions
    whole = len(rows) % size == 0 if isinstance(rows, bytes) else all(len(row) == size for row in rows)
    if not whole:
        raise IntegrityError("a stored vector has the wrong length", hint="memos doctor --reembed")
    return np.frombuffer(rows if isinstance(rows, bytes) else b"".join(rows), "<f2").reshape(-1, dimensions)


def best(keys: "NDArray[np.int64]", scores: "NDArray[np.float32]", k: int) -> Hits:
    """The k best keys, each with its best score, highest first, lower keys first among equals; also joins several results."""
    import numpy as np

    order = np.lexsort((keys, -scores))
    _, first = np.unique(keys[order], return_index=True)
    chosen = order[np.sort(first)[:k]]
    return Hits(keys[chosen], scores[chosen])


class Matrix:
    """Unit vectors under integer keys; several rows may share a key, whose score is then their best.

    Args:
        keys: int64, shape (n,).
        vectors: float16 or float32, shape (n, dimensions), rows of length 1.
    """

    def __init__(self, keys: "NDArray[np.int64]", vectors: "NDArray[np.float16] | NDArray[np.float32]") -> None:
        import numpy as np

        if vectors.ndim != 2 or len(keys) != len(vectors):
            raise ValueError("one key for each row of a two-dimensional matrix")
        self.keys = np.ascontiguousarray(keys, np.int64)
        self.vectors = np.ascontiguousarray(vectors, "<f2")
        self._centre: NDArray[np.float32] | None = None
        self._bits: NDArray[np.uint64] | None = None
        self._sums: NDArray[np.uint64] | None = None
        self._read: Callable[[NDArray[np.intp]], NDArray[np.float16]] | None = None
        self._ascending: bool | None = None

    @classmethod
    def build(cls, keys: "NDArray[np.int64]", vectors: "NDArray[np.float16] | NDArray[np.float32]") -> "Matrix":
        """A matrix ready for many searches: its bits are computed if it is large enough to need them."""
        matrix = cls(keys, vectors)
        if len(matrix) > EXACT_ROWS:
            matrix.prepare()
        return matrix

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def top(
        self,
        query: "NDArray[np.float32]",
        k: int,
        allowed: "NDArray[np.bool_] | NDArray[np.int64] | None" = None,
        dead: "NDArray[np.intp] | None" = None,
    ) -> Hits:
        """The k keys whose vectors are nearest to the query by cosine.

        Args:
            query: float32, shape (dimensions,), of length 1.
            k: how many keys at most.
            allowed: the rows (bool, one for each row) or the keys (int64, in any order) that may be found; None: all.
            dead: the numbers of rows that may not be found, whatever `allowed` says.

        Raises:
            ValueError: the query or the mask has the wrong shape.
            DamagedMatrix: a row that was found is not the one that was written.
        """
        import numpy as np

        if query.shape != (self.dimensions,):
            raise ValueError(f"a query of {self.dimensions} numbers is expected, not of shape {query.shape}")
        if allowed is not None:
            return self._top_allowed(query, k, self.rows_of(allowed), dead)
        gone = 0 if dead is None else len(dead)
        count = len(self) - gone
        if k < 1 or count == 0:
            return Hits(self.keys[:0], np.zeros(0, np.float32))
        if count <= EXACT_ROWS:
            return self._exact(query, k, None if dead is None or not gone else np.delete(np.arange(len(self)), dead))
        return self._approximate(query, k, None, dead, count)

    def sample(self, count: int) -> "NDArray[np.float32]":
        """At most so many vectors, spread evenly over the rows; float32, shape (n, dimensions)."""
        return _widen(self.vectors[:: max(1, -(-len(self) // count))])

    def _top_allowed(
        self, query: "NDArray[np.float32]", k: int, rows: "NDArray[np.intp]", dead: "NDArray[np.intp] | None"
    ) -> Hits:
        import numpy as np

        if dead is not None and len(dead):
            rows = np.setdiff1d(rows, dead)
        if k < 1 or not len(rows):
            return Hits(self.keys[:0], np.zeros(0, np.float32))
        return self._exact(query, k, rows) if len(rows) <= EXACT_ROWS else self._approximate(query, k, rows, None, len(rows))

    def rows_of(self, allowed: "NDArray[np.bool_] | NDArray[np.int64]") -> "NDArray[np.intp]":
        """The numbers of the rows that a mask has, or of those with these keys; ascending.

        Raises:
            ValueError: the mask has the wrong shape.
        """
        import numpy as np

        if allowed.dtype == np.bool_:
            if allowed.shape != self.keys.shape:
                raise ValueError("the mask must have one entry for each row")
            return np.flatnonzero(allowed)
        if self._ascending is None:
            self._ascending = bool((self.keys[1:] > self.keys[:-1]).all())
        if not self._ascending:
            return np.flatnonzero(np.isin(self.keys, allowed))
        wanted = np.sort(allowed)  # without numpy.unique, which imports numpy.ma: a twentieth of the time of a search
        wanted = wanted[np.append(True, wanted[1:] != wanted[:-1])] if len(wanted) else wanted
        rows = np.searchsorted(self.keys, wanted)
        there = rows < len(self.keys)
        rows, wanted = rows[there], wanted[there]
        found: NDArray[np.intp] = rows[self.keys[rows] == wanted]
        return found

    def _exact(self, query: "NDArray[np.float32]", k: int, rows: "NDArray[np.intp] | None") -> Hits:
        hits = best(self.keys if rows is None else self.keys[rows], self._scores(query, rows), k)
        self._verify(hits, rows)
        return hits

    def _verify(self, hits: Hits, rows: "NDArray[np.intp] | None") -> None:
        """Compare the rows that are hits with their sums, where the file has those: a bit of it may have been flipped.

        Raises:
            DamagedMatrix: one differs.
        """
        import numpy as np

        if self._sums is None:
            return
        keys = self.keys if rows is None else self.keys[rows]
        found = np.flatnonzero(np.isin(keys, hits.keys))
        found = found if rows is None else rows[found]
        if not np.array_equal(sums_of(self.keys[found], self._some(found)), self._sums[found]):
            raise DamagedMatrix

    def is_sound(self) -> bool:
        """Whether every row is the one that was written, as far as the file has sums."""
        import numpy as np

        if self._sums is None:
            return True
        parts = (slice(start, start + _CHUNK) for start in range(0, len(self), _CHUNK))
        return all(np.array_equal(sums_of(self.keys[part], self.vectors[part]), self._sums[part]) for part in parts)

    def _scores(self, query: "NDArray[np.float32]", rows: "NDArray[np.intp] | None") -> "NDArray[np.float32]":
        """Exact cosines of these rows (None: of all); in chunks, so that the float32 copy of the rows stays small."""
        import numpy as np

        count = len(self) if rows is None else len(rows)
        scores = np.empty(count, np.float32)
        for start in range(0, count, _WIDE):
            part = slice(start, start + _WIDE)
            chosen = self.vectors[part] if rows is None else self._some(rows[part])
            np.matmul(_widen(chosen), query, out=scores[part])
        return scores

    def _approximate(
        self,
        query: "NDArray[np.float32]",
        k: int,
        chosen: "NDArray[np.intp] | None",
        dead: "NDArray[np.intp] | None",
        count: int,
    ) -> Hits:
        """The bits first. If they find too few keys (many rows share a key), four times the candidates are taken."""
        import numpy as np

        distances = self._distances(query)
        if chosen is not None:
            kept = distances[chosen]
            distances = np.full(len(self), _FAR, np.uint16)
            distances[chosen] = kept
        if dead is not None and len(dead):
            distances[dead] = _FAR
        wanted = max(CANDIDATE_FLOOR, int(CANDIDATE_SHARE * count), _CANDIDATES_PER_HIT * k)
        while True:
            rows = _nearest(distances, min(wanted, count))
            hits = best(self.keys[rows], self._scores(query, rows), k)
            if len(hits.keys) == k or wanted >= count:
                self._verify(hits, rows)
                return hits
            wanted *= 4

    def _some(self, rows: "NDArray[np.intp]") -> "NDArray[np.float16]":
        return self.vectors[rows] if self._read is None else self._read(rows)

    def _distances(self, query: "NDArray[np.float32]") -> "NDArray[np.uint16]":
        """Hamming distance of each row's signs to the query's; uint16, shape (n,)."""
        import numpy as np

        centre, bits = self.prepare()
        wanted = _pack((query - centre)[None, :])[:, 0]
        distances = np.zeros(len(self), np.uint16)
        for start in range(0, len(self), _CHUNK):
            part = slice(start, start + _CHUNK)
            for word, pattern in zip(bits, wanted, strict=True):
                distances[part] += np.bitwise_count(word[part] ^ pattern)
        return distances

    def prepare(self) -> "tuple[NDArray[np.float32], NDArray[np.uint64]]":
        """The centre of the vectors and the sign bits around it, computed at the first call.

        Returns:
            float32, shape (dimensions,); uint64, shape (words, n): word by word, since they are compared so.
        """
        if self._centre is None or self._bits is None:
            self._centre = centre_of(self.vectors[:: max(1, len(self) // _CHUNK)])
            self._bits = self.bits_around(self._centre)
        return self._centre, self._bits

    def bits_around(self, centre: "NDArray[np.float32]") -> "NDArray[np.uint64]":
        """The sign bits of the rows around a centre; shape (words, n), word by word, since they are compared so."""
        import numpy as np

        bits = np.empty((-(-self.dimensions // 64), len(self)), "<u8")
        for start in range(0, len(self), _CHUNK):
            part = slice(start, start + _CHUNK)
            bits[:, part] = _pack(_widen(self.vectors[part]) - centre)
        return bits

    @classmethod
    def mapped(
        cls,
        keys: "NDArray[np.int64]",
        vectors: "NDArray[np.float16]",
        centre: "NDArray[np.float32]",
        bits: "NDArray[np.uint64]",
        sums: "NDArray[np.uint64] | None" = None,
        read: "Callable[[NDArray[np.intp]], NDArray[np.float16]] | None" = None,
    ) -> "Matrix":
        """A matrix whose centre and bits are known, as `prepare` returned them, and perhaps its sums (`sums_of`).

        Args:
            read: reads rows of the vectors; `None` to take them from `vectors`.
        """
        matrix = cls(keys, vectors)
        matrix._centre, matrix._bits, matrix._sums, matrix._read = centre, bits, sums, read
        return matrix


def centre_of(vectors: "NDArray[np.float16]") -> "NDArray[np.float32]":
    """The mean of rows, around which bits are made; of none 0."""
    import numpy as np

    return _widen(vectors).mean(axis=0, dtype=np.float32) if len(vectors) else np.zeros(vectors.shape[1], np.float32)


def sums_of(keys: "NDArray[np.int64]", vectors: "NDArray[np.float16]") -> "NDArray[np.uint64]":
    """A checksum of each row and its key. Every flipped bit changes it: all factors are odd, and it wraps at 64 bits."""
    import numpy as np

    raw = np.ascontiguousarray(vectors)
    words = raw.view("<u8") if raw.shape[1] % 4 == 0 else raw.view("<u2").astype("<u8")
    factors = (np.arange(1, words.shape[1] + 2, dtype="<u8") * np.uint64(_ODD)) | np.uint64(1)
    sums: NDArray[np.uint64] = words @ factors[1:] + keys.astype("<u8") * factors[0]
    return sums


def _pack(vectors: "NDArray[np.float32]") -> "NDArray[np.uint64]":
    """Sign bits, 64 to a word, the last word filled up with zeros; shape (words, len(vectors))."""
    import numpy as np

    signs = np.packbits(vectors > 0, axis=1)
    padding = -signs.shape[1] % 8
    words = np.pad(signs, ((0, 0), (0, padding))).view("<u8")
    return np.ascontiguousarray(words.T)


def _widen(halves: "NDArray[np.float16]") -> "NDArray[np.float32]":
    """Finite float16 to float32 by moving the bits: numpy's own conversion takes 10 ns a number, this takes 1.

    The exponent's bias is 15 in float16 and 127 in float32: with the bits moved, the number is 2**-112 of what it was.
    """
    import numpy as np

    raw = np.ascontiguousarray(halves).view("<u2").astype(np.uint32)
    sign = raw & np.uint32(0x8000)
    raw ^= sign
    raw <<= np.uint32(13)
    raw |= sign << np.uint32(16)
    wide = raw.view(np.float32)
    wide *= np.float32(2.0**112)
    return wide


def _nearest(distances: "NDArray[np.uint16]", count: int) -> "NDArray[np.intp]":
    """At least `count` rows of the smallest distances, by counting: partitioning a million takes three times as long."""
    import numpy as np

    histogram = np.cumsum(np.bincount(distances))
    return np.flatnonzero(distances <= np.searchsorted(histogram, count))
