"""A message that asks for a day ("what did I do last Tuesday?"): what is dated then answers it, whatever its words."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import NamedTuple

from memos_cli.interface.chat.answers.answer_words import Word, alike, content, is_past, words
from memos_cli.interface.reader import dates, intents
from memos_cli.interface.reader.mention import MONTH, MONTHS, WEEKDAY, WEEKDAYS, Mention, last_of, last_of_month, moved
from memos_cli.interface.reader.told_times import RECURRENCE
from memos_cli.model import Kind, Memory
from memos_cli.operation.operator.recall import Recall, Recalled
from memos_cli.operation.results import Hit
from memos_cli.times import Zone

MOST = 10
"""The most memories of a day that are told."""
_MOST_CHARACTERS = 200
"""The characters of a message that asks for a day and nothing else, at the most."""
_PAST = re.compile(r"(?i)\b(?:did|was|were|happened|done)\b")
_MONTH = re.compile(rf"(?i)\bin ({MONTH})\b(?! \d)")
_WEEKDAY = re.compile(rf"(?i)\bon ({WEEKDAY})\b")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@cache
def _plain() -> frozenset[str]:
    text = (Path(__file__).parents[2] / "data" / "things.txt").read_text("utf-8")
    return frozenset(text.partition("\n# days\n")[2].partition("\n# ")[0].split())


class DayQuestion(NamedTuple):
    """The days that a message asks for, and the words of what else it asks; none of them where it asks for the days alone."""

    days: Mention
    words: tuple[Word, ...]


def asked(message: str, now: str, zone: Zone) -> DayQuestion | None:
    """What a message asks of certain days; `None` where it asks nothing, or names none or several.

    Args:
        now: when it is said.
        zone: where the person is.
    """
    if len(message) > _MOST_CHARACTERS or not intents.asks(message) or not dates.may_name_a_time(message):
        return None
    today = zone.local(now)
    named = dates.mentions(message, today) or list(_likely(message, today.date()))
    if len(named) != 1 or named[0].unit == "year":
        return None
    rest = f"{message[: named[0].start]} {message[named[0].end :]}"
    found = re.findall(r"[^\W\d_]+|\d+", rest.casefold())
    said = {part for word in found for part in (word if _HAN.match(word) else [word])}
    if not said:
        return None
    return DayQuestion(named[0], () if said <= _plain() else tuple(content(words(rest))))


def _likely(message: str, today: date) -> Iterator[Mention]:
    """The days of a month or a weekday that a question names without a year or a week."""
    past = _PAST.search(message) is not None
    if (found := _MONTH.search(message)) and past:
        month = MONTHS.index(found[1][:3].casefold()) + 1
        first = date(today.year - (month > today.month), month, 1)
        yield Mention(found[0], first, "month", found.start(), found.end(), last_of_month(first))
    elif (found := _WEEKDAY.search(message)) and not past:
        ahead = (WEEKDAYS.index(found[1].casefold()) - today.weekday()) % 7
        yield Mention(found[0], moved(today, ahead), "day", found.start(), found.end())


def answering(message: str, found: Recalled, recalling: Recall) -> Recalled:
    """What was recalled; for a message that asks for a day what is dated then, the earliest first, and what names that day.

    Who asks more of a day ("who did I meet on Monday?") gets what has such a word and is dated then before what a search finds.
    """
    now, zone = recalling.session.now, recalling.session.zone
    if (wanted := asked(message, now, zone)) is None:
        return found
    named = wanted.days
    last = named.last or named.day
    begin, end = (zone.instant(datetime.combine(day, time())) for day in (named.day, moved(last, 1)))
    dated = [one for one in recalling.between(begin, end) if _is_of_its_day(one)]
    if wanted.words:
        more = [Hit(one, 1.0) for one in _spread([one for one in dated if _shares(one, wanted.words)])]
        known = {hit.memory.id for hit in more}
        return found._replace(hits=(*more, *(hit for hit in found.hits if hit.memory.id not in known))) if more else found
    said = [one for one in dated if one.kind is not Kind.EPISODE] or dated
    known = {memory.id for memory in said}
    said += [one for one in recalling.recurring(begin, end) if one.id not in known]
    known = {memory.id for memory in said}
    named_too = [hit for hit in found.hits if hit.memory.id not in known and _names(hit.memory, named.day, last, zone)]
    return found._replace(hits=(*(Hit(memory, 1.0) for memory in _spread(said)), *named_too), listed=True)


def _shares(memory: Memory, wanted: Sequence[Word]) -> bool:
    """Whether a memory has a word of what is asked."""
    return any(alike(word.stem, one.stem) for word in words(memory.content) for one in wanted)


def _is_of_its_day(memory: Memory) -> bool:
    """Whether a memory tells of the day that it is dated by: what was told then of no day only where it says what was done."""
    if memory.occurred_at is not None or memory.valid_from is not None:
        return memory.occurred_at is not None
    first = re.match(r"\w+", memory.content)  # "Paid the electrician", as a diary has it
    return memory.kind is Kind.EVENT or (first is not None and is_past(first[0].casefold()))


def _spread(memories: Sequence[Memory]) -> Sequence[Memory]:
    """In time; of more than can be told those that are trusted."""
    ordered = sorted(memories, key=lambda one: (one.untrusted, one.occurred_at or one.created_at))[:MOST]
    return sorted(ordered, key=lambda one: one.occurred_at or one.created_at)


def _names(memory: Memory, first: date, last: date, zone: Zone) -> bool:
    if RECURRENCE in memory.metadata:
        return False  # of these the days are known
    return any(begin <= last and end >= first for begin, end in _spans(memory, zone))


def _spans(memory: Memory, zone: Zone) -> Iterator[tuple[date, date]]:
    at = memory.occurred_at or memory.valid_from
    if at is not None:
        yield zone.day(at), zone.day(at)
    if dates.may_name_a_time(memory.content):
        for one in dates.mentions(memory.content, zone.local(memory.created_at)):
            yield one.day, one.last or last_of(one.day, one.unit)
