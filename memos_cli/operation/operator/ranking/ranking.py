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
RAISED = 0.1
"""Log-odds that a pinned memory gains, and one of raised priority: they decide between equals."""

_DIGITS = 9
"""Digits of log-odds that count for the order: numpy adds up the same features in another order in another row."""


class Ranked(NamedTuple):
    """The candidates of a query, best first.

    Attributes:
        answers: the probability that any of them answers the query.
        passing: those that fit whatever their scores; `None` where nothing fits.
    """

    judged: list[Judged]
    answers: float
    passing: set[Place] | None


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
    return Ranked(judged, 1.0 if passing else answers, passing)


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


def parts(judged: Judged, pool: Evidence, scores: Mapping[Place, float], net: Network | None = None) -> Parts:
    """What moved the score of a candidate: for each part of the features the log-odds that it would be without, less.

    Args:
        judged: the candidate.
        pool: the pool that it is of.
        scores: the BM25 scores of the pool.
        net: the weights; `None` for those that ship.
    """
    net = net or network()
    row = list(judged.features)
    without = [_bare(row, names) for names in PARTS.values()]
    whole, *rest = net.log_odds([row, *without])
    told = {name: whole - one for name, one in zip(PARTS, rest, strict=True)}
    return Parts(
        total=probability(judged.log_odds),
        bm25=scores[judged.place],
        cosine=pool.cosines.get(judged.place),
        header=judged.log_odds - whole,
        **told,
    )


def lexical_scores(pool: Evidence) -> dict[Place, float]:
    """The BM25 score of each candidate, by all words of the query."""
    return bm25(pool, Words.of(pool.statistics))
