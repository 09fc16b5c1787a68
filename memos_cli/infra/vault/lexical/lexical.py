"""Candidates by words in a large cube, without a look at all memories that have a frequent word.

FTS5's `bm25` counts all postings of every word of a query, and scores every memory that has one of them: 2 µs each, so that one
word of every other memory took a second and a half in a cube of a million. So the rare words of a query find and score the
candidates, and of a frequent one it is only asked which of these have it. Where the rare words find too few, those with most of
the frequent words come next, the newest first.

Nothing is lost by that which a filter lets through: where fewer candidates than were asked for may be seen, all memories that
may be seen are looked through, by their own index where they are few.
"""

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.infra.vault.lexical import weights

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from memos_cli.infra.vault.connection import OpenCube

SCORED, _SHARE = 1_000, 250
"""Memories that are scored in a cube of up to 250,000, and the part in a larger one: one in 250. It takes 2 to 3 µs each."""
_SAMPLES, _SAMPLE = 4, 500
"""Runs of rows from which the frequency of a frequent word is estimated, and the rows of one: 0.1 ms for each run."""
_PAIRED = 4
"""The frequent words of which pairs are looked for, the rarest of them."""
_FEW = 4_000
"""Memories that may be seen up to which each of them is looked at by itself."""
_SINGLY = 300
"""Postings that are read in the time in which one row is looked up in the index."""


class _Word(NamedTuple):
    """A word of the query, or a pair of characters.

    Attributes:
        expression: it in FTS5's query language.
        having: how many memories have it, counted as far as it is rare, else estimated.
        weight: how much one more memory's having it counts.
    """

    expression: str
    having: int
    weight: float


class Passing(NamedTuple):
    """The condition on memories that may be seen.

    Attributes:
        asked: for a statement that asks it of given rows: the SQL condition on `memories m`, and its parameters.
        scanned: the same for a statement that looks for all such rows.
    """

    asked: tuple[str, list[Any]]
    scanned: tuple[str, list[Any]]


def candidates(
    vault: "OpenCube", expressions: "list[str]", sight: Passing, limit: int, *, cold: bool
) -> list[tuple[int, float]]:
    """Row numbers and scores of the best memories that have one of the words and that the condition lets through, best first.

    Args:
        vault: the cube.
        expressions: the words, in FTS5's query language.
        sight: the condition.
        limit: how many.
        cold: look in cold storage too.
    """
    found = WordIndex(vault, expressions, table="fts").best(sight, limit)
    if cold:
        found += WordIndex(vault, expressions, table="cold_fts").best(sight, limit)
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]


class WordIndex:
    """The hot or the cold index, asked for some words."""

    def __init__(self, vault: "OpenCube", expressions: "list[str]", *, table: str) -> None:
        self._conn: sqlite3.Connection = vault.conn
        self._table = table
        self._documents = self._size()
        self._most = max(SCORED, self._documents // _SHARE)
        counts = sorted((self._count(expression), place) for place, expression in enumerate(expressions))
        self._rare: list[_Word] = []
        self._frequent: list[_Word] = []
        self._sampled: int | None = None
        left = self._most
        windows: list[tuple[int, int]] | None = None
        for count, place in counts:
            if count <= left:
                left -= count
                if count:
                    self._rare.append(_Word(expressions[place], count, weights.rarity(self._documents, count)))
                continue
            if count > self._most:
                windows = self._windows() if windows is None else windows
                count = max(count, self._estimate(expressions[place], windows))  # noqa: PLW2901 -- known better now
            self._frequent.append(_Word(expressions[place], count, weights.rarity(self._documents, count)))
        self._frequent.sort(key=lambda part: part.having)

    def _size(self) -> int:
        return weights.documents(self._conn, self._table)

    def _rows(self, expression: str, more: str = "", *values: object) -> "Iterator[int]":
        sql = f"SELECT rowid FROM main.{self._table} WHERE {self._table} MATCH ? {more}"
        return (n for (n,) in self._conn.execute(sql, (expression, *values)))

    def _count(self, expression: str) -> int:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM main.{self._table} WHERE {self._table} MATCH ? LIMIT ?)"
        return self._one(sql, expression, self._most + 1)

    def _one(self, sql: str, *values: object) -> int:
        return int(self._conn.execute(sql, values).fetchone()[0])

    def _windows(self) -> list[tuple[int, int]]:
        """Runs of rows, spread evenly, each as its first and its last row."""
        # One by one: SQLite reads all rows for the first and the last in one statement.
        first, last = (self._one(f"SELECT {which}(id) FROM main.{self._table}_docsize") for which in ("min", "max"))
        return self._spread(first, last)

    def _spread(self, first: int, last: int) -> list[tuple[int, int]]:
        starts = [first + (last - first - _SAMPLE) * place // (_SAMPLES - 1) for place in range(_SAMPLES)]
        return [(start, start + _SAMPLE - 1) for start in starts]

    def _estimate(self, expression: str, windows: list[tuple[int, int]]) -> int:
        """How many memories have a frequent word, from what they are in some runs of rows."""
        having = sum(self._having(expression, window) for window in windows)
        if self._sampled is None:
            self._sampled = sum(map(self._within, windows))
        return self._documents * having // self._sampled if self._sampled else 0

    def _having(self, expression: str, window: tuple[int, int]) -> int:
        """How many rows of a run have a word."""
        matching = f"SELECT count(*) FROM main.{self._table} WHERE {self._table} MATCH ? AND rowid BETWEEN ? AND ?"
        return self._one(matching, expression, *window)

    def _within(self, window: tuple[int, int]) -> int:
        """How many rows of a run there are."""
        return self._one(f"SELECT count(*) FROM main.{self._table}_docsize WHERE id BETWEEN ? AND ?", *window)

    def best(self, sight: Passing, limit: int) -> list[tuple[int, float]]:
        """The best rows that may be seen, with their scores; all that there are where they are fewer than `limit`."""
        if not self._rare and not self._frequent:
            return []
        scores = self._by_rare_words()
        if self._frequent and len(scores) < limit:
            self._add_by_frequent_words(scores, limit)
        found, asked = self._seen(scores, sight, limit)
        if len(found) >= limit or not self._frequent:
            return found
        narrow = self._few(sight) if 8 * len(found) < asked else None
        if narrow is not None:
            every = self._among(narrow)
        else:  # most that may be seen have none of the rare words; of those with a frequent one the newest are as good as any
            expression = " OR ".join(part.expression for part in (*self._rare, *self._frequent))
            every = self._among(self._newest(expression, sight, limit))
        every.update(found)  # the better scores
        return sorted(every.items(), key=lambda hit: (-hit[1], hit[0]))[:limit]

    def _by_rare_words(self) -> dict[int, float]:
        """The rows with a rare word, scored exactly for those, and for a frequent one as if it were there once."""
        if not self._rare:
            return {}
        expression = " OR ".join(part.expression for part in self._rare)
        scores = self._scored(expression)
        for part in self._frequent:
            for n in self._rows(f"({expression}) AND {part.expression}"):
                scores[n] += part.weight
        return scores

    def _scored(self, expression: str) -> dict[int, float]:
        """The rows that match an expression, with their scores."""
        sql = f"SELECT rowid, -bm25({self._table}, ?, ?, ?) FROM main.{self._table} WHERE {self._table} MATCH ?"
        return dict(self._conn.execute(sql, (*weights.COLUMNS, expression)).fetchall())

    def _last(self, expression: str, most: int) -> "Iterator[int]":
        """The newest rows that match an expression."""
        return self._rows(expression, "ORDER BY rowid DESC LIMIT ?", most)

    def _add_by_frequent_words(self, scores: dict[int, float], limit: int) -> None:
        """The newest rows with all frequent words, with two of the rarer ones, and with one, as far as they are needed."""
        places = range(len(self._frequent))
        some = places[:_PAIRED]
        having: dict[int, set[int]] = {}
        groups: tuple[Iterable[tuple[int, ...]], ...] = (
            [tuple(places)],
            combinations(some, 2),
            ((one,) for one in some),
        )
        for group in groups:
            if len(having) + len(scores) >= limit:
                break
            for parts in group:
                for n in self._last(" AND ".join(self._frequent[at].expression for at in parts), limit + limit // 4):
                    having.setdefault(n, set()).update(parts)
        for n, these in having.items():
            if n not in scores:  # in order: the same numbers added up in another order are another sum
                scores[n] = sum(self._frequent[at].weight for at in sorted(these))

    def _seen(self, scores: dict[int, float], sight: Passing, limit: int) -> tuple[list[tuple[int, float]], int]:
        """The best of these rows that may be seen, asked of more and more; and how many were asked."""
        order = sorted(scores, key=lambda n: (-scores[n], n))
        found: list[tuple[int, float]] = []
        start, end = 0, limit + limit // 4
        while start < len(order) and len(found) < limit:
            asked = order[start:end]
            seen = self._visible(asked, sight)
            found += [(n, scores[n]) for n in asked if n in seen]
            start, end = end, 4 * end
        return found[:limit], min(start, len(order))

    def _visible(self, rows: list[int], sight: Passing) -> set[int]:
        clause, values = sight.asked
        sql = f"SELECT m.n FROM json_each(?) j CROSS JOIN memories m ON m.n = j.value WHERE {clause}"
        return {n for (n,) in self._conn.execute(sql, (json.dumps(rows), *values))}

    def _newest(self, expression: str, sight: Passing, limit: int) -> list[int]:
        clause, values = sight.asked
        sql = f"""SELECT m.n FROM main.{self._table} f CROSS JOIN memories m ON m.n = f.rowid
                  WHERE {self._table} MATCH ? AND {clause} ORDER BY f.rowid DESC LIMIT ?"""
        return [n for (n,) in self._conn.execute(sql, (expression, *values, limit))]

    def _among(self, rows: list[int]) -> dict[int, float]:
        """Which of some rows have a word, with their scores."""
        scores: dict[int, float] = {}
        given = json.dumps(rows)
        for part in (*self._rare, *self._frequent):
            # With "+" the postings are read and compared with the rows, without it each row is looked up.
            column = "rowid" if len(rows) * _SINGLY < part.having else "+rowid"
            for n in self._rows(part.expression, f"AND {column} IN (SELECT value FROM json_each(?))", given):
                scores[n] = scores.get(n, 0.0) + part.weight
        return scores

    def _few(self, sight: Passing) -> list[int] | None:
        """The rows that may be seen, where they are few; else `None`."""
        clause, values = sight.scanned
        sql = f"SELECT m.n FROM memories m WHERE {clause} LIMIT ?"
        found = [n for (n,) in self._conn.execute(sql, (*values, _FEW + 1))]
        return found if len(found) <= _FEW else None
