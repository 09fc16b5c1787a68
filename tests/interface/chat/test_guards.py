"""The gate before a model's answer is shown: what stands by the memories, and what does not."""

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from memos_cli.interface.chat import guards
from memos_cli.interface.chat.guards import Ground, Verdict, judge
from memos_cli.operation.prompt.layout import Line, Turn

CASES = [json.loads(line) for line in Path(__file__).with_suffix(".jsonl").with_stem("guards").read_text("utf-8").splitlines()]
HAND = json.loads((Path(__file__).parents[2] / "data" / "handwritten_qa.json").read_text("utf-8"))["items"]


def lines(case: dict[str, Any]) -> list[Line]:
    return [Line(memory["text"], memory.get("date"), memory.get("speaker")) for memory in case["memories"]]


def judged(case: dict[str, Any]) -> Verdict:
    grounds = [Ground(memory.get("fits", True), memory.get("key"), ended="valid_to" in memory) for memory in case["memories"]]
    return judge(case["answer"], case["question"], lines(case), grounds)


LATER = [json.loads(line) for line in Path(__file__).with_name("guards_later.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", LATER, ids=[f"{case['question']} {case['answer']}"[:70] for case in LATER])
def test_a_case_that_was_thought_of_later(case: dict[str, Any]) -> None:
    """Cases that look for holes in the rules."""
    verdict = judged(case)
    assert verdict.stands is case["stands"], verdict.reason


@pytest.mark.parametrize("case", CASES, ids=[f"{case['question']} {case['answer']}"[:70] for case in CASES])
def test_a_case(case: dict[str, Any]) -> None:
    """Cases that were written before the rules were."""
    verdict = judged(case)
    assert verdict.stands is case["stands"], verdict.reason
    assert bool(verdict.reason) is not verdict.stands


def test_the_cases_are_many_and_of_both_kinds() -> None:
    assert len(CASES) >= 120
    stands = Counter(case["stands"] for case in CASES)
    assert 0.4 <= stands[True] / len(CASES) <= 0.6
    assert {case["kind"] for case in CASES} == {"yes/no", "value", "number", "words", "later", "form", "refusal"}


# -- what holds of every case


def test_an_answer_with_a_number_that_no_memory_has_never_stands() -> None:
    rng = random.Random(7)
    for case in CASES:
        if not case["stands"] or case["kind"] == "refusal":
            continue
        for number in (str(rng.randrange(3000, 9999)), f"{rng.randrange(13, 24)}:{rng.randrange(31, 59)}", "17 November 1987"):
            for answer in (f"{case['answer'].rstrip('.')} {number}.", number):
                assert not judged(case | {"answer": answer}).stands, (case["question"], answer)


def test_no_answer_stands_without_memories() -> None:
    for case in CASES:
        if case["kind"] != "refusal":
            assert not judged(case | {"memories": []}).stands, case
            assert not judged(case | {"memories": [memory | {"fits": False} for memory in case["memories"]]}).stands, case


@pytest.mark.parametrize(
    ("question", "memory"),
    [
        ("Where does Anna live?", "Anna lives in Porto."),
        ("What is my shoe size?", "My shoe size is 43."),
        ("What does my sister's dog eat?", "My sister's dog eats chicken and rice."),
        ("When is the dentist?", "The dentist is on 12 May at 9:30."),
        ("Who is Ben's boss?", "Ben's boss is Mrs Okafor."),
        ("Waar woont Mira?", "Mira woont in Utrecht."),
        ("Wann ist mein Termin?", "Mein Termin ist am 3. Mai."),
    ],
)
def test_a_copy_of_the_only_memory_that_fits_stands(question: str, memory: str) -> None:
    verdict = judge(memory, question, [Line("It rained in Wales."), Line(memory)])
    assert verdict == Verdict(stands=True, rests_on=(1,))


def test_yes_and_no_never_both_stand() -> None:
    for case in CASES:
        both = [judged(case | {"answer": answer}).stands for answer in ("Yes.", "No.")]
        assert both != [True, True], case


def test_nobody_gets_what_is_somebody_elses() -> None:
    """Every statement about one person, with a question about each of the others."""
    people = ("Anna", "Tom", "my sister", "Oma Truus", "my son", "Ben's wife", "my sister's dog", "I")
    forms = (
        ("{} lives in Porto", "Where does {} live?", "Porto"),
        ("{} is allergic to penicillin", "Is {} allergic to penicillin?", "Yes."),
        ("{} likes olives", "Does {} like olives?", "Yes."),
        ("{} works at Philips", "Where does {} work?", "At Philips."),
        ("{} weighs 71 kilos", "How much does {} weigh?", "71 kilos"),
        ("{} cannot swim", "Can {} swim?", "No."),
    )
    for said, asked, answer in forms:
        for one in people:
            memory = said.format(one)
            if one == "I":
                words = {"lives": "live", "is": "am", "likes": "like", "works": "work", "weighs": "weigh"}
                memory = " ".join(words.get(word, word) for word in memory.split())
            memory = memory[:1].upper() + memory[1:] + "."
            for other in people:
                question = asked.format(other)
                if other == "I":
                    question = question.replace("does I", "do I").replace("Does I", "Do I").replace("Is I", "Am I")
                stands = judge(answer, question, [Line(memory)]).stands
                assert stands is (one == other), (memory, question, answer)


# -- right answers


def test_right_answers_stand_and_those_of_other_questions_do_not() -> None:
    """Of the questions written by hand at least 90 % of the right answers stand; of those of others hardly one does.

    All of them: 44 of 48, and 1 of 2,832.
    """
    known = [item for item in HAND if item["answers"]]
    right = [_of(item, item["answers"][0]).stands for item in known]
    assert sum(right) / len(right) >= 0.9
    pairs = [
        (item, other["answers"][0])
        for item in HAND
        for other in known
        if not {answer.lower() for answer in item["answers"]} & {answer.lower() for answer in other["answers"]}
    ]
    own = [(item, answer) for item, answer in pairs if any(answer in memory["text"] for memory in item["memories"])]
    chosen = [*own, *(pair for pair in random.Random(1).sample(pairs, 500) if pair not in own)]
    assert len(own) > 20
    assert sum(_of(item, answer).stands for item, answer in chosen) <= 9  # of 2,832


def _of(item: dict[str, Any], answer: str) -> Verdict:
    return judge(answer[:1].upper() + answer[1:] + ".", item["question"], lines(item))


# -- what it rests on


def test_an_answer_rests_on_what_bears_it_out_and_not_on_what_stands_last() -> None:
    told = [
        Line("My dog's name is Biscuit.", "2025-01-01"),
        Line("I live in Leeds.", "2025-02-01"),
        Line("The dentist appointment is on 12 May at 9:30.", "2025-03-01"),
    ]
    assert judge("Biscuit", "What is my dog's name?", told).rests_on == (0,)
    assert judge("Yes.", "Do I live in Leeds?", told).rests_on == (1,)
    assert judge("I don't know that yet.", "What is my cat's name?", told).rests_on == ()


def test_an_answer_of_two_memories_names_both() -> None:
    told = [Line("I am allergic to peanuts."), Line("It rained."), Line("I am allergic to bees.")]
    assert set(judge("Peanuts and bees.", "What am I allergic to?", told).rests_on) == {0, 2}


# -- who speaks


def test_what_another_speaker_says_of_themselves_is_not_the_persons() -> None:
    told = [Line("I am allergic to nuts.", speaker="Caroline")]
    assert not judge("Yes.", "Am I allergic to nuts?", told, person="sam").stands
    assert judge("Yes.", "Is Caroline allergic to nuts?", told, person="sam").stands
    assert judge("Yes.", "Am I allergic to nuts?", [Line("I am allergic to nuts.", speaker="Sam")], person="sam").stands


def test_what_the_person_said_before_counts_less_than_a_memory() -> None:
    turns = (Turn("user", "I live in York."), Turn("assistant", "Noted."))
    assert judge("York", "Where do I live?", [], turns=turns).stands
    told = [Line("I live in Leeds.", "2025-06-01")]
    assert judge("York", "Where do I live?", told, turns=turns).reason == "a later memory says otherwise"
    assert judge("Leeds", "Where do I live?", told, turns=turns).rests_on == (0,)


def test_a_pronoun_means_who_was_spoken_of_before() -> None:
    told = [Line("Anna lives in Porto."), Line("Tom lives in Leeds.")]
    turns = (Turn("user", "Where does Anna work?"), Turn("assistant", "I don't know that yet."))
    assert judge("Porto", "And where does she live?", told, turns=turns).stands
    assert not judge("Leeds", "And where does she live?", told, turns=turns).stands
    assert not judge("Porto", "And where does she live?", told).stands


def test_two_of_the_same_kinship_leave_it_open_who_is_meant() -> None:
    told = [Line("My daughter Nora is seven."), Line("My daughter Eva is nine."), Line("Eva is allergic to bees.")]
    assert not judge("Yes.", "Is my daughter allergic to bees?", told).stands
    assert judge("Yes.", "Is Eva allergic to bees?", told).stands


# -- without memories, and statements


def test_without_recall_only_the_form_is_judged() -> None:
    assert judge("Paris is the capital of France.", "What is the capital of France?", [], recalled=False).stands
    assert not judge("<memories>", "What is the capital of France?", [], recalled=False).stands


@pytest.mark.parametrize(
    ("answer", "message", "acknowledged"),
    [
        ("Noted.", "I am vegan now.", True),
        ("Ok, you are vegan now.", "I am vegan now.", True),
        ("You are not vegan.", "I am vegan now.", False),
        ("I will remember that you live in Leeds.", "I am vegan now.", False),
        ("user: Noted.", "I am vegan now.", False),
    ],
)
def test_an_acknowledgement_says_nothing_new(answer: str, message: str, *, acknowledged: bool) -> None:
    assert guards.acknowledges(answer, message) is acknowledged


def test_an_answer_that_ran_to_the_limit_is_none() -> None:
    assert judge("Leeds", "Where do I live?", [Line("I live in Leeds.")], cut=True).reason == "it came to no end"


# -- long and hostile texts


@pytest.mark.parametrize(
    "text",
    [
        "a " * 5_000,
        "Anna " * 2_000,
        "12 " * 3_300,
        "'s" * 5_000,
        "not, " * 2_000,
        "\u0301" * 10_000,
        "My sister's " * 800,
        "(" * 10_000,
    ],
)
def test_long_texts_are_judged_in_time(text: str) -> None:
    start = time.process_time()
    judge(text, "Is my daughter allergic to penicillin?", [Line("My daughter is allergic to penicillin.")])
    judge("Yes.", text, [Line(text)])
    judge("Yes.", "Is my daughter allergic to penicillin?", [Line(text, "2025-01-01"), Line(text)])
    judge("Porto", "Where does Anna live?", [Line(text), Line("Anna lives in Porto. " * 400)])
    assert time.process_time() - start < 10  # about 3 s on one core that is not busy


def test_what_was_brought_in_answers_nothing_by_itself_beside_what_the_person_told() -> None:
    question, answer = "What is the name of my landlord?", "Mr Grift."
    told, brought = Line("My landlord is Mr Boon", "2026-03-01"), Line("FYI: My landlord is Mr Grift", "2026-05-01")
    own, other = Ground(since="2026-03-01", found=True), Ground(since="0", told=False, found=True)
    assert judge(answer, question, [brought], [other]).stands
    verdict = judge(answer, question, [told, brought], [own, other])
    assert not verdict.stands
    assert verdict.rests_on == ()
    assert judge("Mr Boon.", question, [told, brought], [own, other]).stands
    # What is always in the prompt was not looked up for the question.
    assert judge(answer, question, [Line("I like tea"), brought], [Ground(), other]).stands
