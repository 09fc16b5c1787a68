"""What a terminal shows wraps at words, by the columns that characters take, whatever prints it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.cli import terminal
from memos_cli.cli.terminal import columns, fitted, style, unstyle
from tests.cli.helpers import jsonl, on_terminal
from tests.conftest import Run

PATH = "/home/sam/Documents/garden/2026/plans-for-the-beds.md"
LONG = (
    "The boiler in the cellar was serviced by Truus on Monday and she left the invoice beside the meter cupboard, behind the"
    f" coats, together with the warranty of the pump and {PATH} which lists every single part that was exchanged"
)
CHINESE = (
    "\u6211\u4eca\u5929\u65e9\u4e0a\u5728\u82b1\u56ed\u91cc\u79cd\u4e86\u4e09\u68f5\u82f9\u679c\u6811\u548c\u4e24\u68f5\u68a8\u6811"
    * 6
)
STYLES = re.compile(r"\x1b\[[0-9;]*m")


def lines_on(arguments: list[str], width: int) -> list[str]:
    status, out = on_terminal(arguments, size=(50, width))
    assert status == 0
    return [STYLES.sub("", line) for line in out.replace("\r\n", "\n").split("\n")]


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_of_a_page_is_wider_and_no_word_is_broken(memos: Run, width: int) -> None:
    memos("add", LONG, "--external-id", "boiler", "--key", "the boiler of the house in the street with the trees")
    memos("edit", "boiler", f"{LONG}; the next date is in May")
    memos("add", "--jsonl", "-", stdin=jsonl({"content": f"{LONG} again", "tags": ["heating"], "external_id": "again"}))
    words = set(f"{LONG}; the next date is in May".replace(",", " ").replace(";", " ").split())
    for arguments in (
        ["show", "boiler"], ["history", "boiler"], ["why", "boiler"], ["search", "boiler warranty"], ["list"],
        ["undo", "--list"],
        ["list", "--tag", "nosuch"], ["lifecycle", "plan", "--days", "9999"], ["lifecycle", "status"], ["config", "show"],
    ):  # fmt: skip
        shown = lines_on(arguments, width)
        assert max(map(columns, shown)) <= width, arguments
        if arguments[0] in {"show", "history"}:
            told = " ".join(shown)
            assert all(word in told for word in words), arguments


@pytest.mark.parametrize("width", [80, 120])
def test_wide_and_combining_characters_count_as_what_they_take(memos: Run, width: int) -> None:
    memos("add", CHINESE, "--external-id", "tree")
    memos("add", "cafe\u0301 et the\u0301 " * 30, "--external-id", "cafe")
    for one in ("tree", "cafe"):
        shown = lines_on(["show", one], width)
        assert max(map(columns, shown)) <= width
    shown = lines_on(["show", "tree"], width)
    assert CHINESE in "".join(shown), "nothing is lost between the lines"
    assert any(columns(line) >= width - 1 for line in shown), "a line is full, though no blank is in it"


def test_a_command_that_is_to_be_copied_stays_on_one_line() -> None:
    hint = 'nothing is to come in this cube; plan something with: memos add "Dentist" --kind event --occurred-at tomorrow'
    shown = fitted(hint, 80).split("\n")
    assert 'memos add "Dentist" --kind event --occurred-at tomorrow' in [line.strip() for line in shown]


def test_what_goes_on_stands_below_the_text() -> None:
    shown = fitted(f"       title  {LONG}", 80).split("\n")
    assert all(line.startswith(" " * 14) for line in shown[1:])
    shown = fitted(f"  - {LONG}", 80).split("\n")
    assert all(line.startswith("    ") and line[4] != " " for line in shown[1:])


@given(st.text(st.sampled_from("ab \u4e2d\u0301\u00e9-/.")), st.integers(12, 40))
def test_wrapping_loses_nothing_and_is_never_wider_than_a_word_needs(text: str, room: int) -> None:
    shown = fitted(style(text, fg="red") if text.strip() else text, room)
    assert unstyle(shown).split() == text.split() or "".join(unstyle(shown).split()) == "".join(text.split())
    for line in unstyle(shown).split("\n"):
        assert columns(line) <= room or len(line.split()) == 1


def test_in_a_pipe_nothing_is_wrapped(memos: Run) -> None:
    memos("add", LONG, "--external-id", "boiler")
    assert LONG in memos("show", "boiler").out
    assert LONG in memos("show", "boiler", "--json").out


def test_a_document_is_not_wrapped_on_a_terminal(memos: Run) -> None:
    memos("add", LONG, "--external-id", "boiler")
    assert any(LONG in line for line in lines_on(["show", "boiler", "--json"], 80))


def test_a_cell_of_a_table_breaks_no_word(memos: Run) -> None:
    memos("cube", "create", "memories-of-the-house-in-ghent")
    for width in (60, 80, 120):
        shown = lines_on(["cube", "list"], width)
        assert any("memories-of-the-house-in-ghent" in line for line in shown)
        assert max(map(columns, shown)) <= width


def test_the_mark_of_a_style_is_no_part_of_a_width() -> None:
    assert terminal.wrapped(style("a" * 80, fg="red"), 80) == [style("a" * 80, fg="red")]
