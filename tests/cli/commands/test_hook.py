"""`memos hook`, run as clients run it: it gives what it has, and never fails them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.patience import PATIENCE
from tests.talks import turn, write


def test_a_session_begins_with_the_briefing_of_its_agent(memos: Run) -> None:
    memos("add", "Answer in German.", "--kind", "rule")
    memos("add", "Only mine", "--pin")
    memos("principal", "add", "claude", "--agent")
    assert memos("--as", "claude", "hook", "session-start", stdin='{"source": "startup"}').out == ""
    memos("grant", "claude", "read", "--kind", "rule")
    memos("--as", "claude", "add", "The build needs make 4.4")
    done = memos("--as", "claude", "hook", "session-start", stdin='{"source": "startup"}')
    assert (done.status, done.err) == (0, "")
    told = json.loads(done.out)["hookSpecificOutput"]["additionalContext"]
    assert "Answer in German." in told
    assert "(unconfirmed)" in told
    assert "The build needs make 4.4" in told
    assert "Only mine" not in told
    assert memos("--as", "claude", "hook", "session-start", stdin='{"source": "resume"}').out == ""
    again = memos("--as", "claude", "hook", "session-start", "--client", "cursor", "--json", stdin="{}").data
    assert again == {"client": "cursor", "output": {"additional_context": told}}


@pytest.mark.parametrize("stdin", ["", "no json", "[]", '{"transcript_path": "/etc/passwd"}', b"\xff\xfe"])
@pytest.mark.parametrize("event", ["session-start", "session-end"])
def test_a_hook_never_fails_its_program(memos: Run, event: str, stdin: str | bytes) -> None:
    done = memos("--as", "claude", "hook", event, stdin=stdin)
    assert (done.status, done.out) == (0, "")
    assert len(done.err.splitlines()) <= 1
    assert "Traceback" not in done.err


def test_neither_does_a_home_that_is_damaged(memos: Run, home: Path) -> None:
    memos("add", "Something")
    for one in home.rglob("*.db"):
        one.write_bytes(b"no database" * 1000)
    done = memos("--as", "claude", "hook", "session-start", stdin="{}")
    assert (done.status, done.out) == (0, "")
    assert len(done.err.splitlines()) == 1
    nowhere = memos("--cube", "nosuch", "hook", "session-start", stdin="{}")
    assert nowhere.status == 0
    assert "nosuch" in nowhere.err


@pytest.mark.parametrize("detached", [(), ("--detach",)])
def test_a_session_that_ended_is_taken_in_in_the_person_s_name(memos: Run, tmp_path: Path, detached: tuple[str, ...]) -> None:
    session = write(
        tmp_path / "claude/projects/garden/s1.jsonl",
        turn(1, "I am allergic to peanuts", "2026-03-01T09:00:00Z"), turn(2, "Water the beds", "2026-03-01T09:01:00Z"),
    )  # fmt: skip
    memos("principal", "add", "claude", "--agent")
    env = {"CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}
    given = json.dumps({"transcript_path": str(session), "reason": "exit"})
    done = memos("--as", "claude", "hook", "session-end", *detached, stdin=given, env=env)
    assert (done.status, done.out) == (0, "")
    until = time.monotonic() + PATIENCE
    while not (found := memos("list", "--json").data["memories"]) and time.monotonic() < until:
        time.sleep(0.1)
    assert {"I am allergic to peanuts", "Water the beds"} >= {one["content"] for one in found} > set()
    assert {one["owner"] for one in found} != {"claude"}
    again = memos("--as", "claude", "hook", "session-end", "--json", stdin=given, env=env).data
    assert (again["client"], again["taken"]) == ("claude", 0)


@pytest.mark.skipif(sys.platform == "win32", reason="a stream that stays open is told by select")
def test_a_program_that_keeps_its_stream_open_is_not_waited_for(home: Path) -> None:
    source, sink = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "memos_cli", "hook", "session-start"], stdin=source, capture_output=True, text=True,
            cwd=ROOT, timeout=PATIENCE, check=False, env={**os.environ, "MEMOS_HOME": str(home)},
        )  # fmt: skip
    finally:
        os.close(sink)
        os.close(source)
    assert (done.returncode, done.stdout) == (0, "")
    assert "in time" in done.stderr
