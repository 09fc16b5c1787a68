"""What is to come: by its next date, in the person's zone, and only what is current."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.model import Draft, Filter, Kind
from tests.conftest import Clock

CLOCK = datetime(2027, 3, 6, 19, tzinfo=ZoneInfo("America/Los_Angeles"))
"""A Saturday evening, eight days before clocks are put on there."""


@pytest.fixture
def mos(home: Path, clock: Clock) -> Iterator[MOS]:
    clock.now = CLOCK.astimezone(UTC)
    settings = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_TIMEZONE": "America/Los_Angeles"}
    with MOS(home, settings=Settings(settings, paths({"MEMOS_HOME": str(home)})), clock=clock) as opened:
        yield opened


def told(mos: MOS, content: str, at: str | None = None, rule: str | None = None, **fields: Any) -> str:
    """Remember an event at a time on the wall."""
    fields |= {"metadata": {"recurrence": rule}} if rule else {}
    return mos.add(content, kind=Kind.EVENT, occurred_at=at, **fields).ids[0]


def coming(mos: MOS, limit: int | None = None, **narrowed: Any) -> list[tuple[str, str]]:
    found = mos.upcoming(Filter(at=mos.now, **narrowed), limit=limit)
    assert not found.notices
    return [(one.memory.content, mos.zone.shown(one.next_at)) for one in found.coming]


def test_what_is_to_come_stands_by_its_next_date_the_soonest_first(mos: MOS) -> None:
    told(mos, "Bins", "2027-01-05", "RRULE:FREQ=WEEKLY;BYDAY=TU")
    told(mos, "Birthday of Ana", "1988-03-14", "RRULE:FREQ=YEARLY")
    told(mos, "Dentist", "2027-03-08 09:40")
    told(mos, "Concert", "2027-03-06 19:30")
    told(mos, "Breakfast", "2027-03-06 08:00")
    mos.add("I live in Ghent", kind=Kind.FACT, valid_from="2027-04-01")
    mos.add("I live in Leeds", kind=Kind.FACT, valid_from="2020-04-01")
    assert coming(mos) == [
        ("Concert", "2027-03-06 19:30"), ("Dentist", "2027-03-08 09:40"), ("Bins", "2027-03-09"),
        ("Birthday of Ana", "2027-03-14"), ("I live in Ghent", "2027-04-01"),
    ]  # fmt: skip
    assert coming(mos, limit=1) == [("Concert", "2027-03-06 19:30")]
    assert coming(mos, until=mos.zone.instant(datetime(2027, 3, 9))) == [  # noqa: DTZ001
        ("Concert", "2027-03-06 19:30"), ("Dentist", "2027-03-08 09:40"),
    ]  # fmt: skip
    assert coming(mos, since=mos.zone.instant(datetime(2027, 3, 10)))[0] == ("Birthday of Ana", "2027-03-14")  # noqa: DTZ001
    assert coming(mos, since="2020-01-01T00:00:00.000Z") == coming(mos)
    assert coming(mos, kinds=("fact",)) == [("I live in Ghent", "2027-04-01")]


def test_nine_on_the_wall_stays_nine_across_the_changes_of_clocks(mos: MOS, clock: Clock) -> None:
    told(mos, "Standup", "2027-01-04 09:00", "RRULE:FREQ=DAILY")
    seen = set()
    for day in range(300):
        clock.now = CLOCK.astimezone(UTC) + timedelta(days=day)
        there = clock.now.astimezone(ZoneInfo("America/Los_Angeles"))
        (found,) = mos.upcoming().coming
        comes = datetime.fromisoformat(found.next_at).astimezone(ZoneInfo("America/Los_Angeles"))
        assert (comes.date() - there.date(), f"{comes:%H:%M}") == (timedelta(1), "09:00")
        seen.add(comes.utcoffset())
    assert len(seen) == 2


def test_a_whole_day_is_to_come_until_it_ends_if_it_was_known_before(mos: MOS, clock: Clock) -> None:
    told(mos, "Party", "2027-03-07")
    told(mos, "Bins", "2027-02-28", "RRULE:FREQ=WEEKLY")
    clock.forward(hours=14)  # Sunday, 9:00
    told(mos, "Took my pill", "2027-03-07")
    assert sorted(coming(mos)) == [("Bins", "2027-03-07"), ("Party", "2027-03-07")]
    clock.forward(hours=15)
    assert coming(mos) == [("Bins", "2027-03-14")]


def test_what_is_no_longer_current_does_not_come(mos: MOS) -> None:
    gone, ended = told(mos, "Dentist", "2027-03-08 09:40"), told(mos, "Course", "2027-01-05 18:00", "RRULE:FREQ=WEEKLY")
    told(mos, "Plan", "2027-03-10")
    told(mos, "Note for a day", "2027-03-20", expires_at="2027-03-07 12:00")
    mos.edit(ended, {"valid_to": "2027-03-09 18:00"})
    mos.delete([gone])
    assert [content for content, _ in coming(mos)] == ["Plan", "Note for a day"]
    mos.edit(ended, {"valid_to": "2027-03-09 18:01"})
    assert coming(mos)[0] == ("Course", "2027-03-09 18:00")


def test_a_rule_that_is_not_understood_costs_no_time_and_is_named(mos: MOS) -> None:
    drafts = [
        Draft(
            f"Pulse {n}",
            Kind.EVENT,
            occurred_at="2027-03-01T00:00:00.000Z",
            metadata={"recurrence": f"FREQ=SECONDLY;COUNT={n}"},
        )
        for n in range(8)
    ]
    drafts.append(Draft("Pulse", Kind.EVENT, occurred_at="2027-03-20T00:00:00.000Z", metadata={"recurrence": ["weekly"]}))
    mos.add(drafts=drafts)
    found = mos.upcoming()
    assert [one.next_at for one in found.coming] == ["2027-03-20T00:00:00.000Z"]
    assert len(found.notices) == 6
    assert sum("is listed by its date alone" in notice for notice in found.notices) == 5
    assert found.notices[-1] == "… and 4 more"


def test_recurrences_that_take_too_long_together_are_left_and_told(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        told(mos, f"Bins {number}", "2027-01-05", "RRULE:FREQ=WEEKLY")
    told(mos, "Dentist", "2027-03-08 09:40")
    monkeypatch.setattr("memos_cli.operation.operator.agenda._PATIENCE", -1.0)
    found = mos.upcoming()
    assert [one.memory.content for one in found.coming] == ["Dentist"]
    assert found.notices == ("3 recurrences were not looked at: the others took too long",)


def test_what_was_to_come_at_an_earlier_time(mos: MOS, clock: Clock) -> None:
    told(mos, "Dentist", "2027-03-08 09:40")
    then = mos.now
    clock.forward(days=9)
    assert coming(mos) == []
    assert [one.memory.content for one in mos.upcoming(Filter(at=then, past=True)).coming] == ["Dentist"]


def left_out(mos: MOS, content: str, at: str, *instants: object) -> str:
    rule = {"recurrence": "RRULE:FREQ=WEEKLY;COUNT=4", "except": list(instants)}
    return mos.add(content, kind=Kind.EVENT, occurred_at=at, metadata=rule).ids[0]


def test_an_occurrence_that_is_left_out_does_not_come(mos: MOS, clock: Clock) -> None:
    left_out(mos, "Bins", "2027-03-02", "2027-03-09T08:00:00.000Z", "2027-03-16T07:00:00.000Z")  # midnights there
    left_out(mos, "Standup", "2027-03-04 09:00", "2027-03-11T17:00:00.000Z")
    assert coming(mos) == [("Standup", "2027-03-18 09:00"), ("Bins", "2027-03-23")]
    clock.forward(days=20)
    assert coming(mos) == [], "what is left out counts as one of the four"


def test_an_exception_is_the_same_where_clocks_change_on_another_day(mos: MOS) -> None:
    # 18:00 in Berlin is 9:00 here, and 10:00 here in the weeks in which clocks are put on here and not yet there.
    left_out(mos, "Call with Berlin", "2027-03-04 09:00", "2027-03-11T17:00:00.000Z", "2027-03-18T17:00:00.000Z")
    assert coming(mos) == [("Call with Berlin", "2027-03-25 09:00")]


@pytest.mark.parametrize(
    "odd", ["x", 7, None, [], "2027-13-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z"]
)
def test_an_exception_that_is_none_changes_nothing(mos: MOS, odd: object) -> None:
    left_out(mos, "Bins", "2027-03-02", odd)
    mos.add("Tea", kind=Kind.EVENT, occurred_at="2027-03-03", metadata={"recurrence": "RRULE:FREQ=WEEKLY", "except": odd})
    assert coming(mos) == [("Bins", "2027-03-09"), ("Tea", "2027-03-10")]


def test_all_that_comes_may_be_left_out(mos: MOS) -> None:
    days = [f"2027-03-{day:02}T08:00:00.000Z" for day in (2, 9)] + [f"2027-03-{day}T07:00:00.000Z" for day in (16, 23)]
    left_out(mos, "Bins", "2027-03-02", *days)
    assert coming(mos) == []


def test_single_occurrences_come_besides_a_rule_and_without_one(mos: MOS, clock: Clock) -> None:
    bins = {"recurrence": "RRULE:FREQ=WEEKLY;COUNT=2", "also": ["2027-03-11T08:00:00.000Z"]}
    mos.add("Bins", kind=Kind.EVENT, occurred_at="2027-03-02", metadata=bins)
    choir = {"also": ["2027-03-08T02:00:00.000Z", "2027-03-20T02:00:00.000Z"], "except": ["2027-03-08T02:00:00.000Z"]}
    mos.add("Choir", kind=Kind.EVENT, occurred_at="2027-03-01 18:00", metadata=choir)
    assert coming(mos) == [("Bins", "2027-03-09"), ("Choir", "2027-03-19 19:00")]
    clock.forward(days=4)
    assert coming(mos) == [("Bins", "2027-03-11"), ("Choir", "2027-03-19 19:00")]
    clock.forward(days=10)
    assert coming(mos) == []


@pytest.mark.parametrize(
    "odd", ["x", 7, None, [], ["x", 7, None, {}], [["2027-03-08T02:00:00.000Z"]], ["2027-13-01T00:00:00.000Z"]]
)
def test_a_single_occurrence_that_is_none_changes_nothing(mos: MOS, odd: object) -> None:
    mos.add("Choir", kind=Kind.EVENT, occurred_at="2027-03-08 18:00", metadata={"also": odd, "except": odd})
    assert coming(mos) == [("Choir", "2027-03-08 18:00")]
