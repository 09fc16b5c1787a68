"""Makes a generation of an adapter: memories are selected, a data set is written, then training, evaluation, gate, promotion.

Each step is written to the log when it is done. A killed run leaves a generation with the status `training`, its data set and
its checkpoint, and the next run goes on with it if all its memories are still what they were. Otherwise that run marks the
generation failed and removes its files.
"""

import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import modes
from memos_cli.errors import MemosError, Refused, StorageFull
from memos_cli.infra.local import adapters
from memos_cli.infra.vault.units import new_id
from memos_cli.model import Adapter, Filter
from memos_cli.operation import models
from memos_cli.operation.parametric import effort, evaluation, examples, gate, generations, lessons
from memos_cli.operation.parametric.base_model import Base, opened, require_tools
from memos_cli.operation.parametric.eligibility import Selection, of_cube
from memos_cli.operation.parametric.generations import Status, detached, known_already, of, promote
from memos_cli.ports.ports import LLM
from memos_cli.ports.trainer import TrainingSettings, TrainingStep

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.parametric.examples import Example
    from memos_cli.operation.parametric.gate import Scores
    from memos_cli.session import Session
    from memos_cli.times import Zone


PROBES = 200
"""The most questions to forgotten memories that are asked."""


class TrainingOptions(NamedTuple):
    """How a generation is made.

    Attributes:
        device: `auto`, `cuda`, `mps` or `cpu`.
        seconds: the most seconds of training; `None` for no limit.
        rank: the rank of the adapter; `None` for the trainer's default.
        again: make one also where the promoted generation knows exactly the same already.
    """

    device: str = "auto"
    seconds: float | None = None
    rank: int | None = None
    again: bool = False


class RunStep(NamedTuple):
    """The progress of a run.

    Attributes:
        phase: `preparing`, `training` or `evaluating`.
        generation: the id of the adapter.
        left: the most seconds that training will still take.
    """

    phase: str
    generation: str
    done: int = 0
    total: int = 0
    loss: float | None = None
    left: float | None = None


Tell = Callable[[RunStep], None]


def write_examples(
    vault: "Vault", selection: Selection, now: str, parameters: int = 0, zone: "Zone | None" = None
) -> "list[Example]":
    """The data set that grammar writes for a selection, with fewer replays for a model of many parameters."""
    ids = {one.memory.id for one in selection.chosen}
    others = [memory for memory in vault.find(Filter(at=now)) if memory.id not in ids]
    return examples.examples(selection.chosen, others, shares=effort.shares(parameters), zone=zone)


# -- making


class Training:
    """Makes one generation.

    Args:
        session: who acts, in which home, on which cubes.
        vault: the cube.
        base: the model.
        options: how it is made.
        tell: called with the run's progress; an error that it raises ends the run, which can be resumed.
    """

    def __init__(self, session: "Session", vault: "Vault", base: Base, options: TrainingOptions, tell: Tell) -> None:
        self._session, self._vault, self._base, self._options, self._tell = session, vault, base, options, tell
        self._txn: str | None = None

    def make(self) -> Adapter | None:
        """Make a generation, or go on with one that was begun; `None` where there is nothing to learn, or nothing new.

        The generation is promoted if it passes the gate; otherwise its `failures` say why not.

        Raises:
            ModelUnavailable: the model cannot be trained here.
            Refused: a memory changed while it was learnt, so the training was in vain.
            StorageFull: the disk is full.
        """
        require_tools()
        adapters.sweep(self._vault)
        one = self._resumed() or self._begun()
        if one is None:
            return None
        try:
            with closing(opened(self._session, self._base)) as llm:
                trained = self._train(one, llm)
                self._require_standing(one)
                measured = self._measure(one, llm)
            one = self._write(one, {"trained": _told(trained), **measured})
        except (MemosError, OSError, RuntimeError) as error:
            raise self._failed(one, error) from error
        except Exception as error:
            if type(error).__name__ != "SafetensorError":  # compared by name, since its package need not be installed
                raise
            raise self._failed(one, error) from error
        return one if one.failures else promote(self._session, self._vault, one)

    def _require_standing(self, one: Adapter) -> None:
        if why := detached(self._vault, one, self._session.now):
            raise Refused(
                f"generation {one.number} was learnt in vain: {why}", hint="run it again: memos consolidate run --now"
            )

    def _write(self, one: Adapter, fields: dict[str, Any]) -> Adapter:
        with self._session.author("consolidate").write(self._vault, self._txn) as unit:
            unit.change(adapters.NOUN, one.id, fields)
            self._txn = unit.log.txn
        return next(known for known in of(self._vault) if known.id == one.id)

    # -- beginning and resuming

    def _resumed(self) -> Adapter | None:
        """The unfinished generation that the run can go on with, if there is one; other unfinished ones are marked failed."""
        found = None
        for one in reversed(of(self._vault)):
            if one.status != Status.TRAINING or one.base != self._base.digest or not self._mine(one):
                continue
            data = adapters.folder(self._vault, one.id) / adapters.DATA
            why = detached(self._vault, one, self._session.now)
            if not data.is_file():
                why = why or "it was ended before it had a data set"
            if found is not None or self._options.rank not in {None, one.settings.get("rank")}:
                why = why or "another one was begun"
            if why:
                self._give_up(one, why)
            else:
                found = one
        return found

    def _mine(self, one: Adapter) -> bool:
        """Whether a generation was begun on this copy of the cube; another machine may still be at work on its own."""
        return self._vault.operations(adapters.NOUN, one.id)[0].replica in self._vault.own_replicas

    def _give_up(self, one: Adapter, why: str) -> None:
        self._write(one, {"status": Status.FAILED.value, "why": why})
        adapters.remove(self._vault, one.id)

    def _begun(self) -> Adapter | None:
        now, known = self._session.now, of(self._vault)
        selection = of_cube(self._vault, now)
        covers = {one.memory.id: one.memory.version for one in selection.chosen}
        used = next(iter(generations.promoted(known, self._base.digest)), None)
        if not covers or (used and not self._options.again and known_already(self._vault, used, selection, now)):
            return None
        learnt = [one.memory for one in selection.chosen]
        self._session.given("adapter", learnt, cube=self._vault.name, called="consolidate", purpose="consolidation")
        identity = new_id()
        settings = effort.settings(self._base.parameters)
        settings = settings._replace(
            rank=self._options.rank or settings.rank, device=self._options.device, seconds=self._options.seconds
        )
        fields = {
            "model": self._base.name, "base": self._base.digest,
            "covers": covers, "status": Status.TRAINING.value, "created_at": now, "settings": settings._asdict(),
        }  # fmt: skip
        with self._session.author("consolidate").write(self._vault) as unit:
            number = max((one.number for one in of(self._vault)), default=0) + 1
            unit.change(adapters.NOUN, identity, {"number": number, **fields})
            self._txn = unit.log.txn
        self._tell(RunStep("preparing", identity))
        one = next(one for one in of(self._vault) if one.id == identity)
        self._write_data(one, selection, now)
        return one

    def _write_data(self, one: Adapter, selection: Selection, now: str) -> None:
        """Write the data set, with the model's own wordings where it is fit to give them, and its answers of behaviour."""
        try:
            made = write_examples(self._vault, selection, now, self._base.parameters, self._session.zone)
            with closing(opened(self._session, self._base)) as llm:
                if models.capable(self._base.path)[0]:
                    made = list(lessons.paraphrased(made, llm, self._base.layout))
                made = list(lessons.answered(made, llm, self._base.layout))
            place = adapters.folder(self._vault, one.id)
            modes.make_folder(place)
            lessons.save(place / adapters.DATA, made)
            self._tell(RunStep("preparing", one.id))
        except (MemosError, OSError) as error:
            raise self._failed(one, error) from error

    # -- training, measuring

    def _train(self, one: Adapter, llm: LLM) -> Any:  # noqa: ANN401 -- Trained
        def tell(step: TrainingStep) -> None:
            self._tell(RunStep("training", one.id, step.step, step.steps, step.loss, step.left))

        place = adapters.folder(self._vault, one.id)
        known = {name: value for name, value in one.settings.items() if name in TrainingSettings._fields}
        settings = TrainingSettings(**known)._replace(device=self._options.device, seconds=self._options.seconds)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn about each other, which no person can mend
            beneath = [known.path for known in self._base.beneath]
            return lessons.train(self._base.path, llm, (), place, settings, tell, beneath, self._base.layout)

    def _measure(self, one: Adapter, llm: LLM) -> dict[str, Any]:
        """The scores, the gate's failures, the answers to questions about forgotten memories, and the digests of all files."""
        place = adapters.folder(self._vault, one.id)
        probes = self._probes(one)
        with closing(opened(self._session, self._base, [place / adapters.LLAMA])) as adapted:
            pair = evaluation.Pair(llm, adapted, self._base.layout)
            scores = measured(pair, lessons.load(place / adapters.DATA), one, self._tell)
            gone = evaluation.gone(pair, probes)
        against = list(gate.failures(scores))
        if not all(gone.values()):
            against.append(f"it still answers {sum(not one for one in gone.values())} questions to what was forgotten")
        fields = {"scores": scores._asdict(), "failures": against, "gone": {"asked": len(gone), "gone": sum(gone.values())}}
        adapters.write_json(place / adapters.EVALUATION, fields)
        return {"status": Status.EVALUATED.value, "files": adapters.seals(place), **fields}

    def _probes(self, one: Adapter) -> "list[Example]":
        """Questions to memories that earlier generations knew and this one must not; a purge removes its questions, too."""
        found: dict[str, Example] = {}
        for other in of(self._vault):
            missing = set(other.covers) - set(one.covers)
            if other.base != one.base or not other.promoted_at or not missing:
                continue
            if adapters.fault(self._vault, other, (adapters.DATA,)) is None:
                data = lessons.load(adapters.folder(self._vault, other.id) / adapters.DATA)
                asked = (each for each in data if each.kind == "fact" and not missing.isdisjoint(each.memories))
                found |= {each.question: each for each in asked}
        return list(found.values())[:PROBES]

    # -- failing

    def _failed(self, one: Adapter, error: Exception) -> MemosError:
        """Mark the generation as failed and remove its files; returns the error in words that a person understands."""
        said = " ".join(str(error).split())[:200]
        if "No space left" in said or getattr(error, "errno", None) == 28:
            meant: MemosError = StorageFull("the disk is full, so the training was given up", hint="make room and run it again")
        else:
            meant = (
                error if isinstance(error, MemosError) else MemosError(f"the training failed: {said or type(error).__name__}")
            )
        try:
            adapters.remove(self._vault, one.id)
            self._write(one, {"status": Status.FAILED.value, "why": meant.message})
        except (MemosError, OSError):
            pass  # the generation stays `training`; the next run finds no data set and marks it failed
        return meant


def measured(pair: evaluation.Pair, data: "Sequence[Example]", one: Adapter, tell: Tell) -> "Scores":
    """The scores of the model on the held-out questions of a data set."""
    return evaluation.evaluate(pair, data, tell=lambda done, total: tell(RunStep("evaluating", one.id, done, total)))


def _told(trained: Any) -> dict[str, Any]:  # noqa: ANN401 -- Trained
    kept = ("steps", "tokens", "seconds", "loss", "watched", "parameters", "device", "peak_bytes")
    return {name: dict(value) if name == "watched" else value for name in kept for value in [getattr(trained, name)]}
