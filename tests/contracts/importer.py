"""What every importer owes: one suite, run over each of them by a subclass of a few lines.

    class TestX(ImporterContract):
        name = "x"

        def sample(self, folder: Path) -> Path:
            ...  # write a source as the other program does, with its traps, and return its path

Seeded mutations of the sample are read as well: `MEMOS_TRIALS=1000` reads a thousand of them.
"""

import json
import random
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.plugins import load
from memos_cli.ports.importer import Importer, ImportOptions, Skipped
from memos_cli.times import Zone
from tests.contracts.mutations import drop, files_of, mutated, retyped, strangers, written
from tests.trials import trials

__all__ = ["ImporterContract", "entries", "retyped", "within"]
HOW = ImportOptions(Zone("UTC"))
BUDGET = 10.0
"""Seconds in which anything has to be read that these tests write; it takes milliseconds, and machines are busy."""
_DAY = 86_400


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
        for source in (*strangers(tmp_path), *self.foreign(tmp_path / "further")):
            with within(BUDGET):
                assert importer.matches(source) is False, source

    def test_reads_nothing_at_all_without_an_accident(self, tmp_path: Path) -> None:
        for source in strangers(tmp_path):
            if source.name != "pipe":
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
        for trial in range(trials(40, 1000)):
            chance = random.Random(f"{self.name} {trial}")
            name = last if chance.random() < 0.5 else chance.choice(sorted(files))
            source = written(files | {name: mutated(files[name], chance)}, tmp_path / f"trial-{trial}" / self._named)
            try:
                self._survives(source)
            except (Exception, Overdue) as error:
                raise AssertionError(f"trial {trial} of {self.name}, {name or 'the file'}: {error!r}") from error
            drop(source.parent)

    def test_loses_no_record_without_a_word(self, tmp_path: Path) -> None:
        whole = entries(self.read(self._sample(tmp_path)))
        for trial in range(trials(40, 1000)):
            folder = tmp_path / f"trial-{trial}"
            folder.mkdir()
            source = self.mistyped(folder, random.Random(f"{self.name} types {trial}"))
            if source is None:
                return
            found = self.read(source)
            assert entries(found) == whole, f"trial {trial}: {found}"
            drop(folder)

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
