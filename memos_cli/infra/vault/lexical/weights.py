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


def totals(conn: "sqlite3.Connection", table: str) -> list[int]:
    """How many memories an index holds, and how many words each of its columns.

    They are read from the record in which FTS5 keeps them, so that it takes no longer for a million.
    """
    row = conn.execute(f"SELECT block FROM main.{table}_data WHERE id = 1").fetchone()
    return numbers(row[0] if row else b"") or [0]


def numbers(block: bytes) -> list[int]:
    """Whole numbers as SQLite writes them: seven bits in a byte, the highest first."""
    found, number = [], 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            found.append(number)
            number = 0
    return found


def documents(conn: "sqlite3.Connection", table: str) -> int:
    """How many memories an index holds."""
    return totals(conn, table)[0]
