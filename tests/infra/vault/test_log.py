"""The log: the order of its operations, its chain, and what stands out when one of the two is broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.hybrid_clock import LATE, millis_of
from memos_cli.infra.vault import log
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft

MILLIS = st.integers(min_value=0, max_value=LATE - 1)
A, B = "a" * 20, "b" * 20


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty cube."""
    assert Vault.create(tmp_path / "cube", owner="sam", millis=0)
    with Vault(tmp_path / "cube", "cube") as opened:
        yield opened


@given(walls=st.lists(MILLIS, min_size=1, max_size=6))
def test_transactions_are_instants_in_order_and_the_chain_holds(
    tmp_path_factory: pytest.TempPathFactory, walls: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("log") / "cube"
    Vault.create(folder, owner="sam", millis=0)
    with Vault(folder, "cube") as vault:
        for number, wall in enumerate(walls):
            with vault.write("add", "sam", wall) as unit:
                unit.add(Draft(f"first of {number}"), "sam")
                unit.add(Draft(f"second of {number}"), "sam")
        found = list(log.operations(vault.conn))
        assert [op.seq for op in found] == list(range(1, 2 * len(walls) + 1))
        for first, second in zip(found[::2], found[1::2], strict=True):
            assert (first.clock, first.txn) == (second.clock, second.txn)
        clocks = [op.clock for op in found[::2]]
        assert clocks == sorted(set(clocks))
        assert all(millis_of(clock) >= wall for clock, wall in zip(clocks, walls, strict=True))
        assert [op.previous for op in found] == ["", *(op.id for op in found[:-1])]
        assert all(log.header_hash(op) == op.id for op in found)
        assert not list(log.faults(vault.conn))


def test_an_operation_comes_back_as_it_was_appended(vault: Vault) -> None:
    change = {"content": "naïve \U0001f600 \u202e", "confidence": 0.5, "title": None, "new": [1, {"a": "b"}], "pinned": True}
    with vault.write("add", "sam", 1) as unit:
        made = unit.log.append("memory", A, change, parents=("1" * 64, "2" * 64), reverts="3" * 16)
    (found,) = log.operations(vault.conn)
    assert found == made
    assert found.change == change


def test_what_is_the_same_twice_has_two_digests(vault: Vault) -> None:
    with vault.write("add", "sam", 1) as unit:
        first = unit.log.append("memory", A, {"content": "x"})
        second = unit.log.append("memory", B, {"content": "x"})
    assert first.digest != second.digest, "a digest that outlives its payload must not be guessed back into text"
    assert first.salt is not None
    assert log.change_digest(first.salt, '{"content":"x"}') == first.digest


def test_a_payload_that_was_erased_leaves_the_chain_whole(vault: Vault) -> None:
    with vault.write("add", "sam", 1) as unit:
        for name in (A, B, "c" * 20):
            unit.log.append("memory", name, {"content": name})
    vault.conn.execute("UPDATE ops SET salt = NULL, change = NULL WHERE subject = ?", (B,))
    (fault,) = log.faults(vault.conn)
    assert "no purge says why" in fault
    with vault.write("forget", "sam", 1) as unit:
        unit.log.append("memory", B, {"purged": True})
    assert not list(log.faults(vault.conn))
    (erased, _) = log.of_subject(vault.conn, "memory", B)
    assert (erased.change, erased.salt) == (None, None)


def test_what_stands_beside_a_tombstone_is_a_fault(vault: Vault) -> None:
    with vault.write("add", "sam", 1) as unit:
        unit.log.append("memory", B, {"content": "still here"})
        unit.log.append("memory", B, {"purged": True})
    (fault,) = log.faults(vault.conn)
    assert "what was purged is still there" in fault


def test_a_transaction_that_failed_leaves_no_operation_and_no_gap(vault: Vault) -> None:
    with pytest.raises(ZeroDivisionError), vault.write("add", "sam", 1) as unit:  # noqa: PT012 -- the write is the point
        unit.add(Draft("never stored"), "sam")
        raise ZeroDivisionError
    with vault.write("add", "sam", 2) as unit:
        unit.add(Draft("stored"), "sam")
    assert [op.seq for op in log.operations(vault.conn)] == [1]
    assert vault.conn.execute("SELECT count(*) FROM memories").fetchone() == (1,)
    assert not list(log.faults(vault.conn))


def test_each_subject_has_its_own_operations_up_to_a_clock(vault: Vault) -> None:
    clocks = []
    for millis in (10, 20, 30):
        with vault.write("add", "sam", millis) as unit:
            clocks.append(unit.log.append("memory", A, {"priority": millis}).clock)
            unit.log.append("memory", B, {"priority": millis})
            unit.log.append("policy", A, {"n": millis})
    assert [op.change for op in log.of_subject(vault.conn, "memory", A)] == [{"priority": n} for n in (10, 20, 30)]
    assert [op.change for op in log.of_subject(vault.conn, "memory", A, clocks[1])] == [{"priority": n} for n in (10, 20)]
    assert log.of_subject(vault.conn, "memory", A, clocks[0] - 1) == []
