"""What else could decide which memories are hot: simple strategies, in memory, on the same year as the policy. Pure functions.

All of them play by the rules of the policy. A need of a memory that is not hot is a miss; the memory is fetched from the
archive, and the night may bring it back. What is told is hot at least until the next night. But for `keep_all`, a TTL that
passed ends a memory: that was said when it was told, so it needs no foresight.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import nlargest
from math import ceil
from typing import NamedTuple

from memos_cli.bench.lifecycle.year import Told, Year, day_of, night
from memos_cli.operation.lifecycle.transitions import DAY

_HALVINGS = 40
"""Of an interval of a year: far below a millisecond."""


class Course(NamedTuple):
    """How a strategy fared.

    Attributes:
        hot: how many memories were hot after each night.
        missed: the number of the memory for each miss.
    """

    hot: tuple[int, ...]
    missed: tuple[int, ...] = ()

    @property
    def mean(self) -> float:
        """Of the hot memories, over all nights."""
        return sum(self.hot) / len(self.hot)


class _Stays(NamedTuple):
    """One memory: from which night on it was hot, and the first at which it was not, each time; and how often it was missed."""

    spans: tuple[tuple[int, int], ...] = ()
    misses: int = 0


def keep_all(year: Year) -> Course:
    """Nothing ever leaves, not even what has a TTL."""
    return _course(year, lambda told: _Stays(((day_of(told.at), year.days),)))


def oracle(year: Year) -> Course:
    """Knows what is to come: keeps what will be needed again, and only that. Fewer places cannot do without a miss."""
    return _course(year, lambda told: _Stays(((day_of(told.at), day_of(told.needs[-1])),) if told.needs else ()))


def aged(year: Year, age: float) -> Course:
    """Everything leaves at a fixed age, counted in milliseconds from when it was told or fetched; use does not renew it."""
    return _course(year, lambda told: _aged(told, age))


def fixed_age(year: Year, mean: float) -> tuple[float, Course]:
    """A strategy of a fixed age that has as many memories hot on average: that age in milliseconds, and its course.

    The age is the least with at least so many; where even no age has, because nothing but a TTL ends, the year's length.
    """
    low, high = 0.0, float((year.days + 1) * DAY)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if aged(year, middle).mean < mean:
            low = middle
        else:
            high = middle
    return high, aged(year, high)


def lru(year: Year, places: Sequence[int]) -> Course:
    """The most recently used stay, as many each night as there are places; being told is a use.

    It may take back what it had put away, when there is room. So it holds as many as there are places, or all there are.
    """
    last: dict[int, int] = {}
    alive: dict[int, Told] = {}
    kept: set[int] = set()
    hot: list[int] = []
    missed: list[int] = []
    for day, happening in enumerate(by_day(year)):
        for at, told in happening:
            if told.number not in last:
                alive[told.number] = told
                kept.add(told.number)
            elif told.number not in kept:
                missed.append(told.number)
            last[told.number] = at
        for number in [number for number, told in alive.items() if _is_over(told, day)]:
            del alive[number]
        kept = set(nlargest(places[day], alive, key=lambda number: (last[number], number)))
        hot.append(len(kept))
    return Course(tuple(hot), tuple(missed))


def by_day(year: Year) -> Iterator[list[tuple[int, Told]]]:
    """What happens on each day, in order: when, and which memory; the first time it is told, then it is needed."""
    days: list[list[tuple[int, Told]]] = [[] for _ in range(year.days)]
    for told in year.memories:
        for at in (told.at, *told.needs):
            days[day_of(at)].append((at, told))
    for happening in days:
        yield sorted(happening, key=lambda one: (one[0], one[1].number))


def _is_over(told: Told, day: int) -> bool:
    return told.expires is not None and told.expires <= night(day)


def _first_night(at: float, day: int) -> int:
    """The first day, from `day` on, whose night is at an instant or later."""
    return max(day, ceil((at - night(0)) / DAY))


def _aged(told: Told, age: float) -> _Stays:
    end = _first_night(told.expires, 0) if told.expires is not None else None
    spans: list[tuple[int, int]] = []
    misses, since = 0, day_of(told.at)
    out = _first_night(told.at + age, since)
    for need in told.needs:
        if day_of(need) > out:
            spans.append((since, out))
            misses, since = misses + 1, day_of(need)
            out = _first_night(need + age, since)
    spans.append((since, out))
    return _Stays(tuple((start, stop if end is None else min(stop, end)) for start, stop in spans), misses)


def _course(year: Year, stays_of: Callable[[Told], _Stays]) -> Course:
    """The course of a strategy that decides about each memory by itself."""
    change = [0] * (year.days + 1)
    missed: list[int] = []
    for told in year.memories:
        stays = stays_of(told)
        missed += [told.number] * stays.misses
        for start, stop in stays.spans:
            if start < min(stop, year.days):
                change[start] += 1
                change[min(stop, year.days)] -= 1
    hot, count = [], 0
    for step in change[: year.days]:
        count += step
        hot.append(count)
    return Course(tuple(hot), tuple(missed))
