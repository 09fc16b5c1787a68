"""A pager for long answers on a terminal, as git has one: `$PAGER`, else less, and only where they do not fit the screen.

Without a terminal, with --json, --no-pager, an empty `PAGER` or `cat` the lines are printed. One that is missing is no error,
nor is a person who leaves it before the end.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

import click

from memos_cli.cli import terminal

if TYPE_CHECKING:
    import subprocess

    from memos_cli.cli.app import App

_LESS = "less -FRX"
"""Ends by itself where all fits, lets colours through, and leaves the text on the screen."""
PAGED = frozenset(
    {
        "config show", "consolidate jobs", "consolidate plan", "consolidate show", "cube diff", "cube info", "cube list",
        "doctor", "key list", "lifecycle plan", "lifecycle policy show", "lifecycle status", "model info", "model list",
        "scheduler explain", "scheduler status", "show", "slot list", "snapshot diff", "snapshot list", "stats", "task list",
        "view list", "why",
    }
)  # fmt: skip
"""Commands all of whose answer goes into a pager where it does not fit. Others (`list`, `search`, `history`, `undo --list`,
`label list`) page a part of what they do by themselves."""
_USUAL = {"LESS": "FRX", "LV": "-c"}
"""For a pager of the person's own that is given no options; as git sets them."""


@contextmanager
def paged(app: "App") -> Iterator[Callable[[str], None]]:
    """A function that shows a line of the answer, in a pager once there are more than the screen has.

    Whatever `terminal.echo` prints meanwhile goes there too; a notice stands below the answer.
    """
    command = None if terminal.shown_by is not None else _command(app)
    if command is None:
        yield app.out
        return
    screen = _Screen(command)
    terminal.shown_by = screen.line
    if place := app.settings.withheld.get("pager"):
        app.note(f"{place} sets pager, and a project may not say what is run: it is left out")
    try:
        yield app.out
    finally:
        terminal.shown_by = None
        screen.end()


def _command(app: "App") -> list[str] | None:
    """The pager; `None` where none is to be used, or the one that is named is not there."""
    if app.no_pager or app.json or not sys.stdout.isatty():
        return None
    import shlex
    import shutil

    chosen = app.settings.get("pager")
    if chosen == "auto":
        chosen = os.environ.get("PAGER", _LESS if os.environ.get("TERM") != "dumb" else "")
    try:
        words = shlex.split(chosen)
    except ValueError:  # a quotation mark that is not closed
        return None
    if not words or words in (["cat"], ["none"]) or shutil.which(words[0]) is None:
        return None
    return words


class _Screen:
    """Lines that are held back until they are more than the screen has, and go into a pager from then on."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._columns, rows = _size()
        self._room = rows - 1  # the shell's next prompt takes one
        self._held: list[str] = []
        self._notices: list[str] = []
        self._pager: subprocess.Popen[bytes] | None = None
        context = click.get_current_context(silent=True)
        self._plain = context is not None and context.color is False

    def line(self, text: str, err: bool = False) -> None:  # noqa: FBT001, FBT002 -- as `terminal.shown_by` is called
        """Show a text of one or more lines; one for stderr when all is shown."""
        if err:
            self._notices.append(text)
            return
        shown = terminal.safe(terminal.fitted(text, self._columns))
        lines = (click.unstyle(shown) if self._plain else shown).split("\n")
        if self._pager is not None:
            self._send(lines)
            return
        self._held += lines
        if len(self._held) > self._room:
            self._start()

    def _start(self) -> None:
        import subprocess

        sys.stdout.flush()
        environ = {**_USUAL, **os.environ}
        try:
            self._pager = subprocess.Popen(self._command, stdin=subprocess.PIPE, env=environ)
        except OSError:  # it is there and cannot be run
            self._room = sys.maxsize
            return
        self._send(self._held)
        self._held = []

    def _send(self, lines: list[str]) -> None:
        assert self._pager is not None  # noqa: S101 -- for the type checker: it was started
        pipe: IO[bytes] | None = self._pager.stdin
        if pipe is None or pipe.closed:
            return
        try:
            pipe.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        except OSError:  # the person has seen enough
            with suppress(OSError):
                pipe.close()

    def end(self) -> None:
        """Print what fits the screen, or wait until the person leaves the pager; then the notices."""
        try:
            self._shown()
        finally:
            for text in self._notices:
                terminal.echo(text, err=True)

    def _shown(self) -> None:
        if self._pager is None:
            for line in self._held:
                terminal.written(line)
            return
        if self._pager.stdin is not None:
            with suppress(OSError):
                self._pager.stdin.close()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the pager, as long as it is there
        try:
            self._pager.wait()
        finally:
            signal.signal(signal.SIGINT, before)


def _size() -> tuple[int, int]:
    """The columns and rows of the terminal."""
    try:
        found = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return 80, 24
    return found.columns or 80, found.lines or 24
