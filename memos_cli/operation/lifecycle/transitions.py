"""MemLifecycle: where a memory goes from where it is, when, and why. Pure: no clock, no file, no cube.

`ways` lists everything that lies ahead of a memory if nobody uses it any more, each with its instant. The transition that is
due at an instant and the instant at which to look again both follow from that one list, so they cannot disagree.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from memos_cli.model import Memory, State
from memos_cli.operation.policy import Policy
from memos_cli.times import from_millis, to_millis

DAY = 86_400_000
"""Milliseconds."""
_YOUNGEST = 1 / 24
"""Days: a trace younger than an hour counts as an hour old, so that its strength stays finite."""
NEVER = 250_000_000_000_000
"""Milliseconds since 1970, in the year 9892: what would fade later than this does not fade."""
_BISECTIONS = 60
_STEP = {State.EXPIRED: "steps.expire", State.PURGED: "steps.purge"}
"""The policy's switch for each transition; what is not here goes with the archive."""


class Uses(NamedTuple):
    """How a memory was used: how often in all, and when the last few times (milliseconds since 1970, oldest first)."""

    times: int = 0
    recent: tuple[int, ...] = ()


class Transition(NamedTuple):
    """A transition that lies ahead: when (milliseconds since 1970), whereto, why, and whether idleness alone is the reason."""

    at: int
    to: State
    reason: str
    idle: bool = False


UNUSED = Uses()

TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("generated, activated, merged", "archived", "faded", "its strength fell below that of a memory told once, idle_days ago"),
    ("generated, activated, merged", "archived", "superseded", "superseded_days ago it ceased to be valid"),
    ("archived", "activated", "recalled", "it was shown or put into a prompt since it was archived"),
    ("archived", "expired", "archive term", "archived_days passed and nobody asked for it"),
    ("generated, activated, merged, archived", "expired", "ttl", "its TTL passed"),
    ("expired", "purged", "grace passed", "grace_days passed and nobody restored it"),
)
"""Every transition that a tick makes of one memory: from, to, reason, when. Fusions come on top. It stands in the manual."""


def strength(created: int, uses: Uses, now: int, decay: float) -> float:
    """Base-level activation of ACT-R: the log odds that a memory is needed now, from how recently and how often it was used.

    B = ln Σ t_j^(-d), where t_j is the time since the j-th time that it was met, the telling included (Anderson & Schooler,
    Reflections of the environment in memory, 1991). With more uses than times kept the sum over the older ones is replaced by
    its integral, after Petrov (Computationally efficient approximation of the base-level learning equation in ACT-R, 2006):
    B ≈ ln[ Σ_(j≤k) t_j^(-d) + (n - k) (t_n^(1-d) - t_k^(1-d)) / ((1 - d) (t_n - t_k)) ].

    Args:
        created: when it was told, in milliseconds since 1970.
        uses: how it was used since.
        now: the instant at which it is asked, in milliseconds.
        decay: the exponent d, between 0 and 1; 0.5 is what ACT-R uses throughout.

    Returns:
        Natural logarithm; ages are in days, so a memory told a day ago and never used has strength 0.
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
    """The strength of a memory that was told `idle_days` ago and never used: what is weaker has faded."""
    return -decay * math.log(idle_days)


def fades_at(created: int, uses: Uses, idle_days: float, decay: float) -> int:
    """The first millisecond at which a memory is weaker than `threshold`, if it is not used any more."""
    if not uses.times:
        return _bounded(created + idle_days * DAY)
    least = threshold(idle_days, decay)
    low = max([created, *uses.recent])
    # n traces, all as young as the youngest, fade last: n t^-d = idle^-d.
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
    """What lies ahead of a memory that nobody uses any more; empty for one that is frozen or purged.

    Where two ways lead on from the same instant, the one that stands first is taken.
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
    if memory.valid_to:
        found = _after(to_millis(memory.valid_to), policy.get("archive.superseded_days"), State.ARCHIVED, "superseded")
    idle_days = policy.idle_days(memory.kind.value, memory.priority)
    if idle_days:
        # What came back from the archive begins anew: else it would be archived again at the next tick.
        told = max(to_millis(memory.created_at), to_millis(memory.since) if memory.since else 0)
        faded = fades_at(told, _from(uses, told), idle_days, policy.get("archive.decay"))
        if faded < NEVER:
            found.append(Transition(faded, State.ARCHIVED, "faded", idle=True))
    return found


def _from(uses: Uses, told: int) -> Uses:
    """Uses as a memory that was told at `told` has them: what lies before is not counted twice."""
    recent = tuple(moment for moment in uses.recent if moment > told)
    return uses if len(recent) == len(uses.recent) else Uses(len(recent), recent)


def transition(memory: Memory, uses: Uses, policy: Policy, now: int) -> Transition | None:
    """The transition that is due at `now` (milliseconds since 1970), or `None`."""
    return next((way for way in ways(memory, uses, policy) if way.at <= now), None)


def due_at(memory: Memory, uses: Uses, policy: Policy) -> str | None:
    """When to look at a memory again, as fixed-width text: before that instant `transition` has nothing for it."""
    first = min((way.at for way in ways(memory, uses, policy)), default=None)
    return None if first is None else from_millis(first)


def scheduler(fields: Mapping[str, Any]) -> Callable[[Memory], str | None]:
    """For a vault: the function that says when to look at a memory that was just written, by the policy of these registers.

    Uses are left out of account. They only put the instant off, and the tick that looks too early finds that out.
    """
    policy = Policy(fields)
    return lambda memory: due_at(memory, UNUSED, policy)


def ahead(memory: Memory, uses: Uses, policy: Policy, until: int) -> Sequence[Transition]:
    """The transitions of a memory up to an instant, one after the other, if nobody uses it any more."""
    found: list[Transition] = []
    while (way := min(ways(memory, uses, policy), key=lambda way: way.at, default=None)) and way.at <= until:
        found.append(way)
        memory = memory._replace(state=way.to, since=from_millis(max(way.at, to_millis(memory.created_at))))
    return found
