"""Documents that are imported: as `add --file` brings them in, told as an import is."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.errors import UsageError
from memos_cli.interface.imports import papers
from tests.interface.sources import test_documents

plain = test_documents.plain


def folder(*pages: str) -> str:
    Path("papers").mkdir(exist_ok=True)
    test_documents.house(*pages, name="papers/a.pdf")
    test_documents.house("damaged", name="papers/b.pdf")
    return "papers"


def test_a_folder_of_documents_is_taken_once_and_brought_in_step(mos: MOS) -> None:
    name = folder(test_documents.BOILER, test_documents.ROOF)
    assert papers.are([name])
    assert papers.are(["papers/a.pdf"])
    first = papers.take(mos.pipeline, [name], {})
    assert (first.taken, first.skipped, first.found, first.whole) == (3, 1, 4, False)
    again = papers.take(mos.pipeline, [name], {})
    assert (again.taken, again.known, again.found, again.txn) == (0, 3, 4, None)
    folder(test_documents.BOILER.replace("March", "April"), test_documents.ROOF)
    assert papers.take(mos.pipeline, [name], {}).edited == 1
    mos.undo()
    mos.undo()
    assert not mos.list()


def test_a_dry_run_changes_nothing(mos: MOS) -> None:
    told = papers.take(mos.pipeline, [folder(test_documents.BOILER)], {}, dry_run=True)
    assert (told.taken, told.dry_run, len(mos.list())) == (2, True, 0)


def test_what_is_none_is_left_to_the_other_kinds(mos: MOS) -> None:
    Path("a.txt").write_text("words")
    Path("empty").mkdir()
    assert not any(papers.are([name]) for name in ("a.txt", "empty", "nowhere"))
    with pytest.raises(UsageError):
        papers.take(mos.pipeline, ["nowhere"], {})
