"""The supply of slots: the port through which the scheduler lists, makes and removes slots, and its form for a home."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from memos_cli.errors import MemosError
from memos_cli.operation.scheduler.scenes import CORE, Scene

if TYPE_CHECKING:
    from memos_cli.model import Slot
    from memos_cli.operation.activation.activation import ActivationMemory
    from memos_cli.session import Session

COVERED = {CORE, "topics"}
"""The `covers` of the slots that the scheduler chooses among; a conversation's slot begins with one of these."""


class Kept(NamedTuple):
    """A slot as the scheduler sees it: its id, its scene, its size, and its memories in the order of the prompt.

    Attributes:
        last: when the slot was used last, or made.
    """

    id: str
    scene: str
    tokens: int
    bytes: int
    ids: tuple[str, ...]
    last: str = ""


class SlotSupply(Protocol):
    """What the scheduler needs of the slots."""

    @property
    def quota(self) -> int:
        """How many bytes the chosen model's slots may take together; 0 where that model has no slots."""
        ...

    @property
    def limit(self) -> int:
        """How many bytes the slots of any model may take together."""
        ...

    def kept(self) -> Sequence[Kept]:
        """The slots that can be used now, of the core and of scenes."""
        ...

    def build(self, wanted: Sequence[Scene], seconds: float | None) -> Sequence[tuple[str, str | None]]:
        """Make the slots of these scenes; returns for each name why there is no slot, or `None` where there is one.

        Raises:
            MemosError: the model or the store of slots cannot be used.
        """
        ...

    def remove(self, slots: Sequence[str]) -> None:
        """Remove slots by their ids; one that is gone already is no error."""
        ...


class HomeSlots:
    """The slots of a home, for the model that its settings choose.

    Args:
        session: who acts, in which home.
        activation: the slots.
    """

    def __init__(self, session: "Session", activation: "ActivationMemory") -> None:
        self._session = session
        self._activation = activation

    @property
    def limit(self) -> int:
        """The setting `slots.bytes`."""
        return int(self._session.settings.get("slots.bytes"))

    @property
    def quota(self) -> int:
        """The setting `slots.bytes`; 0 where no model is chosen, or a remote one, whose states are out of reach."""
        settings = self._session.settings
        here = settings.get("llm.model") != "none" and not settings.get("llm.endpoint")
        return self.limit if here else 0

    def kept(self) -> Sequence[Kept]:
        """The slots that are ready; none where the index cannot be read: the next write to it reports that."""
        if not self.quota:
            return ()
        try:
            found = [one.slot for one in self._activation.list() if one.state == "ready"]
        except MemosError:
            return ()
        return [kept_as(slot) for slot in found if slot.principal == self._session.principal and slot.covers in COVERED]

    def build(self, wanted: Sequence[Scene], seconds: float | None) -> Sequence[tuple[str, str | None]]:
        """Make the slots, with the model loaded once."""
        from memos_cli.operation.activation.slots import Wanted

        asked = [Wanted() if scene.name == CORE else Wanted("topics", scene.name, scene.ids) for scene in wanted]
        built = self._activation.build(asked, seconds=seconds)
        return [
            (scene.name, one.why or "there is none" if one.slot is None else None)
            for scene, one in zip(wanted, built, strict=True)
        ]

    def remove(self, slots: Sequence[str]) -> None:
        """Remove the slots that are still there."""
        from memos_cli.operation.activation.slots import store

        store(self._session).remove(slots)


def kept_as(slot: "Slot") -> Kept:
    """A slot as the scheduler sees it."""
    ids = tuple(part.memory for part in slot.parts)
    return Kept(slot.id, CORE if slot.covers == CORE else slot.name, len(slot.ids), slot.bytes, ids, slot.last_used_at)
