"""The flow of an `add`: drafts become memories, or edits of memories that are there, in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from memos_cli.infra.vault import fold, search
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.pipeline import endings
from memos_cli.model import Draft, Kind, LinkType
from memos_cli.operation.changes import cleaned_draft, shown
from memos_cli.operation.lifecycle import tasks as task_scopes
from memos_cli.operation.operator.placement import UNCHANGED, Placed, Placing
from memos_cli.operation.results import Added

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.operation.operator.file_changes import FileChanges
    from memos_cli.operation.operator.revision import Edit

_LOT = 1000
"""Drafts that are placed at a time."""
_PROMOTED = (Kind.RULE, Kind.PREFERENCE)


class _Tally:
    """What became of the drafts so far."""

    def __init__(self) -> None:
        self.counts = {"added": 0, "edited": 0, "duplicate": 0}
        self.ids: list[str] = []
        self.superseded: list[str] = []
        self.conflicts: list[str] = []
        self.confirmed: list[str] = []
        self.applied: list[tuple[str, tuple[str, ...]]] = []
        self.extracted: list[str] = []
        self.tasks: set[str] = set()
        self.telling: list[str] = []
        self.secrets = 0

    def note(self, placed: Placed) -> None:
        """Note what a draft did to other memories."""
        self.superseded += placed.superseded
        self.conflicts += placed.conflicts
        if placed.outcome == "duplicate":
            self.confirmed.append(placed.id)


def ingest(
    vault: Vault,
    drafts: Iterable[Draft],
    author: "Author",
    tell: Callable[[int], None] = lambda _: None,
    *,
    derived: Sequence[tuple[int, Draft]] = (),
    files: "FileChanges | None" = None,
    dry_run: bool = False,
    txn: str | None = None,
) -> Added:
    """Store drafts in one transaction: find what is known, apply edits, supersede older values.

    Args:
        tell: called now and then with the number of drafts done.
        derived: drafts extracted from another draft, each with that draft's place among `drafts`; linked to it where new.
        files: places the drafts instead, where they are those of files that are kept in step.
        dry_run: take all of it back at the end.
        txn: the name of the transaction that this one continues.

    Raises:
        Refused: a draft would change a memory that is frozen, or somebody else's. Then nothing is written.
    """
    tally = _Tally()
    cleaned: Iterable[Draft] = map(cleaned_draft, drafts if files is None else ())  # those of files are clean
    cleaned = [*cleaned] if isinstance(drafts, Sequence) else cleaned
    with author.write(vault, txn) as unit:
        placing = Placing(vault, unit, author.principal, author.at, author.zone, author.command)
        for draft, placed in files.place(unit, placing) if files else _placed(vault, placing, cleaned, author):
            _take(vault, unit, tally, draft, placed)
            if len(tally.ids) % _LOT == 0:
                tell(len(tally.ids))
        for place, draft in derived:
            placed = placing.place(cleaned_draft(draft._replace(given=frozenset())))
            tally.note(placed)
            if placed.outcome == "added":
                unit.change("memory", placed.id, {fold.link_register(LinkType.DERIVED_FROM, tally.ids[place]): True})
                tally.extracted.append(placed.id)
            elif placed.outcome == "duplicate":
                unit.accept("memory", placed.id)
        questions = endings.end(vault, unit, [*tally.telling, *tally.extracted], author.at, tally.superseded, author.command)
        reopened = task_scopes.reopen(vault, unit, tally.tasks, author.principal)
        txn = unit.log.txn if unit.log.count and not dry_run else None
        if dry_run:
            unit.take_back()
    if tally.confirmed and not dry_run:
        vault.record_uses(tally.confirmed, author.at)
        vault.confirm(tally.confirmed)
    counts, ids = tally.counts, tally.ids
    one = next(iter(shown(vault, ids)), None) if len(ids) == 1 and not dry_run else None
    return Added(
        counts["added"], counts["edited"], counts["duplicate"], tuple(ids), (), tuple(tally.superseded), tuple(tally.conflicts),
        txn, memory=one, secrets=tally.secrets, pending=search.pending_count(vault), extracted=tuple(tally.extracted),
        reopened=reopened, applied=tuple(tally.applied), questions=questions, dry_run=dry_run,
    )  # fmt: skip


def _placed(vault: Vault, placing: Placing, drafts: Iterable[Draft], author: "Author") -> Iterator[tuple[Draft, Placed]]:
    """Place drafts in lots, or one after the other where some are edits of what a file said before."""
    if edits := _edits(vault, drafts, author):
        for place, draft in enumerate(drafts):
            yield draft, placing.place(draft, edits.get(place))
        return
    rest = iter(drafts)
    while lot := list(islice(rest, _LOT)):
        yield from zip(lot, placing.place_all(lot), strict=True)


def _take(vault: Vault, unit: Unit, tally: _Tally, draft: Draft, placed: Placed) -> None:
    """Count a draft, and vouch for the memory that it repeats."""
    tally.note(placed)
    tally.counts["duplicate" if placed.outcome == UNCHANGED else placed.outcome] += 1
    tally.ids.append(placed.id)
    tally.secrets += "secret" in draft.labels and placed.outcome != UNCHANGED
    if placed.outcome == "added" and endings.may_tell(draft):
        tally.telling.append(placed.id)
    if placed.applied:
        tally.applied.append((placed.id, placed.applied))
    if placed.outcome == "duplicate":
        unit.accept("memory", placed.id)
        if draft.kind in _PROMOTED and "priority" not in (draft.given or ()) and (names := _promote(vault, unit, placed.id)):
            tally.applied.append((placed.id, names))
    elif draft.task is not None:
        tally.tasks.add(draft.task)


def _edits(vault: Vault, drafts: Iterable[Draft], author: "Author") -> dict[int, "Edit"]:
    """The drafts that are edits of what was read from the same files before; only a list is looked through beforehand."""
    if not isinstance(drafts, Sequence) or not any(draft.source.file and draft.source.digest for draft in drafts):
        return {}
    from memos_cli.operation.operator import revision

    return revision.edits(vault, drafts, author.principal, author.at, author.zone)


def _promote(vault: Vault, unit: Unit, identity: str) -> tuple[str, ...]:
    """Move a repeated rule to the core: a preference becomes a rule, and the rule goes before others; what changed by it."""
    memory = vault.get(identity)
    if memory.frozen or memory.kind not in _PROMOTED:
        return ()
    from memos_cli.interface.reader.reader import is_rule

    if memory.kind is Kind.RULE or is_rule(memory.content):
        fields = {"kind": Kind.RULE.value, "priority": max(1, memory.priority)}
        if change := {name: value for name, value in fields.items() if getattr(memory, name) != value}:
            unit.change("memory", identity, change)
            return tuple(sorted(change))
    return ()
