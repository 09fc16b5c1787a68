"""Recurrences: the next occurrence against dateutil's own, and rules that nobody should have to wait for."""

import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.errors import UsageError
from memos_cli.operation.operator import recurrence
from memos_cli.times import Zone

ZONE = Zone("Europe/Amsterdam")
NOW = datetime(2026, 11, 29, 21, 40)  # noqa: DTZ001 -- all here are times on a wall


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("rule", "start", "comes"),
    [
        ("RRULE:FREQ=WEEKLY;BYDAY=TU", "2026-01-06T09:00", "2026-12-01T09:00"),
        ("freq=weekly", "2026-01-06T09:00", "2026-12-01T09:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2026-11-10T09:00", "2026-12-08T09:00"),
        ("FREQ=YEARLY", "1988-03-14", "2027-03-14"),
        ("FREQ=YEARLY", "2024-02-29", "2028-02-29"),
        ("FREQ=DAILY", "0001-01-01", "2026-11-30"),
        ("FREQ=MONTHLY", "2020-01-31", "2026-12-31"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2020-01-01T09:00", "2026-12-25T09:00"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2020-01-01T09:00", "2026-11-30T09:00"),
        ("FREQ=WEEKLY;UNTIL=20261201", "2026-01-06T09:00", "2026-12-01T09:00"),
        ("FREQ=WEEKLY;UNTIL=20261201T080000Z", "2026-01-06T09:00", "2026-12-01T09:00"),
        ("FREQ=WEEKLY;UNTIL=20261201T075959Z", "2026-01-06T09:00", None),
        ("FREQ=WEEKLY;COUNT=48", "2026-01-06T09:00", "2026-12-01T09:00"),
        ("FREQ=WEEKLY;COUNT=47", "2026-01-06T09:00", None),
        ("FREQ=DAILY", "2027-03-01T08:00", "2027-03-01T08:00"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2026-01-01", "2044-02-29"),
        ("FREQ=MONTHLY;INTERVAL=2;BYMONTH=7", "2026-06-01", None),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", "2025-01-01", None),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "2026-02-01", None),
        ("FREQ=DAILY;COUNT=9", "1800-01-01", None),
    ],
)
def test_the_next_occurrence(rule: str, start: str, comes: str | None) -> None:
    found = recurrence.next_from(recurrence.read(rule, ZONE), wall(start), NOW)
    assert found == (comes and wall(comes))


@pytest.mark.parametrize(
    "text",
    ["", "x", "FREQ=SECONDLY", "FREQ=HOURLY", "FREQ=DAILY;COUNT=100000000", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;BYMONTH=13",
     "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=WEEKLY;BYDAY=", "FREQ=WEEKLY;BYDAY=1TU",
     "FREQ=MONTHLY;BYDAY=6MO", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "FREQ=WEEKLY;BYHOUR=9", "FREQ=DAILY;FREQ=DAILY",
     "FREQ=DAILY;UNTIL=soon",
     "RRULE:FREQ=DAILY\nEXDATE:20260101", "FREQ=DAILY;" * 100, 7, None, {"FREQ": "DAILY"}, "FREQ=DAILY;COUNT=" + "9" * 390],
)  # fmt: skip
def test_what_is_no_rule_or_too_much_of_one_is_refused(text: object) -> None:
    with pytest.raises(UsageError, match="recurrence"):
        recurrence.read(text, ZONE)


NUMBERS = st.lists(st.integers(-32, 60), min_size=1, max_size=4).map(lambda them: ",".join(map(str, them)))
DAYS = st.lists(st.sampled_from(["MO", "TU", "FR", "SU", "1MO", "-1FR", "5WE", "53TU", "6SA"]), min_size=1, max_size=3).map(
    ",".join
)
PARTS = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])},
    optional={
        "INTERVAL": st.integers(0, 1100).map(str), "COUNT": st.integers(0, 4100).map(str), "BYMONTH": NUMBERS,
        "BYMONTHDAY": NUMBERS, "BYDAY": DAYS, "BYSETPOS": NUMBERS, "WKST": st.sampled_from(["MO", "SU"]),
        "UNTIL": st.dates(datetime(2000, 1, 1).date()).map(lambda day: f"{day:%Y%m%d}"),  # noqa: DTZ001
    },
)  # fmt: skip


@given(PARTS, st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001
def test_no_rule_takes_long(parts: dict[str, str], start: datetime) -> None:
    begun = time.process_time()
    try:
        rule = recurrence.read(";".join(f"{name}={value}" for name, value in parts.items()), ZONE)
        recurrence.next_from(rule, start, NOW)
    except (UsageError, OverflowError, ValueError):
        pass
    assert time.process_time() - begun < 1.5


SENSIBLE = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]), "INTERVAL": st.integers(1, 14).map(str)},
    optional={
        "COUNT": st.integers(1, 300).map(str), "BYMONTH": st.sampled_from(["2", "3,9", "12"]),
        "BYMONTHDAY": st.sampled_from(["1", "29", "-1", "13,31"]), "WKST": st.sampled_from(["MO", "SU"]),
        "BYDAY": st.sampled_from(["MO", "TU,TH", "2MO", "-1FR"]),
    },
)  # fmt: skip


@given(SENSIBLE, st.datetimes(datetime(1990, 1, 1), datetime(2027, 12, 31)))  # noqa: DTZ001
def test_a_later_start_has_the_same_occurrences(parts: dict[str, str], start: datetime) -> None:
    from dateutil.rrule import rrulestr

    text, start = ";".join(f"{name}={value}" for name, value in parts.items()), start.replace(microsecond=0)
    try:
        rule = recurrence.read(text, ZONE)
    except UsageError:
        return
    last = datetime(2150, 1, 1)  # noqa: DTZ001 -- further on nobody looks
    slow = next((one for one in rrulestr(text, dtstart=start, cache=False).xafter(max(NOW, start), 1, inc=True)), None)
    quick = recurrence.next_from(rule, start, NOW)
    assert (slow if slow and slow < last else None) == (quick if quick and quick < last else None)
