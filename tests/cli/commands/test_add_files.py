"""`memos add --file` through the command line: several files, folders, patterns, and files that no reader takes."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.helpers import cube_file, on_terminal, operations
from tests.conftest import Run


def make(name: str, text: str | bytes) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def contents(memos: Run, *arguments: str) -> list[str]:
    return sorted(one["content"] for one in memos("list", "--json", *arguments).data["memories"])


NORTH, SOUTH, WATER = "The north bed has carrots and leeks.", "The south bed has beans.", "Water on Mondays."


def folder() -> None:
    make("notes/beds.md", f"{NORTH}\n\n{SOUTH}\n")
    make("notes/sub/water.txt", f"{WATER}\n")
    make("notes/photo.png", b"\x89PNG\r\n\x1a\n\x00")
    make("notes/export.json", '[{"role": "user", "content": "hi"}]')


def test_a_folder_is_read_and_the_others_counted_and_told(memos: Run) -> None:
    folder()
    told = memos("add", "--file", "notes/")
    assert told.out == "3 added\n2 files read\n"
    assert "skipped 1, a PNG image: notes/photo.png" in told.err.splitlines()
    assert "skipped 1, a chat (JSON): notes/export.json" in told.err.splitlines()
    assert contents(memos) == sorted((NORTH, SOUTH, WATER))
    again = memos("add", "--file", "notes", "--json").data
    assert (again["added"], again["duplicates"], again["command_id"]) == (0, 3, None)
    assert again["files"]["unchanged"] == 2
    assert {one["file"] for one in again["files"]["skipped"]} == {"notes/photo.png", "notes/export.json"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--file", "notes/beds.md", "notes/sub/water.txt"),
        ("--file", "notes/beds.md", "--file", "notes/sub/water.txt"),
        ("notes/sub/water.txt", "--file", "notes/beds.md"),
        ("--file", "notes/**/*.[mt][dx]*"),
        ("--file", "notes/*.md", "notes/sub"),
    ],
)
def test_several_files_are_one_step(memos: Run, arguments: tuple[str, ...]) -> None:
    folder()
    assert memos("add", *arguments).out == "3 added\n2 files read\n"
    assert memos("undo").status == 0
    assert contents(memos) == []


def test_a_text_beside_a_file_is_refused(memos: Run, home: Path) -> None:
    folder()
    told = memos("add", "Call Ana", "--file", "notes/beds.md")
    assert told.status == 2
    assert "exclude each other" in told.err
    assert "no file 'Call Ana'" in told.err
    assert not cube_file(home).exists()
    assert "exclude each other" in memos("add", "--jsonl", "-", "--file", "notes/beds.md").err
    assert memos("add", "Call Ana", "--dry-run").status == 2


def test_what_changed_is_told_and_undone_in_one_step(memos: Run) -> None:
    folder()
    memos("add", "--file", "notes")
    make("notes/beds.md", f"{NORTH.replace('carrots', 'parsnips')}\n")
    Path("notes/sub/water.txt").rename("notes/water.txt")
    dry = memos("add", "--file", "notes", "--dry-run")
    assert dry.out.splitlines()[0] == "would be 0 added, 1 edited, 1 archived, 1 known already"
    assert any(line.startswith("would archive ") and SOUTH in line for line in dry.out.splitlines())
    assert contents(memos) == sorted((NORTH, SOUTH, WATER))
    told = memos("add", "--file", "notes")
    assert told.out.splitlines()[0] == "0 added, 1 edited, 1 archived, 1 known already"
    assert "notes/sub/water.txt is notes/water.txt now" in told.err.splitlines()
    assert any(line.startswith("archived ") and SOUTH in line for line in told.out.splitlines())
    assert contents(memos) == sorted((NORTH.replace("carrots", "parsnips"), WATER))
    memos("undo")
    assert contents(memos) == sorted((NORTH, SOUTH, WATER))
    Path("notes/water.txt").unlink()
    told = memos("add", "--file", "notes", "--json")
    assert told.data["files"]["gone"] == [{"file": "notes/sub/water.txt", "memories": 1}]
    assert "is gone; what was read from it stays: 1 memory" in memos("add", "--file", "notes").err


def test_what_was_edited_by_hand_is_asked_in_review(memos: Run) -> None:
    folder()
    known = memos("add", "--file", "notes/beds.md", "--json").data["ids"][0]
    memos("edit", known, NORTH + " And peas.")
    make("notes/beds.md", f"{NORTH.replace('carrots', 'parsnips')}\n\n{SOUTH}\n")
    told = memos("add", "--file", "notes/beds.md")
    line = next(line for line in told.err.splitlines() if line.startswith("does this replace"))
    command = line.partition("memos ")[2].partition(",")[0].split()
    assert "its file says otherwise now" in memos("review").out
    assert memos(*command).status == 0
    assert contents(memos) == sorted((NORTH.replace("carrots", "parsnips"), SOUTH))


def test_options_reach_what_is_there(memos: Run) -> None:
    folder()
    memos("add", "--file", "notes")
    assert memos("add", "--file", "notes", "--tag", "garden").out.startswith("0 added, 3 edited\n")
    assert len(contents(memos, "--tag", "garden")) == 3
    memos("freeze", memos("list", "--json").data["memories"][0]["id"])
    told = memos("add", "--file", "notes", "--tag", "beds")
    assert (told.status, told.out.splitlines()[0]) == (3, "0 added, 2 edited, 1 known already")
    assert "takes nothing that came with its file, frozen: " in told.err


def test_a_folder_in_which_nothing_is_read_is_an_error(memos: Run, home: Path) -> None:
    make("notes/photo.png", b"\x89PNG\r\n\x1a\n\x00")
    told = memos("add", "--file", "notes")
    assert (told.status, told.out) == (2, "")
    assert "notes holds no text that memos reads: 1 skipped (a PNG image)" in told.err
    assert not cube_file(home).exists()


REFUSED = {
    "conversations.json": (json.dumps([{"mapping": {}, "current_node": "a"}]), "an export of ChatGPT"),
    "chat.json": ('[{"role": "user", "content": "hi"}]', "a chat (JSON)"),
    "session.jsonl": ('{"type": "user", "message": {"content": "hi"}}\n' * 2, "the transcript of an agent"),
    "talk.srt": ("1\n00:00:01,000 --> 00:00:02,000\nhi\n", "subtitles (SRT)"),
    "a.eml": ("From: a@b.c\nTo: d@e.f\nMessage-ID: <1@b.c>\nSubject: hi\n\nhi\n", "an e-mail"),
    "a.csv": ("id,name,born\n1,Ana,1988\n2,Sam,1990\n", "a table (CSV)"),
    "a.pdf": (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "a PDF document"),
    "a.docx": (b"PK\x03\x04" + b"word/document.xml", "a Word document"),
}


@pytest.mark.parametrize("name", [*REFUSED])
def test_what_no_reader_takes_is_refused_with_what_it_is(memos: Run, home: Path, name: str) -> None:
    content, what = REFUSED[name]
    make(name, content)
    for told in (memos("add", "--file", name), memos("add", "-", stdin=Path(name).read_bytes())):
        assert (told.status, told.out) == (2, "")
        assert what in told.err.splitlines()[0]
        assert len(told.err.splitlines()) == 2
    assert not cube_file(home).exists()
    make("good.md", "Good.\n")
    assert memos("add", "--file", "good.md", name).status == 2
    assert not cube_file(home).exists()
    assert memos("add", "--file", name, "--json").error["code"] == "usage"


def test_memories_as_json_lines_are_refused_with_the_option_that_takes_them(memos: Run) -> None:
    make("m.jsonl", '{"content": "Paid rent"}\n{"content": "Paid more rent"}\n')
    told = memos("add", "--file", "m.jsonl")
    assert (told.status, "memos add --jsonl" in told.err) == (2, True)
    assert memos("add", "--jsonl", "m.jsonl").out.startswith("2 added")


def test_what_is_text_is_read_all_the_same_where_the_format_is_given(memos: Run) -> None:
    make("a.html", "<p>Water on Mondays.</p>\n")
    make("a.pdf", b"%PDF-1.7\n")
    assert memos("add", "--file", "a.html", "--format", "prose").out.startswith("added ")
    assert memos("add", "--file", "a.pdf", "--format", "prose").status == 2


@pytest.mark.parametrize("text", ["notes/beds.md", "./notes", "notes/photo.png"])
def test_a_text_that_is_a_path_is_stored_with_a_notice_where_nobody_can_be_asked(memos: Run, text: str) -> None:
    folder()
    told = memos("add", text)
    assert (told.status, told.out.startswith("added ")) == (0, True)
    assert f"memos add --file {text}" in told.err
    assert contents(memos) == [text]
    assert "--file" not in memos("add", "notes/nothing.md").err


@pytest.mark.parametrize(("say", "found"), [("y\n", [NORTH, SOUTH]), ("\n", [NORTH, SOUTH]), ("n\n", ["notes/beds.md"])])
def test_a_text_that_is_a_path_is_asked_about_on_a_terminal(memos: Run, say: str, found: list[str]) -> None:
    folder()
    status, shown = on_terminal(["add", "notes/beds.md"], say=say)
    assert (status, "notes/beds.md is a file. Remember what is in it? [Y/n]" in shown) == (0, True)
    assert contents(memos) == found


def test_a_pipe_is_read_once_and_is_no_file_to_keep_in_step(memos: Run, home: Path) -> None:
    os.mkfifo("pipe")
    child = os.fork()
    if not child:
        with open("pipe", "wb") as file:  # noqa: PTH123
            file.write(f"{NORTH}\n".encode())
        os._exit(0)
    assert memos("add", "--file", "pipe").out.startswith("added ")
    os.waitpid(child, 0)
    assert operations(home) == 1


def test_what_memos_keeps_of_a_file_is_not_counted_as_changed(memos: Run) -> None:
    make("beds.md", "The tomatoes go in bed 3.\n")
    memos("add", "--file", "beds.md")
    make("beds.md", "The tomatoes go in bed 4.\n")
    memos("add", "--file", "beds.md")
    memos("undo")
    listed = memos("undo", "--list", "--json").data["commands"]
    assert [(one["command"], one["subjects"]) for one in listed] == [("undo", 1), ("add", 1), ("add", 1)]
    assert listed[0]["what"] == "The tomatoes go in bed 3."
    assert "1 changed" in memos("undo", listed[0]["txn"]).out
