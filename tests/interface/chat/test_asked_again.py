"""What stands where the model was asked again with only the memories of its answer, and what does not for all that."""

import json
from pathlib import Path
from typing import Any

import pytest

from memos_cli.interface.chat.asked_again import LEAST, Again
from memos_cli.interface.chat.guards import Ground, Verdict, judge
from memos_cli.operation.prompt.layout import Line

CERTAIN = Again(-9.0, -9.0, -0.01, -0.01)
"""It would not refuse, and is as certain of its answer with one memory as with all."""
REFUSING = Again(-1.5, -0.05, -4.0, -3.0)
CASES = [
    json.loads(line)
    for name in ("guards.jsonl", "guards_later.jsonl", "guards_kinds.jsonl")
    for line in (Path(__file__).parent / name).read_text("utf-8").splitlines()
    if line.strip()
]


def of(question: str, answer: str, *memories: str | Line, again: Again | None = CERTAIN, least: float = 0.7) -> Verdict:
    lines = [one if isinstance(one, Line) else Line(one) for one in memories]
    return judge(answer, question, lines, least=least, again=lambda: again)


@pytest.mark.parametrize(
    ("question", "answer", "memory"),
    [
        ("Who pays for Netflix?", "Carlos.", "Netflix is on Carlos' account, he pays"),
        ("What does Levi collect?", "Stamps.", "My godson Levi collects stamps with birds"),
    ],
)
def test_what_was_left_open_stands_where_the_model_stays_with_it(question: str, answer: str, memory: str) -> None:
    verdict = of(question, answer, memory)
    assert verdict.stands, verdict
    assert verdict.rests_on == (0,)
    assert verdict.chance is not None
    assert verdict.chance >= LEAST
    assert not of(question, answer, memory, again=REFUSING).stands


def test_what_the_model_refuses_by_itself_is_taken_back() -> None:
    question, answer, memories = (
        "How much is Pia's room?",
        "540.",
        ("Pia found a room, 540 a month, shares with Roos and Tijn",),
    )
    assert judge(answer, question, [Line(*memories)], least=0.75).stands
    assert not of(question, answer, *memories, again=REFUSING, least=0.75).stands


def test_a_model_that_tells_nothing_changes_nothing() -> None:
    for case in CASES:
        assert judged(case, None) == judge(case["answer"], case["question"], lines(case), grounds(case), least=0.8), case


def test_the_model_is_not_asked_again_where_that_changes_nothing() -> None:
    def never() -> Again:
        raise AssertionError

    lines = [Line("Anna lives in Porto.")]
    assert judge("In Porto.", "Where does Anna live?", lines, least=0.99, again=never).stands
    assert judge("I don't know that yet.", "Where does Anna live?", lines, least=0.99, again=never).stands
    assert not judge("In Lisbon.", "Where does Anna live?", lines, least=0.99, again=never).stands
    assert judge("In Porto.", "Where does Anna live?", lines, again=never).stands


def test_however_certain_the_model_is_twice_what_must_not_stand_does_not() -> None:
    against = [case for case in CASES if not case["stands"]]
    assert len(against) >= 150
    for case in against:
        assert not judged(case, CERTAIN, 0.999).stands, case


@pytest.mark.parametrize(
    ("question", "answer", "memories"),
    [
        ("Is my daughter allergic to penicillin?", "Yes.", ["Oma Truus is allergic to penicillin"]),
        ("Is Anna allergic to nuts?", "Yes.", ["Anna is married to Tom, who is allergic to nuts."]),
        ("Can Padraig have onions?", "No, onions.", ["Padraig: garlic no, onions fine."]),
        ("Who lives in Ghent?", "Lukas.", ["Mei-Ling lives in Ghent."]),
        (
            "Where are the passports?", "In the grey folder.",
            [Line("Passports are in the grey folder", "2025-01-02"), Line("moved the passports to the safe", "2025-03-04")],
        ),
    ],
)  # fmt: skip
def test_what_is_dangerous_stays_out(question: str, answer: str, memories: list[str | Line]) -> None:
    assert not of(question, answer, *memories, least=0.99).stands


def test_a_memory_that_is_over_bears_nothing_out() -> None:
    told, asked = [Line("Netflix is on Carlos' account, he pays")], "Who pays for Netflix?"
    assert judge("Carlos.", asked, told, least=0.7, again=lambda: CERTAIN).stands
    assert not judge("Carlos.", asked, told, [Ground(ended=True)], least=0.7, again=lambda: CERTAIN).stands


def lines(case: dict[str, Any]) -> list[Line]:
    return [Line(memory["text"], memory.get("date"), memory.get("speaker")) for memory in case["memories"]]


def grounds(case: dict[str, Any]) -> list[Ground]:
    return [Ground(memory.get("fits", True), memory.get("key"), ended="valid_to" in memory) for memory in case["memories"]]


def judged(case: dict[str, Any], again: Again | None, least: float = 0.8) -> Verdict:
    return judge(case["answer"], case["question"], lines(case), grounds(case), least=least, again=lambda: again)
