"""What `add` says it worked out of the words about time."""

import shlex
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from memos_cli.cli import times_told
from memos_cli.interface.reader.reader import Reader
from memos_cli.model import Memory
from memos_cli.times import Zone
from tests.cli.helpers import on_terminal
from tests.conftest import Run

NOW = "2026-11-29T20:30:00.000Z"
AMSTERDAM = Zone("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Dentist on Friday at 9:40", "Fri 4 Dec 2026 9:40"),
        ("Dentist on Friday", "Fri 4 Dec 2026"),
        ("From 1 February we live in Ghent", "from Mon 1 Feb 2027"),
        ("On leave until Monday", "until Mon 30 Nov 2026"),
        ("I worked there from 2011 to 2015", "from 2011, until Thu 31 Dec 2015"),
        ("I quit my job at Philips last month", "Oct 2026"),
        ("We were in Rome last week", "the week of Mon 16 Nov 2026"),
        ("I moved to Ghent in 2019.", "2019"),
        ("I quit my job on 1 November", "Sun 1 Nov 2026"),
        ("Bins go out on Tuesdays", "every week on Tuesday, first Tue 1 Dec 2026"),
        ("Paper bins go out every second Friday", "every 2 weeks on Friday, first Fri 4 Dec 2026"),
        ("The book club meets on the last Friday of each month", "every month on last Friday, first Fri 25 Dec 2026"),
        ("My birthday is on 14 March 1988", "every year on 14 Mar, first Mon 14 Mar 1988"),
        ("I am vegan now", ""),
        ("Dentist next week or so", ""),
    ],
)
def test_the_times_are_told_in_the_zone(words: str, told: str) -> None:
    draft = Reader(AMSTERDAM).read_one(words, now=NOW)
    memory = Memory(
        "k3f9", draft.content, kind=draft.kind, created_at=NOW, occurred_at=draft.occurred_at, valid_from=draft.valid_from,
        valid_to=draft.valid_to, metadata=draft.metadata,
    )  # fmt: skip
    assert times_told.sentence(memory, AMSTERDAM) == told


def test_json_has_them_in_utc(memos: Run) -> None:
    data = memos("add", "Flight on 4 December 2026 at 14:05", "--json", env={"MEMOS_TIMEZONE": "Europe/Amsterdam"}).data
    assert data["time"] == {"occurred_at": "2026-12-04T13:05:00Z", "valid_from": None, "valid_to": None, "recurrence": None}
    assert "time" not in memos("add", "I am vegan now", "--json").data


def test_no_day_is_shown_of_a_month_a_year_or_a_week_that_was_told(memos: Run) -> None:
    told = {"I quit my job in March 2024": "2024-03", "I moved to Ghent in 2019": "2019", "Exam on 1 March 2024": "2024-03-01"}
    for words, when in told.items():
        short = memos("add", words, "--json").data["ids"][0][:8]
        assert when in memos("show", short).out.split("happened", 1)[1].splitlines()[0].split()
        (line,) = [one for one in memos("list", "--order", "occurred").out.splitlines() if one.startswith(short)]
        assert line.split()[1] == when
        (line,) = [one for one in memos("list").out.splitlines() if one.startswith(short)]
        assert line.endswith(f"[{'on' if len(when) == 10 else 'in'} {when}]")
    (line,) = [one for one in memos("search", "Ghent", "--lexical").out.splitlines() if "2019" in one and "event" in one]
    assert line.split()[2:4] == ["2019", "event"]


def test_a_terminal_is_told(memos: Run) -> None:
    memos("add", "the first one makes the cube")
    status, shown = on_terminal(["add", "Flight on 4 December 2026 at 14:05"])
    assert (status, "Fri 4 Dec 2026 14:05" in shown) == (0, True)


@pytest.mark.parametrize("place", ["Etc/GMT+12", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati"])
@pytest.mark.parametrize("variable", ["TZ", "MEMOS_TIMEZONE"])
def test_today_is_the_day_where_the_person_is(memos: Run, place: str, variable: str) -> None:
    identity = memos("add", "Rain today", "--json", env={variable: place}).data["ids"][0]
    memory = memos("show", identity, "--json").data
    zone = Zone(place)
    assert zone.day(memory["occurred_at"]) == zone.day(memory["created_at"])
    assert zone.local(memory["occurred_at"]).time().isoformat() == "00:00:00"


@pytest.mark.parametrize(
    "rule", ["RRULE:FREQ=YEARLY;INTERVAL=x", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1;BYMONTH=77", "tuesdays", 7, []]
)
def test_a_rule_that_is_none_is_not_told(rule: object) -> None:
    memory = Memory("m", "x", occurred_at="2026-12-01T00:00:00.000Z", metadata={"recurrence": rule})
    assert times_told.sentence(memory, Zone("UTC")) == "Tue 1 Dec 2026"


def test_a_day_with_two_readings_is_said_with_the_command_that_settles_it(memos: Run) -> None:
    today = datetime.now(ZoneInfo("Europe/Amsterdam"))
    name = f"{today + timedelta(days=2 if today.weekday() < 5 else 0):%A}"
    text = f"Dentist {'next' if today.weekday() < 5 else 'on'} {name} at 9:40"
    there = {"MEMOS_TIMEZONE": "Europe/Amsterdam"}
    ran = memos("add", text, env=there)
    said = ran.err.splitlines()[0]
    assert ran.status == 0
    assert " or " in said
    assert "undated" in said
    command = shlex.split(said.split("memos ", 1)[1])
    assert command[0] == "edit"
    data = memos("add", text, "--json", env=there).data
    assert data["notices"] == [said]
    assert memos(*command, env=there).status == 0
    (memory,) = memos("list", "--json").data["memories"]
    day = datetime.fromisoformat(memory["occurred_at"]).astimezone(ZoneInfo("Europe/Amsterdam"))
    assert f"{day:%A %H:%M}" == f"{name} 09:40"
    again = memos("add", text, "--json", env=there)
    assert "notices" not in again.data, "it is settled"


@pytest.mark.parametrize("more", [[], ["--occurred-at", "2026-12-01"]])
def test_what_has_one_reading_or_a_date_given_is_not_asked_about(memos: Run, more: list[str]) -> None:
    text = "Dentist next Tuesday, or on Monday, or on 05/03/2027" if more else "I am vegan now"
    ran = memos("add", text, *more, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert "notices" not in ran.data
