"""Words among what somebody may see: how many memories have them and how long those are, as if there were no others.

The full-text indexes hold all memories of a cube, and what FTS5 computes of them counts all. So of each word its postings are
read and those are counted that may be seen; and of FTS5's score only the part is taken that depends on the memory itself, which
is weighed by these counts. The scores are those of a cube that has nothing else (`tests/infra/vault/sight/test_seen_words.py`).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from memos_cli.infra.vault.lexical import weights

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

TABLES = ("fts", "cold_fts")
_K1, _B = 1.2, 0.75
"""The constants of FTS5's `bm25`."""
_SEEN = "substr(?, rowid + 1, 1) = x'01'"
"""The condition on the rows of an index for those that may be seen, of `SeenRows.among`: a list of rows would take longer."""


class SeenWords:
    """One full-text index, as far as it may be seen.

    Args:
        vault: the cube, opened for the principal.
        table: the index.

    Attributes:
        seen: what may be seen of it.
        documents: how many memories that are.
    """

    def __init__(self, vault: "OpenCube", table: str) -> None:
        if vault.sight is None:
            raise ValueError("the cube's owner sees all")
        self._conn = vault.conn
        self.table = table
        self.seen = vault.sight.seen(table)
        self.documents = self.seen.documents
        whole = weights.totals(self._conn, table)
        self._documents_whole = whole[0]
        self._length_whole = sum(whole[1:]) / whole[0] if whole[0] else 0.0

    def rows(self, expression: str, more: str = "", *values: object) -> Iterator[int]:
        """The rows that match an expression, among those that may be seen."""
        sql = f"SELECT rowid FROM main.{self.table} WHERE {self.table} MATCH ? AND {_SEEN} {more}"
        return (n for (n,) in self._conn.execute(sql, (expression, self.seen.among, *values)))

    def count(self, expression: str, most: int) -> int:
        """How many memories match, counted up to `most`; what was counted once is known until something changes."""
        known, upto = self.seen.counts.get(expression, (0, 0))
        if known < upto or most <= upto:
            return min(known, most)
        sql = f"SELECT count(*) FROM (SELECT 1 FROM main.{self.table} WHERE {self.table} MATCH ? AND {_SEEN} LIMIT ?)"
        count = int(self._conn.execute(sql, (expression, self.seen.among, most)).fetchone()[0])
        self.seen.counts[expression] = count, most
        return count

    def having(self, expression: str, first: int, last: int) -> int:
        """How many of the rows between two match an expression."""
        sql = f"SELECT count(*) FROM main.{self.table} WHERE {self.table} MATCH ? AND {_SEEN} AND rowid BETWEEN ? AND ?"
        return int(self._conn.execute(sql, (expression, self.seen.among, first, last)).fetchone()[0])

    def parts(self, expression: str) -> dict[int, float]:
        """Of each memory with a word the part of its score that is to be multiplied with the rarity of the word.

        FTS5's score of one word is `rarity * f * (k1 + 1) / (f + k1 * (1 - b + b * length / average))`, and the weighted
        frequency `f` follows from it, since all else is known; then the average is replaced.
        """
        sql = f"SELECT rowid, -bm25({self.table}, ?, ?, ?) FROM main.{self.table} WHERE {self.table} MATCH ?"
        found = self._conn.execute(sql, (*weights.COLUMNS, expression)).fetchall()
        if not self.documents:
            return {}
        rarity = weights.rarity(self._documents_whole, len(found))
        among, lengths = self.seen.among, self.seen.lengths
        most, base = _K1 + 1, _K1 * (1 - _B)
        whole, seen_ = _K1 * _B / self._length_whole, _K1 * _B / (self.seen.words / self.documents)
        made = {}
        for n, score in found:
            if among[n]:
                share, length = score / rarity, lengths[n]
                frequency = share * (base + whole * length) / (most - share)
                made[n] = frequency * most / (frequency + base + seen_ * length)
        return made


def scores(vault: "OpenCube", expressions: Sequence[str], *, cold: bool) -> dict[int, float]:
    """BM25 scores of the memories that may be seen and have one of the words, as `search.lexical` gives them for few."""
    indexes = [SeenWords(vault, table) for table in TABLES[: 1 + cold]]
    documents = sum(index.documents for index in indexes)
    found: dict[int, float] = {}
    for expression in expressions:
        parts = [index.parts(expression) for index in indexes]
        weight = weights.rarity(documents, sum(map(len, parts)))
        for some in parts:
            for n, part in some.items():
                found[n] = found.get(n, 0.0) + weight * part
    return found
