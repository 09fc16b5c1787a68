"""The help of every command fits a terminal, and what goes on in another line is indented."""

import re
from collections.abc import Iterator

import click
import pytest

from memos_cli.cli.commands.manual import manual_pages
from memos_cli.cli.help_page import EXAMPLES, Formatter, entries, glossary, wrapped
from memos_cli.cli.main import memos as tree
from tests.cli.helpers import on_terminal
from tests.conftest import Run


def contexts(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A context of every command and group."""
    context = command.context_class(command, info_name=name, parent=parent, **command.context_settings)
    yield context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from contexts(found, below, context)


CONTEXTS = {context.command_path: context for context in contexts(tree, "memos")}


def shown(context: click.Context, columns: int) -> str:
    """The help on a terminal of so many columns."""
    context.terminal_width = columns - 2
    return context.get_help()


def blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of what is kept line by line."""
    for found in re.finditer(r"^  ([A-Z].*:)\n((?:    .*\n?)+)", text, re.MULTILINE):
        yield found[1], found[2].splitlines()


@pytest.mark.parametrize("path", CONTEXTS)
def test_no_line_of_a_help_is_wider_than_the_terminal(path: str) -> None:
    for columns in (80, 100, 120):
        lines = shown(CONTEXTS[path], columns).splitlines()
        assert [line for line in lines if len(line) > columns] == []


@pytest.mark.parametrize("path", CONTEXTS)
def test_what_goes_on_in_another_line_is_indented_and_complete(path: str) -> None:
    narrow, wide = (shown(CONTEXTS[path], columns) for columns in (80, 1000))
    kept = dict(blocks(wide))
    for title, lines in blocks(narrow):
        assert "\n".join(lines).replace(" \\\n", "\n").split() == "\n".join(kept[title]).split()
        begun = set(kept[title])
        for line in lines:
            whole = any(one.startswith(line.removesuffix(" \\")) for one in begun)
            assert whole or line.startswith(" " * 7), line
        if title == "Exit status:":
            assert all(re.match(r"    (?:\d+ +\S|   \S)", line) for line in lines), lines


def test_every_help_has_the_formatter() -> None:
    assert {type(context.make_formatter()) for context in CONTEXTS.values()} == {Formatter}
    assert sum(title == "Exit status:" for context in CONTEXTS.values() for title, _ in blocks(shown(context, 1000))) > 50


def test_a_terminal_gets_it_so(memos: Run) -> None:
    status, said = on_terminal(["cube", "merge", "--help"], COLUMNS="80")
    assert status == 0
    assert "    12 no key opens the file, the passphrase is wrong, or nobody whom you\r\n       trust has signed it" in said
    wide = memos("cube", "merge", "--help", env={"COLUMNS": "120"}).out
    assert (
        "    12 no key opens the file, the passphrase is wrong, or nobody whom you trust has signed it\n       (--req" in wide
    )


def test_a_meaning_goes_on_below_the_meaning() -> None:
    block = ["Exit status:", "  3  the answer was no, or", "     nobody was there", "  130 stopped by a signal that came"]
    assert wrapped(block, 24) == [
        "Exit status:",
        "  3  the answer was no,",
        "     or nobody was there",
        "  130 stopped by a",
        "      signal that came",
    ]
    assert wrapped(block, 80)[1] == "  3  the answer was no, or nobody was there"


def test_an_example_goes_on_as_a_shell_takes_it() -> None:
    block = ["Examples:", "  memos list --json | jq '.data | .memories'", '  memos add "I am vegan now, and was not"']
    assert wrapped(block, 32) == [
        "Examples:",
        "  memos list --json | jq \\",
        "      '.data | .memories'",
        "  memos add \\",
        '      "I am vegan now, and was not"',
    ]


def test_a_line_under_its_term_goes_on_below_itself() -> None:
    block = ["Keys:", "  a.b (default: 3)", "      how long it takes to fade away"]
    assert wrapped(block, 24)[2:] == ["      how long it takes", "      to fade away"]


def test_terms_are_told_from_lines() -> None:
    assert glossary(["  3  no", "  10 not there"]) == [("3", "no"), ("10", "not there")]
    assert glossary(["  a.b (default: 3)", "      how long"]) == [("a.b (default: 3)", "how long")]
    assert glossary(["  [[step]]", '  do = "archive"']) is None
    assert [entry.term for entry in entries(["  ALSO THIS  what it means", "  3 days"])] == ["ALSO THIS  ", "3 "]


def test_no_line_of_a_page_that_man_does_not_fill_is_too_long_for_80_columns() -> None:
    for name, page in manual_pages().items():
        if not name.endswith(".1"):
            continue
        for kept in re.findall(r"^\.nf\n(.*?)^\.fi", page, re.MULTILINE | re.DOTALL):
            for line in kept.replace("\\-", "-").replace("\\e", "\\").splitlines():
                assert len(line) <= 73 or " " not in line.strip(), (name, line)


def test_the_titles_of_examples_are_in_use() -> None:
    titles = {title for context in CONTEXTS.values() for title, _ in blocks(shown(context, 1000))}
    assert set(EXAMPLES) <= titles


def test_a_family_lists_each_command_with_the_whole_of_its_line(memos: Run) -> None:
    for family in ("cube", "lifecycle", "snapshot", "model", "consolidate", "key"):
        listed = memos(family, "--help").out.partition("\nCommands:\n")[2]
        assert listed
        assert "..." not in listed
        assert "\n  work " not in listed, "a command that memos itself runs is none of a person's"
