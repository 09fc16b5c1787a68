"""The tick: what it does, that it does it once, and everything that may stop it."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import Busy, Refused, UsageError
from memos_cli.infra import files
from memos_cli.infra.marks import TICKED
from memos_cli.model import Draft, Filter, Kind, State
from memos_cli.operation import policy
from memos_cli.operation.lifecycle import lifecycle
from memos_cli.operation.lifecycle import tick as tick_steps
from memos_cli.operation.lifecycle.tick import LOCK, Limits, Ticked
from memos_cli.operation.operator.dedupe import sweep, told
from memos_cli.ports.ports import Token
from memos_cli.times import parse_iso
from tests.conftest import Clock


def tick(mos: MOS, limits: Limits | None = None, now: str | None = None) -> Ticked:
    (done,) = mos.lifecycle.tick(now, limits)
    return done


def states(mos: MOS) -> dict[str, str]:
    return {memory.content: memory.state.value for memory in mos.list(Filter(at=mos.now, everything=True))}


def operations(mos: MOS) -> int:
    return int(mos.vaults()[0].conn.execute("SELECT count(*) FROM ops").fetchone()[0])


def set_policy(mos: MOS, **fields: object) -> None:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    policy.set_policy(mos.writable(), mos.author("policy"), named)


def soon(mos: MOS, seconds: float = 60.0) -> str:
    from datetime import timedelta

    from memos_cli.times import from_text, to_text

    return to_text(from_text(mos.now) + timedelta(seconds=seconds))


@pytest.fixture
def three(mos: MOS, clock: Clock) -> MOS:
    """A note that will have faded, one with a TTL, and one that is pinned."""
    mos.add("the note that fades", kind=Kind.NOTE)
    mos.add("the offer of this week", kind=Kind.NOTE, expires_at=soon(mos, 7 * 86400))
    mos.add("the note that stays", kind=Kind.NOTE, pinned=True)
    clock.forward(days=91)
    return mos


def test_a_tick_carries_out_what_is_due(three: MOS) -> None:
    done = tick(three)
    assert done.transitions == {"expired": 1, "purged": 0, "archived": 1, "activated": 0, "merged": 0}
    assert states(three) == {
        "the note that fades": "archived", "the offer of this week": "expired", "the note that stays": "generated",
    }  # fmt: skip


def test_a_second_tick_at_the_same_time_changes_nothing(three: MOS) -> None:
    now = three.now
    tick(three, now=now)
    before = operations(three), three.vaults()[0].path.read_bytes()
    again = tick(three, now=now)
    assert (sum(again.transitions.values()), again.due) == (0, 0)
    assert (operations(three), three.vaults()[0].path.read_bytes()) == before


def test_a_tick_for_an_earlier_time_is_none(three: MOS) -> None:
    tick(three, now="2027-06-01T00:00:00.000Z")
    before = states(three), operations(three)
    assert tick(three, now="2027-05-01T00:00:00.000Z").due == 0
    assert (states(three), operations(three)) == before


def test_one_undo_takes_a_tick_back_and_another_does_it_again(three: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    before = states(three)
    monkeypatch.setattr(tick_steps, "_WRITTEN", 1)  # one transaction a memory
    done = tick(three)
    after = states(three)
    undone = three.undo()
    assert undone.reverted == done.command_id
    assert states(three) == before
    three.undo(undone.txn)
    assert states(three) == after


def test_a_dry_run_writes_nothing(three: MOS) -> None:
    before = operations(three), three.vaults()[0].path.read_bytes()
    done = tick(three, Limits(dry=True))
    assert [move.way.reason for move in done.moves] == ["ttl", "faded"]
    assert (operations(three), three.vaults()[0].path.read_bytes()) == before
    assert tick(three).moves == done.moves


def test_use_puts_fading_off(three: MOS) -> None:
    (faded,) = [memory for memory in three.list() if memory.content == "the note that fades"]
    three.record_uses([faded])
    assert tick(three).transitions["archived"] == 0
    assert faded.id not in {due.memory.id for due in three.vaults()[0].due_by(soon(three, 86400))}


def test_what_is_recalled_from_the_archive_comes_back(three: MOS, clock: Clock) -> None:
    tick(three)
    (gone,) = [memory for memory in three.list(Filter(at=three.now, archived=True)) if memory.state is State.ARCHIVED]
    clock.forward(hours=1)
    three.record_uses([gone])
    assert tick(three).transitions["activated"] == 1
    assert states(three)["the note that fades"] == "activated"
    clock.forward(days=30)
    assert tick(three).transitions["archived"] == 0


def test_it_comes_back_where_the_archive_has_no_term_and_a_search_recalled_it(three: MOS, clock: Clock) -> None:
    set_policy(three, expire__archived_days=0)
    tick(three)
    clock.forward(hours=1)
    (hit,) = three.search("fades", lexical=True, wanted=Filter(at=three.now, archived=True)).hits
    assert hit.memory.state is State.ARCHIVED
    assert tick(three).moves[0].way.reason == "recalled"
    assert states(three)["the note that fades"] == "activated"


# -- what stops a tick


def test_a_limit_leaves_the_rest_for_the_next(three: MOS) -> None:
    first = tick(three, Limits(transitions=1))
    assert (first.unfinished, sum(first.transitions.values())) == (True, 1)
    second = tick(three)
    assert (second.unfinished, sum(second.transitions.values())) == (False, 1)


def test_no_time_at_all(three: MOS) -> None:
    assert tick(three, Limits(seconds=0.0)).unfinished
    assert sum(tick(three).transitions.values()) == 2


def test_two_ticks_at_once(three: MOS) -> None:
    folder = three.vaults()[0].folder
    with files.only_one(folder / LOCK, "a tick"), pytest.raises(Busy, match="under way"):
        tick(three)


def test_a_large_share_is_not_retired_for_idleness(mos: MOS, clock: Clock) -> None:
    for number in range(120):
        mos.add(f"note {number}", kind=Kind.NOTE, expires_at=soon(mos) if number < 30 else None)
    clock.forward(days=100)
    done = tick(mos)
    assert (done.braked, done.transitions["expired"], done.transitions["archived"]) == (90, 30, 0)
    assert tick(mos).braked == 0  # 90 are left: too few for a brake
    assert states(mos)["note 119"] == "archived"


def test_the_brake_can_be_taken_off_and_set(mos: MOS, clock: Clock) -> None:
    for number in range(120):
        mos.add(f"note {number}", kind=Kind.NOTE)
    clock.forward(days=100)
    set_policy(mos, brake__share=0)
    assert tick(mos).braked == 120
    set_policy(mos, brake__share=0.99)
    assert tick(mos).braked == 120
    assert tick(mos, Limits(mass=True)).transitions["archived"] == 120


def test_only_the_owner_ticks(three: MOS) -> None:
    with pytest.raises(Refused, match="belongs to"):
        lifecycle.Tick(three.vaults()[0], three.author("tick", "eve"), three.now, Limits()).run()


def test_a_step_that_is_switched_off_is_left(three: MOS) -> None:
    set_policy(three, steps__archive=False)
    assert tick(three).transitions == {"expired": 1, "purged": 0, "archived": 0, "activated": 0, "merged": 0}


# -- fusions, supersessions, questions


TWICE = ("I'm allergic to peanuts", "By the way, I am allergic to peanuts.")


def test_what_was_told_twice_becomes_one(mos: MOS, clock: Clock) -> None:
    for text in TWICE:
        mos.add(text, kind=Kind.NOTE)
        clock.forward(hours=1)
    done = tick(mos)
    assert (done.transitions["merged"], done.transitions["archived"]) == (1, 2)
    (left,) = mos.list()
    assert (left.state, left.content in TWICE) == (State.MERGED, True)
    sources = [one for one in mos.list(Filter(at=mos.now, archived=True)) if one.state is State.ARCHIVED]
    assert {one.content for one in sources} == set(TWICE)
    before = operations(mos)
    assert (tick(mos).transitions["merged"], operations(mos)) == (0, before)
    mos.undo()
    assert {one.content for one in mos.list()} == set(TWICE)


def test_a_source_that_is_looked_at_stays_in_the_archive(mos: MOS, clock: Clock) -> None:
    for text in TWICE:
        mos.add(text, kind=Kind.NOTE)
    tick(mos)
    clock.forward(hours=1)
    mos.record_uses([one for one in mos.list(Filter(at=mos.now, archived=True)) if one.state is State.ARCHIVED])
    clock.forward(hours=1)
    assert tick(mos).transitions["activated"] == 0


def test_a_certain_conflict_supersedes_and_an_uncertain_one_is_asked(
    mos: MOS, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MOST_TOLD", 0)  # as of a long file: what is told is left to the tick
    old = mos.add("I eat meat", kind=Kind.PREFERENCE).ids[0]
    clock.forward(days=1)
    mos.add("I am vegan now", kind=Kind.PREFERENCE)
    mos.add("The meeting with Jonas is on Monday", kind=Kind.NOTE)
    mos.add("The meeting with Jonas is on Tuesday", kind=Kind.NOTE)
    done = tick(mos)
    current = {one.content for one in mos.list()}
    assert {"The meeting with Jonas is on Monday", "The meeting with Jonas is on Tuesday", "I am vegan now"} <= current
    assert (done.superseded, "I eat meat" in current, mos.get(old).valid_to is None) in {(1, False, False), (0, True, True)}
    assert done.asked >= 1
    assert done.asked + done.superseded == 2
    assert lifecycle.standing(mos.vaults()[0], mos.now).questions == done.asked


def test_a_dry_run_says_what_would_be_fused(mos: MOS) -> None:
    for text in TWICE:
        mos.add(text, kind=Kind.NOTE)
    before = operations(mos)
    done = tick(mos, Limits(dry=True))
    assert ([move.way.reason for move in done.moves], operations(mos)) == (["fused", "fused"], before)


def test_only_what_was_written_since_is_compared(mos: MOS) -> None:
    mos.add("the first one")
    set_policy(mos, fuse__most=3)
    for number in range(5):
        mos.add(f"note {number} on something else entirely", kind=Kind.NOTE)
    vault = mos.vaults()[0]
    reached = [0]
    for _ in range(4):
        tick(mos)
        reached.append(int(vault.mark("swept")))
    assert reached == sorted(reached)
    assert vault.changed_since(reached[-1], 10, 10, leaving_out="tick")[0] == []


def test_what_was_loaded_in_bulk_is_compared_when_that_is_wanted(mos: MOS) -> None:
    loaded = [Draft(text) for text in TWICE] + [Draft(f"line {number} of a long list") for number in range(20)]
    mos.add(drafts=loaded)
    set_policy(mos, fuse__load=10)
    mos.add("one more line, told by itself")
    assert tick(mos).transitions["merged"] == 0
    vault = mos.vaults()[0]
    assert int(vault.mark("swept")) == vault.conn.execute("SELECT max(n) FROM ops").fetchone()[0]
    assert [move.way.reason for move in tick(mos, Limits(all=True, dry=True)).moves] == ["fused", "fused"]
    assert tick(mos, Limits(all=True)).transitions["merged"] == 1


class Opinion:
    """A model that has one opinion."""

    name, local, context, template = "opinion", True, 4000, None

    def __init__(self, said: str) -> None:
        self.said = said

    def stream(self, *_: object, **__: object) -> Iterator[Token]:
        yield Token(self.said)


@pytest.mark.parametrize(
    ("said", "heard"),
    [('{"verdict": "same"}', "same"), ('{"verdict": "maybe"}', None), ("[1]", None), ("", None), ('{"verdict": 1}', None)],
)
def test_a_model_s_opinion_is_read_again(said: str, heard: str | None) -> None:
    assert sweep.judge(Opinion(said))("one", "two") == heard  # type: ignore[arg-type]


# -- policy


def test_a_policy_takes_effect_at_once_and_is_undone(three: MOS) -> None:
    set_policy(three, archive__idle_days__note=365)
    assert tick(three, Limits(dry=True)).transitions["archived"] == 0
    three.undo()
    assert policy.policy_of(three.vaults()[0]).get("archive.idle_days.note") == 90
    assert tick(three).transitions["archived"] == 1


def test_a_default_is_no_setting(mos: MOS) -> None:
    mos.add("x")
    set_policy(mos, archive__decay=0.5)
    assert policy.policy_of(mos.vaults()[0]).fields == {}
    with pytest.raises(UsageError):
        set_policy(mos, archive__decay=2)


def test_the_plan_is_what_ticks_then_do(three: MOS, clock: Clock) -> None:
    planned = lifecycle.plan(three.vaults()[0], three.now, 500)
    done: list[tuple[str, str]] = []
    start = three.now
    for _ in range(501):
        done += [(move.id, move.way.to.value) for move in tick(three).moves]
        clock.forward(days=1)
    assert start <= planned[0].at
    assert sorted(done) == sorted((one.memory.id, one.to.value) for one in planned)


def test_how_things_stand(three: MOS) -> None:
    found = lifecycle.standing(three.vaults()[0], three.now)
    assert (found.due, found.ticked, found.states["generated"]) == (2, None, 3)
    tick(three)
    later = lifecycle.standing(three.vaults()[0], three.now)
    assert (later.due, later.ticked) == (0, three.now)
    assert later.next is not None
    assert later.next > three.now


# -- hooks


def hook(mos: MOS, name: str, body: str) -> None:
    folder = mos.paths.config / "hooks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    set_policy(mos, hooks__archived=name)


def test_a_hook_is_told_what_was_archived(three: MOS, tmp_path: Path) -> None:
    hook(three, "tell", f"cat > {tmp_path}/told")
    (faded,) = [memory.id for memory in three.list() if memory.content == "the note that fades"]
    done = tick(three)
    told = json.loads((tmp_path / "told").read_text())
    assert told == {"event": "archived", "cube": "default", "now": parse_iso(three.now), "ids": [faded]}
    assert done.notes == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [("echo broken >&2; exit 3", "exit status 3, broken"), ("sleep 60", "ended"), ("exec 0<&-; exit 0", None)],
)
def test_a_hook_that_fails_harms_nothing(three: MOS, body: str, said: str | None) -> None:
    hook(three, "bad", body)
    set_policy(three, hooks__seconds=0.3)
    done = tick(three)
    assert done.transitions["archived"] == 1
    assert (said in done.notes[0]) if said else done.notes == ()


def test_a_hook_that_is_not_there(three: MOS) -> None:
    set_policy(three, hooks__archived="nobody")
    assert "there is no" in tick(three).notes[0]


def test_a_dry_run_runs_no_hook(three: MOS, tmp_path: Path) -> None:
    hook(three, "tell", f"touch {tmp_path}/told")
    tick(three, Limits(dry=True))
    assert not (tmp_path / "told").exists()


def test_several_cubes(home: Path, clock: Clock) -> None:
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, cubes=["one", "two"], settings=chosen, clock=clock) as mos:
        for name in ("one", "two"):
            mos.create_cube(name)
        for vault in mos.vaults():
            with mos.author("add").write(vault) as unit:
                unit.add(Draft("a note"), "sam")
        clock.forward(days=100)
        assert [one.transitions["archived"] for one in mos.lifecycle.tick()] == [1, 1]


def test_a_cube_given_by_its_path_is_prepared_for_as_one_given_by_its_name(mos: MOS) -> None:
    mos.add("tea")
    place = mos.vaults()[0].folder
    for cubes in ([], ["default"], [str(place)]):
        with MOS(mos.paths.data, cubes, settings=mos.settings) as one, one.lifecycle._means(one.vaults()[0], print) as means:
            assert means.prepare is not None, cubes


# -- clocks that may be wrong


@pytest.fixture
def forgotten(mos: MOS, clock: Clock) -> MOS:
    """A home that was ticked, then a memory was forgotten, and its grace is over; ticks went on a while."""
    mos.add("the locker code")
    tick(mos)
    mos.delete(mos.list()[0].id)
    clock.forward(days=20)
    tick(mos)
    return mos


def test_after_a_long_pause_a_tick_does_all_but_purge_and_one_a_day_later_purges(forgotten: MOS, clock: Clock) -> None:
    forgotten.add("the offer of this week", kind=Kind.NOTE, expires_at=soon(forgotten, 86400))
    clock.forward(days=31, seconds=1)
    dry = tick(forgotten, Limits(dry=True))
    assert (dry.held, [move.way.to for move in dry.moves]) == (1, [State.EXPIRED])
    first = tick(forgotten)
    assert (first.transitions["purged"], first.transitions["expired"], first.held) == (0, 1, 1)
    assert "1 memory is due to be purged; since no tick had run for over 31 days" in first.notes[0]
    clock.forward(hours=1)
    again = tick(forgotten)
    assert (again.transitions["purged"], again.held, again.purges_from) == (0, 1, first.purges_from)
    clock.forward(hours=23)
    last = tick(forgotten)
    assert (last.transitions["purged"], last.held, last.notes) == (1, 0, ())


def test_without_a_pause_and_at_the_first_tick_it_purges_at_once(forgotten: MOS, clock: Clock) -> None:
    clock.forward(days=31)
    done = tick(forgotten)
    assert (done.transitions["purged"], done.held, done.notes) == (1, 0, ())


def test_a_tick_ahead_of_the_clock_purges_only_with_a_yes(forgotten: MOS) -> None:
    (identity,) = (memory.id for memory in forgotten.list(Filter(at=forgotten.now, everything=True)))
    later, vault = soon(forgotten, 400 * 86400), forgotten.vaults()[0]
    before = operations(forgotten), vault.mark(TICKED)
    with pytest.raises(Refused, match=f"would purge 1 memory of cube default for good: {identity[:8]}") as caught:
        tick(forgotten, now=later)
    assert "--yes" in (caught.value.hint or "")
    assert (operations(forgotten), vault.mark(TICKED)) == before
    assert [move.way.to for move in tick(forgotten, Limits(dry=True), later).moves] == [State.PURGED]
    assert tick(forgotten, Limits(purge_ahead=True), later).transitions["purged"] == 1


def test_a_mark_ahead_of_the_clock_is_said_and_ticks_go_on_from_now(three: MOS, clock: Clock) -> None:
    tick(three, Limits(transitions=1), now=soon(three, 100 * 86400))
    clock.forward(days=1)
    done = tick(three)
    assert "ahead of this machine's clock, which says 2026-06-02T12:00:00Z" in done.notes[0]
    assert (sum(done.transitions.values()), three.vaults()[0].mark(TICKED)) == (1, three.now)
    clock.forward(days=1)
    assert tick(three).notes == ()


def test_a_wait_that_a_wrong_clock_began_ends_with_it(forgotten: MOS, clock: Clock) -> None:
    right = clock.now
    clock.forward(days=5000)
    assert tick(forgotten).held == 1
    clock.now = right
    clock.forward(days=20)
    done = tick(forgotten)
    assert ("ahead of this machine's clock" in done.notes[0], done.held, done.transitions["purged"]) == (True, 0, 1)


def test_undo_of_a_tick_takes_back_its_mark(three: MOS, clock: Clock) -> None:
    vault = three.vaults()[0]
    assert tick(three, Limits(dry=True)).command_id is None
    first = three.now
    tick(three, Limits(transitions=1))
    clock.forward(days=1)
    tick(three)
    three.undo()
    assert vault.mark(TICKED) == first
    three.undo()
    assert vault.mark(TICKED) == ""
    done = tick(three, now=soon(three, 400 * 86400))
    assert vault.mark(TICKED) > three.now
    three.undo(done.command_id)
    assert vault.mark(TICKED) == ""
    assert tick(three).notes == ()


def test_undo_of_an_earlier_tick_leaves_the_mark_of_a_later_one(three: MOS, clock: Clock) -> None:
    earlier = tick(three)
    clock.forward(days=1)
    tick(three)
    three.undo(earlier.command_id)
    assert three.vaults()[0].mark(TICKED) == three.now


def test_of_all_cubes_one_that_would_purge_ahead_keeps_no_other_from_its_tick(forgotten: MOS) -> None:
    forgotten.create_cube("other")
    done, failed = forgotten.lifecycle.tick_all(soon(forgotten, 400 * 86400))
    assert ([one.cube for one in done], list(failed)) == (["other"], ["default"])
    assert isinstance(failed["default"], Refused)
