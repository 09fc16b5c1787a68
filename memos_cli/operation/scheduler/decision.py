"""MemScheduler's decisions: which form each memory takes in a prompt, and which slots are worth having. Pure, with reasons.

A memory can be text in the prompt, lie in a slot (a model's state after the beginning of a prompt), or be known to an adapter.
Three things are scarce: tokens of the context, bytes of KV on disk, and adapters in use at a time.

For a request, adapters are chosen first, those that know most needed memories, since what they know takes no room. A prompt
begins with one slot: the core's, or a scene's, which holds the core, too. Each slot that is ready is tried, and so is none:

    gain = prefill * tokens that need not be evaluated - restore * bytes of the slot - overhead            in seconds

The best gain wins, but never at the price of a memory: a slot brings its whole scene into the context, and is not used where it
would leave out more needed memories than no slot would. Nor is it used where it holds less than half of the needed memories, or
where more than half of its memories are not needed, which distracts. Measured on 1,000 questions to memos-mini about scenes of
3 to 20 memories: where half of the scene or more was needed, 319 of 446 answers were right with the scene in place of the found
memories, and 312 with the found memories alone; otherwise 399 of 554 against 414, and the model was sure of 276 of these
against 355. The other memories go as text, the best first, while there is room.

Ahead of requests, a scene's slot is worth what it saves in a day,

    worth = recalls a day * gain - min(changes a day, 24) * prefill * tokens of the slot

since a change of any memory in it makes the slot stale, and a tick, at most once an hour, builds it anew. A scene has no slot
where no request can need half of its memories, or where nobody would notice the time saved. Scenes are taken by worth per byte
while the quota lasts (Dantzig's rule for the knapsack, Operations Research 5, 1957: at most the worth of one scene is lost). A
slot that is there already counts a quarter more, so that two of similar worth do not take turns.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from memos_cli.model import Form

_TICKS = 24
"""How many times a day a slot can be built anew."""
_COLD = 1 / 14
"""Recalls a day below which a scene has no slot, whatever it would save: once in two weeks."""
_NOTICED = 0.05
"""Seconds: a slot that lets an answer begin sooner by less than that is not worth making ahead."""
_STAYING = 1.25
"""How much more an existing slot is worth: building it again would cost, and slots of similar worth should not take turns."""


class Budgets(NamedTuple):
    """The budgets: tokens of the context for memories, bytes of KV for slots, adapters in use at a time."""

    tokens: int
    kv_bytes: int
    adapters: int = 0


class Costs(NamedTuple):
    """What the forms cost.

    Attributes:
        prefill: seconds to evaluate a token.
        kv: bytes of KV that a token takes.
        restore: seconds to read, check and restore a byte of a slot.
        overhead: seconds for a slot of any size.

    The defaults are those of a model of the shape of Qwen2.5-0.5B in f16 (24 layers, 2 heads of 64 for keys and for values)
    on two cores. `MemScheduler.measured` replaces them by those that the last answers of the present model on this machine
    showed (`infra.local.speeds`); the overhead is then part of `restore`.
    """

    prefill: float = 0.005
    kv: int = 24 * 2 * 2 * 64 * 2
    restore: float = 2e-9
    overhead: float = 0.005


class Why(StrEnum):
    """Why a memory takes its form, or none."""

    TRAINED = "trained"
    CORE = "core"
    READY = "ready"
    NO_SLOT = "no slot"
    SMALL = "small"
    FEW = "few"
    WIDE = "wide"
    CROWDED = "crowded"
    OTHER = "other"
    SECRET = "secret"  # noqa: S105 -- of a memory
    ALONE = "alone"
    OVER = "over"
    FULL = "full"


_WORDS = {
    Why.TRAINED: "the adapter {adapter} knows it, so it takes no room",
    Why.CORE: "pinned, or a rule",
    Why.READY: "the slot of {scene} is ready",
    Why.NO_SLOT: "no slot of {scene} is ready",
    Why.SMALL: "evaluating it takes no longer than loading a slot",
    Why.FEW: "the slot of {scene} has less than half of what is needed",
    Why.WIDE: "more than half of the slot of {scene} is not needed",
    Why.CROWDED: "the slot of {scene} would take the room of others",
    Why.OTHER: "a prompt begins with one slot, and another saves more",
    Why.SECRET: "its label keeps it out of every slot",
    Why.ALONE: "it belongs to no set",
    Why.OVER: "the slot of {scene} is larger than the budget of KV",
    Why.FULL: "no room is left in the context",
}


class Candidate(NamedTuple):
    """A memory that a request needs.

    Attributes:
        tokens: how many tokens its text takes.
        scene: the scene that it belongs to.
        core: whether it stands in every prompt.
        secret: whether no slot may hold it.
        adapter: the active adapter that knows the memory as it is now.
    """

    id: str
    tokens: int
    scene: str | None = None
    core: bool = False
    secret: bool = False
    adapter: str | None = None


class Slotted(NamedTuple):
    """A slot that is ready: the tokens that it brings into the context, including the core's, its bytes, and its memories."""

    tokens: int
    bytes: int
    ids: frozenset[str]


class Decision(NamedTuple):
    """The form that one memory takes; `None` where it is left out."""

    id: str
    form: Form | None
    why: Why
    tokens: int
    scene: str | None = None
    adapter: str | None = None

    @property
    def reason(self) -> str:
        """The reason in words."""
        return _WORDS[self.why].format(scene=self.scene, adapter=self.adapter)


class Plan(NamedTuple):
    """The plan for a request.

    Attributes:
        slot: the scene with whose slot the prompt begins; `None` for no slot.
        tokens: tokens of the context that memories take, including those of the slot.
        kv_bytes: bytes of the slot.
        saved: seconds saved against a prompt with all memories as text.
    """

    decisions: tuple[Decision, ...]
    slot: str | None
    tokens: int
    kv_bytes: int
    adapters: tuple[str, ...]
    saved: float


def decide(candidates: Sequence[Candidate], slots: Mapping[str, Slotted], budgets: Budgets, costs: Costs | None = None) -> Plan:
    """Choose the form of each memory that a request needs.

    Args:
        candidates: the needed memories, those of the core before the others, each best first.
        slots: the slots that are ready, by the name of their scene.
        budgets: never exceeded.
    """
    costs = costs or Costs()
    adapters = _adapters(candidates, budgets.adapters)
    trained = [one for one in candidates if one.adapter in adapters]
    rest = [one for one in candidates if one.adapter not in adapters]
    bare = _laid(rest, None, None, budgets, costs)
    best = bare
    blocked: dict[str, Why] = {}
    for name in sorted(slots):
        if slots[name].bytes > budgets.kv_bytes:
            blocked[name] = Why.OVER
            continue
        tried = _laid(rest, name, slots[name], budgets, costs)
        if unfit := _unfit(rest, slots[name]):
            blocked[name] = unfit
        elif tried.tokens > budgets.tokens or _left(tried) > _left(bare):
            blocked[name] = Why.CROWDED
        elif tried.saved > best.saved:
            best = tried
        else:
            blocked[name] = Why.SMALL if tried.saved <= 0 else Why.OTHER
    chosen = {one.id: _explained(one, best, blocked, slots) for one in best.decisions}
    chosen |= {one.id: Decision(one.id, Form.PARAMETRIC, Why.TRAINED, 0, one.scene, one.adapter) for one in trained}
    return best._replace(decisions=tuple(chosen[one.id] for one in candidates), adapters=adapters)


def _unfit(rest: Sequence[Candidate], slot: Slotted) -> Why | None:
    """Why a slot does not suit this request, whatever it saves; a slot of the core alone suits every request."""
    core = {one.id for one in rest if one.core}
    brought, needed = len(slot.ids - core), [one.id in slot.ids for one in rest if not one.core]
    if not brought:
        return None
    if 2 * sum(needed) < len(needed) or not sum(needed):
        return Why.FEW
    return Why.WIDE if 2 * sum(needed) < brought else None


def _adapters(candidates: Iterable[Candidate], most: int) -> tuple[str, ...]:
    known = Counter(one.adapter for one in candidates if one.adapter)
    return tuple(sorted(known, key=lambda name: (-known[name], name))[:most])


def _laid(rest: Sequence[Candidate], name: str | None, slot: Slotted | None, budgets: Budgets, costs: Costs) -> Plan:
    """The plan that begins with this slot, whether it is a good one or not."""
    tokens = slot.tokens if slot else 0
    decisions: list[Decision] = []
    spared = 0
    for one in rest:
        if slot and one.id in slot.ids and not one.secret:
            spared += one.tokens
            decisions.append(Decision(one.id, Form.ACTIVATION, Why.CORE if one.core else Why.READY, 0, name))
        elif tokens + one.tokens <= budgets.tokens:
            tokens += one.tokens
            decisions.append(Decision(one.id, Form.PLAINTEXT, _plain(one), one.tokens, one.scene))
        else:
            decisions.append(Decision(one.id, None, Why.FULL, 0, one.scene))
    size = slot.bytes if slot else 0
    saved = costs.prefill * spared - costs.restore * size - costs.overhead if slot else 0.0
    return Plan(tuple(decisions), name, tokens, size, (), saved)


def _plain(one: Candidate) -> Why:
    if one.secret:
        return Why.SECRET
    return Why.NO_SLOT if one.scene else Why.ALONE


def _left(plan: Plan) -> int:
    return sum(one.form is None for one in plan.decisions)


def _explained(one: Decision, plan: Plan, blocked: Mapping[str, Why], slots: Mapping[str, Slotted]) -> Decision:
    """The decision with the reason why the slot of the memory's scene is not used, where there is such a slot."""
    if one.form is not Form.PLAINTEXT or one.why is not Why.NO_SLOT:
        return one
    if one.scene is not None and one.scene in blocked:
        return one._replace(why=blocked[one.scene])
    # The memory was added after the slot was made, which makes the slot no worse for the others.
    return one._replace(why=Why.OTHER) if one.scene in slots and plan.slot not in {None, one.scene} else one


# -- ahead of requests


class Do(StrEnum):
    """What a tick does about the slot of a scene."""

    BUILD = "build"
    KEEP = "keep"
    DROP = "drop"
    LEAVE = "leave"


class Hot(NamedTuple):
    """A scene as a tick weighs it.

    Attributes:
        tokens: tokens of its slot, including the core's.
        recalls: expected recalls of the scene a day.
        changes: how many times a day one of its memories changes.
        bytes: bytes of the slot that is ready; `None` where there is none.
        memories: how many memories the scene has.
    """

    name: str
    tokens: int
    recalls: float
    changes: float = 0.0
    bytes: int | None = None
    memories: int = 1


class SlotStep(NamedTuple):
    """What a tick is to do about the slot of a scene, and why; `saved` is in seconds a day."""

    name: str
    do: Do
    reason: str
    bytes: int
    saved: float


def ahead(
    sets: Iterable[Hot], budgets: Budgets, most: int, costs: Costs | None = None, needed: int | None = None
) -> tuple[SlotStep, ...]:
    """What to do about the slots of these scenes, the worthiest first; those to be kept or built fit the budget together.

    Args:
        most: how many scenes may have a slot.
        needed: how many memories a request needs at most; `None` for any number.
    """
    costs = costs or Costs()
    weighed = [(_worth(one, costs), _size(one, costs), one) for one in sets]
    weighed.sort(key=lambda item: (-item[0] * (_STAYING if item[2].bytes is not None else 1) / max(1, item[1]), item[2].name))
    taken = count = 0
    steps: list[SlotStep] = []
    for worth, size, one in weighed:
        ready = one.bytes is not None
        reason = _unused(one, costs, needed) or _against(worth, size, one, budgets, count >= most, taken)
        if reason is None:
            taken, count = taken + size, count + 1
            said = f"{one.recalls:.1f} recalls a day, each saved from evaluating {one.tokens:,} tokens"
            steps.append(SlotStep(one.name, Do.KEEP if ready else Do.BUILD, said, size, worth))
        else:
            steps.append(SlotStep(one.name, Do.DROP if ready else Do.LEAVE, reason, size, worth))
    return tuple(steps)


def _size(one: Hot, costs: Costs) -> int:
    return one.tokens * costs.kv if one.bytes is None else one.bytes


def _gain(one: Hot, costs: Costs) -> float:
    return costs.prefill * one.tokens - costs.restore * _size(one, costs) - costs.overhead


def _worth(one: Hot, costs: Costs) -> float:
    return one.recalls * _gain(one, costs) - min(one.changes, _TICKS) * costs.prefill * one.tokens


def _unused(one: Hot, costs: Costs, needed: int | None) -> str | None:
    """Why a slot would never be used, or to no noticeable effect; `None` where it would be of use."""
    if needed is not None and one.memories > 2 * needed:
        return f"a request needs {needed} memories at most, less than half of its {one.memories}"
    return None if _gain(one, costs) >= _NOTICED else "an answer would hardly begin sooner"


def _against(worth: float, size: int, one: Hot, budgets: Budgets, enough: bool, taken: int) -> str | None:  # noqa: FBT001
    """Why a scene is to have no slot; `None` where it is to have one."""
    if one.tokens > budgets.tokens:
        return f"its {one.tokens:,} tokens are more than memories may take of the context"
    if worth <= 0 or one.recalls < _COLD:
        changing = one.changes >= one.recalls > 0
        return "it changes as often as it is recalled" if changing else "it is hardly recalled"
    if size > budgets.kv_bytes:
        return "its slot would be larger than the budget of KV"
    if taken + size > budgets.kv_bytes:
        return "the budget of KV is spent on sets that save more"
    return "enough other sets save more" if enough else None
