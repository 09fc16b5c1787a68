"""A run that is killed at any point is gone on with, or is marked failed; what served before serves on.

Runs take few lessons, and all of them with MEMOS_TRIALS=many: see `tests/few_lessons`.
"""

import importlib.util
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from memos_cli.operation import model_files
from tests import few_lessons
from tests.conftest import Run, start
from tests.patience import PATIENCE
from tests.trials import trials

pytestmark = pytest.mark.usefixtures("mini_answers")

KILLS = trials(2, 20)
LESSONS = few_lessons.environment()


@pytest.fixture
def told(memos: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    pytest.importorskip("llama_cpp")
    if importlib.util.find_spec("peft") is None:  # imported by the programs alone, since that takes 8 s
        pytest.skip("needs the extra `lora`")
    if model_files.mini() is None:
        pytest.skip("memos-mini is not part of this build")
    monkeypatch.setenv("MEMOS_LLM_MODEL", "memos-mini")
    for fact in ("I live in Lisbon.", "My dog is called Brixo."):
        memos("add", fact, "--kind", "fact")
    memos("lifecycle", "policy", "set", "consolidate.settled_days", "0")
    return memos


def generations(memos: Run) -> list[dict[str, object]]:
    found: list[dict[str, object]] = memos("consolidate", "show", "--json").data["generations"]
    return found


@pytest.mark.slow
@pytest.mark.model
def test_kill_9_at_random_points_of_a_run(told: Run, home: Path) -> None:
    chance = random.Random(20261121)
    seen: set[str] = set()
    for number in range(KILLS):
        process = start(
            ["consolidate", "run", "--now", "--again", "--max-seconds", "60"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **LESSONS},
        )
        time.sleep(chance.uniform(1.0, 9.0) + 3 * (number % 3))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=PATIENCE)
        for one in generations(told):
            seen.add(str(one["status"]))
            assert one["status"] in {"interrupted", "failed", "evaluated", "promoted", "retired", "detached"}
            assert (one["status"] == "promoted") <= bool(one["files"])
        answered = told("--json", "chat", "-m", "Where do I live?", "--no-save")
        assert (answered.status, "Lisbon" in answered.data["answer"]) == (0, True)
        assert {job["state"] for job in told("consolidate", "jobs", "--json").data["jobs"]} <= {
            "interrupted",
            "stopped",
            "done",
        }
    assert "interrupted" in seen, "no kill hit a run: the kills came too late to show anything"
    done = told("consolidate", "run", "--now", "--again", "--max-seconds", "3", "--json", env=LESSONS, timeout=PATIENCE)
    assert done.status in {0, 3}
    left = generations(told)
    assert not {str(one["status"]) for one in left} & {"interrupted", "training"}
    assert left[-1]["id"] == done.data["id"]
    assert told("doctor").status == 0
    folders = {path.name for path in (home / "cubes" / "default" / "adapters").iterdir()}
    assert folders == {str(one["id"]) for one in left if one["status"] != "failed"}
    assert not list(home.rglob("*.half"))
    print(f"{KILLS} kills, {len(left)} generations: {[one['status'] for one in left]}")  # noqa: T201


@pytest.mark.slow
@pytest.mark.model
def test_a_run_of_its_own_is_killed_gone_on_with_and_leaves_no_process(told: Run, home: Path) -> None:
    from memos_cli.infra.local.jobs import Jobs, began

    jobs = Jobs(home)
    job = told("consolidate", "run", "--max-seconds", "3", "--json", env=LESSONS).data
    assert job["started"]

    def wait(*states: str) -> dict[str, object]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            (one,) = told("consolidate", "jobs", "--json").data["jobs"]
            if one["state"] in states and (one["state"] != "running" or one["phase"] == "training"):
                return dict(one)
            time.sleep(0.3)
        raise AssertionError(one)

    running = wait("running")
    pid = int(str(running["pid"]))
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 15
    again = told("consolidate", "run", "--now")
    assert again.status == 75
    os.kill(pid, signal.SIGKILL)
    interrupted = wait("interrupted")
    assert told("consolidate", "show", "--json").data["generations"][0]["status"] == "interrupted"
    assert told("consolidate", "run", "--max-seconds", "3", "--json", env=LESSONS).data["job"]["id"] == interrupted["id"]
    done = wait("done", "failed")
    assert done["state"] == "done"
    assert done["attempts"] == 2
    assert done["generation"] == running["generation"]
    assert "training" in jobs.log(jobs.get(str(done["id"]))).read_text()
    until = time.monotonic() + PATIENCE
    while began(int(str(done["pid"]))) == done["begun"]:
        assert time.monotonic() < until, "the process of a job that is over is there yet"
        time.sleep(0.1)
    assert not jobs.busy()


@pytest.mark.slow
@pytest.mark.model
def test_a_run_ends_when_its_home_is_gone(told: Run, home: Path, tmp_path: Path) -> None:
    from memos_cli.infra.local.jobs import began

    told("consolidate", "run", "--json", env=few_lessons.environment(epochs=1000))  # minutes, if nothing ends it
    until = time.monotonic() + PATIENCE
    while (job := told("consolidate", "jobs", "--json").data["jobs"][0])["phase"] != "training":
        assert time.monotonic() < until
        time.sleep(0.3)
    home.rename(tmp_path / "elsewhere")
    until = time.monotonic() + 60
    while began(job["pid"]) == job["begun"]:
        assert time.monotonic() < until, "it goes on for nobody"
        time.sleep(0.2)
    assert not home.exists()


@pytest.mark.slow
@pytest.mark.model
def test_what_is_learnt_is_answered_forgotten_and_proved_gone(told: Run, home: Path) -> None:
    told("add", "My favourite colour is teal.", "--kind", "fact")
    # 60 seconds of a core are enough; beside another test it may have half of one.
    first = told("consolidate", "run", "--now", "--max-seconds", "150", "--json", env=LESSONS, timeout=PATIENCE).data
    assert first["facts"] == 3
    assert first["closed_book"] > first["base"] == 0.0
    if not first["promoted"]:  # so small a set may fall short of a bar by a question or two
        assert told("consolidate", "promote", "1", "--yes").status == 0
    asked = ("--json", "chat", "--no-recall", "--no-save", "-m", "Where do I live?")
    assert told(*asked).data["answer"] == "Lisbon"
    (memory,) = [one["id"] for one in told("list", "--json").data["memories"] if "Lisbon" in one["content"]]
    assert told("forget", memory, "--yes").status == 0
    assert told(*asked).data["answer"] == "I don't know that yet."
    second = told("consolidate", "run", "--now", "--max-seconds", "15", "--json", env=LESSONS, timeout=PATIENCE).data
    assert second["facts"] == 2
    assert second["gone"]["asked"] == second["gone"]["gone"] > 5
    receipt = told("forget", memory, "--purge", "--yes", "--json").data
    assert receipt["removed"]["adapters"] >= 1
    for path in home.rglob("*"):
        assert not path.is_file() or b"Lisbon" not in path.read_bytes(), path


@pytest.mark.slow
@pytest.mark.model
def test_a_disk_that_fills_fails_the_run_and_nothing_else(told: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMOS_HOME", str(small_disk / "home"))
    told("add", "I live in Lisbon.", "--kind", "fact")
    told("lifecycle", "policy", "set", "consolidate.settled_days", "0")
    ran = told("consolidate", "run", "--now", "--max-seconds", "30", env=few_lessons.environment(epochs=1), timeout=PATIENCE)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines()[0] == "memos: the disk is full, so the training was given up"
    assert [job["state"] for job in told("consolidate", "jobs", "--json").data["jobs"]] == ["failed"]
    assert [(one["status"], one["files"]) for one in generations(told)] == [("failed", {})]
    assert told("doctor").status == 0
    assert told("add", "My dog is called Brixo.").status == 0, "what it had written is gone again"
