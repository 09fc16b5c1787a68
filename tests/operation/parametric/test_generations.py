"""What the log says of generations, and which may be used."""

from datetime import datetime

import pytest

from memos_cli.model import Adapter, Kind, Memory, State
from memos_cli.operation.parametric import generations
from memos_cli.operation.parametric.generations import Status

NOW = "2026-03-02T12:00:00.000Z"
THEN = Memory("a", "I live in Porto.", Kind.FACT, created_at="2026-01-01T00:00:00.000Z", updated_at="2026-01-01T00:00:00.000Z")


def adapter(number: int, status: Status = Status.RETIRED, at: str | None = "2026-01-01", base: str = "b") -> Adapter:
    return Adapter(f"id{number}", number, "m", base, {}, status.value, f"2026-01-0{number}", promoted_at=at)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": State.EXPIRED}, "forgotten"),
        ({"state": State.PURGED, "content": ""}, "purged"),
        ({"content": "I live in Oslo."}, "something else"),
        ({"kind": Kind.NOTE}, "something else"),
        ({"labels": ("health",)}, "sensitive"),
        ({"valid_to": "2026-02-01T00:00:00.000Z"}, "superseded"),
        ({"expires_at": "2026-03-02T12:00:00.000Z"}, "superseded"),
    ],
)
def test_what_is_taken_back_may_not_be_told(change: dict[str, object], words: str) -> None:
    why = generations.lost(THEN._replace(**change), THEN, NOW)  # type: ignore[arg-type]
    assert why is not None
    assert words in why


@pytest.mark.parametrize(
    "change",
    [
        {}, {"state": State.ARCHIVED}, {"pinned": True}, {"tags": ("home",)}, {"confidence": 0.1}, {"updated_at": "2030"},
        {"valid_to": "2026-03-05T00:00:00.000Z"}, {"version": 7}, {"task": "move"},
    ],
)  # fmt: skip
def test_what_is_as_true_as_it_was_may_be(change: dict[str, object]) -> None:
    assert generations.lost(THEN._replace(**change), THEN, NOW) is None  # type: ignore[arg-type]


def test_of_what_nobody_knows_any_more_nothing_is_told() -> None:
    assert generations.lost(THEN, None, NOW) is not None


def test_a_record_that_is_none_is_left_out() -> None:
    fine = {"number": 1, "model": "m", "base": "b", "covers": {"a": 2}, "status": "promoted", "created_at": NOW}
    one = generations.from_registers("x", fine, "default")
    assert one is not None
    assert (one.number, dict(one.covers), one.scores) == (1, {"a": 2}, {})
    for broken in ({"number": "one"}, {"covers": [1]}, {"status": "wonderful"}, {"covers": {"a": None}}, {"files": 7}):
        assert generations.from_registers("x", {**fine, **broken}, "default") is None
    assert generations.from_registers("x", {}, "default") is None


def test_the_generation_before_is_the_last_one_in_use_of_the_same_model() -> None:
    current = adapter(4, Status.PROMOTED)
    known = [adapter(1), adapter(2), adapter(3, at=None), adapter(5), adapter(3, base="other"), current]
    assert generations.before(known, current) == adapter(2)
    assert generations.before(known, adapter(2)) == adapter(1)
    assert generations.before(known, adapter(1)) is None
    assert generations.before([adapter(1, Status.REMOVED), current], current) is None


def test_after_a_merge_the_newest_promoted_one_counts() -> None:
    old, new = adapter(1, Status.PROMOTED, "2026-01-01"), adapter(1, Status.PROMOTED, "2026-02-01")
    assert generations.promoted([old, new, adapter(2), adapter(3, Status.PROMOTED, base="other")], "b") == [new, old]


def test_the_time_is_told_by_the_last_training_or_by_the_work() -> None:
    assert generations.seconds(1000, 2_000_000, []) == pytest.approx(0.6)
    trained = adapter(1)._replace(trained={"seconds": 10.0, "tokens": 500})
    assert generations.seconds(1000, 2_000_000, [trained]) == 20.0


@pytest.mark.parametrize(
    ("hour", "start", "end", "quiet"),
    [
        (3, 1, 6, True),
        (6, 1, 6, False),
        (0, 1, 6, False),
        (23, 22, 5, True),
        (4, 22, 5, True),
        (5, 22, 5, False),
        (9, 7, 7, True),
    ],
)
def test_quiet_hours(hour: int, start: int, end: int, quiet: bool) -> None:  # noqa: FBT001 -- a case of a table
    assert generations.quiet(datetime(2026, 3, 2, hour), start, end) is quiet  # noqa: DTZ001 -- local on purpose
