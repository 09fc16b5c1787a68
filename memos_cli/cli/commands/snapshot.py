"""`memos snapshot`: names for states of the cube."""

from typing import Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Family, dry_run, reveal, yes
from memos_cli.cli.terminal import style
from memos_cli.model import Memory
from memos_cli.operation.history.differences import Change, Difference
from memos_cli.operation.history.snapshots import Compared, Restored, Snapshot
from memos_cli.times import shown

_WORDS = {
    Change.ADDED: "added",
    Change.CHANGED: "changed",
    Change.FORGOTTEN: "forgotten",
    Change.RETURNED: "came back",
    Change.PURGED: "purged",
}
_BACK = {
    Change.ADDED: "forgotten, as added since",
    Change.CHANGED: "changed back",
    Change.FORGOTTEN: "brought back",
    Change.RETURNED: "forgotten again",
    Change.PURGED: "purged since: nothing is left of them",
}
_RECORDS = {change: change.value for change in Change}
_RECORDS_BACK = {Change.ADDED: "removed", Change.CHANGED: "changed back", Change.REMOVED: "brought back"}


@click.group(cls=Family)
def snapshot() -> None:
    """Name the cube's present state, compare with it, go back to it.

    A snapshot is a name for a position in the log, not a copy: it takes no room, and it stays exact when cubes are merged.
    `memos search`, `list` and `show` look into one with --snapshot NAME.

    \b
    Examples:
      memos snapshot create before-the-move
      memos search address --snapshot before-the-move
      memos snapshot diff before-the-move
      memos snapshot restore before-the-move
    """


@snapshot.command("create")
@click.argument("name")
@click.option("--note", metavar="TEXT", help="What it is for.")
@pass_app
def create(app: App, name: str, note: str | None) -> None:
    """Name the present state.

    \b
    Examples:
      memos snapshot create before-the-move
      memos snapshot create 2026-03 --note "ahead of the big tidying"

    \b
    Exit status:
      3  there is a snapshot of that name
    """
    made = app.mos.snapshots.create(name, note)
    if app.json:
        app.data(made)
        return
    app.out(f"made {_line(made)}")
    app.note(f"see what changes from here on with: memos snapshot diff {made.name}")


@snapshot.command("list")
@pass_app
def list_(app: App) -> None:
    """List the snapshots, the oldest first.

    \b
    Examples:
      memos snapshot list
      memos snapshot list --json
    """
    made = app.mos.snapshots.list()
    if app.json:
        app.data({"snapshots": made})
        return
    for one in made:
        app.out(f"{_line(one)}, {one.changes:,} changes since")
    if not made:
        app.note("no snapshots; make one with: memos snapshot create NAME")


@snapshot.command("diff")
@click.argument("name", shell_complete=completions.SNAPSHOTS)
@click.argument("other", required=False, shell_complete=completions.SNAPSHOTS)
@click.option("--stat", is_flag=True, help="Only how many.")
@reveal
@pass_app
def diff(app: App, name: str, other: str | None, *, stat: bool, reveal: bool) -> None:
    """Tell what changed since a snapshot, or from it to OTHER.

    Memories that were added, changed (and in which fields), forgotten, came back or were purged; views, tasks and settings
    of the cube that are others now. What came and went in between is left out.

    \b
    Examples:
      memos snapshot diff before-the-move
      memos snapshot diff before-the-move after-the-move
      memos snapshot diff before-the-move --stat

    \b
    Exit status:
      10 no such snapshot
    """
    compared = app.mos.snapshots.diff(name, other)
    if app.json:
        app.data(_compared_json(compared))
        return
    if not stat:
        for line in _lines(compared.differences, _WORDS, _RECORDS, reveal=reveal):
            app.out(line)
    app.out(_counts(compared.differences, _WORDS) or "nothing has changed")
    if other is None and compared.differences:
        app.note(f"go back with: memos snapshot restore {name}")


@snapshot.command("restore")
@click.argument("name", shell_complete=completions.SNAPSHOTS)
@dry_run
@yes
@reveal
@pass_app
def restore(app: App, name: str, *, dry_run: bool, yes: bool, reveal: bool) -> None:
    """Make the cube again what it was.

    Memories, links, views, tasks and settings of the cube become what they were; what was added since is forgotten, and can
    be restored. What was purged stays purged. All of it is one step, which `memos undo` takes back; snapshots stay.

    \b
    Examples:
      memos snapshot restore before-the-move --dry-run
      memos snapshot restore before-the-move
      memos snapshot restore before-the-move --yes

    \b
    Exit status:
      3  a frozen memory is not what it was, the answer was no, or there was nobody to ask
      10 no such snapshot
    """
    result = app.mos.snapshots.restore(name, dry_run=dry_run or not yes)
    if not dry_run and not yes:
        if result.differences:
            app.confirm(f"Restore snapshot {name}: {_counts(result.differences, _BACK)}?", yes=yes)
        result = app.mos.snapshots.restore(name)
    if app.json:
        app.data(_restored_json(result))
        return
    if dry_run:
        for line in _lines(result.differences, _BACK, _RECORDS_BACK, reveal=reveal):
            app.out(line)
    ahead = f"{'would restore' if dry_run else 'restored'} snapshot {name}"
    app.out(f"{ahead}: {_counts(result.differences, _BACK) or 'nothing has changed since'}")
    for one in result.differences:
        if one.change is Change.PURGED:
            app.note(f"{one.subject[:8]} was purged since: nothing of it is left to restore")
    if result.txn:
        app.note("take it back with: memos undo")


@snapshot.command("rm")
@click.argument("name", shell_complete=completions.SNAPSHOTS)
@dry_run
@pass_app
def rm(app: App, name: str, *, dry_run: bool) -> None:
    """Remove a snapshot's name; nothing else is removed, and `memos undo` brings it back.

    \b
    Examples:
      memos snapshot rm before-the-move
      memos snapshot rm before-the-move --dry-run

    \b
    Exit status:
      10 no such snapshot
    """
    removed = app.mos.snapshots.remove(name, dry_run=dry_run)
    if app.json:
        app.data({"name": removed.name, "removed": not dry_run})
        return
    app.out(f"{'would remove' if dry_run else 'removed'} {_line(removed)}")


def _line(one: Snapshot) -> str:
    note = f" ({render.one_line(one.note, 60)})" if one.note else ""
    return f"snapshot {style(one.name, fg='yellow')} of {render.moment(one.at)}{note}"


def _of_memories(differences: tuple[Difference, ...], change: Change) -> list[tuple[Difference, Memory]]:
    return [(one, one.memory) for one in differences if one.memory is not None and one.change is change]


def _records(differences: tuple[Difference, ...]) -> list[Difference]:
    return [one for one in differences if one.memory is None]


def _counts(differences: tuple[Difference, ...], words: dict[Change, str]) -> str:
    parts = [f"{len(found):,} {word}" for change, word in words.items() if (found := _of_memories(differences, change))]
    nouns = [one.noun for one in _records(differences)]
    parts += [render.many(nouns.count(noun), noun) for noun in dict.fromkeys(nouns)]
    return ", ".join(parts)


def _lines(
    differences: tuple[Difference, ...], words: dict[Change, str], records: dict[Change, str], *, reveal: bool
) -> list[str]:
    """Lines of differences: under a heading for each sort of change its memories, and under a changed one its fields."""
    lines: list[str] = []
    for change, word in words.items():
        found = _of_memories(differences, change)
        lines += [style(f"{word}:", bold=True)] if found else []
        for one, memory in found:
            lines.append(render.memory_line(memory, reveal=reveal))
            if change is Change.CHANGED:
                lines.append(style(f"          {render.one_line(', '.join(one.fields), 70)}", dim=True))
    return lines + [f"{one.noun} {one.subject}: {records[one.change]}" for one in _records(differences)]


def _differences_json(differences: tuple[Difference, ...]) -> dict[str, Any]:
    ids = {change.value: [one.subject for one, _ in _of_memories(differences, change)] for change in _WORDS}
    changed = [fields_of(one, only=("subject", "fields"), subject="id") for one, _ in _of_memories(differences, Change.CHANGED)]
    records = [fields_of(one, only=("noun", "subject", "change"), subject="id") for one in _records(differences)]
    counts = {**{name: len(found) for name, found in ids.items()}, "records": len(records)}
    return {"counts": counts, **ids, "changed": changed, "records": records}


def _compared_json(compared: Compared) -> dict[str, Any]:
    return {
        "from": {"name": compared.name, "at": shown(compared.at)},
        "to": {"name": compared.other, "at": shown(compared.other_at)},
        **_differences_json(compared.differences),
    }


def _restored_json(result: Restored) -> dict[str, Any]:
    return {
        **fields_of(result, only=("name", "at")),
        **_differences_json(result.differences),
        **fields_of(result, only=("txn", "dry_run")),
    }
