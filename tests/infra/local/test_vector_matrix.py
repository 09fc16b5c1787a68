import sqlite3
from typing import Any

import pytest

np = pytest.importorskip("numpy")

from memos_cli.errors import IntegrityError  # noqa: E402 -- after the skip
from memos_cli.infra.local import vector_matrix  # noqa: E402
from memos_cli.infra.local.vector_matrix import Hits, Matrix, best, decode, encode  # noqa: E402

DIMENSIONS = 96


def unit(matrix: Any) -> Any:
    return (matrix / np.linalg.norm(matrix, axis=-1, keepdims=True)).astype(np.float32)


def clustered(count: int, seed: int = 0, dimensions: int = DIMENSIONS) -> Any:
    """Rows in clusters around an off-centre mean, as the vectors of sentences are."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(4, count // 100), dimensions)) + 0.5
    return unit(centres[rng.integers(0, len(centres), count)] + 0.7 * rng.standard_normal((count, dimensions)))


def exact(matrix: Matrix, query: Any, k: int) -> Any:
    scores = matrix.vectors.astype(np.float32) @ query
    order = np.argsort(-scores, kind="stable")[:k]
    return matrix.keys[order], scores[order]


@pytest.fixture(scope="module")
def large() -> Matrix:
    return Matrix(np.arange(30_000) * 3, clustered(30_000, dimensions=384))


def test_encoding_round_trips_through_sqlite() -> None:
    rows = clustered(50)
    database = sqlite3.connect(":memory:")
    database.execute("create table v (b blob)")
    database.executemany("insert into v values (?)", [(blob,) for blob in encode(rows)])
    blobs = [row[0] for row in database.execute("select b from v order by rowid")]
    database.close()
    back = decode(blobs, DIMENSIONS)
    assert back.dtype == np.float16
    assert np.abs(back.astype(np.float32) - rows).max() < 5e-4
    assert (unit(back.astype(np.float32)) * rows).sum(axis=1).min() > 1 - 1e-6


def test_rows_can_be_decoded_in_one_piece() -> None:
    rows = clustered(9)
    assert np.array_equal(decode(b"".join(encode(rows)), DIMENSIONS), decode(encode(rows), DIMENSIONS))
    with pytest.raises(IntegrityError):
        decode(b"\0" * 11, 5)


def test_decoding_nothing_gives_no_rows() -> None:
    assert decode(b"", 5).shape == (0, 5)
    assert decode([], 5).shape == (0, 5)


def test_a_row_of_the_wrong_length_is_an_integrity_error() -> None:
    with pytest.raises(IntegrityError, match="wrong length"):
        decode([b"\0" * 10, b"\0" * 8], 5)


def test_widening_agrees_with_numpy_on_every_finite_half() -> None:
    halves = np.arange(0x7C00, dtype=np.uint16)
    every = np.concatenate([halves, halves | 0x8000]).view(np.float16)
    assert np.array_equal(vector_matrix._widen(every), every.astype(np.float32))


def test_small_matrices_are_searched_exactly() -> None:
    matrix = Matrix(np.arange(500) + 7, clustered(500))
    query = clustered(1, seed=1)[0]
    keys, scores = exact(matrix, query, 10)
    hits = matrix.top(query, 10)
    assert list(hits.keys) == list(keys)
    assert np.allclose(hits.scores, scores, atol=1e-6)


def test_large_matrices_recall_almost_all_and_score_exactly(large: Matrix) -> None:
    found = 0
    queries = unit(large.vectors[::1500].astype(np.float32) + 0.04 * clustered(20, seed=2, dimensions=384))
    for query in queries:
        hits = large.top(query, 10)
        keys, scores = exact(large, query, 10)
        found += len(set(hits.keys) & set(keys))
        assert np.allclose(hits.scores[0], scores[0], atol=1e-5)
        assert list(hits.scores) == sorted(hits.scores, reverse=True)
    assert found / (10 * len(queries)) >= 0.99


def test_only_allowed_rows_are_found(large: Matrix) -> None:
    query = large.vectors[0].astype(np.float32)
    mask = np.ones(len(large), bool)
    mask[::2] = False
    hits = large.top(query, 20, mask)
    assert len(hits.keys) == 20
    assert not set(hits.keys) & set(large.keys[::2])


def test_only_allowed_keys_are_found(large: Matrix) -> None:
    query = large.vectors[0].astype(np.float32)
    few = np.array([90, 3, 6, 4, -1])
    assert set(large.top(query, 10, few).keys) == {90, 3, 6}
    many = large.keys[10_000:]
    assert large.top(query, 10, many).keys.min() >= large.keys[10_000]


def test_nothing_allowed_finds_nothing(large: Matrix) -> None:
    hits = large.top(large.vectors[0].astype(np.float32), 10, np.zeros(len(large), bool))
    assert len(hits.keys) == len(hits.scores) == 0


@pytest.mark.parametrize("count", [300, 6_000])
def test_rows_that_share_a_key_count_once_with_their_best(count: int) -> None:
    rows = clustered(count)
    matrix = Matrix(np.arange(count) // 3, rows)
    query = rows[31]
    hits = matrix.top(query, 10)
    assert hits.keys[0] == 10
    assert hits.scores[0] == pytest.approx(1, abs=1e-3)
    assert len(set(hits.keys)) == len(hits.keys) == 10


def test_more_candidates_are_taken_where_one_key_has_them_all() -> None:
    rows = np.repeat(clustered(1), 8_000, axis=0)
    rows[-5:] = clustered(5, seed=3)
    keys = np.zeros(8_000, np.int64)
    keys[-5:] = np.arange(1, 6)
    assert set(Matrix(keys, rows).top(rows[0], 6).keys) == {0, 1, 2, 3, 4, 5}


def test_a_tie_goes_to_the_lower_key() -> None:
    rows = np.repeat(clustered(1), 4, axis=0)
    assert list(Matrix(np.array([9, 2, 7, 4]), rows).top(rows[0], 3).keys) == [2, 4, 7]


def test_an_empty_matrix_answers() -> None:
    hits = Matrix(np.zeros(0, np.int64), np.zeros((0, 8), np.float32)).top(np.ones(8, np.float32), 5)
    assert len(hits.keys) == 0


@pytest.mark.parametrize("k", [0, -1])
def test_no_hits_asked_for_gives_none(large: Matrix, k: int) -> None:
    assert len(large.top(large.vectors[0].astype(np.float32), k).keys) == 0


def test_wrong_shapes_are_refused(large: Matrix) -> None:
    with pytest.raises(ValueError, match="numbers"):
        large.top(np.ones(3, np.float32), 5)
    with pytest.raises(ValueError, match="mask"):
        large.top(np.ones(384, np.float32), 5, np.ones(3, bool))
    with pytest.raises(ValueError, match="one key"):
        Matrix(np.arange(2), np.ones((3, 4), np.float32))


def test_results_of_several_matrices_join() -> None:
    first = Hits(np.array([1, 2]), np.array([0.9, 0.2], np.float32))
    second = Hits(np.array([2, 3]), np.array([0.8, 0.5], np.float32))
    joined = best(np.concatenate([first.keys, second.keys]), np.concatenate([first.scores, second.scores]), 3)
    assert list(joined.keys) == [1, 2, 3]
    assert list(joined.scores) == pytest.approx([0.9, 0.8, 0.5])
