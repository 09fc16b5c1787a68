import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.operation.operator.ranking import passages
from memos_cli.operation.operator.ranking.passages import LONG, MOST, passage, window

PREFACE = "The annual report of the garden club begins with a long preface about the weather. "
TALK = "Then there was a discussion about roses and slugs that went on for an hour. "
ANSWER = "The treasurer, Mrs Okafor, counted 412 euros in the tin box."
TEXT = f"{PREFACE * 12}{ANSWER} {TALK * 10}"


@pytest.mark.parametrize(
    "query",
    ["how many euros did the treasurer count", "What is in the tin boxes?", "Okafor's counting", "TREASURER", "euro"],
)
def test_the_sentence_that_answers_is_found_with_its_place(query: str) -> None:
    found = passage(query, TEXT)
    assert found is not None
    assert found.text.startswith(ANSWER)
    assert TEXT[found.start : found.end] == found.text
    assert len(found.text) <= MOST


def test_a_short_text_and_one_without_a_word_of_the_query_have_none() -> None:
    assert passage("treasurer", ANSWER) is None
    assert passage("submarine", TEXT) is None
    assert passage("", TEXT) is None
    assert passage("treasurer", f"{ANSWER}{'x' * (LONG - len(ANSWER))}") is not None


def test_a_rare_word_weighs_more_than_words_that_are_said_everywhere() -> None:
    found = passage("the weather report of the club in the tin box", TEXT)
    assert found is not None
    assert "tin box" in found.text


def test_scripts_without_spaces() -> None:
    text = (
        "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002" * 150
        + "\u5bc6\u7801\u672c\u5728\u62bd\u5c49\u91cc\u3002"
        + "\u6211\u4eec\u53bb\u516c\u56ed\u3002" * 50
    )
    found = passage("\u62bd\u5c49\u91cc\u6709\u4ec0\u4e48", text)
    assert found is not None
    assert found.text.startswith("\u5bc6\u7801\u672c\u5728\u62bd\u5c49\u91cc")


def test_one_endless_sentence_is_cut_between_words() -> None:
    text = "word " * 2000 + "needle " + "word " * 2000
    found = passage("needle", text)
    assert found is not None
    assert "needle" in found.text
    assert len(found.text) <= MOST
    assert not found.text.startswith("ord")
    assert passage("needle", "x" * 5000 + "needle") is None, "a run of letters is one word"


def test_of_equals_the_first() -> None:
    found = passage("slugs", TEXT)
    assert found is not None
    assert found.start == TEXT.index(TALK)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300), st.text(max_size=20))
def test_any_text_and_any_query(piece: str, query: str) -> None:
    text = piece * (1 + LONG // max(1, len(piece)))
    found = passage(query, text)
    if found is not None:
        assert text[found.start : found.end] == found.text
        assert found.text == found.text.strip() != ""
        assert found.end - found.start <= MOST


def test_a_long_text_takes_time_by_its_length_alone() -> None:
    from time import process_time

    start = process_time()
    assert passage("roses and slugs", TALK * 3000) is not None
    assert process_time() - start < 3


def test_a_window_has_what_lies_together() -> None:
    offsets = [[0, 100], [10, 500], [65]]
    assert window(offsets, [1.0, 1.0, 1.0]) == pytest.approx(2 / 3)
    assert window(offsets, [1.0, 1.0, 1.0], 66) == 1.0
    assert window(offsets, [1.0, 1.0, 1.0], 65) == pytest.approx(2 / 3)
    assert window(offsets, [3.0, 0.5, 0.5], 5) == pytest.approx(0.75)
    assert window([[], []], [1.0, 1.0]) == window([], []) == window([[3]], [0.0]) == 0.0


@given(
    st.lists(st.lists(st.integers(0, 300), max_size=8), min_size=1, max_size=5).flatmap(
        lambda offsets: st.tuples(
            st.just(offsets), st.lists(st.floats(0.1, 5), min_size=len(offsets), max_size=len(offsets)), st.integers(1, 80)
        )
    )
)
def test_a_window_is_the_best_of_all(case: tuple[list[list[int]], list[float], int]) -> None:
    offsets, weights, span = case
    best = max(
        sum(weight for found, weight in zip(offsets, weights, strict=True) if any(start <= at < start + span for at in found))
        for start in range(301)
    )
    assert passages.window(offsets, weights, span) == pytest.approx(best / sum(weights))
