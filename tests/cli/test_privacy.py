"""A home is its owner's alone, whatever the umask says; what an older memos or a hand left open, doctor closes."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli import modes
from tests.conftest import Run
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of files")


@pytest.fixture(autouse=True)
def _open_to_all() -> Iterator[None]:
    """The umask that takes nothing away; programs that a test starts have it too."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(home: Path) -> list[str]:
    """As `find HOME -perm /077` finds them: files and folders with which group or others may do something."""
    found = [home, *home.rglob("*")]
    return [f"{path} {oct(path.lstat().st_mode)}" for path in found if path.lstat().st_mode & 0o077 and not path.is_symlink()]


def test_what_commands_write_is_for_the_owner_alone(memos: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Trip\n\nThe ferry to Texel leaves at half past nine.\n")
    (tmp_path / "more.jsonl").write_text('{"content": "Kim plays the cello"}\n')
    said = [
        ("add", "I am vegan now", "--key", "diet", "--pin"),
        ("add", "--file", "notes.md"),
        ("add", "--jsonl", "more.jsonl"),
        ("search", "ferry"),
        ("config", "set", "search.k", "5"),
        ("key", "new"),
        ("view", "save", "food", "--tag", "food"),
        ("task", "list"),
        ("snapshot", "create", "before"),
        ("cube", "export", "-o", "all.memcube"),
        ("cube", "export", "--redact", "-o", "published.memcube"),
        ("cube", "import", "all.memcube", "--name", "again"),
        ("cube", "merge", "all.memcube"),
        ("cube", "split", "part", "--key", "diet", "--keep"),
        ("lifecycle", "tick", "--all"),
        ("scheduler", "status"),
        ("add", "I am vegan no more", "--key", "diet"),
        ("undo",),
        ("stats",),
    ]
    for arguments in said:
        done = memos(*arguments)
        assert done.status == 0, (arguments, done.err)
        assert open_to_others(home) == [], arguments
    assert stat.S_IMODE(home.stat().st_mode) == modes.FOLDER
    assert stat.S_IMODE((home / "cubes" / "default" / "cube.db").stat().st_mode) == modes.FILE


def test_what_a_model_writes_is_for_the_owner_alone(memos: Run, home: Path) -> None:
    pytest.importorskip("llama_cpp")
    for arguments in (
        ("model", "use", "memos-mini"),
        ("add", "I am vegan now", "--key", "diet", "--pin"),
        ("config", "set", "slots.least", "1"),
        ("chat", "-m", "What am I?"),
        ("slot", "build"),
        ("slot", "list"),
        ("lifecycle", "tick"),
    ):
        done = memos(*arguments)
        assert done.status == 0, (arguments, done.err)
    assert list((home / "cache" / "slots").iterdir())
    assert open_to_others(home) == []


def test_a_wal_is_as_private_as_its_cube(memos: Run, home: Path) -> None:
    import sqlite3

    memos("add", "one")
    conn = sqlite3.connect(home / "cubes" / "default" / "cube.db")
    conn.execute("INSERT OR REPLACE INTO cube VALUES ('test', '1')")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home / "cubes" / "default").iterdir() if path.is_file()}
    conn.close()
    assert {"cube.db-wal", "cube.db-shm"} <= set(found)
    assert set(found.values()) == {modes.FILE}


def test_doctor_closes_a_home_that_was_open(memos: Run, home: Path, tmp_path: Path) -> None:
    memos("add", "one")
    (home / "hooks").mkdir()
    (home / "hooks" / "notify").write_text("#!/bin/sh\n")
    outside = tmp_path / "outside"
    outside.write_text("of somebody else")
    (home / "link").symlink_to(outside)
    subprocess.run(["chmod", "-R", "a+rwX", str(home)], check=True)
    (home / "hooks" / "notify").chmod(0o755)
    outside.chmod(0o644)
    done = memos("doctor")
    assert (done.status, "others could read or write" in done.err) == (0, True)
    assert open_to_others(home) == []
    assert stat.S_IMODE((home / "hooks" / "notify").stat().st_mode) == 0o700
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
    assert "others could" not in memos("doctor").err


@pytest.mark.slow
def test_a_demo_that_makes_the_home_makes_it_for_the_owner_alone(memos: Run, home: Path) -> None:
    assert memos("demo", timeout=PATIENCE).status == 0
    assert home.exists()
    assert open_to_others(home) == []


def test_what_a_person_names_elsewhere_has_the_mode_of_the_umask(memos: Run, tmp_path: Path) -> None:
    os.umask(0o022)
    assert memos("generate", "man", "--to", str(tmp_path)).status == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "man").iterdir()} == {0o644}
