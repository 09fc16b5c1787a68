"""The figures of what searches found: how much of the evidence, what the floor does, what scores are worth. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from memos_cli.bench.retrieval.retrieval import Retrieved

DEPTHS = (1, 5, 10, 20)
"""The first so many hits of which recall is told."""
BINS = 10
_SHOWN = 10
"""The first so many hits, as a search shows by default."""

Ids = Sequence[str | None]


def recall(relevant: frozenset[str], found: Ids, depth: int) -> float:
    """The share of the evidence among the first hits."""
    return len(relevant.intersection(found[:depth])) / len(relevant)


def reciprocal_rank(relevant: frozenset[str], found: Ids) -> float:
    """One divided by the place, counted from one, of the first hit that is evidence; 0 where none is."""
    return next((1 / place for place, one in enumerate(found, start=1) if one in relevant), 0.0)


def summary(outcomes: Sequence[Retrieved]) -> dict[str, Any]:
    """How much of the evidence is found, whether the floor lets it through or not.

    Returns:
        `queries`, how many of them are `answerable`, and means over these: `recall_1`, `recall_5`, `recall_10` and `recall_20`,
        `hit_10`, the share of the queries with any evidence among the first ten, and `mrr_20`; `None` where none is.
    """
    asked = [one for one in outcomes if one.answerable]
    return {
        "queries": len(outcomes),
        "answerable": len(asked),
        **{f"recall_{depth}": _mean([recall(one.relevant, one.found, depth) for one in asked]) for depth in DEPTHS},
        "hit_10": _mean([float(not one.relevant.isdisjoint(one.found[:10])) for one in asked]),
        "mrr_20": _mean([reciprocal_rank(one.relevant, one.found) for one in asked]),
    }


def grouped(outcomes: Sequence[Retrieved], by: Callable[[Retrieved], str | None]) -> dict[str, dict[str, Any]]:
    """The figures by set, or by category; queries without one are left out."""
    groups: dict[str, list[Retrieved]] = {}
    for outcome in outcomes:
        name = by(outcome)
        if name is not None:
            groups.setdefault(name, []).append(outcome)
    return {name: summary(members) for name, members in groups.items()}


def floor(outcomes: Sequence[Retrieved]) -> dict[str, Any]:
    """What the floor does.

    Returns:
        `answered`, the share of the answerable queries that find anything; `recall_10` of what is shown of them; `lost`, the
        share of the recall among the first ten that the floor costs; `unanswerable`, how many queries have no answer here, and
        `abstained`, the share of these that find nothing. `None` where there are no such queries.
    """
    asked, others = [one for one in outcomes if one.answerable], [one for one in outcomes if not one.answerable]
    whole = _mean([recall(one.relevant, one.found, _SHOWN) for one in asked])
    shown = _mean([recall(one.relevant, one.found, _SHOWN) if one.answered else 0.0 for one in asked])
    return {
        "answered": _mean([float(one.answered) for one in asked]),
        "recall_10": shown,
        "lost": None if not whole or shown is None else 1 - shown / whole,
        "unanswerable": len(others),
        "abstained": _mean([float(not one.answered) for one in others]),
    }


class Bin(NamedTuple):
    """The shown scores of one range.

    Attributes:
        low: where the range begins; `high`, where it ends.
        hits: how many scores there are.
        score: their mean; `right`, the share of them that are evidence; `None` without any.
    """

    low: float
    high: float
    hits: int
    score: float | None
    right: float | None


def reliability(outcomes: Sequence[Retrieved]) -> tuple[list[Bin], float | None]:
    """The shown scores in ranges of a tenth, and the expected calibration error.

    The error is the mean difference between the score of a range and the share of its hits that are evidence, each range with
    the weight of its hits; `None` where nothing is shown.
    """
    ranges: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for one in outcomes:
        if one.answered:
            for name, score in zip(one.found, one.scores, strict=True):
                ranges[min(BINS - 1, int(score * BINS))].append((score, name in one.relevant))
    bins = [
        Bin(
            place / BINS, (place + 1) / BINS, len(told), _mean([score for score, _ in told]),
            _mean([float(right) for _, right in told]),
        )
        for place, told in enumerate(ranges)
    ]  # fmt: skip
    total = sum(one.hits for one in bins)
    off = sum(one.hits * abs(one.score - one.right) for one in bins if one.score is not None and one.right is not None)
    return bins, off / total if total else None


def earnings(outcomes: Sequence[Retrieved]) -> list[dict[str, Any]]:
    """What each part of the score earns: recall among the first ten without it, and how much less that is than with all."""
    asked = [one for one in outcomes if one.answerable]
    if not asked:
        return []
    whole = sum(recall(one.relevant, one.found, _SHOWN) for one in asked) / len(asked)
    told = []
    for part in asked[0].bare:
        without = sum(recall(one.relevant, one.bare[part], _SHOWN) for one in asked) / len(asked)
        told.append({"part": part, "recall_10": without, "earns": whole - without})
    return told


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
