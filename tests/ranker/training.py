"""Trains the ranking and its floor: a listwise loss for the order, and one that makes the scores probabilities.

Both losses are taken together: the first asks that the memories which answer come first among a query's candidates, whatever
the scores; the second that each score is the log-odds of being an answer, so that scores of different queries can be compared.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from memos_cli.operation.operator.ranking import floor
from memos_cli.operation.operator.ranking.features import FEATURES, PARTS
from memos_cli.operation.operator.ranking.network import Network
from tests.ranker.extraction import Example

HIDDEN = 24
EPOCHS = 16
BATCH = 16
RATE = 4e-3
DECAY = 3e-2
LEFT_OUT = 0.1
"""How often the features of meaning are left out of a query's candidates: a lexical score has to be as good a probability."""


IN_TALK, APART = -0.6, 1.2
"""What is added to the log-odds of turns, and of other memories.

Trained without BEAM, the network is too sure of BEAM's turns (by 2.9), and without the conversations by hand of those (0.7): an
unseen kind of conversation is harder than those that were trained on. Of notes and facts it is not sure enough (by 0.8), since
the pointwise loss has a small share.
"""

ANSWERED_IN_TALK = 0.5
"""How many of the queries that are put to conversations have an answer there."""
FROM_ANY = 0.4
"""The log-odds that are added to those of any hit of notes answering, so that nothing is shown below a probability of 0.4.

Who keeps notes knows what they are about, and to lose a note is worse than to show one for nothing. A floor that was trained on
all signs did worse on small cubes than this one sign: the scores of the queries that the network was trained on are too sure.
"""
LITTLE = -0.8
OWN, OWN_IN_TALK = 1.0, 0.4
"""The log-odds that a question about oneself adds in notes and in talk: who asks "what do I eat?" has told so."""
LOST = 0.03
"""The share of answered queries that the floor of notes may lose of those that it is trained on."""
ELSEWHERE = ("elsewhere", "other", "nonsense")
JUST_NOT = 0.2
_NO_FLOOR = (0.0,) * (len(floor.SIGNS) + 1)


class Batch(NamedTuple):
    """The candidates of several queries under each other; `owners` tells of which query each is."""

    inputs: torch.Tensor
    labels: torch.Tensor
    owners: torch.Tensor
    weights: torch.Tensor


def _batch(chosen: Sequence[Example], weigh: Callable[[Example], float]) -> Batch:
    owners = np.concatenate([np.full(len(one.labels), number) for number, one in enumerate(chosen)])
    return Batch(
        torch.from_numpy(np.concatenate([one.inputs for one in chosen])),
        torch.from_numpy(np.concatenate([one.labels for one in chosen])),
        torch.from_numpy(owners),
        torch.tensor([weigh(one) for one in chosen], dtype=torch.float32),
    )


def listwise(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The cross-entropy of each query's scores with its answers, in shares; queries without an answer add nothing."""
    count = len(batch.weights)
    top = torch.full((count,), -1e9).scatter_reduce(0, batch.owners, scores, "amax")
    total = torch.zeros(count).scatter_add(0, batch.owners, (scores - top[batch.owners]).exp())
    logs = scores - top[batch.owners] - total.log()[batch.owners]
    answers = torch.zeros(count).scatter_add(0, batch.owners, batch.labels)
    shares = torch.zeros(count).scatter_add(0, batch.owners, -logs * batch.labels)
    return (batch.weights * shares / answers.clamp(min=1)).sum() / count


def pointwise(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The cross-entropy of each candidate's probability with whether it answers, summed over a query's candidates."""
    losses = functional.binary_cross_entropy_with_logits(scores, batch.labels, reduction="none")
    summed = torch.zeros(len(batch.weights)).scatter_add(0, batch.owners, losses)
    return (batch.weights * summed).sum() / len(batch.weights)


def train(
    examples: Sequence[Example],
    seed: int,
    weigh: Callable[[Example], float] = lambda _: 1.0,
    *,
    hidden: int = HIDDEN,
    epochs: int = EPOCHS,
    share: float = 0.15,
    decay: float = DECAY,
) -> torch.nn.Sequential:
    """A network that was trained on these examples.

    Args:
        examples: of queries with answers among their candidates, and of queries without any.
        seed: of the weights at the beginning, the order of the examples, and what is left out.
        weigh: how much an example counts.
        hidden: hidden units; `epochs`, `decay`: of the optimizer.
        share: of the pointwise loss.
    """
    torch.manual_seed(seed)
    chance = random.Random(seed)
    torch.set_num_threads(1)
    net = torch.nn.Sequential(torch.nn.Linear(len(FEATURES), hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1))
    with torch.no_grad():
        net[2].bias.fill_(-3.0)  # one candidate in twenty answers
    meaning = [place for place, name in enumerate(FEATURES) if name in PARTS["meaning"] or name.startswith("cosine ")]
    chosen = [one for one in examples if len(one.labels) and (one.labels.any() or not one.relevant)]
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=decay)
    steps = epochs * -(-len(chosen) // BATCH)
    step = 0
    averaged = [torch.zeros_like(weights) for weights in net.parameters()]
    counted = 0
    for _ in range(epochs):
        chance.shuffle(chosen)
        for start in range(0, len(chosen), BATCH):
            batch = _batch(chosen[start : start + BATCH], weigh)
            without = torch.tensor([chance.random() < LEFT_OUT for _ in batch.weights])[batch.owners]
            inputs = batch.inputs.clone()
            inputs[:, meaning] = torch.where(without[:, None], torch.zeros(()), inputs[:, meaning])
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 - step / steps)
            step += 1
            scores = net(inputs)[:, 0]
            loss = listwise(scores, batch) + share * pointwise(scores, batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            if step > 0.6 * steps:  # the mean of the last weights is steadier than the last ones
                counted += 1
                for mean, weights in zip(averaged, net.parameters(), strict=True):
                    mean.add_((weights.detach() - mean) / counted)
    with torch.no_grad():
        for mean, weights in zip(averaged, net.parameters(), strict=True):
            weights.copy_(mean)
    return net


def exported(net: torch.nn.Sequential) -> Network:
    """The weights as memos reads them, rounded to five digits, with a floor that is yet to be trained."""

    def rounded(values: Any) -> tuple[float, ...]:
        return tuple(float(f"{value:.5g}") for value in values.tolist())

    first, _, last = net
    return Network(
        tuple(rounded(unit) for unit in first.weight.detach()), rounded(first.bias.detach()),
        rounded(last.weight.detach()[0]), rounded(last.bias.detach())[0], IN_TALK, APART, *[_NO_FLOOR] * 2,
        (0.0,) * (len(floor.SIGNS_OF_NOTES) + 1),
    )  # fmt: skip


def judged(network: Network, example: Example) -> list[floor.Judged]:
    """The candidates of an example, best first."""
    rows = example.inputs.astype(float).tolist()
    odds = network.log_odds(rows)
    found = [floor.Judged((0, number), one, row) for number, (one, row) in enumerate(zip(odds, rows, strict=True))]
    return sorted(found, key=lambda one: (-one.log_odds, one.place))


def ranking(examples: Sequence[Example], seed: int) -> Network:
    """The network and its floors, as they ship."""
    return with_floor(exported(train(examples, seed, weight)), examples)


def weight(example: Example) -> float:
    """How much an example counts: a search by words and meaning is the usual one, and notes are fewer than turns."""
    in_talk = bool(len(example.labels) and example.inputs[:, FEATURES.index("in talk")].any())
    return (1.0 if example.lexical else 2.0) * (1.0 if in_talk else 2.0)


def with_floor(network: Network, examples: Sequence[Example]) -> Network:
    """The network with its floors: whether any candidate of a query answers it; that of conversations is trained."""
    found = []
    for one in examples:
        best = judged(network, one)
        if best and best[0].features[FEATURES.index("in talk")]:
            found.append((floor.signs(best, one.known), float(one.relevant > 0), _counts(one)))
    of_notes = [0.0] * len(floor.SIGNS)
    of_notes[floor.SIGNS.index("any")], of_notes[floor.SIGNS.index("own")] = floor.CLIPPED, OWN
    of_notes[floor.SIGNS.index("little")] = LITTLE
    in_talk = list(_floor(found, ANSWERED_IN_TALK))
    in_talk[floor.SIGNS.index("own")] += OWN_IN_TALK
    return network._replace(floor=(*of_notes, FROM_ANY), floor_in_talk=tuple(in_talk))


def floor_of_notes(network: Network, examples: Sequence[Example], seed: int, decay: float = 0.1) -> tuple[float, ...]:
    """The weights of the floor of notes that have vectors, from small cubes and such of several hundred notes.

    Logistic regression of standardized signs. Queries without an answer that mean nothing have a question mark at random, since
    those that were written have fewer than questions do. What is added last lets `LOST` of the answered ones fall below.

    Args:
        network: ranks the candidates.
        examples: of searches by words and meaning; those without an answer that belong to the home count for nothing.
        seed: of the marks.
        decay: of the standardized weights.
    """
    chance, mark = random.Random(seed), floor.SIGNS_OF_NOTES.index("question")
    rows, answers = [], []
    for one in examples:
        best = judged(network, one)
        if best and (one.labels.any() or one.asked.category in ELSEWHERE):
            row = floor.signs_of_notes(best, one.asked.query)
            if one.asked.category == "nonsense":
                row[mark] = float(chance.random() < 0.5)
            rows.append(row)
            answers.append(float(one.relevant > 0))
    inputs, labels = torch.tensor(rows), torch.tensor(answers)
    mean, deviation = inputs.mean(0), inputs.std(0).clamp(min=1e-3)
    weights = torch.zeros(inputs.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        odds = ((inputs - mean) / deviation) @ weights[:-1] + weights[-1]
        loss = functional.binary_cross_entropy_with_logits(odds, labels) + decay * (weights[:-1] ** 2).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    plain = weights.detach()[:-1] / deviation
    lost = torch.quantile(inputs[labels > 0] @ plain, LOST)
    return tuple(float(f"{value:.5g}") for value in [*plain.tolist(), -float(lost)])


def _counts(example: Example) -> float:
    """How much an example counts for the floor: a question that only just isn't answered cannot be told from one that is."""
    return 1.0 if example.relevant or example.asked.category in ELSEWHERE else JUST_NOT


def _floor(examples: Sequence[tuple[list[float], float, float]], answered: float, decay: float = 1e-3) -> tuple[float, ...]:
    inputs = torch.tensor([row for row, _, _ in examples])
    inputs[:, floor.SIGNS.index("little")] = 0.0  # for notes alone: the talks are served worse with it
    labels = torch.tensor([label for _, label, _ in examples])
    counts = torch.tensor([count for _, _, count in examples])
    weights = torch.zeros(len(floor.SIGNS) + 1, requires_grad=True)
    # The shares are given, so that the floor does not learn how often a query without an answer was written.
    having = (counts * labels).sum() / counts.sum()
    shares = counts * torch.where(labels > 0, answered / having, (1 - answered) / (1 - having))
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        odds = inputs @ weights[:-1] + weights[-1]
        loss = (shares * functional.binary_cross_entropy_with_logits(odds, labels, reduction="none")).mean()
        loss = loss + decay * (weights[:-1] ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return tuple(float(f"{value:.5g}") for value in weights.detach().tolist())
