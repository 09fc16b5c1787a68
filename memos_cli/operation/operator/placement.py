"""MemOperator's placing of a draft: what the draft means for the memories of the cube.

A text that is known gets what came with it, the same external id is an edit, the same key supersedes by time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.infra.governance import governance
from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold, rows
from memos_cli.infra.vault.bulk import entries
from memos_cli.infra.vault.bulk.bulk import BulkUnit, New, digests_there
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.mip.rows import says_superseded
from memos_cli.model import HOT_STATES, NEVER_SUPERSEDED, Draft, Kind, LinkType, Memory, State, starts
from memos_cli.operation.operator import identity
from memos_cli.operation.operator.dedupe.arrivals import Arrivals
from memos_cli.records import NamedTuple
from memos_cli.times import Zone

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.operation.operator.revision import Edit


UNCHANGED = "unchanged"
"""The outcome of a paragraph that its file says as before: nobody tells it again by that."""


class Placed(NamedTuple):
    """What became of one draft: `added`, `edited`, `duplicate` or `UNCHANGED`, and what it supersedes or contradicts.

    Attributes:
        applied: the fields that were set of a memory that was there.
    """

    id: str
    outcome: str
    superseded: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()


class Placing:
    """Places the drafts of one transaction.

    Args:
        vault: the cube.
        unit: the transaction.
        owner: whose memories they become.
        at: when they are told, fixed-width UTC text.
        zone: the zone in which a day is a day.
        command: the command that tells them.
    """

    def __init__(self, vault: Vault, unit: Unit, owner: str, at: str, zone: Zone, command: str = "") -> None:
        self._vault, self._unit, self._owner, self._at, self._zone = vault, unit, owner, at, zone
        self._arrivals = Arrivals(vault, owner, command)
        self._spelled: dict[tuple[str, str], str] = {}
        self._titled: set[str] = set()

    def place(self, draft: Draft, edit: "Edit | None" = None) -> Placed:
        """Store a draft as a memory, unless there is such a memory already.

        Args:
            draft: what is told.
            edit: the memory that the draft is an edit of, where it is a paragraph of a file that was read before.

        Raises:
            Refused: the memory that it would change is frozen, or belongs to somebody else.
        """
        draft = self._as_first_written(draft)
        if draft.external_id is not None:
            known = self._vault.by_external_id(draft.external_id, self._owner)
            if known is not None and known.state is not State.PURGED:
                return self._again(known, draft)
        if edit is not None:
            return self._reread(edit, draft)
        known = identity.twin(self._vault, draft, self._owner, self._at, self._zone)
        if known is not None:
            return self._told_again(known, draft)
        if self._arrivals.holds(draft):
            return self._held(draft)
        if not _is_keyed(draft):
            return Placed(self._unit.add(draft, self._owner), "added")
        return _place_by_key(self._vault, self._unit, draft, self._owner)

    def place_all(self, drafts: Sequence[Draft]) -> list[Placed]:
        """As `place` each after the other; drafts that nothing here or among them says already are stored in one go."""
        told = [self._as_first_written(draft) for draft in drafts]
        digests = [rows.digest(one.kind, one.content, one.source, one.occurred_at) for one in told]
        counts = Counter(digests)
        known = digests_there(self._vault, counts)
        named = [compared(one.external_id) for one in told if one.external_id is not None]
        externals = Counter(named)
        there = entries.names_there(self._vault, (one.external_id for one in told if one.external_id)) if named else set()
        placed: list[Placed] = []
        waiting: list[New] = []
        for draft, digest in zip(told, digests, strict=True):
            name = compared(draft.external_id) if draft.external_id is not None else ""
            fresh = counts[digest] == 1 and digest not in known and externals[name] <= 1 and name not in there
            if fresh and not _is_keyed(draft):
                waiting.append(New(draft, digest))
                continue
            placed += self._store(waiting)
            waiting = []
            placed.append(self.place(draft))
        return placed + self._store(waiting)

    def place_new(self, drafts: Sequence[New]) -> list[Placed]:
        """Store drafts of an import, which this cube does not know by their external ids.

        What a memory of the owner's own says already is that memory's: it stays as it is, and nothing is added (`duplicate`).
        """
        told = [new._replace(draft=self._as_first_written(new.draft)) for new in drafts]
        known = digests_there(self._vault, [new.digest for new in told])
        placed: list[Placed] = []
        waiting: list[New] = []
        seen: set[bytes] = set()
        for new in told:
            again = new.digest in seen and new.draft.external_id is None
            if not (again or new.digest in known or _is_keyed(new.draft) or self._arrivals.holds(new.draft)):
                seen.add(new.digest)
                waiting.append(new)
                continue
            placed += self._store(waiting)
            waiting = []
            placed.append(self._place_new(new))
        return placed + self._store(waiting)

    def _place_new(self, new: New) -> Placed:
        twin = identity.twin(self._vault, new.draft, self._owner, self._at, self._zone)
        if twin is not None:
            return Placed(twin.id, "duplicate")
        if self._arrivals.holds(new.draft):
            return self._held(new.draft, new.id)
        if _is_keyed(new.draft):
            return _place_by_key(self._vault, self._unit, new.draft, self._owner, new.id)
        return self._store([new])[0]

    def _held(self, draft: Draft, name: str | None = None) -> Placed:
        """Store a draft as what strangers bring is stored: it rules nothing and ends nothing."""
        added = self._unit.add(draft, self._owner, name)
        self._unit.keep_strange(added, unaccepted=True)
        return Placed(added, "added")

    def _store(self, waiting: "Sequence[New]") -> list[Placed]:
        return [Placed(one, "added") for one in BulkUnit.of(self._unit).add_all(waiting, self._owner)] if waiting else []

    def _as_first_written(self, draft: Draft) -> Draft:
        """The draft with its key, task and tags spelled as the cube has them."""
        changes: dict[str, Any] = {}
        for name in ("key", "task"):
            value = getattr(draft, name)
            if value is not None and (known := self._spelling(name, value)) != value:
                changes[name] = known
        tags = tuple(self._spelling("tag", tag) for tag in draft.tags)
        if tags != draft.tags:
            changes["tags"] = tags
        return draft._replace(**changes) if changes else draft

    def _spelling(self, sort: str, name: str) -> str:
        asked = sort, compared(name)
        if asked not in self._spelled:
            self._spelled[asked] = self._vault.spelled(sort, name)
        return self._spelled[asked]

    def _again(self, known: Memory, draft: Draft) -> Placed:
        """Place a draft whose external id is known: a duplicate if it says the same, otherwise an edit.

        A forgotten memory comes back. An archived memory comes back if its content is new: it was archived for its old content.
        """
        same = known.content == draft.content
        gone = known.state not in HOT_STATES and not (same and known.state is State.ARCHIVED)
        change = identity.news(known, draft, self._at, self._zone)
        change.pop("external_id", None)
        if draft.occurred_at not in {None, known.occurred_at}:  # a date alone is news here: what had an hour takes all day
            change["occurred_at"] = draft.occurred_at
        if not same or gone:
            told = fold.change_of(draft, known.owner or "")
            for name in ("owner", "external_id", *(() if gone else ("state",))):
                told.pop(name)
            change = told | change
        if not change:
            return Placed(known.id, "duplicate")
        return self.edit(known, change, draft)

    def _told_again(self, known: Memory, draft: Draft) -> Placed:
        """What came with a text that is known is an edit of its memory; that it was told again is recorded."""
        change = identity.news(known, draft, self._at, self._zone)
        same_file = known.source.file is not None and known.source.file == draft.source.file
        if same_file and known.id not in self._titled and draft.title not in {None, known.title}:
            change["title"] = draft.title  # the heading above it was changed
        if same_file:
            self._titled.add(known.id)
        if change.get("kind") == Kind.PREFERENCE and known.kind is Kind.RULE and self._was_preferred(known):
            del change["kind"]
        seen = self._place_of(known, draft)
        if known.frozen:  # what was asked for is refused; what was only guessed from the words is no reason to
            change = identity.on_purpose(draft, change)
        if change:
            return self.edit(known, change if seen is None else {**change, fold.SEEN: seen}, draft)
        if draft.confidence > known.confidence and not known.frozen:  # said now, but only inferred before
            self._unit.change("memory", known.id, {"confidence": draft.confidence})
        if seen is not None:
            self._unit.sight(known.id, seen)
        return Placed(known.id, "duplicate")

    def _was_preferred(self, known: Memory) -> bool:
        """Whether a rule was a preference that became a rule by being told again, which told once more it stays."""
        history = self._vault.operations("memory", known.id)
        return any((operation.change or {}).get("kind") == Kind.PREFERENCE for operation in history)

    def _place_of(self, known: Memory, draft: Draft) -> dict[str, Any] | None:
        """Where the text was told again; `None` where this is the telling that is known, read once more.

        A turn of a conversation is told once, however often it is brought in, and so is a paragraph of a file.
        """
        if draft.kind is Kind.EPISODE and draft.source.turn is not None:
            return None
        if (name := draft.source.file) is not None and draft.source.digest is not None:
            history = self._vault.operations("memory", known.id)
            places = (place for op in history for place in ((op.change or {}).get("source"), (op.change or {}).get(fold.SEEN)))
            if any(isinstance(place, Mapping) and place.get("file") == name for place in places):
                return None
        return fold.source_fields(draft.source) or {}

    def _reread(self, edit: "Edit", draft: Draft) -> Placed:
        """Place a paragraph of a file that was changed since it was read: an edit of its memory."""
        known = edit.memory
        change = identity.news(known, draft, self._at, self._zone)
        if not edit.former:
            change |= {"content": draft.content, "source": fold.source_fields(draft.source)}
        return self.edit(known, change, draft) if change else Placed(known.id, "duplicate")

    def change(self, known: Memory, change: dict[str, Any]) -> None:
        """Change a memory; where an import makes it rule or replace something, it waits for the person's word from then on."""
        holds = self._arrivals.holds_edit(known, change)
        self._unit.change("memory", known.id, change)
        if holds:
            self._unit.keep_strange(known.id, unaccepted=True)

    def edit(self, known: Memory, change: dict[str, Any], draft: Draft) -> Placed:
        """Change a memory as a draft says, and put it into its attribute's timeline.

        Raises:
            Refused: it is frozen, or somebody else's, or would end before it begins.
        """
        governance.demand(self._vault, "write", known)
        governance.require_thaw(known)
        if "key" in change and change["key"] and not draft.valid_from and not draft.occurred_at:
            line = self._vault.with_key(change["key"], known.owner or "")
            over = known.valid_to is not None and known.valid_to <= self._at
            if not over and any(starts(one) > starts(known) for one in line if one.id != known.id):
                change["valid_from"] = self._at  # it is said now, and holds from now on
        _require_span(known, change)
        self.change(known, change)
        ended = settle_key(self._vault, self._unit, known.id) if KEYED & set(change) else SETTLED
        return Placed(known.id, "edited", ended.superseded, ended.conflicts, identity.fields(change))


KEYED = frozenset(("key", "state", "valid_from", "occurred_at", "kind"))
"""The fields that decide what a memory supersedes."""


def _require_span(known: Memory, change: Mapping[str, Any]) -> None:
    start, end = change.get("valid_from", known.valid_from), change.get("valid_to", known.valid_to)
    if start is not None and end is not None and end < start:
        from memos_cli.errors import Refused

        raise Refused(
            f"{known.id[:8]} says the same, and would end before it begins: `valid to` is earlier than `valid from`",
            hint=f"give both ends, or change it: memos edit {known.id[:8]} --valid-from … --valid-to …",
        )


def _is_keyed(draft: Draft) -> bool:
    """Whether a draft belongs into the timeline of an attribute."""
    return draft.key is not None and draft.kind not in NEVER_SUPERSEDED


class Settled(NamedTuple):
    """What became of the other values of a key: those that ended, and frozen ones that say otherwise."""

    superseded: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


SETTLED = Settled()


def settle_key(vault: Vault, unit: Unit, memory_id: str) -> Settled:
    """Put a memory that got its key, its dates or its place back into its attribute's timeline, as `add --key` does.

    What began before it ends where it begins, and it ends where the next one begins. A stranger that nobody accepted ends
    nothing.
    """
    memory = vault.get(memory_id)
    if memory.key is None or memory.kind in NEVER_SUPERSEDED or memory.state not in HOT_STATES or memory.unaccepted:
        return SETTLED
    start = starts(memory)
    line = [one for one in vault.with_key(memory.key, memory.owner or "") if one.id != memory.id]
    after = _and_what_supersedes(unit, line, {one.id for one in line if _is_after(unit, one, memory)})
    later = [one for one in line if one.id in after and not one.unaccepted]
    earlier = [one for one in line if one.id not in after]
    ended = [one for one in earlier if one.valid_to is None or one.valid_to > start]
    conflicts, superseded = _end(vault, unit, memory, ended, start)
    if later and not memory.frozen and memory.valid_to is None:  # an end that was given stays
        unit.change("memory", memory.id, {"valid_to": starts(later[0])})
        if not unit.leads(memory.id, LinkType.SUPERSEDES, later[0].id):
            unit.change("memory", later[0].id, {fold.link_register(LinkType.SUPERSEDES, memory.id): True})
        superseded += (memory.id,)
    return Settled(superseded, conflicts)


def _is_after(unit: Unit, one: Memory, memory: Memory) -> bool:
    """Whether one value of an attribute comes after another: as it was settled before, else by the times of the two.

    Of two that begin at one instant, the one that was recorded later is the later.
    """
    if unit.leads(one.id, LinkType.SUPERSEDES, memory.id):
        return True
    if unit.leads(memory.id, LinkType.SUPERSEDES, one.id):
        return False
    return (starts(one), one.created_at, one.id) > (starts(memory), memory.created_at, memory.id)


def _and_what_supersedes(unit: Unit, line: Sequence[Memory], after: set[str]) -> set[str]:
    """Values of an attribute that come after another, and all that supersede one of them, whatever dates they got since."""
    return after | {
        one.id for one in line if one.id not in after and any(unit.leads(one.id, LinkType.SUPERSEDES, each) for each in after)
    }


def settled(vault: Vault, unit: Unit, memory_id: str) -> tuple[str, ...]:
    """As `settle_key`; the ids of what ended by it."""
    return settle_key(vault, unit, memory_id).superseded


def end_by_link(vault: Vault, unit: Unit, memory_id: str, *, author: "Author", target: str) -> tuple[str, ...]:
    """End a memory where the one begins that a person says supersedes it; now, where that one does not begin later.

    Raises:
        Refused: it is frozen, or belongs to somebody else.
    """
    later, earlier = vault.get(memory_id), vault.get(target)
    end = starts(later) if starts(later) > starts(earlier) else author.at
    if earlier.state is State.PURGED or (earlier.valid_to is not None and earlier.valid_to <= end):
        return ()
    governance.demand(vault, "write", earlier)
    governance.require_thaw(earlier)
    unit.change("memory", target, {"valid_to": end})
    return (target,)


def _end(vault: Vault, unit: Unit, memory: Memory, ended: list[Memory], start: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """End other values of an attribute where this one begins; the ids of frozen ones, and of those that ended."""
    conflicts = tuple(one.id for one in ended if one.frozen)
    superseded = tuple(one.id for one in ended if not one.frozen)
    for one in superseded:
        unit.change("memory", one, {"valid_to": start})
    marks: dict[str, Any] = {fold.link_register(LinkType.SUPERSEDES, one): True for one in superseded}
    # Settled again, as each merge does, it says nothing anew: of two machines each would write for ever what the other wrote.
    known = {link.target for link in vault.links(memory.id)[0] if link.type is LinkType.CONTRADICTS} if conflicts else ()
    marks |= {fold.link_register(LinkType.CONTRADICTS, one): True for one in conflicts if one not in known}
    if marks:
        unit.change("memory", memory.id, marks)
    return conflicts, superseded


def _place_by_key(vault: Vault, unit: Unit, draft: Draft, owner: str, name: str | None = None) -> Placed:
    """Put a draft into its attribute's timeline: the value before ends where it begins, and it ends where the next begins.

    Without a date it begins when it is recorded. That is the time of the log, which of two processes that write at once may be
    a little later than the time at which the command began: by the latter, each of two values would come after the other.

    Of two lines of a document the one comes after the other that says so, whenever they began: a person may have linked them.
    The new memory gets the id `name`, where one is given.
    """
    start = draft.valid_from or draft.occurred_at or unit.log.time
    line = vault.with_key(draft.key or "", owner)
    named = {memory.id for memory in line if says_superseded(draft, memory)}
    naming = {memory.id for memory in line if says_superseded(memory, draft)}
    later = _and_what_supersedes(unit, line, naming | {one.id for one in line if starts(one) > start and one.id not in named})
    before = [memory for memory in line if memory.id not in later]
    # A stranger that nobody accepted ends nothing that is said here; a tick asks about the two.
    after = [memory for memory in line if memory.id in later and not memory.unaccepted]
    ends = bool(after) and not draft.frozen  # nothing ends a frozen one, as in `settle_key`
    if ends and draft.valid_to is None:
        draft = draft._replace(valid_to=max(start, starts(after[0])))
    added = unit.add(draft, owner, name)
    if ends:
        next_one = next((one for one in after if one.id in naming), after[0])  # of two that begin together the one that says so
        unit.change("memory", next_one.id, {fold.link_register(LinkType.SUPERSEDES, added): True})
    left = [one for one in before if one.valid_to is None or (one.valid_to > start and one.id not in named)]
    conflicts, superseded = _end(vault, unit, vault.get(added), left, start)
    return Placed(added, "added", superseded, conflicts)
