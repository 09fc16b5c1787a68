"""Tables: CSV and TSV files with a line of names at the top; a row is a memory."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO

from memos_cli.backends.importers.fields import HEAD, Rows, beginning, guess
from memos_cli.errors import UsageError
from memos_cli.model import Draft
from memos_cli.ports.importer import ImportOptions, Skipped

KIND = "csv"
_ROWS = 20
"""Rows from which it is seen what stands between the columns."""
_DELIMITERS = ",;\t|"
_ENDINGS = {".csv", ".tsv", ".tab"}
_MOST_COLUMNS = 1000
_LONGEST = 16 << 20
"""Characters of a field."""
_OFTEN = 1000


class TableImporter:
    """Reads tables."""

    def matches(self, source: Path) -> bool:
        """Whether it is called as tables are, and begins with two columns or more."""
        if source.suffix.lower() not in _ENDINGS or (head := beginning(source)) is None:
            return False
        try:
            text = _decoded(head)
        except UsageError:
            return False
        return len(_first(text, _delimiter(text))) > 1

    def guessed(self, source: Path, how: ImportOptions) -> Mapping[str, str]:
        """The columns that are fields of a memory, each with the field: what is told to a person before it is read.

        Raises:
            UsageError: it cannot be read, or no column is the text.
        """
        try:
            with source.open("rb") as stream:
                text = _decoded(stream.read(HEAD))
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from None
        return _fields(_first(text, _delimiter(text)), how.columns)

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The rows, in their order.

        Raises:
            UsageError: it cannot be read, or no column is the text.
        """
        try:
            with source.open("rb") as stream, closing(Rows(KIND, how)) as rows:
                head = stream.read(HEAD)
                stream.seek(0)
                text = _decoded(head)
                lines = io.TextIOWrapper(stream, _encoding(head), errors="surrogateescape", newline="")
                yield from _rows(lines, stream, text, rows, how, source.stat().st_size)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from None


def _rows(
    lines: IO[str], stream: IO[bytes], head: str, rows: Rows, how: ImportOptions, total: int
) -> Iterator[Draft | Skipped]:
    before = csv.field_size_limit()
    reader = csv.reader(lines, delimiter=_delimiter(head), strict=True)
    names = _first(head, _delimiter(head))
    fields = _fields(names, how.columns)
    at = 0
    while True:
        csv.field_size_limit(_LONGEST)
        began = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield Skipped("a row that is damaged", f"line {began + 1}: {error}", max(1, reader.line_num - began), damaged=True)
            continue
        finally:
            csv.field_size_limit(before)
        at += 1
        if at % _OFTEN == 0:
            how.tell(min(stream.tell(), total), total)
        if at > 1 and row:
            yield _of_row(row, names, fields, rows, f"line {reader.line_num}")
    how.tell(total, total)


def _of_row(row: list[str], names: list[str], fields: Mapping[str, str], rows: Rows, where: str) -> Draft | Skipped:
    if len(row) > len(names) and any(one.strip() for one in row[len(names) :]):
        return Skipped("a row with more columns than names", where, damaged=True)
    told = {name: value.strip() for name, value in zip(names, row, strict=False) if name}
    return rows.draft(told, fields, where)


def _fields(names: list[str], given: Mapping[str, str]) -> dict[str, str]:
    fields = guess(names, given)
    if "content" not in fields.values():
        there = ", ".join(one for one in names if one)[:300]
        raise UsageError(
            "no column is known to be the text", hint=f"say which one is: --columns NAME=content; there are: {there}"
        )
    return fields


def _first(text: str, delimiter: str) -> list[str]:
    """The names of the columns; one that is there already has a number behind it."""
    names: list[str] = []
    for name in next(_parsed(text, delimiter), [])[:_MOST_COLUMNS]:
        plain = " ".join(name.split())[:200]
        number = 2
        while plain and plain in names:
            plain, number = f"{plain.removesuffix(f' {number - 1}')} {number}", number + 1
        names.append(plain)
    return names


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        for row, _ in zip(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), range(_ROWS), strict=False):
            yield row
    except csv.Error:
        return


def _delimiter(text: str) -> str:
    """What stands between the columns: of the usual marks the one by which the rows have the same number of them, the most."""

    def fits(mark: str) -> tuple[float, int]:
        widths = [len(row) for row in _parsed(text, mark) if row]
        first = widths[0] if widths else 0
        return (widths.count(first) / len(widths) if first > 1 else 0.0, first)

    return max(_DELIMITERS, key=fits)


def _encoding(head: bytes) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return name
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return "cp1252"
    return "utf-8"


def _decoded(head: bytes) -> str:
    """The beginning of a table as text.

    Raises:
        UsageError: it is no text.
    """
    text = head.decode(_encoding(head), "replace")
    if "\0" in text or not text.strip():
        raise UsageError("it is no table")
    return text
