"""Memories as a calendar of RFC 5545: what has a date, all-day or timed, and what comes back.

The UID of an event is that of the calendar that it came from, else the memory's id with `@memos` behind it: it stays the same
however often the calendar is written, so that a program that reads it again changes its events and makes no new ones.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import icalendar

from memos_cli.mip.rows import carried
from memos_cli.model import Kind, Memory
from memos_cli.times import Zone, from_text

if TYPE_CHECKING:
    from memos_cli.interface.exports.tally import ExportTally

_HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//memos//memos export ics//EN\r\nCALSCALE:GREGORIAN\r\n"
_END = b"END:VCALENDAR\r\n"
_CAME = "ics:"
"""What the external id of a memory begins with that an import read from a calendar; its UID stands behind."""
_RULE, _EXCEPT, _ALSO, _OVERRIDES, _ENDS, _TOLD = "recurrence", "except", "also", "recurrence_id", "ends_at", "told_validity"
"""Names in the metadata: of a rule; of the times at which it does not hold, and of those besides it; of the occurrence that an
event stands in for; of the end of an event; of the mark that the bounds of its validity are those of its own words."""
_COMES_BACK = frozenset((_RULE, _ALSO))
_NO_TEXT = "[\x00-\x08\x0b-\x1f\x7f]"
_SUMMARY = 120
"""Characters of a content that serve as its title."""


class Calendar:
    """Writes a calendar, event by event.

    Args:
        zone: in which a day is a day, and in which a rule tells the time on the wall.
    """

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def fits(self, memory: Memory) -> bool:
        """Whether a memory is what calendars are for: an event, or what comes back."""
        return memory.kind is Kind.EVENT or bool(_COMES_BACK & memory.metadata.keys())

    def parts(self, memories: Iterable[Memory], tally: "ExportTally") -> Iterator[bytes]:
        """The calendar in pieces; `tally` has counted each of the memories, and is told which have no date."""
        yield _HEAD
        if self._zone.name:
            made = icalendar.Timezone.from_tzid(self._zone.name)
            yield made.to_ical()
        series, moved = list[Memory](), set[tuple[str, str]]()
        for memory in memories:
            if memory.occurred_at is None:
                tally.memories -= 1
                tally.undated += 1
            elif _COMES_BACK & memory.metadata.keys() and _EXCEPT in memory.metadata:
                series.append(memory)
            else:
                moved.update((uid(memory), one) for one in _instants([memory.metadata.get(_OVERRIDES)]))
                yield self._event(memory, memory.occurred_at).to_ical()
        for memory in series:  # what an event stands in for is no exception: programs would leave out that event, too
            yield self._event(memory, memory.occurred_at or "", moved).to_ical()
        yield _END

    def _event(self, memory: Memory, at: str, moved: AbstractSet[tuple[str, str]] = frozenset()) -> icalendar.Event:
        event, told = icalendar.Event(), memory.metadata
        rule, also = _rule(told.get(_RULE)), _instants(told.get(_ALSO))
        recurs = rule is not None or bool(also)
        event.add("uid", uid(memory))
        event.add("dtstamp", from_text(memory.updated_at))
        event.add("created", from_text(memory.created_at))
        event.add("summary", _clean(memory.title or _first(memory.content)))
        event.add("dtstart", self._moment(at, on_wall=recurs))
        if (end := self._end(memory)) is not None and end > at:
            event.add("dtend", self._moment(end, on_wall=recurs, like=at))
        if memory.content.strip() != (memory.title or _first(memory.content)):
            event.add("description", _clean(memory.content))
        if memory.tags:
            event.add("categories", [_clean(tag) for tag in memory.tags])
        if rule is not None:
            event.add("rrule", rule)
        if also:
            event.add("rdate", [self._moment(one, on_wall=True, like=at) for one in also])
        if recurs:
            but = [one for one in _instants(told.get(_EXCEPT)) if (uid(memory), one) not in moved]
            if but:
                event.add("exdate", [self._moment(one, on_wall=True, like=at) for one in but])
        for one in _instants([told.get(_OVERRIDES)]):
            event.add("recurrence-id", self._moment(one, on_wall=False, like=at))
        return event

    def _end(self, memory: Memory) -> str | None:
        """When an event ends, where that was told."""
        for end in _instants([memory.metadata.get(_ENDS)]):
            return end
        return memory.valid_to if memory.metadata.get(_TOLD) else None

    def _moment(self, at: str, *, on_wall: bool, like: str | None = None) -> date | datetime:
        """A day, where it is the beginning of one, or a moment: that of a rule is one on the wall.

        Args:
            at: fixed-width UTC text.
            on_wall: in the person's zone, or of a person without a named one in none, in place of UTC.
            like: the beginning of the event, which decides whether it is about days; its end is then the day after.
        """
        local = self._zone.local(at)
        if self._zone.local(like or at).time() == time():
            whole = local.time() == time()
            return local.date() if whole or local.date() == date.max else local.date() + timedelta(days=1)
        if not on_wall:
            return from_text(at).astimezone(UTC)
        return local if self._zone.name else local.replace(tzinfo=None)


def uid(memory: Memory) -> str:
    """The UID of the event that a memory is."""
    if memory.external_id and memory.external_id.startswith(_CAME):
        name = memory.external_id.removeprefix(_CAME)
        series, sign, over = name.rpartition("#")  # behind the sign of an occurrence stands which one it is
        return series if sign and over == memory.metadata.get(_OVERRIDES) else name
    return f"{carried(memory).get('id', memory.id)}@memos"


def _first(content: str) -> str:
    """The first line of a content, cut."""
    line = content.strip().split("\n", 1)[0].strip()
    return line if len(line) <= _SUMMARY else line[: _SUMMARY - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _clean(text: str) -> str:
    return re.sub(_NO_TEXT, "", text)


def _rule(text: object) -> Mapping[str, Any] | None:
    """The rule of a memory that comes back; `None` where it is none that a calendar can hold."""
    if not isinstance(text, str):
        return None
    try:
        rule: Mapping[str, Any] = icalendar.vRecur.from_ical(text.strip().removeprefix("RRULE:"))
    except ValueError:
        return None
    return rule if "FREQ" in rule else None


def _instants(values: object) -> list[str]:
    """Those of the values in a list that are instants, as fixed-width UTC text."""
    found = []
    for one in values if isinstance(values, list) else ():
        try:
            if isinstance(one, str) and from_text(one).tzinfo is not None:
                found.append(one)
        except ValueError:
            continue
    return found
