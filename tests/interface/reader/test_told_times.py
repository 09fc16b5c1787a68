"""A table of sentences, written by hand: what each says about time is read right or left alone, and nothing is read wrongly."""

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from memos_cli.interface.reader import told_times
from memos_cli.interface.reader.reader import Reader
from memos_cli.interface.reader.told_times import RECURRENCE
from memos_cli.times import Zone

TABLE = Path(__file__).with_name("sentences.txt")
UNREAD = {
    "Grandma was 90 on 2 May",
    "The vet is booked for Monday at 11",
}
"""What the reader leaves undated though a person would know; all else has to be right."""


class Row(NamedTuple):
    """A sentence, when and where it was told, and what is right: the four columns of the table."""

    words: str
    at: str
    zone: str
    right: tuple[str, ...]


def rows() -> Iterator[Row]:
    at = zone = ""
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("= "):
            _, at, zone = line.split()
        elif line.strip() and not line.startswith("#"):
            words, *right = (cell.strip() for cell in line.split(" | "))
            yield Row(words, at.replace("Z", ".000Z"), zone, tuple(right))


ROWS = list(rows())


def shown(at: str | None, zone: str, *, end: bool = False) -> str:
    """An instant as the table has it."""
    if at is None:
        return "-"
    local = datetime.fromisoformat(at).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if local.time() == (time(23, 59, 59, 999000) if end else time()):
        return f"{local:%Y-%m-%d}"
    return f"{local:%Y-%m-%d %H:%M}"


def read(row: Row) -> tuple[str, ...]:
    draft = Reader(Zone(row.zone)).read_one(row.words, now=row.at)
    rule = str(draft.metadata.get(RECURRENCE, "RRULE:-")).removeprefix("RRULE:")
    start, begins = shown(draft.occurred_at, row.zone), shown(draft.valid_from, row.zone)
    return start, begins, shown(draft.valid_to, row.zone, end=True), rule


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.zone}: {row.words}" for row in ROWS])
def test_what_a_sentence_says_about_time(row: Row) -> None:
    found = read(row)
    if row.words in UNREAD:
        assert all(got in {"-", right} for got, right in zip(found, row.right, strict=True)), found
    else:
        assert found == row.right


def test_the_table_is_long_enough_to_tell() -> None:
    assert len(ROWS) > 450
    assert len({row.words for row in ROWS}) > 440


@pytest.mark.parametrize(
    ("text", "at", "words", "first", "second", "field"),
    [
        ("Dentist next Tuesday at 9:40", "2026-11-30", "next Tuesday", "2026-12-01 09:40", "2026-12-08 09:40", "occurred_at"),
        ("The vet comes on Monday", "2026-11-30", "on Monday", "2026-11-30", "2026-12-07", "occurred_at"),
        ("I saw Ana on Monday", "2026-11-30", "on Monday", "2026-11-23", "2026-11-30", "occurred_at"),
        ("On leave until Monday", "2026-11-30", "until Monday", "2026-11-30", "2026-12-07", "valid_to"),
        ("The audit is on 05/03/2027", "2026-11-30", "05/03/2027", "2027-03-05", "2027-05-03", "occurred_at"),
        (
            "Ik ga volgende vrijdag naar de tandarts",
            "2026-11-30",
            "volgende vrijdag",
            "2026-12-04",
            "2026-12-11",
            "occurred_at",
        ),
        ("Ich gehe am Montag zum Zahnarzt", "2026-11-30", "am Montag", "2026-11-30", "2026-12-07", "occurred_at"),
    ],
)
def test_a_day_with_two_readings_is_told_with_both(text: str, at: str, words: str, first: str, second: str, field: str) -> None:
    zone = "Europe/Amsterdam"
    now = f"{at}T11:00:00.000Z"
    found = told_times.doubt(text, now, Zone(zone))
    assert found is not None
    assert (found.words, found.field) == (words, field)
    assert tuple(shown(one, zone, end=field == "valid_to") for one in found.readings) == (first, second)
    assert getattr(Reader(Zone(zone)).read_one(text, now=now), field) is None, "it dates nothing"


@pytest.mark.parametrize(
    "text",
    [
        "I am vegan now", "Dentist tomorrow at 9:40", "Dentist next Monday", "Pilates every Monday", "Bins go out on Mondays",
        "We use version 1/2/2024", "The film is called Next Friday", "The deploy is on 13/05/2027", "Dinner on Wednesday",
        "Read it in two weeks", "Standup is twice a week on Monday", "My mail of 05/03/2027 says it all",
    ],
)  # fmt: skip
def test_nothing_else_is_in_doubt(text: str) -> None:
    assert told_times.doubt(text, "2026-11-30T11:00:00.000Z", Zone("Europe/Amsterdam")) is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words)
def test_what_is_dated_is_not_in_doubt(row: Row) -> None:
    draft = Reader(Zone(row.zone)).read_one(row.words, now=row.at)
    found = told_times.doubt(row.words, row.at, Zone(row.zone))
    assert not (found and found.field == "occurred_at" and draft.occurred_at), found
