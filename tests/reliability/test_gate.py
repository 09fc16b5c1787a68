"""What no cube file could carry gets into no cube, through whichever door: it is refused, or cleaned by what reads it."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run

LONG = "x" * 2000
BELL = "gar\x07den"


def assert_exports(memos: Run) -> None:
    """The cube can be exported, and the file is one that verify takes."""
    ran = memos("cube", "export", "-o", "gate.memcube", "--force")
    assert ran.status == 0, ran.err
    assert memos("cube", "verify", "gate.memcube").status == 0
    assert memos("doctor").status == 0


@pytest.mark.parametrize("option", ["--tag", "--conversation", "--session", "--speaker", "--task", "--key"])
@pytest.mark.parametrize("value", ["", " ", LONG, BELL], ids=["empty", "blank", "long", "control"])
def test_a_view_takes_no_filter_that_no_name_can_be(memos: Run, option: str, value: str) -> None:
    memos("add", "base")
    for command in (("view", "save", "z"), ("list",)):
        ran = memos(*command, option, value)
        assert (ran.status, ran.out) == (2, ""), ran.err
        assert option in ran.err
    assert memos("--json", "view", "list").data == {"views": []}
    assert_exports(memos)


def test_control_characters_in_the_header_of_a_file_are_left_out(memos: Run, tmp_path: Path) -> None:
    page = tmp_path / "beds.md"
    page.write_text(f"---\ntags: [{BELL}, ok]\ntitle: A\x1b[31mB\n---\n\nThe roses stand by the wall.\n")
    assert memos("add", "--file", str(page)).status == 0
    (memory,) = memos("--json", "list").data["memories"]
    assert set(memory["tags"]) == {"garden", "ok"}
    assert_exports(memos)


@pytest.mark.parametrize("author", [LONG, "Ann\x1b[2J Smith", "\x07"], ids=["long", "control", "nothing else"])
def test_an_author_of_git_log_is_cut_to_what_a_name_can_be(memos: Run, author: str) -> None:
    log = f"commit {'ab' * 20}\nAuthor: {author} <a@b.c>\nDate:   Mon Nov 2 10:00:00 2026 +0100\n\n    Mend the gate\n"
    ran = memos("add", "-", stdin=log)
    assert ran.status == 0, ran.err
    (memory,) = memos("--json", "list").data["memories"]
    assert memory["content"] == "Mend the gate"
    assert len(memory["source"].get("speaker") or "") <= 1000
    assert_exports(memos)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"metadata": {"a": "x" * 9_000_000}}, "too much for one memory"),
        ({"metadata": {"a": json.loads("[" * 150 + "]" * 150)}}, "nested too deeply"),
        ({"tags": [LONG]}, "1 to 1000 characters"),
        ({"source": {"speaker": BELL}}, "control character"),
    ],
    ids=["9 MB", "deep", "long tag", "control"],
)
def test_a_line_that_no_file_could_carry_is_named_and_the_others_are_stored(
    memos: Run, row: dict[str, object], why: str
) -> None:
    lines = "".join(json.dumps(one) + "\n" for one in ({"content": "fine"}, {"content": "bad", **row}))
    ran = memos("add", "--jsonl", "-", stdin=lines)
    assert ran.status == 2
    assert "line 2" in ran.err
    assert why in ran.err
    assert memos("add", "--jsonl", "-", "--skip-bad", stdin=lines).status == 3
    assert len(memos("--json", "list").data["memories"]) == 1
    assert_exports(memos)


def test_changes_that_amount_to_more_than_a_line_are_refused(memos: Run, tmp_path: Path) -> None:
    big = tmp_path / "big.jsonl"
    big.write_text(json.dumps({"content": "\x01" * 1_000_000, "external_id": "big"}) + "\n")
    assert memos("add", "--jsonl", str(big)).status == 0
    big.write_text(json.dumps({"content": "\x02" * 1_000_000, "external_id": "big", "metadata": {"a": "y" * 3_000_000}}) + "\n")
    ran = memos("add", "--jsonl", str(big))
    assert ran.status == 2, ran.err
    assert_exports(memos)


def test_an_undo_that_would_close_a_circle_is_refused(memos: Run) -> None:
    one, two = (memos("--json", "add", text).data["ids"][0] for text in ("one", "two"))
    memos("link", one, "part_of", two)
    memos("link", one, "part_of", two, "--remove")
    taken = memos("--json", "undo", "--list").data["commands"][0]["txn"]
    assert memos("link", two, "part_of", one).status == 0
    ran = memos("undo", taken)
    assert (ran.status, "circle" in ran.err) == (2, True), ran.err
    assert_exports(memos)
