"""Commands that change one memory at once: what each decides from is read within its transaction, so nothing is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.infra.vault.check import check
from tests.reliability.helpers import WRITER


def environ() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)}


def at_once(home: Path, commands: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    """Start these commands together; the exit status and the output of each."""
    given = environ() | {"MEMOS_HOME": str(home), "MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60"}
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
    return MOS(home, principal="sam", settings=Settings({"MEMOS_EMBEDDER": "none"}, paths({"MEMOS_HOME": str(home)})))


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
