"""Ranks the pool of a query: an order, the probability that each memory answers, and whether anything here answers at all."""

import math
from collections.abc import Collection, Mapping, Sequence

from memos_cli.infra.vault.pool.pool import Row
from memos_cli.model import COLD_STATES
from memos_cli.operation.operator.ranking import floor
from memos_cli.operation.operator.ranking.features import FEATURES, PARTS, Evidence, Place, Words, bm25, features
from memos_cli.operation.operator.ranking.floor import Judged
from memos_cli.operation.operator.ranking.network import Network, network, probability
from memos_cli.operation.results import Parts
from memos_cli.records import NamedTuple

UNTRUSTED = -0.5
"""Log-odds that an untrusted memory loses: it ranks behind its equals and ahead of what fits less."""
PAST = -0.3
"""Log-odds that a memory loses that is no longer current: it is found where a search is widened to such."""
TOGETHER = 1.7
"""The most answers that the probabilities of a question's turns may add up to.

As many have the questions about conversations and chats that the ranking was trained with, on average. On a kind of talk that
the network has not seen it gives many turns a little each, three answers in all where one is right; that a question seldom has
so many holds for any talk. Questions about notes may well have many answers, and their probabilities are right as they are.
"""
RAISED = 0.1
"""Log-odds that a pinned memory gains, and one of raised priority: they decide between equals."""

_NONE = -9.0
"""Log-odds below which a candidate is no answer: a hundred of them are a hundredth of one."""
_NEARLY, _MOST_STEPS = 1.001, 60
_IN_TALK = FEATURES.index("in talk")
_DIGITS = 9
"""Digits of log-odds that count for the order: numpy adds up the same features in another order in another row."""


class Ranked(NamedTuple):
    """The candidates of a query, best first.

    Attributes:
        answers: the probability that any of them answers the query.
        passing: those that fit whatever their scores; `None` where nothing fits.
        others: what each gains or loses in log-odds by what the others are: what is shown is its probability beside them. Which
            fit, and whether anything answers, is judged by each alone.
    """

    judged: list[Judged]
    answers: float
    passing: set[Place] | None
    others: float = 0.0


def rank(query: str, words: Sequence[str], content: frozenset[str], pool: Evidence, *, without: Sequence[str] = ()) -> Ranked:
    """The candidates of a pool in order; of equal scores the earlier row is first, so the order is repeatable.

    Args:
        query: as it was asked.
        words: the words that the pool counts.
        content: those of them that are no function words.
        pool: the candidates.
        without: names of `features.PARTS` whose features count as nothing, to learn what they earn.
    """
    net = network()
    rows = features(query, words, pool)
    if without:
        left_out = {name for part in without for name in PARTS[part]}
        rows = {place: _bare(row, left_out) for place, row in rows.items()}
    odds = net.log_odds(list(rows.values()))
    called = floor.called(words, content, pool)
    # The talks that the weights were trained with have no attributes: who asks for one by name gets it at evens or better.
    odds = [
        max(one, 0.0) + math.log1p(math.exp(-abs(one))) if place in called else one
        for place, one in zip(rows, odds, strict=True)
    ]
    judged = [Judged(place, one + moved(pool.rows[place]), row) for (place, row), one in zip(rows.items(), odds, strict=True)]
    judged.sort(key=lambda one: (-round(one.log_odds, _DIGITS), one.place))
    passing = floor.certain(query, words, content, pool)
    answers = floor.answered(net, judged, floor.known(query, words, pool.statistics), query)
    return Ranked(judged, 1.0 if passing else answers, passing, beside_others(judged, net.in_talk))


def beside_others(judged: Sequence[Judged], lowered: float) -> float:
    """The log-odds by which the probabilities of a talk's turns add up to `TOGETHER` answers at most.

    The sum guards against a network that is too sure of a talk, so what turns are lowered by for that is given back first.

    Args:
        judged: the candidates, the best first: it tells whether they are those of a talk.
        lowered: what is added to the log-odds of each turn, none or less.
    """
    if not judged or not judged[0].features[_IN_TALK]:
        return 0.0
    odds = [one.log_odds for one in judged if one.log_odds > _NONE]
    shift = -lowered
    # Each step undoes the excess as if all probabilities were small, so it never goes too far; a crowd of sure ones takes many.
    for _ in range(_MOST_STEPS):
        excess = sum(probability(one + shift) for one in odds) / TOGETHER
        if excess <= _NEARLY:
            break
        shift -= math.log(excess)
    return shift


def _bare(row: Sequence[float], left_out: Collection[str]) -> list[float]:
    return [0.0 if name in left_out else value for name, value in zip(FEATURES, row, strict=True)]


def moved(row: Row) -> float:
    """What a memory's header adds to its log-odds."""
    gained = RAISED * (row.pinned + (row.priority > 0) - (row.priority < 0))
    return gained + UNTRUSTED * row.untrusted + PAST * (row.state in COLD_STATES)


def shared(judged: Sequence[Judged], rows: Mapping[Place, Row], passing: set[Place] | None, k: int) -> list[Judged]:
    """The candidates in order, with room among the first `k` for what is trusted and fits: half of it at least.

    However many memories a stranger writes to a question, they do not push out what the person told.

    Args:
        judged: the candidates, best first.
        rows: of the pool.
        passing: see `Ranked`.
    """
    late = {one.place for one in [one for one in judged if rows[one.place].untrusted][max(1, k // 2) :]}
    if not late or passing is None:
        return list(judged)
    own = [at for at, one in enumerate(judged) if not rows[one.place].untrusted and floor.fits(one, passing)]
    end = own[-1] + 1 if own else 0
    return [*sorted(judged[:end], key=lambda one: one.place in late), *judged[end:]]


def parts(
    judged: Judged, pool: Evidence, scores: Mapping[Place, float], others: float = 0.0, net: Network | None = None
) -> Parts:
    """What moved the score of a candidate: for each part of the features the log-odds that it would be without, less.

    Args:
        judged: the candidate.
        pool: the pool that it is of.
        scores: the BM25 scores of the pool.
        others: as `Ranked.others`.
        net: the weights; `None` for those that ship.
    """
    net = net or network()
    row = list(judged.features)
    without = [_bare(row, names) for names in PARTS.values()]
    whole, *rest = net.log_odds([row, *without])
    told = {name: whole - one for name, one in zip(PARTS, rest, strict=True)}
    return Parts(
        total=probability(judged.log_odds + others),
        bm25=scores[judged.place],
        cosine=pool.cosines.get(judged.place),
        header=judged.log_odds - whole,
        others=others,
        **told,
    )


def lexical_scores(pool: Evidence) -> dict[Place, float]:
    """The BM25 score of each candidate, by all words of the query."""
    return bm25(pool, Words.of(pool.statistics))
