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
