"""Candidates for a search: by words from FTS5, by meaning from the vectors; both only among what the filter lets through."""

import re
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from memos_cli.infra.vault import rows
from memos_cli.infra.vault.queries import Condition
from memos_cli.infra.vault.units import bump_generation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORD = re.compile(r"\w+", re.UNICODE)
STOP_WORDS = frozenset(
    """a about am an and any are as at be been being but by can could did do does doing done for from get had has have
    having he her hers him his how i if in into is it its itself just me mine my myself no nor of on or our ours out s
    she should so some such t than that the their theirs them then there these they this those to too up us very was we
    were what when where which while who whom whose why will with would you your yours yourself""".split()  # noqa: SIM905 -- reads better as prose
)
"""English function words: they match everything and mean little. A query of nothing else is searched as it stands."""
_WEIGHTS = (1.0, 0.5, 1.0)
"""BM25 weights of the FTS columns body, names, grams."""


def words(text: str) -> list[str]:
    """The words of a text as the index has them, but for their stems: lower case, in order."""
    return [word.lower() for word in _WORD.findall(text.replace("'", " ").replace("\u2019", " "))]


def terms(query: str) -> list[str]:
    """The words of a query that are worth looking for, each once."""
    found = list(dict.fromkeys(words(query)))
    return [word for word in found if word not in STOP_WORDS] or found


def match_expression(query: str) -> str | None:
    """An FTS5 expression: any of the words, or any of the character pairs; `None` for a query without either."""
    parts = [f'{{body names}} : "{word}"' for word in terms(query)]
    parts += [f'grams : "{gram}"' for gram in dict.fromkeys(rows.grams(query))]
    return " OR ".join(parts) or None


def lexical(conn: sqlite3.Connection, query: str, sight: Condition, limit: int) -> list[tuple[int, float]]:
    """Row numbers and BM25 scores (higher is better), best first."""
    expression = match_expression(query)
    return [] if expression is None else ranked(conn, expression, sight, limit)


def ranked(conn: sqlite3.Connection, expression: str, sight: Condition, limit: int) -> list[tuple[int, float]]:
    """Row numbers and BM25 scores of what matches an FTS5 expression, best first."""
    clause, values = sight
    sql = f"""SELECT m.n, -bm25(fts, ?, ?, ?) AS score FROM fts JOIN memories m ON m.n = fts.rowid
              WHERE fts MATCH ? AND {clause} ORDER BY score DESC, m.n LIMIT ?"""
    return list(conn.execute(sql, (*_WEIGHTS, expression, *values, limit)))


def grams_expression(text: str, most: int = 8) -> str | None:
    """An FTS5 expression for text in scripts without spaces: the first character pairs, all together; `None` without any."""
    found = list(dict.fromkeys(rows.grams(text)))[:most]
    return " AND ".join(f'grams : "{gram}"' for gram in found) if found else None


def count_with(conn: sqlite3.Connection, word: str, most: int) -> int:
    """How many memories have this word in their text; `most` where there are more."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ? LIMIT ?)"
    return int(conn.execute(sql, (f'{{body}} : "{word}"', most)).fetchone()[0])


def row_if(conn: sqlite3.Connection, identity: str, sight: Condition) -> int | None:
    """The row of this memory if the condition lets it through."""
    clause, values = sight
    row = conn.execute(f"SELECT m.n FROM memories m WHERE m.id = ? AND {clause}", (identity, *values)).fetchone()
    return row[0] if row else None


def rows_with_key(conn: sqlite3.Connection, key: str, sight: Condition) -> list[int]:
    """The rows that state this attribute, among those that the condition lets through."""
    clause, values = sight
    return [n for (n,) in conn.execute(f"SELECT m.n FROM memories m WHERE m.key = ? AND {clause}", (key, *values))]


def rows_that(conn: sqlite3.Connection, numbers: list[int], sight: Condition) -> list[int]:
    """Of these rows those that the condition lets through."""
    clause, values = sight
    marks = ", ".join("?" * len(numbers))
    return [n for (n,) in conn.execute(f"SELECT m.n FROM memories m WHERE m.n IN ({marks}) AND {clause}", (*numbers, *values))]


def visible_rows(conn: sqlite3.Connection, sight: Condition) -> "NDArray[np.int64]":
    """The row numbers that the filter lets through, ascending."""
    import numpy as np

    clause, values = sight
    found = conn.execute(f"SELECT m.n FROM memories m WHERE {clause} ORDER BY m.n", values)
    return np.fromiter((row[0] for row in found), dtype=np.int64)


def embedder_id(conn: sqlite3.Connection, fingerprint: str) -> int | None:
    """The number under which this cube knows an embedder."""
    row = conn.execute("SELECT id FROM embedders WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return row[0] if row else None


def foreign_vectors(conn: sqlite3.Connection, fingerprint: str) -> int:
    """How many memories have vectors of another embedder than this one."""
    known = embedder_id(conn, fingerprint)
    sql = "SELECT count(DISTINCT n) FROM vectors WHERE embedder IS NOT ?"
    return int(conn.execute(sql, (known,)).fetchone()[0])


def generation(conn: sqlite3.Connection) -> str:
    """Names the present set of vectors; changes with every write to it."""
    row = conn.execute("SELECT value FROM cube WHERE key = 'generation'").fetchone()
    return row[0] if row else ""


def vectors(conn: sqlite3.Connection, fingerprint: str) -> "tuple[NDArray[np.int64], list[bytes]]":
    """Row numbers and the vectors of one embedder, in the encoding of `infra.vectors`."""
    import numpy as np

    found = conn.execute("SELECT n, vector FROM vectors WHERE embedder = ?", (embedder_id(conn, fingerprint),)).fetchall()
    return np.fromiter((n for n, _ in found), dtype=np.int64, count=len(found)), [vector for _, vector in found]


def pending(conn: sqlite3.Connection, limit: int) -> list[tuple[int, str]]:
    """Rows that wait for their vectors, the newest first, with the text to embed."""
    sql = """SELECT m.n, m.content, m.title, m.speaker FROM pending p JOIN memories m ON m.n = p.n
             WHERE m.state <> 'purged' ORDER BY p.n DESC LIMIT ?"""
    return [(n, rows.embedded_text(*text)) for n, *text in conn.execute(sql, (limit,))]


def pending_count(conn: sqlite3.Connection) -> int:
    """How many memories wait for their vectors."""
    return int(conn.execute("SELECT count(*) FROM pending").fetchone()[0])


def store_vectors(
    conn: sqlite3.Connection, fingerprint: str, dimensions: int, embedded: Iterable[tuple[int, str, bytes]]
) -> int:
    """Write vectors whose texts are still the memories' own (they may have been edited meanwhile); how many were."""
    conn.execute("INSERT OR IGNORE INTO embedders (fingerprint, dimensions) VALUES (?, ?)", (fingerprint, dimensions))
    embedder = embedder_id(conn, fingerprint)
    written = 0
    for n, text, vector in embedded:
        row = conn.execute("SELECT content, title, speaker FROM memories WHERE n = ? AND state <> 'purged'", (n,)).fetchone()
        if row is None or rows.embedded_text(*row) != text:
            continue
        conn.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", (n, embedder, rows.text_digest(text), vector))
        conn.execute("DELETE FROM pending WHERE n = ?", (n,))
        written += 1
    if written:
        bump_generation(conn)
    return written


def make_pending(conn: sqlite3.Connection, fingerprint: str | None) -> int:
    """Put memories in line for new vectors: all of them, or those whose vectors are not of this embedder; how many."""
    known = None if fingerprint is None else embedder_id(conn, fingerprint)
    conn.execute(
        """INSERT OR IGNORE INTO pending SELECT n FROM memories m
           WHERE state <> 'purged' AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.n = m.n AND v.embedder IS ?)""",
        (known,),
    )
    return pending_count(conn)


def surroundings(conn: sqlite3.Connection, numbers: list[int], sight: Condition) -> list[tuple[Any, ...]]:
    """Row, conversation, session, turn, length and speaker of these rows and of the turns beside them that may be seen."""
    clause, values = sight
    columns = "m.n, m.conversation, m.session, m.turn, length(m.content), m.speaker"
    marks = ", ".join("?" * len(numbers))
    found = {row[0]: row for row in conn.execute(f"SELECT {columns} FROM memories m WHERE m.n IN ({marks})", numbers)}
    beside = f"SELECT {columns} FROM memories m WHERE m.conversation = ? AND m.session IS ? AND m.turn = ? AND {clause}"
    seen = {row[1:4] for row in found.values()}
    for _, conversation, session, turn, *_ in list(found.values()):
        for near in (turn - 1, turn + 1) if conversation is not None and turn is not None else ():
            if (conversation, session, near) not in seen:
                seen.add((conversation, session, near))
                found |= {row[0]: row for row in conn.execute(beside, (conversation, session, near, *values))}
    return list(found.values())
