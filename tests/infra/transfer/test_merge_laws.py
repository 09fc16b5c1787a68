"""The laws of merge, over random histories on three machines: whole folds are compared, not a few fields."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft
from tests.infra.transfer.merging import ACTIONS, act, assert_sound, copy, machine, take, whole

STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTIONS), st.integers(0, 60)), min_size=4, max_size=24)
EXAMPLES = 30


@contextmanager
def lived(folder: Path, steps: list[tuple[int, str, int]]) -> Iterator[list[Vault]]:
    """The cubes of three machines after a history; the clocks are apart by more than it takes."""
    machines = [machine(folder / name, ahead) for name, ahead in (("a", 0.0), ("b", 0.05), ("c", -3600.0))]
    try:
        machines[0].add(drafts=[Draft(f"from the beginning {number}") for number in range(2)])
        for other in machines[1:]:  # so that there is something to differ about
            take(other.writable(), machines[0].writable())
        for who, action, number in steps:
            act(machines[who], [other for other in machines if other is not machines[who]], action, number)
        yield [one.writable() for one in machines]
    finally:
        for one in machines:
            one.close()


class Copies:
    """Copies of cubes, to be merged without an end to what they were."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count()
        self._made: list[Vault] = []

    def of(self, vault: Vault) -> Vault:
        self._made.append(copy(vault, self._folder / f"copy{next(self._count)}"))
        return self._made[-1]

    def merged(self, first: Vault, *others: Vault) -> Vault:
        into = self.of(first)
        for other in others:
            take(into, other)
        return into

    def close(self) -> None:
        for one in self._made:
            one.close()


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(steps=STEPS)
def test_merge_is_commutative_associative_and_idempotent(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("laws")
    with lived(folder, steps) as (a, b, c):
        copies = Copies(folder)
        try:
            ab = copies.merged(a, b)
            assert_sound(ab)
            assert whole(ab) == whole(copies.merged(b, a))
            before = whole(ab), ab.position()
            for again in (a, b, copies.of(ab)):
                assert not take(ab, again).plan.operations
            assert (whole(ab), ab.position()) == before
            assert not take(a, copies.of(a)).plan.operations
            together = whole(copies.merged(a, copies.merged(b, c)))
            for order in itertools.permutations((a, b, c)):
                assert whole(copies.merged(*order)) == together
            assert_sound(copies.merged(c, a, b, a, c))
        finally:
            copies.close()


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(steps=STEPS, visits=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=6))
def test_machines_that_visit_each_other_end_equal(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]], visits: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("visits")
    with lived(folder, steps) as cubes:
        for one, other in [*((one, other) for one, other in visits if one != other), (0, 1), (0, 2), (1, 0), (2, 1)]:
            take(cubes[one], cubes[other])
        assert whole(cubes[0]) == whole(cubes[1]) == whole(cubes[2])
        for cube in cubes:
            assert_sound(cube)
