"""How a generation of an adapter comes to be: memories chosen, data set, training, evaluation, the gate, promotion.

Each step is in the log when it is done, and can be taken up again: whoever is killed leaves a generation that is `training`,
with its data set and checkpoint, and the next run goes on with it if all of its memories are still what they were. What cannot
be gone on with is marked failed, and its files go.
"""

import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import plugins
from memos_cli.errors import MemoryNotFound, MemosError, ModelUnavailable, NotFound, Refused, StorageFull, extra
from memos_cli.infra import adapters
from memos_cli.infra.vault.units import new_id
from memos_cli.interface import consolidating, models
from memos_cli.model import Adapter, Filter, Memory
from memos_cli.operation import consolidation, dataset, gate, generations
from memos_cli.operation.consolidation import Criteria, Left, Selection
from memos_cli.operation.generations import Status
from memos_cli.ports import LLM, TrainingSettings, TrainingStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.api import MOS
    from memos_cli.operation.dataset import Example
    from memos_cli.operation.gate import Scores

NEEDED = ("torch", "transformers", "peft", "llama_cpp", "gguf")
"""The packages of the extra `lora`."""
LITTLE = 50_000_000
"""Parameters up to which a model sees hardly a replay twice; with more, to ask it about each beforehand takes too long."""
PROBES = 200
"""Questions to what was forgotten that are asked at most."""


class Base(NamedTuple):
    """The model that is trained: what a person calls it, its file, the SHA-256 of that, and how many parameters it has."""

    name: str
    path: "Path"
    digest: str
    parameters: int


class Options(NamedTuple):
    """How a generation is made.

    Attributes:
        device: `auto`, `cuda`, `mps` or `cpu`.
        seconds: that training may take; `None` for as long as it takes.
        rank: of the adapter; `None` for the trainer's own.
        again: also where the promoted generation knows just this already.
    """

    device: str = "auto"
    seconds: float | None = None
    rank: int | None = None
    again: bool = False


class Step(NamedTuple):
    """How far a run is.

    Attributes:
        phase: `preparing`, `training` or `evaluating`.
        generation: the id of the adapter.
        left: seconds that training will still take at most.
    """

    phase: str
    generation: str
    done: int = 0
    total: int = 0
    loss: float | None = None
    left: float | None = None


Tell = Callable[[Step], None]


def base_of(mos: "MOS") -> Base:
    """The model that the settings choose.

    Raises:
        ModelUnavailable: none is chosen, or it lies behind an endpoint, or cannot be used.
    """
    settings, name = mos.settings, mos.settings.get("llm.model")
    if name == models.NONE:
        raise ModelUnavailable("no model is chosen, and it is a model that learns", hint="memos model use NAME|PATH")
    if settings.get("llm.endpoint"):
        raise ModelUnavailable("a model behind an endpoint cannot be trained", hint="choose a file: memos model use NAME|PATH")
    path = models.locate(name, mos.paths)
    digest = models.check(path, mos.paths)["sha256"]
    return Base(path.stem, path, digest, int(plugins.load("llm", "facts")(path)["parameters"] or 0))


def opened(mos: "MOS", base: Base, weights: "Sequence[Path]" = ()) -> LLM:
    """The model as chat loads it, with adapters whose digests were compared."""
    settings = mos.settings
    given = {"threads": settings.get("llm.threads"), "kv": settings.get("llm.kv"), "adapters": [(one, 1.0) for one in weights]}
    made: LLM = plugins.load("llm", "llamacpp")(
        base.path, context=settings.get("llm.context"), name=base.name, digest=base.digest, **given
    )
    return made


def require_tools() -> None:
    """See to it that a model can be trained here, before anything is begun; nothing of it is imported for that.

    Raises:
        ModelUnavailable: a package is missing.
    """
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ModelUnavailable(f"training needs {', '.join(missing)}", hint=extra("lora"))


# -- what is learnt, and what is known


def of(vault: "Vault") -> list[Adapter]:
    """The generations of a cube, the oldest first; what a log from elsewhere has that is none is left out."""
    return read(adapters.records(vault), vault.name)


def read(records: "Mapping[str, Mapping[str, Any]]", cube: str) -> list[Adapter]:
    """Generations from their registers, the oldest first."""
    found = (generations.read(identity, fields, cube) for identity, fields in records.items())
    return sorted((one for one in found if one), key=lambda one: (one.created_at, one.number, one.id))


def detached(vault: "Vault", one: Adapter, now: str) -> str | None:
    """Why a generation may not be used as its memories are now; `None` where it may."""
    fine = vault.versions(list(one.covers), Filter(at=now))
    for identity, version in one.covers.items():
        if fine.get(identity) == version:
            continue
        try:
            memory = vault.get(identity)
        except MemoryNotFound:
            return f"memory {identity[:8]} is not in this cube"
        if reason := generations.lost(memory, adapters.then(vault, identity, version), now):
            return f"memory {identity[:8]} {reason}"
    return None


def select(vault: "Vault", now: str) -> Selection:
    """What of a cube is learnt, by its policy, and what is not and why.

    An adapter answers the owner of the cube alone, so it learns what they said: the "I" of others is not theirs.
    """
    from memos_cli.interface.lifecycle import policy_of

    rules, owner = policy_of(vault), vault.meta["owner"]
    criteria = Criteria(*(rules.get(f"consolidate.{name}") for name in Criteria._fields))
    current = vault.find(Filter(at=now))
    others = {memory.id for memory in current if not _own(memory, owner)}
    found = consolidation.select([memory for memory in current if memory.id not in others], now, criteria)
    left = [Left(memory, "somebody else said it") for memory in current if memory.id in others]
    return found._replace(left=(*found.left, *left))


def _own(memory: Memory, owner: str) -> bool:
    said_by = {memory.owner, memory.source.speaker} - {None}
    return all((one or "").casefold() in {owner.casefold(), "user", "me", "i"} for one in said_by)


def write_examples(vault: "Vault", selection: Selection, now: str, parameters: int = 0) -> "list[Example]":
    """The data set of a selection, as grammar alone writes it, with fewer replays for a model of many parameters."""
    shares = dataset.Shares() if parameters <= LITTLE else dataset.Shares(replay=TrainingSettings().replay)
    ids = {one.memory.id for one in selection.chosen}
    others = [memory for memory in vault.find(Filter(at=now)) if memory.id not in ids]
    return dataset.examples(selection.chosen, others, shares=shares)


# -- making


class Maker:
    """Makes one generation.

    Args:
        mos: the memory.
        vault: the cube.
        base: the model.
        options: how.
        tell: called as it goes on; what it raises ends the run, which can be taken up again.
    """

    def __init__(self, mos: "MOS", vault: "Vault", base: Base, options: Options, tell: Tell) -> None:
        self._mos, self._vault, self._base, self._options, self._tell = mos, vault, base, options, tell
        self._txn: str | None = None

    def make(self) -> Adapter | None:
        """Make it, or go on with one that was begun; `None` where there is nothing to learn, or nothing new.

        It is promoted if it passes the gate; otherwise `failures` of it say why not.

        Raises:
            ModelUnavailable: the model cannot be trained here.
            Refused: a memory changed while it was learnt, so that all was in vain.
            StorageFull: the disk is full.
        """
        require_tools()
        adapters.sweep(self._vault)
        one = self._resumed() or self._begun()
        if one is None:
            return None
        try:
            with closing(opened(self._mos, self._base)) as llm:
                trained = self._train(one, llm)
                self._require_standing(one)
                measured = self._measure(one, llm)
            one = self._write(one, {"trained": _told(trained), **measured})
        except (MemosError, OSError, RuntimeError) as error:
            raise self._failed(one, error) from error
        except Exception as error:
            if type(error).__name__ != "SafetensorError":  # whose package need not be there
                raise
            raise self._failed(one, error) from error
        return one if one.failures else promote(self._mos, self._vault, one)

    def _require_standing(self, one: Adapter) -> None:
        if why := detached(self._vault, one, self._mos.now):
            raise Refused(
                f"generation {one.number} was learnt in vain: {why}", hint="run it again: memos consolidate run --now"
            )

    def _write(self, one: Adapter, fields: dict[str, Any]) -> Adapter:
        with self._mos.author("consolidate").write(self._vault, self._txn) as unit:
            unit.change(adapters.NOUN, one.id, fields)
            self._txn = unit.log.txn
        return next(known for known in of(self._vault) if known.id == one.id)

    # -- beginning, and going on

    def _resumed(self) -> Adapter | None:
        """The generation that was begun and not ended, if it can be gone on with; others are marked failed."""
        found = None
        for one in reversed(of(self._vault)):
            if one.status != Status.TRAINING or one.base != self._base.digest or not self._mine(one):
                continue
            data = adapters.folder(self._vault, one.id) / adapters.DATA
            why = detached(self._vault, one, self._mos.now)
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
        """Whether it was begun on this copy of the cube: another machine's is at work there."""
        return self._vault.operations(adapters.NOUN, one.id)[0].replica == self._vault.meta["replica"]

    def _give_up(self, one: Adapter, why: str) -> None:
        self._write(one, {"status": Status.FAILED.value, "why": why})
        adapters.remove(self._vault, one.id)

    def _begun(self) -> Adapter | None:
        now, known = self._mos.now, of(self._vault)
        selection = select(self._vault, now)
        covers = {one.memory.id: one.memory.version for one in selection.chosen}
        used = next(iter(generations.promoted(known, self._base.digest)), None)
        if not covers or (used and not self._options.again and known_already(self._vault, used, selection, now)):
            return None
        identity = new_id()
        rank = self._options.rank or TrainingSettings().rank
        settings = TrainingSettings(rank=rank, device=self._options.device, seconds=self._options.seconds)
        fields = {
            "number": max((one.number for one in known), default=0) + 1, "model": self._base.name, "base": self._base.digest,
            "covers": covers, "status": Status.TRAINING.value, "created_at": now, "settings": settings._asdict(),
        }  # fmt: skip
        with self._mos.author("consolidate").write(self._vault) as unit:
            unit.change(adapters.NOUN, identity, fields)
            self._txn = unit.log.txn
        self._tell(Step("preparing", identity))
        one = next(one for one in of(self._vault) if one.id == identity)
        self._write_data(one, selection, now)
        return one

    def _write_data(self, one: Adapter, selection: Selection, now: str) -> None:
        """The data set, with a model's own wordings where it is fit for that, and what it says of behaviour."""
        try:
            made = write_examples(self._vault, selection, now, self._base.parameters)
            with closing(opened(self._mos, self._base)) as llm:
                if models.capable(self._base.path)[0]:
                    made = list(consolidating.paraphrased(made, llm))
                made = list(consolidating.answered(made, llm))
            place = adapters.folder(self._vault, one.id)
            place.mkdir(mode=0o700, parents=True)
            consolidating.save(place / adapters.DATA, made)
            self._tell(Step("preparing", one.id))
        except (MemosError, OSError) as error:
            raise self._failed(one, error) from error

    # -- training, measuring

    def _train(self, one: Adapter, llm: LLM) -> Any:  # noqa: ANN401 -- Trained
        def tell(step: TrainingStep) -> None:
            self._tell(Step("training", one.id, step.step, step.steps, step.loss, step.left))

        place = adapters.folder(self._vault, one.id)
        known = {name: value for name, value in one.settings.items() if name in TrainingSettings._fields}
        settings = TrainingSettings(**known)._replace(device=self._options.device, seconds=self._options.seconds)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries, about each other: nothing that a person could do about
            return consolidating.train(self._base.path, llm, (), place, settings, tell)

    def _measure(self, one: Adapter, llm: LLM) -> dict[str, Any]:
        """Scores, what the gate says of them, probes for what was forgotten, and the digests of all files."""
        place = adapters.folder(self._vault, one.id)
        probes = self._probes(one)
        with closing(opened(self._mos, self._base, [place / adapters.LLAMA])) as adapted:
            pair = consolidating.Pair(llm, adapted)
            scores = measured(pair, consolidating.load(place / adapters.DATA), one, self._tell)
            gone = consolidating.gone(pair, probes)
        against = list(gate.failures(scores))
        if not all(gone.values()):
            against.append(f"it still answers {sum(not one for one in gone.values())} questions to what was forgotten")
        fields = {"scores": scores._asdict(), "failures": against, "gone": {"asked": len(gone), "gone": sum(gone.values())}}
        adapters.write_json(place / adapters.EVALUATION, fields)
        return {"status": Status.EVALUATED.value, "files": adapters.seals(place), **fields}

    def _probes(self, one: Adapter) -> "list[Example]":
        """Questions to what generations before knew and this one must not; of what was purged nobody has any."""
        found: dict[str, Example] = {}
        for other in of(self._vault):
            missing = set(other.covers) - set(one.covers)
            if other.base != one.base or not other.promoted_at or not missing:
                continue
            if adapters.fault(self._vault, other, (adapters.DATA,)) is None:
                data = consolidating.load(adapters.folder(self._vault, other.id) / adapters.DATA)
                asked = (each for each in data if each.kind == "fact" and not missing.isdisjoint(each.memories))
                found |= {each.question: each for each in asked}
        return list(found.values())[:PROBES]

    # -- failing

    def _failed(self, one: Adapter, error: Exception) -> MemosError:
        """Mark the generation as failed and remove its files; the error as a person understands it."""
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
            pass  # it stays `training`; the next run finds no data set and marks it
        return meant


def measured(pair: consolidating.Pair, data: "Sequence[Example]", one: Adapter, tell: Tell) -> "Scores":
    """Put to the model what was held out of a data set."""
    return consolidating.evaluate(pair, data, tell=lambda done, total: tell(Step("evaluating", one.id, done, total)))


def _told(trained: Any) -> dict[str, Any]:  # noqa: ANN401 -- Trained
    kept = ("steps", "tokens", "seconds", "loss", "watched", "parameters", "device", "peak_bytes")
    return {name: dict(value) if name == "watched" else value for name in kept for value in [getattr(trained, name)]}


def known_already(vault: "Vault", used: Adapter, selection: Selection, now: str) -> bool:
    """Whether the generation in use knows just what would be learnt now, and may be used."""
    chosen = {one.memory.id for one in selection.chosen}
    usable = detached(vault, used, now) is None and adapters.fault(vault, used) is None
    return usable and chosen == set(used.covers)


# -- which generation is used


def promote(mos: "MOS", vault: "Vault", one: Adapter, retire: "Iterable[Adapter]" = ()) -> Adapter:
    """Let chat use a generation from now on, and those before it no longer; one step of `undo`.

    Raises:
        Refused: what it knows may not be told any more.
        NotFound: its files are gone, or are not what was measured.
    """
    require_usable(vault, one, mos.now)
    before = {other.id for other in (*generations.promoted(of(vault), one.base), *retire)} - {one.id}
    with mos.author("consolidate").write(vault) as unit:
        for identity in sorted(before):
            unit.change(adapters.NOUN, identity, {"status": Status.RETIRED.value})
        unit.change(adapters.NOUN, one.id, {"status": Status.PROMOTED.value, "promoted_at": mos.now})
    return next(known for known in of(vault) if known.id == one.id)


def require_usable(vault: "Vault", one: Adapter, now: str) -> None:
    """See to it that a generation may be used.

    Raises:
        Refused: a memory that it knows was forgotten or changed since.
        NotFound: its files are gone, or are not what was measured.
    """
    if why := detached(vault, one, now):
        raise Refused(f"generation {one.number} may not be used any more: {why}", hint="make a new one: memos consolidate run")
    if wrong := adapters.fault(vault, one):
        raise NotFound(f"generation {one.number} cannot be used: {wrong}", hint="make a new one: memos consolidate run --again")
