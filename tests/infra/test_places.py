"""Where cubes lie, and the locks that SQLite has on their files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.errors import IntegrityError, UsageError
from memos_cli.infra import places
from tests.conftest import Run
from tests.patience import PATIENCE

WRITER = """
import os, subprocess, sys
from memos_cli import MOS

{first}
told = subprocess.run([sys.executable, "-m", "memos_cli", "add", "told by another process"], check=True)
mos.add("told after the other one left")
os._exit(9)  # as kill -9 does: nothing is closed
"""
OPENED_TWICE = 'mos = MOS()\nmos.add("told first")\nwith MOS() as other:\n    other.list()'
PURGED = 'mos = MOS()\nmos.purge(mos.add("a zymurgical secret").ids)'
AS_ANOTHER = 'mos = MOS()\nmos.add("told first")\nwith MOS(principal="eve") as other:\n    other.list()'


def test_a_name_lies_in_the_home_and_a_path_where_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places.place(tmp_path / "cubes", "work") == tmp_path / "cubes" / "work"
    assert places.place(tmp_path / "cubes", "./work") == tmp_path / "work"
    assert places.place(tmp_path / "cubes", ".") == tmp_path
    with pytest.raises(UsageError, match="cannot be the name"):
        places.place(tmp_path, "two words")


def test_the_names_are_those_of_folders_with_a_cube_in_them(tmp_path: Path) -> None:
    assert places.names(tmp_path / "none") == []
    for name in ("work", "default", ".half.0123456789ab"):
        (tmp_path / name).mkdir()
        (tmp_path / name / places.FILE).touch()
    (tmp_path / "empty").mkdir()
    assert places.names(tmp_path) == ["default", "work"]


@pytest.mark.parametrize("first", [OPENED_TWICE, PURGED, AS_ANOTHER], ids=["opened twice", "purged", "as another"])
def test_what_reads_beside_sqlite_takes_no_lock_away(first: str, memos: Run, tmp_path: Path) -> None:
    script = tmp_path / "writer.py"
    script.write_text(WRITER.format(first=first), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 9, done.stderr
    told = {one["content"] for one in memos("list", "--json").data["memories"]}
    assert {"told by another process", "told after the other one left"} <= told
    assert memos("doctor").status == 0


def test_a_file_is_looked_at_before_sqlite_touches_it(mos: MOS, home: Path) -> None:
    mos.add("I am vegan now")
    mos.close()
    path = home / "cubes" / "default" / places.FILE
    whole = path.read_bytes()
    path.write_bytes(b"no database" + whole[11:])
    with pytest.raises(IntegrityError, match="not an SQLite file"), places.opening(path):
        pytest.fail("it was opened")
    path.write_bytes(whole[:68] + bytes(4) + whole[72:])
    with pytest.raises(IntegrityError, match="another program"), places.opening(path):
        pytest.fail("it was opened")


def test_what_reads_beside_is_closed_with_the_last_connection(mos: MOS, home: Path) -> None:
    mos.add("I am vegan now")
    path = home / "cubes" / "default" / places.FILE
    assert b"".join(places.parts(path)) == b"".join(places.parts(path))
    which = path.stat().st_dev, path.stat().st_ino
    handle = places._BESIDE[which]
    mos.close()
    assert which not in places._BESIDE
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)
