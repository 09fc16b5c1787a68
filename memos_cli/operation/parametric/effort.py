"""How much training a model gets: memos-mini has minutes for everything, a model a hundred times larger for a part of it.

An epoch costs operations in proportion to tokens and parameters. A larger model needs fewer examples of each kind, since it has
met the language before; what it has to learn are the answers.

Measured with SmolLM2-135M-Instruct (Q4_1, as it comes, in the layout `fence`) on ten facts of one made-up person, 115 steps
in one thread: 457 s of the CPU with loading and laying out, at most 2.4 GB.

    questions                                                asked  right  refused  wrong
    to the facts, forms that training never saw                 20     18        2      0
    to what nobody told, of the gate and of those watched       27      -       25      2
    to one fact, in words of another hand                       20      9       10      1
    over two facts, by that hand                                 4      0        4      0
    to what nobody told, by that hand                           15      -       14      1

Of 30 questions to others' facts in the prompt none was answered in exactly the wanted words, with the adapter or without it:
SmolLM2 answers in sentences, so a drift of 0 says nothing. 15 of the answers were the same. 30 and 100 facts, and a purge, were
not measured with it.
"""

from memos_cli.operation.parametric.examples import Shares
from memos_cli.ports.trainer import TrainingSettings

LITTLE = 50_000_000
"""Parameters up to which a model sees hardly a replay twice; asking a larger model about each beforehand takes too long."""
LARGER_SHARES = Shares(forms=8, replay=1.0, least_negatives=160, least_replay=160, drift=120)
"""The data set of a larger model. The losses of 120 questions that are asked in pairs are known to about a point in a hundred;
two are the most that passes."""
LARGER = TrainingSettings(rate=2e-3, epochs=5, tokens=768, row=384, upper=0.25, taught=False, patience=3)
"""The training of a larger model: a quarter of its layers, and what the others make of the lessons is computed once."""


def shares(parameters: int) -> Shares:
    """The shares of a data set for a model of so many parameters."""
    return Shares() if parameters <= LITTLE else LARGER_SHARES


def settings(parameters: int) -> TrainingSettings:
    """How a model of so many parameters is trained."""
    return TrainingSettings() if parameters <= LITTLE else LARGER
