"""`memos export ics`: a calendar that icalendar reads."""

import icalendar

from tests.conftest import Run


def test_a_calendar_is_written(memos: Run) -> None:
    memos("add", "Dentist on 4 May 2027 at 9:40")
    memos("add", "Tea is hot")
    ran = memos("export", "ics")
    assert [str(one["summary"]) for one in icalendar.Calendar.from_ical(ran.out).walk("VEVENT")] == [
        "Dentist on 4 May 2027 at 9:40"
    ]


def test_what_has_no_date_is_counted(memos: Run) -> None:
    memos("add", "Some day we go to Rome", "--kind", "event")
    assert "1 memory left out, since a calendar needs a date" in memos("export", "ics").err
