"""No acknowledged write is lost: not to kill -9, to a signal, to a full disk, to many writers at once."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.helpers import cube_file, jsonl, locked, operations
from tests.conftest import ROOT, Run, start
from tests.patience import PATIENCE
from tests.reliability import killer
from tests.reliability.heard import Heard
from tests.reliability.helpers import clean, contents, is_locked, writer
from tests.trials import trials

INTERRUPTED = """
import os, sys
class Signal:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), number)
module, number = sys.argv[1], int(sys.argv[2])
sys.meta_path.insert(0, Signal())
sys.argv[1:] = ["list", "--json"]
from memos_cli.__main__ import main
main()
"""
"""`memos list --json` that gets a signal when it imports a certain module."""
IN_A_STRING = """
import sys
class Signal:
    def find_spec(self, name, path=None, target=None):
        if name == "memos_cli.cli.main":
            sys.meta_path.remove(self)
            exec("raise KeyboardInterrupt")
sys.meta_path.insert(0, Signal())
sys.argv[1:] = ["list", "--json"]
from memos_cli.__main__ import main
main()
"""
"""`memos list --json` that is interrupted in code that is run from a string, as that of a dataclass is."""
KILLS, OF_THE_COMMAND, OF_CREATIONS = trials(40, 1000), trials(12, 100), trials(10, 100)
KILLER = Path(killer.__file__)
AT_ONCE = 4
A_HOME = 200
"""Kills of the writers of one home, before the next gets a new one: checking it takes longer with each memory."""


@pytest.mark.slow
def test_kill_9_at_random_instants_loses_nothing_acknowledged(memos: Run, home: Path, tmp_path: Path) -> None:
    during = acknowledged = 0
    for first in range(0, KILLS, A_HOME):
        shutil.rmtree(home, ignore_errors=True)
        memos("add", "the first one makes the cube")
        every = Heard()
        every.acknowledged.update(contents(memos))
        kills, errors = min(A_HOME, KILLS - first), tmp_path / "errors"
        with errors.open("wb") as told:
            done = subprocess.run(
                [sys.executable, str(KILLER), str(home), str(20261121 + first), str(kills), str(AT_ONCE)],
                stdout=subprocess.PIPE, stderr=told, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        assert (done.returncode, errors.read_text()) == (0, "")
        for line in done.stdout.splitlines():
            found, heard = json.loads(line), Heard()
            for said in found["said"]:
                during += said.rstrip("\n").rsplit("\n", 1)[-1].startswith("try")
                heard.take(said)
                every.take(said)
            heard.kept(found["found"])  # what another process saw as soon as they were dead
        every.compare(contents(memos))
        clean(memos)
        acknowledged += len(every.acknowledged)
    assert acknowledged > KILLS, "hardly anything was written: the kills came too early to show anything"
    assert during > KILLS // 4, "hardly a kill hit a write"
    print(f"{KILLS} kills, {during} within a write, {acknowledged} memories acknowledged, none lost")  # noqa: T201


@pytest.mark.slow
def test_kill_9_of_the_command_itself_loses_nothing_acknowledged(memos: Run, home: Path) -> None:
    chance = random.Random(7)
    memos("add", "the first one makes the cube")
    acknowledged = contents(memos)
    (target,) = acknowledged
    tried: set[str] = set()
    for number in range(OF_THE_COMMAND):
        content = f"killed command number {number}"
        tried.add(content)
        arguments = ["add", content, "--json"] if number % 2 else ["edit", target, content, "--json"]
        process = start(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.05, 0.4))
        process.kill()
        said, _ = process.communicate(timeout=PATIENCE)
        found = contents(memos)
        if said.endswith(b"\n"):  # the answer came out whole: it counts
            assert content in found.values()
            acknowledged = found
        for identity, before in acknowledged.items():
            assert found[identity] == before or (identity == target and found[identity] in tried)
        acknowledged = found
    assert operations(home) >= 1
    clean(memos)


@pytest.mark.slow
def test_kill_9_while_the_cube_is_made_leaves_none_or_a_whole_one(memos: Run, home: Path) -> None:
    chance = random.Random(11)
    for number in range(OF_CREATIONS):
        process = start(["add", f"number {number}", "--cube", "default"] if number % 2 else ["cube", "create", f"c{number}"],
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(chance.uniform(0.1, 0.5))
        process.kill()
        process.wait(PATIENCE)
        listed = memos("cube", "list", "--json").data
        assert listed["unreadable"] == []
        assert {cube["name"] for cube in listed["cubes"]} <= {"default", *(f"c{n}" for n in range(OF_CREATIONS))}
    assert memos("add", "it works all the same").status in {0, 10}
    assert memos("cube", "create", "another").status == 0
    assert memos("doctor").status == 0
    assert cube_file(home, "another").exists()


@pytest.mark.slow
def test_eight_processes_writing_many_memories_each_lose_nothing(memos: Run, home: Path) -> None:
    memos("add", "the first one makes the cube")
    heard = Heard()
    began = time.monotonic()
    each = trials(150, 500)
    writers = [writer(home, f"w{number}", each, stderr=subprocess.PIPE) for number in range(8)]
    for process in writers:
        said, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, b"")
        heard.take(said.decode())
    took = time.monotonic() - began
    assert len(heard.acknowledged) == 8 * each
    found = contents(memos)
    assert len(found) == 8 * each + 1
    assert {identity: found[identity] for identity in heard.acknowledged} == heard.acknowledged
    assert operations(home) == 8 * each + 1
    clean(memos)
    print(f"8 writers, {8 * each} memories in {took:.1f} s")  # noqa: T201


@pytest.mark.slow
def test_eight_processes_of_the_command_lose_nothing_and_make_the_cube_once(memos: Run) -> None:
    expected = set()
    for burst in range(4):
        texts = [f"burst {burst} writer {number}" for number in range(8)]
        running = [start(["add", text], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for text in texts]
        for process in running:
            _, err = process.communicate(timeout=PATIENCE)
            assert (process.returncode, err) == (0, b"")
        expected |= set(texts)
    assert set(contents(memos).values()) == expected
    clean(memos)


class TestSignals:
    """A batch that is cut short stores nothing of itself."""

    LINES = jsonl({"content": "one"}) + "".join(f'{{"content": "line {n} of a batch"}}\n' for n in range(60_000))

    @pytest.mark.slow
    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    @pytest.mark.parametrize("waits", [0.0, 0.7])
    def test_nothing_of_a_batch_is_stored(
        self, memos: Run, home: Path, tmp_path: Path, number: int, status: int, waits: float
    ) -> None:
        memos("add", "I eat no meat")
        before = contents(memos)
        batch = tmp_path / "batch.jsonl"
        batch.write_text(self.LINES)
        process = start(["add", "--jsonl", str(batch)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + PATIENCE
        while not is_locked(cube_file(home)):
            assert process.poll() is None
            assert time.monotonic() < deadline
        time.sleep(waits)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (status, b"")
        assert err.decode() in {"memos: interrupted\n", "memos: terminated\n"}
        assert not is_locked(cube_file(home))
        assert contents(memos) == before
        clean(memos)

    @pytest.mark.parametrize("module", ["click", "memos_cli.cli.commands.search", "memos_cli.interface.api", "sqlite3", "json"])
    @pytest.mark.parametrize(("number", "statuses"), [(signal.SIGINT, {130}), (signal.SIGTERM, {143, -signal.SIGTERM})])
    def test_a_signal_while_modules_are_imported_gives_no_traceback(
        self, memos: Run, module: str, number: int, statuses: set[int]
    ) -> None:
        memos("add", "I eat no meat")
        done = subprocess.run(
            [sys.executable, "-c", INTERRUPTED, module, str(int(number))], capture_output=True, check=False, timeout=60
        )
        assert done.returncode in statuses
        assert b"Traceback" not in done.stderr
        assert done.stdout == b""

    def test_an_interrupt_while_a_string_is_run_has_the_status_of_any_other(self, tmp_path: Path) -> None:
        # CPython looks whether it was interrupted so behind `-m`, as `python -m memos_cli` is run, not behind a file or `-c`.
        (tmp_path / "interrupted.py").write_text(IN_A_STRING)
        around = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
        line = [sys.executable, "-m", "interrupted"]
        done = subprocess.run(line, env=around, capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stdout) == (130, b"")
        assert b"Traceback" not in done.stderr

    def test_a_second_writer_gets_the_lock_when_the_first_was_killed(self, memos: Run, home: Path, tmp_path: Path) -> None:
        memos("add", "I eat no meat")
        batch = tmp_path / "batch.jsonl"
        batch.write_text(self.LINES)
        process = start(["add", "--jsonl", str(batch)], stdout=subprocess.DEVNULL)
        while not is_locked(cube_file(home)):
            assert process.poll() is None
        process.kill()
        process.wait(PATIENCE)
        assert memos("add", "I eat meat", env={"MEMOS_LOCK_TIMEOUT": "0.5"}).status == 0
        assert set(contents(memos).values()) == {"I eat no meat", "I eat meat"}


class TestLock:
    """A cube that somebody else is writing to."""

    def test_a_writer_waits_as_long_as_it_was_told_and_no_longer(self, memos: Run, home: Path) -> None:
        memos("add", "I eat no meat")
        with locked(cube_file(home)):
            began = time.monotonic()
            ran = memos("add", "I eat meat", env={"MEMOS_LOCK_TIMEOUT": "0.5"})
            assert time.monotonic() - began >= 0.5
        assert ran.status == 11
        assert ran.err.splitlines()[0].endswith("is in use by another process")
        assert memos("add", "I eat meat").status == 0

    def test_readers_do_not_wait_and_a_use_that_cannot_be_noted_is_let_go(self, memos: Run, home: Path) -> None:
        memos("add", "I eat no meat")
        with locked(cube_file(home)):
            assert [hit["content"] for hit in memos("search", "meat", "--json").data["hits"]] == ["I eat no meat"]
            assert memos("list").status == memos("stats").status == memos("undo", "--list").status == 0
        assert memos("list", "--json").data["memories"][0]["access_count"] == 0

    def test_a_pipe_that_dawdles_holds_nobody_up(self, memos: Run, tmp_path: Path) -> None:
        memos("add", "I eat no meat")
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        process = start(["add", "--jsonl", str(pipe)], stdout=subprocess.PIPE)
        with pipe.open("wb", buffering=0) as lines:  # opens when the command reads
            lines.write(jsonl({"content": "first of the pipe"}).encode())
            assert memos("add", "I eat meat", env={"MEMOS_LOCK_TIMEOUT": "0.5"}).status == 0
            lines.write(jsonl({"content": "second of the pipe"}).encode())
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert len(contents(memos)) == 4

    def test_a_writer_goes_on_when_the_lock_is_let_go(self, memos: Run, home: Path) -> None:
        memos("add", "I eat no meat")
        with locked(cube_file(home)):
            process = start(["add", "I eat meat"], stdout=subprocess.PIPE, env={**os.environ, "MEMOS_LOCK_TIMEOUT": "60"})
            time.sleep(0.7)
            assert process.poll() is None
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert len(contents(memos)) == 2


class TestFullDisk:
    """One clear line, exit 1, and the cube is as it was before."""

    def _fails(self, memos: Run, *arguments: str, stdin: str = "") -> None:
        ran = memos(*arguments, stdin=stdin)
        assert (ran.status, ran.out) == (1, ""), ran
        assert ran.err.splitlines()[0].startswith("memos: ")
        assert "full" in ran.err.splitlines()[0] or "No space left" in ran.err.splitlines()[0]
        assert len(ran.err.splitlines()) <= 2

    def test_a_batch_that_does_not_fit(self, memos: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEMOS_HOME", str(small_disk / "home"))
        memos("add", "I eat no meat")
        before = contents(memos)
        rows = jsonl(*({"content": f"number {n} {'y' * 500}"} for n in range(10_000)))
        self._fails(memos, "add", "--jsonl", "-", stdin=rows)
        assert contents(memos) == before
        clean(memos)
        assert memos("add", "I eat no fish either").status == 0
        assert len(contents(memos)) == 2

    def test_the_last_byte(self, memos: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEMOS_HOME", str(small_disk / "home"))
        (identity,) = memos("add", "I eat no meat", "--json").data["ids"]
        before = contents(memos)
        filler = small_disk / "filler"
        filler.write_bytes(b"z" * shutil.disk_usage(small_disk).free)
        assert shutil.disk_usage(small_disk).free == 0
        for command in (["add", "word " * 2000], ["edit", identity, "word " * 2000], ["cube", "create", "another"]):
            self._fails(memos, *command)
        self._fails(memos, "add", "-", stdin="a text that is taken apart, and kept beside the cube. " * 500)
        assert contents(memos) == before
        assert [hit["id"] for hit in memos("search", "meat", "--json").data["hits"]] == [identity]
        filler.unlink()
        clean(memos)
        assert [cube["name"] for cube in memos("cube", "list", "--json").data["cubes"]] == ["default"]
        assert memos("add", "there is room again").status == 0
        assert len(contents(memos)) == 2

    def test_one_write_after_another_until_it_is_full(
        self, memos: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every acknowledged one is there, and what failed is not."""
        monkeypatch.setenv("MEMOS_HOME", str(small_disk / "home"))
        memos("add", "the first one makes the cube")
        process = writer(small_disk / "home", "filler", stderr=subprocess.PIPE)
        said, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert b"StorageFull" in err
        heard = Heard()
        heard.take(said.decode())
        found = contents(memos)
        assert {identity: found[identity] for identity in heard.acknowledged} == heard.acknowledged
        assert len(found) == len(heard.acknowledged) + 1
        clean(memos)

    def test_a_limit_on_the_size_of_files(self, memos: Run, home: Path, tmp_path: Path) -> None:
        """Portable: the file system has room, and the process may not use it."""
        memos("add", "I eat no meat")
        before = contents(memos)
        rows = tmp_path / "rows.jsonl"
        rows.write_text(jsonl(*({"content": f"number {n} {'y' * 500}"} for n in range(5000))))
        limit = cube_file(home).stat().st_size + 300_000

        def narrow() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        arguments = [sys.executable, "-m", "memos_cli", "add", "--jsonl", str(rows)]
        done = subprocess.run(arguments, capture_output=True, preexec_fn=narrow, check=False, timeout=PATIENCE)
        assert (done.returncode, done.stdout) == (1, b"")
        assert 1 <= len(done.stderr.splitlines()) <= 2
        assert done.stderr.startswith(b"memos: ")
        assert b"fault of memos" not in done.stderr
        assert contents(memos) == before
        clean(memos)
