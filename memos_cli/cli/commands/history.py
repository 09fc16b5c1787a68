"""`memos undo`, `history`, `rollback`."""

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.edit import tell
from memos_cli.cli.options import MANY, Command, dry_run, reveal
from memos_cli.cli.terminal import plain, style
from memos_cli.times import shown


@click.command(cls=Command)
@click.argument("name", required=False, metavar="[COMMAND_ID]", shell_complete=completions.COMMANDS)
@click.option("--list", "listed", is_flag=True, help="List the last commands that wrote.")
@click.option("-n", "--limit", type=MANY, default=20, show_default=True, help="How many --list shows.")
@dry_run
@pass_app
def undo(app: App, name: str | None, *, listed: bool, limit: int, dry_run: bool) -> None:
    """Take back the last command that wrote.

    A command is undone as a whole: an import of a thousand memories is one step. Undo appends the inverse and erases
    nothing, so undoing an undo (by its id) does the thing again. What was changed again since is refused: undo that first.

    \b
    Examples:
      memos undo
      memos undo --list
      memos undo 4f1c

    \b
    Exit status:
      3  it was changed again since
      10 nothing to undo, or no such command
    """
    if listed:
        _list(app, limit)
        return
    result = app.mos.undo(name, dry_run=dry_run)
    if app.json:
        app.data(result)
        return
    word = "would take back" if result.dry_run else "took back"
    app.out(f"{word} {result.command} ({result.reverted}): {len(result.subjects)} changed")
    if result.txn:
        app.note(f"do it again with: memos undo {result.txn}")


def _list(app: App, limit: int) -> None:
    commands = app.mos.timeline.commands(limit)
    if app.json:
        app.data({"commands": [{**command, "at": shown(command["at"])} for command in commands]})
        return
    for command in commands:
        back = f", takes back {command['reverts']}" if command["reverts"] else ""
        app.out(
            f"{style(command['txn'], fg='yellow')}  {render.moment(command['at'])}  {command['command']:<16}  "
            f"{command['subjects']} changed by {plain(command['principal'])}{back}"
        )


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
    if app.json:
        app.data({"id": memory.id, "versions": versions}, reveal=reveal)
        return
    for version in versions:
        for line in render.version_lines(version, reveal=reveal):
            app.out(line)


@click.command(cls=Command)
@click.argument("identity", metavar="ID", shell_complete=completions.IDS)
@click.option(
    "--to",
    "version",
    type=click.IntRange(1),
    required=True,
    metavar="VERSION",
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
