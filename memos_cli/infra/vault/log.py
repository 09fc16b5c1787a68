"""The log: operations, and the hash chain that binds them. The clock that orders them is in `hybrid_clock`.

An operation's id is the SHA-256 of its header, and the header holds the id of the replica's operation before it; so one id
vouches for all that its replica did up to there. The header covers the *digest* of the change, salted: a purge erases salt
and change, the chain still holds, and the digest cannot be guessed back into text.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from memos_cli import hybrid_clock
from memos_cli.errors import IntegrityError, UsageError
from memos_cli.infra import limits
from memos_cli.model import Operation
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis

UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, OverflowError)
"""What reading damaged values raises."""
IMPORT = "import"
"""The noun of a receipt, which a merge or an import appends; the subject of a receipt is nothing else's."""
REPAIR = "repair"
"""The noun of what `doctor --repair` records of the log: see `Repaired`."""
DOCTOR = "doctor"
"""The command that writes a repair. What it writes is no step of undo of its own."""
SEE = "see what is left with: memos doctor"
COLUMNS = "id, replica, seq, clock, previous, parents, principal, command, txn, reverts, noun, subject, digest, salt, change"
_INSERT = f"INSERT INTO main.ops ({COLUMNS}) VALUES ({', '.join('?' * 15)})"
_SELECT = f"SELECT {COLUMNS} FROM ops"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
TOMBSTONE = _encode({limits.PURGED: True})
"""The change of an operation that purges its subject (see `fold.PURGED`), as the log keeps it."""


def order(operation: Operation) -> tuple[int, str, int]:
    """The order in which operations are folded: the same on every machine that has the same operations."""
    return operation.clock, operation.replica, operation.seq


def encoded(value: object) -> str:
    """A change, or another value, as the text that is hashed and stored: JSON with sorted keys and no blanks."""
    return _encode(value)


def header_hash(op: Operation) -> str:
    """The id that the operation's header hashes to, in hexadecimal."""
    head = (op.replica, op.seq, op.clock, op.previous, op.parents, op.principal, op.command, op.txn, op.reverts)
    return _hash(*head, op.noun, op.subject, op.digest)


def _hash(*header: object) -> str:
    from hashlib import sha256  # here, since it loads OpenSSL: 3 ms, and a search does not need it

    return sha256(_encode(header).encode("utf-8", "surrogatepass")).hexdigest()


def change_digest(salt: bytes, change: str) -> str:
    """SHA-256 of salt and change, in hexadecimal."""
    from hashlib import sha256

    return sha256(salt + change.encode("utf-8", "surrogatepass")).hexdigest()


_NAMED = 6
"""Memories that a message may name, and one more, which tells that there are others."""


class Appender:
    """Appends the operations of one transaction: one clock for all, so that a transaction is one instant.

    Attributes:
        count: how many were appended.
        memories: the first few memories that they are about.
        millis: the wall time, in milliseconds since 1970.
        time: of the operations that are appended, fixed-width UTC text.

    Raises:
        IntegrityError: the wall time is beyond what a cube file may hold.
    """

    def __init__(
        self, conn: sqlite3.Connection, *, replica: str, principal: str, command: str, millis: int, txn: str | None = None
    ) -> None:
        self._conn = conn
        self._replica = replica
        self._principal = principal
        self._command = command
        hybrid_clock.check_wall(millis)
        self.millis = millis
        self.txn = txn or os.urandom(8).hex()
        self.count = 0
        self.memories: list[str] = []
        self.go_on()

    def go_on(self) -> None:
        """Read the end of the log: at the start, and again after operations from elsewhere were inserted."""
        latest = self._conn.execute("SELECT max(clock) FROM main.ops").fetchone()[0] or 0
        self.clock = hybrid_clock.next_clock(latest, self.millis)
        self._written_at = hybrid_clock.apart(self.clock, self.millis)
        self.time = self._written_at or from_millis(hybrid_clock.millis_of(self.clock))
        sql = "SELECT seq, id FROM main.ops WHERE replica = ? ORDER BY seq DESC LIMIT 1"
        last = self._conn.execute(sql, (self._replica,)).fetchone()
        self._seq: int = last[0] if last else 0
        self._previous: str = last[1].hex() if last else ""

    def become(self, replica: str) -> None:
        """Go on as another replica."""
        self._replica = replica
        self.go_on()

    def append(
        self, noun: str, subject: str, change: dict[str, Any], *, parents: tuple[str, ...] = (), reverts: str | None = None
    ) -> Operation:
        """Write one operation and return it.

        Raises:
            UsageError: no cube file could carry the operation (see `limits`).
        """
        written_at = None if limits.PURGED in change else self._written_at  # a tombstone has one form
        text = _encode(hybrid_clock.put_in(change, written_at))
        salt = os.urandom(16)
        digest = change_digest(salt, text)
        head = (self._replica, self._seq + 1, self.clock, self._previous, parents, self._principal, self._command, self.txn)
        identity = _hash(*head, reverts, noun, subject, digest)
        operation = Operation(identity, *head, reverts, noun, subject, digest, salt, change, written_at)
        if why := limits.fault(operation, text):
            raise UsageError(
                f"this cannot be stored of a {noun}: {why}", hint="nothing was changed; leave that out, or shorten it"
            )
        self._conn.execute(_INSERT, row_of(operation, text))
        self._seq, self._previous = self._seq + 1, identity
        self.count += 1
        if noun == "memory" and len(self.memories) < _NAMED:
            self.name_some([subject])
        return operation

    def name_some(self, subjects: Iterable[str]) -> None:
        """Add memories to those that are named, as long as they are few."""
        for subject in islice(subjects, _NAMED):
            if len(self.memories) < _NAMED and subject not in self.memories:
                self.memories.append(subject)


def row_of(op: Operation, text: str | None) -> "Row":
    """An operation as a row of the table; `text` is its change as it was hashed."""
    parents = _encode(list(op.parents)) if op.parents else "[]"
    return (
        bytes.fromhex(op.id), op.replica, op.seq, op.clock, bytes.fromhex(op.previous), parents, op.principal, op.command,
        op.txn, op.reverts, op.noun, op.subject, bytes.fromhex(op.digest), op.salt, text,
    )  # fmt: skip


def from_row(row: tuple[Any, ...]) -> Operation:
    """An operation from the columns of `ops`.

    Raises:
        IntegrityError: the values are impossible for an operation: the file is damaged.
    """
    try:
        return _from_row(row)
    except UNREADABLE as error:
        raise IntegrityError(f"operation {row[2]} of replica {row[1]} cannot be read: {error}", hint=SEE) from None


def _from_row(row: tuple[Any, ...]) -> Operation:
    change = json.loads(row[14]) if row[14] is not None else None
    written_at = hybrid_clock.take_out(change, row[3])
    return Operation(
        row[0].hex(), row[1], row[2], row[3], row[4].hex(), tuple(json.loads(row[5])), row[6], row[7], row[8], row[9], row[10],
        row[11], row[12].hex(), row[13], change, written_at,
    )  # fmt: skip


def operations(conn: sqlite3.Connection, where: str = "", parameters: Iterable[Any] = ()) -> Iterator[Operation]:
    """The operations that meet a condition, in folding order."""
    rows = conn.execute(f"{_SELECT} {where} ORDER BY clock, replica, seq", tuple(parameters))
    return map(from_row, rows)


def raw_rows(conn: sqlite3.Connection, where: str, parameters: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """The columns of operations as stored, the change as it was hashed last; `where` also orders them."""
    return conn.execute(f"{_SELECT} {where}", tuple(parameters))


def newest(conn: sqlite3.Connection) -> Operation | None:
    """The operation that comes last in folding order; `None` for an empty log."""
    row = conn.execute(f"{_SELECT} ORDER BY clock DESC, replica DESC, seq DESC LIMIT 1").fetchone()
    return None if row is None else from_row(row)


Position = Mapping[str, "int | list[list[int]]"]
"""A place in a log: for each replica the number of its last operation before the place. Where operations of a replica are
missing (a selection brought only some), its runs before the place instead, each as its first and its last number.

Unlike a clock value, a position stays exact where logs are merged later: what another machine wrote before the snapshot and
sent after it has a smaller clock, and was not there.
"""


def position(conn: sqlite3.Connection) -> "dict[str, int | list[list[int]]]":
    """The present end of the log."""
    return {**ends(conn), **{replica: _runs(conn, replica) for replica in sorted(_partial(conn))}}


def _runs(conn: sqlite3.Connection, replica: str) -> list[list[int]]:
    # Within a run, number and rank grow alike.
    numbered = "SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM main.ops WHERE replica = ?"
    sql = f"SELECT min(seq), max(seq) FROM ({numbered}) GROUP BY run ORDER BY 1"
    return [list(run) for run in conn.execute(sql, (replica,))]


def ends(conn: sqlite3.Connection) -> dict[str, int]:
    """The number of each replica's last operation: one query for each replica, from the index, however long the log is."""
    sql = """WITH RECURSIVE replicas (name) AS (
                 SELECT min(replica) FROM main.ops
                 UNION ALL SELECT (SELECT min(replica) FROM main.ops WHERE replica > name) FROM replicas WHERE name IS NOT NULL)
             SELECT name, (SELECT max(seq) FROM main.ops WHERE replica = name) FROM replicas WHERE name IS NOT NULL"""
    return dict(conn.execute(sql).fetchall())


def within(operation: Operation, place: Position) -> bool:
    """Whether an operation was in the log at a position."""
    known = place.get(operation.replica, 0)
    if isinstance(known, int):
        return operation.seq <= known
    return any(first <= operation.seq <= last for first, last in known)


def beyond(conn: sqlite3.Connection, place: Position) -> tuple[str, list[Any]]:
    """The SQL condition on `ops` for the operations after a position, and its parameters."""
    clauses: list[str] = []
    values: list[Any] = []
    for replica, now in position(conn).items():
        known = place.get(replica, 0)
        if known != now:
            clauses.append("replica = ? AND " + ("seq > ?" if isinstance(known, int) else _OUTSIDE))
            values += [replica, known if isinstance(known, int) else json.dumps(known)]
    return (f"({' OR '.join(clauses)})", values) if clauses else ("0", [])


_OUTSIDE = """NOT EXISTS (
    SELECT 1 FROM json_each(?) AS run WHERE seq BETWEEN json_extract(run.value, '$[0]') AND json_extract(run.value, '$[1]'))"""


def of_subject(conn: sqlite3.Connection, noun: str, subject: str, upto: int = 2**63 - 1) -> list[Operation]:
    """All operations on one subject, up to and with a clock, in folding order: who may see only some cuts them from these."""
    sql = f"SELECT {COLUMNS} FROM main.ops WHERE subject = ? AND noun = ? AND clock <= ? ORDER BY clock, replica, seq"
    return [from_row(row) for row in conn.execute(sql, (subject, noun, upto))]


Row = tuple[Any, ...]
"""An operation as the table stores it, its change as text."""


def copied(conn: sqlite3.Connection, places: Iterable[int]) -> list[Row]:
    """Operations by row number, in that order, as stored."""
    wanted = list(places)
    found = conn.execute(f"SELECT n, {COLUMNS} FROM main.ops WHERE n IN ({', '.join('?' * len(wanted))})", wanted)
    by_place = {row[0]: row[1:] for row in found}
    return [by_place[place] for place in wanted]


def verified(row: Row) -> Operation:
    """An operation from elsewhere, if header and change match their hashes.

    Raises:
        IntegrityError: they do not; or the change is nearly a tombstone, which the fold would take for one and a purge not.
    """
    op = from_row(row)
    name = f"operation {op.seq} of replica {op.replica}"
    if header_hash(op) != op.id:
        raise IntegrityError(f"{name}: its header is not the one that was hashed", hint=SEE)
    if row[14] is not None and change_digest(op.salt or b"", row[14]) != op.digest:
        raise IntegrityError(f"{name}: its change is not the one that was hashed", hint=SEE)
    if op.change is not None and limits.PURGED in op.change and (row[14] != TOMBSTONE or op.noun != "memory"):
        raise IntegrityError(f"{name} is neither a purge nor anything else", hint=SEE)
    return op


def without_payload(row: Row) -> Row:
    """The same operation with its payload erased; a tombstone is no payload."""
    return row if row[14] == TOMBSTONE else (*row[:13], None, None)


def insert(conn: sqlite3.Connection, row: Row) -> None:
    """Put an operation from elsewhere, verified by the caller, at the end of the table.

    Raises:
        sqlite3.IntegrityError: the table has one with that id, or with that number of its replica.
    """
    conn.execute(_INSERT, row)


def insert_all(conn: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Put operations that were made here at the end of the table."""
    conn.executemany(_INSERT, rows)


def purged(conn: sqlite3.Connection) -> set[str]:
    """The memories that have a tombstone."""
    sql = "SELECT subject FROM main.ops WHERE noun = 'memory' AND change = ?"
    return {found for (found,) in conn.execute(sql, (TOMBSTONE,))}


class Repaired(NamedTuple):
    """What the repairs in a log name, by the ids of operations.

    Attributes:
        erased: operations whose change was erased, since no cube file could carry it.
        moved: operations that were written again by a new replica, since no cube file could carry their headers: the new id.
    """

    erased: set[str]
    moved: dict[str, str]


def repaired(conn: sqlite3.Connection) -> Repaired:
    """What all repairs in a log name; a damaged one names nothing."""
    found = Repaired(set(), {})
    for (change,) in conn.execute("SELECT change FROM main.ops WHERE noun = ? AND change IS NOT NULL", (REPAIR,)):
        with suppress(*UNREADABLE):
            told = json.loads(change)
            found.erased.update(told.get("erased") or ())
            found.moved.update(told.get("moved") or {})
    return found


def came_in(conn: sqlite3.Connection, replicas: Iterable[str]) -> None:
    """Record, in the transaction that inserts them, how many operations of other replicas the log has."""
    sql = "INSERT OR REPLACE INTO main.replicas SELECT ?1, count(*) FROM main.ops WHERE replica = ?1"
    conn.executemany(sql, [(replica,) for replica in replicas])


def missing(conn: sqlite3.Connection) -> Iterator[str]:
    """A line for each replica with fewer (or more) operations than were recorded; by counting, without hashing."""
    came = dict(conn.execute("SELECT replica, count FROM main.replicas").fetchall())
    there = dict(conn.execute("SELECT replica, count(*) FROM main.ops GROUP BY replica").fetchall())
    for replica, count in came.items():
        if there.get(replica, 0) != count:
            yield f"replica {replica}: {count} operations came in, and {there.get(replica, 0)} are there"


def gaps(conn: sqlite3.Connection) -> Iterator[str]:
    """A line for each replica whose operations have an unrecorded gap; also by counting."""
    partial = _partial(conn)
    for replica, count, last in conn.execute("SELECT replica, count(*), max(seq) FROM main.ops GROUP BY replica"):
        if count != last and replica not in partial:
            yield f"replica {replica}: of {last} operations {last - count} are missing"


def _partial(conn: sqlite3.Connection) -> set[str]:
    """The other replicas whose operations were inserted with gaps: from a selection, or out of order."""
    sql = """SELECT replica FROM main.replicas r WHERE count < (SELECT max(seq) FROM main.ops WHERE replica = r.replica)
             AND replica <> coalesce((SELECT value FROM main.cube WHERE key = 'replica'), '')"""
    return {replica for (replica,) in conn.execute(sql)}


def faults(conn: sqlite3.Connection) -> Iterator[str]:
    """What is wrong with the log, a line each: a broken chain, or a header or a change that does not match its hash.

    A change may be missing only where its subject has a tombstone, and has to be missing there, or where a repair names the
    operation. Operations may be missing only of another replica, and only those that the log never had.
    """
    yield from missing(conn)
    replica, seq, previous = "", 0, ""
    partial = _partial(conn)
    tombs, erased = purged(conn), repaired(conn).erased
    for row in conn.execute(f"{_SELECT} ORDER BY replica, seq"):
        try:
            op = from_row(row)
        except IntegrityError as error:
            yield error.message
            continue
        if op.replica != replica:
            replica, seq, previous = op.replica, 0, ""
        name = f"operation {op.seq} of replica {op.replica}"
        if op.seq != seq + 1:
            if op.replica not in partial:
                yield f"{name}: {op.seq - seq - 1} before it missing"
        elif op.previous != previous:
            yield f"{name} does not follow from the one before it"
        if header_hash(op) != op.id:
            yield f"{name}: its header is not the one that was hashed"
        if wrong := _payload_fault(op, row[14], gone=op.noun == "memory" and op.subject in tombs, mended=op.id in erased):
            yield f"{name}: {wrong}"
        seq, previous = op.seq, op.id


def _payload_fault(op: Operation, change: str | None, *, gone: bool, mended: bool) -> str | None:
    """What is wrong with a stored change; `gone` says whether its subject was purged, `mended` whether a repair names it."""
    if change is None:
        return None if (gone or mended) and op.salt is None else "its change is missing, and no purge says why"
    if change_digest(op.salt or b"", change) != op.digest:
        return "its change is not the one that was hashed"
    return "what was purged is still there" if gone and change != TOMBSTONE else None
