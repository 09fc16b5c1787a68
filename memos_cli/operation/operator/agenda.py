"""What is to come: events ahead, what will begin to hold, and the next occurrence of what recurs, in the person's zone."""

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.model import Memory
from memos_cli.operation.operator import recurrence
from memos_cli.times import Zone

_PATIENCE = 5.0
"""Seconds that all recurrences together may take; a usual one takes less than a millisecond."""
_HOUR = timedelta(hours=1)
_NAMED = 5
"""How many recurrences that are not understood are named."""


class Upcoming(NamedTuple):
    """A memory, and when it comes next, as fixed-width UTC text."""

    memory: Memory
    next_at: str


class Agenda(NamedTuple):
    """What is to come, the soonest first, and what could not be made out."""

    coming: tuple[Upcoming, ...]
    notices: tuple[str, ...]


def agenda(memories: Iterable[Memory], since: str, until: str | None, zone: Zone) -> Agenda:
    """When each of the memories comes next, from `since` on and before `until`.

    What stands at midnight is an event of the whole day, and is still to come on that day; one that was noted on that very
    day may as well be over, and is not.

    Args:
        memories: of whatever time.
        since: fixed-width UTC text.
        until: fixed-width UTC text; `None` for no end.
        zone: whose days these are.
    """
    found: list[Upcoming] = []
    faults: list[str] = []
    begun, late = time.monotonic(), 0
    for memory in memories:
        if memory.metadata.get(recurrence.NAME) is not None and time.monotonic() - begun > _PATIENCE:
            late += 1
            continue
        try:
            at = _next(memory, since, zone)
        except UsageError as error:
            faults.append(f"{memory.id[:8]} is listed by its date alone: {error.message}")
            at = _once(memory, since, zone)
        if at is not None and (until is None or at < until):
            found.append(Upcoming(memory, at))
    more = [f"… and {len(faults) - _NAMED} more"] if len(faults) > _NAMED else []
    unseen = [f"{late} recurrences were not looked at: the others took too long"] if late else []
    return Agenda(tuple(sorted(found, key=lambda one: (one.next_at, one.memory.id))), (*faults[:_NAMED], *more, *unseen))


def day_begins(at: str, zone: Zone) -> str:
    """The beginning of the day on which an instant falls."""
    return zone.instant(_midnight(zone.local(at).replace(tzinfo=None)))


def _midnight(wall: datetime) -> datetime:
    return wall.replace(hour=0, minute=0, second=0, microsecond=0)


def _next(memory: Memory, since: str, zone: Zone) -> str | None:
    first = _once if memory.metadata.get(recurrence.NAME) is None else _by_rule
    return min(filter(None, (first(memory, since, zone), _besides(memory, since, zone))), default=None)


def _besides(memory: Memory, since: str, zone: Zone) -> str | None:
    """The soonest of the single occurrences that a memory tells, from `since` on, or on that day where they are whole days."""
    also, without = (set(filter(limits.is_time, _listed(memory, name))) for name in (recurrence.ALSO, recurrence.EXCEPT))
    ats = also - without
    if not ats:
        return None
    today = day_begins(since, zone)
    ends = memory.valid_to or "A"  # behind all years
    return min((at for at in ats if (at >= since or at == today) and at < ends), default=None)


def _by_rule(memory: Memory, since: str, zone: Zone) -> str | None:
    text = memory.metadata.get(recurrence.NAME)
    start = zone.local(memory.occurred_at or memory.valid_from or memory.created_at).replace(tzinfo=None, fold=0)
    earliest = zone.local(max(since, memory.valid_from or "")).replace(tzinfo=None)
    whole_day = start == _midnight(start)
    if whole_day:
        earliest = _midnight(earliest)
    rule, without = recurrence.read(text, zone), _left_out(memory, zone, whole_day=whole_day)
    try:
        found = recurrence.next_from(rule, start, earliest, without)
        if found is not None and not whole_day and zone.instant(found) < since:  # within the hour that clocks show twice
            found = recurrence.next_from(rule, start, earliest + timedelta(hours=1), without)
    except (OverflowError, ValueError):  # beyond the years that there are
        return None
    at = zone.instant(found) if found is not None else None
    return None if at is None or (memory.valid_to is not None and at >= memory.valid_to) else at


def _left_out(memory: Memory, zone: Zone, *, whole_day: bool) -> frozenset[datetime]:
    """The occurrences on the wall that a calendar left out, cancelled or moved.

    An hour more or less is the same occurrence: in the zone of the calendar the clocks may change on another day.
    """
    found: set[datetime] = set()
    for one in _listed(memory, recurrence.EXCEPT):
        with suppress(ValueError, TypeError, OverflowError):
            wall = zone.local(one).replace(tzinfo=None, fold=0)
            nearby = (_midnight(wall),) if whole_day else (wall, wall + _HOUR, wall - _HOUR)
            found.update(nearby)
    return frozenset(found)


def _listed(memory: Memory, name: str) -> list[Any]:
    """What the metadata of a memory have in a list of this name; none where they have something else."""
    told = memory.metadata.get(name)
    return told if isinstance(told, list) else []


def _once(memory: Memory, since: str, zone: Zone) -> str | None:
    today = day_begins(since, zone)
    for at in (memory.occurred_at, memory.valid_from):
        if at is not None and (at >= since or (at == today and memory.created_at < today)):
            return at
    return None
