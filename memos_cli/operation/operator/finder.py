"""Finds candidates for a query in one cube: by words, by meaning, and the turns beside them, as far as they may be seen."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.infra.vault import queries, search
from memos_cli.infra.vault.pool import pool
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter

if TYPE_CHECKING:
    from memos_cli.infra.local.patched_matrix import PatchedMatrix
    from memos_cli.infra.local.vector_matrix import Matrix

_MANY = 4_000
"""Rows of a matrix up to which it is asked of all of them whether they may be seen: 4 ms."""
_FEW = 8
"""Where less than one in so many of the nearest rows may be seen, it is tried whether few of all may."""
_ROUNDS = 4
"""How many times as many rows are asked as in the round before."""
_MOST_ASKED = 20_000
"""Rows of which it is asked one by one: 30 ms. After them all that may be seen are read."""


class Finder:
    """Finds candidates in one cube; what several queries share (the matrix, the visible rows) is made once.

    Args:
        matrix: returns the cube's hot vectors, or with `True` its cold ones; `None` where the present embedder made none.
        vectors: returns the vectors of some rows, or with `True` of cold ones too.
    """

    def __init__(
        self,
        vault: Vault,
        wanted: Filter,
        matrix: "Callable[[Vault, bool], Matrix | PatchedMatrix | None]",
        vectors: "Callable[[Vault, Sequence[int], bool], dict[int, Any]]",
    ) -> None:
        self.vault = vault
        self._read_vectors = vectors
        self._sight = queries.condition(wanted)
        self._wanted = wanted
        self._make_matrix = matrix
        self._cold = queries.reaches_cold(wanted)
        self._matrices: list[Matrix | PatchedMatrix] | None = None
        self._visible: Any = None

    def by_words(self, query: str, count: int) -> dict[int, float]:
        """The candidates by words: row number to BM25 score."""
        if self.vault.sight is not None:  # before the reads below, in which nothing can be kept on disk
            self.vault.sight.seen("fts")
        # Sizes, counts and scores come from several statements: between two of them others may write.
        with self.vault.reading():
            return dict(search.lexical(self.vault, query, self._sight, count, cold=self._cold))

    def still(self, rows: Sequence[int]) -> set[int]:
        """Those of these rows that may be seen now: what was found may have been purged or made private since."""
        return set(search.rows_that(self.vault, [*rows], self._sight))

    def beside(self, turns: Sequence[pool.Turn], reach: int) -> dict[pool.Turn, int]:
        """The rows of the turns at most `reach` before and after these, as far as the principal may see them."""
        return pool.turns_beside(self.vault, turns, reach, self._sight)

    def matrices(self) -> "list[Matrix | PatchedMatrix]":
        """The vectors that are searched: of hot memories, and of cold ones where the filter reaches them."""
        if self._matrices is None:
            made = [self._make_matrix(self.vault, cold) for cold in ((False, True) if self._cold else (False,))]
            self._matrices = [matrix for matrix in made if matrix is not None]
        return self._matrices

    def vectors(self, rows: Sequence[int]) -> dict[int, Any]:
        """The vectors of these rows, as far as they have one: float32, shape (dimensions,)."""
        return self._read_vectors(self.vault, rows, self._cold)

    def by_meaning(self, vector: Any, count: int) -> dict[int, float]:  # noqa: ANN401 -- numpy
        """The candidates by meaning: row number to cosine; `vector` is a unit vector, float32, shape (dimensions,)."""
        found: dict[int, float] = {}
        for matrix in self.matrices():
            found |= self._seen(matrix, vector, count)
        return found

    def _seen(self, matrix: "Matrix | PatchedMatrix", vector: Any, count: int) -> dict[int, float]:  # noqa: ANN401 -- numpy
        """The nearest rows that may be seen.

        Whether a row may be seen is asked of the nearest ones alone, of more and more until there are enough: of all it would
        take a second in a cube of a million. Where the filter names a task, a key or a tag, or the nearest ones show that few
        may be seen, those are read by their index and scored, and no others.
        """
        if self._visible is None and len(matrix) <= _MANY:
            self._visible = search.visible_rows(self.vault, self._sight)
        narrow = bool(self._wanted.task or self._wanted.key or self._wanted.tags)
        asked = count + count // 4
        while self._visible is None:
            if narrow or asked > _MOST_ASKED:
                most = -1 if asked > _MOST_ASKED else _MANY + 1
                rows = search.visible_rows(self.vault, queries.condition(self._wanted, scan=True), most)
                self._visible = None if len(rows) == most else rows
                narrow = False
                continue
            keys, scores = matrix.top(vector, asked)
            near = dict(zip(keys.tolist(), scores.tolist(), strict=True))
            seen = set(search.rows_that(self.vault, list(near), self._sight))
            if len(seen) >= count or len(near) < asked:
                return dict([(n, score) for n, score in near.items() if n in seen][:count])
            narrow = _FEW * len(seen) < asked
            asked *= _ROUNDS
        keys, scores = matrix.top(vector, count, self._visible)
        return dict(zip(keys.tolist(), scores.tolist(), strict=True))
