"""Grades, the bar and the verdict, on answers that are made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.operation.exam import grades
from memos_cli.operation.exam.grades import Mark, Sat, Score
from memos_cli.operation.exam.questions import ExamQuestion
from memos_cli.operation.prompt.layout import Line

MEMORIES = (Line("Oma Lies is allergic to walnuts.", "2024-01-01"), Line("Jesse is six.", "2024-02-01"))


def question(
    *answers: str, wrong: tuple[str, ...] = (), cited: tuple[int, ...] = (1,), evidence: tuple[int, ...] = (1,)
) -> ExamQuestion:
    return ExamQuestion("who", "examine", MEMORIES, "?", answers, wrong, evidence if answers else (), (1, 2), cited)


def sat(number: int = 0, least: float | None = 0.9, *, stands: bool = True) -> Sat:
    return Sat(number, "fence", "x", least, whole=True, first=0.1, seconds=0.2, tokens=3, stands=stands)


@pytest.mark.parametrize(
    ("answers", "wrong", "said", "expected"),
    [
        (("Gerda",), (), "Gerda.", "right"),
        (("Gerda",), (), "It is your neighbour, GERDA!", "right"),
        (("Gerda",), (), "Gerdas dog", "wrong"),
        (("Gerda",), (), "I don't know that yet.", "refused"),
        (("Gerda",), (), "I don\u2019t know that yet.", "refused"),
        (("Gerda",), (), "The memories do not say who.", "refused"),
        (("Gerda",), (), "", "wrong"),
        (("Gerda",), ("Thijs",), "Gerda and Thijs", "wrong"),
        (("7:15", "quarter past seven"), ("6:45",), "At 7:15 a.m.", "right"),
        (("7:15", "quarter past seven"), ("6:45",), "at quarter past seven", "right"),
        (("7:15",), ("6:45",), "6:45", "wrong"),
        (("1,210", "1210"), ("1,150",), "1,210 euros.", "right"),
        (("yes",), ("no",), "Yes, she has.", "right"),
        (("yes",), ("no",), "Gerda says yes", "wrong"),
        (("yes",), ("no",), "No.", "wrong"),
        (("no", "cannot swim"), ("yes",), "No.", "right"),
        (("no", "cannot swim"), ("yes",), "Jesse cannot swim.", "right"),
        (("no", "cannot swim"), ("yes",), "Yes, Jesse cannot swim.", "wrong"),
        ((), ("yes", "no"), "I don't know that yet.", "right"),
        ((), ("yes", "no"), "Yes.", "wrong"),
        ((), ("yes", "no"), "No.", "wrong"),
        ((), (), "Oma Lies is allergic to walnuts.", "wrong"),
        ((), (), "", "wrong"),
    ],
)
def test_a_mark(answers: tuple[str, ...], wrong: tuple[str, ...], said: str, expected: Mark) -> None:
    assert grades.mark(question(*answers, wrong=wrong), said) == expected


def test_what_runs_to_the_limit_is_no_answer() -> None:
    assert grades.mark(question("Gerda"), "Gerda " * 20, whole=False) == "wrong"
    assert grades.mark(question(), "I don't know that yet. " * 9, whole=False) == "wrong"


def test_citing_is_worth_a_share_where_it_holds_the_answer() -> None:
    assert grades.cited_value(question("Gerda")) == 1
    assert grades.cited_value(question("Gerda", cited=(1, 2))) == 0.5
    assert grades.cited_value(question("Gerda", cited=(2,))) == 0
    assert grades.cited_value(question("Gerda", cited=(1,), evidence=(1, 2))) == 0
    assert grades.cited_value(question()) == 0
    assert grades.cited_value(question(cited=())) == 1


def test_the_bar_lies_between_the_wrong_answer_below_and_the_right_one_above() -> None:
    marks: list[tuple[Mark, Sat]] = [("right", sat(least=0.9)), ("wrong", sat(least=0.5)), ("right", sat(least=0.4))]
    assert grades.bar(marks) == pytest.approx(0.7)
    assert grades.score(marks, grades.bar(marks)) == Score(1, 0, 0, 2)


def test_no_bar_is_needed_where_enough_is_right_and_one_in_48_may_be_wrong() -> None:
    assert grades.bar([("right", sat())] * 48) == 0
    assert grades.bar([("right", sat())] * 47 + [("wrong", sat(least=1.0))]) == 0
    assert grades.bar([("right", sat(least=0.9))] * 46 + [("wrong", sat(least=1.0)), ("wrong", sat(least=0.7))]) == 0.8


def test_an_answer_that_a_guard_takes_back_is_not_wrong() -> None:
    marks: list[tuple[Mark, Sat]] = [("right", sat())] * 10 + [("wrong", sat(least=1.0, stands=False))] * 5
    assert grades.bar(marks) == 0
    assert grades.score(marks, 0) == Score(10, 0, 0, 5)


def test_a_model_that_tells_no_probabilities_is_trusted_only_if_it_is_seldom_wrong() -> None:
    asked = [question("a", cited=())] * 48
    good: list[tuple[Mark, Sat]] = [("right", sat(n, None)) for n in range(47)] + [("wrong", sat(47, None))]
    bad: list[tuple[Mark, Sat]] = [("right", sat(n, None)) for n in range(40)] + [
        ("wrong", sat(n, None)) for n in range(40, 48)
    ]
    assert grades.verdict(asked, good).trusted
    found = grades.verdict(asked, bad)
    assert (found.trusted, found.score.wrong, found.why) == (
        False, 8, "it is wrong too often, however sure it is: 40 of 48 right and 8 wrong where it is sure",
    )  # fmt: skip


def test_a_model_that_does_no_better_than_citing_only_cites() -> None:
    cited, mute = question("a", cited=(1,)), question("a", cited=())
    marks: list[tuple[Mark, Sat]] = [("right", sat(n)) for n in range(30)] + [("refused", sat(n)) for n in range(30, 48)]
    found = grades.verdict([cited] * 48, marks)
    assert (found.trusted, found.value, found.citing) == (False, 30 / 48, 1.0)
    assert found.why == "it does no better than citing your memories: 30 of 48 right and 0 wrong where it is sure"
    assert grades.verdict([mute] * 48, marks).trusted


def test_a_model_that_is_seldom_sure_is_not_worth_the_wait() -> None:
    marks: list[tuple[Mark, Sat]] = [("right", sat(n)) for n in range(11)] + [("wrong", sat(n, 0.2)) for n in range(11, 48)]
    found = grades.verdict([question("a", cited=())] * 48, marks)
    assert (found.trusted, found.score) == (False, Score(11, 0, 0, 37))
    assert found.why == "it is seldom right where it is sure enough: 11 of 48 right and 0 wrong where it is sure"


MARKS = st.lists(
    st.tuples(
        st.sampled_from(["right", "wrong", "refused"]), st.builds(sat, st.just(0), st.floats(0, 1), stands=st.booleans())
    ),
    min_size=1,
    max_size=60,
)


@given(MARKS)
def test_over_the_bar_at_most_three_of_a_hundred_are_wrong(marks: list[tuple[Mark, Sat]]) -> None:
    limit = grades.bar(marks)
    found = grades.score(marks, limit)
    assert found.asked == len(marks)
    certain = [one for mark, one in marks if mark == "wrong" and one.stands and one.least == 1]
    assert found.wrong <= max(grades.MOST_WRONG * len(marks), len(certain) if limit == 1 else 0)
    assert not grades.verdict([question("a")], marks).trusted or found.wrong <= grades.MOST_WRONG * len(marks)
