"""The files that agents append their talks to, a JSON object a line: which there are, and their lines, read within bounds."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from memos_cli.backends.importers.fields import beginning
from memos_cli.errors import UsageError
from memos_cli.model import Draft
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis, parse_iso

LONGEST = 32 << 20
"""Most bytes of a line: one with pasted images has several million."""
_STEP = 1 << 20
DAMAGED = "a line that is no whole JSON object"
WRONG = "a record with a value of a wrong type"


class TranscriptLine(NamedTuple):
    """A line that is not blank: its number, and its object or why there is none.

    Attributes:
        torn: whether it is the last one and its end was not yet written.
    """

    number: int
    value: dict[str, Any] | None
    why: str = ""
    torn: bool = False


class TranscriptFile(NamedTuple):
    """A file of a source: what a person calls it within the source, its size, and when it was last written, in seconds."""

    path: Path
    name: str
    size: int
    written: float


class SkippedLines:
    """What is skipped of a file: once for each reason, with the place of the first; what is damaged by itself."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._counts: dict[str, list[int]] = {}

    def note(self, why: str, number: int) -> None:
        """Count a line that is left out for a reason."""
        self._counts.setdefault(why, [number, 0])[1] += 1

    def damaged(self, why: str, number: int) -> Skipped:
        """A line that would have been a memory if it were whole."""
        return Skipped(why, f"{self._name}, line {number}", damaged=True)

    def unread(self, line: "TranscriptLine") -> Skipped | None:
        """A line that is no JSON: damaged, unless it is the one that is being written at this moment."""
        if not line.torn:
            return self.damaged(line.why, line.number)
        self.note("a line that is being written", line.number)
        return None

    def told(self) -> Iterator[Skipped]:
        """What was counted."""
        for why, (number, count) in self._counts.items():
            yield Skipped(why, f"{self._name}, line {number}" if count == 1 else f"{self._name}, from line {number} on", count)


class TranscriptProgress:
    """Tells how many bytes of all the files of a source were read."""

    def __init__(self, how: ImportOptions, files: Iterable[TranscriptFile]) -> None:
        self._tell, self._total = how.tell, sum(file.size for file in files)
        self._done = self._told = 0

    def read(self, size: int) -> None:
        """So many bytes more; a file may have grown meanwhile."""
        self._done = min(self._done + size, self._total)
        if self._done - self._told >= _STEP or self._done == self._total:
            self._told = self._done
            self._tell(self._done, self._total)


def files(source: Path, ending: str = ".jsonl") -> list[TranscriptFile]:
    """The files of a source whose names end so, those first that were written first: a talk that goes on is in a later one."""
    found = [source] if source.is_file() else _below(source, ending)
    made = []
    for path in found:
        name = path.name if path == source else path.relative_to(source).as_posix()
        try:
            status = path.stat()
        except OSError:
            continue
        made.append(TranscriptFile(path, name, status.st_size, status.st_mtime))
    return sorted(made, key=lambda file: (file.written, file.name))


def _below(folder: Path, ending: str) -> list[Path]:
    return [
        path
        for place, _, names in os.walk(folder)
        for name in names
        if name.endswith(ending) and (path := Path(place, name)).is_file()
    ]


def head(path: Path) -> bytes:
    """The beginning of a file; nothing where it cannot be read."""
    return beginning(path) or b""


def first_objects(path: Path) -> list[dict[str, Any]]:
    """The first objects of a file, as far as its beginning has them whole."""
    lines = head(path).split(b"\n")
    found = (parsed(line) for line in lines[:50] if line.strip())
    return [value for value in found if isinstance(value, dict)]


def lines(path: Path, read: Callable[[int], None] = lambda _: None) -> Iterator[TranscriptLine]:
    """The lines of a file.

    Args:
        read: called with how many bytes were read.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST):
                number += 1
                size = len(raw) + _rest(file, raw)
                read(size)
                if line := _line(number, raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw, whole=size == len(raw)):
                    yield line
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None


def entries(
    file: TranscriptFile,
    progress: TranscriptProgress,
    skipped: SkippedLines,
    entry: Callable[[dict[str, Any], int], Draft | Skipped | None],
) -> Iterator[Draft | Skipped]:
    """What the lines of a file become, and at its end what was left out of it.

    Args:
        file: the file.
        progress: is told how much was read.
        skipped: counts what is left out.
        entry: makes of an object, and of the number of its line, what it becomes; nothing where it was counted.

    Raises:
        UsageError: the file cannot be read.
    """
    for line in lines(file.path, progress.read):
        if found := skipped.unread(line) if line.value is None else entry(line.value, line.number):
            yield found
    yield from skipped.told()


def _rest(file: BinaryIO, raw: bytes) -> int:
    """Pass over what is behind the longest line that is read; how many bytes that was."""
    size, last = 0, raw
    while len(raw) == LONGEST and not last.endswith(b"\n") and (last := file.readline(_STEP)):
        size += len(last)
    return size


def _line(number: int, raw: bytes, *, whole: bool) -> TranscriptLine | None:
    if not raw.strip():
        return None
    if not whole:
        return TranscriptLine(number, None, f"a line of more than {LONGEST >> 20} MiB")
    value = parsed(raw)
    if isinstance(value, dict):
        return TranscriptLine(number, value)
    return TranscriptLine(number, None, DAMAGED, torn=not raw.endswith(b"\n"))


def parsed(raw: bytes) -> Any:  # noqa: ANN401 -- whatever it is
    """The value that a text is as JSON; `None` for what is none, or is nested too deeply."""
    try:
        return json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None


def counted(path: Path) -> int:
    """How many lines of a file are not blank."""
    try:
        with path.open("rb") as file:
            found, begun = 0, False
            while raw := file.readline(_STEP):
                begun = begun or bool(raw.strip())
                if raw.endswith(b"\n"):
                    found, begun = found + begun, False
            return found + begun
    except OSError:
        return 0


def text(value: Any) -> str | None:  # noqa: ANN401
    """A value that is text and not blank."""
    return value if isinstance(value, str) and value.strip() else None


def moment(value: Any) -> str | None:  # noqa: ANN401
    """The instant that ISO-8601 text states, as fixed-width UTC text."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        return parse_iso(value)
    except UsageError:
        return None


def stated(at: str | None, title: str | None) -> frozenset[str]:
    """The fields of a turn that its source states."""
    return frozenset({"content", "kind", "source"} | ({"occurred_at"} if at else set()) | ({"title"} if title else set()))


def is_before(file: TranscriptFile, since: str | None) -> bool:
    """Whether a file was last written before an instant, so that all of it happened before."""
    return since is not None and 0 < file.written < 2**40 and from_millis(int(file.written * 1000)) < since


def digest(*parts: str) -> str:
    """What names a text where nothing else does."""
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def mark(*parts: str) -> int:
    """A number that tells an entry from all others of a source: small, since as many are kept as there are entries."""
    return int.from_bytes(blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def without(words: str, opening: str, closing: str) -> str:
    """A text without all that stands between two marks, the marks included; what is not closed stays."""
    kept, at = [], 0
    while (first := words.find(opening, at)) >= 0 and (last := words.find(closing, first)) >= 0:
        kept.append(words[at:first])
        at = last + len(closing)
    return "".join([*kept, words[at:]]) if at else words
