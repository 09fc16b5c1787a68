"""Images: what EXIF tells of day and place, and their words, by a tesseract that the tests play."""

import random
from pathlib import Path

import pytest

from memos_cli.backends.documents.documents import ChildConverter
from memos_cli.backends.documents.image import told
from memos_cli.errors import UsageError
from memos_cli.ports.importer import IMAGE
from tests.conftest import Run
from tests.scans import play
from tests.trials import trials

PIL = pytest.importorskip("PIL.Image")
pytest.importorskip("xberg")
MUTATIONS = trials(60, 1000)


def photo(
    name: str = "photo.jpg", *, taken: str | None = "2026:05:01 10:20:30", offset: str | None = None, gps: bool = True
) -> Path:
    made = PIL.new("RGB", (8, 8), (200, 10, 10))
    exif = PIL.Exif()
    inner = exif.get_ifd(0x8769)
    if taken:
        inner[36867] = taken
    if offset:
        inner[36881] = offset
    if gps:
        place = exif.get_ifd(0x8825)
        place.update({1: "S", 2: (33.0, 51.0, 25.2), 3: "E", 4: (151.0, 12.0, 50.4)})
    made.save(name, exif=exif)
    return Path(name)


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tesseract that says what a test sets, and the file with what it was asked."""
    return play(tmp_path, monkeypatch)


@pytest.fixture
def no_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_exif_tells_day_and_place() -> None:
    assert told(photo()) == {"taken": "2026-05-01T10:20:30", "place": "-33.85700, 151.21400"}
    assert told(photo(offset="+10:00"))["taken"] == "2026-05-01T10:20:30+10:00"
    assert told(photo(taken="0000:00:00 00:00:00", gps=False)) == {"taken": None, "place": None}
    assert told(photo(taken="2026:02:31 10:20:30", offset="noon"))["taken"] is None


def test_words_are_read_in_all_languages_that_there_are(tesseract: Path) -> None:
    found = ChildConverter().convert(photo(), IMAGE)
    assert (found.text, found.taken, found.place) == (
        "The spare key is under the blue pot.", "2026-05-01T10:20:30", "-33.85700, 151.21400",
    )  # fmt: skip
    assert tesseract.read_text().split()[2:] == ["-l", "eng+nld", "--psm", "1"]


def test_without_words_day_and_place_are_enough(tesseract: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tesseract
    monkeypatch.setenv("TESSERACT_SAYS", "")
    monkeypatch.setenv("TESSERACT_ENDS", "1")
    assert ChildConverter().convert(photo(), IMAGE).text == ""
    with pytest.raises(UsageError, match="no words, no day and no place"):
        ChildConverter().convert(photo(taken=None, gps=False), IMAGE)


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_it_is_said(tmp_path: Path) -> None:
    assert ChildConverter().convert(photo(), IMAGE).taken == "2026-05-01T10:20:30"
    with pytest.raises(UsageError) as error:
        ChildConverter().convert(photo(taken=None, gps=False), IMAGE)
    assert "install tesseract" in str(error.value.hint)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    with pytest.raises(UsageError, match="no image"):
        ChildConverter().convert(tmp_path / "broken.png", IMAGE)


def test_any_damage_is_told(tmp_path: Path) -> None:
    whole, rng = photo().read_bytes(), random.Random(5)
    for _ in range(MUTATIONS):
        data = bytearray(whole[: rng.randrange(len(whole))] if rng.random() < 0.3 else whole)
        for _ in range(rng.randint(0, 8)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        path = tmp_path / "damaged.jpg"
        path.write_bytes(bytes(data))
        try:
            found = told(path)
        except UsageError:
            continue
        assert set(found) == {"taken", "place"}


@pytest.mark.usefixtures("tesseract")
def test_from_end_to_end(memos: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Amsterdam")
    photo("key.jpg")
    done = memos("add", "--file", "key.jpg", "--json")
    assert (done.status, done.data["added"]) == (0, 2)
    found = memos("search", "spare key", "--json").data["hits"][0]
    assert "under the blue pot" in found["content"]
    (whole,) = [one for one in memos("list", "--json").data["memories"] if "taken on" in one["content"]]
    assert whole["occurred_at"] == "2026-05-01T08:20:30Z"
    assert "JPEG image, taken on 2026-05-01, at -33.85700, 151.21400" in whole["content"]
    assert memos("add", "--file", "key.jpg", "--json").data["added"] == 0
    assert memos("undo").status == 0


@pytest.mark.usefixtures("tesseract")
def test_in_a_folder_photographs_are_left_out(memos: Run, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    photo("notes/key.jpg")
    (folder / "a.md").write_text("Words.")
    done = memos("add", "--file", "notes", "--json")
    assert done.data["files"]["skipped"] == [{"file": "notes/key.jpg", "reason": "a JPEG image"}]
