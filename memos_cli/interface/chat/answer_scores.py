"""How likely a memory answers a question as a model says: small trees over signs, in plain Python.

The weights are `data/answers.json`. `tests/gate/recipe.py` makes them from scenes that were written by hand; none of the
questions that the gate is measured with is among these.
"""

import json
from collections.abc import Mapping
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parents[2] / "data" / "answers.json"
"""The weights."""


class Forest(NamedTuple):
    """Trees whose sum is the log-odds of something.

    Attributes:
        signs: the names of the numbers that the trees ask for.
        bias: added to the sum.
        trees: each a number, or a sign by its place in `signs`, a threshold, the tree up to it, and the tree above.
    """

    signs: tuple[str, ...]
    bias: float
    trees: tuple[Any, ...]

    def log_odds(self, found: Mapping[str, float]) -> float:
        """The log-odds, given all signs."""
        row = [found[name] for name in self.signs]
        total = self.bias
        for tree in self.trees:
            while isinstance(tree, list):
                tree = tree[2] if row[tree[0]] <= tree[1] else tree[3]  # noqa: PLW2901 -- walks down to a leaf
            total += tree
        return total


class Weights(NamedTuple):
    """How likely an answer is right, by the model's certainty and what the trees say together: a logistic sum.

    Attributes:
        bias: added to the sum.
        weights: of each sign; that of `least`, a probability, is of its logarithm.
    """

    bias: float
    weights: Mapping[str, float]

    def chance(self, found: Mapping[str, float]) -> float:
        """How likely the answer is right, given all signs."""
        signs = dict(found) | {"least": log(max(found["least"], _NEVER))}
        return 1 / (1 + exp(-self.bias - sum(weight * signs[name] for name, weight in self.weights.items())))


_NEVER = 1e-6
"""Counts as the least probability, since 0 has no logarithm."""


@cache
def chances() -> Mapping[str, Weights]:
    """The weights by what is answered: a `value`, or yes or no (`closed`)."""
    return {name: Weights(one["bias"], one["weights"]) for name, one in _told()["chances"].items()}


@cache
def forests() -> Mapping[str, Forest]:
    """The trees by what they tell: `value` that an answer is right, `yes` and `no` that a memory says so."""
    return {name: Forest(tuple(one["signs"]), one["bias"], tuple(one["trees"])) for name, one in _told()["forests"].items()}


@cache
def kinds() -> Mapping[str, tuple[int, ...]]:
    """Of the stems of words the kinds of facts that they occur in, by the wordings that memos knows."""
    return {word: tuple(found) for word, found in _told()["kinds"].items()}


@cache
def _told() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return told
