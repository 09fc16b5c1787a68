"""The network that ranks: a small perceptron from the features of a candidate to the log-odds that it answers the query.

It runs in plain Python, since a lexical search may not pay for the import of numpy (60 ms), and with numpy where that is loaded
already; both give the same numbers. The weights are `data/ranker.json`; how they came about stands in `data/ranker.md`.
"""

import json
import math
import sys
from collections.abc import Sequence
from functools import cache
from operator import mul
from pathlib import Path
from typing import Any

from memos_cli.operation.operator.ranking.features import FEATURES
from memos_cli.records import NamedTuple

_IN_TALK = FEATURES.index("in talk")
_FILE = Path(__file__).parents[3] / "data" / "ranker.json"


class Network(NamedTuple):
    """The weights of one ranking.

    Attributes:
        hidden: for each hidden unit a weight for each of `FEATURES`.
        biases: of the hidden units.
        output: a weight for each hidden unit.
        bias: added to the output.
        in_talk: added for a turn of a conversation, and `apart` for any other memory: what makes the log-odds probabilities.
        floor: weights of `floor.SIGNS`, and last what is added; `floor_in_talk` where the best hit is a turn.
        floor_of_notes: the same of `floor.SIGNS_OF_NOTES`, where the best hit is no turn and has a vector.
    """

    hidden: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]
    output: tuple[float, ...]
    bias: float
    in_talk: float
    apart: float
    floor: tuple[float, ...]
    floor_in_talk: tuple[float, ...]
    floor_of_notes: tuple[float, ...]

    def log_odds(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The log-odds of each candidate, given its features."""
        odds = self._with_numpy(rows) if "numpy" in sys.modules and rows else self._in_python(rows)
        return [one + (self.in_talk if row[_IN_TALK] else self.apart) for one, row in zip(odds, rows, strict=True)]

    def _in_python(self, rows: Sequence[Sequence[float]]) -> list[float]:
        units = tuple(zip(self.hidden, self.biases, self.output, strict=True))
        tanh = math.tanh
        return [self.bias + sum(out * tanh(bias + sum(map(mul, weights, row))) for weights, bias, out in units) for row in rows]

    def _with_numpy(self, rows: Sequence[Sequence[float]]) -> list[float]:
        import numpy as np

        hidden: Any = np.tanh(np.asarray(rows) @ np.asarray(self.hidden).T + np.asarray(self.biases))
        found: list[float] = (hidden @ np.asarray(self.output) + self.bias).tolist()
        return found


@cache
def network() -> Network:
    """The ranking that ships with memos."""
    told = json.loads(_FILE.read_text("utf-8"))
    if tuple(told["features"]) != FEATURES:
        raise ValueError("data/ranker.json was trained for other features: see tests/ranker")
    return Network(
        tuple(tuple(unit) for unit in told["hidden"]),
        tuple(told["biases"]),
        tuple(told["output"]),
        told["bias"],
        told["in_talk"],
        told["apart"],
        tuple(told["floor"]),
        tuple(told["floor_in_talk"]),
        tuple(told["floor_of_notes"]),
    )


def probability(log_odds: float) -> float:
    """The probability of these log-odds."""
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
