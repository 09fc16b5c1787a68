"""The generator is seeded, its answers follow from its memories, and what is held out stays out."""

import os
import random
import re
import subprocess
import sys

import pytest

from memos_cli.operation.prompt.fence import fenced
from tests.mini import words
from tests.mini.grammar import (
    ABOUT,
    KNOWN,
    ME,
    REFUSAL,
    RELATIONS,
    Ask,
    Relation,
    Scene,
    Split,
    _changes,
    _relation,
    fill,
    scene,
)

SCENES = 150


def _scenes(split: Split = KNOWN, facts: int = 8, **options: bool) -> list[Scene]:
    rng = random.Random(17)
    return [scene(rng, facts, split, **options) for _ in range(SCENES)]


def _asks(split: Split = KNOWN, **options: bool) -> list[tuple[Scene, Ask]]:
    return [(drawn, ask) for drawn in _scenes(split, **options) for ask in drawn.asks]


def test_the_same_seed_gives_the_same_scenes() -> None:
    assert _scenes() == _scenes()


def test_another_process_draws_the_same_scenes() -> None:
    """Sets of texts have another order in each process; nothing that is drawn may follow it."""
    draw = "import random; from tests.mini.grammar import Split, scene; rng = random.Random(17); "
    draw += "print([scene(rng, 8, Split()) for _ in range(20)])"
    run = [sys.executable, "-c", draw]
    said = [
        subprocess.run(run, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in "12"
    ]
    assert said[0] == said[1]


def test_there_is_breadth() -> None:
    assert len(RELATIONS) >= 80
    assert {ask.kind for _, ask in _asks()} >= {
        "value", "yesno", "refuse", "event", "who", "thing", "changed", "habit", "state", "dateline", "talk", "list",
    }  # fmt: skip


@pytest.mark.parametrize("split", [Split(), Split(values=True, says=True, asks=True)])
def test_answers_stand_in_the_memories(split: Split) -> None:
    for drawn, ask in _asks(split, plain=True):
        told = [line.text for line in drawn.prompt.lines]
        if ask.kind == "dateline":
            assert ask.answer in {line.date for line in drawn.prompt.lines}
        elif ask.kind == "yesno":
            assert ask.answer in {"Yes.", "No."}
        elif ask.kind == "refuse":
            assert ask.answer == REFUSAL
        elif ask.kind == "list":
            assert all(any(item.lower() in text.lower() for text in told) for item in re.split(r", | and ", ask.answer))
        elif ask.kind != "who":
            bare = re.sub(r"^(your|\S+'s?) ", "", ask.answer)
            assert any(bare.lower() in text.lower() for text in told), (ask, told)  # a value may open its sentence


def test_the_lines_that_answer_are_named() -> None:
    for drawn, ask in _asks():
        lines = drawn.prompt.lines
        assert len(drawn.about) == len(lines)
        assert all(name in ABOUT for told in drawn.about for name in told)
        if ask.kind in {"refuse", "talk"}:
            assert not ask.lines
        elif ask.lines:
            assert all(ask.about in drawn.about[number - 1] for number in ask.lines)
            if ask.kind in {"value", "changed", "state", "thing"}:
                assert any(ask.answer in lines[number - 1].text for number in ask.lines), (ask, lines)


def test_who_is_somebody_in_the_memories() -> None:
    for drawn, ask in _asks(plain=True):
        if ask.kind == "who" and ask.answer != "you":
            said = " ".join(f"{line.speaker} {line.text}" for line in drawn.prompt.lines)
            assert ask.answer.split()[-1].lower() in said.lower()


def test_of_two_facts_the_later_one_is_asked_about() -> None:
    rng = random.Random(3)
    relation: Relation = RELATIONS["city"]
    for _ in range(50):
        unit = _relation(relation, ME, "Porto", rng, Split())
        before, after = _changes(unit, ME, relation, "Porto", rng, Split(), ("2020-01-01", "2020-01-02"))
        assert before.dated is not None
        assert after.dated is not None
        assert before.dated < after.dated
        assert "Porto" in after.text
        assert "Porto" not in before.text
        assert {ask.answer for ask in after.asks} <= {"Porto", "No."}
        assert before.asks == []


def test_training_sees_no_held_out_wording() -> None:
    starred = [text for r in RELATIONS.values() for text, held in (*r.says, *r.asks) if held]
    assert len(starred) >= 2 * len(RELATIONS) - 5
    assert not any(ask.held for _, ask in _asks())
    shapes = [re.compile(re.escape(fill(t, "I", "\0")).replace("\0", ".+"), re.IGNORECASE) for t in starred if t.count(" ") > 4]
    for drawn in _scenes():
        for line in drawn.prompt.lines:
            assert not any(shape.search(line.text) for shape in shapes), line.text


def test_training_sees_no_held_out_value() -> None:
    rng = random.Random(5)
    for kind in {r.kind for r in RELATIONS.values()}:
        for _ in range(30):
            assert not words.is_held(words.value(kind, rng, held=False))


def test_odd_values_are_new_words_and_training_alone_draws_them() -> None:
    rng = random.Random(6)
    real = {words.value("count", rng, held=False) for _ in range(2000)}
    told = {words.value("count", rng, held=False, strange=1.0) for _ in range(200)}
    assert not any(" " in value for value in told)
    assert len(told - real) > 0.9 * len(told)
    assert not any(words.is_held(value) for value in told)
    assert words.odd("a red lamp", rng).split()[0] in {"a", "an"}
    assert any(words.odd("gardening", rng).startswith("gardening ") for _ in range(50))


def test_a_name_that_ends_in_s_has_a_possessive_like_any_other() -> None:
    assert fill("{P} dog", "Gus") == "Gus's dog"


def test_prompts_need_no_cleaning() -> None:
    for drawn in _scenes():
        for line in drawn.prompt.lines:
            assert fenced(line.text) == line.text


def test_twenty_facts_fit() -> None:
    assert all(len(drawn.prompt.lines) >= 8 for drawn in _scenes(facts=20, plain=True))


@pytest.mark.parametrize(
    ("template", "name", "shown"),
    [
        ("{S} [have|has] a dog", "I", "I have a dog"),
        ("{S} [have|has] a dog", "Mira", "Mira has a dog"),
        ("{S} [was|was] born", "we", "we were born"),
        ("where is {P} key", "we", "where is our key"),
        ("{S} [take|takes] {P} coffee {v}", "my aunt", "my aunt takes her coffee black"),
        ("{v} gave {O} a lift", "I", "black gave me a lift"),
    ],
)
def test_fill(template: str, name: str, shown: str) -> None:
    assert fill(template, name, "black", she=True) == shown
