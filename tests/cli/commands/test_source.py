"""`memos source`, and ticks that read sources, as a person and cron meet them; also killed."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.cli.test_contract import fails
from tests.conftest import Run, start
from tests.talks import turn, write
from tests.trials import trials


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "projects"
    write(folder / "garden" / "s1.jsonl", turn(1, "The pump stands in the cellar.", "2026-03-01T10:00:00.000Z"))
    return folder


def test_a_source_is_added_read_told_of_and_removed(memos: Run, folder: Path) -> None:
    assert "no sources" in memos("source", "list").err
    assert memos("source", "add", str(folder), "--dry-run").out == f"would read {folder} (claude-code)\n"
    assert memos("source", "list", "--json").data == {"sources": []}
    assert memos("source", "add", "projects").out == f"ticks read {folder} (claude-code)\n"
    assert "not read to its end yet" in memos("source", "list").out
    quiet = memos("lifecycle", "tick")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")
    (one,) = memos("source", "list", "--json").data["sources"]
    assert (one["path"], one["kind"], one["is_there"], one["is_read"], one["fault"]) == (
        str(folder),
        "claude-code",
        True,
        True,
        "",
    )
    assert one["taken"] >= 1
    assert one["read_at"]
    assert "cellar" in memos("search", "pump", "--json").data["hits"][0]["content"]
    assert memos("source", "rm", "projects").out == f"ticks read {folder} no longer; its memories stay\n"
    fails(memos("source", "rm", "projects"), 10, "no source")
    memos("undo")
    assert len(memos("source", "list", "--json").data["sources"]) == 1


def test_a_tick_tells_what_it_took_and_doctor_what_it_cannot_read(memos: Run, folder: Path) -> None:
    memos("source", "add", str(folder))
    (cube,) = memos("lifecycle", "tick", "--json").data["cubes"]
    (read,) = cube["sources"]
    assert (read["path"], read["taken"], read["unfinished"], read["fault"]) == (str(folder), 1, False, "")
    assert len(read["command_id"]) == 16
    folder.rename(folder.with_name("away"))
    told = memos("lifecycle", "tick")
    assert told.status == 0
    assert f"default: the source {folder} was not read" in told.err
    assert memos("lifecycle", "tick").err == ""
    assert f"the source {folder} is not read" in memos("doctor").err
    assert memos("doctor", "--json").data["sources"] == [
        {"cube": "default", "path": str(folder), "fault": "it is not there any more; its memories stay"}
    ]
    assert "not there any more" in memos("source", "list").out


def test_what_nothing_reads_is_refused_with_the_way_on(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "shopping.txt").write_text("milk\n")
    fails(memos("source", "add", "shopping.txt"), 2, "no kind that memos imports", "--from")
    fails(memos("source", "add", "nothing"), 2, "cannot read")
    fails(memos("source", "add", "shopping.txt", "--from", "nokind"), 2, "no kind 'nokind'")


@pytest.mark.slow
def test_a_tick_that_is_killed_is_made_good_by_the_next(memos: Run, tmp_path: Path) -> None:
    folder = tmp_path / "projects"
    talk = [turn(n, f"The note with the number {n}.", f"2026-02-01T10:{n // 60 % 60:02}:{n % 60:02}.000Z") for n in range(6000)]
    write(folder / "garden" / "s1.jsonl", *talk)
    memos("add", "The home is there.")
    memos("source", "add", str(folder))
    chance = random.Random(7)
    for _ in range(trials(3, 30)):
        process = start(("lifecycle", "tick"), cwd=tmp_path)
        time.sleep(chance.uniform(0.2, 3.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert memos("lifecycle", "tick").status == 0
    found = memos("list", "--kind", "episode", "-n", "10000", "--json").data["memories"]
    assert sorted(one["external_id"] for one in found) == sorted(f"claude-code:{one['uuid']}" for one in talk)
    assert memos("lifecycle", "tick", "--json").data["cubes"][0]["sources"] == []
    assert memos("doctor").status == 0
