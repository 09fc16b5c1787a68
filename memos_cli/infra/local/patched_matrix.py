"""A cached matrix kept in step with its cube: the file as it was written, and in memory the rows that changed since.

After one added memory a search reads that memory's vector, and not the million others again. When many rows have changed, the
next file is made of the old one and these rows, without a look at SQLite.
"""

from typing import TYPE_CHECKING

from memos_cli.infra.local import matrix_file
from memos_cli.infra.local.matrix_file import Sections
from memos_cli.infra.local.vector_matrix import Hits, Matrix, best

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.vector_changes import Change

_CHUNK = 65_536
"""Rows that are copied at a time: 50 MB at 384 dimensions."""
_GROWN = 0.25
"""Share of changed rows from which a matrix is made anew: its centre, around which the bits are, is that of the old rows."""


class PatchedMatrix:
    """A matrix whose rows of some keys are replaced.

    Args:
        base: the matrix.
        changed: int64: the keys whose rows in `base` count no more.
        fresh: their rows as they are now; of a key that is gone there is none.

    Attributes:
        changed: how many keys that are.
    """

    def __init__(self, base: Matrix, changed: "NDArray[np.int64]", fresh: Matrix) -> None:
        import numpy as np

        self._base, self._fresh = base, fresh
        self._kept = ~np.isin(base.keys, changed)
        self.changed = len(changed)

    def __len__(self) -> int:
        return int(self._kept.sum()) + len(self._fresh)

    @property
    def has_grown(self) -> bool:
        """Whether so much has changed that the matrix is better made anew of all rows."""
        return self.changed > _GROWN * len(self._base)

    def top(self, query: "NDArray[np.float32]", k: int, allowed: "NDArray[np.bool_] | NDArray[np.int64] | None" = None) -> Hits:
        """As `Matrix.top`; `allowed` are keys, or a mask of the rows that are kept, followed by the fresh ones."""
        import numpy as np

        base: NDArray[np.bool_] = self._kept
        fresh: NDArray[np.bool_] | NDArray[np.int64] | None = None
        if allowed is not None and allowed.dtype == np.bool_:
            kept = len(self) - len(self._fresh)
            base, fresh = np.zeros(len(self._base), np.bool_), allowed[kept:].astype(np.bool_)
            base[self._kept] = allowed[:kept]
        elif allowed is not None:
            base, fresh = self._kept & np.isin(self._base.keys, allowed), allowed.astype(np.int64)
        one, other = self._base.top(query, k, base), self._fresh.top(query, k, fresh)
        return best(np.concatenate([one.keys, other.keys]), np.concatenate([one.scores, other.scores]), k)

    def sample(self, count: int) -> "NDArray[np.float32]":
        """As `Matrix.sample`; rows that have changed since may be among them."""
        import numpy as np

        return np.concatenate([self._base.sample(count), self._fresh.sample(count)])

    def whole(self) -> Matrix:
        """The same as one matrix in memory."""
        import numpy as np

        keys = np.concatenate([self._base.keys[self._kept], self._fresh.keys])
        return Matrix(keys, np.concatenate([self._base.vectors[self._kept], self._fresh.vectors]))

    def write(self, path: "Path", name: str, known: "Change") -> bool:
        """Store it as one matrix, around the same centre, in little memory; as `matrix_file.write`."""
        import numpy as np

        centre, bits = self._base.prepare()
        keys = np.concatenate([self._base.keys[self._kept], self._fresh.keys])
        joined = np.concatenate([bits[:, self._kept], self._fresh.bits_around(centre)], axis=1)
        return matrix_file.write_sections(path, name, Sections(keys, centre, joined, self._parts()), known)

    def _parts(self) -> "Iterator[NDArray[np.float16]]":
        for start in range(0, len(self._base), _CHUNK):
            part = slice(start, start + _CHUNK)
            yield self._base.vectors[part][self._kept[part]]
        yield self._fresh.vectors
