"""Days that the cube knows, and what is true only for a time: both through the façade."""

import pytest

from memos_cli.interface.api import MOS
from memos_cli.interface.pipeline.known_days import KnownDays
from memos_cli.model import Filter, State
from tests.conftest import Clock


def contents(mos: MOS, **narrowed: object) -> set[str]:
    return {memory.content for memory in mos.list(Filter(at=mos.now)._replace(**narrowed))}


def test_a_birthday_that_is_known_dates_what_happens_on_it(mos: MOS) -> None:
    mos.add("My birthday is on 14 March 1988")
    memory = mos.get(mos.add("We eat at Noor's on my birthday").ids[0])
    assert memory.occurred_at == "2026-03-14T00:00:00.000Z"


@pytest.mark.parametrize(
    "told",
    [
        (),
        ("Ana's birthday is on 14 March 1988",),
        ("My birthday is on 14 March 1988", "My birthday is on 15 March 1988"),
        ("My birthday cake was blue on 14 March 2020",),
    ],
)
def test_a_birthday_that_is_not_known_dates_nothing(mos: MOS, told: tuple[str, ...]) -> None:
    for text in told:
        mos.add(text)
    assert KnownDays(mos)("my birthday") is None
    assert mos.get(mos.add("We eat at Noor's on my birthday").ids[0]).occurred_at is None


def test_the_birthday_of_somebody_else_is_known_by_the_name(mos: MOS) -> None:
    mos.add("Ana's birthday is on 2 December")
    assert KnownDays(mos)("Ana\u2019s birthday") == (12, 2)


WORKED, LIVE, LEAVE = "I worked there from 2011 to 2015", "From 1 August we live in Ghent", "I am on leave until tomorrow"


def test_what_was_over_or_is_to_come_when_it_was_told_is_found(mos: MOS, clock: Clock) -> None:
    for text in (WORKED, LIVE, LEAVE):
        mos.add(text)
    assert contents(mos) == {WORKED, LIVE, LEAVE}
    assert {hit.memory.content for hit in mos.search("where we live, where I worked", k=5).hits} >= {WORKED, LIVE}
    clock.forward(days=3)
    assert contents(mos) == {WORKED, LIVE}, "the leave is over"


def test_a_question_about_the_past_keeps_to_what_was_true_then(mos: MOS) -> None:
    for text in (WORKED, LIVE):
        mos.add(text)
    assert contents(mos, at="2012-06-01T00:00:00.000Z", past=True) == {WORKED}
    assert contents(mos, at="2015-12-31T12:00:00.000Z", past=True) == {WORKED}
    assert contents(mos, at="2016-01-01T00:00:00.000Z", past=True) == set()


def test_what_was_over_when_it_was_told_is_not_archived_as_superseded(mos: MOS, clock: Clock) -> None:
    worked = mos.add(WORKED, pinned=False).ids[0]
    leave = mos.add(LEAVE).ids[0]
    clock.forward(days=40)
    mos.lifecycle.tick()
    assert mos.get(worked).state is not State.ARCHIVED
    assert mos.get(leave).state is State.ARCHIVED


def test_a_validity_that_was_given_hides_as_before(mos: MOS) -> None:
    mos.add("The office is in Rome", valid_to="2020-01-01T00:00:00.000Z")
    mos.add("The office is in Oslo", valid_from="2090-01-01T00:00:00.000Z")
    assert contents(mos) == set()
