"""`memos audit`: who read and wrote what, whether the records of it are whole, and a report."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import MANY, NAMED, WHEN, Family
from memos_cli.cli.pager import paged
from memos_cli.cli.terminal import document, plain, style
from memos_cli.errors import IntegrityError
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.model import Memory
    from memos_cli.operation.governance.audit import AuditEntry, AuditReport, AuditVerified

_MANY = 100
"""Entries that are listed where no number is given."""
_WORDS = 200
"""Characters of a memory's first words in a document."""
_OWN = "memos lifecycle policy set audit.own true"
_SECONDS = len("2026-11-30 07:28:57")
_when = (
    click.option("--since", type=WHEN, help="At this time or later: 2026-11-21, yesterday, 'last week', march."),
    click.option("--until", type=WHEN, help="Before this time; of a period before its beginning."),
)


@click.group(cls=Family)
def audit() -> None:
    """See who read and wrote what, and prove it.

    What was written is in the log. What others than the cube's owner are given to read is recorded before they get it: who,
    when, by which command, which memories, and nothing of a text or a query; what cannot be recorded is not given. So is what
    they were denied. What the owner reads is recorded only where the policy says so: audit.own.

    The record is a chain of hashes as the log is one. It stays on this machine: no cube file has it, and no merge brings it.
    It tells of what goes through memos. Who can read the cube's file with another program leaves no trace in it.

    \b
    Examples:
      memos audit log --principal helper --since yesterday
      memos audit verify
      memos audit report --since "last month"
      memos lifecycle policy set audit.own true
    """


@audit.command("log")
@_when[0]
@_when[1]
@click.option(
    "--principal", type=NAMED, metavar="NAME", help="Only what this person or agent did.", shell_complete=completions.PRINCIPALS
)
@click.option("--memory", type=NAMED, metavar="ID", help="Only what was done with this memory.", shell_complete=completions.IDS)
@click.option("--action", type=NAMED, metavar="ACTION", help="Only this action, such as show or write; or only this command.")
@click.option("--denied", is_flag=True, help="Only attempts that were refused.")
@click.option("-n", "--limit", type=MANY, default=_MANY, show_default=True, help="How many entries.")
@click.option("--lines", is_flag=True, help="An entry a line, each a JSON object.")
@pass_app
def log(app: App, /, *, lines: bool, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """List what was read and written, the newest first.

    Each line says when, who, by which command, what it was and of how many memories, and the first of them. The actions of
    reading are search, show, list, history, compare, review, change (what a command that changes something showed), prompt,
    export, adapter, slot and audit; denied is an attempt that was refused or found nothing. Those of writing are write, and for
    other things than memories what it was: policy, view, snapshot, rule, ….

    The owner of a cube sees all. Others see what they did themselves, and what was done with memories of their own.

    \b
    Examples:
      memos audit log
      memos audit log --memory k3f9
      memos audit log --principal helper --action prompt --since yesterday
      memos audit log --denied
      memos audit log -n 1000 --lines > audit.jsonl

    \b
    Exit status:
      2  a bad value, or the beginning of several ids
      10 no such memory or cube
    """
    entries = app.mos.log_query(**given)
    if lines:
        for entry in entries:
            app.out(document(_entry_json(entry)))
    elif app.json:
        app.data({"entries": [_entry_json(entry) for entry in entries]})
    else:
        with paged(app) as out:
            for entry in entries:
                out(_line(entry))
    if not entries:
        app.note("nothing of that kind is recorded" if any(given[name] for name in given if name != "limit") else "nothing yet")


def _line(entry: "AuditEntry") -> str:
    """One entry: when, who, by which command, what, of how many memories, and the first of them."""
    what = style(entry.action, fg="red") if entry.denied else entry.action
    many = "the whole cube, " if entry.memories is None else ""
    count = f" {many}{render.many(entry.size, 'memory' if entry.memories != () else 'thing')}" if entry.size else ""
    room = render.width()
    at = str(render.moment(entry.at))[: _SECONDS if room is None else _SECONDS - 3]
    head = f"{at}  {plain(entry.principal):<8}  {plain(entry.command):<13}  {what}{count}"
    named = entry.first.id if entry.first else next(iter(entry.memories or ()), "")
    if entry.what:
        head += f"  {render.one_line(entry.what)}"
    if named:
        head += f"  {style(named[: render.SHORT_ID], fg='yellow')}"
    if entry.first:
        left = room - len(click.unstyle(head)) - 2 if room else None
        head += f"  {render.one_line(render.content(entry.first, reveal=False), left if left is None else max(left, 8))}"
    return head


def _said(memory: "Memory | None") -> str | None:
    return render.one_line(render.content(memory, reveal=False))[:_WORDS] if memory else None


def _entry_json(entry: "AuditEntry") -> dict[str, Any]:
    return {
        "at": shown(entry.at), "cube": entry.cube, "principal": entry.principal, "command": entry.command,
        "action": entry.action, "purpose": entry.purpose, "denied": entry.denied, "memories": entry.memories,
        "count": entry.size, "said": _said(entry.first), "what": entry.what, "entry": entry.entry, "command_id": entry.txn,
    }  # fmt: skip


@audit.command("verify")
@click.option(
    "--head", "heads", multiple=True, type=NAMED, metavar="HEX", help="A head that you noted: it has to be there yet."
)
@pass_app
def verify(app: App, heads: tuple[str, ...]) -> None:
    """Prove that the log and the record of reads are whole.

    Each entry is hashed over the one before it, so that none can be changed, removed, repeated or put elsewhere. That the end
    was cut off is noticed by a mark in the cube and by two files beside it; against somebody who can write all of those, note
    the heads that this prints where they cannot, and give them with --head later.

    \b
    Examples:
      memos audit verify
      memos audit verify --head 3f0c6f1e9a7b5d24c8e1f0a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6

    \b
    Exit status:
      3  somebody else owns the cube
      13 an entry is not what it was, or a noted head is not there
    """
    found = app.mos.audit.verify(heads)
    if app.json:
        app.data({"cubes": [_verified_json(one) for one in found], "sound": not any(one.faults for one in found)})
    else:
        for one in found:
            _tell_verified(app, one)
        if any(one.ends for one in found):
            app.note("note the heads elsewhere, and compare later with: memos audit verify --head HEX")
    bad = next((one for one in found if one.faults), None)
    if bad is not None:
        more = len(bad.faults) - 1
        hint = f"and {more:,} more; " if more else ""
        raise IntegrityError(f"cube {bad.cube}: {bad.faults[0]}", hint=f"{hint}restore it from a backup, or see: memos doctor")


def _tell_verified(app: App, one: "AuditVerified") -> None:
    state = style("sound", fg="green") if not one.faults else style(render.many(len(one.faults), "fault"), fg="red")
    held = f", {render.many(one.held, 'noted head')} found" if one.held else ""
    counts = f"{render.many(one.operations, 'operation')}, {one.reads:,} {'read' if one.reads == 1 else 'reads'}"
    app.out(f"cube {plain(one.cube)}: {state} ({counts}{held})")
    for fault in one.faults:
        app.out(f"  {plain(fault)}")
    for end in one.ends:
        app.out(f"  {end.head}  {end.chain}, entry {end.number}")


def _verified_json(one: "AuditVerified") -> dict[str, Any]:
    ends = [{"chain": end.chain, "number": end.number, "head": end.head} for end in one.ends]
    return {
        "cube": one.cube, "operations": one.operations, "reads": one.reads, "heads": ends, "heads_found": one.held,
        "faults": one.faults,
    }  # fmt: skip


@audit.command("report")
@_when[0]
@_when[1]
@pass_app
def report(app: App, since: str | None, until: str | None) -> None:
    """Tell who saw what, what changed of the rights, and what left.

    What left is what went into a file (export), to a model (prompt), or into its weights and states (adapter, slot).

    \b
    Examples:
      memos audit report
      memos audit report --since "last month" --json

    \b
    Exit status:
      3  somebody else owns the cube
    """
    found = app.mos.audit.report(since=since, until=until)
    if app.json:
        app.data({"cubes": [_report_json(one) for one in found]})
        return
    with paged(app) as out:
        for place, one in enumerate(found):
            if place:
                out("")
            for line in _report_lines(one):
                out(line)
    if not found:
        app.note("there is nothing here yet")


def _report_lines(one: "AuditReport") -> list[str]:
    lines = [style(f"cube {plain(one.cube)}, of {plain(one.owner)}", bold=True), "", style("who saw what", bold=True)]
    for reader in one.readers:
        acts = ", ".join(f"{name} {count:,}" for name, count in reader.actions.items())
        denied = f", {reader.denied:,} denied" if reader.denied else ""
        span = f"{render.day_of(reader.first)} to {render.day_of(reader.last)}"
        told = f"  {plain(reader.principal)}: {render.many(reader.memories)} in {render.many(reader.reads, 'look')}{denied}"
        lines.append(f"{told} ({acts or 'nothing'}), {span}")
    lines += [] if one.readers else ["  nobody"]
    for read in one.most_read:
        words = f"  {render.one_line(render.content(read.first, reveal=False), 60)}" if read.first else ""
        names = ", ".join(map(plain, read.principals))
        times = render.many(read.times, "time")
        lines.append(f"  {style(read.memory[: render.SHORT_ID], fg='yellow')}  {times}, by {names}{words}")
    if not one.own:
        lines.append(style(f"  what the owner reads is not recorded; let it be with: {_OWN}", dim=True))
    for title, entries in (("what changed of the rights", one.rights), ("what left", one.left)):
        lines += ["", style(title, bold=True), *(f"  {_line(entry)}" for entry in entries)]
        lines += [] if entries else ["  nothing"]
    return lines


def _report_json(one: "AuditReport") -> dict[str, Any]:
    return {
        "cube": one.cube, "owner": one.owner, "since": shown(one.since), "until": shown(one.until), "own_recorded": one.own,
        "readers": [
            {
                "principal": reader.principal, "reads": reader.reads, "denied": reader.denied, "memories": reader.memories,
                "actions": reader.actions, "first": shown(reader.first), "last": shown(reader.last),
            }
            for reader in one.readers
        ],
        "most_read": [
            {"id": read.memory, "times": read.times, "principals": read.principals, "said": _said(read.first)}
            for read in one.most_read
        ],
        "rights": [_entry_json(entry) for entry in one.rights],
        "left": [_entry_json(entry) for entry in one.left],
    }  # fmt: skip
