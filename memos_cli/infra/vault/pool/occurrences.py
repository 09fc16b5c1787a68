"""Where the words of a query occur in the few memories that a search ranks: counted by SQLite in an index in memory.

That index has the tokenizer of the cubes' own and the same columns, so that a word occurs here where it is found there, stems
and folded letters included. A hundred memories of some sixty characters take 3 ms.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from memos_cli.infra.vault import rows, search
from memos_cli.infra.vault.lexical import weights
from memos_cli.infra.words.words import edged, folded, is_spaceless
from memos_cli.records import NamedTuple

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
    conn = _kept.pop() if _kept else _made()
    try:
        conn.executemany("INSERT INTO asked (rowid, body) VALUES (?, ?)", enumerate(words))
        stems: dict[str, list[int]] = {}
        for stem, place in conn.execute("SELECT term, doc FROM asked_terms"):
            stems.setdefault(stem, []).append(place)
        shown = {n: text._replace(content=text.content[:_MOST]) for n, text in texts.items()}
        spaceless = any(map(is_spaceless, words))
        indexed = ((n, *_columns(text, spaceless=spaceless)) for n, text in shown.items())
        conn.executemany("INSERT INTO told (rowid, body, names, grams) VALUES (?, ?, ?, ?)", indexed)
        body: list[dict[int, list[int]]] = [{} for _ in words]
        names: list[set[int]] = [set() for _ in words]
        sql = "SELECT term, doc, col, offset FROM told_terms WHERE term = ?"
        for stem, places in stems.items():
            for _, n, column, offset in conn.execute(sql, (stem,)):
                for place in places:
                    if column == "names":
                        names[place].add(n)
                    elif column == "body" or is_spaceless(words[place]):  # four letters by themselves are no word
                        body[place].setdefault(n, []).append(offset)
        for place, having in _by_fours(conn, shown, fours, body):
            body[place] |= {n: [] for n in having}
        lengths = {n: len(text.content) for n, text in shown.items()}
        return Occurrences(tuple(body), tuple(frozenset(one) for one in names), lengths)
    finally:
        conn.rollback()  # nothing of what the memories say stays in it
        _kept.append(conn)


_kept: list[sqlite3.Connection] = []
"""Indexes that nobody uses just now, empty: one for each search that ran beside others. To make one takes 1.4 ms."""


def _made() -> sqlite3.Connection:
    """An empty index."""
    conn = sqlite3.connect(":memory:", check_same_thread=False)
    for name in ("asked", "told", "cut"):
        columns = f"body, names, grams, content='', columnsize=0, tokenize='{TOKENIZER}'"
        conn.execute(f"CREATE VIRTUAL TABLE {name} USING fts5({columns})")
        conn.execute(f"CREATE VIRTUAL TABLE {name}_terms USING fts5vocab({name}, instance)")
    return conn


def _columns(text: Text, *, spaceless: bool) -> tuple[str, str, str]:
    """What is indexed of a memory: the third column of the cubes' index only where a query has words without spaces.

    To make it, it has to be told which language the text is in, which takes longer than all else that is done here.
    """
    said, named = rows.said_and_named(*text)
    if spaceless and not (said.isascii() and named.isascii()):
        return rows.index_text(*text)
    return folded(said), folded(named), ""


def _by_fours(
    conn: sqlite3.Connection,
    texts: Mapping[int, Text],
    fours: Sequence[Sequence[str]],
    body: Sequence[Mapping[int, object]],
) -> Iterator[tuple[int, set[int]]]:
    """The places of words with the memories that have most of the word's groups of four letters, and not the word itself."""
    asked = [(place, groups) for place, groups in enumerate(fours) if groups]
    if not asked:
        return
    letters = {n: edged(folded(rows.said_and_named(*text)[0])) for n, text in texts.items()}
    likely = {
        place: [n for n, said in letters.items() if n not in body[place] and _has_most(said, groups)] for place, groups in asked
    }
    # Texts in English are not cut: which these are is asked of the few that would be found.
    cut = ((n, rows.index_text(*texts[n])[2]) for n in {n for found in likely.values() for n in found})
    conn.executemany("INSERT INTO cut (rowid, grams) VALUES (?, ?)", cut)
    for place, groups in asked:
        if likely[place]:
            yield place, _having_most(conn, groups) - body[place].keys()


def _has_most(letters: str, groups: Sequence[str]) -> bool:
    missing = int((1 - _MOST_OF) * len(groups))
    for group in groups:
        if group not in letters:
            missing -= 1
            if missing < 0:
                return False
    return True


def _having_most(conn: sqlite3.Connection, groups: Sequence[str]) -> set[int]:
    """The memories that have most of these groups of four letters."""
    having: dict[int, set[str]] = {}
    for stem, n in conn.execute(
        "SELECT term, doc FROM cut_terms WHERE term IN (SELECT value FROM json_each(?))",
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
    if vault.sight is not None:
        seen = vault.sight.seen("fts")
        documents, columns = seen.documents, [seen.words]
    return Statistics(documents, sum(columns) / documents if documents else 0.0, tuple(counts[word] for word in words))
