"""Instants as text, and durations.

Every instant in a cube is UTC text of one fixed width, `2026-11-21T08:30:00.000Z`: such text sorts as the times do, in SQLite
as in Python, and any other tool can read it. Output for people and scripts drops the milliseconds when they are zero.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from memos_cli.errors import UsageError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w|mo|y)")
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


def parse_iso(text: str) -> str:
    """ISO-8601 in any of its usual spellings to fixed-width UTC text; a date alone is its midnight in UTC.

    Raises:
        UsageError: not a date, or one outside the years 1 to 9999.
    """
    try:
        return to_text(datetime.fromisoformat(text.strip()))
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
    parts = _DURATION.findall(compact)
    if not parts or "".join(n + u for n, u in parts) != compact.replace(" ", ""):
        raise UsageError(f"not a duration: {text[:60]!r}", hint="write 90s, 15m, 12h, 30d, 2w, 6mo or 1y")
    try:
        length = timedelta(seconds=sum(float(n) * _SECONDS[u] for n, u in parts))
    except OverflowError:
        raise UsageError(f"a duration beyond all range: {text[:60]!r}") from None
    if not length:
        raise UsageError("a duration of zero would end at once")
    return length
