"""The order of a reranker and memos's own, blended. Pure.

The scores of a reranker have a scale of their own: logits, or numbers from 0 to 1 that are no probabilities of anything. So its
order alone is taken: the hit that it puts at a place is given the log-odds of the hit that memos puts there, and moves towards
them by a share. The scores that are shown stay on one scale with those of every other search, and the hits that the reranker
reads stay ahead of those that it does not.
"""

from collections.abc import Sequence


def moves(own: Sequence[float], scores: Sequence[float | None], share: float) -> list[float]:
    """What each hit gains or loses.

    Args:
        own: the log-odds of the hits, the best first.
        scores: what the reranker says of each; `None` of a hit that it says nothing of, which is behind the others.
        share: how much its order counts: 0 leaves the order as it is, 1 takes the reranker's.
    """
    order = sorted(range(len(own)), key=lambda index: (-_known(scores[index]), index))
    found = [0.0] * len(own)
    for place, index in enumerate(order):
        found[index] = share * (own[place] - own[index])
    return found


def _known(score: float | None) -> float:
    return float("-inf") if score is None else score
