"""The scenes that were written by hand, and their variations."""

import random
import re

import pytest

from memos_cli.operation.prompt.layout import Line
from memos_cli.operation.prompt.model_request import UNKNOWN
from tests.smollm2 import written
from tests.smollm2.written import FOLDER, Scene, Written, parsed

EACH = [
    pytest.param(path, id=path.stem) for path in sorted(FOLDER.glob("*.jsonl"))
]  # fmt: skip
TEA = Scene(
    (
        Line("I switched from coffee to green tea", "2026-03-01"),
        Line("green tea kept me awake, now I only drink rooibos", "2026-04-19"),
        Line("Anna's bike has the code 371", "2026-04-22"),
    ),
    (
        ("Which tea do I drink now?", "You only drink rooibos now.", (1,)),
        ("What is the code of Anna's bike?", "371", (2,)),
        ("What colour is Anna's bike?", UNKNOWN, ()),
    ),
)


@pytest.mark.parametrize("path", EACH)
def test_a_file_holds_scenes(path: "written.Path") -> None:
    found = [parsed(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    assert len(found) >= 5
    for scene in found:
        assert all((scene.lines, scene.asks))
        for question, answer, told in scene.asks:
            assert all((question, answer))
            assert told is not None
            assert all(0 <= n < len(scene.lines) for n in told), question
            assert (answer == UNKNOWN) == (not told), question


def test_a_part_of_the_files_is_held_out() -> None:
    held, rest = written.scenes(held=True), written.scenes()
    assert 0.04 < len(held) / len(held + rest) < 0.2
    assert not set(held) & set(rest)


def test_what_rested_on_a_memory_that_is_gone_is_unknown() -> None:
    """The bike's memory may go; of the two about tea neither may, since the older one would answer then."""
    found = {written.without(TEA, random.Random(n)) for n in range(20)}
    assert found == {Scene(TEA.lines[:2], (TEA.asks[0], ("What is the code of Anna's bike?", UNKNOWN, ()), TEA.asks[2]))}


def test_names_and_numbers_change_everywhere() -> None:
    rng = random.Random(1)
    scene = written.renumbered(written.renamed(TEA, rng), rng)
    assert not [old for old in ("Anna", "371") if old in str(scene)]
    code = scene.asks[1][1]
    assert code.isdigit()
    assert scene.lines[2].text.endswith(code)
    name = scene.lines[2].text.split("'")[0]
    assert [q for q, _, _ in scene.asks if name in q] == [q for q, _, _ in scene.asks[1:]]


def test_numbers_change_alike_in_memories_and_answers() -> None:
    """Also before a full stop or a comma: an answer holds no number that no memory holds, unless it did so before."""
    rng = random.Random(5)
    scene = Scene((Line("Bus 42, then platform 17. The fare is 1.50, at 12:30."),), (("Which bus?", "42.", (0,)),))
    changed = written.renumbered(scene, rng)
    assert changed.asks[0][1] != "42."
    assert f"Bus {changed.asks[0][1][:-1]}, then" in changed.lines[0].text
    assert changed.lines[0].text.endswith("1.50, at 12:30.")
    for each in written.scenes():
        was, now = _lacking(each), _lacking(written.renumbered(each, rng))
        assert [len(before) for before in was] == [len(after) for after in now]


def _lacking(scene: Scene) -> list[list[str]]:
    told = [number for line in scene.lines for number in re.findall(r"\d+", line.text)]
    return [[n for n in re.findall(r"\d+", answer) if n not in told] for _, answer, _ in scene.asks]


def test_lines_with_dates_stand_oldest_first_and_changes_keep_their_order() -> None:
    rng = random.Random(2)
    undated = [Line("I live in Leeds."), Line("I have moved to York."), Line("My cat is grey.")]
    for _ in range(10):
        assert written.arranged(list(reversed(TEA.lines)), rng) == list(TEA.lines)
        assert written.arranged(undated, rng) == undated


def test_bystanders_and_strangers_answer_nothing() -> None:
    """A line from elsewhere is about somebody who is not in the scene, and a question from elsewhere is unknown."""
    known = Written(written.scenes())
    rng = random.Random(3)
    for scene in rng.sample(known.scenes, 25):
        lines = known._beside(list(scene.lines), scene, rng)
        for line in lines:
            if line.text not in {own.text for own in scene.lines}:
                assert not written.names(line.text) & scene.names
        for question, answer in known._foreign(scene, rng):
            assert answer == UNKNOWN
            assert not written.names(question) & scene.names
        assert len(lines) <= max(10, len(scene.lines))


def test_each_scene_comes_once_before_any_comes_again() -> None:
    known = Written(written.scenes()[:30])
    rng = random.Random(4)
    for _ in range(29):
        known.sample(rng)
    assert len(known.left) == 1
    assert known.add(written.scenes()[:35]) == 5
    assert len(known.left) == 6
