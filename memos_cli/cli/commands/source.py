"""`memos source`: files and folders of other programs that each tick brings in step."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import NAMED, WHEN, Family, dry_run
from memos_cli.cli.terminal import plain, style
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.interface.imports.standing_sources import StandingSource


@click.group(cls=Family)
def source() -> None:
    """Files and folders that each tick brings in step.

    A program's own record may be short: Claude Code deletes its sessions after 30 days. What stands here is read by every
    `memos lifecycle tick` once it changed, within the time that the policy gives it (sources.seconds, sources.share;
    steps.sources switches it off). What was taken in is kept, also when its source is gone.

    \b
    Examples:
      memos source add ~/.claude/projects
      memos source list
      memos source rm ~/.claude/projects
    """


@source.command("add")
@click.argument("path", shell_complete=completions.FILES)
@click.option("--from", "kind", type=NAMED, metavar="KIND", help="What it is, where that is not recognised.")
@click.option("--since", type=WHEN, help="Leave out what happened before this time.")
@click.option("--tag", "tags", multiple=True, type=NAMED, metavar="TAG", help="Put this tag on all its memories.")
@click.option("--label", "labels", multiple=True, type=NAMED, metavar="LABEL", help="Put this sensitivity label on them.")
@dry_run
@pass_app
def add(app: App, /, path: str, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Let each tick bring a file or a folder in step.

    It is read as memos import reads it, with facts found by rules: nothing is taken twice, what you changed or forgot since
    stays so. What a tick takes of a source is a step of memos undo of its own; when the source changes again it comes back,
    unless you remove the source. Of transcripts that only grow a tick reads what is recent, and all of them once a day. To add
    it again says how it is read from then on. memos undo takes the adding back.

    A source is read on the machine, and in the home, where it was added: what a cube from elsewhere names is not read.

    \b
    Examples:
      memos source add ~/.claude/projects
      memos source add ~/notes --from markdown --tag notes
      memos source add ~/.codex --since 2026-01-01 --dry-run

    \b
    Exit status:
      2  there is no such file or folder, or memos takes nothing of its kind
      3  the cube is somebody else's
    """
    found = app.mos.sources.add(path, **given)
    if app.json:
        app.data({**_source_json(found), "dry_run": given["dry_run"]})
        return
    app.out(f"{'would read' if given['dry_run'] else 'ticks read'} {plain(found.path)} ({found.kind})")
    if not given["dry_run"]:
        app.note("the next one begins: memos lifecycle tick; let it run by itself: memos lifecycle install --cron")


@source.command("list")
@pass_app
def list_(app: App) -> None:
    """List the sources, and how each of them stands.

    \b
    Examples:
      memos source list
      memos source list --json
    """
    found = app.mos.sources.list()
    if app.json:
        app.data({"sources": [_source_json(one) for one in found]})
        return
    for one in found:
        app.out(f"{style(plain(one.path), bold=True)}  {one.kind}")
        read = f"last read {render.moment(one.read_at)}" if one.read_at else "not read to its end yet"
        app.out(
            f"  {read}; {one.taken:,} taken, {one.edited:,} changed" + ("; the next tick goes on" if one.unfinished else "")
        )
        if one.fault:
            app.out(f"  {plain(one.fault)}" + ("" if one.is_read else f"; to read it here: memos source add {plain(one.path)}"))
    if not found:
        app.note("no sources; let ticks read one with: memos source add ~/.claude/projects")


@source.command("rm")
@click.argument("path", shell_complete=completions.SOURCES)
@dry_run
@pass_app
def rm(app: App, path: str, *, dry_run: bool) -> None:
    """Let ticks read a source no longer; its memories stay.

    `memos undo` brings it back.

    \b
    Examples:
      memos source rm ~/.claude/projects

    \b
    Exit status:
      3  the cube is somebody else's
      10 no such source
    """
    found = app.mos.sources.remove(path, dry_run=dry_run)
    app.data({"path": found.path, "removed": not dry_run}) if app.json else app.out(
        f"{'would read' if dry_run else 'ticks read'} {plain(found.path)} no longer; its memories stay"
    )


def _source_json(one: "StandingSource") -> dict[str, Any]:
    return {**fields_of(one), "since": shown(one.since)}
