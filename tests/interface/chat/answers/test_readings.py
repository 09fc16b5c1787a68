"""Whose something is: what is the person's own, and what is somebody else's."""

import pytest

from memos_cli.interface.chat.asked_again import Again
from memos_cli.interface.chat.guards import judge
from memos_cli.operation.prompt.layout import Line

OWNERS = ("my", "Tom's", "my wife's", "Anna's", "our neighbours'", "my sister's")
FACTS = [
    ("{o} mother is 61", "How old is {o} mother?", "61."),
    ("{o} boss drives a Volvo", "What does {o} boss drive?", "A Volvo."),
    ("{o} dog is called Rex", "What is {o} dog called?", "Rex."),
    ("{o} dentist is Dr. Roig", "Who is {o} dentist?", "Dr. Roig."),
    ("{o} car is red", "What colour is {o} car?", "Red."),
    ("{o} PIN is 4411", "What is {o} PIN?", "4411."),
    ("{o} birthday is on 3 May", "When is {o} birthday?", "On 3 May."),
    ("{o} flight leaves at 9:40", "When does {o} flight leave?", "At 9:40."),
    ("{o} daughter is allergic to nuts", "What is {o} daughter allergic to?", "Nuts."),
    ("{o} rent is 900 euros", "How much is {o} rent?", "900 euros."),
    ("{o} keys are in the blue bowl", "Where are {o} keys?", "In the blue bowl."),
]


def stands(question: str, answer: str, *memories: str) -> bool:
    certain = Again(-6.0, -6.0, -0.02, -0.02)
    return judge(answer, question, [Line(text) for text in memories], least=0.95, again=lambda: certain).stands


@pytest.mark.parametrize(("memory", "question", "answer"), FACTS)
def test_what_is_told_of_one_owner_answers_nothing_of_another(memory: str, question: str, answer: str) -> None:
    """However sure the model is. Before, in 284 of 1,020 such cases the other one's stood: Tom's mother's age for mine."""
    for owner in OWNERS:
        told = memory.format(o=owner)
        told = told[0].upper() + told[1:]
        for asked in OWNERS:
            full = question.format(o=asked)
            for typed in (full, full.lower().rstrip("?")):
                assert stands(typed, answer, told) is (owner == asked), (typed, told)


@pytest.mark.parametrize(
    ("question", "answer", "memories", "theirs"),
    [
        ("How old is my mother?", "61.", ["Keiko lives here. Her mother Ana is 61."], False),
        ("Where does my sister work?", "At the bank.", ["Tom's sister Eva has a cat.", "Eva works at the bank."], False),
        ("Where does my sister work?", "At the bank.", ["My sister Eva has a cat.", "Eva works at the bank."], True),
        ("When is my daughter's birthday?", "On 3 May.", ["Lea is Tom's daughter.", "Lea's birthday is on 3 May."], False),
        ("What does my boss drive?", "A Volvo.", ["My wife's boss, Karl, drives a Volvo."], False),
        ("Who is my boss?", "Karl.", ["Karl is the boss of my wife"], False),
        ("Is my mother scared of mice?", "Yes.", ["Tom's mother, Lourdes, cooks.", "Lourdes is afraid of mice."], False),
        ("Where is the key to Tom's house?", "At the baker's.", ["The key to my house hangs at the baker's"], False),
        ("Where is the key to Tom's house?", "At the baker's.", ["The key to Tom's house hangs at the baker's"], True),
    ],
)  # fmt: skip
def test_a_name_is_of_whose_kin_it_is_told(question: str, answer: str, memories: list[str], *, theirs: bool) -> None:
    assert stands(question, answer, *memories) is theirs
