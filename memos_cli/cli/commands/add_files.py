"""`memos add` of files: which are meant, and what became of them."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.cli import render
from memos_cli.cli.app import App
from memos_cli.cli.progress import progress
from memos_cli.cli.terminal import plain
from memos_cli.errors import UsageError
from memos_cli.interface.sources import paths

if TYPE_CHECKING:
    from memos_cli.interface.pipeline.source_files import Extract
    from memos_cli.operation.results import Added

_SHOWN = 20
"""How many memories, or names of files, are told one by one."""


def named(app: App, text: tuple[str, ...], given: dict[str, Any]) -> tuple[str, ...]:
    """The names of the files that are meant: those of `--file` and what stands beside it, or a text that is nothing but paths.

    Raises:
        UsageError: beside `--file` stands what is no file.
    """
    if given["files"]:
        for one in text:
            if not (os.path.lexists(one) or any(mark in one for mark in "*?[")):
                raise UsageError(
                    f"TEXT and --file exclude each other, and there is no file {plain(one[:80])!r}",
                    hint="memos add --file A.md B.md reads both; a text is a command of its own: memos add TEXT",
                )
        return (*map(str, given["files"]), *text)
    if given["jsonl"] or not text or not all(map(paths.is_path, text)):
        return ()
    first = render.one_line(text[0], 60)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        app.note(f"stored as it stands, though {first} is there; to read what is in it: memos add --file {plain(text[0])}")
        return ()
    what = "is a folder" if os.path.isdir(text[0]) else "is a file"  # noqa: PTH112 -- Path costs a start
    return text if app.asked(f"{first} {what}. Remember what is in it?", default=True) else ()


def add(app: App, names: Sequence[str], given: dict[str, Any], fields: dict[str, Any], extract: "Extract") -> "Added":
    """Bring the memories of the files in step with what the files say."""
    from memos_cli.interface.pipeline.source_files import SourceOptions

    with progress(app, "reading") as tell:
        how = SourceOptions(given["form"], fields, bool(fields or given["extract"]), extract, given["dry_run"], tell)
        return app.mos.pipeline.add_files(names, how)


def require_text(content: bytes, form: str) -> None:
    """Refuse standard input that is no text which memos reads.

    Raises:
        UsageError: it says what it is.
    """
    from memos_cli.interface.sources import sources

    sources.require_text(content, None, forced=form != "auto")


def fields(result: "Added") -> dict[str, Any]:
    """What became of the files, for the document of `add`."""
    read = result.files
    return {
        "archived": list(result.archived),
        "files": None
        if read is None
        else {
            "read": read.read,
            "unchanged": read.unchanged,
            "moved": [{"from": was, "to": now} for was, now in read.moved],
            "gone": [{"file": name, "memories": count} for name, count in read.gone],
            "skipped": [{"file": name, "reason": why} for name, why in read.skipped],
            "kept": [{"id": identity, "reason": why} for identity, why in read.kept],
            "refused": [{"id": identity, "reason": why} for identity, why in read.refused],
            "faults": [{"file": name, "reason": why} for name, why in read.faults],
        },
        "dry_run": result.dry_run,
    }


def tell(app: App, result: "Added", *, reveal: bool) -> None:
    """Print what became of the files."""
    read = result.files
    if read is None:
        return
    word = "would archive" if result.dry_run else "archived"
    for identity in result.archived[:_SHOWN]:
        app.out(render.memory_line(app.mos.get(identity), reveal=reveal, before=f"{word} "))
    if (more := len(result.archived) - _SHOWN) > 0:
        app.out(f"and {more:,} more archived")
    if read.read > 1:
        unchanged = f", {read.unchanged:,} of them unchanged" if read.unchanged else ""
        app.out(f"{read.read:,} files read{unchanged}")
    for was, now in read.moved[:_SHOWN]:
        app.note(f"{plain(was)} is {plain(now)} now")
    for name, count in read.gone[:_SHOWN]:
        app.note(f"{plain(name)} is gone; what was read from it stays: {render.many(count)}")
    for identity, why in read.kept[:_SHOWN]:
        app.note(render.memory_line(app.mos.get(identity), before=f"left its file and stays, {why}: "))
    for identity, why in read.refused[:_SHOWN]:
        app.note(render.memory_line(app.mos.get(identity), before=f"takes nothing that came with its file, {why}: "))
    for line in (*(f"{plain(name)}: {plain(why)}" for name, why in read.faults[:_SHOWN]), *_skipped(read.skipped)):
        app.note(line)


def _skipped(skipped: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each sort of file that was left out."""
    sorts: dict[str, list[str]] = {}
    for name, why in skipped:
        sorts.setdefault(why, []).append(name)
    told = sorted(sorts.items(), key=lambda one: -len(one[1]))
    lines = [
        f"skipped {len(names):,}, {plain(why)}: {plain(names[0])}{' and others' if len(names) > 1 else ''}"
        for why, names in told[:_SHOWN]
    ]
    rest = sum(len(names) for _, names in told[_SHOWN:])
    return [*lines, f"skipped {rest:,} others"] if rest else lines
