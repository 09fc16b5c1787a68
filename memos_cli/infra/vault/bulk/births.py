"""Many memories that a transaction made, and that nothing was written of since: they expire at once, as its undo wants it.

The same operations and rows as one by one, in lots, so that an import of any size is taken back in bounded memory.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli import hybrid_clock
from memos_cli.infra.vault import echoes, fold, log, rows, units
from memos_cli.infra.vault.bulk.bulk import BulkUnit
from memos_cli.model import State

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

LOT = 2000
_BORN = """FROM main.ops o JOIN main.memories m ON m.id = o.subject
    WHERE o.txn = ?1 AND o.noun = 'memory' AND m.state = 'generated'
    AND NOT EXISTS (SELECT 1 FROM main.ops x WHERE x.subject = o.subject AND x.noun = 'memory' AND x.n <> o.n)
    AND NOT EXISTS (SELECT 1 FROM main.rivals r WHERE r.id = o.subject OR r.external_id = m.external_id)"""
"""The memories that a transaction made and that have no other operation. Whose external id another one claims is left out."""
_AMONG = "IN (SELECT value FROM json_each(?))"
_KEPT = f"""SELECT m.id, m.n, m.content, m.title, m.speaker, m.key, m.kind, m.conversation, m.session, m.turn,
    (SELECT json_group_array(tag) FROM (SELECT tag FROM main.tags t WHERE t.n = m.n ORDER BY tag))
    FROM main.memories m WHERE m.id {_AMONG}"""
_UPDATE = (
    """UPDATE main.memories SET content = '', state = ?, since = ?, updated = ?, next_due_at = ?, version = ? WHERE n = ?"""
)


def are_there(vault: "OpenCube", txn: str, least: int) -> bool:
    """Whether a transaction made so many memories of which nothing was written since."""
    found = vault.conn.execute(f"SELECT 1 {_BORN} LIMIT 1 OFFSET ?2", (txn, least - 1)).fetchone()
    return found is not None


def others(vault: "OpenCube", txn: str) -> list[tuple[str, str]]:
    """Noun and subject of all else that a transaction wrote of, in its order."""
    sql = f"""SELECT noun, subject FROM main.ops
              WHERE txn = ?1 AND NOT (noun = 'memory' AND subject IN (SELECT o.subject {_BORN}))
              GROUP BY noun, subject ORDER BY min(n)"""
    return vault.conn.execute(sql, (txn,)).fetchall()


def lots(vault: "OpenCube", txn: str) -> Iterator[list[str]]:
    """The ids of these memories, the newest first; each lot is looked up when the one before it was taken back."""
    before = 2**63 - 1
    sql = f"SELECT o.n, o.subject {_BORN} AND o.n < ?2 ORDER BY o.n DESC LIMIT ?3"
    while found := vault.conn.execute(sql, (txn, before, LOT)).fetchall():
        yield [subject for _, subject in found]
        before = found[-1][0]


class EndingUnit(BulkUnit):
    """Another view of a write transaction of the cube's owner."""

    def expire_all(self, ids: Sequence[str], since: str, reverts: str) -> None:
        """Let memories expire of which there is one operation each, as `Unit.change` does.

        Args:
            ids: the memories, as `lots` gives them.
            since: when they expire, fixed-width UTC text.
            reverts: the transaction that is taken back.
        """
        among = json.dumps(ids)
        sql = f"SELECT {log.COLUMNS} FROM main.ops WHERE noun = 'memory' AND subject {_AMONG}"
        births = {one.subject: one for one in map(log.from_row, self._conn.execute(sql, (among,)))}
        kept = {row[0]: row[1:] for row in self._conn.execute(_KEPT, (among,))}
        change = {"state": State.EXPIRED.value, "since": since}
        made = [self.log.append("memory", one, change, parents=(births[one].id,), reverts=reverts) for one in ids]
        memories: list[tuple[Any, ...]] = []
        texts: list[tuple[Any, ...]] = []
        cold: list[tuple[Any, ...]] = []
        for operation in made:
            memory, _ = fold.memory(operation.subject, [births[operation.subject], operation])
            n, content, title, speaker, key, kind, *place, tags = kept[operation.subject]
            moment = hybrid_clock.moment_of(operation)
            memories.append((memory.state.value, memory.since, moment, self._due(memory), memory.version, n))
            texts.append((n, *rows.index_text(content, title, speaker, key, tuple(json.loads(tags)))))
            cold.append((n, len(content), rows.packed(content)))
            self._note_end(memory.id, echoes.Ended(memory.state.value, (content,), tuple(place)), kind)
        many, numbers = self._conn.executemany, json.dumps([row[0] for row in cold])
        many(units.FROM_INDEX.format("fts"), texts)
        many(units.TO_INDEX.format("cold_fts"), texts)
        many(_UPDATE, memories)
        many("INSERT INTO main.cold VALUES (?, ?, ?)", cold)
        self._conn.execute(f"INSERT INTO main.cold_vectors SELECT * FROM main.vectors WHERE n {_AMONG}", (numbers,))
        self._conn.execute(f"DELETE FROM main.vectors WHERE n {_AMONG}", (numbers,))
        self.changed.update(ids)
        self.cooled += len(made)
