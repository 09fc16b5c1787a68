"""`memos snapshot` and `--snapshot` in real processes: statuses, streams, JSON, the width of a terminal."""

import re
from pathlib import Path

import pytest

from tests.cli.helpers import jsonl, on_terminal, operations
from tests.cli.test_contract import HIT, MEMORY, TEXT, fails, typed
from tests.conftest import Run

SNAPSHOT = {"name": str, "cube": str, "at": str, "note": TEXT, "position": dict, "changes": int}
DIFFERENCES = {
    "counts": {"added": int, "changed": int, "forgotten": int, "returned": int, "purged": int, "records": int},
    "added": [str], "changed": [{"id": str, "fields": [str]}], "forgotten": [str], "returned": [str], "purged": [str],
    "records": [{"noun": str, "id": str, "change": str}],
}  # fmt: skip


@pytest.fixture
def rome(memos: Run) -> str:
    """The id of a memory that was current when the snapshot `before` was made, and is superseded."""
    (identity,) = memos("add", "I live in Rome", "--key", "home", "--json").data["ids"]
    assert memos("snapshot", "create", "before", "--note", "the move").status == 0
    memos("add", "I live in Oslo", "--key", "home")
    return str(identity)


def test_create_list_and_rm(memos: Run, rome: str) -> None:  # noqa: ARG001
    made = memos("snapshot", "create", "after", "--json").data
    typed(made, SNAPSHOT)
    listed = memos("snapshot", "list", "--json").data
    typed(listed, {"snapshots": [SNAPSHOT]})
    assert [(one["name"], one["note"], one["changes"]) for one in listed["snapshots"]] == [
        ("before", "the move", 3), ("after", None, 0),
    ]  # fmt: skip
    shown = memos("snapshot", "list").out.splitlines()
    assert shown[0].startswith("snapshot before of 20")
    assert shown[0].endswith("(the move), 3 changes since")
    assert memos("snapshot", "rm", "after", "--dry-run", "--json").data == {"name": "after", "removed": False}
    assert memos("snapshot", "rm", "after", "--json").data == {"name": "after", "removed": True}
    assert len(memos("snapshot", "list").out.splitlines()) == 1
    fails(memos("snapshot", "create", "before"), 3, "already", "memos snapshot rm before")


def test_statuses_of_what_is_not_there(memos: Run, rome: str) -> None:
    for command in (
        ["snapshot", "diff", "befor"], ["snapshot", "diff", "before", "after"], ["snapshot", "restore", "after", "--yes"],
        ["snapshot", "rm", "after"], ["search", "x", "--snapshot", "after"], ["list", "--snapshot", "after"],
        ["show", rome, "--snapshot", "after"],
    ):  # fmt: skip
        fails(memos(*command), 10, "no snapshot", "before")
        assert memos(*command, "--json").error["code"] == "not_found"
    (later,) = (memory["id"] for memory in memos("list", "--json").data["memories"])
    fails(memos("show", later, "--snapshot", "before"), 10, "in snapshot before", "memos list --snapshot before")
    fails(memos("show", "zzzzzz", "--snapshot", "before"), 10, "no memory 'zzzzzz'")
    fails(memos("search", "x", "--snapshot", "before", "--as-of", "2026-01-01"), 2, "--as-of and --snapshot")
    fails(memos("list", "--snapshot", "before", "--as-of", "2026-01-01"), 2, "--as-of and --snapshot")
    line = jsonl({"query": "x", "as_of": "2026-01-01"})
    fails(memos("search", "--jsonl", "-", "--snapshot", "before", stdin=line), 2, "--snapshot and as_of")
    memos("view", "save", "old", "--as-of", "2026-01-01")
    fails(memos("--view", "old", "list", "--snapshot", "before"), 2, "--as-of and --snapshot")


def test_a_look_into_a_snapshot(memos: Run, home: Path, rome: str) -> None:
    before = operations(home)
    found = memos("search", "live", "--snapshot", "before", "--json").data
    typed(found, {"query": str, "hits": [HIT]})
    assert [hit["content"] for hit in found["hits"]] == ["I live in Rome"]
    (answer,) = memos("search", "--jsonl", "-", "--snapshot", "before", stdin=jsonl({"query": "live"})).out.splitlines()
    assert "I live in Rome" in answer
    assert "Oslo" not in answer
    listed = memos("list", "--snapshot", "before", "--json").data
    typed(listed, {"memories": [MEMORY]})
    assert [memory["id"] for memory in listed["memories"]] == [rome]
    then, now = memos("show", rome, "--snapshot", "before", "--json").data, memos("show", rome, "--json").data
    assert (then["valid_to"], then["version"], then["access_count"]) == (None, 1, 0)
    assert now["valid_to"]
    assert (now["access_count"], operations(home)) == (0, before)


def test_diff(memos: Run, rome: str) -> None:
    memos("view", "save", "work", "--tag", "work")
    told = memos("snapshot", "diff", "before", "--json").data
    typed(told, {"from": {"name": str, "at": str}, "to": {"name": TEXT, "at": str}, **DIFFERENCES})
    assert told["changed"] == [{"id": rome, "fields": ["valid_to"]}]
    assert (told["counts"]["added"], told["counts"]["changed"], told["to"]["name"]) == (1, 1, None)
    assert told["records"] == [{"noun": "view", "id": "work", "change": "added"}]
    ran = memos("snapshot", "diff", "before")
    lines = ran.out.splitlines()
    assert [lines[0], lines[2], *lines[4:]] == [
        "added:", "changed:", "          valid_to", "view work: added", "1 added, 1 changed, 1 view",
    ]  # fmt: skip
    assert "memos snapshot restore before" in ran.err
    assert memos("snapshot", "diff", "before", "--stat").out == "1 added, 1 changed, 1 view\n"
    memos("snapshot", "create", "after")
    assert memos("snapshot", "diff", "before", "after", "--stat").out == "1 added, 1 changed, 1 view\n"
    assert memos("snapshot", "diff", "after", "before", "--json").data["forgotten"] == told["added"]
    assert memos("snapshot", "diff", "after").out == "nothing has changed\n"


def test_a_diff_keeps_to_the_width_of_the_terminal_and_masks_secrets(memos: Run) -> None:
    memos("snapshot", "create", "before")
    memos("add", "word " * 60, "--task", "long")
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    memos("add", f"the deploy token is {secret} \u202e")
    status, shown = on_terminal(["snapshot", "diff", "before"], NO_COLOR="1")  # of no known width, so of 80 columns
    assert status == 0
    assert max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in shown.splitlines()) <= 80
    assert secret not in shown
    assert "\u202e" not in shown
    assert secret in memos("snapshot", "diff", "before", "--reveal").out


def test_restore_asks_does_all_of_it_and_is_undone_in_one_step(memos: Run, home: Path, rome: str) -> None:
    before = operations(home)
    fails(memos("snapshot", "restore", "before"), 3, "1 forgotten, as added since, 1 changed back", "--yes")
    fails(memos("snapshot", "restore", "before", stdin="y\n"), 3, "--yes")
    planned = memos("snapshot", "restore", "before", "--dry-run", "--json").data
    assert "would restore" in memos("snapshot", "restore", "before", "--dry-run").out
    assert on_terminal(["snapshot", "restore", "before"], say="n\n")[0] == 3
    assert operations(home) == before
    status, shown = on_terminal(["snapshot", "restore", "before"], say="y\n")
    assert status == 0
    assert "memos undo" in shown
    assert [memory["id"] for memory in memos("list", "--json").data["memories"]] == [rome]
    memos("undo")
    done = memos("snapshot", "restore", "before", "--yes", "--json").data
    typed(done, {"name": str, "at": str, **DIFFERENCES, "command_id": str, "dry_run": bool})
    assert {**done, "command_id": None, "dry_run": True} == planned
    undone = memos("undo", "--json").data
    assert (undone["reverted"], undone["command"]) == (done["command_id"], "snapshot restore")
    assert memos("list", "--json").data["memories"][0]["content"] == "I live in Oslo"


def test_restore_of_what_has_not_changed_asks_nothing(memos: Run, home: Path, rome: str) -> None:  # noqa: ARG001
    memos("snapshot", "create", "now")
    before = operations(home)
    ran = memos("snapshot", "restore", "now")
    assert (ran.status, ran.out) == (0, "restored snapshot now: nothing has changed since\n")
    assert operations(home) == before


def test_restore_is_refused_where_a_frozen_memory_is_not_what_it_was(memos: Run, home: Path, rome: str) -> None:
    memos("freeze", rome)
    before = operations(home)
    for more in ([], ["--dry-run"], ["--yes"]):
        fails(memos("snapshot", "restore", "before", *more), 3, rome[:8], "memos unfreeze")
    assert operations(home) == before
