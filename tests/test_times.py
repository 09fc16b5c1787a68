from datetime import UTC, datetime, timedelta, timezone

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
