"""A log without its end: `doctor` notices, nothing is written over what is lost, and a copy that has it brings it back."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from memos_cli.infra import heads
from tests.conftest import Run, start
from tests.patience import PATIENCE
from tests.reliability.helpers import clean, contents, writer
from tests.trials import trials

_HEADER, _FRAME = 32, 24
"""Bytes of the header of a WAL, and of that of a frame: https://www.sqlite.org/fileformat2.html#walformat"""
_PAGE = 4096


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "cubes" / "default"


@pytest.fixture
def copied(memos: Run, folder: Path, tmp_path: Path) -> Path:
    """A folder with the cube as it was after two memories; the cube has five by now."""
    for content in ("one", "two"):
        memos("add", content)
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    for content in ("three", "four", "five"):
        memos("add", content)
    return old


def ended(memos: Run) -> list[str]:
    """What `doctor` says about the end of the log; all else is sound."""
    ran = memos("doctor", "--json")
    faults = {check["check"]: check["faults"] for check in ran.data["cubes"]["default"]}
    assert (ran.status == 13) == bool(faults["end"]), ran
    assert [name for name, found in faults.items() if found and name != "end"] == []
    return list(faults["end"])


def test_an_older_copy_of_the_file_is_noticed_and_not_written_to(memos: Run, folder: Path, copied: Path) -> None:
    shutil.copyfile(copied / "cube.db", folder / "cube.db")
    (line,) = ended(memos)
    assert "the log ends before operation 5 of replica" in line
    assert "a damaged WAL, or an older copy" in line
    assert "memos doctor --accept-loss" in memos("doctor").err
    for command in (["add", "six"], ["undo"], ["edit", contents(memos).popitem()[0], "other words"]):
        refused = memos(*command)
        assert refused.status == 13
        assert "has lost its end" in refused.err
        assert "memos doctor" in refused.err
    assert set(contents(memos).values()) == {"one", "two"}
    one = next(identity for identity, content in contents(memos).items() if content == "one")
    assert memos("unpin", one).status == 0, "what writes nothing collides with nothing"


def test_the_loss_is_accepted_with_a_yes_and_a_merge_brings_it_back(
    memos: Run, folder: Path, copied: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "new")
    shutil.copyfile(copied / "cube.db", folder / "cube.db")
    refused = memos("doctor", "--accept-loss")
    assert refused.status == 3
    assert "operations 3 to 5 of replica" in refused.err
    assert "--yes" in refused.err
    assert ended(memos)
    accepted = memos("doctor", "--accept-loss", "--yes", "--json").data["cubes"]["default"]
    (lost,) = accepted["lost"]
    assert (lost["last"], lost["seq"]) == (2, 5)
    assert accepted["replica"] != lost["replica"]
    assert not ended(memos)
    assert memos("add", "six").status == 0
    assert memos("cube", "merge", str(tmp_path / "new")).status == 0
    assert set(contents(memos).values()) == {"one", "two", "three", "four", "five", "six"}
    clean(memos)
    assert memos("review", "--json").data["open"] == 0
    assert memos("doctor", "--accept-loss").out == "no cube has lost anything\n"


def test_a_merge_with_a_copy_that_has_the_end_mends_it_at_once(memos: Run, folder: Path, copied: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "new")
    shutil.copyfile(copied / "cube.db", folder / "cube.db")
    refused = memos("cube", "merge", str(tmp_path / "new"))  # nobody has signed the folder, and it writes in this one's name
    assert (refused.status, "--yes" in refused.err) == (3, True)
    assert memos("cube", "merge", str(tmp_path / "new"), "--yes").status == 0
    assert set(contents(memos).values()) == {"one", "two", "three", "four", "five"}
    clean(memos)
    assert memos("add", "six").status == 0


def test_an_older_copy_that_an_older_memos_went_on_with_is_noticed(memos: Run, folder: Path, copied: Path) -> None:
    told = (folder / heads.FILE).read_bytes()
    shutil.copyfile(copied / "cube.db", folder / "cube.db")
    (folder / heads.FILE).unlink()
    for content in ("third", "fourth", "fifth", "sixth"):
        memos("add", content)
    (folder / heads.FILE).write_bytes(told)
    (line,) = ended(memos)
    assert "operation 5 of replica" in line
    assert "is not the one that was there" in line
    assert memos("add", "seventh").status == 13
    assert memos("doctor", "--accept-loss", "--yes").status == 0
    assert memos("add", "seventh").status == 0
    clean(memos)


def test_a_cube_that_came_in_moves_and_is_copied_without_a_fault(memos: Run, folder: Path, tmp_path: Path) -> None:
    memos("add", "one", "--tag", "kept")
    file = str(tmp_path / "a.memcube")
    assert memos("cube", "export", "-o", file).status == 0
    assert memos("cube", "import", file, "--name", "twin").status == 0
    assert memos("--cube", "twin", "add", "two").status == 0
    assert memos("cube", "merge", "twin").status == 0
    assert memos("cube", "split", "apart", "--tag", "kept").status == 0
    assert memos("cube", "rename", "twin", "other").status == 0
    assert memos("snapshot", "create", "then").status == 0
    (identity,) = memos("add", "to be purged", "--json").data["ids"]
    assert memos("forget", identity, "--purge", "--yes").status == 0
    assert memos("snapshot", "restore", "then").status == 0
    shutil.copytree(folder, folder.with_name("copy"))
    assert {path.name for path in folder.parent.iterdir()} == {"default", "apart", "other", "copy"}
    assert all((place / heads.FILE).is_file() for place in folder.parent.iterdir())
    clean(memos)
    for name in ("default", "apart", "other", "copy"):
        assert memos("--cube", name, "add", f"in {name}").status == 0
    clean(memos)


@pytest.fixture
def killed(memos: Run, home: Path, folder: Path) -> int:
    """How many memories were acknowledged by a writer that was killed, so that they stand in the WAL alone."""
    memos("add", "this makes the cube mine")
    process = writer(home, "a", 100_000)  # it never ends by itself: a writer that ends takes its WAL away
    assert process.stdout is not None
    seen = 0
    while seen < 40:
        seen += process.stdout.readline().startswith(b"ack")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (folder / "cube.db-wal").stat().st_size > 40 * _PAGE
    return seen


@pytest.mark.parametrize("way", ["flip", "truncate", "remove"])
def test_a_damaged_wal_is_noticed_wherever_the_damage_is(
    memos: Run, folder: Path, killed: int, way: str, tmp_path: Path
) -> None:
    good = tmp_path / "good"
    shutil.copytree(folder, good)
    whole = (good / "cube.db-wal").read_bytes()
    frames = (len(whole) - _HEADER) // (_FRAME + _PAGE)
    tries = 1 if way == "remove" else trials(3, 30)
    for number in range(tries):
        shutil.rmtree(folder)
        shutil.copytree(good, folder, ignore=shutil.ignore_patterns("*-shm"))
        place = _HEADER + (frames * (number + 1) // (tries + 1)) * (_FRAME + _PAGE) + 100
        path = folder / "cube.db-wal"
        if way == "remove":
            path.unlink()
        elif way == "truncate":
            os.truncate(path, place)
        else:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
        (line,) = ended(memos)
        assert "the log ends before operation" in line
        assert memos("doctor", "--accept-loss", "--yes").status == 0
        left = len(contents(memos))
        assert left < killed
        assert memos("add", "and on").status == 0
        assert not ended(memos)
        shutil.rmtree(tmp_path / "up to date", ignore_errors=True)
        shutil.copytree(good, tmp_path / "up to date", ignore=shutil.ignore_patterns("*-shm"))
        assert memos("cube", "merge", str(tmp_path / "up to date")).status == 0
        assert len(contents(memos)) >= killed + 1
        clean(memos)


def test_a_writer_that_has_the_cube_open_goes_on_as_the_new_replica(memos: Run, folder: Path, copied: Path) -> None:
    shutil.copyfile(copied / "cube.db", folder / "cube.db")
    chat = start(["chat", "--no-recall"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    accepted = memos("doctor", "--accept-loss", "--yes", "--json").data["cubes"]["default"]
    _, said = chat.communicate(b"remember that I am called Ann\n", timeout=PATIENCE)
    assert chat.returncode == 0, said
    ended_at = {line.split()[0].decode() for line in (folder / heads.FILE).read_bytes().splitlines() if line}
    assert accepted["replica"] in ended_at
    clean(memos)
