"""The last changes of a cube's vectors, by which a cached matrix is kept in step with them (`infra.local.patched_matrix`).

Triggers write them down: whatever writes vectors, none of its changes is missed, and what is rolled back leaves none.
"""

from typing import TYPE_CHECKING

from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray

MOST = 20_000
"""How many changes of vectors are kept: a matrix that lacks more of them is made anew."""
TABLE = (
    # `token` is random, so that the same number in another copy of the cube is not taken for the same change.
    "CREATE TABLE vector_changes (seq INTEGER PRIMARY KEY, n INTEGER NOT NULL, cold INTEGER NOT NULL, token BLOB NOT NULL)",
    "INSERT INTO vector_changes VALUES (1, 0, 0, randomblob(8))",
)
"""Makes the table; there is always a change in it."""


def _journal(table: str, event: str, row: str) -> str:
    """A trigger that records a change of vectors: whatever writes them, none is missed."""
    return f"""CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} BEGIN
        INSERT INTO vector_changes (n, cold, token) VALUES ({row}.n, {int(table == "cold_vectors")}, randomblob(8));
        DELETE FROM vector_changes WHERE seq <= last_insert_rowid() - {MOST};
    END"""  # noqa: S608 -- our own names


_TRIGGERS = {
    f"{table}_{event.lower()}": _journal(table, event, row)
    for table in ("vectors", "cold_vectors")
    for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old"))
}
STATEMENTS = (*TABLE, *_TRIGGERS.values())
"""Makes the table and its triggers."""


def drop_foreign(conn: "sqlite3.Connection") -> None:
    """Remove the triggers and views that memos did not make, within the caller's transaction: they would act at each write.

    A file that was changed by hand may have any; no cube has others than those above.
    """
    there = "SELECT type, name, sql FROM main.sqlite_schema WHERE type IN ('trigger', 'view')"
    for kind, name, sql in conn.execute(there).fetchall():
        if sql != _TRIGGERS.get(name):
            quoted = name.replace('"', '""')
            conn.execute(f'DROP {kind} main."{quoted}"')
            if kind == "trigger" and name in _TRIGGERS:
                conn.execute(_TRIGGERS[name])


class Change(NamedTuple):
    """A change of vectors: its number, and a random token, since another copy of the cube has the same numbers."""

    number: int
    token: bytes


def last(conn: "sqlite3.Connection") -> Change:
    """The newest change of vectors."""
    return Change(*conn.execute("SELECT seq, token FROM vector_changes ORDER BY seq DESC LIMIT 1").fetchone())


def since(conn: "sqlite3.Connection", known: Change, *, cold: bool = False) -> "NDArray[np.int64] | None":
    """The rows whose hot or cold vectors changed after a change; `None` where the cube no longer knows of it."""
    import numpy as np

    found = conn.execute("SELECT token FROM vector_changes WHERE seq = ?", (known.number,)).fetchone()
    if found is None or found[0] != known.token:
        return None
    sql = "SELECT DISTINCT n FROM vector_changes WHERE seq > ? AND cold = ?"
    return np.fromiter((n for (n,) in conn.execute(sql, (known.number, int(cold)))), dtype=np.int64)
