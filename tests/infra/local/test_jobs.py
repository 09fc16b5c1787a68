"""Jobs: a row each, one at a time, and nothing left behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memos_cli.errors import Busy, NotFound
from memos_cli.infra.local.jobs import KEPT, Job, Jobs, Pulse, Stopped, began
from tests.patience import PATIENCE


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


def job(cube: Path, number: int = 0, **fields: object) -> Job:
    made = Job("", str(cube), f"cube {number}", "run", "mini", "sam", f"2026-03-02T12:{number:02}:00.000Z")
    return made._replace(**fields)  # type: ignore[arg-type]


def test_a_job_waits_once_for_a_cube_and_a_model(jobs: Jobs, tmp_path: Path) -> None:
    assert jobs.all() == []
    first = jobs.queue(job(tmp_path))
    assert jobs.queue(job(tmp_path)).id == first.id
    other = jobs.queue(job(tmp_path, 1))
    assert [one.id for one in jobs.waiting()] == [first.id, other.id]
    assert jobs.get(first.id[:4]) == first
    with pytest.raises(NotFound):
        jobs.get("zz")
    assert jobs.stop(first)
    assert [one.id for one in jobs.waiting()] == [other.id]


def test_only_one_works_and_what_was_killed_is_taken_up_again(jobs: Jobs, tmp_path: Path) -> None:
    one = jobs.queue(job(tmp_path))
    with jobs.working():
        Pulse(jobs, one, lambda: "2026").set(state="running", pid=os.getpid(), begun=began(os.getpid()))
        assert jobs.busy()
        assert [each.state for each in jobs.all()] == ["running"]
        with pytest.raises(Busy), jobs.working(0.1):
            pass
        with pytest.raises(Busy):
            jobs.require_free()
    assert not jobs.busy()
    assert [each.state for each in jobs.waiting()] == ["interrupted"]


def test_a_worker_hears_that_it_is_to_end(jobs: Jobs, tmp_path: Path) -> None:
    cube = tmp_path / "cube"
    cube.mkdir()
    one = jobs.queue(job(cube))
    pulse = Pulse(jobs, one, lambda: "2026")
    pulse.beat(step=1)
    (jobs.folder / f"{one.id}.stop").touch()
    with pytest.raises(Stopped):
        pulse.beat(step=2)
    (jobs.folder / f"{one.id}.stop").unlink()
    pulse.beat(step=3)
    cube.rmdir()
    with pytest.raises(Stopped):
        pulse.beat(step=4)
    cube.mkdir()
    jobs.forget(one)
    with pytest.raises(Stopped):
        pulse.beat(step=5)
    assert not pulse.wanted


def test_a_damaged_row_is_left_out_and_old_ones_go(jobs: Jobs, tmp_path: Path) -> None:
    jobs.queue(job(tmp_path))
    (jobs.folder / "bad.json").write_text("{", encoding="utf-8")
    (jobs.folder / "worse.json").write_text('{"id": "x"}', encoding="utf-8")
    assert len(jobs.all()) == 1
    for number in range(KEPT + 5):
        jobs.save(job(tmp_path, number % 60, id=f"old{number:03}", state="done"))
    jobs.queue(job(tmp_path, 59))
    assert len([one for one in jobs.all() if one.state == "done"]) == KEPT


WORKER = """
import sys, time
from pathlib import Path
from memos_cli.infra.local.jobs import Job, Jobs, Pulse, Stopped, began
import os, signal
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
jobs = Jobs(Path(sys.argv[1]))
(one,) = jobs.waiting()
with jobs.working(5):
    pulse = Pulse(jobs, one, lambda: "2026")
    pulse.set(state="running", pid=os.getpid(), begun=began(os.getpid()))
    try:
        while True:
            if sys.argv[2] == "hears":
                pulse.beat()
            time.sleep(0.02)
    except Stopped:
        pulse.set(state="stopped")
"""


@pytest.mark.parametrize("how", ["hears", "deaf", "stubborn"])
def test_stopping_ends_the_process(jobs: Jobs, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memos_cli.infra.local.jobs._PATIENCE", 0.5)
    jobs.queue(job(tmp_path))
    jobs.launch([sys.executable, "-c", WORKER, str(tmp_path), how], {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    started = time.monotonic()
    while not (running := [one for one in jobs.all() if one.state == "running"]):
        assert time.monotonic() - started < 30
        time.sleep(0.02)
    (one,) = running
    assert one.pid
    assert one.pid != os.getpid()
    assert jobs.stop(one)
    assert jobs.get(one.id).state == "stopped"
    assert not jobs.busy()
    time.sleep(0.2)
    assert began(one.pid) != one.begun


def test_a_process_is_known_by_when_it_was_started() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mine = began(process.pid)
    assert mine
    assert mine == began(process.pid)
    process.communicate(b"\n", timeout=PATIENCE)
    assert began(process.pid) != mine


@pytest.mark.parametrize("begun", [None, "", "8123456", "Mon Jan  5 10:00:00 2026", "1.00", "nan"])
def test_a_process_that_the_row_does_not_name_is_left_alone(
    jobs: Jobs, tmp_path: Path, begun: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of another number's process, or of rows that an older version wrote: clock ticks, or a date."""
    monkeypatch.setattr("memos_cli.infra.local.jobs._PATIENCE", 0.2)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with jobs.working():
        one = jobs.queue(job(tmp_path))
        Pulse(jobs, one, lambda: "2026").set(state="running", pid=process.pid, begun=begun)
        assert not jobs.stop(jobs.get(one.id))
    assert process.poll() is None
    process.communicate(b"\n", timeout=PATIENCE)
    assert process.returncode == 0
