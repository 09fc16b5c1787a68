"""Days that have a name: Christmas Eve, Easter Monday, the end of the month, and the birthday of somebody where it is known."""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import islice

from memos_cli.interface.reader.mention import MOST, Mention, holds_any, in_year, last_of_month, made, months_from, moved
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
    rf"(?i)\b{_LEAD}(?:(?P<name>christmas (?:eve|day)|boxing day|new year[’']?s (?:eve|day)|valentine[’']?s day|halloween"
    r"|easter (?:sunday|monday)|good friday|thanksgiving(?: day)?|heiligabend|silvester|neujahr|karfreitag|ostersonntag"
    r"|ostermontag|nochebuena|nochevieja|kerstavond|oudejaarsavond)(?![\w’'-]|\s(?:carol|dinner|party|tree|present))"
    r"(?:,?\s(?P<year>(?:19|20)\d\d)\b)?"
    r"|(?:the )?end of (?:(?P<which>the|this|next) (?P<unit>month|year)|(?P<month>january|february|march|april|may|june|july"
    r"|august|september|october|november|december))\b"
    r"|(?P<own>(?:my (?:\w{1,20}[’']s )?|our |[^\W\d_]\w{1,20}[’']s )(?:birthday|(?:wedding )?anniversary|name day))\b"
    r"(?![’'\w]))"
)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_ON_A_DAY = frozenset(("on", "for", "by", "until", "till", "til", "from", "at", "before", "after", "since", "last", "next"))
_NEVER = r"(?i)\b(?:born|called|named|every|each|always|usually|never)\b"


def may_name(low: str) -> bool:
    """Whether a text in lower case may name such a day."""
    return holds_any(low, _HINTS)


def mentions(text: str, base: date, known_day: KnownDay) -> list[Mention]:
    """The named days of a text."""
    if not may_name(text.lower()):
        return []
    found = []
    for match in islice(re.finditer(_NAMED, text), MOST):
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
        return in_year(partial(_end_of, _MONTHS.index(match["month"].lower()) + 1), base, looks)
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
        first = made(year, 11, 1)
        return first and moved(first, (3 - first.weekday()) % 7 + 21)  # the fourth Thursday of November
    from dateutil.easter import easter  # type: ignore[import-untyped,unused-ignore]

    return moved(easter(year), _BY_EASTER[name]) if 1583 <= year <= 4099 else None  # the years of that rule
