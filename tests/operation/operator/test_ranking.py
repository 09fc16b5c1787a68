import math

from hypothesis import given
from hypothesis import strategies as st

from memos_cli.operation import results
from memos_cli.operation.operator import ranking
from memos_cli.operation.operator.ranking import Context

places = st.tuples(st.integers(0, 1), st.integers(1, 30))
scores = st.dictionaries(places, st.floats(0, 50, allow_nan=False), max_size=20)
cosines = st.dictionaries(places, st.floats(-1, 1, allow_nan=False), max_size=20)


def order(found: list[tuple[ranking.Place, results.Parts]]) -> list[int]:
    return [n for (_, n), _ in found]


def test_the_best_by_words_is_first_without_vectors() -> None:
    assert order(ranking.in_context(ranking.base({(0, 1): 2.0, (0, 2): 5.0}, {}), {}, ())) == [2, 1]


def test_meaning_lifts_what_words_missed() -> None:
    found = ranking.base({(0, 1): 3.0, (0, 2): 9.0}, {(0, 3): 0.8, (0, 1): 0.78})
    assert order(ranking.in_context(found, {}, ())) == [1, 2, 3]


def test_one_word_in_common_by_chance_does_not_rule_a_small_cube() -> None:
    found = ranking.base({(0, 1): 2.9}, {(0, 1): 0.40, (0, 2): 0.49})
    assert order(ranking.in_context(found, {}, ())) == [2, 1]


def test_a_short_turn_profits_from_its_neighbours_and_a_long_one_hardly() -> None:
    found = ranking.base({(0, 1): 10.0}, {})
    for length, low, high in ((20, 0.19, 0.2), (8000, 0.0, 0.001)):
        contexts = {(0, 1): Context((0, "c", "s", 4), 20, "Ann"), (0, 2): Context((0, "c", "s", 3), length, "Bo")}
        parts = dict(ranking.in_context(found, contexts, ()))[0, 2]
        assert low <= parts.context <= high


def test_turns_of_other_cubes_and_sessions_are_no_neighbours() -> None:
    found = ranking.base({(0, 1): 10.0}, {})
    contexts = {
        (0, 1): Context((0, "c", "s", 4), 20, None),
        (1, 2): Context((1, "c", "s", 3), 20, None),
        (0, 3): Context((0, "c", "t", 3), 20, None),
    }
    assert [parts.total for _, parts in ranking.in_context(found, contexts, ())] == [1.0, 0.0, 0.0]


def test_being_named_counts() -> None:
    found = ranking.base({(0, 1): 5.0, (0, 2): 5.0}, {})
    contexts = {(0, 1): Context((0, "c", "s", 9), 9, "Ann"), (0, 2): Context((0, "c", "s", 2), 9, "Bo")}
    assert order(ranking.in_context(found, contexts, {"bo"})) == [2, 1]


@given(scores, cosines)
def test_every_candidate_is_ranked_once_with_a_finite_score(
    lexical: dict[ranking.Place, float], near: dict[ranking.Place, float]
) -> None:
    found = ranking.in_context(ranking.base(lexical, near), {}, ())
    assert {place for place, _ in found} == {*lexical, *near}
    totals = [parts.total for _, parts in found]
    assert all(math.isfinite(total) for total in totals)
    assert totals == sorted(totals, reverse=True)


@given(scores, cosines)
def test_the_order_does_not_depend_on_the_order_of_the_input(
    lexical: dict[ranking.Place, float], near: dict[ranking.Place, float]
) -> None:
    turned = ranking.base(dict(reversed(lexical.items())), dict(reversed(near.items())))
    assert ranking.in_context(turned, {}, ()) == ranking.in_context(ranking.base(lexical, near), {}, ())
