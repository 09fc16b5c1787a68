import os
from pathlib import Path

import pytest

from memos_cli.errors import CubeNotFound, IntegrityError, Refused, UsageError
from memos_cli.infra import files
from memos_cli.infra.shelf import Shelf
from memos_cli.infra.vault.blobs import Blobs


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    files.write(path, b"one")
    with pytest.raises(RuntimeError), files.replaced(path) as half:  # noqa: PT012 -- the failure in the middle is the case
        half.write_bytes(b"tw")
        raise RuntimeError
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.txt"]


def test_many_files_are_whole_and_on_disk_or_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {tmp_path / f"{name[0]}" / name: name.encode() for name in ("ab", "ac", "ba")}
    synced: list[int] = []
    real = os.fsync

    def noting(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    files.write_all(wanted)
    assert {path: path.read_bytes() for path in tmp_path.glob("*/*")} == wanted
    assert {path.stat().st_ino for path in [*wanted, tmp_path / "a", tmp_path / "b"]} == {*synced}
    assert len(synced) == 5  # each file, and each folder once

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="full"):
        files.write_all({tmp_path / "a" / "ab": b"other", tmp_path / "c" / "ca": b"new"})
    assert {path: path.read_bytes() for path in tmp_path.glob("*/*")} == wanted


def test_a_file_that_a_purge_takes_for_a_leftover_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def purging(handle: int) -> None:
        real(handle)
        for half in tmp_path.glob("*/.b*"):
            half.unlink()
        monkeypatch.setattr(os, "fsync", real)

    monkeypatch.setattr(os, "fsync", purging)
    files.write_all({tmp_path / "x" / name: name.encode() for name in ("a", "b", "c")})
    assert sorted((path.name, path.read_bytes()) for path in tmp_path.glob("*/*")) == [("a", b"a"), ("b", b"b"), ("c", b"c")]


def test_blobs_that_wait_are_there_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memos_cli.infra.vault.blobs._MOST_FILES", 3)
    blobs = Blobs(tmp_path)
    there = blobs.put(b"there")
    os.utime(blobs.path(there), (1, 1))
    texts = [b"%d" % number for number in range(5)]
    with blobs.together() as waiting:
        digests = [waiting.put(text) for text in (*texts, texts[4], b"there")]
        assert [digest in blobs for digest in digests] == [True, True, True, False, False, False, True]
    assert [blobs.get(digest) for digest in digests] == [*texts, texts[4], b"there"]
    assert blobs.path(there).stat().st_mtime > 1  # in use, so no leftover
    with pytest.raises(RuntimeError), blobs.together() as waiting:  # noqa: PT012 -- the failure in the middle is the case
        waiting.put(b"of no use")
        raise RuntimeError
    assert len(blobs.older_than()) == 6


def test_a_blob_is_what_its_name_says_or_an_error(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    digest = blobs.put(b"the text")
    assert (blobs.put(b"the text"), blobs.get(digest), blobs.faults()) == (digest, b"the text", [])
    path = next(tmp_path.glob("*/*"))
    path.write_bytes(b"the texT")
    with pytest.raises(IntegrityError):
        blobs.get(digest)
    assert len(blobs.faults()) == 1
    path.unlink()
    with pytest.raises(IntegrityError):
        blobs.get(digest)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "cubes", lock_timeout=1)


def test_cubes_are_made_listed_renamed_and_removed(shelf: Shelf) -> None:
    assert shelf.names() == []
    assert shelf.create("work", owner="sam", millis=0)
    assert not shelf.create("work", owner="sam", millis=0)
    shelf.rename("work", "home")
    shelf.open("home").close()
    assert shelf.names() == ["home"]
    shelf.remove("home")
    assert shelf.names() == []


def test_a_taken_name_is_refused(shelf: Shelf) -> None:
    for name in ("one", "two"):
        shelf.create(name, owner="sam", millis=0)
    with pytest.raises(Refused):
        shelf.rename("one", "two")
    assert shelf.names() == ["one", "two"]


@pytest.mark.parametrize("name", ["", " ", ".hidden", "a b", "-x", "ä", "x" * 65, "a\nb", "nul\x00"])
def test_impossible_names_are_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(UsageError):
        shelf.create(name, owner="sam", millis=0)


def test_an_unknown_cube_names_the_nearest(shelf: Shelf) -> None:
    shelf.create("garden", owner="sam", millis=0)
    with pytest.raises(CubeNotFound) as caught:
        shelf.open("gardne")
    assert caught.value.hint == "did you mean garden?"


def test_a_cube_may_lie_anywhere(shelf: Shelf, tmp_path: Path) -> None:
    place = tmp_path / "project" / "memory"
    assert shelf.create(str(place), owner="sam", millis=0)
    with shelf.open(str(place)) as vault:
        assert vault.name == "memory"


def test_a_folder_that_is_no_cube_is_not_written_to(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.jpg").write_bytes(b"x")
    with pytest.raises(Refused):
        shelf.create(str(folder), owner="sam", millis=0)
    with pytest.raises(CubeNotFound):
        shelf.remove(str(folder))
    assert (folder / "cat.jpg").exists()
