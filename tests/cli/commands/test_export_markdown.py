"""`memos export markdown`, and `memos import` of what it wrote."""

from pathlib import Path

import pytest

from tests.conftest import Run


def test_notes_go_out_are_edited_and_come_back(memos: Run) -> None:
    memos("add", "The shed is green", "--tag", "garden")
    memos("add", "The gate is white")
    done = memos("export", "markdown", "notes")
    assert done.out == "wrote 2 notes to notes\n"
    assert memos("export", "markdown", "notes").out == "wrote 0 notes to notes, 2 there already\n"
    (shed,) = Path("notes").rglob("*shed*.md")
    shed.write_text(shed.read_text().replace("green", "red").replace("- garden", "- yard"))
    refused = memos("export", "markdown", "notes")
    assert refused.status == 3
    assert "edited since" in refused.err
    assert "memos import FOLDER" in refused.err
    told = memos("--json", "import", "notes", "--no-embed").data
    assert (told["found"], told["taken"], told["edited"], told["known"]) == (2, 0, 1, 1)
    assert [one["tags"] for one in memos("--json", "list").data["memories"] if one["content"] == "The shed is red"] == [
        ["yard"]
    ]
    memos("undo")
    assert "The shed is green" in memos("list").out


def test_a_file_in_the_place_of_the_folder_is_an_error_with_a_hint(memos: Run) -> None:
    Path("notes").write_text("")
    done = memos("export", "markdown", "notes")
    assert done.status == 2
    assert "memos export markdown notes/" in done.err


@pytest.mark.parametrize("given", [("--tag", "nothing"), ()])
def test_nothing_to_export_is_told(memos: Run, given: tuple[str, ...]) -> None:
    assert "wrote 0 notes" in memos("export", "markdown", "notes", *given).out
