"""What an agent was told to be stored is there, wherever its server was killed: `memos mcp` and kill -9."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.reliability.helpers import clean
from tests.trials import trials

pytest.importorskip("mcp")
from tests.reliability import agent_killer
from tests.reliability.agent_heard import Heard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux who holds a lock")

STRIKES, AT_ONCE = trials(12, 1000), 4
A_HOME = 200
"""Strikes on one home, before the next gets a new one: looking at it takes longer with each memory."""
PERSON = "I am allergic to peanuts"


def told_of(heard: Heard) -> str:
    """What was shown."""
    return (
        f"{heard.kills} kills, {heard.struck} left a call without its answer, {heard.within} within a transaction;"
        f" {heard.saved} times told that it is stored: lost {len(heard.lost)}, not so {len(heard.false)}"
    )


def everything(memos: Run) -> dict[str, tuple[str, bool]]:
    """Content and life of all memories, by the beginnings of their ids."""
    listed = memos("list", "--all", "--json").data["memories"]
    hot = {"generated", "activated", "merged"}
    return {one["id"][:8]: (one["content"], one["state"] in hot) for one in listed}


@pytest.mark.slow
def test_kill_9_of_a_server_loses_nothing_that_an_agent_was_told_is_stored(memos: Run, home: Path, tmp_path: Path) -> None:
    heard = Heard()
    for first in range(0, STRIKES, A_HOME):
        shutil.rmtree(home, ignore_errors=True)
        one = Heard()
        memos("add", PERSON)
        for agent in agent_killer.AGENTS:
            memos("principal", "add", agent, "--agent")
            memos("grant", agent, "read", "--all")
        errors, wanted, seed = tmp_path / "errors", min(A_HOME, STRIKES - first), secrets.randbelow(1 << 31)
        with errors.open("wb") as told:
            done = subprocess.run(
                [sys.executable, "-m", agent_killer.__name__, str(home), str(seed), str(wanted), str(AT_ONCE)],
                stdout=subprocess.PIPE, stderr=told, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        assert (done.returncode, errors.read_text()) == (0, "")
        for line in done.stdout.splitlines():
            one.take(json.loads(line))
        there = everything(memos)
        one.end(there, PERSON)
        assert (one.lost, one.false) == ([], [])
        clean(memos)
        exported = memos("export", "jsonl", "--all", "-")
        assert exported.status == 0
        lines = [json.loads(line).get("content") for line in exported.out.splitlines()]
        assert {content for content, hot in there.values() if hot} <= set(lines)
        heard.kills, heard.struck = heard.kills + one.kills, heard.struck + one.struck
        heard.within, heard.saved = heard.within + one.within, heard.saved + one.saved
        print(f"\nseed {seed}: {told_of(one)}")  # noqa: T201 -- with pytest -s
    assert heard.struck >= STRIKES
    assert heard.within > STRIKES // 5, "hardly a kill hit a transaction"
    assert heard.saved > STRIKES // 2, "hardly anything was written: the kills came too early to show anything"
    print(told_of(heard))  # noqa: T201
