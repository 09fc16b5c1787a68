"""`memos export ics`: what has a date, for a calendar."""

from typing import Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.export_jsonl import force, to_file, written
from memos_cli.cli.options import Command, filters, in_snapshot, reveal


@click.command("ics", cls=Command)
@to_file
@filters
@in_snapshot
@reveal
@force
@pass_app
def ics(app: App, /, file: str, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Write what has a date as a calendar, which calendar programs read.

    FILE, or standard output. Events are written, and whatever comes back, such as a birthday; with --kind, memories of that
    kind that have a date. What begins at midnight in your time zone is a whole day. Each event has the same UID whenever it is
    written, so a calendar that reads the file again makes nothing double. Labels are respected as in memos export jsonl.

    \b
    Examples:
      memos export ics calendar.ics
      memos export ics --tag family --since today family.ics --force
      memos export ics --kind event --kind note - > dated.ics

    \b
    Exit status:
      3  the file is there already, or --reveal would show secrets to somebody who may not see them
      10 no such cube or snapshot
    """
    written(app, file, given, app.mos.exports.ics)
