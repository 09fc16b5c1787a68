"""The file of a matrix: whatever is wrong with it, it is not taken for one."""

import threading
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from memos_cli.infra.local.matrix_file import HEADER, Block, append, load, write  # noqa: E402 -- after the skip
from memos_cli.infra.local.patched_matrix import PatchedMatrix, joined  # noqa: E402
from memos_cli.infra.local.vector_matrix import DamagedMatrix, Matrix  # noqa: E402
from memos_cli.infra.vector_changes import Change  # noqa: E402
from tests.infra.local.test_vector_matrix import clustered  # noqa: E402

KNOWN = Change(77, b"eight by")
LATER = Change(99, b"byte two")


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
    (block,) = found.blocks
    loaded = block.matrix
    assert found.known == KNOWN
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
    (block,) = found.blocks
    loaded = block.matrix
    assert found.known == KNOWN
    assert loaded.vectors.shape == (rows, dimensions)
    assert len(loaded.top(matrix.vectors[0].astype(np.float32), 99).keys) == rows if rows else len(loaded) == 0


def test_another_name_is_not_loaded(cache: tuple[Path, Matrix]) -> None:
    assert load(cache[0], "g2") is None


def test_a_missing_file_or_a_folder_is_no_cache(tmp_path: Path) -> None:
    assert load(tmp_path / "none", "g") is None
    assert load(tmp_path, "g") is None


@pytest.mark.parametrize("keep", [0, 1, 60, HEADER - 1, HEADER, 200, 40_000, -1])
def test_a_file_cut_short_is_ignored(cache: tuple[Path, Matrix], keep: int) -> None:
    path, _ = cache
    path.write_bytes(path.read_bytes()[:keep])
    assert load(path, "g1") is None


def more(seed: int = 8) -> Block:
    """What changed: two keys are gone, one has another vector, and one is new."""
    return Block(Matrix(np.array([17, 6_000]), clustered(8, seed=seed)[:2]), np.array([3, 17, 4_999, 6_000]))


def test_what_is_appended_replaces_what_was(cache: tuple[Path, Matrix]) -> None:
    path, matrix = cache
    stored = load(path, "g1")
    assert stored is not None
    assert append(path, "g1", stored, more(), LATER)
    found = load(path, "g1")
    assert found is not None
    assert found.known == LATER
    whole = joined(found.blocks)
    assert isinstance(whole, PatchedMatrix)
    assert len(whole) == 4_999
    mine = PatchedMatrix(matrix, more().gone, more().matrix)
    for query in (more().matrix.vectors[0], more().matrix.vectors[1], matrix.vectors[3], matrix.vectors[40]):
        for one, other in zip(whole.top(query.astype(np.float32), 20), mine.top(query.astype(np.float32), 20), strict=True):
            assert np.array_equal(one, other)
        assert not {3, 4_999} & set(whole.top(query.astype(np.float32), 20).keys.tolist())


def test_only_who_knows_the_whole_file_appends_to_it(cache: tuple[Path, Matrix]) -> None:
    path, _ = cache
    stored = load(path, "g1")
    assert stored is not None
    assert append(path, "g1", stored, more(), LATER)
    assert not append(path, "g1", stored, more(9), Change(120, b"byte six"))
    found = load(path, "g1")
    assert found is not None
    assert (len(found.blocks), found.known) == (2, LATER)
    (path.parent / "gone").mkdir()
    assert not append(path.parent / "gone", "g1", stored, more(), LATER)


def test_what_a_crash_left_behind_the_last_block_is_not_read_and_is_replaced(cache: tuple[Path, Matrix]) -> None:
    path, _ = cache
    first = path.read_bytes()
    stored = load(path, "g1")
    assert stored is not None
    assert append(path, "g1", stored, more(), LATER)
    second = path.read_bytes()
    assert second.startswith(first)
    for end in range(len(first) + 1, len(second), 97):
        for left in (second[:end], first + bytes(end - len(first)), first + bytes(HEADER) + second[len(first) + HEADER : end]):
            path.write_bytes(left)
            found = load(path, "g1")
            assert found is not None
            assert (len(found.blocks), found.known) == (1, KNOWN), end
    assert append(path, "g1", found, more(), LATER)
    assert path.read_bytes() == second


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


def test_a_flipped_bit_of_the_body_is_found_or_does_not_matter(cache: tuple[Path, Matrix]) -> None:
    path, matrix = cache
    whole = path.read_bytes()
    query = matrix.vectors[4_321].astype(np.float32)
    right = matrix.top(query, 10)
    rng = np.random.default_rng(0)
    row = whole.index(matrix.vectors[4_321].tobytes())
    told = 0
    for at in (*rng.integers(HEADER, len(whole), 60), *range(row, row + 2 * matrix.dimensions, 5)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        loaded = load(path, "g1")
        if loaded is None:  # the centre and the gone keys are as good as a header
            continue
        found = loaded.blocks[0].matrix
        try:
            hits = found.top(query, 10)
        except DamagedMatrix:
            told += 1
            assert not found.is_sound()
        else:
            assert (
                dict(zip(hits.keys.tolist(), hits.scores.tolist(), strict=True)).items()
                <= dict(zip(*(part.tolist() for part in matrix.top(query, 5_000)), strict=True)).items()
            )
            assert len({*hits.keys.tolist()} & {*right.keys.tolist()}) >= 9
    assert told >= 30


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
                if loaded is not None and not np.array_equal(loaded.blocks[0].matrix.keys, matrix.keys):
                    wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in matrices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert [entry.name for entry in tmp_path.iterdir()] == ["cache"]
