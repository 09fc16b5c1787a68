"""Operations made by hand, and what a cube's tables hold, in an order that does not depend on how they came to hold it."""

import sqlite3
from typing import Any

from memos_cli.infra.vault import rows
from memos_cli.infra.vault.log import order
from memos_cli.model import Operation

DUMPS = {
    "memories": f"SELECT {', '.join(rows.COLUMNS)} FROM memories ORDER BY id",  # noqa: S608 -- the program's own columns
    "cold": "SELECT m.id, c.characters, c.body FROM cold c JOIN memories m ON m.n = c.n ORDER BY 1",
    "tags": "SELECT m.id, t.tag FROM tags t JOIN memories m ON m.n = t.n ORDER BY 1, 2",
    "labels": "SELECT m.id, l.label FROM labels l JOIN memories m ON m.n = l.n ORDER BY 1, 2",
    "links": "SELECT * FROM links ORDER BY 1, 2, 3",
    "records": "SELECT * FROM records ORDER BY 1, 2",
}


def dump(conn: sqlite3.Connection) -> dict[str, list[Any]]:
    """All folded state."""
    return {table: conn.execute(sql).fetchall() for table, sql in DUMPS.items()}


def operation(
    seq: int,
    change: dict[str, Any] | None,
    *,
    clock: int | None = None,
    replica: str = "a",
    parents: tuple[str, ...] = (),
    subject: str = "m",
) -> Operation:
    return Operation(
        id=f"{replica}{seq}", replica=replica, seq=seq, clock=seq << 16 if clock is None else clock, previous="",
        parents=parents, principal="sam", command="edit", txn=f"t{replica}{seq}", reverts=None, noun="memory", subject=subject,
        digest="", salt=b"", change=change,
    )  # fmt: skip


def in_order(operations: list[Operation]) -> list[Operation]:
    return sorted(operations, key=order)
