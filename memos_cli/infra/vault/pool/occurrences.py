"""Where the words of a query occur in the few memories that a search ranks: counted by SQLite in an index in memory.

That index has the tokenizer of the cubes' own and the same columns, so that a word occurs here where it is found there, stems
and folded letters included. A hundred memories of some sixty characters take 3 ms.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.infra.vault import rows, search
from memos_cli.infra.vault.lexical import weights

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

TOKENIZER = "porter unicode61 remove_diacritics 2"
_MOST = 6_000
"""Characters of a memory that are counted: of a longer one its beginning."""
_MOST_OF = 0.6
"""The share of a word's groups of four letters that a memory needs: "Gans" has two of three of them in "Weihnachtsgans"."""


class Occurrences(NamedTuple):
    """Where the words of a query occur.

    Attributes:
        body: for each word, in the order of the query, the offsets in the content of each memory that has it; no offset
            where it has another form of the word.
        names: for each word the memories that have it as speaker, attribute or tag.
        lengths: characters of the content of each memory, as far as they are counted.
    """

    body: tuple[Mapping[int, Sequence[int]], ...]
    names: tuple[frozenset[int], ...]
    lengths: Mapping[int, int]


class Text(NamedTuple):
    """What is indexed of a memory: the arguments of `rows.index_text`."""

    content: str
    title: str | None
    speaker: str | None
    key: str | None
    tags: tuple[str, ...]


def occurrences(words: Sequence[str], texts: Mapping[int, Text], fours: Sequence[Sequence[str]] = ()) -> Occurrences:
    """Where these words occur in these memories.

    Args:
        words: words of a query, or pairs of characters of a script without spaces.
        texts: the memories by their numbers.
        fours: the groups of four letters of each word (`words.query_fours`): a memory that has most of them has the word in
            another form, or as a part of a longer one.
    """
    conn = sqlite3.connect(":memory:")
    try:
        columns = f"body, names, grams, content='', columnsize=0, tokenize='{TOKENIZER}'"
        for name in ("asked", "told"):
            conn.execute(f"CREATE VIRTUAL TABLE {name} USING fts5({columns})")
            conn.execute(f"CREATE VIRTUAL TABLE {name}_terms USING fts5vocab({name}, instance)")
        conn.executemany("INSERT INTO asked (rowid, body) VALUES (?, ?)", enumerate(words))
        stems: dict[str, list[int]] = {}
        for stem, place in conn.execute("SELECT term, doc FROM asked_terms"):
            stems.setdefault(stem, []).append(place)
        shown = {n: text._replace(content=text.content[:_MOST]) for n, text in texts.items()}
        indexed = ((n, *rows.index_text(*text)) for n, text in shown.items())
        conn.executemany("INSERT INTO told (rowid, body, names, grams) VALUES (?, ?, ?, ?)", indexed)
        body: list[dict[int, list[int]]] = [{} for _ in words]
        names: list[set[int]] = [set() for _ in words]
        sql = "SELECT term, doc, col, offset FROM told_terms WHERE term = ?"
        for stem, places in stems.items():
            for _, n, column, offset in conn.execute(sql, (stem,)):
                for place in places:
                    if column == "names":
                        names[place].add(n)
                    else:
                        body[place].setdefault(n, []).append(offset)
        for place, groups in enumerate(fours):
            for n in _having_most(conn, groups) - body[place].keys() if groups else ():
                body[place][n] = []
        lengths = {n: len(text.content) for n, text in shown.items()}
        return Occurrences(tuple(body), tuple(frozenset(one) for one in names), lengths)
    finally:
        conn.close()


def _having_most(conn: sqlite3.Connection, groups: Sequence[str]) -> set[int]:
    """The memories that have most of these groups of four letters."""
    having: dict[int, set[str]] = {}
    for stem, n in conn.execute(
        "SELECT term, doc FROM told_terms WHERE term IN (SELECT value FROM json_each(?)) AND col = 'grams'",
        (json.dumps([group.lower() for group in groups]),),
    ):
        having.setdefault(n, set()).add(stem)
    return {n for n, found in having.items() if len(found) >= _MOST_OF * len(groups)}


class Statistics(NamedTuple):
    """What is known of an index of words.

    Attributes:
        documents: how many memories it has.
        words: how many words they have on average, names and character pairs among them.
        having: for each word asked for, how many memories have it.
    """

    documents: int
    words: float
    having: tuple[int, ...]


def statistics(vault: "OpenCube", words: Sequence[str]) -> Statistics:
    """What is known of the index of the hot memories; memories that have a word are counted as by `search.document_counts`."""
    counts = search.document_counts(vault, words)
    documents, *columns = weights.totals(vault.conn, "fts")
    return Statistics(documents, sum(columns) / documents if documents else 0.0, tuple(counts[word] for word in words))
