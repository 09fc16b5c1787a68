"""A cube under many commands: what is kept while writing is what the log amounts to, and what a plain dictionary would hold."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import AmbiguousId, MemoryNotFound, NotFound, Refused
from memos_cli.infra.vault import fold, log, rebuild, schema
from memos_cli.infra.vault.check import check
from memos_cli.infra.vault.past import at_instant
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, LinkType, Memory, State
from memos_cli.times import to_text
from tests.conftest import NOON, Clock
from tests.infra.vault.helpers import dump
from tests.trials import trials

WORDS = (
    "I eat no meat",
    "I live in Rome",
    "the door code is on the board",
    "she likes jazz",
    "昨日は雨だった",
    "café \U0001f600",
)
EVER = Filter(at="", everything=True)
TAGS = ("work", "home", "a b")
COMMANDS = ("add", "add", "edit", "tag", "untag", "link", "unlink", "forget", "restore", "pin", "rollback")

Step = tuple[str, int, int, int]


def steps(*more: str) -> st.SearchStrategy[list[Step]]:
    """What is done, to which memory, with which value, and how many milliseconds the clock goes on (or back) before."""
    one = st.tuples(st.sampled_from((*COMMANDS, *more)), st.integers(0, 5), st.integers(0, 5), st.integers(-2000, 5000))
    return st.lists(one, min_size=1, max_size=14)


@contextmanager
def opened(folder: Path, clock: Clock) -> Iterator[MOS]:
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(folder)}))
    with MOS(folder, settings=chosen, clock=clock) as mos:
        mos.create_cube("default")
        yield mos


def do(mos: MOS, one: Step) -> tuple[str | None, str | None]:
    """Do a step; the memory that it meant and the transaction that it wrote, if it did."""
    what, which, value, _ = one
    # As they were added: the wall clock, by which a list is ordered, goes backwards here.
    ids = [one for (one,) in mos.writable().conn.execute("SELECT id FROM memories ORDER BY n")]
    if what in {"add", "key", "external"}:
        fields = {"key": {"key": f"k{which % 2}"}, "external": {"external_id": f"e{which % 2}"}}.get(what, {})
        result = mos.add(f"{WORDS[value]} ({len(ids)})", **fields)
        return result.ids[0], result.txn
    if not ids:
        return None, None
    target, other = ids[which % len(ids)], ids[value % len(ids)]
    if what in {"link", "unlink"} and target == other:
        return None, None
    changed = {
        "edit": lambda: mos.edit(target, {"content": WORDS[value]}),
        "tag": lambda: mos.switch([target], "tag", {f"tag:{TAGS[value % 3]}": True}),
        "untag": lambda: mos.switch([target], "tag", {f"tag:{TAGS[value % 3]}": False}),
        "link": lambda: mos.link(target, LinkType.RELATES, other),
        "unlink": lambda: mos.link(target, LinkType.RELATES, other, on=False),
        "forget": lambda: mos.delete(target),
        "restore": lambda: mos.restore([target]),
        "pin": lambda: mos.switch([target], "pin", {"pinned": bool(value % 2)}),
        "rollback": lambda: mos.rollback(target, value % mos.get(target).version + 1),
    }[what]()
    assert (changed.txn is not None) == bool(changed.ids)
    return target, changed.txn


def sound(vault: Vault) -> None:
    """State and log agree, and deriving the state anew changes nothing."""
    assert not [fault for one in check(vault) for fault in one.faults]
    kept = dump(vault.conn)
    with vault.derive() as conn:
        assert rebuild.rebuild(conn, vault.due) == len(kept["memories"])
    assert dump(vault.conn) == kept
    assert not [fault for one in check(vault) for fault in one.faults]


class Model:
    """What a cube should hold, as plain dictionaries: the versions of each memory."""

    def __init__(self) -> None:
        self.versions: dict[str, list[dict[str, Any]]] = {}

    @property
    def now(self) -> dict[str, dict[str, Any]]:
        return {identity: versions[-1] for identity, versions in self.versions.items()}

    def do(self, one: Step, target: str | None) -> bool:
        """Do a step; whether anything changed by it."""
        what, _, value, _ = one
        if target is None:
            return False
        ids = list(self.versions)
        if what == "add":
            text = f"{WORDS[value]} ({len(ids)})"
            self.versions[target] = [{"content": text, "tags": set(), "pinned": False, "gone": False, "links": set()}]
            return True
        now, tag, link = self.now[target], {TAGS[value % 3]}, {("relates", ids[value % len(ids)])}
        new: dict[str, Any] = {
            "edit": {"content": WORDS[value]}, "tag": {"tags": now["tags"] | tag}, "untag": {"tags": now["tags"] - tag},
            "link": {"links": now["links"] | link}, "unlink": {"links": now["links"] - link}, "forget": {"gone": True},
            "restore": {"gone": False}, "pin": {"pinned": bool(value % 2)},
            "rollback": self.versions[target][value % len(self.versions[target])],
        }[what]  # fmt: skip
        if all(now[name] == wanted for name, wanted in new.items()):
            return False
        self.versions[target].append({**now, **new})
        return True


def told(mos: MOS) -> dict[str, dict[str, Any]]:
    """What the cube holds, in the words of the model."""
    found = {}
    for memory in mos.list(EVER):
        links = {(link.type.value, link.target) for link in mos.vault("default").links(memory.id)[0]}
        found[memory.id] = {
            "content": memory.content, "tags": set(memory.tags), "pinned": memory.pinned, "links": links,
            "gone": memory.state is State.EXPIRED,
        }  # fmt: skip
    return found


@settings(max_examples=trials(12, 40))
@given(todo=steps())
def test_a_cube_holds_what_a_dictionary_would_and_what_its_log_amounts_to(
    tmp_path_factory: pytest.TempPathFactory, todo: list[Step]
) -> None:
    clock, model = Clock(), Model()
    with opened(tmp_path_factory.mktemp("model"), clock) as mos:
        for one in todo:
            clock.now += timedelta(milliseconds=one[3])
            target, txn = do(mos, one)
            changed = model.do(one, target)
            assert told(mos) == model.now, one
            # Back to a version that only differs in how the memory came to be current is a change that no model here sees.
            assert changed == (txn is not None) or one[0] == "rollback"
            if txn is not None and not changed:
                model.versions[target or ""].append(model.now[target or ""])
        vault = mos.vault("default")
        for identity, versions in model.versions.items():
            assert vault.get(identity).version == len(vault.operations("memory", identity)) == len(versions)
        sound(vault)
        assert told(mos) == model.now


def view(mos: MOS) -> dict[str, Memory]:
    """All memories as they are shown, apart from what an undo and a redo rightly leave behind: versions, times of change, uses.

    The state is the log's: that a memory which was used counts as activated is no change that could be undone.
    """
    states = dict(mos.vault("default").conn.execute("SELECT id, state FROM memories"))
    return {
        memory.id: memory._replace(
            version=0, updated_at="", access_count=0, last_access_at=None, state=State(states[memory.id])
        )
        for memory in mos.list(EVER)
    }


def links(mos: MOS) -> set[tuple[str, str, str]]:
    return set(mos.vault("default").conn.execute("SELECT source, type, target FROM links"))


@settings(max_examples=trials(12, 40))
@given(todo=steps("key", "key", "external"), again=st.randoms(use_true_random=False))
def test_undo_restores_what_was_shown_before_each_command_and_undo_of_undo_does_it_again(
    tmp_path_factory: pytest.TempPathFactory, todo: list[Step], again: random.Random
) -> None:
    clock = Clock()
    with opened(tmp_path_factory.mktemp("undo"), clock) as mos:
        written: list[tuple[str, dict[str, Memory], set[tuple[str, str, str]]]] = []
        for one in todo:
            clock.now += timedelta(milliseconds=one[3])
            before = view(mos), links(mos)
            _, txn = do(mos, one)
            if txn is not None:
                written.append((txn, *before))
            else:
                assert (view(mos), links(mos)) == before
        unborn: set[str] = set()
        for txn, before, linked in reversed(written):
            now = view(mos), links(mos)
            planned = mos.undo(dry_run=True)
            assert (view(mos), links(mos)) == now
            undone = mos.undo()
            assert undone.reverted == planned.reverted == txn
            born = set(undone.subjects) - before.keys()  # what began with the command is forgotten, and can be restored
            gone = {identity: now[0][identity]._replace(state=State.EXPIRED, since=mos.now) for identity in born}
            shown = {**now[0], **before, **gone}
            assert view(mos) == shown
            unborn |= born
            assert {link for link in links(mos) if link[0] not in unborn} == linked
            if again.random() < 0.5:
                mos.undo(undone.txn)
                assert (view(mos), links(mos)) == now
                assert mos.undo().reverted == txn
                assert view(mos) == shown
        with pytest.raises(NotFound):
            mos.undo()
        sound(mos.vault("default"))
        current = mos.list(Filter(at="9999-01-01T00:00:00.000Z"))
        assert current == ()


def test_undo_leaves_uses_alone(mos: MOS) -> None:
    """A second sighting is a use, and uses are not in the log: what is undone is the edit before it, and nothing else."""
    (one,) = mos.add("I eat no meat", external_id="e").ids
    mos.add("I eat no fish", external_id="e")
    mos.add("I eat no fish", external_id="e")
    assert (mos.get(one).access_count, mos.get(one).state) == (1, State.ACTIVATED)
    mos.undo()
    assert (mos.get(one).content, mos.get(one).access_count, mos.get(one).state) == ("I eat no meat", 1, State.ACTIVATED)


def test_undo_of_a_command_in_the_middle_leaves_later_ones_alone_unless_they_touch_the_same(mos: MOS) -> None:
    (one,) = mos.add("I eat no meat").ids
    tagged = mos.switch([one], "tag", {"tag:work": True})
    edited = mos.edit(one, {"content": "I eat no fish"})
    mos.undo(tagged.txn)
    assert (mos.get(one).content, mos.get(one).tags) == ("I eat no fish", ())
    mos.edit(one, {"content": "I eat everything"})
    with pytest.raises(Refused, match="changed again since: content by edit"):
        mos.undo(edited.txn)
    assert mos.get(one).content == "I eat everything"


def test_what_was_purged_is_not_undone(mos: MOS) -> None:
    (one,) = mos.add("a secret").ids
    edited = mos.edit(one, {"content": "another secret"})
    vault = mos.vault("default")
    with mos.author("forget").write(vault) as unit:
        unit.change("memory", one, {fold.PURGED: True})
    assert (vault.get(one).state, vault.get(one).content) == (State.PURGED, "")
    assert mos.list(EVER) == ()
    with pytest.raises(Refused, match="purge"):
        mos.undo(edited.txn)
    with pytest.raises(MemoryNotFound):
        mos.rollback(one, 1)
    found = vault.conn.execute("SELECT count(*) FROM fts WHERE fts MATCH 'secret'").fetchone()
    assert found == (0,)
    assert vault.conn.execute("SELECT count(*) FROM tags").fetchone() == (0,)


def union(target: sqlite3.Connection, sources: list[sqlite3.Connection], chance: random.Random) -> None:
    """Put the operations of all sources into one log, in an order of arrival that chance decides."""
    found = {row[1]: row[1:] for source in sources for row in source.execute("SELECT * FROM ops")}
    arrived = list(found.values())
    chance.shuffle(arrived)
    target.executemany("INSERT INTO ops VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", arrived)


@settings(max_examples=trials(10, 25))
@given(common=steps(), mine=steps("key"), theirs=steps("key"), chance=st.randoms(use_true_random=False))
def test_two_copies_of_a_cube_fold_to_the_same_whatever_came_first(
    tmp_path_factory: pytest.TempPathFactory, common: list[Step], mine: list[Step], theirs: list[Step], chance: random.Random
) -> None:
    folder, clock = tmp_path_factory.mktemp("merge"), Clock()
    with opened(folder / "one", clock) as mos:
        for one in common:
            do(mos, one)
    (folder / "other").mkdir()
    source = sqlite3.connect(folder / "one/cubes/default/cube.db")
    (folder / "other/cubes/default/blobs").mkdir(parents=True)
    copy = sqlite3.connect(folder / "other/cubes/default/cube.db")
    source.backup(copy)
    copy.execute("UPDATE cube SET value = ? WHERE key = 'replica'", ("ff" * 8,))
    copy.commit()
    copy.close()
    source.close()
    with opened(folder / "one", clock) as left, opened(folder / "other", clock) as right:
        for mos, todo in ((left, mine), (right, theirs)):
            for one in todo:
                clock.now += timedelta(milliseconds=one[3])
                do(mos, one)
        sources = [mos.vault("default").conn for mos in (left, right)]
        dumps = []
        for order in (sources, sources[::-1], sources * 2):
            merged = sqlite3.connect(":memory:", isolation_level=None)
            schema.create_in_memory(merged)
            union(merged, order, chance)
            assert not list(log.faults(merged))
            rebuild.fold_into(merged, merged, list)
            assert rebuild.differences(merged) == []
            dumps.append(dump(merged))
            merged.close()
        assert dumps[0] == dumps[1] == dumps[2]


class TestTheClock:
    """A wall clock that jumps back does not turn history around."""

    def test_the_last_change_wins_although_the_clock_was_set_back(self, mos: MOS, clock: Clock) -> None:
        (one,) = mos.add("first").ids
        for text in ("second", "third"):
            clock.forward(days=-400)
            mos.edit(one, {"content": text})
        assert mos.get(one).content == "third"
        clocks = [operation.clock for operation in mos.vault("default").operations("memory", one)]
        assert clocks == sorted(set(clocks))
        assert mos.get(one).created_at == to_text(NOON)
        sound(mos.vault("default"))


class TestThePast:
    """`--as-of`: what was known by then as it was then, and what is known now about then."""

    def contents(self, mos: MOS, at: str) -> list[str]:
        return sorted(memory.content for memory in mos.list(Filter(at=at, past=True)))

    def test_what_changed_since_is_as_it_was(self, mos: MOS, clock: Clock) -> None:
        (one, other) = (mos.add(text).ids[0] for text in ("I live in Rome", "she likes jazz"))
        then = mos.now
        clock.forward(days=1)
        mos.edit(one, {"content": "I live in Oslo"})
        mos.delete(other)
        assert self.contents(mos, then) == ["I live in Rome", "she likes jazz"]
        assert self.contents(mos, mos.now) == ["I live in Oslo"]
        past = at_instant(mos.vault("default"), then)
        assert not past.is_present
        assert past.record_uses([one], mos.now) is False
        assert past.get(one).version == 1
        past.close()
        assert mos.get(one).content == "I live in Oslo"

    def test_what_was_added_later_is_left_out_unless_it_says_it_was_true_then(self, mos: MOS, clock: Clock) -> None:
        mos.add("known then")
        then = mos.now
        clock.forward(days=1)
        mos.add("learned later")
        mos.add(drafts=[Draft("learned later, happened before", occurred_at="2020-01-01T00:00:00.000Z")])
        mos.add(drafts=[Draft("learned later, true before", valid_from="2020-01-01T00:00:00.000Z")])
        wanted = ["known then", "learned later, happened before", "learned later, true before"]
        assert self.contents(mos, then) == wanted
        assert at_instant(mos.vault("default"), then) is mos.vault("default"), "nothing known by then has changed"

    def test_what_was_recorded_later_is_taken_as_it_is_known_now(self, mos: MOS, clock: Clock) -> None:
        (early,) = mos.add("early").ids
        then = mos.now
        clock.forward(days=1)
        (diary,) = mos.add(drafts=[Draft("a diary of old", occurred_at="2020-01-01T00:00:00.000Z")]).ids
        clock.forward(days=1)
        mos.edit(diary, {"content": "a diary of old, corrected"})
        mos.edit(early, {"content": "early, changed"})
        assert self.contents(mos, then) == ["a diary of old, corrected", "early"]
        assert self.contents(mos, "2021-01-01T00:00:00.000Z") == ["a diary of old, corrected"]
        assert self.contents(mos, "2019-01-01T00:00:00.000Z") == []

    def test_a_key_answers_for_each_of_its_times(self, mos: MOS, clock: Clock) -> None:
        instants = []
        for city in ("Rome", "Oslo", "Lima"):
            mos.add(f"I live in {city}", key="home")
            instants.append(mos.now)
            clock.forward(days=30)
        for at, city in zip(instants, ("Rome", "Oslo", "Lima"), strict=True):
            assert self.contents(mos, at) == [f"I live in {city}"]
        assert [memory.content for memory in mos.list()] == ["I live in Lima"]

    def test_it_is_the_state_of_then_to_the_transaction(self, mos: MOS, clock: Clock) -> None:
        """After each command the state is kept, and asking about that instant later gives the same."""
        chance = random.Random(5)
        seen: list[tuple[str, list[str]]] = []
        for _ in range(30):
            clock.forward(minutes=1)
            do(mos, (chance.choice(COMMANDS), chance.randrange(6), chance.randrange(6), 0))
            seen.append((mos.now, self.contents(mos, mos.now)))
        for at, contents in seen:
            assert self.contents(mos, at) == contents
        assert len({tuple(contents) for _, contents in seen}) > 10


class TestNames:
    """Ids, prefixes and external ids."""

    def test_a_unique_prefix_names_a_memory_and_so_does_an_external_id(self, mos: MOS) -> None:
        (one,) = mos.add("I eat no meat", external_id="D1:3").ids
        vault = mos.vault("default")
        for text in (one, one[:1], one[:7].upper(), "D1:3", f" {one[:5]} "):
            assert vault.resolve(text) == one

    def test_a_prefix_of_several_lists_them(self, mos: MOS) -> None:
        ids = [mos.add(f"number {n}").ids[0] for n in range(33)]
        first = next(letter for letter in (one[0] for one in ids) if sum(one[0] == letter for one in ids) > 1)
        with pytest.raises(AmbiguousId) as caught:
            mos.vault("default").resolve(first)
        for one in sorted(one for one in ids if one[0] == first)[:10]:
            assert one in caught.value.message

    @pytest.mark.parametrize("text", ["", " ", "%", "_", "*", "a" * 21, "é", "'; DROP TABLE ops; --"])
    def test_what_names_nothing_is_not_found(self, mos: MOS, text: str) -> None:
        mos.add("I eat no meat")
        with pytest.raises(MemoryNotFound):
            mos.vault("default").resolve(text)


def test_a_failed_write_leaves_nothing_behind(mos: MOS) -> None:
    mos.add("I eat no meat")
    vault = mos.vault("default")
    before = dump(vault.conn), vault.conn.execute("SELECT count(*) FROM ops").fetchone()
    with pytest.raises(ZeroDivisionError), mos.author("add").write(vault) as unit:  # noqa: PT012 -- the write is the point
        unit.add(Draft("never stored"), "sam")
        raise ZeroDivisionError
    assert (dump(vault.conn), vault.conn.execute("SELECT count(*) FROM ops").fetchone()) == before
    assert not vault.conn.in_transaction
    sound(vault)


def test_a_second_sighting_is_a_confirmation_and_no_version(mos: MOS) -> None:
    first = mos.add("I eat no meat")
    before = mos.get(first.ids[0])
    again = mos.add("  I eat no \n meat ")
    assert (again.duplicates, again.ids) == (1, first.ids)
    after = mos.get(first.ids[0])
    assert after == before._replace(access_count=1, last_access_at=after.last_access_at, state=after.state)
    assert len(mos.history(before.id)[1]) == 1
    assert [one["txn"] for one in mos.timeline.commands(10)] == [again.txn, first.txn]
    sound(mos.vault("default"))
