"""Vectors for memories: finding the embedder, embedding what waits, and the matrix that searches scan.

Vectors are derived data. A command that can do without them never fails because of them: without a model search is lexical,
and a notice says how to get the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli import plugins
from memos_cli.errors import CubeLocked, MemosError, ModelUnavailable
from memos_cli.infra.vault import search
from memos_cli.infra.vault.vault import Vault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.local.patched_matrix import PatchedMatrix
    from memos_cli.infra.local.vector_index import VectorIndex
    from memos_cli.infra.local.vector_matrix import Matrix
    from memos_cli.ports import Embedder, Progress

BATCH = 1024
"""Texts embedded between two commits: an interruption loses at most these."""


class Embeddings:
    """The embedder of one home, loaded at its first use.

    Args:
        setting: the setting `embedder`: `auto`, `none`, a name or a path.
        data: the data folder, where a converted model is kept.
        cache: the cache folder, where matrices are kept.
        given: the settings `embedding.*` by the last part of their names: of a model that is named by its path.
    """

    def __init__(
        self,
        setting: str,
        data: Path,
        cache: Path,
        progress: "Progress | None" = None,
        *,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self._setting = setting
        self._given = given
        self._data = data
        self._cache = cache
        self.progress = progress
        self._weights: Any = None
        self._looked = False
        self._open: dict[str, Embedder] = {}

    @cached_property
    def _index(self) -> "VectorIndex":
        from memos_cli.infra.local.vector_index import VectorIndex

        return VectorIndex(self._cache / "matrices")

    @property
    def weights(self) -> Any:  # noqa: ANN401 -- the backend's own noun; `None` where there is no model
        """The weights that the setting names, or `None`.

        Raises:
            ModelUnavailable: the setting is a name or a path, and no model is there.
        """
        if not self._looked:
            self._weights = None if self._setting == "none" else self._find()
            self._looked = True
        return self._weights

    def _find(self) -> Any:  # noqa: ANN401
        return plugins.load("weights", "find")(self._setting, self._data, self.progress, self._given)

    def embedder(self, texts: int = 1) -> "Embedder | None":
        """The embedder that is fastest for `texts` texts, or `None` where there is no model."""
        if self.weights is None:
            return None
        name = plugins.load("weights", "choose")(self.weights, texts)
        if name not in self._open:
            self._open[name] = plugins.load("embedder", name)(self.weights)
        return self._open[name]

    def close(self) -> None:
        """Free every model that was opened."""
        for embedder in self._open.values():
            embedder.close()
        self._open.clear()
        if "_index" in vars(self):
            self._index.close()

    def embed_pending(
        self,
        vault: Vault,
        limit: int | None = None,
        tell: Callable[[int, int], None] = lambda *_: None,
        *,
        wait: bool = True,
        late: Callable[[], bool] = lambda: False,
    ) -> int:
        """Embed memories that wait for their vectors, the newest first; how many were embedded.

        Args:
            vault: the cube.
            limit: the most memories; `None` for all.
            tell: called with how many are done, of how many.
            wait: wait for another writer of the cube.
            late: asked before each batch whether the time is over.

        Raises:
            CubeLocked: another process writes to the cube.
            ModelUnavailable: the model cannot be run.
        """
        waiting = search.pending_count(vault)
        wanted = waiting if limit is None else min(waiting, limit)
        embedder = self.embedder(wanted) if wanted else None
        if embedder is None:
            return 0
        done = 0
        while done < wanted and not late():
            batch = search.pending(vault, min(BATCH, wanted - done))
            if not batch:
                break
            self._embed(vault, embedder, batch, wait=wait)
            done += len(batch)
            tell(done, wanted)
        if done and search.has_foreign(vault, embedder.fingerprint) and not search.pending_count(vault):
            with vault.derive(wait=wait) as conn:
                search.forget_embedders(conn)
        return done

    def _embed(self, vault: Vault, embedder: "Embedder", batch: list[tuple[int, str]], *, wait: bool) -> None:
        from memos_cli.infra.local import vector_matrix

        encoded = vector_matrix.encode(embedder.embed([text for _, text in batch]))
        rows = [(n, text, vector) for (n, text), vector in zip(batch, encoded, strict=True)]
        with vault.derive(wait=wait):
            search.store_vectors(vault, embedder.fingerprint, embedder.dimensions, rows)

    def cached(self, vault: Vault) -> tuple[Path, Path]:
        """The paths of a cube's cached matrices: of its hot vectors, of its cold ones."""
        return self._index.paths(vault)

    def matrix(self, vault: Vault, embedder: "Embedder", *, cold: bool = False) -> "Matrix | None":
        """The hot (or cold) vectors of a cube that this embedder made, in one piece; see `VectorIndex.matrix`."""
        return self._index.matrix(vault, embedder, cold=cold)

    def index(
        self, vault: Vault, embedder: "Embedder", *, cold: bool = False, most: int | None = None
    ) -> "Matrix | PatchedMatrix | None":
        """The hot (or cold) vectors of a cube that this embedder made, ready to scan; see `VectorIndex.index`."""
        return self._index.index(vault, embedder, cold=cold, most=most)

    def vectors_of(
        self, vault: Vault, embedder: "Embedder", rows: Sequence[int], *, cold: bool = False
    ) -> "dict[int, NDArray[np.float32]]":
        """The vectors of these rows, as far as they have one, the cold ones only on demand; float32, shape (dimensions,)."""
        import numpy as np

        from memos_cli.infra.local import vector_matrix

        only = np.asarray(rows, np.int64)
        found: dict[int, NDArray[np.float32]] = {}
        for table in (False, True) if cold else (False,):
            keys, encoded = search.vectors(vault, embedder.fingerprint, cold=table, only=only)
            wide = vector_matrix.decode(encoded, embedder.dimensions).astype(np.float32)
            found |= dict(zip(keys.tolist(), wide, strict=True))
        return found

    def discard(self, vault: Vault, *, cold: bool = False) -> None:
        """Remove a matrix that was found to be damaged: the next `index` makes it anew."""
        self._index.discard(vault, cold=cold)


def try_pending(embeddings: Embeddings, vault: Vault, limit: int) -> str | None:
    """Embed a few memories before a search; a notice of what prevented it, or `None`. Never fails, and waits for no writer."""
    try:
        embeddings.embed_pending(vault, limit, wait=False)
    except (CubeLocked, ModelUnavailable) as error:
        return error.message
    except MemosError as error:
        return f"new memories could not be embedded: {error.message}"
    return None
