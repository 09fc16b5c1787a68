"""Questions as people ask them: introduced, indirect, in capitals, among other sentences."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from memos_cli.interface.chat.answers.answer_questions import bare, read
from memos_cli.interface.chat.asked_again import Again
from memos_cli.interface.chat.guards import Ground, judge
from memos_cli.operation.prompt.layout import Line

CASES = [
    json.loads(line)
    for name in ("guards.jsonl", "guards_later.jsonl", "guards_kinds.jsonl")
    for line in (Path(__file__).parents[1] / name).read_text("utf-8").splitlines()
    if line.strip()
]


def small(text: str) -> str:
    return text[0].lower() + text[1:]


def indirect(text: str) -> str:
    """`Where does Anna work?` as `where Anna work`, `What is my PIN?` as `what my PIN is`, `Is Al ill?` as `if Al is ill`."""
    if closed := re.match(r"^(Is|Does|Can|Did|Has) (I|my \w+|the \w+|[A-Z][\w'-]*)((?: \w+)*.*)\?$", text):
        helper = "" if closed[1] in {"Does", "Did"} else f" {closed[1].lower()}"
        return f"if {closed[2]}{helper}{closed[3]}"
    found = re.match(r"^(Where|When|What|Who|How much|How many|Which \w+) (does|do|did|is|are) (.+)\?$", text)
    if found is None:
        return small(text)
    first, helper, rest = found.groups()
    return f"{first.lower()} {rest}" + (f" {helper}" if helper in {"is", "are"} else "")


ASKED: dict[str, Callable[[str], str]] = {
    "introduced": lambda text: f"btw, {small(text)}",
    "named": lambda text: f"quick q: {small(text)}",
    "a wish": lambda text: f"{text.rstrip('?')} pls",
    "what for": lambda text: f"{text.rstrip('?')}, I need it for a form?",
    "greeted": lambda text: f"Hi there! {text}",
    "behind a statement": lambda text: f"I'm filling in a form. {text}",
    "forgotten": lambda text: f"I forgot, {small(text)}",
    "indirect": lambda text: f"I can't remember {indirect(text)}",
    "indirect and small": lambda text: f"do you know {indirect(text).lower()}",
    "twice": lambda text: f"{text} {text}",
    "capitals": str.upper,
}


@pytest.mark.parametrize("how", list(ASKED))
def test_what_must_not_stand_does_not_however_it_is_asked(how: str) -> None:
    """Before, up to 32 of these 178 stood where a question did not begin with its question word."""
    stood = [0, 0]
    for case in CASES:
        lines = [Line(one["text"], one.get("date"), one.get("speaker")) for one in case["memories"]]
        grounds = [Ground(one.get("fits", True), one.get("key"), ended="valid_to" in one) for one in case["memories"]]
        certain = judge(
            case["answer"], ASKED[how](case["question"]), lines, grounds, least=0.999,
            again=lambda: Again(-9.0, -9.0, -0.01, -0.01),
        )  # fmt: skip
        stood[case["stands"]] += certain.stands
    assert stood[0] == 0
    assert stood[1] >= 0.85 * sum(case["stands"] for case in CASES)


@pytest.mark.parametrize(
    ("said", "direct"),
    [
        ("Where does Anna live?", "Where does Anna live?"),
        ("I forgot where Anna works", "where does Anna works?"),
        ("do you know how much I owe Jonas", "how much do I owe Jonas?"),
        ("remind me who my dentist is", "who is my dentist?"),
        ("what my son is allergic to", "what is my son allergic to?"),
        ("how old Kofi is", "how old is Kofi?"),
        ("how many children Anna has", "how many children does Anna has?"),
        ("which car Tom drives", "which car does Tom drives?"),
        ("why Mustapha doesn't fast", "why does Mustapha not fast?"),
        ("What my boss said", "What did my boss said?"),
        ("find Anna's pin", "Anna's pin"),
        ("Which of my sisters lives in Porto?", "Which of my sisters lives in Porto?"),
        ("Which dog bit the postman?", "Which dog bit the postman?"),
        ("who hates olives", "who hates olives"),
        ("Is Dr. Falk my dentist?", "Is Dr. Falk my dentist?"),
        ("My sister came by. Where does she live?", "Where does she live?"),
        ("Where is Tom? Where is Anna?", "Where is Tom? Where is Anna?"),
        ("do you know if Anna is allergic to nuts", "is Anna allergic to nuts?"),
        ("I wonder whether Tom has a dog", "does Tom has a dog?"),
        ("", ""),
        ("why", "why"),
    ],
)
def test_a_question_is_laid_bare(said: str, direct: str) -> None:
    assert bare(said) == direct
    assert bare(direct) == direct
    assert read(said) == read(direct)
