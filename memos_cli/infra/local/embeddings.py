"""Vectors for memories: finding the embedder, embedding what waits, and the matrix that searches scan.

Vectors are derived data. A command that can do without them never fails because of them: without a model search is lexical,
and a notice says how to get the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli import plugins
from memos_cli.errors import CubeLocked, MemosError, ModelUnavailable
from memos_cli.infra import vector_changes
from memos_cli.infra.vault import search
from memos_cli.infra.vault.vault import Vault
from memos_cli.ports import Embedder, Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.local.patched_matrix import PatchedMatrix
    from memos_cli.infra.local.vector_matrix import Matrix

BATCH = 1024
"""Texts embedded between two commits: an interruption loses at most these."""
CACHED_FROM = 4096
"""The number of vectors from which the matrix is cached in a file; fewer are read from SQLite as fast."""
PATCHED = 5_000
"""The most changed rows that a search reads beside the file of the matrix: 10 ms."""


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
        progress: Progress | None = None,
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

    def embedder(self, texts: int = 1) -> Embedder | None:
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

    def embed_pending(
        self,
        vault: Vault,
        limit: int | None = None,
        tell: Callable[[int, int], None] = lambda *_: None,
        *,
        wait: bool = True,
    ) -> int:
        """Embed memories that wait for their vectors, the newest first; how many were embedded.

        Args:
            vault: the cube.
            limit: the most memories; `None` for all.
            tell: called with how many are done, of how many.
            wait: wait for another writer of the cube.

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
        while done < wanted:
            batch = search.pending(vault, min(BATCH, wanted - done))
            if not batch:
                break
            self._embed(vault, embedder, batch, wait=wait)
            done += len(batch)
            tell(done, wanted)
        return done

    def _embed(self, vault: Vault, embedder: Embedder, batch: list[tuple[int, str]], *, wait: bool) -> None:
        from memos_cli.infra.local import vector_matrix

        encoded = vector_matrix.encode(embedder.embed([text for _, text in batch]))
        rows = [(n, text, vector) for (n, text), vector in zip(batch, encoded, strict=True)]
        with vault.derive(wait=wait):
            search.store_vectors(vault, embedder.fingerprint, embedder.dimensions, rows)

    def cached(self, vault: Vault) -> tuple[Path, Path]:
        """The paths of a cube's cached matrices: of its hot vectors, of its cold ones."""
        name = f"{vault.meta['id']}.{vault.meta['replica']}"
        return self._cache / "matrices" / name, self._cache / "matrices" / f"{name}.cold"

    def matrix(self, vault: Vault, embedder: Embedder, *, cold: bool = False) -> "Matrix | None":
        """The hot (or cold) vectors of a cube that this embedder made, in one piece; `None` where it has none.

        The file that keeps them is brought up to date.
        """
        from memos_cli.infra.local import matrix_file, vector_matrix

        found = self.index(vault, embedder, cold=cold, most=0)
        if found is None or isinstance(found, vector_matrix.Matrix):
            return found
        stored = matrix_file.load(self.cached(vault)[cold], _name(embedder, cold=cold))
        return stored[0] if stored is not None and stored[1] == vector_changes.last(vault.conn) else found.whole()

    def index(
        self, vault: Vault, embedder: Embedder, *, cold: bool = False, most: int = PATCHED
    ) -> "Matrix | PatchedMatrix | None":
        """The hot (or cold) vectors of a cube that this embedder made, ready to scan; `None` where it has none.

        Args:
            vault: the cube.
            embedder: the embedder.
            cold: the cold vectors, in place of the hot ones.
            most: how many rows may have changed since the file was written that keeps them; with more it is written anew.
        """
        from memos_cli.infra.local import matrix_file, vector_matrix

        if search.embedder_id(vault, embedder.fingerprint) is None:
            return None
        path, known = self.cached(vault)[cold], vector_changes.last(vault.conn)
        name = _name(embedder, cold=cold)
        patched = self._patched(vault, embedder, path, name, cold=cold) if vault.is_present else None
        if isinstance(patched, vector_matrix.Matrix) or (patched is not None and patched.changed <= most):
            return patched
        if patched is not None and not patched.has_grown:
            patched.write(path, name, known)
            return patched
        keys, encoded = search.vectors(vault, embedder.fingerprint, cold=cold)
        if not len(keys):
            return None
        matrix = vector_matrix.Matrix(keys, vector_matrix.decode(encoded, embedder.dimensions))
        if vault.is_present and len(keys) >= CACHED_FROM:
            matrix_file.write(path, name, matrix, known)
        return matrix

    def vectors_of(
        self, vault: Vault, embedder: Embedder, rows: Sequence[int], *, cold: bool = False
    ) -> "dict[int, NDArray[np.float32]]":
        """The vectors of these rows, as far as they have one, the cold ones only on demand; float32, shape (dimensions,)."""
        import numpy as np

        from memos_cli.infra.local import vector_matrix

        only, found = np.asarray(rows, np.int64), {}
        for table in (False, True) if cold else (False,):
            keys, encoded = search.vectors(vault, embedder.fingerprint, cold=table, only=only)
            wide = vector_matrix.decode(encoded, embedder.dimensions).astype(np.float32)
            found |= dict(zip(keys.tolist(), wide, strict=True))
        return found

    def _patched(
        self, vault: Vault, embedder: Embedder, path: Path, name: str, *, cold: bool
    ) -> "Matrix | PatchedMatrix | None":
        """The matrix in the file, with the rows that changed since; `None` where there is none, or it is too old."""
        from memos_cli.infra.local import matrix_file, vector_matrix
        from memos_cli.infra.local.patched_matrix import PatchedMatrix

        cached = matrix_file.load(path, name)
        changed = None if cached is None else vector_changes.since(vault.conn, cached[1], cold=cold)
        if cached is None or changed is None or cached[0].dimensions != embedder.dimensions:
            return None
        if not len(changed):
            return cached[0]
        keys, encoded = search.vectors(vault, embedder.fingerprint, cold=cold, only=changed)
        return PatchedMatrix(cached[0], changed, vector_matrix.Matrix(keys, vector_matrix.decode(encoded, embedder.dimensions)))


def _name(embedder: Embedder, *, cold: bool) -> str:
    """What the file of a matrix is of."""
    return f"{embedder.fingerprint}{' cold' if cold else ''}"


def try_pending(embeddings: Embeddings, vault: Vault, limit: int) -> str | None:
    """Embed a few memories before a search; a notice of what prevented it, or `None`. Never fails, and waits for no writer."""
    try:
        embeddings.embed_pending(vault, limit, wait=False)
    except (CubeLocked, ModelUnavailable) as error:
        return error.message
    except MemosError as error:
        return f"new memories could not be embedded: {error.message}"
    return None
