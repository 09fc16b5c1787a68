"""Boosted trees for a yes or no, small enough to be read in plain Python: gradient and curvature of the logistic loss."""

from typing import Any, NamedTuple

import numpy as np

Tree = Any
"""A number, or `[feature, threshold, below, above]` with two trees: `below` counts up to the threshold and at it."""


class Shape(NamedTuple):
    """How trees are grown.

    Attributes:
        trees: how many.
        leaves: the most of one tree.
        rate: what each tree counts for.
        least: the least rows of a leaf.
        damping: keeps the leaves small (L2).
        share: of the features that each tree sees.
    """

    trees: int = 120
    leaves: int = 10
    rate: float = 0.09
    least: int = 25
    damping: float = 3.0
    share: float = 0.6


_BINS = 24


def fit(rows: Any, wanted: Any, shape: Shape, seed: int = 0, weights: Any = None) -> tuple[float, list[Tree]]:
    """The bias and the trees: their sum for a row are log-odds.

    Args:
        rows: float, (rows, features).
        wanted: 0 or 1 for each row.
        weights: what each row counts for.
    """
    rng = np.random.default_rng(seed)
    weights = np.ones(len(wanted)) if weights is None else np.asarray(weights, float)
    cuts = [_cuts(rows[:, feature]) for feature in range(rows.shape[1])]
    binned = np.stack([np.searchsorted(cut, rows[:, feature], side="left") for feature, cut in enumerate(cuts)], axis=1)
    mean = float((weights * wanted).sum() / weights.sum())
    bias = float(np.log(mean / (1 - mean)))
    odds = np.full(len(wanted), bias)
    trees: list[Tree] = []
    usable = np.array([feature for feature, cut in enumerate(cuts) if len(cut)])
    for _ in range(shape.trees):
        likely = 1 / (1 + np.exp(-odds))
        slope, bend = weights * (likely - wanted), weights * likely * (1 - likely)
        seen = np.sort(rng.choice(usable, max(1, int(len(usable) * shape.share)), replace=False))
        tree, given = _grow(binned, cuts, slope, bend, seen, shape)
        odds += given
        trees.append(tree)
    return bias, trees


def _cuts(column: Any) -> Any:
    values = np.unique(column)
    if len(values) <= 1:
        return np.array([])
    middles = (values[:-1] + values[1:]) / 2
    if len(middles) > _BINS:
        middles = np.unique(np.quantile(column, np.linspace(0, 1, _BINS + 2)[1:-1]))
    return np.round(middles, 3)


class _Open(NamedTuple):
    gain: float
    members: Any
    feature: int
    cut: int


def _grow(binned: Any, cuts: Any, slope: Any, bend: Any, seen: Any, shape: Shape) -> tuple[Tree, Any]:
    """A tree grown where it gains most, and what it gives each row."""
    every = np.arange(len(slope))
    given = np.zeros(len(slope))
    root: list[Any] = [None]
    frontier: list[tuple[_Open | None, list[Any], int]] = [(_best(binned, slope, bend, every, seen, shape), root, 0)]
    members = {(id(root), 0): every}
    for _ in range(shape.leaves - 1):
        place = max(range(len(frontier)), key=lambda one: _gain(frontier[one][0]))
        split, holder, slot = frontier[place]
        if split is None:
            break
        frontier.pop(place)
        node = [int(split.feature), float(cuts[split.feature][split.cut]), None, None]
        holder[slot] = node
        del members[id(holder), slot]
        below = binned[split.members, split.feature] <= split.cut
        for side, chosen in ((2, split.members[below]), (3, split.members[~below])):
            members[id(node), side] = chosen
            frontier.append((_best(binned, slope, bend, chosen, seen, shape), node, side))
    for _, holder, slot in frontier:
        chosen = members[id(holder), slot]
        value = -shape.rate * float(slope[chosen].sum() / (bend[chosen].sum() + shape.damping))
        holder[slot] = round(value, 3)
        given[chosen] = holder[slot]
    return root[0], given


def _gain(split: _Open | None) -> float:
    return split.gain if split else 0.0


def _best(binned: Any, slope: Any, bend: Any, chosen: Any, seen: Any, shape: Shape) -> _Open | None:
    if len(chosen) < 2 * shape.least:
        return None
    width = _BINS + 2
    places = (binned[np.ix_(chosen, seen)] + np.arange(len(seen)) * width).ravel()
    total = len(seen) * width

    def summed(values: Any) -> Any:
        return np.bincount(places, np.repeat(values, len(seen)), total).reshape(len(seen), width).cumsum(axis=1)

    gs, hs, counts = summed(slope[chosen]), summed(bend[chosen]), summed(np.ones(len(chosen)))
    g, h, n = gs[:, -1:], hs[:, -1:], counts[:, -1:]
    gain = gs**2 / (hs + shape.damping) + (g - gs) ** 2 / (h - hs + shape.damping) - g**2 / (h + shape.damping)
    gain[(counts < shape.least) | (n - counts < shape.least)] = 0
    feature, cut = np.unravel_index(int(gain.argmax()), gain.shape)
    if gain[feature, cut] <= 1e-6:
        return None
    return _Open(float(gain[feature, cut]), chosen, int(seen[feature]), int(cut))


def odds(bias: float, trees: list[Tree], rows: Any) -> Any:
    """The log-odds of each row."""
    found = []
    for row in np.asarray(rows).tolist():
        total = bias
        for tree in trees:
            while isinstance(tree, list):
                tree = tree[2] if row[tree[0]] <= tree[1] else tree[3]  # noqa: PLW2901 -- walks down
            total += tree
        found.append(total)
    return np.array(found)
