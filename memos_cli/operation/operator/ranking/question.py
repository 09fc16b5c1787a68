"""What a query asks for, as far as its words tell: whom it names, when it was, and the kind of answer. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache

from memos_cli.records import NamedTuple

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_TOKEN = re.compile(r"[\w-]+")
# Every search reads its query: what is below is compared as words, since to compile patterns for it would take 6 ms of a search
# that takes 80.
_WHEN = frozenset(("when", "wann", "wanneer", "quand", "cu\xe1ndo", "cuando"))
_WHEN_ELSE = (
    *(f"what {unit}" for unit in ("date", "day", "month", "year", "time")),
    *(f"which {unit}" for unit in ("date", "day", "month", "year", "week")),
    "how long", "how often", "how old",
)  # fmt: skip
_WHEN_WITHOUT_SPACES = ("\u4ec0\u4e48\u65f6\u5019", "\u51e0\u70b9", "\u54ea\u5929", "\u4f55\u65f6")
_NUMBER = frozenset(("wieviel", "wieviele", "hoeveel", "combien", "cu\xe1nto", "cu\xe1nta", "cu\xe1ntos", "cu\xe1ntas"))
_NUMBER_ELSE = ("how many", "how much", "wie viel", "wie viele")
_NUMBER_WITHOUT_SPACES = ("\u591a\u5c11", "\u51e0\u4e2a")
_PERSON = frozenset(("who", "whom", "whose", "wer", "wem", "wen", "qui", "qui\xe9n"))
_PERSON_ELSE = ("wie is",)
_PERSON_WITHOUT_SPACES = ("\u8c01",)
_OWN = frozenset(
    """i my me mine we our ich mein meine meinen meinem meiner meines ik mijn je j mon ma mes mi mis yo""".split()  # noqa: SIM905 -- reads better as prose
)
_OWN_WITHOUT_SPACES = ("\u6211",)

_ISO = r"\b(\d{4})-(\d\d)(?:-(\d\d))?\b"
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
_DAY = rf"(?i)\b(?:{_ORDINAL} (?:of )?(?:{'|'.join(_MONTHS)})|(?:{'|'.join(_MONTHS)}) {_ORDINAL})\b"
_TIMED = frozenset(
    """yesterday today tonight tomorrow ago last next weekend since until year years month months week weeks day
    days hour hours minute minutes mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday gestern
    heute morgen gisteren vandaag demain ayer ma\xf1ana""".split()  # noqa: SIM905 -- reads better as prose
) | frozenset(_MONTHS)
_DATED = (
    r"\d{4}|\d\d?:\d\d|\d\d?(?:st|nd|rd|th)|\d+[\u5e74\u6708\u65e5\u53f7]|[\u6628\u4eca\u660e]\u5929"
    r"|[\u4e0a\u4e0b](?:\u4e2a\u6708|\u5468)"
)
_NUMBERS = frozenset(
    """one two three four five six seven eight nine ten eleven twelve dozen once twice couple few several hundred
    thousand""".split()  # noqa: SIM905
)
_LETTERS = re.compile(r"[^\W\d_]+")


def tells_time(text: str) -> bool:
    """Whether a text tells a time, as an answer to "when" does."""
    if not _TIMED.isdisjoint(_LETTERS.findall(text.lower())):
        return True
    return (not text.isascii() or any(map(str.isdigit, text))) and re.search(_DATED, text) is not None


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


@lru_cache(maxsize=16)  # features, floor and rules each ask for it
def read(query: str) -> Question:
    """What this query asks for."""
    words = _LETTERS.findall(query.lower())
    known, line, plain = frozenset(words), f" {' '.join(words)} ", query.isascii()

    def asks(any_of: frozenset[str], phrases: tuple[str, ...], parts: tuple[str, ...]) -> bool:
        said = not known.isdisjoint(any_of) or any(f" {phrase} " in line for phrase in phrases)
        return said or (not plain and any(part in query for part in parts))

    return Question(
        frozenset(_names(query)),
        asks(_WHEN, _WHEN_ELSE, _WHEN_WITHOUT_SPACES),
        asks(_NUMBER, _NUMBER_ELSE, _NUMBER_WITHOUT_SPACES),
        asks(_PERSON, _PERSON_ELSE, _PERSON_WITHOUT_SPACES),
        asks(_OWN, (), _OWN_WITHOUT_SPACES),
        _times(query) if any(map(str.isdigit, query)) or not known.isdisjoint(_MONTHS) else (),
    )


def _names(query: str) -> Iterator[str]:
    for found in _TOKEN.finditer(query):
        word, start = found.group(), found.start()
        if start and query[start - 1] != "'" and word[0].isupper() and any(map(str.islower, word[1:])):
            yield word.lower()


def _times(query: str) -> tuple[str, ...]:
    exact = ["-".join(part for part in found.groups() if part) for found in re.finditer(_ISO, query)]
    if exact:
        return tuple(exact)
    years = [found.group() for found in re.finditer(r"\b(19|20)\d\d\b", query)]
    # "may" is mostly the verb: it is a month with a capital that does not begin the query, or beside a figure.
    months = [
        f"{_MONTHS.index(found.group().lower()) + 1:02}"
        for found in re.finditer(rf"(?i)\b({'|'.join(_MONTHS)})\b", query)
        if found.group().lower() not in {"may", "march"} or (found.group()[0].isupper() and found.start())
    ]
    if not months:
        return tuple(years)
    day = re.search(_DAY, query)
    days = f"-{int(day.group(1) or day.group(2)):02}" if day and len(months) == 1 else ""
    return tuple(f"{year}-{month}{days}" for year in years or [""] for month in months)


def matches(times: tuple[str, ...], occurred_at: str | None) -> bool:
    """Whether something happened at one of these times."""
    return occurred_at is not None and any(
        occurred_at[4:].startswith(time) if time.startswith("-") else occurred_at.startswith(time) for time in times
    )
