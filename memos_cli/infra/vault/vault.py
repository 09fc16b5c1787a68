"""MemVault: one cube's memories, behind one object. Reads go through it, and `write` opens the only write transaction."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from memos_cli.errors import CubeLocked, IntegrityError, MemoryNotFound, NotWritable, StorageFull
from memos_cli.infra import heads, marks, places, uses, vector_changes
from memos_cli.infra.names import compared
from memos_cli.infra.vault import connection, echoes, log, queries, rows, schema, units
from memos_cli.infra.vault.units import Unit
from memos_cli.model import Cube, Filter, Link, Memory, Operation, starts
from memos_cli.times import from_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.sight.sight import Ask, Sight

Scheduler = Callable[[Mapping[str, Any]], rows.Due]
Changed = Callable[[Iterable[str]], None]


class Vault:
    """An open cube.

    Args:
        folder: the cube's folder.
        name: the cube's name here.
        lock_timeout: how long, in seconds, a write waits for other writers.
        scheduler: makes of the cube's policy the function that says when the lifecycle has to look at a memory again.
        changed: called after each write with the ids of the existing memories that it changed.
        ask: the access of the principal for whom the cube is opened; the cube's owner has none, and sees all.
    """

    is_present = True
    """Whether this is the cube as it stands, and not an earlier state of it, as `past` makes them."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        lock_timeout: float = 10.0,
        scheduler: Scheduler | None = None,
        changed: Changed | None = None,
        ask: "Ask | None" = None,
    ) -> None:
        self._scheduler = scheduler
        self._changed = changed
        self._due: rows.Due | None = None
        self.folder = folder
        self.name = name
        self.written: tuple[str, tuple[str, ...]] | None = None
        """The last command that was written through this object, and the first few memories that it wrote."""
        self.path = folder / connection.FILE
        self._lock_timeout = lock_timeout
        self._file = connection.identity(self.path)
        self._conn = connection.connect(self.path)
        with connection.translated(self.path):
            self.meta: dict[str, str] = dict(self._conn.execute("SELECT key, value FROM cube"))
        if missing := {"id", "replica", "created", "owner"} - set(self.meta):
            self._conn.close()
            raise IntegrityError(f"the cube at {folder} is damaged: it has no {min(missing)}", hint="restore it from a backup")
        self.heads = heads.Heads(folder, self.meta["id"])
        if ask is not None:
            self.look_as(ask)

    sight: "Sight | None" = None
    """What the principal sees for whom the cube was opened; `None` for its owner, who sees all."""

    def look_as(self, ask: "Ask") -> None:
        """See from now on what may be seen by somebody who is not the cube's owner."""
        from memos_cli.infra.vault.sight.sight import Sight

        with connection.translated(self.path):
            self.sight = Sight(self._conn, ask)

    @property
    def seer(self) -> str:
        """Who sees the cube through this object."""
        return self.meta["owner"] if self.sight is None else self.sight.access.principal

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection, for this layer alone; a statement that names a table sees of it what may be seen."""
        if self.sight is not None:
            self.sight.renew()
        return self._conn

    def due(self, memory: Memory) -> str | None:
        """When the lifecycle has to look at a memory again, as far as the cube's policy and the memory's own fields decide."""
        if self._due is None:
            self._due = self._scheduler(self.policy) if self._scheduler else rows.no_later_than_expiry
        return self._due(memory)

    def close(self) -> None:
        """Close the file; the vault cannot be used after that."""
        self._conn.close()
        places.closed(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing

    @contextmanager
    def write(self, command: str, principal: str, millis: int, txn: str | None = None) -> Iterator[Unit]:
        """The write transaction: committed and on disk when the block ends, rolled back when it raises.

        Args:
            command: the command's name in the log.
            principal: who did it.
            millis: when, in milliseconds since 1970.
            txn: the name of a command that writes in several transactions and is undone as one; `None` for a new name.
        """
        self._due = None  # another process may have set another policy
        with self._locked():
            own = self.meta["replica"] = marks.mark(self.conn, "replica")  # another process may have accepted a loss
            known, outdated = self.heads.read()
            if outdated and (there := heads.of(self.conn, log.ends(self.conn))):
                self.heads.write(heads.newest(known, there))
            appender = log.Appender(self.conn, replica=own, principal=principal, command=command, millis=millis, txn=txn)
            rights = None if self.sight is None else self.sight.rights(self.name, self.meta["owner"], principal)
            yield (unit := Unit(self.conn, appender, self.due, rights))
            touched = frozenset(unit.changed)
            for identity, change in echoes.endings(self.conn, unit.ended, unit.log.millis, unit.log.clock, touched):
                if unit.rights is None or unit.rights.may_end(identity, change):
                    unit.change("memory", identity, change)
            unit.require_no_circle()
            cooled = marks.note_cooled(self.conn, unit.cooled) if unit.cooled else 0
            ends = self._went_on(unit, known)
        self.heads.note(ends)
        if appender.count >= connection.MANY:
            connection.give_back(self.conn)
        if appender.count:
            self.written = appender.txn, tuple(appender.memories)
        if unit.changed and self._changed is not None:
            self._changed(unit.changed)
        if marks.is_compaction_due(self.conn, cooled):
            with suppress(CubeLocked, StorageFull), self.derive() as conn:
                marks.compact(conn)

    def _went_on(self, unit: Unit, known: Mapping[str, heads.Head]) -> dict[str, heads.Head]:
        """The last operations that are new with this transaction: this replica's, or those of all where some came in.

        Raises:
            IntegrityError: see `heads.require_end`. It is asked at the end, since a merge may bring back what was lost.
        """
        if not unit.log.count:
            return {}
        own = self.meta["replica"]
        heads.require_end(self.conn, self.name, own, known)
        now = heads.of(self.conn, log.ends(self.conn) if unit.came_in else [own])
        return {replica: head for replica, head in now.items() if known.get(replica) != head}

    @contextmanager
    def derive(self, *, wait: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction on what is not in the log: vectors and the queue of missing ones.

        Args:
            wait: wait for another writer; what a read records by the way does not, since an answer waits for nobody.
        """
        with self._locked(wait=wait):
            yield self.conn

    @contextmanager
    def _locked(self, *, wait: bool = True) -> Iterator[None]:
        """The write lock on the file, which is in its place from first to last; what was done is committed at the end."""
        with connection.translated(self.path):
            connection.begin(self.conn, self.path, self._lock_timeout if wait else 0.0)
            while self.sight is not None and not self.sight.is_current:  # the rules may have changed while it waited
                self._roll_back()
                connection.begin(self.conn, self.path, self._lock_timeout if wait else 0.0)
            try:
                connection.require_in_place(self.path, self._file)
                vector_changes.drop_foreign(self.conn)
                yield
                connection.require_in_place(self.path, self._file)
                self.conn.execute("COMMIT")
            finally:
                self._roll_back()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One state of the cube, and of the rules, for all reads of the block, whatever others write; nothing is written in it.

        Within another such block, or a write, it is the state of that one.
        """
        outermost = not self._conn.in_transaction
        with connection.translated(self.path):
            try:
                while not self._conn.in_transaction:
                    self.conn.execute("BEGIN")
                    self._conn.execute("SELECT 1 FROM main.cube LIMIT 1").fetchone()  # the state is that of the first look
                    if self.sight is not None and not self.sight.is_current:  # somebody wrote since its rules were read
                        self._roll_back()
                yield
            finally:
                if outermost:
                    self._roll_back()

    def _roll_back(self) -> None:
        if self._conn.in_transaction:
            self._conn.execute("ROLLBACK")

    def record_uses(self, ids: Iterable[str], at: str) -> bool:
        """Record that memories were read. Best effort: `False` if the cube is locked or read-only.

        An archived memory becomes due, so that the next tick restores it. There is no fsync: to lose a use harms nobody.
        """
        return uses.record(self.conn, ids, at)

    def confirm(self, ids: Iterable[str]) -> bool:
        """Vouch for untrusted memories that the owner used, but for agents' words; `False` if it cannot be written now."""
        if self.sight is not None or not (untrusted := self.arrivals(ids)):
            return True
        from memos_cli.infra.vault.sight import last_words  # here, since most searches find nothing untrusted

        if not (untrusted := self.arrivals(untrusted, last_words.BY_AGENT)):
            return True
        try:
            with self.derive(wait=False) as conn:
                conn.executemany("DELETE FROM main.arrivals WHERE id = ?", [(identity,) for identity in untrusted])
        except (CubeLocked, StorageFull, NotWritable):
            return False
        return True

    # -- reading

    def arrivals(self, ids: Iterable[str], without: str = "0") -> set[str]:
        """Which of these memories are untrusted; without those that fit an SQL condition on `arrivals a`."""
        sql = f"SELECT 1 FROM arrivals a WHERE a.id = ? AND NOT {without}"
        return {identity for identity in ids if self.conn.execute(sql, (identity,)).fetchone()}

    def resolve(self, text: str) -> str:
        """The full id that a prefix (or a whole external id) means; see `references.resolve`."""
        from memos_cli.infra.vault.references import references

        with connection.translated(self.path):
            return references.resolve(self, text)

    def get(self, identity: str) -> Memory:
        """The memory with this full id.

        Raises:
            MemoryNotFound: there is none.
        """
        row = self.conn.execute("SELECT n FROM memories WHERE id = ?", (identity,)).fetchone()
        found = queries.by_rows(self, [row[0]]) if row else {}
        if not found:
            raise MemoryNotFound(f"no memory {identity!r} in cube {self.name}")
        return found[row[0]]

    def by_external_id(self, external_id: str, owner: str | None = None) -> Memory | None:
        """The memory that was added under this external id: that of an owner first; who is not the cube's has only own ones."""
        own = "m.owner IS ?" if self.sight is not None and owner is not None else "(m.owner IS ? OR 1)"
        sql = f"SELECT m.n FROM memories m WHERE {queries.WITH_ID} AND {own} ORDER BY m.owner IS ? DESC, {queries.AS_WRITTEN}"
        row = self.conn.execute(sql, (compared(external_id), external_id, owner, owner, external_id)).fetchone()
        return queries.by_rows(self, [row[0]])[row[0]] if row else None

    def spelled(self, sort: str, name: str, without: str = "") -> str:
        """A key, task or tag as its first memory here has it, whatever that with the id `without` has."""
        sql = f"{queries.NAMED} AND n IS NOT (SELECT n FROM memories WHERE id = ?) ORDER BY n LIMIT 1"
        row = self.conn.execute(sql, (sort, compared(name), without)).fetchone()
        if row is None:
            return name
        sql = "SELECT tag FROM tags WHERE n = ?" if sort == "tag" else f"SELECT {sort} FROM memories WHERE n = ?"
        return next((known for (known,) in self.conn.execute(sql, row) if known and compared(known) == compared(name)), name)

    def with_key(self, key: str, owner: str) -> list[Memory]:
        """The hot memories of this owner that state this attribute, whatever their validity, ordered by their own times."""
        sql = f"""SELECT n FROM memories WHERE n IN ({queries.NAMED}) AND owner IS ?
                  AND state IN ('generated', 'activated', 'merged') AND kind NOT IN ('episode', 'document')"""
        found = queries.by_rows(self, [n for (n,) in self.conn.execute(sql, ("key", compared(key), owner))])
        return sorted(found.values(), key=lambda memory: (starts(memory), memory.created_at, memory.id))

    def find(self, wanted: Filter, order: str = "newest", limit: int | None = None) -> list[Memory]:
        """Memories that pass a filter."""
        with connection.translated(self.path):
            return queries.find(self, wanted, order, limit)

    def count(self, wanted: Filter) -> int:
        """How many pass a filter."""
        clause, values = queries.condition(wanted)
        return int(self.conn.execute(f"SELECT count(*) FROM memories m WHERE {clause}", values).fetchone()[0])

    def can_see(self, identity: str, wanted: Filter) -> bool:
        """Whether a memory passes a filter."""
        clause, values = queries.by_id(wanted)
        sql = f"SELECT 1 FROM memories m WHERE m.id = ? AND {clause}"
        return self.conn.execute(sql, (identity, *values)).fetchone() is not None

    def versions(self, ids: Sequence[str], wanted: Filter) -> dict[str, int]:
        """The versions of those of these memories that pass a filter, by id."""
        with connection.translated(self.path):
            return queries.versions(self, ids, wanted)

    def links(self, identity: str) -> tuple[list[Link], list[Link]]:
        """The links that start at a memory, and those that end there."""
        return queries.links_of(self, identity)

    def records(self, noun: str) -> dict[str, dict[str, Any]]:
        """All subjects of a noun that is no memory (`view`, …) with their registers."""
        rows_ = self.conn.execute("SELECT id, fields FROM records WHERE noun = ? ORDER BY id", (noun,))
        return {identity: json.loads(fields) for identity, fields in rows_}

    @property
    def policy(self) -> dict[str, Any]:
        """The registers of the policy that rules here: the log's, or the one before a merge brought an untrusted one."""
        kept = self.mark(units.POLICY)
        return dict(json.loads(kept)["rules"]) if kept else self.merged_policy

    @property
    def is_accepted(self) -> bool:
        """Whether it is one's own, or trusted, or somebody accepted it; see `units.UNACCEPTED`."""
        return not self.mark(units.UNACCEPTED)

    @property
    def merged_policy(self) -> dict[str, Any]:
        """The registers of the policy in the log."""
        return units.registers_of(self.conn, units.POLICY, units.POLICY)

    # -- the lifecycle's own marks: derived, and not in the log

    def due_by(self, until: str, after: tuple[str, int] = ("", 0), limit: int = 1000) -> list[queries.Due]:
        """Memories that are due, longest due first; `after` is the place (since when, row) of the last one seen."""
        with connection.translated(self.path):
            return queries.due(self, until, after, limit)

    def put_off(self, later: Iterable[tuple[int, str, str | None, int]], policy: Mapping[str, Any]) -> None:
        """Postpone memories: row, since when it was due, when it is due next, and how often it was used.

        Memories that were changed or used meanwhile stay due, and all do where another policy rules than the given one.
        """
        sql = """UPDATE main.memories SET next_due_at = ?3 WHERE n = ?1 AND next_due_at = ?2
                 AND coalesce((SELECT count FROM main.uses u WHERE u.id = memories.id), 0) = ?4"""
        with self.derive() as conn:
            conn.executemany(sql, later if self.policy == policy else ())

    def changed_since(self, row: int, most: int, load: int, *, leaving_out: str) -> tuple[list[str], int]:
        """Memories written after a row of the log, and the last row that was read; see `queries.changed_since`."""
        return queries.changed_since(self, row, most, load, leaving_out)

    @property
    def own_replicas(self) -> frozenset[str]:
        """The replicas as which this copy of the cube writes, and has written."""
        return schema.own_replicas(self.conn)

    def mark(self, name: str) -> str:
        """A mark in the table `cube`, such as the time of the last tick; empty if there is none."""
        return marks.mark(self.conn, name)

    def set_mark(self, name: str, value: str) -> None:
        """Set a mark, unless it has this value already."""
        if self.mark(name) != value:
            with self.derive() as conn:
                marks.set_mark(conn, name, value)

    def note_tick(self, txn: str, before: str, after: str) -> None:
        """Record what a tick wrote, and where its mark was before it and is after it, so that `undo` takes both back."""
        with self.derive() as conn:
            marks.note_tick(conn, txn, before, after)

    # -- the log; what it tells of the past is read by `past`

    def operations(self, noun: str, subject: str) -> list[Operation]:
        """All operations on one subject that may be seen, in folding order; of others' memories as `sight.publication` says."""
        if self.sight is None:
            return log.of_subject(self.conn, noun, subject)
        return self.sight.operations(noun, subject)

    def transaction(self, txn: str) -> list[Operation]:
        """The operations of one transaction, in the order in which they were made."""
        return list(log.operations(self.conn, "WHERE txn = ?", (txn,)))

    def position(self) -> "dict[str, int | list[list[int]]]":
        """The present end of the log."""
        return log.position(self.conn)

    def info(self) -> Cube:
        """What `cube list` shows."""
        size = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        return Cube(
            name=self.name, path=str(self.folder), id=self.meta["id"], created_at=from_millis(int(self.meta["created"])),
            memories=self.count(Filter(at="", everything=True)),
            operations=int(self.conn.execute("SELECT count(*) FROM ops").fetchone()[0]),
            bytes=size if self.sight is None else self.sight.bytes(),
        )  # fmt: skip

    @staticmethod
    def create(folder: Path, *, owner: str, millis: int) -> bool:
        """Make an empty cube at `folder`; `False` if there was one already."""
        meta = {"id": os.urandom(16).hex(), "replica": os.urandom(8).hex(), "created": str(millis), "owner": owner}
        return connection.create(folder, {**meta, "digest": schema.identity_digest(meta)})
