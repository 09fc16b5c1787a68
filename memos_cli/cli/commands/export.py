"""`memos export`: memories in formats that other programs read; a module beside this one for each format."""

import click

from memos_cli.cli.commands.export_ics import ics
from memos_cli.cli.commands.export_jsonl import jsonl
from memos_cli.cli.commands.export_markdown import markdown
from memos_cli.cli.options import Family


@click.group(cls=Family)
def export() -> None:
    """Write memories in formats that other programs read.

    What you may see is written, by the filters that search and list take, the oldest first; the same memories give the same
    bytes. Labels are respected: by the policy labels.export a memory that is labelled stays here, unless the policy lets it go,
    and a secret is masked. What stays is counted on standard error. A cube with its whole history goes into one file with
    memos cube export.

    \b
    Examples:
      memos export jsonl memories.jsonl
      memos export jsonl - --tag recipe | jq -r .content
      memos export markdown notes/
      memos export ics calendar.ics
    """


for _command in (jsonl, markdown, ics):
    export.add_command(_command)
