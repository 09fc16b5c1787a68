"""What BM25 weighs by: the columns of an index, the number of its memories, and the rarity of a word."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

COLUMNS = (1.0, 0.5, 1.0)
"""The weights of the FTS columns body, names, grams."""


def rarity(documents: int, having: int) -> float:
    """The inverse document frequency as FTS5's `bm25` computes it, with its floor."""
    return max(math.log((documents - having + 0.5) / (having + 0.5)), 1e-6)


def documents(conn: "sqlite3.Connection", table: str) -> int:
    """How many memories an index holds, read from the record in which FTS5 keeps its totals, however many they are."""
    row = conn.execute(f"SELECT block FROM {table}_data WHERE id = 1").fetchone()
    count = 0
    # The record begins with the number of rows, as SQLite writes whole numbers: seven bits in a byte, the highest first.
    for byte in row[0] if row else b"":
        count = count << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return count
