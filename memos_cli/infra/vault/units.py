"""The write transaction: it appends operations and changes all that is derived from them, or none of it.

The pipeline writes through a `Unit`. Only `Vault.write` makes one, and `rebuild.deriver` one without a log.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from memos_cli.errors import UsageError
from memos_cli.hybrid_clock import moment_of
from memos_cli.infra import limits, names
from memos_cli.infra.limits import ALPHABET, ID_LENGTH
from memos_cli.infra.marks import TICKED, TICKS, VECTORS, mark, mark_unwiped, set_mark
from memos_cli.infra.names import compared
from memos_cli.infra.vault import echoes, fold, links, rows
from memos_cli.infra.vault.log import IMPORT, REPAIR, TOMBSTONE, Appender, of_subject, order
from memos_cli.model import COLD_STATES, HOT_STATES, Draft, Kind, LinkType, Memory, Operation, State
from memos_cli.times import from_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.sight.rights import Rights

_LETTERS = (ALPHABET * 8).encode()
_INSERT = f"INSERT INTO main.memories ({', '.join(rows.COLUMNS)}) VALUES ({', '.join('?' * len(rows.COLUMNS))})"
_UPDATE = f"UPDATE main.memories SET {', '.join(f'{column} = ?' for column in rows.COLUMNS)} WHERE n = ?"
_KEPT = """SELECT m.n, m.state, m.content, m.title, m.speaker, m.key, m.external_id, c.body,
                  m.kind, m.valid_to, m.conversation, m.session, m.turn
           FROM main.memories m LEFT JOIN main.cold c ON c.n = m.n WHERE m.id = ?"""
TO_INDEX = "INSERT INTO main.{0} (rowid, body, names, grams) VALUES (?, ?, ?, ?)"
FROM_INDEX = "INSERT INTO main.{0} ({0}, rowid, body, names, grams) VALUES ('delete', ?, ?, ?, ?)"
POLICY = "policy"
"""The noun and the subject of a cube's policy; and the mark, in the table `cube`, with the policy that rules here if
an untrusted one came with a merge: that one is in the log, and rules nothing until somebody here sets it."""
UNACCEPTED = "unaccepted"
"""The mark, in the table `cube`, of a cube that was imported without a trusted signature and that nobody has accepted; its
value is the transaction of the import."""
_INDEX = dict.fromkeys(HOT_STATES, "fts") | dict.fromkeys(COLD_STATES, "cold_fts")
"""The full-text index for each state of a memory; purged memories are in none."""


def new_id() -> str:
    """100 random bits as 20 characters of `ALPHABET`."""
    return os.urandom(ID_LENGTH).translate(_LETTERS).decode()


class Unit:
    """One transaction on one cube.

    Attributes:
        cooled: how many memories left the hot index in it.
        changed: the ids of existing memories that it changed.
        ended: the memories that ended in it, by id, in a cube in which chat was held; `echoes.endings` asks for them.
        came_in: whether operations from elsewhere were inserted in it.
    """

    cooled = 0
    came_in = False

    rights: "Rights | None" = None
    """Asked before each change, where the author is not the cube's owner."""

    def __init__(
        self,
        conn: sqlite3.Connection,
        log: Appender,
        due: rows.Due = rows.no_later_than_expiry,
        rights: "Rights | None" = None,
    ) -> None:
        self._conn = conn
        self.rights = rights
        self.log = log
        self.changed: set[str] = set()
        self.ended: dict[str, echoes.Ended] = {}
        self._chatted: bool | None = None
        self._due = due
        self._linked: dict[tuple[str, LinkType, str], None] = {}

    def add(self, draft: Draft, owner: str, identity: str | None = None) -> str:
        """Store a draft as a new memory and return its id: the given one, else a new one."""
        if self.rights is not None:
            self.rights.require_new(draft, owner)
        identity = identity or new_id()
        operation = self.log.append("memory", identity, fold.change_of(draft, owner))
        taken = names.give_way(self._conn, identity, draft.external_id) if draft.external_id is not None else False
        shown = draft._replace(external_id=None) if taken else draft
        row = rows.row_of_draft(identity, shown, owner, moment_of(operation), self._due)
        n = self._conn.execute(_INSERT, row).lastrowid or 0
        if taken:
            names.settle(self._conn, draft.external_id)
        self._mark(n, set(draft.tags), set(draft.labels))
        self._name(n, shown.external_id, draft.key, draft.task, draft.tags)
        text = rows.index_text(draft.content, draft.title, draft.source.speaker, draft.key, tuple(sorted(set(draft.tags))))
        self._conn.execute(TO_INDEX.format("fts"), (n, *text))
        self._conn.execute("INSERT OR IGNORE INTO main.pending VALUES (?)", (n,))
        if self.is_by_agent:
            self.keep_strange(identity, unaccepted=True)
        return identity

    @property
    def is_by_agent(self) -> bool:
        """Whether an agent writes: what it makes is untrusted, and it vouches for nothing."""
        return self.rights is not None and self.rights.is_agent

    def _mark(self, n: int, tags: Iterable[str], labels: Iterable[str]) -> None:
        for tag in tags:
            self._conn.execute("INSERT INTO main.tags VALUES (?, ?)", (n, tag))
        for label in labels:
            self._conn.execute("INSERT INTO main.labels VALUES (?, ?)", (n, label))

    def _name(self, n: int, external_id: str | None, key: str | None, task: str | None, tags: Iterable[str]) -> None:
        """Store the names of a memory in the form in which they are compared."""
        told = (("external_id", external_id), ("key", key), ("task", task), *(("tag", tag) for tag in tags))
        for sort, name in told:
            if name is not None:
                self._conn.execute("INSERT OR IGNORE INTO main.names VALUES (?, ?, ?)", (n, sort, compared(name)))

    def change(self, noun: str, subject: str, change: dict[str, Any], *, reverts: str | None = None) -> Operation:
        """Append a change to a subject and bring what is derived from it up to date."""
        if noun == POLICY:
            self._settle_policy(change)
        known = of_subject(self._conn, noun, subject)
        if self.rights is not None:
            self.rights.require(noun, subject, known, change)
        operation = self.log.append(noun, subject, change, parents=fold.heads(known), reverts=reverts)
        self.store(noun, subject, [*known, operation])
        if noun == "memory":
            added = {name: True for name, value in change.items() if value and name.startswith(fold.LINK)}
            made = fold.links(subject, added) if added else []
            self._linked |= dict.fromkeys((link.source, link.type, link.target) for link in made if link.type in links.ACYCLIC)
        from memos_cli.infra.vault.sight import last_words  # here, since a search changes nothing

        if last_words.vouches(operation.command, change):
            self.accept(noun, subject)
        if noun == "memory":
            last_words.weigh(self._conn, subject, [*known, operation], self.rights)
        return operation

    def sight(self, identity: str, where: dict[str, Any]) -> None:
        """Record that a memory's text was told again; nothing of the memory changes.

        Args:
            identity: the memory.
            where: the fields of a source, as `fold.source_fields` returns them.
        """
        known = of_subject(self._conn, "memory", identity)
        if self.rights is not None:
            self.rights.require("memory", identity, known, {fold.SEEN: where})
        self.log.append("memory", identity, {fold.SEEN: where}, parents=fold.heads(known))

    def memory(self, identity: str) -> Memory:
        """A memory as the log says, whoever may see it."""
        return fold.memory(identity, of_subject(self._conn, "memory", identity))[0]

    def sees(self, identity: str) -> bool:
        """Whether the author may see a memory."""
        return self.rights is None or self.rights.may_see(self.memory(identity))

    @contextmanager
    def unasked(self) -> Iterator[None]:
        """Change what is the bookkeeping of a flow, whosever it is: which file a memory was read from."""
        rights, self.rights = self.rights, None
        try:
            yield
        finally:
            self.rights = rights

    def leads(self, start: str, kind: LinkType, end: str) -> bool:
        """Whether links of a type lead from one memory to another."""
        return links.leads(self._conn, start, kind, end)

    def require_no_circle(self) -> None:
        """Refuse links made in this transaction that close a circle: no cube file could carry it.

        Asked at the end, since an undo takes back several links one after the other.

        Raises:
            UsageError: one does.
        """
        there = "SELECT 1 FROM main.links WHERE source = ? AND type = ? AND target = ?"
        for source, kind, target in self._linked:
            stays = self._conn.execute(there, (source, kind.value, target)).fetchone()
            if stays and links.leads(self._conn, target, kind, source):
                raise UsageError(
                    f"links of type {kind} lead from {target[:8]} to {source[:8]} already: this one would close a circle",
                    hint=f"see what is linked: memos show {target[:8]}",
                )

    def accept(self, noun: str, subject: str) -> None:
        """Make a stranger familiar, if this is one, and it is no agent that says so."""
        if self.is_by_agent:
            return
        self._conn.execute("UPDATE main.strangers SET accepted = 1 WHERE noun = ? AND id = ?", (noun, subject))

    def _settle_policy(self, change: dict[str, Any]) -> None:
        """Before the policy is changed here, make the log state the policy that rules here.

        This is written under the name of the merge that brought an untrusted policy, so that undoing the change does not leave
        that one.
        """
        kept = mark(self._conn, POLICY)
        if not kept:
            return
        self._conn.execute("DELETE FROM main.cube WHERE key = ?", (POLICY,))
        rules, txn = (json.loads(kept)[name] for name in ("rules", "txn"))
        merged = registers_of(self._conn, POLICY, POLICY)
        if {name: value for name, value in (merged | change).items() if value is not None} != rules:
            back = {name: rules.get(name) for name in {*rules, *merged} if rules.get(name) != merged.get(name)}
            txn, self.log.txn = self.log.txn, txn
            self.change(POLICY, POLICY, back)
            self.log.txn = txn

    def store(self, noun: str, subject: str, operations: list[Operation]) -> None:
        """Write the fold of the operations on one subject."""
        operations.sort(key=order)
        if noun != "memory":
            if noun not in {IMPORT, REPAIR}:  # both are read in the log; and of receipts every machine has its own
                self._store_record(noun, subject, operations)
            return
        if self._conn.execute("SELECT 1 FROM main.memories WHERE id = ?", (subject,)).fetchone():
            self._update(subject, operations)
        else:
            self._insert(subject, operations)
        if any(operation.replica != operations[0].replica for operation in operations):
            self._store_clashes(subject, operations)

    def _store_clashes(self, identity: str, operations: list[Operation]) -> None:
        self._conn.execute("DELETE FROM main.clashes WHERE id = ?", (identity,))
        found = fold.clashes(operations)
        self._conn.executemany("INSERT INTO main.clashes VALUES (?, ?)", [(identity, register) for register in sorted(found)])

    def _store_record(self, noun: str, subject: str, operations: list[Operation]) -> None:
        registers = fold.fold(operations)
        self._require_fit(noun, registers)
        if registers:
            fields = json.dumps(registers, ensure_ascii=False, sort_keys=True)
            self._conn.execute("INSERT OR REPLACE INTO main.records VALUES (?, ?, ?)", (noun, subject, fields))
        else:
            self._conn.execute("DELETE FROM main.records WHERE noun = ? AND id = ?", (noun, subject))
        if noun == POLICY:  # it changes every term: all are due, and the next tick computes when they really are
            self._conn.execute("UPDATE main.memories SET next_due_at = ''")

    def _require_fit(self, noun: str, registers: fold.Registers) -> None:
        """Refuse what no line of a cube file could hold, though each change by itself could be there.

        Raises:
            UsageError: it is such.
        """
        if why := limits.fault_of_state(registers):
            hint = "nothing was changed; say less of one thing"
            raise UsageError(f"all that is said of a {noun} is too much: {why}", hint=hint)

    def _insert(self, identity: str, operations: list[Operation]) -> None:
        memory, registers = fold.memory(identity, operations)
        self._require_fit("memory", registers)
        taken = names.give_way(self._conn, identity, memory.external_id)
        row = self._row(memory, operations, taken=taken)
        n = self._conn.execute(_INSERT, row).lastrowid
        if taken:
            names.settle(self._conn, memory.external_id)
        self._derive(n or 0, memory, registers)
        if memory.state is not State.PURGED:
            self._conn.execute("INSERT OR IGNORE INTO main.pending VALUES (?)", (n,))

    def _update(self, identity: str, operations: list[Operation]) -> None:
        self.changed.add(identity)
        memory, registers = fold.memory(identity, operations)
        self._require_fit("memory", registers)
        row = self._conn.execute(_KEPT, (identity,)).fetchone()
        n, state, content, title, speaker, key, external_id, body, kind, valid_to, *place = row
        content = content if body is None else rows.unpacked(body)
        if way := self._ending(state, content, valid_to, memory):
            self._note_end(identity, echoes.Ended(way, (content,), tuple(place)), kind)
        if index := _INDEX.get(state):
            tags = tuple(tag for (tag,) in self._conn.execute("SELECT tag FROM main.tags WHERE n = ? ORDER BY tag", (n,)))
            self._conn.execute(FROM_INDEX.format(index), (n, *rows.index_text(content, title, speaker, key, tags)))
            self.cooled += index == "fts" and memory.state not in HOT_STATES
        for table in ("cold", "tags", "labels", "names"):
            self._conn.execute(f"DELETE FROM main.{table} WHERE n = ?", (n,))
        self._conn.execute("DELETE FROM main.links WHERE source = ?", (identity,))
        taken = names.give_way(self._conn, identity, memory.external_id)
        self._conn.execute(_UPDATE, (*self._row(memory, operations, taken=taken), n))
        for claimed in {external_id, memory.external_id}:
            names.settle(self._conn, claimed)
        self._derive(n, memory, registers)
        before, after = (content, title, speaker), (memory.content, memory.title, memory.source.speaker)
        if memory.state is State.PURGED:
            self.forget_vectors(n)
            self._conn.execute("DELETE FROM main.pending WHERE n = ?", (n,))
        elif rows.embedded_text(*before) != rows.embedded_text(*after):
            self.forget_vectors(n)
            self._conn.execute("INSERT OR IGNORE INTO main.pending VALUES (?)", (n,))
        else:
            self._move_vectors(n, cold=memory.state in COLD_STATES)

    def _ending(self, state: str, content: str, valid_to: str | None, now: Memory) -> str | None:
        """How a memory ends with a change: `purged`, `expired`, `over`; `None` where it does not. First what it was before."""
        if now.state in {State.PURGED, State.EXPIRED}:
            return None if state in {State.PURGED, now.state} else now.state.value
        ends = now.valid_to is not None and now.valid_to != valid_to and now.valid_to <= from_millis(self.log.millis)
        return "over" if ends or now.content != content else None

    def _note_end(self, identity: str, ended: "echoes.Ended", kind: str) -> None:
        if kind == Kind.EPISODE and echoes.is_chat(ended.place[0]):
            return
        if self._chatted is None:
            self._chatted = echoes.has_turns(self._conn)
        if self._chatted:
            before = self.ended.get(identity)
            self.ended[identity] = ended if before is None else ended._replace(texts=(*before.texts, *ended.texts))

    def _row(self, memory: Memory, operations: list[Operation], *, taken: bool) -> tuple[Any, ...]:
        shown = memory._replace(external_id=None) if taken else memory
        first, last = fold.ends(operations, purged=memory.state is State.PURGED)
        return rows.row_of(shown, moment_of(first), moment_of(last), self._due(memory))

    def _derive(self, n: int, memory: Memory, registers: fold.Registers) -> None:
        if registers.get(fold.PURGED):
            self._erase(memory.id)
        if memory.state is State.PURGED:
            return
        self._mark(n, memory.tags, memory.labels)
        (external_id,) = self._conn.execute("SELECT external_id FROM main.memories WHERE n = ?", (n,)).fetchone()
        self._name(n, external_id, memory.key, memory.task, memory.tags)
        for link in fold.links(memory.id, registers):
            self._conn.execute("INSERT INTO main.links VALUES (?, ?, ?)", (link.source, link.type.value, link.target))
        text = rows.index_text(memory.content, memory.title, memory.source.speaker, memory.key, memory.tags)
        self._conn.execute(TO_INDEX.format(_INDEX[memory.state]), (n, *text))
        if memory.state in COLD_STATES:
            self._conn.execute("INSERT INTO main.cold VALUES (?, ?, ?)", (n, len(memory.content), rows.packed(memory.content)))

    def _erase(self, identity: str) -> None:
        """Erase from the log all that was said about a subject, except its tombstone.

        Done here and not where purges are made, so that a tombstone from a merge does the same.
        """
        sql = "UPDATE main.ops SET salt = NULL, change = NULL WHERE subject = ? AND noun = 'memory' AND change IS NOT NULL"
        if self._conn.execute(f"{sql} AND change <> ?", (identity, TOMBSTONE)).rowcount:
            mark_unwiped(self._conn)
        for table in ("uses", "arrivals"):
            self._conn.execute(f"DELETE FROM main.{table} WHERE id = ?", (identity,))
        self._conn.execute("DELETE FROM main.strangers WHERE noun = 'memory' AND id = ?", (identity,))

    def _move_vectors(self, n: int, *, cold: bool) -> None:
        source, target = ("vectors", "cold_vectors") if cold else ("cold_vectors", "vectors")
        if self._conn.execute(f"SELECT 1 FROM main.{source} WHERE n = ?", (n,)).fetchone() is None:
            return  # as for most: to insert nothing takes a millisecond
        if self._conn.execute(f"INSERT INTO main.{target} SELECT * FROM main.{source} WHERE n = ?", (n,)).rowcount:
            self.forget_vectors(n, source)

    def keep_strange(self, identity: str, *, unaccepted: bool = False) -> None:
        """Mark a memory as untrusted, and as a stranger that nobody accepted."""
        self._conn.execute("INSERT OR IGNORE INTO main.arrivals VALUES (?)", (identity,))
        if unaccepted:
            self._conn.execute("INSERT OR IGNORE INTO main.strangers VALUES ('memory', ?, 0)", (identity,))

    def keep_all_strange(self, *, accepted: bool) -> None:
        """Mark all that the cube holds as strangers; unless a person accepted them, their policy does not rule.

        Args:
            accepted: whether the person who imports the cube accepts it.
        """
        there = "SELECT 'memory', id FROM main.memories WHERE state <> 'purged' UNION ALL SELECT noun, id FROM main.records"
        self._conn.execute(f"INSERT OR IGNORE INTO main.strangers SELECT *, ? FROM ({there})", (int(accepted),))
        if accepted:
            return
        self._conn.execute("INSERT OR IGNORE INTO main.arrivals SELECT id FROM main.memories WHERE state <> 'purged'")
        set_mark(self._conn, UNACCEPTED, self.log.txn)
        if registers_of(self._conn, POLICY, POLICY):
            set_mark(self._conn, POLICY, json.dumps({"rules": {}, "txn": self.log.txn}))

    def take_back_tick(self, txn: str) -> None:
        """Set the mark `TICKED` to what it was before the tick that wrote this transaction, unless another one set it since."""
        for one, before, after in json.loads(mark(self._conn, TICKS) or "[]"):
            if one == txn and after == mark(self._conn, TICKED):
                set_mark(self._conn, TICKED, before)

    def take_back(self) -> None:
        """Undo all of this transaction so far, as a dry run does at its end."""
        self._conn.execute("ROLLBACK")
        self._conn.execute("BEGIN")
        self.cooled = 0
        self.changed.clear()
        self.ended.clear()
        self._linked.clear()

    def forget_vectors(self, n: int, *tables: str) -> None:
        """Drop the vectors of one memory, from the hot and the cold table unless tables are named."""
        for table in tables or VECTORS:
            self._conn.execute(f"DELETE FROM main.{table} WHERE n = ?", (n,))


def registers_of(conn: sqlite3.Connection, noun: str, subject: str) -> dict[str, Any]:
    """The registers of a record, as the log has them."""
    row = conn.execute("SELECT fields FROM main.records WHERE noun = ? AND id = ?", (noun, subject)).fetchone()
    return json.loads(row[0]) if row else {}
