"""A matrix as somebody sees it who is not the cube's owner: the rows that may not be seen count for nothing.

Neither the hits nor the sample, nor how many rows there are, depends on the others. Only the bits by which a large matrix
chooses its candidates are made around the mean of all rows; the scores are exact, and of the first ten hits less than one in a
hundred is another one for it.
"""

from typing import TYPE_CHECKING

from memos_cli.infra.local.patched_matrix import MendedMatrix, PatchedMatrix

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.local.vector_matrix import Matrix


class SeenMatrix(MendedMatrix):
    """A matrix without the rows that may not be seen.

    Args:
        index: the matrix.
        anew: as for `MendedMatrix`.
        seen: int64: the keys that may be seen, ascending.
    """

    def __init__(
        self,
        index: "Matrix | PatchedMatrix",
        anew: "Callable[[], Matrix | PatchedMatrix | None]",
        seen: "NDArray[np.int64]",
    ) -> None:
        self._seen = seen
        super().__init__(index, anew)

    def _take(self, index: "Matrix | PatchedMatrix") -> None:
        import numpy as np

        super()._take(index)
        hidden = (np.flatnonzero(~np.isin(layer.matrix.keys, self._seen)) for layer in self.layers)
        self.layers = tuple(
            layer._replace(dead=np.union1d(layer.dead, some).astype(np.intp))
            for layer, some in zip(self.layers, hidden, strict=True)
        )

    def sample(self, count: int) -> "NDArray[np.float32]":
        """At most so many vectors, spread evenly over the rows that may be seen; float32, shape (n, dimensions)."""
        import numpy as np

        rows = [np.flatnonzero(layer.alive()) for layer in self.layers]
        keys = np.concatenate([layer.matrix.keys[some] for layer, some in zip(self.layers, rows, strict=True)])
        chosen = np.sort(keys)[:: max(1, -(-len(keys) // count))]
        parts = [
            layer.matrix.vectors[some[np.isin(layer.matrix.keys[some], chosen)]].astype(np.float32)
            for layer, some in zip(self.layers, rows, strict=True)
        ]
        return np.concatenate(parts)
