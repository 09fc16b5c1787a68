"""Trials in a child process: its limits hold, and it never outlives the process that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memos_cli.backends.llama.trial import Allowance, Failure, run
from tests.conftest import ROOT

CULPRIT = "tests.backends.llama.culprit"
AMPLE = Allowance(20, 1 << 30)
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")


@pytest.fixture(autouse=True)
def findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def is_gone(identity: int) -> bool:
    """Whether a process ended within five seconds."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        try:
            os.kill(identity, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_what_works_is_nothing_wrong() -> None:
    assert run(CULPRIT, ["work"], AMPLE) is None


@pytest.mark.parametrize(("what", "reason"), [("refuse", "it is  [2J no model"), ("say", "x" * 300)])
def test_what_goes_wrong_is_one_line(what: str, reason: str) -> None:
    failure = run(CULPRIT, [what], AMPLE)
    assert failure is not None
    assert reason in failure.reason
    assert len(failure.reason) <= 300
    assert not failure.limited


def test_a_signal_is_told_and_may_be_a_limit() -> None:
    assert run(CULPRIT, ["crash"], AMPLE) == Failure("the trial was ended by signal 6", limited=True)


@linux
@pytest.mark.parametrize("what", ["take", "take slowly"])
def test_memory_beyond_the_limit_is_refused(what: str) -> None:
    failure = run(CULPRIT, [what], Allowance(20, 200 << 20))
    assert failure is not None
    assert failure.limited
    assert "200 MiB" in failure.reason


@pytest.mark.parametrize("what", ["sleep", "hang"])
def test_time_beyond_the_limit_ends_the_child(what: str, tmp_path: Path) -> None:
    started = time.monotonic()
    failure = run(CULPRIT, [what, str(tmp_path / "pid")], Allowance(2, 1 << 30))
    assert failure is not None
    assert failure.limited
    assert time.monotonic() - started < 10
    assert is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("what", ["sleep", "hang"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_child_ends_with_its_parent(what: str, how: signal.Signals, tmp_path: Path) -> None:
    place = tmp_path / "pid"
    tried = f"trial.run({CULPRIT!r}, [{what!r}, {str(place)!r}], trial.Allowance(60, 1 << 30))"
    code = f"from memos_cli.backends.llama import trial; {tried}"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as parent:
        ends = time.monotonic() + 30
        while not (place.exists() and place.read_text()) and time.monotonic() < ends:
            time.sleep(0.02)
        parent.send_signal(how)
        parent.wait(10)
    assert is_gone(int(place.read_text()))
