"""Counts of what a cube holds."""

import sqlite3
from typing import Any


def statistics(conn: sqlite3.Connection) -> dict[str, Any]:
    """Counts for `stats` and `cube info`."""

    def counts(column: str) -> dict[str, int]:
        sql = f"SELECT {column}, count(*) FROM memories m WHERE state <> 'purged' GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608 -- one of two names
        return dict(conn.execute(sql).fetchall())

    def one(sql: str) -> int:
        return int(conn.execute(sql).fetchone()[0])

    return {
        "memories": one("SELECT count(*) FROM memories WHERE state <> 'purged'"),
        "operations": one("SELECT count(*) FROM ops"),
        "transactions": one("SELECT count(DISTINCT txn) FROM ops"),
        "states": counts("state"),
        "kinds": counts("kind"),
        "tags": dict(conn.execute("SELECT tag, count(*) FROM tags GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20").fetchall()),
        "links": one("SELECT count(*) FROM links"),
        "pinned": one("SELECT count(*) FROM memories WHERE pinned"),
        "frozen": one("SELECT count(*) FROM memories WHERE frozen"),
        "vectors": one("SELECT (SELECT count(*) FROM vectors) + (SELECT count(*) FROM cold_vectors)"),
        "pending": one("SELECT count(*) FROM pending"),
        "uses": one("SELECT coalesce(sum(count), 0) FROM uses"),
    }


def untrusted_count(conn: sqlite3.Connection) -> int:
    """How many memories are untrusted: they came from elsewhere, and nobody here has used them yet."""
    return int(conn.execute("SELECT count(*) FROM arrivals").fetchone()[0])
