"""`memos mip`: interchange documents of any program."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import NAMED, Command, Family
from memos_cli.cli.progress import progress
from memos_cli.cli.render import many
from memos_cli.cli.terminal import plain
from memos_cli.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from memos_cli.mip.mip import Read

_FAULTS = 20
"""How many faults are told; the others are counted."""
_LONGEST = 300


@click.group(cls=Family)
def mip() -> None:
    """Check documents in the memory interchange format.

    It is what memos export jsonl writes: JSON Lines, a memory a line, for any program that remembers. man memos-mip describes
    it, and memos mip schema prints its JSON Schema.

    \b
    Examples:
      memos mip check memories.jsonl
      memos mip schema > mip-1.schema.json
    """


@mip.command("check", cls=Command)
@click.argument("file", type=NAMED, metavar="FILE|-", shell_complete=completions.FILES)
@pass_app
def check(app: App, file: str) -> None:
    """Check a document line by line, and say what is wrong with it.

    Nothing is read into a cube. The first faults are told, each with the number of its line, the others are counted. A document
    of any length is checked within the same memory; a line may have 16 MiB.

    \b
    Examples:
      memos mip check memories.jsonl
      memos export jsonl | memos mip check -

    \b
    Exit status:
      2  the file cannot be read
      13 a line is no memory, or there is none
    """
    from memos_cli.mip import mip as document

    faults: list[Read] = []
    memories = wrong = done = 0
    with _opened(file) as (stream, total), progress(app, "checking") as tell:
        for line in document.lines(stream):
            done += line.size
            memories += line.row is not None
            if line.fault:
                wrong += 1
                faults += [line] if wrong <= _FAULTS else []
            if (memories + wrong) % 1000 == 0:
                tell(min(done, total) if total else done, total)
    if app.json and not wrong and memories:
        app.data({"sound": True, "memories": memories, "version": document.VERSION})
        return
    if not wrong and memories:
        app.out(f"{many(memories)}, sound (MIP {document.VERSION})")
        return
    for line in faults:
        if not app.json:
            app.out(f"line {line.number}: {plain(line.fault[:_LONGEST])}")
    if wrong > len(faults) and not app.json:
        app.out(f"and {wrong - len(faults):,} lines more")
    first = f": line {faults[0].number}: {plain(faults[0].fault[:_LONGEST])}" if faults and app.json else ""
    what = f"{wrong:,} of {memories + wrong:,} lines are no memories{first}" if wrong else "there is no memory in it"
    raise IntegrityError(what, hint="the format is described in: man memos-mip; its schema prints: memos mip schema")


@mip.command("schema", cls=Command)
@pass_app
def schema(app: App) -> None:
    """Print the JSON Schema of a line, which every JSON Schema library can check with.

    \b
    Examples:
      memos mip schema
      memos mip schema | jq .properties.kind
    """
    import json
    from importlib import resources

    from memos_cli.mip import mip as document

    text = resources.files("memos_cli.data").joinpath(document.SCHEMA).read_text(encoding="utf-8")
    if app.json:
        app.data(json.loads(text))
    else:
        app.out(text.rstrip("\n"))


@contextmanager
def _opened(file: str) -> Iterator[tuple[IO[bytes], int]]:
    """The document and its size, 0 where that is not known."""
    if file == "-":
        yield sys.stdin.buffer, 0
        return
    try:
        with Path(file).open("rb") as stream:
            yield stream, Path(file).stat().st_size
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from None
