"""Parametric memory at hand: what would be learnt, what was, which generation is used, and taking it back."""

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import CubeNotFound, IntegrityError, MemosError, ModelUnavailable, NotFound, Refused
from memos_cli.infra import adapters, files, governance
from memos_cli.interface import arriving, consolidating, generating, working
from memos_cli.interface.generating import Base, Options, Tell
from memos_cli.interface.working import Outcome
from memos_cli.model import Adapter
from memos_cli.operation import gate, generations
from memos_cli.operation.consolidation import Selection
from memos_cli.operation.generations import Status
from memos_cli.ports import TrainingSettings

if TYPE_CHECKING:
    from memos_cli.infra.jobs import Job
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.api import MOS


class Planned(NamedTuple):
    """What a run would learn.

    Attributes:
        known: the ids of what the generation in use knows already.
        base: the model; `None` where none can be trained, and `why` says why.
        examples: lines of the data set.
        tokens: of an epoch.
        seconds: that it will take at most, as far as one can tell beforehand.
    """

    selection: Selection
    known: frozenset[str]
    base: Base | None
    why: str | None
    examples: int
    tokens: int | None
    seconds: float | None


class Listed(NamedTuple):
    """A generation as it stands.

    Attributes:
        status: as in the log, or `detached` where it was promoted and may not be used, or `interrupted`.
        why: why so.
        bytes: that its files take.
    """

    adapter: Adapter
    status: str
    why: str | None
    bytes: int


class Consolidation:
    """What a model learns of the first cube in use.

    Args:
        mos: the memory.
    """

    def __init__(self, mos: "MOS") -> None:
        self._mos = mos

    @property
    def vault(self) -> "Vault":
        """The cube.

        Raises:
            CubeNotFound: there is none yet.
            Refused: it is somebody else's: what a model learnt of a cube it would tell without asking whom.
        """
        vaults = self._mos.vaults()
        if not vaults:
            raise CubeNotFound("there is no cube yet", hint='memos add "I am vegan now"')
        governance.require_owner(self._mos.principal, vaults[0].meta, "let a model learn it")
        return vaults[0]

    # -- looking

    def plan(self) -> Planned:
        """What a run would learn now, and what not and why; nothing is trained or written."""
        vault, now = self.vault, self._mos.now
        selection = generating.select(vault, now)
        try:
            base: Base | None = generating.base_of(self._mos)
            why = None
        except MemosError as error:
            base, why = None, error.message
        used = self.used(base) if base else None
        made = generating.write_examples(vault, selection, now, base.parameters if base else 0)
        tokens = seconds = None
        if base is not None:
            try:
                with closing(generating.opened(self._mos, base)) as llm:
                    tokens = consolidating.tokens(made, llm)
            except ModelUnavailable as error:
                why = error.message
            else:
                same = [one for one in generating.of(vault) if one.base == base.digest]
                seconds = generations.seconds(tokens * TrainingSettings().epochs, base.parameters, same)
        return Planned(selection, frozenset(used.covers if used else ()), base, why, len(made), tokens, seconds)

    def list(self) -> tuple[Listed, ...]:
        """The generations, the oldest first."""
        return tuple(self.listed(one) for one in generating.of(self.vault))

    def listed(self, one: Adapter) -> Listed:
        """How a generation stands."""
        vault, status, why = self.vault, str(one.status), one.why
        place = adapters.folder(vault, one.id)
        size = sum(path.stat().st_size for path in place.iterdir() if path.is_file()) if place.is_dir() else 0
        if status == Status.PROMOTED and (
            wrong := generating.detached(vault, one, self._mos.now) or adapters.fault(vault, one)
        ):
            status, why = "detached", wrong
        if status == Status.TRAINING and not working.jobs_of(self._mos).busy():
            status, why = "interrupted", "its process ended; the next run goes on with it"
        if status == Status.EVALUATED and one.failures:
            why = "; ".join(one.failures)
        return Listed(one, status, why, size)

    def get(self, text: str | None = None) -> Adapter:
        """A generation by its number or id; without, the one in use, else the last one.

        Raises:
            NotFound: there is none.
        """
        known = generating.of(self.vault)
        if text is not None:
            return adapters.resolve(known, text)
        if not known:
            raise NotFound("no model has learnt anything of this cube yet", hint="memos consolidate plan")
        used = [one for one in known if one.status == Status.PROMOTED]
        return (used or known)[-1]

    def used(self, base: Base) -> Adapter | None:
        """The generation that is promoted for a model, whether it may be used or not."""
        return next(iter(generations.promoted(generating.of(self.vault), base.digest)), None)

    def jobs(self) -> "tuple[Job, ...]":
        """The jobs of this home, the oldest first."""
        return tuple(working.jobs_of(self._mos).all())

    # -- making

    def run(self, options: Options = Options(), tell: Tell = lambda _: None) -> Outcome:  # noqa: B008 -- a frozen tuple
        """Learn here and now; promoted where the gate is passed.

        Raises:
            ModelUnavailable: no model that can be trained, or a package is missing.
            Busy: another run is under way.
            Refused: a memory was taken back meanwhile.
            StorageFull: the disk is full.
        """
        return working.run_now(self._mos, self.vault, options, tell)

    def queue(self, options: Options = Options()) -> "Job":  # noqa: B008 -- a frozen tuple
        """Put a run on the list.

        Raises:
            ModelUnavailable: no model that can be trained, or a package is missing.
        """
        generating.require_tools()
        generating.base_of(self._mos)
        return working.queue(self._mos, self.vault, options)

    def start(self) -> bool:
        """Let what is on the list be worked on by a process of its own; whether one was started."""
        return working.start(self._mos)

    def stop(self, prefix: str) -> "Job":
        """Stop a job, and take it from the list.

        Raises:
            NotFound: no such job. Busy: it does not end.
        """
        from memos_cli.errors import Busy

        jobs = working.jobs_of(self._mos)
        job = jobs.get(prefix)
        if not jobs.stop(job):
            raise Busy(f"job {job.id} does not end", hint="try again later")
        return jobs.get(job.id)

    # -- which is used

    def evaluate(self, text: str | None = None, tell: Tell = lambda _: None) -> Adapter:
        """Measure a generation again, through llama.cpp as chat runs it; what was measured is in the log then.

        Raises:
            ModelUnavailable: another model is chosen than the one that it is for.
            IntegrityError: its files are not what they were.
        """
        vault, one = self.vault, self.get(text)
        base = generating.base_of(self._mos)
        if one.base != base.digest:
            raise ModelUnavailable(f"generation {one.number} is for {one.model}", hint=f"memos model use {one.model}")
        self._require_files(one, (adapters.LLAMA, adapters.DATA))
        arriving.require_ready(self._mos, vault, one)
        place = adapters.folder(vault, one.id)
        data = consolidating.load(place / adapters.DATA)
        with (
            closing(generating.opened(self._mos, base)) as plain,
            closing(generating.opened(self._mos, base, [place / adapters.LLAMA])) as adapted,
        ):
            scores = generating.measured(consolidating.Pair(plain, adapted), data, one, tell)
        kept = [line for line in one.failures if "what was forgotten" in line]
        found: dict[str, Any] = {"scores": scores._asdict(), "failures": [*gate.failures(scores), *kept]}
        adapters.write_json(place / adapters.EVALUATION, {**found, "gone": dict(one.gone)})
        found["files"] = {**one.files, adapters.EVALUATION: files.digest(place / adapters.EVALUATION)}
        with self._mos.author("consolidate").write(vault) as unit:
            unit.change(adapters.NOUN, one.id, found)
        return self.get(one.id)

    def _require_files(self, one: Adapter, names: Sequence[str] = (adapters.LLAMA,)) -> None:
        if wrong := adapters.fault(self.vault, one, names):
            raise IntegrityError(
                f"generation {one.number} cannot be used: {wrong}", hint="make a new one: memos consolidate run --again"
            )

    def is_foreign(self, one: Adapter) -> bool:
        """Whether it came from elsewhere and neither somebody who is trusted signed it nor anybody promoted it here."""
        return arriving.foreign(self.vault, one)

    def promote(self, text: str, *, failed: bool = False, foreign: bool = False) -> Adapter:
        """Let chat use a generation.

        Args:
            failed: also one that did not pass the gate; the person was told what it failed in.
            foreign: also one from elsewhere that nobody signed who is trusted; the person was told so.

        Raises:
            Refused: it did not pass, was never measured, knows what may not be told any more, or is a stranger's.
            IntegrityError: its files are not what was measured.
            ModelUnavailable: it came in and is for another model than the one chosen.
        """
        one = self.get(text)
        if one.status == Status.PROMOTED and self.listed(one).status == Status.PROMOTED:
            return one
        if not one.scores:
            raise Refused(f"generation {one.number} was never measured", hint=one.why or "run it: memos consolidate run")
        if why := generating.detached(self.vault, one, self._mos.now):
            raise Refused(f"generation {one.number} may not be used: {why}", hint="make a new one: memos consolidate run")
        if one.failures and not failed:
            raise Refused(
                f"generation {one.number} did not pass: {'; '.join(one.failures)}",
                hint=f"use it all the same: memos consolidate promote {one.number} --yes",
            )
        if self.is_foreign(one):
            if not foreign:
                raise Refused(
                    f"generation {one.number} is not used: {adapters.FOREIGN}",
                    hint=f"use it all the same: memos consolidate promote {one.number} --yes",
                )
            arriving.require_model(self._mos, one)
            arriving.accept(self.vault, one)
        self._require_files(one)
        arriving.require_ready(self._mos, self.vault, one)
        return generating.promote(self._mos, self.vault, one)

    def rollback(self, *, dry_run: bool = False) -> tuple[Adapter, Adapter]:
        """Use the generation before the present one again; the one that was used, and the one that is.

        Raises:
            NotFound: there is none before it.
            Refused: one of its memories was forgotten or changed since.
            IntegrityError: its files are not what was measured.
        """
        known = generating.of(self.vault)
        used = [one for one in known if one.status == Status.PROMOTED]
        if not used:
            raise NotFound("no generation is in use", hint="memos consolidate show")
        earlier = generations.before(known, used[-1])
        if earlier is None:
            hint = f"let chat use none: memos consolidate rm {used[-1].number}"
            raise NotFound(f"there is no generation before {used[-1].number}", hint=hint)
        if why := generating.detached(self.vault, earlier, self._mos.now):
            raise Refused(f"generation {earlier.number} may not be used any more: {why}", hint="memos consolidate run")
        self._require_files(earlier)
        return used[-1], earlier if dry_run else generating.promote(self._mos, self.vault, earlier)

    def remove(self, texts: Sequence[str], *, every: bool = False, dry_run: bool = False) -> tuple[Listed, ...]:
        """Remove the files of generations, so that they are never used again; their records stay in the log.

        Raises:
            NotFound: no such generation.
            Busy: one of them is being made.
        """
        vault = self.vault
        known = [one for one in generating.of(vault) if one.status != Status.REMOVED]
        doomed = known if every else [adapters.resolve(known, text) for text in dict.fromkeys(texts)]
        found = tuple(self.listed(one) for one in doomed)
        if dry_run:
            return found
        if any(one.status == Status.TRAINING for one in found):
            working.jobs_of(self._mos).require_free()
        with self._mos.author("consolidate").write(vault) as unit:
            for one in doomed:
                unit.change(adapters.NOUN, one.id, {"status": Status.REMOVED.value, "why": "removed by hand"})
        for identity in adapters.folders(vault) if every else [one.id for one in doomed]:  # also of runs that were undone
            adapters.remove(vault, identity)
        return found
