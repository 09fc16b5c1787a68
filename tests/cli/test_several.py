"""Several cubes at once, and what every command has in common."""

from collections.abc import Iterator

import click
import pytest

from memos_cli.cli.main import memos as tree
from tests.conftest import Run


@pytest.mark.parametrize(
    ("order", "contents"),
    [
        ("newest", ["third", "second", "first"]),
        ("oldest", ["first", "second", "third"]),
        ("updated", ["third", "second", "first"]),
        ("occurred", ["first", "third", "second"]),
        ("used", ["third", "second", "first"]),
        ("priority", ["second", "third", "first"]),
    ],
)
def test_memories_of_several_cubes_are_listed_in_one_order(memos: Run, order: str, contents: list[str]) -> None:
    for cube in ("one", "two"):
        memos("cube", "create", cube)
    memos("--cube", "one", "add", "first")
    memos("--cube", "two", "add", "second", "--priority", "2", "--occurred-at", "2026-01-02")
    memos("--cube", "one", "add", "third", "--occurred-at", "2026-01-01")
    for cubes in (("one", "two"), ("two", "one")):
        both = [word for cube in cubes for word in ("--cube", cube)]
        for most in (1, 3):
            ran = memos("--json", *both, "list", "--order", order, "-n", str(most))
            assert [one["content"] for one in ran.data["memories"]] == contents[:most]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its place in the tree."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_takes_the_shared_options_behind_its_name() -> None:
    lacking = [
        path for path, command in commands(tree) if "--json" not in {name for one in command.params for name in one.opts}
    ]
    assert lacking == []


def test_the_timer_that_is_printed_is_a_document_too(memos: Run) -> None:
    plain = memos("lifecycle", "install", "--cron", "--print").out
    assert "lifecycle tick" in plain
    assert memos("--json", "lifecycle", "install", "--cron", "--print").data == {"how": "cron", "text": plain}
