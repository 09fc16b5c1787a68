"""kill -9 while memories are archived, forgotten, restored and purged: each is in one state, and no purged word is left."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.patience import PATIENCE
from tests.reliability.helpers import clean, contents
from tests.trials import trials

RETIRER = Path(__file__).parent / "retirer.py"
KILLS, AT_ONCE = trials(10, 60), 2


@pytest.mark.slow
def test_kill_9_while_memories_retire_leaves_each_in_one_state_and_nothing_of_the_purged(memos: Run, home: Path) -> None:
    memos("add", "the first one makes the cube")
    chance = random.Random(20261121)
    have: dict[str, str] = {}
    gone: dict[str, str] = {}
    during = 0
    for first in range(0, KILLS, AT_ONCE):
        running = [
            subprocess.Popen(
                [sys.executable, str(RETIRER), str(home), str(first + number)],
                stdout=subprocess.PIPE, bufsize=0, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            for number in range(AT_ONCE)
        ]  # fmt: skip
        for process in running:
            assert process.stdout is not None
            head = process.stdout.readline().split()
            have[head[1].decode()] = head[2].decode()
        for process in running:
            time.sleep(chance.uniform(0.05, 0.5))
            process.kill()
        for process in running:
            said, _ = process.communicate(timeout=PATIENCE)
            assert process.returncode == -signal.SIGKILL
            last = ""
            for line in said.decode().split("\n")[:-1]:
                last, identity, word = line.split(" ")
                if last == "have":
                    have[identity] = word
                else:
                    have.pop(identity, None)
                    gone |= {identity: word} if last == "gone" else {}
            during += last == "going"
        if first % 12 == 0:
            _compare(memos, home, have, gone)
    _compare(memos, home, have, gone)
    assert len(gone) > KILLS // 2, "hardly anything was purged: the kills came too early to show anything"
    assert during > KILLS // 12, "hardly a kill hit a purge"
    print(f"{KILLS} kills, {during} within a purge, {len(gone)} purged, {len(have)} there")  # noqa: T201


def _compare(memos: Run, home: Path, have: dict[str, str], gone: dict[str, str]) -> None:
    """After doctor: all that was said to be there is there, and no word of what was said to be gone is anywhere."""
    clean(memos)
    found = contents(memos)
    assert all(word in found[identity] for identity, word in have.items())
    assert not gone.keys() & found.keys()
    for path in home.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert not [word for word in gone.values() if word.encode() in held], path
