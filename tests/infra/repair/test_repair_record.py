"""Repaired cubes, and copies that were not, merged: what is erased stays so, and nobody erases what is not bad."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.errors import IntegrityError
from memos_cli.infra.transfer import dumper
from memos_cli.infra.transfer.merge import Terms, merge
from memos_cli.infra.vault import log
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter
from tests.infra.repair import poisons
from tests.infra.repair.poisons import HEADERS, POISONS, exported, folds, furnish
from tests.infra.transfer.merging import assert_sound, copy, forward, machine, take
from tests.infra.vault.helpers import ungated

Poison = Callable[[MOS], None]
TRUSTED = Terms(trusted=True)


def memories(vault: Vault) -> dict[tuple[str, str], Any]:
    """What the memories, views and tasks amount to: snapshots are of one copy."""
    return {name: one for name, one in folds(vault).items() if name[0] != "snapshot"}


@pytest.mark.parametrize("terms", [TRUSTED, Terms()], ids=["trusted", "stranger"])
@pytest.mark.parametrize("poison", POISONS, ids=lambda one: one.__name__)
def test_a_repaired_cube_and_a_copy_that_is_not_merge_both_ways(
    here: MOS, there: MOS, tmp_path: Path, poison: Poison, terms: Terms
) -> None:
    furnish(here)
    there.add("of that machine alone")
    poison(here)
    with ungated():
        take(there.writable(), here.writable(), terms)
    forward(here, seconds=60)
    forward(there, seconds=60)
    here.doctor.repair("default")
    with copy(there.writable(), tmp_path / "unrepaired") as unrepaired:
        if poison is poisons.last_clock or (poison is poisons.late_clock):
            there.doctor.repair("default")  # no operation of its own fits behind such a clock
        take(there.writable(), here.writable(), terms)
        there.doctor.repair("default")
        assert_sound(there.writable())
        exported(there.writable(), tmp_path / "there.memcube")
        take(here.writable(), unrepaired, terms)
    take(here.writable(), there.writable(), terms)
    take(there.writable(), here.writable(), terms)
    assert_sound(here.writable())
    assert memories(here.writable()) == memories(there.writable())
    exported(here.writable(), tmp_path / "here.memcube")


@pytest.mark.parametrize("poison", POISONS, ids=lambda one: one.__name__)
def test_two_copies_that_were_both_repaired_amount_to_the_same(here: MOS, there: MOS, tmp_path: Path, poison: Poison) -> None:
    furnish(here)
    poison(here)
    with ungated():
        take(there.writable(), here.writable(), TRUSTED)
    for mos in (here, there):
        forward(mos, seconds=60)
        mos.doctor.repair("default")
    for _ in range(2):
        take(here.writable(), there.writable(), TRUSTED)
        take(there.writable(), here.writable(), TRUSTED)
    assert memories(here.writable()) == memories(there.writable())
    for mos in (here, there):
        assert_sound(mos.writable())
        exported(mos.writable(), tmp_path / "both.memcube")


@pytest.mark.parametrize("poison", HEADERS[2:], ids=lambda one: one.__name__)
def test_a_copy_of_the_folder_takes_over_what_was_written_again(here: MOS, tmp_path: Path, poison: Poison) -> None:
    furnish(here)
    poison(here)
    with copy(here.writable(), tmp_path / "other") as other:
        old = other.meta["replica"]
        forward(here, seconds=60)
        here.doctor.repair("default")
        take(other, here.writable(), TRUSTED, here.millis)
        assert_sound(other)
        assert other.meta["replica"] not in {old, here.writable().meta["replica"]}
        assert memories(other) == memories(here.writable())
        exported(other, tmp_path / "other.memcube")
        take(here.writable(), other, TRUSTED, here.millis)
        assert_sound(here.writable())


def forge(mos: MOS, change: dict[str, Any]) -> None:
    with mos.author("doctor").write(mos.writable()) as unit:
        unit.change(log.REPAIR, "a" * 20, change)


def test_a_stranger_erases_nothing_by_naming_it(here: MOS, there: MOS) -> None:
    identity = here.add("mine, and sound").ids[0]
    (mine,) = here.writable().operations("memory", identity)
    take(there.writable(), here.writable())
    theirs = there.add("theirs").ids[0]
    (other,) = there.writable().operations("memory", theirs)
    forge(there, {"erased": {mine.id: "so they say"}, "moved": {mine.id: other.id}})
    take(here.writable(), there.writable())
    assert here.get(identity).content == "mine, and sound"
    assert_sound(here.writable())


def test_a_stranger_keeps_nothing_sound_out_by_naming_it(here: MOS, there: MOS, tmp_path: Path) -> None:
    with machine(tmp_path / "third", ahead=9) as third:
        identity = third.add("sound, and not here yet").ids[0]
        (known,) = third.writable().operations("memory", identity)
        (other,) = there.writable().operations("memory", there.add("theirs").ids[0])
        forge(there, {"erased": {known.id: "so they say"}, "moved": {known.id: other.id}})
        take(here.writable(), there.writable())
        take(here.writable(), third.writable(), TRUSTED)
    assert here.get(identity).content == "sound, and not here yet"


def test_a_selection_carries_the_repairs_of_its_memories(here: MOS, there: MOS, tmp_path: Path) -> None:
    furnish(here)
    poisons.tag(here)
    forward(here, seconds=1)
    here.doctor.repair("default")
    (identity,) = (one.id for one in here.list(Filter(at=here.now, tags=("garden",))))
    take(there.writable(), here.writable(), Terms(only={identity}))
    assert there.get(identity).tags == ("garden", "ok")
    assert_sound(there.writable())
    path = tmp_path / "some.memcube"
    with path.open("wb") as target:
        dumper.dump(here.writable(), target, tmp_path, dumper.Extent(Filter(at=here.now, tags=("garden",)), "tag garden"))
    with path.open("rb") as stream:
        found = there.transfer.verify(stream)
    assert found.manifest["counts"]["memories"] == 1


def test_a_bad_operation_that_no_repair_names_is_refused_as_before(here: MOS, there: MOS) -> None:
    poisons.tag(there)
    with pytest.raises(IntegrityError, match="cannot be named so"):
        take(here.writable(), there.writable())
    assert here.add(drafts=[Draft("it goes on")]).ids


@pytest.mark.parametrize("poison", [poisons.tag, poisons.view, poisons.principal], ids=lambda one: one.__name__)
def test_a_merge_that_brought_poison_is_undone_after_the_repair(here: MOS, there: MOS, poison: Poison) -> None:
    mine = here.add("mine").ids[0]
    furnish(there)
    poison(there)
    with ungated(), here.author("merge").write(here.writable()) as unit:
        merge(here.writable(), unit, there.writable())
    forward(here, seconds=60)
    here.doctor.repair("default")
    assert here.undo().command == "merge"
    assert [one.id for one in here.list(Filter(at=here.now))] == [mine]
    assert_sound(here.writable())
