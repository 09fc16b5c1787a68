"""Converted documents: chunks that keep their page and heading, none too short where neighbours fit, none too long."""

from hypothesis import given
from hypothesis import strategies as st

from memos_cli.backends.parsers.document import DocumentParser
from memos_cli.model import Draft, Kind
from tests.backends.parsers import test_markdown
from tests.contracts.parser import MIXED, ParserContract

HOUSE = (
    "---\ntitle: House book\n---\n\n# Boiler\n\nServiced in March.\n\nPrice 140.\n\n\f\n\n"
    "## Filter\n\nChange it every May.\n\n\f\n\nIt is blue.\n\n# Roof\n\n42 tiles are broken.\n"
)


def parse(text: str) -> list[Draft]:
    return list(DocumentParser().parse(text))


class TestDocument(ParserContract):
    name = "document"

    def is_structure(self, line: str, drafts: list[Draft]) -> bool:
        return test_markdown.TestMarkdown().is_structure(line, drafts)


def test_each_chunk_has_its_page_and_its_headings() -> None:
    assert [(one.content, one.title, one.metadata["page"]) for one in parse(HOUSE)] == [
        ("Serviced in March.\n\nPrice 140.", "House book > Boiler", 1),
        ("Change it every May.", "House book > Boiler > Filter", 2),
        ("It is blue.", "House book > Boiler > Filter", 3),
        ("42 tiles are broken.", "House book > Roof", 3),
    ]
    assert {one.kind for one in parse(HOUSE)} == {Kind.DOCUMENT}


def test_without_page_ends_there_are_no_pages() -> None:
    assert all("page" not in one.metadata for one in parse(HOUSE.replace("\f", "")))


def test_pages_are_counted_where_some_are_empty() -> None:
    (one,) = parse("\f\n\n\f\n\nWords.\n\n\f")
    assert one.metadata["page"] == 3


def test_what_spans_two_pages_is_cut_between_them() -> None:
    # A list, a table and a fence may go on behind the page's end.
    for text in ("- one\n- two\n\n\f\n\n- three\n", "```\na\n\f\nb\n```\n"):
        found = parse(text)
        assert [one.metadata["page"] for one in found] == [1, 2], text
        assert all("\f" not in one.content for one in found)


def test_short_neighbours_are_joined_and_long_paragraphs_stand_alone() -> None:
    lines = [f"Line {number} of the address." for number in range(10)]
    assert [one.content for one in parse("\n\n".join(lines))] == ["\n\n".join(lines)]
    long = ["word " * 150, "other " * 150]
    assert len(parse("\n\n".join(long))) == 2


def test_a_long_table_is_cut_between_rows_each_piece_with_its_columns() -> None:
    rows = [f"| {number} | item {number} | {number * 3} EUR |" for number in range(500)]
    found = parse("\n".join(["# Costs", "", "| No | What | Cost |", "| --- | --- | --- |", *rows]))
    assert len(found) > 10
    assert all(one.content.startswith("| No | What | Cost |") for one in found)
    assert all(len(one.content) < 2500 for one in found)
    said = "\n".join(one.content for one in found)
    assert all(row in said for row in rows)


def test_a_line_without_end_is_cut() -> None:
    found = parse("```\n" + "x" * 20_000 + " y" * 5000 + "\n```\n")
    assert max(len(one.content) for one in found) < 3000


@given(MIXED, st.integers(0, 5))
def test_pages_never_go_back(text: str, ends: int) -> None:
    pages = [one.metadata.get("page", 1) for one in parse(text + "\n\n\f\n\nmore\n" * ends)]
    assert pages == sorted(pages)
