"""Generated rosters: persons who work shifts, and what they recall when. Pure and seeded.

A second kind of generated log, built another way than `bench.predict.habits`: made after the predictor's constants were chosen,
and nothing was chosen by it. The week means little to these persons.

    shifts      early, late and night ones in blocks, with days off between, in a cycle of six to eleven days; a shift begins
                and ends with fixed scenes and visits its rounds in an order of its own each time
    phases      a project goes through three or four phases of some days, each with scenes of its own, recalled in turn with
                the project's notes; now and then it falls back a phase
    errands     on days off: a list that is gone through from end to end, but never in the same order
    drift       every ten to thirty days another scene replaces one of the rounds or errands, and people get up later or earlier
    noise       each person has a level, from hardly any to a quarter of all recalls: a scene from anywhere
    pairs       some recalls need a second scene as well
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from memos_cli.bench.predict.habits import Habits
from memos_cli.operation.scheduler.predictor import SceneRecall

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_START = 1_772_409_600_000
"""Monday, 2 March 2026, in milliseconds since 1970."""
_WARDS = ("handover", "ward A", "ward B", "pharmacy", "laboratory", "training", "rota", "incidents", "stores", "night desk")
_HOME = (
    "groceries", "bank", "post office", "workshop", "chemist", "parents", "laundry", "swimming", "library", "allotment", "bins",
    "dentist",
)  # fmt: skip
_PROJECTS = ("bathroom", "diploma", "camper van")
_PHASES = ("idea", "plans", "orders", "building", "papers", "finish")
_STARTS = {"early": 6 * 60, "late": 14 * 60, "night": 22 * 60}
_FREE = {"early": 17 * 60, "late": 10 * 60, "night": 16 * 60, "off": 15 * 60}
"""When there is time for projects."""


class _Person(NamedTuple):
    """The constant traits of a person."""

    cycle: tuple[str, ...]
    first: str
    last: str
    noise: float
    again: float
    pairs: float


class _RosterLife(NamedTuple):
    """The changing state of a person."""

    person: _Person
    rounds: list[str]
    errands: list[str]
    projects: list[tuple[dict[int, int], tuple[str, ...]]]
    late: float = 0.0


def make(days: int, seed: int) -> Habits:
    """Some days of a person; another seed is another person."""
    random = Random(f"roster {seed}")  # noqa: S311 -- a draw that can be repeated
    wards, home = random.sample(_WARDS, len(_WARDS)), random.sample(_HOME, len(_HOME))
    first, last, *wards = wards
    rounds, wards, errands, home = wards[:4], wards[4:], home[:5], home[5:]
    person = _Person(
        _cycle(random), first, last, random.uniform(0.02, 0.25), random.uniform(0.1, 0.5), random.uniform(0.0, 0.2)
    )
    projects = [_phases(random, name, days) for name in random.sample(_PROJECTS, random.randint(1, 3))]
    everything = (first, last, *_WARDS, *_HOME, *(one for _, sets in projects for one in sets))
    told = tuple(dict.fromkeys(everything))
    life = _RosterLife(person, rounds, errands, projects)
    recalls: list[SceneRecall] = []
    changes = random.randint(10, 30)
    for day in range(days):
        if day == changes:
            changes += random.randint(10, 30)
            life = life._replace(late=life.late + random.uniform(-60, 90))
            for lot, others in ((rounds, wards), (errands, home)):
                gone = random.randrange(len(lot))
                others.append(lot[gone])
                lot[gone] = others.pop(0)
        for minute, sets in _day(random, life, day):
            recalls += _visited(random, person, _START + day * _DAY + round(minute * _MINUTE), sets, told)
    return Habits(told, tuple(sorted(recalls, key=lambda recall: recall.at)))


def _cycle(random: Random) -> tuple[str, ...]:
    """The days of a roster's cycle."""
    blocks = [[shift] * random.randint(1, 3) for shift in random.sample(sorted(_STARTS), random.randint(2, 3))]
    return tuple(day for block in blocks for day in [*block, *["off"] * random.randint(1, 2)])


def _phases(random: Random, name: str, days: int) -> tuple[dict[int, int], tuple[str, ...]]:
    """The phase of a project on each day, and its scenes: its notes, then two for each phase."""
    count = random.randint(3, 4)
    phases = random.sample(_PHASES, count)
    sets = (f"{name} notes", *(f"{name} {phase} {part}" for phase in phases for part in (1, 2)))
    of_day: dict[int, int] = {}
    day, phase = random.randint(0, 12), 0
    while day < days and phase < count:
        length = random.randint(5, 15)
        of_day.update(dict.fromkeys(range(day, day + length), phase))
        day += length
        phase += -1 if phase and random.random() < 0.15 else 1
    return of_day, sets


def _day(random: Random, life: _RosterLife, day: int) -> Iterator[tuple[float, list[str]]]:
    """The minutes of the day, each with the scenes that are recalled then."""
    person = life.person
    shift = person.cycle[day % len(person.cycle)]
    if shift == "off":
        if random.random() < 0.8:
            yield random.gauss(10 * 60 + life.late, 60), random.sample(life.errands, random.randint(2, len(life.errands)))
    else:
        begin = random.gauss(_STARTS[shift], 6)
        yield begin, [person.first]
        for hour in random.sample(range(1, 7), 2):
            yield begin + 60 * hour + random.uniform(0, 30), random.sample(life.rounds, random.randint(1, 3))
        yield begin + 7.8 * 60, [person.last] if random.random() < 0.9 else [life.rounds[0], person.last]
    for phases, (notes, *parts) in life.projects:
        if day in phases and random.random() < (0.85 if shift == "off" else 0.45):
            two = parts[2 * phases[day] : 2 * phases[day] + 2]
            to_and_fro = [one for _ in range(random.randint(1, 3)) for one in (random.choice(two), notes)]
            yield random.gauss(_FREE[shift] + life.late, 50), to_and_fro


def _visited(random: Random, person: _Person, at: int, sets: list[str], everything: tuple[str, ...]) -> Iterator[SceneRecall]:
    for one in sets:
        going = True
        while going:
            needed = random.choice(everything) if random.random() < person.noise else one
            beside = random.choice(sets) if random.random() < person.pairs else needed
            yield SceneRecall(at, tuple(dict.fromkeys((needed, beside))))
            at += round(random.uniform(0.2, 8) * _MINUTE)
            going = random.random() < person.again
