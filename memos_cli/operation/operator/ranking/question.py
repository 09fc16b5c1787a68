"""What a query asks for, as far as its words tell: whom it names, when it was, and the kind of answer. Pure."""

import re
from typing import NamedTuple

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NAME = re.compile(r"(?<![\w'])[A-ZÀ-ÖØ-Þ][\w-]*[a-zß-öø-ÿ][\w-]*")
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})\b", re.IGNORECASE)
_DAY = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?:{'|'.join(_MONTHS)})|(?:{'|'.join(_MONTHS)}) (\d{{1,2}})(?:st|nd|rd|th)?)\b",
    re.IGNORECASE,
)
_ISO = re.compile(r"\b(\d{4})-(\d\d)(?:-(\d\d))?\b")
_WHEN = re.compile(
    r"\b(when|what (?:date|day|month|year|time)|which (?:date|day|month|year|week)|how (?:long|often|old)|since when|until when"
    r"|wann|wanneer|quand|cuándo|cuando)\b|什么时候|几点|哪天|何时",
    re.IGNORECASE,
)
_COUNT = re.compile(r"\b(how (?:many|much)|wie ?viele?|hoeveel|combien|cuánt[oa]s?)\b|多少|几个", re.IGNORECASE)
_PERSON = re.compile(r"\b(who|whom|whose|wer|wem|wen|wie is|qui|quién)\b|谁", re.IGNORECASE)
_OWN = re.compile(r"\b(i|my|me|mine|we|our|ich|mein\w*|ik|mijn|je|j'|mon|ma|mes|mi|mis|yo)\b|我", re.IGNORECASE)

TIMED = re.compile(
    r"\b(yesterday|today|tonight|tomorrow|ago|last|next|this (?:week|month|year|morning|weekend|evening)|since|until|years?"
    r"|months?"
    r"|weeks?|days?|hours?|minutes?|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    rf"|{'|'.join(_MONTHS)}|weekend|gestern|heute|morgen|gisteren|vandaag|hier|demain|ayer|mañana|\d{{4}}|\d\d?:\d\d)\b"
    r"|昨天|今天|明天|[上下]周|[上下]个月|\d+[年月日号]",
    re.IGNORECASE,
)
"""Words that tell a time: an answer to "when"."""
DIGIT = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|once|twice|couple|few|several|hundred|thousand)\b",
    re.IGNORECASE,
)
"""Words that tell a number: an answer to "how many"."""


class Question(NamedTuple):
    """What a query asks for.

    Attributes:
        names: words that may be names, in lower case: written with a capital, and not only because they come first.
        when: whether it asks for a time; `number` for a number; `person` for somebody; `own` about the person who asks.
        times: the beginnings of the ISO dates that it names: `2023`, `-05` for May of any year, `2023-05`, `2023-05-12`.
    """

    names: frozenset[str]
    when: bool
    number: bool
    person: bool
    own: bool
    times: tuple[str, ...]


def read(query: str) -> Question:
    """What this query asks for."""
    named = {found.group().lower() for found in _NAME.finditer(query) if found.start()}
    return Question(
        frozenset(named),
        bool(_WHEN.search(query)),
        bool(_COUNT.search(query)),
        bool(_PERSON.search(query)),
        bool(_OWN.search(query)),
        _times(query),
    )


def _times(query: str) -> tuple[str, ...]:
    exact = ["-".join(part for part in found.groups() if part) for found in _ISO.finditer(query)]
    if exact:
        return tuple(exact)
    years = [found.group() for found in _YEAR.finditer(query)]
    # "may" is mostly the verb: it is a month with a capital that does not begin the query, or beside a figure.
    months = [
        f"{_MONTHS.index(found.group().lower()) + 1:02}"
        for found in _MONTH.finditer(query)
        if found.group().lower() not in {"may", "march"} or (found.group()[0].isupper() and found.start())
    ]
    if not months:
        return tuple(years)
    day = _DAY.search(query)
    days = f"-{int(day.group(1) or day.group(2)):02}" if day and len(months) == 1 else ""
    return tuple(f"{year}-{month}{days}" for year in years or [""] for month in months)


def matches(times: tuple[str, ...], occurred_at: str | None) -> bool:
    """Whether something happened at one of these times."""
    return occurred_at is not None and any(
        occurred_at[4:].startswith(time) if time.startswith("-") else occurred_at.startswith(time) for time in times
    )
