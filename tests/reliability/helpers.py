"""What the tests of reliability share."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import Run

WRITER = Path(__file__).parent / "writer.py"


def writer(home: Path, name: str, count: int = 0, **options: Any) -> "subprocess.Popen[bytes]":
    """A process of `writer.py`."""
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(home), name, str(count)], stdout=subprocess.PIPE, bufsize=0, **options
    )


def contents(memos: Run) -> dict[str, str]:
    """Id to content of all memories, as `memos list` tells."""
    return {memory["id"]: memory["content"] for memory in memos("list", "--all", "--json").data["memories"]}


def clean(memos: Run) -> None:
    """`memos doctor` finds nothing."""
    ran = memos("doctor", "--json")
    assert ran.status == 0, ran
    assert ran.data["faults"] == 0
    assert all(ran.data["cubes"].values())


def is_locked(path: Path) -> bool:
    """Whether somebody holds the write lock of a cube just now."""
    conn = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return True
    else:
        return False
    finally:
        conn.close()


def can_mount() -> bool:
    """Whether a file system can be mounted here."""
    return sys.platform == "linux" and os.geteuid() == 0
