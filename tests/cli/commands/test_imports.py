"""`memos import` at the command line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memos_cli.cli.main import run
from tests.conftest import ROOT, Ran, Run
from tests.importers import note, script, scripted, turn

__all__ = ["scripted"]
DOCUMENT = {
    "sources": list, "found": int, "taken": int, "edited": int, "known": int, "forgotten": int, "skipped": int, "reasons": list,
    "facts": int, "secrets": int, "questions": list, "uncompared": int, "ids": list, "reopened": list, "notices": list,
    "command_id": (str, type(None)), "pending": int, "embedded": int, "dry_run": bool,
}  # fmt: skip


@pytest.fixture
def cli(scripted: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:  # noqa: ARG001 -- the importer is registered
    def cli(*words: str) -> Ran:
        capsys.readouterr()
        status = run(list(words))
        told = capsys.readouterr()
        return Ran(status, told.out, told.err)

    return cli


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., str]:
    def source(*rows: dict[str, Any]) -> str:
        return str(script(tmp_path / "one.script", *rows))

    return source


def test_it_tells_what_became_of_each_entry(cli: Callable[..., Ran], source: Callable[..., str]) -> None:
    path = source(
        turn("1", "I live in York."),
        note("2", "Two"),
        {"skip": "a system message", "count": 2},
        {"skip": "a hole", "damaged": True},
    )
    dry = cli("import", path, "--dry-run")
    assert dry.status == 3
    assert "would be 2 taken, 3 skipped of 5 found (llm)" in dry.out
    done = cli("import", path)
    assert done.status == 3
    assert done.out.splitlines()[:4] == [
        "2 taken, 3 skipped of 5 found (llm)",
        "skipped 2, a system message: line 3 and others",
        "skipped 1, damaged, a hole: line 4",
        "1 facts in what you said",
    ]
    again = cli("import", path)
    assert "0 taken, 2 known, 3 skipped of 5 found (llm)" in again.out


def test_the_document(cli: Callable[..., Ran], source: Callable[..., str]) -> None:
    path = source(turn("1", "I live in York."), {"skip": "a"})
    data = cli("import", path, "--json").data
    assert list(data) == list(DOCUMENT)
    assert all(isinstance(data[name], kind) for name, kind in DOCUMENT.items())  # type: ignore[arg-type]
    assert data["sources"] == [{"source": path, "kind": "llm", "found": 2}]
    assert data["reasons"] == [{"why": "a", "entries": 1, "where": "line 2", "damaged": False, "refused": False}]
    assert cli("import", path).status == 0


def test_undo_takes_all_of_it_back(cli: Callable[..., Ran], source: Callable[..., str]) -> None:
    cli("import", source(*(turn(f"{number}", f"I bought lamp {number}.") for number in range(9))))
    assert len(cli("list", "--json").data["memories"]) == 18
    assert cli("undo", "--json").data["command"] == "import"
    assert cli("list", "--json").data["memories"] == []


def test_options(cli: Callable[..., Ran], source: Callable[..., str]) -> None:
    path = source(turn("1", "I live in York."), note("2", "Old", "2001-01-01T00:00:00.000Z"))
    done = cli(
        "import",
        path,
        "--from",
        "llm",
        "--since",
        "2023",
        "--tag",
        "vault",
        "--label",
        "Medical",
        "--task",
        "move",
        "--no-facts",
        "--no-embed",
    )
    assert done.status == 0
    (made,) = cli("list", "--json").data["memories"]
    assert (made["tags"], made["labels"], made["task"]) == (["vault"], ["medical"], "move")
    assert "before --since" in done.out


def test_secrets_are_told_and_masked(cli: Callable[..., Ran], source: Callable[..., str]) -> None:
    done = cli("import", source(note("1", "My key is AKIAIOSFODNN7EXAMPLE.")))
    assert "1 hold a secret" in done.err
    assert "AKIAIOSFODNN7EXAMPLE" not in cli("list").out


def test_what_a_source_says_lets_nothing_loose_on_the_terminal(cli: Callable[..., Ran], source: Callable[..., str]) -> None:
    done = cli("import", source({"skip": "\x1b[2Jgone", "damaged": True}, note("1", "x" * 1_000_001, title="\x1b]0;x\x07")))
    assert "\x1b" not in done.out + done.err
    assert done.status == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nosuch",), "cannot read nosuch: No such file or directory"),
        (("words.txt",), "words.txt is plain text, and of no kind that memos imports"),
        (("folder",), "folder is a folder, and of no kind that memos imports"),
        (("words.txt", "--from", "chatgtp"), "there is no kind 'chatgtp' of source"),
        (("words.txt", "--columns", "text"), "--columns 'text' names no field"),
        (("words.txt", "--columns", "text=nosuch"), "--columns 'text=nosuch' names no field"),
        (("words.txt", "--since", "the twelfth of never"), "twelfth"),
        ((), "Missing argument"),
    ],
)
def test_wrong_calls(words: tuple[str, ...], said: str, cli: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Once upon a time")
    (tmp_path / "folder").mkdir()
    ran = cli("import", *words)
    assert ran.status == 2
    assert said in ran.err
    assert not (tmp_path / "home" / "cubes").exists()


def test_an_unknown_file_names_the_kinds(cli: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Once upon a time")
    hint = cli("import", "words.txt").err
    assert "llm" in hint
    assert "--from KIND" in hint
    assert "memos add --file" in hint


def test_an_importer_of_another_package_reads_its_kind(memos: Run, tmp_path: Path) -> None:
    info = tmp_path / "plugins" / "scripted-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[memos_cli.plugins]\nimporter.scripted = tests.importers:ScriptedImporter\n")
    path = script(tmp_path / "one.script", note("1", "One"))
    around = {"PYTHONPATH": os.pathsep.join((str(tmp_path / "plugins"), str(ROOT)))}
    done = memos("import", str(path), "--from", "scripted", "--json", env=around)
    assert done.status == 0, done.err
    assert json.loads(done.out)["data"]["taken"] == 1
