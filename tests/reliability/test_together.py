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
from memos_cli.infra.vault.check import check
from memos_cli.interface.cubes.merge import CubeMerge
from memos_cli.model import Filter
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
    ended = [process.communicate(timeout=300) for process in started]
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


def test_a_question_is_decided_once(home: Path) -> None:
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
    copy, seen = CubeMerge._copy, []

    def copied(*arguments: Any) -> None:
        copy(*arguments)
        seen.append(at_once(home, [["edit", identity, "a word that would be left behind"]], MEMOS_LOCK_TIMEOUT="0.2"))

    monkeypatch.setattr(CubeMerge, "_copy", copied)
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
