"""`memos label`: sensitivity labels."""

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.edit import tell_marks
from memos_cli.cli.options import Command
from memos_cli.cli.pager import paged
from memos_cli.cli.terminal import plain
from memos_cli.errors import UsageError
from memos_cli.operation import changes

_LIST = "list"


@click.command(cls=Command)
@click.argument("words", nargs=-1, required=True, metavar="ID... LABEL", shell_complete=completions.IDS_AND_LABELS)
@click.option(
    "-a",
    "--add",
    "added",
    multiple=True,
    metavar="LABEL",
    help="Put this label on; all words are ids then.",
    shell_complete=completions.LABELS,
)
@click.option(
    "-r",
    "--rm",
    "removed",
    multiple=True,
    metavar="LABEL",
    help="Take this label off; all words are ids then.",
    shell_complete=completions.LABELS,
)
@pass_app
def label(app: App, words: tuple[str, ...], added: tuple[str, ...], removed: tuple[str, ...]) -> None:
    """Put sensitivity labels on memories, or take them off.

    What has a label is neither published (`memos cube export --redact`) nor learnt by heart, and no agent sees it but its own.
    `secret` masks as well: what is secret in the text and its header, or all of the text where nothing is found; no slot and
    no copy for somebody (`memos cube export --to`) has it. memos puts `secret` on by itself; taken off, it shows the text.
    Where each label goes says the policy: labels.prompt, labels.export, labels.slot, labels.adapter, labels.agent and
    labels.sync list those that do not go there. What stays out is said, with the command that shows it.
    `memos label list` lists the labels and how many memories have each.

    \b
    Examples:
      memos label k3f9 medical
      memos label k3f9 m2xq secret
      memos label k3f9 --rm secret
      memos label list
      memos list --label medical
      memos lifecycle policy set labels.prompt health,finance

    \b
    Exit status:
      3  it is frozen, or belongs to somebody else
      10 no such memory
    """
    if words == (_LIST,) and not (added or removed):
        _list(app)
        return
    ids = words
    if not (added or removed):
        if len(words) < 2:
            raise UsageError("which label?", hint=f"memos label {words[0]} secret, memos label {words[0]} --rm secret")
        *ids_, name = words
        ids, added = tuple(ids_), (name,)
    registers = {f"label:{changes.checked_label(name, 'a label')}": True for name in added}
    registers |= {f"label:{changes.checked_label(name, 'a label')}": False for name in removed}
    tell_marks(app, app.mos.switch(ids, "label", registers), "labels")


def _list(app: App) -> None:
    from memos_cli.model import Filter

    found = app.mos.memories.labels(Filter(at=app.mos.now))
    if app.json:
        app.data({"labels": [{"name": name, "memories": count} for name, count in found.items()]})
        return
    with paged(app) as out:
        for name, count in found.items():
            out(f"{plain(name)}  {render.many(count)}")
    if not found:
        app.note("no labels; put one on with: memos label ID medical")
