"""What the trees learn from is labelled as the scenes say, and none of it is held out."""

import random

from memos_cli.operation.prompt.layout import Line
from tests.gate import examples
from tests.smollm2 import written

SCENE = written.Scene(
    (Line("Ines earns 2,400 a month, Tariq 1,900"), Line("Tariq lives in Faro")),
    (
        ("How much does Tariq earn?", "1,900.", (0,)),
        ("Where does Tariq live?", "In Faro.", (1,)),
        ("Does Tariq live in Faro?", "Yes.", (1,)),
        ("How old is Ines?", "I don't know that yet.", ()),
    ),
)


def test_right_values_are_right_and_others_wrong() -> None:
    rows = list(examples.values([SCENE]))
    assert sum(row.right for row in rows) >= 2
    assert sum(not row.right for row in rows) > 2


def test_a_memory_says_yes_only_where_the_question_rests_on_it() -> None:
    rows = list(examples.closed([SCENE]))
    assert [row.right for row in rows].count(1) >= 1
    assert all(row.right in {0, 1} for row in rows)


def test_wrong_answers_have_nothing_of_the_right_one() -> None:
    rng = random.Random(0)
    for wrong in examples.wrongs(rng, SCENE.lines, "How much does Tariq earn?", "1,900.", ["In Faro."]):
        assert not examples.stems(wrong) & examples.stems("1,900.")
