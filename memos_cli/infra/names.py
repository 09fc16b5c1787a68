"""Names as they are compared: keys, tags, tasks, views and external ids.

A name is shown as it was first written. Case, blanks and the Unicode form make no other name of it: `Café`, `café ` and a
`café` whose accent is a character of its own are one.
"""

from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    import sqlite3


@lru_cache(maxsize=8192)
def compared(name: str) -> str:
    """The form that all spellings of a name share: Unicode NFC, case folded, each run of blanks one space."""
    if not name.isascii():
        # Folding takes characters apart that are one in NFC, so the text is taken apart before and put together after it.
        name = normalize("NFC", normalize("NFD", name).casefold())
    return " ".join(name.casefold().split())


def first_written(names: "tuple[str, ...]") -> "tuple[str, ...]":
    """Of names that are the same the first one, in the order in which they are given."""
    if len(names) < 2:
        return names
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(compared(name), name)
    return tuple(found.values())


# Two machines, or two people, may each have made a memory with one external id. In a cube one of them keeps it: of those not
# forgotten one of the cube's owner, else of the owner who had a memory first, and of these the one created last. The others
# wait in `rivals` until it loses the id. So the holder depends on the memories that are there, not on the order in which they
# came, and nobody takes an id from the cube's owner. Everybody else finds the memory of their own by it (`vault.sight`).


def give_way(conn: "sqlite3.Connection", identity: str, external_id: str | None) -> bool:
    """Whether another memory has this external id, so that this one is written without it until that is settled."""
    conn.execute("DELETE FROM main.rivals WHERE id = ?", (identity,))
    if external_id is None:
        return False
    sql = "SELECT 1 FROM main.memories WHERE external_id = ? AND id <> ?"
    taken = conn.execute(sql, (external_id, identity)).fetchone() is not None
    if taken:
        conn.execute("INSERT INTO main.rivals VALUES (?, ?)", (external_id, identity))
    return taken


def settle(conn: "sqlite3.Connection", external_id: str | None) -> None:
    """Give an external id to the memory that it belongs to, among those that claim it."""
    rivals = "SELECT id FROM main.rivals WHERE external_id = ?1"
    if external_id is None or not conn.execute(rivals, (external_id,)).fetchone():
        return
    best, holder = conn.execute(
        f"""WITH claims AS (SELECT id, owner, state, created FROM main.memories WHERE external_id = ?1 OR id IN ({rivals}))
            SELECT id, (SELECT id FROM main.memories WHERE external_id = ?1) FROM claims
            ORDER BY state = 'expired', owner IS NOT (SELECT value FROM main.cube WHERE key = 'owner'),
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
