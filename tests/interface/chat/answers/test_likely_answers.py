"""With the model's certainty more stands than by rules alone, and nothing of what is dangerous to get wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from memos_cli.interface.chat import guards
from memos_cli.interface.chat.guards import Ground, Verdict, judge
from memos_cli.operation.prompt.layout import Line

CASES = [
    json.loads(line)
    for name in ("guards.jsonl", "guards_later.jsonl", "guards_kinds.jsonl")
    for line in (Path(__file__).parents[1] / name).read_text("utf-8").splitlines()
    if line.strip()
]


def judged(case: dict[str, Any], least: float) -> Verdict:
    lines = [Line(memory["text"], memory.get("date"), memory.get("speaker")) for memory in case["memories"]]
    grounds = [Ground(memory.get("fits", True), memory.get("key"), ended="valid_to" in memory) for memory in case["memories"]]
    return judge(case["answer"], case["question"], lines, grounds, least=least)


def of(question: str, answer: str, *memories: str, least: float = 0.95) -> Verdict:
    return judge(answer, question, [Line(text) for text in memories], least=least)


def test_however_sure_the_model_is_what_must_not_stand_does_not() -> None:
    against = [case for case in CASES if not case["stands"]]
    assert len(against) >= 150
    for case in against:
        assert not judged(case, 0.999).stands, case


def test_nearly_all_that_stands_by_rules_stands_where_the_model_is_sure() -> None:
    standing = [case for case in CASES if case["stands"]]
    assert sum(judged(case, 0.95).stands for case in standing) >= 0.98 * len(standing)


@pytest.mark.parametrize(
    ("question", "answer", "memory"),
    [
        ("Is Rosa still with Emre?", "No, she broke up with Emre.", "Rosa broke up with Emre"),
        ("Is Miso still alive?", "No, he was put to sleep today.", "Miso was put to sleep today."),
    ],
)
def test_what_no_rule_bears_out_stands_where_the_model_is_sure_of_it(question: str, answer: str, memory: str) -> None:
    verdict = of(question, answer, memory)
    assert verdict.stands, verdict.reason
    assert verdict.chance is not None
    assert verdict.chance >= guards.LEAST_CHANCE
    assert verdict.rests_on == (0,)
    assert not judge(answer, question, [Line(memory)]).stands


@pytest.mark.parametrize(
    ("question", "memories"),
    [
        ("Is my daughter allergic to penicillin?", ["Oma Truus is allergic to penicillin"]),
        (
            "Is my daughter allergic to penicillin?",
            ["Oma Truus is allergic to penicillin", "my daughter loves Oma Truus"],
        ),
        ("Is Fenna allergic to penicillin?", ["Oma Truus is allergic to penicillin, Fenna brings her soup"]),
        ("Is Fenna allergic to penicillin?", ["Fenna's oma is allergic to penicillin"]),
        ("Does Fenna eat fish?", ["Truus, who looks after Fenna, eats fish"]),
        ("Am I allergic to penicillin?", ["Oma Truus is allergic to penicillin"]),
        ("Is Fenna allergic to bees?", ["Fenna may be allergic to bees, the test is on Friday"]),
        ("Is Fenna allergic to bees?", ["Fenna used to be allergic to bees"]),
        ("Is Fenna allergic to bees?", ["Fenna is allergic to everything but bees"]),
        ("Does Fenna have a cat?", ["Fenna wants a cat"]),
        ("Does Fenna have the flu?", ["Advent: Fenna makes the crib, Truus the bread, I get the flu"]),
        ("Is Fenna strict on phones?", ["Fenna is strict on gloves, Truus on phones"]),
        ("Is Fenna the carer at weekends?", ["Fenna is Truus's carer on weekdays, at weekends it's me"]),
        ("Is the crane ours on Wednesdays?", ["the crane is ours on Tuesdays, the other lot's on Wednesdays"]),
    ],
)
def test_nobody_is_said_to_be_what_another_is_or_what_is_not_certain(question: str, memories: list[str]) -> None:
    assert not of(question, "Yes.", *memories, least=0.999).stands


def test_a_no_that_says_nothing_else_needs_a_memory_that_denies() -> None:
    assert not of("Is Edith still seeing Ravi?", "No.", "Edith is seeing somebody called Ravi.", least=0.999).stands
    assert not of("Does Fenna eat fish?", "No.", "Fenna eats fish", least=0.999).stands
    assert not of("Does Fenna eat fish?", "No, meat.", "Fenna eats fish", least=0.999).stands


def test_an_answer_that_is_little_certain_does_not_stand_though_a_memory_says_it() -> None:
    question, memory = "Where does Anna live?", "Anna lives in Porto."
    assert of(question, "In Porto.", memory).stands
    verdict = of(question, "In Porto.", memory, least=0.05)
    assert (verdict.stands, verdict.reason) == (False, guards.UNSURE)


def test_a_refusal_that_is_little_certain_gives_way_to_the_memories() -> None:
    refusal = "I don't know that yet."
    assert of("Where does Anna live?", refusal, "Anna lives in Porto.", least=0.9).stands
    assert of("Where does Anna live?", refusal, "Anna lives in Porto.", least=0.4).reason == guards.UNSURE
    assert judge(refusal, "Where does Anna live?", [Line("Anna lives in Porto.")]).stands
