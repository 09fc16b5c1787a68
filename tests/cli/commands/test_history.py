"""`memos undo`: what it lists, how much of an id it wants, and several commands at once."""

import pytest

from tests.cli.helpers import on_terminal
from tests.conftest import Run


def contents(memos: Run) -> list[str]:
    return sorted(one["content"] for one in memos("list", "--json").data["memories"])


def test_undo_lists_the_first_words_of_what_changed_on_one_line_each(memos: Run) -> None:
    memos("add", "I am vegan now", "--external-id", "diet")
    memos("edit", "diet", "I am\npescatarian now")
    memos("add", "wifi password: Tr00s-0ma-1942!")
    memos("view", "save", "work", "--tag", "work")
    memos("forget", "diet")
    ran = memos("undo", "--list")
    forgot, view, secret, edited, added = ran.out.splitlines()
    assert "I am pescatarian now" in forgot
    assert "work" in view.split("1 changed")[1]
    assert "wifi password" in secret
    assert "1942" not in ran.out
    assert "I am pescatarian now" in edited
    assert "I am vegan now" in added, "what the command wrote, not what the memory says by now"
    says = [one["what"] for one in memos("undo", "--list", "--json").data["commands"]]
    assert says[1] == "view work"
    assert says[4] == "I am vegan now"


@pytest.mark.parametrize("columns", [80, 120])
def test_the_list_is_cut_at_the_width_of_the_terminal(memos: Run, columns: int) -> None:
    memos("add", "The boiler was serviced by Truus and " * 10)
    _, shown = on_terminal(["undo", "--list"], size=(24, columns))
    (line,) = shown.splitlines()
    assert columns - 12 < len(line.replace("\x1b[33m", "").replace("\x1b[0m", "")) <= columns, "cut between words"
    assert "The boiler" in shown


def test_the_list_shows_nobody_what_belongs_to_somebody_else(memos: Run) -> None:
    memos("add", "I owe Ravi money", "--visibility", "private")
    assert "Ravi" not in memos("--as", "ada", "undo", "--list").out


def test_what_was_purged_is_not_shown(memos: Run) -> None:
    memos("add", "I owe Ravi money", "--external-id", "debt")
    memos("forget", "debt", "--purge", "--yes")
    assert "Ravi" not in memos("undo", "--list").out + memos("undo", "--list", "--json").out


@pytest.mark.parametrize("prefix", ["3", "0a", "abc"])
def test_the_beginning_of_an_id_needs_four_characters(memos: Run, prefix: str) -> None:
    memos("add", "one")
    ran = memos("undo", prefix)
    assert ran.status == 2
    assert "four" in ran.err
    assert "memos undo --list" in ran.err
    assert contents(memos) == ["one"]
    if prefix == "3":
        assert "memos undo -n 3" in ran.err
    txn = memos("undo", "--list", "--json").data["commands"][0]["txn"]
    assert memos("undo", txn[:4]).status == 0


def test_several_commands_are_taken_back_in_one_transaction_and_made_again_by_its_id(memos: Run) -> None:
    memos("add", "one", "--external-id", "a")
    memos("add", "two")
    memos("edit", "a", "one and a half")
    memos("edit", "a", "three quarters")
    dry = memos("undo", "-n", "3", "--dry-run", "--json").data
    assert contents(memos) == ["three quarters", "two"]
    assert (dry["command_id"], dry["dry_run"]) == (None, True)
    done = memos("undo", "-n", "3", "--json").data
    assert contents(memos) == ["one"]
    assert [one["command"] for one in done["taken_back"]] == ["edit", "edit", "add"]
    assert dry["taken_back"] == done["taken_back"]
    assert len(memos("undo", "--list", "--json").data["commands"]) == 5
    assert memos("undo", done["command_id"]).status == 0
    assert contents(memos) == ["three quarters", "two"]
    again = memos("undo", "-n", "4", "--json").data
    assert [one["command"] for one in again["taken_back"]] == ["edit", "edit", "add", "add"]
    assert contents(memos) == []


def test_what_was_taken_back_with_others_is_not_taken_back_twice(memos: Run) -> None:
    for text in ("one", "two", "three", "four"):
        memos("add", text)
    memos("undo", "-n", "2")
    memos("undo")
    assert contents(memos) == ["one"]
    memos("undo")
    assert contents(memos) == []
    assert memos("undo").status == 10


def test_more_commands_than_there_are_are_refused_and_nothing_changes(memos: Run) -> None:
    memos("add", "one")
    memos("add", "two")
    for dry in ([], ["--dry-run"]):
        ran = memos("undo", "-n", "3", *dry)
        assert ran.status == 10
        assert "memos undo -n 2" in ran.err
    assert contents(memos) == ["one", "two"]


def test_a_number_and_an_id_exclude_each_other(memos: Run) -> None:
    memos("add", "one")
    txn = memos("undo", "--list", "--json").data["commands"][0]["txn"]
    assert memos("undo", txn, "-n", "2").status == 2
    assert contents(memos) == ["one"]


def test_what_was_taken_back_is_named_line_by_line(memos: Run) -> None:
    memos("add", "one")
    memos("add", "two")
    ran = memos("undo", "-n", "2")
    assert [line.split(" (")[0] for line in ran.out.splitlines()] == ["took back add", "took back add"]
    assert "memos undo " in ran.err
