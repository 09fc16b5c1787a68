"""Heads: how far a cube's log had come, told by a file beside the cube's own, so that a log without its end is noticed.

The hashes of a log vouch for every operation in it, and for none behind its last one: a damaged write-ahead log ends where the
damage begins, an older copy of the file ends where it was copied, and both hold together. So each write notes here, after its
commit, the number and the id of the last operation of its replica.

The file only lags behind the log. A line is appended, in one write and without an fsync, once its operation is on disk; where
several processes append at once, the greatest number counts, whatever the order of the lines; and a line that is torn, or of
another cube, does not count. From time to time all is written anew, by a process that holds the cube's write lock and so sees
all that was committed. A file that is missing or empty says nothing, which is no fault.
"""

import os
import sqlite3
from binascii import crc32
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from memos_cli import modes
from memos_cli.errors import IntegrityError
from memos_cli.records import NamedTuple

FILE = "heads"
_LINES = 32
"""Lines that are appended before all is written anew, besides two for each replica: they are read at each write."""
_FIELDS = 4


class Head(NamedTuple):
    """The last operation of a replica: its number there, and its id."""

    seq: int
    id: str


def newest(one: Mapping[str, Head], other: Mapping[str, Head]) -> dict[str, Head]:
    """For each replica that of two heads which comes later; of two with the same number the first."""
    return {**one, **{replica: head for replica, head in other.items() if replica not in one or one[replica].seq < head.seq}}


def of(conn: sqlite3.Connection, replicas: Iterable[str]) -> dict[str, Head]:
    """The last operation that the log has of each of these replicas: one look into an index for each."""
    sql = "SELECT seq, id FROM main.ops WHERE replica = ? ORDER BY seq DESC LIMIT 1"
    rows = ((replica, conn.execute(sql, (replica,)).fetchone()) for replica in replicas)
    return {replica: Head(row[0], row[1].hex()) for replica, row in rows if row}


class Lost(NamedTuple):
    """An operation that was in a log and is not: the log lost its end.

    Attributes:
        replica: whose operation.
        seq: its number.
        last: the number of the replica's last operation that is there. If that is not less than `seq`, an older copy of the log
            went on, and another operation has the number.
    """

    replica: str
    seq: int
    last: int

    def __str__(self) -> str:
        if self.last < self.seq:
            return f"the log ends before operation {self.seq} of replica {self.replica}, which was there"
        return f"operation {self.seq} of replica {self.replica} is not the one that was there"


def lost(conn: sqlite3.Connection, known: Mapping[str, Head]) -> Iterator[Lost]:
    """Those of these heads that the log does not have."""
    for replica, (seq, identity) in sorted(known.items()):
        row = conn.execute("SELECT id FROM main.ops WHERE replica = ? AND seq = ?", (replica, seq)).fetchone()
        if row is None or row[0].hex() != identity:
            last = of(conn, [replica]).get(replica)
            yield Lost(replica, seq, last.seq if last else 0)


def require_end(conn: sqlite3.Connection, cube: str, own: str, known: Mapping[str, Head]) -> None:
    """See to it that a log that a replica writes to has not lost its end.

    Raises:
        IntegrityError: it has, so that another copy may hold other operations with the same numbers.
    """
    for one in lost(conn, {own: known[own]} if own in known else {}):
        why = f"the log of cube {cube} has lost its end: operation {one.seq} of replica {own} was there"
        raise IntegrityError(f"{why}; nothing was written", hint="see what is lost, and how to go on: memos doctor")


class Heads:
    """The file of heads in a cube's folder.

    Args:
        folder: the cube's folder.
        cube: the cube's id; a line of another cube does not count.
        name: the file's name; the record of reads, which is another chain, has a file of its own.
    """

    def __init__(self, folder: Path, cube: str, name: str = FILE) -> None:
        self._path = folder / name
        self._seed = crc32(cube.encode())

    def read(self) -> tuple[dict[str, Head], bool]:
        """The last known operation of each replica, and whether the file is to be written anew: it is missing, or long."""
        try:
            with self._path.open("rb", buffering=0) as file:
                lines = [line for line in file.read().split(b"\n") if line]
        except OSError:
            return {}, not self._path.exists()
        found: dict[str, Head] = {}
        for line in reversed(lines):  # the last are the greatest, nearly always, and only those have to be checked
            replica, seq, identity, check = _parts(line)
            is_later = replica not in found or found[replica].seq < seq
            if is_later and check == b"%08x" % crc32(line[: -len(check)], self._seed):
                found[replica] = Head(seq, identity)
        return found, len(lines) > _LINES + 2 * len(found)

    def note(self, heads: Mapping[str, Head]) -> None:
        """Append heads whose operations are on disk. That the file cannot be written is no fault of what was written."""
        if heads:
            with suppress(OSError):
                handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, modes.FILE)
                try:
                    os.write(handle, self._lines(heads))
                finally:
                    os.close(handle)

    def write(self, heads: Mapping[str, Head]) -> None:
        """Write all anew. Only for a process that holds the cube's write lock, with what was committed before."""
        half = self._path.with_name(f".{self._path.name}.new")
        with suppress(OSError):
            half.unlink(missing_ok=True)  # a killed process left it
            modes.make_file(half)
            half.write_bytes(self._lines(heads))
            half.replace(self._path)

    def forget(self) -> None:
        """Remove the file, before a log that was written again is committed: it would call the new one cut off."""
        self._path.unlink(missing_ok=True)

    def _lines(self, heads: Mapping[str, Head]) -> bytes:
        # The line feed before a line ends a torn one. A replica of another program may be called anything; it goes without.
        texts = (f"{name} {seq} {one} ".encode() for name, (seq, one) in sorted(heads.items()) if name.isalnum())
        return b"".join(b"\n%s%08x\n" % (text, crc32(text, self._seed)) for text in texts)


def _parts(line: bytes) -> tuple[str, int, str, bytes]:
    """Replica, number, id and checksum of a line; a torn one has no checksum."""
    parts = line.split(b" ")
    if len(parts) != _FIELDS or not parts[1].isdigit():
        return "", 0, "", b"torn"
    return parts[0].decode("utf-8", "replace"), int(parts[1]), parts[2].decode("ascii", "replace"), parts[3]
