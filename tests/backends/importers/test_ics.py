"""Calendars: zones, whole days, what comes back and what does not, and entries that are damaged."""

from pathlib import Path

import pytest

from memos_cli.errors import UsageError
from memos_cli.model import Kind
from memos_cli.ports.importer import ImportOptions
from memos_cli.times import Zone
from tests.contracts.importer import HOW, ImporterContract

OFFICE = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0500
TZOFFSETTO:+0500
TZNAME:OFF
END:STANDARD
END:VTIMEZONE
"""
EVENTS = """BEGIN:VEVENT
UID:a1@example
DTSTAMP:20250101T000000Z
SUMMARY:Dentist\\, again
DTSTART;TZID=Europe/Amsterdam:20250310T093000
DTEND;TZID=Europe/Amsterdam:20250310T100000
LOCATION:Damrak 1
CATEGORIES:Health,Teeth
BEGIN:VALARM
TRIGGER:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:b2
SUMMARY:Bins
DTSTART;VALUE=DATE:20250107
RRULE:FREQ=WEEKLY;BYDAY=TU
EXDATE;VALUE=DATE:20250114
END:VEVENT
BEGIN:VEVENT
UID:b2
SUMMARY:Bins (moved)
RECURRENCE-ID;VALUE=DATE:20250121
DTSTART;VALUE=DATE:20250122
END:VEVENT
BEGIN:VEVENT
UID:b2
SUMMARY:Bins
STATUS:CANCELLED
RECURRENCE-ID;VALUE=DATE:20250128
DTSTART;VALUE=DATE:20250128
END:VEVENT
BEGIN:VTODO
UID:t1
SUMMARY:Taxes
DUE:20250501T120000Z
END:VTODO
"""


def calendar(folder: Path, entries: str, name: str = "home.ics") -> Path:
    path = folder / name
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n{entries}END:VCALENDAR\n"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    return path


def event(*lines: str) -> str:
    return "\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT")) + "\n"


class TestCalendar(ImporterContract):
    name = "ics"

    def sample(self, folder: Path) -> Path:
        return calendar(folder, EVENTS)

    def test_events_and_tasks(self, tmp_path: Path) -> None:
        dentist, bins, moved, taxes = self.drafts(self.sample(tmp_path))
        assert (dentist.external_id, dentist.kind, dentist.tags) == ("ics:a1@example", Kind.EVENT, ("Health", "Teeth"))
        assert (dentist.content, dentist.title) == ("Dentist, again\nDamrak 1", "Dentist, again")
        assert (dentist.occurred_at, dentist.metadata["ends_at"]) == ("2025-03-10T08:30:00.000Z", "2025-03-10T09:00:00.000Z")
        assert bins.occurred_at == "2025-01-07T00:00:00.000Z"
        assert bins.metadata["recurrence"] == "RRULE:FREQ=WEEKLY;BYDAY=TU"
        assert bins.metadata["except"] == [f"2025-01-{day}T00:00:00.000Z" for day in (14, 21, 28)], (
            "moved and cancelled ones, too"
        )
        assert moved.external_id == "ics:b2#2025-01-21T00:00:00.000Z"
        assert moved.occurred_at == "2025-01-22T00:00:00.000Z"
        assert (taxes.kind, taxes.occurred_at) == (Kind.NOTE, "2025-05-01T12:00:00.000Z")
        assert self.skipped(tmp_path / "home.ics") == {"cancelled": 1}

    def test_whole_days_are_those_of_the_person(self, tmp_path: Path) -> None:
        how = ImportOptions(Zone("Europe/Amsterdam"))
        _, bins, *_ = self.drafts(self.sample(tmp_path), how)
        assert bins.occurred_at == "2025-01-06T23:00:00.000Z"

    @pytest.mark.parametrize("first", [True, False])
    def test_a_zone_is_what_the_calendar_says(self, first: bool, tmp_path: Path) -> None:  # noqa: FBT001
        name = f"Office {first}"
        zone, call = OFFICE.format(name=name), event("UID:c", "SUMMARY:Call", f'DTSTART;TZID="{name}":20250310T093000')
        (draft,) = self.drafts(calendar(tmp_path, zone + call if first else call + zone))
        assert draft.occurred_at == "2025-03-10T04:30:00.000Z"

    def test_a_zone_that_nobody_knows_is_that_of_the_person(self, tmp_path: Path) -> None:
        how = ImportOptions(Zone("America/New_York"))
        path = calendar(
            tmp_path, event("UID:c", "SUMMARY:Call", "DTSTART;TZID=Nowhere/At-All:20250310T093000", "DURATION:PT30M")
        )
        (draft,) = self.drafts(path, how)
        assert (draft.occurred_at, draft.metadata["ends_at"]) == ("2025-03-10T13:30:00.000Z", "2025-03-10T14:00:00.000Z")

    def test_several_days_have_an_end(self, tmp_path: Path) -> None:
        path = calendar(tmp_path, event("UID:c", "SUMMARY:Trip", "DTSTART;VALUE=DATE:20250310", "DTEND;VALUE=DATE:20250313"))
        (draft,) = self.drafts(path)
        assert draft.metadata == {"ends_at": "2025-03-13T00:00:00.000Z"}

    def test_an_entry_without_a_name_has_one_by_what_it_says(self, tmp_path: Path) -> None:
        twin = event("SUMMARY:Walk", "DTSTART:20250310T093000Z")
        one, other = self.drafts(calendar(tmp_path, twin * 2))
        assert other.external_id == f"{one.external_id}-2"

    def test_folded_lines_and_others(self, tmp_path: Path) -> None:
        path = calendar(
            tmp_path,
            event("UID:f", "SUMMARY:A long", "  line", "DTSTART:20250310T093000Z") + "BEGIN:VFREEBUSY\nEND:VFREEBUSY\n",
        )
        (draft,) = self.drafts(path)
        assert draft.content == "A long line"
        assert self.skipped(path) == {"neither an event nor a task": 1}

    def test_damage_is_named_and_the_rest_is_read(self, tmp_path: Path) -> None:
        bad = "BEGIN:VEVENT\nUID:x\nSUMMARY:No end\n" + event("UID:y", "SUMMARY:Fine", "DTSTART:20250310T093000Z")
        path = calendar(tmp_path, bad + event("UID:z", "DTSTART:20250310T093000Z"))
        assert [one.content for one in self.drafts(path)] == ["Fine"]
        assert self.skipped(path) == {"an entry that is too long or cut off": 1, "no text in it": 1}

    def test_what_is_no_calendar_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "x.ics"
        path.write_text("hello")
        with pytest.raises(UsageError, match="no calendar"):
            self.read(path, HOW)
