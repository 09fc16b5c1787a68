"""`memos import`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import WHEN, Command, dry_run
from memos_cli.cli.progress import embedded, progress
from memos_cli.cli.terminal import plain
from memos_cli.errors import UsageError
from memos_cli.operation import changes

if TYPE_CHECKING:
    from memos_cli.interface.imports.report import Imported, Reason

_SHOWN = 20
"""How many reasons are told one by one."""


@click.command("import", cls=Command)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", shell_complete=completions.FILES)
@click.option(
    "--from", "kind", metavar="KIND", shell_complete=completions.IMPORT_KINDS, help="What it is; recognised otherwise."
)
@click.option("--since", type=WHEN, help="Leave out what happened before; what has no time is taken.")
@click.option(
    "--columns", multiple=True, metavar="NAME=FIELD,...",
    help="Of a table: which field of a memory a column is (content, occurred_at, tags, external_id, ...).",
)  # fmt: skip
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag for all of it; may be given several times.")
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="A sensitivity label for all of it.")
@click.option("--task", metavar="NAME", help="The task that all of it belongs to.")
@click.option("--me", multiple=True, metavar="NAME", help="What you are called in it, for the facts in what you said.")
@click.option("--no-facts", is_flag=True, help="Look for no facts in what you said in talks.")
@click.option("--no-embed", is_flag=True, help="Leave the vectors for later.")
@dry_run
@pass_app
def import_(app: App, /, sources: tuple[str, ...], **given: Any) -> int:  # noqa: ANN401 -- click's own types
    """Bring in what other programs exported.

    SOURCE is a file or a folder: a chat's export, transcripts of agents, a vault of notes, a mailbox, a calendar, a table, a
    repository. What it is memos finds out by its content; --from says it. Turns of talks become episodes, everything else
    becomes notes, each with the time that its source states and with the speaker.

    A folder under git is a repository, of which the commits are read that give a reason; if it is a vault, or most of its files
    are notes, its notes are read. --from git, obsidian or markdown says which is meant.

    An entry is known by its name in its source, so importing again adds nothing: what changed there is an edit of its memory,
    what was added there is added. What you forgot, purged, changed or froze here stays so, and is told. All of one import is
    one step of `memos undo`.

    What you said in talks (not what a model, a tool or somebody else said) is looked through for facts, preferences and events,
    which become memories of their own, linked to their turns: by rules, or by the model that chat answers with if llm.extract
    is `model`. They hold since they were said, and end nothing that you told memos; where they may, `memos review` asks.
    Secrets are labelled, and masked whenever they are shown.

    Of a table memos guesses by their names which columns are fields of a memory, and says what it took them for; --columns says
    it otherwise, and what is no field is kept as metadata.

    Everything is accounted for: found is taken, edited, known and skipped together, and each reason for skipping is told with
    an example. It may be interrupted at any time: what was stored stays, and a second run goes on.

    \b
    Examples:
      memos import ~/Downloads/chatgpt-export.zip
      memos import ~/.claude/projects --since 'last month' --dry-run
      memos import notes/ --from obsidian --tag vault
      memos import trips.csv --columns place=title,what=content,day=occurred_at
      memos import . --from git --no-facts
      memos import ~/Documents/contracts --tag contract

    \b
    Exit status:
      0  done; all that was skipped is of no interest, older than --since, or was changed here
      2  no such file, or nothing that memos imports; nothing is stored
      3  done, but something in it is damaged, too large for a memory, or not yours to store
      11 another process held the cube for too long; a second run goes on
      14 llm.extract is `model`, and the model that is set cannot be used
    """
    from memos_cli.interface.imports import papers
    from memos_cli.interface.imports.imports import Taking

    if given["kind"] == papers.KIND or (given["kind"] is None and papers.are(sources)):
        if given["since"] or given["columns"]:
            raise UsageError("--since and --columns belong to entries with times and columns, and documents have none")
        result = papers.take(app.mos.pipeline, sources, _fields(given), dry_run=given["dry_run"])
    else:
        with progress(app, "importing, KiB") as tell:
            how = Taking(
                given["kind"], given["since"], _columns(given["columns"]), _fields(given), not given["no_facts"], given["me"],
                given["dry_run"], lambda done, total: tell(done >> 10, total >> 10),
            )  # fmt: skip
            result = app.mos.imports.take(sources, how)
    if result.taken + result.edited + result.facts and not (given["no_embed"] or given["dry_run"]):
        done, pending = embedded(app)
        result = result._replace(embedded=done, pending=pending)
    _tell(app, result)
    for one in () if app.json else result.sources:
        _tell_columns(app, one.columns, given["columns"])
    return 0 if result.whole else 3


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """The fields for all memories of an import."""
    fields: dict[str, Any] = {
        "tags": tuple(changes.checked_name(one, "--tag") for one in given["tags"]) or None,
        "labels": tuple(changes.checked_label(one, "--label") for one in given["labels"]) or None,
        "task": changes.checked_name(given["task"], "--task") if given["task"] else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _columns(given: Sequence[str]) -> dict[str, str]:
    """The fields of a memory by the names of columns.

    Raises:
        UsageError: there is no such field, or a column without one.
    """
    from memos_cli.interface.reader.intake import LINE_FIELDS

    found: dict[str, str] = {}
    for one in (part for text in given for part in text.split(",") if part.strip()):
        name, sign, field = one.rpartition("=")
        if not sign or not name.strip() or field.strip() not in LINE_FIELDS:
            hint = f"write the column's name first: {name.strip() or 'text'}=content; fields: {', '.join(sorted(LINE_FIELDS))}"
            raise UsageError(f"--columns {one.strip()[:60]!r} names no field of a memory", hint=hint)
        found[name.strip()] = field.strip()
    return found


def _tell(app: App, result: "Imported") -> None:
    if app.json:
        from memos_cli.cli.documents import fields_of

        app.data(fields_of(result))
        return
    for one in result.sources if len(result.sources) > 1 else ():
        app.out(f"{one.found:,} found in {plain(one.source)} ({one.kind})")
    counts = {"taken": result.taken, "edited": result.edited, "known": result.known, "skipped": result.skipped}
    said = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number or word == "taken")
    kind = f" ({result.sources[0].kind})" if len(result.sources) == 1 else ""
    app.out(f"{'would be ' if result.dry_run else ''}{said} of {result.found:,} found{kind}")
    for reason in result.reasons[:_SHOWN]:
        app.out(f"skipped {_reason(reason)}")
    if (more := sum(one.entries for one in result.reasons[_SHOWN:])) > 0:
        app.out(f"skipped {more:,} for other reasons")
    if result.facts:
        app.out(f"{result.facts:,} facts in what you said")
    _tell_notes(app, result)


def _reason(reason: "Reason") -> str:
    sort = ", damaged" if reason.damaged else ""
    where = f": {plain(reason.where)}" if reason.where else ""
    others = " and others" if where and reason.entries > 1 and not where.endswith(" and others") else ""
    return f"{reason.entries:,}{sort}, {plain(reason.why)}{where}{others}"


def _tell_columns(app: App, columns: Mapping[str, str], given: Sequence[str]) -> None:
    """What the columns of a table were taken for, unless a person said it of each of them."""
    if columns.keys() - _columns(given).keys():
        told = ", ".join(f"{plain(name)} as {field}" for name, field in columns.items())
        app.note(f"read {told}; otherwise: --columns NAME=FIELD,...")


def _tell_notes(app: App, result: "Imported") -> None:
    for notice in result.notices:
        app.note(notice)
    if result.forgotten:
        app.note(f"{result.forgotten:,} of those known were forgotten here, and stay so")
    if result.secrets:
        app.note(f"{result.secrets:,} hold a secret: labelled, and masked when shown (--reveal)")
    if result.questions:
        rest = f"; {result.uncompared:,} more tell of a change, and were compared with nothing" if result.uncompared else ""
        app.note(f"{len(result.questions):,} questions whether something ended: memos review{rest}")
    for task in result.reopened:
        app.note(f"task {task} had ended; it is open again")
    if result.embedded:
        app.note(f"{result.embedded:,} embedded")
    if app.watched and result.txn is not None:
        app.note("find something in it: memos search WORDS; take all of it back: memos undo")
