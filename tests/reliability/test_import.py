"""An import that was killed at any point and is run again is equal to one that ran once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.model import Filter
from tests.conftest import ROOT
from tests.importers import note, script, turn
from tests.patience import PATIENCE
from tests.reliability import importing
from tests.reliability.writer import settings
from tests.trials import trials

KILLS = trials(3, 20)
ROWS, LOT = 240, 15
EVERYTHING = Filter(at="2026-03-02T12:00:00.000Z", everything=True)


def rows() -> list[dict[str, Any]]:
    """Turns and notes; some names come twice, with other words."""
    made = []
    for number in range(ROWS):
        name = f"{number if number % 40 else number // 2}"
        made.append(turn(name, f"I bought lamp number {number}.") if number % 3 else note(name, f"Lamp {number} is lit."))
    return made


def process(home: Path, source: Path) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-m", importing.__name__, str(home), str(source), str(LOT)]
    around = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(line, cwd=ROOT, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(home: Path, source: Path, number: int, chance: random.Random) -> int:
    """Begin an import, and end it by a signal somewhere on its way; its exit status."""
    running = process(home, source)
    assert running.stdout is not None
    for _ in range(chance.randrange(1, ROWS)):
        running.stdout.readline()
    time.sleep(chance.random() * 0.05)
    running.send_signal(number)
    running.communicate(timeout=PATIENCE)
    return running.returncode


def state(home: Path) -> list[tuple[Any, ...]]:
    with MOS(home, principal="sam", settings=settings(home)) as mos:
        return sorted(
            (one.external_id or "", one.content, one.kind, one.state, one.occurred_at or "", one.title or "", len(links))
            for one in mos.list(EVERYTHING)
            for links in [mos.vaults()[0].links(one.id)[0]]
        )


@pytest.mark.slow
def test_killed_at_random_points_and_run_again_it_is_equal_to_once(tmp_path: Path) -> None:
    source, chance = script(tmp_path / "one.script", *rows()), random.Random(22)
    once, often = tmp_path / "once", tmp_path / "often"
    importing.run(once, str(source), LOT)
    for _ in range(KILLS):
        assert ended(often, source, signal.SIGKILL, chance) in {-signal.SIGKILL, 0}
    importing.run(often, str(source), LOT)
    assert {one[:2] for one in state(often)} == {one[:2] for one in state(once)}
    assert len(state(often)) == len(state(once))
    with MOS(often, principal="sam", settings=settings(often)) as mos:
        assert not any(check.faults for check in mos.doctor.examine("default"))


@pytest.mark.slow
def test_interrupted_it_leaves_whole_lots(tmp_path: Path) -> None:
    source, home = script(tmp_path / "one.script", *rows()), tmp_path / "home"
    assert ended(home, source, signal.SIGINT, random.Random(5)) != 0
    with MOS(home, principal="sam", settings=settings(home)) as mos:
        stored = len([one for one in mos.list(EVERYTHING) if one.external_id]) if mos.shelf.names() else 0
    assert stored <= ROWS
    importing.run(home, str(source), LOT)
    assert len({one[0] for one in state(home)} - {""}) == len({row["id"] for row in rows()})
