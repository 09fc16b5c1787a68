"""The record of reads: what principals were given of a cube, and what they were denied; a chain of hashes, as the log is one.

An entry has neither a text nor a query: who, when, by which command, and the ids of the memories. So a purge has nothing to
erase in it. Its id is the SHA-256 of the cube's id, of the id of the entry before it and of its fields, so that none can be
changed, removed, repeated or put in another place unnoticed. That the end was cut off is noticed three ways: the cube keeps a
mark of the last entry, a file beside it keeps another (`infra.heads`), and a person may note an id elsewhere.

The record stays where it was made: no cube file has it, and no merge.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Protocol

from memos_cli.errors import MemosError
from memos_cli.infra import marks
from memos_cli.infra.heads import Head, Heads
from memos_cli.infra.limits import ID_LENGTH
from memos_cli.infra.names import compared
from memos_cli.model import Memory, Part, Slot
from memos_cli.records import NamedTuple

TABLE = """CREATE TABLE reads (
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, at TEXT NOT NULL, principal TEXT NOT NULL, command TEXT NOT NULL,
    purpose TEXT NOT NULL, action TEXT NOT NULL, denied INTEGER NOT NULL, memories TEXT, count INTEGER NOT NULL)"""
"""Makes the table. `memories` is a JSON list of ids, or NULL for all memories of the cube."""
FILE = "read-heads"
"""The file beside the cube that keeps how far the record had come."""
DENIED = "denied"
"""The action of an attempt that was refused, or that asked for what is not there for its principal."""
MARK = "reads"
"""The mark, in the table `cube`, of the last entry: its number and its id. And the name of the chain in `FILE`."""
ANCHOR = "reads_cut"
"""The mark of the last entry that was cut off because it was old: its number and its id, which the next entry chains to."""
CUT = "cut"
"""The action of the entry that says so: its purpose is what `ANCHOR` has, so that nobody cuts entries off without one."""
_MOST = 500
"""Ids in one entry; what gives out more makes several."""
_LEAST = 4
"""Letters of an id from which on it is taken to mean a memory, in an attempt that was denied."""
NONE = Head(0, "")
"""The end of an empty record."""
_DIGITS = 15
_INSERT = "INSERT INTO reads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT n, id, at, principal, command, purpose, action, denied, memories, count FROM reads"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Recorded(Protocol):
    """An open cube whose reads are recorded; a `Vault` is one.

    Attributes:
        folder: the cube's folder.
        name: the cube's name here.
        meta: the identity of the cube.
    """

    folder: Path
    name: str
    meta: dict[str, str]

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection."""

    def derive(self, *, wait: bool = True) -> AbstractContextManager[sqlite3.Connection]:
        """A write transaction on what is not in the log."""

    def reading(self) -> AbstractContextManager[None]:
        """One state of the cube for all reads of the block."""


class ReadEntry(NamedTuple):
    """What somebody was given of a cube, or was denied.

    Attributes:
        n: 1, 2, 3 … in the order of recording.
        id: the hash that the next entry chains to, in hexadecimal.
        at: fixed-width UTC text.
        principal: who asked.
        command: the command, as `cube export`; for a program the method that it called.
        purpose: what it was for, such as `prompt`; empty for a look.
        action: `search`, `show`, `list`, `prompt`, `export`, `denied`, ….
        denied: whether nothing was given.
        memories: the ids of the memories that were given out, or asked for; `None` for all of the cube.
        size: how many that were.
    """

    n: int
    id: str
    at: str
    principal: str
    command: str
    purpose: str
    action: str
    denied: bool
    memories: tuple[str, ...] | None
    size: int


class Getting(NamedTuple):
    """Who is given something, when, and by which command.

    Attributes:
        own: whether the cube is this principal's own: then nothing is waited for, and what cannot be recorded is given all
            the same.
    """

    at: str
    principal: str
    command: str
    own: bool = False


def give(
    vault: Recorded,
    who: Getting,
    action: str,
    value: object,
    known: set[str],
    *,
    purpose: str = "",
    texts: Sequence[str] = (),
    cube: str | None = None,
) -> None:
    """Record the memories of a cube in a value, right before they are given out; nothing where there are none.

    Args:
        vault: the cube.
        who: who gets them.
        action: `DENIED` for an attempt.
        value: what holds them, as `given` finds them, or a function that returns it; `None` for all memories of the cube.
        known: the memories that were recorded already, and are left out; those of the value are added.
        purpose: what they are given out for.
        texts: what was asked for and denied, see `_meant`.
        cube: the name of the only cube that is meant; `None` for all that are open.

    Raises:
        CubeLocked, NotWritable, StorageFull: another's reading cannot be recorded, so nothing is to be given out.
    """
    if cube not in {None, vault.name}:
        return
    value = value() if callable(value) else value
    ids = None if value is None else [one for one in among(vault, given(value)) if one not in known]
    if ids == [] and action != DENIED:
        return
    known.update(ids or ())
    try:
        record(vault, who, action, ids, purpose=purpose, texts=texts)
    except MemosError as error:
        if not who.own:
            why = f"what {who.principal} is given of cube {vault.name} has to be recorded first, and {error.message}"
            raise type(error)(why, hint=error.hint) from error


def record(
    vault: Recorded,
    who: Getting,
    action: str,
    memories: Sequence[str] | None,
    *,
    purpose: str = "",
    texts: Sequence[str] = (),
) -> None:
    """Append to the record, in a transaction of its own; on disk when it returns, unless it is the owner's own.

    Raises:
        CubeLocked: another process writes. NotWritable, StorageFull: it cannot be written.
    """
    heads = Heads(vault.folder, vault.meta["id"], FILE)
    if who.own:  # beside an answer that must not be late: a power cut may cost an entry, as it may cost a use
        vault.conn.execute("PRAGMA synchronous = NORMAL")
    try:
        with vault.derive(wait=not who.own) as conn:
            known, outdated = heads.read()
            if outdated and known:
                heads.write(known)
            n, previous = _end(conn, known)
            for part in _parts(memories if not texts else _meant(conn, texts)):
                many = _all(conn) if part is None else len(part)
                told = None if part is None else _encode(part)
                entry = (who.at, who.principal, who.command, purpose, action, int(action == DENIED), told, many)
                n += 1
                previous = _hash(vault.meta["id"], previous, n, *entry)
                conn.execute(_INSERT, (n, bytes.fromhex(previous), *entry))
            marks.set_mark(conn, MARK, f"{n} {previous}")
    finally:
        if who.own:
            vault.conn.execute("PRAGMA synchronous = FULL")
    if not who.own:  # what is not yet on disk is not told elsewhere
        heads.note({MARK: Head(n, previous)})


def _parts(memories: Sequence[str] | None) -> list[list[str] | None]:
    """The ids of each entry."""
    if memories is None:
        return [None]
    ids = list(memories)
    return [ids[start : start + _MOST] for start in range(0, max(1, len(ids)), _MOST)]


def _all(conn: sqlite3.Connection) -> int:
    """How many memories there are."""
    return int(conn.execute("SELECT count(*) FROM memories WHERE state <> 'purged'").fetchone()[0])


def _meant(conn: sqlite3.Connection, texts: Sequence[str]) -> list[str]:
    """The memories that ids, their beginnings and external ids mean, whether or not who wrote them may see those.

    The same statements run whatever is there: what is hidden takes as long as what is made up.
    """
    by_prefix = "SELECT id FROM main.memories WHERE id >= ? AND id < ? LIMIT 2"
    by_name = """SELECT m.id FROM main.names x JOIN main.memories m ON m.n = x.n
                 WHERE x.sort = 'external_id' AND x.name = ? LIMIT 2"""
    found: dict[str, None] = {}
    for text in texts:
        word = text.strip().lower()
        fits = word.isascii() and word.isalnum() and _LEAST <= len(word) <= ID_LENGTH
        ids = conn.execute(by_prefix, (word, f"{word}~") if fits else ("~", "~")).fetchall()
        named = conn.execute(by_name, (compared(text),)).fetchall()
        if len(meant := ids or named) == 1:
            found[meant[0][0]] = None
    return list(found)


def _hash(*fields: object) -> str:
    from hashlib import sha256  # here, since it loads OpenSSL: 3 ms

    return sha256(_encode(fields).encode("utf-8", "surrogatepass")).hexdigest()


def _last(conn: sqlite3.Connection) -> Head:
    """The last entry."""
    row = conn.execute("SELECT n, id FROM reads ORDER BY n DESC LIMIT 1").fetchone()
    return Head(row[0], row[1].hex()) if row else NONE


def anchor(conn: sqlite3.Connection) -> Head:
    """The last entry that was cut off because it was old; `NONE` where the record is there from the first."""
    return _marked(conn, ANCHOR)


def is_cut(vault: "Recorded") -> bool:
    """Whether entries were cut off because they were old."""
    return anchor(vault.conn).seq > 0


def _marked(conn: sqlite3.Connection, name: str = MARK) -> Head:
    """The last entry as the cube's mark has it."""
    n, _, identity = marks.mark(conn, name).partition(" ")
    return Head(int(n), identity) if n.isdecimal() and len(n) < _DIGITS else NONE


def _end(conn: sqlite3.Connection, known: Mapping[str, Head]) -> Head:
    """The entry that the next one follows: the last that is there, or was there. So a gap stays where some were cut off."""
    noted = known.get(MARK, NONE)
    return max(_last(conn), _marked(conn), noted if noted.seq < 10**_DIGITS else NONE, key=lambda head: head.seq)


# -- what a result gives out


def given(value: object) -> Iterator[tuple[str, str]]:
    """The memories that a result holds, wherever in it they stand: the name of the cube, where it is known, and the id.

    A slot is a record of what was evaluated once; it gives nothing out.
    """
    if isinstance(value, Memory):
        yield value.cube, value.id
    elif isinstance(value, Part):
        yield "", value.memory
    elif isinstance(alike := getattr(value, "alike", None), tuple):  # a hit, and the ids of those that say the same
        yield from (("", str(identity)) for identity in alike)
    for one in () if isinstance(value, Memory | Part | Slot) else _within(value):
        yield from given(one)


def _within(value: object) -> Iterable[object]:
    """What a value is made of; nothing of a text or a number."""
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (tuple, list, set, frozenset)):
        return value
    return (getattr(value, name) for name in getattr(value, "__dataclass_fields__", ()))


def among(vault: Recorded, found: Iterable[tuple[str, str]]) -> list[str]:
    """Those of these memories that are in a cube, each once."""
    sql = "SELECT 1 FROM memories WHERE id = ?"
    there = (one for cube, one in found if cube == vault.name or (not cube and vault.conn.execute(sql, (one,)).fetchone()))
    return list(dict.fromkeys(there))


# -- reading it


class Asked(NamedTuple):
    """Which entries are wanted; an empty field lets all through.

    Attributes:
        since: the earliest time, fixed-width UTC text; `until` likewise, exclusive.
        memory: the id of one of their memories.
        denied: only attempts that were denied.
    """

    since: str | None = None
    until: str | None = None
    principal: str | None = None
    memory: str | None = None
    action: str | None = None
    denied: bool = False


def entries(vault: Recorded, asked: Asked = Asked()) -> Iterator[ReadEntry]:  # noqa: B008 -- it is never changed
    """The entries that are wanted, newest first."""
    clauses, values = ["1"], list[Any]()
    for clause, value in (
        ("at >= ?", asked.since), ("at < ?", asked.until), ("principal = ?", asked.principal), ("action = ?", asked.action),
        ("(memories IS NULL OR instr(memories, ?))", asked.memory and f'"{asked.memory}"'),
        ("denied = ?", asked.denied or None),
    ):  # fmt: skip
        if value is not None:
            clauses.append(clause)
            values.append(value)
    where = " AND ".join(clauses)
    return map(_entry, vault.conn.execute(f"{_SELECT} WHERE {where} ORDER BY n DESC", values))


def _entry(row: tuple[Any, ...]) -> ReadEntry:
    """An entry; what a damaged one says of its memories is left out, as `faults` names it."""
    ids: tuple[str, ...] | None = ()
    with suppress(ValueError, TypeError):
        ids = None if row[8] is None else tuple(map(str, json.loads(row[8])))
    identity = row[1].hex() if isinstance(row[1], bytes) else str(row[1])
    at, principal, command, purpose, action = map(str, row[2:7])
    return ReadEntry(row[0], identity, at, principal, command, purpose, action, bool(row[7]), ids, row[9])


# -- whether it is whole


def last(vault: Recorded) -> Head:
    """The last entry: its number and its id."""
    return _last(vault.conn)


def size(vault: Recorded) -> int:
    """How many entries there are."""
    return int(vault.conn.execute("SELECT count(*) FROM reads").fetchone()[0])


def _rehashed(*fields: object) -> str:
    """The id that these fields hash to; empty for what no entry can hold."""
    try:
        return _hash(*fields)
    except (TypeError, ValueError):
        return ""


def faults(vault: Recorded) -> Iterator[str]:
    """What is wrong with the record, a line each, the first bad entry first."""
    known, _ = Heads(vault.folder, vault.meta["id"], FILE).read()  # before the entries: a writer may go on meanwhile
    conn, start = vault.conn, anchor(vault.conn)
    seq, previous = start
    ids, cuts = {seq: previous}, {f"{NONE.seq} {NONE.id}"}
    ends = [head for head in (_marked(conn), known.get(MARK, NONE)) if head.seq >= max(1, seq)]
    for row in conn.execute(f"{_SELECT} ORDER BY n"):
        n, identity = row[0], row[1].hex() if isinstance(row[1], bytes) else ""
        if n != seq + 1:
            yield f"entry {seq + 1} of the reads is missing" + (f", and all up to {n - 1}" if n > seq + 2 else "")
        elif _rehashed(vault.meta["id"], previous, n, *row[2:]) != identity:
            yield f"entry {n} of the reads is not the one that was recorded"
        if row[6] == CUT:
            cuts.add(row[5])
        if any(n == head.seq for head in ends):
            ids[n] = identity
        seq, previous = n, identity
    if f"{start.seq} {start.id}" not in cuts:
        yield f"the reads up to entry {start.seq} were cut off, and no entry says so"
    for place, head in dict(zip((head.seq for head in ends), ends, strict=True)).items():
        if ids.get(place) != head.id:
            cut = f"entry {seq + 1} of the reads is missing: the record ends before entry {place}, which was there"
            yield cut if place > seq else f"entry {place} of the reads is not the one that was there"
