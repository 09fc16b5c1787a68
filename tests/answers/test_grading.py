"""The grading of answers, and that the questions are what they are said to be."""

from collections import Counter

import pytest

from tests.answers import grading
from tests.answers.grading import Question, grade

CODE = Question("What is my locker code?", "value", ("4471",), ("9026",))
PILL = Question("Is the pill pink?", "negation", ("no",), ("yes",))
BUS = Question("Which bus does Jun take?", "wrong_subject", (), ("304",))


@pytest.mark.parametrize(
    ("question", "answer", "generated", "verdict"),
    [
        (CODE, "Your locker code is 4471.", True, grading.RIGHT),
        (CODE, "4471, and Xiu's is 9026", True, grading.WRONG),
        (CODE, "44712", True, grading.WRONG),
        (CODE, "I don't know that yet.", True, grading.REFUSED),
        (CODE, "my locker code is 4471, Xiu's is 9026", False, grading.CITED),
        (CODE, "", True, grading.REFUSED),
        (PILL, "No, it is the white one.", True, grading.RIGHT),
        (PILL, "Nothing is known of that.", True, grading.WRONG),
        (PILL, "Yes.", True, grading.WRONG),
        (BUS, "No.", True, grading.WRONG),
        (BUS, "I don\u2019t know that yet.", True, grading.REFUSED),
        (BUS, "I don't know that yet.", True, grading.REFUSED),
        (Question("What do they keep?", "value", ("goat",), ()), "They keep goats.", True, grading.RIGHT),
    ],
)
def test_an_answer_is_graded_by_its_words(question: Question, answer: str, *, generated: bool, verdict: str) -> None:
    assert grade(question, answer, generated=generated) == verdict


def test_two_hundred_questions_over_twenty_persons_of_five_to_forty_memories() -> None:
    persons = list(grading.persons())
    sizes = [len(person.memories) for person in persons]
    kinds = Counter(question.kind for person in persons for question in person.questions)
    assert (len(persons), kinds.total(), min(sizes), max(sizes)) == (20, 200, 5, 40)
    assert kinds["absent"] + kinds["wrong_subject"] >= 30
    for person in persons:
        for question in person.questions:
            assert bool(question.answers) != (question.kind in grading.ABSENT), question


def test_every_accepted_answer_is_right_by_its_own_grading() -> None:
    for person in grading.persons():
        for question in person.questions:
            for answer in question.answers:
                assert (
                    grade(question, f"It is {answer}." if not question.yes_or_no else answer, generated=True) == grading.RIGHT
                )
