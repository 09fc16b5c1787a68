"""The laws of merge, over random histories on three machines: whole folds are compared, not a few fields."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.infra.transfer import held_changes, merge
from memos_cli.infra.transfer.familiarity import is_familiar
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft
from tests.infra.transfer.merging import ACTIONS, act, assert_sound, copy, machine, take, whole
from tests.trials import trials

STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTIONS), st.integers(0, 60)), min_size=4, max_size=24)
EXAMPLES = trials(8, 30)


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


HOLD = merge.Terms(hold=True)
ACCEPT = merge.Terms(accepted=True)


@contextmanager
def with_a_stranger(folder: Path, steps: list[tuple[bool, str, int]]) -> Iterator[tuple[Vault, list[Vault]]]:
    """My cube, and how a stranger's looked at three times: they began with a copy of mine, and went on apart."""
    mine, theirs = machine(folder / "mine"), machine(folder / "theirs", 0.05)
    copies = Copies(folder)
    try:
        mine.add(drafts=[Draft("the account is NL01", external_id="D0"), Draft("I am vegan", key="diet"), Draft("note 1")])
        take(theirs.writable(), mine.writable())
        seen = []
        for part in range(3):
            for own, action, number in steps[part::3]:
                act(mine if own else theirs, [], action, number)
            seen.append(copies.of(theirs.writable()))
        yield mine.writable(), seen
    finally:
        copies.close()
        mine.close()
        theirs.close()


def familiar(vault: Vault) -> dict[str, list[object]]:
    """The fold of everything that is familiar, as the cube keeps it and as the log has it."""
    ids = [one for (one,) in vault.conn.execute("SELECT id FROM memories ORDER BY 1") if is_familiar(vault, "memory", one)]
    told = {one: [*vault.conn.execute(MEMORY, (one,)).fetchone(), fold.fold(vault.operations("memory", one))] for one in ids}
    records = vault.conn.execute("SELECT noun, id, fields FROM records WHERE noun <> 'policy' ORDER BY 1, 2").fetchall()
    known = [row for row in records if is_familiar(vault, *row[:2])]
    return {**told, "policy": [vault.policy], "records": known}


MEMORY = "SELECT external_id, content, state, key, valid_to, pinned, owner, version FROM memories WHERE id = ?"
APART = st.lists(
    st.tuples(st.booleans(), st.sampled_from([one for one in ACTIONS if one != "merge"]), st.integers(0, 60)),
    min_size=4,
    max_size=24,
)


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(steps=APART)
def test_no_sequence_of_a_stranger_s_merges_changes_what_is_familiar_and_accepted_later_is_merged_at_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("strangers")
    with with_a_stranger(folder, steps) as (mine, seen):
        copies = Copies(folder / "more")
        try:
            held = copies.of(mine)
            before = familiar(held)
            for other in (*seen, *reversed(seen)):
                take(held, other, HOLD)
                now = familiar(held)
                assert {name: now[name] for name in before} == before
                assert_sound(held)
            once = copies.of(mine)
            take(once, seen[-1], ACCEPT)
            # What was held, taken as it is kept beside the cube.
            small = copies.merged(held)
            touched = take(small, seen[-1], HOLD).touched
            if touched.changes:
                kept = held_changes.keep(small, seen[-1], touched, name="x", at="", millis=0, txn=None, origin={})
                with Vault(kept.path, "x") as question:
                    take(small, question, ACCEPT)
            assert whole(small) == whole(once)
            assert not take(small, seen[-1], HOLD).touched.changes
            assert_sound(small)
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
