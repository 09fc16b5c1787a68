"""Triggers and views in a cube's file that memos did not make do nothing, and are told."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Run

HOSTILE = {
    "wipes": "CREATE TRIGGER wipes AFTER INSERT ON ops BEGIN DELETE FROM memories; END",
    "rewrites": "CREATE TRIGGER rewrites AFTER INSERT ON memories BEGIN UPDATE memories SET content = 'owned'; END",
    'odd " name': 'CREATE TRIGGER "odd "" name" AFTER INSERT ON ops BEGIN DELETE FROM ops; END',
    "looks": "CREATE VIEW looks AS SELECT * FROM memories",
}


def changed_by_hand(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "cubes" / "default" / "cube.db")) as conn, conn:
        for statement in statements:
            conn.execute(statement)


def acting(home: Path) -> set[str]:
    with closing(sqlite3.connect(home / "cubes" / "default" / "cube.db")) as conn:
        return {name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'view')")}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_put_in_by_hand_is_told_and_does_nothing(memos: Run, home: Path, name: str) -> None:
    memos("add", "I am allergic to peanuts")
    ours = acting(home)
    changed_by_hand(home, HOSTILE[name])
    told = memos("doctor")
    assert told.status == 13
    assert f"{name} is not of memos" in told.out
    assert memos("add", "My dog is called Brixo").status == 0
    found = {one["content"] for one in memos("list", "--json").data["memories"]}
    assert found == {"I am allergic to peanuts", "My dog is called Brixo"}
    assert acting(home) == ours
    assert memos("doctor").status == 0


def test_one_of_ours_that_was_changed_is_made_as_it_was(memos: Run, home: Path) -> None:
    memos("add", "I am allergic to peanuts")
    with closing(sqlite3.connect(home / "cubes" / "default" / "cube.db")) as conn:
        made = dict(conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
    changed_by_hand(
        home, "DROP TRIGGER vectors_insert", "CREATE TRIGGER vectors_insert AFTER INSERT ON ops BEGIN DELETE FROM memories; END"
    )
    assert memos("doctor").status == 13
    memos("add", "My dog is called Brixo")
    with closing(sqlite3.connect(home / "cubes" / "default" / "cube.db")) as conn:
        assert dict(conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")) == made
    assert len(memos("list", "--json").data["memories"]) == 2
    assert memos("doctor").status == 0


def test_what_is_damaged_by_one_before_is_made_anew_from_the_log(memos: Run, home: Path) -> None:
    memos("add", "I am allergic to peanuts")
    changed_by_hand(home, HOSTILE["wipes"], "DELETE FROM memories")
    assert memos("doctor").status == 13
    assert memos("doctor", "--rebuild").status == 0
    assert [one["content"] for one in memos("list", "--json").data["memories"]] == ["I am allergic to peanuts"]
