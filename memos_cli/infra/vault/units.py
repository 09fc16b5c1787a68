"""The write transaction: operations appended, and all that is derived from them changed, or none of it.

`Unit` is what the pipeline holds while it writes. It is made by `Vault.write` alone.
"""

import json
import os
import sqlite3
from collections.abc import Iterable
from typing import Any

from memos_cli.infra.vault import fold, rows
from memos_cli.infra.vault.log import Appender, of_subject, order
from memos_cli.model import Draft, Memory, Operation, State

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 letters and digits that are not mistaken for one another: no l, o, 0 or 1."""
ID_LENGTH = 20
_LETTERS = (ALPHABET * 8).encode()
_INSERT = f"INSERT INTO memories ({', '.join(rows.COLUMNS)}) VALUES ({', '.join('?' * len(rows.COLUMNS))})"
_UPDATE = f"UPDATE memories SET {', '.join(f'{column} = ?' for column in rows.COLUMNS)} WHERE n = ?"
_INDEXED = "n, content, title, speaker, key"
_TO_INDEX = "INSERT INTO fts (rowid, body, names, grams) VALUES (?, ?, ?, ?)"
_FROM_INDEX = "INSERT INTO fts (fts, rowid, body, names, grams) VALUES ('delete', ?, ?, ?, ?)"


def new_id() -> str:
    """100 random bits as 20 characters of `ALPHABET`."""
    return os.urandom(ID_LENGTH).translate(_LETTERS).decode()


class Unit:
    """One transaction on one cube."""

    def __init__(self, conn: sqlite3.Connection, log: Appender, due: rows.Due = rows.no_later_than_expiry) -> None:
        self._conn = conn
        self.log = log
        self._due = due

    def add(self, draft: Draft, owner: str) -> str:
        """Store a draft as a new memory and return its id."""
        identity = new_id()
        operation = self.log.append("memory", identity, fold.change_of(draft, owner))
        n = self._conn.execute(_INSERT, rows.row_of_draft(identity, draft, owner, operation.clock, self._due)).lastrowid or 0
        self._mark(n, set(draft.tags), set(draft.labels))
        text = rows.index_text(draft.content, draft.title, draft.source.speaker, draft.key, tuple(sorted(set(draft.tags))))
        self._conn.execute(_TO_INDEX, (n, *text))
        self._conn.execute("INSERT OR IGNORE INTO pending VALUES (?)", (n,))
        return identity

    def _mark(self, n: int, tags: Iterable[str], labels: Iterable[str]) -> None:
        for tag in tags:
            self._conn.execute("INSERT INTO tags VALUES (?, ?)", (n, tag))
        for label in labels:
            self._conn.execute("INSERT INTO labels VALUES (?, ?)", (n, label))

    def change(self, noun: str, subject: str, change: dict[str, Any], *, reverts: str | None = None) -> Operation:
        """Append a change to a subject and bring what is derived from it up to date."""
        known = of_subject(self._conn, noun, subject)
        operation = self.log.append(noun, subject, change, parents=fold.heads(known), reverts=reverts)
        self.store(noun, subject, [*known, operation])
        return operation

    def store(self, noun: str, subject: str, operations: list[Operation]) -> None:
        """Write what the operations on one subject amount to."""
        operations.sort(key=order)
        if noun != "memory":
            self._store_record(noun, subject, operations)
        elif self._conn.execute("SELECT 1 FROM memories WHERE id = ?", (subject,)).fetchone():
            self._update(subject, operations)
        else:
            self._insert(subject, operations)

    def _store_record(self, noun: str, subject: str, operations: list[Operation]) -> None:
        registers = fold.fold(operations)
        if registers:
            fields = json.dumps(registers, ensure_ascii=False, sort_keys=True)
            self._conn.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (noun, subject, fields))
        else:
            self._conn.execute("DELETE FROM records WHERE noun = ? AND id = ?", (noun, subject))
        if noun == "policy":  # every memory has another term now: all are due, and the next tick says when they really are
            self._conn.execute("UPDATE memories SET next_due_at = ''")

    def _insert(self, identity: str, operations: list[Operation]) -> None:
        memory, registers = fold.memory(identity, operations)
        row = rows.row_of(memory, operations[0].clock, operations[-1].clock, self._due(memory))
        n = self._conn.execute(_INSERT, row).lastrowid
        self._derive(n or 0, memory, registers)
        if memory.state is not State.PURGED:
            self._conn.execute("INSERT OR IGNORE INTO pending VALUES (?)", (n,))

    def _update(self, identity: str, operations: list[Operation]) -> None:
        memory, registers = fold.memory(identity, operations)
        n, content, title, speaker, key = self._conn.execute(
            f"SELECT {_INDEXED} FROM memories WHERE id = ?", (identity,)
        ).fetchone()
        tags = tuple(tag for (tag,) in self._conn.execute("SELECT tag FROM tags WHERE n = ? ORDER BY tag", (n,)))
        self._conn.execute(_FROM_INDEX, (n, *rows.index_text(content, title, speaker, key, tags)))
        for statement in ("DELETE FROM tags WHERE n = ?", "DELETE FROM labels WHERE n = ?"):
            self._conn.execute(statement, (n,))
        self._conn.execute("DELETE FROM links WHERE source = ?", (identity,))
        row = rows.row_of(memory, operations[0].clock, operations[-1].clock, self._due(memory))
        self._conn.execute(_UPDATE, (*row, n))
        self._derive(n, memory, registers)
        before, after = (content, title, speaker), (memory.content, memory.title, memory.source.speaker)
        if rows.embedded_text(*before) != rows.embedded_text(*after):
            self.forget_vectors(n)
            self._conn.execute("INSERT OR IGNORE INTO pending VALUES (?)", (n,))

    def _derive(self, n: int, memory: Memory, registers: fold.Registers) -> None:
        self._mark(n, memory.tags, memory.labels)
        for link in fold.links(memory.id, registers):
            self._conn.execute("INSERT INTO links VALUES (?, ?, ?)", (link.source, link.type.value, link.target))
        text = rows.index_text(memory.content, memory.title, memory.source.speaker, memory.key, memory.tags)
        self._conn.execute(_TO_INDEX, (n, *text))

    def take_back(self) -> None:
        """Undo all of this transaction so far; a dry run ends so."""
        self._conn.execute("ROLLBACK")
        self._conn.execute("BEGIN")

    def forget_vectors(self, n: int) -> None:
        """Drop the vectors of one memory."""
        if self._conn.execute("DELETE FROM vectors WHERE n = ?", (n,)).rowcount:
            bump_generation(self._conn)


def bump_generation(conn: sqlite3.Connection) -> None:
    """Say that the vectors changed, so that the matrix cached beside the cube is known to be old."""
    conn.execute(
        "INSERT INTO cube VALUES ('generation', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (os.urandom(8).hex(),),
    )
