"""Standing sources: what a tick takes of them and when, and that nobody from elsewhere makes anybody read a file."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import NotFound, Refused, UsageError
from memos_cli.infra.local.source_states import SourceState, SourceStates
from memos_cli.interface.imports import imports
from memos_cli.interface.imports.standing_sources import ELSEWHERE, GONE
from memos_cli.model import Filter
from memos_cli.operation import policy
from memos_cli.operation.lifecycle.source_records import NOUN
from memos_cli.operation.lifecycle.tick import Limits, Ticked
from tests.conftest import Clock
from tests.talks import turn, write

TALK = ("The pump stands in the cellar.", "The tap of the garden drips.", "Ines called the plumber.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of sessions, with one of three turns."""
    folder = tmp_path / "claude" / "projects"
    write(folder / "garden" / "s1.jsonl", *(turn(n, text, f"2026-03-01T10:0{n}:00.000Z") for n, text in enumerate(TALK)))
    return folder


@pytest.fixture
def added(mos: MOS, folder: Path) -> MOS:
    mos.sources.add(str(folder))
    return mos


def tick(mos: MOS, **limits: Any) -> Ticked:
    (done,) = mos.lifecycle.tick(None, Limits(**limits))
    return done


def turns(mos: MOS) -> list[str]:
    return sorted(one.content for one in mos.list(Filter(at=mos.now, kinds=("episode",))))


def test_two_ticks_around_an_added_line_take_it_and_nothing_else(
    added: MOS, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tick(added)
    assert [(one.kind, one.taken, one.unfinished, one.fault) for one in first.sources] == [("claude-code", 3, False, "")]
    assert turns(added) == sorted(TALK)
    operations = sum(added.writable().position().values())
    clock.forward(hours=1)
    with monkeypatch.context() as closed:
        closed.setattr(imports.Imports, "take", lambda *_: pytest.fail("an unchanged source is not read"))
        assert tick(added).sources == ()
    assert sum(added.writable().position().values()) == operations  # a tick that finds nothing writes nothing
    write(folder / "garden" / "s1.jsonl", turn(9, "The plumber comes on Friday.", "2026-03-02T12:30:00.000Z"), age=30)
    second = tick(added)
    assert [one.taken for one in second.sources] == [1]
    assert turns(added) == sorted([*TALK, "The plumber comes on Friday."])
    (found,) = added.sources.list()
    assert (found.taken - sum(one.facts for one in (*first.sources, *second.sources)), found.fault) == (4, "")


def test_a_line_that_was_being_written_is_taken_once_it_is_whole(added: MOS, folder: Path, clock: Clock) -> None:
    path = folder / "garden" / "s1.jsonl"
    line = json.dumps(turn(9, "The plumber comes on Friday.", "2026-03-02T12:30:00.000Z")) + "\n"
    write(path, torn=line[:50])
    tick(added)
    assert turns(added) == sorted(TALK)
    clock.forward(hours=1)
    write(path, torn=line[50:])
    tick(added)
    assert len(turns(added)) == 4


def test_what_is_old_and_comes_late_is_taken_within_a_day(added: MOS, folder: Path, clock: Clock) -> None:
    tick(added)
    clock.forward(hours=1)
    write(folder / "garden" / "late.jsonl", turn(1, "It came from the other laptop.", "2025-12-24T10:00:00.000Z", "s0"))
    tick(added)
    clock.forward(hours=25)
    tick(added)
    assert "It came from the other laptop." in turns(added)


def test_a_source_that_vanished_is_told_once_and_its_memories_stay(added: MOS, folder: Path, clock: Clock) -> None:
    tick(added)
    shutil.move(folder, folder.with_name("away"))
    clock.forward(hours=1)
    (note,) = tick(added).notes
    assert str(folder) in note
    assert GONE in note
    clock.forward(hours=1)
    again = tick(added)
    assert (again.notes, [one.fault for one in again.sources]) == ((), [GONE])
    assert turns(added) == sorted(TALK)
    (found,) = added.sources.list()
    assert (found.is_there, found.fault) == (False, GONE)
    shutil.move(folder.with_name("away"), folder)
    assert [(one.taken, one.fault) for one in tick(added).sources] == [(0, "")]
    assert added.sources.list()[0].fault == ""


def test_a_source_that_fails_ends_neither_the_tick_nor_another_source(added: MOS, folder: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other" / "s2.jsonl", turn(1, "The shed is locked.", "2026-03-01T10:00:00.000Z", "s2"))
    added.sources.add(str(other))
    (folder / "garden" / "s1.jsonl").write_text("no session at all\n")
    done = tick(added)
    assert turns(added) == ["The shed is locked."]
    assert sorted(bool(one.fault) for one in done.sources) == [False, True]
    assert len(done.notes) == 1


def test_the_time_is_kept_and_the_next_tick_goes_on(added: MOS, folder: Path, clock: Clock) -> None:
    write(folder / "garden" / "s2.jsonl", *(turn(n, f"Note number {n}.", "2026-03-01T11:00:00.000Z", "s2") for n in range(50)))
    done = tick(added, seconds=60.0)
    assert not done.unfinished
    assert len(turns(added)) == 53
    policy.set_policy(added.writable(), added.author("policy"), {"sources.seconds": 0.000001})
    write(folder / "garden" / "s3.jsonl", *(turn(n, f"Later note {n}.", "2026-03-02T11:00:00.000Z", "s3") for n in range(3)))
    short = tick(added)
    assert short.unfinished
    assert added.sources.list()[0].unfinished
    policy.set_policy(added.writable(), added.author("policy"), {"sources.seconds": 60.0})
    clock.forward(hours=1)
    assert not tick(added).unfinished
    assert len(turns(added)) == 56


def test_a_policy_switches_it_off_and_a_dry_run_reads_nothing(added: MOS) -> None:
    assert tick(added, dry=True).sources == ()
    policy.set_policy(added.writable(), added.author("policy"), {"steps.sources": False})
    assert tick(added).sources == ()
    assert turns(added) == []


def test_undo_takes_a_source_back_and_what_a_tick_took_of_it(added: MOS, folder: Path, clock: Clock) -> None:
    (read,) = tick(added).sources
    assert read.txn is not None
    added.undo(read.txn)
    assert turns(added) == []
    added.sources.remove(str(folder))
    assert added.sources.list() == ()
    added.undo()
    assert [one.path for one in added.sources.list()] == [str(folder)]
    assert added.sources.list()[0].is_read
    clock.forward(days=2)
    (known,) = [one for one in added.timeline.commands(20) if one["command"] == "source add"]
    added.undo(known["txn"])
    assert added.sources.list() == ()
    assert tick(added).sources == ()
    with pytest.raises(NotFound, match="no source"):
        added.sources.remove(str(folder))


def test_tags_and_a_beginning_are_kept_and_a_second_add_changes_them(mos: MOS, folder: Path) -> None:
    mos.sources.add(str(folder), since="2026-03-01T10:01:00.000Z", tags=("garden",))
    tick(mos)
    assert turns(mos) == sorted(TALK[1:])
    assert {one.tags for one in mos.list(Filter(at=mos.now, kinds=("episode",)))} == {("garden",)}
    mos.sources.add(str(folder))
    tick(mos)
    assert turns(mos) == sorted(TALK)


def test_what_is_no_source_is_refused_at_once(mos: MOS, tmp_path: Path, home: Path) -> None:
    mos.add("The home is there.")
    (tmp_path / "shopping.txt").write_text("milk\n")
    for path, kind in ((tmp_path / "shopping.txt", None), (tmp_path / "nothing", None), (home, None), (tmp_path, "nokind")):
        with pytest.raises(UsageError):
            mos.sources.add(str(path), kind)
    with pytest.raises(UsageError, match="home of memos"):
        mos.sources.add(str(home / "cubes"), "claude-code")
    assert mos.sources.list() == ()


# -- from elsewhere


def strange(mos: MOS, home: Path) -> MOS:
    return MOS(
        home,
        settings=Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)})),
        clock=mos._clock,
    )


def test_no_cube_from_elsewhere_makes_anybody_read_a_file(mos: MOS, folder: Path, tmp_path: Path, clock: Clock) -> None:
    with strange(mos, tmp_path / "laptop") as laptop:
        laptop.sources.add(str(folder))
        laptop.add("The server is called heron")
        cube = laptop.writable().folder
        shutil.copytree(cube, mos.shelf.place("copied"))  # with its own replica, and the name of the owner here
        mos.add("One of my own.")
        mos.cube_merge.merge(str(cube))
    clock.forward(hours=1)
    done, failed = mos.lifecycle.tick_all()
    assert failed == {}
    assert [one.sources for one in done] == [()] * len(done)
    assert turns(mos) == []
    with MOS(mos.paths.data, ("copied",), settings=mos.settings, clock=clock) as copied:
        assert [(one.is_read, one.fault) for one in copied.sources.list()] == [(False, ELSEWHERE)]
    mos.sources.add(str(folder))  # from now on it is this machine's own
    assert [one.taken for one in tick(mos).sources] == [3]


def test_another_s_cube_gets_no_source_and_tells_of_none(added: MOS, home: Path, folder: Path) -> None:
    added.add("Something of mine.")
    settings = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, principal="eve", settings=settings) as eve:
        assert eve.sources.list() == ()
        for call in (lambda: eve.sources.add("/nowhere"), lambda: eve.sources.remove(str(folder))):
            with pytest.raises(Refused):
                call()


def test_a_tick_of_all_cubes_takes_each_source_into_its_own(mos: MOS, folder: Path, home: Path, clock: Clock) -> None:
    mos.add("Something of mine.")
    mos.create_cube("work")
    with MOS(home, ("work",), settings=mos.settings, clock=clock) as work:
        work.sources.add(str(folder))
        mos.lifecycle.tick_all()
        assert turns(work) == sorted(TALK)
    assert turns(mos) == []


# -- the file of states


@pytest.mark.parametrize(
    "text", ["", "[]", '{"/a": 3}', '{"/a": {"taken": "many", "seen": 3, "read_at": 7, "unknown": 1}}', "{" * 99_999]
)
def test_a_damaged_file_of_states_costs_a_reading_and_no_more(tmp_path: Path, text: str) -> None:
    states = SourceStates(tmp_path, "cube")
    states.set("/a", SourceState("digest"))
    (tmp_path / "sources" / "cube.json").write_text(text)
    assert {*states.all().values()} <= {SourceState()}
    states.set("/b", SourceState("digest", taken=3))
    assert states.all()["/b"] == SourceState("digest", taken=3)


def test_a_record_with_what_no_source_has_is_left_alone(mos: MOS) -> None:
    vault = mos.writable()
    with mos.author("source add").write(vault) as unit:
        unit.change(NOUN, "/elsewhere", {"note": "of a newer memos"})
    assert mos.sources.list() == ()
    assert tick(mos).sources == ()
