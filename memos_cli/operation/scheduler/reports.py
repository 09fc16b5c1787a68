"""What the scheduler returns: scenes and their slots, the plan for a request, what a tick made ready."""

from collections.abc import Mapping
from typing import NamedTuple

from memos_cli.model import Memory
from memos_cli.operation.scheduler.decision import Plan, SlotStep
from memos_cli.operation.scheduler.scenes import Scene
from memos_cli.operation.scheduler.slot_supply import Kept


class Likely(NamedTuple):
    """A scene that may be needed next, and its probability."""

    scene: Scene
    probability: float


class SceneStanding(NamedTuple):
    """A scene, its recalls and its slot.

    Attributes:
        recalls: its recalls in the last two weeks.
        last: when it was recalled last, in milliseconds since 1970.
        slot: its slot, if one is ready.
        step: what the next tick would do about its slot, and why.
    """

    scene: Scene
    recalls: int
    last: int | None
    probability: float
    slot: Kept | None
    step: SlotStep | None


class Explained(NamedTuple):
    """The plan for a request, and the memories in it."""

    request: str | None
    plan: Plan
    memories: Mapping[str, Memory]
    at: str


class Prepared(NamedTuple):
    """What a tick did about slots: scenes whose slot was built or dropped, and a line for each slot that failed."""

    built: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
