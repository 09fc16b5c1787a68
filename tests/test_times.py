import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli import times
from memos_cli.errors import UsageError

moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds


@given(moments, moments)
def test_text_sorts_as_the_times_do(one: datetime, other: datetime) -> None:
    one, other = (moment.replace(microsecond=moment.microsecond // 1000 * 1000) for moment in (one, other))
    assert (times.to_text(one) < times.to_text(other)) == (one < other)
    assert times.from_text(times.to_text(one)) == one
    assert times.from_millis(times.to_millis(times.to_text(one))) == times.to_text(one)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-15", "2024-03-15T00:00:00.000Z"),
        ("2023-05-08T13:56:00Z", "2023-05-08T13:56:00.000Z"),
        ("2023-05-08T13:56:00+02:00", "2023-05-08T11:56:00.000Z"),
        (" 2023-05-08 13:56 ", "2023-05-08T13:56:00.000Z"),
        ("0800-12-25", "0800-12-25T00:00:00.000Z"),
    ],
)
def test_iso_in_its_usual_spellings(written: str, meant: str) -> None:
    assert times.parse_iso(written) == meant


@pytest.mark.parametrize(
    "wrong", ["", "yesterday", "2024-13-01", "2024-02-30", "12/05/2024", "0001-01-01T00:00:00+14:00", "x" * 10_000]
)
def test_what_is_no_date_is_refused_in_one_short_line(wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        times.parse_iso(wrong)
    assert len(caught.value.message) < 120


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("1d12h", timedelta(hours=36)),
        ("2 w", timedelta(weeks=2)),
    ],
)
def test_durations(written: str, length: timedelta) -> None:
    assert times.parse_duration(written) == length


@pytest.mark.parametrize("wrong", ["", "0s", "-1d", "five days", "1d later", "1e9y", "d", "99999999y"])
def test_what_is_no_duration_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        times.parse_duration(wrong)


def test_milliseconds_are_shown_only_where_there_are_any() -> None:
    assert times.shown("2024-03-15T00:00:00.000Z") == "2024-03-15T00:00:00Z"
    assert times.shown("2024-03-15T00:00:00.120Z") == "2024-03-15T00:00:00.120Z"
    assert times.shown(None) is None


def test_a_naive_time_is_taken_as_utc() -> None:
    assert times.to_text(datetime(2024, 3, 15, 9)) == "2024-03-15T09:00:00.000Z"  # noqa: DTZ001 -- the case in question
    assert times.to_text(datetime(2024, 3, 15, 9, tzinfo=timezone(timedelta(hours=1)))) == "2024-03-15T08:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "text", "wall"),
    [
        ("Europe/Amsterdam", "2026-11-20T08:00:00.000Z", datetime(2026, 11, 20, 9)),  # noqa: DTZ001 -- a clock on the wall
        ("Europe/Amsterdam", "2026-07-20T07:00:00.000Z", datetime(2026, 7, 20, 9)),  # noqa: DTZ001
        ("America/Los_Angeles", "2026-03-08T03:00:00.000Z", datetime(2026, 3, 7, 19)),  # noqa: DTZ001
        ("Asia/Kolkata", "2026-03-08T20:00:00.000Z", datetime(2026, 3, 9, 1, 30)),  # noqa: DTZ001
        ("Pacific/Kiritimati", "2026-11-29T10:28:00.000Z", datetime(2026, 11, 30, 0, 28)),  # noqa: DTZ001
        ("Etc/GMT+12", "2026-11-29T10:52:00.000Z", datetime(2026, 11, 28, 22, 52)),  # noqa: DTZ001
    ],
)
def test_a_zone_says_what_the_clock_on_the_wall_says(
    name: str, text: str, wall: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert times.Zone(name).local(text).replace(tzinfo=None) == wall
    assert times.Zone(name).instant(wall) == text
    assert times.Zone(name).day(text) == wall.date()
    monkeypatch.setenv("TZ", name)
    time.tzset()
    try:
        assert times.Zone().local(text).replace(tzinfo=None) == wall
        assert times.Zone().instant(wall) == text
    finally:
        monkeypatch.undo()
        time.tzset()


def test_hours_that_come_twice_or_never() -> None:
    zone = times.Zone("Europe/Amsterdam")
    assert zone.instant(datetime(2026, 10, 25, 2, 30)) == "2026-10-25T00:30:00.000Z"  # noqa: DTZ001
    assert zone.instant(datetime(2026, 3, 29, 2, 30)) == "2026-03-29T01:30:00.000Z"  # noqa: DTZ001


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "x\0y", "Europe", "a" * 5000])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        times.Zone(name)


@given(moments, st.sampled_from(["", "Pacific/Kiritimati", "Etc/GMT+12"]))
def test_every_instant_has_a_clock_on_the_wall(moment: datetime, name: str) -> None:
    zone, text = times.Zone(name), times.to_text(moment)
    assert zone.instant(zone.local(text).replace(tzinfo=None)) == text


@pytest.mark.parametrize(
    "told",
    [
        None, 7, "x", {}, {"a": 1}, [7], [[]], [{}], [{"unit": "day"}], [{"at": "2026-11-30", "unit": "eon"}],
        [{"at": "zz", "unit": "day"}], [{"at": 7, "unit": "day"}], [{"at": None, "unit": []}],
    ],
)  # fmt: skip
def test_what_is_noted_of_times_may_be_anything(told: object) -> None:
    assert times.noted({"times": told}) == []


def test_the_times_that_are_noted_are_read_beside_what_is_none() -> None:
    whole = {"text": "last month", "at": "2026-10-01", "unit": "month", "clock": "10:00"}
    assert times.noted({"times": [7, whole]}) == [times.NotedTime("last month", date(2026, 10, 1), "month", 1)]
    assert times.noted({"times": ({"at": "2026-11-30", "unit": "day", "text": None},)}) == [
        times.NotedTime("", date(2026, 11, 30), "day", 0)
    ]
    assert times.noted({}) == []
