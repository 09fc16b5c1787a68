"""An export is read while it is written: a file that nobody could import is never handed out."""

import io
import threading
from pathlib import Path

import pytest

from memos_cli.errors import IntegrityError
from memos_cli.infra.transfer.verifier import verified
from tests.infra.transfer.cubes import sound_file


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    return sound_file(tmp_path / "home")


def written(content: bytes, folder: Path, piece: int = 1 << 16) -> bytes:
    out = io.BytesIO()
    with verified(out, folder) as stream:
        for start in range(0, len(content), piece):
            stream.write(content[start : start + piece])
    return out.getvalue()


def test_a_sound_file_arrives_as_it_was_written_and_leaves_nothing_beside_it(sound: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "beside"
    folder.mkdir()
    for piece in (7, 512, 1 << 20):
        assert written(sound, folder, piece) == sound
    assert list(folder.iterdir()) == []
    assert not [one for one in threading.enumerate() if one.name == "verifier"]


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_a_file_with_one_wrong_bit_does_not_end_well(sound: bytes, tmp_path: Path, where: float) -> None:
    place = int(len(sound) * where)
    bad = sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :]
    with pytest.raises(IntegrityError, match="cannot be imported"):
        written(bad, tmp_path, 512)


def test_a_file_that_is_cut_short_does_not_end_well(sound: bytes, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="cannot be imported"):
        written(sound[:-512], tmp_path)


def test_an_error_of_the_writer_is_the_one_that_is_raised(sound: bytes, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), verified(io.BytesIO(), tmp_path) as stream:  # noqa: PT012 -- in the midst of it
        stream.write(sound[:1000])
        raise ZeroDivisionError
