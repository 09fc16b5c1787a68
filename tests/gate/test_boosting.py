"""Boosted trees learn what they are given, and give the same trees for the same seed."""

import numpy as np

from tests.gate import boosting
from tests.gate.boosting import Shape


def test_trees_learn_that_both_of_two_signs_are_wanted() -> None:
    rows = np.array([[a, b, 0.0] for a in (0.0, 1.0) for b in (0.0, 1.0)] * 40)
    wanted = np.array([float(a > 0 and b > 0) for a, b, _ in rows])
    bias, trees = boosting.fit(rows, wanted, Shape(trees=60, leaves=4, least=5, share=1.0, rate=0.3))
    odds = boosting.odds(bias, trees, rows)
    assert ((odds > 0) == (wanted > 0)).all()


def test_the_same_seed_gives_the_same_trees() -> None:
    rng = np.random.default_rng(1)
    rows = rng.random((200, 6))
    wanted = (rows[:, 0] + rows[:, 1] > 1).astype(float)
    shape = Shape(trees=5, leaves=4, least=5)
    assert boosting.fit(rows, wanted, shape) == boosting.fit(rows, wanted, shape)
    assert boosting.fit(rows, wanted, shape) != boosting.fit(rows, wanted, shape, seed=1)
