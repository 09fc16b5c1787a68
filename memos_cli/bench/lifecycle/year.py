"""A generated year: which memories are added on each day, in three domains, and when each is needed. Pure and seeded.

When a memory is needed depends on its habit alone, which is drawn before its words are. No process here is derived from the
formula by which memories fade (a power of their age, `operation.lifecycle.transitions.strength`): gaps are drawn evenly from
ranges, they do not grow with age, and they do not shrink with use. So the formula can be right or wrong about this year.
ranges end, though, where those of a life would thin out: a strategy that keeps everything for 84 days never misses a memory
once.

    weekly      a gap of 5 to 9 days, again and again, over 60 to 365 days; then never more (a drug is stopped, a job done)
    monthly     a gap of 24 to 36 days, over 120 to 365 days
    once        a single time, 14 to 84 days after it was added
    never       not at all
    seasonal    a burst of 3 to 6 needs, 1 to 4 days apart; 90 to 240 quiet days; the next burst; and so on
    ttl         added with a TTL of 14 to 60 days, needed every 3 to 12 days until then

The additions are spread evenly over the days. A domain has its own mix of habits (`MIX`), and its own kinds of memory, which
depend on its templates. Within a domain a kind says nothing about the habit.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from random import Random
from typing import NamedTuple

from memos_cli.bench.lifecycle.sentences import CARE, CODE, DOMAINS, TALK, Sentence, sentence
from memos_cli.operation.lifecycle.transitions import DAY

START = datetime(2025, 1, 1, tzinfo=UTC)
"""The year's first instant; all times of a year are milliseconds since then."""
_HOUR = DAY // 24
_MORNING, _EVENING = 8 * _HOUR, 22 * _HOUR
"""The hours within which memories are added and needed."""
NIGHT = 3 * _HOUR
"""The hour that closes a day: 3:00 of the next one."""


class Habit(StrEnum):
    """How a memory is used."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    ONCE = "once"
    NEVER = "never"
    SEASONAL = "seasonal"
    TTL = "ttl"


MIX: dict[str, dict[Habit, int]] = {
    CARE: {
        Habit.WEEKLY: 15, Habit.MONTHLY: 20, Habit.ONCE: 20, Habit.NEVER: 20, Habit.SEASONAL: 10, Habit.TTL: 15,
    },
    CODE: {
        Habit.WEEKLY: 10, Habit.MONTHLY: 10, Habit.ONCE: 20, Habit.NEVER: 25, Habit.SEASONAL: 25, Habit.TTL: 10,
    },
    TALK: {
        Habit.WEEKLY: 5, Habit.MONTHLY: 10, Habit.ONCE: 25, Habit.NEVER: 40, Habit.SEASONAL: 10, Habit.TTL: 10,
    },
}  # fmt: skip
"""Percentages of a domain's memories; chosen by hand, so that each habit occurs in each domain and none is half of it."""


class Told(NamedTuple):
    """One memory of a year.

    Attributes:
        number: 0, 1, 2 … in the order of their addition.
        at: when it is added.
        needs: when it is needed, in order, at most once a day and never on the day of its addition.
        expires: when its TTL ends; `None` if it has none.
    """

    number: int
    domain: str
    habit: Habit
    sentence: Sentence
    at: int
    needs: tuple[int, ...] = ()
    expires: int | None = None


class Year(NamedTuple):
    """The additions and needs of some days."""

    days: int
    memories: tuple[Told, ...]

    @property
    def needs(self) -> int:
        """The number of needs in all."""
        return sum(len(told.needs) for told in self.memories)


def night(day: int) -> int:
    """The instant that closes a day."""
    return (day + 1) * DAY + NIGHT


def day_of(at: int) -> int:
    """The day, from 0, of an addition or a need."""
    return at // DAY


def make(days: int, memories: int, seed: int) -> Year:
    """A year; the same for the same arguments.

    Args:
        days: how long it is.
        memories: how many are added.
    """
    draw = Random(seed)  # noqa: S311 -- a draw that can be repeated
    known: set[str] = set()
    moments = sorted(_moment(draw, draw.randrange(days)) for _ in range(memories))
    return Year(days, tuple(_told(draw, number, at, days, known) for number, at in enumerate(moments)))


def _told(draw: Random, number: int, at: int, days: int, known: set[str]) -> Told:
    domain = draw.choice(DOMAINS)
    mix = MIX[domain]
    (habit,) = draw.choices(tuple(mix), tuple(mix.values()))
    expires = at + draw.randint(14, 60) * DAY if habit is Habit.TTL else None
    end = min(days, day_of(expires) if expires else days)
    needed = tuple(takewhile(lambda day: day < end, _days(draw, habit, day_of(at))))
    today = (START + timedelta(milliseconds=at)).date()
    while (made := sentence(draw, domain, today)).text in known:
        pass
    known.add(made.text)
    return Told(number, domain, habit, made, at, tuple(_moment(draw, day) for day in needed), expires)


def _moment(draw: Random, day: int) -> int:
    return day * DAY + draw.randrange(_MORNING, _EVENING, 1000)


def _days(draw: Random, habit: Habit, told: int) -> Iterator[int]:
    """The days on which a memory is needed, in order; it may go on for ever."""
    match habit:
        case Habit.WEEKLY:
            return _often(draw, told, (5, 9), draw.randint(60, 365))
        case Habit.MONTHLY:
            return _often(draw, told, (24, 36), draw.randint(120, 365))
        case Habit.TTL:
            return _often(draw, told, (3, 12), 60)
        case Habit.ONCE:
            return iter((told + draw.randint(14, 84),))
        case Habit.SEASONAL:
            return _bursts(draw, told)
        case Habit.NEVER:
            return iter(())


def _often(draw: Random, told: int, gap: tuple[int, int], span: int) -> Iterator[int]:
    day = told + draw.randint(*gap)
    while day <= told + span:
        yield day
        day += draw.randint(*gap)


def _bursts(draw: Random, told: int) -> Iterator[int]:
    day = told
    while True:
        for _ in range(draw.randint(3, 6)):
            day += draw.randint(1, 4)
            yield day
        day += draw.randint(90, 240)
