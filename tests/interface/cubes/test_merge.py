"""Merge, split and diff as a Python program uses them; undo of a merge."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.errors import CubeNotFound, IntegrityError, Refused, UsageError
from memos_cli.infra.transfer import merge
from memos_cli.infra.transfer.merge_plan import Plan, plan_of
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.cubes.merge import Answer, Asked
from memos_cli.model import Draft, Filter, LinkType, State
from tests.infra.transfer.merging import assert_sound, forward, machine, whole


@pytest.fixture
def work(mos: MOS) -> Vault:
    """A second cube of the home."""
    mos.add("in the default cube")
    mos.create_cube("work")
    return mos.vault("work")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[MOS]:
    with machine(tmp_path / "there", ahead=5) as opened:
        yield opened


def add(mos: MOS, cube: str, content: str, **fields: object) -> str:
    """A memory in a cube that need not be the one in use."""
    vault = mos.vault(cube)
    with mos.author("add").write(vault) as unit:
        return str(unit.add(Draft(content, **fields), "sam"))  # type: ignore[arg-type]


def registers(mos: MOS) -> dict[str, tuple[object, ...]]:
    found = mos.list(Filter(at=mos.now, everything=True))
    return {one.id: (one.content, one.tags, one.pinned, one.state) for one in found}


@pytest.mark.usefixtures("work")
class TestMerge:
    def test_cubes_of_one_home_trust_each_other_and_others_do_not(self, mos: MOS, there: MOS) -> None:
        near = add(mos, "work", "from the cube beside")
        (far,) = there.add("from another home").ids
        assert not mos.cube_merge.merge("work").untrusted
        result = mos.cube_merge.merge(str(there.writable().folder))
        assert (result.untrusted, result.plan.new) == (True, (far,))
        assert (mos.get(near).untrusted, mos.get(far).untrusted) == (False, True)

    def test_into_another_cube_than_the_one_in_use(self, mos: MOS, work: Vault) -> None:
        result = mos.cube_merge.merge("default", "work")
        assert (result.cube, result.other, len(result.plan.new)) == ("work", "default", 1)
        assert len(work.find(Filter(at=mos.now))) == 1

    def test_a_dry_run_tells_and_writes_nothing(self, mos: MOS) -> None:
        new = add(mos, "work", "new")
        before = whole(mos.writable()), mos.writable().position()
        result = mos.cube_merge.merge("work", dry_run=True)
        assert (result.plan.new, result.txn, result.dry_run) == ((new,), None, True)
        assert (whole(mos.writable()), mos.writable().position()) == before

    def test_nothing_to_take_over_is_no_command(self, mos: MOS) -> None:
        before = mos.timeline.commands(10)
        assert mos.cube_merge.merge("work").txn is None
        assert mos.timeline.commands(10) == before

    def test_machines_that_merge_by_turns_come_to_rest_where_a_frozen_value_stands_against_another(
        self, mos: MOS, there: MOS
    ) -> None:
        (frozen,) = mos.add("I am vegan", key="diet").ids
        mos.switch([frozen], "freeze", {"frozen": True})
        (other,) = there.add("I eat fish", key="diet").ids
        turns = [(mos, there), (there, mos)] * 3
        merged = [into.cube_merge.merge(str(of.writable().folder), take=True).txn for into, of in turns]
        assert mos.writable().links(other)[0] == there.writable().links(other)[0] != ()
        assert merged[2:] == [None] * 4, "each merge writes what the one before wrote already"
        assert whole(mos.writable()) == whole(there.writable())

    def test_what_cannot_be(self, mos: MOS, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="the cube that it would be merged into"):
            mos.cube_merge.merge("default")
        with pytest.raises(CubeNotFound):
            mos.cube_merge.merge("play")
        (tmp_path / "a.file").touch()
        with pytest.raises(CubeNotFound):
            mos.cube_merge.merge(str(tmp_path / "a.file"))
        with (tmp_path / "a.file").open("rb") as file, pytest.raises(IntegrityError, match="not a sound cube file"):
            mos.cube_merge.merge_file(file, "a.file")

    def test_somebody_else_neither_writes_nor_reads_that_way(self, home: Path, mos: MOS) -> None:
        add(mos, "work", "private")
        with MOS(home, principal="bot", settings=mos.settings) as other, pytest.raises(Refused):
            other.cube_merge.merge("work")

    def test_a_damaged_cube_from_elsewhere_is_refused_before_anything_is_taken(self, mos: MOS, there: MOS) -> None:
        there.add("one")
        there.writable().conn.execute("UPDATE ops SET principal = 'eve'")
        with pytest.raises(IntegrityError, match="header"):
            mos.cube_merge.merge(str(there.writable().folder))

    def test_a_cube_with_anything_else_in_its_place_is_refused(self, mos: MOS, there: MOS) -> None:
        conn = there.writable().conn
        conn.execute("ALTER TABLE uses RENAME TO used")
        conn.execute("CREATE VIEW uses AS SELECT * FROM used")
        with pytest.raises(IntegrityError, match="not what it was made as"):
            mos.cube_merge.merge(str(there.writable().folder))


class TestUndo:
    def test_it_takes_all_of_a_merge_back_in_one_step_and_again_does_it_again(self, mos: MOS, there: MOS) -> None:
        (one, two) = mos.add(drafts=[Draft("one"), Draft("two")]).ids
        there.cube_merge.merge(str(mos.writable().folder))
        there.edit(one, {"content": "one, edited", "tag:x": True})
        there.delete([two])
        there.add("three")
        there.pipeline.save_record("view", "v", {"tags": ["x"]})
        before = registers(mos)
        mos.cube_merge.merge(str(there.writable().folder))
        merged = registers(mos)
        assert mos.undo(dry_run=True).command == "merge"
        assert registers(mos) == merged
        undone = mos.undo()
        now = registers(mos)
        new = (set(now) - set(before)).pop()
        assert now.pop(new)[-1] is State.EXPIRED
        assert now == before
        assert not mos.writable().records("view")
        assert_sound(mos.writable())
        mos.undo(undone.txn)
        assert registers(mos) == merged
        assert_sound(mos.writable())

    def test_what_was_done_to_it_since_has_to_be_taken_back_first(self, mos: MOS, there: MOS) -> None:
        (new,) = there.add("three").ids
        merged = mos.cube_merge.merge(str(there.writable().folder))
        mos.edit(new, {"content": "mine"})
        with pytest.raises(Refused, match="changed again since: content by edit"):
            mos.undo(merged.txn)
        mos.undo()
        mos.undo()
        assert mos.get(new).state is State.EXPIRED
        with pytest.raises(Refused, match="taken back already"):
            mos.undo(merged.txn)

    def test_the_newest_command_is_the_newest_made_here(self, mos: MOS, there: MOS) -> None:
        mos.add("mine")
        forward(there, hours=3)
        there.add("theirs, and later")
        mos.cube_merge.merge(str(there.writable().folder))
        assert [mos.undo().command for _ in range(2)] == ["merge", "add"]

    def test_a_merge_is_taken_back_where_it_was_made(self, mos: MOS, there: MOS) -> None:
        mos.add("mine")
        merged = there.cube_merge.merge(str(mos.writable().folder))
        there.add("so that the receipt is a link of a chain")
        mos.cube_merge.merge(str(there.writable().folder))
        with pytest.raises(Refused, match="on another machine"):
            mos.undo(merged.txn)

    def test_a_stranger_s_cube_is_planned_once(self, mos: MOS, there: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
        there.add("the heron stands")
        plans: list[Plan] = []

        def counted(*given: Any) -> Plan:
            plans.append(plan_of(*given))
            return plans[-1]

        monkeypatch.setattr(merge, "plan_of", counted)  # a plan takes as long as the merge
        merged = mos.cube_merge.merge(str(there.writable().folder), ask=lambda _: pytest.fail("nothing is to be asked"))
        assert (len(merged.plan.new), len(plans)) == (1, 1)

    def test_a_stranger_s_purge_erases_nothing_unless_somebody_agrees(self, mos: MOS, there: MOS) -> None:
        (gone,) = there.add("the heron stands").ids
        folder = str(there.writable().folder)
        mos.cube_merge.merge(folder)
        there.purge([gone])
        (new,) = there.add("the rake is at Yuki's").ids
        before = mos.get(gone)
        result = mos.cube_merge.merge(folder)
        assert (result.plan.new, result.touched.erased, mos.get(gone)) == ((new,), (gone,), before)
        asked: list[str] = []

        def agree(question: Asked) -> Answer:
            asked.extend(question.touched.erased)
            return Answer.TAKE

        mos.cube_merge.merge(folder, ask=agree)
        assert (asked, mos.writable().get(gone).state) == ([gone], State.PURGED)
        assert mos.held.list() == ()

    def test_a_purge_that_came_is_not_taken_back(self, mos: MOS, there: MOS) -> None:
        (gone,) = mos.add("gone").ids
        there.cube_merge.merge(str(mos.writable().folder))
        there.purge([gone])
        there.add("new")
        mos.cube_merge.merge(str(there.writable().folder), take=True)
        mos.undo()
        assert mos.writable().get(gone).state is State.PURGED
        assert_sound(mos.writable())


class TestSplit:
    def test_memories_move_with_their_history_and_the_old_cube_forgets_them(self, mos: MOS) -> None:
        rake, pond = mos.add(drafts=[Draft("the rake", tags=("garden",)), Draft("the pond", tags=("garden",))]).ids
        (rest,) = mos.add("the server is heron").ids
        mos.edit(rake, {"content": "the rake is at Yuki's"})
        mos.link(rake, LinkType.RELATES, pond)
        done = mos.cube_merge.split("garden", wanted=Filter(at=mos.now, tags=("garden",)))
        assert (set(done.ids), done.cube, done.new) == ({rake, pond}, "default", "garden")
        garden, source = mos.vault("garden"), mos.writable()
        assert {one.id for one in garden.find(Filter(at=mos.now))} == {rake, pond}
        assert garden.operations("memory", rake) == source.operations("memory", rake)[:3]
        assert garden.meta["replica"] != source.meta["replica"]
        assert not garden.arrivals([rake])
        assert [one.id for one in mos.list()] == [rest]
        for vault in (garden, source):
            assert_sound(vault)
        mos.undo()
        assert len(mos.list()) == 3
        assert not mos.cube_merge.merge("garden").plan.operations, "nothing new came from there"

    def test_what_was_changed_in_the_new_cube_comes_back_by_a_merge(self, mos: MOS) -> None:
        (rake,) = mos.add("the rake").ids
        mos.add("the rest")
        mos.cube_merge.split("garden", wanted=Filter(at=mos.now, kinds=("note",)), keep=True)
        with mos.author("edit").write(mos.vault("garden")) as unit:
            unit.change("memory", rake, {"content": "the rake is broken"})
        mos.cube_merge.merge("garden")
        assert mos.get(rake).content == "the rake is broken"
        assert_sound(mos.writable())

    def test_keep_leaves_them_and_a_dry_run_makes_nothing(self, mos: MOS) -> None:
        mos.add("the rake")
        assert mos.cube_merge.split("one", dry_run=True).ids
        assert mos.shelf.names() == ["default"]
        assert mos.cube_merge.split("one", keep=True).txn is None
        assert mos.shelf.names() == ["default", "one"]
        assert len(mos.list()) == 1

    def test_what_cannot_be(self, home: Path, mos: MOS) -> None:
        (frozen,) = mos.add("stays as it is").ids
        mos.switch([frozen], "freeze", {"frozen": True})
        with pytest.raises(Refused, match="frozen"):
            mos.cube_merge.split("one")
        with pytest.raises(Refused, match="there is"):
            mos.cube_merge.split("default", keep=True)
        with pytest.raises(UsageError, match="no memory is so"):
            mos.cube_merge.split("one", wanted=Filter(at=mos.now, tags=("none",)))
        with MOS(home, principal="bot", settings=mos.settings) as other, pytest.raises(Refused):
            other.cube_merge.split("one", keep=True)
        assert mos.shelf.names() == ["default"]
        assert [path.name for path in mos.paths.cubes.iterdir()] == ["default"]


class TestDiff:
    def test_it_tells_each_sort_of_difference(self, mos: MOS, there: MOS) -> None:
        same, edited, gone, mine = mos.add(drafts=[Draft(text) for text in ("same", "edited", "gone", "mine")]).ids
        there.cube_merge.merge(str(mos.writable().folder))
        there.purge([mine])
        there.edit(edited, {"content": "otherwise", "tag:x": True})
        there.link(edited, LinkType.RELATES, same)
        (theirs,) = there.add("theirs").ids
        there.pipeline.save_record("view", "v", {"tags": ["x"]})
        (only,) = mos.add("only here").ids
        mos.record_uses([mos.get(same)])
        found = mos.cube_merge.diff("default", str(there.writable().folder))
        assert ([one.id for one in found.only_first], [one.id for one in found.only_second]) == ([only], [theirs])
        assert [(one.first.id, one.fields) for one in found.different] == [(edited, ("content", "links", "tags"))]
        assert found.purged == ((mine, "second"),)
        assert found.records == (("view", "v", "second"),)
        assert (found.same, found.is_equal) == (2, False)
        assert gone in {one.id for one in mos.list()}

    def test_cubes_that_met_both_ways_are_equal(self, mos: MOS, there: MOS) -> None:
        mos.add("mine")
        there.add("theirs")
        mos.cube_merge.merge(str(there.writable().folder))
        there.cube_merge.merge(str(mos.writable().folder))
        assert mos.cube_merge.diff("default", str(there.writable().folder)).is_equal

    @pytest.mark.usefixtures("work")
    def test_what_the_principal_may_not_see_is_no_difference(self, home: Path, mos: MOS) -> None:
        add(mos, "work", "private")
        with MOS(home, principal="bot", settings=mos.settings) as other:
            assert other.cube_merge.diff("default", "work").is_equal
