"""What a merge takes over of repairs: an operation is absent, present or erased, and moves only in that direction.

Repairs come in with all else, also from somebody whom nobody here trusts. From such a one they erase only what is bad by the
limits of this version, too; so nobody can erase another's operations by naming them.
"""

import os
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from memos_cli import hybrid_clock
from memos_cli.infra import limits
from memos_cli.infra.vault import log, schema
from memos_cli.model import Operation


class Carried(NamedTuple):
    """What repairs of another cube did to the log here.

    Attributes:
        subjects: noun and subject of what is to be folded again.
        erased: whether a change or an operation is gone, so that the file is to be wiped.
    """

    subjects: set[tuple[str, str]]
    erased: bool


def is_bad(op: Operation, text: str | None) -> bool:
    """Whether no cube file could carry an operation, or none after it."""
    return bool(limits.fault(op, text)) or hybrid_clock.is_late(hybrid_clock.millis_of(op.clock))


def is_moved(conn: sqlite3.Connection, row: log.Row, moved: dict[str, str]) -> bool:
    """Whether the log has an operation, as it came to be written again.

    Args:
        conn: of the log.
        row: the operation as it was at first, in another log.
        moved: see `log.Repaired`.
    """
    new = moved.get(row[0].hex())
    found = new and conn.execute("SELECT digest, noun FROM ops WHERE id = ?", (bytes.fromhex(new),)).fetchone()
    return bool(found) and (is_bad(log.from_row(row), row[-1]) or found == (row[12], row[10]))


def carry_out(conn: sqlite3.Connection, repairs: Iterable[Operation], *, trusted: bool) -> Carried:
    """Do to the log here, inside the caller's transaction, what repairs that came in did to the log they come from.

    What is derived from the log is not touched. Where operations of this copy's own replica go, it goes on as a new one.

    Args:
        repairs: the operations of the noun `repair` that came in; what they brought along is in the log.
        trusted: whether they count as this machine's own.
    """
    subjects: set[tuple[str, str]] = set()
    shortened: set[str] = set()
    erased = False
    for told in (one.change or {} for one in repairs):
        for identity in told.get("erased") or ():
            row = _row(conn, identity)
            if row is not None and row[-1] is not None and (trusted or is_bad(log.from_row(row), row[-1])):
                conn.execute("UPDATE ops SET salt = NULL, change = NULL WHERE id = ?", (row[0],))
                subjects.add((row[10], row[11]))
                erased = True
        for old, new in (told.get("moved") or {}).items():
            row = _row(conn, old)
            if row is not None and _row(conn, new) is not None and (trusted or is_bad(log.from_row(row), row[-1])):
                conn.execute("DELETE FROM ops WHERE id = ?", (row[0],))
                subjects.add((row[10], row[11]))
                shortened.add(row[1])
                erased = True
    own = conn.execute("SELECT value FROM cube WHERE key = 'replica'").fetchone()[0]
    if own in shortened:
        schema.go_on_as(conn, os.urandom(8).hex())
    log.came_in(conn, sorted(shortened))
    conn.execute("DELETE FROM replicas WHERE count = 0")
    return Carried(subjects, erased)


def _row(conn: sqlite3.Connection, identity: str) -> log.Row | None:
    return next(log.raw_rows(conn, "WHERE id = ?", (bytes.fromhex(identity),)), None)
