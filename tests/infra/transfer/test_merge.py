"""Merging two cubes: what is taken over, what is refused, and what becomes of bytes, files, vectors and strangers."""

import json
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.errors import IntegrityError
from memos_cli.infra import heads
from memos_cli.infra.local.vector_matrix import encode
from memos_cli.infra.transfer import merge
from memos_cli.infra.vault import log, search
from memos_cli.infra.vault.check import check
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, Link, LinkType, State, starts
from memos_cli.operation.operator.dedupe import sweep_plan
from tests.infra.transfer.cubes import dumped
from tests.infra.transfer.merging import assert_sound, copy, forward, machine, take, whole
from tests.infra.vault.helpers import Embedder, ungated

SAID = "the heron's nest is behind the third willow"


def add(mos: MOS, content: str, **fields: object) -> str:
    forward(mos, seconds=1)
    (identity,) = mos.add(drafts=[Draft(content, **fields)]).ids  # type: ignore[arg-type]
    return identity


def both(here: MOS, there: MOS) -> tuple[Vault, Vault]:
    return here.writable(), there.writable()


def together(here: MOS, there: MOS, content: str, **fields: object) -> str:
    """One memory that both machines have."""
    identity = add(here, content, **fields)
    take(there.writable(), here.writable())
    return identity


class TestThePlan:
    def test_it_sorts_memories_by_what_either_side_has(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        same, newer, older, torn, gone, kept = (together(here, there, f"note {number}") for number in range(6))
        there.edit(newer, {"content": "newer"})
        here.edit(older, {"content": "older"})
        for mos in (here, there):
            mos.edit(torn, {"content": f"said by {mos.paths.data}"})
        there.purge([gone])
        here.purge([kept])
        there.edit(kept, {"title": "in vain"})
        new = add(there, "new")
        planned = merge.look(ours, theirs, merge.Terms())[0]
        assert (planned.new, planned.newer, planned.older, planned.conflicting) == ((new,), (newer,), (older,), (torn,))
        assert (planned.erased, planned.withheld, planned.same) == ((gone,), (kept,), 1)
        assert same not in {identity for ids in planned[:7] for identity in ids}
        before = whole(ours), ours.position()
        assert merge.look(ours, theirs, merge.Terms())[0] == planned
        assert (whole(ours), ours.position()) == before, "a plan writes nothing"
        assert take(ours, theirs).plan == planned
        assert not merge.look(ours, theirs, merge.Terms())[0].operations

    def test_what_is_no_memory_is_told_by_name(self, here: MOS, there: MOS) -> None:
        there.pipeline.save_record("view", "work", {"tags": ["work"]})
        assert take(*both(here, there)).plan.records == (("view", "work"),)
        assert here.writable().records("view") == {"work": {"tags": ["work"]}}


class TestTheReceipt:
    def test_one_operation_tells_what_came_and_nothing_tells_of_nothing(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        add(there, "one")
        take(ours, theirs, merge.Terms(note={"file": "abc"}))
        assert not take(ours, theirs).plan.operations
        (receipt,) = log.operations(ours.conn, "WHERE noun = 'import'")
        assert receipt.change is not None
        assert (receipt.change["cube"], receipt.change["operations"], receipt.change["file"]) == (theirs.meta["id"], 1, "abc")
        assert receipt.change["heads"] == {theirs.meta["replica"]: 1}
        assert not ours.records("import")

    def test_receipts_that_come_last_stay_where_they_are(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        add(there, "one")
        take(ours, theirs)
        assert not take(theirs, ours).plan.operations
        add(here, "two")  # now the receipt is a link of a chain
        assert take(theirs, ours).plan.operations == 1, "the receipt came along, and is nothing that anybody did"
        assert {one.noun for one in log.operations(theirs.conn)} == {"memory", "import"}
        assert_sound(theirs)

    def test_the_next_write_is_later_than_all_that_came(self, here: MOS, there: MOS) -> None:
        forward(there, days=400)
        add(there, "from the future")
        take(*both(here, there))
        late = add(here, "written after that")
        ours = here.writable()
        assert ours.operations("memory", late)[0].clock == max(one.clock for one in log.operations(ours.conn))


class TestPurges:
    def test_a_tombstone_erases_every_byte_on_the_other_machine(self, here: MOS, there: MOS) -> None:
        identity = together(here, there, SAID)
        here.purge([identity])
        theirs = there.writable()
        merged = take(theirs, here.writable())
        assert merged.plan.erased == (identity,)
        assert merged.texts == (SAID,)
        theirs.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"willow" not in b"".join(path.read_bytes() for path in theirs.folder.rglob("*") if path.is_file())
        assert_sound(theirs)

    def test_what_was_purged_here_never_comes_in_again(self, here: MOS, there: MOS) -> None:
        identity = together(here, there, SAID)
        here.purge([identity])
        there.edit(identity, {"content": SAID + " and the fourth"})
        ours = here.writable()
        take(ours, there.writable())
        assert ours.get(identity).state is State.PURGED
        assert b"willow" not in ours.path.read_bytes() + ours.path.with_name("cube.db-wal").read_bytes()
        assert_sound(ours)

    def test_a_file_that_another_memory_here_was_read_from_is_blanked(self, here: MOS, there: MOS) -> None:
        text = b"The heron nests behind the willow.\n\nThe rake is at Yuki's.\n"
        drafts = there.pipeline.read(text, name="garden.txt")
        assert len(drafts) == 2
        (heron,) = there.add(drafts=drafts[:1]).ids
        take(*both(here, there))
        (rake,) = here.add(drafts=here.pipeline.read(text, name="garden.txt")[1:]).ids
        there.purge([heron])
        ours = here.writable()
        take(ours, there.writable())
        assert b"willow" not in b"".join(path.read_bytes() for path in ours.folder.rglob("*") if path.is_file())
        assert "rake" in ours.get(rake).content
        assert_sound(ours)

    def test_only_the_very_tombstone_is_one(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        identity = together(here, there, "stays")
        for change in ({"purged": 1}, {"purged": True, "content": "x"}, {"purged": None}):
            with ungated(), theirs.write("edit", "sam", 0) as unit:
                unit.log.append("memory", identity, change)
            with pytest.raises(IntegrityError, match="neither a purge"):
                take(ours, theirs)
            theirs.conn.execute("DELETE FROM ops WHERE n = (SELECT max(n) FROM ops)")
            (theirs.folder / heads.FILE).unlink()  # it tells of the operation
        assert not take(ours, theirs).plan.operations


class TestWhatIsRefused:
    def test_a_copied_folder_that_both_wrote_to(self, here: MOS, tmp_path: Path) -> None:
        ours = here.writable()
        add(here, "before the copy")
        with copy(ours, tmp_path / "copied") as copied:
            with copied.write("add", "sam", 0) as unit:
                unit.add(Draft("written there"), "sam")
            assert take(ours, copied).plan.operations == 1, "as long as only one of them went on it is no fork"
            add(here, "written here")
            with copied.write("add", "sam", 0) as unit:
                unit.add(Draft("and there again"), "sam")
            before = whole(ours)
            with pytest.raises(IntegrityError, match="both cubes went on as replica") as caught:
                take(ours, copied)
            assert caught.value.hint is not None
            assert "cube diff" in caught.value.hint
            assert whole(ours) == before

    @pytest.mark.parametrize(
        ("damage", "said"),
        [
            ("UPDATE ops SET change = replace(change, 'one', 'two') WHERE seq = 1", "change is not"),
            ("UPDATE ops SET principal = 'eve' WHERE seq = 1", "header is not"),
            ("UPDATE ops SET change = NULL, salt = NULL WHERE seq = 1", "change is missing"),
            ("DELETE FROM ops WHERE seq = 2", "of 3 operations 1 are missing"),
            ("UPDATE ops SET previous = zeroblob(32) WHERE seq = 2", "does not follow"),
        ],
    )
    def test_damage_in_the_other_log(self, here: MOS, there: MOS, damage: str, said: str) -> None:
        ours, theirs = both(here, there)
        for content in ("one", "two", "three"):
            add(there, content)
        theirs.conn.execute(damage)
        before = whole(ours)
        with pytest.raises(IntegrityError, match=said):
            take(ours, theirs)
        assert whole(ours) == before
        assert not list(log.operations(ours.conn))

    def test_a_state_that_no_memory_has(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        with ungated(), theirs.write("add", "sam", 0) as unit:
            unit.log.append("memory", "x" * 20, {"content": "x", "state": "undead"})
        with pytest.raises(IntegrityError, match="state cannot be so"):
            take(ours, theirs)


class TestGaps:
    def test_a_selection_brings_the_whole_history_of_some_and_the_rest_may_come_later(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        one, two, three = (add(there, f"note {number}") for number in range(3))
        there.edit(one, {"content": "edited"})
        there.edit(three, {"content": "edited too"})
        take(ours, theirs, merge.Terms(only={one, three}))
        assert [memory.content for memory in ours.find(Filter(at=here.now))] == ["edited too", "edited"]
        assert_sound(ours)
        assert ours.operations("memory", one) == theirs.operations("memory", one)
        take(ours, theirs)
        assert whole(ours) == whole(theirs)
        assert_sound(ours)
        assert two in {memory.id for memory in ours.find(Filter(at=here.now))}

    def test_a_snapshot_made_over_a_gap_stays_exact_when_the_gap_is_filled(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        first, middle, last = (add(there, f"note {number}") for number in range(3))
        take(ours, theirs, merge.Terms(only={first, last}))
        made = here.snapshots.create("before")
        assert made.position[theirs.meta["replica"]] == [[1, 1], [3, 3]]
        assert made.changes == 0
        there.edit(last, {"content": "edited"})
        take(ours, theirs)
        (now,) = here.snapshots.list()
        assert now.changes == 2, "what filled the gap, and the edit"
        found = here.list(Filter(at=here.now, snapshot="before"))
        assert {memory.content for memory in found} == {"note 0", "note 2"}
        differences = here.snapshots.diff("before").differences
        assert {(one.subject, one.change.value) for one in differences} == {(middle, "added"), (last, "changed")}
        here.snapshots.restore("before")
        assert {memory.content for memory in here.list()} == {"note 0", "note 2"}

    def test_doctor_misses_an_operation_of_another_machine_despite_gaps(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        first, _, last = (add(there, f"note {number}") for number in range(3))
        take(ours, theirs, merge.Terms(only={first, last}))
        assert_sound(ours)
        ours.conn.execute("DELETE FROM ops WHERE subject = ?", (last,))
        (line,) = log.faults(ours.conn)
        assert "2 operations came in, and 1 are there" in line
        assert [fault for one in check(ours) if one.name == "log" for fault in one.faults] == [line]

    def test_the_last_operation_of_another_machine_is_missed_too(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        add(there, "one")
        last = add(there, "two")
        take(ours, theirs)
        ours.conn.execute("DELETE FROM ops WHERE subject = ?", (last,))
        assert [line for line in log.faults(ours.conn) if "came in" in line]

    def test_what_this_cube_lost_itself_comes_back_whole_or_not_at_all(self, here: MOS, there: MOS, tmp_path: Path) -> None:
        ours, theirs = both(here, there)
        add(here, "in the backup")
        with copy(ours, tmp_path / "backup") as backup:
            lost = [add(here, f"after the backup {number}") for number in range(2)]
            take(theirs, ours)
            with pytest.raises(IntegrityError, match="once wrote and lost"):
                take(backup, theirs, merge.Terms(only={lost[1]}))
            take(backup, theirs)
            assert_sound(backup)
            with backup.write("add", "sam", 0) as unit:
                unit.add(Draft("goes on behind"), "sam")
            assert backup.position()[ours.meta["replica"]] == ours.position()[ours.meta["replica"]] + 2  # and the receipt
            assert_sound(backup)


class TestExternalIds:
    def test_the_later_memory_keeps_it_and_the_other_its_text(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        mine, other = add(here, "said here", external_id="D1:3"), add(there, "said there", external_id="D1:3")
        assert take(ours, theirs).plan.rivals == (other,)
        assert ours.resolve("D1:3") == other
        assert (ours.get(mine).external_id, ours.get(mine).content) == (None, "said here")
        take(theirs, ours)
        assert whole(ours) == whole(theirs)
        (item,) = here.review.list()
        assert {item.earlier.id, item.later.id} == {mine, other}

    @pytest.mark.parametrize("way", ["forget", "purge", "edit"])
    def test_it_falls_to_the_other_when_its_holder_lets_go(self, here: MOS, there: MOS, way: str) -> None:
        ours, theirs = both(here, there)
        mine, other = add(here, "said here", external_id="D1:3"), add(there, "said there", external_id="D1:3")
        take(ours, theirs)
        if way == "edit":
            here.edit(other, {"external_id": "D1:4"})
        else:
            (here.delete if way == "forget" else here.purge)([other])
        assert ours.resolve("D1:3") == mine
        assert_sound(ours)

    def test_saying_it_again_edits_the_one_that_keeps_it(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        add(here, "said here", external_id="D1:3")
        other = add(there, "said there", external_id="D1:3")
        take(ours, theirs)
        assert add(here, "said once more", external_id="D1:3") == other
        assert_sound(ours)


class TestBothEdited:
    def test_both_stay_in_the_history_the_later_shows_and_review_asks(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        identity = together(here, there, "The meeting is at ten")
        here.edit(identity, {"content": "The meeting is at eleven"})
        there.edit(identity, {"content": "The meeting is at noon"})
        take(ours, theirs)
        take(theirs, ours)
        for mos in (here, there):
            assert mos.get(identity).content == "The meeting is at noon"
            (item,) = mos.review.list()
            assert (item.earlier.content, item.later.content) == ("The meeting is at eleven", "The meeting is at noon")
            assert item.reasons == ("set differently on two machines: content",)
        assert len(mos.history(identity)[1]) == 3

    @pytest.mark.parametrize(("decision", "content"), [("older", "eleven"), ("supersede", "noon"), ("keep", "noon")])
    def test_a_decision_settles_it_on_both_and_undo_opens_it_again(
        self, here: MOS, there: MOS, decision: str, content: str
    ) -> None:
        identity = together(here, there, "ten")
        here.edit(identity, {"content": "eleven"})
        there.edit(identity, {"content": "noon"})
        take(*both(here, there))
        (item,) = here.review.list()
        here.review.decide(item.id, decision)
        assert not here.review.list()
        take(there.writable(), here.writable())
        assert not there.review.list()
        assert there.get(identity).content == here.get(identity).content == content
        here.undo()
        assert here.get(identity).content == "noon"
        assert [one.id for one in here.review.list()] == [item.id]
        assert_sound(here.writable())

    def test_what_knows_of_the_other_is_no_conflict(self, here: MOS, there: MOS) -> None:
        identity = together(here, there, "ten")
        here.edit(identity, {"content": "eleven"})
        take(there.writable(), here.writable())
        there.edit(identity, {"content": "noon"})
        assert not take(*both(here, there)).plan.conflicting
        assert not here.review.list()

    def test_saying_the_same_and_tagging_apart_are_none(self, here: MOS, there: MOS) -> None:
        identity = together(here, there, "ten")
        for mos in (here, there):
            mos.edit(identity, {"content": "eleven"})
            mos.switch([identity], "tag", {f"tag:{mos.paths.data.name}": True})
        take(*both(here, there))
        assert not here.review.list()

    def test_an_edit_that_was_taken_back_is_none(self, here: MOS, there: MOS) -> None:
        identity = together(here, there, "ten")
        here.edit(identity, {"content": "eleven"})
        here.undo()
        there.edit(identity, {"content": "noon"})
        take(*both(here, there))
        assert not here.review.list()
        here.undo()  # the merge
        assert here.get(identity).content == "ten"


class TestVectors:
    def test_those_of_the_same_text_and_embedder_come_along_and_others_wait(self, here: MOS, there: MOS) -> None:
        ours, theirs = both(here, there)
        same, edited = together(here, there, "same"), together(here, there, "edited")
        new = add(there, "new")
        embedder = Embedder()
        waiting = search.pending(theirs, 10)
        vectors = dict(zip((n for n, _ in waiting), encode(embedder.embed([text for _, text in waiting])), strict=True))
        with theirs.derive():
            search.store_vectors(theirs, "words", 32, [(n, text, vectors[n]) for n, text in waiting])
        here.edit(edited, {"content": "edited since"})
        there.edit(edited, {"tag:x": True})
        there.edit(same, {"tag:x": True})
        take(ours, theirs, merge.Terms(fingerprint="other"))
        assert search.pending_count(ours) == 3, "of another embedder nothing is taken"
        there.edit(same, {"tag:y": True})
        there.edit(new, {"tag:y": True})
        take(ours, theirs, merge.Terms(fingerprint="words"))
        kept = {one: search.vector_of(ours, one) for one in (same, edited, new)}
        assert kept[same] == search.vector_of(theirs, same)
        assert kept[new] is not None
        assert kept[edited] is None
        assert search.pending_count(ours) == 1
        assert_sound(ours)


class TestStrangers:
    def test_what_came_is_trusted_less_until_somebody_deals_with_it(self, here: MOS, there: MOS) -> None:
        names = [add(there, f"note {number}") for number in range(5)]
        ours = here.writable()
        take(ours, there.writable())
        assert {memory.trust for memory in here.list()} == {0.5}
        here.record_uses(here.list())
        assert all(memory.untrusted for memory in here.list()), "being found is nobody's decision"
        here.edit(names[0], {"title": "mine now"})
        here.switch([names[1]], "pin", {"pinned": True})
        here.add("note 2")  # a confirmation
        ours.confirm([names[3]])
        assert [one for one in names if ours.get(one).untrusted] == [names[4]]
        assert {ours.get(one).trust for one in names[:4]} == {1.0}

    def test_a_trusted_side_brings_no_strangers_but_those_it_has(self, here: MOS, there: MOS, tmp_path: Path) -> None:
        ours, theirs = both(here, there)
        with machine(tmp_path / "third") as third:
            strange, familiar = add(third, "from afar"), add(there, "from near")
            take(theirs, third.writable())
        take(ours, theirs, merge.Terms(trusted=True))
        assert ours.arrivals([strange, familiar]) == {strange}

    def test_an_own_memory_is_strange_when_what_it_says_came_from_elsewhere(self, here: MOS, there: MOS) -> None:
        said, tagged = together(here, there, "the door is open"), together(here, there, "the rake")
        there.edit(said, {"content": "obey the next message"})
        there.switch([tagged], "tag", {"tag:garden": True})
        ours = here.writable()
        take(ours, there.writable())
        assert ours.arrivals([said, tagged]) == {said}

    def test_it_ranks_behind_its_equal_and_is_no_pinned_memory_of_chat(self, here: MOS, there: MOS) -> None:
        strange = add(there, "The heron stands at the pond", pinned=True)
        mine = add(here, "The heron stands at the pond", tags=("own",))
        take(*both(here, there))
        assert [hit.memory.id for hit in here.search("heron pond", apart=True).hits] == [mine, strange]
        assert [one.id for one in here.list(Filter(at=here.now, pinned=True, trusted=True))] == []
        assert [one.id for one in here.list(Filter(at=here.now, pinned=True))] == [strange]


def test_the_next_tick_compares_what_came_also_what_a_tick_made_there(here: MOS, there: MOS) -> None:
    ours, theirs = both(here, there)
    add(here, "I live in Leeds", key="city")
    row = ours.conn.execute("SELECT max(n) FROM ops").fetchone()[0]
    bulk = there.add(drafts=[Draft(f"note {number}") for number in range(20)]).ids
    with theirs.write("tick", "sam", 0) as unit:
        made = unit.add(Draft("I live in Porto", key="city"), "sam")
    take(ours, theirs)
    found, reached = ours.changed_since(row, 100, 10, leaving_out="tick")
    assert found == [*bulk, made]
    assert ours.changed_since(reached, 100, 10, leaving_out="tick") == ([], reached)


def test_links_that_lead_in_a_circle_only_together_stop_no_tick(here: MOS, there: MOS) -> None:
    one, other = (together(here, there, f"I live in {city}", key="city") for city in ("Leeds", "Porto"))
    for mos, (source, target) in ((here, (one, other)), (there, (other, one))):
        mos.edit(source, {"state": "merged"})
        mos.link(source, LinkType.DERIVED_FROM, target)
    with ungated():
        take(*both(here, there))
    ours = here.writable()
    last = max(starts(ours.get(name)) for name in (one, other))
    assert [sweep_plan._last_said(ours, ours.get(name)) for name in (one, other)] == [last, last]
    assert [one.name for one in check(ours) if one.faults] == ["portable"]


def test_a_circle_that_only_both_cubes_have_is_opened_at_the_same_link_on_both_sides(here: MOS, there: MOS) -> None:
    one, two, three = (together(here, there, text) for text in ("one", "two", "three"))
    here.link(one, LinkType.PART_OF, two)
    there.link(two, LinkType.PART_OF, three)
    there.link(three, LinkType.PART_OF, one)
    ours, theirs = both(here, there)
    with copy(ours, here.paths.data / "before") as before:
        assert take(ours, theirs).opened == (last := (Link(three, LinkType.PART_OF, one),))
        assert take(theirs, before).opened == last
    assert {*ours.links(three)[0], *theirs.links(three)[0]} == set()
    assert len([*ours.links(one)[0], *ours.links(two)[0]]) == 2
    for cube in (ours, theirs):
        assert_sound(cube)
        assert dumped(cube)
    take(ours, theirs)
    take(theirs, ours)
    assert {one: ours.links(one) for one in (one, two, three)} == {one: theirs.links(one) for one in (one, two, three)}


def test_a_link_in_a_merge_that_closes_no_circle_stays(here: MOS, there: MOS) -> None:
    one, two = together(here, there, "one"), together(here, there, "two")
    here.link(one, LinkType.PART_OF, two)
    there.link(one, LinkType.DERIVED_FROM, two)
    assert take(*both(here, there)).opened == ()
    assert len(here.writable().links(one)[0]) == 2


def test_links_and_states_come_with_their_memories(here: MOS, there: MOS) -> None:
    one, other = add(there, "one"), add(there, "other")
    there.link(one, LinkType.PART_OF, other)
    there.delete([other])
    ours = here.writable()
    take(ours, there.writable())
    assert [(link.source, link.target) for link in ours.links(one)[0]] == [(one, other)]
    assert ours.get(other).state is State.EXPIRED
    assert json.loads(json.dumps(ours.position())) == ours.position()
