"""What may be seen of the full-text indexes, kept in step with the log: in memory, and in a file for the next process.

To look at all memories of a large cube takes half a second, so what was found is kept, and after a write only the memories are
looked at that the write touched. What is kept is a cache and never a second truth: it is made anew where the rules are others,
where the log does not go on from the operation that it was made at, and where the rows of the cube were numbered anew. Whether
a memory is shown is asked of the tables themselves all the same; from here come counts, scores and candidates.

The file has row numbers and numbers of words, and neither an id nor a text. It is a temporary file and then a rename, so that
two processes and a crash leave the old one or the new one.
"""

import json
import os
import sqlite3
import sys
import zlib
from array import array
from binascii import crc32
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from memos_cli import modes
from memos_cli.infra import marks
from memos_cli.infra.vault.connection import SeenRows
from memos_cli.infra.vault.lexical import weights
from memos_cli.infra.vault.log import encoded
from memos_cli.records import NamedTuple

FOLDER = "seen"
"""The folder in the cube's own with the files."""
FILED = 2_000
"""Memories of an index from which on a file is kept: up to there all are looked at in 10 ms."""
_LATE = 1_000
"""Operations that a file may lag behind: they are read in some milliseconds."""
_MOST = 50_000
"""Operations after which all is looked at again."""
_FILES = 16
"""The files of a cube: each is for one principal, one index and the rules of one time; the newest are kept."""
_TOTALS, _STRUCTURE = 1, 10
"""The records of a full-text index that FTS5 writes anew at each change of it."""
_FORM = "memos-seen 1"
_TOUCHED = """SELECT DISTINCT m.n FROM main.ops o CROSS JOIN main.memories m ON m.id = o.subject
              WHERE o.n > ? AND o.noun = 'memory'"""


class _Place(NamedTuple):
    """What rows were made of: the last operation and its id, which copy numbered them when, and the state of the index."""

    n: int
    id: str
    numbering: str
    state: str


class KeptIndex:
    """One full-text index, as far as the principal of a connection may see it.

    Args:
        conn: the connection, with its views.
        table: the index.
    """

    def __init__(self, conn: sqlite3.Connection, table: str) -> None:
        self._conn = conn
        self._table = table
        self._known: tuple[str, _Place, SeenRows] | None = None
        self._filed = 0

    def rows(self, asked: str, *, by_log: bool) -> SeenRows:
        """What may be seen now.

        Args:
            asked: who sees, and by which rules: while it is the same, the same memories may be seen.
            by_log: whether that depends on nothing but the log.
        """
        own = not self._conn.in_transaction
        if own:  # the place, the last row and the rows come from several statements: between two of them others may write
            self._conn.execute("BEGIN")
        try:
            place, found, path = self._found(asked, by_log=by_log)
        finally:
            if own:
                self._conn.execute("ROLLBACK")
        self._known = asked, place, found
        if path is not None and place.n - self._filed >= _LATE and not self._conn.in_transaction:
            _write(path, asked, place, found)
            self._filed = place.n
        return found

    def _found(self, asked: str, *, by_log: bool) -> tuple[_Place, SeenRows, Path | None]:
        """The state that is looked at, what may be seen in it, and the file that keeps it where it is worth a file."""
        place = self._place()
        if self._known is not None and self._known[:2] == (asked, place):
            return place, self._known[2], None
        path = self._path(asked) if by_log and weights.documents(self._conn, self._table) >= FILED else None
        before = self._known if self._known is not None and self._known[0] == asked else None
        if before is None and path is not None:
            before = _read(path, asked)
            self._filed = before[1].n if before else 0
        found = self._brought(before[1], before[2], place) if before is not None and by_log else None
        if found is None:
            found, self._filed = _whole(self._conn, self._table), -_LATE
        return place, found, path

    def _place(self) -> _Place:
        n, identity = self._conn.execute("SELECT n, id FROM main.ops ORDER BY n DESC LIMIT 1").fetchone() or (0, b"")
        sql = f"SELECT block FROM main.{self._table}_data WHERE id IN ({_TOTALS}, {_STRUCTURE}) ORDER BY id"
        index = b"".join(block for (block,) in self._conn.execute(sql))
        numbering = f"{marks.mark(self._conn, 'replica')} {marks.mark(self._conn, marks.NUMBERING)}"
        return _Place(n, identity.hex(), numbering, f"{len(index)} {crc32(index)}")

    def _path(self, asked: str) -> Path | None:
        """The file; `None` for a cube that is in memory."""
        file = next((file for _, name, file in self._conn.execute("PRAGMA database_list") if name == "main"), "")
        return Path(file).parent / FOLDER / f"{self._table}-{_digest(asked)[:16]}" if file else None

    def _brought(self, since: _Place, before: SeenRows, now: _Place) -> SeenRows | None:
        """The rows as they are now, of what they were: `None` where that cannot be told by the log."""
        there = self._conn.execute("SELECT id FROM main.ops WHERE n = ?", (since.n,)).fetchone()
        if there is None or there[0].hex() != since.id or since.numbering != now.numbering or now.n - since.n > _MOST:
            return None
        if since.n == now.n:
            return before if since.state == now.state else None
        repaired = "SELECT 1 FROM main.ops WHERE n > ? AND noun = 'repair' LIMIT 1"
        if self._conn.execute(repaired, (since.n,)).fetchone():
            return None
        touched = [n for (n,) in self._conn.execute(_TOUCHED, (since.n,))]
        return _changed(self._conn, self._table, before, touched)


def _whole(conn: sqlite3.Connection, table: str) -> SeenRows:
    """All rows of an index looked at, 1 to 2 µs each."""
    last = _last(conn, table)
    return _with(bytearray(last + 1), array("I", bytes(array("I").itemsize * (last + 1))), 0, _sizes(conn, table))


def _changed(conn: sqlite3.Connection, table: str, before: SeenRows, touched: list[int]) -> SeenRows:
    """What may be seen where only these rows may have changed."""
    more = max(0, _last(conn, table) + 1 - len(before.among))
    among, lengths, words = bytearray(before.among), before.lengths[:], before.words
    among += bytes(more)
    lengths.frombytes(bytes(lengths.itemsize * more))
    for n in touched:
        if n < len(among):
            words -= lengths[n]
            among[n] = lengths[n] = 0
    sizes = _sizes(conn, table, "AND d.id IN (SELECT value FROM json_each(?))", json.dumps(touched))
    return _with(among, lengths, words, sizes)


def _last(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT coalesce(max(id), 0) FROM main.{table}_docsize").fetchone()[0])


def _sizes(conn: sqlite3.Connection, table: str, more: str = "", *values: object) -> Iterator[tuple[int, bytes]]:
    """The rows that may be seen, and how many words FTS5 counted in each of their columns, as it writes that."""
    sql = f"SELECT d.id, d.sz FROM main.{table}_docsize d CROSS JOIN memories m ON m.n = d.id WHERE 1 {more}"
    return conn.execute(sql, values)


def _with(among: bytearray, lengths: "array[int]", words: int, sizes: Iterator[tuple[int, bytes]]) -> SeenRows:
    """Rows that were not there yet, beside those that have so many words together."""
    for n, size in sizes:
        among[n] = 1
        lengths[n] = length = sum(size) if max(size) < 0x80 else sum(weights.numbers(size))
        words += length
    return SeenRows(among, lengths, words)


# -- the file


def _digest(asked: str) -> str:
    from hashlib import sha256  # here, since it loads OpenSSL: 3 ms

    return sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path, asked: str) -> tuple[str, _Place, SeenRows] | None:
    """What a file holds; `None` where there is none, or it is damaged, or of other rules or another form."""
    try:
        head, _, data = path.read_bytes().partition(b"\n")
        form, order, said, count, check, *place = json.loads(head)
        if [form, order, said] != [_FORM, sys.byteorder, _digest(asked)] or check != crc32(encoded(place).encode() + data):
            return None
        raw = zlib.decompress(data)
        among, lengths = bytearray(raw[:count]), array("I", raw[count:])
        found = _Place(*place)
    except (OSError, ValueError, TypeError, zlib.error):
        return None
    return (asked, found, SeenRows(among, lengths, sum(lengths))) if len(lengths) == len(among) == count else None


def _write(path: Path, asked: str, place: _Place, found: SeenRows) -> None:
    """Keep what was found; where the disk would not take it a search is only slower, so that is no error."""
    import tempfile  # 4 ms, and most searches write no file

    data = zlib.compress(bytes(found.among) + found.lengths.tobytes(), 1)
    check = crc32(encoded(list(place)).encode() + data)
    head = encoded([_FORM, sys.byteorder, _digest(asked), len(found.among), check, *place])
    half = ""
    try:
        modes.make_folder(path.parent)
        handle, half = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(head.encode() + b"\n" + data)
        Path(half).replace(path)
        _keep(path.parent, _FILES)
    except OSError:
        if half:
            with suppress(OSError):
                Path(half).unlink(missing_ok=True)


def forget(cube: Path) -> None:
    """Remove the files in the folder of a cube: they are made anew when they are needed."""
    _keep(cube / FOLDER, 0)


def _keep(folder: Path, keep: int) -> None:
    """Remove the files of a folder but for the newest; with none to keep also what a crash left half written."""
    with suppress(OSError):
        files = [path for path in folder.iterdir() if not keep or not path.name.startswith(".")]
        for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)[keep:]:
            path.unlink(missing_ok=True)
