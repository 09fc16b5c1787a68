"""The made-up year: the same for the same seed, no two memories alike, and habits that are what they are said to be."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from memos_cli.bench.lifecycle import sentences, year
from memos_cli.bench.lifecycle.year import MIX, START, Habit, Told, Year
from memos_cli.infra.words.words import terms
from memos_cli.model import Kind
from memos_cli.operation.lifecycle.transitions import DAY

DAYS = 730
"""Long enough for every habit to show."""


@pytest.fixture(scope="module")
def long() -> Year:
    return year.make(DAYS, 2000, 7)


def of(made: Year, habit: Habit) -> list[Told]:
    return [told for told in made.memories if told.habit is habit]


def gaps(told: Told) -> list[int]:
    days = [year.day_of(at) for at in (told.at, *told.needs)]
    return [late - early for early, late in pairwise(days)]


def test_a_seed_makes_a_year(long: Year) -> None:
    assert year.make(DAYS, 2000, 7) == long
    assert year.make(DAYS, 2000, 8).memories[0] != long.memories[0]


def test_no_two_memories_are_alike(long: Year) -> None:
    assert len({told.sentence.text.casefold() for told in long.memories}) == 2000
    crowded = year.make(1, 5000, 0)
    assert len({told.sentence.text.casefold() for told in crowded.memories}) == 5000


def test_a_memory_is_found_by_words_of_its_own(long: Year) -> None:
    for told in long.memories:
        words = set(terms(told.sentence.text))
        assert set(terms(told.sentence.cue)) <= words, told.sentence
        assert "*" not in told.sentence.text
        assert "{" not in told.sentence.text


def test_all_days_domains_habits_and_kinds_occur(long: Year) -> None:
    assert {told.domain for told in long.memories} == set(sentences.DOMAINS) == set(MIX)
    assert {(told.domain, told.habit) for told in long.memories} == {(d, habit) for d in MIX for habit in Habit}
    assert {told.sentence.kind for told in long.memories} == set(Kind)
    assert all(sum(mix.values()) == 100 for mix in MIX.values())
    by_month = Counter(year.day_of(told.at) * 12 // DAYS for told in long.memories)
    assert all(120 < by_month[month] < 215 for month in range(12)), "2000 / 12 = 167, give or take 3.8 deviations"


def test_what_is_told_and_needed_stands_in_order_and_in_the_year(long: Year) -> None:
    assert [told.number for told in long.memories] == list(range(2000))
    assert [told.at for told in long.memories] == sorted(told.at for told in long.memories)
    for told in long.memories:
        assert all(gap >= 1 for gap in gaps(told)), "at most once a day, never on the day itself"
        assert all(0 <= at < DAYS * DAY for at in (told.at, *told.needs))
    assert long.needs == sum(len(told.needs) for told in long.memories) > 5000


@pytest.mark.parametrize(
    ("habit", "least", "most"), [(Habit.WEEKLY, 5, 9), (Habit.MONTHLY, 24, 36), (Habit.ONCE, 14, 84), (Habit.TTL, 3, 12)]
)
def test_gaps_are_as_said(long: Year, habit: Habit, least: int, most: int) -> None:
    found = {gap for told in of(long, habit) for gap in gaps(told)}
    assert (min(found), max(found)) == (least, most)


def test_once_is_once_and_never_is_never(long: Year) -> None:
    assert {len(told.needs) for told in of(long, Habit.ONCE) if told.at < (DAYS - 90) * DAY} == {1}
    assert {told.needs for told in of(long, Habit.NEVER)} == {()}


def test_weekly_ends(long: Year) -> None:
    spans = [year.day_of(told.needs[-1] - told.at) for told in of(long, Habit.WEEKLY) if told.at < 300 * DAY]
    assert min(spans) < 100
    assert 300 < max(spans) <= 366


def test_seasons_come_back_after_a_long_quiet(long: Year) -> None:
    found = [gap for told in of(long, Habit.SEASONAL) for gap in gaps(told)]
    assert {gap for gap in found if gap < 90} == {1, 2, 3, 4}
    quiet = [gap for gap in found if gap >= 90]
    assert 90 <= min(quiet) < 110
    assert 230 < max(quiet) <= 244, "the quiet days, and the first gap of the next burst"


def test_a_ttl_ends_what_has_one_and_all_of_its_needs(long: Year) -> None:
    for told in long.memories:
        assert (told.expires is not None) == (told.habit is Habit.TTL)
        if told.expires is not None:
            assert 14 * DAY <= told.expires - told.at <= 60 * DAY
            assert all(year.day_of(need) < year.day_of(told.expires) for need in told.needs)


def test_a_shorter_year_is_cut_off() -> None:
    short = year.make(40, 100, 0)
    assert all(year.day_of(at) < 40 for told in short.memories for at in (told.at, *told.needs))


def test_a_sentence_speaks_of_the_day_on_which_it_is_told() -> None:
    for number in range(50):
        made = sentences.sentence(Random(number), sentences.CARE, START.date())
        days = [START.date() - timedelta(days=back) for back in range(3)]
        assert any(f"{day.day} {day:%B %Y}" in made.text for day in days), made.text
