"""The floor of notes is trained on what tells answered queries from others, and loses no more of them than it may."""

import numpy as np

from memos_cli.operation.operator.ranking import floor
from memos_cli.operation.operator.ranking.features import FEATURES
from memos_cli.operation.operator.ranking.network import network
from tests.ranker import training
from tests.ranker.extraction import Asked, Example

COSINE, VECTOR = FEATURES.index("cosine"), FEATURES.index("has vector")


def example(cosine: float, *, answers: bool) -> Example:
    inputs = np.zeros((2, len(FEATURES)), np.float32)
    inputs[:, VECTOR], inputs[0, COSINE] = 1.0, cosine
    category = "" if answers else "elsewhere"
    return Example(
        inputs, np.array([float(answers), 0.0], np.float32), int(answers), lexical=False, asked=Asked("q", (), category)
    )


def test_it_tells_near_from_far_and_loses_few() -> None:
    chance = np.random.default_rng(0)
    near = [example(float(value), answers=True) for value in chance.normal(0.6, 0.1, 200)]
    far = [example(float(value), answers=False) for value in chance.normal(0.2, 0.1, 200)]
    made = network()._replace(floor_of_notes=training.floor_of_notes(network(), [*near, *far], 0))

    def shown(found: list[Example]) -> int:
        best = (training.judged(made, one) for one in found)
        return sum(floor.answered(made, one, floor.Known(2), "q") >= floor.ANSWERS for one in best)

    assert len(made.floor_of_notes) == len(floor.SIGNS_OF_NOTES) + 1
    assert 200 * (1 - training.LOST) - 2 <= shown(near) <= 200 * (1 - training.LOST) + 2
    assert shown(far) <= 10


def test_what_belongs_to_the_home_and_is_not_answered_counts_for_nothing() -> None:
    told = [example(0.6, answers=True), example(0.2, answers=False), example(0.5, answers=True), example(0.1, answers=False)]
    near = example(0.6, answers=False)._replace(asked=Asked("q", (), "!"))
    assert training.floor_of_notes(network(), told, 0) == training.floor_of_notes(network(), [*told, *[near] * 50], 0)
