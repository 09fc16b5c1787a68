"""From operations to state: pure, and the same on every machine that has the same operations.

A subject is a map of registers; for each register the operation that comes last in folding order wins. A set is one register
for each element (`tag:work`, `label:secret`, `link:supersedes:ID`), so that two machines adding different tags both keep
theirs. A tombstone (`purged`) wins whatever the order. Undo, versions, as-of, snapshots and merge need no more than this.
"""

from collections.abc import Callable, Iterable
from typing import Any

from memos_cli.hybrid_clock import time_of
from memos_cli.infra import limits
from memos_cli.model import Draft, Form, Kind, Link, LinkType, Memory, Operation, Origin, Source, State, Visibility
from memos_cli.records import NamedTuple

Registers = dict[str, Any]
TAG, LABEL, LINK, PURGED, SEEN = limits.TAG, limits.LABEL, limits.LINK, limits.PURGED, limits.SEEN
SAID = frozenset(
    ("content", "title", "kind", "key", "occurred_at", "valid_from", "expires_at", "visibility", "task", "metadata")
)
"""Registers with a memory's meaning: a person is asked where two machines set one of them differently."""
TURNED = frozenset(("state", "valid_to"))
"""Registers that a person is asked about too, unless a tick or a superseding `add` set them."""
_IN_PASSING = frozenset(("tick", "add"))
_NOWHERE = Source()
# A dictionary finds a member in a fifth of the time that the enumeration's own call takes, and a fold asks for five.
_KINDS: dict[str, Kind] = {kind.value: kind for kind in Kind}
_FORMS: dict[str, Form] = {form.value: form for form in Form}
_STATES: dict[str, State] = {state.value: state for state in State}
_ORIGINS: dict[str, Origin] = {origin.value: origin for origin in Origin}
_LEVELS: dict[str, Visibility] = {level.value: level for level in Visibility}
_SOURCE_FIELDS = frozenset(Source._fields)


def fold(operations: Iterable[Operation]) -> Registers:
    """The registers after operations given in folding order (`log.order`). An erased change counts as empty."""
    registers: Registers = {}
    for operation in operations:
        change = operation.change or {}
        if change.get(PURGED):
            return {PURGED: True}
        registers.update(change)
    if not any(value is None for value in registers.values()):
        return registers
    return {name: value for name, value in registers.items() if value is not None}


def stricter(operations: list[Operation], less: Callable[[str], Iterable[Any]]) -> Registers:
    """The registers that two machines set differently and of which one value gives less, with that value.

    Of the writes of a register those count that no later one knows of. So a write that knows a stricter one takes it back, and
    one that does not know it does not, whichever comes later.

    Args:
        operations: those on one subject, in folding order.
        less: tells of a register the values that give less than its others; none where no value does.
    """
    known = _known(operations)
    writers: dict[str, list[int]] = {}
    for index, operation in enumerate(operations):
        for register in operation.change or {}:
            writers.setdefault(register, []).append(index)
    found: Registers = {}
    for register, line in writers.items():
        values = [_value(operations[index], register) for index in line if not _followed(index, line, known)]
        for value in (value for value in less(register) if value in values):
            found[register] = value
    return found


def is_sighting(operation: Operation) -> bool:
    """Whether an operation only records that a memory's text was told again: that makes no new version of the memory."""
    change = operation.change
    return change is not None and len(change) == 1 and SEEN in change


def versions(operations: Iterable[Operation]) -> list[Operation]:
    """The operations of a memory that are its versions, in the same order."""
    return [operation for operation in operations if not is_sighting(operation)]


def sightings(operations: list[Operation]) -> list[Operation]:
    """The operations that record that a memory's text was told again, and were not taken back; given in folding order."""
    if not any(SEEN in (operation.change or {}) for operation in operations):
        return []
    made = (operations[index] for index in standing(operations))
    return [operation for operation in made if (operation.change or {}).get(SEEN) is not None]


def as_known(then: list[Operation], operations: list[Operation]) -> list[Operation]:
    """Operations of an earlier time, with what a repair erased of them taken as it is now: what it said then is not known.

    Args:
        then: those of the earlier time, in folding order; `operations` likewise, up to now.
    """
    place = next((index for index, operation in enumerate(then) if operation.change is None), None)
    if place is None:
        return then
    now = fold(operations)
    if now.get(PURGED):
        return then
    if place == 0 and then[0].noun == "memory":  # its first change, which made it
        now = {name: value for name, value in now.items() if name not in {"since", "reason"}} | {"state": State.GENERATED.value}
    return [*then[:place], then[place]._replace(change=now), *then[place + 1 :]]


def members(registers: Registers, prefix: str) -> tuple[str, ...]:
    """The elements of the set whose registers begin with `prefix`, sorted."""
    if not any(":" in name for name in registers):
        return ()
    return tuple(sorted(name.removeprefix(prefix) for name in registers if name.startswith(prefix)))


def links(memory_id: str, registers: Registers) -> list[Link]:
    """The links that start at this memory."""
    found = []
    for member in members(registers, LINK):
        kind, _, target = member.partition(":")
        found.append(Link(memory_id, LinkType(kind), target))
    return found


def change_of(draft: Draft, owner: str) -> dict[str, Any]:
    """The first change of a memory: the fields of the draft without those that have the default."""
    given = {
        "content": draft.content,
        "kind": draft.kind.value,
        "state": State.GENERATED.value,
        "owner": owner,
        "origin": draft.origin.value,
        "external_id": draft.external_id,
        "title": draft.title,
        "key": draft.key,
        "occurred_at": draft.occurred_at,
        "valid_from": draft.valid_from,
        "valid_to": draft.valid_to,
        "expires_at": draft.expires_at,
        "pinned": draft.pinned or None,
        "priority": draft.priority or None,
        "task": draft.task,
        "source": source_fields(draft.source),
        "metadata": dict(draft.metadata) or None,
        "confidence": draft.confidence if draft.confidence != 1.0 else None,
        "trust": draft.trust if draft.trust != 1.0 else None,
        "visibility": draft.visibility.value if draft.visibility is not Visibility.PRIVATE else None,
        "frozen": draft.frozen or None,
    }
    change = {name: value for name, value in given.items() if value is not None}
    change.update({TAG + tag: True for tag in draft.tags})
    change.update({LABEL + label: True for label in draft.labels})
    return change


def source_fields(source: Source) -> dict[str, Any] | None:
    """The source's fields that are set, or `None` for none."""
    if source == _NOWHERE:
        return None
    return {name: value for name, value in source._asdict().items() if value is not None} or None


def ends(operations: list[Operation], *, purged: bool) -> tuple[Operation, Operation]:
    """The first operation, and the last one that is a version, for their times.

    What was purged has lost the wall times with the changes, and which of its operations recorded that it was told again.
    """
    if purged:
        return operations[0]._replace(written_at=None), operations[-1]._replace(written_at=None)
    return operations[0], next(one for one in reversed(operations) if one is operations[0] or not is_sighting(one))


def memory(memory_id: str, operations: list[Operation]) -> tuple[Memory, Registers]:
    """The memory that its operations, given in folding order, fold to; and its registers."""
    registers = fold(operations)
    state = State.PURGED if registers.get(PURGED) else _STATES[registers.get("state", "expired")]
    first, last = ends(operations, purged=state is State.PURGED)
    read = registers.get
    return Memory(
        id=memory_id,
        content=read("content", ""),
        kind=_KINDS[read("kind", "note")],
        form=_FORMS[read("form", "plaintext")],
        state=state,
        external_id=read("external_id"),
        title=read("title"),
        key=read("key"),
        tags=members(registers, TAG),
        labels=members(registers, LABEL),
        created_at=time_of(first),
        updated_at=time_of(last),
        occurred_at=read("occurred_at"),
        valid_from=read("valid_from"),
        valid_to=read("valid_to"),
        expires_at=read("expires_at"),
        owner=read("owner"),
        visibility=_LEVELS[read("visibility", "private")],
        task=read("task"),
        priority=read("priority", 0),
        pinned=bool(read("pinned")),
        frozen=bool(read("frozen")),
        origin=_ORIGINS[read("origin", "user")],
        source=_source(read("source")),
        confidence=read("confidence", 1.0),
        trust=read("trust", 1.0),
        metadata=read("metadata", {}),
        version=len(operations if state is State.PURGED else versions(operations)),
        since=read("since"),
    ), registers


def _source(fields: dict[str, Any] | None) -> Source:
    """The source of a register; fields that a newer memos wrote are left out."""
    return Source(**{name: value for name, value in fields.items() if name in _SOURCE_FIELDS}) if fields else _NOWHERE


def link_register(kind: str, target: str) -> str:
    """The register that holds a link of a type to another memory."""
    return f"{LINK}{kind}:{target}"


def inverse(before: Registers, change: dict[str, Any]) -> dict[str, Any]:
    """The change that undoes `change`; `before` are the registers before it."""
    return {name: before.get(name) for name in change}


def heads(operations: list[Operation]) -> tuple[str, ...]:
    """The operations that are no other one's parent: what the next writer has seen last. Several after a merge."""
    seen = {parent for operation in operations for parent in operation.parents}
    return tuple(operation.id for operation in operations if operation.id not in seen)


class Clash(NamedTuple):
    """A register that two machines set differently: the operation whose value shows, and one that does not know that one."""

    shown: Operation
    other: Operation


def clashes(operations: list[Operation]) -> dict[str, Clash]:
    """The registers of a memory with two last values, neither knowing of the other; the operations are in folding order.

    One write knows of another if its parents lead there. A later write of the register that knows both settles the clash.
    Writes that were undone are left out together with the `undo`.
    """
    first = operations[0].replica
    if all(operation.replica == first for operation in operations) or PURGED in fold(operations):
        return {}
    known = _known(operations)
    writers: dict[str, list[int]] = {}
    for index in standing(operations):
        for register in operations[index].change or {}:
            if register in SAID or (register in TURNED and operations[index].command not in _IN_PASSING):
                writers.setdefault(register, []).append(index)
    found = {}
    for register, line in writers.items():
        last = line[-1]
        seen = _united(
            known[index] for index in line if _value(operations[index], register) == _value(operations[last], register)
        )
        if strangers := [index for index in line if not seen >> index & 1 and not _followed(index, line, known)]:
            found[register] = Clash(operations[last], operations[strangers[-1]])
    return found


def _known(operations: list[Operation]) -> list[int]:
    """For each operation, in folding order, the bits of those that it knows of, its own included."""
    place = {operation.id: index for index, operation in enumerate(operations)}
    known: list[int] = []
    for index, operation in enumerate(operations):
        before = (place[parent] for parent in operation.parents if parent in place)
        known.append(1 << index | _united(known[one] for one in before if one < index))
    return known


def _united(sets: Iterable[int]) -> int:
    united = 0
    for one in sets:
        united |= one
    return united


def standing(operations: list[Operation]) -> list[int]:
    """The indexes of the operations, given in folding order, that neither were undone nor are an undo."""
    back: set[str] = set()
    standing = []
    for index in range(len(operations) - 1, -1, -1):
        operation = operations[index]
        if operation.txn in back:
            continue
        if operation.reverts is not None:
            back.add(operation.reverts)
        else:
            standing.append(index)
    return standing[::-1]


def _value(operation: Operation, register: str) -> Any:  # noqa: ANN401 -- whatever a register holds
    return (operation.change or {}).get(register)


def _followed(index: int, line: list[int], known: list[int]) -> bool:
    """Whether a later one of these writes knows of this one."""
    return any(known[later] >> index & 1 for later in line if later != index)
