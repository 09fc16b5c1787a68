"""Recurrences: the RRULE texts of RFC 5545 that a memory's metadata may hold, and when the next occurrence is.

A rule is about the clock on the wall: a weekly nine o'clock stays nine o'clock when clocks are put on. What a rule may say is
bounded, since it may come from anywhere: nothing oftener than daily, and nothing that is looked for until the year 9999.
"""

import re
from calendar import monthrange
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from math import gcd
from typing import Any, NamedTuple

from memos_cli.errors import UsageError
from memos_cli.times import Zone

NAME, EXCEPT, ALSO = "recurrence", "except", "also"
"""The names in a memory's metadata: of the rule; of the occurrences that it does not mean, and of those that come besides it or
without one (RDATE of RFC 5545): instants in lists."""
_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
"""In the order of dateutil's constants, which begin with 0."""
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"})
_LONGEST = 400
"""Characters of a rule."""
_MOST_APART = 1000
_MOST_COUNTED = 4000
"""The occurrences of a rule with COUNT are counted one by one."""
_EARLIEST_COUNTED = 1900
"""Nor does one with COUNT start before this year."""


class Rule(NamedTuple):
    """A recurrence that was looked over.

    Attributes:
        frequency: 0 yearly, 1 monthly, 2 weekly, 3 daily.
        most: how often it occurs; `None` for ever.
        until: the last moment that it may occur at, on the wall.
        days: weekdays from 0 for Monday, each with which one of the month or year it is; 0 for all.
    """

    frequency: int
    interval: int = 1
    most: int | None = None
    until: datetime | None = None
    week_start: int = 0
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    positions: tuple[int, ...] = ()


def read(text: object, zone: Zone) -> Rule:
    """The rule of a text such as `RRULE:FREQ=WEEKLY;BYDAY=TU`.

    Raises:
        UsageError: it is none, or one that is not supported, such as an hourly one.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise UsageError("not a recurrence: no RRULE text", hint="write RRULE:FREQ=WEEKLY;BYDAY=TU")
    plain = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    pairs = [part.partition("=") for part in plain.split(";")]
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    if len(parts) != len(pairs) or parts.get("FREQ") not in _FREQUENCIES or not parts.keys() <= _PARTS:
        raise UsageError(
            f"not a recurrence that is understood: {text[:60]!r}",
            hint="write RRULE:FREQ=, of DAILY to YEARLY, with BYDAY and such",
        )
    try:
        rule = _rule(parts, zone)
        _check(rule)
    except ValueError as error:
        raise UsageError(f"a recurrence that never comes or is not understood: {text[:60]!r} ({error})") from None
    return rule


def _rule(parts: dict[str, str], zone: Zone) -> Rule:
    return Rule(
        _FREQUENCIES.index(parts["FREQ"]),
        _numbers(parts.get("INTERVAL", "1"), 1, _MOST_APART)[0],
        _numbers(parts["COUNT"], 1, _MOST_COUNTED)[0] if "COUNT" in parts else None,
        _until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        _weekday(parts.get("WKST", "MO"))[0],
        _numbers(parts.get("BYMONTH"), 1, 12),
        _numbers(parts.get("BYMONTHDAY"), -31, 31),
        tuple(_weekday(one.strip()) for one in parts["BYDAY"].split(",")) if "BYDAY" in parts else (),
        _numbers(parts.get("BYSETPOS"), -366, 366),
    )


def _numbers(text: str | None, least: int, most: int) -> tuple[int, ...]:
    parts = [] if text is None else text.split(",")
    found = tuple(int(one) for one in parts if re.fullmatch(r"[+-]?\d{1,9}", one))
    if len(found) < len(parts) or any(not least <= one <= most or not one for one in found):
        raise ValueError(f"{text} is not within {least} and {most}")
    return found


def _weekday(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", text)
    if match is None or match[1] in {"0", "00"}:
        raise ValueError(f"{text} is no day")
    return _WEEKDAYS.index(match[2]), int(match[1] or 0)


def _until(text: str, zone: Zone) -> datetime:
    """The last moment on the wall; a day alone is taken to its end."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return zone.local(moment.isoformat()).replace(tzinfo=None)
    return moment if "T" in text else moment + timedelta(days=1, microseconds=-1)


def _check(rule: Rule) -> None:
    """Refuse what has no day at all: dateutil would look for one until the year 9999.

    Raises:
        ValueError: it has none, or it is of a kind of which that is not sure.
    """
    yearly, monthly, _, daily = (rule.frequency == at for at in range(4))
    if rule.month_days and not _has_day(rule, rule.months or range(1, 13), leap=True):
        raise ValueError("no month has such a day")
    if daily and rule.interval > 1 and (rule.months or rule.month_days or rule.days):
        raise ValueError("an interval of days takes no BYMONTH, BYMONTHDAY or BYDAY")
    counted = [number for _, number in rule.days if number]
    most = 5 if monthly or rule.months else 53
    if counted and (not (yearly or monthly) or rule.month_days or rule.positions or max(map(abs, counted)) > most):
        raise ValueError("no such weekday of a month or a year")
    if rule.positions and (
        not (yearly or monthly) or not rule.days or rule.month_days or max(map(abs, rule.positions)) > 4 * len(rule.days)
    ):
        raise ValueError("BYSETPOS belongs to the weekdays of a month or a year")


def _has_day(rule: Rule, months: Any, *, leap: bool) -> bool:  # noqa: ANN401 -- any numbers of months
    longest = (monthrange(2024 if leap else 2023, month)[1] for month in months)
    shortest = min(map(abs, rule.month_days))
    return any(length >= shortest for length in longest)


def next_from(rule: Rule, start: datetime, earliest: datetime, without: AbstractSet[datetime] = frozenset()) -> datetime | None:
    """The first occurrence at or after `earliest`; `None` where there is none. All are times on the wall, without an offset.

    Args:
        rule: when it recurs.
        start: the first occurrence.
        earliest: from when on.
        without: the occurrences that are left out, which count as occurrences all the same.
    """
    if rule.most is not None and start.year < _EARLIEST_COUNTED:
        return None
    rule = _complete(rule, start)
    if not _is_reached(rule, start):
        return None
    from dateutil.rrule import rrule, weekday

    first = start if rule.most is not None else _moved(rule, start, earliest)
    dates = rrule(
        rule.frequency, first, rule.interval, rule.week_start, rule.most, rule.until, rule.positions or None,
        rule.months or None, rule.month_days or None,
        byweekday=[weekday(day, number or None) for day, number in rule.days] or None, cache=False,
    )  # fmt: skip
    from_then_on = dates.xafter(max(earliest, start), inc=True)
    return next((one for one in from_then_on if one not in without), None)


def _complete(rule: Rule, start: datetime) -> Rule:
    """The rule with what it takes from its start, as RFC 5545 has it, so that it can be followed from a later start."""
    if rule.month_days or rule.days or rule.frequency == 3:
        return rule
    if rule.frequency == 2:
        return rule._replace(days=((start.weekday(), 0),))
    months = rule.months or ((start.month,) if rule.frequency == 0 else ())
    return rule._replace(months=months, month_days=(start.day,))


def _is_reached(rule: Rule, start: datetime) -> bool:
    """Whether a rule for days of months ever comes to one of them: every other month from June on there is no July."""
    step = gcd(12 * rule.interval if rule.frequency == 0 else rule.interval, 12)
    reached = [
        month for month in rule.months or range(1, 13) if rule.frequency != 1 or (month - start.month) % step == 0
    ]  # fmt: skip
    if not rule.month_days:
        return bool(reached)
    years = rule.interval if rule.frequency == 0 else rule.interval // 12 if rule.frequency == 1 and step == 12 else 1
    return bool(reached) and _has_day(rule, reached, leap=start.year % gcd(years, 4) == 0)


def _moved(rule: Rule, start: datetime, earliest: datetime) -> datetime:
    """A later start with the same occurrences from `earliest` on, so that what began long ago is not counted through."""
    if earliest <= start:
        return start
    if rule.frequency >= 2:
        apart = rule.interval * (7 if rule.frequency == 2 else 1)
        return start + timedelta(max(0, (earliest - start).days // apart - 1) * apart)
    if rule.frequency == 0:
        years = max(0, (earliest.year - start.year) // rule.interval - 1) * rule.interval
        return start.replace(year=start.year + years, month=1, day=1) if years else start
    months = 12 * (earliest.year - start.year) + earliest.month - start.month
    months = max(0, months // rule.interval - 1) * rule.interval
    year, month = divmod(12 * start.year + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=1) if months else start
