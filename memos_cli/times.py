"""Instants as text, and durations.

Every instant in a cube is UTC text of one fixed width, `2026-11-21T08:30:00.000Z`: such text sorts as the times do, in SQLite
as in Python, and any other tool can read it. Output for people and scripts drops the milliseconds when they are zero.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Literal

from memos_cli.errors import UsageError
from memos_cli.records import NamedTuple

NOTED = "times"
"""The name, in a memory's metadata, of the times that the reader found in its words: a list, each with `text`, `at`, `unit`."""
Unit = Literal["day", "week", "month", "year"]
"""How closely a time is known."""
_UNITS: tuple[Unit, ...] = ("day", "week", "month", "year")
_DURATION = r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w|mo|y)"
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 2629746, "y": 31556952}
"""Month and year are the mean Gregorian ones: 365.2425 days a year."""


def to_text(moment: datetime) -> str:
    """The instant as fixed-width UTC text with milliseconds; a naive `moment` is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z".rjust(24, "0")


def from_text(text: str) -> datetime:
    """The instant of a text that `to_text` made."""
    return datetime.fromisoformat(text)


def shown(text: str | None) -> str | None:
    """The text as output shows it: without `.000`; `None` stays `None`."""
    return text.replace(".000Z", "Z") if text else text


def parse_iso(text: str, zone: "Zone | None" = None) -> str:
    """ISO-8601 in any of its usual spellings to fixed-width UTC text; a date alone is its midnight.

    Args:
        zone: where the clock hangs that a time without an offset was read from; `None` for UTC.

    Raises:
        UsageError: not a date, or one outside the years 1 to 9999.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return zone.instant(moment) if zone is not None and moment.tzinfo is None else to_text(moment)
    except (ValueError, OverflowError):
        raise UsageError(
            f"not an ISO-8601 date or time: {text[:60]!r}", hint="write 2026-11-21 or 2026-11-21T08:30:00Z"
        ) from None


@lru_cache(maxsize=1024)
def from_millis(millis: int) -> str:
    """Milliseconds since 1970 as fixed-width UTC text; cached, since the operations of one transaction share one clock."""
    return to_text(datetime.fromtimestamp(millis // 1000, UTC) + timedelta(milliseconds=millis % 1000))


def to_millis(text: str) -> int:
    """Fixed-width UTC text as whole milliseconds since 1970 (negative before)."""
    return round(from_text(text).timestamp() * 1000)


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `12h`, `30d`, `2w`, `6mo`, `1y` and sums of them (`1d12h`).

    Raises:
        UsageError: something else, or a length of zero.
    """
    compact = text.strip().lower()
    parts = re.findall(_DURATION, compact)
    if not parts or "".join(n + u for n, u in parts) != compact.replace(" ", ""):
        raise UsageError(f"not a duration: {text[:60]!r}", hint="write 90s, 15m, 12h, 30d, 2w, 6mo or 1y")
    try:
        length = timedelta(seconds=sum(float(n) * _SECONDS[u] for n, u in parts))
    except OverflowError:
        raise UsageError(f"a duration beyond all range: {text[:60]!r}") from None
    if not length:
        raise UsageError("a duration of zero would end at once")
    return length


class Zone:
    """The time zone of a person: what a day is, and what a clock on the wall says.

    Args:
        name: of the IANA database, such as `Europe/Amsterdam`; empty for the zone of the system, which `TZ` sets.

    Raises:
        UsageError: there is no such zone.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._info: tzinfo | None = _found(name) if name else None

    def local(self, text: str) -> datetime:
        """The instant of a fixed-width UTC text as the clock on the wall says it, with its offset from UTC."""
        moment = from_text(text)
        try:
            return moment.astimezone(self._info)
        except (OverflowError, ValueError, OSError):  # the first and the last hours of all years; a system without that year
            return moment

    def day(self, text: str) -> date:
        """The day on which an instant falls there."""
        return self.local(text).date()

    def shown(self, text: str) -> str:
        """The instant for people: the day and what the clock on the wall says then, such as `2026-11-20 09:00`.

        Seconds stand there where they are not zero, and of the beginning of a day the day alone. All of it can be read back: of
        a time that comes twice, as clocks are put back, the second one has its offset from UTC.
        """
        local = self.local(text)
        wall = local.replace(tzinfo=None)
        seconds = f":{wall:%S}" if wall.second or wall.microsecond else ""
        millis = f".{wall.microsecond // 1000:03d}" if wall.microsecond else ""
        again = f"{local:%z}" if local.fold else ""
        clock = f"{wall:%H:%M}{seconds}{millis}{again}"
        return f"{wall.date()}" if clock == "00:00" else f"{wall.date()} {clock}"

    def retold(self, text: str) -> str:
        """A notice in memos's own words, with its instants as `shown` has them."""
        return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z", lambda match: self.shown(match.group()), text)

    def instant(self, wall: datetime) -> str:
        """The instant, as fixed-width UTC text, at which the clock on the wall says this; `wall` has no offset.

        Of a time that comes twice, as clocks are put back, it is the first; a time that no clock shows, as they are put on,
        is as long after the last one that it does show.
        """
        try:
            return to_text(wall.replace(tzinfo=self._info) if self._info is not None else wall.astimezone(UTC))
        except (OverflowError, ValueError, OSError):
            return to_text(wall.replace(tzinfo=UTC))


def _found(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise UsageError(f"no time zone called {name[:60]!r}", hint="write a name such as Europe/Amsterdam") from None


class NotedTime(NamedTuple):
    """A time that the reader found in the words of a memory.

    Attributes:
        text: its words.
        day: the day that it means; the first one of a week, a month or a year.
        unit: how closely the words say it.
        place: where it stands among those that are noted.
    """

    text: str
    day: date
    unit: Unit
    place: int


def noted(metadata: Mapping[str, Any]) -> list[NotedTime]:
    """The times in the metadata of a memory, which may be from elsewhere and hold anything: what is no time is left out."""
    told = metadata.get(NOTED)
    found = []
    for place, one in enumerate(told if isinstance(told, list | tuple) else ()):
        unit = next((unit for unit in _UNITS if isinstance(one, Mapping) and one.get("unit") == unit), None)
        try:
            day = date.fromisoformat(one["at"]) if unit else None
        except (KeyError, TypeError, ValueError):
            continue
        if unit and day:
            found.append(NotedTime(str(one.get("text") or ""), day, unit, place))
    return found
