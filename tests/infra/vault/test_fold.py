"""Folding: from operations to state, the same whatever the order in which they came in."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.infra.vault import fold, log
from memos_cli.model import Draft, Kind, Link, LinkType, Operation, Origin, Source, State
from tests.infra.vault.helpers import in_order, operation

REGISTERS = ("content", "title", "key", "tag:work", "tag:home", "link:relates:x", "pinned")
CHANGES = st.dictionaries(st.sampled_from(REGISTERS), st.sampled_from(["one", "two", None]), max_size=4)
HISTORIES = st.lists(CHANGES, max_size=12)


@st.composite
def merged(draw: st.DrawFn) -> list[Operation]:
    """The operations of up to three replicas, in folding order; clocks may be equal in two of them, never within one."""
    found: list[Operation] = []
    for replica in "abc"[: draw(st.integers(1, 3))]:
        clock = 0
        for seq, change in enumerate(draw(HISTORIES), start=1):
            clock += draw(st.integers(1, 3))
            found.append(operation(seq, change, clock=clock, replica=replica))
    return in_order(found)


@given(HISTORIES)
def test_the_last_writer_of_a_register_wins_and_nothing_clears(changes: list[dict[str, Any]]) -> None:
    model: dict[str, Any] = {}
    for change in changes:
        for name, value in change.items():
            if value is None:
                model.pop(name, None)
            else:
                model[name] = value
    assert fold.fold(operation(seq, change) for seq, change in enumerate(changes, start=1)) == model


@given(merged(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(operations: list[Operation], chance: random.Random) -> None:
    arrived = list(operations)
    chance.shuffle(arrived)
    assert in_order(arrived) == operations
    if operations:
        assert fold.memory("m", in_order(arrived)) == fold.memory("m", operations)


@given(merged())
def test_no_two_operations_have_the_same_place_and_each_comes_after_its_replicas_own(operations: list[Operation]) -> None:
    assert len({log.order(one) for one in operations}) == len(operations)
    for replica in "abc":
        own = [one.seq for one in operations if one.replica == replica]
        assert own == sorted(own)


@given(merged(), st.data())
def test_a_tombstone_wins_wherever_it_stands_and_whatever_comes_later(operations: list[Operation], data: st.DataObject) -> None:
    clock = data.draw(st.integers(0, 40))
    tombstone = operation(1, {fold.PURGED: True}, clock=clock, replica="d")
    later = operation(2, {fold.PURGED: None, "content": "back again"}, clock=clock + 50, replica="d")
    for more in ([tombstone], [tombstone, later]):
        memory, registers = fold.memory("m", in_order([*operations, *more]))
        assert registers == {fold.PURGED: True}
        assert (memory.state, memory.content, memory.tags) == (State.PURGED, "", ())


@given(HISTORIES, CHANGES)
def test_the_inverse_takes_a_change_back_and_its_inverse_brings_it_again(
    changes: list[dict[str, Any]], change: dict[str, Any]
) -> None:
    operations = [operation(seq, one) for seq, one in enumerate(changes, start=1)]
    before = fold.fold(operations)
    done = [*operations, operation(100, change)]
    undone = [*done, operation(101, fold.inverse(before, change))]
    assert fold.fold(undone) == before
    again = fold.inverse(fold.fold(done), fold.inverse(before, change))
    assert fold.fold([*undone, operation(102, again)]) == fold.fold(done)


def test_an_erased_change_counts_as_empty() -> None:
    operations = [operation(1, {"content": "x", "key": "k"}), operation(2, None), operation(3, {"key": None})]
    assert fold.fold(operations) == {"content": "x"}


def test_two_replicas_that_add_different_tags_both_keep_theirs() -> None:
    operations = in_order(
        [
            operation(1, {"content": "x"}, clock=1),
            operation(2, {"tag:home": True}, clock=5),
            operation(1, {"tag:work": True, "link:relates:y": True}, clock=5, replica="b"),
        ]
    )
    memory, registers = fold.memory("m", operations)
    assert memory.tags == ("home", "work")
    assert fold.links("m", registers) == [Link("m", LinkType.RELATES, "y")]


@pytest.mark.parametrize("swap", [False, True])
def test_of_two_writes_at_one_instant_the_same_replica_wins_everywhere(*, swap: bool) -> None:
    operations = [operation(1, {"key": "of a"}, clock=7), operation(1, {"key": "of b"}, clock=7, replica="b")]
    assert fold.fold(in_order(operations[::-1] if swap else operations)) == {"key": "of b"}


def test_the_heads_are_what_nobody_has_followed() -> None:
    first = operation(1, {})
    left, right = operation(2, {}, parents=(first.id,)), operation(1, {}, replica="b", parents=(first.id,))
    assert fold.heads([]) == ()
    assert fold.heads([first]) == (first.id,)
    assert fold.heads([first, left, right]) == (left.id, right.id)
    assert fold.heads([first, left, right, operation(3, {}, parents=(left.id, right.id))]) == ("a3",)


def test_a_draft_becomes_a_memory_with_all_that_it_said() -> None:
    draft = Draft(
        "We meet at noon", Kind.EVENT, "D1:3", "lunch", "meeting", ("work",), ("secret",), "2026-03-01T12:00:00.000Z",
        "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z", "2027-01-01T00:00:00.000Z", pinned=True, priority=3, task="t",
        origin=Origin.IMPORT, source=Source(conversation="c", turn=0, start=0, end=5), metadata={"a": [1]},
        confidence=0.5,
    )  # fmt: skip
    memory, _ = fold.memory("m", [operation(1, fold.change_of(draft, "sam"))])
    for name in set(Draft._fields) - {"given"}:
        assert getattr(memory, name) == getattr(draft, name), name
    assert (memory.owner, memory.state, memory.version) == ("sam", State.GENERATED, 1)


def test_defaults_of_a_draft_are_left_out_of_the_log() -> None:
    change = fold.change_of(Draft("x"), "sam")
    assert change == {"content": "x", "kind": "note", "state": "generated", "owner": "sam", "origin": "user"}


def test_times_come_from_the_clock() -> None:
    memory, _ = fold.memory("m", [operation(1, {"content": "x"}, clock=1000 << 16), operation(2, {}, clock=(2500 << 16) + 7)])
    assert (memory.created_at, memory.updated_at) == ("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.500Z")


def test_a_source_from_a_newer_program_is_read_as_far_as_it_is_known() -> None:
    memory, _ = fold.memory("m", [operation(1, {"content": "x", "source": {"turn": 3, "planet": "mars"}})])
    assert memory.source == Source(turn=3)
