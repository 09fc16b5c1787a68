"""The measuring of the questions over made-up persons."""

from collections import Counter

import pytest

from tests.answers import measure
from tests.answers.grading import CITED, grade, persons


def test_each_question_is_asked_as_chat_asks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMOS_EMBEDDER", "none")
    person = min(persons(), key=lambda one: len(one.memories))
    answered = list(measure.answers(person, {"llm.model": "none"}))
    assert [question for question, _ in answered] == list(person.questions)
    assert all(one.mode == "extractive" for _, one in answered)
    said = {told["text"] for told in person.memories}
    for question, one in answered:
        if grade(question, one.answer, generated=False) == CITED:
            assert set(one.answer.split("\n")) <= said


def test_the_table_tells_what_the_bars_ask() -> None:
    counts = {"value": Counter(right=3, wrong=1), "absent": Counter(refused=2, cited=1, wrong=1)}
    shown = measure.table(counts).splitlines()
    assert shown[-1] == "right of the answerable 75.0%; wrong of all 25.0%; absent refused or cited 75.0%"
    assert shown[-2].split() == ["all", "8", "3", "2", "2", "1", "0"]
