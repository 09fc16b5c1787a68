"""Completion in real shells, each at a terminal of its own, where somebody types and presses Tab."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from memos_cli.cli.commands.manual import completions
from tests.conftest import ROOT, Run
from tests.patience import PATIENCE

SHELLS = ("bash", "zsh", "fish")
_ESCAPES = re.compile(r"\x1b\[[0-9;?=>]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\r")
_START = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
_PROMPT = "told>"
"""What a shell says when it waits for a line; what is typed before may be taken as no key of the line's editor."""


class Terminal:
    """A shell at a terminal of 120 columns; `memos` there answers the shell, and writes down with what it was run."""

    def __init__(self, shell: str, folder: Path) -> None:
        self.shell = shell
        self.record = folder / "ran"
        places = folder / "bin"
        places.mkdir()
        program = places / "memos"
        program.write_text(
            f'#!/bin/sh\nif [ -n "$_MEMOS_COMPLETE" ]; then exec "{sys.executable}" -m memos_cli "$@"; fi\n'
            f'printf "%s\\n" "$@" > "{self.record}.half"; mv "{self.record}.half" "{self.record}"\n'
        )
        program.chmod(0o755)
        scripts = folder / "scripts"
        scripts.mkdir()
        for name, text in completions().items():
            (scripts / name).write_text(text, encoding="utf-8")
        setup = {
            "bash": f"source {scripts}/memos.bash; PS1=told''\\>",
            "zsh": f"fpath=({scripts} $fpath); autoload -Uz compinit; compinit -uD; PS1=told''\\>",
            "fish": f"source {scripts}/memos.fish; function fish_prompt; echo told''\\>; end",
        }[shell]
        environment = {
            **os.environ, "PATH": f"{places}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120",
            "LINES": "50", "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder),
        }  # fmt: skip
        self.pid, self._handle = pty.fork()
        if self.pid == 0:
            os.execvpe(shell, [shell, *_START[shell]], environment)  # noqa: S606 -- a shell at a terminal is what is tested
        self.type(f"{setup}\n")
        self.wait(lambda shown: _PROMPT in shown)

    def type(self, text: str) -> None:
        os.write(self._handle, text.encode())

    def wait(self, until: Callable[[str], bool], *, again: str = "") -> str:
        """What was shown until a condition held of it; `again` is typed every other second meanwhile."""
        shown = ""
        begun = typed = time.monotonic()
        while time.monotonic() < begun + PATIENCE:
            if again and time.monotonic() > typed + 2:
                typed = time.monotonic()
                self.type(again)
            if select.select([self._handle], [], [], 0.05)[0]:
                with suppress(OSError):
                    shown += os.read(self._handle, 65536).decode(errors="replace")
            plain = _ESCAPES.sub("", shown)
            if until(plain):
                return plain
        raise AssertionError(f"it did not come in {self.shell}: {shown!r}")

    def ran(self, typed: str) -> list[str]:
        """The arguments with which memos was run once this was typed and sent."""
        self.record.unlink(missing_ok=True)
        self.type(f"{typed}\n")
        self.wait(lambda shown: self.record.exists() and _PROMPT in shown)
        return self.record.read_text(encoding="utf-8").splitlines()

    def close(self) -> None:
        os.close(self._handle)
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)


@pytest.fixture(params=SHELLS)
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path / "terminal"
    folder.mkdir()
    made = Terminal(request.param, folder)
    yield made
    made.close()


def test_what_a_tab_completes_is_what_memos_gets(terminal: Terminal, memos: Run, tmp_path: Path) -> None:
    added = memos("add", "I am vegan", "--key", "diet", "--tag", "kitchen", "--task", "trip to Rome", "--json").data
    identity = added["memories"][0]["id"] if "memories" in added else added["ids"][0]
    memos("add", "Beans, sown in May", "--tag", "garden: beds", "--tag", "co,mma")
    memos("view", "save", "evenings", "--tag", "kitchen")
    memos("snapshot", "create", "before")
    memos("cube", "create", "laboratory")
    memos("forget", identity, "--yes")
    memos("restore", identity)
    (tmp_path / "notes of May.md").write_text("Beans.")
    command = memos("undo", "--list", "--json").data["commands"][0]["txn"]
    for typed, expected in (
        (f"memos show {identity[:3]}\t", ["show", identity[:8]]),
        (f"memos show {identity[:9]}\t", ["show", identity]),
        ("memos list --tag kit\t", ["list", "--tag", "kitchen"]),
        ("memos list --tag=kit\t", ["list", "--tag=kitchen"]),
        ("memos list --tag gar\t", ["list", "--tag", "garden: beds"]),
        ("memos list --tag co\t", ["list", "--tag", "co,mma"]),
        ("memos --cube lab\t list", ["--cube", "laboratory", "list"]),
        ("memos cube use lab\t", ["cube", "use", "laboratory"]),
        ("memos view rm ev\t", ["view", "rm", "evenings"]),
        ("memos --view ev\t list", ["--view", "evenings", "list"]),
        ("memos task end tr\t", ["task", "end", "trip to Rome"]),
        ("memos task end trip\\ to\t", ["task", "end", "trip to Rome"]),
        ('memos task end "trip t\t', ["task", "end", "trip to Rome"]),
        ("memos snapshot restore be\t", ["snapshot", "restore", "before"]),
        ("memos config set llm.kv q8\t", ["config", "set", "llm.kv", "q8_0"]),
        ("memos config get timez\t", ["config", "get", "timezone"]),
        ("memos lifecycle policy set task.ending kee\t", ["lifecycle", "policy", "set", "task.ending", "keep"]),
        ("memos model use memos-\t", ["model", "use", "memos-mini"]),
        (f"memos undo {command[:5]}\t", ["undo", command]),
        ("memos add --file notes\t", ["add", "--file", "notes of May.md"]),
        ("memos cube import notes\t", ["cube", "import", "notes of May.md"]),
    ):
        # A look that a busy machine lets wait too long completes nothing: who types presses the key again.
        got = next((one for one in (terminal.ran(typed) for _ in range(4)) if one == expected), None)
        got = got or terminal.ran(typed)
        assert got == expected, (terminal.shell, typed)


def test_a_list_of_candidates_tells_the_first_words_where_the_shell_shows_them(terminal: Terminal, memos: Run) -> None:
    memos("add", "I am vegan: no meat, no fish", "--tag", "kitchen")
    memos("add", "The wifi password is kingfisher-1942")
    terminal.type("memos show \t\t")
    expected = memos("list", "--json").data["memories"][0]["id"][:8] if terminal.shell == "bash" else "vegan: no meat, no fish"
    shown = terminal.wait(lambda shown: expected in shown, again="\t\t")  # a busy machine may have let a look wait too long
    assert "kingfisher" not in shown
    if terminal.shell != "bash":
        assert "•••••" in shown


def test_a_tab_reads_nothing_from_the_keyboard_and_prints_no_error(terminal: Terminal, home: Path, memos: Run) -> None:
    memos("add", "I am vegan", "--tag", "kitchen")
    (home / "cubes" / "default" / "cube.db").write_bytes(b"no cube at all")
    assert terminal.ran("memos list --tag kit\t") == ["list", "--tag", "kit"]
    if terminal.shell != "zsh":  # which asks nobody about a line with a lone -
        assert terminal.ran("memos lifecycle run - --cube defau\t") == ["lifecycle", "run", "-", "--cube", "default"]
    terminal.type("echo an''other\n")
    shown = terminal.wait(lambda shown: "another" in shown)
    assert not {"Traceback", "memos:"} & set(shown.split())


def _scripts() -> Sequence[tuple[str, list[str]]]:
    return [("memos.bash", ["bash", "-n"]), ("_memos", ["zsh", "-n"]), ("memos.fish", ["fish", "--no-execute"])]


@pytest.mark.parametrize(("name", "command"), _scripts())
def test_a_script_is_one_that_its_shell_can_read(name: str, command: list[str], tmp_path: Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    path = tmp_path / name
    path.write_text(completions()[name], encoding="utf-8")
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
