"""What a merge would bring: two logs compared operation by operation, and what the difference means for each memory.

Nothing is written here, in neither cube; `merge` carries it out.
"""

import heapq
import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from memos_cli.errors import IntegrityError
from memos_cli.infra.repair import repair_record
from memos_cli.infra.vault import connection, fold, log
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Operation

Subject = tuple[str, str]
CHECK = "check the other cube with: memos doctor"
"""The hint of an error whose cause is the other cube."""
_Entry = tuple[int, int, bytes, bytes, int, str, str]
"""Number, side (0 for this cube, 1 for the other), id, id of the one before, row, noun and subject of an operation."""


class Plan(NamedTuple):
    """What a merge brings, or would bring.

    Attributes:
        new: ids of memories that were not here.
        newer: ids of memories here that get something they lack.
        older: ids of memories that say more here than there.
        conflicting: ids of memories set differently on both sides, neither knowing of the other; the later value shows.
        rivals: ids of new memories whose external id another memory has here.
        erased: ids of memories that were purged there.
        withheld: ids of memories that were purged here, so that nothing of theirs is taken over.
        same: how many memories are the same on both sides.
        records: noun and name of what else is new or changed (views, policy, tasks, questions, snapshots).
        operations: how many operations are taken over, without receipts of what the other cube took over.
    """

    new: tuple[str, ...]
    newer: tuple[str, ...]
    older: tuple[str, ...]
    conflicting: tuple[str, ...]
    rivals: tuple[str, ...]
    erased: tuple[str, ...]
    withheld: tuple[str, ...]
    same: int
    records: tuple[Subject, ...]
    operations: int


class LogUnion(NamedTuple):
    """The difference of two logs.

    Attributes:
        rows: the other's rows to take over.
        incoming: their subjects.
        ahead: the subjects that only this log changed.
        replicas: the replicas that made what is to be taken over.
        without: subjects of which nothing is taken over.
        left: the other's rows that this log lacks and does not get, since their subject is one of `without`.
    """

    rows: "array[int]"
    incoming: dict[Subject, None]
    ahead: set[Subject]
    replicas: set[str]
    without: Collection[Subject]
    left: "array[int]"


@contextmanager
def still(other: Vault) -> Iterator[None]:
    """Read one state of a cube, even while another process writes to it."""
    if other.conn.in_transaction:  # the caller's own: nobody else writes
        yield
        return
    with connection.translated(other.path):
        other.conn.execute("BEGIN")
        try:
            yield
        finally:
            other.conn.execute("ROLLBACK")


# -- comparing


def compare(
    conn: sqlite3.Connection,
    other: sqlite3.Connection,
    only: Collection[Subject] | None = None,
    without: Collection[Subject] = (),
) -> LogUnion:
    """Compare two logs. What a repair wrote again here does not come in as it was.

    Args:
        only: the subjects whose operations may come in; `None` for everything.
        without: the subjects whose operations may not.

    Raises:
        IntegrityError: the other log has gaps or does not hang together, or both cubes went on as one replica.
    """
    for line in (*log.missing(other), *log.gaps(other)):
        raise IntegrityError(f"the other cube is damaged: {line}", hint=CHECK)
    union, moved = LogUnion(array("q"), {}, set(), set(), without, array("q")), log.repaired(conn).moved
    ours, theirs = log.ends(conn), ends_of(other)
    for replica in sorted({*ours, *theirs}):
        known, end = ours.get(replica, 0), theirs.get(replica, 0)
        start = max(0, _agreed(conn, other, replica, min(known, end)) - 1)  # includes the last common one, for its id
        mine, coming = _entries(conn, replica, start, known, 0), _entries(other, replica, start, end, 1, only)
        if moved:
            coming = (one for one in coming if not _is_moved(conn, other, one, moved))
        _join(union, replica, heapq.merge(mine, coming))
    return union


def ends_of(conn: sqlite3.Connection) -> dict[str, int]:
    """The last operation of each replica, without the receipts at its end: each cube keeps its own receipts."""
    sql = "SELECT max(seq) FROM ops WHERE replica = ? AND seq <= ? AND noun <> ?"
    ends = {}
    for replica, last in log.ends(conn).items():
        ends[replica] = conn.execute(sql, (replica, last, log.IMPORT)).fetchone()[0] or 0
    return ends


def _agreed(conn: sqlite3.Connection, other: sqlite3.Connection, replica: str, upto: int) -> int:
    """How far two logs certainly agree: one id at one place vouches for all before it, where none is missing."""
    sql = "SELECT id, (SELECT count(*) FROM ops WHERE replica = ?1 AND seq <= ?2) FROM ops WHERE replica = ?1 AND seq = ?2"
    found = [one.execute(sql, (replica, upto)).fetchone() for one in (conn, other)]
    return upto if found[0] is not None and found[0] == found[1] and found[0][1] == upto else 0


def _entries(
    conn: sqlite3.Connection, replica: str, start: int, end: int, side: int, only: Collection[Subject] | None = None
) -> Iterator[_Entry]:
    """A replica's operations between two places, in the order of their numbers."""
    sql = """SELECT seq, ?, id, previous, n, noun, subject FROM ops WHERE replica = ? AND seq > ? AND seq <= ? ORDER BY seq"""
    for entry in conn.execute(sql, (side, replica, start, end)):
        about = ("memory" if entry[5] == log.REPAIR else entry[5], entry[6])
        if only is None or about in only:
            yield entry


def _is_moved(conn: sqlite3.Connection, other: sqlite3.Connection, entry: _Entry, moved: dict[str, str]) -> bool:
    return entry[2].hex() in moved and repair_record.is_moved(conn, log.copied(other, [entry[4]])[0], moved)


def _join(union: LogUnion, replica: str, entries: Iterable[_Entry]) -> None:
    """Compare both sides' operations of one replica, in one pass."""
    last: _Entry | None = None
    twin = False
    for entry in entries:
        seq, _, identity, previous, *_ = entry
        if last is not None and last[0] == seq:
            if last[2] != identity:
                raise IntegrityError(
                    f"both cubes went on as replica {replica}, and differ from its operation {seq} on",
                    hint="one folder is a copy of the other; see what differs with: memos cube diff A B",
                )
            twin = True
            continue
        if last is not None:
            _settle(union, replica, last, twin=twin)
            if last[0] == seq - 1 and previous != last[2]:
                raise IntegrityError(f"operation {seq} of replica {replica} does not follow from the one before it", hint=CHECK)
        last, twin = entry, False
    if last is not None:
        _settle(union, replica, last, twin=twin)


def _settle(union: LogUnion, replica: str, entry: _Entry, *, twin: bool) -> None:
    if twin:
        return
    _, side, _, _, row, noun, subject = entry
    if side and (noun, subject) in union.without:
        union.left.append(row)
    elif side:
        union.rows.append(row)
        union.incoming[noun, subject] = None
        union.replicas.add(replica)
    else:
        union.ahead.add((noun, subject))


# -- planning


def plan_of(vault: Vault, other: Vault, union: LogUnion, only: Collection[Subject] | None) -> Plan:
    """What taking over a union of two logs brings."""
    incoming = [subject for noun, subject in union.incoming if noun == "memory"]
    here = {identity for identity in incoming if state_of(vault.conn, identity) is not None}
    gone = {identity for identity in incoming if _is_purged(vault.conn, identity)}
    doomed = {identity for identity in incoming if identity not in gone and _is_purged(other.conn, identity)}
    both = [identity for identity in incoming if identity in here and ("memory", identity) in union.ahead]
    conflicting = {identity for identity in both if identity not in doomed | gone and _clash(vault, other, identity)}
    new = tuple(identity for identity in incoming if identity not in here | doomed)
    older = tuple(
        sorted(
            subject
            for noun, subject in union.ahead
            if noun == "memory" and _is_only_here(union, subject) and state_of(other.conn, subject) is not None
        )
    )
    theirs = len(only) if only is not None else other.conn.execute("SELECT count(*) FROM memories").fetchone()[0]
    left = sum(noun == "memory" for noun, _ in union.without)
    return Plan(
        new,
        tuple(identity for identity in incoming if identity in here - doomed - gone - conflicting),
        older,
        tuple(sorted(conflicting)),
        tuple(_rivals(vault, other, new)),
        tuple(sorted(doomed & here)),
        tuple(sorted(gone)),
        theirs - len(incoming) - len(older) - left,
        tuple(sorted(pair for pair in union.incoming if pair[0] not in {"memory", log.IMPORT, log.REPAIR})),
        len(union.rows) - sum(noun == log.IMPORT for noun, _ in union.incoming),
    )


def _is_only_here(union: LogUnion, identity: str) -> bool:
    return ("memory", identity) not in union.incoming and ("memory", identity) not in union.without


def state_of(conn: sqlite3.Connection, identity: str) -> str | None:
    """The state of a memory; `None` where there is none of that id."""
    row = conn.execute("SELECT state FROM memories WHERE id = ?", (identity,)).fetchone()
    return row[0] if row else None


def _is_purged(conn: sqlite3.Connection, identity: str) -> bool:
    return state_of(conn, identity) == "purged"


def joined(vault: Vault, other: Vault, noun: str, subject: str) -> list[Operation]:
    """The operations of both cubes on a subject, in folding order, as a merge joins them: the same before and after it."""
    known = {one.id: one for side in (other, vault) for one in side.operations(noun, subject)}
    return sorted(known.values(), key=log.order)


def _clash(vault: Vault, other: Vault, identity: str) -> bool:
    return bool(fold.clashes(joined(vault, other, "memory", identity)))


def _rivals(vault: Vault, other: Vault, new: Iterable[str]) -> Iterator[str]:
    for identity in new:
        row = other.conn.execute(
            "SELECT external_id FROM memories WHERE id = ? AND external_id IS NOT NULL", (identity,)
        ).fetchone()
        if row and vault.by_external_id(row[0]) is not None:
            yield identity
