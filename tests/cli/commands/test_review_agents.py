"""What agents ask for, in `memos review`: listed, decided by scripts, and with one key on a terminal."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memos_cli.agents.agent_memory import AgentMemory
from tests.agents.homes import opener
from tests.cli.commands.test_chat import Terminal
from tests.cli.commands.test_review import contents
from tests.conftest import Clock, Run
from tests.patience import PATIENCE


@pytest.fixture
def agent(memos: Run, home: Path) -> Iterator[AgentMemory]:
    """An agent that wrote one thing, and wants another one forgotten."""
    memos("add", "I am allergic to peanuts")
    clock = Clock(datetime.now(UTC))
    made = AgentMemory(opener(home, clock), "claude", "s1")
    made.remember("The build needs make 4.4")
    clock.forward(seconds=1)  # so that what it asks for comes after what it wrote
    memos("grant", "claude", "read", "--all")
    mine = next(one["id"] for one in memos("list", "--json").data["memories"] if "peanuts" in one["content"])
    wish = made.wish("forget", mine)
    assert wish is not None
    made.file(wish)
    yield made
    made.close()


def entries(memos: Run) -> dict[str, str]:
    """The ids of the entries, by what is asked in them first."""
    return {one["wishes"][0]["act"]: one["id"] for one in memos("review", "--json").data["agents"]}


@pytest.mark.usefixtures("agent")
def test_a_pipe_gets_a_list(memos: Run) -> None:
    done = memos("review")
    assert "claude wrote 1 memory that nobody confirmed" in done.out
    assert "claude asks for 1" in done.out
    assert "I am allergic to peanuts" in done.out
    assert "--decide take" in done.err
    assert memos("review", "--json").data["open"] == 2


@pytest.mark.usefixtures("agent")
def test_scripts_take_and_leave(memos: Run) -> None:
    ids = entries(memos)
    done = memos("review", ids["forget"][:6], "--decide", "take", "--json")
    assert (done.status, done.data["decision"], len(done.data["ids"])) == (0, "take", 1)
    assert contents(memos) == ["The build needs make 4.4"]
    assert memos("review", ids["forget"], "--decide", "take").status == 10
    assert memos("undo").status == 0
    assert contents(memos) == ["I am allergic to peanuts", "The build needs make 4.4"]
    assert memos("review", ids["confirm"], "--decide", "keep").status == 2
    assert memos("review", ids["confirm"], "--decide", "leave").status == 0
    assert contents(memos) == ["I am allergic to peanuts"]


@pytest.mark.usefixtures("agent")
def test_nobody_but_the_owner_decides(memos: Run) -> None:
    ids = entries(memos)
    assert memos("--as", "claude", "review", "--json").data["agents"] == []
    assert memos("--as", "claude", "review", ids["forget"], "--decide", "take").status == 10
    assert memos("--as", "eve", "review", ids["confirm"], "--decide", "take").status == 10


@pytest.mark.usefixtures("agent")
def test_on_a_terminal_one_key_decides(memos: Run) -> None:
    with Terminal("review") as terminal:
        terminal.wait("t n x? ", PATIENCE)
        time.sleep(0.2)  # until the terminal hands on single keys
        terminal.type("t")
        terminal.wait("took 1 of claude", PATIENCE)
        terminal.wait("t n x? ", PATIENCE)
        time.sleep(0.2)  # until the terminal hands on single keys
        terminal.type("n")
        terminal.wait("left 1 of claude", PATIENCE)
        assert terminal.ended(PATIENCE) == 0
    assert contents(memos) == ["I am allergic to peanuts", "The build needs make 4.4"]
    assert memos("review", "--json").data["agents"] == []
