import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.operation.operator.ranking.blend import moves

OWN = [3.0, 1.0, 0.0, -2.0]


def order(share: float, *scores: float | None) -> list[int]:
    after = [own + move for own, move in zip(OWN, moves(OWN, scores, share), strict=True)]
    return sorted(range(len(OWN)), key=lambda index: -after[index])


@pytest.mark.parametrize(
    ("share", "scores", "wanted"),
    [
        (0.0, (1, 2, 3, 4), [0, 1, 2, 3]),
        (1.0, (1, 2, 3, 4), [3, 2, 1, 0]),
        (1.0, (0.1, 0.9, 0.5, 0.2), [1, 2, 3, 0]),
        (1.0, (-900, 5e9, 0, -1), [1, 2, 3, 0]),
        (1.0, (None, None, 7, None), [2, 0, 1, 3]),
        (1.0, (1, 1, 1, 1), [0, 1, 2, 3]),
        (0.5, (0.5, 0.9, 0.4, 0.1), [0, 1, 2, 3]),
        (0.5, (0.1, 0.9, 0.4, 0.2), [1, 0, 2, 3]),
    ],
)
def test_the_order(share: float, scores: tuple[float | None, ...], wanted: list[int]) -> None:
    assert order(share, *scores) == wanted


@given(st.lists(st.tuples(st.floats(-9, 9), st.none() | st.floats(-1e9, 1e9)), max_size=30), st.floats(0, 1))
def test_scores_stay_within_those_that_there_were(hits: list[tuple[float, float | None]], share: float) -> None:
    hits.sort(key=lambda hit: -hit[0])
    own = [hit[0] for hit in hits]
    after = [before + move for before, move in zip(own, moves(own, [hit[1] for hit in hits], share), strict=True)]
    assert all(min(own) - 1e-9 <= one <= max(own) + 1e-9 for one in after)
    if share == 1:
        assert sorted(after) == pytest.approx(sorted(own))
