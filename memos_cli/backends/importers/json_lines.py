"""JSON Lines: interchange documents (`man memos-mip`), and whatever else has an object with a text on each line."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from memos_cli.backends.importers.fields import HEAD, NAMES, Rows, beginning, guess
from memos_cli.errors import UsageError
from memos_cli.mip import mip
from memos_cli.mip import rows as mip_rows
from memos_cli.model import Draft
from memos_cli.ports.importer import ImportOptions, Skipped

KIND = "jsonl"
_OFTEN = 1000
_ENDINGS = {".jsonl", ".ndjson"}
_SOURCE = ("conversation", "session", "speaker", "turn")
"""The parts of a `source` as `memos add --jsonl` takes it."""


class JsonLinesImporter:
    """Reads JSON Lines; a line that says its version of MIP is read by that, any other one by the names of its fields."""

    def matches(self, source: Path) -> bool:
        """Whether the first line is an object with a text by one of the usual names."""
        head = beginning(source)
        if head is None:
            return False
        if not head:  # what an export of nothing is
            return source.suffix in _ENDINGS
        line, _, rest = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t").partition(b"\n")
        if not rest and len(head) == HEAD:  # a first line that is longer than what may be looked at
            return line.startswith((b'{"mip":', b'{"content":"')) and source.suffix in _ENDINGS
        try:
            row = mip.parsed(line)
        except UsageError:
            return False
        named = isinstance(row, dict) and ("mip" in row or any(isinstance(row.get(name), str) for name in NAMES["content"]))
        return named and (bool(rest.strip()) or source.suffix in _ENDINGS or "mip" in row)

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The memories of the lines, in their order.

        Raises:
            UsageError: it cannot be read, or no line is an object.
        """
        try:
            with source.open("rb") as stream, closing(Rows(KIND, how)) as rows:
                yield from _read(stream, source.stat().st_size, rows, how)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from None


def _read(stream: IO[bytes], total: int, rows: Rows, how: ImportOptions) -> Iterator[Draft | Skipped]:
    done = objects = 0
    faults: list[Skipped] = []
    for number, line, size in mip.raw(stream):
        done += size
        if number % _OFTEN == 0:
            how.tell(min(done, total), total)
        if line is not None and not line.strip():
            continue
        found = _of_line(line, number, rows, how)
        objects += not isinstance(found, Skipped) or not found.damaged
        if objects:
            yield from faults
            faults = []
            yield found
        elif isinstance(found, Skipped):
            faults.append(found)
            if len(faults) >= _OFTEN:  # so much that is none of it is no such file
                break
    if faults:
        raise UsageError(f"no line of it is a memory: {faults[0].why} ({faults[0].where})")
    how.tell(total, total)


def _of_line(line: bytes | None, number: int, rows: Rows, how: ImportOptions) -> Draft | Skipped:
    where = f"line {number}"
    if line is None:
        return Skipped(f"a line {mip.TOO_LONG}", where, damaged=True)
    try:
        row = mip.parsed(line, first=number == 1)
    except UsageError as error:
        return Skipped("a line that is no JSON", f"{where}: {error.message}", damaged=True)
    if not isinstance(row, dict):
        return Skipped("a line that is no object", where, damaged=True)
    if "mip" in row:
        if why := mip.fault(row):
            return Skipped("a line that is no memory of MIP", f"{where}: {why}", damaged=True)
        return mip_rows.draft_of(row)
    row = _flat(row)
    return rows.draft(row, guess(row, {name: field for name, field in how.columns.items() if name in row}), where)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with what stands in its `metadata` and its `source` beside its fields, as `memos add --jsonl` nests them."""
    flat: dict[str, Any] = dict(row)
    for name, among in (("source", _SOURCE), ("metadata", None)):
        inner = flat.get(name)
        if not isinstance(inner, dict) or set(inner) & (flat.keys() - {name}):
            continue
        if among is None or set(inner) <= set(among):
            flat |= flat.pop(name)
    return flat
