"""Memories that tell the same of several people: whose a value is."""

import pytest

from memos_cli.interface.chat.asked_again import Again
from memos_cli.interface.chat.guards import judge
from memos_cli.operation.prompt.layout import Line

VALUES = [("PIN", "4411", "9020"), ("room", "12", "47"), ("locker code", "A17", "C52"), ("shoe size", "38", "44")]
LISTS = [
    "{a}: {x}, {b}: {y}",
    "{k}s: {a} {x}, {b} {y}",
    "{a}'s {k} is {x}, {b}'s {y}",
    "{a}'s {k} is {x} and {b}'s is {y}",
    "{k} {a} = {x}; {k} {b} = {y}",
    "{a} has {k} {x}, {b} has {y}",
    "The {k} of {a} is {x}, that of {b} {y}",
    "{k}s: {a} ({x}), {b} ({y})",
    "- {a}: {k} {x}\n- {b}: {k} {y}",
    "{a} | {k} | {x}\n{b} | {k} | {y}",
    "{a} -> {x}\n{b} -> {y}",
    "{x} is {a}'s {k}, {y} is {b}'s",
    "{a}'s {k}: {x}. {b}'s: {y}.",
]


def stands(memory: str, question: str, answer: str) -> bool:
    certain = Again(-6.0, -6.0, -0.02, -0.02)
    return judge(answer, question, [Line(memory)], least=0.95, again=lambda: certain).stands


@pytest.mark.parametrize("form", LISTS)
def test_of_two_in_a_memory_each_has_their_own_value(form: str) -> None:
    """However sure the model is. Before, of two such values the other one's stood in seven cases of ten."""
    right = 0
    for kind, one, other in VALUES:
        memory = form.format(a="Anna", b="Ben", x=one, y=other, k=kind)
        for who, own, others in (("Anna", one, other), ("Ben", other, one)):
            for question in (f"What is {who}'s {kind}?", f"what's {who.lower()}s {kind.lower()}"):
                assert not stands(memory, question, f"{others}."), (memory, question)
                right += stands(memory, question, f"{own}.")
    assert right >= 12, "of 16"


@pytest.mark.parametrize(
    ("memory", "question", "answer", "theirs"),
    [
        ("My PIN is 4411, Ben's is 9020", "What is my PIN?", "9020", False),
        ("My PIN is 4411, Ben's is 9020", "What is my PIN?", "4411", True),
        ("Anna and Ben have rooms 12 and 47 respectively", "What is Anna's room?", "47", False),
        ("Xiadani: 4411, Keoni: 9020", "What is Xiadani's PIN?", "9020", False),
        ("My sous-chef Lucía earns 620 thousand, Nahuel 480 thousand", "What does Nahuel earn?", "620 thousand", False),
        ("Anna's PIN changed from 9020 to 4411", "What is Anna's PIN?", "9020", False),
        ("Anna's PIN changed from 9020 to 4411", "What is Anna's PIN?", "4411", True),
        ("My cousin Annelie, Roswitha's daughter, plays the bassoon", "What does my cousin play?", "The bassoon.", True),
        ("My daughter Ida, Tom's goddaughter, is in room 12", "Which room is Ida in?", "Room 12.", True),
        ("Cabin 3 is booked by my old teacher, Mrs. Holmqvist", "Which cabin is Mrs. Holmqvist in?", "Cabin 3.", True),
        ("Tom and Ben are in room 12", "Which room is Tom in?", "Room 12.", True),
        ("My wife Inés goes to a different dentist, Dr. Roig", "Which dentist does my wife see?", "Dr. Roig.", True),
    ],
)
def test_whose_a_value_is(memory: str, question: str, answer: str, *, theirs: bool) -> None:
    assert stands(memory, question, answer) is theirs


@pytest.mark.parametrize(
    ("memory", "question", "yes"),
    [
        ("Anna is allergic to nuts and Ben to eggs", "Is Anna allergic to eggs?", False),
        ("Anna is allergic to nuts and Ben to eggs", "Is Ben allergic to nuts?", False),
        ("Anna is allergic to nuts and Ben to eggs", "is anna allergic to nuts", True),
        ("Allergies: Anna nuts, Ben eggs", "Is Anna allergic to eggs?", False),
        ("Tom and Ben are allergic to nuts", "Is Tom allergic to nuts?", True),
    ],
)
def test_whom_a_yes_is_about(memory: str, question: str, *, yes: bool) -> None:
    assert stands(memory, question, "Yes.") is yes
