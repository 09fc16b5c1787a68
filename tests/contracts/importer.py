"""What every importer owes: one suite, run over each of them by a subclass of a few lines.

    class TestX(ImporterContract):
        name = "x"

        def sample(self, folder: Path) -> Path:
            ...  # write a source as the other program does, with its traps, and return its path

Seeded mutations of the sample are read as well: `MEMOS_TRIALS=1000` reads a thousand of them.
"""

import io
import json
import os
import random
import shutil
import signal
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from memos_cli.errors import UsageError
from memos_cli.import_port import Importer, ImportOptions, Skipped
from memos_cli.infra import limits
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.plugins import load
from memos_cli.times import Zone
from tests.trials import trials

HOW = ImportOptions(Zone("UTC"))
BUDGET = 10.0
"""Seconds in which anything has to be read that these tests write; it takes milliseconds, and machines are busy."""
_DAY = 86_400
Files = dict[str, bytes]
"""The files of a source by their paths in it; that of a source which is one file is empty."""


class Overdue(BaseException):  # no Exception: no importer may catch it by the way
    """Something took longer than it may."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what takes longer, also where it waits for a pipe."""

    def late(*_: object) -> None:
        raise Overdue(f"not done within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def entries(found: Iterable[Draft | Skipped]) -> int:
    """How many entries of a source are accounted for."""
    return sum(one.count if isinstance(one, Skipped) else 1 for one in found)


# -- mutations

_OTHERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", " ", "x", "2025-13-45", [], {}, [None], {"": None}, [[]], "\u0000", "\ud800",
    {"parts": "x"}, [{"text": 1}], "9" * 400,
)  # fmt: skip


def retyped(value: Any, chance: random.Random) -> Any:
    """A JSON value with one of its parts, of any depth, replaced by something of another type."""
    places = list(_places(value))
    if not places:
        return chance.choice(_OTHERS)
    holder, name = chance.choice(places)
    before = holder[name]
    holder[name] = chance.choice([one for one in _OTHERS if type(one) is not type(before)])
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for name, part in inner:
            yield one, name
            waiting.append(part)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _swapped(data: bytes, chance: random.Random) -> bytes:
    """Two pieces of it have changed places."""
    a, b, c, d = sorted(chance.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _lines(data: bytes, chance: random.Random) -> bytes:
    """A line is missing, twice there, or all are in another order."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    place = chance.randrange(len(lines))
    what = chance.randrange(3)
    if what == 0:
        del lines[place]
    elif what == 1:
        lines.insert(chance.randrange(len(lines)), lines[place])
    else:
        chance.shuffle(lines)
    return b"".join(lines)


def _values(data: bytes, chance: random.Random) -> bytes:
    """Values of JSON, or of a line of JSON, are of other types."""
    with suppress(ValueError, RecursionError):
        value = json.loads(data)
        for _ in range(chance.choice((1, 1, 2, 5))):
            value = retyped(value, chance)
        return json.dumps(value, ensure_ascii=True).encode()
    lines = data.splitlines()
    if lines:
        place = chance.randrange(len(lines))
        with suppress(ValueError, RecursionError):
            lines[place] = json.dumps(retyped(json.loads(lines[place]), chance), ensure_ascii=True).encode()
            return b"\n".join(lines) + b"\n"
    return _flipped(data, chance)


def _encoded(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = chance.choice(("utf-16", "utf-16-be", "utf-32", "latin-1", "utf-8-sig", "utf-7"))
    return text.encode(encoding, "replace")


def _inserted(data: bytes, chance: random.Random) -> bytes:
    """Something is in it that does not belong there: NULs, invalid UTF-8, depth, length."""
    what = chance.choice(
        (
            b"\x00", b"\x00" * 5000, b"\xff\xfe\xfd", b"\xed\xa0\x80", b"[" * 50_000, b'{"a":' * 50_000, b'"', b"\\", b"\x1b[2J",
            b"\r", b"\n\n\n", b"x" * 300_000, b"9" * 5_000, b"> " * 20_000, b"\xe2\x80\xae", b"\\ud800", b"\\u0000", b"---\n",
        )
    )  # fmt: skip
    place = chance.randrange(len(data) + 1)
    return data[:place] + what + data[place:]


def _nested(data: bytes, chance: random.Random) -> bytes:
    """A string of it is a list of lists of lists instead, or a very long string."""
    marks = [place for place, byte in enumerate(data[:20_000]) if byte == 0x22]
    if len(marks) < 2:
        return _inserted(data, chance)
    place = chance.randrange(len(marks) - 1)
    depth = chance.choice((50, 900, 5_000, 100_000))
    what = chance.choice((b"[" * depth + b"]" * depth, b'"' + b"y" * 1_200_000 + b'"', b'"' + b"\\u0000" * 200 + b'"'))
    return data[: marks[place]] + what + data[marks[place + 1] + 1 :]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _flipped, _swapped, _lines, _values, _values, _values, _encoded, _inserted, _nested,
)  # fmt: skip


def _mutated(data: bytes, chance: random.Random) -> bytes:
    if data[:4] == b"PK\x03\x04" and chance.random() < 0.8:
        return _other_zip(data, chance)
    return chance.choice(MUTATIONS)(data, chance)


def _other_zip(data: bytes, chance: random.Random) -> bytes:
    """A zip with one member changed, gone, twice there, called otherwise, or with another checksum."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(one.filename, archive.read(one)) for one in archive.infolist() if not one.is_dir()]
    if not members:
        return data
    place = chance.randrange(len(members))
    name, content = members[place]
    what = chance.choice(("content", "content", "content", "gone", "twice", "name", "checksum", "encrypted"))
    if what == "content":
        members[place] = name, chance.choice(MUTATIONS)(content, chance)
    elif what == "gone":
        del members[place]
    elif what == "twice":
        members.append((name, content))
    elif what == "name":
        members[place] = chance.choice((f"../../{name}", f"/{name}", f"{name}\\x", "x" * 300, f"a/b/{name}", name.upper())), content
    made = _zipped(members)
    at = made.find(b"PK\x01\x02")
    if what == "checksum" and at >= 0:
        made = made[: at + 16] + bytes(chance.randrange(256) for _ in range(4)) + made[at + 20 :]
    elif what == "encrypted" and at >= 0:
        made = made[: at + 8] + b"\x01\x00" + made[at + 10 :]
    return made


def _zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    import warnings

    spool = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            archive.writestr(name, content)
    return spool.getvalue()


# -- sources as bytes


def files_of(source: Path) -> Files:
    """The files of a source."""
    if source.is_file():
        return {"": source.read_bytes()}
    return {str(one.relative_to(source)): one.read_bytes() for one in sorted(source.rglob("*")) if one.is_file()}


def written(files: Files, source: Path) -> Path:
    """Write the files of a source, to a place where there is nothing yet; their times lie years back."""
    for name, content in files.items():
        path = source / name if name else source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return source


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


# -- the suite


class ImporterContract:
    """Subclass it as `TestX`, set `name`, and write a `sample`.

    Attributes:
        name: the kind, as it is registered and as `--from` names it; external ids begin with it.
        how: how sources are read, where the kind needs a zone or columns.
        tied: whether the ids tell where the source lies, so that a copy of it has others.
    """

    name: ClassVar[str]
    how: ClassVar[ImportOptions] = HOW
    tied: ClassVar[bool] = False

    def sample(self, folder: Path) -> Path:
        """Write a source such as the other program writes it, with at least one entry, into an empty folder."""
        raise NotImplementedError

    def foreign(self, folder: Path) -> Iterable[Path]:  # noqa: ARG002 -- for subclasses
        """Further sources that look alike, and are of another kind."""
        return ()

    def mistyped(self, folder: Path, chance: random.Random) -> Path | None:  # noqa: ARG002 -- for subclasses
        """The sample with values of other types in ONE of its records (see `retyped`), still in the same number of records.

        `None` where a record has no types.
        """
        return None

    # -- what subclasses use

    def importer(self) -> Importer:
        """A new importer."""
        made: Importer = load("importer", self.name)()
        return made

    def read(self, source: Path, how: ImportOptions | None = None) -> list[Draft | Skipped]:
        """All that is in a source; each of it is checked."""
        with within(BUDGET):
            found = list(self.importer().read(source, how or self.how))
        for one in found:
            self.check(one)
        return found

    def drafts(self, source: Path, how: ImportOptions | None = None) -> list[Draft]:
        """The drafts in a source."""
        return [one for one in self.read(source, how) if isinstance(one, Draft)]

    def skipped(self, source: Path, how: ImportOptions | None = None) -> dict[str, int]:
        """What is skipped of a source: how many entries for each reason."""
        counts: dict[str, int] = {}
        for one in self.read(source, how):
            if isinstance(one, Skipped):
                counts[one.why] = counts.get(one.why, 0) + one.count
        return counts

    def check(self, found: Draft | Skipped) -> None:
        """What holds of everything that an importer hands over, whatever its source is."""
        if isinstance(found, Skipped):
            assert isinstance(found.why, str)
            assert found.why.strip()
            assert len(found.why) <= 120, "the same words for the same reason; what differs belongs in where"
            assert isinstance(found.where, str)
            assert found.count >= 1
            return
        assert isinstance(found, Draft)
        assert isinstance(found.content, str)
        assert found.content.strip(), "an empty draft"
        assert isinstance(found.external_id, str)
        assert found.external_id.startswith(f"{self.name}:")
        assert found.external_id != f"{self.name}:"
        self._check_time(found.occurred_at)
        assert found.valid_from is None or limits.is_time(found.valid_from)
        assert found.valid_to is None or limits.is_time(found.valid_to)
        assert isinstance(found.kind, Kind)
        assert isinstance(found.origin, Origin)
        assert isinstance(found.source, Source)
        assert isinstance(found.title, str | None)
        assert isinstance(found.source.conversation, str | None)
        assert isinstance(found.source.speaker, str | None)
        assert found.source.turn is None or type(found.source.turn) is int
        assert isinstance(found.tags, tuple)
        assert all(isinstance(tag, str) for tag in found.tags)
        assert found.given is not None, "name the fields that the source states"
        json.dumps(dict(found.metadata))
        if found.kind is Kind.EPISODE:
            assert found.origin is Origin.CONVERSATION
            assert found.source.conversation
        else:
            assert found.origin is Origin.IMPORT

    @staticmethod
    def _check_time(at: str | None) -> None:
        if at is None:
            return
        assert limits.is_time(at), at
        assert abs((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()) > _DAY, "no time of the import"

    # -- tests

    def test_is_an_importer(self) -> None:
        assert isinstance(self.importer(), Importer)

    def test_knows_its_own(self, tmp_path: Path) -> None:
        source = self._sample(tmp_path)
        with within(BUDGET):
            assert self.importer().matches(source) is True

    def test_leaves_others_alone(self, tmp_path: Path) -> None:
        importer = self.importer()
        (tmp_path / "further").mkdir()
        for source in (*_strangers(tmp_path), *self.foreign(tmp_path / "further")):
            with within(BUDGET):
                assert importer.matches(source) is False, source

    def test_reads_nothing_at_all_without_an_accident(self, tmp_path: Path) -> None:
        for source in _strangers(tmp_path):
            if not source.is_fifo():
                self._survives(source)

    def test_names_each_entry_for_good(self, tmp_path: Path) -> None:
        source = self._sample(tmp_path)
        first, again = self.drafts(source), self.drafts(source)
        assert first
        assert first == again
        ids = [draft.external_id for draft in first]
        assert len(ids) == len(set(ids)), "an id twice"
        if not self.tied:
            moved = tmp_path / "elsewhere" / source.name
            moved.parent.mkdir()
            source.rename(moved)
            assert [draft.external_id for draft in self.drafts(moved)] == ids

    def test_tells_how_far_it_is(self, tmp_path: Path) -> None:
        told: list[tuple[int, int]] = []
        self.read(self._sample(tmp_path), self.how._replace(tell=lambda done, total: told.append((done, total))))
        assert all(type(done) is int and type(total) is int and done >= 0 and total >= 0 for done, total in told)
        assert all(done <= total for done, total in told if total)
        assert [done for done, _ in told] == sorted(done for done, _ in told)

    def test_takes_any_since(self, tmp_path: Path) -> None:
        source = self._sample(tmp_path)
        every = {draft.external_id for draft in self.drafts(source)}
        for since in ("0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"):
            assert {draft.external_id for draft in self.drafts(source, self.how._replace(since=since))} <= every
        assert {one.external_id for one in self.drafts(source, self.how._replace(since="0001-01-01T00:00:00.000Z"))} == every

    def test_survives_mutations(self, tmp_path: Path) -> None:
        files = files_of(self._sample(tmp_path))
        last = max(files, key=lambda name: len(files[name]))
        for trial in range(trials(100, 1000)):
            chance = random.Random(f"{self.name} {trial}")
            name = last if chance.random() < 0.5 else chance.choice(sorted(files))
            mutated = files | {name: _mutated(files[name], chance)}
            source = written(mutated, tmp_path / f"trial-{trial}" / self._named)
            try:
                self._survives(source)
            except (Exception, Overdue) as error:
                raise AssertionError(f"trial {trial} of {self.name}, {name or 'the file'}: {error!r}") from error
            _drop(source.parent)

    def test_loses_no_record_without_a_word(self, tmp_path: Path) -> None:
        whole = entries(self.read(self._sample(tmp_path)))
        for trial in range(trials(100, 1000)):
            folder = tmp_path / f"trial-{trial}"
            folder.mkdir()
            source = self.mistyped(folder, random.Random(f"{self.name} types {trial}"))
            if source is None:
                return
            found = self.read(source)
            assert entries(found) == whole, f"trial {trial}: {found}"
            _drop(folder)

    def _survives(self, source: Path) -> None:
        """Whatever it is: drafts, what is skipped, or an error that a person can read."""
        with within(BUDGET):
            matched = self.importer().matches(source)
        assert type(matched) is bool
        with suppress(UsageError):
            self.read(source)

    _named = ""

    def _sample(self, tmp_path: Path) -> Path:
        folder = tmp_path / "sample"
        folder.mkdir()
        source = self.sample(folder)
        self._named = source.name
        return source


def _strangers(folder: Path) -> list[Path]:
    """Files and folders that are of no kind at all, or cannot be read."""
    there = folder / "strangers"
    there.mkdir()
    chance = random.Random(22)
    contents = {
        "empty": b"", "noise": chance.randbytes(70_000), "nul": b"\x00" * 5000, "deep": b"[" * 100_000, "open": b'{"a": ',
        "words.txt": b"Once upon a time there was a text, and that was all.\n", "half.zip": b"PK\x03\x04" + chance.randbytes(300),
        "wide": "text".encode("utf-32"), "picture.png": b"\x89PNG\r\n\x1a\n" + chance.randbytes(400), "invalid": b"\xff\xfe\xed\xa0\x80",
        "other.zip": _zipped([("picture.png", b"\x89PNG\r\n\x1a\n"), ("a/b.bin", b"\x00\x01")]),
        "broken.db": b"SQLite format 3\x00" + chance.randbytes(2000), "letter.pdf": b"%PDF-1.7\n" + chance.randbytes(300),
    }  # fmt: skip
    for name, content in contents.items():
        (there / name).write_bytes(content)
    (there / "nothing").mkdir()
    (there / "pictures").mkdir()
    (there / "pictures" / "one.png").write_bytes(contents["picture.png"])
    (there / "missing-target").symlink_to(there / "nowhere")
    os.mkfifo(there / "pipe")
    return [*sorted(there.iterdir()), there / "not-there", there / "words.txt" / "below", there / ("n" * 300), Path("a\x00b")]
