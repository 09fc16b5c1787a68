"""Days that have a name, or a place among others.

Christmas Eve, Easter Monday, the end of the month, and the birthday of somebody where it is known; the second of January, the
last Friday of March; a week tomorrow, Saturday week, this day last year.
"""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import islice

from memos_cli.interface.reader.mention import (
    MONTH,
    MONTHS,
    MOST,
    WEEKDAY,
    WEEKDAYS,
    Mention,
    counted_from,
    found_in,
    holds_any,
    in_year,
    last_of_month,
    made,
    months_from,
    moved,
    weekday_near,
)
from memos_cli.interface.reader.tense import tense

KnownDay = Callable[[str], tuple[int, int] | None]
"""The month and the day of `my birthday`, or `None` where it is not known."""


def unknown_day(_: str) -> tuple[int, int] | None:
    """No birthday is known."""
    return None


_FIXED = {
    "christmas eve": (12, 24), "christmas day": (12, 25), "boxing day": (12, 26), "new years eve": (12, 31),
    "new years day": (1, 1), "valentines day": (2, 14), "halloween": (10, 31), "heiligabend": (12, 24), "silvester": (12, 31),
    "neujahr": (1, 1),
    "nochebuena": (12, 24), "nochevieja": (12, 31), "kerstavond": (12, 24), "oudejaarsavond": (12, 31),
}  # fmt: skip
_BY_EASTER = {
    "good friday": -2, "easter sunday": 0, "easter monday": 1, "karfreitag": -2, "ostersonntag": 0, "ostermontag": 1,
}  # fmt: skip
_HINTS = (
    "christmas", "boxing day", "new year", "valentine", "halloween", "easter", "good friday", "thanksgiving", "end of ",
    "birthday", "anniversary", "heiligabend", "silvester", "neujahr", "oster", "karfreitag", "nochebuena", "nochevieja",
    "kerstavond", "oudejaarsavond",
)  # fmt: skip
_LEAD = r"(?:(?P<lead>on|at|for|by|until|till?|from|since|this|next|last|before|after|every)\s)?"
# Patterns as text: re caches what it has compiled, and a text without a hint does not pay for it.
_NAMED = (
    rf"\b{_LEAD}(?:(?P<name>christmas (?:eve|day)|boxing day|new year[’']?s (?:eve|day)|valentine[’']?s day|halloween"
    r"|easter (?:sunday|monday)|good friday|thanksgiving(?: day)?|heiligabend|silvester|neujahr|karfreitag|ostersonntag"
    r"|ostermontag|nochebuena|nochevieja|kerstavond|oudejaarsavond)(?![\w’'-]|\s(?:carol|dinner|party|tree|present))"
    r"(?:,?\s(?P<year>(?:19|20)\d\d)\b)?"
    r"|(?:the )?end of (?:(?P<which>the|this|next) (?P<unit>month|year)|(?P<month>january|february|march|april|may|june|july"
    r"|august|september|october|november|december)(?:,?\s(?P<of_year>(?:19|20)\d\d))?)\b"
    r"|(?P<own>(?:my (?:\w{1,20}[’']s )?|our |[^\W\d_]\w{1,20}[’']s )(?:birthday|(?:wedding )?anniversary|name day))\b"
    r"(?![’'\w]))"
)
# A text with none of these has no day that is told by its place: in a month, or counted on from another day.
_IN_A_MONTH = ("first", "second", "third", "th ", "last", "1st", "2nd", "3rd")
_COUNTED_ON = ("week", "fortnight", "last year", "next year", "last month", "next month")
_ONES = "first second third fourth fifth sixth seventh eighth ninth"
_ORDINALS = {
    word: number
    for number, word in enumerate(
        f"{_ONES} tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth "
        f"{' '.join(f'twenty-{one}' for one in _ONES.split())} thirtieth thirty-first".split(),
        1,
    )
}
_PLACES = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1} | {one: _ORDINALS[one] for one in _ONES.split()[:5]}
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4}
_OF_MONTH = rf"\s(?P<month>{MONTH})\b(?:,?\s(?P<year>(?:19|20)\d\d)\b)?(?!['’]s)"
_BY_LENGTH = sorted(_ORDINALS, key=len, reverse=True)
_PLACED = rf"\b(?:the\s)?(?P<ordinal>{'|'.join(_BY_LENGTH)})\sof{_OF_MONTH}"
_PLACED_WEEKDAY = (
    rf"\b(?P<every>every\s|each\s)?(?:the\s)?(?P<place>{'|'.join(_PLACES)})\s"
    rf"(?:(?P<weekday>{WEEKDAY})\s(?:of|in)|day\sof){_OF_MONTH}"
)
_COUNTED = (
    rf"(?<!for )(?<!took )(?<!takes )\b(?P<count>{'|'.join(_COUNTS)})\s(?P<unit>week|fortnight)s?\s"
    rf"(?P<anchor>today|tomorrow|on\s{WEEKDAY})\b(?!['’]s)"
    rf"|\b(?P<anchor2>today|tomorrow|(?:on\s)?{WEEKDAY})\s(?P<unit2>week|fortnight)\b(?!\s(?:of|\d|from|before|after)|['’-])"
    r"|\b(?:(?:this|(?:the\s)?same)\s(?P<same>day|date|time)|today)\s(?P<which>last|next)\s(?P<span>week|month|year)\b"
)
# The letters with which the words above begin.
_FIRST_PLACED = r"(?=\b[efnlst1-5])"
_FIRST_COUNTED = r"(?=\b[afmostw])"
_BESIDE_BEFORE = rf"(?i)\b({WEEKDAY}),?\s(?:of\s)?$"
_BESIDE_AFTER = rf"(?i)(,?)\s(?:on\s(?:an?\s)?)?({WEEKDAY})\b(?!['’]s)"
_NUMBER_AFTER = r"(?i),?\s(?:on\s)?the\s(\d{1,2})(?:st|nd|rd|th)\b"
_AGO_FROM = rf"(?i)\s(?:(yesterday|tomorrow)|(?:this|last|next|on|coming)\s\w|{WEEKDAY}\b)"
_SUNDAY = 6
_ON_A_DAY = frozenset(("on", "for", "by", "until", "till", "til", "from", "at", "before", "after", "since", "last", "next"))
_NEVER = r"(?i)\b(?:born|called|named|every|each|always|usually|never)\b"


def may_name(low: str) -> bool:
    """Whether a text in lower case may name such a day."""
    return holds_any(low, _HINTS) or holds_any(low, _IN_A_MONTH)


def mentions(text: str, base: date, known_day: KnownDay) -> list[Mention]:
    """The named days of a text."""
    low = text.lower()
    found = [*_placed(text, low, base)] if (" of " in low or " in " in low) and holds_any(low, _IN_A_MONTH) else []
    if holds_any(low, _COUNTED_ON):
        found += _counted(text, low, base)
    for match in islice(found_in(text, low, _NAMED), MOST) if holds_any(low, _HINTS) else ():
        near = text[max(0, match.start() - 40) : match.start()]
        if (match["lead"] or "").lower() == "every" or re.search(_NEVER, near):
            continue
        day = _day(match, base, known_day)
        if day is not None:
            # The lead is left out of the words, so that it is looked at like that of any other day.
            start = match.end("lead") + 1 if match["lead"] else match.start()
            found.append(Mention(text[start : match.end()], day, "day", start, match.end()))
    return found


def _day(match: re.Match[str], base: date, known_day: KnownDay) -> date | None:
    lead = (match["lead"] or "").lower()
    looks = "past" if lead in {"last", "since"} else tense(match.string, match.start(), match.end())
    if match["own"]:
        known = known_day(match["own"]) if lead in _ON_A_DAY else None
        return in_year(lambda year: made(year, *known), base, looks) if known else None
    if match["name"]:
        return _named(match, base, looks, lead)
    if match["month"]:
        end = partial(_end_of, MONTHS.index(match["month"].lower()[:3]) + 1)
        return end(int(match["of_year"])) if match["of_year"] else in_year(end, base, looks)
    return None if looks == "past" else _end_of_period(match["which"].lower(), match["unit"].lower(), base)


def _end_of_period(which: str, unit: str, base: date) -> date | None:
    """The last day of this month or year, or of the next one."""
    ahead = 1 if which == "next" else 0
    if unit == "year":
        return made(base.year + ahead, 12, 31)
    month = months_from(base.replace(day=1), ahead)
    return month and last_of_month(month)


def _end_of(month: int, year: int) -> date | None:
    first = made(year, month, 1)
    return first and last_of_month(first)


def _named(match: re.Match[str], base: date, looks: str | None, lead: str) -> date | None:
    name = re.sub(r"[’']", "", match["name"].lower())
    if name == "thanksgiving day":
        name = "thanksgiving"
    if name in {"halloween", "thanksgiving"} and not lead:
        return None  # a name of other things too, unless something is said to be on it
    on = partial(_in, name)
    return on(int(match["year"])) if match["year"] else in_year(on, base, looks)


def _in(name: str, year: int) -> date | None:
    """The day of that name in a year."""
    if name in _FIXED:
        return made(year, *_FIXED[name])
    if name == "thanksgiving":
        return _at_place(11, 4, WEEKDAYS.index("thursday"), year)
    from dateutil.easter import easter  # type: ignore[import-untyped,unused-ignore]

    return moved(easter(year), _BY_EASTER[name]) if 1583 <= year <= 4099 else None  # the years of that rule


def _placed(text: str, low: str, base: date) -> Iterator[Mention]:
    """The days that are told by their place in a month: `the second of January`, `the last Friday of March 2027`."""
    for match in (
        *islice(found_in(text, low, _PLACED, _FIRST_PLACED), MOST),
        *islice(found_in(text, low, _PLACED_WEEKDAY, _FIRST_PLACED), MOST),
    ):
        parts = match.groupdict()
        month = MONTHS.index(match["month"].lower()[:3]) + 1
        if "ordinal" in parts:
            on = partial(_on, month, _ORDINALS[match["ordinal"].lower()])
        else:
            weekday = WEEKDAYS.index(parts["weekday"].lower()) if parts["weekday"] else None
            on = partial(_at_place, month, _PLACES[match["place"].lower()], weekday)
        looks = tense(text, match.start(), match.end())
        day = on(int(match["year"])) if match["year"] else in_year(on, base, looks)
        # A day that no calendar has, and one that comes back, still say that the month alone is not meant.
        role = "of" if day is None or parts.get("every") else ""
        yield Mention(match.group(), day or base, "day", match.start(), match.end(), role=role)


def _on(month: int, day: int, year: int) -> date | None:
    return made(year, month, day)


def _at_place(month: int, place: int, weekday: int | None, year: int) -> date | None:
    """The second Friday (4) of a month, its last one (-1), or with no weekday its last day."""
    first = made(year, month, 1)
    if first is None:
        return None
    if place < 0:
        last = last_of_month(first)
        return last if weekday is None else moved(last, -((last.weekday() - weekday) % 7))
    ahead = 0 if weekday is None else (weekday - first.weekday()) % 7
    day = moved(first, ahead + (place - 1) * (1 if weekday is None else 7))
    return day if day.month == month else None


def _counted(text: str, low: str, base: date) -> Iterator[Mention]:
    """The days that are counted from another one: `a week tomorrow`, `Saturday week`, `this day last year`."""
    for match in islice(found_in(text, low, _COUNTED, _FIRST_COUNTED), MOST):
        if match["span"]:
            vague = (match["same"] or "").lower() == "time" and match["span"].lower() != "week"
            day = counted_from(base, -1 if match["which"].lower() == "last" else 1, match["span"].lower()) or base
            yield Mention(match.group(), day, "day", match.start(), match.end(), role="of" if vague else "")
            continue
        anchor = (match["anchor"] or match["anchor2"]).lower().removeprefix("on ")
        if anchor in WEEKDAYS:
            first = weekday_near(base, WEEKDAYS.index(anchor), "coming")
        else:
            first = moved(base, anchor == "tomorrow")
        count, unit = _COUNTS[(match["count"] or "a").lower()], (match["unit"] or match["unit2"]).lower()
        day = counted_from(first or base, count, unit) or base
        yield Mention(match.group(), day, "day", match.start(), match.end())


def beside(match: re.Match[str], kind: str, counted: tuple[date, str], base: date) -> tuple[date, str] | None:
    """A week, a month or a day, or the day of it that is told beside it: `next week on Tuesday`; `None` where there is doubt.

    Args:
        match: the words for it: `next week`, `in two weeks`, `a week ago`.
        kind: `period`, `ahead` or `ago`.
        counted: the day that they mean by themselves, and the unit.
    """
    before, after = match.string[max(0, match.start() - 20) : match.start()], match.string[match.end() : match.end() + 40]
    day, unit = counted
    from_other = re.match(_AGO_FROM, after) if kind == "ago" else None
    if from_other is not None:  # `a week ago yesterday` is eight days ago
        return (moved(day, 1 if from_other[1].lower() == "tomorrow" else -1), unit) if from_other[1] else None
    numbered = re.match(_NUMBER_AFTER, after) if kind == "period" and unit == "month" else None
    if numbered is not None:
        of_month = made(day.year, day.month, int(numbered[1]))
        return (of_month, "day") if of_month else None
    led, followed = re.search(_BESIDE_BEFORE, before), re.match(_BESIDE_AFTER, after)
    if led is None and followed is None:
        return counted
    weekday = WEEKDAYS.index((led[1] if led else followed[2] if followed else "").lower())
    if kind == "period" and unit == "week":  # whether a Sunday begins a week or ends it, people differ
        in_doubt = _SUNDAY in {weekday, base.weekday()} or (followed and followed[1])
        return None if in_doubt else (moved(day, weekday), "day")
    if kind == "ahead" and "week" in match.group().lower() and _SUNDAY > weekday > base.weekday():
        return moved(day, weekday - base.weekday()), "day"
    return None
