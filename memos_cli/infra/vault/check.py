"""Integrity: what can be wrong with a cube, how one finds out, and what of it is made anew from the log."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from memos_cli import hybrid_clock
from memos_cli.errors import IntegrityError, MemosError
from memos_cli.infra import heads, limits, marks
from memos_cli.infra.governance import read_log
from memos_cli.infra.vault import connection, fold, links, log, rebuild, schema
from memos_cli.infra.vault.blobs import ABSENT, Blobs
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import COLD_STATES, HOT_STATES, Operation

_INDEXES = ("fts", "cold_fts")
PORTABLE = "portable"
"""The name of the check that finds what no cube file could carry; `memos doctor --repair` mends that."""
END = "end"
"""The name of the check that finds a log without its end."""
MOST_SHOWN = 20
"""The most faults listed of one kind: a damaged cube can have a million, and nobody reads that many."""


class Check(NamedTuple):
    """The name of a check, and the faults that it found."""

    name: str
    faults: tuple[str, ...]


def check(vault: Vault) -> list[Check]:
    """Check a cube, from the pages of its file up to the state that its log folds to.

    The log, the state and the indexes are compared as they are at one instant: beside a writer each read by itself would see
    another state, and a sound cube would seem damaged.
    """
    checks = [_look("file", lambda: _file(vault.conn))]
    if checks[0].faults:
        return checks
    known, _ = vault.heads.read()  # before the log is read: a writer may go on meanwhile
    with vault.reading():
        checks.append(_look("cube", lambda: _identity(vault.conn)))
        checks.append(_look("log", lambda: log.faults(vault.conn)))
        if not checks[-1].faults:
            checks.append(_look(PORTABLE, lambda: portable(vault.conn)))
            checks.append(_look("state", lambda: rebuild.differences(vault.conn)))
        checks.append(_look(END, lambda: map(_cut_short, heads.lost(vault.conn, known))))
        checks.append(_look("index", lambda: [*_index(vault.conn), *_inside(vault.conn)]))
        checks.append(_look("reads", lambda: read_log.faults(vault)))
    checks.append(_look("blobs", lambda: _blobs(vault)))
    return checks


def chains(vault: Vault) -> list[Check]:
    """Check that the log and the record of reads are whole: each entry is the one that was made, where it was made."""
    known, _ = vault.heads.read()
    with vault.reading():
        return [
            _look("log", lambda: log.faults(vault.conn)),
            _look(END, lambda: map(_cut_short, heads.lost(vault.conn, known))),
            _look("reads", lambda: read_log.faults(vault)),
        ]


def ends(vault: Vault) -> list[tuple[str, int, str]]:
    """The last entry of each chain, by its number and its id: of the log for each replica, then of the record of reads.

    Where old reads were cut off the last one of those is among them: the record is whole from there on.
    """
    found = [(f"log of {replica}", *head) for replica, head in heads.of(vault.conn, log.ends(vault.conn)).items()]
    reads = ("reads cut off", read_log.anchor(vault.conn)), ("reads", read_log.last(vault))
    return [*found, *((name, *head) for name, head in reads if head.seq)]


def has_head(vault: Vault, head: str) -> bool:
    """Whether an operation or an entry of the record of reads has this id, or the last one that was cut off."""
    sql = "SELECT EXISTS (SELECT 1 FROM ops WHERE id = ?1) OR EXISTS (SELECT 1 FROM reads WHERE id = ?1)"
    return read_log.anchor(vault.conn).id == head or bool(vault.conn.execute(sql, (bytes.fromhex(head),)).fetchone()[0])


class Unfit(NamedTuple):
    """An operation that no cube file could carry.

    Attributes:
        why: what is wrong with it.
        header: whether that is its header, which cannot be changed without its id; otherwise it is the change alone.
    """

    op: Operation
    why: str
    header: bool

    def __str__(self) -> str:
        name = f"operation {self.op.seq} of replica {self.op.replica} on {self.op.noun} {self.op.subject[:8]!r}"
        return f"{name}: {self.why}"


def unfit(conn: sqlite3.Connection, before: int = hybrid_clock.LATE) -> Iterator[Unfit]:
    """The operations that no cube file could carry, or whose clock is too late.

    Args:
        conn: the cube.
        before: clocks from this time on are too late, in milliseconds since 1970. From the
            default on no operation could follow.
    """
    latest: dict[str, int] = {}
    for row in log.raw_rows(conn, "ORDER BY replica, seq"):
        op = log.from_row(row)
        why = limits.fault_of_header(op) or _clock_fault(op.clock, latest.get(op.replica, 0), before)
        if not why:
            latest[op.replica] = op.clock
        if why or (op.change is not None and (op.salt is None)):
            yield Unfit(op, why or "a change without a salt", header=True)
        elif why := limits.fault(op, row[-1]):
            yield Unfit(op, why, header=False)


def _clock_fault(clock: int, previous: int, before: int) -> str:
    if clock < previous:
        return "its clock runs backwards"
    millis = hybrid_clock.millis_of(clock)
    if hybrid_clock.is_late(millis):
        return "its clock leaves no room for the next"
    return "its clock is over a day ahead of this machine's, so that its cube file is taken nowhere" if millis >= before else ""


def too_long(conn: sqlite3.Connection) -> Iterator[tuple[str, str, fold.Registers, str]]:
    """Noun, subject and registers of what its changes, each of them being right, make too long; and what is wrong with it."""
    # Each character of a change takes at most 4 bytes: the sum spares nearly every subject its fold.
    sql = "SELECT noun, subject FROM ops GROUP BY noun, subject HAVING sum(length(change)) * 4 > ? ORDER BY min(n)"
    for noun, subject in conn.execute(sql, (limits.MOST_CHANGE,)).fetchall():
        registers = fold.fold(log.of_subject(conn, noun, subject))
        if why := limits.fault_of_state(registers):
            yield noun, subject, registers, why


def portable(conn: sqlite3.Connection, before: int = hybrid_clock.LATE) -> Iterator[str]:
    """What no cube file could carry, a line each; the log has to be sound; `before` as for `unfit`."""
    known = set()
    for one in unfit(conn, before):
        known.add((one.op.noun, one.op.subject))
        yield str(one)
    for noun, subject, _, why in too_long(conn):
        if (noun, subject) not in known:
            yield f"all that is said of {noun} {subject[:8]!r}: {why}"
    for kind in links.ACYCLIC:
        if ring := links.circle(conn, kind):
            yield f"links of type {kind} lead in a circle through {' and '.join(source[:8] for source, _ in ring[:2])}"


def require_sound(vault: Vault) -> None:
    """Refuse a cube that is not made as cubes are, or whose log is not what was hashed; what is derived is not looked at.

    Raises:
        IntegrityError: it is so.
    """
    for line in chain(rebuild.schema_differences(vault.conn), log.faults(vault.conn)):
        raise IntegrityError(f"cube {vault.name} is damaged: {line}", hint="nothing was taken over")


def make_anew(vault: Vault) -> int:
    """Make what is derived anew from the log; how many memories there are then.

    Raises:
        IntegrityError: the log is damaged, so nothing is derived from it.
    """
    if fault := next(log.faults(vault.conn), None):
        raise IntegrityError(f"the log of cube {vault.name} is damaged, so nothing is derived from it: {fault}")
    with vault.derive() as conn:
        return rebuild.rebuild(conn, vault.due)


def _cut_short(lost: heads.Lost) -> str:
    return f"{lost}: a damaged WAL, or an older copy of the file"


def lost(vault: Vault) -> tuple[heads.Lost, ...]:
    """The last operations that a cube's log has lost; see `infra.heads`."""
    known, _ = vault.heads.read()
    with vault.reading():
        return tuple(heads.lost(vault.conn, known))


def accept_loss(vault: Vault, in_its_name: Callable[[], None] = lambda: None) -> tuple[heads.Lost, ...]:
    """Let a cube go on without the end that its log has lost; what that was.

    From then on it writes as another replica. Otherwise its next operations would have the numbers of the lost ones, which
    other copies may have, and no merge could put the two together; so a merge with such a copy brings back what was lost.

    Args:
        in_its_name: called before, in the same transaction, for what depends on the old replica.
    """
    with vault.derive() as conn:
        gone = tuple(heads.lost(conn, vault.heads.read()[0]))
        own = marks.mark(conn, "replica")
        if any(one.replica == own for one in gone):
            in_its_name()
            log.came_in(conn, [own])
            schema.rename_replica(conn, own := os.urandom(8).hex())
    vault.meta["replica"] = own
    if gone:
        # After the commit, so that a kill in between leaves the loss known; and under the lock, so that no head gets lost.
        with vault.derive() as conn:
            vault.heads.write(heads.of(conn, log.ends(conn)))
    return gone


def _look(name: str, find: Callable[[], Iterable[str]]) -> Check:
    """The faults that `find` finds; if the search itself fails, that is a fault too."""
    found: list[str] = []
    try:
        found += islice(find(), MOST_SHOWN)
    except (sqlite3.Error, MemosError, *log.UNREADABLE) as error:
        found.append(" ".join(f"cannot be read: {error}".split()))
    return Check(name, tuple(found))


def _file(conn: sqlite3.Connection) -> list[str]:
    """SQLite's own check, and the schema compared with that of a new cube: a damaged tokenizer's name still parses."""
    found = [line for (text,) in conn.execute(f"PRAGMA integrity_check({MOST_SHOWN})") for line in text.splitlines()]
    if found != ["ok"]:
        return [line for line in found if not line.startswith("***")]
    return rebuild.schema_differences(conn)


def _identity(conn: sqlite3.Connection) -> list[str]:
    meta = dict(conn.execute("SELECT key, value FROM cube"))
    sound = meta.get("digest") == schema.identity_digest(meta)
    return [] if sound else [f"the cube's {', '.join(schema.IDENTITY)} are not what they were made as"]


def _blobs(vault: Vault) -> Iterator[str]:
    """Files whose content does not match their names, and missing source files of memories."""
    blobs = Blobs(vault.folder / connection.BLOBS)
    yield from blobs.faults()
    if vault.mark(ABSENT):  # a file of a selection lacks those that unselected memories share
        return
    named = "FROM memories WHERE state <> 'purged'"
    named_still = f"SELECT 1 {named} AND json_extract(source, '$.digest') = ? LIMIT 1"
    for (digest,) in vault.conn.execute(f"SELECT DISTINCT json_extract(source, '$.digest') {named} ORDER BY 1").fetchall():
        # A purge beside this removes the file once no memory names it any more.
        if digest and digest not in blobs and vault.conn.execute(named_still, (digest,)).fetchone():
            yield f"blob {digest[:12]} is gone"


def _inside(conn: sqlite3.Connection) -> list[str]:
    """The full-text index checked by FTS5 itself; on a copy, since the check has to be allowed to write."""
    copy, fresh = (sqlite3.connect(":memory:", isolation_level=None) for _ in range(2))
    try:
        schema.create_in_memory(copy)
        for table in (f"{fts}_{part}" for fts in _INDEXES for part in ("data", "idx", "docsize", "config")):
            copy.execute(f"DELETE FROM {table}")
            marks = ", ".join("?" * len(copy.execute(f"PRAGMA table_info({table})").fetchall()))
            copy.executemany(f"INSERT INTO {table} VALUES ({marks})", conn.execute(f"SELECT * FROM {table}"))
        copy.backup(fresh)  # drops what FTS5 remembers of the empty index
        for fts in _INDEXES:
            fresh.execute(f"INSERT INTO {fts} ({fts}) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        return [f"the index is damaged inside: {error}"]
    else:
        return []
    finally:
        copy.close()
        fresh.close()


def _index(conn: sqlite3.Connection) -> list[str]:
    """The full-text indexes and the vectors compared with the memories, for the hot ones and for the cold ones."""
    faults = []
    for name, fts, vectors, states in (
        ("hot", "fts", "vectors", HOT_STATES),
        ("cold", "cold_fts", "cold_vectors", COLD_STATES),
    ):
        among = f"SELECT n FROM memories WHERE state IN ({', '.join('?' * len(states))})"
        (indexed,) = conn.execute(f"SELECT count(*) FROM {fts}_docsize").fetchone()
        (memories,) = conn.execute(f"SELECT count(*) FROM ({among})", states).fetchone()
        if indexed != memories:
            faults.append(f"{memories} {name} memories, {indexed} of them indexed")
        (lost,) = conn.execute(f"SELECT count(*) FROM {vectors} WHERE n NOT IN ({among})", states).fetchone()
        if lost:
            faults.append(f"{lost} vectors of {name} memories that are not there")
    unembedded = conn.execute(
        """SELECT count(*) FROM memories m WHERE state <> 'purged' AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.n = m.n)
           AND NOT EXISTS (SELECT 1 FROM cold_vectors v WHERE v.n = m.n)
           AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.n = m.n)"""
    ).fetchone()[0]
    if unembedded:
        faults.append(f"{unembedded} memories neither have vectors nor wait for them")
    return faults
