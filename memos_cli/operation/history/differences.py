"""The differences of a cube between two positions in its log. A view of the log: nothing is stored for it.

Memories are added, changed, forgotten, come back, or are purged; other records (views, tasks, …) are added, changed or removed.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from memos_cli.infra.vault import fold, log, past
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Memory, Operation, State


class Change(StrEnum):
    """What happened to a memory or record from one position to the other."""

    ADDED = "added"
    CHANGED = "changed"
    FORGOTTEN = "forgotten"
    RETURNED = "returned"
    PURGED = "purged"
    REMOVED = "removed"


class Difference(NamedTuple):
    """One memory or record that differs between the two positions.

    Attributes:
        then: its registers at the first position; empty where it was not there, or where a purge erased them.
        now: its registers at the second position.
        memory: the memory at the second position (at the first, where the second has none); `None` for another record.
    """

    noun: str
    subject: str
    change: Change
    then: fold.Registers
    now: fold.Registers
    memory: Memory | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields whose values differ, sorted; tags, labels and links each count as one."""
        sets = {fold.TAG: "tags", fold.LABEL: "labels", fold.LINK: "links"}
        names = set(self.back)
        if "state" in names:
            names.discard("since")
        return tuple(sorted({next((sets[one] for one in sets if name.startswith(one)), name) for name in names}))

    @property
    def back(self) -> dict[str, Any]:
        """The change that restores its registers at the first position."""
        return {name: self.then.get(name) for name in {*self.then, *self.now} if self.then.get(name) != self.now.get(name)}


def between(vault: Vault, first: log.Position, second: log.Position | None = None) -> Iterator[Difference]:
    """The differences from the first position to the second (`None`: the end of the log), in the order of the log.

    Only subjects of operations after one of the two positions are read. A subject that is equal at both is left out, and so is
    one that was added and forgotten in between.
    """
    end = vault.position() if second is None else second
    # Where both are of equal length, their contents decide, so that the order is the same when the positions are swapped.
    since = sorted((past.touched_since(vault, place) for place in (first, end)), key=lambda one: (-len(one), one))
    for noun, subject in dict.fromkeys([*since[0], *since[1]]):
        operations = vault.operations(noun, subject)
        if noun == "memory":
            found = _of_memory(vault.name, subject, operations, first, end)
        else:
            found = _of_record(noun, subject, operations, first, end)
        if found is not None:
            yield found


def _of_record(
    noun: str, subject: str, operations: list[Operation], first: log.Position, second: log.Position
) -> Difference | None:
    then, now = (fold.fold(_upto(operations, place)) for place in (first, second))
    if then == now:
        return None
    change = Change.CHANGED if then and now else Change.ADDED if now else Change.REMOVED
    return Difference(noun, subject, change, then, now)


def _of_memory(
    cube: str, subject: str, operations: list[Operation], first: log.Position, second: log.Position
) -> Difference | None:
    before, after = _upto(operations, first), _upto(operations, second)
    then, now = ({name: one for name, one in fold.fold(ops).items() if name != fold.SEEN} for ops in (before, after))
    if fold.PURGED in fold.fold(operations):  # the log still knows that it was there, and no more
        gone = bool(before) and fold.PURGED in now and fold.PURGED not in then
        memory, _ = fold.memory(subject, operations)
        return Difference("memory", subject, Change.PURGED, {}, now, memory._replace(cube=cube)) if gone else None
    was, is_ = _is_there(then), _is_there(now)
    if then == now or not (was or is_ or (then and now)):
        return None
    memory, _ = fold.memory(subject, after or before)
    return Difference("memory", subject, _change(then, was=was, is_=is_), then, now, memory._replace(cube=cube))


def _change(then: fold.Registers, *, was: bool, is_: bool) -> Change:
    if was == is_:
        return Change.CHANGED
    if was:
        return Change.FORGOTTEN
    return Change.RETURNED if then else Change.ADDED


def _upto(operations: list[Operation], place: log.Position) -> list[Operation]:
    return fold.as_known([operation for operation in operations if log.within(operation, place)], operations)


def _is_there(registers: fold.Registers) -> bool:
    return bool(registers) and registers.get("state") != State.EXPIRED
