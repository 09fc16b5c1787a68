"""Times that a person writes: the sure ones read in the person's zone, the others refused with what they might mean."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli import periods
from memos_cli.errors import UsageError
from memos_cli.times import Zone

AMSTERDAM = Zone("Europe/Amsterdam")
NOW = "2026-11-29T20:40:00.000Z"
"""A Sunday, 21:40 in Amsterdam."""


def starts(text: str, now: str = NOW, zone: Zone = AMSTERDAM, **more: str) -> str:
    return periods.read(text, now, zone, **more).starts  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("today", "2026-11-28T23:00", "2026-11-29T23:00"),
        ("yesterday", "2026-11-27T23:00", "2026-11-28T23:00"),
        ("the day after tomorrow", "2026-11-30T23:00", "2026-12-01T23:00"),
        ("this week", "2026-11-22T23:00", "2026-11-29T23:00"),
        ("last week", "2026-11-15T23:00", "2026-11-22T23:00"),
        ("this month", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("last month", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("this quarter", "2026-09-30T22:00", "2026-12-31T23:00"),
        ("this year", "2025-12-31T23:00", "2026-12-31T23:00"),
        ("March", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("december", "2025-11-30T23:00", "2025-12-31T23:00"),
        ("November", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("last march", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("last november", "2025-10-31T23:00", "2025-11-30T23:00"),
        ("march 2025", "2025-02-28T23:00", "2025-03-31T22:00"),
        ("2026-03", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("03/2026", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("Q3 2026", "2026-06-30T22:00", "2026-09-30T22:00"),
        ("2026-Q3", "2026-06-30T22:00", "2026-09-30T22:00"),
        ("q4", "2026-09-30T22:00", "2026-12-31T23:00"),
        ("2020", "2019-12-31T23:00", "2020-12-31T23:00"),
        ("the 1990s", "1989-12-31T23:00", "1999-12-31T23:00"),
        ("2026-W10", "2026-03-01T23:00", "2026-03-08T23:00"),
        ("week 10 of 2026", "2026-03-01T23:00", "2026-03-08T23:00"),
        ("2026-11-20", "2026-11-19T23:00", "2026-11-20T23:00"),
        ("20261120", "2026-11-19T23:00", "2026-11-20T23:00"),
        ("21/11/2026", "2026-11-20T23:00", "2026-11-21T23:00"),
        ("11/21/2026", "2026-11-20T23:00", "2026-11-21T23:00"),
        ("5.6.2026", "2026-06-04T22:00", "2026-06-05T22:00"),
        ("5/5/2026", "2026-05-04T22:00", "2026-05-05T22:00"),
        ("2026/3/5", "2026-03-04T23:00", "2026-03-05T23:00"),
        ("21 November", "2026-11-20T23:00", "2026-11-21T23:00"),
        ("Saturday 21 November 2026", "2026-11-20T23:00", "2026-11-21T23:00"),
        ("Nov 21st, 2026", "2026-11-20T23:00", "2026-11-21T23:00"),
        ("29 february", "2024-02-28T23:00", "2024-02-29T23:00"),
        ("sunday", "2026-11-28T23:00", "2026-11-29T23:00"),
        ("fri", "2026-11-26T23:00", "2026-11-27T23:00"),
        ("last sunday", "2026-11-21T23:00", "2026-11-22T23:00"),
        ("next friday", "2026-12-03T23:00", "2026-12-04T23:00"),
        ("last 30 days", "2026-10-30T20:40", "2026-11-29T20:40"),
        ("now", "2026-11-29T20:40", "2026-11-29T20:40"),
        ("3 days ago", "2026-11-26T20:40", "2026-11-26T20:40"),
        ("30d", "2026-10-30T20:40", "2026-10-30T20:40"),
        ("2 hours ago", "2026-11-29T18:40", "2026-11-29T18:40"),
        ("a month ago", "2026-10-29T20:40", "2026-10-29T20:40"),
        ("in two weeks", "2026-12-13T20:40", "2026-12-13T20:40"),
        ("2026-11-20 09:00", "2026-11-20T08:00", "2026-11-20T08:00"),
        ("2026-11-20 9:00", "2026-11-20T08:00", "2026-11-20T08:00"),
        ("2026-11-20T09:00Z", "2026-11-20T09:00", "2026-11-20T09:00"),
        ("2026-11-20T09:00-08:00", "2026-11-20T17:00", "2026-11-20T17:00"),
        ("2026-11-20 9am UTC", "2026-11-20T09:00", "2026-11-20T09:00"),
        ("tomorrow 9am", "2026-11-30T08:00", "2026-11-30T08:00"),
        ("tomorrow at 9", "2026-11-30T08:00", "2026-11-30T08:00"),
        ("9:40 pm tomorrow", "2026-11-30T20:40", "2026-11-30T20:40"),
        ("noon on friday", "2026-11-27T11:00", "2026-11-27T11:00"),
        ("12am tomorrow", "2026-11-29T23:00", "2026-11-29T23:00"),
        ("18:30", "2026-11-29T17:30", "2026-11-29T17:30"),
    ],
)
def test_what_has_one_meaning_is_read(text: str, begins: str, ends: str) -> None:
    assert periods.read(text, NOW, AMSTERDAM) == (f"{begins}:00.000Z", f"{ends}:00.000Z")
    assert periods.read(f"  {text.upper()} ", NOW, AMSTERDAM) == (f"{begins}:00.000Z", f"{ends}:00.000Z")


@pytest.mark.parametrize(
    ("text", "meanings", "written"),
    [
        ("01/02/2026", ("1 February 2026", "2 January 2026"), ("2026-02-01", "2026-01-02")),
        ("5/6", ("5 June 2026", "6 May 2026"), ("2026-06-05", "2026-05-06")),
        ("1815", ("1815", "18:15"), ("1815-01-01", "'today 18:15'")),
        ("this friday", ("27 November 2026", "4 December 2026"), ("2026-11-27", "2026-12-04")),
        ("next december", ("1 December 2026", "1 December 2027"), ("2026-12-01", "2027-12-01")),
        ("last summer", ("does not say for sure",), ("2026-06-21",)),
        ("this evening", ("does not say for sure",), ("'today 18:00'",)),
        ("tomorrow midnight", ("does not say for sure",), ()),
        ("Sunday 21 November 2026", ("21 November 2026 is a Saturday",), ("2026-11-21",)),
        ("2026-13-01", ("not a day",), ("2026-11-21",)),
        ("2026-02-30", ("not a day",), ()),
        ("today 25:00", ("not a day",), ()),
        ("999999 years ago", ("not a day",), ()),
        ("yesteday", ("did you mean yesterday?",), ()),
        ("wensday", ("is not a time",), ()),
        ("21/11/26", ("year of two digits",), ("2026-11-21",)),
        ("march 9:00", ("is not a time",), ()),
        ("no time at all", ("is not a time",), ("2026-11-21",)),
        ("", ("is not a time",), ()),
        ("5 ms", ("is not a time",), ()),
        ("1" * 5000, ("is not a",), ()),
    ],
)
def test_what_has_no_sure_meaning_is_refused_with_those_that_it_might_have(
    text: str, meanings: tuple[str, ...], written: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError) as refused:
        periods.read(text, NOW, AMSTERDAM)
    assert all(one in refused.value.message for one in meanings), refused.value.message
    assert all(one in str(refused.value.hint) for one in written), refused.value.hint


@pytest.mark.parametrize("text", ["friday", "march", "21 november", "q3", "5/13", "2 weeks"])
def test_what_may_lie_on_either_side_is_asked_for(text: str) -> None:
    now = periods.read(text, NOW, AMSTERDAM, look="back").starts
    assert now <= NOW
    if text != "2 weeks":
        assert periods.read(text, NOW, AMSTERDAM, look="ahead").starts > NOW
    with pytest.raises(UsageError, match="may mean"):
        periods.read(text, NOW, AMSTERDAM, look="either")


@pytest.mark.parametrize(
    ("locale", "first"),
    [("en_US.UTF-8", "month"), ("en_GB", "day"), ("de_DE@euro", "day"), ("nl_NL.UTF-8", "day"), ("C.UTF-8", None), ("", None),
     ("en_CA", None), ("ja_JP.UTF-8", None), ("en", None)],
)  # fmt: skip
def test_a_locale_may_know_which_figure_is_the_day(locale: str, first: str | None) -> None:
    if first is None:
        with pytest.raises(UsageError, match="1 February 2026 or 2 January 2026"):
            starts("01/02/2026", locale=locale)
    else:
        assert starts("01/02/2026", locale=locale) == starts("2026-02-01" if first == "day" else "2026-01-02")
        assert starts("21/11/2026", locale=locale) == starts("2026-11-21")


def test_a_day_that_has_no_midnight_begins_where_its_clocks_begin() -> None:
    assert starts("2018-11-04", zone=Zone("America/Sao_Paulo")) == "2018-11-04T03:00:00.000Z"  # 01:00 there
    assert periods.read("2026-03-29", NOW, AMSTERDAM) == ("2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z")
    assert starts("2026-10-25 02:30") == "2026-10-25T00:30:00.000Z"


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "9999-W52"])
def test_the_first_and_the_last_days_of_all_years(text: str) -> None:
    assert starts(text, zone=Zone("Etc/UTC"))[:10] in {"0001-01-01", "9999-12-31", "9999-12-27"}


ZONES = ("America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati", "Europe/Amsterdam", "Australia/Lord_Howe", "Etc/UTC",
         "America/St_Johns", "Africa/Casablanca", "Asia/Tehran", "Pacific/Auckland")  # fmt: skip


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- hypothesis adds the zone
    st.sampled_from(ZONES),
)
def test_days_weeks_and_months_are_those_of_a_calendar_on_that_wall(moment: datetime, name: str) -> None:
    there = moment.astimezone(ZoneInfo(name))
    today, zone, now = there.date(), Zone(name), f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"

    def begins(day: date) -> str:
        first = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(name)).astimezone(UTC)
        return f"{first:%Y-%m-%dT%H:%M:%S}.000Z"

    assert starts("today", now, zone) == begins(today) <= now
    assert starts("yesterday", now, zone) == begins(today - timedelta(1))
    assert starts("tomorrow", now, zone) == begins(today + timedelta(1)) > now
    assert starts("this week", now, zone) == begins(today - timedelta(today.isoweekday() - 1)) <= now
    assert starts("this month", now, zone) == begins(today.replace(day=1)) <= now
    assert starts("this year", now, zone) == begins(today.replace(month=1, day=1))
    assert starts(f"{today:%A}", now, zone) == begins(today)
    assert starts(f"{today:%B}", now, zone) == begins(today.replace(day=1))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_what_is_shown_is_read_back_as_the_same_instant(moment: datetime, name: str) -> None:
    zone = Zone(name)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    assert starts(zone.shown(text), NOW, zone) == text


@given(st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for look in ("back", "ahead", "either"):
        try:
            found = periods.read(text, NOW, AMSTERDAM, look=look)  # type: ignore[arg-type]
        except UsageError:
            continue
        assert len(found.starts) == 24
