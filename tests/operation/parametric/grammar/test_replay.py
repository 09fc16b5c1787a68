"""Scenes: memories and questions to them, for what a model is to keep and for the gate that looks whether it did."""

import random
import re
from collections import Counter

from memos_cli.operation.parametric.grammar import clauses
from memos_cli.operation.parametric.grammar.clauses import Fact
from memos_cli.operation.parametric.grammar.replay import KEPT, Exercise, OwnFact, Scenes, kept

ME = OwnFact(clauses.facts("I live in Lisbon.")[0], "I live in Lisbon.", "m1")


def form(fact: Fact, rng: random.Random) -> tuple[str, str]:
    return rng.choice(fact.questions)


def scenes(*own: OwnFact) -> Scenes:
    known = {(one.fact.family, one.fact.who) for one in own}
    return Scenes(own, known, lambda rng: rng.choice(("Otis", "my cousin Greta", "my aunt")), form)


def drawn(count: int = 300, *, exam: bool = False, own: float = 0.0, seed: int = 1) -> list[Exercise]:
    rng, made = random.Random(seed), scenes(ME)
    return [made.draw(rng, exam=exam, own=own) for _ in range(count)]


def test_every_kind_of_question_is_asked_of_me_and_of_others() -> None:
    for exam in (False, True):
        asked = [one for scene in drawn(exam=exam) for one in scene.asked]
        kinds = Counter(one.kind for one in asked)
        wanted = {"value", "list", "changed", "event", "habit", "thing", "check", "who", "when", "refuse"}
        assert set(kinds) == wanted
        assert all(count >= 0.02 * len(asked) for count in kinds.values())
        mine = sum(bool(re.search(r"\b(?:I|my|me)\b", one.question)) for one in asked)
        assert 0.2 < mine / len(asked) < 0.8
        lines = Counter(len(scene.shown) for scene in drawn(exam=exam))
        assert min(lines) == 1
        assert max(lines) >= 7


def test_the_gate_asks_what_replay_never_shows() -> None:
    shown = {one.form.split("/")[0] for scene in drawn() for one in scene.asked if one.kind in {"value", "changed", "list"}}
    asked = {
        one.form.split("/")[0] for scene in drawn(exam=True) for one in scene.asked if one.kind in {"value", "changed", "list"}
    }
    open_ones = {family.name for family in clauses.families().values() if family.open}
    assert not (shown & asked) - open_ones
    names = list(clauses.families())
    assert 0.1 < sum(kept(name, 0) for name in names) / len(names) < 2 / KEPT
    assert {name for name in names if kept(name, 0)} != {name for name in names if kept(name, 1)}


def test_what_was_learnt_is_not_among_what_the_gate_asks_in_the_prompt() -> None:
    for scene in drawn(exam=True):
        assert not any(re.search(r"\b(?:I live|my home)\b", text) for text, _ in scene.shown)
        assert not any(one.form.startswith("home/") and " I " in one.question for one in scene.asked)
        assert not scene.memories


def test_ones_own_facts_stand_there_and_so_does_what_says_otherwise() -> None:
    found = drawn(own=1.0)
    told = [scene for scene in found if scene.memories == ("m1",)]
    assert all(any(ME.text.rstrip(".") in text for text, _ in scene.shown) for scene in told)
    otherwise = [one for scene in found for one in scene.asked if one.kind == "otherwise"]
    assert otherwise
    assert all(one.answer != "Lisbon" for one in otherwise)
    assert 0.5 < len(told) / len(found) < 0.9


def test_the_later_of_two_lines_counts() -> None:
    seen = 0
    for scene in drawn():
        for one in scene.asked:
            if one.kind == "changed":
                assert one.answer is not None
                tells = [text for text, day in scene.shown if one.answer.casefold() in text.casefold() and day]
                assert tells
                seen += 1
    assert seen > 20


def test_the_day_that_is_asked_for_is_that_of_its_line() -> None:
    days = [(one, scene) for scene in drawn() for one in scene.asked if re.fullmatch(r"\d{4}-\d\d-\d\d", one.answer or "")]
    assert len(days) > 10
    for one, scene in days:
        assert one.kind == "when"
        thing = re.split(r" the ", one.question)[-1]
        assert any(day == one.answer and thing in text for text, day in scene.shown)
