"""The file of a matrix: whatever is wrong with it, it is not taken for one."""

import threading
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from memos_cli.infra.local.matrix_file import load, write  # noqa: E402 -- after the skip
from memos_cli.infra.local.vector_matrix import Matrix  # noqa: E402
from memos_cli.infra.vector_changes import Change  # noqa: E402
from tests.infra.local.test_vector_matrix import clustered  # noqa: E402

KNOWN = Change(77, b"eight by")
HEADER = 112
"""Bytes of the header."""


@pytest.fixture
def cache(tmp_path: Path) -> tuple[Path, Matrix]:
    path = tmp_path / "cube" / "vectors.cache"
    matrix = Matrix(np.arange(5_000), clustered(5_000))
    assert write(path, "g1", matrix, KNOWN)
    return path, matrix


def test_the_cache_gives_the_same_hits(cache: tuple[Path, Matrix]) -> None:
    path, matrix = cache
    found = load(path, "g1")
    assert found is not None
    loaded, known = found
    assert known == KNOWN
    query = clustered(1, seed=4)[0]
    assert np.array_equal(loaded.keys, matrix.keys)
    assert np.array_equal(loaded.vectors, matrix.vectors)
    for mine, theirs in zip(loaded.top(query, 10), matrix.top(query, 10), strict=True):
        assert np.array_equal(mine, theirs)


@pytest.mark.parametrize("dimensions", [1, 63, 64, 65, 384])
@pytest.mark.parametrize("rows", [0, 1, 37])
def test_any_shape_is_cached(tmp_path: Path, dimensions: int, rows: int) -> None:
    matrix = Matrix(np.arange(rows), np.full((rows, dimensions), 1 / np.sqrt(dimensions), np.float32))
    assert write(tmp_path / "c", "g", matrix, KNOWN)
    found = load(tmp_path / "c", "g")
    assert found is not None
    loaded, known = found
    assert known == KNOWN
    assert loaded.vectors.shape == (rows, dimensions)
    assert len(loaded.top(matrix.vectors[0].astype(np.float32), 99).keys) == rows if rows else len(loaded) == 0


def test_another_name_is_not_loaded(cache: tuple[Path, Matrix]) -> None:
    assert load(cache[0], "g2") is None


def test_a_missing_file_or_a_folder_is_no_cache(tmp_path: Path) -> None:
    assert load(tmp_path / "none", "g") is None
    assert load(tmp_path, "g") is None


@pytest.mark.parametrize("keep", [0, 1, 60, 111, 112, 200, 40_000, -1])
def test_a_file_cut_short_is_ignored(cache: tuple[Path, Matrix], keep: int) -> None:
    path, _ = cache
    path.write_bytes(path.read_bytes()[:keep])
    assert load(path, "g1") is None


def test_a_file_with_something_after_its_end_is_ignored(cache: tuple[Path, Matrix]) -> None:
    path, _ = cache
    path.write_bytes(path.read_bytes() + b"x")
    assert load(path, "g1") is None


def test_a_foreign_file_is_ignored(cache: tuple[Path, Matrix]) -> None:
    path, _ = cache
    path.write_bytes(b"SQLite format 3\0" * 1000)
    assert load(path, "g1") is None


def test_every_flipped_bit_of_the_header_is_noticed(cache: tuple[Path, Matrix]) -> None:
    path, _ = cache
    whole = path.read_bytes()
    for at in range(8 * HEADER):
        with path.open("r+b") as file:
            damaged = bytearray(whole[:HEADER])
            damaged[at // 8] ^= 1 << at % 8
            file.write(damaged)
        assert load(path, "g1") is None, f"bit {at}"


def test_a_flipped_bit_of_the_body_does_no_more_than_change_a_rank(cache: tuple[Path, Matrix]) -> None:
    path, _ = cache
    whole = path.read_bytes()
    query = clustered(1, seed=5)[0]
    for at in np.random.default_rng(0).integers(HEADER, len(whole), 12):
        damaged = bytearray(whole)
        damaged[at] ^= 0x40
        path.write_bytes(damaged)
        loaded = load(path, "g1")
        assert loaded is not None
        assert len(loaded[0].top(query, 10).keys) == 10


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert write(tmp_path / "file" / "cache", "g", Matrix(np.arange(2), clustered(2)), KNOWN) is False
    (tmp_path / "taken" / "inner").mkdir(parents=True)
    assert write(tmp_path / "taken", "g", Matrix(np.arange(2), clustered(2)), KNOWN) is False
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "taken"]


def test_writers_and_readers_at_once_see_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    matrices = {f"g{number}": Matrix(np.full(400, number), clustered(400, seed=number)) for number in range(3)}
    wrong: list[str] = []

    def work(generation: str) -> None:
        for _ in range(10):
            write(path, generation, matrices[generation], KNOWN)
            for name, matrix in matrices.items():
                loaded = load(path, name)
                if loaded is not None and not np.array_equal(loaded[0].keys, matrix.keys):
                    wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in matrices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert [entry.name for entry in tmp_path.iterdir()] == ["cache"]
