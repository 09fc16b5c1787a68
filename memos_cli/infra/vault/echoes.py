"""Echoes: the turns of `memos chat` that repeat a memory, and what becomes of them when that memory ends.

A memory ends when it is forgotten, expires, is superseded, is given other words or is purged, whichever command did it. In the
same transaction its echoes end in the same way, so that an undo brings back both. These are:

    answers that name it             the answer's metadata lists them (`RESTS`)
    the turns that it was told in    it has the conversation and the turn of what it was made from
    turns that contain its words     whoever said them
    answers with a word of its own   one that no other current memory has, in an answer that names none: a model may tell a
                                     memory in other words; a purge takes all turns with such a word
    the other half of an exchange    a question goes with its answer

A turn that somebody froze stays, and the receipt of a purge names it.
"""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from memos_cli.infra.vault import fold, rows
from memos_cli.infra.vault.queries import IS_TURN, NO_TURN
from memos_cli.infra.words.languages import language
from memos_cli.infra.words.words import grams_expression, stop_words, words
from memos_cli.model import State
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis

RESTS = "rests_on"
"""The key in an answer's metadata of the memories that the answer names, each with its version."""
SHORTEST = 4
"""Characters that a text needs to be looked for in turns: "ok" is everywhere and identifies nothing."""
_ANSWERING = "assistant"
"""The speaker of chat's answers."""
_MOST_WORDS, _MOST_OWN = 40, 8
"""The most words by which a text is looked up in the index, and the most words that are asked whether they are its own."""
_CHAT = r"(?s)chat-.{4}-..-..-.{8}"
_LONG = 5
"""The fewest letters of a word that can be a memory's own."""
_WORD = re.compile(r"\w+")


class Ended(NamedTuple):
    """A memory that ended in a transaction.

    Attributes:
        way: what ended: `purged`, `expired`, or `over` for a statement that is true no more while the memory is kept.
        texts: what it said.
        place: its conversation, session and turn.
    """

    way: str
    texts: tuple[str, ...]
    place: tuple[str | None, str | None, int | None] = (None, None, None)


def is_chat(conversation: str | None) -> bool:
    """Whether a conversation is one that `memos chat` held; see `queries.TURNS`."""
    return conversation is not None and re.fullmatch(_CHAT, conversation) is not None


def has_turns(conn: sqlite3.Connection) -> bool:
    """Whether chat was ever held in a cube."""
    return conn.execute(f"SELECT 1 FROM main.memories WHERE {IS_TURN} LIMIT 1").fetchone() is not None


def endings(
    conn: sqlite3.Connection, ended: Mapping[str, Ended], millis: int, clock: int, touched: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ids of the echoes of the memories that ended in a transaction, each with the change that ends it in the same way.

    Args:
        ended: the memories, by id.
        millis: the time, in milliseconds since 1970.
        clock: the clock of the transaction.
        touched: what the transaction changes itself. Such a turn only goes with a purge: an undo that gives a memory its former
            words gives the turns that repeat those back as well.
    """
    now = from_millis(millis)
    changes: dict[str, dict[str, Any]] = {
        "purged": {fold.PURGED: True},
        "expired": {"state": State.EXPIRED.value, "since": now},
        "over": {"valid_to": now},
    }
    done: set[str] = set()
    for way, change in changes.items():
        mine = {identity: one for identity, one in ended.items() if one.way == way}
        # What is said in the same moment says that the statement changes.
        before = clock if way == "over" else None
        for identity, is_over in find(conn, mine, now, before=before):
            if identity not in done and (way == "purged" or not (is_over or identity in touched)):
                done.add(identity)
                yield identity, change


def find(
    conn: sqlite3.Connection, ended: Mapping[str, Ended], now: str, *, every: bool = False, before: int | None = None
) -> list[tuple[str, bool]]:
    """The ids of the echoes of memories, and whether each has ended already.

    Args:
        ended: the memories, by id.
        now: the time, as fixed-width text.
        every: count also what a person said with a word that is the memories' own.
        before: leave out turns of this clock.
    """
    if not ended or not has_turns(conn):
        return []
    texts = [text for one in ended.values() for text in one.texts if len(text.strip()) >= SHORTEST]
    found = {*_resting(conn, ended), *_telling(conn, ended.values())}
    for text in texts:
        found.update(_containing(conn, text))
    for word in dict.fromkeys(word for text in texts for word in _own_words(conn, text, ended, now)):
        found.update(_with_word(conn, word, answers=not every))
    found.update(_halves(conn, found))
    sql = f"""SELECT id, state = 'expired' OR valid_to IS NOT NULL FROM main.memories
              WHERE n IN (SELECT value FROM json_each(?)) AND state <> 'purged' AND NOT frozen AND created IS NOT ?
              AND {IS_TURN} ORDER BY n"""
    told = conn.execute(sql, (json.dumps(sorted(found)), before))
    return [(identity, bool(over)) for identity, over in told if identity not in ended]


def _resting(conn: sqlite3.Connection, ended: Mapping[str, Ended]) -> Iterator[int]:
    """The answers that name one of the memories."""
    sql = f"""SELECT m.n, r.key FROM main.memories m, json_each(m.metadata, '$.{RESTS}') r
              WHERE m.metadata <> '{{}}' AND {IS_TURN}"""
    return (n for n, identity in conn.execute(sql) if identity in ended)


def _telling(conn: sqlite3.Connection, ended: Iterable[Ended]) -> Iterator[int]:
    """The turns that the memories were made from."""
    for place in dict.fromkeys(one.place for one in ended):
        if place[0] is not None and place[2] is not None:
            yield from _at(conn, *place)


def _at(conn: sqlite3.Connection, conversation: str | None, session: str | None, turn: int | None) -> Iterator[int]:
    sql = f"SELECT n FROM main.memories WHERE conversation = ? AND session IS ? AND turn = ? AND {IS_TURN}"
    return (n for (n,) in conn.execute(sql, (conversation, session, turn)))


def _halves(conn: sqlite3.Connection, numbers: Iterable[int]) -> list[int]:
    """For each turn the other one of its exchange."""
    sql = "SELECT conversation, session, turn, speaker FROM main.memories WHERE n IN (SELECT value FROM json_each(?))"
    found: list[int] = []
    for conversation, session, turn, speaker in conn.execute(sql, (json.dumps(sorted(numbers)),)).fetchall():
        step = -1 if speaker == _ANSWERING else 1
        spoken = "speaker IS NOT ?" if step < 0 else "speaker IS ?"
        beside = f"SELECT n FROM main.memories WHERE conversation = ? AND session IS ? AND turn = ? AND {spoken} AND {IS_TURN}"
        found += [n for (n,) in conn.execute(beside, (conversation, session, turn + step, _ANSWERING))]
    return found


def _containing(conn: sqlite3.Connection, text: str) -> Iterator[int]:
    """The turns that contain a text; white space, case and punctuation make no difference."""
    said = plain(text)
    spaceless = grams_expression(text)
    looked_for = list(dict.fromkeys(words(said)))[:_MOST_WORDS]
    expression = spaceless or " AND ".join(f'body : "{word}"' for word in looked_for)
    if not said or not expression:
        return
    for n, content in _matching(conn, expression, IS_TURN):
        there = plain(content)
        if said in there if spaceless else f" {said} " in f" {there} ":
            yield n


def plain(text: str) -> str:
    """The words alone, for comparing."""
    return " ".join(_WORD.findall(text.lower()))


def _matching(conn: sqlite3.Connection, expression: str, condition: str) -> list[tuple[int, str]]:
    """Row and content of the memories, hot or cold, that match an FTS5 expression and a condition."""
    found: list[tuple[int, str]] = []
    for index in ("fts", "cold_fts"):
        sql = f"""SELECT m.n, m.content, c.body FROM main.{index} CROSS JOIN main.memories m ON m.n = {index}.rowid
                  LEFT JOIN main.cold c ON c.n = m.n WHERE {index} MATCH ? AND {condition}"""
        found += [
            (n, content if body is None else rows.unpacked(body)) for n, content, body in conn.execute(sql, (expression,))
        ]
    return found


def _own_words(conn: sqlite3.Connection, text: str, ended: Mapping[str, Ended], now: str) -> Iterator[str]:
    """The longest words of a text that no other current memory has; an edited memory counts with its present words."""
    over = {identity for identity, one in ended.items() if one.way != "over" or not _is_current(conn, identity, now)}
    gone = json.dumps(sorted(over))
    left_out = stop_words(language(text))
    long = {word for word in words(text) if len(word) >= _LONG and word not in left_out and not word.isdecimal()}
    for word in sorted(long, key=lambda word: (-len(word), word))[:_MOST_OWN]:
        elsewhere = (
            conn.execute(
                f"""SELECT 1 FROM main.{index} CROSS JOIN main.memories m ON m.n = {index}.rowid WHERE {index} MATCH ?
                    AND state NOT IN ('expired', 'purged') AND (valid_to IS NULL OR valid_to > ?) AND {NO_TURN}
                    AND id NOT IN (SELECT value FROM json_each(?)) LIMIT 1""",
                (f'{{body names}} : "{word}"', now, gone),
            ).fetchone()
            for index in ("fts", "cold_fts")
        )
        if not any(elsewhere):
            yield word


def _is_current(conn: sqlite3.Connection, identity: str, now: str) -> bool:
    sql = (
        "SELECT 1 FROM main.memories WHERE id = ? AND state NOT IN ('expired', 'purged') AND (valid_to IS NULL OR valid_to > ?)"
    )
    return conn.execute(sql, (identity, now)).fetchone() is not None


def _with_word(conn: sqlite3.Connection, word: str, *, answers: bool) -> Iterator[int]:
    # An answer that names memories rests on those, and may have the word by chance.
    resting_on_none = f"speaker = '{_ANSWERING}' AND json_extract(metadata, '$.{RESTS}') IS NULL"
    condition = f"{IS_TURN} AND {resting_on_none}" if answers else IS_TURN
    return (n for n, _ in _matching(conn, f'body : "{word}"', condition))
