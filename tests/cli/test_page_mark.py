"""Where in a document a hit stands: on its line, and in its document."""

from memos_cli.cli import page_mark
from memos_cli.model import Memory, Source


def test_a_page_needs_a_file_and_a_number() -> None:
    there = Memory("a", "x", source=Source(file="papers/house.pdf"), metadata={"page": 3})
    assert (page_mark.page(there), page_mark.mark(there)) == (3, "  [house.pdf, page 3]")
    for metadata in ({}, {"page": None}, {"page": "3"}, {"page": True}, {"page": [3]}):
        assert (page_mark.page(there._replace(metadata=metadata)), page_mark.mark(there._replace(metadata=metadata))) == (
            None,
            "",
        )
    assert page_mark.page(there._replace(source=Source())) is None


def test_a_name_is_let_loose_on_no_terminal() -> None:
    bad = Memory("a", "x", source=Source(file="a\x1b[2J.pdf"), metadata={"page": 1})
    assert "\x1b" not in page_mark.mark(bad)
