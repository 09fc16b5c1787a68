"""Operations written again by a new replica: the positions that name them, and the names of the replicas."""

import sqlite3
from typing import Any

import pytest

from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.infra.repair import new_replica
from memos_cli.infra.repair.new_replica import Moved
from memos_cli.infra.vault import schema
from tests.infra.vault.helpers import operation

OLD, NEW, OTHER = "a" * 16, "b" * 16, "c" * 16


@pytest.mark.parametrize(
    ("place", "now"),
    [
        ({OLD: 9}, {OLD: 3, NEW: 4}),
        ({OLD: 5, OTHER: 7}, {OLD: 3, NEW: 2, OTHER: 7}),
        ({OLD: 3}, {OLD: 3}),
        ({OTHER: 2}, {OTHER: 2}),
        ({OLD: [[2, 4], [9, 9]]}, {OLD: [[2, 3]], NEW: [[1, 1], [4, 4]]}),
        ({OLD: [[4, 5]]}, {NEW: 2}),
    ],
)
def test_a_position_names_the_same_operations(place: dict[str, Any], now: dict[str, Any]) -> None:
    assert Moved({}, {OLD: NEW}, {OLD: [4, 5, 8, 9]}, {}, {}, {}).position(place) == now


def log_of(*clocks: int) -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    schema.create_in_memory(conn)
    conn.executemany("INSERT INTO cube VALUES (?, ?)", [("owner", "sam"), ("replica", OLD)])
    for seq, clock in enumerate(clocks, 1):
        op = operation(seq, None, clock=clock, replica=OLD, subject="d" * 20)
        conn.execute(
            "INSERT INTO ops (id, replica, seq, clock, previous, parents, principal, command, txn, noun, subject, digest)"
            " VALUES (?, ?, ?, ?, x'', '[]', 'sam', 'edit', ?, 'memory', ?, x'')",
            (bytes([seq]) * 32, OLD, seq, clock, "e" * 16, op.subject),
        )
    return conn


def test_clocks_that_are_too_late_follow_now_in_their_order() -> None:
    late = limits.LATEST << 16
    conn = log_of(5, late, late, late + 3)
    moved = new_replica.write_again(conn, {OLD: 2}, millis=1000)
    now = 1000 << 16
    rows = conn.execute("SELECT replica, seq, clock FROM ops ORDER BY n").fetchall()
    new = moved.replicas[OLD]
    assert rows == [(OLD, 1, 5), (new, 1, now), (new, 2, now), (new, 3, now + 1)]
    assert new > OLD
    assert conn.execute("SELECT * FROM replicas").fetchall() == [(OLD, 1)]


def test_a_clock_of_this_machine_that_is_too_late_as_well_is_refused() -> None:
    with pytest.raises(UsageError, match="as wrong as"):
        new_replica.write_again(log_of(limits.LATEST << 16), {OLD: 1}, millis=limits.LATEST)
