"""An import that was killed at any point and is run again is equal to one that ran once."""

import json
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
from tests import chat_exports
from tests.conftest import ROOT
from tests.importers import note, script, turn
from tests.patience import PATIENCE
from tests.reliability import importing
from tests.reliability.writer import settings
from tests.trials import trials

KILLS, KILLS_OF_PROGRAM = trials(3, 20), trials(2, 20)
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


# -- the program itself, on what other programs write


def rows_file(folder: Path) -> Path:
    """A table of many entries in JSON Lines, some of them said twice."""
    count = trials(1500, 4000)
    made = (
        {"id": f"e{n}", "text": f"Lamp {n % (count - 100)} hangs in room {n % 70}.", "date": f"20{n % 24:02}-05-06"}
        for n in range(count)
    )
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in made))
    return path


def talks_file(folder: Path) -> Path:
    """An export of ChatGPT: 150 talks of ten turns, in three shards."""

    def one(number: int) -> dict[str, Any]:
        said = (chat_exports.said("assistant" if n % 2 else "user", f"I bought lamp {number}-{n}.") for n in range(10))
        return chat_exports.talk(f"t{number}", chat_exports.chain(*said))

    shards = {f"conversations-{n:03}.json": [one(50 * n + k) for k in range(50)] for n in range(3)}
    return chat_exports.zipped(folder / "export.zip", shards)


def program(home: Path, source: Path) -> "subprocess.Popen[bytes]":
    around = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MEMOS_HOME": str(home),
        "MEMOS_EMBEDDER": "none",
        "MEMOS_PRINCIPAL": "sam",
    }
    line = [sys.executable, "-m", "memos_cli", "import", str(source), "--no-embed"]
    return subprocess.Popen(line, cwd=ROOT, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def imported(home: Path, source: Path) -> None:
    running = program(home, source)
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, err.decode()


def took_back(home: Path) -> int:
    """Take all imports back, one by one; how many there were."""
    steps = 0
    with MOS(home, principal="sam", settings=settings(home)) as mos:
        while mos.list(Filter(at=mos.now, turns=True), limit=1):
            assert mos.undo().command == "import"
            steps += 1
    return steps


@pytest.mark.slow
@pytest.mark.parametrize("made", [rows_file, talks_file])
def test_a_real_import_killed_anywhere_and_run_again_is_equal_to_once(made: Any, tmp_path: Path) -> None:
    source, once = made(tmp_path), tmp_path / "once"
    began = time.monotonic()
    imported(once, source)
    took, expected = time.monotonic() - began, state(once)
    assert took_back(once) == 1
    struck = 0
    for point in range(KILLS_OF_PROGRAM):
        home = tmp_path / f"point-{point}"
        running = program(home, source)
        time.sleep(took * (point + 0.5) / KILLS_OF_PROGRAM)
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=PATIENCE)
        struck += running.returncode == -signal.SIGKILL
        imported(home, source)
        assert state(home) == expected, f"killed at point {point}"
        with MOS(home, principal="sam", settings=settings(home)) as mos:
            assert not any(check.faults for check in mos.doctor.examine("default")), f"killed at point {point}"
        assert took_back(home) <= 2, "a step for each of the two imports"
    assert struck
