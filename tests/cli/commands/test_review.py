"""`memos review` as it is run: listed in a pipe, answered by scripts, and with one key on a terminal."""

import json
import time
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from tests.cli.commands.test_chat import Terminal
from tests.cli.helpers import operations
from tests.conftest import Run
from tests.operation.helpers import tick


@pytest.fixture
def asked(memos: Run, home: Path) -> Run:
    """Three pairs, said through the command line, and a tick's questions about two of them."""
    for text in (
        "The spare key is under the mat", "The spare key is not under the mat", "Leo's school ends at 15:15",
        "Leo's school ends at 15:45", "I am allergic to peanuts", "I'm allergic to peanuts",
    ):  # fmt: skip
        assert memos("add", text).status == 0
    with MOS(home, settings=Settings({"MEMOS_EMBEDDER": "none"}, paths({"MEMOS_HOME": str(home)})), principal="sam") as mos:
        assert len(tick(mos)) == 3
    return memos


def ready(terminal: Terminal) -> None:
    """Wait for the prompt, and until the terminal hands on single keys: what was typed before is thrown away, and should be."""
    terminal.wait("q? ")
    time.sleep(0.2)


def contents(memos: Run) -> list[str]:
    return sorted(one["content"] for one in memos("--json", "list").data["memories"])


def test_nothing_to_ask(memos: Run) -> None:
    memos("add", "I am vegan now")
    done = memos("review")
    assert (done.status, done.out) == (0, "")
    assert "no questions" in done.err
    assert memos("--json", "review").data == {"items": [], "open": 0, "held": [], "agents": []}


def test_a_pipe_gets_a_list(asked: Run, home: Path) -> None:
    before = operations(home)
    done = asked("review")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert len(lines) == 6
    assert "a negation in one of them" in lines[0]
    assert "suggested: supersede" in lines[0]
    assert lines[1].startswith("  1  ")
    assert lines[1].endswith("The spare key is under the mat")
    assert operations(home) == before


def test_json_and_decisions(asked: Run) -> None:
    data = asked("--json", "review").data
    assert data["open"] == 2
    key, school = data["items"]
    assert {"id", "cube", "earlier", "later", "reasons", "suggested", "by", "at", "decision", "decided_at"} == set(key)
    assert key["earlier"]["content"] == "The spare key is under the mat"
    assert asked("--json", "review", key["id"][:8]).data["items"] == [key]
    done = asked("--json", "review", key["id"], "--decide", "supersede")
    assert (done.status, done.data["decision"], done.data["product"]) == (0, "supersede", None)
    assert "The spare key is under the mat" not in contents(asked)
    assert [one["id"] for one in asked("--json", "review").data["items"]] == [school["id"]]
    assert {one["decision"] for one in asked("--json", "review", "--all").data["items"]} == {"supersede", None}
    assert asked("review", school["id"], "--decide", "keep").out.count("kept both") == 2
    assert asked("undo").status == 0
    assert asked("undo").status == 0
    assert asked("--json", "review").data["open"] == 2


def test_statuses(asked: Run) -> None:
    key, _ = asked("--json", "review").data["items"]
    refused = asked("--json", "review", key["id"], "--decide", "fuse")
    assert (refused.status, refused.error["code"]) == (3, "refused")
    assert asked("review", key["id"], "--decide", "perhaps").status == 2
    assert asked("review", "--decide", "keep").status == 2
    assert asked("review", "zzzz").status == 10
    asked("review", key["id"], "--decide", "keep")
    assert asked("review", key["id"], "--decide", "keep").status == 3
    assert asked("--as", "ana", "review", key["id"]).status == 10
    assert asked("--as", "ana", "--json", "review").data["items"] == []


def test_secrets_are_masked(memos: Run, home: Path) -> None:
    memos("add", "The deploy token is ghp_0123456789abcdefghijABCDEFGHIJ456789")
    memos("add", "The deploy token is not ghp_0123456789abcdefghijABCDEFGHIJ456789")
    with MOS(home, settings=Settings({"MEMOS_EMBEDDER": "none"}, paths({"MEMOS_HOME": str(home)})), principal="sam") as mos:
        tick(mos)
    assert memos("--json", "review").data["open"] == 1
    for arguments in (("review",), ("--json", "review")):
        assert "ghp_0123" not in memos(*arguments).out
        assert "ghp_0123" in memos(*arguments, "--reveal").out


def test_one_key_a_decision(asked: Run) -> None:
    with Terminal("review") as terminal:
        terminal.wait("1 of 2")
        terminal.wait("under the mat")
        ready(terminal)
        terminal.type("?")
        terminal.wait("k keep both")
        ready(terminal)
        terminal.type("f")
        terminal.wait("not the same")
        ready(terminal)
        terminal.type("s")
        terminal.wait("superseded")
        terminal.wait("2 of 2")
        ready(terminal)
        terminal.type("u")
        terminal.wait("took that back")
        terminal.wait("1 of 2")
        ready(terminal)
        terminal.type("o")
        terminal.wait("kept the older")
        ready(terminal)
        terminal.type("k")
        terminal.wait("2 decided")
        assert terminal.ended() == 0
    assert asked("--json", "review").data["open"] == 0
    assert contents(asked)[-1] == "The spare key is under the mat"


@pytest.mark.parametrize(("key", "status"), [("q", 0), ("\x04", 0), ("\x03", 130)])
def test_leaving(asked: Run, home: Path, key: str, status: int) -> None:
    before = operations(home)
    with Terminal("review") as terminal:
        ready(terminal)
        terminal.type("x")
        terminal.wait("2 of 2")
        ready(terminal)
        terminal.type(key)
        assert terminal.ended() == status
    assert operations(home) == before
    assert asked("--json", "review").data["open"] == 2


def test_json_on_a_terminal_does_not_ask(asked: Run) -> None:
    with Terminal("--json", "review") as terminal:
        assert terminal.ended() == 0
        text = terminal.shown.replace("\r", "")
    assert json.loads(text)["data"]["open"] == 2
    assert asked("review").status == 0


def test_the_vegan_example(memos: Run) -> None:
    memos("add", "I eat meat", "--key", "diet")
    done = memos("--json", "add", "I am vegan now", "--key", "diet")
    assert len(done.data["superseded"]) == 1
    assert contents(memos) == ["I am vegan now"]
    assert memos("--json", "review").data["items"] == []


def test_the_vegan_example_without_a_key(memos: Run) -> None:
    memos("add", "I eat meat")
    assert len(memos("--json", "add", "I am vegan now").data["superseded"]) == 1
    assert contents(memos) == ["I am vegan now"]
    assert memos("--json", "chat", "-m", "Am I vegan?", "--no-save").data["answer"] == "I am vegan now"
    assert "meat" not in memos("--json", "chat", "-m", "Do I eat meat?", "--no-save").data["answer"]
    assert "supersedes" in memos("why", memos("--json", "list").data["memories"][0]["id"]).out
    memos("undo")
    assert contents(memos) == ["I eat meat"]
