"""Activation memory's flows: making slots ahead, listing, checking and removing them, and telling which have gone stale.

A slot is stale when a memory in it is no longer what it was, or may no longer be told: it is never used again, and removed
when somebody comes upon it. Most never get that far: whoever changes a memory removes the slots that hold it at once.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from memos_cli.errors import MemosError
from memos_cli.infra.local.states import Store
from memos_cli.model import Filter, Memory, Part, Slot

if TYPE_CHECKING:
    from memos_cli.session import Session


FOLDER = "slots"
"""Below the cache folder."""
Layer = Literal["core", "topics", "conversation"]


def store(session: "Session") -> Store:
    """The slots of a home."""
    return Store(session.paths.cache / FOLDER, session.settings.get("slots.bytes"))


def parts(session: "Session", memories: Iterable[Memory]) -> tuple[Part, ...]:
    """What a slot's record says of the memories in it."""
    cubes = {vault.name: vault.meta["id"] for vault in session.vaults()}
    return tuple(Part(cubes[memory.cube], memory.id, memory.version) for memory in memories)


class SlotStanding(NamedTuple):
    """Whether a slot can be used: `ready`, `stale`, or `elsewhere`, where a cube of it is not in use; and why not."""

    state: Literal["ready", "stale", "elsewhere"]
    why: str | None = None


def standing(session: "Session", slot: Slot) -> SlotStanding:
    """A slot is ready while each memory in it is what it was, is current, and may be told to the slot's principal."""
    vaults = {vault.meta["id"]: vault for vault in session.vaults()}
    for cube in dict.fromkeys(part.cube for part in slot.parts):
        if cube not in vaults:
            return SlotStanding("elsewhere", "it holds memories of a cube that is not in use")
        held = {part.memory: part.version for part in slot.parts if part.cube == cube}
        now = vaults[cube].versions(list(held), session.sight(vaults[cube], Filter(at=session.now), slot.principal))
        for identity, version in held.items():
            if identity not in now:
                return SlotStanding("stale", f"memory {identity[:8]} is no longer current")
            if version and now[identity] != version:
                return SlotStanding("stale", f"memory {identity[:8]} was changed")
    return SlotStanding("ready")


def changed(session: "Session", memories: Iterable[str]) -> None:
    """Remove the slots that hold memories which were just changed. Best effort: what it misses is found stale later."""
    kept = store(session)
    if not kept.exists:
        return
    try:
        if found := kept.holding(memories):
            kept.remove(slot.id for slot in found)
    except (MemosError, OSError):
        return


class Wanted(NamedTuple):
    """A slot to be made.

    Attributes:
        layer: up to where in the prompt it reaches.
        name: the conversation, or what a set of memories is called.
        memories: the ids of the set, for `topics`.
    """

    layer: Layer = "core"
    name: str = ""
    memories: tuple[str, ...] = ()


class Built(NamedTuple):
    """What came of a slot that was wanted.

    Attributes:
        slot: the slot; `None` where there is none, and `why` says why.
        made: whether it was made now; otherwise it was there already.
        evaluated: how many tokens the model evaluated for it.
    """

    wanted: Wanted
    slot: Slot | None
    made: bool
    why: str | None
    evaluated: int
    seconds: float


class ListedSlot(NamedTuple):
    """A slot and whether it can be used: `ready`, `stale`, `elsewhere` (another cube's), `other model`, or `damaged`."""

    slot: Slot
    state: str
    why: str | None
