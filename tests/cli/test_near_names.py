"""Commands that memos does not have: what is said in place of them exists, and near misses keep their suggestions."""

import re

import click
import pytest

from memos_cli.cli import near_names
from memos_cli.cli.main import COMMANDS
from memos_cli.cli.main import memos as tree
from tests.conftest import Run

TOP = {name for family in COMMANDS.values() for name in family}


def resolved(words: list[str]) -> click.Command:
    """The command that words after `memos` name, as far as they do."""
    command: click.Command = tree
    context = click.Context(tree)
    for word in words:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            break
        command = found
    return command


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("rm", "memos forget"), ("delete", "memos forget"), ("remove", "memos forget"), ("get", "memos show"),
        ("ls", "memos list"), ("cat", "memos show"), ("find", "memos search"), ("grep", "memos search"), ("new", "memos add"),
        ("save", "memos add"), ("remember", "memos add"), ("load", "memos import"), ("load", "memos cube import"),
        ("sync", "memos cube merge"), ("status", "memos stats"), ("log", "memos undo --list"),
        ("diff", "memos snapshot diff"), ("init", "memos add"), ("login", "on this machine"), ("update", "memos edit"),
        ("redo", "memos undo ID"), ("LS", "memos list"), ("help", "memos --help"),
        ("tick", "memos lifecycle tick"), ("agents", "memos setup claude"), ("models", "memos model list"),
    ],
)  # fmt: skip
def test_a_command_of_another_tool_points_to_ours(memos: Run, name: str, ours: str) -> None:
    ran = memos(name, "x")
    assert ran.status == 2
    assert ours in ran.err
    assert "Did you mean" not in ran.err
    error = memos(name, "x", "--json").error
    assert (error["code"], error["exit_status"]) == ("usage", 2)
    assert ours in error["hint"]


def test_near_misses_keep_their_suggestions(memos: Run) -> None:
    for typed, meant in (("serch", "search"), ("lst", "list"), ("undoo", "undo"), ("forgett", "forget")):
        ran = memos(typed)
        assert ran.status == 2
        assert f"Did you mean {meant}" in ran.err
    assert memos("xyzzy").err.splitlines() == ["memos: There is no command 'xyzzy'.", "  see: memos --help"]


def test_every_command_that_is_named_exists_and_no_name_of_ours_is_in_the_table() -> None:
    assert not TOP & near_names._ELSEWHERE.keys()
    for name, said in near_names._ELSEWHERE.items():
        named = re.findall(r"memos((?: [a-z-]+)+)", said)
        assert named or name in {"quit", "exit"}, name
        for words in named:
            first, *rest = words.split()
            if first in TOP:
                options = {one for parameter in resolved([first, *rest]).params for one in parameter.opts}
                assert all(one in options for one in rest if one.startswith("-")), said
            else:
                assert first in {"--help", "--version", "--as", "is"}, said


@pytest.mark.parametrize(
    ("typed", "ours"),
    [
        ("cube delete", "memos cube rm"), ("cube ls", "memos cube list"), ("cube new", "memos cube create"),
        ("view remove", "memos view rm"), ("task ls", "memos task list"), ("snapshot delete", "memos snapshot rm"),
        ("config edit", "memos config set"), ("cube lst", "list"), ("key create", "memos key new"),
    ],
)  # fmt: skip
def test_a_command_of_a_family_points_to_ours(memos: Run, typed: str, ours: str) -> None:
    ran = memos(*typed.split(), "x")
    assert ran.status == 2
    assert ours in ran.err


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("add --tag", "see: memos add --help"),
        ("list -n zero", "'zero' is not a whole number"),
        ("config set serch.k 5", "did you mean search.k"),
        ("config set search.k five", "search.k cannot be 'five': it has to be a number"),
        ("model pull nosuch", "memos model pull smollm2"),
        ("key trust nosuch", "memos key show"),
        ("cube export -o no/such/x.memcube", "mkdir -p no/such"),
    ],
)
def test_a_wrong_call_is_told_in_plain_words_what_to_type(memos: Run, typed: str, told: str) -> None:
    memos("add", "one")
    ran = memos(*typed.split())
    assert ran.status != 0
    assert told in ran.err
