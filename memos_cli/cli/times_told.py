"""What was worked out of the words about time, said back to the person: `Fri 4 Dec 2026 9:40`, `from Mon 1 Feb 2027`.

Where the words name a week, a month or a year, no day of it is said: `Nov 2026`.
"""

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from memos_cli.errors import UsageError
from memos_cli.operation.prompt.attribution import day, unit
from memos_cli.times import Zone, shown

if TYPE_CHECKING:
    from memos_cli.model import Memory

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNITS = ("year", "month", "week", "day")
"""By the frequency of a rule."""
_PLACES = {-1: "last ", 1: "1st ", 2: "2nd ", 3: "3rd ", 4: "4th "}
_LAST = time(23, 59, 59)
_READ = frozenset(("times", "recurrence", "told_validity"))
"""What the reader notes of times in the metadata of a memory."""


def sentence(memory: "Memory", zone: Zone) -> str:
    """The times that the words of a memory gave it, in the person's zone; empty where they gave none."""
    if not _READ & memory.metadata.keys():
        return ""
    rule = memory.metadata.get("recurrence")
    happens = memory.occurred_at and memory.kind != "episode"
    parts = [_said(memory, zone.local(memory.occurred_at))] if memory.occurred_at and happens else []
    if rule is not None and parts and (said := _rule(rule, zone)):
        parts = [f"{said}, first {parts[0]}"]
    if memory.valid_from:
        parts.append(f"from {_said(memory, zone.local(memory.valid_from))}")
    if memory.valid_to:
        parts.append(f"until {_day(zone.local(memory.valid_to))}")
    return ", ".join(parts)


def happened(memory: "Memory", zone: Zone, *, clock: bool = False) -> str | None:
    """The day on which something happens, as closely as its words say it; `None` where no time is known.

    Args:
        clock: the time of day behind a day that has one.
    """
    if memory.occurred_at is None:
        return None
    if clock and unit(memory, zone.local(memory.occurred_at)) == "day":
        return zone.shown(memory.occurred_at)
    return day(memory, memory.occurred_at, zone)


def end(text: str, zone: Zone) -> str:
    """The end of a validity: "until Monday" lasts to the last millisecond of that day."""
    local = zone.local(text)
    return f"the end of {local.date()}" if f"{local:%H:%M:%S.%f}" == "23:59:59.999000" else zone.shown(text)


def _said(memory: "Memory", local: datetime) -> str:
    """A time that begins something, as closely as the words say it."""
    known = unit(memory, local)
    if known == "week":
        return f"the week of {_day(local)}"
    return {"month": f"{_MONTHS[local.month - 1]} {local.year}", "year": f"{local.year}"}.get(known) or _day(local)


def fields(memory: "Memory | None") -> dict[str, Any]:
    """The same for `--json`, in UTC: `{"time": {…}}`; empty where the words gave no time."""
    if memory is None or not _READ & memory.metadata.keys():
        return {}
    found = {name: shown(getattr(memory, name)) for name in ("occurred_at", "valid_from", "valid_to")}
    return {"time": {**found, "recurrence": memory.metadata.get("recurrence")}}


def doubt(memory: "Memory | None", now: str, zone: Zone) -> str:
    """Of a memory that is undated, since the day that its words name has two readings: both, and the command that settles it.

    Args:
        memory: what was told now, in its own words.
    """
    if memory is None:
        return ""
    from memos_cli.interface.reader import told_times

    found = told_times.doubt(memory.content, now, zone)
    if found is None or memory.occurred_at or getattr(memory, found.field):
        return ""
    one, other = map(zone.local, found.readings)
    at = f"{one:%Y-%m-%d}" if one.time() == time() else f'"{one:%Y-%m-%d %H:%M}"'
    option = f"--{found.field.replace('_', '-')} {at}"
    undated = "it is undated" if found.field == "occurred_at" else "it is left out"
    said = " ".join(found.words.split())
    return f"'{said}' is {_day(one)} or {_day(other)}, so {undated}; settle it with: memos edit {memory.id[:8]} {option}"


def _day(local: datetime) -> str:
    """The day, and the time of day unless it is the beginning or the end of the day: the names are those of no locale."""
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    clock = local.time().replace(microsecond=0, tzinfo=None)
    return day if clock in (time(), _LAST) else f"{day} {clock.hour}:{clock.minute:02}"


def _rule(text: object, zone: Zone) -> str:
    """A rule of RFC 5545 in words, as far as memos itself makes them; empty for one that is not understood."""
    from memos_cli.operation.operator import recurrence

    try:
        rule = recurrence.read(text, zone)
    except UsageError:  # the metadata may hold anything; `list --upcoming` names what it cannot use
        return ""
    unit = _UNITS[rule.frequency]
    said = f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"
    if rule.days:
        return f"{said} on {', '.join(_PLACES.get(place, '') + _WEEKDAYS[day] for day, place in rule.days)}"
    if rule.month_days:
        month = f" {_MONTHS[rule.months[0] - 1]}" if rule.months else "."
        return f"{said} on {', '.join(map(str, rule.month_days))}{month}"
    return said
