"""Candidates by words among what somebody may see: the best are those that a cube with nothing else would give."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from memos_cli.infra.vault.lexical import lexical, weights
from memos_cli.infra.vault.queries import Condition, narrowed
from memos_cli.infra.vault.sight.seen_words import TABLES, SeenWords, scores

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube


def seen_candidates(
    vault: "OpenCube", expressions: Sequence[str], sight: Condition, limit: int, *, cold: bool, large: int
) -> list[tuple[int, float]]:
    """Row numbers and BM25 scores, best first, as `search.lexical` returns them; the arguments are the same.

    Args:
        large: how many memories make an index a large one.
    """
    indexes = [SeenWords(vault, table) for table in TABLES[: 1 + cold]]
    if any(index.documents >= large for index in indexes):
        asked = lexical.Passing(sight, narrowed(sight))
        found = [hit for index in indexes for hit in _SeenIndex(vault, expressions, index).best(asked, limit)]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]
    every = scores(vault, expressions, cold=cold)
    order = sorted(every, key=lambda n: (-every[n], n))
    among = f"SELECT m.n FROM json_each(?) j CROSS JOIN memories m ON m.n = j.value WHERE {sight[0]}"
    chosen: list[int] = []
    start, end = 0, limit + limit // 4
    while start < len(order) and len(chosen) < limit:
        asked_of = order[start:end]
        passing = {n for (n,) in vault.conn.execute(among, (json.dumps(asked_of), *sight[1]))}
        chosen += [n for n in asked_of if n in passing]
        start, end = end, 4 * end
    return [(n, every[n]) for n in chosen[:limit]]


class _SeenIndex(lexical.WordIndex):
    """The hot or the cold index of a large cube, as far as it may be seen."""

    def __init__(self, vault: "OpenCube", expressions: Sequence[str], seen: SeenWords) -> None:
        self._seen_words = seen
        super().__init__(vault, list(expressions), table=seen.table)

    def _size(self) -> int:
        return self._seen_words.documents

    def _rows(self, expression: str, more: str = "", *values: object) -> Iterator[int]:
        return self._seen_words.rows(expression, more, *values)

    def _count(self, expression: str) -> int:
        return self._seen_words.count(expression, self._most + 1)

    def _windows(self) -> list[tuple[int, int]]:
        """Runs of the rows that may be seen, as if they were numbered without those between them."""
        rows = self._seen_words.seen.rows
        return [(rows[start - 1], rows[min(end, len(rows)) - 1]) for start, end in self._spread(1, len(rows))]

    def _having(self, expression: str, window: tuple[int, int]) -> int:
        return self._seen_words.having(expression, *window)

    def _within(self, window: tuple[int, int]) -> int:
        first, last = window
        return sum(self._seen_words.seen.among[first : last + 1])

    def _scored(self, expression: str) -> dict[int, float]:  # noqa: ARG002 -- each rare word by itself
        scored: dict[int, float] = {}
        for part in self._rare:
            weight = weights.rarity(self._documents, part.having)
            for n, share in self._seen_words.parts(part.expression).items():
                scored[n] = scored.get(n, 0.0) + weight * share
        return scored
