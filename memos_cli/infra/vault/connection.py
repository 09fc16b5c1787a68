"""Opening and making a cube's file, and translating SQLite's errors for a person."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from memos_cli import modes
from memos_cli.errors import CubeLocked, CubeNotFound, IntegrityError, MemosError, NotWritable, StorageFull
from memos_cli.infra import places
from memos_cli.infra.files import sync_folder
from memos_cli.infra.vault import schema

if TYPE_CHECKING:
    from array import array

FILE = places.FILE
BLOBS = "blobs"
SQLITE = sqlite3.sqlite_version
"""The version of SQLite that this program runs with."""
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -65536",
)
_SIGNS_OF_DAMAGE = (
    "malformed", "no such table", "no such column", "decode to UTF-8", "vtable constructor", "unrecognized token",
)  # fmt: skip
"""Parts of SQLite's messages; a cube's own statements are right, so these point at a damaged schema."""
_SHARED_MEMORY = 32768
"""Bytes of disk that SQLite needs beside a file in WAL mode before it can even read it."""
_STEPS = 200_000
"""Steps of SQLite's machine, some hundredths of a second, after which Python looks for signals; see `listen`."""
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.1


class SeenRows:
    """What may be seen of one full-text index.

    Attributes:
        among: for each row number of the index, 1 where it may be seen; `lengths` how many words that memory has.
        words: how many words all of them have.
        counts: of expressions how many memories match, and up to how many were counted.
    """

    def __init__(self, among: bytearray, lengths: "array[int]", words: int) -> None:
        self.among, self.lengths, self.words = among, lengths, words
        self.counts: dict[str, tuple[int, int]] = {}

    @cached_property
    def rows(self) -> list[int]:
        """The row numbers, ascending; many a search needs no list of them, which takes 3 ms for 100,000."""
        return [*compress(range(len(self.among)), self.among)]

    @cached_property
    def documents(self) -> int:
        """How many memories they are."""
        return self.among.count(1)


class OpenCube(Protocol):
    """An open cube, as what reads it takes it; a `Vault` is one. Its connection is for this layer alone."""

    name: str
    """The cube's name here."""

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection."""
        ...

    @property
    def seer(self) -> str:
        """Who sees the cube through this object."""
        ...

    @property
    def sight(self) -> "Narrowed | None":
        """What somebody sees who is not the cube's owner; `None` for the owner."""
        ...


class Narrowed(Protocol):
    """What somebody sees of a cube who is not its owner, as what reads the cube takes it; a `sight.Sight` is one."""

    def seen(self, table: str) -> SeenRows:
        """What may be seen of a full-text index."""
        ...


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as errors of memos.

    Raises:
        CubeLocked: the lock timeout passed.
        StorageFull: the disk is full.
        IntegrityError: the file is damaged, or not a database.
        MemosError: any other fault of the file or the disk.
        KeyboardInterrupt: a signal ended a statement of a connection that listens.
    """
    try:
        yield
    except sqlite3.Error as error:
        if str(error) == "interrupted":
            raise KeyboardInterrupt from error
        raise meaning(error, path) from error
    except UnicodeDecodeError as error:  # SQLite quotes the damaged place of a schema in its message
        raise _damaged(path, str(error)) from error


def meaning(error: sqlite3.Error, path: Path | None = None) -> MemosError:
    """The error of memos for one of SQLite's; `path` is the cube's file, where known."""
    message = " ".join(str(error).split())
    return _meaning(message, path) if isinstance(error, sqlite3.OperationalError) else _damaged(path, message)


def explained(error: BaseException) -> MemosError | None:
    """What an error means to a person, if it is one of SQLite's."""
    return meaning(error) if isinstance(error, sqlite3.Error) else None


def _place(path: Path | None) -> str:
    return f" at {path.parent}" if path else ""


def _damaged(path: Path | None, why: str) -> IntegrityError:
    return IntegrityError(f"the cube{_place(path)} is damaged: {why}", hint="see what is left with: memos doctor")


def _meaning(message: str, path: Path | None) -> MemosError:
    if "locked" in message or "busy" in message:
        return CubeLocked(
            f"the cube{_place(path)} is in use by another process",
            hint="try again, or wait longer with MEMOS_LOCK_TIMEOUT=60",
        )
    # SQLite reports a shared-memory file without room as an I/O error.
    if "full" in message or (("I/O" in message or "readonly" in message) and path and _is_full(path)):
        where = path.parent if path else "the cube"
        return StorageFull(f"the disk that holds {where} is full; nothing was changed", hint="make room and run it again")
    if any(sign in message for sign in _SIGNS_OF_DAMAGE):
        return _damaged(path, message)
    if "readonly" in message or "unable to open" in message:
        return NotWritable(f"cannot write to the cube{_place(path)}: {message}", hint="check the owner and the permissions")
    return MemosError(f"the cube{_place(path)} could not be used: {message}")


def _is_full(path: Path) -> bool:
    import shutil

    try:
        return shutil.disk_usage(path.parent).free < _SHARED_MEMORY
    except OSError:
        return False


Identity = tuple[int, int]
"""Device and inode of a file."""


def identity(path: Path) -> Identity | None:
    """Which file lies at a path; `None` for no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def require_in_place(path: Path, opened: Identity | None) -> None:
    """See to it that the file at a path is still the one that was opened; SQLite goes on writing to one that was removed.

    Raises:
        CubeNotFound: another file lies there, or none.
    """
    if identity(path) != opened:
        raise CubeNotFound(
            f"the cube at {path.parent} was removed, renamed or replaced by another process meanwhile, so nothing was stored",
            hint="see what cubes there are: memos cube list; then run it again, and begin a new chat",
        )


def connect(path: Path) -> sqlite3.Connection:
    """Open a cube's file; the schema is brought up to date first.

    Raises:
        CubeNotFound: there is no such file.
        IntegrityError: the file is not a cube, is damaged, or is newer than this program; it stays unchanged.
    """
    with places.opening(path), translated(path):
        conn, version = _readable(path)
    with translated(path):
        if version < schema.SCHEMA_VERSION:
            try:
                schema.migrate(conn)
            except sqlite3.OperationalError as error:
                if version < schema.READABLE or "readonly" not in str(error):
                    conn.close()
                    raise
                schema.stand_in(conn, version)
    return conn


def _readable(path: Path) -> tuple[sqlite3.Connection, int]:
    """A connection that could read, and the version of the schema."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return _read_only(path)
    try:
        return _open(path)
    except sqlite3.OperationalError:
        if not _is_full(path) or _has_log(path):
            raise
    # A full disk has no room for the shared-memory file. No other process has the cube open then.
    return _open(path, "immutable=1")


def _read_only(path: Path) -> tuple[sqlite3.Connection, int]:
    """A connection to a file that cannot be written, or lies where nothing can be: it sees all that was committed.

    SQLite reads the write-ahead log with the help of the shared-memory file beside it, which only the last to close the cube
    removes. Where there is a log and no such file, the cube was copied or its writer killed, so nobody has it open: a private
    copy is read. Only without a log has the file itself all that was committed.

    Raises:
        MemosError: the log cannot be read.
    """
    try:
        return _open(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if not _has_log(path):
            return _open(path, "immutable=1")
        if path.with_name(f"{path.name}-shm").exists():  # somebody may be writing, and a copy would be torn
            raise MemosError(
                f"the cube at {path.parent} cannot be read in full: its write-ahead log is in use, and {error}",
                hint="read it as the user whose cube it is",
            ) from None
    return _copied(path)


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _copied(path: Path) -> tuple[sqlite3.Connection, int]:
    """A connection to a private copy of a cube's file and its write-ahead log, which nothing but this connection can find.

    Raises:
        MemosError: there is no room for a copy.
    """
    import shutil
    import tempfile

    log = path.with_name(f"{path.name}-wal")
    place = Path(tempfile.mkdtemp(prefix="memos-"))  # for this user alone
    try:
        # Moving the log into the file may make that larger by as much as the log.
        if path.stat().st_size + 2 * log.stat().st_size + _SHARED_MEMORY > shutil.disk_usage(place).free:
            raise MemosError(
                f"the cube at {path.parent} has a write-ahead log, and to read both where nothing can be written takes a copy, "
                f"for which {place.parent} has no room",
                hint="set TMPDIR to a folder on a larger disk, or copy the home to where it can be written",
            )
        for file in (path, log):
            shutil.copyfile(file, place / file.name)
        whole, _ = _open(place / path.name)
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole.close()
        return _open(place / path.name, "immutable=1")  # nothing is written here: it would be lost
    except OSError as error:
        raise MemosError(f"the cube at {path.parent} cannot be copied to be read: {error.strerror or error}") from None
    finally:
        shutil.rmtree(place, ignore_errors=True)  # SQLite goes on reading the file that it has open


def _open(path: Path, how: str = "") -> tuple[sqlite3.Connection, int]:
    """A connection, and the version of the schema; `how` is the query of SQLite's URI, empty for reading and writing."""
    # The path as a URI only where necessary: making one imports urllib.
    if how:
        conn = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=5.0)
    else:
        conn = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    try:
        for pragma in _PRAGMAS:
            conn.execute(pragma)
        return conn, schema.check_version(conn, path)
    except BaseException:
        conn.close()
        raise


def create(folder: Path, meta: dict[str, str]) -> bool:
    """Make a cube's folder, complete or not at all; `False` if another process made it first."""
    modes.make_folder(folder.parent)
    half = folder.with_name(f".{folder.name}.{os.urandom(6).hex()}")
    try:
        modes.make_folder(half / BLOBS)
        with translated(half / FILE):
            fill(half / FILE, meta)
        try:
            half.rename(folder)
        except OSError:
            if not (folder / FILE).exists():
                raise
            return False
        sync_folder(folder.parent)
    except OSError as error:
        raise MemosError(f"cannot make a cube at {folder}: {error.strerror or error}") from None
    else:
        return True
    finally:
        if half.exists():
            _remove(half)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def fill(path: Path, meta: dict[str, str], *, lasting: bool = True) -> None:
    """Make the file of an empty cube in a folder that no other process knows yet.

    Args:
        lasting: whether the file is on disk when this returns, in the journal mode of cubes; a staged cube does that later.
    """
    modes.make_file(path)  # what SQLite puts beside a file has that file's mode
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        conn.execute(f"PRAGMA journal_mode = {'WAL' if lasting else 'OFF'}")
        conn.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'OFF'}")
        schema.create(conn)
        conn.executemany("INSERT INTO cube VALUES (?, ?)", sorted(meta.items()))
    finally:
        conn.close()


def listen(conn: sqlite3.Connection) -> None:
    """Let signals end a long statement too, as `translated` reports; otherwise Python handles them only when it is over.

    An exception from a signal's handler inside SQLite's own call is lost there, and makes the statement fail.
    """
    conn.set_progress_handler(lambda: 0, _STEPS)


MANY = 5_000
"""Operations of a transaction from which on it is given more memory."""


def make_room(conn: sqlite3.Connection) -> None:
    """Let a transaction of many operations keep half a gigabyte of pages in memory.

    Ids and digests are random, so that each operation changes pages all over the indexes. With the memory of other transactions
    those are written and read again and again: 700 memories a second in a cube of a million, and 4,500 with this.
    """
    conn.execute("PRAGMA cache_size = -524288")


def give_back(conn: sqlite3.Connection) -> None:
    """Go back to the memory of other transactions."""
    conn.execute("PRAGMA cache_size = -65536")
    conn.execute("PRAGMA shrink_memory")


def checkpoint(vault: OpenCube) -> bool:
    """Move what stands in the write-ahead log into the cube's file, and empty the log; `False` if another process reads it."""
    busy, *_ = vault.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def begin(conn: sqlite3.Connection, path: Path, timeout: float) -> None:
    """BEGIN IMMEDIATE, retried with growing, jittered pauses, so that many writers do not retry in step.

    Raises:
        CubeLocked: another writer held the lock for `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    conn.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                conn.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    raise _meaning(str(error), path) from error
            else:
                return
            time.sleep(pause * (0.5 + os.urandom(1)[0] / 255))
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    finally:
        conn.execute("PRAGMA busy_timeout = 5000")
