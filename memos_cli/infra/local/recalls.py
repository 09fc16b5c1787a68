"""Recalls and decisions of the scheduler: ids, times and codes in a small file beside the cube, never a text.

The file is no history of the cube: neither reading nor mending a cube needs it, and it may be deleted at any time. So writing
is best effort, as with uses: where the file is locked, damaged or read-only, nothing is recorded. The file is bounded, and a
purge removes every line that names a purged memory.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from memos_cli import modes
from memos_cli.records import NamedTuple

FILE = "recalls.db"
KEPT = {"recall": 5000, "decision": 200}
"""How many lines of each are kept: half a year of 25 recalls a day, and what `scheduler status` counts."""
_SLACK = 100
"""How many more lines may gather before the oldest are deleted, all at once."""


class Recalled(NamedTuple):
    """Memories that were shown or put into a prompt together, at an instant (fixed-width text), best first."""

    at: str
    ids: tuple[str, ...]


class Recalls:
    """The recalls of one cube.

    Args:
        folder: the cube's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def add(self, at: str, ids: Iterable[str]) -> bool:
        """Record a recall; `False` if that failed."""
        return self._write("recall", at, list(dict.fromkeys(ids)))

    def decide(self, at: str, decision: dict[str, Any]) -> bool:
        """Record what the scheduler decided for a request; `False` if that failed.

        Args:
            decision: codes and numbers, and under `forms` the form of each memory by its id.
        """
        return self._write("decision", at, decision)

    def since(self, at: str = "") -> list[Recalled]:
        """The recalls from an instant on, oldest first; empty where there is no file that can be read."""
        return [Recalled(when, tuple(ids)) for when, ids in self._read("recall", at) if isinstance(ids, list)]

    def decisions(self) -> list[tuple[str, dict[str, Any]]]:
        """The decisions with their times, oldest first."""
        return [(when, one) for when, one in self._read("decision", "") if isinstance(one, dict)]

    def forget(self, ids: Iterable[str], *, dry_run: bool = False) -> int:
        """Remove every line that names one of these memories; how many those are.

        Raises:
            OSError: there are such lines, and they could not be removed.
        """
        if not self.path.exists():
            return 0
        gone = set(ids)
        try:
            with self._open() as conn:
                lines = conn.execute("SELECT n, what FROM lines").fetchall()
                doomed = [(n,) for n, what in lines if not gone.isdisjoint(_named(json.loads(what)))]
                if not dry_run:
                    conn.executemany("DELETE FROM lines WHERE n = ?", doomed)
                return len(doomed)
        except (sqlite3.Error, ValueError):
            if not dry_run:
                self.path.unlink(missing_ok=True)  # the whole file may go, the purged ids must
            return 1

    def _write(self, kind: str, at: str, what: object) -> bool:
        try:
            with self._open() as conn:
                newest = conn.execute(
                    "INSERT INTO lines (kind, at, what) VALUES (?, ?, ?)", (kind, at, json.dumps(what))
                ).lastrowid
                if (newest or 0) % _SLACK == 0:
                    oldest = "SELECT n FROM lines WHERE kind = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2"
                    conn.execute(f"DELETE FROM lines WHERE kind = ?1 AND n <= ({oldest})", (kind, KEPT[kind]))  # noqa: S608 -- above
        except sqlite3.OperationalError:  # locked, or read-only
            return False
        except sqlite3.DatabaseError:  # damaged: start a new file
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return False
        return True

    def _read(self, kind: str, at: str) -> Iterator[tuple[str, Any]]:
        if not self.path.exists():
            return
        try:
            with closing(sqlite3.connect(self.path.absolute().as_uri() + "?mode=ro", uri=True, timeout=0)) as conn:
                sql = "SELECT at, what FROM lines WHERE kind = ? AND at >= ? ORDER BY n"
                yield from ((when, json.loads(what)) for when, what in conn.execute(sql, (kind, at)).fetchall())
        except (sqlite3.Error, ValueError, TypeError):
            return

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A transaction without an fsync, since a loss in a power cut does no harm."""
        with suppress(OSError):  # SQLite says what is wrong
            modes.make_file(self.path)
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=0)) as conn:
            conn.execute("PRAGMA synchronous = OFF")
            conn.execute("PRAGMA secure_delete = ON")
            conn.execute("BEGIN IMMEDIATE")
            conn.execute(
                "CREATE TABLE IF NOT EXISTS lines (n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, at TEXT, what TEXT)"
            )
            yield conn
            conn.execute("COMMIT")


def _named(what: object) -> Iterable[str]:
    """The ids in a line: a list of them, or the keys of the decided forms."""
    return what if isinstance(what, list) else what.get("forms", ()) if isinstance(what, dict) else ()
