"""The kinds of sources: which there are, and of which one a file or a folder is."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from memos_cli.errors import UsageError, did_you_mean
from memos_cli.interface.imports import notebook
from memos_cli.interface.imports.notebook import Notebook
from memos_cli.interface.sources import notebooks, recognition, sources
from memos_cli.plugins import load
from memos_cli.ports.importer import Importer

ORDER = (
    "obsidian", "chatgpt", "claude", "slack", "claude-code", "codex", "memos-reference", "mem0", "llm", "whatsapp", "mbox",
    "ics", "basic-memory", "git", "markdown", "csv", "jsonl",
)  # fmt: skip
"""The kinds that are asked whether a source is theirs, the most distinctive first; the first one that says yes reads it."""


REPOSITORY = "git"
"""The kind of a folder under git, unless it is one of notes: who keeps notes in git means them, and not their commits."""


class Recognition(NamedTuple):
    """A kind of source, and what reads it."""

    kind: str
    importer: Importer | Notebook


def there() -> Iterator[Recognition]:
    """The kinds that are installed, in their order."""
    for kind in ORDER:
        try:
            yield Recognition(kind, _named(kind))
        except UsageError:  # not in this installation
            continue


def of(source: Path, named: str | None = None) -> Recognition:
    """The kind of a source.

    Args:
        source: a file or a folder.
        named: the kind, where a person says it.

    Raises:
        UsageError: there is no such source or no such kind, or nothing here reads it.
    """
    if named is not None:
        found = Recognition(named, _named(named))
        _require(source)
        return found
    _require(source)
    for one in there():
        if one.importer.matches(source) and not (one.kind == REPOSITORY and notebooks.are_most(source)):
            return one
    raise _unknown(source)


def _named(kind: str) -> Importer | Notebook:
    if kind in notebook.KINDS:
        return Notebook(notebook.KINDS[kind])
    try:
        made: Importer = load("importer", kind)()
    except UsageError:
        raise UsageError(f"there is no kind {kind[:40]!r} of source", hint=did_you_mean(kind, ORDER)) from None
    return made


def _require(source: Path) -> None:
    try:
        source.stat()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such name can be"
        raise UsageError(f"cannot read {source}: {why}") from None


def _unknown(source: Path) -> UsageError:
    """What a file or a folder is that no importer knows."""
    hint = f"kinds of sources: {', '.join(one.kind for one in there())}; name one with --from KIND"
    if source.is_dir():
        return UsageError(f"{source} is a folder, and of no kind that memos imports", hint=f"{hint}; texts: memos add --file")
    known = recognition.recognised(sources.head(str(source)), str(source), whole=source.stat().st_size <= recognition.HEAD)
    what = known.what if known else "plain text"
    more = "" if known else f"; take it apart with: memos add --file {source}"
    return UsageError(f"{source} is {what}, and of no kind that memos imports", hint=f"{hint}{more}")
