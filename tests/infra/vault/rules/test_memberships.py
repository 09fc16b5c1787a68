"""Memberships that two machines set at the same time: the stricter wins, whichever comes later and whatever is merged first."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.errors import MemosError
from memos_cli.infra.governance.access import Context
from memos_cli.infra.transfer import merge
from memos_cli.infra.vault.rules import rules
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Visibility
from tests.conftest import Clock
from tests.infra.transfer import merging
from tests.infra.transfer.merging import assert_sound, copy, forward, machine, whole


def take(vault: Vault, other: Vault) -> merge.Merged:
    """One merge of a cube whose rules are trusted: the machines are one person's."""
    return merging.take(vault, other, merge.Terms(accepted=True))


@contextmanager
def machines(folder: Path, count: int = 2) -> Iterator[list[MOS]]:
    """Machines with the same cube, in which eve is in the group family."""
    made = [machine(folder / str(number), clock=Clock()) for number in range(count)]
    try:
        made[0].add("dinner is at seven", visibility=Visibility.SHARED)
        made[0].governance.add("sam", groups=["family"])
        made[0].governance.add("eve", groups=["family"])
        for other in made[1:]:
            take(other.writable(), made[0].writable())
        yield made
    finally:
        for one in made:
            one.close()


def groups(vault: Vault, name: str = "eve") -> set[str]:
    """What a principal is in, as its access says."""
    return set(rules.access_of(vault, vault.meta, name, Context()).groups)


def merged_both_ways(one: MOS, other: MOS, folder: Path) -> list[Vault]:
    copies = [copy(mos.writable(), folder / f"merged{number}") for number, mos in enumerate((one, other))]
    take(copies[0], other.writable())
    take(copies[1], one.writable())
    return copies


@pytest.mark.parametrize("ahead", [-60, 60])
@pytest.mark.parametrize("meanwhile", ["other group", "out and in", "gone and back", "nothing"])
def test_who_was_taken_out_on_one_machine_is_out(tmp_path: Path, ahead: int, meanwhile: str) -> None:
    with machines(tmp_path) as (one, other):
        forward(other, seconds=ahead)
        one.governance.remove("eve", ["family"])
        match meanwhile:
            case "other group":
                other.governance.add("eve", groups=["work"])
            case "out and in":
                other.governance.remove("eve", ["family"])
                other.governance.add("eve", groups=["family"])
            case "gone and back":
                other.governance.remove("eve")
                other.governance.add("eve", groups=["family"])
        for vault in merged_both_ways(one, other, tmp_path):
            assert "family" not in groups(vault)
            assert ("work" in groups(vault)) == (meanwhile == "other group")
            with MOS(vault.folder.parent, cubes=[str(vault.folder)], principal="eve", settings=one.settings) as eve:
                assert not eve.list()
            assert_sound(vault)
            vault.close()


def test_who_was_removed_on_one_machine_is_gone(tmp_path: Path) -> None:
    with machines(tmp_path) as (one, other):
        one.governance.remove("eve")
        forward(other, seconds=60)
        other.governance.remove("eve")
        other.governance.add("eve", groups=["family"])
        for vault in merged_both_ways(one, other, tmp_path):
            assert groups(vault) == set()
            vault.close()


def test_an_agent_on_one_machine_is_no_person_on_both(tmp_path: Path) -> None:
    with machines(tmp_path) as (one, other):
        one.governance.add("bot", kind="agent")
        forward(other, seconds=60)
        other.governance.add("bot")
        for vault in merged_both_ways(one, other, tmp_path):
            assert rules.access_of(vault, vault.meta, "bot", Context()).is_agent
            vault.close()


def test_whoever_knows_of_it_puts_somebody_back(tmp_path: Path) -> None:
    with machines(tmp_path) as (one, other):
        one.governance.remove("eve", ["family"])
        other.governance.add("eve", groups=["work"])
        take(one.writable(), other.writable())
        assert groups(one.writable()) == {"work"}
        forward(one, seconds=1)
        assert one.governance.add("eve", groups=["family"]).changed
        assert groups(one.writable()) == {"family", "work"}
        take(other.writable(), one.writable())
        assert groups(other.writable()) == {"family", "work"}
        other.governance.remove("eve", ["family"])
        other.undo()
        assert groups(other.writable()) == {"family", "work"}


def test_one_machine_alone_is_as_its_last_word_says(tmp_path: Path) -> None:
    with machines(tmp_path, 1) as (one,):
        for _ in range(3):
            one.governance.remove("eve", ["family"])
            assert groups(one.writable()) == set()
            one.governance.add("eve", groups=["family"])
            assert groups(one.writable()) == {"family"}


STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["in", "out", "gone", "merge", "jump"]), st.integers(0, 40)),
    min_size=3, max_size=14,
)  # fmt: skip


def _step(made: list[MOS], who: int, what: str, number: int) -> None:
    mos, name = made[who], ("eve", "bob")[number % 2]
    try:
        match what:
            case "in":
                mos.governance.add(name, groups=[("family", "work")[number % 3 % 2]])
            case "out":
                mos.governance.remove(name, [("family", "work")[number % 3 % 2]])
            case "gone":
                mos.governance.remove(name)
            case "merge":
                take(mos.writable(), made[(who + 1 + number % 2) % 3].writable())
            case _:
                forward(mos, seconds=(number - 20) * 100)
    except MemosError as error:
        if error.exit_status not in {2, 3, 10}:
            raise


@settings(max_examples=6)
@given(steps=STEPS)
def test_the_laws_of_merge_hold_for_them(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]]) -> None:
    folder = tmp_path_factory.mktemp("laws")
    with machines(folder, 3) as made:
        for step in steps:
            _step(made, *step)
        told = []
        for number, order in enumerate(itertools.permutations([mos.writable() for mos in made])):
            into = copy(order[0], folder / f"order{number}")
            for other in order[1:]:
                take(into, other)
            for again in order:
                assert not take(into, again).plan.operations
            told.append((whole(into), {name: groups(into, name) for name in ("eve", "bob")}))
            into.close()
        assert all(one == told[0] for one in told)
        last = [mos.writable() for mos in made]
        for name in ("eve", "bob"):  # nobody is in a group that no machine has them in
            assert told[0][1][name] <= set().union(*(groups(vault, name) for vault in last))
