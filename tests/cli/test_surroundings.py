"""Variables of the environment that hold anything: no command fails because of them, and none shows them raw."""

import os
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from memos_cli.cli.main import run
from tests.cli.test_terminal import EVIL, RAW
from tests.conftest import ROOT, Run
from tests.patience import PATIENCE

ODD = ["", "abc", "0", "-5", "1e3", "9" * 5000, "\u00b2", *EVIL]


@pytest.mark.parametrize("columns", ODD)
def test_a_width_that_is_none_is_left_alone(columns: str, memos: Run) -> None:
    for arguments in (["config", "show"], ["search", "--help"]):
        done = memos(*arguments, env={"COLUMNS": columns})
        assert (done.status, done.err) == (0, ""), arguments


@pytest.mark.parametrize("zone", ["abc", "", "Mars/Olympus", ":", "../../etc/passwd", *EVIL[:3]])
def test_a_zone_that_is_none_keeps_nobody_from_reading_a_date(zone: str, memos: Run) -> None:
    text = "# Notes\n\nOn 3 March I met Kim. Tomorrow the ferry leaves, and three days ago it did not.\n"
    done = memos("add", "-", stdin=text, env={"TZ": zone})
    assert (done.status, done.err) == (0, "")
    assert memos("list", "--since", "3 days ago", env={"TZ": zone}).status == 0


@pytest.mark.parametrize(
    "name", ["USER", "LOGNAME", "LANG", "TERM", "EDITOR", "SHELL", "TMPDIR", "NO_COLOR", "XDG_CONFIG_HOME"]
)
def test_whatever_else_a_variable_holds(name: str, memos: Run) -> None:
    hostile = "a\x1b[31mb\x9b2J\u202ec\x07"
    for arguments in (["add", "x"], ["list"], ["config", "show"], ["doctor"], ["completion", "install", "--print"]):
        done = memos(*arguments, env={name: hostile})
        assert not RAW.search(done.out + done.err), (arguments, done)
        assert "fault of memos" not in done.err, (arguments, done)


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that is in use")
def test_a_working_folder_that_is_gone(home: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        gone.mkdir()
        line = f"rmdir {shlex.quote(str(gone))}; {shlex.join([sys.executable, '-P', '-m', 'memos_cli', *arguments])}"
        return subprocess.run(
            ["bash", "-c", line], env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=gone,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    for arguments in (
        ["add", "I like tea"],
        ["search", "tea"],
        ["doctor"],
        ["cube", "export", "-o", str(tmp_path / "a.memcube")],
    ):
        done = run(*arguments)
        assert done.returncode == 0, (arguments, done)
    assert (tmp_path / "a.memcube").exists()
    assert home.exists()
    for arguments in (["cube", "export", "-o", "a.memcube"], ["--cube", "./c", "list"]):
        done = run(*arguments)
        assert done.returncode in {1, 2}, (arguments, done)
        assert "the working folder is gone" in done.stderr, (arguments, done)


@pytest.mark.parametrize(
    "words", ["memos nonsense x", "memos 'a", "memos --view", "memos config get \x1b[31m", "memos \x9b", ""]
)
def test_completing_anything_prints_no_error(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for shell, at in product(("bash", "zsh", "fish"), ("1", "2", "x", None)):
        monkeypatch.setenv("_MEMOS_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", at) if at else monkeypatch.delenv("COMP_CWORD")
        with pytest.raises(SystemExit):
            run([])
        shown = capsys.readouterr()
        assert (shown.err, RAW.search(shown.out)) == ("", None), (shell, at)
