"""What a cube's log tells of its past: what came in, what its commands were, and what the cube was at an earlier time.

All of it is read from the log when it is asked for. An earlier state is folded in memory, as a `Vault` that is only read.
"""

import math
import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from memos_cli.errors import AmbiguousId, NotFound, UsageError, did_you_mean
from memos_cli.hybrid_clock import clock_at, time_of
from memos_cli.infra.vault import connection, log, queries, rows, schema
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Operation
from memos_cli.records import NamedTuple
from memos_cli.times import to_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.rebuild import Keep

SNAPSHOT = "snapshot"
"""The noun whose records name positions in the log. They are no part of the state that they name."""
FILE = "file"
"""The noun whose records name what came from a file: kept beside the memories, and not counted among what a command changed."""
_STATE = f"noun NOT IN ('{SNAPSHOT}', '{log.IMPORT}', '{log.REPAIR}')"
"""The SQL condition on `ops` for what changes the state that snapshots name."""


# -- what came in, and what the commands were


def receipts(vault: Vault) -> list[Operation]:
    """Of what came in by an import or a merge, in the order in which it came: those receipts that were written here.

    A log can come back with more operations in this cube's name than it has written: from another copy of it, or made up
    by whoever knows the log. A receipt among them says nothing of this machine. It came in with others, and so stands
    among the rows that a receipt written here, behind them, tells of.
    """
    made, first = list[Operation](), math.inf
    ours = sorted(schema.own_replicas(vault.conn))
    where = f"WHERE noun = ? AND replica IN ({', '.join('?' * len(ours))})"
    own = log.operations(vault.conn, where, (log.IMPORT, *ours))
    for one in sorted(own, key=lambda one: _row(vault, one), reverse=True):
        if _row(vault, one) < first:
            made.append(one)
            first, _ = came_with(vault, one)
    return made[::-1]


def newest(vault: Vault) -> Operation | None:
    """The operation with the greatest clock; `None` for an empty log."""
    with connection.translated(vault.path):
        return log.newest(vault.conn)


def _row(vault: Vault, operation: Operation) -> int:
    (row,) = vault.conn.execute("SELECT n FROM ops WHERE id = ?", (bytes.fromhex(operation.id),)).fetchone()
    return int(row)


def came_with(vault: Vault, receipt: Operation) -> tuple[int, int]:
    """The rows of the log that an import brought: the first one, and that of its receipt, right behind the last."""
    row = _row(vault, receipt)
    return row - int((receipt.change or {}).get("operations", 0)), row


def subjects_between(vault: Vault, first: int, end: int) -> Iterator[tuple[str, str]]:
    """Noun and subject of what the operations in these rows are about, the newest first; writing meanwhile is fine.

    Receipts and repairs are left out: they are about the log.
    """
    among = f"n >= ? AND n < ? AND noun NOT IN ('{log.IMPORT}', '{log.REPAIR}')"
    sql = f"SELECT noun, subject FROM ops WHERE {among} GROUP BY noun, subject ORDER BY max(n) DESC"
    return iter(vault.conn.execute(sql, (first, end)))


def subjects_behind(vault: Vault, receipt: Operation, first: int, row: int) -> list[tuple[str, str]]:
    """The memories of which an import brought nothing, and which it changed all the same: it wrote of them behind its receipt.

    Args:
        receipt: the import's receipt.
        first: the first row that it brought; `row` that of the receipt.
    """
    brought = "SELECT subject FROM ops WHERE n >= ? AND n < ? AND noun = 'memory'"
    sql = f"""SELECT noun, subject FROM ops WHERE txn = ? AND n > ? AND noun = 'memory' AND subject NOT IN ({brought})
              GROUP BY noun, subject"""
    return vault.conn.execute(sql, (receipt.txn, row, first, row)).fetchall()


def rows_of(vault: Vault, noun: str, subject: str) -> dict[str, int]:
    """The row in which each operation on a subject was written here, by id."""
    found = vault.conn.execute("SELECT id, n FROM ops WHERE subject = ? AND noun = ?", (subject, noun))
    return {identity.hex(): n for identity, n in found}


def transactions_backwards(vault: Vault, by: str | None = None) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """The transactions from the newest on: name, the names of those that it takes back, whether it was made here.

    Those of one principal alone where `by` names one.

    A command that wrote several times under one name comes once, where it wrote last, whoever wrote in between. What a repair
    wrote does not count: it is no step, and what it put in the place of a bad change has the name of that change's command.
    """
    seen: set[str] = set()
    own = schema.own_replicas(vault.conn)
    sql = "SELECT txn, reverts, replica FROM ops WHERE command <> ?1 AND (?2 IS NULL OR principal = ?2) ORDER BY n DESC"
    for txn, reverts, replica in vault.conn.execute(sql, (log.DOCTOR, by)):
        if txn not in seen:
            seen.add(txn)
            yield txn, _taken_back(vault, txn) if reverts is not None else (), replica in own


class TransactionScope(NamedTuple):
    """What a transaction wrote.

    Attributes:
        command: the command that it was.
        receipt: that of a merge, if it was one.
        is_repair: whether it only repaired the log.
    """

    command: str
    receipt: Operation | None
    is_repair: bool


def scope(vault: Vault, txn: str) -> TransactionScope:
    """What a transaction wrote, told from the table: an import makes a million operations, which are not read for that."""
    first = vault.conn.execute("SELECT command FROM ops WHERE txn = ? ORDER BY n LIMIT 1", (txn,)).fetchone()
    other = vault.conn.execute("SELECT 1 FROM ops WHERE txn = ? AND command <> ? LIMIT 1", (txn, log.DOCTOR)).fetchone()
    receipt = next(iter(log.operations(vault.conn, "WHERE txn = ? AND noun = ?", (txn, log.IMPORT))), None)
    return TransactionScope(first[0] if first else "", receipt, other is None)


def subjects(vault: Vault, txn: str) -> list[tuple[str, str]]:
    """Noun and subject of all that a transaction wrote of, in its order."""
    sql = "SELECT noun, subject FROM ops WHERE txn = ? GROUP BY noun, subject ORDER BY min(n)"
    return vault.conn.execute(sql, (txn,)).fetchall()


def is_seen_whole(vault: Vault, txn: str) -> bool:
    """Whether all operations of a transaction are about what may be seen."""
    sql = "SELECT (SELECT count(*) FROM main.ops WHERE txn = ?1) = (SELECT count(*) FROM ops WHERE txn = ?1)"
    return bool(vault.conn.execute(sql, (txn,)).fetchone()[0])


def _taken_back(vault: Vault, txn: str) -> tuple[str, ...]:
    """The transactions that an undo takes back, in the order in which it does."""
    sql = "SELECT reverts FROM ops WHERE txn = ? AND reverts IS NOT NULL GROUP BY reverts ORDER BY min(n)"
    return tuple(name for (name,) in vault.conn.execute(sql, (txn,)))


def first_changed(vault: Vault, txn: str) -> Operation | None:
    """The first operation of a transaction that is about something people know; `None` for a transaction of the log's own."""
    sql = f"""SELECT min(n) FROM ops WHERE txn = ? AND noun NOT IN ('{log.IMPORT}', '{log.REPAIR}')
              GROUP BY noun = '{FILE}' ORDER BY noun = '{FILE}'"""
    row = vault.conn.execute(sql, (txn,)).fetchone()
    return next(iter(log.operations(vault.conn, "WHERE n = ?", row))) if row is not None else None


def transaction_summaries(vault: Vault, names: Iterable[str]) -> list[dict[str, Any]]:
    """For each command, by its transaction's name: what and whose it was, when it last wrote, how much, and what it took back.

    All operations of one name are one command, even where others wrote in between.
    """
    found = []
    for name in names:
        cursor = vault.conn.execute(
            f"""SELECT txn, command, principal, max(clock) AS clock, n, count(*) AS operations,
                       coalesce(nullif(count(DISTINCT CASE WHEN noun != '{FILE}' THEN subject END), 0),
                                count(DISTINCT subject)) AS subjects, reverts FROM ops WHERE txn = ?""",
            (name,),
        )
        (row,) = queries.dicts(cursor)
        (last,) = log.operations(vault.conn, "WHERE n = ?", (row.pop("n"),))  # the one with that clock: so SQLite has it
        found.append({**row, "at": time_of(last)})
    return found


class Written(NamedTuple):
    """A command that wrote.

    Attributes:
        at: when it last did, fixed-width UTC text.
        nouns: the sorts of things that it changed, `memory` among them or not.
        memories: the ids of the first of the memories that it changed.
        size: how many things it changed.
    """

    at: str
    principal: str
    command: str
    txn: str
    nouns: tuple[str, ...]
    memories: tuple[str, ...]
    size: int


_REGISTERS_OF_RIGHTS = ('"owner"', '"visibility"')
_OF_RIGHTS = """(noun IN ('principal', 'rule', 'policy')
                 OR (noun = 'memory' AND parents <> '[]' AND (instr(change, ?) OR instr(change, ?))))"""
_LISTED = 100
"""The most memories that are named of a command that wrote."""


def written(
    vault: Vault,
    *,
    since: str | None = None,
    until: str | None = None,
    principal: str | None = None,
    memory: str | None = None,
    noun: str | None = None,
    rights: bool = False,
) -> Iterator[Written]:
    """The commands that wrote, the newest first, each where it wrote last; read one by one as the caller asks for them.

    Args:
        vault: the cube.
        since: only from this time on, fixed-width UTC text.
        until: only before this time.
        principal: only this principal's.
        memory: only those that changed the memory with this id.
        noun: only those that changed something of this sort.
        rights: only those that changed who may do what: rules and principals, the policy, the owner or the visibility of a
            memory that was there.
    """
    conditions: dict[str, list[Any]] = {
        "clock > ?": [clock_at(to_millis(since) - 1)] if since else [],
        "clock <= ?": [clock_at(to_millis(until) - 1)] if until else [],
        "principal = ?": [principal] if principal is not None else [],
        "noun = 'memory' AND subject = ?": [memory] if memory is not None else [],
        "noun = ?": [noun] if noun is not None else [],
        _OF_RIGHTS: [*_REGISTERS_OF_RIGHTS] if rights else [],
    }
    clauses = ["1", *(clause for clause, given in conditions.items() if given)]
    values = [value for given in conditions.values() for value in given]
    seen: set[str] = set()
    sql = f"SELECT txn FROM ops WHERE {' AND '.join(clauses)} ORDER BY clock DESC, n DESC"
    for (txn,) in vault.conn.execute(sql, values):
        if txn not in seen:
            seen.add(txn)
            yield _written(vault, txn)


def memory_ever(vault: Vault, prefix: str) -> str | None:
    """The one memory whose id begins so and of which the log tells, purged ones among them; `None` for none, or for several."""
    sql = "SELECT DISTINCT subject FROM ops WHERE subject >= ? AND subject < ? AND noun = 'memory' LIMIT 2"
    word = prefix.strip().lower()
    found = vault.conn.execute(sql, (word, word + "~")).fetchall() if len(word) >= LEAST_PREFIX else []
    return str(found[0][0]) if len(found) == 1 else None


def _written(vault: Vault, txn: str) -> Written:
    ours = "noun = 'memory' AND txn = ?"
    ids = vault.conn.execute(f"SELECT subject FROM ops WHERE {ours} GROUP BY subject ORDER BY min(n) LIMIT {_LISTED}", (txn,))
    nouns = vault.conn.execute("SELECT noun FROM ops WHERE txn = ? GROUP BY noun ORDER BY min(n)", (txn,))
    (told,) = transaction_summaries(vault, [txn])
    return Written(
        told["at"], told["principal"], told["command"], txn, tuple(noun for (noun,) in nouns),
        tuple(identity for (identity,) in ids), told["subjects"],
    )  # fmt: skip


def purged_by_tick(vault: Vault, txn: str) -> bool:
    """Whether a transaction is one in which a tick purged what its grace was over for: nobody asked for it by hand."""
    sql = "SELECT 1 FROM ops WHERE txn = ? AND command = 'tick' AND change = ? LIMIT 1"
    return vault.conn.execute(sql, (txn, log.TOMBSTONE)).fetchone() is not None


LEAST_PREFIX = 4
"""Characters of a transaction's name: by fewer than these one of some hundred commands is named by a slip of the hand."""


def transaction_named(vault: Vault, prefix: str, by: str | None = None) -> str:
    """The full name of a transaction that begins so, among those of one principal where `by` names one.

    Raises:
        UsageError: that is too little to name one.
        NotFound: none does.
        AmbiguousId: several do.
    """
    if len(prefix) < LEAST_PREFIX:
        several = f"memos undo -n {prefix} takes {prefix} commands back; " if prefix.isdecimal() and prefix != "0" else ""
        raise UsageError(f"{prefix!r} is too short for an id: give four characters", hint=f"{several}ids: memos undo --list")
    own = "" if by is None else "AND principal = ?"
    sql = f"SELECT DISTINCT txn FROM ops WHERE txn >= ? AND txn < ? {own} ORDER BY txn LIMIT 10"
    found = [row[0] for row in vault.conn.execute(sql, (prefix, prefix + "~", *(() if by is None else (by,))))]
    if not found:
        raise NotFound(f"no command {prefix[:40]!r} in the log of cube {vault.name}", hint="see them: memos undo --list")
    if len(found) > 1 and prefix not in found:
        raise AmbiguousId(f"{prefix} is the beginning of several commands: {' '.join(found)}", hint="write one more letter")
    return str(found[0])


# -- the cube at an earlier time


class _Past(Vault):
    """An earlier state of a cube, folded into memory; reads only."""

    is_present = False

    def __init__(self, now: Vault, keep: "Keep") -> None:
        self.folder, self.name, self.path, self.meta = now.folder, now.name, now.path, now.meta
        from memos_cli.infra.vault import rebuild

        self._lock_timeout, self._scheduler, self._due = 0.0, None, None
        self._file = now._file  # noqa: SLF001 -- the same cube: what is embedded here needs its file in place, too
        self._conn = sqlite3.connect(":memory:", isolation_level=None)
        schema.create_in_memory(self._conn)
        rebuild.fold_past(now.conn, self._conn, keep)
        if now.sight is not None:
            self.sight = now.sight.of_past(self._conn)

    def record_uses(self, ids: Iterable[str], at: str) -> bool:  # noqa: ARG002 -- the past is not used up
        """Nothing: looking back is no use of a memory."""
        return False


def at_instant(vault: Vault, at: str) -> Vault:
    """The cube as it was at an instant, to be asked with a filter of the same `at`.

    What was recorded by then is folded up to then. What was recorded only later is taken as it is known now, so that
    a diary imported today can answer for its own days; the filter lets through only what says it was true by then. If
    nothing known by then has changed since, the cube itself is the answer, and otherwise one is folded in memory.
    """
    moment = rows.clock_of(at)
    # The time that an operation carries is never after its clock, so those up to the instant need not be looked at.
    sql = """SELECT 1 FROM ops o JOIN memories m ON m.id = o.subject
             WHERE o.clock > ?1 AND m.created <= ?1 AND m.updated > ?1 LIMIT 1"""
    changed = vault.conn.execute(sql, (moment,)).fetchone()
    from memos_cli.infra.vault.rebuild import upto_moment

    return _Past(vault, upto_moment(moment)) if changed else vault


def changes_since(vault: Vault, place: log.Position) -> int:
    """How many operations came after a position, snapshots themselves and receipts not counted."""
    clause, values = log.beyond(vault.conn, place)
    sql = f"SELECT count(*) FROM ops WHERE {clause} AND {_STATE}"
    return int(vault.conn.execute(sql, values).fetchone()[0])


def touched_since(vault: Vault, place: log.Position) -> list[tuple[str, str]]:
    """Noun and id of all that an operation after a position changed, snapshots left out, in the order of the log."""
    clause, values = log.beyond(vault.conn, place)
    sql = f"SELECT noun, subject FROM ops WHERE {clause} AND {_STATE} GROUP BY 1, 2 ORDER BY min(n)"
    return vault.conn.execute(sql, values).fetchall()


def snapshot(vault: Vault, name: str) -> dict[str, Any]:
    """The registers of a snapshot: `position`, `at` and, where one was given, `note`.

    Raises:
        NotFound: there is none of that name.
    """
    known = vault.records(SNAPSHOT)
    if name not in known:
        hint = did_you_mean(name, known, f"make one with: memos snapshot create {name}")
        raise NotFound(f"no snapshot {name[:40]!r} in cube {vault.name}", hint=hint)
    return known[name]


def seen(vault: Vault, wanted: Filter) -> Vault:
    """The cube as a filter looks at it: as it stands, as it was at an instant, or as it was when a snapshot was made."""
    if wanted.snapshot is None:
        return at_instant(vault, wanted.at) if wanted.past else vault
    place = snapshot(vault, wanted.snapshot)["position"]
    if not changes_since(vault, place):
        return vault
    from memos_cli.infra.vault.rebuild import upto_position

    return _Past(vault, upto_position(place))
