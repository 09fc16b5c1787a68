"""How much training a model gets: memos-mini has minutes for everything, a model a hundred times larger for a part of it.

An epoch costs operations in proportion to tokens and parameters. A larger model needs fewer examples of each kind, since it has
met the language before; what it has to learn are the answers.

Measured with SmolLM2-135M-Instruct (Q4_1, as it comes, in the layout `fence`), ten facts of one made-up person, one thread of a
busy machine, 115 steps: 457 s of the CPU with loading and laying out, 2.4 GB at most. Of 20 questions in forms that training never
saw 18 were answered with nothing in the prompt; of 27 to what nobody told, 25 were refused. Of questions in words of another
hand 9 of 20 to one fact were answered and 10 refused, 0 of 4 over two facts answered and all refused, 14 of 15 in vain refused.
Of 30 questions to others' facts in the prompt 0 were answered in exactly the wanted words with and without the adapter, and 15 in
the same words: a drift of 0 says nothing there. 30 and 100 facts were not measured.
"""

from memos_cli.operation.parametric.examples import Shares
from memos_cli.training_port import TrainingSettings

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
