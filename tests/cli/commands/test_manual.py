"""`memos man install`, tried with the real `man`."""

import shutil
from pathlib import Path

import pytest

from memos_cli.cli.commands import manual
from tests.conftest import Run


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MANPATH", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SHELL", "/bin/bash")


def test_the_line_that_is_missing_is_told_and_mends_it(memos: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    folder = tmp_path / ".local/share/man"
    done = memos("man", "install")
    assert done.status == 3
    assert "does not find them yet" in done.out
    assert f'  export MANPATH={folder}:"$MANPATH"\n' in done.out
    assert memos("man", "install", "--json").data["line"] == f'export MANPATH={folder}:"$MANPATH"'
    monkeypatch.setenv("MANPATH", f"{folder}:")
    done = memos("man", "install")
    assert (done.status, "tried: man finds them" in done.out) == (0, True), done.out
    told = memos("man", "install", "--json").data
    assert (told["works"], told["line"]) == (True, None)


def test_without_man_nothing_is_claimed(memos: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = memos("man", "install", "--json")
    assert (done.status, done.data["works"]) == (0, None)


def test_a_dry_run_writes_no_page(memos: Run, tmp_path: Path) -> None:
    assert "would install" in memos("man", "install", "--dry-run").out
    assert not (tmp_path / ".local").exists()


def test_the_line_for_fish_is_one_of_fish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert manual.man_line(Path("/a b")) == "set -gx MANPATH '/a b' \"\""
