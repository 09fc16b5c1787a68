"""A merge is all or nothing: under kill -9 at any instant, beside other merges and writers, on a full disk."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemosError
from memos_cli.infra.cubefile import LEARNT
from memos_cli.infra.local import adapters
from memos_cli.model import Draft, Filter, Kind
from memos_cli.operation.parametric import active_adapter
from memos_cli.session import wall_clock
from tests.conftest import Run
from tests.infra.transfer.merging import assert_sound, whole
from tests.learnt import grow
from tests.patience import PATIENCE
from tests.reliability.helpers import clean, writer
from tests.trials import trials

MERGER = Path(__file__).parent / "merger.py"
LOADED = 300
KILLS, OF_A_MERGE = trials(3, 100), trials(6, 100)


def merger(home: Path, into: str, other: str, *step: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, str(MERGER), str(home), into, other, *step], stdout=subprocess.PIPE, bufsize=0)


@pytest.fixture
def cubes(mos: MOS) -> MOS:
    """A home with two cubes that know a part of each other, of one third purged on either side."""
    mos._clock = wall_clock  # as the processes that merge have it
    mos.add(drafts=[Draft(f"note {number} of both") for number in range(LOADED)])
    mos.create_cube("other")
    mos.cube_merge.merge("default", "other")
    ids = [memory.id for memory in mos.list(order="oldest")]
    for name, offset in (("default", 0), ("other", 1)):
        vault = mos.vault(name)
        with mos.author("edit").write(vault) as unit:
            for identity in ids[offset::3]:
                unit.change("memory", identity, {"content": f"edited in {name}"})
            for number in range(LOADED):
                unit.add(Draft(f"note {number} of {name}", external_id=f"D{number}"), "sam")
        with mos.author("forget").write(vault) as unit:
            for identity in ids[offset + 1 :: 9]:
                unit.change("memory", identity, {"purged": True})
    return mos


@pytest.mark.slow
def test_kill_9_at_any_instant_leaves_all_of_a_merge_or_nothing(memos: Run, cubes: MOS, home: Path) -> None:
    chance = random.Random(5)
    before = whole(cubes.vault("default"))
    cubes.close()
    pristine = home.with_name("pristine")
    shutil.copytree(home, pristine)
    longest = 0.4
    killed = 0
    whole_after = []
    for number in range(3 * OF_A_MERGE + 4):
        process = merger(home, "default", "other")
        assert process.stdout is not None
        process.stdout.readline()
        if killed < OF_A_MERGE and number < 3 * OF_A_MERGE + 3:
            time.sleep(chance.uniform(0, longest))
            process.kill()
        said, _ = process.communicate(timeout=PATIENCE)
        now = whole(cubes.vault("default"))
        cubes.close()
        if process.returncode == -signal.SIGKILL and not said:
            killed += 1
        else:
            assert said[:4] == b"ack "
            longest *= 0.8  # it had ended by then
        if now != before:
            whole_after.append(now)
            if killed >= OF_A_MERGE:
                break
            shutil.rmtree(home)
            shutil.copytree(pristine, home)
    assert killed >= 5, "the kills came too late to show anything"
    after = whole_after[-1]
    assert all(one == after for one in whole_after)
    cubes.cube_merge.merge("default", "other")
    assert whole(cubes.vault("other")) == after
    cubes.close()
    memos("doctor", "--json")  # finishes the wiping of what a killed merge purged
    clean(memos)


@pytest.mark.slow
def test_kill_9_at_any_step_of_taking_over_an_adapter_leaves_none_that_is_used_by_half(
    memos: Run, home: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("safetensors")
    monkeypatch.setenv("MEMOS_LLM_MODEL", str(models / "mini.gguf"))
    with living(home) as mos:
        mos.add("I live in Porto.", kind=Kind.FACT)
        one = grow(mos, models / "mini.gguf")
        mos.create_cube("other")
        place = adapters.folder(mos.vault("default"), one.id)
        sound = {name: (place / name).read_bytes() for name in LEARNT}
    pristine = home.with_name("pristine")
    shutil.copytree(home, pristine)
    said, _ = merger(home, "other", "default").communicate(timeout=PATIENCE)
    steps = int(said.split()[-1])
    assert steps > 3 * len(LEARNT)
    tried = random.Random(1).sample(range(1, steps + 1), min(KILLS, steps))
    halves, complete = 0, 0
    for step in tried:
        shutil.rmtree(home)
        shutil.copytree(pristine, home)
        process = merger(home, "other", "default", str(step))
        said, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, said) == (-signal.SIGKILL, b"try\n")
        clean(memos)
        place = home / "cubes" / "other" / "adapters" / one.id
        left = {path.name: path.read_bytes() for path in place.glob("*")}
        halves += any(name.startswith(".") for name in left)
        complete += left == sound
        assert sound.items() >= {name: content for name, content in left.items() if not name.startswith(".")}.items()
        with living(home, "other") as mos:
            assert [memory.content for memory in mos.list()] == ["I live in Porto."]  # the merge itself was done
            assert active_adapter.active(mos, one.base)[0] is None
            mos.cube_merge.merge("default", "other")
            found, notices = active_adapter.active(mos, one.base)
            assert found is not None
            assert (found.adapter.id, notices) == (one.id, ())
            assert all((place / name).read_bytes() == content for name, content in sound.items())
        if step == tried[-1]:
            (place / f".{LEARNT[-1]}.0a1b").write_bytes(b"{")  # what many kills left
            for path in place.glob(".*"):
                os.utime(path, (0, 0))
            clean(memos)
            assert not list(place.glob(".*"))
    told = f"{halves} left half a file, {complete} all files and no word that they may be used"
    print(f"{len(tried)} kills at {steps} steps: {told}")  # noqa: T201


def living(home: Path, *cubes: str) -> MOS:
    return MOS(home, cubes, principal="sam", settings=Settings(os.environ, paths({"MEMOS_HOME": str(home)})))


def test_two_merges_at_once_both_ways_end_equal(memos: Run, cubes: MOS, home: Path) -> None:
    cubes.close()
    writing = writer(home, "beside", 20)
    both = [merger(home, "default", "other"), merger(home, "other", "default"), merger(home, "default", "other")]
    for process in both:
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
    writing.communicate(timeout=PATIENCE)
    for into, other in (("default", "other"), ("other", "default")):
        cubes.cube_merge.merge(other, into)
    assert whole(cubes.vault("default")) == whole(cubes.vault("other"))
    for name in ("default", "other"):
        assert_sound(cubes.vault(name))
    assert sum("writer beside" in one.content for one in cubes.vault("other").find(Filter(at=cubes.now))) == 20
    cubes.close()
    clean(memos)


def test_a_full_disk_takes_nothing_over(cubes: MOS) -> None:
    vault = cubes.vault("default")
    before = whole(vault)
    (pages,) = vault.conn.execute("PRAGMA page_count").fetchone()
    vault.conn.execute(f"PRAGMA max_page_count = {pages + 8}")
    with pytest.raises(MemosError, match="full; nothing was changed"):
        cubes.cube_merge.merge("other", "default")
    assert whole(vault) == before
    vault.conn.execute("PRAGMA max_page_count = 1000000")
    cubes.cube_merge.merge("other", "default")
    assert_sound(vault)


@pytest.mark.slow
def test_kill_9_of_a_split_leaves_every_memory_somewhere(memos: Run) -> None:
    memos("add", "--jsonl", "-", stdin="".join(f'{{"content": "note {number}", "tags": ["t"]}}\n' for number in range(LOADED)))
    chance = random.Random(9)
    for number in range(5):
        process = subprocess.Popen(
            [sys.executable, "-m", "memos_cli", "cube", "split", f"part{number}", "--tag", "t"], stdout=subprocess.PIPE
        )
        time.sleep(chance.uniform(0.1, 0.7))
        process.kill()
        process.communicate(timeout=PATIENCE)
        names = [cube["name"] for cube in memos("cube", "list", "--json").data["cubes"]]
        assert set(names) <= {"default", *(f"part{one}" for one in range(number + 1))}
        there = {name: len(memos("--cube", name, "list", "--json").data["memories"]) for name in names}
        assert set(there.values()) <= {0, LOADED}
        assert LOADED in there.values()
        clean(memos)
        if there["default"] == 0:
            break
