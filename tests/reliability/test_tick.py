"""A tick that is killed leaves every memory in exactly one state, loses nothing, and the next one completes it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from memos_cli.infra.vault.check import check
from memos_cli.model import Draft, Filter, Kind, State
from memos_cli.times import from_text, to_text
from tests.patience import PATIENCE
from tests.reliability import ticker
from tests.trials import trials

TICKER = Path(ticker.__file__)
KILLS = trials(12, 200)
EVERYTHING = Filter(at="9999-01-01T00:00:00.000Z", everything=True)


def life(home: Path) -> None:
    """A cube with notes that fade, offers with a TTL, rules that stay, values that change, and things told twice."""
    chance = random.Random(4)
    with ticker.opened(home) as mos:
        now = from_text(mos.now)
        drafts = [Draft(f"note {n} on {'x' * chance.randrange(300)}") for n in range(30)]
        drafts += [Draft(f"offer {n}", expires_at=to_text(now + timedelta(days=chance.randrange(1, 300)))) for n in range(25)]
        drafts += [Draft(f"rule {n}", kind=Kind.RULE) for n in range(5)]
        drafts += [Draft(f"my room is number {n}", key=f"room{n % 5}") for n in range(10)]
        for n in range(8):
            drafts += [
                Draft(f"The meeting of team {n} is in the green house"),
                Draft(f"Team {n} has its meeting in the green house"),
            ]
        mos.add(drafts=drafts)


def outcome(home: Path) -> Counter[tuple[str, str]]:
    """Every memory's text and state, whatever its id; of what was erased the state alone."""
    with ticker.opened(home) as mos:
        vault = mos.vaults()[0]
        assert [fault for one in check(vault) for fault in one.faults] == []
        kept = Counter((memory.content, memory.state.value) for memory in vault.find(EVERYTHING))
        erased = vault.conn.execute("SELECT count(*) FROM memories WHERE state = 'purged'").fetchone()[0]
        return kept + Counter({("", State.PURGED.value): erased})


def told(home: Path) -> dict[str, str]:
    """Id to text of everything that was told and is not erased."""
    with ticker.opened(home) as mos:
        return {memory.id: memory.content for memory in mos.vaults()[0].find(EVERYTHING)}


@pytest.mark.slow
def test_kill_9_at_random_instants_of_ticks(tmp_path: Path) -> None:
    """Each kill hits a copy of one home at some instant of six ticks over two years; in the end all copies agree."""
    life(tmp_path / "first")
    before = told(tmp_path / "first")
    whole = _copy(tmp_path, "whole")
    start = time.monotonic()
    ticker.tick_on(whole)
    length = time.monotonic() - start
    wanted = outcome(whole)
    assert {state for _, state in wanted} >= {"generated", "purged"}
    chance, during = random.Random(20261121), 0
    for number in range(KILLS):
        home = _copy(tmp_path, str(number))
        process = subprocess.Popen([sys.executable, str(TICKER), str(home)], stdout=subprocess.PIPE, bufsize=0, cwd=_root())
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"tick")
        time.sleep(chance.uniform(0, length))
        process.kill()
        process.communicate(timeout=PATIENCE)
        during += process.returncode == -signal.SIGKILL
        outcome(home)  # sound, and every memory in one state
        kept = told(home)
        assert all(before.get(identity, content) == content for identity, content in kept.items())
        with ticker.opened(home) as mos:
            erased = {row[0] for row in mos.vaults()[0].conn.execute("SELECT id FROM memories WHERE state = 'purged'")}
        assert before.keys() <= kept.keys() | erased
        ticker.tick_on(home)
        assert outcome(home) == wanted
        shutil.rmtree(home)
    assert during > KILLS // 2, "hardly a kill hit a tick"
    print(f"{KILLS} kills, {during} during a tick")  # noqa: T201


def _copy(folder: Path, name: str) -> Path:
    shutil.copytree(folder / "first", folder / name)
    return folder / name


def _root() -> Path:
    return Path(os.fspath(ticker.__file__)).parents[2]
