"""F1 and exact match by hand, and what holds of them for any two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.bench.qa import scores

TEXTS = st.text(st.sampled_from("abcdefgh 0123456789 .,'-\u2019\u3002"), max_size=40)
WORDS = st.lists(st.sampled_from(["porto", "river", "47", "peanuts", "vegan"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("answer", "expected", "wanted"),
    [
        ("Porto", "porto.", 1),
        ("the cat sat", "A cat sat down", 2 * 2 / 5),
        ("two two three", "two three three", 2 * 2 / 6),
        ("We finally got the allotment, plot 47 behind the railway.", "47", 2 * 1 / 9),
        ("yes", "no", 0),
        ("1,450 euros", "1450 Euros", 1),
        ("Mel\u2019s", "Mel's", 1),
        ("river the behind Porto", "Porto, behind a river!", 1),
        ("", "", 1),
        ("The", "an", 1),
        ("", "Porto", 0),
        ("Porto", "...", 0),
    ],
)
def test_f1_by_hand(answer: str, expected: str, wanted: float) -> None:
    assert scores.f1(answer, expected) == pytest.approx(wanted)


def test_words_are_those_of_squad() -> None:
    assert scores.words("The Anthem, an other a-ha: (theatre)!") == ["anthem", "other", "aha", "theatre"]


def test_exact_minds_the_order_and_nothing_that_words_leave_out() -> None:
    assert scores.exact("The second prize!", "second PRIZE")
    assert not scores.exact("prize second", "second prize")
    assert not scores.exact("second prizes", "second prize")


def test_the_nearest_of_several_answers_counts() -> None:
    assert scores.best_f1("her nephew Jonas", ("Jonas", "nephew Jonas")) == pytest.approx(2 * 2 / 5)


@pytest.mark.parametrize(
    ("answer", "expected", "wanted"),
    [
        ("My nephew Jonas built me a shed.", "Jonas", True),
        ("We bought it in May: on the 7th of May, 2023.", "7th May 2023", True),
        ("one porpoise", "two porpoises", False),
        ("two and two", "two two", True),
        ("only two", "two two", False),
        ("Jonas", "", False),
        ("", "Jonas", False),
        ("Jonasson", "Jonas", False),
    ],
)
def test_an_answer_holds_each_word_that_is_expected(answer: str, expected: str, wanted: bool) -> None:  # noqa: FBT001
    assert scores.holds(answer, expected) is wanted


@given(TEXTS, TEXTS)
def test_f1_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    found = scores.f1(one, other)
    assert 0 <= found <= 1
    assert found == scores.f1(other, one)
    assert (found == 0) == (scores.words(one) != scores.words(other) and not set(scores.words(one)) & set(scores.words(other)))
    if scores.exact(one, other):
        assert found == 1


@given(WORDS, st.randoms(use_true_random=False))
def test_f1_minds_neither_order_nor_case_nor_articles(words: list[str], random: object) -> None:
    shuffled = list(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert scores.f1(" ".join(words), f"The {', '.join(shuffled).upper()}!") == 1


@given(WORDS, WORDS)
def test_f1_is_the_harmonic_mean_of_precision_and_recall(answer: list[str], expected: list[str]) -> None:
    shared = sum(min(answer.count(word), expected.count(word)) for word in set(answer))
    precision, recall = shared / len(answer), shared / len(expected)
    wanted = 2 * precision * recall / (precision + recall) if shared else 0
    assert scores.f1(" ".join(answer), " ".join(expected)) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("answer", "generated", "wanted"),
    [
        ("I don't know that yet.", False, True),
        ("I don\u2019t know that yet", True, True),
        ("It is not mentioned in the conversation.", True, True),
        ("There is no information about a dog.", True, True),
        ("The memories do not say.", True, True),
        ("I don't know what to wear.", False, False),
        ("Howth", True, False),
        ("Nobody knows it, she said.", True, False),
    ],
)
def test_saying_that_it_is_not_known(answer: str, generated: bool, wanted: bool) -> None:  # noqa: FBT001
    assert scores.abstains(answer, generated=generated) == wanted
