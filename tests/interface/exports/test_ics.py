"""Calendars: read by icalendar, by another library where it is installed, and by our own importer."""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.model import Filter, Kind
from tests.conftest import Clock


def calendar(mos: MOS, wanted: Filter | None = None) -> tuple[bytes, list[icalendar.Event]]:
    stream = io.BytesIO()
    mos.exports.ics(stream, wanted)
    return stream.getvalue(), list(icalendar.Calendar.from_ical(stream.getvalue()).walk("VEVENT"))


def filled(mos: MOS) -> None:
    mos.add("Dentist on 4 May 2026 at 9:40", tags=("health", "a,b"))
    mos.add("The bins go out every Tuesday")
    mos.add("My birthday is on 14 March 1988")
    mos.add("A walk; with \u201cquotes\u201d, commas\nand lines", kind=Kind.EVENT, occurred_at="2026-03-07T00:00:00.000Z")
    mos.add("Some day we go to Rome", kind=Kind.EVENT)
    mos.add("Tea is hot", kind=Kind.FACT, occurred_at="2026-03-07T10:00:00.000Z")


def test_what_has_a_date_is_an_event(mos: MOS) -> None:
    filled(mos)
    stream = io.BytesIO()
    done = mos.exports.ics(stream)
    events = {str(one["summary"]): one for one in icalendar.Calendar.from_ical(stream.getvalue()).walk("VEVENT")}
    assert (done.memories, done.undated) == (4, 1)
    dentist = events["Dentist on 4 May 2026 at 9:40"]
    assert dentist["dtstart"].dt == datetime(2026, 5, 4, 9, 40, tzinfo=UTC)
    assert [str(one) for one in dentist["categories"].cats] == ["a,b", "health"]
    assert events["My birthday is on 14 March 1988"]["dtstart"].dt == date(1988, 3, 14)
    assert events["My birthday is on 14 March 1988"]["rrule"]["FREQ"] == ["YEARLY"]
    assert events["The bins go out every Tuesday"]["rrule"]["BYDAY"] == ["TU"]
    walk = events["A walk; with \u201cquotes\u201d, commas"]
    assert walk["dtstart"].dt == date(2026, 3, 7)
    assert str(walk["description"]) == "A walk; with \u201cquotes\u201d, commas\nand lines"


def test_it_is_the_same_whenever_it_is_written(mos: MOS, clock: Clock) -> None:
    filled(mos)
    first, events = calendar(mos)
    clock.forward(days=40)
    again, _ = calendar(mos, Filter(at="2026-03-02T12:00:00.000Z"))
    assert first == again
    assert all(str(one["uid"]).endswith("@memos") for one in events)


def test_kinds_that_are_asked_for_are_written(mos: MOS) -> None:
    filled(mos)
    _, events = calendar(mos, Filter(at=mos.now, kinds=("fact",)))
    assert "Tea is hot" in {str(one["summary"]) for one in events}


def test_a_rule_tells_the_time_on_the_wall(home: Path, clock: Clock) -> None:
    folders = paths({"MEMOS_HOME": str(home)})
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_TIMEZONE": "Europe/Amsterdam"}, folders)
    with MOS(home, settings=chosen, clock=clock) as mos:
        mos.add("Standup every Tuesday at 9:00")
        content, (event,) = calendar(mos)
    starts = event["dtstart"].dt
    assert (starts.hour, starts.utcoffset()) == (9, timedelta(hours=1))
    assert starts.replace(month=7).astimezone(ZoneInfo("Europe/Amsterdam")).hour == 9
    assert content.index(b"BEGIN:VTIMEZONE") < content.index(b"BEGIN:VEVENT")


def test_our_own_importer_reads_it(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    filled(mos)
    file = tmp_path / "own.ics"
    file.write_bytes(calendar(mos)[0])
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(tmp_path / "other")}))
    with MOS(tmp_path / "other", settings=chosen, clock=clock) as other:
        other.imports.take(str(file))
        again, events = calendar(other)
    assert len(events) == 4
    before = icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert {str(one["uid"]): one["dtstart"].dt for one in events} == {str(one["uid"]): one["dtstart"].dt for one in before}
    assert again.count(b"RRULE") == 2


def test_another_library_reads_it(mos: MOS) -> None:
    ics = pytest.importorskip("vobject")
    filled(mos)
    content, events = calendar(mos)
    found = ics.readOne(content.decode())
    assert {one.uid.value for one in found.vevent_list} == {str(one["uid"]) for one in events}
    assert sum(hasattr(one, "rrule") for one in found.vevent_list) == 2


SERIES = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//elsewhere//EN
BEGIN:VEVENT
UID:call#7@elsewhere
SUMMARY:Call with Berlin
DTSTART:20260302T130000Z
RRULE:FREQ=DAILY;COUNT=6
EXDATE:20260303T130000Z
END:VEVENT
BEGIN:VEVENT
UID:call#7@elsewhere
RECURRENCE-ID:20260304T130000Z
SUMMARY:Call with Berlin
DTSTART:20260304T130000Z
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:call#7@elsewhere
RECURRENCE-ID:20260305T130000Z
SUMMARY:Call with Berlin, later
DTSTART:20260305T170000Z
END:VEVENT
END:VCALENDAR
"""


def test_what_is_left_out_cancelled_or_moved_stays_so(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "calls.ics"
    file.write_text(SERIES.replace("\n", "\r\n"))
    mos.imports.take(str(file))
    days: list[tuple[str, str]] = []
    for _ in range(8):
        coming = mos.upcoming(Filter(at=mos.now)).coming
        days += [(one.memory.content, one.next_at) for one in coming if one.next_at[:10] == mos.now[:10]]
        clock.forward(days=1)
    assert days == [
        ("Call with Berlin", "2026-03-02T13:00:00.000Z"), ("Call with Berlin, later", "2026-03-05T17:00:00.000Z"),
        ("Call with Berlin", "2026-03-06T13:00:00.000Z"), ("Call with Berlin", "2026-03-07T13:00:00.000Z"),
    ]  # fmt: skip
    _, events = calendar(mos)
    assert {str(one["uid"]) for one in events} == {"call#7@elsewhere"}
    (series,) = (one for one in events if "rrule" in one)
    assert [one.dt.day for one in series["exdate"].dts] == [3, 4], "the fifth has an event that stands in for it"
    _, (alone,) = calendar(mos, Filter(at=mos.now, until="2026-03-04T00:00:00.000Z"))
    assert [one.dt.day for one in alone["exdate"].dts] == [3, 4, 5], "where that one is not written"
    (moved,) = (one for one in events if "recurrence-id" in one)
    assert (moved["recurrence-id"].dt, moved["dtstart"].dt) == tuple(
        datetime(2026, 3, 5, hour, tzinfo=UTC) for hour in (13, 17)
    )


SINGLE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//elsewhere//EN
BEGIN:VEVENT
UID:choir@elsewhere
SUMMARY:Choir
DTSTART:20260302T180000Z
RDATE:20260311T180000Z,20260320T190000Z
RDATE:20260325T180000Z
EXDATE:20260325T180000Z
END:VEVENT
BEGIN:VEVENT
UID:choir@elsewhere
RECURRENCE-ID:20260311T180000Z
SUMMARY:Choir, in the church
DTSTART:20260312T180000Z
END:VEVENT
BEGIN:VEVENT
UID:market@elsewhere
SUMMARY:Market
DTSTART;VALUE=DATE:20260303
RRULE:FREQ=WEEKLY;COUNT=2
RDATE;VALUE=DATE:20260306
END:VEVENT
END:VCALENDAR
"""


def test_single_occurrences_come_and_go_out_again(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "choir.ics"
    file.write_text(SINGLE.replace("\n", "\r\n"))
    mos.imports.take(str(file))
    days: list[tuple[str, str]] = []
    for _ in range(26):
        coming = mos.upcoming(Filter(at=mos.now)).coming
        days += [(one.memory.content, one.next_at) for one in coming if one.next_at[:10] == mos.now[:10]]
        clock.forward(days=1)
    assert days == [
        ("Choir", "2026-03-02T18:00:00.000Z"), ("Market", "2026-03-03T00:00:00.000Z"), ("Market", "2026-03-06T00:00:00.000Z"),
        ("Market", "2026-03-10T00:00:00.000Z"), ("Choir, in the church", "2026-03-12T18:00:00.000Z"),
        ("Choir", "2026-03-20T19:00:00.000Z"),
    ]  # fmt: skip
    content, _ = calendar(mos)
    recurring = pytest.importorskip("recurring_ical_events")
    for text in (content, file.read_bytes()):
        found = recurring.of(icalendar.Calendar.from_ical(text)).between((2026, 3, 1), (2026, 4, 1))
        assert sorted((one["dtstart"].dt.strftime("%m-%d"), str(one["summary"])) for one in found) == [
            ("03-02", "Choir"), ("03-03", "Market"), ("03-06", "Market"), ("03-10", "Market"),
            ("03-12", "Choir, in the church"), ("03-20", "Choir"),
        ]  # fmt: skip
