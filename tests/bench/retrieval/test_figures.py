"""The figures of `bench retrieval`, of outcomes that are made up."""

import pytest

from memos_cli.bench.retrieval import figures
from memos_cli.bench.retrieval.retrieval import Retrieved


def outcome(
    relevant: str, found: str, scores: tuple[float, ...] = (), *, answered: bool = True, category: str = "1"
) -> Retrieved:
    """A question whose evidence and hits are named by single letters."""
    told = scores or (0.5,) * len(found)
    return Retrieved("talk", category, frozenset(relevant), tuple(found), told, answered, "lexical")


def test_recall_is_the_share_of_the_evidence_among_the_first() -> None:
    assert figures.recall(frozenset("ab"), tuple("axb"), 1) == 0.5
    assert figures.recall(frozenset("ab"), tuple("axb"), 3) == 1.0
    assert figures.recall(frozenset("a"), (None, "a"), 1) == 0.0
    assert figures.reciprocal_rank(frozenset("ab"), tuple("xyb")) == pytest.approx(1 / 3)
    assert figures.reciprocal_rank(frozenset("a"), tuple("xy")) == 0.0


def test_means_are_over_the_questions_with_an_answer() -> None:
    outcomes = [outcome("a", "ax"), outcome("b", "x" * 10 + "b"), outcome("", "x")]
    assert figures.summary(outcomes) == {
        "queries": 3, "answerable": 2, "recall_1": 0.5, "recall_5": 0.5, "recall_10": 0.5, "recall_20": 1.0, "hit_10": 0.5,
        "mrr_20": pytest.approx((1 + 1 / 11) / 2),
    }  # fmt: skip
    assert figures.summary([outcome("", "x")])["recall_10"] is None
    groups = figures.grouped([*outcomes, outcome("a", "a", category="2")], lambda one: one.category)
    assert {name: row["queries"] for name, row in groups.items()} == {"1": 3, "2": 1}
    assert figures.grouped([outcome("a", "a")], lambda _: None) == {}


def test_the_floor_costs_what_it_hides_and_is_for_what_has_no_answer() -> None:
    outcomes = [
        outcome("a", "a"), outcome("b", "b", answered=False), outcome("c", "x"), outcome("", "x", answered=False),
        outcome("", "x"), outcome("", "", answered=False),
    ]  # fmt: skip
    assert figures.floor(outcomes) == {
        "answered": pytest.approx(2 / 3), "recall_10": pytest.approx(1 / 3), "lost": pytest.approx(0.5), "unanswerable": 3,
        "abstained": pytest.approx(2 / 3),
    }  # fmt: skip
    assert figures.floor([outcome("", "x")])["answered"] is None
    assert figures.floor([outcome("a", "a")])["abstained"] is None
    assert figures.floor([outcome("a", "x")])["lost"] is None, "there was nothing to lose"


def test_scores_that_are_probabilities_have_no_error() -> None:
    sure = [outcome("a", "ab", (1.0, 0.0)), outcome("b", "ba", (1.0, 0.0))]
    bins, error = figures.reliability(sure)
    assert error == 0.0
    assert [one.hits for one in bins] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (bins[0].right, bins[9].right, bins[5].score) == (0.0, 1.0, None)
    assert (bins[0].low, bins[9].high) == (0.0, 1.0)


def test_the_error_weighs_a_range_by_its_hits() -> None:
    outcomes = [outcome("a", "abc", (0.85, 0.25, 0.25)), outcome("a", "x", (0.95,))]
    assert figures.reliability(outcomes)[1] == pytest.approx((1 * 0.15 + 2 * 0.25 + 1 * 0.95) / 4)


def test_only_what_is_shown_is_measured() -> None:
    bins, error = figures.reliability([outcome("a", "a", (0.9,), answered=False)])
    assert (sum(one.hits for one in bins), error) == (0, None)


def test_a_part_earns_what_is_lost_without_it() -> None:
    outcomes = [
        outcome("a", "a")._replace(bare={"words": ("x",), "form": ("a",)}),
        outcome("b", "x")._replace(bare={"words": ("x",), "form": ("b",)}),
        outcome("", "x")._replace(bare={"words": ("x",), "form": ("b",)}),
    ]
    assert figures.earnings(outcomes) == [
        {"part": "words", "recall_10": 0.0, "earns": 0.5},
        {"part": "form", "recall_10": 1.0, "earns": -0.5},
    ]
    assert figures.earnings([]) == []
