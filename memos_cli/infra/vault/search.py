"""Candidates for a search: by words from FTS5, by meaning from the vectors; both only among what the filter lets through."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from memos_cli.infra.marks import VECTORS
from memos_cli.infra.names import compared
from memos_cli.infra.vault import queries, rows
from memos_cli.infra.vault.lexical import weights
from memos_cli.infra.vault.queries import Condition
from memos_cli.infra.words.words import is_spaceless, match_expressions
from memos_cli.model import COLD_STATES, HOT_STATES
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.vault.connection import OpenCube

LARGE = 20_000
"""Memories of an index from which on not all postings of a query's words are read: up to there all are scored in 40 ms."""
_MOST_PARTS = 400
"""The most words of a query that are looked up in both indexes; SQLite joins 500 SELECTs at most."""


def lexical(vault: "OpenCube", query: str, sight: Condition, limit: int, *, cold: bool = False) -> list[tuple[int, float]]:
    """Row numbers and BM25 scores (higher is better), best first.

    In a large cube frequent words only add to the scores of what rarer ones find; see `vault.lexical`.

    Args:
        cold: search cold storage too.
    """
    expressions = match_expressions(query)
    if not expressions:
        return []
    cold = cold and vault.conn.execute("SELECT 1 FROM cold_fts_docsize LIMIT 1").fetchone() is not None
    if vault.sight is not None:
        from memos_cli.infra.vault.sight.seen_lexical import seen_candidates

        return seen_candidates(vault, expressions[:_MOST_PARTS], sight, limit, cold=cold, large=LARGE)
    if any(weights.documents(vault.conn, table) >= LARGE for table in ("fts", "cold_fts")[: 1 + cold]):
        from memos_cli.infra.vault.lexical.lexical import Passing, candidates

        return candidates(vault, expressions[:_MOST_PARTS], Passing(sight, queries.narrowed(sight)), limit, cold=cold)
    if cold:
        return _in_both(vault.conn, expressions[:_MOST_PARTS], sight, limit)
    return ranked(vault, " OR ".join(expressions), sight, limit)


def ranked(vault: "OpenCube", expression: str, sight: Condition, limit: int) -> list[tuple[int, float]]:
    """Row numbers and BM25 scores of the hot memories that match an FTS5 expression, best first."""
    clause, values = sight
    # CROSS JOIN puts the index first. SQLite would otherwise consider a walk through all memories of a state.
    sql = f"""SELECT m.n, -bm25(fts, ?, ?, ?) AS score FROM main.fts CROSS JOIN memories m ON m.n = fts.rowid
              WHERE fts MATCH ? AND {clause} ORDER BY score DESC, m.n LIMIT ?"""
    return list(vault.conn.execute(sql, (*weights.COLUMNS, expression, *values, limit)))


def newest(vault: "OpenCube", expression: str, sight: Condition, limit: int) -> list[int]:
    """Rows of the hot memories that match an FTS5 expression, the newest first: no score is computed, so it is quick.

    Args:
        limit: the most rows.
    """
    clause, values = sight
    sql = f"""SELECT m.n FROM main.fts CROSS JOIN memories m ON m.n = fts.rowid
              WHERE fts MATCH ? AND {clause} ORDER BY fts.rowid DESC LIMIT ?"""
    return [n for (n,) in vault.conn.execute(sql, (expression, *values, limit))]


def _in_both(conn: sqlite3.Connection, expressions: list[str], sight: Condition, limit: int) -> list[tuple[int, float]]:
    """Hot and cold hits in one ranking.

    BM25 weighs a word by how few documents have it, and FTS5 counts the documents of one index: a word with its only archived
    memory in a small archive would weigh nothing. So each word is scored by itself and its weight replaced by that of both
    indexes together; only the average length stays that of each index.
    """
    tables = ("fts", "cold_fts")
    clause, values = sight
    sizes = {table: _one(conn, f"SELECT count(*) FROM {table}_docsize") for table in tables}
    counted = "SELECT count(*) FROM {0} WHERE {0} MATCH ?"
    having = {table: [_one(conn, counted.format(table), part) for part in expressions] for table in tables}
    rarities = [weights.rarity(sum(sizes.values()), sum(counts)) for counts in zip(*having.values(), strict=True)]
    found: list[tuple[int, float]] = []
    for table in tables:
        asked: list[Any] = []
        parts = []
        for part, weight, count in zip(expressions, rarities, having[table], strict=True):
            if count:
                parts.append(f"SELECT rowid AS n, -bm25({table}, ?, ?, ?) * ? AS score FROM {table} WHERE {table} MATCH ?")
                asked += [*weights.COLUMNS, weight / weights.rarity(sizes[table], count), part]
        if parts:
            sql = f"""WITH scored AS MATERIALIZED ({" UNION ALL ".join(parts)}),
                           best AS MATERIALIZED (SELECT n, sum(score) AS score FROM scored GROUP BY n)
                      SELECT m.n, best.score FROM best CROSS JOIN memories m ON m.n = best.n
                      WHERE {clause} ORDER BY best.score DESC, m.n LIMIT ?"""
            found += conn.execute(sql, (*asked, *values, limit))
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]


def _one(conn: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(conn.execute(sql, values).fetchone()[0])


def count_with(vault: "OpenCube", word: str, most: int) -> int:
    """How many memories have this word in their text, counted up to `most`."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ? LIMIT ?)"
    return int(vault.conn.execute(sql, (f'{{body}} : "{word}"', most)).fetchone()[0])


COUNTED = 20_000
"""The most memories with a word that `document_counts` counts."""


def document_counts(vault: "OpenCube", asked: Iterable[str]) -> dict[str, int]:
    """How many hot memories have each of these words in their text or their names, counted up to `COUNTED`."""
    if vault.sight is not None:
        from memos_cli.infra.vault.sight.seen_words import SeenWords

        index = SeenWords(vault, "fts")
        return {word: index.count(f"{_columns(word)} : {_quoted(word)}", COUNTED) for word in dict.fromkeys(asked)}
    sql = "SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ? LIMIT ?)"
    return {
        word: int(vault.conn.execute(sql, (f"{_columns(word)} : {_quoted(word)}", COUNTED)).fetchone()[0])
        for word in dict.fromkeys(asked)
    }


def documents(vault: "OpenCube") -> int:
    """How many memories the hot index holds; the answer takes no longer for a million, but for what somebody else may see."""
    if vault.sight is not None:
        return vault.sight.seen("fts").documents
    return weights.documents(vault.conn, "fts")


def _columns(word: str) -> str:
    """The columns that have a word; those of scripts without spaces are in the index as pairs of characters."""
    return "grams" if is_spaceless(word) else "{body names}"


def _quoted(word: str) -> str:
    """A word as a string of FTS5's query language."""
    return '"' + word.replace('"', '""') + '"'


def row_if(vault: "OpenCube", identity: str, sight: Condition) -> int | None:
    """The row of this memory if the condition lets it through."""
    clause, values = sight
    row = vault.conn.execute(f"SELECT m.n FROM memories m WHERE m.id = ? AND {clause}", (identity, *values)).fetchone()
    return row[0] if row else None


def rows_with_key(vault: "OpenCube", key: str, sight: Condition) -> list[int]:
    """The rows that state this attribute, among those that the condition lets through."""
    clause, values = sight
    sql = f"SELECT m.n FROM memories m WHERE m.n IN ({queries.NAMED}) AND {clause}"
    return [n for (n,) in vault.conn.execute(sql, ("key", compared(key), *values))]


def keyed(vault: "OpenCube", ids: Iterable[str]) -> list[str]:
    """Those of these memories that state an attribute, in the order in which they came here."""
    sql = "SELECT id FROM memories WHERE key IS NOT NULL AND id IN (SELECT value FROM json_each(?)) ORDER BY n"
    return [identity for (identity,) in vault.conn.execute(sql, (json.dumps([*ids]),))]


def first_row(vault: "OpenCube", wanted: Condition, order: str) -> int | None:
    """The row of the first memory in an order, among those that the condition lets through."""
    clause, values = wanted
    row = vault.conn.execute(f"SELECT m.n FROM memories m WHERE {clause} ORDER BY {order} LIMIT 1", values).fetchone()
    return row[0] if row else None


def rows_read_from(vault: "OpenCube", name: str, owner: str) -> list[int]:
    """The rows of this owner's hot memories that were read from a file of this name, turns of conversations left out."""
    sql = f"""SELECT n FROM memories WHERE json_extract(source, '$.file') = ? AND json_extract(source, '$.file') IS NOT NULL
              AND json_extract(source, '$.digest') IS NOT NULL AND owner IS ?
              AND state IN ({", ".join("?" * len(HOT_STATES))}) AND kind <> 'episode'"""
    return [n for (n,) in vault.conn.execute(sql, (name, owner, *HOT_STATES))]


def rows_by_file(vault: "OpenCube", names: Iterable[str], owner: str) -> dict[str, list[int]]:
    """As `rows_read_from`, of several files at once, by the name of the file."""
    wanted = list(names)
    sql = f"""SELECT json_extract(source, '$.file') AS file, n FROM memories
              WHERE file IN (SELECT value FROM json_each(?)) AND json_extract(source, '$.digest') IS NOT NULL AND owner IS ?
              AND state IN ({", ".join("?" * len(HOT_STATES))}) AND kind <> 'episode'"""
    found: dict[str, list[int]] = {}
    for name, n in vault.conn.execute(sql, (json.dumps(wanted), owner, *HOT_STATES)) if wanted else ():
        found.setdefault(name, []).append(n)
    return found


def archived_rows(vault: "OpenCube", digests: Iterable[bytes], owner: str) -> dict[bytes, list[int]]:
    """The rows of this owner's archived memories with these digests of their content, the latest first."""
    found: dict[bytes, list[int]] = {}
    sql = "SELECT n FROM memories WHERE digest = ? AND owner IS ? AND state = 'archived' ORDER BY n DESC"
    for digest in set(digests):
        if numbers := [n for (n,) in vault.conn.execute(sql, (digest, owner))]:
            found[digest] = numbers
    return found


def rows_that(vault: "OpenCube", numbers: list[int], sight: Condition) -> list[int]:
    """Of these rows those that the condition lets through."""
    clause, values = sight
    # CROSS JOIN: these rows first, whatever index the condition could use.
    sql = f"SELECT m.n FROM json_each(?) j CROSS JOIN memories m ON m.n = j.value WHERE {clause}"
    return [n for (n,) in vault.conn.execute(sql, (json.dumps(numbers), *values))]


def visible_rows(vault: "OpenCube", sight: Condition, most: int = -1) -> "NDArray[np.int64]":
    """The row numbers that the filter lets through, ascending; any `most` of them where that is given."""
    import numpy as np

    clause, values = sight
    found = vault.conn.execute(f"SELECT m.n FROM memories m WHERE {clause} LIMIT ?", (*values, most))
    return np.sort(np.fromiter((row[0] for row in found), dtype=np.int64))


def embedder_id(vault: "OpenCube", fingerprint: str) -> int | None:
    """The number of an embedder in this cube."""
    row = vault.conn.execute("SELECT id FROM embedders WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return row[0] if row else None


def knows(vault: "OpenCube", fingerprint: str) -> bool:
    """Whether an embedder was at work in this cube; for who is not its owner, on what may be seen."""
    known = embedder_id(vault, fingerprint)
    if known is None or vault.sight is None:
        return known is not None
    sql = "SELECT EXISTS (SELECT 1 FROM vectors WHERE embedder = ?1) OR EXISTS (SELECT 1 FROM cold_vectors WHERE embedder = ?1)"
    return bool(vault.conn.execute(sql, (known,)).fetchone()[0])


def has_vectors(vault: "OpenCube") -> bool:
    """Whether an embedder was ever at work in this cube."""
    return vault.conn.execute("SELECT 1 FROM embedders LIMIT 1").fetchone() is not None


def foreign_vectors(vault: "OpenCube", fingerprint: str) -> int:
    """How many memories have vectors of another embedder than this one."""
    if not has_foreign(vault, fingerprint):  # as nearly always: then no vector is read
        return 0
    sql = "SELECT count(*) FROM vectors WHERE embedder IS NOT ?"
    return int(vault.conn.execute(sql, (embedder_id(vault, fingerprint),)).fetchone()[0])


def has_foreign(vault: "OpenCube", fingerprint: str) -> bool:
    """Whether the cube knows of another embedder than this one."""
    return vault.conn.execute("SELECT 1 FROM embedders WHERE fingerprint <> ? LIMIT 1", (fingerprint,)).fetchone() is not None


def forget_embedders(conn: sqlite3.Connection) -> None:
    """Remove, in the caller's transaction, the embedders of which no vector is left: `foreign_vectors` looks for theirs."""
    used = "SELECT embedder FROM main.vectors UNION SELECT embedder FROM main.cold_vectors"
    conn.execute(f"DELETE FROM main.embedders WHERE id NOT IN ({used})")


def _table(*, cold: bool) -> str:
    return "cold_vectors" if cold else "vectors"


def vectors(
    vault: "OpenCube", fingerprint: str, *, cold: bool = False, only: "NDArray[np.int64] | None" = None
) -> "tuple[NDArray[np.int64], list[bytes]]":
    """Row numbers and the hot or cold vectors of one embedder, in the encoding of `infra.local.vector_matrix`.

    Args:
        vault: the cube.
        fingerprint: of the embedder.
        cold: the cold vectors, in place of the hot ones.
        only: of these rows alone.
    """
    import numpy as np

    sql = f"SELECT n, vector FROM main.{_table(cold=cold)} WHERE embedder = ?"
    values: list[Any] = [embedder_id(vault, fingerprint)]
    if only is not None:
        sql += " AND n IN (SELECT value FROM json_each(?))"
        values.append(json.dumps(only.tolist()))
    found = vault.conn.execute(sql, values).fetchall()
    return np.fromiter((n for n, _ in found), dtype=np.int64, count=len(found)), [vector for _, vector in found]


def pending(vault: "OpenCube", limit: int) -> list[tuple[int, str]]:
    """Rows that wait for their vectors, the newest first, with the text to embed."""
    sql = """SELECT m.n, m.content, m.title, m.speaker, c.body FROM pending p JOIN memories m ON m.n = p.n
             LEFT JOIN cold c ON c.n = m.n WHERE m.state <> 'purged' ORDER BY p.n DESC LIMIT ?"""
    return [(n, _embedded(*text)) for n, *text in vault.conn.execute(sql, (limit,))]


class Kept(NamedTuple):
    """A memory's stored vector: its embedder, and the digest of its text (`rows.text_digest`)."""

    fingerprint: str
    digest: bytes
    vector: bytes


def vector_of(vault: "OpenCube", identity: str) -> Kept | None:
    """The vector of a memory, hot or cold."""
    both = " UNION ALL ".join(
        f"""SELECT e.fingerprint, v.digest, v.vector FROM memories m JOIN {table} v ON v.n = m.n
            JOIN embedders e ON e.id = v.embedder WHERE m.id = ?"""
        for table in VECTORS
    )
    row = vault.conn.execute(both, (identity,) * len(VECTORS)).fetchone()
    return Kept(*row) if row else None


def waiting_text(vault: "OpenCube", identity: str) -> tuple[int, str] | None:
    """Row and text of a memory that waits for its vector."""
    sql = """SELECT m.n, m.content, m.title, m.speaker, c.body FROM memories m JOIN pending p ON p.n = m.n
             LEFT JOIN cold c ON c.n = m.n WHERE m.id = ? AND m.state <> 'purged'"""
    row = vault.conn.execute(sql, (identity,)).fetchone()
    return (row[0], _embedded(*row[1:])) if row else None


def _embedded(content: str, title: str | None, speaker: str | None, body: bytes | str | None) -> str:
    return rows.embedded_text(content if body is None else rows.unpacked(body), title, speaker)


def pending_count(vault: "OpenCube") -> int:
    """How many memories wait for their vectors."""
    return int(vault.conn.execute("SELECT count(*) FROM pending").fetchone()[0])


def store_vectors(vault: "OpenCube", fingerprint: str, dimensions: int, embedded: Iterable[tuple[int, str, bytes]]) -> int:
    """Write vectors, in the caller's transaction, whose texts are still the memories' own; how many were.

    The texts may have been edited while they were embedded.
    """
    vault.conn.execute(
        "INSERT OR IGNORE INTO main.embedders (fingerprint, dimensions) VALUES (?, ?)", (fingerprint, dimensions)
    )
    embedder = embedder_id(vault, fingerprint)
    kept = """SELECT m.n, m.state, m.content, m.title, m.speaker, c.body FROM json_each(?) j
              CROSS JOIN main.memories m ON m.n = j.value LEFT JOIN main.cold c ON c.n = m.n WHERE m.state <> 'purged'"""
    given = {n: (text, vector) for n, text, vector in embedded}
    found = vault.conn.execute(kept, (json.dumps([*given]),)).fetchall()
    fitting = [(n, state) for n, state, *text in found if _embedded(*text) == given[n][0]]
    for table, cold in zip(VECTORS, (False, True), strict=True):
        stored = ((n, embedder, rows.text_digest(given[n][0]), given[n][1]) for n, s in fitting if (s in COLD_STATES) is cold)
        vault.conn.executemany(f"INSERT OR REPLACE INTO main.{table} VALUES (?, ?, ?, ?)", stored)
    vault.conn.executemany("DELETE FROM main.pending WHERE n = ?", ((n,) for n, _ in fitting))
    return len(fitting)


def stored_vectors(conn: sqlite3.Connection, embedder: int) -> Iterator[tuple[str, str, bytes, bytes]]:
    """Id, present text to embed, digest of the embedded text, and vector, hot and cold, by id."""
    # By the index of ids: a sort would write contents to a temporary file outside of the home.
    sql = """SELECT m.id, m.content, m.title, m.speaker, c.body, coalesce(v.digest, w.digest), coalesce(v.vector, w.vector)
             FROM memories m LEFT JOIN cold c ON c.n = m.n
             LEFT JOIN vectors v ON v.n = m.n AND v.embedder = ?1 LEFT JOIN cold_vectors w ON w.n = m.n AND w.embedder = ?1
             WHERE m.id >= '' AND +m.state <> 'purged' AND coalesce(v.n, w.n) IS NOT NULL ORDER BY m.id"""
    return ((identity, _embedded(*text), digest, vector) for identity, *text, digest, vector in conn.execute(sql, (embedder,)))


def make_pending(vault: "OpenCube", fingerprint: str | None) -> int:
    """Put memories in line for new vectors, in the caller's transaction; how many wait then.

    Args:
        fingerprint: of the embedder whose vectors are kept; `None` to put all memories in line.
    """
    known = None if fingerprint is None else embedder_id(vault, fingerprint)
    vault.conn.execute(
        """INSERT OR IGNORE INTO main.pending SELECT n FROM main.memories m
           WHERE state <> 'purged' AND NOT EXISTS (SELECT 1 FROM main.vectors v WHERE v.n = m.n AND v.embedder IS ?)
           AND NOT EXISTS (SELECT 1 FROM main.cold_vectors v WHERE v.n = m.n AND v.embedder IS ?)""",
        (known, known),
    )
    return pending_count(vault)


def embedded(vault: "OpenCube") -> list[tuple[str, int]]:
    """The fingerprint of each embedder, and how many memories have a vector of it."""
    sql = """SELECT e.fingerprint, count(*) FROM embedders e
             JOIN (SELECT embedder FROM vectors UNION ALL SELECT embedder FROM cold_vectors) v ON v.embedder = e.id
             GROUP BY e.id ORDER BY 1"""
    return [(str(name), int(count)) for name, count in vault.conn.execute(sql)]
