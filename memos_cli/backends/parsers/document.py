"""Documents (PDF, Word files, …) that a converter turned into Markdown: about a paragraph to a section a draft, on one page.

They are taken apart as Markdown is (`markdown`), and then:

- what stands on two pages is cut where the page ends; `metadata` tells each draft's `page`, where the document has pages;
- neighbours below the same heading on the same page are one draft, as long as one of them is short, and both together are not
  long: the lines of an address, a line and its table;
- what is too long, as a table of a thousand rows is, is cut between lines, each piece of a table with the names of its columns.

All are of the kind `document`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from memos_cli.backends.parsers import prose
from memos_cli.backends.parsers.markdown import LONGEST_SECTION, MarkdownParser
from memos_cli.model import Draft, Kind
from memos_cli.ports.importer import PAGE_END
from memos_cli.times import Zone

_SHORT = 400
"""Bytes below which a draft may be joined to its neighbour."""
_LONG = 2 * LONGEST_SECTION
"""Bytes above which a draft is cut."""
_END = PAGE_END.encode()


class _Chunk(NamedTuple):
    """A draft to be: where its text stands, in bytes, on which page, and what precedes its own text."""

    draft: Draft
    start: int
    end: int
    page: int | None
    head: str = ""


class DocumentParser:
    """The text of a converted document; nothing is recognised as one by its looks.

    Attributes:
        zone: as `MarkdownParser` has it.
    """

    zone: Zone | None = None

    def matches(self, text: str, name: str | None) -> bool:  # noqa: ARG002 -- the port's signature
        """Never: who has a document says so."""
        return False

    def parse(self, text: str) -> Iterator[Draft]:
        """The drafts in order; origin file."""
        data = text.encode()
        for piece in _joined(_pieces(self._read(text), data)):
            verbatim = data[piece.start : piece.end].decode()
            whole = piece.draft.source.start == piece.start and piece.draft.source.end == piece.end
            page = {} if piece.page is None else {"page": piece.page}
            yield piece.draft._replace(
                content=piece.draft.content if whole else piece.head + verbatim,
                kind=Kind.DOCUMENT,
                source=piece.draft.source._replace(start=piece.start, end=piece.end),
                metadata={**piece.draft.metadata, **page},
            )

    def _read(self, text: str) -> Iterator[Draft]:
        markdown = MarkdownParser()
        markdown.zone = self.zone
        return markdown.parse(text)


def _pieces(drafts: Iterator[Draft], data: bytes) -> Iterator[_Chunk]:
    """Each draft as it stands on its page, or in pieces."""
    page, reached = (1, 0) if _END in data else (None, 0)
    for draft in drafts:
        start, end = draft.source.start or 0, draft.source.end or 0
        first = start
        for part in data[start:end].split(_END):
            if page is not None:
                page += data.count(_END, reached, first)
                reached = first
            if span := _trimmed(data, first, first + len(part)):
                yield from _cut(_Chunk(draft, *span, page), data)
            first += len(part) + 1


def _trimmed(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The span without white space at its ends; `None` where nothing else is in it."""
    text = data[start:end].decode()
    kept = text.strip()
    if not kept:
        return None
    start += len(text[: len(text) - len(text.lstrip())].encode())
    return start, start + len(kept.encode())


def _cut(piece: _Chunk, data: bytes) -> Iterator[_Chunk]:
    if piece.end - piece.start <= _LONG:
        yield piece
        return
    head = _table_head(data[piece.start : piece.end])
    for number, (start, end) in enumerate(_spans(data, piece.start, piece.end)):
        if span := _trimmed(data, start, end):
            yield _Chunk(piece.draft, *span, piece.page, head if number else "")


def _spans(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of lines of at most a section's length; a line beyond that in pieces that end with a sentence."""
    first = reached = start
    while reached < end:
        line = data.find(b"\n", reached, end) + 1 or end
        if line - first > LONGEST_SECTION and reached > first:
            yield first, reached
            first = reached
        if line - reached > LONGEST_SECTION:
            yield from _sentences(data, reached, line)
            first = line
        reached = line
    if first < end:
        yield first, end


def _sentences(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    text = data[start:end].decode()
    done = 0
    for first, last in prose.pieces(text, 0, len(text)):
        start += len(text[done:first].encode())
        done, size = last, len(text[first:last].encode())
        yield start, start + size
        start += size


def _table_head(table: bytes) -> str:
    """The two lines that name the columns of a table, to stand before each piece of it."""
    lines = table.split(b"\n", 2)[:2]
    is_table = len(lines) == 2 and lines[0].lstrip().startswith(b"|") and not lines[1].strip(b"|-: \r")
    head = b"\n".join(lines) + b"\n" if is_table else b""
    return head.decode() if len(head) <= _SHORT else ""


def _joined(pieces: Iterator[_Chunk]) -> Iterator[_Chunk]:
    held: _Chunk | None = None
    for piece in pieces:
        if held is not None and _belong(held, piece):
            held = held._replace(end=piece.end)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _belong(one: _Chunk, other: _Chunk) -> bool:
    short = min(one.end - one.start, other.end - other.start) < _SHORT
    near = (one.draft.title, one.page) == (other.draft.title, other.page) and not other.head
    return near and short and other.end - one.start <= LONGEST_SECTION
