"""Adapters and slots in cube files: the same bytes there and back, and nothing that the log of the same file does not name."""

import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.infra import cubefile
from memos_cli.infra.cubefile import encoded
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer import dumper, loader, members
from memos_cli.infra.transfer.dumper import Extent
from memos_cli.infra.transfer.slot_record import Travelling
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Adapter, Filter, Kind
from memos_cli.signer import Signature
from tests.conftest import Clock
from tests.infra.cubefile.test_cubefile import refused
from tests.infra.cubefile.test_hostile import Change, repacked
from tests.infra.transfer import recipe
from tests.infra.transfer.test_loader import imported
from tests.learnt import grow, weights
from tests.trials import trials

STATE = b"GGSN whatever a model computed" * 50


@contextmanager
def living(home: Path, models: Path) -> Iterator[MOS]:
    environ = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    with MOS(home, settings=Settings(environ, paths({"MEMOS_HOME": str(home)})), clock=Clock()) as opened:
        opened.add("I live in Porto.", kind=Kind.FACT)
        opened.add("My dog is called Brixo.", kind=Kind.FACT)
        yield opened


@pytest.fixture
def mos(home: Path, models: Path) -> Iterator[MOS]:
    with living(home, models) as opened:
        yield opened


@pytest.fixture
def one(mos: MOS, models: Path) -> Adapter:
    return grow(mos, models / "mini.gguf")


def slot(vault: Vault, folder: Path, **other: Any) -> Travelling:
    """A slot of all memories; its state is whatever bytes."""
    folder.mkdir(exist_ok=True)
    (folder / "state").write_bytes(STATE)
    held = {memory.id: memory.version for memory in vault.find(Filter(at="", everything=True), "oldest")}
    identity = {"model": "0" * 64, "kv": "f16", "rope": ""}
    found = Travelling("core", "", identity, (1, 5, 9), held, hashlib.sha256(STATE).hexdigest(), folder / "state")
    return found._replace(**other)


def dumped(vault: Vault, extent: Extent = dumper.WHOLE, **options: Any) -> bytes:
    out = io.BytesIO()
    dumper.dump(vault, out, vault.folder.parent.parent / "cache", extent, **options)
    return out.getvalue()


def names(data: bytes) -> list[str]:
    return [one["name"] for one in recipe_manifest(data)["members"]]


def recipe_manifest(data: bytes) -> Any:
    return json.loads(recipe.members(data)[0]["manifest.json"])


def kept(data: bytes, start: str) -> list[str]:
    return [name for name in names(data) if name.startswith(start)]


# -- there and back


def test_a_cube_with_what_was_learnt_of_it_comes_back_as_the_same_bytes(mos: MOS, one: Adapter, tmp_path: Path) -> None:
    vault = mos.vault("default")
    data = dumped(vault)
    assert kept(data, "adapters/") == [f"adapters/{one.id}/{name}" for name in cubefile.LEARNT]
    assert dumped(vault) == data
    with imported(data, tmp_path / "there") as back:
        place = adapters.folder(back, one.id)
        assert sorted(path.name for path in place.iterdir()) == sorted(cubefile.LEARNT)
        assert all((path.stat().st_mode & 0o777) == 0o600 for path in place.iterdir())
        assert dumped(back) == data
        assert adapters.fault(back, one) == adapters.FOREIGN


def test_a_reader_made_from_the_page_alone_finds_the_tensors_and_what_the_log_says_of_them(mos: MOS, one: Adapter) -> None:
    found, _ = recipe.members(dumped(mos.vault("default")))
    rules = [json.loads(line) for line in recipe.lines(found["rules.jsonl"])]
    (fields,) = [rule["fields"] for rule in rules if (rule["noun"], rule["id"]) == ("adapter", one.id)]
    learnt = {name.rpartition("/")[2]: content for name, content in found.items() if name.startswith("adapters/")}
    assert {name: recipe.sha(content) for name, content in learnt.items()} == {
        name: digest for name, digest in fields["files"].items() if name in learnt
    }
    tensors = recipe.tensors(learnt["adapter_model.safetensors"])
    rank = json.loads(learnt["adapter_config.json"])["r"]
    assert {tuple(shape) for shape, _ in tensors.values()} == {(rank, 64), (64, rank)}
    assert all(len(numbers) == shape[0] * shape[1] for shape, numbers in tensors.values())


def test_they_stay_at_home_where_somebody_says_so_and_with_any_part_of_a_cube(mos: MOS, one: Adapter, tmp_path: Path) -> None:
    vault = mos.vault("default")
    states = [slot(vault, tmp_path / "slots")]
    assert kept(dumped(vault, Extent(adapters=False)), "adapters/") == []
    part = Extent(Filter(at=mos.now, kinds=("fact",)), "kind fact")
    for extent in (part, Extent(redacted=True)):
        assert (
            kept(dumped(vault, extent, slots=states), "adapters/") == kept(dumped(vault, extent, slots=states), "slots/") == []
        )
    assert one.id.encode() not in dumped(vault, part)


def test_what_a_reader_would_refuse_stays_at_home_and_it_is_said_why(mos: MOS, one: Adapter, models: Path) -> None:
    vault = mos.vault("default")
    path = adapters.folder(vault, one.id) / adapters.WEIGHTS
    for content, why in ((weights(7), "was changed"), (b"weights", "does not begin as it should"), (None, "is gone")):
        path.write_bytes(content) if content else path.unlink()
        told = dumper.dump(vault, io.BytesIO(), mos.paths.cache)
        assert (told.adapters, list(told.kept)) == (0, [one.id])
        assert why in told.kept[one.id]
    newer = grow(mos, models / "mini.gguf", seed=2)  # the one before is retired by it, and nobody asks for it
    told = dumper.dump(vault, io.BytesIO(), mos.paths.cache)
    assert (told.adapters, told.kept) == (1, {})
    assert {name.split("/")[1] for name in kept(dumped(vault), "adapters/")} == {newer.id}


def test_a_signature_stands_for_no_stranger_s_adapter(mos: MOS, one: Adapter, tmp_path: Path) -> None:
    data = dumped(mos.vault("default"))
    with imported(data, tmp_path / "there") as back:
        assert dumped(back) == data
        told = dumper.dump(back, io.BytesIO(), tmp_path / "cache", sign=lambda _: [Signature("a" * 44, "s" * 88)])
        assert (told.adapters, list(told.kept)) == (0, [one.id])
        with back.derive():
            adapters.vouch_for(back, [one.id])
        assert kept(dumped(back, sign=lambda _: [Signature("a" * 44, "s" * 88)]), "adapters/")


def test_what_knows_a_purged_memory_does_not_travel(mos: MOS, one: Adapter) -> None:
    vault = mos.vault("default")
    place = adapters.folder(vault, one.id)
    files = {path.name: path.read_bytes() for path in place.iterdir()}
    mos.purge([next(iter(one.covers))])
    assert not place.exists()
    place.mkdir()
    for name, content in files.items():  # as a backup may put it back
        (place / name).write_bytes(content)
    told = dumper.dump(vault, io.BytesIO(), mos.paths.cache)
    assert (told.adapters, told.kept) == (0, {one.id: "it knows what was purged"})


def test_slots_travel_with_what_they_are_of_and_nothing_of_this_machine(mos: MOS, tmp_path: Path) -> None:
    vault = mos.vault("default")
    one = slot(vault, tmp_path / "slots")
    data = dumped(vault, slots=[one, one._replace(covers="topics", name="food")])
    assert kept(data, "slots/") == [f"slots/{one.digest}.json", f"slots/{one.digest}.state"]
    assert dumped(vault, slots=[one._replace(covers="topics", name="food"), one]) == data
    cubes = tmp_path / "there" / "cubes"
    with loader.stage(io.BytesIO(data), cubes) as staged:
        (came,) = staged.slots
        assert came._replace(path=one.path) == one
        assert came.path.read_bytes() == STATE
        assert came.path.stat().st_mode & 0o777 == 0o600
        assert dumped(staged.vault, slots=staged.slots) == data
        staged.adopt(cubes / "other")
    assert [path.name for path in cubes.iterdir()] == ["other"]  # the state is gone, and no part of the cube
    assert not any(path.name == "slots" for path in (cubes / "other").rglob("*"))


# -- files by somebody who means ill


def filled(mos: MOS, folder: Path) -> bytes:
    vault = mos.vault("default")
    return dumped(vault, slots=[slot(vault, folder)])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, models: Path) -> bytes:
    folder = tmp_path_factory.mktemp("sound")
    with living(folder / "home", models) as mos:
        grow(mos, models / "mini.gguf")
        return filled(mos, folder / "slots")


def edited(end: str, edit: Callable[[bytes], bytes]) -> Change:
    """The members whose names end so, with another content; that of a state is named after it."""

    def change(found: dict[str, bytes]) -> dict[str, bytes]:
        return {name: edit(content) if name.endswith(end) else content for name, content in found.items()}

    return change


def renamed(old: str, new: str) -> Change:
    return lambda found: {name.replace(old, new): content for name, content in found.items()}


def without(end: str) -> Change:
    return lambda found: {name: content for name, content in found.items() if not name.endswith(end)}


def fields(edit: Callable[[dict[str, Any]], object]) -> Change:
    """The record of the slot with other fields."""

    def change(content: bytes) -> bytes:
        told = json.loads(content)
        edit(told)
        return encoded(told)

    return lambda found: {
        name: change(content) if name.startswith("slots/") and name.endswith(".json") else content
        for name, content in found.items()
    }


def flipped(content: bytes) -> bytes:
    damaged = bytearray(content)
    damaged[len(damaged) // 2] ^= 4
    return bytes(damaged)


ZERO = "0" * 64
HOSTILE: dict[str, Change] = {
    "other weights than the log names": edited(".safetensors", lambda _: weights(9)),
    "a flipped bit in the weights": edited(".safetensors", flipped),
    "weights cut short": edited(".safetensors", lambda content: content[:-4]),
    "weights that are a pickle": edited(".safetensors", lambda _: b"\x80\x04\x95\x00."),
    "an oversized header": edited(".safetensors", lambda content: (1 << 62).to_bytes(8, "little") + content[8:]),
    "another configuration": edited("config.json", lambda content: content.replace(b"8.0", b"9.0")),
    "another data set": edited("examples.jsonl", lambda content: content[: content.index(b"\n") + 1]),
    "a data set cut short": edited("examples.jsonl", lambda content: content[:-7]),
    "an adapter without its tensors": without(".safetensors"),
    "an adapter without its configuration": without("config.json"),
    "a program beside it": lambda found: found | {"adapters/aaaaaaaaaaaaaaaaaaaa/adapter_model.bin": b"x"},
    "a state without its record": lambda found: {
        name: one for name, one in found.items() if not name.startswith("slots/") or name.endswith(".state")
    },
    "a state under another name": renamed(hashlib.sha256(STATE).hexdigest(), ZERO),
    "a flipped bit in the state": edited(".state", flipped),
    "a record that is not canonical": edited(".json", lambda content: content.replace(b":", b": ", 1)),
    "a slot of a conversation": fields(lambda told: told.update(covers="conversation", name="x")),
    "a slot of nobody's memories": fields(lambda told: told.update(memories=[])),
    "a slot of a memory that is not there": fields(lambda told: told.update(memories=[["a" * 20, 1]])),
    "a slot of a memory as it was": fields(lambda told: told["memories"][0].__setitem__(1, 7)),
    "a memory twice": fields(lambda told: told.update(memories=told["memories"][:1] * 2)),
    "tokens below zero": fields(lambda told: told.update(ids=[-1])),
    "no tokens": fields(lambda told: told.update(ids=[])),
    "a name with an escape": fields(lambda told: told.update(covers="topics", name="\x1b[2J")),
    "a core with a name": fields(lambda told: told.update(name="x")),
    "an identity of numbers": fields(lambda told: told.update(identity={"model": 5})),
    "more than a slot says": fields(lambda told: told.update(uses=5)),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_nothing_is_let_in_that_memos_would_not_write(case: str, sound: bytes, tmp_path: Path) -> None:
    data = repacked(sound, tmp_path / "cache", HOSTILE[case])
    assert data != sound
    refused(data, tmp_path / "elsewhere")


def test_no_generation_is_let_in_that_the_log_does_not_promote(one: Adapter, mos: MOS, tmp_path: Path) -> None:
    sound = filled(mos, tmp_path / "slots")
    error = refused(repacked(sound, tmp_path / "cache", renamed(one.id, "a" * 20)), tmp_path / "elsewhere")
    assert "no generation that may travel" in error.message
    mos.parametric.remove([one.id])
    now = cubefile.Reader(io.BytesIO(dumped(mos.vault("default"))))
    log = {incoming.name: b"".join(incoming.chunks()) for incoming in now}
    then = repacked(sound, tmp_path / "cache", lambda found: found | log, lambda head: head.update(_head(now)))
    assert "it is not promoted" in refused(then, tmp_path / "elsewhere").message


def _head(reader: cubefile.Reader) -> dict[str, Any]:
    return {name: value for name, value in reader.manifest.items() if name not in {"format", "members"}}


def test_no_adapter_of_a_purged_memory_is_let_in(one: Adapter, mos: MOS, tmp_path: Path) -> None:
    sound = filled(mos, tmp_path / "slots")
    learnt = {name: one for name, one in recipe.members(sound)[0].items() if name.startswith("adapters/")}
    mos.purge([next(iter(one.covers))])
    bare = dumped(mos.vault("default"))
    error = refused(repacked(bare, tmp_path / "cache", lambda found: found | learnt), tmp_path / "elsewhere")
    assert "it knows what was purged" in error.message


def test_a_part_of_a_cube_brings_neither(sound: bytes, tmp_path: Path) -> None:
    for told in ({"selection": "tag food"}, {"redacted": True}):
        data = repacked(sound, tmp_path / "cache", lambda found: found, lambda head, told=told: head.update(told))  # type: ignore[misc]
        assert "its manifest has another form" in refused(data, tmp_path / "elsewhere").message


def test_flipped_bits_and_cuts_among_them_are_refused(sound: bytes, tmp_path: Path) -> None:
    first, last = sound.index(b"adapters/"), len(sound)
    first = sound.index(b"adapters/", first + 2000)  # the manifest names them, too
    chance = random.Random(20261121)
    for _ in range(trials(20, 600)):
        damaged = bytearray(sound)
        damaged[chance.randrange(first, last)] ^= 1 << chance.randrange(8)
        refused(bytes(damaged), tmp_path / "elsewhere")
    for end in range(first, last, 5000):
        refused(sound[:end], tmp_path / "elsewhere")


# -- from cube to cube


def taken(vault: Vault, other: Vault, **options: bool) -> list[tuple[str, bool]]:
    return [(one.id, one.comes) for one in members.take_over(vault, other, **options)]


def test_what_is_taken_over_is_whole_checked_and_not_taken_twice(mos: MOS, one: Adapter, tmp_path: Path) -> None:
    data = dumped(mos.vault("default"))
    with imported(data, tmp_path / "there") as back:
        place = adapters.folder(back, one.id)
        assert taken(back, mos.vault("default")) == [(one.id, False)]
        (place / adapters.DATA).unlink()  # as a kill between two files leaves it
        (place / adapters.WEIGHTS).write_bytes(b"half")
        half = {path.name: path.read_bytes() for path in place.iterdir()}
        assert taken(back, mos.vault("default"), dry_run=True) == [(one.id, True)]
        assert {path.name: path.read_bytes() for path in place.iterdir()} == half
        assert taken(back, mos.vault("default")) == [(one.id, True)]
        assert dumped(back) == data
        (place / adapters.DATA).unlink()
        (adapters.folder(mos.vault("default"), one.id) / adapters.WEIGHTS).write_bytes(weights(4))
        assert taken(back, mos.vault("default")) == []
        assert not (place / adapters.DATA).exists()
