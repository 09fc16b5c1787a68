"""What the tests of reliability share."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

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


@contextmanager
def read_only(home: Path) -> Iterator[None]:
    """The home as a disk that can only be read."""
    if not can_mount():
        pytest.skip("only root on Linux can mount")
    if subprocess.run(["mount", "--bind", home, home], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", home], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)
