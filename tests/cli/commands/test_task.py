"""`memos task` and `--task` in real processes."""

from pathlib import Path

from tests.cli.helpers import jsonl, operations
from tests.cli.test_contract import TEXT, fails, typed
from tests.conftest import Run

TASK = {"name": str, "cube": str, "ended": TEXT, "open": bool, "current": int, "memories": int, "newest": TEXT}


def test_a_task_from_its_first_memory_to_its_end_and_on(memos: Run, home: Path) -> None:
    memos("add", "Quote from Fischer: 1,240", "--task", "move")
    memos("add", "--jsonl", "-", stdin=jsonl({"content": "Quote from Maier: 980", "task": "move"}))
    memos("add", "--jsonl", "-", "--task", "move", stdin=jsonl({"content": "Quote from Huber: 2,000"}))
    memos("add", "Quote of the day")
    assert len(memos("search", "quote", "--task", "move", "--json").data["hits"]) == 3
    assert len(memos("list", "--task", "move", "--json").data["memories"]) == 3
    assert len(memos("search", "quote", "--json").data["hits"]) == 4
    listed = memos("task", "list", "--json").data
    typed(listed, {"tasks": [TASK]})
    assert [(task["name"], task["open"], task["memories"]) for task in listed["tasks"]] == [("move", True, 3)]
    assert memos("task", "list").out.startswith("move  open  3 of 3 memories current, the newest of 20")
    before = operations(home)
    planned = memos("task", "end", "move", "--dry-run", "--json").data
    assert operations(home) == before
    ended = memos("task", "end", "move", "--json").data
    typed(
        ended, {"name": str, "ended": str, "ending": str, "changed": [str], "kept": [str], "command_id": str, "dry_run": bool}
    )
    assert (ended["ending"], len(ended["changed"]), planned["changed"]) == ("archive", 3, ended["changed"])
    assert memos("search", "quote", "--task", "move", "--json").data["hits"] == []
    assert len(memos("search", "quote", "--task", "move", "--archived", "--json").data["hits"]) == 3
    assert "ended 20" in memos("task", "list").out
    again = memos("add", "Quote from Bauer: 1,100", "--task", "move")
    assert "task move had ended; it is open again" in again.err
    assert memos("task", "list").out.startswith("move  open  1 of 4")
    memos("undo")
    assert memos("add", "Quote from Bauer: 1,100", "--task", "move", "--json").data["reopened"] == ["move"]


def test_ends_other_than_the_archive(memos: Run) -> None:
    memos("add", "a note", "--task", "move")
    assert memos("task", "end", "move", "--keep").out == "ended task move: its memories stay as they are\n"
    pinned = memos("add", "a pinned note", "--task", "move", "--pin", "--json").data["ids"]
    ran = memos("task", "end", "move", "--expire")
    assert ran.out == "ended task move: 1 memory expired, 1 kept (pinned, frozen or not yours)\n"
    assert "memos undo" in ran.err
    assert [memory["id"] for memory in memos("list", "--json").data["memories"]] == pinned


def test_an_unknown_task_names_the_nearest(memos: Run) -> None:
    fails(memos("task", "end", "move"), 10, "no task 'move'")
    memos("add", "a note", "--task", "move")
    fails(memos("task", "end", "mvoe"), 10, "no task 'mvoe'", "did you mean move?")
    assert memos("task", "end", "mvoe", "--json").error["code"] == "not_found"


def test_where_there_is_no_task_the_list_says_how_to_make_one(memos: Run) -> None:
    ran = memos("task", "list")
    assert (ran.status, ran.out) == (0, "")
    assert "--task" in ran.err
    assert memos("task", "list", "--json").data == {"tasks": []}
