"""How a generation comes to be: begun, gone on with, failed, measured, promoted; with a trainer that needs no time."""

import errno
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS, plugins
from memos_cli.config import Settings
from memos_cli.errors import MemosError, ModelUnavailable, NotFound, Refused, StorageFull
from memos_cli.infra.files import digest
from memos_cli.infra.local import adapters
from memos_cli.model import Kind
from memos_cli.operation.exam import cards
from memos_cli.operation.parametric import active_adapter, eligibility, evaluation, gate, job_runner, training
from memos_cli.operation.parametric.examples import Shares, examples
from memos_cli.operation.parametric.training import RunStep, TrainingOptions
from memos_cli.operation.prompt.layouts import BRIEF, LAYOUTS
from memos_cli.ports.trainer import Lesson, Trained, TrainingSettings, TrainingStep
from tests import tiny
from tests.conftest import Clock
from tests.learnt import SCORES, SHAPES
from tests.shipped import ship

pytest.importorskip("llama_cpp")
pytest.importorskip("peft")


class Quick:
    """A `Trainer` that writes an adapter which changes little, in two steps."""

    calls: list[TrainingSettings] = []  # noqa: RUF012 -- emptied for each test
    beneath: list[tuple[Path, ...]] = []  # noqa: RUF012 -- as above
    fault: Callable[[], None] | None = None

    def train(
        self,
        base: Path,  # noqa: ARG002 -- the protocol's
        lessons: Sequence[Lesson],
        folder: Path,
        settings: TrainingSettings = TrainingSettings(),  # noqa: B008
        tell: Callable[[TrainingStep], None] = print,
        beneath: Sequence[Path] = (),
    ) -> Trained:
        assert lessons
        self.calls.append(settings)
        self.beneath.append(tuple(beneath))
        tell(TrainingStep(1, 2, 0.5, 1.0, 1.0))
        if Quick.fault is not None:
            Quick.fault()
        tell(TrainingStep(2, 2, 0.4, 2.0, 0.0))
        tiny.write_adapter(folder / adapters.LLAMA, SHAPES)
        (folder / adapters.WEIGHTS).write_bytes(b"weights")
        (folder / adapters.LOG).write_text("{}\n")
        return Trained(
            folder / adapters.WEIGHTS,
            folder / adapters.LLAMA,
            folder / adapters.LOG,
            2,
            100,
            2.0,
            0.4,
            {"fact": 1.0},
            10,
            "cpu",
            5,
        )


@pytest.fixture
def mos(home: Path, clock: Clock, models: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from memos_cli.config import paths

    monkeypatch.setitem(plugins._BUILT_IN, "trainer.lora", "tests.operation.parametric.test_training:Quick")
    monkeypatch.setattr(Quick, "calls", [])
    monkeypatch.setattr(Quick, "beneath", [])
    monkeypatch.setattr(Quick, "fault", None)
    few = Shares(forms=3, least_replay=4, replay=0.1, drift=4)
    monkeypatch.setattr(training.examples, "examples", lambda chosen, others, **_: examples(chosen, others, shares=few))
    passes(monkeypatch)
    environ = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    with MOS(home, settings=Settings(environ, paths({"MEMOS_HOME": str(home)})), clock=clock) as opened:
        opened.add("I live in Porto.", kind=Kind.FACT, key="home")
        opened.add("My dog is called Brixo.", kind=Kind.FACT)
        clock.forward(days=3)
        yield opened


def passes(monkeypatch: pytest.MonkeyPatch, **scores: float) -> None:
    """The gate's own rules over these scores: what the tiny models answer is not what is looked at here."""
    found = gate.Scores(**{**SCORES, **scores})  # type: ignore[arg-type]
    monkeypatch.setattr(evaluation, "evaluate", lambda *_, **__: found)


def status(mos: MOS) -> list[str]:
    return [one.status for one in mos.parametric.list()]


def test_a_run_over_the_adapter_of_memos_is_for_both(
    mos: MOS, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = ship(monkeypatch, models / "mini.gguf", tmp_path)
    one = mos.parametric.run().adapter
    assert one is not None
    assert Quick.beneath == [(shipped,)]
    assert (one.status, one.base) == ("promoted", f"{digest(models / 'mini.gguf')}+{digest(shipped)}")
    assert mos.parametric.run().adapter is None  # nothing new
    ship(monkeypatch, models / "mini.gguf", tmp_path, seed=12)
    again = mos.parametric.run().adapter  # over another one it is learnt anew
    assert again is not None
    assert again.base != one.base
    assert set(active_adapter.covered(mos).values()) == {again.id}


def test_a_run_is_measured_sealed_and_used(mos: MOS) -> None:
    steps: list[RunStep] = []
    outcome = mos.parametric.run(tell=steps.append)
    one = outcome.adapter
    assert one is not None
    assert (one.number, one.status, one.model, len(one.covers)) == (1, "promoted", "mini", 2)
    assert set(one.covers.values()) == {1}
    assert {step.phase for step in steps} == {"preparing", "training"}
    assert set(one.files) == set(adapters.SEALED) - {adapters.CONFIG}
    vault = mos.parametric.vault
    assert adapters.fault(vault, one, one.files) is None
    assert json.loads((adapters.folder(vault, one.id) / adapters.EVALUATION).read_text())["scores"]["closed_book"] == 1.0
    assert one.trained["tokens"] == 100
    assert outcome.job.state == "done"
    assert set(active_adapter.covered(mos)) == set(one.covers)
    assert mos.parametric.run().adapter is None  # nothing new
    assert status(mos) == ["promoted"]
    again = mos.parametric.run(TrainingOptions(again=True)).adapter
    assert again is not None
    assert status(mos) == ["retired", "promoted"]
    mos.undo()  # the promotion alone
    assert status(mos) == ["promoted", "evaluated"]
    assert mos.parametric.plan().known == set(one.covers)


def test_what_does_not_pass_is_kept_and_not_used(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    mos.parametric.run()
    passes(monkeypatch, closed_book=0.5)
    worse = mos.parametric.run(TrainingOptions(again=True)).adapter
    assert worse is not None
    assert worse.failures
    assert status(mos) == ["promoted", "evaluated"]
    with pytest.raises(Refused, match="did not pass"):
        mos.parametric.promote("2")
    passes(monkeypatch)
    assert mos.parametric.evaluate("2").failures == ()
    assert mos.parametric.promote("2").number == 2
    used, earlier = mos.parametric.rollback()
    assert (used.number, earlier.number) == (2, 1)
    with pytest.raises(NotFound, match="no generation before"):
        mos.parametric.rollback()


class Killed(BaseException):
    """As if the process ended here."""


def killed() -> None:
    raise Killed


def test_a_run_that_was_killed_is_gone_on_with(mos: MOS) -> None:
    Quick.fault = killed
    with pytest.raises(Killed):
        mos.parametric.run(TrainingOptions(rank=4))
    (listed,) = mos.parametric.list()
    assert listed.status == "interrupted"
    data = adapters.folder(mos.parametric.vault, listed.adapter.id) / adapters.DATA
    before = data.read_bytes()
    (job,) = mos.parametric.jobs()
    assert job.state == "interrupted"
    assert active_adapter.covered(mos) == {}
    Quick.fault = None
    mos.add("I play the cello.", kind=Kind.FACT)
    done = mos.parametric.run().adapter
    assert done is not None
    assert done.id == listed.adapter.id
    assert data.read_bytes() == before
    assert {one.rank for one in Quick.calls} == {4}
    assert status(mos) == ["promoted"]
    assert {one.state for one in mos.parametric.jobs()} == {"stopped", "done"}


def test_what_was_forgotten_meanwhile_is_not_gone_on_with(mos: MOS) -> None:
    Quick.fault = killed
    with pytest.raises(Killed):
        mos.parametric.run()
    (first,) = mos.parametric.list()
    mos.delete(next(iter(first.adapter.covers)))
    Quick.fault = None
    done = mos.parametric.run().adapter
    assert done is not None
    assert done.id != first.adapter.id
    assert status(mos) == ["failed", "promoted"]
    assert adapters.folders(mos.parametric.vault) == [done.id]
    assert len(done.covers) == 1


def test_what_is_forgotten_while_it_is_learnt_is_learnt_in_vain(mos: MOS) -> None:
    (memory, *_) = mos.list()

    def forget() -> None:
        mos.delete(memory.id)

    Quick.fault = forget
    with pytest.raises(Refused, match="in vain"):
        mos.parametric.run()
    assert status(mos) == ["failed"]
    assert adapters.folders(mos.parametric.vault) == []
    Quick.fault = None
    done = mos.parametric.run().adapter
    assert done is not None
    assert memory.id not in done.covers


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (RuntimeError("CUDA out of memory"), MemosError),
        (ModelUnavailable("no device cuda to train on"), ModelUnavailable),
    ],
)
def test_a_training_that_fails_leaves_no_files(mos: MOS, error: Exception, kind: type[Exception]) -> None:
    mos.parametric.run()

    def fail() -> None:
        raise error

    Quick.fault = fail
    with pytest.raises(kind):
        mos.parametric.run(TrainingOptions(again=True))
    assert status(mos) == ["promoted", "failed"]
    assert len(adapters.folders(mos.parametric.vault)) == 1
    assert sorted(one.state for one in mos.parametric.jobs()) == ["done", "failed"]
    assert mos.parametric.get().number == 1


def test_a_rebuild_leaves_out_what_was_forgotten_and_proves_it(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    first = mos.parametric.run().adapter
    assert first is not None
    gone = next(memory for memory in mos.list() if "Brixo" in memory.content)
    mos.delete(gone.id)
    (job,) = [one for one in mos.parametric.jobs() if one.state == "queued"]
    assert job.kind == "rebuild"
    assert mos.parametric.list()[0].status == "detached"
    asked: list[str] = []

    def answers(*, still: bool) -> Callable[..., dict[str, bool]]:
        def probe(_: object, probes: Sequence[Any]) -> dict[str, bool]:
            asked.extend(one.question for one in probes)
            return {one.question: not still for one in probes}

        return probe

    monkeypatch.setattr(evaluation, "gone", answers(still=True))
    second = mos.parametric.run().adapter
    assert second is not None
    assert asked
    assert all("dog" in question.lower() for question in asked)
    assert second.status == "evaluated"
    assert any("what was forgotten" in line for line in second.failures)
    monkeypatch.setattr(evaluation, "gone", answers(still=False))
    third = mos.parametric.run(TrainingOptions(again=True)).adapter
    assert third is not None
    assert third.status == "promoted"
    assert third.gone["asked"] == third.gone["gone"] > 0
    assert gone.id not in third.covers
    with pytest.raises(Refused, match="forgotten"):
        mos.parametric.rollback()


def test_a_worker_does_what_waits(mos: MOS) -> None:
    job = mos.parametric.queue()
    assert mos.parametric.queue().id == job.id
    assert job_runner.work(mos) == 1
    (done,) = mos.parametric.jobs()
    assert (done.state, done.message, done.attempts) == ("done", "promoted", 1)
    log = job_runner.jobs_of(mos).log(done).read_text()
    assert "training 1/2, loss 0.500" in log
    assert "Porto" not in log
    assert status(mos) == ["promoted"]


def test_a_job_counts_the_steps_of_its_training_and_each_phase_apart(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    """A measuring of 522 questions is no training of 522 steps, and the loss stays when it is over."""
    monkeypatch.setattr("memos_cli.infra.local.jobs._BEAT", 0.0)
    found = gate.Scores(**SCORES)  # type: ignore[arg-type]

    def evaluate(*_: object, tell: Callable[[int, int], None]) -> gate.Scores:
        tell(7, 522)
        rows.append(mos.parametric.jobs()[0])
        tell(522, 522)
        return found

    rows: list[Any] = []
    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    mos.parametric.run(tell=lambda _: rows.append(mos.parametric.jobs()[0]))
    told = [(row.phase, row.step, row.steps, row.done, row.total, row.loss) for row in rows]
    assert told[0] == ("preparing", 0, 0, 0, 0, None)
    assert ("training", 1, 2, 1, 2, 0.5) in told
    assert ("evaluating", 2, 2, 7, 522, 0.4) in told
    (job,) = mos.parametric.jobs()
    assert (job.state, job.step, job.steps, job.loss) == ("done", 2, 2, 0.4)


def test_a_job_that_is_killed_every_time_fails(mos: MOS) -> None:
    from memos_cli.infra.local.jobs import ATTEMPTS

    Quick.fault = killed
    mos.parametric.queue()
    for _ in range(ATTEMPTS):
        with pytest.raises(Killed):
            job_runner.work(mos)
    assert job_runner.work(mos) == 1
    (job,) = mos.parametric.jobs()
    assert job.state == "failed"
    assert mos.parametric.list()[0].status == "interrupted"


def test_a_job_for_a_cube_that_is_gone_fails_and_others_go_on(mos: MOS) -> None:
    job = mos.parametric.queue()
    jobs = job_runner.jobs_of(mos)
    jobs.save(job._replace(cube_id="another"))
    mos.parametric.queue()
    assert job_runner.work(mos) == 2
    assert sorted(one.state for one in mos.parametric.jobs()) == ["done", "failed"]


def test_only_what_the_owner_said_is_learnt(mos: MOS, clock: Clock) -> None:
    mos.add("I live in Oslo.", kind=Kind.FACT, user_id="ana")
    clock.forward(days=2)
    chosen, left = eligibility.of_cube(mos.parametric.vault, mos.now)
    assert {one.memory.owner for one in chosen} == {"sam"}
    assert [one.reason for one in left] == ["somebody else said it"]


def test_a_log_from_elsewhere_names_no_file_outside(mos: MOS) -> None:
    vault = mos.parametric.vault
    for identity in ("../../x", "", "A", "a/b"):
        with pytest.raises(NotFound):
            adapters.folder(vault, identity)
    with mos.author("merge").write(vault) as unit:
        unit.change(adapters.NOUN, "strange", {"status": "promoted", "covers": "all"})
    assert mos.parametric.list() == ()


def test_what_is_trained_is_laid_out_as_the_models_card_says(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    brief, seen = LAYOUTS["brief"], list[str]()
    monkeypatch.setattr(cards, "layout", lambda *_: brief)
    train = Quick.train

    def spied(self: Quick, base: Path, lessons: Sequence[Lesson], *given: Any) -> Trained:
        seen.extend(lesson.request.messages[0][1] for lesson in lessons if lesson.request.messages)
        return train(self, base, lessons, *given)

    monkeypatch.setattr(Quick, "train", spied)
    assert mos.parametric.run().adapter is not None
    assert seen
    assert set(seen) == {BRIEF}
