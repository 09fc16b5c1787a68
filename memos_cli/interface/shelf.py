"""Where the scheduler finds slots, has them made and lets them go: what it needs of them, and those of a home."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from memos_cli.errors import MemosError
from memos_cli.operation.scenes import CORE, Scene

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS
    from memos_cli.model import Slot

COVERED = {CORE, "topics"}
"""What slots are of that the scheduler chooses among; those of conversations begin with one of these."""


class Kept(NamedTuple):
    """A slot as the scheduler sees it: its id, the set it is of, what it takes, and its memories in the order of the prompt.

    Attributes:
        last: when it was used last, or made.
    """

    id: str
    scene: str
    tokens: int
    bytes: int
    ids: tuple[str, ...]
    last: str = ""


class Shelf(Protocol):
    """Where slots are kept; what the scheduler needs of them."""

    @property
    def quota(self) -> int:
        """How many bytes they may take together; 0 where none are kept."""
        ...

    def kept(self) -> Sequence[Kept]:
        """The slots that can be used now, of the core and of sets."""
        ...

    def build(self, wanted: Sequence[Scene], seconds: float | None) -> Sequence[tuple[str, str | None]]:
        """Make the slots of these sets; for each by name why there is none, or `None` where there is one.

        Raises:
            MemosError: the model or the store of slots cannot be used.
        """
        ...

    def remove(self, slots: Sequence[str]) -> None:
        """Remove slots by their ids; one that is gone already is no error."""
        ...


class Own:
    """The slots of a home, for the model that its settings choose.

    Args:
        mos: the memory.
    """

    def __init__(self, mos: "MOS") -> None:
        self._mos = mos

    @property
    def quota(self) -> int:
        """That of the settings; 0 where no model is chosen, or one elsewhere, of which no state can be had."""
        settings = self._mos.settings
        here = settings.get("llm.model") != "none" and not settings.get("llm.endpoint")
        return int(settings.get("slots.bytes")) if here else 0

    def kept(self) -> Sequence[Kept]:
        """Those that are ready; none where their index cannot be read, which whoever writes to it finds out."""
        if not self.quota:
            return ()
        try:
            found = [one.slot for one in self._mos.slots.list() if one.state == "ready"]
        except MemosError:
            return ()
        return [kept_as(slot) for slot in found if slot.principal == self._mos.principal and slot.covers in COVERED]

    def build(self, wanted: Sequence[Scene], seconds: float | None) -> Sequence[tuple[str, str | None]]:
        """Have them made, with the model loaded once."""
        from memos_cli.interface.slots import Wanted

        asked = [Wanted() if scene.name == CORE else Wanted("topics", scene.name, scene.ids) for scene in wanted]
        built = self._mos.slots.build(asked, seconds=seconds)
        return [
            (scene.name, one.why or "there is none" if one.slot is None else None)
            for scene, one in zip(wanted, built, strict=True)
        ]

    def remove(self, slots: Sequence[str]) -> None:
        """Remove them, as far as they are still there."""
        from memos_cli.interface.slots import store

        store(self._mos).remove(slots)


def kept_as(slot: "Slot") -> Kept:
    """A slot as the scheduler sees it."""
    ids = tuple(part.memory for part in slot.parts)
    return Kept(slot.id, CORE if slot.covers == CORE else slot.name, len(slot.ids), slot.bytes, ids, slot.last_used_at)
