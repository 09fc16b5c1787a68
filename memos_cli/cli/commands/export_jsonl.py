"""`memos export jsonl`, and what the commands of `memos export` have in common: where to, what stays, what is told."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import NAMED, Command, filter_of, filters, in_snapshot, nothing_passes, reveal
from memos_cli.cli.progress import progress
from memos_cli.cli.render import many
from memos_cli.cli.terminal import plain
from memos_cli.errors import Refused, UsageError

if TYPE_CHECKING:
    from memos_cli.interface.exports.tally import ExportReport

_NO_EVENT = "none of the memories is for a calendar: an event with a date, or what comes back"
to_file = click.argument("file", required=False, default="-", type=NAMED, metavar="[FILE|-]", shell_complete=completions.FILES)
force = click.option("--force", is_flag=True, help="Replace a file that is there.")


@click.command("jsonl", cls=Command)
@to_file
@filters
@in_snapshot
@reveal
@force
@pass_app
def jsonl(app: App, /, file: str, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Write memories as JSON Lines, with every field that they have.

    FILE, or standard output. A line is a memory in the interchange format MIP, which man memos-mip describes: its text, its
    times, where it comes from, its state and its links. memos import reads it, and writes the same bytes again when it is
    exported from there. What was said in memos chat is left out unless --turns or --conversation asks for it; what was
    archived, superseded or forgotten comes with --all.

    A memory with a sensitivity label stays here unless the policy labels.export lets it go; of one that is labelled secret the
    secret is masked, except with --reveal. How many stay is told on standard error.

    \b
    Examples:
      memos export jsonl memories.jsonl
      memos export jsonl --all --turns everything.jsonl
      memos export jsonl --kind preference --since 2026 | jq -r .content
      memos export jsonl --tag recipe - | ssh laptop memos import -

    \b
    Exit status:
      3  the file is there already, or --reveal would show secrets to somebody who may not see them
      10 no such cube or snapshot
    """
    written(app, file, given, app.mos.exports.jsonl)


def written(app: App, file: str, given: dict[str, Any], export: "Callable[..., ExportReport]") -> None:
    """Write what an export makes into the file that is meant, and tell what left and what stays."""
    wanted = filter_of(app, given)
    with _target(app, file, replaced=given["force"]) as stream, progress(app, "exporting") as tell:
        done = export(stream, wanted=wanted, reveal=given["reveal"], tell=tell)
    _tell(app, file, done)
    if not (done.memories or done.left_out):
        some = app.mos.memories.has(wanted)
        app.note(_NO_EVENT if some else nothing_passes(app, wanted, "nothing is there to be exported"))


@contextmanager
def _target(app: App, file: str, *, replaced: bool) -> Iterator[IO[bytes]]:
    if file == "-":
        if app.json:
            raise UsageError("- and --json exclude each other: both write to standard output", hint="name a file")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    from memos_cli.interface.cubes import elsewhere, target

    path = Path(file)
    elsewhere.require_elsewhere(app.paths, path)
    if path.is_file() and not replaced:
        raise Refused(f"there is a file {file} already", hint="replace it with --force, or name another one")
    with target.written(path, force=replaced) as stream:
        yield stream


def _tell(app: App, file: str, done: "ExportReport") -> None:
    if app.json:
        app.data({"file": file, **fields_of(done, without=("labels",)), "labels": dict(done.labels)})
    elif file != "-":
        app.out(f"exported {many(done.memories)} to {file}")
    if done.masked:
        app.note(f"of {many(done.masked)} secrets are masked; --reveal shows them")
    if done.undated:
        app.note(f"{many(done.undated)} left out, since a calendar needs a date")
    tell_staying(app, done.left_out, done.labels)


def tell_staying(app: App, count: int, labels: Iterable[tuple[str, int]]) -> None:
    """Tell how many memories stay here by the policy labels.export, and how those with each of the labels are seen."""
    if count:
        looks = "; ".join(f"memos list --label {plain(name)}" for name, _ in labels)
        app.note(f"{many(count)} {'stays' if count == 1 else 'stay'} here, by labels.export: {looks}")
