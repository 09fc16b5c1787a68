"""The clock that orders a log, and the time of an operation: what each of them is where a machine's clock is wrong."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS, hybrid_clock
from memos_cli.config import Settings, paths
from memos_cli.errors import IntegrityError
from memos_cli.hybrid_clock import AHEAD, APART, LATE, WRITTEN_AT
from memos_cli.infra.vault import log, past
from memos_cli.infra.vault.check import check
from memos_cli.interface.cubes.transfer import Contents
from memos_cli.model import Draft, Filter, Kind, Operation, State
from memos_cli.times import from_millis, to_millis, to_text
from tests.conftest import NOON, Clock, Ran
from tests.infra.transfer import recipe
from tests.trials import trials

MILLIS = st.integers(min_value=0, max_value=2**45)
WALLS = st.lists(st.integers(min_value=-(10**12), max_value=LATE - 1), min_size=1, max_size=8)
NOW = to_text(NOON)
FAR = datetime(2098, 1, 1, tzinfo=UTC)


@given(st.integers(min_value=0, max_value=2**61), MILLIS)
def test_the_clock_is_later_than_all_that_was_seen_and_no_earlier_than_the_wall(latest: int, millis: int) -> None:
    clock = hybrid_clock.next_clock(latest, millis)
    assert clock > latest
    assert hybrid_clock.millis_of(clock) >= millis
    assert clock in {millis << 16, latest + 1}


@given(st.lists(MILLIS, min_size=1, max_size=50))
def test_the_clock_is_monotone_however_the_wall_clock_jumps(walls: list[int]) -> None:
    clocks = [0]
    for wall in walls:
        clocks.append(hybrid_clock.next_clock(clocks[-1], wall))
    assert all(before < after for before, after in itertools.pairwise(clocks))
    assert hybrid_clock.millis_of(clocks[-1]) >= max(walls)


@given(MILLIS, st.integers(min_value=0, max_value=2**16 - 1))
def test_a_clock_names_its_millisecond_and_the_last_of_it_bounds_all_others(millis: int, counter: int) -> None:
    clock = (millis << 16) | counter
    assert hybrid_clock.millis_of(clock) == millis
    assert clock <= hybrid_clock.clock_at(millis) < (millis + 1) << 16


# -- the time of an operation


def operation(clock: int, written_at: str | None = None) -> Operation:
    return Operation("", "r", 1, clock, "", (), "sam", "add", "t", None, "memory", "m", "", b"", {}, written_at)


@given(MILLIS, st.integers(min_value=0, max_value=2**20))
def test_an_operation_carries_the_wall_time_where_its_clock_is_over_a_second_ahead(wall: int, ahead: int) -> None:
    clock = (wall + ahead) << 16
    told = hybrid_clock.apart(clock, wall)
    assert told == (from_millis(wall) if ahead > APART else None)
    assert abs(to_millis(hybrid_clock.time_of(operation(clock, told))) - wall) <= APART
    assert hybrid_clock.moment_of(operation(clock, told)) >> 16 == (wall if ahead > APART else wall + ahead)


def test_the_time_is_taken_out_of_the_change() -> None:
    change: dict[str, Any] = {"content": "x", WRITTEN_AT: NOW}
    assert hybrid_clock.take_out(change, to_millis(NOW) << 16) == NOW
    assert change == {"content": "x"}


@pytest.mark.parametrize(
    "value",
    [None, 1, "", "2026-03-02", "2026-03-02T12:00:00Z", "2026-13-02T12:00:00.000Z", [NOW], {"at": NOW}, True,
     "2026-03-02T12:00:00.001Z", "2098-01-01T00:00:00.000Z"],
)  # fmt: skip
def test_what_cannot_be_the_time_stays_in_the_change(value: object) -> None:
    change = {WRITTEN_AT: value}
    assert hybrid_clock.take_out(change, to_millis(NOW) << 16) is None
    assert change == {WRITTEN_AT: value}


def test_of_what_is_no_change_nothing_is_taken() -> None:
    for value in (None, 5, "text", [WRITTEN_AT]):
        assert hybrid_clock.take_out(value, 1) is None
    assert hybrid_clock.take_out({WRITTEN_AT: NOW}, "no clock") is None
    assert hybrid_clock.take_out({WRITTEN_AT: NOW, "purged": True}, to_millis(NOW) << 16) is None


def test_the_wall_clock_may_be_all_but_later_than_a_cube_file_allows() -> None:
    hybrid_clock.check_wall(LATE - 1)
    hybrid_clock.check_wall(-(10**12))
    with pytest.raises(IntegrityError, match="2099-12-31T00:00:00Z") as caught:
        hybrid_clock.check_wall(LATE)
    assert "set the clock" in (caught.value.hint or "")


def test_an_operation_from_elsewhere_may_be_a_day_ahead_and_no_more() -> None:
    now = to_millis(NOW)
    hybrid_clock.check_ahead(None, now)
    hybrid_clock.check_ahead(operation((now + AHEAD) << 16 | 5), now)
    with pytest.raises(IntegrityError) as caught:
        hybrid_clock.check_ahead(operation((now + AHEAD + 1) << 16, NOW), now)
    said = f"{caught.value.message} {caught.value.hint}"
    for part in ("operation 1 of replica r", "2026-03-03T12:00:00.001Z", "2026-03-02T12:00:00Z", "may be this machine's"):
        assert part in said


def test_a_notice_tells_of_a_clock_that_cannot_be_right() -> None:
    now = to_millis(NOW)
    assert hybrid_clock.notice((now + AHEAD) << 16, now, "2026-03-02") is None
    assert "operations of 2026-03-03" in (hybrid_clock.notice((now + AHEAD + 1) << 16, now, "2026-03-02") or "")
    assert "was made on 2026-03-03" in (hybrid_clock.notice(now << 16, now, "2026-03-03") or "")


# -- a home whose clock was wrong


@pytest.fixture
def moved(mos: MOS, clock: Clock) -> MOS:
    """A home whose log was moved to 2098 by an operation without a wall time, as every version before could do it."""
    mos.add(drafts=[Draft("mine before")])
    clock.now = FAR
    mos.add(drafts=[Draft("of 2098")])
    clock.now = NOON + timedelta(hours=1)
    return mos


def contents(mos: MOS, at: datetime) -> list[str]:
    return sorted(one.content for one in mos.list(Filter(at=to_text(at), past=True)))


def stored(mos: MOS) -> list[dict[str, Any]]:
    """The changes as the log has them, the newest last."""
    found = mos.vaults()[0].conn.execute("SELECT change FROM ops WHERE change IS NOT NULL ORDER BY n")
    return [json.loads(text) for (text,) in found]


def test_what_is_written_after_it_has_the_date_of_the_wall(moved: MOS, clock: Clock) -> None:
    (new,) = moved.add(drafts=[Draft("mine after")]).ids
    assert moved.get(new).created_at == moved.get(new).updated_at == moved.now
    assert contents(moved, clock.now) == ["mine after", "mine before"]
    assert contents(moved, NOON) == ["mine before"]
    assert [one.content for one in moved.list()] == ["of 2098", "mine after", "mine before"]
    since = Filter(at=moved.now, since="2026-03-01T00:00:00.000Z", until="2027-01-01T00:00:00.000Z")
    assert [one.content for one in moved.list(since)] == ["mine after", "mine before"]
    assert stored(moved)[-1][WRITTEN_AT] == moved.now
    assert WRITTEN_AT not in stored(moved)[0]


def test_the_past_is_folded_by_the_time_of_the_wall(moved: MOS, clock: Clock) -> None:
    (new,) = moved.add(drafts=[Draft("a first word")]).ids
    clock.forward(hours=1)
    moved.edit(new, {"content": "a second word"})
    clock.forward(hours=1)
    moved.edit(new, {"content": "a third word"})
    for hours, word in ((1, "a first word"), (2, "a second word"), (3, "a third word")):
        assert word in contents(moved, NOON + timedelta(hours=hours, minutes=30))
    assert "a first word" not in contents(moved, NOON + timedelta(minutes=30))
    assert past.at_instant(moved.vaults()[0], moved.now) is moved.vaults()[0]  # nothing changed since: nothing to fold


def test_an_edit_under_a_wrong_clock_stays_part_of_what_was_edited_after_it(mos: MOS, clock: Clock) -> None:
    (one,) = mos.add(drafts=[Draft("a first word")]).ids
    clock.now = FAR
    mos.edit(one, {"content": "a word of 2098"})
    clock.now = NOON + timedelta(days=1)
    mos.edit(one, {"title": "titled after"})
    assert contents(mos, NOON) == ["a first word"]
    assert contents(mos, clock.now) == ["a word of 2098"]
    assert [version.at[:10] for version in mos.history(one)[1]] == ["2026-03-02", "2098-01-01", "2026-03-03"]


def test_undo_history_rollback_and_commands_take_it_for_the_time_and_no_value(moved: MOS, clock: Clock) -> None:
    (new,) = moved.add(drafts=[Draft("a first word")]).ids
    clock.forward(hours=1)
    moved.edit(new, {"content": "a second word"})
    first, second = moved.history(new)[1]
    assert (first.at, second.at) == (to_text(NOON + timedelta(hours=1)), moved.now)
    assert (second.operation.change, second.before) == ({"content": "a second word"}, {"content": "a first word"})
    assert [one["at"] for one in moved.timeline.commands(2)] == [second.at, first.at]
    clock.forward(hours=1)
    moved.undo()
    assert (moved.get(new).content, moved.get(new).updated_at) == ("a first word", moved.now)
    clock.forward(hours=1)
    moved.rollback(new, 2)
    assert set(stored(moved)[-1]) == {"content", WRITTEN_AT}
    assert set(stored(moved)[-2]) == {"content", WRITTEN_AT}
    assert [one.faults for one in check(moved.vaults()[0]) if one.faults] == []


def test_records_do_not_show_it(moved: MOS, clock: Clock) -> None:
    moved.pipeline.save_record("view", "work", {"tags": ["work"]})
    moved.snapshots.create("now")
    clock.forward(hours=1)
    assert moved.writable().records("view") == {"work": {"tags": ["work"]}}
    assert set(moved.writable().records("snapshot")["now"]) == {"position", "at"}
    (same,) = moved.add(drafts=[Draft("written since")]).ids
    compared = moved.snapshots.diff("now").differences
    assert [(one.subject, WRITTEN_AT in one.fields) for one in compared] == [(same, False)]
    moved.pipeline.save_record("view", "work", {})
    assert moved.writable().records("view") == {}


def test_a_purge_has_the_one_form_of_a_tombstone(moved: MOS) -> None:
    (gone,) = moved.add(drafts=[Draft("to be purged")]).ids
    moved.purge([gone])
    assert stored(moved)[-1] == {"purged": True}
    assert moved.vaults()[0].get(gone).state is State.PURGED
    assert [one.faults for one in check(moved.vaults()[0]) if one.faults] == []


def test_a_reader_made_from_the_manual_page_finds_the_same_times(moved: MOS, clock: Clock) -> None:
    (new,) = moved.add(drafts=[Draft("mine after")]).ids
    clock.forward(hours=1)
    moved.pipeline.save_record("view", "work", {"tags": ["work"]})
    moved.edit(new, {"title": "with a title"})
    members, _ = recipe.members(exported(moved))
    memories, _, rules = recipe.state(recipe.operations(recipe.lines(members["ops.jsonl"])))
    assert [json.loads(line) for line in recipe.lines(members["memories.jsonl"])] == memories
    assert [json.loads(line) for line in recipe.lines(members["rules.jsonl"])] == rules
    assert {one["id"]: one["updated_at"] for one in memories}[new] == moved.now


def test_a_rebuild_finds_the_same_times(moved: MOS) -> None:
    from memos_cli.infra.vault import rebuild

    moved.add(drafts=[Draft("mine after", tags=("a",), key="k")])
    vault = moved.vaults()[0]
    assert rebuild.differences(vault.conn) == []
    before = vault.conn.execute("SELECT id, created, updated FROM memories ORDER BY id").fetchall()
    with vault.derive() as conn:
        rebuild.rebuild(conn)
    assert vault.conn.execute("SELECT id, created, updated FROM memories ORDER BY id").fetchall() == before


@settings(max_examples=trials(20, 100))
@given(walls=WALLS)
def test_however_the_clock_jumps_the_log_is_in_order_and_each_memory_has_the_time_of_the_wall(
    tmp_path_factory: pytest.TempPathFactory, walls: list[int]
) -> None:
    with home_of(tmp_path_factory.mktemp("jumps"), clock := Clock()) as mos:
        mos.writable().conn.execute("PRAGMA synchronous = OFF")
        ids = []
        for number, wall in enumerate(walls):
            clock.now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=wall)
            ids += mos.add(drafts=[Draft(f"note {number}")]).ids
            if number:
                mos.edit(ids[number - 1], {"title": f"title {number}"})
        vault = mos.vaults()[0]
        clocks = [op.clock for op in sorted(log.operations(vault.conn), key=lambda op: op.seq)]
        assert all(before < after for before, after in itertools.pairwise(clocks))
        for number, (identity, wall) in enumerate(zip(ids, walls, strict=True)):
            memory, after = mos.get(identity), walls[min(number + 1, len(walls) - 1)]
            assert 0 <= to_millis(memory.created_at) - wall <= APART
            assert 0 <= to_millis(memory.updated_at) - after <= APART
            shown = {one.id for one in mos.list(Filter(at=from_millis(wall + APART), past=True))}
            assert identity in shown
            assert not {one for one, other in zip(ids, walls, strict=True) if other > wall + APART} & shown
        assert [one.faults for one in check(vault) if one.faults] == []
        assert travelled(mos).manifest["counts"]["memories"] == len(walls)


def home_of(folder: Path, clock: Clock) -> MOS:
    settings = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(folder)}))
    return MOS(folder, settings=settings, clock=clock)


def travelled(mos: MOS) -> Contents:
    """The cube in a file, verified under a clock that is far enough."""
    out = exported(mos)
    clock = mos._clock
    assert isinstance(clock, Clock)
    clock.now = datetime(2099, 12, 31, tzinfo=UTC)
    return mos.transfer.verify(BytesIO(out))


def exported(mos: MOS) -> bytes:
    target = mos.paths.cache.parent / "out.memcube"
    mos.transfer.export("default", target, force=True)
    return target.read_bytes()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[MOS]:
    with home_of(tmp_path / "elsewhere", Clock(NOON + timedelta(days=1, seconds=1))) as mos:
        yield mos


def test_a_file_over_a_day_ahead_is_refused_whole(mos: MOS, elsewhere: MOS, clock: Clock) -> None:
    (mine,) = mos.add(drafts=[Draft("mine before")]).ids
    elsewhere.add(drafts=[Draft("harmless")])
    data, before = exported(elsewhere), mos.vaults()[0].position()
    for take in (
        lambda: mos.transfer.verify(BytesIO(data)),
        lambda: mos.transfer.receive(BytesIO(data), "other"),
        lambda: mos.transfer.receive(BytesIO(data), "other", dry_run=True),
        lambda: mos.cube_merge.merge_file(BytesIO(data), "file"),
        lambda: mos.cube_merge.merge_file(BytesIO(data), "file", dry_run=True),
        lambda: mos.cube_merge.merge(str(elsewhere.vaults()[0].folder)),
        lambda: mos.cube_merge.merge(str(elsewhere.vaults()[0].folder), dry_run=True),
    ):
        with pytest.raises(IntegrityError, match="over a day ahead of this machine's clock"):
            take()
    assert (mos.vaults()[0].position(), mos.shelf.names()) == (before, ["default"])
    assert sorted(path.name for path in mos.paths.cubes.iterdir()) == ["default"]
    assert mos.get(mine).content == "mine before"
    clock.forward(seconds=1)
    assert mos.cube_merge.merge_file(BytesIO(data), "file", take=True).plan.operations == 1


def test_another_cube_of_this_home_is_refused_too_and_a_split_is_none(moved: MOS) -> None:
    moved.create_cube("other")
    with pytest.raises(IntegrityError, match="over a day ahead"):
        moved.cube_merge.merge("default", "other")
    assert len(moved.cube_merge.split("part", "default", keep=True).ids) == 2


def test_what_is_merged_with_wall_times_has_them_on_the_other_machine(mos: MOS, elsewhere: MOS, clock: Clock) -> None:
    """Within the day, the clock moves, and what is written after it carries the wall time to wherever it goes."""
    elsewhere.add(drafts=[Draft("a day ahead")])
    clock.forward(seconds=5)
    mos.add(drafts=[Draft("mine before")])
    mos.cube_merge.merge_file(BytesIO(exported(elsewhere)), "file", take=True)
    (new,) = mos.add(drafts=[Draft("mine after", kind=Kind.FACT)]).ids
    assert mos.get(new).created_at == mos.now
    elsewhere.cube_merge.merge_file(BytesIO(exported(mos)), "file", take=True)
    assert elsewhere.get(new).created_at == mos.now
    assert [one.faults for one in check(elsewhere.vaults()[0]) if one.faults] == []


def test_a_time_beyond_what_a_file_may_hold_is_refused_where_it_is_written(mos: MOS, clock: Clock) -> None:
    clock.now = datetime(2101, 1, 1, tzinfo=UTC)
    for write in (lambda: mos.add("x"), lambda: mos.create_cube("other")):
        with pytest.raises(IntegrityError, match="2101-01-01T00:00:00Z"):
            write()
    assert mos.shelf.names() == []
    clock.now = NOON
    mos.add("y")
    assert mos.transfer.verify(BytesIO(exported(mos))).manifest["counts"]["memories"] == 1
    clock.now = datetime(2101, 1, 1, tzinfo=UTC)
    with pytest.raises(IntegrityError):
        mos.add("x")
    assert [one.content for one in mos.list()] == ["y"]


# -- the same through the command line

AT = """
import datetime, sys
from memos_cli.__main__ import main
from memos_cli.cli.app import App
now = datetime.datetime.fromisoformat(sys.argv.pop(1))
App.now = lambda _: now
main()
"""


def at(now: str, *arguments: str) -> Ran:
    """A run of the program on a machine whose clock says `now`."""
    command = [sys.executable, "-c", AT, now, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return Ran(done.returncode, done.stdout, done.stderr)


TODAY, TOMORROW = "2026-11-29T12:00:00+00:00", "2026-11-30T12:00:00+00:00"


def test_what_is_written_today_after_a_write_of_2040_has_today_s_date(home: Path) -> None:  # noqa: ARG001 -- the home is used
    assert at("2040-01-01T12:00:00+00:00", "add", "of 2040").status == 0
    assert at(TODAY, "add", "of today").status == 0
    listed = {one["content"]: one for one in at(TOMORROW, "list", "--json").data["memories"]}
    assert listed["of today"]["created_at"].startswith("2026-11-29")
    as_of_now = at(TOMORROW, "list", "--as-of", "now", "--json").data["memories"]
    assert [one["content"] for one in as_of_now] == ["of today"]
    found = at(TOMORROW, "search", "today", "--as-of", "2026-11-29T13:00:00Z", "--json").data["hits"]
    assert [one["content"] for one in found] == ["of today"]


def test_a_tick_for_next_year_purges_nothing_unasked_and_real_ticks_go_on(home: Path) -> None:  # noqa: ARG001
    (one,) = at(TODAY, "add", "The heron nests by the weir", "--json").data["ids"]
    at(TODAY, "forget", one, "--yes")
    ahead = at(TODAY, "lifecycle", "tick", "--now", "2027-12-01")
    assert (ahead.status, "would purge 1 memory" in ahead.err, ahead.out) == (3, True, "")
    assert at(TODAY, "list", "--all", "--json").data["memories"][0]["state"] == "expired"
    at(TODAY, "undo")
    (two,) = at(TODAY, "add", "A second heron", "--ttl", "1h", "--json").data["ids"]
    assert at(TODAY, "lifecycle", "tick", "--now", "2027-12-01", "--json").data["transitions"]["expired"] == 1
    assert at(TODAY, "undo").status == 0
    status = at(TODAY, "lifecycle", "status", "--json").data["cubes"][0]
    assert (status["ticked"], status["states"]["expired"]) == (None, 0)
    real = at(TOMORROW, "lifecycle", "tick", "--json")
    assert (real.status, real.data["transitions"]["expired"]) == (0, 1)
    states = {memory["id"]: memory["state"] for memory in at(TOMORROW, "list", "--all", "--json").data["memories"]}
    assert states == {one: "generated", two: "expired"}
