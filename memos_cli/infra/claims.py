"""Claims: which memory of a cube has an external id that several were given.

Two machines, or two people, may each have made a memory with one external id. In a cube one of them keeps it: of those not
forgotten, and of the owner who had it first, the one created last. The others wait in `rivals` until it loses the id. So the
holder depends on the memories that are there, not on the order in which they came, and nobody takes an id from another.
"""

import sqlite3

from memos_cli.infra.names import compared


def give_way(conn: sqlite3.Connection, identity: str, external_id: str | None) -> bool:
    """Whether another memory has this external id, so that this one is written without it until that is settled."""
    conn.execute("DELETE FROM main.rivals WHERE id = ?", (identity,))
    if external_id is None:
        return False
    sql = "SELECT 1 FROM main.memories WHERE external_id = ? AND id <> ?"
    taken = conn.execute(sql, (external_id, identity)).fetchone() is not None
    if taken:
        conn.execute("INSERT INTO main.rivals VALUES (?, ?)", (external_id, identity))
    return taken


def settle(conn: sqlite3.Connection, external_id: str | None) -> None:
    """Give an external id to the memory that it belongs to, among those that claim it."""
    rivals = "SELECT id FROM main.rivals WHERE external_id = ?1"
    if external_id is None or not conn.execute(rivals, (external_id,)).fetchone():
        return
    best, holder = conn.execute(
        f"""WITH claims AS (SELECT id, owner, state, created FROM main.memories WHERE external_id = ?1 OR id IN ({rivals}))
            SELECT id, (SELECT id FROM main.memories WHERE external_id = ?1) FROM claims
            ORDER BY state = 'expired',
                     owner IS NOT (SELECT owner FROM claims ORDER BY state = 'expired', created, id LIMIT 1),
                     created DESC, id DESC LIMIT 1""",  # noqa: S608 -- our own names
        (external_id,),
    ).fetchone()
    if best == holder:
        return
    conn.execute("UPDATE main.memories SET external_id = NULL WHERE id = ?", (holder,))
    conn.execute("DELETE FROM main.rivals WHERE id = ?", (best,))
    conn.execute("UPDATE main.memories SET external_id = ? WHERE id = ?", (external_id, best))
    if holder is not None:
        conn.execute("INSERT INTO main.rivals VALUES (?, ?)", (external_id, holder))
        conn.execute(
            "DELETE FROM main.names WHERE n = (SELECT n FROM main.memories WHERE id = ?) AND sort = 'external_id'", (holder,)
        )
    told = "INSERT OR IGNORE INTO main.names SELECT n, 'external_id', ? FROM main.memories WHERE id = ?"
    conn.execute(told, (compared(external_id), best))
