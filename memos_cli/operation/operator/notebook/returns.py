"""Exported notes that come back: what was edited in a note is an edit of the memory that it was written from.

A note speaks for the memory that its stamp names in this cube, and for one of its own where it was written from another cube.
What was changed both in the note and in memos is not decided here: the note's words become a memory of their own, and `memos
review` asks. What is frozen, forgotten, purged or somebody else's stays as it is, and the report says so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.errors import MemoryNotFound, MemosError
from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.links import ACYCLIC
from memos_cli.model import HOT_STATES, Draft, LinkType, Memory, State
from memos_cli.operation.operator.dedupe import fusion, verdicts
from memos_cli.operation.operator.notebook import exported
from memos_cli.operation.operator.notebook.exported import Stamp
from memos_cli.operation.operator.placement import UNCHANGED, Placed, Placing
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.operator.file_records import FileRecord

_BOTH = "changed in memos and in its note"
_MASKED = "its secrets are masked in its note"
_PURGED = "its memory was purged"
_NOUN = "file"


class Returned(NamedTuple):
    """What became of a note.

    Attributes:
        placed: what became of its memory.
        clock: when the memory last was what the note says; `None` for now.
        refused: its memory, if it did not take what the note says, and why.
        skipped: why the note is left out, if it is.
        asked: the question for `review`, if there is one.
    """

    placed: Placed
    clock: int | None = None
    refused: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


class NotedLinks(NamedTuple):
    """The links in the fields of a note that came back.

    Attributes:
        memory: its memory.
        is_new: whether the note brought it.
        links: the type of each, and the name of the note that it leads to.
    """

    memory: str
    is_new: bool
    links: tuple[tuple[str, str], ...]


def link(
    unit: "Unit", found: Sequence[NotedLinks], notes: Mapping[str, str], untouchable: Callable[[Memory], str | None]
) -> None:
    """Set the links between memories of which at least one came with a note just now: what was known keeps the links it has.

    Args:
        unit: the transaction.
        found: the links.
        notes: the memories of all notes that memos wrote, by the names of their files without the ending, as they compare.
        untouchable: why a memory may not be changed, if it may not.
    """
    new = {one.memory for one in found if one.is_new}
    for one in found:
        for kind, name in one.links:
            target = notes.get(compared(name))
            if target is None or target == one.memory or not new & {one.memory, target}:
                continue
            if kind in ACYCLIC and unit.leads(target, LinkType(kind), one.memory):
                continue  # somebody wrote a circle by hand
            if untouchable(unit.memory(one.memory)) is None:
                unit.change("memory", one.memory, {fold.link_register(kind, target): True})


class Returns:
    """The notes of one transaction.

    Args:
        vault: the cube.
        unit: the transaction.
        placing: places what is new.
        author: whose memories they are, and when they come back: a principal, and fixed-width UTC text.
        untouchable: why a memory may not be changed, if it may not.
    """

    def __init__(
        self,
        vault: "Vault",
        unit: "Unit",
        placing: Placing,
        author: tuple[str, str],
        untouchable: Callable[[Memory], str | None],
    ) -> None:
        self._vault, self._unit, self._placing = vault, unit, placing
        self._owner, self._at = author
        self._untouchable = untouchable

    def place(self, draft: Draft, stamp: Stamp, record: "FileRecord | None") -> Returned:
        """Place a note.

        Args:
            draft: what it says, without its stamp.
            stamp: its stamp.
            record: what was read from its file last.
        """
        known, clock = self._known(stamp, record)
        if known is None:
            return Returned(self._placing.place(draft._replace(given=frozenset(), external_id=stamp.external_id)))
        if known.state is State.PURGED:
            return Returned(Placed(known.id, UNCHANGED), clock, skipped=(_PURGED,))
        said = exported.digest(draft)
        now = exported.told(known)
        if said in {exported.digest(now), self._base(known, stamp, clock)}:
            return Returned(Placed(known.id, UNCHANGED), clock)
        change = exported.changed(now, draft)
        if why := self._why_not(known, now, change):
            return Returned(Placed(known.id, UNCHANGED), clock, refused=((known.id, why),))
        if exported.digest(now) != self._base(known, stamp, clock):
            return self._both(known, draft, clock)
        return self._edit(known, change, draft, clock)

    def _known(self, stamp: Stamp, record: "FileRecord | None") -> tuple[Memory | None, int | None]:
        """The memory that a note speaks for, and the clock at which the note last was read."""
        if record is not None and len(record.memories) == 1:
            return self._seen(record.memories[0]), record.clocks[0]
        if stamp.cube == self._vault.meta["id"]:
            found = self._seen(stamp.memory)
            if found is not None:
                return found, None
        return self._vault.by_external_id(stamp.external_id, self._owner), None

    def _seen(self, identity: str) -> Memory | None:
        try:
            found = self._vault.get(identity)
        except MemoryNotFound:
            return None
        return found if self._unit.sees(identity) else None

    def _base(self, known: Memory, stamp: Stamp, clock: int | None) -> str:
        """The digest of what the note said when it was last read, or written."""
        if clock is None or not clock:
            return stamp.digest
        then = [one for one in self._vault.operations("memory", known.id) if one.clock <= clock]
        return exported.digest(exported.told(fold.memory(known.id, then)[0])) if then else stamp.digest

    def _why_not(self, known: Memory, now: Draft, change: dict[str, Any]) -> str | None:
        """Why a memory does not take a change, if it does not."""
        if known.state not in HOT_STATES:
            return "archived" if known.state is State.ARCHIVED else "forgotten"
        if why := self._untouchable(known):
            return why
        masked = {"content": now.content != known.content, "title": now.title != known.title, "key": now.key != known.key}
        masked["metadata"] = now.metadata != exported.noted(known.metadata)
        hidden = any(masked[name] for name in change if name in masked) or (
            set(now.tags) != set(known.tags) and any(name.startswith(fold.TAG) for name in change)
        )
        return _MASKED if hidden else None

    def _edit(self, known: Memory, change: dict[str, Any], draft: Draft, clock: int | None) -> Returned:
        if "metadata" in change:  # what a note does not hold stays
            kept = {name: value for name, value in known.metadata.items() if name not in exported.noted(known.metadata)}
            change["metadata"] = (kept | change["metadata"]) or None
        if "content" in change:
            change |= {fold.LABEL + label: True for label in draft.labels if label not in known.labels}
        try:
            return Returned(self._placing.edit(known, change, draft))
        except MemosError as error:  # it would end before it begins
            return Returned(Placed(known.id, UNCHANGED), clock, refused=((known.id, error.message),))

    def _both(self, known: Memory, draft: Draft, clock: int | None) -> Returned:
        """A note that was edited, of a memory that was changed meanwhile."""
        placed = self._placing.place(draft._replace(given=frozenset(), key=None))
        if placed.outcome != "added":
            return Returned(Placed(known.id, UNCHANGED), clock, refused=((known.id, _BOTH),))
        pair = verdicts.in_time(known, self._vault.get(placed.id))
        suggested = "supersede" if pair[1].id == placed.id else "older"
        proposal = fusion.Proposal(fusion.Act.REVIEW, pair, (_BOTH,), suggested, _NOUN)
        asked = fusion.apply(self._unit, self._vault, proposal, self._at)
        return Returned(placed, asked=(asked.made,) if asked and asked.made else ())
