"""Repair: what an older memos let into a log, and no cube file could carry, is taken out of it again; all else stays.

A bad change is erased as a purge does it: salt and change go, the digest in the header stays, and the chain of hashes holds. A
sound change is appended in its place, under the name of the command that made the bad one, so that undo takes back both. From
a bad header on, the replica's operations are written again (`new_replica`). What was done is recorded by operations of the noun
`repair`, by which readers and merges know why a change is missing (`log.Repaired`, `repair_record`).
"""

import re
import sqlite3
from itertools import chain
from typing import Any, NamedTuple

from memos_cli import hybrid_clock
from memos_cli.errors import IntegrityError
from memos_cli.infra import limits
from memos_cli.infra.marks import mark, mark_unwiped
from memos_cli.infra.repair import new_replica
from memos_cli.infra.repair.new_replica import Moved
from memos_cli.infra.repair.sound_change import sound
from memos_cli.infra.vault import check, fold, links, log, rebuild
from memos_cli.infra.vault.past import SNAPSHOT
from memos_cli.infra.vault.units import Unit, new_id
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Operation

_QUOTED = re.compile(r"""(['"]).*\1""")


class Mended(NamedTuple):
    """One thing that a repair did.

    Attributes:
        what: `erased` (a change), `moved` (operations, to a new replica), `shortened` (registers dropped), `unlinked` (a link
            of a circle taken out) or `position` (of a snapshot).
        noun: with `subject` what it was done to; of `moved` the replica.
        why: what was wrong.
        dropped: registers whose value could not be kept.
        operations: how many operations it is about.
        replica: the new replica of `moved`.
    """

    what: str
    noun: str
    subject: str
    why: str
    dropped: tuple[str, ...] = ()
    operations: int = 1
    replica: str | None = None


def repair(
    vault: Vault, principal: str, millis: int, *, before: int = hybrid_clock.LATE, dry_run: bool = False
) -> list[Mended]:
    """Repair a cube, in one transaction; empty where there is nothing to repair. `purge.wipe` has to follow.

    Args:
        vault: the cube.
        principal: who repairs it.
        millis: the time, in milliseconds since 1970.
        before: clocks from this time on are too late, in milliseconds since 1970.
        dry_run: change nothing.

    Raises:
        IntegrityError: the log is damaged, or something in it cannot be mended; nothing is changed then.
    """
    with vault.derive() as conn:
        for line in log.faults(conn):
            raise IntegrityError(
                f"the log of cube {vault.name} is damaged, so it is not repaired: {line}",
                hint="restore it from a backup; nothing was changed",
            )
        done = _Repair(vault, conn, principal, millis, before).run() if next(check.portable(conn, before), None) else []
        for line in chain(log.faults(conn), check.portable(conn, before)) if done else ():
            raise IntegrityError(f"cube {vault.name} cannot be repaired: {line}", hint="nothing was changed")
        if dry_run:
            conn.execute("ROLLBACK")
            conn.execute("BEGIN")
        elif done:
            vault.heads.forget()
    vault.meta["replica"] = mark(vault.conn, "replica")
    return done


class _Repair:
    """A repair in progress."""

    def __init__(self, vault: Vault, conn: sqlite3.Connection, principal: str, millis: int, before: int) -> None:
        self._vault, self._conn, self._principal, self._millis, self._before = vault, conn, principal, millis, before
        self._done: list[Mended] = []

    def run(self) -> list[Mended]:
        moved = self._write_again()
        bad = self._bad_changes()
        own = mark(self._conn, "replica")
        self._log = log.Appender(
            self._conn, replica=own, principal=self._principal, command=log.DOCTOR, millis=self._millis
        )  # fmt: skip
        for (noun, subject), whys in bad.items():
            self._erase(noun, subject, whys)
        self._record(moved)
        self._move_positions(moved)
        for noun, subject, registers, why in check.too_long(self._conn):
            self._shorten(noun, subject, registers, why)
        mark_unwiped(self._conn)
        rebuild.rebuild(self._conn, self._vault.due)
        self._open_circles()
        return self._done

    # -- headers

    def _write_again(self) -> Moved:
        firsts: dict[str, int] = {}
        whys: dict[str, str] = {}
        for one in check.unfit(self._conn, self._before):
            if one.header and one.op.replica not in firsts:
                firsts[one.op.replica], whys[one.op.replica] = one.op.seq, _said(one.why)
        if not firsts:
            return Moved({}, {}, {}, {}, {}, {})
        moved = new_replica.write_again(self._conn, firsts, self._millis, self._before)
        for replica, why in whys.items():
            count, new = len(moved.numbers[replica]), moved.replicas[replica]
            self._done.append(Mended("moved", "replica", replica, why, (), count, new))
        for (noun, subject), dropped in moved.dropped.items():
            self._done.append(Mended("shortened", noun, subject, "its change was bad too", dropped))
        return moved

    def _record(self, moved: Moved) -> None:
        for ids in new_replica.chunks(moved.ids):
            self._append(log.REPAIR, new_id(), {"moved": ids})
        for (noun, subject), reasons in moved.erased.items():
            self._append(log.REPAIR, subject if noun == "memory" else new_id(), {"erased": reasons})

    def _move_positions(self, moved: Moved) -> None:
        """Let snapshots name the same operations as before."""
        sql = "SELECT DISTINCT subject FROM ops WHERE noun = ?"
        for name in [row[0] for row in self._conn.execute(sql, (SNAPSHOT,)) if moved.ids]:
            history = log.of_subject(self._conn, SNAPSHOT, name)
            place = fold.fold(history).get("position")
            if isinstance(place, dict) and (now := moved.position(place)) != place:
                setter = next(op for op in reversed(history) if "position" in (op.change or {}))
                self._append(SNAPSHOT, name, {"position": now}, txn=setter.txn)
                self._done.append(Mended("position", SNAPSHOT, name, "its operations were written again"))

    # -- changes

    def _bad_changes(self) -> dict[tuple[str, str], dict[str, str]]:
        """By noun and subject the ids of the operations with a bad change, each with what is wrong."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for one in check.unfit(self._conn, self._before):
            found.setdefault((one.op.noun, one.op.subject), {})[one.op.id] = _said(one.why)
        return found

    def _erase(self, noun: str, subject: str, whys: dict[str, str]) -> None:
        history = log.of_subject(self._conn, noun, subject)
        dropped: list[str] = []
        mended: list[tuple[Operation, dict[str, Any]]] = []
        for index, op in enumerate(history):
            if op.id in whys:
                change, lost = _still_counting(op, history[index + 1 :])
                mended += [(op, change)] if change else []
                dropped += lost
                sql = "UPDATE ops SET salt = NULL, change = NULL WHERE id = ?"
                self._conn.execute(sql, (bytes.fromhex(op.id),))
        for op, change in mended:
            self._append(noun, subject, change, txn=op.txn)
        self._append(log.REPAIR, subject if noun == "memory" else new_id(), {"erased": whys})
        self._done.append(Mended("erased", noun, subject, next(iter(whys.values())), tuple(dropped), len(whys)))

    def _shorten(self, noun: str, subject: str, registers: fold.Registers, why: str) -> None:
        """Drop the largest registers until the rest fits into a line."""
        left, dropped = dict(registers), list[str]()
        while limits.fault_of_state(left):
            dropped.append(max(left, key=lambda name: (name != "content", len(log.encoded(left[name])))))
            del left[dropped[-1]]
        self._append(noun, subject, dict.fromkeys(dropped))
        self._done.append(Mended("shortened", noun, subject, why, tuple(dropped)))

    def _append(self, noun: str, subject: str, change: dict[str, Any], *, txn: str | None = None) -> None:
        parents = fold.heads(log.of_subject(self._conn, noun, subject))[-limits.MOST_PARENTS :]
        own = self._log.txn
        self._log.txn = txn or own
        self._log.append(noun, subject, change, parents=parents)
        self._log.txn = own

    # -- links

    def _open_circles(self) -> None:
        unit = Unit(self._conn, self._log, self._vault.due)
        for kind in links.ACYCLIC:
            while last := links.to_open(self._conn, kind):
                register = fold.link_register(kind, last.target)
                unit.change("memory", last.source, {register: None})
                why = f"links of type {kind} led in a circle"
                self._done.append(Mended("unlinked", "memory", last.source, why, (register,)))


def _still_counting(op: Operation, later: list[Operation]) -> tuple[dict[str, Any], list[str]]:
    """Of a bad change the sound form of those registers that nothing set again later; and the registers that are lost."""
    again = {name for one in later for name in one.change or ()}
    found = sound(op.noun, op.subject, op.change)
    change = {}
    for old, new in found.names.items():
        if old in again or (new != old and (new in again or found.change[new] is None)):
            continue
        change[new] = found.change[new]
    return change, [name for name in found.dropped if name not in again]


def _said(why: str) -> str:
    """What is wrong, without the words of the change: a purge does not reach what a repair records."""
    return _QUOTED.sub("\N{HORIZONTAL ELLIPSIS}", why)
