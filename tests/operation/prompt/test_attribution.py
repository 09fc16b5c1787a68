"""The day that a memory is from, as closely as it is known."""

import pytest

from memos_cli.interface.reader.reader import Reader
from memos_cli.model import Memory
from memos_cli.operation.prompt import layout
from memos_cli.operation.prompt.attribution import day
from memos_cli.operation.prompt.model_request import line
from memos_cli.times import Zone

NOW = "2026-11-29T20:30:00.000Z"
AMSTERDAM = Zone("Europe/Amsterdam")


def told(words: str, zone: Zone = AMSTERDAM) -> Memory:
    draft = Reader(zone).read_one(words, now=NOW)
    return Memory(
        "k3f9", draft.content, kind=draft.kind, created_at=NOW, occurred_at=draft.occurred_at, valid_from=draft.valid_from,
        valid_to=draft.valid_to, metadata=draft.metadata,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("I quit my job last month", "2026-10"),
        ("We were in Rome last week", "2026-W47"),
        ("I moved to Ghent in 2019.", "2019"),
        ("I live in Ghent since 2019.", "2019"),
        ("Dentist on 4 December 2026", "2026-12-04"),
        ("Exam on 1 March 2026", "2026-03-01"),
        ("My dog is called Brixo", "2026-11-29"),
    ],
)
def test_a_prompt_has_no_day_that_was_not_said(words: str, when: str) -> None:
    shown = line(told(words), words, AMSTERDAM)
    assert shown.date == when
    assert layout.shown(shown) == f"{when} {words}"


@pytest.mark.parametrize("noted", ["x", 7, {}, [7], [{"at": 7, "unit": []}], [{"at": "2026-12-01", "unit": "decade"}]])
def test_what_is_noted_of_times_may_be_anything(noted: object) -> None:
    memory = Memory("m", "x", occurred_at="2026-12-01T00:00:00.000Z", metadata={"times": noted})
    assert day(memory, "2026-12-01T00:00:00.000Z", Zone("UTC")) == "2026-12-01"


@pytest.mark.parametrize("date", ["2026-1", "26-12-04", "yesterday", "2026-12-0x", "20261204"])
def test_what_is_no_day_is_no_date_of_a_line(date: str) -> None:
    assert layout.shown(layout.Line("x", date)) == "x"
