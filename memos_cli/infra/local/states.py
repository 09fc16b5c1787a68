"""Slots on disk: states of a language model after the beginning of a prompt, each with a record of what it was made from.

Slots are a cache: nothing here is the only copy of anything, and a doubtful slot is removed. A state is a file of its own,
written once and never modified. Its record is a row of a small SQLite index beside it, since rows survive `kill -9`, keep a
quota among several processes and count uses without a rewrite. A writer holds the index's write lock from before the state is
saved until its row is committed, so a file without a row was left by a killed process, and is removed.

A state is handed out only after its SHA-256 was compared with the record's, and the record with its own seal: llama.cpp ends
the process on a damaged file, and trusts an undamaged one.
"""

import json
import os
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli import modes
from memos_cli.errors import Busy, IntegrityError, MemosError
from memos_cli.infra import files
from memos_cli.model import Part, Slot

INDEX = "index.db"
_SUFFIX = ".state"
_VERSION = 1
_WAIT = 2.0
"""Seconds that a write waits for another process that is saving a state; this is only a cache."""
_SCHEMA = """
CREATE TABLE slots (id TEXT PRIMARY KEY, principal TEXT NOT NULL, covers TEXT NOT NULL, name TEXT NOT NULL,
                    fingerprint TEXT NOT NULL, identity TEXT NOT NULL, ids BLOB NOT NULL, digest TEXT NOT NULL,
                    bytes INTEGER NOT NULL, created TEXT NOT NULL, last TEXT NOT NULL, uses INTEGER NOT NULL,
                    seal TEXT NOT NULL);
CREATE TABLE parts (slot TEXT NOT NULL REFERENCES slots ON DELETE CASCADE, cube TEXT NOT NULL, memory TEXT NOT NULL,
                    version INTEGER NOT NULL);
CREATE INDEX parts_memory ON parts (memory);
CREATE INDEX parts_slot ON parts (slot);
"""
_COLUMNS = "id, principal, covers, name, fingerprint, identity, ids, digest, bytes, created, last, uses, seal"


class Label(NamedTuple):
    """What a state to be saved was made from, and for whom.

    Attributes:
        principal: who may use it.
        covers: `core`, `topics` or `conversation`.
        name: the conversation, or the scene that chose the memories; empty for the core.
        identity: of the model, as `Stateful.identity` returns it.
        ids: the tokens that the state follows.
        parts: the memories whose words are in it.
    """

    principal: str
    covers: str
    name: str
    identity: dict[str, str]
    ids: Sequence[int]
    parts: tuple[Part, ...]


def fingerprint(identity: dict[str, str]) -> str:
    """One SHA-256 over all that a state depends on besides its tokens."""
    return files.digest_of(json.dumps(identity, sort_keys=True).encode())


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """The length of the common beginning of two arrays; by halving, since comparing slices is C and a loop is not."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Store:
    """The slots in one folder.

    Args:
        folder: where they lie; made with the first one.
        quota: the most bytes of all slots together.
    """

    def __init__(self, folder: Path, quota: int) -> None:
        self.folder = folder
        self.quota = quota

    @property
    def exists(self) -> bool:
        """Whether there may be any; cheap, so callers ask this first."""
        return (self.folder / INDEX).exists()

    def path(self, slot: Slot) -> Path:
        """The path of the state."""
        return self.folder / f"{slot.id}{_SUFFIX}"

    # -- reading

    def all(self) -> list[Slot]:
        """Every slot, the last used first.

        A slot without its file does not count: a process killed while making room leaves the record, and the next writer
        removes it.

        Raises:
            IntegrityError: the index is damaged.
            Busy: another process held its lock for too long.
        """
        return [slot for slot in self._select("TRUE ORDER BY last DESC, id", ()) if self.path(slot).exists()]

    def of(self, principal: str, mark: str) -> list[Slot]:
        """The slots of this principal for the model with the fingerprint `mark`; raises as `all`."""
        return self._select("principal = ? AND fingerprint = ? ORDER BY last DESC, id", (principal, mark))

    def holding(self, memories: Iterable[str]) -> list[Slot]:
        """The slots that contain one of these memories; raises as `all`."""
        wanted = json.dumps(list(memories))
        return self._select("id IN (SELECT slot FROM parts WHERE memory IN (SELECT value FROM json_each(?)))", (wanted,))

    def _select(self, condition: str, values: tuple[Any, ...]) -> list[Slot]:
        if not self.exists:
            return []
        with self._opened() as conn:
            rows = conn.execute(f"SELECT {_COLUMNS} FROM slots WHERE {condition}", values).fetchall()  # noqa: S608
            return [self._slot(conn, row) for row in rows]

    def _slot(self, conn: sqlite3.Connection, row: tuple[Any, ...]) -> Slot:
        parts = conn.execute("SELECT cube, memory, version FROM parts WHERE slot = ? ORDER BY rowid", (row[0],))
        ids: array[int] = array("i")
        try:
            ids.frombytes(row[6])
            identity = json.loads(row[5])
        except (ValueError, TypeError):
            raise _damaged(f"slot {str(row[0])[:8]} has no readable record") from None
        held = tuple(Part(*part) for part in parts)
        fields: tuple[Any, ...] = (*row[:5], identity, ids, held, *row[7:])
        return Slot._make(fields)

    def checked(self, slot: Slot) -> Path | None:
        """The file of the state, if it and its record are as they were written; otherwise `None`, and the slot is removed."""
        if self.fault(slot) is None:
            return self.path(slot)
        with suppress(MemosError):
            self.remove([slot.id])
        return None

    def fault(self, slot: Slot) -> str | None:
        """What is wrong with a slot, whichever principal made it."""
        if slot.seal != _seal(slot) or slot.fingerprint != fingerprint(dict(slot.identity)):
            return "its record was changed"
        try:
            digest = files.digest(self.path(slot))
        except OSError:
            return "its file is gone"
        return None if digest == slot.digest else "its file was changed"

    # -- writing

    def has_room(self, size: int) -> bool:
        """Whether a state of so many bytes could be saved, in place of others if need be."""
        return 0 < size <= self.quota

    def keep(self, label: Label, save: Callable[[Path], int], now: str) -> Slot | None:
        """Save a state, in place of an older one of the same name; `None` where it cannot be saved.

        Args:
            label: what it was made from.
            save: writes the state to a path and returns its size in bytes; 0 where there is none.
            now: the time.

        Raises:
            IntegrityError: the index is damaged.
            Busy: another process held its lock for too long.
            OSError: the disk is full, or the folder is read-only.
        """
        if self.quota <= 0 or not label.ids:
            return None
        modes.make_folder(self.folder)
        name = os.urandom(8).hex()
        half, whole = self.folder / f".{name}", self.folder / f"{name}{_SUFFIX}"
        with self._writing() as conn:
            self._sweep(conn)
            try:
                modes.make_file(half)
                slot = self._saved(half, save, label, name, now)
                if slot is None:
                    return None
                same = "principal = ? AND covers = ? AND name = ? AND fingerprint = ?"
                old = conn.execute(f"SELECT id FROM slots WHERE {same}", (*slot[1:5],))  # noqa: S608 -- the line above
                self._drop(conn, [identity for (identity,) in old])
                self._make_room(conn, slot.bytes)
                half.replace(whole)
                files.sync_folder(self.folder)
                _insert(conn, slot)
            finally:
                half.unlink(missing_ok=True)
        return slot

    def _saved(self, half: Path, save: Callable[[Path], int], label: Label, name: str, now: str) -> Slot | None:
        if not save(half) or not self.has_room(half.stat().st_size):
            return None
        with half.open("rb+") as file:
            os.fsync(file.fileno())
        digest = files.digest(half)
        mark, size = fingerprint(label.identity), half.stat().st_size
        slot = Slot(
            name, *label[:3], mark, label.identity, array("i", label.ids), label.parts, digest, size, now, now, 0, ""
        )  # fmt: skip
        return slot._replace(seal=_seal(slot))

    def _make_room(self, conn: sqlite3.Connection, size: int) -> None:
        """Remove the slots used least recently until so many more bytes fit."""
        (taken,) = conn.execute("SELECT coalesce(sum(bytes), 0) FROM slots").fetchone()
        for identity, least in conn.execute("SELECT id, bytes FROM slots ORDER BY last, uses, id").fetchall():
            if taken + size <= self.quota:
                return
            self._drop(conn, [identity])
            taken -= least

    def _drop(self, conn: sqlite3.Connection, slots: Iterable[str]) -> None:
        """Files first: a row without its file is useless, while a file without its row would escape the quota."""
        for identity in slots:
            (self.folder / f"{identity}{_SUFFIX}").unlink(missing_ok=True)
            conn.execute("DELETE FROM slots WHERE id = ?", (identity,))

    def used(self, slot: Slot, now: str) -> None:
        """Count a use. Best effort: without an fsync, and skipped while another process is writing."""
        with suppress(MemosError), self._opened() as conn:
            conn.execute("PRAGMA synchronous = OFF")
            conn.execute("PRAGMA busy_timeout = 0")
            conn.execute("UPDATE slots SET uses = uses + 1, last = max(last, ?) WHERE id = ?", (now, slot.id))

    def remove(self, slots: Iterable[str], *, erase: bool = False) -> int:
        """Remove slots; how many there were.

        Args:
            slots: their ids.
            erase: also erase every byte of their records from the index.

        Raises:
            IntegrityError: the index is damaged.
            Busy: another process held its lock for too long.
        """
        if not self.exists:
            return 0
        with self._writing() as conn:
            known = {identity for (identity,) in conn.execute("SELECT id FROM slots")}
            doomed = [identity for identity in slots if identity in known]
            self._drop(conn, doomed)
            self._sweep(conn)
        if erase:
            with self._opened() as conn:
                conn.execute("VACUUM")
        return len(doomed)

    def clear(self) -> None:
        """Remove everything, even if the index is unreadable."""
        if self.folder.is_dir():
            for path in sorted(self.folder.iterdir(), key=lambda path: path.name.startswith(INDEX)):
                path.unlink(missing_ok=True)

    def _sweep(self, conn: sqlite3.Connection) -> None:
        """Remove files without a row and rows without a file. Only the holder of the write lock may: nobody else is writing."""
        known = {f"{identity}{_SUFFIX}": identity for (identity,) in conn.execute("SELECT id FROM slots")}
        here = {path.name for path in self.folder.iterdir() if path.is_file() and not path.name.startswith(INDEX)}
        for name in here - set(known):
            (self.folder / name).unlink(missing_ok=True)
        for name in set(known) - here:
            conn.execute("DELETE FROM slots WHERE id = ?", (known[name],))

    # -- the index

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The write transaction; the system releases its lock when a process ends, however it ends."""
        with self._opened() as conn:
            conn.execute("BEGIN IMMEDIATE")
            try:
                yield conn
                conn.execute("COMMIT")
            finally:
                if conn.in_transaction:
                    conn.execute("ROLLBACK")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        place = self.folder / INDEX
        try:
            with suppress(OSError):  # SQLite says what is wrong
                modes.make_file(place)
            conn = sqlite3.connect(place, isolation_level=None, timeout=_WAIT)
            try:
                conn.execute("PRAGMA secure_delete = ON")
                conn.execute("PRAGMA foreign_keys = ON")
                if conn.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                    _create(conn)
                yield conn
            finally:
                conn.close()
        except sqlite3.Error as error:
            said = " ".join(str(error).split())
            if isinstance(error, sqlite3.OperationalError) and ("locked" in said or "busy" in said):
                raise Busy("another process is writing a slot", hint="try again later") from None
            raise _damaged(f"the index of the slots cannot be used: {said}") from None


def _create(conn: sqlite3.Connection) -> None:
    """Make the tables, or replace those of another version; `_sweep` then removes the states that they listed."""
    conn.execute("BEGIN IMMEDIATE")
    if conn.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        for table in ("parts", "slots"):
            conn.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in filter(str.strip, _SCHEMA.split(";")):
            conn.execute(statement)
        conn.execute(f"PRAGMA user_version = {_VERSION}")
    conn.execute("COMMIT")


def _insert(conn: sqlite3.Connection, slot: Slot) -> None:
    row = (
        *slot[:5], json.dumps(dict(slot.identity), sort_keys=True), array("i", slot.ids).tobytes(), slot.digest, slot.bytes,
        slot.created_at, slot.last_used_at, slot.uses, slot.seal,
    )  # fmt: skip
    conn.execute(f"INSERT INTO slots ({_COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 -- marks alone
    conn.executemany("INSERT INTO parts VALUES (?, ?, ?, ?)", [(slot.id, *part) for part in slot.parts])


def _seal(slot: Slot) -> str:
    """SHA-256 over the constant part of a record: a flipped bit in the index must not attach a state to another prompt."""
    fixed = [*slot[:5], dict(slot.identity), list(slot.ids), [list(part) for part in slot.parts], slot.digest, slot.bytes]
    return files.digest_of(json.dumps([*fixed, slot.created_at], sort_keys=True).encode())


def _damaged(why: str) -> IntegrityError:
    return IntegrityError(why, hint="they are only a cache; remove them with: memos slot rm --all")
