"""The help of a command on a terminal: what a block keeps line by line wraps with an indent where the terminal is too narrow.

click fills paragraphs and leaves the lines of a block that begins with a backspace alone: one that is too long would go on in
the terminal's first column. Here it goes on below its own text: a meaning below the meaning, a command of the shell as one that
can be copied.
"""

import re
import sys

import click

from memos_cli.records import NamedTuple

_BLOCK = re.compile(r"^\x08\n((?:.+\n?)+)", re.MULTILINE)
_ITEM = re.compile(r"(\d+ +|\S+(?: \S+)*? {2,})(?=\S)")
"""A term and the room behind it: a number such as an exit status, or words that two spaces part from their meaning."""
_SHELL_WORD = re.compile(r"(?:'[^']*'|\"[^\"]*\"|\S)+")
EXAMPLES = ("Examples:", "Start here:")
"""Titles of the blocks whose lines are commands of a shell."""
_HANG = 4
"""Columns that a line without a term goes on to the right of where it began."""


class Formatter(click.HelpFormatter):
    """click's formatter, but for the lines of blocks."""

    def write_text(self, text: str) -> None:
        """Write a text, the lines of its blocks wrapped."""
        room = self.width - self.current_indent
        super().write_text(_BLOCK.sub(lambda found: "\b\n" + "\n".join(wrapped(found[1].splitlines(), room)) + "\n", text))


class HelpContext(click.Context):
    """A context whose help is written by `Formatter`."""

    formatter_class = Formatter


class PagedHelp(click.Command):
    """A command that shows its help in a pager where it does not fit the terminal."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option `--help`."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show
        return option


def _show(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 -- click's signature
    if not value or ctx.resilient_parsing:
        return
    from memos_cli.cli.app import App

    app = ctx.ensure_object(App)
    if sys.stdout.isatty():
        from memos_cli.cli.pager import paged

        with paged(app) as out:
            out(ctx.get_help())
    else:
        app.out(ctx.get_help())
    ctx.exit()


class Entry(NamedTuple):
    """A line of a block.

    Attributes:
        indent: the columns ahead of it.
        term: the term that it begins with, and the spaces behind that; empty for a line of text.
        text: the meaning of the term, or the line.
    """

    indent: int
    term: str
    text: str

    @property
    def hang(self) -> int:
        """The column in which its text begins."""
        return self.indent + len(self.term)


def entries(lines: list[str]) -> list[Entry]:
    """The lines of a block, its title left out; a meaning that goes on in the next line is put together."""
    found: list[Entry] = []
    for line in lines:
        text = line.strip()
        indent = len(line.rstrip()) - len(text)
        matched = _ITEM.match(text)
        term = matched[1] if matched else ""
        if found and found[-1].term and indent == found[-1].hang:
            found[-1] = found[-1]._replace(text=f"{found[-1].text} {text}")
        else:
            found.append(Entry(indent, term, text[len(term) :]))
    return found


def glossary(lines: list[str]) -> list[tuple[str, str]] | None:
    """The terms of a block and their meanings, in the same line or in an indented one below; `None` if it is none."""
    found = entries(lines)
    if all(one.term for one in found):
        return [(one.term.rstrip(), one.text) for one in found]
    pairs = list(zip(found[::2], found[1::2], strict=False))
    if len(found) % 2 or any(one.term for one in found) or any(meaning.indent <= word.indent for word, meaning in pairs):
        return None
    return [(word.text, meaning.text) for word, meaning in pairs]


def wrapped(block: list[str], room: int) -> list[str]:
    """The lines of a block, its title first, none of them wider than `room` columns unless a word is."""
    title, *lines = block
    folded = [title]
    if title in EXAMPLES:
        for line in lines:
            indent = len(line) - len(line.lstrip())
            folded += [line] if len(line) <= room else _fill(_SHELL_WORD.findall(line), indent, indent + _HANG, room, " \\")
        return folded
    found = entries(lines)
    outer = min((one.indent for one in found), default=0)
    for indent, term, text in found:
        line = " " * indent + term + text
        first, *rest = text.split()
        hang = indent + (len(term) or _HANG * (indent == outer))
        folded += [line] if len(line) <= room else _fill([term + first, *rest], indent, hang, room)
    return folded


def _fill(words: list[str], indent: int, hang: int, room: int, mark: str = "") -> list[str]:
    """The words on lines; the first has `indent` columns ahead, the others `hang`, and all but the last end with `mark`."""
    lines = [" " * indent + words[0]]
    for number, word in enumerate(words[1:], start=2):
        longer = f"{lines[-1]} {word}"
        if len(longer) + (len(mark) if number < len(words) else 0) <= room:
            lines[-1] = longer
        else:
            lines[-1] += mark
            lines.append(" " * hang + word)
    return lines
