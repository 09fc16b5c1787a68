"""A year that is lived in a cube: by hand for one memory, in full for many; and that what is wrong is found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memos_cli import config
from memos_cli.bench import homes
from memos_cli.bench.lifecycle import lifecycle, strategies
from memos_cli.bench.lifecycle import year as years
from memos_cli.bench.lifecycle.lifecycle import Clock, Life, Lived
from memos_cli.bench.lifecycle.sentences import CARE, DOMAINS, Sentence
from memos_cli.bench.lifecycle.strategies import Course
from memos_cli.bench.lifecycle.year import Habit, Told, Year
from memos_cli.config import Settings
from memos_cli.errors import MemosError
from memos_cli.model import HOT_STATES, Kind, State
from memos_cli.operation.lifecycle.lifecycle import MemLifecycle
from memos_cli.operation.lifecycle.transitions import DAY

STRICT: dict[str, Any] = {f"archive.idle_days.{kind}": 4.0 for kind in Kind} | {
    "expire.archived_days": 10.0, "purge.grace_days": 5.0,
}  # fmt: skip
"""A policy under which everything happens within weeks."""
NOON = DAY // 2


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def thrown(home: Path, clock: Clock) -> Iterator[homes.Home]:
    paths = config.paths({"MEMOS_HOME": str(home)})
    with homes.thrown_away(Settings({}, paths), paths, clock, lifecycle.GIVEN) as made:
        yield made


def note(number: int, day: int, *needs: int, expires: int | None = None) -> Told:
    sentence = Sentence(Kind.NOTE, f"Ada weighed {60 + number} kg on {day + 1} January", "Ada weighed")
    ends = None if expires is None else expires * DAY + NOON
    return Told(number, CARE, Habit.ONCE, sentence, day * DAY + NOON, tuple(need * DAY + NOON for need in needs), ends)


def live(thrown: homes.Home, clock: Clock, days: int, *memories: Told, **policy: float) -> Lived:
    fields = {name.replace("__", "."): value for name, value in policy.items()}
    return lifecycle.live(thrown, clock, Year(days, memories), fields)


def test_a_memory_fades_is_missed_and_comes_back(thrown: homes.Home, clock: Clock) -> None:
    # It fades 48 hours after it was told, at noon of day 2, and is archived in the night that follows. The need of day 4 is a
    # miss; it comes back in that night and begins anew, so that 48 hours later, in the night of day 6, it is archived again.
    lived = live(thrown, clock, 8, note(0, 0, 4), archive__idle_days__note=2)
    assert lived.course == Course((1, 1, 0, 0, 1, 1, 0, 0), (0,))
    assert (lived.states, lived.lost, lived.checked) == ((State.ARCHIVED,), 0, 8)


def test_use_keeps_it(thrown: homes.Home, clock: Clock) -> None:
    lived = live(thrown, clock, 6, note(0, 0, 1, 2, 3, 4, 5), note(1, 0), archive__idle_days__note=2)
    assert lived.course == Course((2, 2, 1, 1, 1, 1), ())
    assert lived.states == (State.ACTIVATED, State.ARCHIVED)


def test_a_ttl_passes_and_the_grace_after_it(thrown: homes.Home, clock: Clock) -> None:
    memories = (note(0, 0, expires=1), note(1, 0, expires=4))
    lived = live(thrown, clock, 5, *memories, purge__grace_days=2)
    assert (lived.course.hot, lived.states) == ((2, 1, 1, 1, 0), (State.PURGED, State.EXPIRED))


def test_what_expired_in_the_archive_is_lost(thrown: homes.Home, clock: Clock) -> None:
    lived = live(thrown, clock, 6, note(0, 0, 4, 5), archive__idle_days__note=1, expire__archived_days=1)
    assert (lived.course.missed, lived.lost, lived.states) == ((0, 0), 2, (State.EXPIRED,))


def test_weeks_of_many_under_a_strict_policy(thrown: homes.Home, clock: Clock) -> None:
    year = years.make(45, 60, 3)
    lived = lifecycle.live(thrown, clock, year, STRICT)
    assert set(lived.states) >= {State.ACTIVATED, State.ARCHIVED, State.EXPIRED, State.PURGED}
    assert lived.course.missed
    told_until = [sum(years.day_of(told.at) <= day for told in year.memories) for day in range(45)]
    assert lived.checked == sum(told_until)
    assert lived.course.hot[-1] == sum(state in HOT_STATES for state in lived.states) < 60
    report = lifecycle.report(year, lived)
    misses = {row["name"]: row["misses"] for row in report["strategies"]}
    hot = {row["name"]: row["hot"] for row in report["strategies"]}
    assert misses["keep-all"] == misses["oracle"] == 0 < misses["policy"] == len(lived.course.missed)
    assert hot["LRU"] == hot["policy"]
    for by in ("habits", "domains"):
        groups = report[by].values()
        assert sum(group["memories"] for group in groups) == 60
        assert sum(group["needs"] for group in groups) == year.needs
        for name, count in misses.items():
            assert sum(group["misses"][name] for group in groups) == count
    assert list(report["domains"]) == list(DOMAINS)
    assert sum(sum(states.values()) for states in report["states"].values()) == 60


def test_the_policy_is_what_differs_between_two_runs(thrown: homes.Home, clock: Clock) -> None:
    year = years.make(40, 20, 0)
    kept, strict = (lifecycle.live(thrown, clock, year, fields) for fields in ({}, STRICT))
    assert not kept.course.missed
    assert strict.course.mean < kept.course.mean <= strategies.keep_all(year).mean


# -- what is wrong is found


@pytest.fixture
def life(thrown: homes.Home, clock: Clock) -> Iterator[Life]:
    """Two notes on their first evening; they fade after two days."""
    with thrown.empty() as mos:
        made = Life(mos, clock, {"archive.idle_days.note": 2.0})
        made.tell(note(0, 0))
        made.tell(note(1, 0))
        made.close_day(0)
        yield made


def test_a_wrong_state_is_an_error(life: Life) -> None:
    assert set(life.check().values()) == {State.GENERATED}
    author = life._mos.author("edit")
    with author.write(life._vault) as unit:
        unit.change("memory", life.ids[1], {"state": "archived"})
    with pytest.raises(MemosError, match=rf"memory {life.ids[1][:8]} is archived at .* it has to be generated") as caught:
        life.check()
    assert caught.value.exit_status == 1
    with pytest.raises(MemosError, match="was not found"):
        life.need(note(1, 0), DAY + NOON)


def test_a_tick_that_overlooks_something_is_an_error(life: Life) -> None:
    with life._vault.derive() as conn:
        conn.execute("UPDATE memories SET next_due_at = NULL WHERE id = ?", (life.ids[0],))
    life.close_day(1)
    with pytest.raises(MemosError, match=rf"{life.ids[0][:8]} is generated at .* it has to be archived"):
        life.close_day(2)


def test_a_use_that_was_not_noted_is_an_error(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life._vault, "record_uses", lambda *_: False)
    life.need(note(0, 0), DAY + NOON)
    with pytest.raises(MemosError, match=r"is generated at .* it has to be activated"):
        life.close_day(1)


def test_a_second_tick_that_does_something_is_an_error(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    tick, runs = MemLifecycle.tick, iter(range(10))

    def restless(ticks: MemLifecycle, **options: Any) -> Any:
        if next(runs) == 1:
            life._mos.add("something that a tick has no business to write")
        return tick(ticks, **options)

    monkeypatch.setattr(MemLifecycle, "tick", restless)
    with pytest.raises(MemosError, match=r"a second tick for 2025-01-03T03:00:00\.000Z changed something: the log"):
        life.close_day(1)


def test_what_is_known_already_is_an_error(life: Life) -> None:
    with pytest.raises(MemosError, match="was not added as something new"):
        life.tell(note(0, 0))
