"""A model whose chat template means ill: `memos model use` ends soon, takes little memory, and leaves no process behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.backends.llms.templates import HOSTILE
from tests.conftest import Run, start
from tests.tiny import write_model
from tests.trials import trials

pytest.importorskip("llama_cpp")
pytest.importorskip("jinja2")

LONGEST_SECONDS = 30
MOST_MEMORY = 1 << 30
CHOSEN = [name for number, name in enumerate(HOSTILE) if number % trials(40, 1) == 0]
"""Every fortieth template, or all of them with MEMOS_TRIALS=many."""
SLOW = "{% for a in range(99999) %}{% for b in range(9999) %}{% set x = ('a-' * 9999)|title %}{% endfor %}{% endfor %}"

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


class Spent(NamedTuple):
    """What a command took: its status, its seconds, and the bytes that it or a child of it held at most."""

    status: int
    seconds: float
    memory: int


MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
"""
"""Runs a command and says its status and its most memory. By a small process, since Linux counts what a process held before it
became the command, too: after a fork from the process of the tests, which may hold 1.5 GB, that would be the figure."""


def spent(*arguments: str) -> Spent:
    """Run memos until it ends, or for twice as long as it may take."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", MEASURE, sys.executable, "-m", "memos_cli", *arguments],
        stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    watch = threading.Timer(2 * LONGEST_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
    watch.start()
    try:
        said, _ = process.communicate()
    finally:
        watch.cancel()
    status, memory = said.split()
    return Spent(int(status), time.monotonic() - begun, int(memory))


def naming(path: Path) -> Iterator[int]:
    """The processes whose command line has the path."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(path).encode() in place.read_bytes():
                yield int(place.parent.name)
        except OSError:
            continue


@linux
@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", CHOSEN)
def test_a_template_that_means_ill_is_refused_soon(tmp_path: Path, name: str) -> None:
    path = write_model(tmp_path / "model.gguf", ("a", "b"), template=HOSTILE[name])
    took = spent("model", "use", str(path))
    print(f"{took.seconds:.2f} s, {took.memory >> 20} MiB: {name}")  # noqa: T201 -- the figures of a full run, with -rP
    assert took.status == 14
    assert took.seconds < LONGEST_SECONDS
    assert took.memory < MOST_MEMORY
    assert not list(naming(path))


@linux
@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_trial_outlives_memos(tmp_path: Path, how: signal.Signals) -> None:
    path = write_model(tmp_path / "model.gguf", ("a", "b"), template=SLOW)
    process = start(("model", "use", str(path)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 30
    while not set(naming(path)) - {process.pid} and time.monotonic() < ends:
        time.sleep(0.01)
    assert set(naming(path)) - {process.pid}, "no trial began"
    process.send_signal(how)
    process.wait(10)
    ends = time.monotonic() + 20  # less than a trial may take: it does not end by itself
    while list(naming(path)) and time.monotonic() < ends:
        time.sleep(0.02)
    assert not list(naming(path))


def test_a_template_that_turns_bad_in_chat_is_replaced_by_a_plain_layout(memos: Run, tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n"
        "{% if messages|length not in [2, 80] %}"
        "{{ 'x' * 10**10 }}{% endif %}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
    )
    path = write_model(tmp_path / "model.gguf", ("so", "it", "is"), template=template)
    assert memos("model", "use", str(path), "--trust").status == 0
    ran = memos("chat", stdin="What do I eat?\n")
    assert ran.status == 0, ran
    told = memos("chat", "-m", "What do I eat?", "--continue")
    assert told.status == 0, told
    assert told.err.count("plain layout") == 1
    assert "no end" in told.err


def test_the_limits_of_a_trial_can_be_raised(memos: Run, tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.gguf", ("a", "b"))
    memos("config", "set", "llm.trial_memory", str(30 << 20))
    ran = memos("model", "use", str(path))
    assert ran.status == 14
    assert "llm.trial_memory" in ran.err
    memos("config", "set", "llm.trial_memory", "0")
    assert memos("model", "use", str(path)).status == 0
