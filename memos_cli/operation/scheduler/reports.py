"""What the scheduler answers with: sets as they stand, what becomes of a request, what a tick made ready."""

from collections.abc import Mapping
from typing import NamedTuple

from memos_cli.model import Memory
from memos_cli.operation.scheduler.decision import Plan, SlotStep
from memos_cli.operation.scheduler.predictor import Predictor, SceneRecall
from memos_cli.operation.scheduler.scenes import Scene
from memos_cli.operation.scheduler.slot_supply import Kept


class Likely(NamedTuple):
    """A set that may be needed next, and how likely that is."""

    scene: Scene
    probability: float


class SceneStanding(NamedTuple):
    """A set as it stands.

    Attributes:
        recalls: in the last two weeks.
        last: when it was recalled last, in milliseconds since 1970.
        slot: the slot that is ready.
        step: what the next tick would do about it, and why.
    """

    scene: Scene
    recalls: int
    last: int | None
    probability: float
    slot: Kept | None
    step: SlotStep | None


class Explained(NamedTuple):
    """What becomes of a request: the plan, and the memories that it is about."""

    request: str | None
    plan: Plan
    memories: Mapping[str, Memory]
    at: str


class Prepared(NamedTuple):
    """What a tick did about slots: sets whose slot was built or dropped, and a line for what could not be done."""

    built: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Picture(NamedTuple):
    """All that is looked at for a decision, as it is at one instant."""

    memories: Mapping[str, Memory]
    scenes: tuple[Scene, ...]
    places: Mapping[str, str]
    recalls: tuple[SceneRecall, ...]
    predictor: Predictor

    @property
    def named(self) -> dict[str, Scene]:
        """The sets by name."""
        return {scene.name: scene for scene in self.scenes}
