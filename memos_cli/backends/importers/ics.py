"""Calendars of RFC 5545: events and tasks, one by one, with what comes back and what does not.

A calendar is gone through twice: first for the zones that it defines, which may stand anywhere in it, and for the occurrences
that stand for themselves, which the rule of their series does not mean; then for its entries, of which one is held at a time.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

import icalendar

from memos_cli.backends.importers.fields import Rows, beginning
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.records import NamedTuple
from memos_cli.times import Zone, to_text

KIND = "ics"
_LONGEST = 1 << 20
"""Bytes of an entry. Pictures within calendars are longer, and no memories."""
_LINE = 1 << 20
_ENTRIES = {b"VEVENT": Kind.EVENT, b"VTODO": Kind.NOTE, b"VJOURNAL": Kind.NOTE}
_MOST = 100_000
"""Occurrences of series that stand for themselves, and exceptions of a rule."""
_MOST_ZONES = 500
_LONGEST_ID = 800
_OFTEN = 500
_BROKEN = "an entry that is damaged"
_TELLING = frozenset({"DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "EXDATE", "RDATE", "RECURRENCE-ID", "SUMMARY"})
"""Properties without which an entry would say something else; the library leaves out those that it cannot read."""


class _Entry(NamedTuple):
    """An entry of a calendar: what it is, its text, and the line on which it begins; `None` where it is too long or cut off."""

    sort: bytes
    text: bytes | None
    line: int
    end: int


class _Calendar(NamedTuple):
    """What the first look at a calendar found: its zones, and which occurrences of a series stand for themselves."""

    zones: bytes
    apart: dict[str, list[str]]


class CalendarImporter:
    """Reads calendars."""

    def matches(self, source: Path) -> bool:
        """Whether it begins as a calendar does."""
        head = beginning(source)
        if head is None:
            return False
        return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].upper().startswith(b"BEGIN:VCALENDAR")

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The entries, in their order.

        Raises:
            UsageError: it cannot be read, or is no calendar.
        """
        if not self.matches(source):
            raise UsageError(f"{source} is no calendar, or cannot be read", hint="a calendar begins with BEGIN:VCALENDAR")
        try:
            total = source.stat().st_size
            with source.open("rb") as stream, closing(Rows(KIND, how)) as rows:
                known = _looked_over(stream, how.zone)
                stream.seek(0)
                for number, entry in enumerate(_entries(stream)):
                    if number % _OFTEN == 0:
                        how.tell(min(entry.end, total), total)
                    if (found := _of_entry(entry, known, rows, how)) is not None:
                        yield found
                how.tell(total, total)
        except OSError as error:
            raise UsageError(f"cannot read {source}: {error.strerror}") from None


def _entries(stream: IO[bytes]) -> Iterator[_Entry]:
    """The components that lie directly in calendars, their inner ones within them."""
    sort, parts, size, depth, began, at = b"", list[bytes](), 0, 0, 0, 0
    number = 0
    while line := stream.readline(_LINE):
        number, at = number + 1, at + len(line)
        word = line.strip().upper()
        if not sort:
            if word.startswith(b"BEGIN:") and word != b"BEGIN:VCALENDAR":
                sort, parts, size, depth, began = word.removeprefix(b"BEGIN:"), [line], len(line), 1, number
            continue
        if word == b"END:VCALENDAR":  # an entry that has no end
            yield _Entry(sort, None, began, at)
            sort = b""
            continue
        if word.startswith(b"BEGIN:" + sort) and depth == 1:  # the next one begins before its end
            yield _Entry(sort, None, began, at)
            parts, size, began = [line], len(line), number
            continue
        depth += word.startswith(b"BEGIN:") - word.startswith(b"END:")
        size += len(line)
        if size <= _LONGEST:
            parts.append(line)
        if depth <= 0:
            yield _Entry(sort, b"".join(parts) if size <= _LONGEST else None, began, at)
            sort = b""
    if sort:
        yield _Entry(sort, None, began, at)


def _looked_over(stream: IO[bytes], zone: Zone) -> _Calendar:
    zones: list[bytes] = []
    apart: dict[str, list[str]] = {}
    count = 0
    for entry in _entries(stream):
        if entry.text is None:
            continue
        if entry.sort == b"VTIMEZONE" and len(zones) < _MOST_ZONES:
            zones.append(entry.text)
        elif re.search(rb"(?mi)^RECURRENCE-ID", entry.text) and count < _MOST:
            component = _parsed(entry, b"".join(zones))
            if component is not None and (at := _at(component, "recurrence-id", zone)):
                apart.setdefault(str(component.get("uid", "")), []).append(at)
                count += 1
    return _Calendar(b"".join(zones), apart)


def _parsed(entry: _Entry, zones: bytes) -> icalendar.Component | None:
    """The component of an entry; `None` where it is damaged."""
    if entry.text is None:
        return None
    named = re.findall(rb"(?i)TZID=\"?([^\":;\r\n]{1,200})", entry.text)
    needed = b"".join(
        one for one in re.findall(rb"(?si)BEGIN:VTIMEZONE.*?END:VTIMEZONE\s*", zones) if any(n in one for n in named)
    )
    for text in (needed, b""):  # a zone that is damaged does not take its events along
        try:
            whole = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + text + entry.text.rstrip() + b"\r\nEND:VCALENDAR\r\n"
            found = icalendar.Calendar.from_ical(whole)
            return next(one for one in found.subcomponents if one.name != "VTIMEZONE")
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, StopIteration, RecursionError):
            continue
    return None


def _of_entry(  # noqa: PLR0911 -- one return a reason
    entry: _Entry, known: _Calendar, rows: Rows, how: ImportOptions
) -> Draft | Skipped | None:
    where = f"line {entry.line}"
    if entry.sort == b"VTIMEZONE":
        return None
    if entry.sort not in _ENTRIES:
        return Skipped("neither an event nor a task", f"{where}: {entry.sort[:40].decode('utf-8', 'replace')}")
    component = _parsed(entry, known.zones)
    if component is None:
        return Skipped(_BROKEN if entry.text is not None else "an entry that is too long or cut off", where, damaged=True)
    if _text(component, "status").upper() == "CANCELLED":
        return Skipped("cancelled", f"{where}: {_text(component, 'summary')[:80]}")
    if any(str(name).upper() in _TELLING for name, _ in component.errors):
        return Skipped(_BROKEN, where, damaged=True)
    try:
        return _draft(component, _ENTRIES[entry.sort], known, rows, how) or Skipped("no text in it", where)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
        return Skipped(_BROKEN, where, damaged=True)


def _draft(component: icalendar.Component, kind: Kind, known: _Calendar, rows: Rows, how: ImportOptions) -> Draft | None:
    zone = how.zone
    told = {name: _text(component, name) for name in ("summary", "location", "description")}
    lines = [told["summary"], told["location"], told["description"]]
    content = "\n".join(one for one in lines if one)
    if not content:
        return None
    starts = _at(component, "dtstart", zone) or _at(component, "due", zone)
    uid, over = _text(component, "uid", 0), _at(component, "recurrence-id", zone)
    name = f"{KIND}:{uid}" if 0 < len(uid) <= _LONGEST_ID and uid.isprintable() else rows.named(component.to_ical().decode())
    metadata = _metadata(component, starts, zone)
    if {"recurrence", "also"} & metadata.keys() and not over and (apart := known.apart.get(uid)):
        metadata["except"] = sorted({*metadata.get("except", ()), *apart})
    if over:
        name, metadata["recurrence_id"] = f"{name}#{over}", over
    tags = _tags(component)
    title = told["summary"] if told["summary"] and content != told["summary"] else None
    given = {
        "content",
        "kind",
        *(["occurred_at"] if starts else ()),
        *(["tags"] if tags else ()),
        *(["title"] if title else ()),
    }
    return Draft(
        content, kind, name, title, tags=tags, occurred_at=starts, origin=Origin.IMPORT, metadata=metadata,
        given=frozenset(given | ({"metadata"} if metadata else set())),
    )  # fmt: skip


def _metadata(component: icalendar.Component, starts: str | None, zone: Zone) -> dict[str, Any]:
    found: dict[str, Any] = {}
    rules = [_rule(one) for one in _each(component, "rrule")]
    if rules and starts:
        found["recurrence"] = f"RRULE:{rules[0]}"
        if len(rules) > 1:
            found["recurrences"] = [f"RRULE:{one}" for one in rules]
    for name, field in (("exdate", "except"), ("rdate", "also")):
        moments = (moment.dt for one in _each(component, name) for moment in getattr(one, "dts", ()))
        if ats := sorted({at for moment in moments if (at := _instant(moment, zone))})[:_MOST]:
            found[field] = ats
    ends = _at(component, "dtend", zone) or _after(component, starts)
    if ends and starts and ends > starts and not _is_one_day(component, starts, ends):
        found["ends_at"] = ends
    for name in ("location", "status", "url", "organizer", "completed"):
        if text := _text(component, name):
            found[name] = text[:1000]
    if (due := _at(component, "due", zone)) and due != starts:
        found["due"] = due
    return found


def _is_one_day(component: icalendar.Component, starts: str, ends: str) -> bool:
    """Whether an event takes one whole day, which needs no end."""
    moment = getattr(component.get("dtstart"), "dt", None)
    whole = isinstance(moment, date) and not isinstance(moment, datetime)
    return whole and _far(starts, ends) <= timedelta(hours=25)


def _far(first: str, last: str) -> timedelta:
    return datetime.fromisoformat(last) - datetime.fromisoformat(first)


def _after(component: icalendar.Component, starts: str | None) -> str | None:
    """The end of an event that says how long it is."""
    length = getattr(component.get("duration"), "dt", None)
    if not isinstance(length, timedelta) or starts is None:
        return None
    return to_text(datetime.fromisoformat(starts) + length)


def _rule(rule: Any) -> str:  # noqa: ANN401 -- icalendar's own
    text = rule.to_ical()
    return (text.decode() if isinstance(text, bytes) else str(text))[:2000]


def _each(component: icalendar.Component, name: str) -> Sequence[Any]:
    value = component.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(component: icalendar.Component, name: str, place: int = -1) -> str:
    """A property as text; of several the last one."""
    found = _each(component, name)
    value = found[place] if found else ""
    value = getattr(value, "dt", value)
    return value.isoformat() if isinstance(value, date) else str(value).replace("\0", "").strip()


def _tags(component: icalendar.Component) -> tuple[str, ...]:
    names = (str(cat) for one in _each(component, "categories") for cat in getattr(one, "cats", ()))
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))[:100]


def _at(component: icalendar.Component, name: str, zone: Zone) -> str | None:
    """A time of a component, as fixed-width UTC text; `None` where it has none, or one that is damaged."""
    found = _each(component, name)
    try:
        return _instant(getattr(found[0], "dt", None), zone) if found else None
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
        return None


def _instant(moment: object, zone: Zone) -> str | None:
    """A day begins in the person's zone, and there is a time that names no zone, or none that is known."""
    if isinstance(moment, tuple):
        moment = moment[0] if moment else None
    if isinstance(moment, datetime):
        return zone.instant(moment) if moment.tzinfo is None else to_text(moment.astimezone(UTC))
    return zone.instant(datetime.combine(moment, time())) if isinstance(moment, date) else None
