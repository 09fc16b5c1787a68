"""How rare a word is in the language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.operation.operator.ranking.rarity import _bands, rarity


def test_a_word_is_the_rarer_the_less_it_is_said() -> None:
    said = [rarity(word) for word in ("the", "time", "month", "heron")]
    assert said == sorted(said)
    assert (said[0], said[-1]) == (0.0, 1.0)
    assert rarity("time") < 0.5


@pytest.mark.parametrize("word", ["flumph", "e1042", "43", "苍鹭", "straße", "", " ", "the time", "\x00"])
def test_what_is_no_frequent_word_tells_all_that_a_word_can(word: str) -> None:
    assert rarity(word) == 1.0


@given(st.text(max_size=12))
def test_a_rarity_is_from_0_to_1(word: str) -> None:
    assert 0.0 <= rarity(word) <= 1.0


def test_the_list_of_words_can_be_read() -> None:
    bands = _bands()
    assert 7_000 <= sum(len(words.split()) for _, words in bands) <= 9_000
    assert [frequency for frequency, _ in bands] == sorted((frequency for frequency, _ in bands), reverse=True)
    assert all(words.startswith(" ") and words.endswith(" ") for _, words in bands), "each word stands between spaces"
