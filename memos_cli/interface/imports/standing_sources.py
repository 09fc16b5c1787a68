"""Standing sources: files and folders of other programs that each tick brings in step, by the flow of `import`.

    which     those that a record of this copy of the cube names (`source_records`), and of which this home consents to be read
              (`infra.local.source_states`): no cube from elsewhere makes anybody read a file
    when      once their footprint is another one, those first that were not looked at for longest, until the time is over
    how much  all of it; of transcripts, which only grow, what is recent, and all of it once a day
    as what   a command `import` of its own for each: to undo a tick takes nothing away whose original may be deleted by then

What cannot be read is told once, and then by `memos source list` and `memos doctor`; no memory is forgotten for it.
"""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.errors import MemosError, NotFound, UsageError, did_you_mean
from memos_cli.infra.local.source_states import SourceState, SourceStates
from memos_cli.interface.imports import footprint, kinds
from memos_cli.interface.imports.imports import Imports, Taking
from memos_cli.interface.sources.sources import absolute
from memos_cli.operation import changes
from memos_cli.operation.lifecycle import source_records
from memos_cli.operation.lifecycle.source_records import SourceRecord, SourceTaken
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis, to_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.imports.report import Imported
    from memos_cli.session import Session

GROWING = frozenset({"claude-code", "codex"})
"""The kinds to which entries are only added: of these the recent ones are enough, but for once a day."""
_DAY = 86_400_000
GONE = "it is not there any more; its memories stay"
ELSEWHERE = "it is of another machine"


class StandingSource(NamedTuple):
    """A standing source, and how it stands.

    Attributes:
        cube: the name of the cube that its memories go to.
        is_there: whether there is a file or a folder of this path here.
        is_read: whether ticks of this home read it.
        read_at: when it was last read to its end.
        taken: how many memories were made of it; `edited` how many of them it changed since.
        unfinished: whether a tick had too little time for it, so that the next one goes on.
        fault: why it cannot be read.
    """

    path: str
    cube: str
    kind: str
    since: str | None
    tags: tuple[str, ...]
    labels: tuple[str, ...]
    is_there: bool
    is_read: bool
    read_at: str | None = None
    taken: int = 0
    edited: int = 0
    unfinished: bool = False
    fault: str = ""


class StandingSources:
    """The standing sources of the cubes in use.

    Args:
        session: who asks, in which home, on which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def add(
        self,
        path: str,
        kind: str | None = None,
        *,
        since: str | None = None,
        tags: Sequence[str] = (),
        labels: Sequence[str] = (),
        dry_run: bool = False,
    ) -> StandingSource:
        """Let ticks bring a file or a folder in step.

        Args:
            path: where it is.
            kind: what it is; `None` to recognise it.
            since: fixed-width UTC text; what happened before is left out.
            tags: of all its memories; `labels` likewise.
            dry_run: change nothing.

        Raises:
            UsageError: there is no such source, nothing here reads it, or it lies in the home of memos itself.
            Refused: the cube is somebody else's.
        """
        for vault in self._session.vaults()[:1]:
            self._session.require("source add", vault)
        name = changes.checked_name(absolute(os.path.expanduser(path)), "the path")  # noqa: PTH111
        self._require_outside(name)
        record = SourceRecord(name, kinds.of(Path(name), kind).kind, since, tuple(tags), tuple(labels))
        if dry_run:
            cube = self._session.cube_names[0]
            return _standing(record, cube, SourceState())
        vault = self._session.writable()
        self._session.require("source add", vault)
        states = self._states(vault)
        states.set(name, states.all().get(name, SourceState())._replace(seen="", fault="", whole_at=None))
        with self._session.author("source add").write(vault) as unit:
            source_records.write(unit, vault, record)
        return _standing(record, vault.name, states.all().get(name))

    def list(self) -> tuple[StandingSource, ...]:
        """The sources of one's own cubes in use, by cube and path; what others let be read is nobody's business."""
        return tuple(one for vault in self._session.vaults() if self._session.owns(vault) for one in self._of(vault))

    def of_cube(self, name: str) -> tuple[StandingSource, ...]:
        """The sources of a cube; none of somebody else's."""
        vault = self._session.vault(name)
        return tuple(self._of(vault)) if self._session.owns(vault) else ()

    def remove(self, path: str, *, dry_run: bool = False) -> StandingSource:
        """Let ticks read a source no longer; its memories stay, and `undo` brings it back.

        Raises:
            NotFound: there is no such source. Refused: the cube is somebody else's.
        """
        vault = self._session.writable()
        self._session.require("source rm", vault)
        known = {one.path: one for one in self._of(vault)}
        name = absolute(os.path.expanduser(path))  # noqa: PTH111
        if name not in known:
            hint = did_you_mean(name, known, "see them with: memos source list")
            raise NotFound(f"no source {path}", hint=hint)
        if not dry_run:
            with self._session.author("source rm").write(vault) as unit:
                source_records.drop(unit, vault, name)
        return known[name]

    # -- a tick

    def bring_in(self, vault: "Vault", seconds: float) -> tuple[SourceTaken, ...]:
        """Bring the sources of a cube in step whose footprint changed, within a time.

        Returns:
            What became of those that changed, or that cannot be read.
        """
        deadline = _Deadline(seconds)
        states = self._states(vault)
        known = states.all()
        mine = [one for one in source_records.records(vault) if one.is_own and one.path in known]
        found: list[SourceTaken] = []
        for record in sorted(mine, key=lambda one: (known[one.path].tried_at or "", one.path)):
            if deadline.is_over() and found:
                break
            found += self._bring_in_step(vault, record, states, known[record.path], deadline)
        return tuple(found)

    def _bring_in_step(
        self, vault: "Vault", record: SourceRecord, states: SourceStates, before: SourceState, deadline: "_Deadline"
    ) -> Iterator[SourceTaken]:
        now = self._session.now
        seen = footprint.of(record.path, self._session.millis * 1_000_000)
        whole = self._is_due_whole(record, before, now)
        if seen and seen == before.seen and not before.fault and (before.whole_at == before.read_at or not whole):
            return
        since = record.since if whole or before.read_at is None else _later(record.since, before.read_at)
        taking = Taking(record.kind, since, fields={"tags": record.tags, "labels": record.labels}, late=deadline.is_over)
        if not os.path.lexists(record.path):
            yield self._failed(record, states, before, GONE)
            return
        try:
            with self._on(vault) as session:
                done = Imports(session).take(record.path, taking)
        except (MemosError, OSError) as error:
            why = error.message if isinstance(error, MemosError) else error.strerror or str(error)
            yield self._failed(record, states, before, why)
            return
        unfinished = deadline.is_struck
        after = before._replace(
            tried_at=now, unfinished=unfinished, fault="", taken=before.taken + done.taken + done.facts,
            edited=before.edited + done.edited,
        )  # fmt: skip
        if not unfinished:
            after = after._replace(seen=seen, read_at=now, whole_at=now if whole else before.whole_at)
        states.note(record.path, after)
        yield _taken(record, done, unfinished=unfinished)

    def _is_due_whole(self, record: SourceRecord, before: SourceState, now: str) -> bool:
        """Whether all of a source is to be read, and not what is recent alone."""
        if record.kind not in GROWING or before.whole_at is None or before.read_at is None:
            return True
        return to_millis(now) - to_millis(before.whole_at) >= _DAY

    def _failed(self, record: SourceRecord, states: SourceStates, before: SourceState, why: str) -> SourceTaken:
        if why != before.fault:
            states.note(record.path, before._replace(tried_at=self._session.now, fault=why))
        return SourceTaken(record.path, record.kind, fault=why, is_news=why != before.fault)

    def _on(self, vault: "Vault") -> "Session":
        """A session whose writes go to this cube. Facts are found by rules: a model takes longer than a tick has."""
        session = self._session
        name = vault.name if session.shelf.place(vault.name) == vault.folder else str(vault.folder)
        return session.twin(
            cubes=[name], principal=session.principal, settings=session.settings.given({"llm.extract": "rules"})
        )

    def _of(self, vault: "Vault") -> Iterator[StandingSource]:
        states = self._states(vault).all()
        for record in source_records.records(vault):
            yield _standing(record, vault.name, states.get(record.path))

    def _states(self, vault: "Vault") -> SourceStates:
        return SourceStates(self._session.paths.data, vault.meta["id"])

    def _require_outside(self, path: str) -> None:
        for folder in (self._session.paths.data, self._session.paths.cache):
            if Path(path).is_relative_to(folder):
                raise UsageError(f"{path} lies in the home of memos itself", hint="a source is what another program writes")


class _Deadline:
    """When the time of a tick for its sources is over.

    Attributes:
        is_struck: whether somebody asked after that, so that a source was not read to its end.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.is_struck = False

    def is_over(self) -> bool:
        """Whether the time is over."""
        self.is_struck = self.is_struck or time.monotonic() >= self._end
        return self.is_struck


def _later(since: str | None, read_at: str) -> str:
    """The time from which on entries are read of a source that was read to its end: a day before, as clocks differ."""
    return max(since or "", from_millis(max(0, to_millis(read_at) - _DAY)))


def _taken(record: SourceRecord, done: "Imported", *, unfinished: bool) -> SourceTaken:
    return SourceTaken(
        record.path, record.kind, done.taken, done.edited, done.known, done.skipped, done.facts, unfinished, txn=done.txn
    )


def _standing(record: SourceRecord, cube: str, state: SourceState | None) -> StandingSource:
    is_read = record.is_own and state is not None
    state = state or SourceState()
    is_there = os.path.lexists(record.path)
    fault = state.fault if is_there else GONE
    return StandingSource(
        record.path, cube, record.kind, record.since, record.tags, record.labels, is_there, is_read, state.read_at, state.taken,
        state.edited, state.unfinished, fault if is_read else ELSEWHERE,
    )  # fmt: skip
