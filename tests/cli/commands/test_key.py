"""`memos key` in real processes: statuses, streams, JSON, prompts."""

import os
import pty
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import written
from tests.cli.test_contract import fails, typed
from tests.conftest import Run, start
from tests.patience import PATIENCE

KEY = {"name": str, "fingerprint": str, "recipient": str, "key": str, "own": bool, "protected": bool | None, "line": str}


def talk(arguments: list[str], *answers: tuple[str, str]) -> tuple[int, str]:
    """Status and output of a run on a terminal of its own, where each answer is typed once its prompt has been shown."""
    ours, theirs = pty.openpty()
    # A session of its own, so that getpass does not find the terminal of whoever runs the tests.
    process = start(arguments, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown, left = b"", list(answers)
    for chunk in written(ours, within=30):
        shown += chunk
        if left and shown.rstrip().endswith(left[0][0].encode()):
            os.write(ours, f"{left.pop(0)[1]}\n".encode())
    os.close(ours)
    if process.poll() is None and left:
        process.kill()
    assert not left, shown
    return process.wait(PATIENCE), shown.decode()


def test_new_show_list_and_rm(memos: Run, home: Path) -> None:
    made = memos("key", "new")
    assert (made.status, made.out.split()[0], made.out.split()[-1]) == (0, "memos-key", "sam")
    assert "fingerprint" in made.err
    assert "AGE-SECRET" not in made.out + made.err
    assert memos("key", "show").out == memos("key", "show", "sam").out == made.out
    assert memos("key", "new", "-q", "work").err == ""
    listed = memos("key", "list", "--json").data
    typed(listed, {"own": [KEY], "trusted": [KEY]})
    assert [(one["name"], one["protected"], one["own"]) for one in listed["own"]] == [
        ("sam", False, True),
        ("work", False, True),
    ]
    assert listed["own"][0] == memos("key", "show", "--json").data
    assert memos("key", "show", listed["own"][1]["fingerprint"], "--json").data == listed["own"][1]
    assert listed["own"][0]["fingerprint"] in memos("key", "list").out
    assert memos("key", "rm", "work", "--dry-run", "--json").data == {"name": "work", "removed": False}
    fails(memos("key", "rm", "work"), 3, "--yes")
    assert memos("key", "rm", "work", "--yes", "--json").data == {"name": "work", "removed": True}
    fails(memos("key", "rm", "work", "--yes"), 10, "no key 'work'")
    fails(memos("key", "new"), 3, "already")
    (home / "keys" / "sam.pub").write_text("x")
    for command in ("list", "show"):
        fails(memos("key", command), 13, "sam.pub is damaged")


def test_a_home_without_keys(memos: Run) -> None:
    assert memos("key", "list", "--json").data == {"own": [], "trusted": []}
    fails(memos("key", "show"), 10, "no key yet", "memos key new")
    assert memos("key", "show", "--json").error["code"] == "not_found"
    fails(memos("key", "new", "a/b"), 2, "cannot be the name")


def test_trusting_from_words_a_file_and_a_pipe(memos: Run, tmp_path: Path) -> None:
    line = memos("key", "new", "kim", env={"MEMOS_HOME": str(tmp_path / "kim")}).out
    told = memos("key", "trust", line.strip(), "--json").data
    typed(told, {**KEY, "added": bool})
    assert (told["name"], told["added"]) == ("kim", True)
    again = memos("key", "trust", *line.split())
    assert (again.status, told["fingerprint"] in again.out, "already" in again.out) == (0, True, True)
    assert memos("key", "show", "kim").out == line
    (tmp_path / "kim.pub").write_text(line)
    assert memos("key", "trust", "kim.pub", "--name", "kim2", "--json").data["name"] == "kim2"
    assert memos("key", "trust", "-", "--name", "kim3", "--json", stdin=line).data["name"] == "kim3"
    assert [one["name"] for one in memos("key", "list", "--json").data["trusted"]] == ["kim3"]
    other = memos("key", "new", "lee", env={"MEMOS_HOME": str(tmp_path / "lee")}).out.strip()
    fails(memos("key", "trust", other, "--name", "kim3"), 3, "--name NAME")
    fails(memos("key", "trust", "nonsense"), 2, "no public line")
    fails(memos("key", "trust", "--rm", "kim"), 10, "kim3")
    fails(memos("key", "trust", other, "--dry-run"), 2, "--rm")
    assert memos("key", "trust", "--rm", "kim3", "--dry-run", "--json").data == {"name": "kim3", "removed": False}
    assert memos("key", "trust", "--rm", told["fingerprint"], "--json").data == {"name": "kim3", "removed": True}
    assert memos("key", "list", "--json").data["trusted"] == []


def test_a_passphrase_comes_from_a_file_or_a_command(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("a word\n")
    assert memos("key", "new", "one", "--passphrase-file", "word").status == 0
    code = f"{sys.executable} -c 'print(\"a word\")'"
    assert memos("key", "new", "two", "--passphrase-command", code).status == 0
    assert [one["protected"] for one in memos("key", "list", "--json").data["own"]] == [True, True]
    assert "protected" in memos("key", "list").out
    both = ("--passphrase-file", "word", "--passphrase-command", code)
    fails(memos("key", "new", "three", *both), 2, "exclude each other")
    fails(memos("key", "new", "three", "--passphrase-file", "missing"), 2, "cannot read")
    fails(memos("key", "new", "three", "--passphrase"), 3, "no terminal", "--passphrase-file", "--passphrase-command")
    assert len(memos("key", "list", "--json").data["own"]) == 2


def test_a_passphrase_is_asked_for_twice_and_not_shown(home: Path, memos: Run) -> None:
    ask, again = "Passphrase of the new key:", "Once more:"
    status, shown = talk(["key", "new", "--passphrase"], (ask, "a word"), (again, "a word"))
    assert (status, "a word" in shown) == (0, False)
    assert (home / "keys" / "sam.key").read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
    status, shown = talk(["key", "new", "two", "--passphrase"], (ask, "a word"), (again, "a ward"))
    assert (status, "the two differ" in shown) == (3, True)
    status, shown = talk(["key", "new", "two", "--passphrase"], (ask, ""))
    assert (status, "cannot be empty" in shown) == (2, True)
    status, shown = talk(["key", "new", "two", "--passphrase"], (ask, "\x04"))
    assert (status, "cannot be asked for" in shown) == (3, True)
    assert [one["name"] for one in memos("key", "list", "--json").data["own"]] == ["sam"]


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_nobody_else_can_read_the_private_part(memos: Run, home: Path) -> None:
    memos("key", "new")
    assert oct((home / "keys").stat().st_mode & 0o777) == "0o700"
    assert oct((home / "keys" / "sam.key").stat().st_mode & 0o777) == "0o600"


def test_a_key_that_is_trusted_after_what_it_signed_came_in(memos: Run, tmp_path: Path) -> None:
    """What it signed and lies here is not trusted by the log's word; the file says it again."""
    kim = {"MEMOS_HOME": str(tmp_path / "kim"), "MEMOS_PRINCIPAL": "kim"}
    memos("add", "I am vegan now", env=kim)
    line = memos("key", "new", env=kim).out
    assert memos("cube", "export", "-o", "kim.memcube", "--sign", "-q", env=kim).status == 0
    memos("add", "The rake is at Yuki's")
    assert memos("cube", "merge", "kim.memcube").status == 0
    told = memos("key", "trust", line)
    assert "default before is trusted once you merge the file again: memos cube merge default FILE\n" in told.err
    assert memos("key", "trust", line, "--json").data["came_before"] == ["default"]
    assert "[from elsewhere]" in memos("list").out
    assert "would trust 1 memory that came from elsewhere before" in memos("cube", "merge", "kim.memcube", "--dry-run").err
    again = memos("cube", "merge", "kim.memcube")
    assert "trusts 1 memory that came from elsewhere before as your own\n" in again.err
    assert "nothing else to take over" in again.out
    assert "[from elsewhere]" not in memos("list").out
    assert memos("key", "trust", line, "--json").data["came_before"] == []
    assert memos("doctor", "-q").status == 0
