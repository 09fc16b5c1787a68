"""What cannot be looked into is told, and never taken for what is not there."""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Ran, Run
from tests.patience import PATIENCE

READS = (
    ("list",), ("search", "tea"), ("stats",), ("doctor",), ("lifecycle", "tick", "--all"), ("lifecycle", "tick"),
    ("context", "tea"), ("cube", "export", "-o", "out.memcube"), ("show", "abcd"),
)  # fmt: skip


@pytest.fixture
def cubes(memos: Run, home: Path) -> Path:
    memos("add", "I like tea")
    memos("cube", "create", "other")
    return home / "cubes"


def powerless() -> None:
    """Take root's right to read whatever there is; others have none."""
    for right in (1, 2):  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, by PR_CAPBSET_DROP
        ctypes.CDLL(None).prctl(24, right, 0, 0, 0)


def run(arguments: Sequence[str]) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "memos_cli", "--json", *arguments], capture_output=True, text=True, timeout=PATIENCE,
        preexec_fn=powerless if sys.platform == "linux" and os.geteuid() == 0 else None, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("closed", [".", "default"])
def test_a_folder_without_permission(cubes: Path, closed: str) -> None:
    (cubes / closed).chmod(0)
    try:
        for arguments in (*READS, ("add", "more tea")):
            ran = run(arguments)
            assert ran.status in {1, 3, 13}, (arguments, ran)
            assert "Permission denied" in ran.out + ran.err, (arguments, ran)
        if closed == "default":
            (broken,) = json.loads(run(("cube", "list")).out)["data"]["unreadable"]
            assert broken["name"] == "default"
    finally:
        (cubes / closed).chmod(0o700)


@pytest.mark.parametrize("lost", ["cubes", "cubes/default"])
def test_a_link_to_a_disk_that_is_not_mounted(memos: Run, cubes: Path, tmp_path: Path, lost: str) -> None:
    path = cubes.parent / lost
    path.rename(tmp_path / "disk")
    path.symlink_to(tmp_path / "disk")
    assert "I like tea" in memos("list").out
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    for arguments in (*READS, ("add", "more tea")):
        ran = memos("--json", *arguments)
        assert ran.status in {1, 3, 13}, (arguments, ran)
        assert "is a link to" in ran.out + ran.err, (arguments, ran)
    (tmp_path / "unmounted").rename(tmp_path / "disk")
    assert "I like tea" in memos("list").out
    assert memos("doctor").status == 0


def test_a_home_that_is_a_file(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for arguments in (*READS, ("cube", "list"), ("add", "more tea")):
        ran = memos("--json", *arguments, env={"MEMOS_HOME": str(tmp_path / "file")})
        assert (ran.status, ran.error["code"]) == (1, "failure"), (arguments, ran)
        assert "Not a directory" in ran.error["message"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_the_place_of_a_cube_is_not_waited_for(memos: Run, cubes: Path) -> None:
    (cubes / "default" / "cube.db").unlink()
    os.mkfifo(cubes / "default" / "cube.db")
    for arguments in (("list",), ("add", "more tea"), ("doctor",)):
        ran = memos("--json", *arguments)
        assert ran.status == 13, (arguments, ran)
        assert "not a cube" in ran.out + ran.err
