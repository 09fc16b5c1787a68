"""What a transaction asks before it changes anything for somebody who is not the cube's owner.

Every change passes `units.Unit`, and a unit of such a principal asks here for each subject that it touches, whatever command it
is of. Reading, writing, sharing and erasing are different rights. What may not even be seen is refused with the words for an id
that does not exist.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.errors import Refused
from memos_cli.infra.governance import acts, governance
from memos_cli.infra.governance.rule import Right
from memos_cli.infra.vault import fold
from memos_cli.model import Draft, LinkType, Memory, Operation, State, Visibility
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.governance.access import Access

_GONE = frozenset((State.EXPIRED.value, State.PURGED.value))
_VIEW = "view"
"""The noun of saved filters."""
_NAMING = frozenset(
    (
        "key",
        "kind",
        "task",
        "visibility",
        "pinned",
        "state",
        "occurred_at",
        "valid_from",
        "valid_to",
        "expires_at",
        "source",
        "metadata",
    )
)
"""The registers, beside tags and labels, by which rules, the filters of their views, and visibility say what may be done."""
_OWN = frozenset(("file", "request"))
"""The nouns of the records that are their maker's own: what was read from a file, what an agent asks of the cube's owner."""
_OF_THE_CUBE = frozenset((_VIEW, "snapshot"))
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


class Truth(NamedTuple):
    """What is so in the cube, whoever may see it.

    Attributes:
        history: returns all operations on a memory, in folding order.
        names_view: whether a rule is about the view of this name.
    """

    history: Callable[[str], list[Operation]]
    names_view: Callable[[str], bool]


class Rights:
    """The rights of one principal in one transaction.

    Args:
        access: what the principal may do.
        cube: the cube's name here; `owner` is its owner.
        truth: what is so in the cube.
    """

    def __init__(self, access: "Access", cube: str, owner: str, truth: Truth) -> None:
        self._access = access
        self._cube = cube
        self._owner = owner
        self._history = truth.history
        self._names_view = truth.names_view

    @property
    def is_agent(self) -> bool:
        """Whether the principal is an agent."""
        return self._access.is_agent

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
        elif noun == _VIEW and self._names_view(subject):
            raise Refused(
                f"{self._access.principal} may not change the view {subject}: a rule is about it",
                hint=f"ask {self._owner}, or save another one",
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
        if "visibility" in change and memory.visibility is Visibility.READ_ONLY and memory.owner != self._access.principal:
            raise Refused(
                f"{self._access.principal} may not open {memory.id[:8]}: it is read-only, and belongs to {memory.owner}",
                hint=f"ask {memory.owner}, or {self._owner}, the cube's owner",
            )
        if not _NAMING.isdisjoint(change) or any(name.startswith((fold.TAG, fold.LABEL)) for name in change):
            self._require_no_gain(memory, known, change)

    def _require_no_gain(self, before: Memory, known: Sequence[Operation], change: Mapping[str, Any]) -> None:
        """Let nobody change what rules go by so that they give more than before: no right over a memory includes another one.

        Raises:
            Refused: it would.
        """
        made = known[-1]._replace(change=dict(change), clock=known[-1].clock + 1)
        after = self._memory(before.id, [*known, made])
        if before.owner == self._access.principal:  # whose it is to say who sees it, and to open what is read-only
            before = before._replace(visibility=after.visibility)
        for right in Right:
            if self._access.may(right, after) and not self._access.may(right, before):
                raise Refused(
                    f"{self._access.principal} may not change {before.id[:8]} so: it would give the right to {right.value} it",
                    hint=f"ask {self._owner}, the cube's owner",
                )

    def _require_target(self, identity: str, kind: str) -> None:
        """Let a link end at a memory only as the rights on that say: to be linked to is to be shared."""
        memory = self._memory(identity, self._history(identity))
        if not self.may_see(memory):
            governance.missing(identity, self._cube)
        governance.require(self._access, _LINKED.get(kind, Right.SHARE), memory)

    def _may_record(self, noun: str, known: Sequence[Operation]) -> bool:
        if noun in _OWN:
            return not known or known[0].principal == self._access.principal
        return noun == _PAIR or (noun in _OF_THE_CUBE and self._writes_all)

    @property
    def _writes_all(self) -> bool:
        """Whether a rule lets the principal write in the whole cube."""
        return acts.writes_all(self._access, self._owner)


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
