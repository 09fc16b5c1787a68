"""The numbers, dates and times of day in a text, and whether others bear them out, however the two are written. Pure."""

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_ISO = re.compile(r"(?<![\w-])(?P<year>\d{4})-(?P<m>\d\d)-(?P<day>\d\d)(?!\d)")
_DAY_FIRST = re.compile(rf"(?i)(?<![\w.:])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?{_MONTH}(?:,? (?P<year>\d{{4}})\b)?")
_MONTH_FIRST = re.compile(rf"(?i)\b{_MONTH} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,? (?P<year>\d{{4}})\b)?")
_MONTH_ALONE = re.compile(rf"(?i)\b{_MONTH}(?:,? (?P<year>\d{{4}}))")
_TIME = re.compile(r"(?i)(?<![\w.:])(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?")
_CLOCK = re.compile(r"(?<![\w.:,])(?P<hour>[01]?\d|2[0-4])[:.](?P<minute>[0-5]\d)(?![\w:]|[.,]\d)")
_NUMBER = re.compile(r"\d+(?:[.,']\d+)*")
_RUN = re.compile(r"\d(?:[\d \-/()]{4,24}\d)")
_GROUPED = re.compile(r"\d{1,3}(?:[.,']\d{3})+")
_WORDS = {
    word: str(number)
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty""".split()  # noqa: SIM905 -- reads better as prose
    )
} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "hundred": "100", "dozen": "12", "twice": "2", "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_PART = re.compile(r"(?P<year>\d{4})(?:-(?:W\d\d|(?P<month>\d\d)))?")
_NEAR = {"yesterday": -1, "last night": -1, "today": 0, "tonight": 0, "this morning": 0, "tomorrow": 1}
_YEARS = {"last year": -1, "this year": 0, "next year": 1}
_AGO = re.compile(r"(?i)\b(\d{1,3}|an?|" + "|".join(_WORDS) + r") (day|week|year)s? ago\b")


class Day(NamedTuple):
    """A day, a month of a year, or a day of any year."""

    year: int | None
    month: int
    day: int | None


class Figures(NamedTuple):
    """What a text counts and dates.

    Attributes:
        numbers: in digits, without what groups them; a number that is part of a date or a time is none of these.
        loose: all digits of the text, also those of its dates and times, and numbers that are written out.
        days: its dates.
        times: its times of day: hour, minute and whether `am` or `pm` is told.
        runs: the digits of numbers that are written in groups, such as those of a telephone.
    """

    numbers: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    days: frozenset[Day] = frozenset()
    times: frozenset[tuple[int, int, bool]] = frozenset()
    runs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(self)

    def with_those_of(self, other: "Figures") -> "Figures":
        """The figures of both."""
        return Figures(
            self.numbers | other.numbers,
            self.loose | other.loose,
            self.days | other.days,
            self.times | other.times,
            self.runs + other.runs,
        )


def number(word: str) -> str | None:
    """The digits of a number that is written out, as `eleven`; `None` for any other word."""
    return _WORDS.get(word)


@lru_cache(maxsize=256)
def read(text: str) -> Figures:
    """The figures of a text."""
    days: set[Day] = set()
    times: set[tuple[int, int, bool]] = set()
    rest = text

    def dated(match: re.Match[str]) -> str:
        said = match.groupdict()
        month = int(said["m"]) if said.get("m") else MONTHS.index(said["month"][:3].lower()) + 1
        days.add(Day(int(said["year"]) if said["year"] else None, month, int(said["day"]) if said.get("day") else None))
        return " # "

    def timed(match: re.Match[str]) -> str:
        said = match.groupdict()
        hour, half = int(said["hour"]), (said.get("half") or "").lower()
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        times.add((hour, int(said["minute"] or 0), bool(half) or hour > 12))
        return " # "

    for pattern in (_ISO, _DAY_FIRST, _MONTH_FIRST, _MONTH_ALONE):
        rest = pattern.sub(dated, rest)
    for pattern in (_TIME, _CLOCK):
        rest = pattern.sub(timed, rest)
    spelt = {_WORDS[word] for word in _WORD.findall(text.lower()) if word in _WORDS}
    numbers = {_plain(one) for one in _NUMBER.findall(rest)}
    loose = {part for one in _NUMBER.findall(text) for part in (_plain(one), *re.findall(r"\d+", one))} | numbers | spelt
    return Figures(
        frozenset(numbers),
        frozenset(part.lstrip("0") or "0" for part in loose) | frozenset(loose),
        frozenset(days),
        frozenset(times),
        tuple("".join(re.findall(r"\d", one)) for one in _RUN.findall(text)),
    )


def _plain(said: str) -> str:
    if _GROUPED.fullmatch(said):
        return re.sub(r"\D", "", said)
    return said.replace(",", ".").replace("'", "")


@lru_cache(maxsize=256)
def dated(text: str, day: str | None) -> Figures:
    """The figures of a memory, with the day that it is from and those that it names by that day, such as "yesterday".

    Args:
        day: ISO, or the week, the month or the year where no day is known; `None` where nothing is.
    """
    found = read(text)
    if day and (known := _PART.fullmatch(day)):  # a week, a month or a year bears out no day of it
        year, month = known["year"], known["month"]
        months = [Day(int(year), int(month), None)] if month and 1 <= int(month) <= 12 else []
        return found.with_those_of(Figures(loose=frozenset([year]), days=frozenset(months)))
    try:
        then = date.fromisoformat(day[:10]) if day else None
    except ValueError:
        then = None
    if then is None:
        return found
    low = text.lower()
    days = {then} | {then + timedelta(days=by) for said, by in _NEAR.items() if said in low}
    years = {then.year + by for said, by in _YEARS.items() if said in low}
    for count, unit in _AGO.findall(low):
        many = int(_WORDS.get(count, count) if count not in {"a", "an"} else 1)
        if unit == "year":
            years.add(then.year - many)
        else:
            days.add(then - timedelta(days=many * (7 if unit == "week" else 1)))
    named = frozenset(Day(one.year, one.month, one.day) for one in days)
    return found.with_those_of(Figures(loose=frozenset(map(str, years)) | {str(one.year) for one in days}, days=named))


def borne_out(answer: Figures, told: Figures) -> bool:
    """Whether every number, date and time of an answer is in what was told."""
    return (
        all(one in told.loose or one.lstrip("0") in told.loose for one in answer.numbers)
        and all(any(_same_day(one, other) for other in told.days) for one in answer.days)
        and all(_is_told(one, told) for one in answer.times)
        and all(
            any(run in other or other in run for other in told.runs) or run in told.loose for run in answer.runs if _long(run)
        )
    )


def _long(run: str) -> bool:
    return len(run) > 8  # a date or a sum in groups is compared by its parts


def _same_day(one: Day, other: Day) -> bool:
    if one.month != other.month or (one.year and other.year and one.year != other.year):
        return False
    # A year that was not told may not be added, nor a day.
    return (one.day is None or one.day == other.day) and (one.year is None or other.year is not None)


def _is_told(time: tuple[int, int, bool], told: Figures) -> bool:
    hour, minute, certain = time
    for other, its, sure in told.times:
        if minute == its and (hour == other if certain and sure else hour % 12 == other % 12):
            return True
    return minute == 0 and bool({str(hour), str(hour % 12 or 12)} & told.loose) and not told.times
