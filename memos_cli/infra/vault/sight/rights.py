"""What a transaction asks before it changes anything for somebody who is not the cube's owner.

Every change passes `units.Unit`, and a unit of such a principal asks here for each subject that it touches, whatever command it
is of. Reading, writing, sharing and erasing are different rights. What may not even be seen is refused with the words for an id
that does not exist.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.errors import Refused
from memos_cli.infra.governance import governance
from memos_cli.infra.governance.rule import Right
from memos_cli.infra.vault import fold
from memos_cli.model import Draft, Kind, LinkType, Memory, Operation, State

if TYPE_CHECKING:
    from memos_cli.infra.governance.access import Access

_GONE = frozenset((State.EXPIRED.value, State.PURGED.value))
_OWN = "file"
"""The noun of the records that are their maker's own: what was read from a file."""
_OF_THE_CUBE = frozenset(("view", "snapshot"))
"""The nouns of the records that a rule can let others write: one that gives the right to write in the whole cube."""
_PAIR = "review"
"""The noun of the records about two memories."""
_LINKED = {
    LinkType.SUPERSEDES.value: Right.WRITE,
    LinkType.MERGED_INTO.value: Right.READ,
    LinkType.DERIVED_FROM.value: Right.READ,
    LinkType.CONTRADICTS.value: Right.READ,
}
"""The right that a link needs on the memory where it ends, if it is not `SHARE`: the flows link to what they read."""


class Rights:
    """The rights of one principal in one transaction.

    Args:
        access: what the principal may do.
        cube: the cube's name here; `owner` is its owner.
        history: returns all operations on a memory, in folding order.
    """

    def __init__(self, access: "Access", cube: str, owner: str, history: Callable[[str], list[Operation]]) -> None:
        self._access = access
        self._cube = cube
        self._owner = owner
        self._history = history

    def require_new(self, draft: Draft, owner: str) -> None:
        """Let a memory be made in the principal's own namespace alone, and nothing that a rule denies.

        Raises:
            Refused: it may not be made.
        """
        memory = Memory(
            "", draft.content, draft.kind, key=draft.key, tags=draft.tags, labels=draft.labels, task=draft.task, owner=owner,
            visibility=draft.visibility, source=draft.source, origin=draft.origin, cube=self._cube,
        )  # fmt: skip
        if not self._access.may_add(memory):
            whose = "" if owner == self._access.principal else f" of {owner}"
            raise Refused(f"{self._access.principal} may not add such a memory{whose}", hint="ask the cube's owner")

    def require(self, noun: str, subject: str, known: Sequence[Operation], change: Mapping[str, Any]) -> None:
        """Let a subject be changed only as the rights on it say.

        Args:
            noun: its noun.
            subject: the subject.
            known: all operations on it so far, in folding order.
            change: what is to be changed.

        Raises:
            MemoryNotFound: it is a memory that the principal may not see, or that there is not. Refused: the principal may not
                change it so.
        """
        if noun == "memory":
            self._require_memory(subject, known, change)
        elif not self._may_record(noun, known):
            raise Refused(
                f"{self._access.principal} may not change a {noun}: the cube belongs to {self._owner}", hint="ask its owner"
            )

    def may_end(self, turn: str, change: Mapping[str, Any]) -> bool:
        """Whether a turn of chat that repeats a memory may end with it."""
        memory = self._memory(turn, self._history(turn))
        return self.may_see(memory) and all(self._access.may(right, memory) for right in _needed(memory, change))

    def may_see(self, memory: Memory) -> bool:
        """Whether a memory may be seen."""
        return self._access.may(Right.READ, memory)

    def _memory(self, identity: str, known: Sequence[Operation]) -> Memory:
        """A memory as its operations say, whoever may see it.

        Raises:
            MemoryNotFound: there is none.
        """
        if not known:
            governance.missing(identity, self._cube)
        return fold.memory(identity, list(known))[0]._replace(cube=self._cube)

    def _require_memory(self, identity: str, known: Sequence[Operation], change: Mapping[str, Any]) -> None:
        if not known and change.get("owner") == self._access.principal:
            return
        memory = self._memory(identity, known)
        if not self.may_see(memory):
            governance.missing(identity, self._cube)
        for name in (name for name, value in change.items() if value and name.startswith(fold.LINK)):
            kind, _, target = name.removeprefix(fold.LINK).partition(":")
            self._require_target(target, kind)
        if memory.owner != self._access.principal or not _only_ends(change):
            for right in sorted(_needed(memory, change)):
                governance.require(self._access, right, memory)
        if "owner" in change and memory.owner not in {change["owner"], self._access.principal}:
            raise Refused(f"{self._access.principal} may not give {memory.id[:8]} away: it belongs to {memory.owner}")

    def _require_target(self, identity: str, kind: str) -> None:
        """Let a link end at a memory only as the rights on that say: to be linked to is to be shared."""
        memory = self._memory(identity, self._history(identity))
        if not self.may_see(memory):
            governance.missing(identity, self._cube)
        governance.require(self._access, _LINKED.get(kind, Right.SHARE), memory)

    def _may_record(self, noun: str, known: Sequence[Operation]) -> bool:
        if noun == _OWN:
            return not known or known[0].principal == self._access.principal
        return noun == _PAIR or (noun in _OF_THE_CUBE and self._writes_all)

    @property
    def _writes_all(self) -> bool:
        """Whether a rule lets the principal write in the whole cube: private memories of its owner, of every kind."""
        return all(self._access.may(Right.WRITE, Memory("", "", kind=kind, owner=self._owner)) for kind in Kind)


def _only_ends(change: Mapping[str, Any]) -> bool:
    """Whether a change says no more than when a memory ended and what it is linked to: its owner's other memories do that."""
    return all(name == "valid_to" or name.startswith(fold.LINK) for name in change)


def _needed(memory: Memory, change: Mapping[str, Any]) -> set[Right]:
    """The rights that a change of a memory needs. That its text was told again changes nothing of it."""
    needed: set[Right] = set()
    rest = set(change) - {"since", "reason", "owner", fold.SEEN}
    if change.get(fold.PURGED) or (_GONE & {memory.state.value, change.get("state")} and rest & {"state", fold.PURGED}):
        needed.add(Right.ERASE)
        rest -= {fold.PURGED, "state"}
    if "visibility" in rest:
        needed.add(Right.SHARE)
    return needed | ({Right.WRITE} if rest - {"visibility"} else set())
