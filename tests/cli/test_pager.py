"""Long answers on a terminal go into a pager, as git's do."""

import os
import re
import stat
from pathlib import Path

import pytest

from memos_cli.cli.pager import PAGED, _Screen
from tests.cli.helpers import jsonl, on_terminal
from tests.conftest import Run

SMALL, TALL = (10, 80), (200, 80)
"""Rows and columns of terminals."""


@pytest.fixture(autouse=True)
def notes(memos: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LESS", raising=False)
    memos("add", "--jsonl", "-", "--no-embed", stdin=jsonl(*({"content": f"note number {n}"} for n in range(30))))


@pytest.fixture
def pager(tmp_path: Path) -> Path:
    """A pager that says who it is, and what its less would be told."""
    script = tmp_path / "my pager"
    script.write_text('#!/bin/sh\necho "PAGED $* LESS=$LESS"\ncat\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def shown(*arguments: str, size: tuple[int, int] = SMALL, **variables: str) -> str:
    status, out = on_terminal(arguments, size=size, **variables)
    assert status == 0
    assert "Traceback" not in out
    return out


def test_only_what_does_not_fit_is_paged(pager: Path) -> None:
    long = shown("list", PAGER=f"'{pager}' -x")
    assert "PAGED -x LESS=FRX" in long
    assert long.count("note number") == 30
    assert "PAGED" not in shown("list", size=TALL, PAGER=f"'{pager}'")
    assert "PAGED" not in shown("list", "-n", "5", PAGER=f"'{pager}'")


@pytest.mark.parametrize("command", ["list", "search note -k 30", "undo --list", "list --ids"])
def test_the_commands_that_page(memos: Run, pager: Path, command: str) -> None:
    for name in range(12):
        memos("view", "save", f"v{name}", "--pinned")
    assert "PAGED" in shown(*command.split(), PAGER=f"'{pager}'")


def test_versions_are_paged(memos: Run, pager: Path) -> None:
    identity = memos("list", "--ids", "-n", "1").out.strip()
    for number in range(6):
        memos("edit", identity, f"text {number}")
    assert "PAGED" in shown("history", identity, PAGER=f"'{pager}'")


@pytest.mark.parametrize(
    "command",
    ["show long", "config show", "stats", "why long", "--help", "list --help", "cube export -h", "lifecycle policy show"],
)
def test_whatever_is_long_is_paged(memos: Run, pager: Path, command: str) -> None:
    memos("add", "--external-id", "long", "--", "\n".join(f"line {n}" for n in range(40)))
    for number in range(12):
        memos("edit", "long", "--title", f"title {number}")
    said = memos(*command.split(), env={"PAGER": f"'{pager}'"})
    assert (said.status, "PAGED" in said.out) == (0, False), "in a pipe nothing is"
    size = (7, 80) if command == "why long" else SMALL
    out = shown(*command.split(), size=size, PAGER=f"'{pager}'", NO_COLOR="1")
    assert out.count("PAGED") == 1
    words = re.findall(r"[\w-]{4,}", said.out)
    assert [one for one in words if one not in out] == [], "nothing is lost"
    for more, variables in ((["--no-pager"], {}), ([], {"PAGER": "cat"}), ([], {"PAGER": ""})):
        assert "PAGED" not in shown(*command.split(), *more, size=size, **{"PAGER": f"'{pager}'", **variables})
    assert "PAGED" not in shown(*command.split(), size=(400, 80), PAGER=f"'{pager}'")


def test_a_document_is_not_paged(memos: Run, pager: Path) -> None:
    memos("add", "--external-id", "long", "--", "\n".join(f"line {n}" for n in range(40)))
    for command in ("show long", "config show", "stats"):
        assert "PAGED" not in shown("--json", *command.split(), PAGER=f"'{pager}'")


def test_a_notice_stands_below_the_answer(pager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    screen = _Screen([str(pager)])
    screen.line("what to know", err=True)
    screen.line("the answer")
    screen.end()
    said = capsys.readouterr()
    assert [said.out.strip(), said.err.strip()] == ["the answer", "what to know"]


def test_every_command_that_pages_is_one(memos: Run) -> None:
    for command in PAGED:
        assert memos(*command.split(), "--help").out.startswith(f"Usage: memos {command} "), command


@pytest.mark.parametrize(
    ("more", "variables"),
    [
        (["--no-pager"], {}), ([], {"PAGER": ""}), ([], {"PAGER": "cat"}), ([], {"MEMOS_PAGER": "none"}), (["--json"], {}),
        ([], {"PAGER": "/no/such/pager"}), ([], {"PAGER": "'unfinished"}),
    ],
)  # fmt: skip
def test_without_a_pager_all_of_it_is_printed(pager: Path, more: list[str], variables: dict[str, str]) -> None:
    out = shown("list", *more, **{"PAGER": f"'{pager}'", **variables})
    assert "PAGED" not in out
    assert out.count("note number") == 30


def test_the_option_may_stand_before_the_command(pager: Path) -> None:
    assert "PAGED" not in shown("--no-pager", "list", PAGER=f"'{pager}'")


def test_the_setting_goes_before_the_variable(memos: Run, pager: Path) -> None:
    memos("config", "set", "pager", f"'{pager}' --mine")
    assert "PAGED --mine" in shown("list", PAGER="cat")


def test_a_project_s_file_chooses_none(memos: Run, pager: Path, tmp_path: Path) -> None:
    """Its author would have a command run by whoever lists memories in a folder that was cloned."""
    (tmp_path / ".memos.toml").write_text(f"pager = \"'{pager}' --theirs\"\n", encoding="utf-8")
    out = shown("list", PAGER=f"'{pager}' --mine")
    assert "PAGED --mine" in out
    assert "--theirs" not in out
    assert "a project may not say what is run" in " ".join(out.split())
    assert memos("config", "get", "pager").out == "auto\n"
    memos("config", "set", "pager", f"'{pager}' --set")
    assert "PAGED --set" in shown("list", PAGER="cat")


def test_in_a_pipe_there_is_no_pager(memos: Run, pager: Path) -> None:
    ran = memos("list", env={"PAGER": f"'{pager}'"})
    assert (ran.status, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 30


def test_who_leaves_the_pager_early_hears_nothing(memos: Run) -> None:
    lines = ({"content": f"much to read {n} " + "word " * 100} for n in range(3000))
    memos("add", "--jsonl", "-", "--no-embed", stdin=jsonl(*lines))
    assert shown("list", PAGER="head -n 2").count("much to read") == 1
    assert "much to read" not in shown("list", PAGER="true")


def test_a_pager_that_cannot_be_run_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\x7fELF nothing")
    (tmp_path / "broken").chmod(0o755)
    assert shown("list", PAGER=str(tmp_path / "broken")).count("note number") == 30


@pytest.mark.skipif(not any(os.access(f"{folder}/less", os.X_OK) for folder in os.get_exec_path()), reason="needs less")
def test_without_a_variable_it_is_less(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAGER", "LESS"):
        monkeypatch.delenv(name, raising=False)
    status, out = on_terminal(["list"], size=SMALL, say="q")
    assert status == 0
    assert out.count("note number") < 30
