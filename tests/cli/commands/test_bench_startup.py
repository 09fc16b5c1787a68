"""`memos bench startup` as it is run: its figures, its table, and that nothing is left."""

from pathlib import Path

import pytest

from memos_cli.bench.startup.startup import PROGRAMS
from tests.conftest import Run

pytestmark = pytest.mark.usefixtures("temporary")


def test_commands_are_measured_and_the_home_is_left_alone(memos: Run, home: Path) -> None:
    done = memos("--json", "bench", "startup", "--repeat", "1")
    assert done.status == 0, done.err
    assert done.data["repeat"] == 1
    assert [row["program"] for row in done.data["programs"]] == list(PROGRAMS)
    kinds = {f"{clock}_{what}" for clock in ("wall", "cpu") for what in ("s", "p90_s", "ratio")}
    assert all(set(row) == {"program", *kinds} for row in done.data["programs"])
    assert done.data["programs"][0]["cpu_ratio"] == 1
    assert not (home / "cubes").exists()


def test_people_get_a_table(memos: Run) -> None:
    done = memos("bench", "startup", "--repeat", "1")
    assert done.status == 0, done.err
    for told in ("import click", "--help", "search --lexical", "list", "add", "completion of an id", "ratio"):
        assert told in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "medians of 1" in done.err


def test_a_wrong_number_is_refused(memos: Run) -> None:
    done = memos("bench", "startup", "--repeat", "0")
    assert done.status == 2
    assert "--repeat" in done.err
