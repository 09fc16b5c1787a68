"""A home that can only be read tells all that was committed, or says why it cannot; whatever lies beside its cube."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.reliability.helpers import read_only

TOLD = ("I am vegan", "The ferry leaves at nine", "The heron nests by the weir")
WRITES_AND_DIES = """
import os, signal
from memos_cli import MOS
mos = MOS()
mos.add({content!r})
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def log_left(memos: Run, home: Path) -> Path:
    """A home whose last writer was killed right after its answer, so that what it wrote is in the write-ahead log alone."""
    for content in TOLD[:2]:
        memos("add", content)
    killed = subprocess.run([sys.executable, "-c", WRITES_AND_DIES.format(content=TOLD[2])], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (home / "cubes/default/cube.db-wal").stat().st_size > 0
    shutil.rmtree(home / "cache", ignore_errors=True)
    return home


def rescued(memos: Run, tmp_path: Path) -> None:
    """A list, a search, an export and the doctor see all three memories."""
    listed = memos("list", "--json")
    assert (listed.status, {one["content"] for one in listed.data["memories"]}) == (0, set(TOLD)), listed.err
    assert memos("search", "--lexical", "heron").out.strip().endswith(TOLD[2])
    file = tmp_path / "saved.memcube"
    exported = memos("cube", "export", "-o", str(file), "--json")
    assert (exported.status, exported.data["counts"]["memories"]) == (0, 3), exported.err
    assert memos("doctor").status == 0
    came = memos("cube", "import", str(file), "--name", "back", env={"MEMOS_HOME": str(tmp_path / "other")})
    assert (came.status, "3 memories" in came.out) == (0, True)


def test_what_a_killed_writer_left_in_the_log_is_read(memos: Run, log_left: Path, tmp_path: Path) -> None:
    with read_only(log_left):
        rescued(memos, tmp_path)


def test_a_copied_home_without_the_shared_memory_file_is_read_whole(memos: Run, log_left: Path, tmp_path: Path) -> None:
    (log_left / "cubes/default/cube.db-shm").unlink()
    with read_only(log_left):
        rescued(memos, tmp_path)
        said = memos("add", "This cannot be kept")
        assert (said.status, said.out, "cannot write to the cube" in said.err) == (1, "", True)


def test_a_reader_that_holds_the_log_hides_nothing(memos: Run, home: Path, tmp_path: Path) -> None:
    memos("add", TOLD[0])
    with closing(sqlite3.connect(home / "cubes/default/cube.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM memories").fetchone()
        for content in TOLD[1:]:
            memos("add", content)
        shutil.rmtree(home / "cache", ignore_errors=True)
        with read_only(home):
            rescued(memos, tmp_path)


def test_no_private_copy_is_left(memos: Run, log_left: Path, tmp_path: Path) -> None:
    (log_left / "cubes/default/cube.db-shm").unlink()
    place = tmp_path / "temporary"
    place.mkdir()
    with read_only(log_left):
        assert memos("list", env={"TMPDIR": str(place)}).out.count("\n") == 3
    assert list(place.iterdir()) == []


def test_without_room_for_a_copy_it_refuses_and_says_why(memos: Run, log_left: Path, small_disk: Path) -> None:
    (log_left / "cubes/default/cube.db-shm").unlink()
    (small_disk / "fill").write_bytes(bytes(shutil.disk_usage(small_disk).free - 40_000))
    with read_only(log_left):
        ran = memos("list", env={"TMPDIR": str(small_disk)})
        assert (ran.status, ran.out) == (1, "")
        assert "write-ahead log" in ran.err
        assert "TMPDIR" in ran.err
