"""A cube that an older version poisoned, repaired: sound, portable, and otherwise what it was."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.errors import IntegrityError, MemosError, NotFound, Refused
from memos_cli.infra import limits
from memos_cli.infra.repair import repair
from memos_cli.infra.vault import check, log, schema
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter
from tests.conftest import Clock
from tests.infra.repair import poisons
from tests.infra.repair.poisons import BELL, BIG, HEADERS, POISONS, exported, folds, furnish, write
from tests.infra.transfer.merging import assert_sound, forward, machine, quick, take
from tests.trials import trials

Poison = Callable[[MOS], None]
every = pytest.mark.parametrize("poison", POISONS, ids=lambda one: one.__name__)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[MOS]:
    with machine(tmp_path / "here") as mos:
        yield mos


def mended(mos: MOS) -> list[repair.Mended]:
    forward(mos, seconds=1)
    done = mos.doctor.repair("default")
    assert_sound(mos.writable())
    return done


def found(vault: Vault) -> list[str]:
    return [fault for one in check.check(vault) if one.name == check.PORTABLE for fault in one.faults]


@every
def test_a_poisoned_cube_is_found_and_mended(here: MOS, tmp_path: Path, poison: Poison) -> None:
    furnish(here)
    vault = here.writable()
    sound = folds(vault)
    poison(here)
    before = folds(vault)
    assert found(vault)
    assert [one.name for one in check.check(vault) if one.faults] == [check.PORTABLE]
    with pytest.raises(MemosError):
        here.add("what follows the last clock") if poison is poisons.last_clock else exported(vault, tmp_path / "bad.memcube")
    assert mended(here)
    after = folds(vault)
    without_position = {name: fields for name, fields in after.items() if name[0] != "snapshot"}
    assert without_position.items() >= {name: one for name, one in sound.items() if name[0] != "snapshot"}.items()
    if poison in HEADERS and poison is not poisons.task:
        assert without_position == {name: one for name, one in before.items() if name[0] != "snapshot"}
    exported(vault, tmp_path / "good.memcube")
    assert here.doctor.repair("default") == []
    here.add("and on it goes")
    exported(vault, tmp_path / "on.memcube")


@every
def test_a_dry_run_tells_the_same_and_changes_nothing(here: MOS, poison: Poison) -> None:
    furnish(here)
    poison(here)
    vault = here.writable()
    before = vault.conn.execute("SELECT * FROM ops ORDER BY n").fetchall(), dict(vault.meta)
    forward(here, seconds=1)
    told = here.doctor.repair("default", dry_run=True)
    assert (vault.conn.execute("SELECT * FROM ops ORDER BY n").fetchall(), dict(vault.meta)) == before
    assert [one._replace(replica=None) for one in told] == [one._replace(replica=None) for one in mended(here)]


def registers(mos: MOS, content: str) -> dict[str, object]:
    """The registers of the one memory of which something like this is said."""
    return next(
        one for (noun, _), one in folds(mos.writable()).items() if noun == "memory" and content in one.get("content", "")
    )


def test_what_can_be_kept_of_a_bad_change_is_kept(here: MOS) -> None:
    for poison in (poisons.view, poisons.tag, poisons.speaker, poisons.nul, poisons.metadata, poisons.sum_of_changes):
        poison(here)
    mended(here)
    assert here.writable().records("view")["z"] == {"tags": ["home"], "kinds": ["note"]}
    rose = registers(here, "roses")
    assert {name for name in rose if name.startswith("tag:")} == {"tag:garden", "tag:ok"}
    assert registers(here, "mend the gate")["source"] == {"speaker": LONG_NAME, "turn": 3}
    assert registers(here, "an answer")["content"] == "an answer\N{REPLACEMENT CHARACTER}with NUL"
    assert "metadata" not in registers(here, "much said")
    assert registers(here, "\x01" * 50).keys() >= {"content", "owner"}


LONG_NAME = (poisons.LONG[: limits.LONGEST_NAME]).strip()


def test_what_was_set_again_since_stays_as_it_was_set(here: MOS) -> None:
    identity = poisons.draft(here, "first", tags=(BELL, "garden"), title="a\0title")
    here.edit(identity, {"content": "second", "title": "sound"})
    here.switch([identity], "tag", {"tag:garden": False})
    mended(here)
    after = registers(here, "second")
    assert (after["content"], after["title"], "tag:garden" in after) == ("second", "sound", False)


def test_the_bytes_of_what_was_erased_are_gone(here: MOS) -> None:
    poisons.draft(here, "an answer", metadata={"a": "zyxwvut " * 1_200_000})
    poisons.nul(here)
    mended(here)
    vault = here.writable()
    kept = b"".join(path.read_bytes() for path in vault.folder.rglob("*") if path.is_file())
    assert b"zyxwvut" not in kept
    assert b"answer\\u0000with" not in kept
    assert not vault.mark("unwiped")


def test_what_a_repair_records_has_none_of_the_words(here: MOS) -> None:
    poisons.draft(here, "x", tags=("hush\x07hush",))
    mended(here)
    told = here.writable().conn.execute("SELECT change FROM ops WHERE noun = 'repair'").fetchall()
    assert told
    assert "hush" not in str(told)


@every
def test_undo_goes_on_as_before(here: MOS, poison: Poison) -> None:
    ids = furnish(here)
    poison(here)
    forward(here, seconds=1)
    with poisons.ungated():
        here.edit(ids[1], {"content": "the last thing"})
    mended(here)
    assert here.undo().command == "edit"
    assert here.get(ids[1]).content == "sound 1"
    steps = 0
    with suppress(NotFound):
        for steps in range(20):  # noqa: B007 -- each takes back one
            here.undo()
    assert 7 <= steps <= 12
    assert not here.list(Filter(at=here.now))
    assert_sound(here.writable())


def test_undo_takes_back_a_mended_command_whole(here: MOS) -> None:
    kept = poisons.draft(here, "sound", title="a title")
    write(here, "memory", kept, {"title": "a\0b", "tag:x\x07": True})
    mended(here)
    assert here.get(kept).tags == ("x",)
    here.undo()
    assert (here.get(kept).title, here.get(kept).tags) == ("a title", ())
    repairs = here.writable().conn.execute("SELECT DISTINCT txn FROM ops WHERE noun = 'repair'").fetchone()
    with pytest.raises(Refused, match="repaired the log"):
        here.undo(repairs[0])


def test_history_shows_an_erased_change_as_such(here: MOS) -> None:
    identity = poisons.draft(here, "a\0b")
    mended(here)
    _, versions = here.history(identity)
    assert [(one.erased, one.operation.command) for one in versions] == [(True, "add"), (False, "doctor")]


def test_going_back_to_what_was_erased_keeps_what_is_there(here: MOS) -> None:
    identity = poisons.draft(here, "a\0b", tags=("one",))
    here.snapshots.create("then")
    here.edit(identity, {"content": "later"})
    mended(here)
    here.rollback(identity, 1)
    assert here.get(identity).content == "later"
    here.switch([identity], "tag", {"tag:one": False})
    here.snapshots.restore("then")
    assert here.get(identity).content == "later"
    assert here.get(identity).state == "generated"


@pytest.mark.parametrize("poison", HEADERS, ids=lambda one: one.__name__)
def test_snapshots_name_the_same_operations(here: MOS, poison: Poison) -> None:
    ids = furnish(here)
    poison(here)
    forward(here, seconds=1)
    if poison is not poisons.last_clock:
        with poisons.ungated():
            here.edit(ids[0], {"content": "in the snapshot"})
            here.snapshots.create("after")
            here.edit(ids[0], {"content": "behind the snapshot"})
    mended(here)
    if poison is not poisons.last_clock:
        assert here.snapshots.look([ids[0]], "after")[0].content == "in the snapshot"
    assert here.snapshots.look([ids[0]], "before")[0].content == "sound 0, edited"
    here.snapshots.restore("before")
    assert here.get(ids[0]).content == "sound 0, edited"


@pytest.mark.parametrize("poison", [poisons.late_clock, poisons.principal], ids=lambda one: one.__name__)
def test_a_bad_header_makes_the_cube_another_replica(here: MOS, poison: Poison) -> None:
    furnish(here)
    vault = here.writable()
    old = vault.meta["replica"]
    poison(here)
    count = vault.conn.execute("SELECT count(*) FROM ops").fetchone()[0]
    (moved,) = (one for one in mended(here) if one.what == "moved")
    assert (moved.subject, moved.replica) == (old, vault.meta["replica"])
    assert old != vault.meta["replica"]
    assert schema.own_replicas(vault.conn) == {old, vault.meta["replica"]}
    told = log.repaired(vault.conn).moved
    assert len(told) == moved.operations
    there = {row[0].hex() for row in vault.conn.execute("SELECT id FROM ops")}
    assert set(told.values()) <= there
    assert not told.keys() & there
    assert vault.conn.execute("SELECT count(*) FROM ops WHERE noun NOT IN ('repair', 'snapshot')").fetchone()[0] == count - 1
    assert vault.conn.execute("SELECT max(clock) >> 16 FROM ops").fetchone()[0] <= here.millis + 1000
    with quick(Vault(vault.folder, "again")) as again:
        assert again.meta["replica"] == vault.meta["replica"]


def test_a_writer_that_was_there_before_goes_on_as_the_new_replica(here: MOS) -> None:
    furnish(here)
    with quick(Vault(here.writable().folder, "other")) as other:
        poisons.principal(here)
        mended(here)
        with other.write("edit", "sam", here.millis) as unit:
            unit.change("task", "walk", {"ends": "archive"})
        assert other.meta["replica"] == here.writable().meta["replica"]
    assert_sound(here.writable())


def test_a_damaged_log_is_not_repaired(here: MOS) -> None:
    poisons.tag(here)
    vault = here.writable()
    vault.conn.execute("UPDATE ops SET principal = 'eve'")
    with pytest.raises(IntegrityError, match="is damaged, so it is not repaired"):
        here.doctor.repair("default")


def test_a_missing_change_that_no_repair_names_is_damage(here: MOS) -> None:
    poisons.tag(here)
    identity = here.add("sound").ids[0]
    mended(here)
    vault = here.writable()
    vault.conn.execute("UPDATE ops SET salt = NULL, change = NULL WHERE subject = ?", (identity,))
    assert any("no purge says why" in line for line in log.faults(vault.conn))


def test_only_the_owner_repairs(tmp_path: Path, here: MOS) -> None:
    poisons.tag(here)
    with pytest.raises(Refused):
        MOS(tmp_path / "here", settings=here.settings, principal="guest").doctor.repair("default")


def test_a_file_whose_repair_names_what_is_not_in_it_is_refused(here: MOS, tmp_path: Path) -> None:
    furnish(here)
    with here.author("doctor").write(here.writable()) as unit:
        unit.change(log.REPAIR, "a" * 20, {"erased": {"ab" * 32: "so it says"}})
    with pytest.raises(IntegrityError, match="a repair names operation"):
        exported(here.writable(), tmp_path / "named.memcube")


def test_a_purge_goes_over_what_was_repaired(here: MOS, tmp_path: Path) -> None:
    poisons.tag(here)
    mended(here)
    (identity,) = (one.id for one in here.list(Filter(at=here.now)))
    here.purge([identity])
    assert_sound(here.writable())
    exported(here.writable(), tmp_path / "purged.memcube")
    assert "garden" not in json.dumps([str(row) for row in here.writable().conn.execute("SELECT change FROM ops")])


def test_poison_upon_repair_is_repaired_again(here: MOS, tmp_path: Path) -> None:
    for _ in range(2):
        for poison in POISONS:
            if poison not in {poisons.last_clock, poisons.metadata, poisons.sum_of_changes}:
                poison(here)
        assert mended(here)
    exported(here.writable(), tmp_path / "twice.memcube")


@settings(max_examples=trials(5, 12))
@given(st.lists(st.sampled_from([one for one in POISONS if one not in BIG] + [furnish]), min_size=1, max_size=7), st.data())
def test_whatever_was_let_in_a_repaired_cube_is_sound_and_travels(acts: list[Poison], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder, machine(Path(folder) / "home") as mos:
        for number, act in enumerate(acts):
            with poisons.ungated(), suppress(Refused):  # there is a snapshot of that name
                act(mos)
                forward(mos, seconds=1)
                if data.draw(st.booleans()):
                    mos.add(f"sound {number}")
        vault = mos.writable()
        contents = {one["content"] for one in folds(vault).values() if "content" in one and "\0" not in one["content"]}
        if found(vault):
            assert mended(mos)
        assert_sound(vault)
        assert contents <= {one["content"] for one in folds(vault).values() if "content" in one}
        exported(vault, Path(folder) / "cube.memcube")
        with machine(Path(folder) / "other", ahead=9) as other:
            other.add("theirs")
            take(other.writable(), vault)
            take(vault, other.writable())
            assert_sound(vault)


def test_what_carried_its_time_carries_it_when_it_is_mended(tmp_path: Path) -> None:
    with machine(tmp_path / "here") as mos:
        vault = mos.writable()
        forward(mos, days=4000)
        mos.add("of a clock that was wrong")
        forward(mos, days=-4000)
        identity, told = mos.add("of a right clock").ids[0], mos.now
        poisons.write(mos, "memory", identity, {f"tag:{poisons.BELL}": True}, principal="a\x1bb")
        assert repair.repair(vault, "sam", mos.millis)
        assert vault.get(identity).tags == ("garden",)
        assert {vault.get(identity).created_at, vault.get(identity).updated_at} == {told}
        assert_sound(vault)


def test_a_log_of_a_wrong_clock_is_brought_back_to_now(tmp_path: Path) -> None:
    clock = Clock(datetime(2027, 3, 1, tzinfo=UTC))
    with machine(tmp_path / "here", clock=clock) as mos, machine(tmp_path / "there", clock=clock) as there:
        mos.add("before it")
        clock.now = datetime(2098, 1, 1, tzinfo=UTC)
        (wrong,) = mos.add("in the far future").ids
        clock.now = datetime(2027, 3, 2, tzinfo=UTC)
        (later,) = mos.add("after it").ids
        vault = mos.writable()
        state = folds(vault)
        assert [one for one in check.check(vault) if one.faults] == []
        assert mos.doctor.is_ahead("default")
        with pytest.raises(IntegrityError, match="over a day ahead"):
            there.cube_merge.merge(str(vault.folder))
        clock.now = datetime(2020, 1, 1, tzinfo=UTC)  # a clock that is wrong itself mends nothing, though all is ahead of it
        assert mos.doctor.repair("default") == []
        clock.now = datetime(2027, 3, 3, tzinfo=UTC)
        (done,) = mos.doctor.repair("default")
        assert (done.what, done.operations) == ("moved", 2)
        assert folds(vault) == state
        assert_sound(vault)
        assert not mos.doctor.is_ahead("default")
        assert mos.doctor.repair("default") == []
        assert [mos.get(one).created_at[:10] for one in (wrong, later)] == ["2027-03-03", "2027-03-02"]
        exported(vault, tmp_path / "good.memcube")
        assert len(there.cube_merge.merge(str(vault.folder)).plan.new) == 3
        assert mos.undo().command == "add"
