"""Dates and clock times as chats write them, as instants. A time without an offset is that of a clock in the zone given."""

# ruff: noqa: RUF001 -- the dashes that people rule lines with are matched

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from memos_cli.times import Zone, to_text

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
STAMP = (
    r"(?P<date>\d{4}[-/.]\d\d?[-/.]\d\d?|\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d\d))(?:,?[ \t\u202f]+|T)"
    r"(?P<time>\d{1,2}:\d\d(?::\d\d)?)(?:[.,]\d+)?(?:[ \u202f]?(?P<half>[AaPp]\.?[Mm]\.?))?(?P<zone>Z|[ ]?[+-]\d\d:?\d\d)?"
)
"""A date and a clock time: ISO-8601 and its spaced form, and those of WhatsApp in several countries."""
CLOCK = r"(?P<time>\d{1,2}:\d\d(?::\d\d)?)(?:[ \u202f]?(?P<half>[AaPp]\.?[Mm]\.?))?"
"""A clock time alone: Slack and IRC."""

_WRITTEN = re.compile(
    rf"(?P<y>\d{{4}})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<m2>{_MONTH})\.?,?\s+(?P<y2>\d{{4}})"
    rf"|(?P<m3>{_MONTH})\.?\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y3>\d{{4}})",
    re.IGNORECASE,
)
_HEADER_CLOCK = re.compile(CLOCK, re.IGNORECASE)
_DECORATION = " \t-=#*_~[]()<>—–|:,."
_FILLER = re.compile(
    r"\b(?:(?:session|day|part|chat|conversation|entry)\b(?:\s*#?\d+)?|on|at|of|date|utc|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?"
    r"|sun)(?:day)?)\b",
    re.IGNORECASE,
)
_RULES = ("--", "==", "**", "__", "~~", "—", "–")
"""What a ruled line begins and ends with, at the least."""
_SESSION = re.compile(r"(?:session|day|part|conversation)\s*#?\d+\b", re.IGNORECASE)
_LONGEST_HEADER = 100


class SessionHeader(NamedTuple):
    """A line that opens a session: the session's name, and its time, where the line has one."""

    session: str
    day: date | None
    at: str | None


def header(line: str, where: Zone | None = None) -> SessionHeader | None:
    """The line as a session header; `None` for all other lines. Its time is that of a clock in `where` (`None`: UTC).

    A header has a full date and nothing else (except a weekday, a clock time, a session number), or dashes on both sides and a
    date or a session number between them.
    """
    if len(line) > _LONGEST_HEADER or not any(char.isdigit() for char in line):
        return None
    core = line.strip(_DECORATION)
    found = _WRITTEN.search(core)
    ruled = _is_ruled(line)
    if found is None:
        return SessionHeader(core, None, None) if ruled and _SESSION.match(core) else None
    day = _day(found)
    clock = _HEADER_CLOCK.search(core[: found.start()] + " " * len(found.group()) + core[found.end() :])
    rest = core[: found.start()] + "\n" + core[found.end() :]
    rest = _FILLER.sub("", _HEADER_CLOCK.sub("", rest)).strip(_DECORATION + "\n")
    if day is None or (rest and not ruled):
        return None
    hour, half = (clock.group("time"), clock.group("half")) if clock else ("0:00", None)
    at = instant(day, hour, half, None, where)
    return SessionHeader(rest or (day.isoformat() if clock is None else f"{day} {clock.group().strip()}"), day, at)


def _is_ruled(line: str) -> bool:
    """Whether there are rules on both sides of a line, and something between them."""
    core = line.strip()
    left = next((rule for rule in _RULES if core.startswith(rule)), None)
    right = next((rule for rule in _RULES if core.endswith(rule)), None)
    return left is not None and right is not None and bool(core[len(left) : max(len(left), len(core) - len(right))].strip())


def _day(found: re.Match[str]) -> date | None:
    year, month, day = (
        found[a] or found[b] or found[c] for a, b, c in (("y", "y2", "y3"), ("m", "m2", "m3"), ("d", "d2", "d3"))
    )
    number = int(month) if month.isdigit() else MONTHS.index(month[:3].lower()) + 1
    return _date(int(year), number, int(day))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def day_first(stamps: Iterable[str], *, halves: bool = False) -> bool:
    """Whether `05/03/24` is the fifth of March in this chat, judged by its own dates.

    A first number above twelve, a dot between the numbers or the order of the messages decides; when nothing does, the day
    comes first, as nearly everywhere outside the United States, unless the hours are counted in halves of the day as there.

    Args:
        halves: whether its clock says AM and PM.
    """
    pairs = [tuple(map(int, re.split(r"[/.]", stamp))) for stamp in stamps if not re.match(r"\d{4}", stamp)]
    if any(first > 12 for first, *_ in pairs):
        return True
    if any(second > 12 for _, second, _ in pairs):
        return False
    by_month = [(year, first, second) for first, second, year in pairs]
    by_day = [(year, second, first) for first, second, year in pairs]
    if (by_month == sorted(by_month)) != (by_day == sorted(by_day)):
        return by_day == sorted(by_day)
    return not halves


def calendar_day(stamp: str, *, day_comes_first: bool) -> date | None:
    """The day that `2024-03-05`, `05/03/2024` or `05.03.24` names; `None` for one that no calendar has."""
    one, two, three = map(int, re.split(r"[-/.]", stamp))
    if re.match(r"\d{4}", stamp):
        return _date(one, two, three)
    year = three if three > 99 else 2000 + three
    return _date(year, two, one) if day_comes_first or "." in stamp else _date(year, one, two)


def instant(day: date, clock: str, half: str | None, zone: str | None, where: Zone | None = None) -> str | None:
    """The day and the clock time as fixed-width UTC text; `None` for a time such as 25:61.

    Args:
        zone: an offset from UTC, or `Z`.
        where: where the clock hangs that no offset is written for; `None` for UTC.
    """
    hour, *rest = map(int, clock.split(":"))
    if half:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    zone = (zone or ("" if where else "Z")).strip()
    try:
        moment = datetime.fromisoformat(f"{day}T{hour:02}:" + ":".join(f"{part:02}" for part in rest) + zone)
        return where.instant(moment) if where and not zone else to_text(moment)
    except (ValueError, OverflowError):
        return None
