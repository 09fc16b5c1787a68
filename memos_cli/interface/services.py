"""The services of a session, put together: each is imported when it is first asked for, and answers behind the gate."""

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from memos_cli.infra.governance.governance import Gate
from memos_cli.operation.operator.operator import MemOperator
from memos_cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.brief.brief import Briefing
    from memos_cli.interface.cubes.doctor import Doctor
    from memos_cli.interface.cubes.held import Held
    from memos_cli.interface.cubes.keys import Keys
    from memos_cli.interface.cubes.merge import CubeMerge
    from memos_cli.interface.cubes.transfer import Transfer
    from memos_cli.interface.exports.exports import Exports
    from memos_cli.interface.exports.markdown import Notes
    from memos_cli.interface.imports.imports import Imports
    from memos_cli.interface.imports.standing_sources import StandingSources
    from memos_cli.interface.pipeline.pipeline import Pipeline
    from memos_cli.operation.activation.activation import ActivationMemory
    from memos_cli.operation.governance.audit import Audit
    from memos_cli.operation.governance.governance import MemGovernance
    from memos_cli.operation.history.snapshots import Snapshots
    from memos_cli.operation.history.timeline import Timeline
    from memos_cli.operation.lifecycle.erasure import Erasure
    from memos_cli.operation.lifecycle.lifecycle import MemLifecycle
    from memos_cli.operation.lifecycle.source_records import SourceTaken
    from memos_cli.operation.lifecycle.tasks import Tasks
    from memos_cli.operation.operator.dedupe.requests import Requests
    from memos_cli.operation.operator.dedupe.review import Review
    from memos_cli.operation.parametric.parametric import ParametricMemory
    from memos_cli.operation.scheduler.scheduler import MemScheduler

S = TypeVar("S")


class _service(cached_property[S]):  # noqa: N801 -- a decorator
    """A service of the façade, behind the gate at which what it answers is recorded."""

    def __init__(self, made: "Callable[[Services], S]") -> None:
        super().__init__(lambda mos: cast("S", Gate(mos, made.__name__, made(mos))))
        self.__doc__ = made.__doc__


class Services(Session):
    """A session with the services that work in it."""

    @_service
    def memories(self) -> MemOperator:
        """Reading and finding: `get`, `list`, `search`, `search_many`, `record_uses`, `embed`, `stats`."""
        return MemOperator(self)

    @_service
    def pipeline(self) -> "Pipeline":
        """Writing: `add`, `read` a file, `extract`, `edit`, `delete`, `restore`, `switch`, `link`."""
        from memos_cli.interface.pipeline.pipeline import Pipeline

        return Pipeline(self)

    @_service
    def sources(self) -> "StandingSources":
        """Files and folders that each tick brings in step: `mos.sources.add("~/.claude/projects")`, `list`, `remove`."""
        from memos_cli.interface.imports.standing_sources import StandingSources

        return StandingSources(self)

    @_service
    def imports(self) -> "Imports":
        """Bringing in what other programs exported: `mos.imports.take("export.zip")`, `kinds`."""
        from memos_cli.interface.imports.imports import Imports

        return Imports(self)

    @_service
    def review(self) -> "Review":
        """Questions whether two memories say the same: `mos.review.list()`, `question`, `decide`."""
        from memos_cli.operation.operator.dedupe.review import Review

        return Review(self)

    @_service
    def timeline(self) -> "Timeline":
        """The log of commands: `mos.timeline.commands(10)`, `undo`, `history`, `rollback`, `provenance`."""
        from memos_cli.operation.history.timeline import Timeline

        return Timeline(self)

    @_service
    def snapshots(self) -> "Snapshots":
        """Names for positions in the log: `mos.snapshots.create("move")`, `list`, `look`, `diff`, `restore`, `remove`."""
        from memos_cli.operation.history.snapshots import Snapshots

        return Snapshots(self)

    @_service
    def tasks(self) -> "Tasks":
        """Tasks, whose memories expire together: `mos.tasks.list()`, `mos.tasks.end("move")`."""
        from memos_cli.operation.lifecycle.tasks import Tasks

        return Tasks(self)

    @_service
    def erasure(self) -> "Erasure":
        """Purges: `mos.erasure.purge([id])`, `kin`, `places`, `finish`."""
        from memos_cli.operation.lifecycle.erasure import Erasure

        return Erasure(self)

    @_service
    def lifecycle(self) -> "MemLifecycle":
        """Lifecycle changes that are due: `mos.lifecycle.tick()`, `tick_all`."""
        from memos_cli.operation.lifecycle.lifecycle import MemLifecycle

        def bring_in(vault: "Vault", seconds: float) -> "Sequence[SourceTaken]":
            return self.sources.bring_in(vault, seconds)  # imported by a tick that has some

        return MemLifecycle(self, self.memories, self.scheduler, self.erasure, bring_in)

    @_service
    def scheduler(self) -> "MemScheduler":
        """Which memory takes which form, and what is asked next: `mos.scheduler.likeliest(3)`, `explain`, `standing`."""
        from memos_cli.operation.scheduler.scheduler import MemScheduler
        from memos_cli.operation.scheduler.slot_supply import HomeSlots

        return MemScheduler(self, self.memories, HomeSlots(self, self.activation))

    @_service
    def activation(self) -> "ActivationMemory":
        """States of the model kept on disk as slots: `mos.activation.build()`, `list`, `verify`, `remove`."""
        from memos_cli.operation.activation.activation import ActivationMemory

        return ActivationMemory(self, self.memories)

    @_service
    def parametric(self) -> "ParametricMemory":
        """Adapters trained on memories: `mos.parametric.plan()`, `run`, `generations`, `promote`, `rollback`."""
        from memos_cli.operation.parametric.parametric import ParametricMemory

        return ParametricMemory(self)

    @_service
    def governance(self) -> "MemGovernance":
        """Principals, and who may do what: `mos.governance.add("bot", kind="agent")`, `rules.grant`, `overview.of_memory`."""
        from memos_cli.operation.governance.governance import MemGovernance

        return MemGovernance(self)

    @_service
    def briefing(self) -> "Briefing":
        """Blocks of what matters, for any model: `mos.briefing.context("plan dinner", tokens=800).text`, `brief`."""
        from memos_cli.interface.brief.brief import Briefing

        return Briefing(self, self.memories, lambda: self.review, lambda: self.tasks)

    @_service
    def keys(self) -> "Keys":
        """One's own keys and the trusted ones: `mos.keys.new("sam")`, `list`, `trust`; to sign, verify, seal and open."""
        from memos_cli.interface.cubes.keys import Keys

        return Keys(self)

    @_service
    def transfer(self) -> "Transfer":
        """Cube files: `mos.transfer.export("work", path)`, `receive`, `verify`."""
        from memos_cli.interface.cubes.transfer import Transfer

        return Transfer(self, self.keys)

    @_service
    def exports(self) -> "Exports":
        """Memories in formats of others: `mos.exports.jsonl(stream)`, `ics`."""
        from memos_cli.interface.exports.exports import Exports

        return Exports(self)

    @_service
    def cube_merge(self) -> "CubeMerge":
        """Merging, splitting and comparing cubes: `mos.cube_merge.merge("laptop")`, `split`, `diff`."""
        from memos_cli.interface.cubes.merge import CubeMerge

        return CubeMerge(self, self.transfer, self.erasure)

    @_service
    def notes(self) -> "Notes":
        """Memories as a folder of Markdown notes: `mos.notes.write("notes/")`."""
        from memos_cli.interface.exports.markdown import Notes

        return Notes(self)

    @_service
    def held(self) -> "Held":
        """What strangers' files change of one's own: `mos.held.list()`, `question`, `look`, `take`, `leave`."""
        from memos_cli.interface.cubes.held import Held

        return Held(self, self.cube_merge)

    @_service
    def requests(self) -> "Requests":
        """What agents ask the cube's owner for: `mos.requests.list()`, `question`, `take`, `leave`; `ask` is the agent's."""
        from memos_cli.operation.operator.dedupe.requests import Requests

        return Requests(self)

    @_service
    def audit(self) -> "Audit":
        """Who read and wrote what, and whether the record of that is whole: `mos.audit.log()`, `verify`, `report`."""
        from memos_cli.operation.governance.audit import Audit

        return Audit(self)

    @_service
    def doctor(self) -> "Doctor":
        """Cubes looked over and mended: `mos.doctor.examine("work")`, `rebuild`, `embed`, `sweep`."""
        from memos_cli.interface.cubes.doctor import Doctor

        return Doctor(self, self.erasure)
