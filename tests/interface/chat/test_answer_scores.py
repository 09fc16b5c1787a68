"""The trees that weigh the signs of an answer."""

from memos_cli.interface.chat import answer_scores
from memos_cli.interface.chat.answer_scores import Forest, forests, kinds


def test_the_trees_are_walked_by_their_thresholds() -> None:
    forest = Forest(("a", "b"), 0.5, ([0, 1.0, -1.0, [1, 2.0, 0.25, 0.75]], 2.0))
    assert forest.log_odds({"a": 1.0, "b": 9.0}) == 0.5 - 1.0 + 2.0
    assert forest.log_odds({"a": 1.5, "b": 2.0}) == 0.5 + 0.25 + 2.0
    assert forest.log_odds({"a": 1.5, "b": 2.5}) == 0.5 + 0.75 + 2.0


def test_the_shipped_file_is_small_and_whole() -> None:
    assert set(forests()) == {"value", "yes", "no"}
    assert all(forest.trees and forest.signs for forest in forests().values())
    assert answer_scores.FILE.stat().st_size <= 50_000


def test_words_of_one_kind_of_fact_are_told() -> None:
    assert set(kinds()["rent"]) & set(kinds()["month"]) or kinds()["rent"]
