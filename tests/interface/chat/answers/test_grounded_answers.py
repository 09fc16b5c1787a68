"""Values that a memory holds in other words than the question's."""

import pytest

from memos_cli.interface.chat import guards
from memos_cli.operation.exam.questions import shipped
from memos_cli.operation.prompt.layout import Line
from tests.answers.grading import ABSENT, persons


@pytest.mark.parametrize(
    ("question", "answer", "memory", "stands"),
    [
        (
            "Who looks after the plants while we're gone?",
            "Gerda",
            "Our neighbour Gerda waters the plants when we are away.",
            True,
        ),
        (
            "Where did we leave the spare key?",
            "Under the third flowerpot.",
            "The spare key is under the third flowerpot.",
            True,
        ),
        ("Which doctor do we see?", "Dr. Brandt", "Dr. Brandt is our family doctor.", True),
        ("What is my favourite colour?", "Adele", "My favourite singer is Adele.", False),
        ("How much do I owe Jonas?", "35 dollars", "Jonas owes me 35 dollars.", False),
        ("What can I give my daughter?", "Penicillin", "My daughter is allergic to penicillin.", False),
        ("Which bus does Jun take?", "304", "I still take bus 304 to work.", False),
        ("Where does Anna work?", "At Philips", "Tom's sister Ann works at Philips.", False),
        ("Who waters the plants?", "Gerda", "Maybe Gerda waters the plants.", False),
    ],
)
def test_a_value_stands_where_one_memory_says_it_of_whom_was_asked(
    question: str, answer: str, memory: str, *, stands: bool
) -> None:
    assert guards.judge(answer, question, [Line(memory)]).stands is stands


def test_a_later_memory_of_the_same_ends_an_earlier_one() -> None:
    told = [
        Line("The spare key hangs behind the shutter.", "2024-01-09"),
        Line("The spare key lies in the shed now.", "2024-02-27"),
    ]
    assert not guards.judge("Behind the shutter.", "Where did we leave the spare key?", told).stands
    assert guards.judge("In the shed.", "Where did we leave the spare key?", told).rests_on == (1,)


def test_right_answers_mostly_stand_and_those_of_others_seldom() -> None:
    """Of the answers of the exam, and of the questions over made-up persons, with every memory of a person in the prompt."""
    exam = [(one.answers[0] if one.answers else "I don't know that yet.", one) for one in shipped()]
    right = [guards.judge(answer, one.question, one.memories).stands for answer, one in exam]
    wrong = [guards.judge(text, one.question, one.memories).stands for one in shipped() for text in one.wrong]
    assert sum(right) >= 0.75 * len(right)
    assert sum(wrong) <= 0.05 * len(wrong)
    right, absent = [], []
    for person in persons():
        lines = [Line(told["text"], told.get("date"), told.get("speaker")) for told in person.memories]
        for asked in person.questions:
            if asked.kind in ABSENT:
                absent += [guards.judge(text, asked.text, lines).stands for text in (*asked.never, "Yes.", "No.")]
            else:
                right.append(guards.judge(asked.answers[0], asked.text, lines).stands)
    assert sum(right) >= 0.65 * len(right)
    assert sum(absent) <= 0.05 * len(absent)
