"""Documents that are added: their chunks with page and heading, the whole that they are part of, and what a change does."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from memos_cli import MOS, plugins
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.interface.pipeline.source_files import SourceOptions
from memos_cli.model import Kind, LinkType, Memory, State
from memos_cli.operation.results import Added
from memos_cli.ports.importer import Converted
from tests import scans
from tests.interface.pipeline import fifty
from tests.trials import trials
from tests.written import WRITERS


class PlainConverter:
    """Takes what follows the first line of a file that only begins like a document for its text."""

    installed = True

    def is_installed(self) -> bool:
        """Whether a test lets it be."""
        return self.installed

    def convert(self, document: Path, sort: str) -> Converted:
        """The text below the first line, with its pages."""
        if not self.installed:
            raise ModelUnavailable("documents are read with the extra", hint="pip install it")
        text = document.read_text().partition("\n")[2]
        if "damaged" in text:
            raise UsageError("cannot be converted: no cross-reference")
        return Converted(text, "House book", text.count("\f") if sort == "pdf" else None)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> type[PlainConverter]:
    monkeypatch.setitem(plugins._BUILT_IN, "documents.converter", f"{__name__}:PlainConverter")
    monkeypatch.setattr(PlainConverter, "installed", True)
    return PlainConverter


BOILER, FILTER, ROOF = (
    "The boiler was serviced in March.",
    "Change the filter of it every May.",
    "The roof has 42 broken tiles.",
)


def house(*pages: str, name: str = "house.pdf") -> Path:
    path = Path(name)
    path.write_text("%PDF-1.4\n" + "".join(f"{page}\n\n\f\n\n" for page in pages))
    return path


def add(mos: MOS, *names: str) -> Added:
    return mos.pipeline.add_files(names or ("house.pdf",), SourceOptions())


def parts(mos: MOS) -> dict[str, Memory]:
    return {memory.content: memory for memory in mos.list() if "document" not in memory.metadata}


def whole(mos: MOS) -> Memory:
    (found,) = [memory for memory in mos.list() if "document" in memory.metadata]
    return found


def test_chunks_keep_page_heading_and_file_and_are_parts_of_the_whole(mos: MOS) -> None:
    house(f"# Heating\n\n{BOILER}", f"## Filter\n\n{FILTER}", f"# Roof\n\n{ROOF}")
    assert add(mos).added == 4
    found = parts(mos)
    assert {one.content: (one.title, one.metadata["page"], one.source.file, one.kind) for one in found.values()} == {
        BOILER: ("House book > Heating", 1, "house.pdf", Kind.DOCUMENT),
        FILTER: ("House book > Heating > Filter", 2, "house.pdf", Kind.DOCUMENT),
        ROOF: ("House book > Roof", 3, "house.pdf", Kind.DOCUMENT),
    }
    document = whole(mos)
    assert document.content == "House book: house.pdf, PDF document, 3 pages\n\nHeating; Filter; Roof"
    assert document.metadata["document"] == {"sort": "pdf", "pages": 3}
    links = {(link.source, link.type, link.target) for link in mos.writable().links(document.id)[1]}
    assert links == {(one.id, LinkType.PART_OF, document.id) for one in found.values()}
    assert mos.timeline.provenance(found[FILTER].id).verbatim == FILTER


def test_an_unchanged_document_writes_nothing(mos: MOS) -> None:
    house(BOILER, ROOF)
    add(mos)
    before = mos.writable().position()
    again = add(mos)
    assert (again.added, again.duplicates, again.txn, mos.writable().position()) == (0, 3, None, before)


def test_a_changed_chunk_is_an_edit_a_new_page_moves_pages_and_what_left_is_archived(mos: MOS) -> None:
    house(f"# Heating\n\n{BOILER}", f"# Roof\n\n{ROOF}")
    add(mos)
    was = parts(mos)
    house("# Cover\n\nThis is the book of our house.", f"# Heating\n\n{BOILER.replace('March', 'April')}", f"# Roof\n\n{ROOF}")
    told = add(mos)
    now = parts(mos)
    assert now[BOILER.replace("March", "April")].id == was[BOILER].id
    assert (now[ROOF].id, now[ROOF].metadata["page"]) == (was[ROOF].id, 3)
    assert whole(mos).metadata["document"]["pages"] == 3
    assert (told.added, len(told.archived)) == (1, 0)
    assert {link.type for link in mos.writable().links(now["This is the book of our house."].id)[0]} == {LinkType.PART_OF}
    house(f"# Roof\n\n{ROOF}")
    assert len(add(mos).archived) == 2
    assert mos.get(was[BOILER].id).state is State.ARCHIVED
    assert parts(mos)[ROOF].metadata["page"] == 1
    mos.undo()
    assert set(parts(mos)) == set(now)


def test_one_step_of_undo_takes_a_document_back(mos: MOS) -> None:
    house(BOILER, ROOF)
    add(mos)
    mos.undo()
    assert not mos.list()
    assert add(mos).txn is not None
    assert set(parts(mos)) == {BOILER, ROOF}


def test_a_folder_is_read_with_its_documents_and_a_damaged_one_is_told(mos: MOS) -> None:
    Path("papers").mkdir()
    house(BOILER, name="papers/a.pdf")
    house("damaged", name="papers/b.pdf")
    Path("papers/c.md").write_text(ROOF + "\n")
    told = add(mos, "papers")
    assert told.files is not None
    assert (told.files.read, [name for name, _ in told.files.skipped]) == (2, ["papers/b.pdf"])
    assert "cannot be converted" in told.files.skipped[0][1]
    assert {ROOF, BOILER} <= set(parts(mos))


def test_a_damaged_one_that_was_named_is_refused(mos: MOS) -> None:
    house("damaged")
    with pytest.raises(UsageError, match=r"house\.pdf is a PDF document that cannot be converted"):
        add(mos)


def test_without_the_converter_a_named_one_is_refused_and_one_in_a_folder_told(mos: MOS, plain: type[PlainConverter]) -> None:
    plain.installed = False
    house(BOILER)
    with pytest.raises(ModelUnavailable, match=r"house\.pdf is a PDF document") as found:
        add(mos)
    assert found.value.exit_status == 14
    Path("papers").mkdir()
    house(BOILER, name="papers/a.pdf")
    Path("papers/c.md").write_text(ROOF + "\n")
    told = add(mos, "papers")
    assert told.files is not None
    assert [(name, "memos-memcube[documents]" in why) for name, why in told.files.skipped] == [("papers/a.pdf", True)]


def test_one_without_a_title_is_called_as_its_file(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlainConverter, "convert", lambda *_: Converted("Words of it.", None, None))
    house(BOILER, name="rent_2024-05.pdf")
    add(mos, "rent_2024-05.pdf")
    assert whole(mos).title == "rent 2024 05"


def test_what_a_person_changed_is_not_overwritten(mos: MOS) -> None:
    house(BOILER, ROOF)
    add(mos)
    known = parts(mos)[BOILER].id
    mos.edit(known, {"content": "The boiler was serviced by me."})
    house(BOILER.replace("March", "April"), ROOF)
    add(mos)
    assert mos.get(known).content == "The boiler was serviced by me."


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("xberg") is None, reason="needs the extra `documents`")
def test_the_right_page_is_among_the_first_three_as_often_as_with_the_words_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`MEMOS_TRIALS=many` asks all hundred questions of all fifty documents, and tells the shares; scans need tesseract."""
    monkeypatch.setitem(plugins._BUILT_IN, "documents.converter", "memos_cli.backends.documents.documents:ChildConverter")
    asked = [paper for paper in fifty.papers(trials(5, 50)) if shutil.which("tesseract") or paper.sort not in {"scan", "png"}]
    real = [path for paper in asked for path in written(paper, tmp_path)]
    plain = []
    for paper in asked:
        for number, page in enumerate(paper.pages, start=1):
            plain.append(tmp_path / f"{paper.name}-{number}.txt")
            plain[-1].write_text("\n\n".join((paper.title, page.heading, *page.paragraphs)))
    shares = {}
    for name, paths in (("real", real), ("plain", plain)):
        mos = MOS(home=tmp_path / f"home-{name}")
        add(mos, *map(str, paths))
        for otherwise in (False, True):
            found = [
                (paper, page) in _pages(mos, question, asked)
                for question, paper, page in fifty.questions(asked, 2, otherwise=otherwise)
            ]
            shares[name, otherwise] = sum(found) / len(found)
    print(shares)  # noqa: T201 -- told where somebody asks for many
    assert shares["real", False] >= max(0.9, shares["plain", False] - 0.05)
    assert shares["real", True] >= shares["plain", True] - 0.15


def written(paper: fifty.Paper, folder: Path) -> list[Path]:
    """A document as its file, or as a picture for each of its pages."""
    pages = [
        (page.heading, [*([paper.title] if paper.sort in {"scan", "png"} else ()), *page.paragraphs]) for page in paper.pages
    ]
    if paper.sort == "png":
        paths = [folder / f"{paper.name}-{number}.png" for number in range(1, len(pages) + 1)]
        for path, (heading, paragraphs) in zip(paths, pages, strict=True):
            scans.picture(heading, paragraphs).save(path)
        return paths
    path = folder / f"{paper.name}.{'pdf' if paper.sort == 'scan' else paper.sort}"
    path.write_bytes(scans.scanned(pages) if paper.sort == "scan" else WRITERS[paper.sort](pages, paper.title))
    return [path]


def _pages(mos: MOS, question: str, asked: list[fifty.Paper]) -> set[tuple[str, int]]:
    """The documents and pages of the first three hits: by the page, in a book by the heading, else by the name of the file."""
    papers = {paper.name: paper for paper in asked}
    places = set()
    for hit in mos.search(question, k=3).hits:
        stem = Path(hit.memory.source.file or "").stem
        name, _, last = stem.rpartition("-")
        if stem not in papers:
            places.add((name, int(last) if last.isdigit() else 0))
        elif (number := hit.memory.metadata.get("page")) is not None:
            places.add((stem, number))
        else:
            headings = [page.heading for page in papers[stem].pages]
            heading = (hit.memory.title or "").rpartition(" > ")[2]
            places.add((stem, headings.index(heading) + 1 if heading in headings else 0))
    return places
