"""`memos export markdown`: notes that a person can read, edit and bring back."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.export_jsonl import tell_staying
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import NAMED, Command, dry_run, filter_of, filters, in_snapshot, nothing_passes
from memos_cli.cli.progress import progress
from memos_cli.cli.render import many
from memos_cli.cli.terminal import plain

if TYPE_CHECKING:
    from memos_cli.interface.exports.markdown import Noted

_SHOWN = 10
"""How many files are told one by one."""


@click.command("markdown", cls=Command)
@click.argument("folder", type=NAMED, shell_complete=completions.FILES)
@filters
@in_snapshot
@click.option("--talks", is_flag=True, help="Also what was said in talks, a note for each turn.")
@click.option("--force", is_flag=True, help="Overwrite files that memos did not write, or that were edited since.")
@dry_run
@pass_app
def markdown(app: App, /, folder: str, **given: Any) -> int:  # noqa: ANN401 -- click's own types
    """Write memories as a folder of Markdown notes, which Obsidian opens.

    A memory is a note: its kind, tags, key, dates and links in front matter, its words below. Notes lie in folders by kind and
    month; one that you moved within FOLDER stays where you moved it. What you edit in a note, memos import FOLDER makes an edit
    of its memory: its words, its title, its tags, its kind, its key and its dates. A note that you add becomes a memory, and
    one that you remove changes nothing.

    No file is overwritten that memos did not write, or that you edited since: import it first, or give --force. Labels are
    respected as in memos export jsonl, and secrets are masked; a masked note does not change what it masks when it comes back.

    \b
    Examples:
      memos export markdown notes/
      memos export markdown notes/ --kind preference --tag food
      memos export markdown notes/ --dry-run
      memos import notes/

    \b
    Exit status:
      2  FOLDER is a file, or cannot be written to
      3  written, but files were not overwritten, or memories cannot be told as notes
      10 no such cube or snapshot
    """
    wanted = filter_of(app, given)
    from pathlib import Path

    from memos_cli.interface.cubes import elsewhere

    elsewhere.require_elsewhere(app.paths, Path(folder))
    with progress(app, "exporting") as tell:
        done = app.mos.notes.write(
            folder, wanted, talks=given["talks"], force=given["force"], dry_run=given["dry_run"], tell=tell
        )
    _tell(app, folder, done)
    if not (done.memories or done.left_out or done.turns or done.kept or done.unwritable):
        app.note(nothing_passes(app, wanted, "nothing is there to be exported"))
    return 3 if done.kept or done.unwritable else 0


def _tell(app: App, folder: str, done: "Noted") -> None:
    if app.json:
        app.data(
            {
                "folder": folder,
                **fields_of(done, without=("labels", "kept", "unwritable")),
                "labels": dict(done.labels),
                "kept": [{"file": name, "why": why} for name, why in done.kept],
                "unwritable": [{"id": identity, "why": why} for identity, why in done.unwritable],
            }
        )
    else:
        word = "would write" if done.dry_run else "wrote"
        same = done.memories - done.written
        app.out(f"{word} {done.written:,} notes to {folder}" + (f", {same:,} there already" if same else ""))
    _tell_rest(app, done)


def _tell_rest(app: App, done: "Noted") -> None:
    for name, why in done.kept[:_SHOWN]:
        app.note(f"kept {plain(name)}: {why}")
    if (more := len(done.kept) - _SHOWN) > 0:
        app.note(f"and {more:,} more kept")
    if done.kept:
        app.note("bring edits in with: memos import FOLDER; or overwrite them with --force")
    for identity, why in done.unwritable[:_SHOWN]:
        app.note(f"left out {identity[:8]}: {why}")
    if done.turns:
        app.note(f"{many(done.turns)} of talks left out; --talks writes them")
    if done.older:
        app.note(f"{done.older:,} notes there are of memories that are not among these; they stay as they are")
    if done.masked:
        app.note(f"of {many(done.masked)} secrets are masked")
    tell_staying(app, done.left_out, done.labels)
