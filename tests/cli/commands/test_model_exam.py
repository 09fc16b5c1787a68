"""`memos model use` and its exam, from end to end: with models that llama.cpp runs, and with an endpoint on loopback."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from memos_cli.operation.exam import exam, questions
from memos_cli.operation.exam.questions import ExamQuestion
from memos_cli.operation.prompt.model_request import UNKNOWN
from tests.conftest import ROOT, Run, start
from tests.endpoint import Endpoint, serving
from tests.patience import PATIENCE

ASKED = questions.shipped()
CALLS = exam.calls(ASKED)


def asked_of(body: dict[str, Any]) -> ExamQuestion:
    """The question that a request puts."""
    said = body["messages"][-1]["content"]
    return next(one for one in ASKED if said.endswith(one.question) and all(line.text in said for line in one.memories))


def knowing(body: dict[str, Any]) -> str:
    one = asked_of(body)
    return one.answers[0] if one.answers else UNKNOWN


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with serving(Endpoint(knowing)) as made:
        monkeypatch.setenv("MEMOS_LLM_ENDPOINT", made.url)
        yield made


@pytest.fixture
def plain(home: Path, models: Path) -> Path:
    """A model of which nothing is known."""
    shutil.rmtree(home / "exams")
    return models / "plain.gguf"


def test_a_model_that_does_worse_than_citing_is_told_so_once(memos: Run, home: Path, plain: Path) -> None:
    done = memos("model", "use", str(plain))
    assert (done.status, done.out) == (0, f"llm.model = {plain}\n")
    assert "chat cites your memories instead of asking" in done.err
    assert f"memos model use {plain} --trust" in done.err
    (path,) = (home / "exams").iterdir()
    kept = json.loads(path.read_text())
    assert (kept["trusted"], kept["by"], kept["right"], kept["asked"]) == (False, "exam", 0, 48)
    assert {one["asked"] for one in kept["per_layout"].values()} <= {4, 8, 12}
    shown = memos("model", "info", str(plain))
    assert "chat cites instead" in shown.out
    assert "0 right, " in shown.out
    path.write_text(json.dumps({**kept, "why": "it sat before"}))
    again = memos("model", "use", str(plain), "--json")  # not examined anew
    assert again.data["exam"]["why"] == "it sat before"
    assert memos("model", "use", str(plain), "--exam", "--json").data["exam"]["why"] == kept["why"]


def test_trust_overrides_and_is_shown(memos: Run, plain: Path) -> None:
    done = memos("model", "use", str(plain), "--trust")
    assert (done.status, "whatever an exam says" in done.err) == (0, True)
    card = memos("model", "info", str(plain), "--json").data["exam"]
    assert (card["trusted"], card["by"], card["asked"]) == (True, "trust", 0)
    shown = memos("model", "info", str(plain)).out
    assert "--trust" in shown
    assert "answers" not in shown
    both = memos("model", "use", str(plain), "--exam", "--trust", "--json").data["exam"]
    assert (both["trusted"], both["by"], both["asked"], both["right"]) == (True, "trust", 48, 0)


def test_no_exam_leaves_it_unexamined_and_says_so(memos: Run, home: Path, plain: Path) -> None:
    done = memos("model", "use", str(plain), "--no-exam")
    assert (done.status, done.out) == (0, f"llm.model = {plain}\n")
    assert f"memos model use {plain} --exam" in done.err
    assert not (home / "exams").exists()
    assert memos("model", "info", str(plain), "--json").data["exam"] is None
    assert "none yet" in memos("model", "info", str(plain)).out


def test_an_endpoint_is_examined_after_a_yes_that_names_the_calls(memos: Run, endpoint: Endpoint, home: Path) -> None:
    done = memos("model", "use", "m")
    assert (done.status, done.out) == (0, "llm.model = m\n")
    assert f"which takes {CALLS} calls and a yes (--yes)" in done.err
    assert endpoint.asked == []
    done = memos("model", "use", "m", "--yes")
    assert done.status == 0
    told = re.search(r"chat asks m: it does better than citing your memories: (\d+) of 48 right and 0 wrong", done.err)
    assert told, done.err  # it answers all rightly, and what the guards of chat let stand counts
    assert int(told[1]) >= 30
    assert len(endpoint.asked) == CALLS
    (path,) = (home / "exams").iterdir()
    kept = json.loads(path.read_text())
    assert (kept["trusted"], kept["layout"], kept["bar"], kept["right"]) == (True, exam.CANDIDATES[0], 0.0, int(told[1]))
    assert memos("model", "use", "m", "--json").data["exam"] == kept
    assert len(endpoint.asked) == CALLS


def test_the_layout_is_kept_in_which_it_does_best(memos: Run, endpoint: Endpoint) -> None:
    endpoint.says = lambda body: knowing(body) if "Notes:\n" in body["messages"][-1]["content"] else "Zanzibar"
    card = memos("model", "use", "m", "--yes", "--json").data["exam"]
    assert (card["layout"], card["trusted"]) == ("list", True)
    assert card["per_layout"]["fence"] == {"right": 0, "wrong": 4, "refused": 0, "asked": 4}
    assert card["per_layout"]["list"] == {"right": 12, "wrong": 0, "refused": 0, "asked": 12}


@pytest.mark.parametrize("answered", [CALLS - 40, CALLS - 4])
def test_when_the_time_is_over_what_came_counts_if_it_is_enough(memos: Run, endpoint: Endpoint, answered: int) -> None:
    stop = Event()

    def slow(body: dict[str, Any]) -> str:
        if len(endpoint.asked) > answered:
            stop.wait(PATIENCE)
        return knowing(body)

    endpoint.says = slow
    done = memos("model", "use", "m", "--yes", "--json", env={"MEMOS_LLM_EXAM_SECONDS": "12"})
    stop.set()
    assert done.status == 0
    if answered == CALLS - 4:
        assert (done.data["exam"]["asked"], done.data["exam"]["trusted"]) == (44, True)
        assert "the time was over after 44" in done.err
    else:
        assert done.data["exam"] is None
        assert f"{answered} answers in 12 seconds are too few" in done.err


def test_an_endpoint_that_fails_leaves_the_model_unexamined(memos: Run, endpoint: Endpoint) -> None:
    endpoint.how = "refuse"
    done = memos("model", "use", "m", "--yes")
    assert (done.status, done.out) == (0, "llm.model = m\n")
    assert "m could not be examined: " in done.err
    assert "404: no such model" in done.err


def test_no_module_is_taken_from_the_working_folder(endpoint: Endpoint, tmp_path: Path) -> None:
    """It may be a folder that somebody else filled, and the examiner is a process of its own."""
    for name in ("json", "random", "memos_cli"):
        (tmp_path / f"{name}.py").write_text("open('taken', 'w').close()\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "memos_cli", "model", "use", "m", "--yes"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "llm.model = m\n")
    assert "could not be examined" not in done.stderr
    assert endpoint.asked
    assert not (tmp_path / "taken").exists()


def children(of: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


def alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the children of a process are read from /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_leaves_it_unexamined_and_no_child_outlives_its_parent(endpoint: Endpoint, home: Path, ending: int) -> None:
    stop = Event()
    endpoint.says = lambda body: knowing(body) if len(endpoint.asked) < 5 or stop.wait(PATIENCE) else ""
    process = start(["model", "use", "m", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
    try:
        until = time.monotonic() + PATIENCE
        while len(endpoint.asked) < 5 and time.monotonic() < until:
            time.sleep(0.02)
        found = children(process.pid)
        assert found
        process.send_signal(ending)
        out, err = process.communicate(timeout=PATIENCE)
        while any(map(alive, found)) and time.monotonic() < until:
            time.sleep(0.02)
        assert not any(map(alive, found))
    finally:
        stop.set()
        process.kill()
    assert not (home / "exams").exists()
    if ending == signal.SIGINT:
        assert (process.returncode, out) == (0, b"llm.model = m\n")
        assert b"the exam was stopped" in err
        assert b"Traceback" not in err
