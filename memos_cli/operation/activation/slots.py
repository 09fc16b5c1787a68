"""Slots: where they are stored, whether one can still be used, and what a request for a slot asks and returns.

A slot is stale when a memory in it has changed, or may no longer be shown to its principal. A stale slot is never used again,
and the next flow that reads it removes it. Few slots become stale: a change of a memory removes the slots that hold it at once.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from memos_cli.errors import MemosError
from memos_cli.infra import counts
from memos_cli.infra.governance import labels
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.local.states import Store
from memos_cli.model import Filter, Memory, Part, Slot

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session


FOLDER = "slots"
"""The slots' folder, below the cache folder."""
Layer = Literal["core", "topics", "conversation"]


def store(session: "Session") -> Store:
    """The slots of a home."""
    return Store(session.paths.cache / FOLDER, session.settings.get("slots.bytes"))


def parts(session: "Session", memories: Iterable[Memory]) -> tuple[Part, ...]:
    """The parts of a slot's record: the memories in it with their cubes and versions."""
    cubes = {vault.name: vault.meta["id"] for vault in session.vaults()}
    return tuple(Part(cubes[memory.cube], memory.id, memory.version) for memory in memories)


class SlotStanding(NamedTuple):
    """Whether a slot can be used: `ready`, `stale`, or `elsewhere` (it holds memories of a cube not in use); and why not."""

    state: Literal["ready", "stale", "elsewhere"]
    why: str | None = None


def standing(session: "Session", slot: Slot) -> SlotStanding:
    """Whether a slot is ready: each memory in it is unchanged and current, may be in a slot, and its principal may see it."""
    vaults = {vault.meta["id"]: vault for vault in session.vaults(slot.principal)}
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
        for identity, names in barred(vaults[cube], held).items():
            return SlotStanding("stale", f"memory {identity[:8]} is labelled {names[0]}, which goes into no slot")
    return SlotStanding("ready")


def barred(vault: "Vault", ids: Iterable[str]) -> dict[str, list[str]]:
    """Those of these memories that no slot may hold by the cube's policy, each with the labels that keep it out."""
    found = counts.labels_of(vault, ids)
    rules = vault.policy if found else {}
    staying = {identity: labels.staying(names, Whither.SLOT, rules) for identity, names in found.items()}
    return {identity: names for identity, names in staying.items() if names}


def changed(session: "Session", memories: Iterable[str]) -> None:
    """Remove the slots that hold memories which were just changed. Best effort: a slot that it misses is found stale later."""
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
        layer: the last layer of the prompt that the slot covers.
        name: the conversation, or the name of a scene.
        memories: the ids of the scene's memories, for `topics`.
    """

    layer: Layer = "core"
    name: str = ""
    memories: tuple[str, ...] = ()


class Built(NamedTuple):
    """What became of a slot that was wanted.

    Attributes:
        slot: the slot; `None` where there is none, and `why` says why.
        made: whether the slot was made now; otherwise it was there already.
        evaluated: how many tokens the model evaluated for the slot.
        notices: how many of the memories that were meant to be in it their labels keep out, a line.
    """

    wanted: Wanted
    slot: Slot | None
    made: bool
    why: str | None
    evaluated: int
    seconds: float
    notices: tuple[str, ...] = ()


class ListedSlot(NamedTuple):
    """A slot and its state: `ready`, `stale`, `elsewhere` (of a cube that is not in use), `other model`, or `damaged`."""

    slot: Slot
    state: str
    why: str | None
