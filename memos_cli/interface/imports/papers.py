"""Documents that are imported: no export of a program, so they are brought in step by their paths, as `add --file` does it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli.errors import UsageError
from memos_cli.interface.imports import kinds
from memos_cli.interface.imports.report import Imported, Report, SourceRead
from memos_cli.interface.pipeline.source_files import SourceOptions
from memos_cli.interface.sources import sources
from memos_cli.interface.sources.recognition import recognised
from memos_cli.ports.importer import Skipped

if TYPE_CHECKING:
    from memos_cli.interface.pipeline.pipeline import Pipeline

KIND = "documents"
"""The name of the kind, for `--from` and in a report."""
_TOLD = 20
"""Documents with missing pages that are told one by one."""


def are(names: Sequence[str]) -> bool:
    """Whether these are documents, or folders with some, and no other kind of source."""
    return all(_is(name) for name in names)


def _is(name: str) -> bool:
    try:
        kinds.of(Path(name))
    except UsageError:
        return Path(name).exists() and any(_is_document(one.path) for one in sources.find([name]).files)
    return False


def _is_document(path: str | None) -> bool:
    if path is None:
        return False
    try:
        known = recognised(sources.head(path), path, whole=False)
    except UsageError:
        return False
    return known is not None and known.sort is not None


def take(pipeline: "Pipeline", names: Sequence[str], fields: Mapping[str, Any], *, dry_run: bool = False) -> Imported:
    """Bring documents in, and the texts that lie beside them in the same folder.

    Args:
        fields: for each memory of them.
        dry_run: change nothing, and tell what would be.

    Raises:
        UsageError: there is nothing of a name, or it cannot be read.
        ModelUnavailable: what reads documents is not installed.
    """
    told = pipeline.add_files(names, SourceOptions(fields=fields, again=bool(fields), dry_run=dry_run))
    report = Report()
    for name, why in told.files.skipped if told.files else ():
        report.skip(Skipped(why.partition(":")[0][:120], name, damaged="cannot be converted" in why))
    notices = tuple(f"{name}: {why}" for name, why in told.files.faults[:_TOLD]) if told.files else ()
    counted = report.result(notices=notices, pending=told.pending, dry_run=dry_run)
    found = told.added + told.edited + told.duplicates + counted.skipped
    source = SourceRead(names[0] if len(names) == 1 else f"{len(names)} names", KIND, found)
    return counted._replace(
        sources=(source,), found=found, taken=told.added, edited=told.edited, known=told.duplicates, secrets=told.secrets,
        questions=told.questions, ids=told.ids[:1000], reopened=told.reopened, txn=told.txn,
    )  # fmt: skip
