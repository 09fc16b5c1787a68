"""Activation memory's flows: making slots ahead, listing, checking and removing them, and telling which have gone stale.

A slot is stale when a memory in it is no longer what it was, or may no longer be told: it is never used again, and removed
when somebody comes upon it. Most never get that far: whoever changes a memory removes the slots that hold it at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from memos_cli.errors import AmbiguousId, IntegrityError, MemosError, ModelUnavailable, NotFound
from memos_cli.infra.slots import Store
from memos_cli.model import Filter, Memory, Part, Slot

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS
    from memos_cli.ports import LLM

FOLDER = "slots"
"""Below the cache folder."""
MOST_TOPICS = 100
"""Memories of one set of topics."""
Layer = Literal["core", "topics", "conversation"]


def store(mos: "MOS") -> Store:
    """The slots of a home."""
    return Store(mos.paths.cache / FOLDER, mos.settings.get("slots.bytes"))


def parts(mos: "MOS", memories: Iterable[Memory]) -> tuple[Part, ...]:
    """What a slot's record says of the memories in it."""
    cubes = {vault.name: vault.meta["id"] for vault in mos.vaults()}
    return tuple(Part(cubes[memory.cube], memory.id, memory.version) for memory in memories)


class Standing(NamedTuple):
    """Whether a slot can be used: `ready`, `stale`, or `elsewhere`, where a cube of it is not in use; and why not."""

    state: Literal["ready", "stale", "elsewhere"]
    why: str | None = None


def standing(mos: "MOS", slot: Slot) -> Standing:
    """A slot is ready while each memory in it is what it was, is current, and may be told to the slot's principal."""
    vaults = {vault.meta["id"]: vault for vault in mos.vaults()}
    for cube in dict.fromkeys(part.cube for part in slot.parts):
        if cube not in vaults:
            return Standing("elsewhere", "it holds memories of a cube that is not in use")
        held = {part.memory: part.version for part in slot.parts if part.cube == cube}
        now = vaults[cube].versions(list(held), mos.filter(vaults[cube], Filter(at=mos.now), slot.principal))
        for identity, version in held.items():
            if identity not in now:
                return Standing("stale", f"memory {identity[:8]} is no longer current")
            if version and now[identity] != version:
                return Standing("stale", f"memory {identity[:8]} was changed")
    return Standing("ready")


def changed(mos: "MOS", memories: Iterable[str]) -> None:
    """Remove the slots that hold memories which were just changed. Best effort: what it misses is found stale later."""
    kept = store(mos)
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


class Listed(NamedTuple):
    """A slot and whether it can be used: `ready`, `stale`, `elsewhere` (another cube's), `other model`, or `damaged`."""

    slot: Slot
    state: str
    why: str | None


class Slots:
    """The slots of a home."""

    def __init__(self, mos: "MOS") -> None:
        self._mos = mos
        self._store = store(mos)

    @property
    def bytes(self) -> tuple[int, int]:
        """How many bytes they take, and how many they may."""
        return sum(slot.bytes for slot in self._store.all()), self._store.quota

    # -- making them ahead

    def tagged(self, tags: Sequence[str], user_id: str | None = None) -> Wanted:
        """The set of the memories that carry all of these tags.

        Raises:
            NotFound: there are none.
        """
        from memos_cli.interface.recalling import TAG

        wanted = Filter(at=self._mos.now, tags=tuple(tags), without=(TAG,))
        found = self._mos.list(wanted, limit=MOST_TOPICS, user_id=user_id)
        if not found:
            raise NotFound(f"no memory is tagged {' and '.join(tags)}", hint="see the tags there are with: memos stats")
        return Wanted("topics", "+".join(sorted(tags)), tuple(memory.id for memory in found))

    def build(
        self,
        wanted: Sequence[Wanted] = (Wanted(),),
        *,
        llm: "LLM | None" = None,
        seconds: float | None = None,
        user_id: str | None = None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> tuple[Built, ...]:
        """Make slots, each unless it is there already.

        Args:
            wanted: which; by default the core's.
            llm: the model; `None` for the one that the settings choose, which is closed again.
            seconds: after which no further one is begun; `None` for no limit.
            user_id: whose slots they are.
            tell: called with how many are done.

        Raises:
            ModelUnavailable: no model is chosen, or it cannot be run.
            NotFound: no such conversation.
            IntegrityError: the index is damaged.
            Busy: another process held it for too long.
        """
        from memos_cli.interface import attaching
        from memos_cli.interface.building import Builder

        chosen = llm or attaching.chosen(self._mos, user_id).llm  # as chat has it: a state is of the adapter, too
        if chosen is None:
            raise ModelUnavailable("no model is chosen, and a slot is a model's state", hint="memos model use NAME|PATH")
        try:
            return tuple(Builder(self._mos, chosen, user_id or self._mos.principal).build(wanted, seconds, tell))
        finally:
            if llm is None:
                chosen.close()

    # -- looking

    def list(self) -> tuple[Listed, ...]:
        """Those that the principal may see, the last used first; their files are not read.

        Raises:
            IntegrityError: the index is damaged.
        """
        model = self.model()
        return tuple(self._listed(slot, model) for slot in self._seen())

    def verify(self, tell: Callable[[int], None] = lambda _: None) -> tuple[Listed, ...]:
        """As `list`, each file's digest and each record compared with what they were.

        Raises:
            IntegrityError: the index is damaged.
        """
        model, found = self.model(), []
        for number, slot in enumerate(self._seen(), 1):
            fault = self._store.fault(slot)
            if self._store.path(slot).exists():  # otherwise it was removed meanwhile
                found.append(Listed(slot, "damaged", fault) if fault else self._listed(slot, model))
            tell(number)
        return tuple(found)

    def _seen(self) -> "Sequence[Slot]":
        principal = self._mos.principal
        return [slot for slot in self._store.all() if principal in {slot.principal, self._mos.person}]

    def _listed(self, slot: Slot, model: Mapping[str, str]) -> Listed:
        found = standing(self._mos, slot)
        if found.state == "ready":
            for name, value in model.items():
                if slot.identity.get(name) != value:
                    return Listed(slot, "other model", f"it is of another {name} than the one chosen")
        return Listed(slot, found.state, found.why)

    def model(self) -> dict[str, str]:
        """What is known of the chosen model without loading it; nothing where none is chosen."""
        from memos_cli.interface import models

        settings, paths = self._mos.settings, self._mos.paths
        name = settings.get("llm.model")
        if name == models.NONE or settings.get("llm.endpoint"):
            return {}
        try:
            return {"model": models.check(models.locate(name, paths), paths)["sha256"], "kv": settings.get("llm.kv")}
        except MemosError:
            return {}

    # -- removing

    def remove(self, prefixes: Sequence[str], *, every: bool = False, dry_run: bool = False) -> "tuple[Slot, ...]":
        """Remove slots by the beginnings of their ids, or all of them; which those are.

        Raises:
            NotFound: none has such an id. AmbiguousId: several have.
        """
        try:
            seen = self._seen()
        except IntegrityError:
            if not every or self._mos.principal != self._mos.person:
                raise
            if not dry_run:
                self._store.clear()
            return ()
        doomed = seen if every else [_meant(seen, prefix) for prefix in dict.fromkeys(prefixes)]
        if not dry_run:
            self._store.remove((slot.id for slot in doomed), erase=True)
        return tuple(doomed)

    def sweep(self) -> int:
        """Remove the stale ones, those of cubes that are gone, and what killed processes left; how many slots.

        Raises:
            IntegrityError: the index is damaged.
        """
        return self._store.remove(slot.id for slot in self._store.all() if standing(self._mos, slot).state == "stale")

    def forget_cube(self, identity: str) -> int:
        """Remove those that hold memories of a cube that is being removed; how many."""
        doomed = [slot.id for slot in self._store.all() if any(part.cube == identity for part in slot.parts)]
        return self._store.remove(doomed, erase=True)


def _meant(slots: Sequence[Slot], prefix: str) -> Slot:
    found = [slot for slot in slots if prefix and slot.id.startswith(prefix.lower())]
    if not found:
        raise NotFound(f"no slot {prefix[:40]!r}", hint="see what there is with: memos slot list")
    if len(found) > 1:
        raise AmbiguousId(f"{prefix} is the beginning of several ids: {' '.join(slot.id for slot in found[:10])}")
    return found[0]
