"""Snapshots: what was is told exactly, going back makes it so again, and one undo takes that back."""

import random
import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.errors import MemoryNotFound, NotFound, Refused, UsageError
from memos_cli.infra.vault import fold, rebuild, search
from memos_cli.infra.vault.past import SNAPSHOT, seen
from memos_cli.model import Draft, Filter, Memory, State
from memos_cli.operation.history.differences import Change
from memos_cli.operation.history.snapshots import Compared
from memos_cli.operation.results import Query
from tests.conftest import Clock
from tests.infra.vault.test_vault import Step, do, opened, sound, steps, union
from tests.trials import trials

EVER = Filter(at="", everything=True)
MORE = ("key", "external", "freeze", "view", "unview", "task", "end", "undo", "undo")
Registers = dict[tuple[str, str], dict[str, Any]]


def act(mos: MOS, one: Step) -> None:
    """A step of the vault's own tests, or one of those here."""
    what, which, value, _ = one
    ids = [memory.id for memory in mos.list(EVER, order="oldest")]
    if what == "view":
        mos.pipeline.save_record("view", f"v{which % 2}", {"tags": [f"t{value}"]})
    elif what == "unview":
        mos.pipeline.save_record("view", f"v{which % 2}", {})
    elif what == "undo":
        with suppress(NotFound, Refused):
            if mos.undo(dry_run=True).command != SNAPSHOT:
                mos.undo()
    elif what == "end":
        with suppress(NotFound):
            mos.tasks.end(f"t{which % 2}", ending=("archive", "expire", "keep")[value % 3])
    elif what == "freeze" and ids:
        mos.switch([ids[which % len(ids)]], "freeze", {"frozen": bool(value % 2)})
    elif what == "task" and ids:
        with suppress(Refused):
            mos.edit(ids[which % len(ids)], {"task": f"t{value % 2}"})
    elif what not in MORE or what in {"key", "external"}:
        with suppress(Refused):
            do(mos, one)


def registers(mos: MOS) -> Registers:
    """All that the log amounts to, the snapshots aside, and that a text was told again: that stays, whatever is restored."""
    vault = mos.vault("default")
    found = {
        (noun, subject): fold.fold([one for one in operations if not fold.is_sighting(one)])
        for noun, subject, operations in rebuild.subjects(vault.conn)
        if noun != SNAPSHOT
    }
    return {name: fields for name, fields in found.items() if fields}


def shown(mos: MOS, wanted: Filter) -> dict[str, Memory]:
    """Memories, without what tells how they were used."""
    return {
        memory.id: memory._replace(state=State.GENERATED, access_count=0, last_access_at=None)
        for memory in mos.list(wanted, order="oldest")
    }


@settings(max_examples=trials(12, 60))
@given(before=steps(*MORE), after=steps(*MORE))
def test_restoring_gives_the_state_of_then_and_one_undo_the_state_before_it(
    tmp_path_factory: pytest.TempPathFactory, before: list[Step], after: list[Step]
) -> None:
    clock = Clock()
    with opened(tmp_path_factory.mktemp("snapshot"), clock) as mos:
        for one in before:
            clock.now += timedelta(milliseconds=one[3])
            act(mos, one)
        then, looked = registers(mos), shown(mos, EVER)
        mos.snapshots.create("s")
        for one in after:
            clock.now += timedelta(milliseconds=one[3])
            act(mos, one)
        assert shown(mos, EVER._replace(snapshot="s")) == looked
        for identity in [memory.id for memory in mos.list(EVER) if memory.frozen]:
            mos.switch([identity], "unfreeze", {"frozen": False})
        since = registers(mos)
        differences = mos.snapshots.diff("s").differences
        planned = mos.snapshots.restore("s", dry_run=True)
        assert registers(mos) == since
        restored = mos.snapshots.restore("s")
        assert restored.differences == planned.differences == differences
        now = registers(mos)
        new = now.keys() - then.keys()
        assert {name: fields for name, fields in now.items() if name not in new} == then
        assert {(noun, now[noun, subject]["state"]) for noun, subject in new} <= {("memory", "expired")}
        assert [one.name for one in mos.snapshots.list()] == ["s"]
        assert (restored.txn is not None) == bool(differences) == (now != since)
        assert mos.snapshots.diff("s").differences == ()
        if restored.txn is not None:
            assert mos.undo().reverted == restored.txn
            assert registers(mos) == since
            again = mos.snapshots.diff("s").differences
            assert [one._replace(memory=None) for one in again] == [one._replace(memory=None) for one in differences]
        sound(mos.vault("default"))


@settings(max_examples=trials(8, 30))
@example(
    parts=[
        [("add", 0, 0, 0), ("add", 0, 0, 0), ("add", 0, 0, 0), ("key", 0, 0, 0), ("add", 0, 0, 0)],
        [("task", 3, 0, 0), ("add", 0, 0, 0)],
        [("edit", 5, 0, 0), ("key", 0, 0, 0)],
    ]
)
@given(parts=st.lists(steps(*MORE), min_size=3, max_size=3))
def test_what_differs_between_two_snapshots_read_backwards_is_its_mirror(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[Step]]
) -> None:
    clock = Clock()
    with opened(tmp_path_factory.mktemp("mirror"), clock) as mos:
        states = []
        for name, todo in zip("abc", parts, strict=True):
            for one in todo:
                clock.now += timedelta(milliseconds=one[3])
                act(mos, one)
            mos.snapshots.create(name)
            states.append(registers(mos))
        there, back = (mos.snapshots.diff(*pair).differences for pair in ("ab", "ba"))
        assert [(one.noun, one.subject, one.then, one.now) for one in there] == [
            (one.noun, one.subject, one.now, one.then) for one in back
        ]
        for one in there:
            assert one.then == states[0].get((one.noun, one.subject), {})
            assert one.now == states[1].get((one.noun, one.subject), {})
        untold = {
            name
            for name in states[0].keys() | states[1].keys()
            if states[0].get(name) != states[1].get(name) and name not in {(one.noun, one.subject) for one in there}
        }
        assert all(name not in states[0] and states[1][name]["state"] == "expired" for name in untold), "came and went"


def own_since(mos: MOS, who: str) -> None:
    """A snapshot of somebody else's own, `of WHO`, whom a rule lets write in the whole cube for that moment."""
    rule = {"to": who, "group": False, "sort": "cube", "name": ""}
    vault = mos.writable()
    for ended in (None, True):
        with mos.author("grant").write(vault) as unit:
            for right in ("read", "write"):
                unit.change("rule", f"{right}{who}".ljust(20, "a"), {**rule, "right": right, "ended": ended})
        if not ended:
            with mos.author("snapshot", who).write(mos.vault(vault.name, who)) as unit:
                unit.change("snapshot", f"of {who}", {"position": vault.position(), "at": mos.now})


def memories(compared: Compared) -> set[str]:
    return {one.subject for one in compared.differences if one.noun == "memory"}


class TestDiff:
    """What is said to have changed."""

    def test_each_sort_of_change(self, mos: MOS) -> None:
        edited, forgotten, gone, linked, still = mos.add(drafts=[Draft(f"note {n}") for n in range(5)]).ids
        mos.delete(gone)
        mos.snapshots.create("s")
        mos.edit(edited, {"content": "another note", "title": "T"})
        mos.switch([edited], "tag", {"tag:a": True, "tag:b": True})
        mos.delete(forgotten)
        mos.restore([gone])
        (new,) = mos.add("new").ids
        (passing,) = mos.add("came and went").ids
        mos.delete(passing)
        mos.switch([linked], "link", {f"link:relates:{new}": True})
        mos.switch([still], "pin", {"pinned": True})
        mos.switch([still], "pin", {"pinned": False})
        found = {one.subject: (one.change, one.fields) for one in mos.snapshots.diff("s").differences}
        assert found.pop(new)[0] is Change.ADDED
        assert found.pop(forgotten) == (Change.FORGOTTEN, ("state",))
        assert found.pop(gone)[0] is Change.RETURNED
        assert found == {edited: (Change.CHANGED, ("content", "tags", "title")), linked: (Change.CHANGED, ("links",))}

    def test_others_see_what_they_may_see_since_snapshots_of_their_own(self, mos: MOS) -> None:
        mos.add("mine")
        mos.snapshots.create("t")
        for who in ("bo", "ann"):
            with pytest.raises(NotFound, match="no snapshot 't'"):
                mos.snapshots.diff("t", user_id=who)
            own_since(mos, who)
        ann = mos.add("of Ann's", user_id="ann").ids[0]
        public = mos.add("for all", user_id="ann").ids[0]
        mos.edit(public, {"visibility": "public"})
        assert memories(mos.snapshots.diff("of bo", user_id="bo")) == {public}
        assert memories(mos.snapshots.diff("of ann", user_id="ann")) == {ann, public}
        assert memories(mos.snapshots.diff("t")) == {ann, public}


class TestWhatIf:
    """Reading a cube as it was."""

    def test_search_list_and_look_read_the_state_of_then_and_are_no_use(self, mos: MOS, clock: Clock) -> None:
        (home,) = mos.add("I live in Rome", key="home").ids
        (gone,) = mos.add("I live with a cat").ids
        mos.snapshots.create("s")
        clock.forward(days=30)
        (oslo,) = mos.add("I live in Oslo", key="home").ids
        mos.delete(gone)
        then = Filter(at=mos.now, snapshot="s")
        assert {hit.memory.id for hit in mos.search("live", wanted=then).hits} == {home, gone}
        assert {hit.memory.id for hit in mos.search("live").hits} == {oslo}
        assert {memory.id for memory in mos.list(then)} == {home, gone}
        assert [memory.state for memory in mos.snapshots.look([gone[:7], home], "s")] == [State.GENERATED] * 2
        assert mos.get(home).access_count == mos.get(gone).access_count == 0
        with pytest.raises(MemoryNotFound, match="snapshot s"):
            mos.snapshots.look([oslo], "s")
        (batch,) = mos.search_many([Query("Rome")], wanted=then)
        assert [hit.memory.id for hit in batch.hits] == [home]

    def test_when_nothing_has_changed_since_the_cube_itself_answers(self, mos: MOS) -> None:
        (one,) = mos.add("I live in Rome").ids
        mos.snapshots.create("s")
        mos.snapshots.create("t")
        vault = mos.vault("default")
        assert seen(vault, Filter(at="", snapshot="s")) is vault
        assert mos.search("Rome", wanted=Filter(at=mos.now, snapshot="s")).hits
        assert mos.get(one).access_count == 0

    def test_vectors_are_taken_over_where_the_text_is_the_same(self, mos: MOS) -> None:
        same, other = mos.add("I live in Rome").ids + mos.add("I like jazz").ids
        vault = mos.vault("default")
        with vault.derive():
            waiting = search.pending(vault, 10)
            search.store_vectors(vault, "an embedder", 3, [(n, text, bytes([n] * 3)) for n, text in waiting])
        mos.snapshots.create("s")
        mos.edit(other, {"content": "I like tango"})
        past = seen(vault, Filter(at="", snapshot="s"))
        assert not past.is_present
        kept = past.conn.execute("SELECT m.id FROM vectors v JOIN memories m ON m.n = v.n").fetchall()
        assert kept == [(same,)]
        assert [text for _, text in search.pending(past, 10)] == ["I like jazz"]
        past.close()

    def test_every_cube_in_use_needs_the_snapshot(self, mos: MOS, clock: Clock) -> None:
        mos.add("in the first")
        mos.snapshots.create("s")
        mos.create_cube("work")
        with MOS(mos.paths.data, ["default", "work"], settings=mos.settings, clock=clock) as both:
            with pytest.raises(NotFound, match="no snapshot 's' in cube work"):
                both.search("first", wanted=Filter(at=both.now, snapshot="s"))
            with MOS(mos.paths.data, ["work"], settings=mos.settings, clock=clock) as work:
                work.snapshots.create("s")
            assert both.search("first", wanted=Filter(at=both.now, snapshot="s")).hits
            assert [(one.cube, one.name) for one in both.snapshots.list()] == [("default", "s"), ("work", "s")]


class TestRestore:
    """Going back."""

    def test_a_frozen_memory_that_is_not_what_it_was_refuses_all_of_it(self, mos: MOS) -> None:
        same, other = mos.add(drafts=[Draft("first"), Draft("second")]).ids
        mos.switch([same], "freeze", {"frozen": True})
        mos.snapshots.create("s")
        mos.edit(other, {"content": "changed"})
        assert mos.snapshots.restore("s").txn, "frozen then and now is the same"
        mos.edit(other, {"content": "changed"})
        mos.switch([other], "freeze", {"frozen": True})
        mos.add("third")
        before = registers(mos)
        for dry_run in (True, False):
            with pytest.raises(Refused, match=f"frozen, and not what it was: {other[:8]}") as caught:
                mos.snapshots.restore("s", dry_run=dry_run)
            assert f"memos unfreeze {other[:8]}" in (caught.value.hint or "")
        assert registers(mos) == before

    def test_what_was_purged_stays_purged_and_is_named(self, mos: MOS) -> None:
        secret, kept = mos.add(drafts=[Draft("a secret"), Draft("no secret")]).ids
        mos.snapshots.create("s")
        mos.edit(kept, {"content": "still none"})
        vault = mos.vault("default")
        with mos.author("forget").write(vault) as unit:
            vault.conn.execute("UPDATE ops SET salt = NULL, change = NULL WHERE subject = ?", (secret,))
            unit.change("memory", secret, {fold.PURGED: True})
        then = Filter(at="", everything=True, snapshot="s")
        assert [memory.id for memory in mos.list(then)] == [kept]
        assert mos.search("secret", wanted=then._replace(at=mos.now)).hits[0].memory.content == "no secret"
        with pytest.raises(MemoryNotFound):
            mos.snapshots.look([secret], "s")
        changes = {one.subject: one.change for one in mos.snapshots.restore("s").differences}
        assert changes == {secret: Change.PURGED, kept: Change.CHANGED}
        assert (vault.get(secret).state, vault.get(secret).content) == (State.PURGED, "")
        assert mos.get(kept).content == "no secret"
        again = mos.snapshots.restore("s")
        assert (again.txn, [one.change for one in again.differences]) == (None, [Change.PURGED])
        mos.undo()
        assert mos.get(kept).content == "still none"

    def test_a_cube_is_its_owners_to_restore(self, mos: MOS, clock: Clock) -> None:
        mos.add("mine")
        mos.snapshots.create("s")
        (one,) = mos.add("mine too").ids
        with (
            MOS(mos.paths.data, principal="bo", settings=mos.settings, clock=clock) as other,
            pytest.raises(Refused, match="bo may not restore a snapshot"),
        ):
            other.snapshots.restore("s")
        assert mos.get(one).state is State.GENERATED

    def test_what_was_added_since_can_be_restored_one_by_one(self, mos: MOS) -> None:
        mos.add("then")
        mos.snapshots.create("s")
        (new,) = mos.add("since").ids
        mos.snapshots.restore("s")
        assert (mos.get(new).state, mos.get(new).since) == (State.EXPIRED, mos.now)
        mos.restore([new])
        assert {memory.content for memory in mos.list()} == {"then", "since"}


def test_a_position_is_exact_where_a_clock_is_not(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    """Another copy wrote before the snapshot was made and sent after it: that was not there, whatever its clock says."""
    mos.add("known to both")
    vault = mos.vault("default")
    (tmp_path / "other/cubes/default/blobs").mkdir(parents=True)
    copy = sqlite3.connect(tmp_path / "other/cubes/default/cube.db")
    vault.conn.backup(copy)
    copy.execute("UPDATE cube SET value = ? WHERE key = 'replica'", ("ff" * 8,))
    copy.commit()
    copy.close()
    clock.forward(hours=1)
    with MOS(tmp_path / "other", settings=mos.settings, clock=clock) as other:
        other.add("written on the road")
        clock.forward(hours=1)
        mos.snapshots.create("s")
        other.add("written later")
        clock.forward(hours=1)
        theirs = other.vault("default").conn
        ours = sqlite3.connect(":memory:")
        vault.conn.backup(ours)
        with vault.derive() as conn:
            conn.execute("DELETE FROM ops")
            union(conn, [ours, theirs], random.Random(1))
            rebuild.rebuild(conn)
        ours.close()
    assert len(mos.list()) == 3
    assert len(vault.position()) == 2
    assert [memory.content for memory in mos.list(Filter(at=mos.now, snapshot="s"))] == ["known to both"]
    assert {one.change for one in mos.snapshots.diff("s").differences} == {Change.ADDED}
    mos.snapshots.create("t")
    mos.snapshots.restore("s")
    assert [memory.content for memory in mos.list()] == ["known to both"]
    assert len(mos.list(Filter(at=mos.now, snapshot="t"))) == 3


class TestNames:
    """Making and removing them."""

    def test_a_name_is_given_once_and_free_again_when_it_is_removed(self, mos: MOS, clock: Clock) -> None:
        mos.add("then")
        made = mos.snapshots.create(" s ", note="why not")
        assert (made.name, made.at, made.note, made.changes) == ("s", mos.now, "why not", 0)
        with pytest.raises(Refused, match="already"):
            mos.snapshots.create("s")
        mos.add("since")
        assert mos.snapshots.remove("s", dry_run=True).changes == 1
        mos.snapshots.remove("s")
        assert mos.snapshots.list() == ()
        with pytest.raises(NotFound):
            mos.snapshots.diff("s")
        mos.undo()
        assert [one.position for one in mos.snapshots.list()] == [made.position]
        mos.snapshots.remove("s")
        clock.forward(days=1)
        again = mos.snapshots.create("s")
        assert (again.note, again.changes) == (None, 0)
        assert again.position != made.position

    @pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 1001])
    def test_a_name_that_cannot_be_is_refused(self, mos: MOS, name: str) -> None:
        with pytest.raises(UsageError):
            mos.snapshots.create(name)

    def test_an_unknown_name_names_the_nearest(self, mos: MOS) -> None:
        for call in (mos.snapshots.diff, mos.snapshots.restore, mos.snapshots.remove):
            with pytest.raises(NotFound, match="nothing here yet"):
                call("before")
        mos.snapshots.create("before-the-move")
        for call in (mos.snapshots.diff, mos.snapshots.restore, mos.snapshots.remove):
            with pytest.raises(NotFound) as caught:
                call("before-the-mvoe")
            assert caught.value.hint == "did you mean before-the-move?"
        with pytest.raises(NotFound):
            mos.snapshots.diff("before-the-move", "after")


def test_a_look_back_is_no_way_around_what_was_hidden_since(mos: MOS, clock: Clock) -> None:
    (shown,) = mos.add("the party for Ana is on Friday").ids
    (plain,) = mos.add("the code of the door is 4711").ids
    for one in (shown, plain):
        mos.edit(one, {"visibility": "public"})
    mos.snapshots.create("before")
    own_since(mos, "eve")
    then = mos.now
    clock.forward(hours=1)
    with pytest.raises(NotFound):
        mos.list(Filter(at=mos.now, snapshot="before"), user_id="eve")
    mos.edit(shown, {"visibility": "private"})
    mos.edit(plain, {"label:secret": True})
    for wanted in (Filter(at=mos.now, snapshot="of eve"), Filter(at=then, past=True)):
        (left,) = mos.list(wanted, user_id="eve")
        assert (left.id, left.labels) == (plain, ("secret",))
        assert [hit.memory.id for hit in mos.search("party code", wanted=wanted, user_id="eve", all_hits=True).hits] == [plain]
    assert len(mos.list(Filter(at=then, past=True))) == 2
