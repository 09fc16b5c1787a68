"""The state machine, exhaustively; and strength against the sum that it approximates."""

import itertools
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memos_cli.model import HOT_STATES, Kind, Memory, State
from memos_cli.operation.lifecycle import transitions
from memos_cli.operation.lifecycle.transitions import DAY, TABLE, UNUSED, Transition, Uses
from memos_cli.operation.policy import Policy
from memos_cli.times import from_millis, to_millis

NOW = to_millis("2026-11-21T12:00:00.000Z")
PLAIN = Policy()


def ago(days: float) -> str:
    return from_millis(round(NOW - days * DAY))


def memory(state: State = State.GENERATED, *, told: float = 1.0, **fields: object) -> Memory:
    at = ago(told)
    return Memory("m", "text", state=state, created_at=at, updated_at=at, **fields)  # type: ignore[arg-type]


def moved(one: Memory, uses: Uses = UNUSED, policy: Policy = PLAIN) -> tuple[State, str] | None:
    way = transitions.transition(one, uses, policy, NOW)
    return (way.to, way.reason) if way else None


# -- strength


def test_a_day_old_and_never_used_is_zero() -> None:
    assert transitions.strength(NOW - DAY, UNUSED, NOW, 0.5) == pytest.approx(0)


def test_strength_is_the_sum_of_the_traces() -> None:
    uses = Uses(2, (NOW - 9 * DAY, NOW - 4 * DAY))
    assert transitions.strength(NOW - 16 * DAY, uses, NOW, 0.5) == pytest.approx(math.log(1 / 4 + 1 / 3 + 1 / 2))


@given(st.lists(st.integers(1, 700), min_size=11, max_size=60, unique=True), st.floats(0.2, 0.8))
def test_ten_kept_uses_stand_for_them_all(days: list[int], decay: float) -> None:
    """Petrov's approximation against the exact sum: evenly spread older uses are met within a few tenths."""
    ages = sorted(days)
    exact = math.log(sum(age**-decay for age in [*ages, 800]))
    recent = tuple(NOW - age * DAY for age in reversed(ages[:10]))
    assert transitions.strength(NOW - 800 * DAY, Uses(len(ages), recent), NOW, decay) == pytest.approx(exact, abs=0.5)


@given(st.lists(st.integers(0, 400), max_size=10), st.integers(0, 30), st.integers(1, 3000), st.integers(1, 3000))
def test_strength_only_fades(days: list[int], older: int, early: int, later: int) -> None:
    uses = Uses(len(days) + older, tuple(sorted(NOW - day * DAY for day in days)))
    made = NOW - 400 * DAY
    early, later = sorted((early, later))
    weak, weaker = (transitions.strength(made, uses, NOW + after * DAY, 0.5) for after in (early, later))
    assert weaker <= weak + 1e-9


@given(st.lists(st.integers(0, 300), max_size=10), st.integers(0, 20), st.floats(1, 400), st.floats(0.2, 0.9))
def test_it_fades_at_the_very_millisecond(days: list[int], older: int, idle: float, decay: float) -> None:
    uses = Uses(len(days) + (older if len(days) == 10 else 0), tuple(sorted(NOW - day * DAY for day in days)))
    made = NOW - 301 * DAY
    at = transitions.fades_at(made, uses, idle, decay)
    assume(at < transitions.NEVER)
    least = transitions.threshold(idle, decay)
    assert transitions.strength(made, uses, at + 2, decay) <= least + 1e-9
    assert transitions.strength(made, uses, at - 1000, decay) >= least - 1e-6 or at <= max([made, *uses.recent]) + DAY // 24 + 1


def test_use_makes_a_memory_last() -> None:
    made = NOW - 10 * DAY
    ends = [transitions.fades_at(made, Uses(n, (NOW,) * n), 90, 0.5) for n in range(4)]
    assert ends[0] == made + 90 * DAY
    assert ends == sorted(ends)
    assert ends[1] > NOW + 90 * DAY


# -- the state machine


@pytest.mark.parametrize("state", HOT_STATES)
@pytest.mark.parametrize(
    ("fields", "uses", "wanted"),
    [
        ({"told": 89}, UNUSED, None),
        ({"told": 91}, UNUSED, (State.ARCHIVED, "faded")),
        ({"told": 91, "pinned": True}, UNUSED, None),
        ({"told": 91, "kind": Kind.FACT}, UNUSED, None),
        ({"told": 9999, "kind": Kind.RULE}, UNUSED, None),
        ({"told": 91, "priority": 1}, UNUSED, None),
        ({"told": 50, "priority": -1}, UNUSED, (State.ARCHIVED, "faded")),
        ({"told": 91}, Uses(1, (NOW - 60 * DAY,)), None),
        ({"told": 50, "valid_to": ago(31)}, UNUSED, (State.ARCHIVED, "superseded")),
        ({"told": 50, "valid_to": ago(29)}, UNUSED, None),
        ({"told": 50, "valid_to": ago(31), "pinned": True}, UNUSED, None),
        ({"told": 2, "expires_at": ago(1)}, UNUSED, (State.EXPIRED, "ttl")),
        ({"told": 2, "expires_at": ago(1), "pinned": True}, UNUSED, (State.EXPIRED, "ttl")),
        ({"told": 2, "expires_at": ago(1), "frozen": True}, UNUSED, None),
        ({"told": 999, "expires_at": ago(1), "valid_to": ago(400)}, UNUSED, (State.EXPIRED, "ttl")),
    ],
)
def test_from_the_hot_states(state: State, fields: dict[str, object], uses: Uses, wanted: tuple[State, str] | None) -> None:
    assert moved(memory(state, **fields), uses) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "fields", "uses", "wanted"),
    [
        (State.ARCHIVED, {"since": ago(364)}, UNUSED, None),
        (State.ARCHIVED, {"since": ago(366)}, UNUSED, (State.EXPIRED, "archive term")),
        (State.ARCHIVED, {"since": ago(366), "pinned": True}, UNUSED, None),
        (State.ARCHIVED, {"since": ago(3), "expires_at": ago(1)}, UNUSED, (State.EXPIRED, "ttl")),
        (State.ARCHIVED, {"since": ago(3)}, Uses(1, (NOW - DAY,)), (State.ACTIVATED, "recalled")),
        (State.ARCHIVED, {"since": ago(366)}, Uses(1, (NOW - DAY,)), (State.ACTIVATED, "recalled")),
        (State.ARCHIVED, {"since": ago(3)}, Uses(1, (NOW - 4 * DAY,)), None),
        (State.ACTIVATED, {"since": ago(89), "told": 999}, UNUSED, None),
        (State.ACTIVATED, {"since": ago(91), "told": 999}, UNUSED, (State.ARCHIVED, "faded")),
        (State.EXPIRED, {"since": ago(29)}, UNUSED, None),
        (State.EXPIRED, {"since": ago(31)}, UNUSED, (State.PURGED, "grace passed")),
        (State.EXPIRED, {"since": ago(31), "frozen": True}, UNUSED, None),
        (State.EXPIRED, {"since": ago(31)}, Uses(1, (NOW - DAY,)), (State.PURGED, "grace passed")),
        (State.PURGED, {"since": ago(999), "expires_at": ago(99)}, UNUSED, None),
    ],
)
def test_from_the_others(state: State, fields: dict[str, object], uses: Uses, wanted: tuple[State, str] | None) -> None:
    assert moved(memory(state, **fields), uses) == wanted  # type: ignore[arg-type]


def test_never_means_never() -> None:
    kept = Policy(dict.fromkeys(transitions.Policy().fields, 0.0) | {
        "archive.idle_days.note": 0.0, "archive.superseded_days": 0.0, "expire.archived_days": 0.0, "purge.grace_days": 0.0,
    })  # fmt: skip
    for state, until in itertools.product(State, (None, ago(5000))):
        assert transitions.ways(memory(state, told=9999, valid_to=until), UNUSED, kept) == []


MOMENTS = st.none() | st.integers(-2000, 2000)


@st.composite
def memories(draw: st.DrawFn) -> tuple[Memory, Uses, Policy]:
    at = lambda day: None if day is None else ago(-day)  # noqa: E731
    told = draw(st.integers(0, 2000))
    one = memory(
        draw(st.sampled_from(list(State))), told=told, kind=draw(st.sampled_from(list(Kind))),
        expires_at=at(draw(MOMENTS)), valid_to=at(draw(MOMENTS)), since=at(draw(MOMENTS)), pinned=draw(st.booleans()),
        frozen=draw(st.booleans()), priority=draw(st.integers(-3, 3)),
    )  # fmt: skip
    days = sorted(draw(st.lists(st.integers(0, told), max_size=10)), reverse=True)
    changed = draw(st.dictionaries(st.sampled_from(["archive.idle_days.note", "archive.superseded_days", "purge.grace_days"]),
                                   st.floats(0, 400)))  # fmt: skip
    return one, Uses(len(days), tuple(NOW - day * DAY for day in days)), Policy(changed)


@given(memories(), st.integers(-1000, 4000))
def test_due_is_when_something_happens(case: tuple[Memory, Uses, Policy], days: int) -> None:
    one, uses, policy = case
    due, now = transitions.due_at(one, uses, policy), NOW + days * DAY
    assert (transitions.transition(one, uses, policy, now) is not None) == (due is not None and to_millis(due) <= now)


@given(memories())
def test_only_what_the_table_says_happens(case: tuple[Memory, Uses, Policy]) -> None:
    one, uses, policy = case
    for way in transitions.ways(one, uses, policy):
        assert any(one.state in start.split(", ") and (way.to, way.reason) == (to, why) for start, to, why, _ in TABLE)
        assert not one.frozen
        assert not (one.pinned and way.idle)


@given(memories())
def test_a_transition_leads_to_rest(case: tuple[Memory, Uses, Policy]) -> None:
    """However late a tick comes, it moves a memory a few times at most, and never twice for one reason without a use."""
    one, uses, policy = case
    seen: list[Transition] = []
    for _ in range(6):
        way = transitions.transition(one, uses, policy, NOW)
        if way is None:
            break
        seen.append(way)
        one = one._replace(state=way.to, since=from_millis(NOW))
    assert len(seen) <= 3
    assert len({way.reason for way in seen}) == len(seen)


def test_the_table_is_reached() -> None:
    """Every row of the table happens to one of the cases above."""
    cases = [
        memory(told=91), memory(told=50, valid_to=ago(31)), memory(State.ARCHIVED, since=ago(366)),
        memory(expires_at=ago(1)), memory(State.EXPIRED, since=ago(31)),
    ]  # fmt: skip
    reached = {moved(one) for one in cases} | {moved(memory(State.ARCHIVED, since=ago(3)), Uses(1, (NOW - DAY,)))}
    assert reached == {(to, why) for _, to, why, _ in TABLE}


def test_what_is_to_come_does_not_fade_before_its_day_is_over() -> None:
    told = 400.0
    assert moved(memory(told=told)) == (State.ARCHIVED, "faded")
    for field in ("occurred_at", "valid_from"):
        assert moved(memory(told=told, **{field: ago(-200)})) is None
        assert moved(memory(told=told, **{field: ago(0.5)})) is None
        assert moved(memory(told=told, **{field: ago(2)})) == (State.ARCHIVED, "faded")


def test_what_recurs_does_not_fade() -> None:
    again = {"recurrence": "RRULE:FREQ=YEARLY"}
    assert moved(memory(told=4000, occurred_at=ago(9000), metadata=again)) is None
    assert moved(memory(told=4000, metadata=again, valid_to=ago(3000))) == (State.ARCHIVED, "superseded")
    assert moved(memory(told=4000, metadata=again, expires_at=ago(1))) == (State.EXPIRED, "ttl")


def test_what_lies_ahead_comes_in_order() -> None:
    ahead = transitions.ahead(memory(told=1), UNUSED, PLAIN, NOW + 3000 * DAY)
    assert [way.to for way in ahead] == [State.ARCHIVED, State.EXPIRED, State.PURGED]
    assert [way.at for way in ahead] == [NOW + 89 * DAY, NOW + (89 + 365) * DAY, NOW + (89 + 365 + 30) * DAY]
