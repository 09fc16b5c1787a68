"""Uses of memories: how often each was read, and when; not in the log, and of this machine alone."""

import json
import sqlite3
from collections.abc import Iterable

from memos_cli.model import State

RECENT = 10
"""How many access times are kept of a memory; the base-level equation of ACT-R needs few (Petrov, 2006)."""


def record(conn: sqlite3.Connection, ids: Iterable[str], at: str) -> bool:
    """Record in a cube that memories were read, in a transaction that waits for nobody; `False` if that cannot be done now."""
    try:
        conn.execute("PRAGMA busy_timeout = 0")
        conn.execute("PRAGMA synchronous = NORMAL")
        conn.execute("BEGIN IMMEDIATE")
        for identity in ids:
            row = conn.execute("SELECT count, recent FROM main.uses WHERE id = ?", (identity,)).fetchone()
            count, recent = (row[0], json.loads(row[1])) if row else (0, [])
            kept = json.dumps([*recent, at][-RECENT:])
            conn.execute("INSERT OR REPLACE INTO main.uses VALUES (?, ?, ?, ?)", (identity, count + 1, at, kept))
            # A tick reads only what is due; without this a recalled memory would stay in the archive to the end of its term.
            conn.execute(
                "UPDATE main.memories SET next_due_at = ?1 WHERE id = ?2 AND state = ?3 AND coalesce(next_due_at > ?1, TRUE)",
                (at, identity, State.ARCHIVED.value),
            )
        conn.execute("COMMIT")
    except sqlite3.OperationalError:
        return False
    else:
        return True
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA busy_timeout = 5000")
