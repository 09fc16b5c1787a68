"""Entries of a source in lots: made fit to be stored, or named as skipped; a lot is what one transaction takes."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.infra.vault import fold, log, rows
from memos_cli.infra.vault.bulk import entries
from memos_cli.interface.reader import intake
from memos_cli.model import Draft
from memos_cli.operation.changes import cleaned_draft
from memos_cli.operation.prompt.attribution import is_called
from memos_cli.ports.importer import OLDER, Skipped

if TYPE_CHECKING:
    from memos_cli.interface.imports.report import Report

LOT, CHARACTERS = 2000, 8_000_000
"""The most drafts of one transaction, and the most characters in them."""

_BIG = 2**31
MAIL = "mbox"
"""The kind of source whose speakers are who they say they are."""
UNKNOWN = "unknown sender"


class Candidate(NamedTuple):
    """A draft that can be stored.

    Attributes:
        name: its external id.
        id: the id of the memory that it becomes.
        digest: `rows.digest` of it.
    """

    draft: Draft
    name: str
    id: str
    digest: bytes


class EntryFitting:
    """Makes drafts fit to be stored.

    Args:
        kind: the kind of the source.
        cube: the id of the cube that they go to.
        owner: whose they become.
        fields: fields for all of them.
        since: what happened before is left out.
    """

    def __init__(self, kind: str, cube: str, owner: str, fields: Mapping[str, Any], since: str | None) -> None:
        self._kind, self._cube, self._owner, self._fields, self._since = kind, cube, owner, fields, since

    def fit(self, draft: Draft) -> Candidate | Skipped:
        """A draft as it can be stored; or why it cannot."""
        where = draft.title or draft.source.conversation or draft.external_id or ""
        if self._since is not None and draft.occurred_at is not None and draft.occurred_at < self._since:
            return Skipped(OLDER, where)
        if draft.external_id is None or not draft.content.strip():
            return Skipped("without a text", where, damaged=True)
        if len(draft.content) > limits.MOST_CHARACTERS:
            return Skipped("too long for a memory", where)
        name = self._name(draft.external_id)
        if self._kind == MAIL:
            draft = _by_address(draft, self._owner)
        try:
            draft = cleaned_draft(intake.with_fields(draft._replace(external_id=name), self._fields))
            why = self._fault(draft)
        except (UsageError, TypeError, ValueError, RecursionError) as error:
            why = error.message if isinstance(error, UsageError) else "its metadata is no JSON"
        if why:
            return Skipped(f"no memory can hold it: {why}", where)
        digest = rows.digest(draft.kind, draft.content, draft.source, draft.occurred_at)
        return Candidate(draft, name, entries.name(self._cube, self._owner, name), digest)

    def _name(self, external_id: str) -> str:
        """The external id as a cube can hold it: one that is too long, or has control characters, is hashed."""
        if limits.is_name(external_id) and external_id == external_id.strip():
            return external_id
        return f"{self._kind}:{sha256(external_id.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def _fault(self, draft: Draft) -> str:
        """What is wrong with a draft; the log asks again, and would refuse all of a lot for it."""
        if _is_plain(draft):
            return ""
        change = fold.change_of(draft, self._owner)
        return limits.fault_of_new("memory", "", change, log.encoded(change))


def _is_plain(draft: Draft) -> bool:
    """Whether nothing can be wrong with a draft whose names are clean: no metadata, no numbers, and times that are times."""
    source = draft.source
    at = (draft.occurred_at, draft.valid_from, draft.valid_to, draft.expires_at)
    return (
        not draft.metadata
        and all(one is None or limits.is_time(one) for one in at)
        and (source.turn is None or (type(source.turn) is int and abs(source.turn) < _BIG))
        and (source.digest, source.start, source.end) == (None, None, None)
        and (draft.priority, draft.confidence, draft.trust) == (0, 1.0, 1.0)
    )


def cut(found: Iterable[Draft | Skipped], fitting: EntryFitting, report: "Report") -> Iterator[list[Candidate]]:
    """The lots of a source; what becomes no memory is counted.

    Of entries with one name in a lot the last one counts, and those before it are known by it.
    """
    lot: dict[str, Candidate] = {}
    characters = 0
    for one in found:
        made = fitting.fit(one) if isinstance(one, Draft) else one
        if isinstance(made, Skipped):
            report.skip(made, refused=isinstance(one, Draft) and not made.damaged and made.why != OLDER)
            continue
        if made.name in lot:
            report.known += 1
        lot[made.name] = made
        characters += len(made.draft.content)
        if len(lot) >= LOT or characters >= CHARACTERS:
            yield list(lot.values())
            lot, characters = {}, 0
    if lot:
        yield list(lot.values())


def _by_address(draft: Draft, owner: str) -> Draft:
    """A mail under its address where its sender is called like the person: anybody may call themselves so in a mail."""
    speaker = draft.source.speaker or ""
    if not is_called(speaker, owner):
        return draft
    address = draft.metadata.get("from")
    told = address if isinstance(address, str) and "@" in address else UNKNOWN
    return draft._replace(source=draft.source._replace(speaker=told))
