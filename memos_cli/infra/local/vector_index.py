"""The vectors of cubes as matrices to search, each kept in a file of the cache and, from one search to the next, in memory.

What a search reads anew is what changed since the last one. From `PATCHED` changed rows on they are appended to the file; when
much has changed, and in a tick, the file is written anew.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.infra import vector_changes, vector_rows
from memos_cli.infra.vault import search
from memos_cli.infra.vault.vault import Vault
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.local.matrix_file import Stored
    from memos_cli.infra.local.patched_matrix import PatchedMatrix
    from memos_cli.infra.local.seen_matrix import SeenMatrix
    from memos_cli.infra.local.vector_matrix import Matrix
    from memos_cli.infra.vector_changes import Change
    from memos_cli.ports.ports import Embedder

CACHED_FROM = 4096
"""The number of vectors from which the matrix is cached in a file; fewer are read from SQLite as fast."""
PATCHED = 5_000
"""The most changed rows that a search has in memory beside the file of the matrix: to read them takes a new process 10 ms."""


class _Cached(NamedTuple):
    """A matrix as the last search left it.

    Attributes:
        name: what it is of.
        known: the last change that is in it.
        stored: the file that it is made of; `None` without one.
        changed: int64: the keys that changed since the file was written.
        fresh: their rows as they are now.
        whole: all of it, to search.
    """

    name: str
    known: "Change"
    stored: "Stored | None"
    changed: "NDArray[np.int64]"
    fresh: "Matrix"
    whole: "Matrix | PatchedMatrix"


class VectorIndex:
    """The matrices of one home.

    Args:
        cache: the folder of their files.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._kept: dict[Path, _Cached] = {}
        self._narrowed: dict[tuple[Path, str], tuple[object, object, SeenMatrix]] = {}

    def close(self) -> None:
        """Let go of the matrices in memory."""
        self._kept.clear()
        self._narrowed.clear()

    def paths(self, vault: Vault) -> tuple[Path, Path]:
        """The paths of a cube's cached matrices: of its hot vectors, of its cold ones."""
        name = f"{vault.meta['id']}.{vault.meta['replica']}"
        return self._cache / name, self._cache / f"{name}.cold"

    def discard(self, vault: Vault, *, cold: bool = False) -> None:
        """Remove a matrix that was found to be damaged: the next search makes it anew."""
        path = self.paths(vault)[cold]
        self._kept.pop(path, None)
        path.unlink(missing_ok=True)

    def index(
        self, vault: Vault, embedder: "Embedder", *, cold: bool = False, most: int | None = None
    ) -> "Matrix | PatchedMatrix | None":
        """The hot (or cold) vectors of a cube that this embedder made, ready to scan; `None` where it has none.

        Args:
            vault: the cube.
            embedder: the embedder.
            cold: the cold vectors, in place of the hot ones.
            most: how many rows may have changed since the file was last written to, `PATCHED` if not said; 0 to have it in
                one block.
        """
        from memos_cli.infra.local.patched_matrix import MendedMatrix

        most = PATCHED if most is None else most
        if search.embedder_id(vault, embedder.fingerprint) is None:
            return None
        if not vault.is_present:
            return self._seen_of_past(vault, _of_rows(vault, embedder, cold=cold), cold=cold)
        path, name = self.paths(vault)[cold], f"{embedder.fingerprint}{' cold' if cold else ''}"
        known = vector_changes.last(vault.conn)

        def anew() -> "Matrix | PatchedMatrix | None":
            self.discard(vault, cold=cold)
            return _of_rows(vault, embedder, cold=cold)

        kept = self._in_step(vault, embedder, path, name, cold=cold, known=known)
        if (
            kept is None
            or (kept.stored is None and len(kept.whole) >= CACHED_FROM)
            or kept.whole.dimensions != embedder.dimensions
        ):
            kept = self._made_anew(vault, embedder, path, name, cold=cold, known=known)
        elif kept.stored is not None and (len(kept.changed) > most or (not most and len(kept.stored.blocks) > 1)):
            kept = self._stored(vault, embedder, path, kept, cold=cold, in_one=not most)
        if kept is None:
            self._kept.pop(path, None)
            return None
        self._kept[path] = kept
        if vault.sight is not None and len(kept.whole):
            return self._seen(vault, path, kept.whole, anew, cold=cold)
        return kept.whole if kept.stored is None or not most else MendedMatrix(kept.whole, anew)

    def _seen(
        self,
        vault: Vault,
        path: Path,
        whole: "Matrix | PatchedMatrix",
        anew: "Callable[[], Matrix | PatchedMatrix | None]",
        *,
        cold: bool,
    ) -> "Matrix | PatchedMatrix | None":
        """A matrix as the one sees it for whom the cube was opened; made anew when it or what may be seen has changed."""
        from memos_cli.infra.local.seen_matrix import SeenMatrix

        rows = _seen_rows(vault, cold=cold)
        before = self._narrowed.get((path, vault.seer))
        if before is None or before[0] is not whole or before[1] is not rows:
            import numpy as np

            before = whole, rows, SeenMatrix(whole, anew, np.asarray(rows, np.int64))
            self._narrowed[path, vault.seer] = before
        return before[2] if len(before[2]) else None

    def _seen_of_past(self, vault: Vault, whole: "Matrix | None", *, cold: bool) -> "Matrix | PatchedMatrix | None":
        """The same of an earlier state of the cube."""
        if whole is None or vault.sight is None:
            return whole
        import numpy as np

        from memos_cli.infra.local.seen_matrix import SeenMatrix

        found = SeenMatrix(whole, lambda: None, np.asarray(_seen_rows(vault, cold=cold), np.int64))
        return found if len(found) else None

    def matrix(self, vault: Vault, embedder: "Embedder", *, cold: bool = False) -> "Matrix | None":
        """The same in one piece; the file that keeps them is brought up to date."""
        from memos_cli.infra.local import vector_matrix

        found = self.index(vault, embedder, cold=cold, most=0)
        if isinstance(found, vector_matrix.Matrix) and not found.is_sound():
            self.discard(vault, cold=cold)
            found = self.index(vault, embedder, cold=cold, most=0)
        return found if found is None or isinstance(found, vector_matrix.Matrix) else found.whole()

    def _in_step(
        self, vault: Vault, embedder: "Embedder", path: Path, name: str, *, cold: bool, known: "Change"
    ) -> _Cached | None:
        """What is in memory, or in the file, with the rows that changed since; `None` where neither is, or both are too old."""
        import numpy as np

        from memos_cli.infra.local import matrix_file
        from memos_cli.infra.local.patched_matrix import PatchedMatrix, joined
        from memos_cli.infra.local.vector_matrix import Matrix

        kept = self._kept.get(path)
        there = matrix_file.place(path)
        if kept is None or kept.name != name or (None if kept.stored is None else kept.stored.place) != there:
            kept = _loaded(path, name)
        if kept is None:
            return None
        if kept.known == known:
            return kept
        changed = vector_changes.since(vault.conn, kept.known, cold=cold)
        if changed is None or kept.whole.dimensions != embedder.dimensions:
            return None
        if kept.stored is None:
            return None if len(changed) else kept._replace(known=known)
        if not len(changed):
            return kept._replace(known=known)
        news = _of_rows(vault, embedder, cold=cold, only=changed)
        old = ~np.isin(kept.fresh.keys, changed)
        keys, vectors = kept.fresh.keys[old], kept.fresh.vectors[old]
        if news is not None:
            keys, vectors = np.concatenate([keys, news.keys]), np.concatenate([vectors, news.vectors])
        order = np.argsort(keys)
        fresh = Matrix(keys[order], vectors[order])
        changed = np.union1d(kept.changed, changed)
        return kept._replace(
            known=known, changed=changed, fresh=fresh, whole=PatchedMatrix(joined(kept.stored.blocks), changed, fresh)
        )

    def _stored(
        self, vault: Vault, embedder: "Embedder", path: Path, kept: _Cached, *, cold: bool, in_one: bool
    ) -> _Cached | None:
        """What changed is put behind the file's blocks, or all is written anew; as it was where neither can be done."""
        from memos_cli.infra.local import matrix_file, patched_matrix

        index = kept.whole
        if isinstance(index, patched_matrix.PatchedMatrix) and index.has_grown:
            return self._made_anew(vault, embedder, path, kept.name, cold=cold, known=kept.known)
        if in_one and isinstance(index, patched_matrix.PatchedMatrix):
            done = index.write(path, kept.name, kept.known)
        else:
            block = matrix_file.Block(kept.fresh, kept.changed)
            done = kept.stored is not None and matrix_file.append(path, kept.name, kept.stored, block, kept.known)
        return (_loaded(path, kept.name) if done else None) or kept

    def _made_anew(
        self, vault: Vault, embedder: "Embedder", path: Path, name: str, *, cold: bool, known: "Change"
    ) -> _Cached | None:
        """All vectors from SQLite: into the file and from there where they are many, else into memory."""
        import numpy as np

        from memos_cli.infra.local import matrix_file, vector_matrix

        self._kept.pop(path, None)
        none, dimensions = np.zeros(0, np.int64), embedder.dimensions
        if vector_rows.are_many(vault, embedder.fingerprint, CACHED_FROM, cold=cold):
            sample = vector_matrix.decode(vector_rows.sample(vault, embedder.fingerprint, cold=cold), dimensions)
            parts = vector_rows.parts(vault, embedder.fingerprint, cold=cold)
            rows = ((keys, vector_matrix.decode(encoded, dimensions)) for keys, encoded in parts)
            if matrix_file.write_rows(path, name, rows, vector_matrix.centre_of(sample), known):
                return _loaded(path, name)
        found = _of_rows(vault, embedder, cold=cold)
        if found is None:
            return None
        return _Cached(name, known, None, none, vector_matrix.Matrix(none, np.zeros((0, dimensions), np.float16)), found)


def _seen_rows(vault: Vault, *, cold: bool) -> "Sequence[int]":
    return () if vault.sight is None else vault.sight.seen("cold_fts" if cold else "fts").rows


def _loaded(path: Path, name: str) -> _Cached | None:
    import numpy as np

    from memos_cli.infra.local import matrix_file
    from memos_cli.infra.local.patched_matrix import joined
    from memos_cli.infra.local.vector_matrix import Matrix

    stored = matrix_file.load(path, name)
    if stored is None:
        return None
    none = np.zeros(0, np.int64)
    fresh = Matrix(none, np.zeros((0, stored.blocks[0].matrix.dimensions), np.float16))
    return _Cached(name, stored.known, stored, none, fresh, joined(stored.blocks))


def _of_rows(vault: Vault, embedder: "Embedder", *, cold: bool, only: "NDArray[np.int64] | None" = None) -> "Matrix | None":
    """The vectors as SQLite has them, all or those of some rows; `None` for none."""
    from memos_cli.infra.local import vector_matrix

    keys, encoded = search.vectors(vault, embedder.fingerprint, cold=cold, only=only)
    return vector_matrix.Matrix(keys, vector_matrix.decode(encoded, embedder.dimensions)) if len(keys) else None
