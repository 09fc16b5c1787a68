"""`memos completion install` and `uninstall`, with the real shells; one that is not installed is skipped."""

import shutil
from pathlib import Path

import pytest

from memos_cli.cli.commands import completion
from memos_cli.cli.commands.manual import completions
from tests.conftest import Run

SHELLS = ("bash", "zsh", "fish")
STARTS = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without anything that a shell reads when it starts, and a `memos` on the PATH for it to ask."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR", "BASH_COMPLETION_USER_DIR", "MANPATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_it_says_which_line_is_missing_and_writes_it_when_it_may(shell: str, memos: Run, own_home: Path) -> None:
    needs(shell)
    start = own_home / STARTS[shell]
    start.write_text("alias m=memos", encoding="utf-8")
    done = memos("completion", "install", "--shell", shell)
    assert done.status == 3
    assert "does not work yet" in done.out
    line = completion.place(shell).line
    assert f"  {line}\n" in done.out
    assert "it works" not in done.out
    assert start.read_text(encoding="utf-8") == "alias m=memos"

    told = memos("completion", "install", "--shell", shell, "--json")
    assert (told.status, told.data["works"], told.data["line"]) == (3, False, line)

    done = memos("completion", "install", "--shell", shell, "--yes")
    assert done.status == 0, done.out
    assert f"tried in {shell}: it works" in done.out
    written = start.read_text(encoding="utf-8")
    assert written == f"alias m=memos\n# >>> memos completion >>>\n{line}\n# <<< memos completion <<<\n"

    again = memos("completion", "install", "--shell", shell, "--yes", "--json")
    assert (again.status, again.data["works"], again.data["line"]) == (0, True, None)
    assert start.read_text(encoding="utf-8") == written

    would = memos("completion", "uninstall", "--shell", shell, "--dry-run", "--json").data
    assert would["changed"] == [told.data["path"], str(start)]
    assert start.read_text(encoding="utf-8") == written
    assert memos("completion", "uninstall", "--shell", shell).status == 0
    assert start.read_text(encoding="utf-8") == "alias m=memos\n"
    assert not Path(told.data["path"]).exists()
    assert completion.works(shell) is False


def test_fish_finds_it_by_itself(memos: Run, own_home: Path) -> None:
    needs("fish")
    program = shutil.which("memos")
    if program is None:
        pytest.skip("memos is not on the PATH")
    done = memos("completion", "install", "--shell", "fish")
    assert (done.status, "tried in fish: it works" in done.out) == (0, True), done.out
    assert not (own_home / STARTS["fish"]).exists() or "memos" not in (own_home / STARTS["fish"]).read_text("utf-8")
    memos("completion", "uninstall", "--shell", "fish")
    assert completion.works("fish") is False


def test_zsh_with_the_folder_in_fpath_needs_no_line(memos: Run, own_home: Path) -> None:
    needs("zsh")
    folder = own_home / ".local/share/zsh/site-functions"
    (own_home / ".zshrc").write_text(f"fpath=({folder} $fpath)\nautoload -Uz compinit\ncompinit -u\n", encoding="utf-8")
    done = memos("completion", "install", "--shell", "zsh")
    assert (done.status, "it works in a new shell" in done.out) == (0, True), done.out


def test_a_shell_that_breaks_when_it_starts_is_told(memos: Run, own_home: Path) -> None:
    needs("zsh")
    (own_home / ".zshrc").write_text("exit 1\n", encoding="utf-8")
    done = memos("completion", "install", "--shell", "zsh", "--yes")
    assert done.status == 3
    assert "it does not work, though" in done.out


@pytest.mark.parametrize("shell", SHELLS)
def test_where_the_shell_is_not_there_nothing_is_claimed(
    shell: str, memos: Run, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(own_home))
    done = memos("completion", "install", "--shell", shell)
    assert done.status == 0
    assert "could not be tried" in done.out
    assert "it works" not in done.out
    path = completion.place(shell).script
    assert path.read_text(encoding="utf-8") in completions().values()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_dry_run_writes_nothing(shell: str, memos: Run, own_home: Path) -> None:
    before = sorted(own_home.rglob("*"))
    done = memos("completion", "install", "--shell", shell, "--dry-run", "--yes")
    assert done.status == 0
    at = completion.place(shell)
    assert str(at.script) in done.out
    assert at.line in done.out
    assert memos("completion", "install", "--shell", shell, "--dry-run", "--json").data["line"] == at.line
    assert sorted(own_home.rglob("*")) == before
    assert "nothing to take away" in memos("completion", "uninstall", "--shell", shell).err


def test_the_shell_of_the_environment_is_meant_and_others_are_refused(memos: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert memos("completion", "install", "--print").out == completions()["memos.fish"]
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert memos("completion", "install").status == 2
