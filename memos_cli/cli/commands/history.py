"""`memos undo`, `history`, `rollback`."""

from typing import Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.edit import tell
from memos_cli.cli.options import MANY, Command, dry_run, reveal
from memos_cli.cli.pager import paged
from memos_cli.cli.terminal import plain, style, unstyle
from memos_cli.errors import UsageError
from memos_cli.times import shown

_SECONDS, _MINUTES = len("2026-11-30 07:28:57"), len("2026-11-30 07:28")


@click.command(cls=Command)
@click.argument("name", required=False, metavar="[COMMAND_ID]", shell_complete=completions.COMMANDS)
@click.option("--list", "listed", is_flag=True, help="List the last commands that wrote.")
@click.option("-n", "--limit", "count", type=MANY, help="How many commands to take back (1), or with --list to show (20).")
@dry_run
@pass_app
def undo(app: App, name: str | None, *, listed: bool, count: int | None, dry_run: bool) -> None:
    """Take back the last command that wrote.

    A command is undone as a whole: an import of a thousand memories is one step, and so are several commands with -n. Undo
    appends the inverse and erases nothing, so undoing an undo (by its id) does the thing again. What was changed again since
    is refused: undo that first. Four characters of an id are enough where no other one begins so.

    \b
    Examples:
      memos undo
      memos undo -n 3 --dry-run
      memos undo --list
      memos undo 4f1c

    \b
    Exit status:
      2  too little of an id, or the beginning of several
      3  it was changed again since
      10 nothing to undo, not so many commands, or no such one
    """
    if listed:
        _list(app, 20 if count is None else count)
        return
    if name is not None and count is not None:
        raise UsageError("COMMAND_ID and -n exclude each other", hint=f"memos undo {name}, or memos undo -n {count}")
    result = app.mos.undo(name, count=count or 1, dry_run=dry_run)
    if app.json:
        app.data(result)
        return
    word = "would take back" if result.dry_run else "took back"
    for one in result.taken_back:
        app.out(f"{word} {one.command} ({one.reverted}): {one.changed} changed")
    if result.txn:
        app.note(f"do it again with: memos undo {result.txn}")


def _list(app: App, limit: int) -> None:
    commands = app.mos.timeline.commands(limit)
    if app.json:
        app.data({"commands": [{**command, "at": shown(command["at"])} for command in commands]})
        return
    with paged(app) as out:
        for command in commands:
            out(_line(app, command))
    if not commands:
        app.note("no command has written yet; undo takes back what one does")


def _line(app: App, command: dict[str, Any]) -> str:
    """One command: its id, time and name, how much it changed, who it was if somebody else, and the first words of that."""
    room = render.width()
    # A terminal has room for half of an id and no seconds, if words are to stand there as well.
    txn, at = command["txn"], str(render.moment(command["at"]))[: _SECONDS if room is None else _MINUTES]
    by = f" by {plain(command['principal'])}" if command["principal"] != app.mos.principal else ""
    back = f", takes back {command['reverts'][: None if room is None else render.SHORT_ID]}" if command["reverts"] else ""
    count = "" if room and command["subjects"] == 1 and not by and not back else f"  {command['subjects']} changed{by}{back}"
    head = f"{style(txn if room is None else txn[: render.SHORT_ID], fg='yellow')}  {at}  {command['command']:<8}{count}"
    left = room - len(unstyle(head)) - 2 if room else None
    what = render.one_line(command["what"] or "", left if left is None else max(left, 1))
    return f"{head}  {what}".rstrip() if left is None or left >= 1 else head


@click.command(cls=Command)
@click.argument("identity", metavar="ID", shell_complete=completions.IDS)
@reveal
@pass_app
def history(app: App, identity: str, *, reveal: bool) -> None:
    """List the versions of a memory.

    \b
    Examples:
      memos history k3f9
      memos history k3f9 --json

    \b
    Exit status:
      10 no such memory
    """
    memory, versions = app.mos.history(identity)
    render.require_reveal((render.with_versions(memory, versions),), reveal=reveal)
    if app.json:
        app.data({"id": memory.id, "versions": versions}, reveal=reveal)
        return
    with paged(app) as out:
        for version in versions:
            for line in render.version_lines(version, reveal=reveal):
                out(line)


@click.command(cls=Command)
@click.argument("identity", metavar="ID", shell_complete=completions.IDS)
@click.option(
    "--to",
    "version",
    type=click.IntRange(1),
    required=True,
    metavar="VERSION",
    shell_complete=completions.VERSIONS,
    help="The version's number.",
)
@pass_app
def rollback(app: App, identity: str, version: int) -> None:
    """Make a memory what it was at a version.

    The versions in between stay in its history, and the rollback becomes a version of its own.

    \b
    Examples:
      memos history k3f9
      memos rollback k3f9 --to 1

    \b
    Exit status:
      2  it has no such version
      3  it is frozen
      10 no such memory
    """
    tell(app, app.mos.rollback(identity, version), "rolled back")
