"""What a transaction asks before it changes anything for somebody who is not the cube's owner.

Every change passes `units.Unit`, and a unit of such a principal asks here for each subject that it touches, whatever command it
is of. Reading, writing, sharing and erasing are different rights. What may not even be seen is refused with the words for an id
that does not exist.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from memos_cli.errors import MemoryNotFound, Refused
from memos_cli.infra.vault import fold
from memos_cli.model import LinkType, Memory, Operation, State

READ, WRITE, SHARE, ERASE = "read", "write", "share", "erase"
"""The rights that this layer asks for, by their names in rules."""


class Access(Protocol):
    """What one principal may do in a cube, as `infra.governance.access` makes it of the rules.

    Attributes:
        principal: who it is.
        owns: whether that is the cube's owner, who may do all.
    """

    @property
    def principal(self) -> str:
        """Who it is."""
        ...

    @property
    def owns(self) -> bool:
        """Whether that is the cube's owner, who may do all."""
        ...

    def sight(self, right: Any = ..., /) -> tuple[str, ...]:  # noqa: ANN401 -- a `Right`, or its name
        """The SQL condition on `memories m` for what this right is given on, and its parameters."""
        ...

    def may(self, right: Any, memory: Memory, /) -> bool:  # noqa: ANN401 -- a `Right`, or its name
        """Whether this right is given on a memory as it is, or as it was."""
        ...


_GONE = frozenset((State.EXPIRED.value, State.PURGED.value))
_OWN = "file"
"""The noun of the records that are their maker's own: what was read from a file."""
_OF_THE_CUBE = frozenset(("view", "snapshot"))
"""The nouns of the records that a rule can let others write: one that gives the right to write in the whole cube."""
_PAIR = "review"
"""The noun of the records about two memories."""
_LINKED = {
    LinkType.SUPERSEDES.value: WRITE,
    LinkType.MERGED_INTO.value: READ,
    LinkType.DERIVED_FROM.value: READ,
    LinkType.CONTRADICTS.value: READ,
}
"""The right that a link needs on the memory where it ends, if it is not `SHARE`: the flows link to what they read."""


class Rights:
    """The rights of one principal in one transaction.

    Args:
        access: what the principal may do.
        owner: the cube's owner.
        history: returns all operations on a memory, in folding order.
    """

    def __init__(self, access: Access, owner: str, history: Callable[[str], list[Operation]]) -> None:
        self._access = access
        self._owner = owner
        self._history = history

    def require_own(self, owner: str) -> None:
        """Let a memory be made in the principal's own namespace alone.

        Raises:
            Refused: it would be somebody else's.
        """
        if owner != self._access.principal:
            raise Refused(
                f"{self._access.principal} may not add memories of {owner}", hint="add your own, without another owner"
            )

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

    def _require_memory(self, identity: str, known: Sequence[Operation], change: Mapping[str, Any]) -> None:
        if not known and "owner" not in change:
            raise _missing(identity)
        if not known:
            self.require_own(change["owner"])
            return
        memory, registers = fold.memory(identity, list(known))
        self._require_seen(memory)
        for name in (name for name, value in change.items() if value and name.startswith(fold.LINK)):
            kind, _, target = name.removeprefix(fold.LINK).partition(":")
            self._require_target(target, kind)
        if memory.owner == self._access.principal:
            return
        for right in sorted(self._needed(registers, change)):
            self._require(right, memory)

    def _require_target(self, identity: str, kind: str) -> None:
        """Let a link end at a memory only as the rights on that say: to be linked to is to be shared."""
        known = self._history(identity)
        if not known:
            raise _missing(identity)
        memory, _ = fold.memory(identity, known)
        self._require_seen(memory)
        if memory.owner != self._access.principal:
            self._require(_LINKED.get(kind, SHARE), memory)

    def _may_record(self, noun: str, known: Sequence[Operation]) -> bool:
        if noun == _OWN:
            return not known or known[0].principal == self._access.principal
        return noun == _PAIR or (noun in _OF_THE_CUBE and self.writes_all)

    @property
    def writes_all(self) -> bool:
        """Whether a rule lets the principal write in the whole cube: a private memory of its owner, with nothing else to it."""
        return self._access.may(WRITE, Memory("", "", owner=self._owner))

    def may_see(self, memory: Memory) -> bool:
        """Whether a memory may be seen."""
        return memory.owner == self._access.principal or self._access.may(READ, memory)

    def may_end(self, turn: str, change: Mapping[str, Any]) -> bool:
        """Whether a turn of chat that repeats a memory may end with it."""
        memory, _ = fold.memory(turn, self._history(turn))
        if memory.owner == self._access.principal:
            return True
        return self.may_see(memory) and all(self._access.may(right, memory) for right in self._needed({}, change))

    def _require_seen(self, memory: Memory) -> None:
        if not self.may_see(memory):
            raise _missing(memory.id)

    def _require(self, right: str, memory: Memory) -> None:
        if right == "own" or not self._access.may(right, memory):
            verb = {WRITE: "change", SHARE: "share", ERASE: "forget", "own": "give away"}[right]
            whose = f"it belongs to {memory.owner}"
            raise Refused(f"{self._access.principal} may not {verb} {memory.id[:8]}: {whose}", hint="ask its owner")

    def _needed(self, registers: Mapping[str, Any], change: Mapping[str, Any]) -> set[str]:
        """The rights that a change of somebody else's memory needs."""
        needed: set[str] = set()
        rest = {name for name in change if name not in {"since", "reason"}}
        if change.get(fold.PURGED) or {registers.get("state"), change.get("state")} & _GONE:
            needed.add(ERASE)
            rest -= {fold.PURGED, "state"}
        if "visibility" in rest:
            needed.add(SHARE)
        if "owner" in rest:
            needed.add("own")
        return needed | ({WRITE} if rest - {"visibility", "owner", fold.SEEN} else set())


def _missing(identity: str) -> MemoryNotFound:
    return MemoryNotFound(f"no memory {identity!r}", hint="see what there is with: memos list")
