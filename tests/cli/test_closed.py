"""Streams that are closed, full, read-only or left early: no traceback, and the exit status of what was done."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.patience import PATIENCE

NOTES = 200
COMMANDS = {
    "list": 0, "list --json": 0, "list --tag nosuch": 0, "search note": 0, "review": 0, "--help": 0, "rm": 2,
    "history nosuch": 10,
}  # fmt: skip
"""Commands and their exit statuses; some answer on stdout, some say something on stderr, some fail."""


@pytest.fixture(autouse=True)
def notes(memos: Run) -> None:
    memos(
        "add", "--jsonl", "-", "--no-embed", stdin="".join(f'{{"content": "note {n} {"long " * 40}"}}\n' for n in range(NOTES))
    )


def shell(command: str, streams: str) -> "subprocess.CompletedProcess[str]":
    """A command line of memos in a shell that redirects its streams; the status is that of memos."""
    line = f"{shlex.quote(sys.executable)} -m memos_cli {command} {streams}"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-", "2</dev/null", "2>/dev/full"])
def test_a_stream_that_is_closed_changes_no_status(streams: str) -> None:
    for command, status in COMMANDS.items():
        ran = shell(command, streams)
        assert ran.returncode == status, (command, ran)
        assert "Traceback" not in ran.stderr + ran.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
@pytest.mark.parametrize("streams", [">/dev/full", ">/dev/full 2>/dev/full", "1</dev/null"])
def test_an_answer_that_cannot_be_written_fails(streams: str) -> None:
    for command in ("list", "list --json", "search note", "--help", "undo --list", "cube info"):
        ran = shell(command, streams)
        assert ran.returncode == 1, (command, ran)
        assert "Traceback" not in ran.stderr + ran.stdout


@pytest.mark.parametrize("command", ["list", "list --json", "history $ID", "undo --list", "--help"])
def test_a_reader_that_leaves_early_is_no_error(memos: Run, command: str) -> None:
    identity = memos("list", "--ids", "-n", "1").out.strip()
    for reader in ("head -1", "true"):
        ran = shell(command.replace("$ID", identity), f"| {reader}")
        assert (ran.returncode, ran.stderr) == (0, ""), ran


def test_a_reader_of_notices_that_leaves_early_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, "-m", "memos_cli", "list", "--tag", "nosuch"], stderr=write, timeout=PATIENCE, check=False
    )
    os.close(write)
    assert ran.returncode == 0
