"""A cached matrix kept in step with its cube: the blocks of its file, and in memory the rows that changed since.

After one added memory a search reads that memory's vector, and not the million others again.
"""

from typing import TYPE_CHECKING, NamedTuple

from memos_cli.infra.local import matrix_file
from memos_cli.infra.local.vector_matrix import DamagedMatrix, Hits, Matrix, best

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.local.matrix_file import Block
    from memos_cli.infra.vector_changes import Change

_CHUNK = 16_384
"""Rows that are copied at a time: 12 MB at 384 dimensions."""
_GROWN = 0.25
"""Share of changed rows from which a matrix is made anew: its centre, around which the bits are, is that of the old rows."""
MOST_LAYERS = 16
"""The most parts that a search looks through: each costs it 0.1 ms."""


class _Layer(NamedTuple):
    """Rows, and which of them count no more: their numbers, ascending."""

    matrix: Matrix
    dead: "NDArray[np.intp]"

    def without(self, keys: "NDArray[np.int64]") -> "_Layer":
        import numpy as np

        return _Layer(self.matrix, np.union1d(self.dead, self.matrix.rows_of(keys)).astype(np.intp))

    @property
    def living(self) -> int:
        return len(self.matrix) - len(self.dead)

    def alive(self) -> "NDArray[np.bool_]":
        import numpy as np

        mask = np.ones(len(self.matrix), np.bool_)
        mask[self.dead] = False
        return mask


class PatchedMatrix:
    """A matrix whose rows of some keys are replaced.

    Args:
        base: the matrix.
        changed: int64: the keys whose rows in `base` count no more.
        fresh: their rows as they are now; of a key that is gone there is none.

    Attributes:
        changed: how many keys that are.
    """

    def __init__(self, base: "Matrix | PatchedMatrix", changed: "NDArray[np.int64]", fresh: Matrix) -> None:
        import numpy as np

        layers = base.layers if isinstance(base, PatchedMatrix) else (_Layer(base, np.zeros(0, np.intp)),)
        self.layers: tuple[_Layer, ...] = (
            *(layer.without(changed) for layer in layers),
            _Layer(fresh, np.zeros(0, np.intp)),
        )
        self.changed = len(changed)

    def __len__(self) -> int:
        return sum(layer.living for layer in self.layers)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.layers[0].matrix.dimensions

    @property
    def has_grown(self) -> bool:
        """Whether so much has changed that the matrix is better made anew of all rows."""
        first, *later = self.layers
        behind = max(len(first.dead), sum(len(layer.matrix) for layer in later), self.changed)
        return len(self.layers) > MOST_LAYERS or behind > _GROWN * len(first.matrix)

    def top(self, query: "NDArray[np.float32]", k: int, allowed: "NDArray[np.bool_] | NDArray[np.int64] | None" = None) -> Hits:
        """As `Matrix.top`; `allowed` are keys, or a mask of the rows that count, layer by layer."""
        import numpy as np

        found: list[Hits] = []
        start = 0
        for layer in self.layers:
            mine = allowed
            if allowed is not None and allowed.dtype == np.bool_:
                mine = np.zeros(len(layer.matrix), np.bool_)
                mine[layer.alive()] = allowed[start : start + layer.living]
                start += layer.living
            found.append(layer.matrix.top(query, k, mine, layer.dead))
        return best(np.concatenate([hits.keys for hits in found]), np.concatenate([hits.scores for hits in found]), k)

    def sample(self, count: int) -> "NDArray[np.float32]":
        """As `Matrix.sample`; rows that have changed since may be among them."""
        import numpy as np

        return np.concatenate([layer.matrix.sample(count) for layer in self.layers])

    def whole(self) -> Matrix:
        """The same as one matrix in memory."""
        import numpy as np

        parts = list(self._parts())
        return Matrix(np.concatenate([keys for keys, _ in parts]), np.concatenate([vectors for _, vectors in parts]))

    def write(self, path: "Path", name: str, known: "Change") -> bool:
        """Store it as one block, around the same centre, in little memory; as `matrix_file.write`."""
        centre, _ = self.layers[0].matrix.prepare()
        return matrix_file.write_rows(path, name, self._parts(), centre, known)

    def _parts(self) -> "Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]":
        for layer in self.layers:
            alive = layer.alive()
            for start in range(0, len(layer.matrix), _CHUNK):
                part = slice(start, start + _CHUNK)
                yield layer.matrix.keys[part][alive[part]], layer.matrix.vectors[part][alive[part]]


class MendedMatrix(PatchedMatrix):
    """A matrix whose file may be damaged: what is found out when it is searched is made anew, and searched again.

    Args:
        index: the matrix.
        anew: removes the file, and makes the matrix of what SQLite has; `None` for no rows.
    """

    def __init__(self, index: Matrix | PatchedMatrix, anew: "Callable[[], Matrix | PatchedMatrix | None]") -> None:
        self._anew = anew
        self._take(index)

    def _take(self, index: Matrix | PatchedMatrix) -> None:
        import numpy as np

        self.layers = index.layers if isinstance(index, PatchedMatrix) else (_Layer(index, np.zeros(0, np.intp)),)
        self.changed = index.changed if isinstance(index, PatchedMatrix) else 0

    def top(self, query: "NDArray[np.float32]", k: int, allowed: "NDArray[np.bool_] | NDArray[np.int64] | None" = None) -> Hits:
        """As `PatchedMatrix.top`."""
        import numpy as np

        try:
            return super().top(query, k, allowed)
        except DamagedMatrix:
            found = self._anew()
            if found is None:
                return Hits(np.zeros(0, np.int64), np.zeros(0, np.float32))
            self._take(found)
            return super().top(query, k, allowed)


def joined(blocks: "Sequence[Block]") -> Matrix | PatchedMatrix:
    """The blocks of a file as one matrix to search."""
    found: Matrix | PatchedMatrix = blocks[0].matrix
    for block in blocks[1:]:
        found = PatchedMatrix(found, block.gone, block.matrix)
    return found
