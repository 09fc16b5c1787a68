"""MemScheduler: which memory goes in which form into a prompt, and which slots are worth having. Pure decisions, with reasons.

A memory can be text in the prompt, lie in a slot (the state of the model after a beginning of the prompt), or be known to an
adapter. Three things are scarce: tokens of the context, bytes of KV on the disk, and adapters at a time.

For a request, adapters come first, since what they know takes no room: those that know most of what is needed. A prompt begins
with one slot: that of the core, or that of a set, which has the core before it. Each that is ready is tried, and none at all:

    gain = prefill * tokens that need not be evaluated - restore * bytes of the slot - overhead            in seconds

The best gain wins, but never at the price of a memory: a slot brings its whole set into the context, and where more of what
is needed would be left out than without it, it is not taken. Nor is it where it has less than half of what is needed, or where
more than half of it is not needed, which distracts: of 1,000 questions to memos-mini, about sets of 3 to 20 memories, those for
which half of the set or more was needed had 319 of 446 right answers with the set in place of the memories that were found, and
312 with those alone; the others 399 of 554 against 414, and it was sure of 276 of these against 355. What is left goes as text,
what fits best first, while there is room.

Ahead of requests, a set's slot is worth what it saves in a day,

    worth = recalls a day * gain - min(changes a day, 24) * prefill * tokens of the slot

since a change of any memory in it makes it stale, and a tick, at most once an hour, builds it anew. A set has none where no
request can need half of it, or where nobody would notice what it saves. Sets are taken by worth
for each byte while the quota lasts (Dantzig's rule for the knapsack, Operations Research 5, 1957: at most the worth of one
set is lost). One that is there already counts a quarter more, so that two that are alike do not take turns.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from memos_cli.model import Form

_TICKS = 24
"""How often a day a slot can be built anew."""
_COLD = 1 / 14
"""Recalls a day below which a set has no slot, whatever it would save: once in two weeks."""
_NOTICED = 0.05
"""Seconds: where an answer begins sooner by less than that, a slot is not worth being made ahead."""
_STAYING = 1.25
"""How much more a slot is worth that is there: building it again would cost, and what is alike should not take turns."""


class Budgets(NamedTuple):
    """What there is: tokens of the context for memories, bytes of KV for slots, adapters at a time."""

    tokens: int
    kv_bytes: int
    adapters: int = 0


class Costs(NamedTuple):
    """What the forms cost.

    Attributes:
        prefill: seconds to evaluate a token.
        kv: bytes of KV that a token takes.
        restore: seconds to read, check and put back a byte of a slot.
        overhead: seconds for a slot of any size.

    The defaults are those of a model of the shape of Qwen2.5-0.5B in f16 (24 layers, 2 heads of 64 for keys and for values)
    on two cores. `interface.scheduling` puts in what the last answers showed of the model and the machine at hand
    (`infra.speeds`); the overhead is then part of `restore`.
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
    Why.SECRET: "a secret is never kept in a slot",
    Why.ALONE: "it belongs to no set",
    Why.OVER: "the slot of {scene} is larger than the budget of KV",
    Why.FULL: "no room is left in the context",
}


class Candidate(NamedTuple):
    """A memory that a request needs.

    Attributes:
        tokens: what it takes as text.
        scene: the set that it belongs to.
        core: whether it stands in every prompt.
        secret: whether it may be in no slot.
        adapter: the active adapter that knows it as it is now.
    """

    id: str
    tokens: int
    scene: str | None = None
    core: bool = False
    secret: bool = False
    adapter: str | None = None


class Slotted(NamedTuple):
    """A slot that is ready: tokens that it brings into the context, the core among them, and its bytes."""

    tokens: int
    bytes: int
    ids: frozenset[str]


class Decision(NamedTuple):
    """What becomes of one memory; the form is `None` where it is left out."""

    id: str
    form: Form | None
    why: Why
    tokens: int
    scene: str | None = None
    adapter: str | None = None

    @property
    def reason(self) -> str:
        """Why, in words."""
        return _WORDS[self.why].format(scene=self.scene, adapter=self.adapter)


class Plan(NamedTuple):
    """What becomes of a request.

    Attributes:
        slot: the set with whose slot the prompt begins; `None` for none.
        tokens: of the context that memories take, those that a slot brings along among them.
        kv_bytes: of the slot.
        saved: seconds, against all as text.
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
        candidates: best first; those of the core before the others.
        slots: the slots that are ready, by the name of their set.
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
    """Why a slot is not for this request, whatever it saves; one that has nothing besides the core is for every one."""
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
    """The plan that begins with this slot, whatever comes of it."""
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
    """What goes as text though there is a slot of its set says why that is not taken."""
    if one.form is not Form.PLAINTEXT or one.why is not Why.NO_SLOT:
        return one
    if one.scene is not None and one.scene in blocked:
        return one._replace(why=blocked[one.scene])
    # Told since the slot was made, which makes it no worse for the others.
    return one._replace(why=Why.OTHER) if one.scene in slots and plan.slot not in {None, one.scene} else one


# -- ahead of requests


class Do(StrEnum):
    """What a tick does about the slot of a set."""

    BUILD = "build"
    KEEP = "keep"
    DROP = "drop"
    LEAVE = "leave"


class Hot(NamedTuple):
    """A set as a tick weighs it.

    Attributes:
        tokens: of its slot, the core among them.
        recalls: how many there will be a day, as far as that can be foreseen.
        changes: how many times a day one of its memories changes.
        bytes: of the slot that is ready; `None` where there is none.
        memories: how many it has.
    """

    name: str
    tokens: int
    recalls: float
    changes: float = 0.0
    bytes: int | None = None
    memories: int = 1


class SlotStep(NamedTuple):
    """What is to be done about the slot of a set, and why; `saved` is in seconds a day."""

    name: str
    do: Do
    reason: str
    bytes: int
    saved: float


def ahead(
    sets: Iterable[Hot], budgets: Budgets, most: int, costs: Costs | None = None, needed: int | None = None
) -> tuple[SlotStep, ...]:
    """What to do about the slots of these sets, the worthiest first; those to be kept or built fit the budget together.

    Args:
        most: how many sets have a slot at most.
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
    """Why a slot would never be used, or to no effect; `None` where neither is so."""
    if needed is not None and one.memories > 2 * needed:
        return f"a request needs {needed} memories at most, less than half of its {one.memories}"
    return None if _gain(one, costs) >= _NOTICED else "an answer would hardly begin sooner"


def _against(worth: float, size: int, one: Hot, budgets: Budgets, enough: bool, taken: int) -> str | None:  # noqa: FBT001
    """Why a set has no slot; `None` where it has one."""
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
