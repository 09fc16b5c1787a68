"""Marks: values that a cube keeps in the table `cube` besides its identity. None of them is in the log, and none travels."""

import json
import os
import sqlite3
from collections.abc import Iterable
from typing import Any

VECTORS = ("vectors", "cold_vectors")
"""The tables of vectors: of hot memories, of cold ones."""
TICKED = "ticked"
"""The mark, in the table `cube`, of the instant up to which a cube was ticked."""
TICKS, _MOST_TICKS = "ticks", 20
"""The mark of the last ticks that wrote, a JSON list: of each its transaction, and what `TICKED` said before and after it."""
UNWIPED = "unwiped"
"""The mark, in the table `cube`, that bytes of purged texts may still be in the file; its value is a JSON object."""
COOLED = "cooled"
"""The entry, in the table `cube`, that counts the memories that left the hot index since it was last compacted."""
_COMPACTED, _DEAD_SHARE = 500, 4
"""The indexes are compacted when so many memories left the hot one, and at least 1/4 as many as are in it."""


def mark(conn: sqlite3.Connection, name: str) -> str:
    """A value that the table `cube` keeps besides the cube's identity; empty for nothing. None of them is in the log."""
    row = conn.execute("SELECT value FROM main.cube WHERE key = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def set_mark(conn: sqlite3.Connection, name: str, value: str) -> None:
    """Store a value under a name in the table `cube`."""
    conn.execute("INSERT INTO main.cube VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (name, value))


def note_cooled(conn: sqlite3.Connection, count: int) -> int:
    """Count memories that left the hot index since it was last compacted; how many there are now."""
    cooled = int(mark(conn, COOLED) or 0) + count
    set_mark(conn, COOLED, str(cooled))
    return cooled


def note_tick(conn: sqlite3.Connection, txn: str, before: str, after: str) -> None:
    """Record which transaction a tick wrote, and where the mark `TICKED` was before it and is after it."""
    known = json.loads(mark(conn, TICKS) or "[]")
    set_mark(conn, TICKS, json.dumps([*known, [txn, before, after]][-_MOST_TICKS:]))


def unwiped(conn: sqlite3.Connection) -> dict[str, Any] | None:
    """What is left to wipe after purges: `blobs`, the digests of files that nothing needs; `None` for nothing at all."""
    kept = mark(conn, UNWIPED)
    return json.loads(kept) if kept else None


def mark_unwiped(conn: sqlite3.Connection, blobs: Iterable[str] = ()) -> None:
    """Record a purge, in its own transaction, so that any later process can finish the wiping."""
    known = (unwiped(conn) or {}).get("blobs", [])
    # A different mark for each purge: see `clear_unwiped`.
    set_mark(conn, UNWIPED, json.dumps({"blobs": sorted({*known, *blobs}), "purge": os.urandom(8).hex()}))


def clear_unwiped(conn: sqlite3.Connection, found: dict[str, Any]) -> None:
    """Remove the mark that a wipe began with, unless another purge has replaced it."""
    conn.execute("DELETE FROM main.cube WHERE key = ? AND value = ?", (UNWIPED, json.dumps(found)))


def is_compaction_due(conn: sqlite3.Connection, cooled: int) -> bool:
    """Whether a good part of the hot index is dead, so that compacting it costs little for each memory that left it."""
    if cooled < _COMPACTED:
        return False
    left: int = conn.execute("SELECT count(*) FROM main.fts_docsize").fetchone()[0]
    return cooled * _DEAD_SHARE >= left


def compact(conn: sqlite3.Connection) -> None:
    """Rewrite the full-text indexes without the words that were removed from them.

    FTS5 only marks those and reads past them until it happens to merge their segments: with 20,000 of 25,000 memories archived
    a search took 29 ms, and 17 after this; the same 5,000 alone take 16.
    """
    for index in ("fts", "cold_fts"):
        conn.execute(f"INSERT INTO main.{index} ({index}) VALUES ('optimize')")  # noqa: S608 -- names of tables, from above
    conn.execute("DELETE FROM main.cube WHERE key = ?", (COOLED,))
