"""Commands that change one memory at once: what each decides from is read within its transaction, so nothing is lost."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import CubeNotFound
from memos_cli.infra.vault.check import check
from memos_cli.interface.cubes import split
from memos_cli.model import Draft, Filter, LinkType
from tests.cli.helpers import locked, on_terminal
from tests.conftest import Run
from tests.patience import PATIENCE
from tests.reliability.helpers import WRITER


def environ() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}


def at_once(home: Path, commands: Sequence[Sequence[str]], **variables: str) -> list[tuple[int, str]]:
    """Start these commands together; the exit status and the output of each."""
    ours = {"MEMOS_HOME": str(home), "MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60", "MEMOS_PRINCIPAL": "sam"}
    given = environ() | ours | variables
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "memos_cli", "--json", *command], env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for command in commands
    ]
    ended = [process.communicate(timeout=PATIENCE) for process in started]
    return [(process.returncode, out.decode() or said.decode()) for process, (out, said) in zip(started, ended, strict=True)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def opened(home: Path) -> MOS:
    return MOS(
        home,
        principal="sam",
        settings=Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)})),
    )


def test_every_line_that_was_appended_is_there(home: Path) -> None:
    with opened(home) as mos:
        (identity,) = mos.add("base").ids
    lines = [f"line {number}" for number in range(6)]
    ended = at_once(home, [["edit", identity, "--append", line] for line in lines])
    assert [status for status, _ in ended] == [0] * 6
    with opened(home) as mos:
        first, *rest = mos.get(identity).content.splitlines()
        assert (first, sorted(rest)) == ("base", lines)
        assert mos.get(identity).version == 7


def test_what_two_say_at_once_is_merged_in_once(home: Path) -> None:
    with opened(home) as mos:
        (identity,) = mos.add("base").ids
    ended = at_once(home, [["edit", identity, "--merge", "the same words"] for _ in range(4)])
    assert [status for status, _ in ended] == [0] * 4
    with opened(home) as mos:
        assert (mos.get(identity).content, mos.get(identity).version) == ("base\nthe same words", 2)


def test_undos_at_once_take_back_a_step_each(home: Path) -> None:
    with opened(home) as mos:
        (identity,) = mos.add("one").ids
        for content in ("two", "three", "four", "five"):
            mos.edit(identity, {"content": content})
    ended = at_once(home, [["undo"]] * 3)
    assert [status for status, _ in ended] == [0] * 3, ended
    assert len({json.loads(out)["data"]["reverted"] for _, out in ended}) == 3
    with opened(home) as mos:
        assert mos.get(identity).content == "two"


def test_settings_that_are_stored_at_once_are_all_stored(home: Path) -> None:
    with opened(home) as mos:
        mos.add("base")
    told = {"search.k": 7, "llm.model": "mini", "cube": "work", "principal": "kim", "lock_timeout": 9.0, "slots.least": 99}
    ended = at_once(home, [["config", "set", name, str(value)] for name, value in told.items()])
    assert [status for status, _ in ended] == [0] * len(told), ended
    document = tomllib.loads((home / "config.toml").read_text("utf-8"))
    found = {name: document[name] if "." not in name else document[name.split(".")[0]][name.split(".")[1]] for name in told}
    assert found == told
    assert [path.name for path in home.iterdir() if path.name.endswith(".lock") and path.stat().st_mode & 0o77] == []


def test_a_question_about_two_memories_is_decided_once(home: Path) -> None:
    with opened(home) as mos:
        mos.add("I drink coffee")
        mos.add("I drink no coffee")
        mos.lifecycle.tick()
        (item,) = mos.review.list()
    ended = at_once(home, [["review", item.id, "--decide", decision] for decision in ("keep", "supersede", "keep", "keep")])
    assert sorted(status for status, _ in ended) == [0, 3, 3, 3], ended
    (decided,) = [json.loads(out)["data"]["decision"] for status, out in ended if status == 0]
    assert all(f"was decided already: {decided}" in said for status, said in ended if status)


def test_a_view_that_is_saved_at_once_is_one_of_those_that_were_said(home: Path) -> None:
    with opened(home) as mos:
        mos.add("base")
    filters = {"tags": ["--tag", "a"], "kinds": ["--kind", "fact"], "key": ["--key", "diet"], "task": ["--task", "move"]}
    for _ in range(3):
        ended = at_once(home, [["view", "save", "v", *words] for words in filters.values()])
        assert [status for status, _ in ended] == [0] * len(filters), ended
        with opened(home) as mos:
            assert len(mos.vault("default").records("view")["v"]) == 1


def test_nobody_writes_to_a_memory_between_its_copy_and_its_end_in_the_old_cube(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, seen = split._copy, []

    def copied(*arguments: Any) -> None:
        copy(*arguments)
        seen.append(at_once(home, [["edit", identity, "a word that would be left behind"]], MEMOS_LOCK_TIMEOUT="0.2"))

    monkeypatch.setattr(split, "_copy", copied)
    with opened(home) as mos:
        (identity,) = mos.add("base", tags=["t"]).ids
        mos.cube_merge.split("new", "default", Filter(at=mos.now, tags=("t",)))
        ((status, said),) = seen[0]
        assert (status, "in use by another process" in said) == (11, True)
        assert mos.vault("new").get(identity).content == mos.vault("default").get(identity).content == "base"
        assert mos.vault("default").get(identity).state.value == "expired"


def test_rollbacks_beside_edits_end_in_a_version_that_somebody_wrote(home: Path) -> None:
    with opened(home) as mos:
        (identity,) = mos.add("one").ids
        mos.edit(identity, {"content": "two"})
    commands = [
        ["rollback", identity, "--to", "1"],
        ["edit", identity, "three"],
        ["rollback", identity, "--to", "1"],
        ["edit", identity, "four"],
    ]
    ended = at_once(home, commands)
    assert [status for status, _ in ended] == [0] * 4, ended
    with opened(home) as mos:
        _, versions = mos.history(identity)
        said = [version.operation.change["content"] for version in versions if version.operation.change]
        assert {"three", "four"} <= set(said)
        assert mos.get(identity).content == said[-1]


def test_a_cube_that_is_written_to_meanwhile_is_sound_whenever_it_is_checked(home: Path) -> None:
    with opened(home) as mos:
        mos.add("base", pinned=True)
    writer = subprocess.Popen([sys.executable, str(WRITER), str(home), "w", "0"], stdout=subprocess.PIPE, env=environ())
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        with opened(home) as mos:
            vault = mos.vault("default")
            for _ in range(25):
                for _ in range(4):
                    writer.stdout.readline()
                assert [(one.name, one.faults) for one in check(vault) if one.faults] == []
    finally:
        writer.kill()
        writer.communicate()


def test_of_values_told_at_once_exactly_one_is_current(home: Path) -> None:
    with opened(home) as mos:
        mos.add("I eat everything", key="diet")
    diets = ("vegan", "pescatarian", "vegetarian", "keto", "paleo", "raw")
    ended = at_once(home, [["add", f"I am {diet}", "--key", "diet"] for diet in diets])
    assert [status for status, _ in ended] == [0] * 6, ended
    with opened(home) as mos:
        now = mos.list(Filter(at=mos.now, key="diet"))
        assert len(now) == 1
        assert len(mos.list(Filter(at=mos.now, key="diet", everything=True))) == 7
        assert not any(one.faults for one in check(mos.vault("default")))


def test_switches_and_links_set_at_once_are_all_there_and_nothing_is_set_twice(home: Path) -> None:
    with opened(home) as mos:
        one, other = mos.add(drafts=[Draft("one"), Draft("other")]).ids
    commands = [*(["tag", one, "-a", f"t{number}"] for number in range(3)), *(["pin", one] for _ in range(3))]
    commands += [["link", one, "relates", other], ["link", one, "relates", other]]
    ended = at_once(home, commands)
    assert [status for status, _ in ended] == [0] * len(commands), ended
    with opened(home) as mos:
        memory = mos.get(one)
        assert (memory.tags, memory.pinned, memory.version) == (("t0", "t1", "t2"), True, 1 + 3 + 1 + 1)


def test_a_view_saved_at_once_has_the_filters_of_one_of_them_alone(home: Path) -> None:
    with opened(home) as mos:
        mos.add("one")
    filters = [("--tag", "work"), ("--kind", "fact"), ("--task", "move"), ("--speaker", "Ann")]
    ended = at_once(home, [["view", "save", "mine", *given] for given in filters])
    assert [status for status, _ in ended] == [0] * 4, ended
    with opened(home) as mos:
        assert len(mos.vault("default").records("view")["mine"]) == 1
    removed = at_once(home, [["view", "rm", "mine"]] * 3)
    assert sorted(status for status, _ in removed) == [0, 10, 10]


def test_a_question_is_decided_once(home: Path) -> None:
    with opened(home) as mos:
        one, other = mos.add(drafts=[Draft("The key is under the mat"), Draft("The key is in the shed")]).ids
        mos.link(other, LinkType.CONTRADICTS, one)
    with opened(home) as mos:
        (question,) = mos.review.list()
    ended = at_once(home, [["review", question.id, "--decide", "keep"]] * 3)
    assert sorted(status for status, _ in ended) == [0, 3, 3], ended


def test_a_chain_works_on_the_memories_as_they_are_in_its_transaction(home: Path, tmp_path: Path) -> None:
    """Without that, of several chains that append a line to one memory only the last one's line is left."""
    with opened(home) as mos:
        (identity,) = mos.add("base", tags=("log",)).ids
    commands = []
    for number in range(4):
        path = tmp_path / f"chain {number}.toml"
        path.write_text(f"""[[step]]\ndo = "retrieve"\ntags = ["log"]\n[[step]]\ndo = "update"\nappend = "line {number}"\n""")
        commands.append(["lifecycle", "run", str(path)])
    ended = at_once(home, commands)
    assert [status for status, _ in ended] == [0] * 4, ended
    with opened(home) as mos:
        assert sorted(mos.get(identity).content.splitlines()) == ["base", *(f"line {number}" for number in range(4))]


def test_an_editor_takes_back_nothing_that_was_written_while_it_was_open(home: Path, tmp_path: Path) -> None:
    with opened(home) as mos:
        (identity,) = mos.add("base").ids
    editor = tmp_path / "editor"
    command = f"{sys.executable} -m memos_cli edit {identity} --append meanwhile >&2"
    editor.write_text(f'#!/bin/sh\n{command}\necho by hand >> "$1"\n')
    editor.chmod(0o755)
    status, shown = on_terminal(["edit", identity], EDITOR=str(editor), MEMOS_HOME=str(home), MEMOS_PRINCIPAL="sam")
    assert status == 3, shown
    assert "by hand" in shown, "what was typed is not lost"
    assert "changed meanwhile" in shown
    with opened(home) as mos:
        assert mos.get(identity).content == "base\nmeanwhile"


class TestACubeThatGoes:
    @pytest.fixture
    def folder(self, home: Path) -> Path:
        with opened(home) as mos:
            mos.add("base")
        return home / "cubes" / "default"

    @pytest.mark.parametrize("command", [["cube", "rm", "default", "--yes"], ["cube", "rename", "default", "other"]])
    def test_it_waits_for_who_writes(self, home: Path, folder: Path, command: list[str], memos: Run) -> None:
        whose = {"MEMOS_HOME": str(home), "MEMOS_PRINCIPAL": "sam"}
        with locked(folder / "cube.db"):
            ran = memos(*command, env={**whose, "MEMOS_LOCK_TIMEOUT": "0.2"})
            assert ran.status == 11, ran
            assert (folder / "cube.db").exists()
        assert memos(*command, env=whose).status == 0
        assert not folder.exists()

    @pytest.mark.parametrize("command", [["cube", "rm", "default", "--yes"], ["cube", "rename", "default", "other"]])
    def test_who_has_it_open_is_told_and_nothing_is_acknowledged(self, home: Path, folder: Path, command: list[str]) -> None:
        writer = subprocess.Popen(
            [sys.executable, str(WRITER), str(home), "w", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ()
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        assert at_once(home, [command])[0][0] == 0
        rest, said = writer.communicate(timeout=PATIENCE)
        assert writer.returncode == 1, "a Python program gets the exception"
        # As it meant to end a write or to begin one, or as it looked for a memory between two writes.
        assert (
            b"removed, renamed or replaced by another process meanwhile, so nothing was stored" in said
            or b"there is nothing here yet" in said
        ), said
        assert not folder.exists(), "nor is it made anew"
        if command[1] == "rename":
            acknowledged = [line.split()[1].decode() for line in rest.splitlines() if line.startswith(b"ack")]
            with opened(home) as mos:
                there = mos.vault("other")
                assert all(there.get(identity) for identity in acknowledged)
                assert not any(one.faults for one in check(there))

    def test_a_chat_that_is_open_says_so(self, home: Path, folder: Path) -> None:
        with opened(home) as mos:
            talk = mos.conversation()
            talk.ask("remember that the key is under the mat")
            assert at_once(home, [["cube", "rm", "default", "--yes"]])[0][0] == 0
            with pytest.raises(CubeNotFound, match="nothing was stored") as caught:
                talk.ask("remember that the spare key is in the shed")
        assert caught.value.hint is not None
        assert "begin a new chat" in caught.value.hint
        assert not folder.exists()

    def test_a_file_put_in_its_place_is_not_written_to_unseen(self, home: Path, folder: Path) -> None:
        with opened(home) as mos:
            mos.add("one")
            copy = folder.with_name("copy.db")
            copy.write_bytes((folder / "cube.db").read_bytes())
            copy.replace(folder / "cube.db")
            with pytest.raises(CubeNotFound, match="replaced by another process"):
                mos.add("two")
