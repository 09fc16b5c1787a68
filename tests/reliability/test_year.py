"""A year of one person's entries in ten time zones: every relative date against a calendar that is computed otherwise.

The reader is told the instant at which something was said, and where. What is right is worked out here with `zoneinfo` and
`datetime` alone, from the date on the wall that the entry was drawn with: nothing of the reader's is used.
"""

import random
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from memos_cli.config import Settings, paths
from memos_cli.interface.api import MOS
from memos_cli.interface.reader.reader import Reader
from memos_cli.interface.reader.told_times import RECURRENCE
from memos_cli.times import Zone, to_text
from tests.conftest import Clock
from tests.trials import trials

ZONES = (
    "America/Los_Angeles", "America/St_Johns", "Europe/London", "Europe/Amsterdam", "Asia/Kolkata", "Asia/Tokyo",
    "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Kiritimati", "Etc/GMT+12",
)  # fmt: skip
"""Days of 23 and 25 hours, one of them by half an hour, both hemispheres, and the first and the last place to begin a day."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FRENCH = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


class Said(NamedTuple):
    """A sentence and what is right: the clock on the wall at which it happens, begins and ends to be true, and its rule."""

    words: str
    at: datetime | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    rule: str | None = None


Says = Callable[[random.Random, datetime], Said]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def last_moment(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59, 999000))


def months_on(day: date, count: int) -> date:
    year, month = day.year, day.month
    for _ in range(abs(count)):
        month += 1 if count > 0 else -1
        if month in {0, 13}:
            year, month = (year + 1, 1) if month == 13 else (year - 1, 12)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def near(draw: random.Random, now: datetime) -> Said:
    words, days = draw.choice(
        [("Rain today", 0), ("Dentist tomorrow", 1), ("We saw a seal yesterday", -1),
         ("The plumber comes the day after tomorrow", 2),
         ("The day before yesterday it snowed", -2), ("I ran 8 km this morning", 0), ("We ate out last night", -1),
         ("Gestern war es kalt", -1), ("Demain nous dînons chez Luc", 1), ("Ayer llovió", -1), ("Vandaag regent het", 0)]
    )  # fmt: skip
    return Said(words, midnight(now.date() + timedelta(days)))


def at_an_hour(draw: random.Random, now: datetime) -> Said:
    hour, minute = draw.randrange(24), draw.choice([0, 5, 15, 30, 40])
    half = f"{hour % 12 or 12}:{minute:02} {'am' if hour < 12 else 'pm'}"
    words, days = draw.choice(
        [(f"Meet Ravi tomorrow at {half}", 1), (f"Dentist tomorrow at {hour:02}:{minute:02}", 1),
         (f"At {half} today we meet Ana", 0),
         (f"Der Zahnarzt ist morgen um {hour}:{minute:02} Uhr", 1), (f"Le dentiste est demain à {hour}h{minute:02}", 1)]
    )  # fmt: skip
    return Said(words, datetime.combine(now.date() + timedelta(days), time(hour, minute)))


def counted(draw: random.Random, now: datetime) -> Said:
    number = draw.randrange(2, 11)
    told = draw.choice([str(number), NUMBERS[number - 2]])
    unit = draw.choice(["day", "week", "month", "year"])
    sign = draw.choice([1, -1])
    day = now.date()
    if unit in {"day", "week"}:
        day += timedelta(sign * number * (7 if unit == "week" else 1))
    else:
        day = months_on(day, sign * number * (12 if unit == "year" else 1))
    return Said(f"The party is in {told} {unit}s" if sign > 0 else f"We met Ravi {told} {unit}s ago", midnight(day))


def weekday(draw: random.Random, now: datetime) -> Said:
    today, wanted = now.weekday(), draw.randrange(7)
    name = DAYS[wanted]
    day = now.date() + timedelta(1)
    while day.weekday() != wanted:
        day += timedelta(1)
    before = now.date() - timedelta(1)
    while before.weekday() != wanted:
        before -= timedelta(1)
    way = draw.choice(["last", "on", "was", "next", "prochain"])
    if way == "last":
        return Said(f"We met last {name}", midnight(before))
    if way in {"next", "prochain"}:
        words = f"Dentist next {name}" if way == "next" else f"La réunion est reportée à {FRENCH[wanted]} prochain"
        return Said(words, None if wanted > today else midnight(day))
    if wanted == today:
        return Said(f"Dentist on {name}")
    return Said(f"Dentist on {name}", midnight(day)) if way == "on" else Said(f"We met on {name}", midnight(before))


def dated(draw: random.Random, now: datetime) -> Said:
    day = now.date() + timedelta(draw.randrange(-400, 400))
    name = MONTHS[day.month - 1]
    words = draw.choice(
        [f"Wedding on {day.day} {name} {day.year}", f"Wedding on {name} {day.day}, {day.year}", f"Wedding on {day}",
         f"Wedding on {DAYS[day.weekday()]} {day.day} {name} {day.year}"]
    )  # fmt: skip
    return Said(words, midnight(day))


def bounded(draw: random.Random, now: datetime) -> Said:
    day = now.date() + timedelta(draw.randrange(2, 300))
    name, years = MONTHS[day.month - 1], draw.randrange(2, 11)
    return draw.choice(
        [
            Said("Since yesterday I take 5 mg", starts=midnight(now.date() - timedelta(1))),
            Said(f"From {day.day} {name} {day.year} we live in Ghent", starts=midnight(day)),
            Said(f"The lease ends in {NUMBERS[years - 2]} years", ends=last_moment(months_on(now.date(), 12 * years))),
            Said(f"On leave until {day.day} {name} {day.year}", ends=last_moment(day)),
            Said("On leave until tomorrow", ends=last_moment(now.date() + timedelta(1))),
            Said(
                "The report is due by the end of the month", last_moment(months_on(now.date().replace(day=1), 1) - timedelta(1))
            ),
        ]
    )


def recurring(draw: random.Random, now: datetime) -> Said:
    wanted, hour = draw.randrange(7), draw.randrange(13, 24)
    clock = time(hour, 30)
    day = now.date()
    if draw.random() < 0.5:
        while day.weekday() != wanted:
            day += timedelta(1)
        return Said(f"Bins go out on {DAYS[wanted]}s", midnight(day), rule=f"FREQ=WEEKLY;BYDAY={CODES[wanted]}")
    while day.weekday() != wanted or datetime.combine(day, clock) <= now:
        day += timedelta(1)
    return Said(
        f"Yoga every {DAYS[wanted]} at {hour}:30", datetime.combine(day, clock), rule=f"FREQ=WEEKLY;BYDAY={CODES[wanted]}"
    )


KINDS: tuple[Says, ...] = (near, near, at_an_hour, at_an_hour, counted, weekday, dated, bounded, recurring)


def change_days(year: int, zone: ZoneInfo) -> list[date]:
    """The days of a year that do not have 24 hours there."""
    days = (date(year, 1, 1) + timedelta(number) for number in range(365))
    return [day for day in days if length(day, zone) != timedelta(hours=24)]


def length(day: date, zone: ZoneInfo) -> timedelta:
    begins, ends = (midnight(one).replace(tzinfo=zone).astimezone(UTC) for one in (day, day + timedelta(1)))
    return ends - begins


def instants(wall: datetime, zone: ZoneInfo) -> set[str]:
    """The instant at which the clock on the wall says this: either of the two where it says so twice."""
    return {to_text(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)) for fold in (0, 1)}


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall


def faults(number: int) -> list[str]:
    """What is wrong in so many entries; empty where all are right."""
    draw, wrong, told = random.Random(2026), [], 0
    while told < number:
        name = ZONES[draw.randrange(len(ZONES))]
        zone = ZoneInfo(name)
        changes = change_days(2026, zone)
        day = date(2026, 1, 1) + timedelta(draw.randrange(365))
        if changes and draw.random() < 0.25:  # the days around a change of the clocks, and that day itself
            day = draw.choice(changes) + timedelta(draw.randrange(-1, 2))
        wall = datetime.combine(day, time(draw.randrange(24), draw.randrange(60)))
        if draw.random() < 0.2:  # just after and just before midnight, where the days of two zones differ
            wall = wall.replace(hour=draw.choice([0, 23]))
        if not exists(wall, zone):
            continue
        told += 1
        said = draw.choice(KINDS)(draw, wall)
        draft = Reader(Zone(name)).read_one(said.words, now=to_text(wall.replace(tzinfo=zone)))
        got = {"at": draft.occurred_at, "starts": draft.valid_from, "ends": draft.valid_to}
        if said.words.startswith("The report is due"):  # an event on that day, and not the last moment of it
            said = said._replace(at=midnight(said.at.date()) if said.at else None)
        for field, found in got.items():
            right = getattr(said, field)
            if (found is None) != (right is None) or (right is not None and found not in instants(right, zone)):
                wrong.append(f"{name}, {wall:%A %Y-%m-%d %H:%M}: {said.words!r}: {field} is {found}, right is {right}")
        rule = draft.metadata.get(RECURRENCE)
        if rule != (said.rule and f"RRULE:{said.rule}"):
            wrong.append(f"{name}, {wall}: {said.words!r} comes back by {rule}, right is {said.rule}")
    return wrong


def test_no_entry_of_a_year_is_put_on_a_wrong_day() -> None:
    wrong = faults(trials(400, many=10_000))
    assert not wrong, f"{len(wrong)} wrong: " + "; ".join(wrong[:10])


def test_the_clock_and_the_zone_of_a_session_reach_the_reader(home: Path, clock: Clock) -> None:
    folders = paths({"MEMOS_HOME": str(home)})
    for name in ZONES:
        clock.now = datetime(2026, 3, 7, 19, tzinfo=ZoneInfo(name)).astimezone(UTC)
        chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_TIMEZONE": name}, folders)
        with MOS(home, settings=chosen, clock=clock) as mos:
            memory = mos.get(mos.add(f"Dentist in {name} is tomorrow at 9:40").ids[0])
        assert memory.occurred_at in instants(datetime.combine(date(2026, 3, 8), time(9, 40)), ZoneInfo(name)), name


def test_the_year_has_days_of_other_lengths() -> None:
    changing = [name for name in ZONES if change_days(2026, ZoneInfo(name))]
    assert len(changing) >= 5
