"""Folding whole logs: to derive a cube's tables again, to compare them with the log, and to look at the past."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby, zip_longest
from typing import Any

from memos_cli.hybrid_clock import moment_of
from memos_cli.infra.marks import NUMBERING, VECTORS, set_mark
from memos_cli.infra.vault import fold, log, rows, schema
from memos_cli.infra.vault.units import Unit
from memos_cli.model import COLD_STATES, Memory, Operation, State

_SUBJECTS = "SELECT noun, subject, min(n) AS first FROM main.ops GROUP BY noun, subject ORDER BY first"
_COMPARED = {
    "memories": f"SELECT {', '.join(c for c in rows.COLUMNS if c != 'next_due_at')} FROM memories ORDER BY id",
    "tags": "SELECT m.id, t.tag FROM tags t JOIN memories m ON m.n = t.n ORDER BY 1, 2",
    "labels": "SELECT m.id, l.label FROM labels l JOIN memories m ON m.n = l.n ORDER BY 1, 2",
    "names": "SELECT m.id, x.sort, x.name FROM names x JOIN memories m ON m.n = x.n ORDER BY 1, 2, 3",
    "links": "SELECT * FROM links ORDER BY 1, 2, 3",
    "records": "SELECT * FROM records ORDER BY 1, 2",
    "clashes": "SELECT * FROM clashes ORDER BY 1, 2",
    "rivals": "SELECT * FROM rivals ORDER BY 1, 2",
    # zlib's output depends on its version, so texts are compared, not their compressed forms.
    "cold": "SELECT m.id, c.characters, c.body FROM cold c LEFT JOIN memories m ON m.n = c.n ORDER BY 1",
}
_INDEXED: dict[str, str] = {}
for _fts in ("fts", "cold_fts"):
    _INDEXED |= {
        _fts: f"""SELECT m.id, i.term, i.col, i.offset FROM temp.{_fts}_indexed i LEFT JOIN memories m ON m.n = i.doc
                  ORDER BY 1, 2, 3, 4""",
        f"{_fts}_docsize": f"SELECT m.id, d.sz FROM {_fts}_docsize d LEFT JOIN memories m ON m.n = d.id ORDER BY 1",
        # The averages that BM25 uses; an emptied index keeps zeros where a new one has nothing.
        f"{_fts}_data": f"SELECT block FROM {_fts}_data WHERE id = 1 AND EXISTS (SELECT 1 FROM {_fts}_docsize)",
    }


class _Deriver(Unit):
    """Stores folded state and has no log to append to."""

    def __init__(self, conn: sqlite3.Connection, due: rows.Due) -> None:
        self._conn = conn
        self._due = due
        self.changed = set()

    def _ending(self, state: str, content: str, valid_to: str | None, now: Memory) -> str | None:  # noqa: ARG002
        """Nothing ends now: the log has what ended with it."""
        return None

    def _require_fit(self, noun: str, registers: fold.Registers) -> None:
        """Let everything through: what the log amounts to is shown, and `doctor` says what of it no cube file could carry."""


def deriver(conn: sqlite3.Connection, due: rows.Due) -> Unit:
    """A `Unit` that stores folded state inside the caller's transaction; the log is there already."""
    return _Deriver(conn, due)


class _Outliner(_Deriver):
    """Stores rows, links and texts, and no index: that takes most of the time, and nothing is searched for."""

    def _derive(self, n: int, memory: Memory, registers: fold.Registers) -> None:
        if memory.state is State.PURGED:
            return
        for link in fold.links(memory.id, registers):
            self._conn.execute("INSERT INTO main.links VALUES (?, ?, ?)", (link.source, link.type.value, link.target))
        if memory.state in COLD_STATES:
            self._conn.execute("INSERT INTO main.cold VALUES (?, ?, ?)", (n, len(memory.content), rows.packed(memory.content)))


def outliner(conn: sqlite3.Connection) -> Unit:
    """A `Unit` as `deriver` makes it, for a state that is only compared: it has no index."""
    return _Outliner(conn, rows.no_later_than_expiry)


def subjects(conn: sqlite3.Connection) -> Iterator[tuple[str, str, list[Operation]]]:
    """Every subject of the log with its operations in folding order; subjects in the order of their first operation."""
    for noun, subject, _ in conn.execute(_SUBJECTS).fetchall():
        yield noun, subject, log.of_subject(conn, noun, subject)


def fold_into(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    keep: "Keep",
    due: rows.Due = rows.no_later_than_expiry,
) -> None:
    """Derive the tables of `target` from the log of `source`, each subject from the operations that `keep` returns."""
    deriver = _Deriver(target, due)
    for noun, subject, operations in subjects(source):
        if kept := keep(operations):
            deriver.store(noun, subject, kept)


Keep = Callable[[list[Operation]], list[Operation]]
"""Selects the operations on one subject that count for a view of the past; none leaves the subject out."""


def upto_moment(moment: int) -> Keep:
    """What was known at a moment; what came up only later is taken as it is now (see `past.at_instant`).

    An operation that was written by then had all before it in folding order at hand, whatever times those carry. So what it
    follows counts too: a state is never folded from a later half of a history.
    """

    def known(operations: list[Operation]) -> list[Operation]:
        if moment_of(operations[0]) > moment:
            return operations
        upto = 1 + max(place for place, op in enumerate(operations) if moment_of(op) <= moment)
        return fold.as_known(operations[:upto], operations)

    return known


def upto_position(place: log.Position) -> Keep:
    """What was in the log at a position, and nothing else."""
    return lambda operations: fold.as_known([op for op in operations if log.within(op, place)], operations)


def fold_past(source: sqlite3.Connection, target: sqlite3.Connection, keep: Keep) -> None:
    """An earlier state with its vectors. What was purged since stays purged: its operations have no payload left to fold."""

    def kept(operations: list[Operation]) -> list[Operation]:
        purged = any((operation.change or {}).get(fold.PURGED) for operation in operations)
        return operations if purged else keep(operations)

    target.execute("BEGIN")
    fold_into(source, target, kept)
    _guard(source, target)
    _carry_vectors(source, target)
    target.executemany("INSERT INTO main.uses VALUES (?, ?, ?, ?)", source.execute("SELECT * FROM main.uses"))
    target.executemany("INSERT INTO main.arrivals VALUES (?)", source.execute("SELECT id FROM main.arrivals"))
    target.executemany(
        "INSERT INTO main.strangers VALUES (?, ?, ?)", source.execute("SELECT noun, id, accepted FROM strangers")
    )
    target.execute("COMMIT")


def _guard(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Make memories private or labelled in the past if they are so now: looking back must not get around that."""
    shown = "SELECT id FROM main.memories WHERE visibility <> 'private'"
    hidden = set(target.execute(shown)) - set(source.execute(shown))
    target.executemany("UPDATE main.memories SET visibility = 'private' WHERE id = ?", hidden)
    labels = source.execute("SELECT m.id, l.label FROM main.labels l JOIN main.memories m ON m.n = l.n")
    target.executemany("INSERT OR IGNORE INTO main.labels SELECT n, ?2 FROM main.memories WHERE id = ?1", labels)


def _carry_vectors(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy the vectors of memories whose text is the same in both; row numbers differ, so by id."""
    target.executemany(
        "INSERT INTO main.embedders VALUES (?, ?, ?)", source.execute("SELECT id, fingerprint, dimensions FROM main.embedders")
    )
    kept = "SELECT m.n, m.id, m.content, m.title, m.speaker, c.body FROM main.memories m LEFT JOIN main.cold c ON c.n = m.n"
    both = " UNION ALL ".join(
        f"SELECT v.embedder, v.vector FROM main.{table} v JOIN main.memories m ON m.n = v.n WHERE m.id = ? AND v.digest = ?"
        for table in VECTORS
    )
    for n, identity, content, title, speaker, body in target.execute(kept).fetchall():
        text = rows.embedded_text(content if body is None else rows.unpacked(body), title, speaker)
        digest = rows.text_digest(text)
        found = source.execute(both, (identity, digest) * 2).fetchall()[:1]
        table = "vectors" if body is None else "cold_vectors"
        target.executemany(
            f"INSERT INTO main.{table} VALUES (?, ?, ?, ?)", [(n, embedder, digest, vector) for embedder, vector in found]
        )
        if found:
            target.execute("DELETE FROM main.pending WHERE n = ?", (n,))


def differences(conn: sqlite3.Connection) -> list[str]:
    """The tables whose rows differ from the fold of the log; empty when state and log agree."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.create_in_memory(fresh)
        fresh.execute("BEGIN")
        fold_into(conn, fresh, list)
        for one in (conn, fresh):
            for fts in ("fts", "cold_fts"):
                one.execute(f"DROP TABLE IF EXISTS temp.{fts}_indexed")
                one.execute(f"CREATE VIRTUAL TABLE temp.{fts}_indexed USING fts5vocab(main, {fts}, instance)")
        # An older cube that cannot be written keeps the index of before `schema.m008_words`.
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        compared = _COMPARED | _INDEXED if version >= 8 else _COMPARED
        return [f"table {table} is not what the log says" for table, sql in compared.items() if not _same(conn, fresh, sql)]
    finally:
        fresh.close()


def schema_differences(conn: sqlite3.Connection) -> list[str]:
    """What the schema of a new cube has and this one's lacks, and what acts in it that memos did not make.

    One that cannot be written to may have an older schema.
    """
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.create_in_memory(fresh, max(schema.READABLE, conn.execute("PRAGMA user_version").fetchone()[0]))
        sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
        made, there = set(fresh.execute(sql)), set(conn.execute(sql))
        missing = sorted(made - there, key=lambda row: row[1])
        foreign = sorted(row[:2] for row in there - made if row[0] in {"trigger", "view"})
        return [
            *(f"{kind} {name} is not what it was made as" for kind, name, *_ in missing),
            *(f"{kind} {name} is not of memos, and the next write removes it" for kind, name in foreign),
        ]
    finally:
        fresh.close()


def _same(left: sqlite3.Connection, right: sqlite3.Connection, sql: str) -> bool:
    # Row by row: the index of a large cube alone would fill the memory.
    return all(one == other for one, other in zip_longest(_rows(left, sql), _rows(right, sql)))


def _rows(conn: sqlite3.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    found: Iterator[tuple[Any, ...]] = conn.execute(sql)
    return ((*row[:-1], rows.unpacked(row[-1])) for row in found) if sql == _COMPARED["cold"] else found


def rebuild(conn: sqlite3.Connection, due: rows.Due = rows.no_later_than_expiry) -> int:
    """Drop what is derived and fold it again, inside the caller's transaction; how many memories there are then.

    Vectors whose text is unchanged are kept: they are derived too, but with a model, which is expensive. Archived memories that
    were used are due again (see `Vault.record_uses`).
    """
    kept = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.create_in_memory(kept)
        _copy(conn, kept)
        for table in (*schema.DERIVED, *VECTORS, "embedders", "pending"):
            conn.execute(f"DELETE FROM main.{table}")
        for fts in ("fts", "cold_fts"):
            conn.execute(f"INSERT INTO main.{fts} ({fts}) VALUES ('delete-all')")
        fold_into(conn, conn, list, due)
        _carry_vectors(kept, conn)
        set_mark(conn, NUMBERING, os.urandom(8).hex())
        conn.execute(
            """UPDATE main.memories SET next_due_at = u.last FROM main.uses u
               WHERE u.id = memories.id AND memories.state = 'archived' AND u.last > coalesce(memories.since, '')"""
        )
    finally:
        kept.close()
    return int(conn.execute("SELECT count(*) FROM main.memories").fetchone()[0])


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy the vectors to temporary tables, with the ids of their memories."""
    target.execute("BEGIN")
    for table in ("embedders", *VECTORS, "memories"):
        for _, group in groupby(enumerate(source.execute(f"SELECT * FROM main.{table}")), key=lambda pair: pair[0] // 1000):
            batch = [row for _, row in group]
            target.executemany(f"INSERT INTO main.{table} VALUES ({', '.join('?' * len(batch[0]))})", batch)
    target.execute("COMMIT")
