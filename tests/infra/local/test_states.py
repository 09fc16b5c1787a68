"""The store of slots by itself: what is kept comes back as it was or not at all, and the quota holds."""

import os
import random
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.errors import IntegrityError
from memos_cli.infra.local.states import INDEX, Label, Store, common, fingerprint
from memos_cli.model import Part, Slot
from tests.trials import trials

NOW, LATER = "2026-03-02T12:00:00.000Z", "2026-03-02T13:00:00.000Z"
MODEL = {"model": "ab" * 32, "kv": "f16"}


def label(name: str = "", *, ids: tuple[int, ...] = (1, 2, 3), covers: str = "core", who: str = "sam", **model: str) -> Label:
    return Label(who, covers, name, {**MODEL, **model}, ids, (Part("cube", "memory" + name, 1),))


def writes(content: bytes) -> Callable[[Path], int]:
    return lambda path: path.write_bytes(content)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "slots", 10_000)


def kept(store: Store, name: str = "", content: bytes = b"x" * 100, now: str = NOW, **given: str) -> Slot:
    slot = store.keep(label(name, **given), writes(content), now)  # type: ignore[arg-type]
    assert slot is not None
    return slot


def files(store: Store) -> set[str]:
    return {path.name for path in store.folder.iterdir() if not path.name.startswith(INDEX)}


def test_what_is_kept_is_found_again(store: Store) -> None:
    assert not store.exists
    assert store.all() == []
    slot = kept(store)
    (found,) = store.of("sam", fingerprint(MODEL))
    assert found == slot._replace(ids=array("i", slot.ids))
    path = store.checked(found)
    assert path is not None
    assert path.read_bytes() == b"x" * 100
    assert [one.id for one in store.holding(["memory"])] == [slot.id]
    assert store.holding(["other"]) == []


def test_nobody_else_can_read_it(store: Store) -> None:
    slot = kept(store)
    for path in (store.folder, store.path(slot), store.folder / INDEX):
        assert path.stat().st_mode & 0o077 == 0


def test_only_for_its_principal_and_its_model(store: Store) -> None:
    kept(store)
    assert store.of("ana", fingerprint(MODEL)) == []
    for other in ({"model": "cd" * 32}, {"kv": "q8_0"}, {"context": "512"}, {"adapters": "x*1.0"}):
        assert store.of("sam", fingerprint({**MODEL, **other})) == []


def test_a_newer_one_takes_its_place(store: Store) -> None:
    old, new = kept(store), kept(store, content=b"new")
    assert [slot.id for slot in store.all()] == [new.id]
    assert files(store) == {store.path(new).name}
    assert store.path(old) != store.path(new)  # a file is never written twice, so a reader has the old one whole


@given(place=st.integers(0, 99), bit=st.integers(0, 7))
def test_one_flipped_bit_and_it_is_never_handed_out(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    store = Store(tmp_path_factory.mktemp("slots"), 10_000)
    slot = kept(store)
    content = bytearray(store.path(slot).read_bytes())
    content[place] ^= 1 << bit
    store.path(slot).write_bytes(content)
    assert store.fault(slot) == "its file was changed"
    assert store.checked(slot) is None
    assert store.all() == []
    assert files(store) == set()


def test_a_cut_or_lost_file_is_never_handed_out(store: Store) -> None:
    for damage in (lambda path: os.truncate(path, 50), Path.unlink):
        slot = kept(store)
        damage(store.path(slot))
        assert store.checked(slot) is None
        assert store.all() == []


@pytest.mark.parametrize(
    "change",
    ["ids = x'0100000002000000'", "principal = 'ana'", "covers = 'topics'", "bytes = 1", "identity = '{}'", "name = 'x'"],
)
def test_a_changed_record_lends_its_state_to_nobody(store: Store, change: str) -> None:
    import sqlite3

    kept(store)
    conn = sqlite3.connect(store.folder / INDEX)
    conn.execute(f"UPDATE slots SET {change}")  # noqa: S608 -- of the list above
    conn.commit()
    conn.close()
    (slot,) = store.all()
    assert store.fault(slot) == "its record was changed"
    assert store.checked(slot) is None


def test_random_flips_in_the_index_hand_out_nothing_wrong(store: Store) -> None:
    slot = kept(store)
    sound = (store.folder / INDEX).read_bytes()
    chance = random.Random(3)
    refused: list[IntegrityError] = []
    for _ in range(trials(60)):
        damaged = bytearray(sound)
        for _ in range(chance.choice((1, 8, 200))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        (store.folder / INDEX).write_bytes(damaged)
        (store.folder / f"{slot.id}.state").write_bytes(b"x" * 100)
        try:
            for found in store.all():
                if store.fault(found) is None:
                    assert found._replace(ids=slot.ids, last_used_at="", uses=0) == slot._replace(last_used_at="", uses=0)
                    assert list(found.ids) == list(slot.ids)
        except IntegrityError as error:
            refused.append(error)
    assert refused
    assert all("memos slot rm --all" in (error.hint or "") for error in refused)
    store.clear()
    assert store.all() == []
    assert kept(store).id in {one.id for one in store.all()}


# -- the quota


def test_what_was_not_used_for_longest_gives_way(store: Store) -> None:
    for number in range(4):
        kept(store, str(number), b"x" * 2_500, NOW.replace("12:00", f"12:0{number}"))
    first = next(slot for slot in store.all() if slot.name == "0")
    store.used(first, LATER)
    kept(store, "new", b"x" * 2_500, LATER)
    assert {slot.name for slot in store.all()} == {"0", "2", "3", "new"}
    assert next(slot for slot in store.all() if slot.name == "0").uses == 1
    kept(store, "large", b"x" * 9_999, LATER)
    assert {slot.name for slot in store.all()} == {"large"}
    assert files(store) == {store.path(slot).name for slot in store.all()}


def test_what_is_larger_than_the_quota_is_not_kept_and_costs_nobody_a_place(store: Store) -> None:
    kept(store)
    assert store.keep(label("large"), writes(b"x" * 10_001), NOW) is None
    assert [slot.name for slot in store.all()] == [""]
    assert len(files(store)) == 1


def test_no_quota_no_slot(tmp_path: Path) -> None:
    store = Store(tmp_path / "slots", 0)
    assert store.keep(label(), writes(b"x"), NOW) is None
    assert not store.folder.exists()


def test_a_model_that_has_no_state_leaves_nothing(store: Store) -> None:
    assert store.keep(label(), lambda _: 0, NOW) is None
    assert (store.all(), files(store)) == ([], set())


def test_a_save_that_fails_leaves_nothing(store: Store) -> None:
    def fails(path: Path) -> int:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.keep(label(), fails, NOW)
    assert (store.all(), files(store)) == ([], set())


def test_leftovers_of_the_killed_are_swept(store: Store) -> None:
    kept(store, "a")
    (store.folder / ".0123").write_bytes(b"half")
    (store.folder / "4567.state").write_bytes(b"whole, without its row")
    gone = kept(store, "b")
    store.path(gone).unlink()
    assert {one.name for one in store.all()} == {"a"}
    slot = kept(store, "c")
    assert {one.name for one in store.all()} == {"a", "c"}
    assert store.path(slot).name in files(store)
    assert len(files(store)) == 2


def test_removing_leaves_no_tokens_behind(store: Store) -> None:
    ids = tuple(range(70_000, 70_400))
    slot = store.keep(label(ids=ids), writes(b"x"), NOW)
    assert slot is not None
    needle = array("i", ids[10:20]).tobytes()
    assert needle in (store.folder / INDEX).read_bytes()
    assert store.remove([slot.id, "another"], erase=True) == 1
    assert needle not in (store.folder / INDEX).read_bytes()
    assert files(store) == set()


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_common_is_the_longest_common_beginning(one: list[int], other: list[int]) -> None:
    count = common(array("i", one), array("i", other))
    assert one[:count] == other[:count]
    assert one[count : count + 1] != other[count : count + 1] or len(one) == count or len(other) == count


# -- processes

KILLS = trials(6, 100)
_WRITER = """
import random, sys
from pathlib import Path
from tests.infra.local.test_states import label, writes
from memos_cli.errors import MemosError
from memos_cli.infra.local.states import Store
store, chance = Store(Path(sys.argv[1]), 200_000), random.Random(int(sys.argv[2]))
print("ready", flush=True)
while True:
    try:
        size = chance.randrange(1, 60_000)
        store.keep(label(str(chance.randrange(8))), writes(bytes([size % 256]) * size), f"2026-03-{chance.randrange(1, 29):02}")
    except MemosError:
        pass
"""


def writer(folder: Path, seed: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(folder), str(seed)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_kill_9_at_any_instant_leaves_no_half_slot_and_the_quota_holds(tmp_path: Path) -> None:
    folder, chance = tmp_path / "slots", random.Random(9)
    store = Store(folder, 200_000)
    for seed in range(0, KILLS, 2):
        two = [writer(folder, seed), writer(folder, seed + 1)]
        time.sleep(chance.uniform(0.02, 0.2))
        for process in two:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]
        found = store.all()
        assert sum(slot.bytes for slot in found) <= 200_000
        assert all(store.fault(slot) is None for slot in found)
        store.remove([])  # whoever writes next sweeps
        assert sum(path.stat().st_size for path in folder.glob("*.state")) <= 200_000
        assert files(store) == {f"{slot.id}.state" for slot in store.all()}
        assert all(store.fault(slot) is None for slot in store.all())
    assert store.all()
