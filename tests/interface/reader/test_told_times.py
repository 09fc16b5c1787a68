"""A table of sentences, written by hand: what each says about time is read right or left alone, and nothing is read wrongly."""

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from memos_cli.interface.reader.reader import Reader
from memos_cli.interface.reader.told_times import RECURRENCE
from memos_cli.times import Zone

TABLE = Path(__file__).with_name("sentences.txt")
UNREAD = {
    "Grandma was 90 on 2 May",
    "The vet is booked for Monday at 11",
    "Thabo stays with us from tomorrow until Sunday week",
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
