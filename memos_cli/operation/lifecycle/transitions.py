"""MemLifecycle's state machine: which transitions lie ahead of a memory, when, and why. Pure: no clock, no file, no cube.

`ways` lists all transitions that lie ahead of a memory if nobody uses it any more, each with its instant. The transition due at
an instant, and the instant to look at the memory again, both follow from that one list, so they cannot disagree.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from memos_cli.model import Memory, State
from memos_cli.operation.policy import Policy
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis, to_millis

DAY = 86_400_000
"""Milliseconds."""
_YOUNGEST = 1 / 24
"""Days: a trace younger than an hour counts as an hour old, so that its strength stays finite."""
NEVER = 250_000_000_000_000
"""Milliseconds since 1970, in the year 9892: a memory that would fade later than this does not fade."""
_BISECTIONS = 60
_STEP = {State.EXPIRED: "steps.expire", State.PURGED: "steps.purge"}
"""The policy's switch for each transition, by the new state; `steps.archive` for all other states."""


class Uses(NamedTuple):
    """The uses of a memory: how many in all, and when the last few were (milliseconds since 1970, oldest first)."""

    times: int = 0
    recent: tuple[int, ...] = ()


class Transition(NamedTuple):
    """A transition that lies ahead: when (milliseconds since 1970), to which state, why, and whether only for idleness."""

    at: int
    to: State
    reason: str
    idle: bool = False


UNUSED = Uses()

TABLE: tuple[tuple[str, str, str, str], ...] = (
    (
        "generated, activated, merged",
        "archived",
        "faded",
        (
            "its strength fell below that of a memory told once, idle_days ago;\n"
            "      not before its day is over, and not where it recurs"
        ),
    ),
    ("generated, activated, merged", "archived", "superseded", "superseded_days ago it ceased to be valid"),
    ("archived", "activated", "recalled", "it was shown or put into a prompt since it was archived"),
    ("archived", "expired", "archive term", "archived_days passed and nobody asked for it"),
    ("generated, activated, merged, archived", "expired", "ttl", "its TTL passed"),
    ("expired", "purged", "grace passed", "grace_days passed and nobody restored it"),
)
"""Every transition of one memory that a tick makes, but for fusions: from, to, reason, when. The manual shows this table."""


def strength(created: int, uses: Uses, now: int, decay: float) -> float:
    """Base-level activation of ACT-R: the log odds that a memory is needed now, from how recently and how often it was used.

    B = ln Σ t_j^(-d), where t_j is the time since the j-th use, the creation being one of them (Anderson & Schooler,
    Reflections of the environment in memory, 1991). With more uses than kept times, the sum over the older ones is replaced by
    its integral, after Petrov (Computationally efficient approximation of the base-level learning equation in ACT-R, 2006):
    B ≈ ln[ Σ_(j≤k) t_j^(-d) + (n - k) (t_n^(1-d) - t_k^(1-d)) / ((1 - d) (t_n - t_k)) ].

    Args:
        created: when the memory was created, in milliseconds since 1970.
        uses: its uses since.
        now: the instant of the strength, in milliseconds.
        decay: the exponent d, between 0 and 1; 0.5 is what ACT-R uses throughout.

    Returns:
        Natural logarithm; ages are in days, so a memory created a day ago and never used has strength 0.
    """
    ages = [max(_YOUNGEST, (now - moment) / DAY) for moment in uses.recent if moment <= now]
    life = max(_YOUNGEST, (now - created) / DAY)
    older = uses.times + 1 - len(uses.recent)
    total = math.fsum(age**-decay for age in ages)
    oldest = max(ages, default=0.0)
    if older <= 1 or life - oldest < _YOUNGEST:
        total += older * life**-decay
    else:
        total += older * (life ** (1 - decay) - oldest ** (1 - decay)) / ((1 - decay) * (life - oldest))
    return math.log(total)


def threshold(idle_days: float, decay: float) -> float:
    """The strength of a memory created `idle_days` ago and never used: a weaker memory has faded."""
    return -decay * math.log(idle_days)


def fades_at(created: int, uses: Uses, idle_days: float, decay: float) -> int:
    """The first millisecond at which a memory is weaker than `threshold`, if nobody uses it any more."""
    if not uses.times:
        return _bounded(created + idle_days * DAY)
    least = threshold(idle_days, decay)
    low = max([created, *uses.recent])
    # The memory fades latest if all its n traces are as young as the youngest: n t^-d = idle^-d.
    high = _bounded(low + (uses.times + 1) ** (1 / decay) * idle_days * DAY + DAY)
    if strength(created, uses, high, decay) >= least:
        return NEVER
    for _ in range(_BISECTIONS):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        if strength(created, uses, middle, decay) < least:
            high = middle
        else:
            low = middle
    return high


def _bounded(millis: float) -> int:
    return int(min(millis, NEVER))


def ways(memory: Memory, uses: Uses, policy: Policy) -> list[Transition]:
    """The transitions that lie ahead of a memory that nobody uses any more; none for a frozen or purged one.

    Of two transitions at the same instant, the first in the list is taken.
    """
    if memory.frozen or memory.state is State.PURGED:
        return []
    return [way for way in _possible(memory, uses, policy) if policy.get(_STEP.get(way.to, "steps.archive"))]


def _possible(memory: Memory, uses: Uses, policy: Policy) -> list[Transition]:
    since = to_millis(memory.since or memory.updated_at or memory.created_at)
    if memory.state is State.EXPIRED:
        return _after(since, policy.get("purge.grace_days"), State.PURGED, "grace passed")
    found = [Transition(to_millis(memory.expires_at), State.EXPIRED, "ttl")] if memory.expires_at else []
    if memory.state is State.ARCHIVED:
        return found + _out_of_the_archive(memory, uses, policy, since)
    return found if memory.pinned else found + _into_the_archive(memory, uses, policy)


def _after(since: int, days: float, to: State, reason: str, *, idle: bool = False) -> list[Transition]:
    return [Transition(_bounded(since + days * DAY), to, reason, idle)] if days else []


def _out_of_the_archive(memory: Memory, uses: Uses, policy: Policy, since: int) -> list[Transition]:
    recalled = [moment for moment in uses.recent if moment > since]
    if recalled:
        return [Transition(recalled[0], State.ACTIVATED, "recalled")]
    if memory.pinned:
        return []
    return _after(since, policy.get("expire.archived_days"), State.EXPIRED, "archive term", idle=True)


def _into_the_archive(memory: Memory, uses: Uses, policy: Policy) -> list[Transition]:
    found: list[Transition] = []
    told_as_past = memory.valid_to and memory.valid_to <= memory.created_at and memory.metadata.get("told_validity")
    if memory.valid_to and not told_as_past:
        found = _after(to_millis(memory.valid_to), policy.get("archive.superseded_days"), State.ARCHIVED, "superseded")
    idle_days = policy.idle_days(memory.kind.value, memory.priority)
    if (
        idle_days and not {"recurrence", "also"} & memory.metadata.keys()
    ):  # a birthday comes again, whether anybody asks for it or not
        # A memory that came back from the archive counts as new: otherwise the next tick would archive it again.
        told = max(to_millis(memory.created_at), to_millis(memory.since) if memory.since else 0)
        faded = fades_at(told, _from(uses, told), idle_days, policy.get("archive.decay"))
        # What is to come has nobody asking for it yet: it does not fade before its day is over.
        faded = max([faded, *(to_millis(day) + DAY for day in (memory.occurred_at, memory.valid_from) if day)])
        if faded < NEVER:
            found.append(Transition(faded, State.ARCHIVED, "faded", idle=True))
    return found


def _from(uses: Uses, told: int) -> Uses:
    """The uses of a memory that counts as created at `told`: uses before then are not counted twice."""
    recent = tuple(moment for moment in uses.recent if moment > told)
    return uses if len(recent) == len(uses.recent) else Uses(len(recent), recent)


def transition(memory: Memory, uses: Uses, policy: Policy, now: int) -> Transition | None:
    """The transition that is due at `now` (milliseconds since 1970), or `None`."""
    return next((way for way in ways(memory, uses, policy) if way.at <= now), None)


def due_at(memory: Memory, uses: Uses, policy: Policy) -> str | None:
    """When to look at a memory again, as fixed-width text: before that instant `transition` returns `None`."""
    first = min((way.at for way in ways(memory, uses, policy)), default=None)
    return None if first is None else from_millis(first)


def scheduler(fields: Mapping[str, Any]) -> Callable[[Memory], str | None]:
    """The function that tells a vault when to look at a memory just written, by the policy with these registers.

    It ignores uses: they can only make that instant later, and a tick that looks too early finds that out.
    """
    policy = Policy(fields)
    return lambda memory: due_at(memory, UNUSED, policy)


def ahead(memory: Memory, uses: Uses, policy: Policy, until: int) -> Sequence[Transition]:
    """The transitions of a memory up to an instant, each following from the last, if nobody uses the memory any more."""
    found: list[Transition] = []
    while (way := min(ways(memory, uses, policy), key=lambda way: way.at, default=None)) and way.at <= until:
        found.append(way)
        memory = memory._replace(state=way.to, since=from_millis(max(way.at, to_millis(memory.created_at))))
    return found
