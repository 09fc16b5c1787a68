"""Times that a person writes, read in a zone: an instant, or a period such as a day, `last week`, `march` or `Q3 2026`.

What has one meaning is read; what has two is refused with both of them, since a wrong date is worse than none. A time without
an offset from UTC is what the clock on the wall says there, and a day begins at midnight there.
"""

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from memos_cli.errors import UsageError
from memos_cli.times import Zone, from_text, parse_iso, to_text

if TYPE_CHECKING:
    from collections.abc import Callable


class Period(NamedTuple):
    """A half-open interval of fixed-width UTC texts; of an instant both are the same."""

    starts: str
    ends: str


Look = Literal["back", "ahead", "either"]
"""Which `friday` or `march` is meant: the latest that has begun, the next to begin, or neither for sure."""

_Days = tuple[date, date]
"""The first day of a period, and the first one after it."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WORDS = "a an one two three four five six seven eight nine ten eleven twelve"
_COUNTS = dict(zip(_WORDS.split(), (1, 1, *range(1, 13)), strict=True))
_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1, "day before yesterday": -2, "day after tomorrow": 2}
_SECONDS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "m": 60, "hour": 3600, "hr": 3600, "h": 3600}
_DAYS = {"day": 1, "d": 1, "week": 7, "wk": 7, "w": 7, "fortnight": 14}
_MONTHS_OF = {"month": 1, "mo": 1, "quarter": 3, "year": 12, "yr": 12, "y": 12}
_MONTH_FIRST = ("US",)
_DAY_FIRST = (
    "AR", "AT", "AU", "BE", "BG", "BR", "CH", "CL", "CO", "CZ", "DE", "DK", "EC", "EG", "ES", "FI", "FR", "GB", "GR", "HR",
    "ID", "IE", "IL", "IN", "IT", "LU", "MX", "NL", "NO", "NZ", "PE", "PL", "PT", "RO", "RS", "RU", "SI", "SK", "TR", "UA",
    "UY", "VE", "VN", "ZA",
)  # fmt: skip
"""Territories of locales whose dates in figures have one order (glibc's `d_fmt`, CLDR); others are not asked."""

_MONTH = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_MONTH += r"|nov(?:ember)?|dec(?:ember)?)\.?"
_WEEKDAY = r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_COUNT = rf"(?P<count>\d{{1,6}}|{'|'.join(_COUNTS)})"
_UNIT = rf"(?P<unit>{'|'.join(sorted({*_SECONDS, *_DAYS, *_MONTHS_OF}, key=len, reverse=True))})(?:(?<=\w\w)s)?"
_CLOCK = (
    r"(?P<noon>noon|midday)|(?P<hour12>\d{1,2})(?:[:.](?P<minute12>\d\d))? ?(?P<half>[ap])\.?m\.?"
    r"|(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d{1,6})?)?"
    r"|(?<=at )(?P<sharp>\d{1,2})(?: ?o['’]?clock)?"  # noqa: RUF001 -- phones write the curly one
)
_OFFSET = r"(?: ?(?P<offset>z|utc|gmt|[+-]\d\d:?\d\d))?"
_VAGUE = (
    r"(?:this |last |next |the )*(?:spring|summer|autumn|fall|winter|morning|afternoon|evening|night|weekend|tonight|midnight"
    r"|christmas|easter|birthday)\b.*|tonight|.* midnight"
)
_KNOWN = (
    "now",
    "yesterday",
    "today",
    "tomorrow",
    "this week",
    "last week",
    "this month",
    "last month",
    "this year",
    "last year",
)
_EXAMPLES = "write 2026-11-21, '2026-11-21 08:30', yesterday, 'last week', march, 'Q3 2026' or '3 days ago'"


def read(text: str, now: str, zone: Zone, *, look: Look = "back", locale: str = "") -> Period:
    """The instant or the period that a text means.

    Args:
        text: what a person wrote.
        now: the time, as fixed-width UTC text.
        zone: where the person is.
        look: which one a month, a weekday or a day without a year is.
        locale: such as `en_GB.UTF-8`: it may decide whether `01/02/2026` begins with the day or the month.

    Raises:
        UsageError: the text has no sure meaning; the hint has the meanings that it might have, and how each is written.
    """
    plain = " ".join(text.split())
    try:
        return _exact(plain, zone) or _Reader(plain, now, zone, look, locale).read()
    except (ValueError, OverflowError):
        raise UsageError(f"{text[:60]!r} is not a day or a time that there is", hint=_EXAMPLES) from None


def order_of(locale: str) -> Literal["day", "month"] | None:
    """Which comes first in a locale's dates in figures; `None` where that is not sure."""
    territory = re.split(r"[.@]", locale)[0].partition("_")[2].upper()
    return "month" if territory in _MONTH_FIRST else "day" if territory in _DAY_FIRST else None


def _exact(text: str, zone: Zone) -> Period | None:
    """ISO 8601; `None` of what is not."""
    if not re.match(r"\d{4}-?(?:\d\d|w)", text, re.IGNORECASE):
        return None
    try:
        starts = parse_iso(text, zone)
    except UsageError:
        return None
    if re.search(r"\d.*[ T:]", text[4:], re.IGNORECASE):
        return Period(starts, starts)
    first, length = date.fromisoformat(text), 7 if re.fullmatch(r"(?i)\d{4}-?w\d\d", text) else 1
    if (date.max - first).days < length:  # the last days of all years have no end that could be written
        return Period(starts, starts)
    return _period((first, first + timedelta(length)), zone)


def _period(days: _Days, zone: Zone) -> Period:
    first, after = (zone.instant(datetime(one.year, one.month, one.day)) for one in days)  # noqa: DTZ001 -- a wall's
    return Period(first, after)


def _one(day: date) -> _Days:
    return day, day + timedelta(1)


def _months(year: int, month: int, count: int = 1) -> _Days:
    """So many months from one on, whose number may lie outside of 1 to 12."""
    ends = [divmod(year * 12 + month - 1 + more, 12) for more in (0, count)]
    first, after = (date(one, number + 1, 1) for one, number in ends)
    return first, after


class _Reader:
    """One text, and what it is read with."""

    def __init__(self, text: str, now: str, zone: Zone, look: Look, locale: str) -> None:
        self._text, self._now, self._zone, self._look, self._locale = text, now, zone, look, locale
        self._wall = zone.local(now).replace(tzinfo=None)
        self._today = self._wall.date()
        self._low = re.sub(r"^(?:the|on|in the) ", "", text.lower())

    def read(self) -> Period:
        """The period; see `read`."""
        low = self._low
        if low == "now":
            return Period(self._now, self._now)
        if days := self._days(low):
            return _period(days, self._zone)
        return self._counted(low) or self._at_a_time(low) or self._refuse(low)

    # -- a length of time from now

    def _counted(self, low: str) -> Period | None:
        """`3 days ago`, `in a week`, `the last 30 days`; looking back also `30d`."""
        match = re.fullmatch(rf"(?P<way>in |last |past |previous |next )?{_COUNT} ?{_UNIT}(?P<end> ago| from now)?", low)
        if match is None:
            return None
        way, end = (match["way"] or "").strip(), (match["end"] or "").strip()
        if (way and end) or (way in {"last", "past", "previous"} and match["count"] in {"a", "an"}):
            return None
        if not way and not end and self._look != "back":
            self._doubt(f"{self._text} ago", f"in {self._text}")
        ahead = way in {"in", "next"} or end == "from now"
        count = _COUNTS.get(match["count"]) or int(match["count"])
        there = self._moved(count if ahead else -count, match["unit"])
        if way in {"last", "past", "previous"}:
            return Period(there, self._now)
        return Period(self._now, there) if way == "next" else Period(there, there)

    def _moved(self, count: int, unit: str) -> str:
        """So many units from now: hours are hours; of days, months and years the clock on the wall says the same time."""
        if unit in _SECONDS:
            return to_text(from_text(self._now) + timedelta(seconds=count * _SECONDS[unit]))
        if unit in _DAYS:
            return self._zone.instant(self._wall + timedelta(count * _DAYS[unit]))
        first, after = _months(self._today.year, self._today.month + count * _MONTHS_OF[unit])
        day = min(self._today.day, (after - first).days)
        return self._zone.instant(datetime.combine(first.replace(day=day), self._wall.time()))

    # -- days and what is made of them

    def _days(self, low: str) -> _Days | None:
        if low in _NEAR:
            return _one(self._today + timedelta(_NEAR[low]))
        readers: tuple[tuple[str, Callable[[re.Match[str]], _Days]], ...] = (
            (r"(?P<which>this|current|last|previous|next) (?P<unit>week|month|quarter|year)", self._this),
            (rf"(?P<which>(?:this|last|next) )?{_WEEKDAY}", self._weekday),
            (rf"(?:in )?(?P<which>(?:last|next) )?{_MONTH}", self._month),
            (rf"(?:in )?{_MONTH},? {_YEAR}|(?P<number>\d\d?)/(?P<year2>\d{{4}})|(?P<year3>\d{{4}})[-/.](?P<number2>\d\d?)",
             self._month_of),
            (rf"(?:in )?q(?P<quarter>[1-4])(?: ?(?:of )?{_YEAR})?|(?P<year2>\d{{4}})[ -]?q(?P<quarter2>[1-4])", self._quarter),
            (r"(?:in |year )?(?P<year>\d{4})", self._year),
            (r"(?P<year>\d{3}0)s", lambda match: _months(int(match["year"]), 1, 120)),
            (rf"week (?P<week>\d{{1,2}}),? (?:of )?{_YEAR}", self._week),
            (rf"(?:{_WEEKDAY},? (?:the )?)?{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?", self._named_day),
            (rf"(?:{_WEEKDAY},? )?{_MONTH} {_DAY}(?:,? {_YEAR})?", self._named_day),
            (r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})",
             lambda match: _one(date(*(int(match[name]) for name in ("year", "month", "day"))))),
            (r"(?P<first>\d{1,2})(?P<sep>[-/.])(?P<second>\d{1,2})(?P=sep)(?P<year>\d{4})", self._figures),
            (r"(?P<first>\d{1,2})(?P<sep>/)(?P<second>\d{1,2})", self._figures),
        )  # fmt: skip
        for pattern, reader in readers:
            if match := re.fullmatch(pattern, low):
                return reader(match)
        return None

    def _this(self, match: re.Match[str]) -> _Days:
        step = {"this": 0, "current": 0, "next": 1}.get(match["which"], -1)
        today = self._today
        if match["unit"] == "week":
            monday = today - timedelta(today.weekday()) + timedelta(7 * step)
            return monday, monday + timedelta(7)
        length = {"month": 1, "quarter": 3, "year": 12}[match["unit"]]
        return _months(today.year, (today.month - 1) // length * length + 1 + step * length, length)

    def _weekday(self, match: re.Match[str]) -> _Days:
        wanted = next(at for at, name in enumerate(_WEEKDAYS) if name.startswith(match["weekday"][:3]))
        behind = self._today - timedelta((self._today.weekday() - wanted) % 7)
        which = (match["which"] or "").strip()
        if which == "last":
            return _one(behind if behind < self._today else behind - timedelta(7))
        ahead = behind + timedelta(7)
        if which == "next" and wanted > self._today.weekday():
            # On a Tuesday `next friday` is this week's to some, and next week's to others.
            self._doubt_days(ahead, ahead + timedelta(7))
        if which == "this":
            monday = self._today - timedelta(self._today.weekday())
            return _one(monday + timedelta(wanted)) if wanted >= self._today.weekday() else self._doubt_days(behind, ahead)
        return _one(ahead) if which == "next" else self._pick(_one(behind), _one(ahead))

    def _month(self, match: re.Match[str]) -> _Days:
        number, today = _number(match["month"]), self._today
        behind = _months(today.year - (number > today.month), number)
        ahead = _months(today.year + (number <= today.month), number)
        which = (match["which"] or "").strip()
        if which == "last":
            return behind if number != today.month else _months(today.year - 1, number)
        if which == "next":
            return ahead if ahead[0].year > today.year else self._doubt_days(ahead[0], _months(today.year + 1, number)[0])
        return self._pick(behind, ahead)

    def _month_of(self, match: re.Match[str]) -> _Days:
        year = int(match["year"] or match["year2"] or match["year3"])
        return _months(year, _number(match["month"]) if match["month"] else _checked(match["number"] or match["number2"], 12))

    def _quarter(self, match: re.Match[str]) -> _Days:
        month = 3 * int(match["quarter"] or match["quarter2"]) - 2
        if year := match["year"] or match["year2"]:
            return _months(int(year), month, 3)
        today = self._today
        return self._pick(
            _months(today.year - (month > today.month), month, 3), _months(today.year + (month <= today.month), month, 3)
        )

    def _year(self, match: re.Match[str]) -> _Days:
        year = match["year"]
        if match.group() == year and not year.startswith(("19", "20", "21")) and year < "2400" and year[2] < "6":
            self._doubt(f"{year}-01-01", f"today {year[:2]}:{year[2:]}")
        return _months(int(year), 1, 12)

    def _week(self, match: re.Match[str]) -> _Days:
        monday = date.fromisocalendar(int(match["year"]), int(match["week"]), 1)
        return monday, monday + timedelta(7)

    def _named_day(self, match: re.Match[str]) -> _Days:
        """`21 march 2026`, `march 21`; a weekday before it has to be that day's."""
        month, day = _number(match["month"]), int(match["day"])
        weekday = match["weekday"]
        if match["year"]:
            found = date(int(match["year"]), month, day)
            if weekday and not _WEEKDAYS[found.weekday()].startswith(weekday[:3]):
                named = _WEEKDAYS[found.weekday()].capitalize()
                raise UsageError(f"{_spelled(found)} is a {named}", hint=f"write {found} if that day is meant")
            return _one(found)
        return self._in_some_year(month, day, weekday)

    def _in_some_year(self, month: int, day: int, weekday: str | None = None) -> _Days:
        years = range(self._today.year - 8, self._today.year + 9)  # the 29th of February may be eight years away
        days = [date(year, month, day) for year in years if _exists(year, month, day)]
        days = [one for one in days if not weekday or _WEEKDAYS[one.weekday()].startswith(weekday[:3])]
        behind, ahead = [one for one in days if one <= self._today], [one for one in days if one > self._today]
        if not behind or not ahead:
            raise ValueError(day)
        return self._pick(_one(behind[-1]), _one(ahead[0]))

    def _figures(self, match: re.Match[str]) -> _Days:
        """`21/11/2026`, `5/13`; of `01/02/2026` the locale may know which is the day."""
        first, second = int(match["first"]), int(match["second"])
        named = match.groupdict().get("year")
        days_first = match["sep"] == "." or first > 12 or first == second
        if not days_first and second <= 12:
            order = order_of(self._locale)
            if order is None:
                year = int(named or self._today.year)
                self._doubt_days(date(year, second, first), date(year, first, second))
            days_first = order == "day"
        day, month = (first, second) if days_first else (second, first)
        return _one(date(int(named), month, day)) if named else self._in_some_year(month, day)

    # -- a time of day

    def _at_a_time(self, low: str) -> Period | None:
        """A day and a time, in either order; a time alone is today's."""
        behind = re.fullmatch(rf"(?P<rest>.*?)(?:^|,? (?=at )|,? )(?:at )?(?:{_CLOCK}){_OFFSET}", low)
        match = behind or re.fullmatch(rf"(?:at )?(?:{_CLOCK}){_OFFSET},?(?: on)? (?P<rest>.*)", low)
        if match is None:
            return None
        days = self._days(re.sub(r"^(?:the|on) ", "", match["rest"])) if match["rest"] else _one(self._today)
        if days is None or days[1] - days[0] != timedelta(1):
            return None
        wall = datetime.combine(days[0], datetime.min.time()) + _time_of(match)
        if offset := match["offset"]:
            there = to_text(datetime.fromisoformat(f"{wall.isoformat()}{'Z' if offset[0] in 'zug' else offset}"))
        else:
            there = self._zone.instant(wall)
        return Period(there, there)

    # -- doubt

    def _pick(self, behind: _Days, ahead: _Days) -> _Days:
        if self._look == "either":
            self._doubt_days(behind[0], ahead[0])
        return behind if self._look == "back" else ahead

    def _doubt_days(self, one: date, other: date) -> NoReturn:
        self._doubt(one.isoformat(), other.isoformat(), f"{_spelled(one)} or {_spelled(other)}")

    def _doubt(self, one: str, other: str, meanings: str = "") -> NoReturn:
        quoted = " or ".join(f"'{way}'" if " " in way else way for way in (one, other))
        raise UsageError(f"{self._text[:60]!r} may mean {meanings or f'{one} or {other}'}", hint=f"write {quoted}")

    def _refuse(self, low: str) -> NoReturn:
        shown = f"{self._text[:60]!r}"
        if re.fullmatch(_VAGUE, low):
            raise UsageError(
                f"{shown} does not say for sure when it begins", hint="write the day, as 2026-06-21, or 'today 18:00'"
            )
        if re.fullmatch(r"\d\d?([-/.])\d\d?\1\d\d", low):
            raise UsageError(f"{shown} has a year of two digits", hint="write 2026-11-21")
        from difflib import get_close_matches

        near = get_close_matches(low, (*_KNOWN, *_WEEKDAYS, *_MONTHS), 1, 0.8) if len(low) < 40 else []
        if near:
            raise UsageError(f"{shown} is not a time; did you mean {near[0]}?", hint=_EXAMPLES)
        raise UsageError(f"{shown} is not a time", hint=_EXAMPLES)


def _number(month: str) -> int:
    return next(at for at, name in enumerate(_MONTHS, 1) if name.startswith(month[:3]))


def _checked(number: str, most: int) -> int:
    if not 1 <= int(number) <= most:
        raise ValueError(number)
    return int(number)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


def _time_of(match: re.Match[str]) -> timedelta:
    """The time of day that a clock says, from midnight on."""
    if match["noon"]:
        return timedelta(hours=12)
    if match["half"]:
        hours = _checked(match["hour12"], 12) % 12 + 12 * (match["half"] == "p")
        minutes, seconds = int(match["minute12"] or 0), 0.0
    else:
        hours, minutes = int(match["hour"] or match["sharp"]), int(match["minute"] or 0)
        seconds = float((match["second"] or "0") + (match["fraction"] or ""))
    if hours > 23 or minutes > 59 or seconds >= 60:
        raise ValueError(match.group())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _spelled(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}"
