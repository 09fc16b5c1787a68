"""The first order of the candidates, which chooses the few that the network reads."""

import math

from hypothesis import given
from hypothesis import strategies as st

from memos_cli.operation.operator.ranking.features import Place
from memos_cli.operation.operator.ranking.fusion import FLOOR, fused

places = st.tuples(st.integers(0, 1), st.integers(1, 30))
scores = st.dictionaries(places, st.floats(0, 50, allow_nan=False), max_size=20)
cosines = st.dictionaries(places, st.floats(-1, 1, allow_nan=False), max_size=20)


def order(found: dict[Place, float]) -> list[int]:
    return [n for _, n in sorted(found, key=lambda place: -found[place])]


def test_the_best_by_words_is_first_without_vectors() -> None:
    assert order(fused({(0, 1): 2.0, (0, 2): 5.0}, {})) == [2, 1]


def test_meaning_lifts_what_words_missed() -> None:
    assert order(fused({(0, 1): 3.0, (0, 2): 9.0}, {(0, 3): 0.8, (0, 1): 0.78})) == [1, 2, 3]


def test_a_cosine_that_unrelated_texts_have_counts_for_nothing() -> None:
    assert fused({(0, 1): 3.0}, {(0, 2): FLOOR, (0, 3): 0.5})[0, 2] == 0.0


@given(scores, cosines)
def test_every_candidate_has_one_score_from_0_to_1(lexical: dict[Place, float], near: dict[Place, float]) -> None:
    found = fused(lexical, near)
    assert set(found) == {*lexical, *near}
    assert all(math.isfinite(score) and 0 <= score <= 1 + 1e-9 for score in found.values())


@given(scores, cosines)
def test_the_scores_do_not_depend_on_the_order_of_the_input(lexical: dict[Place, float], near: dict[Place, float]) -> None:
    assert fused(dict(reversed(lexical.items())), dict(reversed(near.items()))) == fused(lexical, near)
