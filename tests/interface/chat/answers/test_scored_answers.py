"""Answers in other words than their memory: what the trees let stand, and what rules keep from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from memos_cli.interface.chat.answers import scored_answers
from memos_cli.interface.chat.answers.closed_answers import said_in_other_words, says
from memos_cli.interface.chat.answers.readings import Reading
from memos_cli.interface.chat.guards import Ground, judge
from memos_cli.operation.prompt.layout import Line
from tests.gate import examples

KINDS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "guards_kinds.jsonl").read_text("utf-8").splitlines()
    if line.strip()
]


@pytest.mark.parametrize("case", KINDS, ids=[f"{case['question']} {case['answer']}"[:70] for case in KINDS])
def test_a_case(case: dict[str, Any]) -> None:
    """Changes, lists and contrasts, yes and no in other words, sorts of values, subjects."""
    told = [Line(memory["text"], memory.get("date")) for memory in case["memories"]]
    verdict = judge(case["answer"], case["question"], told)
    assert verdict.stands is case["stands"], verdict.reason


def test_of_two_yes_and_no_at_most_one_stands() -> None:
    for case in KINDS:
        told = [Line(memory["text"], memory.get("date")) for memory in case["memories"]]
        assert not all(judge(answer, case["question"], told).stands for answer in ("Yes.", "No.")), case


def test_a_memory_that_is_over_says_neither_yes_nor_no() -> None:
    lines = [Line("Juno has joined the rowing club.")]
    question = "Has Juno joined the rowing club?"
    assert said_in_other_words(Reading(question, lines, [Ground(ended=True)], (), None), yes=True) is None


def test_a_memory_that_does_not_fit_bears_nothing_out() -> None:
    lines = [Line("Ines earns 2,400 a month, Tariq 1,900")]
    assert not judge("1,900.", "How much does Tariq earn?", lines, [Ground(fits=False)]).stands


def test_a_later_memory_outdates_by_its_words_and_not_only_by_its_day() -> None:
    told = [Line("The yoga class is on Mondays", "2025-01-01"), Line("The yoga class has moved to Thursdays", "2025-03-01")]
    signs = scored_answers.Signs(Reading("When is the yoga class?", told, [Ground()] * 2, (), None))
    older, later = signs.told
    assert scored_answers.is_superseded(signs, older, yes=True)
    assert not scored_answers.is_superseded(signs, later, yes=True)


def test_of_scenes_that_were_not_learnt_from_most_right_answers_stand_and_few_wrong_ones() -> None:
    """A half of the scenes that are held out. Of all their values 74 % stand, and of wrong ones 6 %."""
    right = wrong = asked = tried = 0
    for scene in examples.scenes(held=True)[::2]:
        known = [(question, answer) for question, answer, _ in scene.asks if not examples.is_unknown(answer)]
        for question, answer in known:
            if says(answer) is not None:
                continue
            asked += 1
            right += judge(answer, question, list(scene.lines)).stands
            for other_question, other in known:
                shared = examples.stems(other) & examples.stems(answer)
                if other_question != question and says(other) is None and not shared:
                    tried += 1
                    wrong += judge(other, question, list(scene.lines)).stands
    assert right >= 0.7 * asked
    assert wrong <= 0.08 * tried


def test_who_says_i_in_a_memory_is_an_answer_to_who() -> None:
    lines = [Line("I snore, so I'd better have my own room.", speaker="Jamal"), Line("I bring the cheese.", speaker="Ewa")]
    assert judge("Jamal.", "Who snores?", lines).stands
    assert not judge("Ewa.", "Who snores?", lines).stands
