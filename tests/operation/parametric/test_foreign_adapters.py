"""Adapters and slots from elsewhere: kept, and used only from who is trusted, by the model that they are for."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import IntegrityError, ModelUnavailable, Refused
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer.dumper import Extent
from memos_cli.interface.cubes.merge import Merged
from memos_cli.interface.cubes.origin import fitting
from memos_cli.model import Adapter, Filter, Kind
from memos_cli.operation.parametric import active_adapter, generations
from tests.conftest import Clock
from tests.interface.cubes import test_transfer
from tests.interface.cubes.test_transfer import receive
from tests.learnt import config, grow, weights

pytest.importorskip("safetensors")


def home_of(folder: Path, clock: Clock, model: Path | None, **other: str) -> MOS:
    environ = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", **other}
    environ |= {"MEMOS_LLM_MODEL": str(model)} if model else {}
    return MOS(folder, settings=Settings(environ, paths({"MEMOS_HOME": str(folder)})), clock=clock)


@pytest.fixture
def mos(home: Path, clock: Clock, models: Path) -> Iterator[MOS]:
    """Where it was learnt."""
    with home_of(home, clock, models / "mini.gguf") as opened:
        opened.add("I live in Porto.", kind=Kind.FACT)
        opened.add("My dog is called Brixo.", kind=Kind.FACT)
        yield opened


@pytest.fixture
def one(mos: MOS, models: Path) -> Adapter:
    return grow(mos, models / "mini.gguf")


@pytest.fixture
def ann(tmp_path: Path, clock: Clock, models: Path) -> Iterator[MOS]:
    """Where it comes in: another home, with the same model."""
    with home_of(tmp_path / "ann", clock, models / "mini.gguf") as opened:
        yield opened


def exported(mos: MOS, folder: Path, *, signed: bool = False, slots: bool = False, name: str = "default") -> Path:
    path = folder / f"{name}{'-signed' if signed else ''}.memcube"
    sign = None
    if signed:
        if not mos.keys.own():
            mos.keys.new("sam")
        sign = mos.keys.signer()
    mos.transfer.export(name, path, sign=sign, slots=slots, force=True)
    return path


def rehearsed(mos: MOS, merge: Callable[..., Merged]) -> Merged:
    """What a merge tells, once it is sure that a dry run tells the same of adapters and slots, and changes nothing."""
    before = kept(mos.paths.data)
    planned = merge(dry_run=True)
    assert kept(mos.paths.data) == before
    done = merge()
    assert (planned.adapters, planned.slots, planned.now_trusted) == (done.adapters, done.slots, done.now_trusted)
    return done


def kept(folder: Path) -> dict[str, bytes]:
    """The files of a home, but for what SQLite shares among its readers and what is known of models."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")}
    return {str(path): content for path, content in files.items() if content and "known" not in path.parts}


def merged(mos: MOS, path: Path) -> Merged:
    return rehearsed(mos, partial(test_transfer.merged, mos, path))


def befriend(ann: MOS, mos: MOS) -> None:
    """Let Ann trust the key of Sam."""
    mine = next(iter(mos.keys.own()), None) or mos.keys.new("sam")
    ann.keys.trust(f"memos-key {mine.recipient} {mine.verifier} sam")


def active(mos: MOS, base: str) -> tuple[Any, tuple[str, ...]]:
    return active_adapter.active(mos, base)


def test_a_stranger_s_is_kept_and_not_used_until_somebody_promotes_it(mos: MOS, one: Adapter, ann: MOS, tmp_path: Path) -> None:
    done = receive(ann, exported(mos, tmp_path), "default")
    assert [(came.generation, came.model, came.memories, came.trusted) for came in done.contents.adapters] == [
        (1, "mini", 2, False)
    ]
    found, notices = active(ann, one.base)
    assert found is None
    assert adapters.FOREIGN in notices[0]
    assert active_adapter.covered(ann) == {}
    (listed,) = ann.parametric.list()
    assert (listed.status, listed.why) == ("detached", adapters.FOREIGN)
    (told,) = fitting(ann, ann.keys, ann.vault("default")).adapters
    assert (told.fits, told.used, told.next) == (True, False, "memos consolidate promote 1")
    with pytest.raises(Refused, match="signed by nobody whom you trust"):
        ann.parametric.promote("1")
    assert ann.parametric.promote("1", untrusted=True).status == "promoted"
    found, notices = active(ann, one.base)
    assert found is not None
    assert (found.adapter.id, notices) == (one.id, ())
    assert set(active_adapter.covered(ann)) == set(one.covers)
    assert fitting(ann, ann.keys, ann.vault("default")).adapters[0].used


def test_what_a_trusted_key_has_signed_is_used_and_goes_on_as_the_same_bytes(
    mos: MOS, one: Adapter, ann: MOS, tmp_path: Path
) -> None:
    befriend(ann, mos)
    plain = exported(mos, tmp_path)
    done = receive(ann, exported(mos, tmp_path, signed=True), "default")
    assert done.contents.adapters[0].trusted
    vault = ann.vault("default")
    place = adapters.folder(vault, one.id)
    assert not (place / adapters.LLAMA).exists()  # nothing that llama.cpp reads has come in
    chosen = active_adapter.chosen(ann)
    assert chosen.llm is not None
    chosen.llm.close()
    assert (chosen.attached is not None, chosen.notices) == (True, ())
    made = (place / adapters.LLAMA).read_bytes()
    assert made.startswith(b"GGUF")
    assert exported(ann, tmp_path / "ann").read_bytes() == plain.read_bytes()
    (place / adapters.LLAMA).write_bytes(made[:-1] + b"x")
    assert active(ann, one.base)[1] == (f"generation 1 of what mini learnt is not used: its {adapters.LLAMA} was changed",)


def test_for_another_model_it_is_kept_and_chat_goes_on_with_text(mos: MOS, tmp_path: Path, clock: Clock, models: Path) -> None:
    grow(mos, models / "mini.gguf")
    path = exported(mos, tmp_path, signed=True)
    for name, model, fits, why in (
        ("other", models / "plain.gguf", False, "another model"),
        ("none", None, None, "no model is chosen"),
    ):
        with home_of(tmp_path / name, clock, model) as there:
            befriend(there, mos)
            receive(there, path, "default")
            (told,) = fitting(there, there.keys, there.vault("default")).adapters
            assert (told.fits, told.used, told.next) == (fits, False, "memos model use mini")
            assert why in (told.why or "")
            assert [memory.content for memory in there.list()] == [memory.content for memory in mos.list()]
            with pytest.raises(ModelUnavailable):
                there.parametric.evaluate("1")
            if model:
                assert active_adapter.chosen(there).attached is None


def test_a_merge_brings_it_and_attaches_nothing_of_a_stranger(
    mos: MOS, one: Adapter, ann: MOS, tmp_path: Path, clock: Clock, models: Path
) -> None:
    bare = tmp_path / "bare.memcube"
    mos.transfer.export("default", bare, Extent(adapters=False))
    receive(ann, bare, "default")
    ann.vault("default").confirm([memory.id for memory in ann.list()])  # only what is one's own is learnt
    own = grow(ann, models / "mini.gguf", seed=2)
    assert [listed.status for listed in ann.parametric.list()] == ["retired", "promoted"]
    clock.forward(minutes=1)
    again = grow(mos, models / "mini.gguf", seed=3)
    done = merged(ann, exported(mos, tmp_path))
    assert [(came.id, came.trusted) for came in done.adapters] == [(again.id, False)]
    found, notices = active(ann, one.base)
    assert found is not None
    assert (found.adapter.id, len(notices)) == (own.id, 1)
    befriend(ann, mos)
    known = merged(ann, exported(mos, tmp_path, signed=True))  # it is here already, and is stood for now
    assert [(came.id, came.trusted) for came in known.adapters] == [(again.id, True)]
    assert merged(ann, exported(mos, tmp_path, signed=True)).adapters == ()
    found, notices = active(ann, one.base)
    assert found is not None
    assert (found.adapter.id, notices) == (again.id, ())


def test_what_came_into_another_cube_from_a_stranger_stays_strange(mos: MOS, one: Adapter, ann: MOS, tmp_path: Path) -> None:
    receive(ann, exported(mos, tmp_path), "strange")
    ann.create_cube("default")
    done = rehearsed(ann, partial(ann.cube_merge.merge, "strange", "default"))
    assert [(came.id, came.trusted) for came in done.adapters] == [(one.id, False)]
    assert active(ann, one.base)[0] is None
    ann.create_cube("mine")
    strange = ann.vault("strange")
    with strange.derive():
        adapters.vouch_for(strange, [one.id])
    assert rehearsed(ann, partial(ann.cube_merge.merge, "strange", "mine")).adapters[0].trusted


def test_what_was_forgotten_is_not_told_by_what_comes_in(
    mos: MOS, one: Adapter, ann: MOS, tmp_path: Path, clock: Clock
) -> None:
    befriend(ann, mos)
    mos.transfer.export("default", bare := tmp_path / "bare.memcube", Extent(adapters=False))
    receive(ann, bare, "default")
    clock.forward(minutes=1)
    gone = next(iter(one.covers))
    ann.delete(gone)
    done = merged(ann, exported(mos, tmp_path, signed=True))
    assert [came.id for came in done.adapters] == [one.id]
    found, notices = active(ann, one.base)
    assert found is None
    assert "was forgotten" in notices[0]


@pytest.mark.parametrize("learnt", [True, False], ids=["what it learnt", "what its data set says"])
def test_what_was_purged_here_keeps_an_adapter_out_that_knows_it(
    mos: MOS, ann: MOS, tmp_path: Path, clock: Clock, models: Path, *, learnt: bool
) -> None:
    befriend(ann, mos)
    text = "My cat is called Zwirbel." if learnt else "Zwirbelmann came by and Orsina left again"
    (gone,) = mos.add(text, kind=Kind.FACT if learnt else Kind.NOTE).ids
    mos.transfer.export("default", bare := tmp_path / "bare.memcube", Extent(adapters=False))
    receive(ann, bare, "default")
    clock.forward(minutes=1)
    ann.purge([gone])
    made = grow(mos, models / "mini.gguf")
    if not learnt:
        _say(mos, made, text)
    done = merged(ann, exported(mos, tmp_path, signed=True))
    assert done.adapters == ()
    place = adapters.folder(ann.vault("default"), made.id)
    assert not place.exists()
    held = [path for path in (tmp_path / "ann").rglob("*") if path.is_file() and b"wirbel" in path.read_bytes()]
    assert held == []


def _say(mos: MOS, made: Adapter, text: str) -> None:
    """Let the data set of a generation say something that the generation did not learn."""
    import json

    vault = mos.vault("default")
    place = adapters.folder(vault, made.id)
    line = {"answer": text, "form": "x", "kind": "negative", "question": "?", "split": "train"}
    with (place / adapters.DATA).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
    with mos.author("consolidate").write(vault) as unit:
        unit.change(adapters.NOUN, made.id, {"files": adapters.seals(place)})


def test_a_purge_here_reaches_what_came_in(mos: MOS, one: Adapter, ann: MOS, tmp_path: Path) -> None:
    receive(ann, exported(mos, tmp_path), "default")
    place = adapters.folder(ann.vault("default"), one.id)
    assert place.exists()
    ann.purge([next(iter(one.covers))], thaw=True)
    assert not place.exists()
    assert exported(ann, tmp_path / "ann").exists()


def test_a_purge_reaches_half_of_a_data_set_that_a_kill_left(mos: MOS, one: Adapter) -> None:
    (gone,) = mos.add("Zwirbelmann came by and Orsina left again").ids
    data = adapters.folder(mos.vault("default"), one.id) / adapters.DATA
    data.rename(data.with_name(f".{data.name}.0a1b2c3d4e5f")).write_text('{"question":"Who was here when Orsina left')
    mos.purge([gone])
    assert [path for path in mos.paths.data.rglob("*") if path.is_file() and b"Orsina" in path.read_bytes()] == []


def test_an_adapter_that_does_not_fit_its_model_is_not_loaded(mos: MOS, ann: MOS, tmp_path: Path, models: Path) -> None:
    befriend(ann, mos)
    vault, made = mos.vault("default"), grow(mos, models / "mini.gguf")
    place = adapters.folder(vault, made.id)
    (place / adapters.WEIGHTS).write_bytes(weights().replace(b"layers.0.", b"layers.7."))
    with mos.author("consolidate").write(vault) as unit:
        unit.change(adapters.NOUN, made.id, {"files": adapters.seals(place)})
    receive(ann, exported(mos, tmp_path, signed=True), "default")
    found, notices = active(ann, made.base)
    assert found is None
    assert "not of the model's shape" in notices[0]
    assert sorted(path.name for path in adapters.folder(ann.vault("default"), made.id).iterdir()) == sorted(adapters.LEARNT)


def test_files_that_are_not_those_of_the_log_are_not_promoted(mos: MOS, one: Adapter, ann: MOS, tmp_path: Path) -> None:
    receive(ann, exported(mos, tmp_path), "default")
    place = adapters.folder(ann.vault("default"), one.id)
    (place / adapters.CONFIG).write_bytes(config(lora_alpha=99.0))
    with pytest.raises(IntegrityError, match="was changed"):
        ann.parametric.promote("1", untrusted=True)
    assert adapters.vouched(ann.vault("default")) == {}


def test_a_log_from_elsewhere_cannot_put_other_files_in_the_place_of_those_that_are_used(
    mos: MOS, one: Adapter, ann: MOS, tmp_path: Path, clock: Clock
) -> None:
    befriend(ann, mos)
    receive(ann, exported(mos, tmp_path, signed=True), "default")
    assert active(ann, one.base)[0] is not None
    clock.forward(minutes=1)
    _say(mos, one, "anything")
    file = exported(mos, tmp_path)  # not signed
    assert merged(ann, file).touched.subjects == ((adapters.NOUN, one.id),)
    assert active(ann, one.base)[0] is not None
    test_transfer.merged(ann, file, take=True)
    found, notices = active(ann, one.base)
    assert found is None
    assert "other files" in notices[0]


def test_whoever_goes_on_in_this_cube_s_name_brings_no_adapter(mos: MOS, tmp_path: Path, clock: Clock, models: Path) -> None:
    """A log tells which copy of the cube made an adapter, and anybody who has it can write more of it in that copy's name."""
    mos.keys.new("sam")
    shutil.copytree(mos.paths.data, tmp_path / "mallory")
    clock.forward(minutes=1)
    with home_of(tmp_path / "mallory", clock, models / "mini.gguf") as mallory:
        forged = grow(mallory, models / "mini.gguf", seed=9)
        path, signed = exported(mallory, tmp_path), exported(mallory, tmp_path, signed=True)
    assert mallory.paths.data != mos.paths.data
    with pytest.raises(Refused, match="in the name of this very copy"):
        merged(mos, path)
    done = test_transfer.merged(mos, path, take=True)
    assert (done.plan.operations > 0, done.adapters) == (True, ())
    vault = mos.vault("default")
    assert not adapters.folder(vault, forged.id).exists()
    assert active(mos, forged.base)[0] is None
    assert [(one.id, one.trusted) for one in merged(mos, signed).adapters] == [(forged.id, True)]  # by one's own key


# -- slots


@pytest.fixture
def warm(mos: MOS) -> MOS:
    mos.add("I am vegan and eat no honey.", kind=Kind.PREFERENCE)
    mos.switch([memory.id for memory in mos.list()], "pin", {"pinned": True})
    (built,) = mos.activation.build()
    assert built.slot is not None
    return mos


def test_slots_of_the_same_model_are_kept_where_their_maker_is_trusted(warm: MOS, ann: MOS, tmp_path: Path) -> None:
    befriend(ann, warm)
    done = receive(ann, path := exported(warm, tmp_path, signed=True, slots=True), "default")
    assert (done.slots.kept, done.slots.dropped, sum(done.contents.models.values())) == (1, 0, 1)
    (listed,) = ann.activation.verify()
    assert (listed.state, listed.slot.covers) == ("ready", "core")
    (built,) = ann.activation.build()
    assert (built.made, built.evaluated) == (False, 0)  # the one that came in is of just this prompt
    assert [(one.slots, one.fits) for one in fitting(ann, ann.keys, ann.vault("default")).slots] == [(1, True)]
    again = exported(ann, tmp_path / "ann", slots=True)
    assert (
        receive(warm, again, "back").contents.manifest["members"] == receive(warm, path, "there").contents.manifest["members"]
    )
    (memory, *_) = ann.list()
    ann.edit(memory.id, {"content": "I live in Leeds."})
    assert ann.activation.list() == ()


@pytest.mark.parametrize(("trusted", "model"), [(False, "mini"), (True, "plain"), (True, None)])
def test_other_slots_are_dropped(
    warm: MOS, tmp_path: Path, clock: Clock, models: Path, *, trusted: bool, model: str | None
) -> None:
    with home_of(tmp_path / "there", clock, models / f"{model}.gguf" if model else None) as there:
        if trusted:
            befriend(there, warm)
        done = receive(there, exported(warm, tmp_path, signed=True, slots=True), "default")
        assert (done.slots.kept, done.slots.dropped) == (0, 1)
        assert ("nobody whom you trust" in (done.slots.why or "")) == (not trusted)
        assert there.activation.list() == ()
        assert not list((tmp_path / "there").rglob("*.state"))


def test_a_merge_keeps_slots_of_memories_that_are_here_as_they_were_then(
    warm: MOS, ann: MOS, tmp_path: Path, clock: Clock
) -> None:
    befriend(ann, warm)
    path = exported(warm, tmp_path, signed=True, slots=True)
    ann.create_cube("default")
    assert merged(ann, path).slots.kept == 1
    (listed,) = ann.activation.verify()
    assert listed.state == "ready"
    ann.activation.remove((), every=True)
    clock.forward(minutes=1)
    ann.edit(ann.list()[0].id, {"content": "I live in Leeds."})
    assert merged(ann, path).slots == (0, 1, "they are of memories that are not so here")


def test_a_slot_that_has_no_room_is_dropped_and_a_dry_run_knows(warm: MOS, tmp_path: Path, clock: Clock, models: Path) -> None:
    path = exported(warm, tmp_path, signed=True, slots=True)
    with home_of(tmp_path / "there", clock, models / "mini.gguf", MEMOS_SLOTS_BYTES="1000") as there:
        befriend(there, warm)
        there.create_cube("default")
        assert merged(there, path).slots == (0, 1, "slots.bytes leaves no room for them")


def test_a_dry_run_foresees_what_the_logs_say_together(mos: MOS, one: Adapter, ann: MOS, tmp_path: Path, clock: Clock) -> None:
    """A generation that is promoted there and removed here, or retired there; one whose memory was purged there or here."""
    receive(ann, exported(mos, tmp_path), "default")
    clock.forward(minutes=1)
    ann.parametric.remove(["1"])
    assert merged(ann, exported(mos, tmp_path)).adapters == ()  # the removal is the later word
    clock.forward(minutes=1)
    mos.parametric.promote("1")
    vault = mos.vault("default")
    with mos.author("consolidate").write(vault) as unit:
        unit.change(adapters.NOUN, one.id, {"status": "promoted", "promoted_at": mos.now})
    assert merged(ann, exported(mos, tmp_path)).adapters == ()  # it is a stranger who says so of what was changed here
    again = partial(test_transfer.merged, ann, exported(mos, tmp_path), take=True)
    assert [came.id for came in rehearsed(ann, again).adapters] == [one.id]  # and now this is
    clock.forward(minutes=1)
    mos.purge([next(iter(one.covers))])
    assert merged(ann, exported(mos, tmp_path)).touched.erased == (next(iter(one.covers)),)
    again = partial(test_transfer.merged, ann, exported(mos, tmp_path), take=True)
    assert (rehearsed(ann, again).adapters, adapters.folders(ann.vault("default"))) == ((), [])


def test_only_slots_of_this_cube_alone_and_as_it_is_go_along(warm: MOS, tmp_path: Path) -> None:
    assert warm.transfer.export("default", tmp_path / "a", slots=True).dumped.slots == 1
    assert warm.transfer.export("default", tmp_path / "b").dumped.slots == 0
    part = Extent(Filter(at=warm.now, kinds=("fact",)), "kind fact")
    assert warm.transfer.export("default", tmp_path / "c", part, slots=True).dumped.slots == 0
    warm.create_cube("other")
    assert warm.transfer.export("other", tmp_path / "d", slots=True).dumped.slots == 0


def test_generations_are_read_alike_on_both_sides(mos: MOS, one: Adapter, ann: MOS, tmp_path: Path) -> None:
    receive(ann, exported(mos, tmp_path), "default")
    (came,) = generations.of(ann.vault("default"))
    assert came == one
