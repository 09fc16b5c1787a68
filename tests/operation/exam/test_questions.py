"""The questions of the exam: that there are enough of every kind, and that they say of memos what memos does."""

import json
from collections import Counter
from pathlib import Path

import pytest

from memos_cli.operation.exam import grades, questions
from memos_cli.operation.exam.questions import KINDS, ExamQuestion
from tests.cited import cited
from tests.conftest import ROOT

SHIPPED = questions.shipped()
HELD_OUT = questions.read((ROOT / "tests/data/exam_held_out.jsonl").read_text(encoding="utf-8").splitlines())
BOTH = [pytest.param(SHIPPED, id="shipped"), pytest.param(HELD_OUT, id="held out")]


def test_a_dozen_choose_and_the_others_examine() -> None:
    assert Counter(one.use for one in SHIPPED) == {"choose": 12, "examine": 48}
    assert {one.kind for one in SHIPPED if one.use == "choose"} == set(KINDS)
    assert {one.use for one in HELD_OUT} == {"examine"}


def test_the_first_half_has_every_kind() -> None:
    examining = [one.kind for one in SHIPPED if one.use == "examine"]
    assert set(examining[: int(grades.ENOUGH * len(examining))]) == set(KINDS)


@pytest.mark.parametrize("asked", BOTH)
def test_each_is_sound(asked: tuple[ExamQuestion, ...]) -> None:
    assert len(asked) == 60
    assert {one.kind for one in asked} == set(KINDS)
    for one in asked:
        assert 2 <= len(one.memories) <= 8
        assert [line.date for line in one.memories] == sorted(line.date or "" for line in one.memories)
        assert bool(one.answers) == bool(one.evidence) == (one.kind not in {"subject", "absent"})
        assert sorted(one.order) == list(range(1, len(one.memories) + 1))
        assert set(one.cited) | set(one.evidence) <= set(one.order)
        assert one.best_first[0] == one.memories[one.order[0] - 1]
        assert not one.answers or grades.mark(one, one.answers[0]) == "right", one.question
        assert grades.mark(one, "I don't know that yet.") == ("refused" if one.answers else "right")
        assert all(grades.mark(one, wrong) == "wrong" for wrong in one.wrong)


def test_none_is_of_the_test_sets_that_models_are_measured_on() -> None:
    measured = json.loads((ROOT / "tests/data/handwritten_qa.json").read_text(encoding="utf-8"))["items"]
    known = {one["question"] for one in measured} | {line["text"] for one in measured for line in one["memories"]}
    texts = [{one.question, *(line.text for line in one.memories)} for one in (*SHIPPED, *HELD_OUT)]
    assert not known & set().union(*texts)
    assert not {one.question for one in SHIPPED} & {one.question for one in HELD_OUT}
    assert not {line.text for one in SHIPPED for line in one.memories} & {
        line.text for one in HELD_OUT for line in one.memories
    }


@pytest.mark.parametrize("asked", BOTH)
def test_search_finds_and_chat_cites_what_they_say(asked: tuple[ExamQuestion, ...], tmp_path: Path) -> None:
    for number, one in enumerate(asked[::6]):
        assert cited(tmp_path / str(number), one) == (one.order, one.cited), one.question


@pytest.mark.parametrize("line", ["[]", "{}", "3", '{"kind": "who", "use": "examine", "memories": [3], "question": "?"}'])
def test_what_is_no_question(line: str) -> None:
    with pytest.raises(ValueError, match="not a question"):
        questions.read([line])
