"""Folders of notes as sources: their files are brought in step by their paths, as `memos add --file` does with any folder.

An importer reads a source from its beginning to its end, and knows an entry by its name. The paragraphs of a note have none,
and a note is edited for years: what is known, edited, removed or moved of files is decided in `source_files` already, and
not a second time here. This module says which folders are such, and tells what became of their files as any import does.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.interface.imports.again import COMMAND
from memos_cli.interface.imports.report import MOST_IDS
from memos_cli.interface.pipeline import source_files
from memos_cli.interface.pipeline.source_files import SourceOptions
from memos_cli.interface.sources import notebooks
from memos_cli.operation.results import Added, FilesRead
from memos_cli.ports.importer import Skipped

if TYPE_CHECKING:
    from memos_cli.interface.imports.report import Report
    from memos_cli.session import Session

_UNCONVERTED = "cannot be converted"
"""What is said of a document; behind it stands what its converter says, which is another thing for each."""
_DAMAGED = (
    "not UTF-8",
    "in UTF-16",
    "holds NUL",
    "cannot be read",
    "no kind",
    "not an ISO-8601",
    "no JSON",
    "words are gone",
    "is broken",
    _UNCONVERTED,
)
"""What is said of a note that would be a memory if it were whole."""
_TOLD = 5
"""How many files a notice names."""


class Notebook:
    """A kind of folder, or file, of notes.

    Args:
        matches: whether something is of this kind.
    """

    def __init__(self, matches: Callable[[Path], bool]) -> None:
        self.matches = matches


KINDS = {
    "obsidian": notebooks.is_notebook, "basic-memory": notebooks.is_knowledge_base, "markdown": notebooks.has_notes,
}  # fmt: skip
"""The kinds, each with how it is recognised."""


def take(session: "Session", source: str, kind: str, how: SourceOptions, report: "Report") -> tuple[str, ...]:
    """Bring the notes of a source in step, and count what became of them; what else there is to say, a line each.

    Raises:
        UsageError: there is no note in it.
    """
    added = source_files.add(session, [source], how._replace(notebook=True, command=COMMAND, txn=report.txn))
    files = added.files or FilesRead()
    _count(report, added, files)
    report.read(source, kind)
    return tuple(_notices(source, added, files))


def _count(report: "Report", added: Added, files: FilesRead) -> None:
    """Count paragraphs, and files that are skipped; a note that its memory did not take is refused, and not known."""
    report.taken += added.added
    report.edited += added.edited
    report.known += max(0, added.duplicates - len(files.refused))
    report.secrets += added.secrets
    report.ids += () if added.edited or added.duplicates else added.ids[:MOST_IDS]
    report.questions += added.questions
    report.reopened += added.reopened
    report.txn = added.txn or report.txn
    for name, why in files.skipped:
        report.skip(_skipped(name, why))
    for identity, why in files.refused:
        report.skip(Skipped(f"its memory stays as it is: {why}", identity[:8]), refused=True)


def _skipped(name: str, why: str) -> Skipped:
    """A file that is skipped: the same words for the same reason, without what is its own."""
    said = why.replace(name, "").strip(" :")
    said = said.partition(":")[0] if _UNCONVERTED in said else said
    damaged = any(one in why for one in _DAMAGED)
    return Skipped("not UTF-8" if "not UTF-8" in why else said or why, name, damaged=damaged)


def _notices(source: str, added: Added, files: FilesRead) -> Iterator[str]:
    if added.archived:
        yield f"{len(added.archived):,} archived: they left their notes; memos list --state archived"
    for why in dict.fromkeys(why for _, why in files.kept):
        count = sum(1 for _, one in files.kept if one == why)
        yield f"{count:,} left their notes and stay: {why}"
    if files.moved:
        yield f"moved: {files.moved[0][0]} is {files.moved[0][1]} now{_more(len(files.moved))}"
    if files.gone:
        yield f"no longer in {source}: {files.gone[0][0]}{_more(len(files.gone))}; what came from there stays"
    for name, why in files.faults[:_TOLD]:
        yield f"{name}: {why}"
    if len(files.faults) > _TOLD:
        yield f"{len(files.faults) - _TOLD:,} more were read with a fault"


def _more(count: int) -> str:
    return f", and {count - 1:,} more" if count > 1 else ""
