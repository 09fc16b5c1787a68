"""Fusing what the word search and the vector search found into one order. Pure: numbers in, numbers out.

Scores are fused, not ranks: on conversations reciprocal rank fusion fell below BM25 alone (recall@10 0.579 against 0.605 on
LoCoMo), since it forgets by how much the first hit won.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

WORDS = 0.5
MEANING = 0.5
"""Shares of the two parts."""
FLOOR = 0.15
"""A cosine of MiniLM between unrelated sentences; similarity is counted from here on."""


class Parts(NamedTuple):
    """What a hit's score is made of; each part is between 0 and 1 before its weight, and `total` is their weighted sum.

    Attributes:
        bm25: the raw BM25 score, 0 where no word matched.
        cosine: the raw cosine, `None` where the memory has no vector.
    """

    total: float
    words: float
    meaning: float
    bm25: float
    cosine: float | None


Place = tuple[int, int]
"""Which cube, and which row of it."""


def fuse(lexical: Mapping[Place, float], cosines: Mapping[Place, float]) -> list[tuple[Place, Parts]]:
    """The candidates of both searches, best first; ties go to the earlier row, so that an order is always the same."""
    top = max(lexical.values(), default=0.0)
    closest = max(cosines.values(), default=0.0)
    fused = [(n, _parts(lexical.get(n, 0.0), top, cosines.get(n), closest, bool(cosines))) for n in {*lexical, *cosines}]
    return sorted(fused, key=lambda pair: (-pair[1].total, pair[0]))


def _parts(bm25: float, top: float, cosine: float | None, closest: float, vectors: bool) -> Parts:  # noqa: FBT001 -- pure helper
    words = bm25 / top if top > 0 else 0.0
    span = closest - FLOOR
    meaning = max(0.0, ((cosine or 0.0) - FLOOR) / span) if span > 0 else 0.0
    total = WORDS * words + MEANING * meaning if vectors else words
    return Parts(total=total if math.isfinite(total) else 0.0, words=words, meaning=meaning, bm25=bm25, cosine=cosine)
