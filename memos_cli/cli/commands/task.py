"""`memos task`: tasks, whose memories expire or are archived together."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Family, dry_run
from memos_cli.cli.terminal import plain, style
from memos_cli.operation.lifecycle.tasks import Task
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.operation.lifecycle.tasks import Ending

_DONE = {"archive": "archived", "expire": "expired", "keep": "changed"}


@click.group(cls=Family)
def task() -> None:
    """List tasks, and end one.

    A task is what memories were added under: `memos add --task NAME`. They are found without --task too; with it, only they.

    \b
    Examples:
      memos add "Quote from Fischer: 1,240" --task move
      memos search quote --task move
      memos task end move
    """


@task.command("list")
@pass_app
def list_(app: App) -> None:
    """List the tasks.

    \b
    Examples:
      memos task list
      memos task list --json
    """
    tasks = app.mos.tasks.list()
    if app.json:
        app.data({"tasks": [_json(one) for one in tasks]})
        return
    for one in tasks:
        state = f"ended {render.day_of(one.ended)}" if one.ended else "open"
        newest = f", the newest of {render.day_of(one.newest)}" if one.newest else ""
        name = style(one.name, fg="yellow")
        app.out(f"{name}  {state}  {one.current:,} of {render.many(one.memories)} current{newest}")
    if not tasks:
        app.note('no tasks; memories make one: memos add "Ask for quotes" --task move')


def _json(one: Task) -> dict[str, Any]:
    return {**fields_of(one), "ended": shown(one.ended), "newest": shown(one.newest), "open": one.ended is None}


@task.command("end")
@click.argument("name", shell_complete=completions.TASKS)
@click.option("--archive", "ending", flag_value="archive", help="Archive its memories: found with --archived only.")
@click.option("--expire", "ending", flag_value="expire", help="Let its memories expire, the archived ones too.")
@click.option("--keep", "ending", flag_value="keep", help="Leave its memories as they are.")
@dry_run
@pass_app
def end(app: App, name: str, ending: "Ending | None", *, dry_run: bool) -> None:
    """End a task: its memories are archived, unless you or the policy (task.ending) say otherwise.

    What is pinned or frozen stays. It is one step, which `memos undo` takes back; adding to a task that has ended opens it
    again.

    \b
    Examples:
      memos task end move
      memos task end move --expire --dry-run

    \b
    Exit status:
      10 no such task
    """
    result = app.mos.tasks.end(name, ending=ending, dry_run=dry_run)
    if app.json:
        app.data(fields_of(result, at="ended", ids="changed"))
        return
    shown_name = plain(result.name)
    changed = f"{render.many(len(result.ids))} {_DONE[result.ending]}" if result.ids else "its memories stay as they are"
    kept = f", {len(result.kept):,} kept (pinned, frozen or not yours)" if result.kept else ""
    app.out(f"{'would end' if dry_run else 'ended'} task {shown_name}: {changed}{kept}")
    if result.txn:
        app.note("take it back with: memos undo")
    if result.txn and result.ending == "archive" and result.ids:
        app.note(f"they are still found with: memos search TEXT --task {shown_name} --archived")
