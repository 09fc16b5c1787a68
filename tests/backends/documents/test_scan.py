"""Pages that are pictures: their words by tesseract, page by page, within limits; and what is said where it is missing."""

import ctypes
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from memos_cli.backends.documents import pages, scan
from memos_cli.backends.documents.documents import ChildConverter
from memos_cli.backends.llama import trial
from memos_cli.errors import UsageError
from memos_cli.ports.importer import IMAGE, PAGE_END
from tests.conftest import Run
from tests.contracts.mutations import mutated
from tests.scans import needs_tesseract, picture, play, scanned
from tests.trials import trials
from tests.written import pdf

pytest.importorskip("xberg")
pypdfium2 = pytest.importorskip("pypdfium2")
Image = pytest.importorskip("PIL.Image")
PAGES = [
    ("The boiler", ["The boiler was serviced in March by Holm and Sons; the price was 140 euros."]),
    ("The roof", ["The roof has 42 tiles that are broken; a new tile costs 9 euros."]),
]


def written(content: bytes, name: str = "scan.pdf") -> Path:
    Path(name).write_bytes(content)
    return Path(name)


def joined(*parts: bytes) -> bytes:
    """One PDF of the pages of several."""
    whole = pypdfium2.PdfDocument.new()
    for part in parts:
        whole.import_pages(pypdfium2.PdfDocument(part))
    whole.save("joined.pdf")
    return Path("joined.pdf").read_bytes()


def stamped(words: str, pages: list[tuple[str, list[str]]]) -> bytes:
    """A scan with words of a program over each page."""
    document = pypdfium2.PdfDocument(scanned(pages))
    font = pypdfium2.raw.FPDFText_LoadStandardFont(document.raw, b"Helvetica")
    for page in document:
        text = pypdfium2.raw.FPDFPageObj_CreateTextObj(document.raw, font, 12.0)
        letters = (words + "\0").encode("utf-16-le")
        pypdfium2.raw.FPDFText_SetText(text, (ctypes.c_ushort * (len(letters) // 2)).from_buffer_copy(letters))
        pypdfium2.raw.FPDFPage_InsertObject(page.raw, text)
        page.gen_content()
    document.save("stamped.pdf")
    return Path("stamped.pdf").read_bytes()


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    asked = play(tmp_path, monkeypatch)
    monkeypatch.setenv("TESSERACT_SAYS", "Words of page PAGE.\n\f")
    return asked


@pytest.fixture
def no_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


def texts(made: str) -> list[str]:
    return [page.strip() for page in made.split(PAGE_END)[:-1]]


@needs_tesseract
def test_a_scan_gives_its_words_page_by_page() -> None:
    made = ChildConverter().convert(written(scanned(PAGES)), "pdf")
    boiler, roof = (" ".join(text.split()) for text in texts(made.text))
    assert "serviced in March by Holm and Sons; the price was 140 euros" in boiler
    assert "42 tiles that are broken" in roof
    assert (made.pages, made.unread, made.lacks) == (2, 0, None)


@needs_tesseract
def test_a_scan_that_lies_on_its_side_is_read_where_tesseract_can_tell() -> None:
    if not (Path(shutil.which("tesseract") or "").exists() and "osd" in _languages()):
        pytest.skip("tesseract has no data for orientation")
    long = " ".join(PAGES[0][1] * 6)
    made = ChildConverter().convert(written(scanned([("The boiler", [long])], turned=90)), "pdf")
    assert "serviced in March by Holm and Sons" in " ".join(made.text.split())


def _languages() -> list[str]:
    return subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True).stdout.split()


@needs_tesseract
def test_a_scan_is_found_by_its_words_with_its_page(memos: Run) -> None:
    written(scanned(PAGES), "house.pdf")
    done = memos("add", "--file", "house.pdf", "--json")
    assert (done.status, done.data["added"], done.data["files"]["faults"]) == (0, 3, [])
    (found,) = memos("search", "how many tiles are broken", "-k", "1", "--json").data["hits"]
    assert "42 tiles" in found["content"]
    assert found["page"] == 2
    assert memos("add", "--file", "house.pdf", "--json").data["added"] == 0
    assert memos("undo").status == 0
    assert memos("list", "--json").data["memories"] == []


def test_each_page_is_asked_by_itself_in_all_languages(tesseract: Path) -> None:
    made = ChildConverter().convert(written(scanned(PAGES)), "pdf")
    assert texts(made.text) == ["Words of page 1.", "Words of page 2."]
    assert [line.split()[2:] for line in tesseract.read_text().splitlines()] == [["-l", "eng+nld", "--psm", "1"]] * 2


def test_pages_with_words_and_blank_ones_are_not_drawn(tesseract: Path) -> None:
    made = ChildConverter().convert(written(joined(pdf([PAGES[0]]), scanned([PAGES[1]]), pdf([("", [])]))), "pdf")
    first, second, third = texts(made.text)
    assert "140 euros" in first
    assert (second, third) == ("Words of page 2.", "")
    assert len(tesseract.read_text().splitlines()) == 1


@pytest.mark.usefixtures("tesseract")
def test_a_stamp_on_a_scan_is_no_text_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(stamped("Scanned by a program", PAGES))
    monkeypatch.setenv("TESSERACT_SAYS", "A letter of page PAGE that is longer than a stamp is, by far.")
    assert texts(ChildConverter().convert(path, "pdf").text)[1] == "A letter of page 2 that is longer than a stamp is, by far."
    monkeypatch.setenv("TESSERACT_SAYS", "smudge")
    assert texts(ChildConverter().convert(path, "pdf").text) == ["Scanned by a program"] * 2


@pytest.mark.usefixtures("tesseract")
@pytest.mark.parametrize("how", ["FAILS", "HANGS"])
def test_a_page_that_fails_costs_its_own_words_and_is_told(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TESSERACT_{how}_AT", "2")
    monkeypatch.setattr(scan, "OF_A_PAGE", trial.Allowance(6, scan.OF_A_PAGE.memory))
    made = ChildConverter().convert(written(scanned([*PAGES, PAGES[0]])), "pdf")
    assert (texts(made.text), made.unread, made.lacks) == (["Words of page 1.", "", "Words of page 3."], 1, None)


@pytest.mark.usefixtures("tesseract")
def test_no_more_pages_and_seconds_are_spent_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(scanned([PAGES[0]] * 3))
    monkeypatch.setattr(scan, "MOST_PAGES", 2)
    made = ChildConverter().convert(path, "pdf")
    assert (texts(made.text)[1:], made.unread) == (["Words of page 2.", ""], 1)
    monkeypatch.setattr(scan, "SECONDS", 0.0)
    with pytest.raises(UsageError, match="is a scan, in which tesseract found no words"):
        ChildConverter().convert(path, "pdf")


@pytest.mark.usefixtures("tesseract")
def test_a_page_of_any_size_is_drawn_small_enough() -> None:
    large = pypdfium2.PdfDocument(scanned(PAGES[:1]))
    large[0].set_mediabox(0, 0, 14_400, 14_400)
    large.save("large.pdf")
    assert texts(ChildConverter().convert(Path("large.pdf"), "pdf").text) == ["Words of page 1."]
    drawn = trial.run(pages.__name__, ("large.pdf", ".", pages.DRAW, "1", "7"), scan.OF_A_PAGE)
    assert drawn is None
    with Image.open("1.png") as opened:
        assert 15_000_000 < opened.width * opened.height < 16_100_000
    assert not Path("7.png").exists()


@pytest.mark.usefixtures("no_tesseract")
def test_without_tesseract_one_line_says_what_it_is_and_what_to_install(memos: Run) -> None:
    written(scanned(PAGES))
    done = memos("add", "--file", "scan.pdf")
    said = "scan.pdf is a PDF document that is a scan, so its pages are pictures; to read them, install tesseract"
    assert (done.status, said in " ".join(done.err.split())) == (2, True)
    Path("papers").mkdir()
    written(scanned(PAGES), "papers/scan.pdf")
    Path("papers/a.md").write_text("Words.")
    (skipped,) = memos("add", "--file", "papers", "--json").data["files"]["skipped"]
    assert "install tesseract" in skipped["reason"]


def test_what_was_missing_is_read_once_tesseract_is_there(memos: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(joined(pdf([PAGES[0]]), scanned([PAGES[1]])), "house.pdf")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", "/nowhere")
    done = memos("add", "--file", "house.pdf", "--json")
    (fault,) = done.data["files"]["faults"]
    assert fault["reason"].startswith("1 page is a picture, and its words are missing; install tesseract")
    (whole,) = [one for one in memos("list", "--json").data["memories"] if "PDF document" in one["content"]]
    assert "2 pages, 1 of them read without words" in whole["content"]
    monkeypatch.setenv("PATH", path)
    play(tmp_path, monkeypatch)
    memos("add", "--file", "house.pdf", "--json")
    assert memos("search", "spare key", "-k", "1", "--json").data["hits"][0]["page"] == 2
    (whole,) = [one for one in memos("list", "--json").data["memories"] if "PDF document" in one["content"]]
    assert "without words" not in whole["content"]


@pytest.mark.slow
@pytest.mark.usefixtures("tesseract")
def test_mutations_of_a_scan_end_in_text_or_a_line() -> None:
    whole = scanned(PAGES[: trials(1, len(PAGES))])
    for number in range(trials(3, 200)):
        path = written(mutated(whole, random.Random(number)))
        why = ""
        try:
            ChildConverter().convert(path, "pdf")
        except UsageError as error:
            why = error.message
        assert "\n" not in why, number
        assert "Traceback" not in why, number


@needs_tesseract
def test_a_photograph_of_a_page_gives_its_words() -> None:
    picture(*PAGES[1]).save("roof.png")
    assert "42 tiles that are broken" in " ".join(ChildConverter().convert(Path("roof.png"), IMAGE).text.split())
