"""Marks of recipients in cube files and cubes: who is found, after whatever became of the copy, and who never is."""

import base64
import json
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.errors import MemosError, Refused
from memos_cli.infra.transfer.dumper import Extent
from memos_cli.infra.transfer.traces import Trace, Traces
from memos_cli.model import Filter
from tests.conftest import Clock
from tests.infra.cubefile.test_hostile import repacked
from tests.infra.transfer.cubes import EVER, opened
from tests.trials import trials

PUBLISHED = Extent(redacted=True)


def looked(mos: MOS, path: Path) -> Traces:
    with path.open("rb") as file:
        return mos.transfer.verify(file).traces


def receive(mos: MOS, path: Path, name: str) -> None:
    with path.open("rb") as file:
        mos.transfer.receive(file, name)


def given_to(mos: MOS, folder: Path, name: str, extent: Extent = PUBLISHED) -> Path:
    path = folder / f"{name}.memcube"
    mos.transfer.export("default", path, extent._replace(to=name))
    return path


@pytest.fixture
def filled(mos: MOS) -> MOS:
    for number in range(20):
        mos.add(f"note {number} about gardens", tags=[f"t{number % 4}"])
    return mos


def test_the_very_file_is_named_by_its_manifest(filled: MOS, tmp_path: Path) -> None:
    for extent, salts in (
        (Extent(), 0), (Extent(Filter(at=filled.now, tags=("t1",)), "tag t1"), 0), (PUBLISHED, 20),
    ):  # fmt: skip
        for name in ("Kim", "Sam"):
            path = given_to(filled, tmp_path, name, extent)
            assert looked(filled, path) == Traces((Trace(name, manifest=True, salts=salts),), marked=True, salts=salts)
            path.unlink()


def test_the_same_to_the_same_is_the_same_file_and_nothing_is_marked_unasked(filled: MOS, tmp_path: Path) -> None:
    first = given_to(filled, tmp_path, "Kim").read_bytes()
    (tmp_path / "Kim.memcube").unlink()
    assert given_to(filled, tmp_path, "Kim").read_bytes() == first
    filled.transfer.export("default", plain := tmp_path / "plain.memcube", PUBLISHED)
    assert looked(filled, plain) == Traces((), marked=False, salts=20)
    assert [one.recipient for one in filled.transfer.given()] == ["Kim", "Kim"]


def test_the_mark_of_one_file_says_nothing_in_another(filled: MOS, tmp_path: Path) -> None:
    kim = given_to(filled, tmp_path, "Kim", Extent())
    with tarfile.open(kim) as tar:
        mark = json.load(tar.extractfile("manifest.json"))["mark"]  # type: ignore[arg-type]
    filled.add("one more")
    sam = given_to(filled, tmp_path, "Sam", Extent())
    forged = tmp_path / "forged.memcube"
    forged.write_bytes(repacked(sam.read_bytes(), tmp_path, lambda members: members, lambda told: told.update(mark=mark)))
    assert looked(filled, forged) == Traces((), marked=True)


def test_a_publication_names_its_recipient_after_a_round_trip(filled: MOS, clock: Clock, tmp_path: Path) -> None:
    kim, sam = (given_to(filled, tmp_path, name) for name in ("Kim", "Sam"))
    with opened(tmp_path / "elsewhere", clock) as there:
        receive(there, kim, "first")
        assert there.transfer.traces(there.vault("first")) == Traces((), salts=20)  # they cannot even see that it is marked
        clock.forward(minutes=1)
        there.transfer.export("first", again := tmp_path / "again.memcube")
        part = Extent(Filter(at=there.now, tags=("t1",)), "tag t1")
        there.transfer.export("first", few := tmp_path / "few.memcube", part)
        receive(there, sam, "second")
        there.create_cube("own")
        with MOS(tmp_path / "elsewhere", cubes="own", settings=there.settings, clock=clock) as own:
            own.add("a note of their own")
        there.cube_merge.merge("first", "own")
        there.transfer.export("own", merged := tmp_path / "merged.memcube")
        there.cube_merge.merge("second", "own")
        there.transfer.export("own", both := tmp_path / "both.memcube")
        there.cube_merge.split("part", "first", Filter(at=there.now, tags=("t2",)), keep=True)
        there.transfer.export("part", split := tmp_path / "split.memcube")
    for path, salts in ((again, 20), (few, 5), (merged, 20), (split, 5)):
        assert looked(filled, path).found == (Trace("Kim", manifest=False, salts=salts),)
    assert looked(filled, both) == Traces((Trace("Kim", False, 20), Trace("Sam", False, 20)), salts=40)  # noqa: FBT003
    receive(filled, few, "leaked")
    assert filled.transfer.traces(filled.vault("leaked")).found == (Trace("Kim", manifest=False, salts=5),)
    assert filled.transfer.traces(filled.vault("default")) == Traces()


def test_what_was_changed_and_purged_elsewhere_leaves_the_rest_named(filled: MOS, clock: Clock, tmp_path: Path) -> None:
    kim = given_to(filled, tmp_path, "Kim")
    with opened(tmp_path / "elsewhere", clock) as there:
        receive(there, kim, "default")
        ids = [memory.id for memory in there.vault("default").find(EVER, "oldest", None)]
        clock.forward(minutes=1)
        there.edit(ids[0], {"content": "another text"})
        there.purge(ids[1:4])
        there.transfer.export("default", leaked := tmp_path / "leaked.memcube")
        data = leaked.read_bytes()
    assert looked(filled, leaked) == Traces((Trace("Kim", manifest=False, salts=17),), salts=17)
    assert b"note 1 about" not in data


def test_the_secret_and_the_name_stay_in_the_home_that_gives(filled: MOS, home: Path, clock: Clock, tmp_path: Path) -> None:
    files = [given_to(filled, tmp_path, f"Kimberley{number}", one) for number, one in enumerate((PUBLISHED, Extent()))]
    secret = bytes.fromhex((home / "keys" / "watermark.secret").read_text().strip())
    spellings = [secret, secret.hex().encode(), base64.b64encode(secret), b"Kimberley"]
    with opened(tmp_path / "elsewhere", clock) as there:
        receive(there, files[0], "default")
    places = [path for root in (home, tmp_path / "elsewhere") for path in root.rglob("*") if path.is_file()]
    holding = {path for path in (*places, *files) if any(one in path.read_bytes() for one in spellings)}
    assert holding == {home / "keys" / "watermark.secret", home / "keys" / "recipients.json"}


def test_others_in_the_home_neither_see_the_list_nor_are_told_names(filled: MOS, tmp_path: Path) -> None:
    path = given_to(filled, tmp_path, "Kim")
    with MOS(filled.paths.data, principal="eve", settings=filled.settings) as eve:
        assert looked(eve, path).found == ()
        with pytest.raises(Refused, match="eve may not see what was given to whom"):
            eve.transfer.given()


def test_nobody_is_on_the_list_for_an_export_that_failed(filled: MOS, tmp_path: Path) -> None:
    (tmp_path / "Kim.memcube").write_text("mine")
    with pytest.raises(MemosError, match="already"):
        given_to(filled, tmp_path, "Kim")
    with pytest.raises(Refused, match="nothing to publish"):
        filled.transfer.export(
            "default", tmp_path / "x", Extent(Filter(at=filled.now, tags=("none",)), "x", redacted=True, to="Sam")
        )
    assert filled.transfer.given() == ()


@settings(max_examples=trials(6, 25))
@given(st.lists(st.sampled_from(["Kim", "Sam", "Ann", "Jo"]), min_size=1, max_size=3), st.integers(1, 6), st.data())
def test_a_copy_of_another_home_is_never_named_and_one_s_own_always(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], count: int, data: st.DataObject
) -> None:
    folder, clock = tmp_path_factory.mktemp("homes"), Clock()
    with opened(folder / "ours", clock) as ours, opened(folder / "theirs", clock) as theirs:
        for mos in (ours, theirs):
            for number in range(count):
                mos.add(f"the same note {number}")
        to = data.draw(st.sampled_from(names))
        for name in names:
            for mos in (ours, theirs):
                mos.transfer.export("default", folder / f"{os.urandom(4).hex()}.memcube", PUBLISHED._replace(to=name))
        mine, other = folder / "mine.memcube", folder / "other.memcube"
        ours.transfer.export("default", mine, PUBLISHED._replace(to=to))
        theirs.transfer.export("default", other, PUBLISHED._replace(to=to))
        assert looked(ours, other) == Traces((), marked=True, salts=count)
        assert looked(ours, mine) == Traces((Trace(to, manifest=True, salts=count),), marked=True, salts=count)
