"""Operations whose headers no cube file could carry, written again by a new replica.

A header cannot be changed: the id of the operation is its hash, and every later operation of the replica chains to it. So from
the first bad header on, all operations of the replica are written again, in the same rows of the log and in the same order.
"""

import heapq
import os
import re
import sqlite3
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from memos_cli import hybrid_clock
from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.infra.repair.sound_change import sound
from memos_cli.infra.vault import log, schema
from memos_cli.infra.vault.units import new_id
from memos_cli.model import Operation

_REPLICA = re.compile(r"[0-9a-f]{16}")
_LATE = hybrid_clock.LATE << 16
_UNREADABLE = "unreadable"
"""The noun of what had an impossible one."""


class Moved(NamedTuple):
    """What was written again.

    Attributes:
        ids: of operations, each with the new one.
        replicas: the replicas whose operations they were, each with the new one.
        numbers: for each of those replicas the numbers of its operations, in order; the new ones are 1, 2, 3, ….
        subjects: of nouns and subjects that had an impossible name, the new ones.
        erased: those of the new operations that have no change, since an earlier repair erased it, with the reason.
        dropped: registers that could not be kept of changes that were bad too.
    """

    ids: dict[str, str]
    replicas: dict[str, str]
    numbers: dict[str, list[int]]
    subjects: dict[tuple[str, str], tuple[str, str]]
    erased: dict[tuple[str, str], dict[str, str]]
    dropped: dict[tuple[str, str], tuple[str, ...]]

    def position(self, place: log.Position) -> dict[str, Any]:
        """A position that names the same operations as they are now."""
        found: dict[str, Any] = {}
        for replica, known in place.items():
            numbers = self.numbers.get(replica, [])
            if before := _before(known, numbers[0]) if numbers else known:
                found[replica] = before
            inside = [new for new, old in enumerate(numbers, 1) if _holds(known, old)]
            if inside:
                found[self.replicas[replica]] = len(inside) if inside[-1] == len(inside) else _runs(inside)
        return found


def _before(known: "int | list[list[int]]", first: int) -> "int | list[list[int]]":
    if isinstance(known, int):
        return min(known, first - 1)
    return [[start, min(end, first - 1)] for start, end in known if start < first]


def _holds(known: "int | list[list[int]]", number: int) -> bool:
    return number <= known if isinstance(known, int) else any(start <= number <= end for start, end in known)


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def write_again(conn: sqlite3.Connection, firsts: Mapping[str, int], millis: int, before: int = hybrid_clock.LATE) -> Moved:
    """Write operations again, inside the caller's transaction; what is derived from the log is not touched.

    Args:
        firsts: for each replica the number of its first operation with a bad header.
        millis: the time, in milliseconds since 1970: clocks that are too late become this.
        before: clocks from this time on are too late.

    Raises:
        UsageError: this machine's clock is too late as well.
    """
    return _Writing(conn, firsts, millis, before).run()


class _Writing:
    """Operations being written again."""

    def __init__(self, conn: sqlite3.Connection, firsts: Mapping[str, int], millis: int, before: int) -> None:
        self._conn, self._millis, self._late = conn, millis, before << 16
        self._owner = conn.execute("SELECT value FROM cube WHERE key = 'owner'").fetchone()[0]
        names = _names(conn, firsts)
        sql = "SELECT replica, seq, n, clock FROM ops WHERE replica = ? AND seq >= ? ORDER BY seq"
        self._rows = {replica: conn.execute(sql, (replica, first)).fetchall() for replica, first in firsts.items()}
        numbers = {replica: [row[1] for row in rows] for replica, rows in self._rows.items()}
        self._moved = Moved({}, names, numbers, {}, {}, {})
        self._ends: dict[str, tuple[int, str, int]] = dict.fromkeys(names.values(), (0, "", 0))
        self._txns: dict[str, str] = {}
        self._erased = log.repaired(conn).erased
        self._taken = set(conn.execute("SELECT DISTINCT noun, subject FROM ops WHERE noun <> 'memory'"))

    def run(self) -> Moved:
        clocks = self._clocks()
        # In folding order, by which whatever an operation names as its parent comes before it; each replica in its own order.
        ways = [[(_number(clock), replica, seq, n) for replica, seq, n, clock in rows] for rows in self._rows.values()]
        self._name_memories()
        for clock, replica, _, n in heapq.merge(*ways, key=lambda one: one[:2]):
            self._write(n, self._moved.replicas[replica], clocks.get(clock, clock))
        self._keep_count()
        return self._moved

    def _clocks(self) -> dict[int, int]:
        """The clocks that are too late, each with the one in its place: from now on, and behind all others."""
        late = sorted({_number(clock) for rows in self._rows.values() for *_, clock in rows if _number(clock) >= self._late})
        sql = "SELECT max(clock) FROM ops WHERE typeof(clock) = 'integer' AND clock < ?"
        latest = self._conn.execute(sql, (self._late,)).fetchone()[0] or 0
        start = hybrid_clock.next_clock(latest, self._millis)
        if start + len(late) >= _LATE:
            raise UsageError("this machine's clock is as wrong as the clocks in the log", hint="set it, then run this again")
        return {clock: start + index for index, clock in enumerate(late)}

    def _name_memories(self) -> None:
        """Give memories whose id is no id a new one, before links to them are written."""
        for noun, subject in self._conn.execute("SELECT DISTINCT noun, subject FROM ops WHERE noun = 'memory'"):
            if not limits.is_id(subject):
                self._moved.subjects[noun, subject] = noun, new_id()

    def _write(self, n: int, replica: str, clock: int) -> None:
        row = next(log.raw_rows(self._conn, "WHERE n = ?", (n,)))
        op, text = log.from_row(row), row[-1]
        seq, previous, latest = self._ends[replica]
        noun, subject = self._subject(op.noun, op.subject)
        new = op._replace(
            replica=replica, seq=seq + 1, clock=max(clock, latest), previous=previous, parents=self._parents(op.parents),
            principal=_name(op.principal) or self._owner, command=_name(op.command) or _UNREADABLE, txn=self._txn(op.txn),
            reverts=self._txns.get(op.reverts, op.reverts if _is_replica(op.reverts) else None) if op.reverts else None,
            noun=noun, subject=subject,
        )  # fmt: skip
        if text is not None:
            new, text = self._with_sound_change(new, text)
        new = new._replace(id=log.header_hash(new))
        columns = ", ".join(f"{name} = ?" for name in log.COLUMNS.split(", "))
        self._conn.execute(f"UPDATE ops SET {columns} WHERE n = ?", (*log.row_of(new, text), n))  # noqa: S608 -- our own columns
        self._ends[replica] = seq + 1, new.id, new.clock
        self._moved.ids[op.id] = new.id
        if text is None and op.id in self._erased:
            self._moved.erased.setdefault((noun, subject), {})[new.id] = "erased by an earlier repair"

    def _with_sound_change(self, op: Operation, text: str) -> tuple[Operation, str]:
        if op.salt is not None and not limits.fault(op, text):
            return op, text
        renamed = {old: new for (noun, old), (_, new) in self._moved.subjects.items() if noun == "memory"}
        found = sound(op.noun, op.subject, op.change, renamed)
        if found.dropped:
            self._moved.dropped[op.noun, op.subject] = found.dropped
        text, salt = log.encoded(hybrid_clock.put_in(found.change, op.written_at)), os.urandom(16)
        return op._replace(change=found.change, salt=salt, digest=log.change_digest(salt, text)), text

    def _subject(self, noun: str, subject: str) -> tuple[str, str]:
        """Noun and subject as a cube file can carry them; of the same ones always the same."""
        if (noun, subject) in self._moved.subjects:
            return self._moved.subjects[noun, subject]
        is_noun = limits.is_noun(noun)
        if is_noun and limits.is_name(subject):
            return noun, subject
        kind, name = (noun if is_noun else _UNREADABLE), _name(subject) or _UNREADABLE
        found, count = (kind, name), 1
        while found in self._taken:
            count += 1
            found = kind, f"{name[: limits.LONGEST_NAME - 10]} {count}"
        self._taken.add(found)
        self._moved.subjects[noun, subject] = found
        return found

    def _txn(self, txn: str) -> str:
        return txn if _is_replica(txn) else self._txns.setdefault(txn, os.urandom(8).hex())

    def _parents(self, parents: tuple[str, ...]) -> tuple[str, ...]:
        known = dict.fromkeys(self._moved.ids.get(one, one) for one in parents if limits.is_hash(one))
        return tuple(known)[-limits.MOST_PARENTS :]

    def _keep_count(self) -> None:
        """Record what the log has of which replica, and let this copy of the cube go on as its new one."""
        own = self._conn.execute("SELECT value FROM cube WHERE key = 'replica'").fetchone()[0]
        if own in self._moved.replicas:
            schema.go_on_as(self._conn, self._moved.replicas[own])
        others = {*self._moved.replicas, *self._moved.replicas.values()} - {self._moved.replicas.get(own, own)}
        log.came_in(self._conn, sorted(others))
        self._conn.execute("DELETE FROM replicas WHERE count = 0")
        for (noun, subject), (_, new) in self._moved.subjects.items():
            for table in ("uses", "arrivals") if noun == "memory" else ():
                self._conn.execute(f"UPDATE OR REPLACE {table} SET id = ? WHERE id = ?", (new, subject))  # noqa: S608


def _number(clock: object) -> int:
    return clock if isinstance(clock, int) and clock > 0 else 0


def _name(text: object) -> str:
    return limits.cleaned_name(text) if isinstance(text, str) else ""


def _is_replica(name: object) -> bool:
    return isinstance(name, str) and _REPLICA.fullmatch(name) is not None


def _names(conn: sqlite3.Connection, replicas: Iterable[str]) -> dict[str, str]:
    """New names of replicas, each next to the old one in their order: it decides where two operations have the same clock."""
    known = sorted(name for name in log.ends(conn) if _is_replica(name))
    found = {}
    for replica in replicas:
        start = int(replica, 16) if _is_replica(replica) else 0
        later = known[bisect(known, replica) :] if start else known
        room = (int(later[0], 16) if later else 1 << 64) - start
        # Another copy may be repaired too, and is to take another name.
        name = f"{start + 1 + int.from_bytes(os.urandom(8), 'big') % max(room - 1, 1):016x}"
        while name in known or not _is_replica(name):
            name = os.urandom(8).hex()
        found[replica] = name
        known = sorted([*known, name])
    return found


def chunks(ids: Mapping[str, str], size: int = 10_000) -> Iterator[dict[str, str]]:
    """The old ids with the new ones, as many as one operation records: a line of a cube file has an end."""
    pairs = list(ids.items())
    for start in range(0, len(pairs), size):
        yield dict(pairs[start : start + size])
