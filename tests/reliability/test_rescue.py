"""What still has to work when the home's disk is full or can only be read, and what is said when an answer cannot be."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest

from memos_cli.cli.main import _BESIDE_CUBES
from memos_cli.cli.main import memos as tree
from tests.conftest import Ran, Run, start
from tests.patience import PATIENCE
from tests.reliability.helpers import read_only

EXPORTS = ((), ("--redact",), ("--passphrase-file", "secret"), ("--sign", "--encrypt-to", "sam"), ("--slots",))


@pytest.fixture
def filled(memos: Run, home: Path, tmp_path: Path) -> Path:
    """A home with two memories and a key."""
    (tmp_path / "secret").write_text("a word\n")
    for arguments in (("add", "I am vegan", "--key", "diet"), ("add", "The ferry leaves at nine"), ("key", "new", "sam")):
        assert memos(*arguments).status == 0
    shutil.rmtree(home / "cache", ignore_errors=True)
    return home


@pytest.fixture
def protected(filled: Path) -> Iterator[Path]:
    """The home on a disk that can only be read."""
    with read_only(filled):
        yield filled


def exported_from(memos: Run, home: Path, tmp_path: Path) -> None:
    """Export in every way, and see that what came of it can be taken in elsewhere."""
    env = {"MEMOS_HOME": str(home)}
    for number, more in enumerate(EXPORTS):
        done = memos("cube", "export", "-o", str(tmp_path / f"{number}.memcube"), *more, env=env)
        assert done.status == 0, (more, done.err)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    got = memos("cube", "import", str(tmp_path / "0.memcube"), "--name", "back", env={"MEMOS_HOME": str(tmp_path / "other")})
    assert (got.status, "2 memories" in got.out) == (0, True)


def test_a_home_that_can_only_be_read_is_exported(memos: Run, protected: Path, tmp_path: Path) -> None:
    exported_from(memos, protected, tmp_path)


def test_a_home_on_a_full_disk_is_exported(memos: Run, filled: Path, small_disk: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, small_disk / "home")
    handle = os.open(small_disk / "fill", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(handle, bytes(4096)):
            pass
    os.close(handle)
    exported_from(memos, small_disk / "home", tmp_path)


def test_a_pipe_gets_an_export_of_a_home_that_can_only_be_read(protected: Path) -> None:  # noqa: ARG001
    done = subprocess.run([sys.executable, "-m", "memos_cli", "cube", "export", "-o", "-"], capture_output=True, check=False)
    assert (done.returncode, len(done.stdout) > 5000) == (0, True)


def test_search_and_chat_answer_from_a_home_that_can_only_be_read(memos: Run, protected: Path) -> None:  # noqa: ARG001
    assert "vegan" in memos("search", "vegan").out
    asked = memos("chat", "-m", "When does the ferry leave?")
    assert (asked.status, "nine" in asked.out, "not kept: cannot write" in asked.err) == (0, True, True)
    known = memos("--json", "chat", "-m", "What do you know about the ferry?")
    assert known.status == 0
    assert any("not kept" in notice for notice in known.data["notices"])


def test_chat_does_not_promise_to_remember_what_it_cannot_keep(memos: Run, protected: Path) -> None:  # noqa: ARG001
    for message in ("Remember that I live in Leeds", "I moved to Porto."):
        told = memos("chat", "-m", message)
        assert (told.status, told.out) == (1, ""), message
        assert "cannot write to the cube" in told.err


@pytest.mark.parametrize(
    "place",
    [
        "cubes/default/cube.db",
        "cubes/default/new",
        "cubes/new.memcube",
        "keys/sam.key",
        "config.toml",
        "cache/x",
        "jobs/x",
        "hooks/notify",
        "llm/x",
        "models/m.gguf",
    ],
)
def test_an_export_never_takes_the_place_of_a_file_of_memos(memos: Run, filled: Path, tmp_path: Path, place: str) -> None:
    memos("config", "set", "search.k", "5")
    for folder in ("cache", "jobs", "hooks", "llm", "models"):
        (filled / folder).mkdir(exist_ok=True)
    before = {path: path.read_bytes() for path in filled.rglob("*") if path.is_file()}
    (tmp_path / "way").symlink_to(filled)
    for target in (filled / place, tmp_path / "way" / place, Path("home") / "cubes" / ".." / place):
        done = memos("cube", "export", "-o", str(target), "--force")
        assert (done.status, "memos keeps its own files" in done.err) == (3, True), target
    assert {path: path.read_bytes() for path in filled.rglob("*") if path.is_file()} == before


def test_nor_do_the_answers_of_a_bench(memos: Run, filled: Path, tmp_path: Path) -> None:
    rows = tmp_path / "set"
    rows.mkdir()
    (rows / "memories.jsonl").write_text('{"content": "I am vegan", "external_id": "a"}\n')
    (rows / "queries.jsonl").write_text('{"query": "What do I eat?", "relevant": ["a"], "answer": "vegan"}\n')
    before = {path: path.read_bytes() for path in filled.rglob("*") if path.is_file() and "cache" not in path.parts}
    for place in ("cubes/default/cube.db", "config.toml", "keys/sam.key"):
        done = memos("bench", "qa", str(rows), "--out", str(filled / place))
        assert (done.status, "memos keeps its own files" in done.err) == (3, True), done.err
    assert {path: path.read_bytes() for path in before} == before


def test_nor_of_a_cube_elsewhere(memos: Run, filled: Path, tmp_path: Path) -> None:  # noqa: ARG001
    memos("cube", "create", "./far")
    assert memos("cube", "export", "-o", str(tmp_path / "far" / "cube.db"), "--force").status == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_what_is_stored_and_cannot_be_told_is_said_to_be_stored(memos: Run, more: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start([*more, "add", "one"], stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=PATIENCE)
    (memory,) = memos("--json", "list").data["memories"]
    said = json.loads(err)["error"] if more else {"message": err.decode(), "hint": err.decode()}
    assert process.returncode == 1
    assert f"stored {memory['id']}, but the answer could not be written: No space left on device" in said["message"]
    assert memos("undo", said["hint"].split()[-1]).status == 0
    assert memos("--json", "list").data["memories"] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_every_command_that_wrote_says_so(memos: Run) -> None:
    memos("add", "one", "--key", "a")
    for arguments in (["view", "save", "v", "--tag", "t"], ["snapshot", "create", "s"], ["undo"], ["add", "two", "--key", "a"]):
        with Path("/dev/full").open("wb") as full:
            process = start(arguments, stdout=full, stderr=subprocess.PIPE)
            _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, b"stored" in err) == (1, True), (arguments, err)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_what_was_done_outside_of_a_cube_is_not_said_to_have_failed(memos: Run, home: Path, tmp_path: Path) -> None:
    memos("add", "one")
    done = {
        ("cube", "create", "work"): home / "cubes" / "work",
        ("config", "set", "search.k", "4"): home / "config.toml",
        ("key", "new", "mine"): home / "keys" / "mine.key",
        ("cube", "export", "-o", "out.memcube"): tmp_path / "out.memcube",
    }
    for arguments, made in done.items():
        with Path("/dev/full").open("wb") as full:
            process = start(arguments, stdout=full, stderr=subprocess.PIPE)
            _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, made.exists()) == (1, True), arguments
        first, hint = err.decode().splitlines()[-2:]
        assert first == "memos: it is done, but the answer could not be written: No space left on device", arguments
        assert "look before you run it again" in hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_what_does_nothing_is_not_said_to_be_done(memos: Run) -> None:
    memos("add", "one")
    for arguments in (["lifecycle", "install", "--cron", "--print"], ["cube", "export", "-o", "-"], ["cube", "list"]):
        with Path("/dev/full").open("wb") as full:
            process = start(arguments, stdout=full, stderr=subprocess.PIPE)
            _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (1, b"memos: No space left on device\n"), arguments


def test_the_commands_that_change_what_is_beside_the_cubes_are_there() -> None:
    for name in _BESIDE_CUBES:
        command: click.Command | None = tree
        for word in name.split():
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), word)
        assert command is not None, name


@pytest.mark.skipif(os.name != "posix", reason="a shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_gets_nothing_written_into_a_file(memos: Run, closed: str) -> None:
    memos("add", "one")
    for command in ("list", "add two", "search one", "no-such-command", "list --json"):
        done = subprocess.run(
            ["sh", "-c", f'exec "{sys.executable}" -m memos_cli {command} {closed}'],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == (2 if "such" in command else 0), (command, done.stderr)
        assert b"Traceback" not in done.stderr
    assert memos("doctor").status == 0
    assert len(memos("--json", "list").data["memories"]) == 2


def test_a_home_with_a_line_end_in_its_path_gets_no_timer(memos: Run, tmp_path: Path) -> None:
    for name in ("a\nb", "a\x1bb", "a\u202eb"):
        for how in ("--cron", "--systemd"):
            done: Ran = memos("lifecycle", "install", how, "--print", env={"MEMOS_HOME": str(tmp_path / name)})
            assert (done.status, done.out) == (2, ""), (name, how)
    assert memos("lifecycle", "install", "--cron", "--print").out.count("\n") == 1


def test_a_home_with_a_percent_sign_in_its_path_gets_no_line_in_a_crontab(memos: Run, tmp_path: Path) -> None:
    env = {"MEMOS_HOME": str(tmp_path / "a%b")}
    done = memos("lifecycle", "install", "--cron", "--print", env=env)
    assert (done.status, done.out, "--systemd" in done.err) == (2, "", True)
    assert "a%%b" in memos("lifecycle", "install", "--systemd", "--print", env=env).out
