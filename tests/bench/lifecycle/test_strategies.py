"""The strategies beside the policy, on a year of six days that was worked out by hand."""

import pytest

from memos_cli.bench.lifecycle import strategies
from memos_cli.bench.lifecycle.sentences import CARE, Sentence
from memos_cli.bench.lifecycle.year import Habit, Told, Year, night
from memos_cli.model import Kind
from memos_cli.operation.lifecycle.transitions import DAY

HOUR = DAY // 24
_ANY = Sentence(Kind.NOTE, "Ada weighed 60 kg", "Ada weighed")


def at(day: int, hour: int = 12) -> int:
    return day * DAY + hour * HOUR


def told(number: int, when: int, *needs: int, expires: int | None = None) -> Told:
    return Told(number, CARE, Habit.ONCE, _ANY, when, needs, expires)


SIX = Year(
    6, (told(0, at(0), at(2), at(5)), told(1, at(1)), told(2, at(1, 13), at(4)), told(3, at(2, 14), expires=at(3)))
)  # fmt: skip


def test_keep_all_keeps_all() -> None:
    course = strategies.keep_all(SIX)
    assert course == ((1, 3, 4, 4, 4, 4), ())
    assert course.mean == pytest.approx(20 / 6)


def test_the_oracle_keeps_what_will_be_needed() -> None:
    assert strategies.oracle(SIX) == ((1, 2, 2, 2, 1, 0), ())


def test_what_is_told_or_fetched_leaves_at_a_fixed_age() -> None:
    # 36 hours: told at noon, it is there for one night, and goes in the second. 0 is missed on days 2 and 5, 2 on day 4.
    course = strategies.aged(SIX, 36 * HOUR)
    assert (course.hot, sorted(course.missed)) == ((1, 2, 2, 0, 1, 1), [0, 0, 2])


def test_a_ttl_ends_a_memory_whatever_its_age() -> None:
    course = strategies.aged(SIX, 100 * DAY)
    assert course == ((1, 3, 4, 3, 3, 3), ())


def test_the_least_recently_used_leave_first() -> None:
    # Night 1: 1 and 2 were told after 0. Night 2: 3 was told and 0 used after them. Night 3: the TTL of 3 passed.
    course = strategies.lru(SIX, (1, 2, 2, 1, 1, 1))
    assert course == ((1, 2, 2, 1, 1, 1), (0, 2, 0))


def test_lru_takes_back_what_there_is_room_for() -> None:
    year = Year(3, (told(0, at(0), at(2)), told(1, at(0, 13))))
    assert strategies.lru(year, (1, 2, 2)) == ((1, 2, 2), ())
    assert strategies.lru(year, (1, 1, 2)) == ((1, 1, 2), (0,))
    assert strategies.lru(year, (5, 5, 5)).hot == (2, 2, 2), "no more than there are"


def test_a_need_before_the_night_in_which_it_leaves_is_no_miss() -> None:
    year = Year(4, (told(0, at(0), at(1, 20), at(3)),))
    assert strategies.aged(year, 24 * HOUR) == ((1, 0, 0, 1), (0,))


@pytest.mark.parametrize("mean", [0.5, 7 / 6, 2.0, 17 / 6])
def test_the_fixed_age_is_the_least_that_keeps_as_many(mean: float) -> None:
    age, course = strategies.fixed_age(SIX, mean)
    assert course == strategies.aged(SIX, age)
    assert course.mean >= mean > strategies.aged(SIX, age - 1).mean


def test_no_age_keeps_more_than_there_is() -> None:
    age, course = strategies.fixed_age(SIX, 100)
    assert age == 7 * DAY
    assert course.hot == (1, 3, 4, 3, 3, 3)


def test_a_day_is_closed_in_the_night_after_it() -> None:
    assert night(0) == at(1, 3)
    assert [[one.number for _, one in day] for day in strategies.by_day(SIX)] == [[0], [1, 2], [0, 3], [], [2], [0]]
