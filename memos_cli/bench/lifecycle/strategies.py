"""Strategies to compare with the policy: simple ways to choose the hot memories of the same year. Pure functions.

All of them follow the rules of the policy. A need of a memory that is not hot is a miss; the memory is fetched from the
archive, and the strategy may make it hot again at night. An added memory is hot at least until the next night. Except in
`keep_all`, the end of a TTL ends a memory: the TTL was given when the memory was added, so this needs no foresight.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import nlargest
from math import ceil
from typing import NamedTuple

from memos_cli.bench.lifecycle.year import Told, Year, day_of, night
from memos_cli.operation.lifecycle.transitions import DAY

_HALVINGS = 40
"""Halvings of an interval of a year: down to far below a millisecond."""


class Course(NamedTuple):
    """The outcome of a strategy.

    Attributes:
        hot: how many memories were hot after each night.
        missed: the number of the memory for each miss.
    """

    hot: tuple[int, ...]
    missed: tuple[int, ...] = ()

    @property
    def mean(self) -> float:
        """The mean number of hot memories over all nights."""
        return sum(self.hot) / len(self.hot)


class _Stays(NamedTuple):
    """One memory's hot periods, each as its first night and the first night after it; and how often it was missed."""

    spans: tuple[tuple[int, int], ...] = ()
    misses: int = 0


def keep_all(year: Year) -> Course:
    """Keeps every memory, even past its TTL."""
    return _course(year, lambda told: _Stays(((day_of(told.at), year.days),)))


def oracle(year: Year) -> Course:
    """Knows the future: keeps exactly the memories that will be needed again. Fewer places would mean a miss."""
    return _course(year, lambda told: _Stays(((day_of(told.at), day_of(told.needs[-1])),) if told.needs else ()))


def aged(year: Year, age: float) -> Course:
    """Ends every memory at a fixed age in milliseconds, counted from when it was added or fetched; use does not renew it."""
    return _course(year, lambda told: _aged(told, age))


def fixed_age(year: Year, mean: float) -> tuple[float, Course]:
    """The fixed-age strategy with the same mean number of hot memories: its age in milliseconds, and its course.

    The age is the least with at least that mean; if no age has it, because only TTLs end memories, the year's length.
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
    """Keeps the most recently used, as many each night as there are places; an addition is a use.

    If there is room, it takes back memories that it had dropped. So it holds as many as there are places, or all there are.
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
    """The events of each day, in order: when, and which memory; its first event adds it, the others need it."""
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
