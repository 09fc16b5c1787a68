"""`memos export jsonl`: where to, what stays, and that a foreign program reads it."""

import json
from pathlib import Path

from tests.conftest import Run


def test_it_writes_to_a_file_or_to_standard_output(memos: Run, tmp_path: Path) -> None:
    memos("add", "I am vegan now", "--key", "diet")
    file = tmp_path / "a.jsonl"
    assert memos("export", "jsonl", str(file)).out == f"exported 1 memory to {file}\n"
    assert memos("export", "jsonl").out == file.read_text() == memos("export", "jsonl", "-").out
    assert json.loads(file.read_text())["key"] == "diet"
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_that_is_there_is_kept(memos: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("mine")
    ran = memos("export", "jsonl", str(file))
    assert (ran.status, file.read_text()) == (3, "mine")
    assert "--force" in ran.err
    memos("add", "Tea")
    assert memos("export", "jsonl", str(file), "--force").status == 0
    assert "Tea" in file.read_text()


def test_what_stays_is_told_on_standard_error(memos: Run) -> None:
    memos("add", "An HIV test", "--label", "health")
    memos("add", "The password is hunter2secretZ9")
    ran = memos("export", "jsonl")
    assert "hunter2" not in ran.out
    assert len(ran.out.splitlines()) == 1
    assert "1 memory stays here, by labels.export: memos list --label health" in ran.err
    assert "secrets are masked" in ran.err
    assert "hunter2secretZ9" in memos("export", "jsonl", "--reveal").out


def test_filters_are_those_of_list(memos: Run) -> None:
    memos("add", "Soup", "--tag", "recipe")
    memos("add", "Other")
    memos("view", "save", "cook", "--tag", "recipe")
    for given in (("--tag", "recipe"), ("--view", "cook")):
        assert [json.loads(line)["content"] for line in memos("export", "jsonl", *given).out.splitlines()] == ["Soup"]
    ran = memos("export", "jsonl", "--tag", "recpie")
    assert (ran.status, ran.out) == (0, "")
    assert "did you mean recipe?" in ran.err


def test_an_export_goes_into_an_empty_home_and_out_again(memos: Run, tmp_path: Path) -> None:
    for text in ("I am vegan now", "Dentist on 4 May 2027 at 9:40", "Bins go out every Tuesday"):
        memos("add", text)
    file = tmp_path / "all.jsonl"
    memos("export", "jsonl", "--all", str(file))
    assert memos("mip", "check", str(file)).out == "3 memories, sound (MIP 1)\n"
    memos("cube", "create", "second")
    assert memos("--cube", "second", "import", str(file)).status == 0
    assert memos("--cube", "second", "export", "jsonl", "--all").out == file.read_text()
