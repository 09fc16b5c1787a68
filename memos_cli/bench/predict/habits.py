"""Generated habits: persons with a week, projects, and interruptions, and what they recall when. Pure and seeded.

The predictor fits none of these processes. There are no transition probabilities: a person follows plans.

    appointments  a kind of sitting at an hour on some days of the week, early or late by a clock that is never exact, skipped
                  now and then; each has a script of two to five scenes that is gone through in order, now and then in another
                  order, with one to three recalls of each scene
    projects      at any time two to four are active; each lasts two to seven weeks, swells and thins out, has an hour of its
                  own, and after its end is recalled just a few times
    interruptions within a sitting something else comes up, from anywhere; afterwards the script continues where it was left
    moods         between sittings a few scenes are recalled for no reason, by a fondness that drifts from week to week
    holidays      once in a while a week without appointments
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from memos_cli.operation.scheduler.predictor import SceneRecall

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_START = 1_767_571_200_000
"""Monday, 5 January 2026, in milliseconds since 1970."""
_PLACES = (
    "work", "family", "diet", "health", "music", "garden", "finances", "reading", "running", "kitchen", "car", "school",
    "friends", "language", "house", "choir",
)  # fmt: skip
_PROJECTS = ("Oslo", "thesis", "kitchen plan", "tax return", "marathon", "wedding", "move", "website", "boat", "Lisbon")


class Habits(NamedTuple):
    """A person's scenes in the order of their creation, and their recalls in the order of time."""

    scenes: tuple[str, ...]
    recalls: tuple[SceneRecall, ...]


class _Appointment(NamedTuple):
    days: tuple[int, ...]
    minute: int
    script: tuple[str, ...]
    skipped: float
    blur: float


class _Project(NamedTuple):
    name: str
    first: int
    last: int
    minute: int


def make(days: int, seed: int) -> Habits:
    """Some days of a person; another seed is another person."""
    random = Random(seed)  # noqa: S311 -- a draw that can be repeated
    places = random.sample(_PLACES, random.randint(9, len(_PLACES)))
    appointments = [_appointment(random, places) for _ in range(random.randint(4, 8))]
    projects = list(_projects(random, days))
    free = {day for week in range(days // 7 + 1) if random.random() < 0.06 for day in range(7 * week, 7 * week + 7)}
    fondness = {place: random.expovariate(1) for place in places}
    recalls: list[SceneRecall] = []
    for day in range(days):
        if day % 7 == 0:
            fondness = {place: worth * random.lognormvariate(0, 0.4) for place, worth in fondness.items()}
        for minute, script in sorted(_sittings(random, day, free, appointments, projects, fondness)):
            recalls += _gone_through(random, _START + day * _DAY + round(minute * _MINUTE), script, places)
    recalls.sort(key=lambda recall: recall.at)
    told = [*places, *(project.name for project in sorted(projects, key=lambda project: project.first))]
    return Habits(tuple(dict.fromkeys(told)), tuple(recalls))


def _appointment(random: Random, places: list[str]) -> _Appointment:
    days = random.choice([(0, 1, 2, 3, 4), (0, 2, 4), (1, 3), (5,), (6,), (5, 6), (random.randrange(7),)])
    script = tuple(random.sample(places, random.randint(2, 5)))
    return _Appointment(days, random.randint(7 * 60, 21 * 60), script, random.uniform(0.02, 0.25), random.uniform(8, 50))


def _projects(random: Random, days: int) -> Iterator[_Project]:
    names = random.sample(_PROJECTS, len(_PROJECTS))
    for lane in range(random.randint(2, 4)):
        day = random.randint(-10, 10)
        while day < days and names:
            length = random.randint(14, 49)
            yield _Project(names.pop(), day, day + length, random.randint(8 * 60, 22 * 60))
            day += length + random.randint(0, 10 + lane)


def _sittings(
    random: Random,
    day: int,
    free: set[int],
    appointments: list[_Appointment],
    projects: list[_Project],
    fondness: dict[str, float],
) -> Iterator[tuple[float, tuple[str, ...]]]:
    """The minutes of the day, each with the scenes that are recalled then."""
    for one in appointments if day not in free else ():
        if day % 7 in one.days and random.random() >= one.skipped:
            script = tuple(random.sample(one.script, len(one.script))) if random.random() < 0.1 else one.script
            yield random.gauss(one.minute, one.blur), script
    for project in projects:
        if project.first <= day <= project.last:
            swell = 1 - abs(2 * (day - project.first) / (project.last - project.first) - 1)
            if random.random() < 0.25 + 0.6 * swell:
                yield random.gauss(project.minute, 70), (project.name,) * random.randint(1, 3)
        elif day > project.last and random.random() < 0.02:
            yield random.uniform(8 * 60, 22 * 60), (project.name,)
    for _ in range(random.randint(0, 2)):
        (place,) = random.choices(list(fondness), list(fondness.values()))
        yield random.uniform(8 * 60, 23 * 60), (place,)


def _gone_through(random: Random, at: int, script: tuple[str, ...], places: list[str]) -> Iterator[SceneRecall]:
    for place in script:
        for _ in range(random.choice((1, 1, 2, 3))):
            yield SceneRecall(at, (place,))
            at += round(random.uniform(0.3, 6) * _MINUTE)
        if random.random() < 0.08:
            yield SceneRecall(at, (random.choice(places),))
            at += round(random.uniform(0.3, 10) * _MINUTE)
