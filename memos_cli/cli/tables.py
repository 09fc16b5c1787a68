"""Tables, drawn by rich; only commands that draw one import this module."""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from memos_cli.cli.terminal import columns, echo, plain, style, styled_by_memos


class _Console(Console):
    """rich answers a closed pipe with exit status 1; memos stays quiet everywhere (`cli.main.run`)."""

    def on_broken_pipe(self) -> None:
        """Leave it to the error boundary."""
        raise BrokenPipeError


_WIDE = 200
"""Columns."""
_LONGEST_WORD = 32
"""Columns that a word has a right to in a table: ids, dates and names of states; not every path."""
_NUMBER = re.compile("[1-9][0-9]{0,4}")


def console() -> Console:
    """A console on stdout with the colours of this invocation, which does not wrap lines in a pipe."""
    context = click.get_current_context(silent=True)
    color = context.color if context else None
    terminal = sys.stdout.isatty()
    return _Console(
        # Not `no_color`: without colour rich would still write the escapes for bold.
        force_terminal=terminal if color is None else color,
        highlight=False,
        width=None if terminal else _columns(),
        _environ=environment(),
    )


def environment() -> dict[str, str]:
    """The environment for rich, which takes whatever COLUMNS and LINES hold for a number."""
    return {name: text for name, text in os.environ.items() if name not in {"COLUMNS", "LINES"} or _NUMBER.fullmatch(text)}


def _columns() -> int:
    """How wide a table is in a pipe: $COLUMNS, or wide enough for most."""
    said = os.environ.get("COLUMNS", "")
    return int(said) if _NUMBER.fullmatch(said) else _WIDE


def table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, right: Sequence[int] = ()
) -> None:
    """Print rows under headings; the columns numbered in `right` are right-aligned. In a pipe no line ends in blanks."""
    shown = any(headings)
    drawn = Table(
        title=title and escape(plain(title)),
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
        show_header=shown,
    )
    filled = [[plain(str(cell)) for cell in row] for row in rows]
    for index, heading in enumerate(headings):
        cells = [row[index] for row in filled if index < len(row)]
        drawn.add_column(
            escape(plain(heading)),
            justify="right" if index in right else "left",
            overflow="fold",
            min_width=_least((plain(heading), *cells)),
        )
    for cells in filled:
        drawn.add_row(*map(Text, cells))
    out = console()
    with out.capture() as held:
        out.print(drawn)
    for line in held.get().removesuffix("\n").split("\n"):
        echo(styled_by_memos(line.rstrip()))  # the styles are rich's; what came from outside was written out above


def _least(cells: Sequence[str]) -> int:
    """The width of a column in which no word of it is broken, as long as such words are few of a line."""
    return min(_LONGEST_WORD, max((columns(word) for cell in cells for word in cell.split()), default=0)) or 1


def statistics(name: str, numbers: dict[str, Any]) -> None:
    """The counts of one cube, under its name."""
    echo(style(f"cube {name}", bold=True))
    plain_counts = {key: value for key, value in numbers.items() if not isinstance(value, dict)}
    table(["", ""], [(key, f"{value:,}") for key, value in plain_counts.items()], right=(1,))
    for group in ("states", "kinds", "tags"):
        if numbers[group]:
            echo()
            table([group, ""], [(key, f"{value:,}") for key, value in numbers[group].items()], right=(1,))


def human_bytes(count: float) -> str:
    """A size with a unit of 1,024."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return ""
