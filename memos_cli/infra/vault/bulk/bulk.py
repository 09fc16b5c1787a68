"""Many new memories in one transaction: the same operations and rows as one by one, in a third of the time.

What is the same for all of them is computed once, and each table takes its rows in one go. A rebuild shows that both ways
agree.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from memos_cli import hybrid_clock
from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.infra.names import compared, settle
from memos_cli.infra.vault import connection, fold, log, rows, units
from memos_cli.infra.vault.bulk import entries
from memos_cli.infra.vault.log import Appender
from memos_cli.infra.vault.units import Unit
from memos_cli.model import Draft, LinkType, Memory, Operation
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

_MEMORIES = f"INSERT INTO main.memories (n, {', '.join(rows.COLUMNS)}) VALUES (?, {', '.join('?' * len(rows.COLUMNS))})"
_FTS = "INSERT INTO main.fts (rowid, body, names, grams) VALUES (?, ?, ?, ?)"


def digests_there(vault: "OpenCube", digests: Iterable[bytes]) -> set[bytes]:
    """Those of these digests (`rows.digest`) that a memory has, in whatever state it is."""
    found: set[bytes] = set()
    asked = iter(digests)
    while some := list(islice(asked, 500)):
        sql = f"SELECT digest FROM memories WHERE digest IN ({', '.join('?' * len(some))})"
        found.update(digest for (digest,) in vault.conn.execute(sql, some))
    return found


class New(NamedTuple):
    """A draft that becomes a memory.

    Attributes:
        digest: `rows.digest` of it.
        id: the id that it gets; `None` for a new one.
        rests_on: the memory that it was derived from.
    """

    draft: Draft
    digest: bytes
    id: str | None = None
    rests_on: str | None = None


class BulkAppender(Appender):
    """Another view of an appender: whatever one of the two appends, the other goes on behind it."""

    @classmethod
    def of(cls, appender: Appender) -> Self:
        """The view."""
        made = cls.__new__(cls)
        made.__dict__ = appender.__dict__
        return made

    def append_new(self, noun: str, changes: Sequence[tuple[str, dict[str, Any]]]) -> int:
        """Write the first operations on many subjects; their moment (`hybrid_clock.moment_of`), which is the same for all.

        Args:
            noun: of all subjects.
            changes: subjects and their changes.

        Raises:
            UsageError: no cube file could carry one of them (see `limits`).
        """
        from hashlib import sha256  # here, since it loads OpenSSL, and a search does not need it

        encode = log.encoded
        # What is the same in all headers is made into JSON once; `log.header_hash` makes the same text of an operation.
        start, clock = f"[{encode(self._replica)},", f",{self.clock},"
        who = ",".join(map(encode, (self._principal, self._command, self.txn, None, noun)))
        salts = os.urandom(16 * len(changes))
        made: list[log.Row] = []
        seq, previous, last = self._seq, self._previous, bytes.fromhex(self._previous)
        first: Operation | None = None
        for place, (subject, change) in enumerate(changes):
            text = encode(hybrid_clock.put_in(change, self._written_at))
            salt = salts[16 * place : 16 * place + 16]
            hashed = sha256(salt + text.encode("utf-8", "surrogatepass"))
            seq += 1
            header = f'{start}{seq}{clock}"{previous}",[],{who},{encode(subject)},"{hashed.hexdigest()}"]'
            identity = sha256(header.encode("utf-8", "surrogatepass"))
            if first is None:
                head = (self._replica, seq, self.clock, previous, (), self._principal, self._command, self.txn, None)
                first = Operation(
                    identity.hexdigest(), *head, noun, subject, hashed.hexdigest(), salt, change, self._written_at
                )
                why = limits.fault(first, text)
            else:
                why = limits.fault_of_new(noun, subject, change, text)
            if why:
                raise UsageError(
                    f"this cannot be stored of a {noun}: {why}", hint="nothing was changed; leave that out, or shorten it"
                )
            made.append(
                (
                    identity.digest(), self._replica, seq, self.clock, last, "[]", self._principal, self._command, self.txn,
                    None, noun, subject, hashed.digest(), salt, text,
                )
            )  # fmt: skip
            previous, last = identity.hexdigest(), identity.digest()
        log.insert_all(self._conn, made)
        self._seq, self._previous, self.count = seq, previous, self.count + len(made)
        self.name_some(subject for subject, _ in changes)
        return 0 if first is None else hybrid_clock.moment_of(first)


class BulkUnit(Unit):
    """Another view of a write transaction."""

    @classmethod
    def of(cls, unit: Unit) -> Self:
        """The view."""
        made = cls.__new__(cls)
        made.__dict__ = unit.__dict__
        return made

    def add_all(self, drafts: Sequence[New], owner: str) -> list[str]:
        """Store drafts as new memories, as `Unit.add` does; their ids, in the same order."""
        if self.rights is not None:
            for new in drafts:
                self.rights.require_new(new.draft, owner)
        if self.log.count + len(drafts) >= connection.MANY > self.log.count:
            connection.make_room(self._conn)
        ids = [new.id or units.new_id() for new in drafts]
        changes = [_change_of(new, owner) for new in drafts]
        named = [new.draft.external_id for new in drafts if new.draft.external_id is not None]
        taken = entries.taken(self._conn, named) if named else set()
        moment = BulkAppender.of(self.log).append_new("memory", list(zip(ids, changes, strict=True)))
        first = (self._conn.execute("SELECT max(n) FROM main.memories").fetchone()[0] or 0) + 1
        due = _once(self._due)
        memories: list[tuple[Any, ...]] = []
        texts: list[tuple[Any, ...]] = []
        tags: list[tuple[int, str]] = []
        labels: list[tuple[int, str]] = []
        names: list[tuple[int, str, str]] = []
        links: list[tuple[str, str, str]] = []
        rivals: list[tuple[str, str]] = []
        for n, (identity, (draft, digest, _, rests_on)) in enumerate(zip(ids, drafts, strict=True), first):
            if rests_on is not None:
                links.append((identity, LinkType.DERIVED_FROM.value, rests_on))
            if draft.external_id is not None and draft.external_id in taken:
                rivals.append((draft.external_id, identity))
                draft = draft._replace(external_id=None)  # noqa: PLW2901 -- written without it until that is settled
            taken.add(draft.external_id or "")
            memories.append((n, *rows.row_of_draft(identity, draft, owner, moment, due, digest)))
            texts.append((n, *_index_text(draft)))
            tags += [(n, tag) for tag in set(draft.tags)]
            labels += [(n, label) for label in set(draft.labels)]
            told = (("external_id", draft.external_id), ("key", draft.key), ("task", draft.task))
            names += [(n, sort, compared(name)) for sort, name in told if name is not None]
            names += [(n, "tag", compared(tag)) for tag in draft.tags]
        many = self._conn.executemany
        many(_MEMORIES, memories)
        many("INSERT INTO main.tags VALUES (?, ?)", tags)
        many("INSERT INTO main.labels VALUES (?, ?)", labels)
        many("INSERT OR IGNORE INTO main.names VALUES (?, ?, ?)", names)
        many(_FTS, texts)
        many("INSERT OR IGNORE INTO main.pending VALUES (?)", ((n,) for n in range(first, first + len(ids))))
        many("INSERT INTO main.links VALUES (?, ?, ?)", links)
        many("INSERT INTO main.rivals VALUES (?, ?)", rivals)
        for external_id, _ in rivals:
            settle(self._conn, external_id)
        for identity in ids if self.is_by_agent else ():
            self.keep_strange(identity, unaccepted=True)
        return ids


def _change_of(new: New, owner: str) -> dict[str, Any]:
    change = fold.change_of(new.draft, owner)
    if new.rests_on is not None:
        change[fold.link_register(LinkType.DERIVED_FROM, new.rests_on)] = True
    return change


def _index_text(draft: Draft) -> tuple[str, str, str]:
    return rows.index_text(draft.content, draft.title, draft.source.speaker, draft.key, tuple(sorted(set(draft.tags))))


def _once(due: rows.Due) -> Callable[[Memory], str | None]:
    """When the lifecycle has to look at new memories, asked once for all that are alike in what decides it."""
    known: dict[tuple[Any, ...], str | None] = {}

    def at(memory: Memory) -> str | None:
        # What `rows.row_of_draft` tells of a draft, apart from the id; all are made at one moment.
        alike = (memory.kind, memory.occurred_at, memory.valid_to, memory.expires_at, memory.priority, memory.pinned)
        if alike not in known:
            known[alike] = due(memory)
        return known[alike]

    return at
