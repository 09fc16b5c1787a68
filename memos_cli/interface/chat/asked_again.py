"""What a model says of its own answer when it is asked again with nothing but the memories that the answer rests on. Pure.

Of two answers that it is as sure of, the one is wrong more often of which it says "I don't know" as soon as the other memories
are gone. That and its certainty are weighed together with what the trees say of the memories; what the weights are, and how
often they are right, tells `data/answers.md`.
"""

from collections.abc import Callable
from typing import NamedTuple

SURE = 0.9
"""From this chance on, an answer that rules bear out is shown without asking again."""
HOPELESS = 0.15
"""Below this chance of a value the model is not asked again."""
LEAST = 0.7
"""Below this chance an answer of which the model was asked again does not stand. Chosen on 418 questions of scenes that
no adapter was trained on and that are made to mislead: over it 2.4 % of them are answered wrongly, over 0.65 3.3 %."""


class Again(NamedTuple):
    """Natural logarithms of probabilities, as the model gives them.

    Attributes:
        refusal: that a refusal begins, with all memories of the prompt.
        alone_refusal: the same with only the memories that the answer rests on.
        first: the first token of the answer, with only these.
        mean: the mean of all its tokens, with only these.
    """

    refusal: float
    alone_refusal: float
    first: float
    mean: float

    def of_value(self, least: float, odds: float) -> dict[str, float]:
        """What is weighed of a value with these log-odds."""
        refusals = {"refusal": self.refusal, "alone refusal": self.alone_refusal}
        return {"least": least, "odds": odds, "alone": self.mean} | refusals

    def of_closed(self, weighed: dict[str, float]) -> dict[str, float]:
        """What is weighed of a yes or no, beside what is weighed without it."""
        return weighed | {"refusal": self.refusal, "alone refusal": self.alone_refusal, "alone": self.first}


Asking = Callable[[], Again | None]
"""Asks the model again; `None` where it tells no probabilities."""
