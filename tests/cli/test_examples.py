"""Every example of a help text is a command line that memos takes, and every command that a hint names is there."""

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import memos_cli
from memos_cli.cli.main import memos as tree

SOURCES = Path(memos_cli.__file__).parent
_END = {"|", "&&", ">", ";", "#"}
_PROSE = {"asks", "each", "paid", "pays"}
"""What memos does where a text speaks of it as of somebody, and what a name such as `memos_pays` goes on with; no commands."""


def groups(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group, with its place in the tree."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from groups(below, (*path, name))


def example_lines(command: click.Command) -> Iterator[str]:
    """The command lines of a help text: those of a block that a line with a colon heads, and what stands behind a pipe."""
    for block in f"{inspect.cleandoc(command.help or '')}\n\n{command.epilog or ''}".split("\n\n"):
        head, *lines = block.strip("\b\n").splitlines() or [""]
        for line in lines if head.endswith(":") else ():
            for part in re.split(r"\s\|\s|\$\(|&&", line):
                found = re.match(r"\s*(?:ssh \w+ )?(memos .+)", part)
                if found:
                    yield found[1]


def parse(command: click.Command, words: list[str]) -> None:
    """Parse a command line as `memos` would, and run nothing; a file that is not there is no fault of the line."""
    try:
        context = command.make_context(command.name, words)
    except click.MissingParameter:
        raise
    except click.BadParameter as error:
        if error.param is None or not isinstance(error.param.type, click.Path | click.File):
            raise
        return
    except click.exceptions.Exit:  # --help, --version
        return
    if isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, below, more = command.resolve_command(context, rest)
        assert below is not None, name
        parse(below, more)


EXAMPLES = sorted({line for _, command in groups(tree) for line in example_lines(command)})


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 100


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_a_command_line(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line, comments=True)
    end = next((n for n, word in enumerate(words) if word in _END), len(words))
    parse(tree, words[1:end])


def named() -> Iterator[tuple[str, str]]:
    """Where a text of the program speaks of `memos WORD …`, and the words."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for found in re.finditer(r"(?:^|with: |by: |: |`|\()memos ((?:--\w+ \S+ )*)([a-z]+)(?: ([a-z]+))?", node.value):
                    yield f"{path.relative_to(SOURCES)}:{node.lineno}", " ".join(filter(None, found.group(2, 3)))


def test_every_command_that_a_hint_names_is_there() -> None:
    places = dict(groups(tree))
    wrong, count = [], 0
    for where, words in named():
        first, *second = words.split()
        count += 1
        command = places.get((first,))
        if first in _PROSE:
            continue
        if command is None or (isinstance(command, click.Group) and second and (first, *second) not in places):
            wrong.append(f"{where}: memos {words}")
    assert count > 50
    assert wrong == []
