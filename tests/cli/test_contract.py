"""The contract of the command line with scripts: statuses, streams, JSON, bad input. All of it in real processes."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memos_cli.infra.vault.schema import SCHEMA_VERSION
from tests.cli.helpers import cube_file, jsonl, locked, on_terminal, operations
from tests.conftest import Ran, Run, start
from tests.patience import PATIENCE

ESCAPE = "\x1b"
MANY = jsonl(*({"content": f"memory number {n}, long enough that two thousand of them fill any pipe"} for n in range(2000)))
Prepare = Callable[[Run, Path], Any]


@pytest.fixture
def diet(memos: Run) -> str:
    """The id of a memory."""
    return str(memos("add", "I eat no meat", "--key", "diet", "--json").data["ids"][0])


def fails(ran: Ran, status: int, *words: str) -> None:
    """One line on stderr (and perhaps one that helps) says what is wrong; stdout has nothing."""
    assert (ran.status, ran.out) == (status, ""), ran.err
    lines = ran.err.splitlines()
    assert 1 <= len(lines) <= 2, ran.err
    assert lines[0].startswith("memos: ")
    assert all(line.startswith("  ") for line in lines[1:])
    assert "Traceback" not in ran.err
    assert "fault of memos" not in ran.err
    for word in words:
        assert word in ran.err


def typed(value: object, shape: Any) -> None:
    """`value` has the fields of `shape`, each of the named type; a list of one shape is a list of such."""
    if isinstance(shape, dict):
        assert isinstance(value, dict)
        for name, inner in shape.items():
            assert name in value, f"no field {name} in {sorted(value)}"
            typed(value[name], inner)
    elif isinstance(shape, list):
        assert isinstance(value, list)
        for item in value:
            typed(item, shape[0])
    else:
        assert isinstance(value, shape), f"{value!r} is no {shape}"
        assert not (shape is int and isinstance(value, bool))


TEXT = str | None
MEMORY = {
    "id": str, "content": str, "kind": str, "form": str, "state": str, "external_id": TEXT, "title": TEXT, "key": TEXT,
    "tags": [str], "labels": [str], "created_at": str, "updated_at": str, "occurred_at": TEXT, "valid_from": TEXT,
    "valid_to": TEXT, "expires_at": TEXT, "owner": str, "visibility": str, "task": TEXT, "priority": int, "pinned": bool,
    "frozen": bool, "origin": str, "source": dict, "confidence": float, "trust": float, "metadata": dict, "version": int,
    "access_count": int, "last_access_at": TEXT, "cube": str, "masked": bool,
}  # fmt: skip
HIT = {"id": str, "external_id": TEXT, "content": str, "score": float, "kind": str, "occurred_at": TEXT}
CHANGED = {"command": str, "changed": [str], "memories": [MEMORY], "command_id": TEXT, "dry_run": bool}
ADDED = {"added": int, "edited": int, "duplicates": int, "skipped": int, "ids": [str], "superseded": [str], "command_id": TEXT}

MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "memos_cli", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs memos and prints its exit status and its peak memory, in the system's own unit."""


class TestStatuses:
    """Each exit status, on a real cause, with the code that goes into JSON."""

    def ends(self, memos: Run, status: int, code: str, *arguments: str, **options: Any) -> None:
        plain, told = memos(*arguments, **options), memos(*arguments, "--json", **options)
        assert plain.status == told.status == status, plain.err
        assert told.out in {"", told.out if status in {3, 4} else ""}
        error = json.loads(told.err.splitlines()[-1])
        assert error["schema_version"] == 1
        assert set(error["error"]) == {"code", "exit_status", "message", "hint"}
        assert (error["error"]["code"], error["error"]["exit_status"]) == (code, status)
        assert error["error"]["message"] in plain.err
        assert "Traceback" not in plain.err + told.err

    def test_0_when_it_is_done_and_also_when_nothing_was_found(self, memos: Run, diet: str) -> None:
        assert memos("show", diet).status == 0
        nothing = memos("search", "zeppelin")
        assert (nothing.status, nothing.out) == (0, "")
        assert "nothing found" in nothing.err

    def test_1_when_there_is_no_place_for_a_home(self, memos: Run, home: Path) -> None:
        home.write_text("a file stands where the home should be")
        self.ends(memos, 1, "failure", "add", "I eat no meat")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("remember", "it"),
            ("list", "--nonsense"),
            ("list", "--kind", "nonsense"),
            ("search",),
            ("search", "x", "-k", "0"),
            ("show",),
            ("add", "x", "--skip-bad"),
            ("config", "get", "colour"),
        ],
    )
    def test_2_when_the_call_is_wrong(self, memos: Run, arguments: tuple[str, ...]) -> None:
        self.ends(memos, 2, "usage", *arguments)

    def test_3_when_a_freeze_stands_against_it(self, memos: Run, diet: str) -> None:
        memos("freeze", diet)
        self.ends(memos, 3, "refused", "edit", diet, "I eat meat")
        assert memos("show", diet, "--json").data["content"] == "I eat no meat"

    def test_4_when_nothing_is_found_and_the_caller_minds(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        self.ends(memos, 4, "no_match", "search", "zeppelin", "--fail-empty")
        self.ends(memos, 4, "no_match", "list", "--tag", "zeppelin", "--fail-empty")

    def test_10_when_there_is_no_such_memory(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        for command in (("show",), ("edit", "x"), ("forget",), ("restore",), ("history",), ("why",), ("pin",)):
            self.ends(memos, 10, "memory_not_found", command[0], "nothere", *command[1:])

    def test_10_when_there_is_no_such_cube(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        for command in (("list",), ("search", "x"), ("add", "x"), ("stats",), ("undo",)):
            self.ends(memos, 10, "cube_not_found", "--cube", "nothere", *command)

    def test_10_when_there_is_nothing_to_undo(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        memos("undo")
        self.ends(memos, 10, "not_found", "undo")

    def test_11_when_another_process_holds_the_cube(self, memos: Run, home: Path, diet: str) -> None:  # noqa: ARG002
        with locked(cube_file(home)):
            before = time.monotonic()
            self.ends(memos, 11, "cube_locked", "add", "I eat meat", env={"MEMOS_LOCK_TIMEOUT": "0.5"})
            assert time.monotonic() - before >= 1.0  # twice half a second
            found = memos("search", "meat", "--json")
            assert [hit["content"] for hit in found.data["hits"]] == ["I eat no meat"]
        assert operations(home) == 1

    def test_13_when_a_newer_memos_wrote_the_cube(self, memos: Run, home: Path, diet: str) -> None:  # noqa: ARG002
        path = cube_file(home)
        conn = sqlite3.connect(path)
        conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        conn.close()
        before = path.read_bytes()
        for command in (("list",), ("add", "x"), ("search", "x"), ("doctor", "--rebuild"), ("cube", "info"), ("undo",)):
            self.ends(memos, 13, "integrity", *command)
        assert path.read_bytes() == before

    def test_14_when_the_model_is_no_model(self, memos: Run, tmp_path: Path, diet: str) -> None:  # noqa: ARG002
        for name, content in (("garbage.gguf", os.urandom(4096)), ("empty.gguf", b""), ("head.gguf", b"GGUF\x03\0\0\0" * 9)):
            (tmp_path / name).write_bytes(content)
            chosen = {"MEMOS_EMBEDDER": str(tmp_path / name)}
            self.ends(memos, 14, "model_unavailable", "search", "meat", env=chosen)
            self.ends(memos, 14, "model_unavailable", "doctor", "--embed", env=chosen)
            assert memos("add", f"stored beside {name}", env=chosen).status == 0
            assert memos("search", "meat", "--lexical", env=chosen).status == 0

    def test_14_when_vectors_are_wanted_and_there_is_no_model(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        self.ends(memos, 14, "model_unavailable", "doctor", "--embed")

    @pytest.mark.model
    @pytest.mark.usefixtures("mini_answers")
    def test_15_when_a_slot_is_demanded_and_none_fits_the_model(self, memos: Run, diet: str, home: Path) -> None:
        pytest.importorskip("llama_cpp")
        mini, other = {"MEMOS_LLM_MODEL": "memos-mini"}, {"MEMOS_LLM_MODEL": "memos-mini", "MEMOS_LLM_KV": "q8_0"}
        memos("pin", diet)
        before = operations(home)
        asked = ("chat", "--require-slot", "-m", "What do I eat?")
        self.ends(memos, 15, "fingerprint_mismatch", *asked, env=mini)
        (slot,) = memos("slot", "build", "--json", env=mini).data["slots"]
        self.ends(memos, 15, "fingerprint_mismatch", *asked, env=other)
        assert operations(home) == before
        verified = memos("slot", "verify", slot["id"], "--json", env=other)
        assert (verified.status, json.loads(verified.err)["error"]["code"]) == (15, "fingerprint_mismatch")

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_130_and_143_when_a_signal_ends_it(self, memos: Run, home: Path, number: int, status: int) -> None:
        memos("add", "I eat no meat")
        process = start(["add", "--jsonl", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(jsonl({"content": "I eat meat"}).encode() * 100_000)  # returns when all but a pipeful was read
        process.stdin.flush()
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (status, b"")
        assert err.decode() in {"memos: interrupted\n", "memos: terminated\n"}
        assert operations(home) == 1


class TestBadInput:
    """What is wrong is named, and nothing is stored."""

    def test_an_unknown_cube_names_the_nearest(self, memos: Run) -> None:
        memos("cube", "create", "work")
        fails(memos("--cube", "wrok", "list"), 10, "no cube 'wrok'", "did you mean work?")

    def test_an_unknown_id_names_the_nearest(self, memos: Run, diet: str) -> None:
        near = diet[:6] + ("a" if diet[6] != "a" else "b")
        fails(memos("show", near), 10, f"no memory '{near}'", f"nearest: {diet[:8]}")

    def test_an_unknown_command_names_the_nearest(self, memos: Run) -> None:
        fails(memos("serach", "x"), 2, "Did you mean search")

    def test_an_ambiguous_prefix_lists_the_ids(self, memos: Run) -> None:
        rows = jsonl(*({"content": f"number {n}"} for n in range(33)))  # there are 32 letters that an id can begin with
        ids = memos("add", "--jsonl", "-", "--json", stdin=rows).data["ids"]
        first = next(letter for letter in (one[0] for one in ids) if sum(one[0] == letter for one in ids) > 1)
        ran = memos("show", first)
        fails(ran, 2, first)
        for one in sorted(one for one in ids if one[0] == first)[:10]:
            assert one in ran.err
        assert memos("show", first, "--json").error["code"] == "ambiguous_id"

    @pytest.mark.parametrize(
        "arguments",
        [
            ("add", "x", "--occurred-at", "the twelfth of never"),
            ("add", "x", "--valid-from", "2026-13-01"),
            ("add", "x", "--valid-from", "2026-05-01", "--valid-to", "2026-04-01"),
            ("add", "x", "--ttl", "soon"),
            ("add", "x", "--ttl", "0s"),
            ("search", "x", "--as-of", "2026-02-30T99:00"),
            ("list", "--since", "no time at all"),
        ],
    )
    def test_a_wrong_date_is_named(self, memos: Run, home: Path, arguments: tuple[str, ...]) -> None:
        fails(memos(*arguments), 2)
        assert not cube_file(home).exists()

    @pytest.mark.parametrize("option", ["--file", "--jsonl"])
    def test_an_unreadable_file_is_named(self, memos: Run, tmp_path: Path, option: str) -> None:
        fails(memos("add", option, "missing.txt"), 2, "missing.txt", "No such file")
        empty = tmp_path / "empty"
        empty.mkdir()
        why = "Is a directory" if option == "--jsonl" else "holds no text that memos reads"
        fails(memos("add", option, str(empty)), 2, str(empty), why)
        fails(memos("search", "--jsonl", "missing.txt"), 2, "missing.txt", "No such file")

    def test_what_is_not_utf8_is_named(self, memos: Run, diet: str, home: Path) -> None:
        fails(memos("add", "-", stdin=b"caf\xe9"), 2, "not UTF-8", "byte 4")
        fails(memos("add", "--jsonl", "-", stdin=b'{"content": "one"}\n{"content": "caf\xe9"}\n'), 2, "line 2", "not UTF-8")
        fails(memos("edit", diet, "-", stdin=b"caf\xe9"), 2, "not UTF-8")
        fails(memos("search", "--jsonl", "-", stdin=b'{"query": "one"}\n{"query": "caf\xe9"}\n'), 2, "line 2")
        assert operations(home) == 1

    @pytest.mark.parametrize(
        "arguments",
        [
            ("add", "{}"),
            ("search", "{}"),
            ("show", "{}"),
            ("list", "--tag", "{}"),
            ("add", "x", "--tag", "{}"),
            ("--cube", "{}", "list"),
        ],
    )
    def test_an_argument_that_is_not_utf8_is_named(self, diet: str, home: Path, arguments: tuple[str, ...]) -> None:  # noqa: ARG002
        given = [argument.encode().replace(b"{}", b"caf\xe9") for argument in arguments]
        done = subprocess.run([sys.executable, "-m", "memos_cli", *given], capture_output=True, timeout=PATIENCE, check=False)
        fails(Ran(done.returncode, done.stdout.decode(), done.stderr.decode()), 2)
        assert operations(home) == 1

    @pytest.mark.parametrize("way", [("add", "-"), ("add", "--jsonl", "-"), ("add", ""), ("add", "  \n"), ("add",)])
    @pytest.mark.parametrize("stdin", ["", " \n\n"])
    def test_an_empty_input_is_nothing_to_remember(self, memos: Run, home: Path, way: tuple[str, ...], stdin: str) -> None:
        fails(memos(*way, stdin=stdin), 2, "empty")
        assert not cube_file(home).exists() or operations(home) == 0

    def test_a_batch_of_no_queries_answers_nothing(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        assert memos("search", "--jsonl", "-", stdin="") == Ran(0, "", "")

    @pytest.mark.parametrize(
        ("way", "stdin"),
        [
            (("add", "--jsonl", "-"), jsonl({"content": "x" * 10_000_000})),
            (("add", "--jsonl", "-"), "x" * 10_000_000),
            (("add", "--jsonl", "-"), '{"content": ' + "[" * 10_000_000),
            (("search", "--jsonl", "-"), "x" * 10_000_000),
            (("search", "--jsonl", "-"), "[" * 10_000_000),
        ],
    )
    def test_a_line_of_ten_megabytes_is_refused_in_bounded_memory(
        self, home: Path, tmp_path: Path, way: tuple[str, ...], stdin: str
    ) -> None:
        (tmp_path / "input").write_text(stdin)
        # By way of a small process: a child's peak counts what its parent held when it forked, and this one may hold torch.
        with (tmp_path / "input").open() as given:
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, *way], stdin=given, capture_output=True, text=True, check=False
            )
        status, peak = map(int, done.stdout.split())
        fails(Ran(status, "", done.stderr), 2)
        assert len(done.stderr) < 500
        assert peak * (1 if sys.platform == "darwin" else 1024) < 250 << 20
        assert not cube_file(home).exists() or operations(home) == 0

    @pytest.mark.parametrize(
        "text", ["AND", '"', "NEAR(", "* OR", "^", "-x", "a:b", "(", "\\", "'; DROP TABLE ops; --", "%", "名", "\U0001f600"]
    )
    def test_a_query_is_text_and_never_syntax(self, memos: Run, diet: str, text: str) -> None:  # noqa: ARG002
        assert memos("search", "--json", "--", text).data["hits"] == []

    def test_a_query_of_many_thousand_words_is_answered(self, memos: Run, diet: str) -> None:
        query = " ".join(f"word{n}" for n in range(12_000)) + " meat"
        assert memos("search", query, "--json").data["hits"] == [], "one word of so many is no answer"
        assert [hit["id"] for hit in memos("search", query, "--json", "--all-hits").data["hits"]] == [diet]

    def test_a_foreign_database_is_left_as_it_is(self, memos: Run, home: Path, diet: str) -> None:  # noqa: ARG002
        path = cube_file(home)
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        conn = sqlite3.connect(path)
        conn.executescript("CREATE TABLE cube (key, value); CREATE TABLE ops (n); INSERT INTO ops VALUES (7)")
        conn.close()
        self._refused(memos, path)

    @pytest.mark.parametrize("content", [b"", b"no database at all\n" * 999, b"SQLite format 3\0" + b"\xff" * 5000])
    def test_garbage_in_place_of_a_cube_is_left_as_it_is(self, memos: Run, home: Path, content: bytes) -> None:
        path = cube_file(home)
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        self._refused(memos, path)

    @pytest.mark.parametrize("kept", [50, 100, 512, 4096, 0.5])
    def test_a_cube_that_was_cut_short_is_left_as_it_is(self, memos: Run, home: Path, kept: float) -> None:
        memos("add", "--jsonl", "-", stdin=MANY)
        path = cube_file(home)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(kept * len(whole) if kept < 1 else kept)])
        self._refused(memos, path)

    def _refused(self, memos: Run, path: Path) -> None:
        before = path.read_bytes()
        for command in (("list",), ("search", "meat"), ("add", "I eat meat"), ("stats",), ("cube", "info"), ("undo",)):
            ran = memos(*command)
            assert ran.status == 13, (command, ran)
            fails(ran, 13)
            assert path.read_bytes() == before, command
        checked = memos("doctor", "--json")
        assert checked.status == 13
        assert json.loads(checked.out)["data"]["faults"] >= 1
        assert path.read_bytes() == before


class TestStreams:
    """Data to stdout, all else to stderr; colour where somebody looks."""

    def test_colour_is_for_terminals_and_the_variables_decide(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        assert ESCAPE not in memos("list").out
        assert ESCAPE in memos("list", env={"FORCE_COLOR": "1"}).out
        assert ESCAPE not in memos("list", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
        assert ESCAPE not in memos("--no-color", "list", env={"FORCE_COLOR": "1"}).out
        assert ESCAPE not in memos("list", "--no-color", env={"FORCE_COLOR": "1"}).out
        assert ESCAPE not in memos("list", "--json", env={"FORCE_COLOR": "1"}).out
        assert ESCAPE in on_terminal(["list"])[1]
        assert ESCAPE not in on_terminal(["list"], NO_COLOR="1")[1]
        assert ESCAPE not in on_terminal(["--no-color", "list"])[1]

    def test_tables_colour_as_lines_do(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        assert ESCAPE not in memos("stats").out
        assert ESCAPE in memos("stats", env={"FORCE_COLOR": "1"}).out
        assert ESCAPE not in memos("stats", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
        assert ESCAPE not in on_terminal(["stats"], NO_COLOR="1")[1]

    def test_a_pipe_gets_lines_that_begin_at_the_left_and_end_in_no_blanks(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        memos("cube", "export", "-o", "a.memcube", "-q")
        for command in (("stats",), ("cube", "info"), ("cube", "verify", "a.memcube")):
            lines = memos(*command).out.splitlines()
            assert lines == [line.strip() for line in lines]
            assert lines[0]
        assert memos("stats").out.startswith("cube default\nmemories ")
        listed = memos("cube", "list").out.splitlines()
        assert listed == [line.rstrip() for line in listed]
        told = memos("--json", "cube", "rm", "a.memcube").error
        assert (told["exit_status"], told["code"]) == (10, "cube_not_found")

    def test_a_reader_who_leaves_early_is_no_error(self, memos: Run) -> None:
        memos("add", "--jsonl", "-", stdin=MANY)
        for command in (["list"], ["list", "--json"], ["search", "memory", "-k", "2000"]):
            process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert process.stdout is not None
            assert process.stdout.read(10)
            process.stdout.close()
            _, err = process.communicate(timeout=PATIENCE)
            assert (process.returncode, err) == (0, b""), command

    @pytest.mark.parametrize(
        "command",
        [
            ["--help"],
            ["--version"],
            ["list"],
            ["stats"],
            ["config", "show"],
            ["cube", "list"],
            ["search", "--help"],
            ["add", "x"],
        ],
    )
    def test_a_reader_who_is_gone_already_is_no_error(self, diet: str, command: list[str]) -> None:  # noqa: ARG002
        ours, theirs = os.pipe()
        os.close(ours)
        process = start(command, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, b"")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
    def test_output_that_cannot_be_written_is_a_failure(self, diet: str) -> None:  # noqa: ARG002
        for command in (["list"], ["stats"], ["--help"], ["--version"], ["search", "meat"], ["list", "--json"]):
            with Path("/dev/full").open("wb") as full:
                process = start(command, stdout=full, stderr=subprocess.PIPE)
                _, err = process.communicate(timeout=PATIENCE)
            assert process.returncode == 1, command
            said = json.loads(err)["error"]["message"] if "--json" in command else err.decode().strip().removeprefix("memos: ")
            assert said == "No space left on device", command

    def test_quiet_leaves_the_data_alone(self, memos: Run, diet: str) -> None:
        forgot = memos("-q", "forget", diet)
        assert diet[:8] in forgot.out
        assert forgot.err == ""
        assert memos("search", "zeppelin", "-q") == Ran(0, "", "")

    def test_help_is_for_stdout(self, memos: Run) -> None:
        for ran in (memos("--help"), memos()):
            assert (ran.status, ran.err) == (0, "")
            assert "Start here" in ran.out

    def test_terminal_escapes_are_written_out_for_people_and_whole_in_json(self, memos: Run) -> None:
        evil = "red \x1b[31m, bell \x07, title \x1b]0;owned\x07, turned \u202e around, erased \x08\x08, nel \x85 c1 \x9b2J"
        row = {"content": evil, "external_id": "evil \u202e", "tags": ["\u202etag"], "title": "\x9b title"}
        row["source"] = {"speaker": "mal\u202elory"}
        (identity,) = memos("add", "--jsonl", "-", "--json", stdin=jsonl(row)).data["ids"]
        memos("link", identity, "relates", memos("add", f"another {evil}", "--json").data["ids"][0])
        unsafe = set("\x1b\x07\x08\x85\x9b\u202e")
        for command in (
            ["list"],
            ["search", "red"],
            ["search", "red", "--explain"],
            ["show", identity],
            ["why", identity],
            ["history", identity],
            ["stats"],
            ["add", evil],
            ["pin", identity],
            ["tag", identity, "-a", "x"],
            ["undo"],
            ["undo", "--list"],
        ):
            ran = memos(*command)
            assert ran.status == 0, (command, ran)
            assert not unsafe & set(ran.out + ran.err), command
        assert "\\x1b[31m" in memos("list").out
        assert memos("show", identity, "--json").data["content"] == evil
        assert evil in [hit["content"] for hit in memos("search", "red", "--json").data["hits"]]
        assert not unsafe & set(memos("show", f"no{ESCAPE}[31m").err)
        assert ESCAPE not in on_terminal(["show", identity], NO_COLOR="1")[1]

    def test_secrets_are_masked_unless_they_are_asked_for(self, memos: Run) -> None:
        secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
        added = memos("add", f"the deploy token is {secret}")
        assert secret not in added.out + added.err
        (memory,) = memos("list", "--json").data["memories"]
        assert memory["masked"] is True
        for command in (
            ["list"],
            ["list", "--json"],
            ["show", memory["id"]],
            ["search", "deploy"],
            ["history", memory["id"]],
            ["why", memory["id"]],
        ):
            assert secret not in memos(*command).out, command
            assert memos(*command, "--reveal").status == 0
        assert secret in memos("show", memory["id"], "--reveal").out


class TestPrompts:
    """A question needs somebody to answer it."""

    def test_without_a_terminal_it_fails_and_names_yes(self, memos: Run, home: Path, diet: str) -> None:
        memos("freeze", diet)
        before = operations(home)
        for command in (["forget", diet], ["forget", "--key", "diet"], ["cube", "rm", "default"]):
            fails(memos(*command), 3, "--yes")
            fails(memos(*command, stdin="y\n"), 3, "--yes")
        assert operations(home) == before
        assert memos("forget", diet, "--yes").status == 0
        assert memos("list", "--json").data["memories"] == []

    def test_on_a_terminal_the_answer_counts(self, home: Path, diet: str) -> None:  # noqa: ARG002
        before = operations(home)
        status, shown = on_terminal(["forget", "--key", "diet"], say="n\n")
        assert (status, operations(home)) == (3, before)
        assert "Forget 1 memory?" in shown
        assert on_terminal(["forget", "--key", "diet"], say="y\n")[0] == 0
        assert operations(home) == before + 1

    def test_a_dry_run_changes_nothing(self, memos: Run, home: Path, diet: str) -> None:
        memos("view", "save", "food", "--key", "diet")
        before = operations(home), memos("list", "--all", "--json").data
        for command in (
            ["forget", diet],
            ["forget", "--key", "diet"],
            ["view", "rm", "food"],
            ["undo"],
            ["cube", "rm", "default"],
        ):
            ran = memos(*command, "--dry-run")
            assert ran.status == 0, ran.err
            assert "would" in ran.out
            told = memos(*command, "--dry-run", "--json").data
            assert told.get("dry_run", not told.get("removed")) is True
        assert (operations(home), memos("list", "--all", "--json").data) == before
        assert [view["name"] for view in memos("view", "list", "--json").data["views"]] == ["food"]


class TestOptions:
    """Options and settings."""

    def test_shared_options_may_stand_behind_the_command(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        memos("cube", "create", "work")
        memos("--cube", "work", "add", "the door code is on the board", "--tag", "door")
        memos("view", "save", "doors", "--tag", "door", "--cube", "work")
        for options in (
            ["--cube", "work"],
            ["--cube", "work", "--cube", "default"],
            ["--cube", "work", "--view", "doors"],
            ["--as", "eve"],
            ["-q"],
        ):
            for command in (["list"], ["search", "door"]):
                before, after = memos("--json", *options, *command), memos(*command, "--json", *options)
                assert before.status == after.status == 0
                if command == ["search", "door"]:  # both were uses of what they found, and that is all they differ by
                    assert [hit["id"] for hit in before.data["hits"]] == [hit["id"] for hit in after.data["hits"]]
                else:
                    assert before.data == after.data

    def test_another_principal_does_not_see_what_is_private(self, memos: Run, diet: str) -> None:
        assert memos("--as", "eve", "list", "--json").data["memories"] == []
        assert memos("show", diet, "--as", "eve").status == 10
        memos("edit", diet, "--visibility", "public")
        assert memos("show", diet, "--as", "eve").status == 0
        assert memos("edit", diet, "changed", "--as", "eve").status == 3

    def test_settings_come_from_flag_environment_project_user_and_default_in_this_order(
        self, memos: Run, home: Path, tmp_path: Path
    ) -> None:
        def value(name: str, *flags: str, **variables: str) -> tuple[Any, str]:
            found = memos(*flags, "config", "show", "--origin", "--json", env=variables).data[name]
            got = memos(*flags, "config", "get", name, "--json", env=variables).data
            assert got == {"name": name, **found}
            return found["value"], found["origin"]

        assert value("cube") == ("default", "default")
        assert memos("config", "set", "cube", "users").status == 0
        assert value("cube") == ("users", str(home / "config.toml"))
        project = tmp_path / ".memos.toml"
        project.write_text('cube = "projects"\n[search]\nk = 3\n')
        assert value("cube") == ("projects", str(project))
        assert value("cube", MEMOS_CUBE="surroundings") == ("surroundings", "environment")
        assert value("cube", "--cube", "flags", MEMOS_CUBE="surroundings") == ("flags", "flag")
        assert value("principal") == ("sam", "environment")
        assert value("principal", "--as", "eve") == ("eve", "flag")
        assert value("search.k") == (3, str(project))
        assert value("search.k", MEMOS_SEARCH_K="5") == (5, "environment")
        assert value("lock_timeout") == (10.0, "default")

    def test_a_setting_acts(self, memos: Run, tmp_path: Path) -> None:
        memos("add", "--jsonl", "-", stdin=jsonl(*({"content": f"number {n}"} for n in range(5))))
        (tmp_path / ".memos.toml").write_text("[search]\nk = 3\n")
        assert len(memos("search", "number", "--json").data["hits"]) == 3
        assert len(memos("search", "number", "--json", env={"MEMOS_SEARCH_K": "2"}).data["hits"]) == 2
        assert len(memos("search", "number", "-k", "1", "--json", env={"MEMOS_SEARCH_K": "2"}).data["hits"]) == 1

    @pytest.mark.parametrize(
        ("text", "words"), [("cube = ", "not TOML"), ("lock_timeout = -1", "lock_timeout"), ('search.k = "many"', "search.k")]
    )
    def test_settings_that_cannot_be_are_named_with_their_file(self, memos: Run, tmp_path: Path, text: str, words: str) -> None:
        (tmp_path / ".memos.toml").write_text(text)
        fails(memos("search", "x"), 2, words, str(tmp_path / ".memos.toml"))


class TestShapes:
    """The fields that the contract promises, of the types that they have."""

    def test_add(self, memos: Run) -> None:
        first = memos("add", "I eat no meat", "--key", "diet", "--json").data
        typed(first, ADDED)
        assert (first["added"], first["duplicates"], first["skipped"]) == (1, 0, 0)
        again = memos("add", "I eat no meat", "--key", "diet", "--json").data
        typed(again, ADDED)
        assert (again["added"], again["duplicates"], again["ids"]) == (0, 1, first["ids"])
        instead = memos("add", "I am vegan now", "--key", "diet", "--json").data
        assert (instead["added"], instead["superseded"]) == (1, first["ids"])
        assert [memory["content"] for memory in memos("list", "--json").data["memories"]] == ["I am vegan now"]

    def test_list_and_show(self, memos: Run, diet: str) -> None:
        listed = memos("list", "--json").data
        typed(listed, {"memories": [MEMORY]})
        assert listed["memories"] == [memos("show", diet, "--json").data]
        both = memos("show", diet, diet, "--json").data
        assert both["memories"] == listed["memories"] * 2
        assert memos("--cube", "default", "list", "--tag", "none", "--json").data == {"memories": []}

    def test_times_are_iso_8601_in_utc(self, memos: Run) -> None:
        times = ["--occurred-at", "2026-03-01T12:00+02:00", "--valid-from", "2026-03-02", "--ttl", "1d"]
        (identity,) = memos("add", "x marks the spot", *times, "--json").data["ids"]
        memory = memos("show", identity, "--json").data
        assert (memory["occurred_at"], memory["valid_from"]) == ("2026-03-01T10:00:00Z", "2026-03-02T00:00:00Z")
        for name in ("created_at", "updated_at", "expires_at"):
            assert memory[name].endswith("Z")
            assert memory[name][10] == "T"

    def test_search(self, memos: Run, diet: str) -> None:
        found = memos("search", "meat", "--json").data
        typed(found, {"query": str, "hits": [HIT], "mode": str})
        assert (found["query"], [hit["id"] for hit in found["hits"]]) == ("meat", [diet])
        explained = memos("search", "meat", "--explain", "--json").data["hits"][0]["parts"]
        assert explained["total"] == pytest.approx(found["hits"][0]["score"], abs=1e-6)

    def test_what_changes_memories(self, memos: Run, diet: str) -> None:
        (other,) = memos("add", "I like cats", "--json").data["ids"]
        for command in (
            ["edit", diet, "I eat no fish either"], ["pin", diet], ["unpin", diet], ["freeze", diet], ["unfreeze", diet],
            ["tag", diet, "-a", "food"], ["link", diet, "relates", other], ["forget", diet], ["restore", diet],
            ["rollback", diet, "--to", "1"],
        ):  # fmt: skip
            told = memos(*command, "--json").data
            typed(told, CHANGED)
            assert (told["command"], told["changed"], told["dry_run"]) == (command[0], [diet], False)
            assert told["command_id"]
        nothing = memos("unpin", diet, "--json").data
        assert (nothing["changed"], nothing["command_id"]) == ([], None)

    def test_undo_history_and_why(self, memos: Run, diet: str) -> None:
        memos("edit", diet, "I eat no fish either")
        typed(
            memos("history", diet, "--json").data,
            {
                "id": str,
                "versions": [{"version": int, "at": str, "command": str, "principal": str, "change": dict, "command_id": str}],
            },
        )
        typed(
            memos("why", diet, "--json").data,
            {"memory": MEMORY, "versions": [{"version": int}], "links": [dict], "verbatim": TEXT, "note": TEXT},
        )
        listed = memos("undo", "--list", "--json").data
        typed(
            listed,
            {"commands": [{"txn": str, "command": str, "principal": str, "at": str, "operations": int, "subjects": int}]},
        )
        undone = memos("undo", "--json").data
        typed(undone, {"command_id": str, "reverted": str, "command": str, "subjects": [str], "dry_run": bool})
        assert (undone["reverted"], undone["command"], undone["subjects"]) == (listed["commands"][0]["txn"], "edit", [diet])
        assert memos("show", diet, "--json").data["content"] == "I eat no meat"

    def test_cubes_views_settings_and_counts(self, memos: Run, diet: str) -> None:  # noqa: ARG002
        made = memos("cube", "create", "work", "--json").data
        cube = {"name": str, "path": str, "id": str, "created_at": str, "memories": int, "operations": int, "bytes": int}
        typed(made, cube)
        typed(memos("cube", "list", "--json").data, {"cubes": [{**cube, "used": bool}], "unreadable": [dict]})
        fits = {"maker": str, "vectors": list, "arrived": list, "strangers": int, "foreign_policy": bool}
        told = memos("cube", "info", "--json").data
        typed(told, {**cube, "owner": str, "replica": str, "statistics": dict, **fits})
        typed(memos("cube", "use", "work", "--json").data, {"cube": str})
        typed(memos("cube", "rename", "work", "job", "--json").data, {"name": str, "path": str})
        typed(memos("cube", "rm", "job", "--yes", "--json").data, {"name": str, "removed": bool})
        memos("config", "set", "cube", "default")
        typed(memos("stats", "--json").data, {"cubes": {"default": {"memories": int, "operations": int, "kinds": dict}}})
        typed(memos("view", "save", "food", "--key", "diet", "--json").data, {"name": str, "filter": dict})
        typed(memos("view", "list", "--json").data, {"views": [{"name": str, "filter": dict}]})
        typed(memos("config", "path", "--json").data, {"config": str, "cubes": str, "data": str, "cache": str})
        checked = memos("doctor", "--json").data
        typed(checked, {"surroundings": dict, "cubes": {"default": [{"check": str, "faults": [str]}]}, "faults": int})


class TestLines:
    """`add --jsonl` and `search --jsonl`."""

    FULL: dict[str, Any] = {  # noqa: RUF012 -- never changed
        "content": "We meet at noon",
        "external_id": "D1:3",
        "kind": "episode",
        "tags": ["work", "lunch"],
        "occurred_at": "2026-03-01T12:00:00Z",
        "valid_from": "2026-03-01T00:00:00Z",
        "valid_to": "2030-03-02T00:00:00Z",
        "ttl": "3650d",
        "pinned": True,
        "task": "lunch",
        "key": "meeting",
        "source": {"conversation": "c1", "session": "s1", "turn": 3, "speaker": "Ann"},
        "metadata": {"a": [1, {"b": None}]},
    }

    def test_every_field_is_taken_as_it_stands(self, memos: Run) -> None:
        memos("add", "--jsonl", "-", stdin=jsonl(self.FULL))
        memory = memos("show", "D1:3", "--json").data
        for name in ("content", "kind", "occurred_at", "valid_from", "valid_to", "pinned", "task", "key", "source", "metadata"):
            assert memory[name] == self.FULL[name]
        assert sorted(memory["tags"]) == ["lunch", "work"]
        assert memory["expires_at"] > "2030"

    @pytest.mark.parametrize(
        "bad",
        [
            "{nonsense",
            "[1]",
            "7",
            '{"kind": "fact"}',
            '{"content": 5}',
            '{"content": ""}',
            '{"content": "x", "kind": "rumour"}',
            '{"content": "x", "occurred_at": "yesterday"}',
            '{"content": "x", "valid_from": "2026-02-02", "valid_to": "2026-01-01"}',
            '{"content": "x", "ttl": "soon"}',
            '{"content": "x", "tags": "work"}',
            '{"content": "x", "pinned": 1}',
            '{"content": "x", "source": {"turn": "three"}}',
            '{"content": "x", "source": []}',
            '{"content": "x", "metadata": 1}',
            '{"content": "x", "colour": "red"}',
            '{"content": "\\ud800"}',
            '{"content": "x\\u0000"}',
            '{"content": "x", "priority": NaN}',
        ],
    )
    def test_a_bad_line_is_named_by_number_and_nothing_is_stored(self, memos: Run, home: Path, bad: str) -> None:
        rows = jsonl({"content": "first"}, {"content": "second"}, bad, {"content": "fourth"})
        fails(memos("add", "--jsonl", "-", stdin=rows), 2, "line 3: ", "--skip-bad")
        assert operations(home) == 0
        told = memos("add", "--jsonl", "-", "--skip-bad", "--json", stdin=rows)
        assert told.status == 3
        assert (told.data["added"], told.data["skipped"]) == (3, 1)
        assert [line["line"] for line in told.data["skipped_lines"]] == [3]
        assert operations(home) == 3

    def test_only_bad_lines_with_skip_bad_store_nothing(self, memos: Run, home: Path) -> None:
        told = memos("add", "--jsonl", "-", "--skip-bad", "--json", stdin="{\n[\n")
        assert (told.status, told.data["added"], told.data["skipped"]) == (3, 0, 2)
        assert operations(home) == 0

    def test_an_external_id_again_is_no_operation_or_an_edit(self, memos: Run, home: Path) -> None:
        row = {"content": "We meet at noon", "external_id": "D1:3"}
        first = memos("add", "--jsonl", "-", "--json", stdin=jsonl(row)).data
        again = memos("add", "--jsonl", "-", "--json", stdin=jsonl(row)).data
        assert (again["added"], again["edited"], again["duplicates"], again["ids"]) == (0, 0, 1, first["ids"])
        assert again["command_id"] is None
        assert operations(home) == 1
        other = memos("add", "--jsonl", "-", "--json", stdin=jsonl({**row, "content": "We meet at one"})).data
        assert (other["added"], other["edited"], other["duplicates"], other["ids"]) == (0, 1, 0, first["ids"])
        memory = memos("show", "D1:3", "--json").data
        assert (memory["content"], memory["version"]) == ("We meet at one", 2)
        assert memos("search", "noon", "--json").data["hits"] == []

    def test_one_external_id_twice_in_a_batch_is_one_memory(self, memos: Run) -> None:
        rows = jsonl(*({"content": f"We meet at {n}", "external_id": "D1:3"} for n in (1, 2, 2)))
        told = memos("add", "--jsonl", "-", "--json", stdin=rows).data
        assert (told["added"], told["edited"], told["duplicates"], len(set(told["ids"]))) == (1, 1, 1, 1)
        assert memos("show", "D1:3", "--json").data["content"] == "We meet at 2"

    def test_a_batch_is_one_command(self, memos: Run) -> None:
        memos("add", "--jsonl", "-", stdin=MANY)
        assert len(memos("list", "--json").data["memories"]) == 2000
        assert len(memos("undo", "--json").data["subjects"]) == 2000
        assert memos("list", "--json").data["memories"] == []

    def test_queries_are_answered_in_order_one_bare_object_a_line(self, memos: Run) -> None:
        rows = jsonl(
            {"content": "I live in Rome", "key": "home", "occurred_at": "2020-05-01T00:00:00Z"},
            {"content": "I live in Oslo", "key": "home", "occurred_at": "2024-05-01T00:00:00Z", "external_id": "oslo"},
        )
        memos("add", "--jsonl", "-", stdin=rows)
        queries: list[dict[str, Any]] = [
            {"query": "where do I live"}, {"query": "zeppelin"}, {"query": "live", "as_of": "2022-01-01T00:00:00Z"},
            {"query": "live", "as_of": None}, {"query": "live", "as_of": "2019-01-01"}, {"query": "Rome", "extra": 1},
        ]  # fmt: skip
        ran = memos("search", "--jsonl", "-", "-k", "5", stdin=jsonl(*queries))
        assert ran.status == 0
        answers = [json.loads(line) for line in ran.out.splitlines()]
        for answer in answers:
            typed(answer, {"query": str, "hits": [HIT]})
            assert "schema_version" not in answer
        assert [answer["query"] for answer in answers] == [query["query"] for query in queries]
        contents = [[hit["content"] for hit in answer["hits"]] for answer in answers]
        assert contents == [["I live in Oslo"], [], ["I live in Rome"], ["I live in Oslo"], [], []]
        assert answers[0]["hits"][0]["external_id"] == "oslo"
        assert memos("show", "oslo", "--json").data["access_count"] == 0, "a batch is no use"

    @pytest.mark.parametrize("bad", ["{", "[]", "{}", '{"query": 5}', '{"query": " "}', '{"query": "x", "as_of": "never"}'])
    def test_a_bad_query_is_named_by_number_and_nothing_is_answered(self, memos: Run, diet: str, bad: str) -> None:  # noqa: ARG002
        fails(memos("search", "--jsonl", "-", stdin=jsonl({"query": "meat"}, bad)), 2, "line 2: ")
