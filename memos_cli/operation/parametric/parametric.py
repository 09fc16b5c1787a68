"""Parametric memory (the MemOS paper's section 4.1): plans, makes, lists, promotes and removes generations of adapters."""

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import CubeNotFound, IntegrityError, MemosError, ModelUnavailable, NotFound, Refused
from memos_cli.infra import files
from memos_cli.infra.local import adapters
from memos_cli.model import Adapter
from memos_cli.operation.parametric import (
    base_model,
    effort,
    eligibility,
    evaluation,
    foreign_adapters,
    gate,
    generations,
    job_runner,
    lessons,
    training,
)
from memos_cli.operation.parametric.base_model import Base
from memos_cli.operation.parametric.eligibility import Selection
from memos_cli.operation.parametric.generations import Status
from memos_cli.operation.parametric.job_runner import Outcome
from memos_cli.operation.parametric.training import Tell, TrainingOptions

if TYPE_CHECKING:
    from memos_cli.infra.local import jobs
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session

    Job = jobs.Job


class Planned(NamedTuple):
    """What a run would learn.

    Attributes:
        known: the ids of the memories that the promoted generation knows already.
        base: the model; `None` where none can be trained, and `why` says why.
        examples: the lines of the data set.
        tokens: the tokens of an epoch.
        seconds: the most seconds that the run will take, by an estimate.
    """

    selection: Selection
    known: frozenset[str]
    base: Base | None
    why: str | None
    examples: int
    tokens: int | None
    seconds: float | None


class ListedGeneration(NamedTuple):
    """A generation with its present status.

    Attributes:
        status: as in the log, or `detached` where it is promoted and may not be used, or `interrupted`.
        why: the reason of the status.
        bytes: the bytes of its files.
    """

    adapter: Adapter
    status: str
    why: str | None
    bytes: int


class ParametricMemory:
    """The generations that models learn from the first cube in use.

    Args:
        session: who acts, in which home, on which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    @property
    def vault(self) -> "Vault":
        """The cube.

        Raises:
            CubeNotFound: there is no cube yet.
            Refused: the cube is somebody else's: a model would tell anybody what it learnt of it.
        """
        vaults = self._session.vaults()
        if not vaults:
            raise CubeNotFound("there is no cube yet", hint='memos add "I am vegan now"')
        self._session.require("consolidate", vaults[0])
        return vaults[0]

    # -- looking

    def plan(self) -> Planned:
        """What a run would learn now, and what it would not, with reasons; nothing is trained or written."""
        vault, now = self.vault, self._session.now
        selection = eligibility.of_cube(vault, now)
        try:
            base: Base | None = base_model.base_of(self._session)
            why = None
        except MemosError as error:
            base, why = None, error.message
        used = self.used(base) if base else None
        made = training.write_examples(vault, selection, now, base.parameters if base else 0, self._session.zone)
        tokens = seconds = None
        if base is not None:
            try:
                with closing(base_model.opened(self._session, base)) as llm:
                    tokens = lessons.tokens(made, llm, base.layout)
            except ModelUnavailable as error:
                why = error.message
            else:
                same = [one for one in generations.of(vault) if one.base == base.digest]
                how = effort.settings(base.parameters)
                seconds = generations.seconds(tokens * how.epochs, round(base.parameters * how.upper), same)
        return Planned(selection, frozenset(used.covers if used else ()), base, why, len(made), tokens, seconds)

    def list(self) -> tuple[ListedGeneration, ...]:
        """The generations, the oldest first."""
        return tuple(self.listed(one) for one in generations.of(self.vault))

    def listed(self, one: Adapter) -> ListedGeneration:
        """A generation with its present status."""
        vault, status, why = self.vault, str(one.status), one.why
        place = adapters.folder(vault, one.id)
        size = sum(path.stat().st_size for path in place.iterdir() if path.is_file()) if place.is_dir() else 0
        if status == Status.PROMOTED and (
            wrong := generations.detached(vault, one, self._session.now) or adapters.fault(vault, one)
        ):
            status, why = "detached", wrong
        if status == Status.TRAINING and not job_runner.jobs_of(self._session).busy():
            status, why = "interrupted", "its process ended; the next run goes on with it"
        if status == Status.EVALUATED and one.failures:
            why = "; ".join(one.failures)
        return ListedGeneration(one, status, why, size)

    def get(self, text: str | None = None) -> Adapter:
        """A generation by its number or id; for `None` the promoted one, otherwise the last one.

        Raises:
            NotFound: there is no such generation.
        """
        known = generations.of(self.vault)
        if text is not None:
            return adapters.resolve(known, text)
        if not known:
            raise NotFound("no model has learnt anything of this cube yet", hint="memos consolidate plan")
        used = [one for one in known if one.status == Status.PROMOTED]
        return (used or known)[-1]

    def used(self, base: Base) -> Adapter | None:
        """The promoted generation for a model, whether it may be used or not."""
        return next(iter(generations.promoted(generations.of(self.vault), base.digest)), None)

    def jobs(self) -> "tuple[Job, ...]":
        """The jobs of this home that the principal may see, the oldest first: the home's person sees those of everybody."""
        principal, person = self._session.principal, self._session.person
        return tuple(job for job in job_runner.jobs_of(self._session).all() if principal in {job.principal, person})

    # -- making

    def run(self, options: TrainingOptions = TrainingOptions(), tell: Tell = lambda _: None) -> Outcome:  # noqa: B008 -- a frozen tuple
        """Make a generation in the foreground, and promote it if it passes the gate.

        Raises:
            ModelUnavailable: no model can be trained, or a package is missing.
            Busy: another job is running.
            Refused: a memory was taken back meanwhile.
            StorageFull: the disk is full.
        """
        return job_runner.run_now(self._session, self.vault, options, tell)

    def queue(self, options: TrainingOptions = TrainingOptions()) -> "Job":  # noqa: B008 -- a frozen tuple
        """Queue a run.

        Raises:
            ModelUnavailable: no model can be trained, or a package is missing. Refused: the cube is somebody else's.
        """
        vault = self.vault
        base_model.require_tools()
        base_model.base_of(self._session)
        return job_runner.queue(self._session, vault, options)

    def start(self) -> bool:
        """Start a separate process that runs the waiting jobs; returns whether one was started."""
        return job_runner.start(self._session)

    def stop(self, prefix: str) -> "Job":
        """Stop a job, and take it off the queue.

        Raises:
            NotFound: there is no such job. Busy: the job does not end.
        """
        from memos_cli.errors import Busy

        jobs = job_runner.jobs_of(self._session)
        job = jobs.get(prefix, among=self.jobs())
        if not jobs.stop(job):
            raise Busy(f"job {job.id} does not end", hint="try again later")
        return jobs.get(job.id)

    # -- which generation is used

    def evaluate(self, text: str | None = None, tell: Tell = lambda _: None) -> Adapter:
        """Measure a generation again, through llama.cpp as chat runs it, and write its new scores to the log.

        Raises:
            ModelUnavailable: the generation is for another model than the chosen one.
            IntegrityError: its files are not what they were.
        """
        vault, one = self.vault, self.get(text)
        base = foreign_adapters.require_model(self._session, one)
        self._require_files(one, (adapters.LLAMA, adapters.DATA))
        foreign_adapters.require_ready(self._session, vault, one)
        place = adapters.folder(vault, one.id)
        data = lessons.load(place / adapters.DATA)
        with (
            closing(base_model.opened(self._session, base)) as plain,
            closing(base_model.opened(self._session, base, [place / adapters.LLAMA])) as adapted,
        ):
            scores = training.measured(evaluation.Pair(plain, adapted, base.layout), data, one, tell)
        kept = [line for line in one.failures if "what was forgotten" in line]  # it speaks of the training
        found: dict[str, Any] = {"scores": scores._asdict(), "failures": [*gate.failures(scores), *kept]}
        adapters.write_json(place / adapters.EVALUATION, {**found, "gone": dict(one.gone)})
        sealed = files.digest(place / adapters.EVALUATION)
        with self._session.author("consolidate").write(vault) as unit:
            now = self.get(one.id)
            if now.status == Status.REMOVED:
                raise Refused(f"generation {one.number} was removed while it was measured", hint="memos consolidate show")
            found["files"] = {**now.files, adapters.EVALUATION: sealed}
            unit.change(adapters.NOUN, one.id, found)
        return self.get(one.id)

    def _require_files(self, one: Adapter, names: Sequence[str] = (adapters.LLAMA,)) -> None:
        if wrong := adapters.fault(self.vault, one, names):
            raise IntegrityError(
                f"generation {one.number} cannot be used: {wrong}", hint="make a new one: memos consolidate run --again"
            )

    def is_untrusted(self, one: Adapter) -> bool:
        """Whether an adapter came from elsewhere, and neither was signed by somebody trusted nor promoted by a person here."""
        return foreign_adapters.is_untrusted(self.vault, one)

    def promote(self, text: str, *, failed: bool = False, untrusted: bool = False) -> Adapter:
        """Let chat use a generation.

        Args:
            failed: promote also one that did not pass the gate; the person was told what it failed in.
            untrusted: promote also an untrusted one; the person was told so.

        Raises:
            Refused: it did not pass, was never measured, knows a memory that was taken back, or is untrusted.
            IntegrityError: its files are not those that were measured.
            ModelUnavailable: it came from elsewhere, and is for another model than the chosen one.
        """
        one = self.get(text)
        if one.status == Status.PROMOTED and self.listed(one).status == Status.PROMOTED:
            return one
        if not one.scores:
            raise Refused(f"generation {one.number} was never measured", hint=one.why or "run it: memos consolidate run")
        if why := generations.detached(self.vault, one, self._session.now):
            raise Refused(f"generation {one.number} may not be used: {why}", hint="make a new one: memos consolidate run")
        if one.failures and not failed:
            raise Refused(
                f"generation {one.number} did not pass: {'; '.join(one.failures)}",
                hint=f"use it all the same: memos consolidate promote {one.number} --yes",
            )
        if self.is_untrusted(one):
            if not untrusted:
                raise Refused(
                    f"generation {one.number} is not used: {adapters.FOREIGN}",
                    hint=f"use it all the same: memos consolidate promote {one.number} --yes",
                )
            foreign_adapters.require_model(self._session, one)
            foreign_adapters.accept(self.vault, one)
        self._require_files(one)
        foreign_adapters.require_ready(self._session, self.vault, one)
        return generations.promote(self._session, self.vault, one)

    def rollback(self, *, dry_run: bool = False) -> tuple[Adapter, Adapter]:
        """Use the generation before the present one again; returns the present one and that one.

        Raises:
            NotFound: there is no generation before it.
            Refused: a memory of the earlier generation was forgotten or changed since.
            IntegrityError: the files of the earlier generation are not those that were measured.
        """
        known = generations.of(self.vault)
        used = [one for one in known if one.status == Status.PROMOTED]
        if not used:
            raise NotFound("no generation is in use", hint="memos consolidate show")
        earlier = generations.before(known, used[-1])
        if earlier is None:
            hint = f"let chat use none: memos consolidate rm {used[-1].number}"
            raise NotFound(f"there is no generation before {used[-1].number}", hint=hint)
        if why := generations.detached(self.vault, earlier, self._session.now):
            raise Refused(f"generation {earlier.number} may not be used any more: {why}", hint="memos consolidate run")
        self._require_files(earlier)
        return used[-1], earlier if dry_run else generations.promote(self._session, self.vault, earlier)

    def remove(self, texts: Sequence[str], *, every: bool = False, dry_run: bool = False) -> tuple[ListedGeneration, ...]:
        """Remove the files of generations, so that they are never used again; their records stay in the log.

        Raises:
            NotFound: there is no such generation.
            Busy: one of them is being made.
        """
        vault = self.vault
        known = [one for one in generations.of(vault) if one.status != Status.REMOVED]
        doomed = known if every else [adapters.resolve(known, text) for text in dict.fromkeys(texts)]
        found = tuple(self.listed(one) for one in doomed)
        if dry_run:
            return found
        if any(one.status == Status.TRAINING for one in found):
            job_runner.jobs_of(self._session).require_free()
        with self._session.author("consolidate").write(vault) as unit:
            for one in doomed:
                unit.change(adapters.NOUN, one.id, {"status": Status.REMOVED.value, "why": "removed by hand"})
        for identity in adapters.folders(vault) if every else [one.id for one in doomed]:  # also of runs that were undone
            adapters.remove(vault, identity)
        return found
