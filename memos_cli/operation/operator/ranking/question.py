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

_TIMED = frozenset(
    """yesterday today tonight tomorrow ago last next morning weekend evening since until year years month months week weeks day
    days hour hours minute minutes mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday gestern
    heute morgen gisteren vandaag demain ayer ma\xf1ana""".split()  # noqa: SIM905 -- reads better as prose
) | frozenset(_MONTHS)
_DATED = re.compile(
    r"\d{4}|\d\d?:\d\d|\d\d?(?:st|nd|rd|th)|\d+[\u5e74\u6708\u65e5\u53f7]|[\u6628\u4eca\u660e]\u5929|[\u4e0a\u4e0b](?:\u4e2a\u6708|\u5468)"
)
_NUMBERS = frozenset(
    """one two three four five six seven eight nine ten eleven twelve dozen once twice couple few several hundred
    thousand""".split()  # noqa: SIM905
)
_LETTERS = re.compile(r"[^\W\d_]+")


def tells_time(text: str) -> bool:
    """Whether a text tells a time, as an answer to "when" does."""
    return not _TIMED.isdisjoint(_LETTERS.findall(text.lower())) or _DATED.search(text) is not None


def tells_number(text: str) -> bool:
    """Whether a text tells a number, as an answer to "how many" does."""
    return any(map(str.isdigit, text)) or not _NUMBERS.isdisjoint(_LETTERS.findall(text.lower()))


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
