"""What the tests of the command line share: lines to add, the file of a cube, a terminal, and a lock that is held."""

import json
import os
import pty
import select
import sqlite3
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import start
from tests.patience import PATIENCE


def jsonl(*rows: dict[str, Any] | str) -> str:
    """JSON Lines of dictionaries; a string is a line as it stands."""
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def cube_file(home: Path, cube: str = "default") -> Path:
    return home / "cubes" / cube / "cube.db"


def operations(home: Path, cube: str = "default") -> int:
    """How many operations the log of a cube holds, read by SQLite alone."""
    conn = sqlite3.connect(cube_file(home, cube))
    try:
        return int(conn.execute("SELECT count(*) FROM ops").fetchone()[0])
    finally:
        conn.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock of a cube."""
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        conn.execute("BEGIN IMMEDIATE")
        yield
        conn.execute("ROLLBACK")
    finally:
        conn.close()


def written(terminal: int, *, within: float | None = None) -> Iterator[bytes]:
    """What is written to a terminal, until its last writer has gone, or is silent for `within` seconds."""
    while select.select([terminal], [], [], within)[0]:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux says so when the last writer has gone
            return
        if not chunk:
            return
        yield chunk


def on_terminal(
    arguments: Sequence[str], *, say: str = "", size: tuple[int, int] | None = None, **variables: str
) -> tuple[int, str]:
    """Exit status and all that a run shows on a terminal of its own, of so many lines and columns; `say` is typed ahead."""
    ours, theirs = pty.openpty()
    if size is not None:
        termios.tcsetwinsize(theirs, size)
    environ = {**os.environ, "TERM": "xterm-256color", **variables}
    process = start(arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    if say:
        os.write(ours, say.encode())
    shown = b"".join(written(ours))
    os.close(ours)
    return process.wait(PATIENCE), shown.decode()
