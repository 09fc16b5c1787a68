from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from memos_cli import MOS
from memos_cli.infra.local import vector_index
from memos_cli.infra.local.patched_matrix import PatchedMatrix
from memos_cli.infra.local.seen_matrix import SeenMatrix
from memos_cli.infra.local.vector_index import VectorIndex
from memos_cli.infra.local.vector_matrix import Matrix, encode
from memos_cli.infra.vault import search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Visibility

EMBEDDER: Any = SimpleNamespace(fingerprint="fake", dimensions=16)


def unit_vectors(count: int, seed: int = 0) -> Any:
    vectors = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_it_is_a_matrix_of_what_may_be_seen() -> None:
    vectors, keys = unit_vectors(900), np.arange(900)
    base = PatchedMatrix(Matrix(keys[:800], vectors[:800]), keys[10:12], Matrix(keys[800:], vectors[800:]))
    seen = np.arange(0, 900, 7)
    found = SeenMatrix(base, lambda: None, seen)
    kept = [n for n in seen.tolist() if n not in {10, 11}]
    alone = Matrix(np.array(kept), vectors[kept])
    assert len(found) == len(alone)
    for query in unit_vectors(5, 1):
        one, other = found.top(query, 20), alone.top(query, 20)
        assert one.keys.tolist() == other.keys.tolist()
        assert one.scores == pytest.approx(other.scores)
    assert np.array_equal(np.sort(found.sample(40), axis=0), np.sort(alone.sample(40), axis=0))


def _embed(vault: Vault, vectors: Any) -> None:
    rows = vault.conn.execute("SELECT n, content FROM memories ORDER BY n").fetchall()
    with vault.derive():
        search.store_vectors(vault, "fake", 16, [(n, text, raw) for (n, text), raw in zip(rows, encode(vectors), strict=True)])


@pytest.mark.parametrize("cached", [10_000, 1])
def test_the_matrix_of_a_cube_is_narrowed_and_its_file_is_not(
    mos: MOS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: int
) -> None:
    monkeypatch.setattr(vector_index, "CACHED_FROM", cached)
    levels = [Visibility.PUBLIC if n % 3 else Visibility.PRIVATE for n in range(60)]
    ids = mos.add(drafts=[Draft(f"number {n}", visibility=level) for n, level in enumerate(levels)]).ids
    owner, eve = mos.vault("default"), mos.vault("default", "eve")
    vectors = unit_vectors(60)
    _embed(owner, vectors)
    index = VectorIndex(tmp_path / "matrices")
    for vault, size in ((eve, 40), (owner, 60), (eve, 40)):
        found = index.index(vault, EMBEDDER)
        assert found is not None
        assert len(found) == size
        assert len(found.top(vectors[0], 60).keys) == size
    assert not search.pending_count(eve)
    mos.edit(ids[1], {"visibility": "private"})
    found = index.index(eve, EMBEDDER)
    assert found is not None
    assert len(found) == 39
    nobody = mos.vault("default", "bot")
    with owner.write("grant", "sam", mos.millis) as unit:
        unit.change("principal", "bot", {"kind": "agent"})
    assert index.index(nobody, EMBEDDER) is None
    assert not search.knows(nobody, "fake")
    assert search.knows(eve, "fake")
