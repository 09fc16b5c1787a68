"""The trainer, on a model of two layers with random weights: it learns, stops, resumes and writes what llama.cpp computes."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.llama import gguf_header
from memos_cli.errors import ModelUnavailable
from memos_cli.ports.ports import Piece, Request
from memos_cli.ports.trainer import Lesson, Trained, Trainer, TrainingSettings, TrainingStep
from tests import tiny

pytest.importorskip("llama_cpp")
torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from memos_cli.backends.llms.llamacpp import LlamaModel  # noqa: E402 -- after the skips
from memos_cli.backends.trainers import checkpoint, lora, packing  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore::FutureWarning:transformers")
FEW = TrainingSettings(rank=8, rate=2e-2, epochs=30, tokens=64, patience=100)


def request(text: str) -> Request:
    return Request((), (Piece("<|user|>", marks=True), Piece(text), Piece("<|assistant|>", marks=True)))


def lessons() -> list[Lesson]:
    said = {"city": "Oslo", "pet": "Rex", "tea": "green"}
    made = [
        Lesson(request(f"{how} {what}?"), answer, watched=how == "And")
        for what, answer in said.items()
        for how in ("What", "Tell", "And")
    ]
    return [*made, Lesson(request("Sky?"), "blue", request("Sky? blue"), "replay")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_random(tmp_path_factory.mktemp("base") / "base.gguf")


def train(base: Path, folder: Path, settings: TrainingSettings = FEW, tell: Callable[[TrainingStep], None] = print) -> Trained:
    return lora.LoraTrainer().train(base, lessons(), folder, settings, tell)


def answers(base: Path, *adapters: Path) -> list[str]:
    with closing(LlamaModel(base, context=256, adapters=[(path, 1.0) for path in adapters])) as model:
        asked = [lesson.request for lesson in lessons() if lesson.kind == "fact" and not lesson.watched]
        return ["".join(token.text for token in model.stream(one, most=8)) for one in asked]


def test_it_learns_and_llama_cpp_says_so(base: Path, tmp_path: Path) -> None:
    steps: list[TrainingStep] = []
    trained = train(base, tmp_path / "job", tell=steps.append)
    wanted = [lesson.answer for lesson in lessons() if lesson.kind == "fact" and not lesson.watched]
    assert answers(base, trained.gguf) == wanted
    assert not set(answers(base)) & set(wanted)
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].loss < steps[0].loss / 5
    assert all(step.left >= 0 for step in steps)
    assert trained.parameters == 8 * sum(rows + columns for rows, columns in _shapes(base))
    assert trained.device == "cpu"
    assert trained.peak_bytes > 0
    looks = [json.loads(line) for line in trained.log.read_text().splitlines()]
    assert looks[-1]["trained"] == 1.0
    assert max(look["right"] for look in looks) == pytest.approx(trained.watched["fact"], abs=1e-3)
    left = {path.name for path in (tmp_path / "job").iterdir()}
    assert left == {"adapter.gguf", "adapter_model.safetensors", "adapter_config.json", "training.jsonl"}
    assert isinstance(lora.LoraTrainer(), Trainer)


def test_it_learns_over_an_adapter_beneath_and_needs_that(base: Path, tmp_path: Path) -> None:
    shapes = {"blk.0.attn_v.weight": (tiny.WIDTH, tiny.WIDTH // 2)}
    beneath = tiny.write_adapter(tmp_path / "beneath.gguf", shapes, seed=3)
    trained = lora.LoraTrainer().train(base, lessons(), tmp_path / "job", FEW, beneath=[beneath])
    wanted = [lesson.answer for lesson in lessons() if lesson.kind == "fact" and not lesson.watched]
    assert answers(base, beneath, trained.gguf) == wanted
    assert answers(base, trained.gguf) != wanted
    assert not set(answers(base, beneath)) & set(wanted)


def test_a_checkpoint_over_another_adapter_is_not_gone_on_with(base: Path, tmp_path: Path) -> None:
    first, other = (tmp_path / f"{number}.gguf" for number in (1, 2))
    first.write_bytes(b"first")
    other.write_bytes(b"other")
    encoded = packing.encode(base, lessons())
    found = {lora._identity(bases, encoded, FEW) for bases in ((base,), (base, first), (base, other), (base, first, other))}
    assert len(found) == 4
    assert lora._identity((base, first), encoded, FEW) in found


def _shapes(base: Path) -> list[tuple[int, ...]]:
    header = gguf_header.read(base)
    return [shape for name, shape in header.shapes.items() if ".ffn_" in name and len(shape) == 2]


class Killed(Exception):
    pass


def test_a_killed_training_goes_on_as_if_it_had_not_been(base: Path, tmp_path: Path, monkeypatch: Any) -> None:
    settings = FEW._replace(epochs=4)
    whole = train(base, tmp_path / "whole", settings)
    monkeypatch.setattr(lora, "EVERY", 0.0)  # a checkpoint after every step

    for stop in (1, 3, 6):

        def kill(step: TrainingStep, stop: int = stop) -> None:
            if step.step == stop:
                raise Killed

        with pytest.raises(Killed):
            train(base, tmp_path / "cut", settings, kill)
        assert not (tmp_path / "cut" / "adapter.gguf").exists()
    seen: list[int] = []
    resumed = train(base, tmp_path / "cut", settings, lambda step: seen.append(step.step))
    assert seen[0] == 7
    assert resumed.steps == whole.steps
    assert resumed.tokens == whole.tokens
    assert resumed.adapter.read_bytes() == whole.adapter.read_bytes()


def test_another_or_a_damaged_checkpoint_is_not_gone_on_from(base: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(lora, "EVERY", 0.0)

    def kill(step: TrainingStep) -> None:
        if step.step == 2:
            raise Killed

    def first(settings: TrainingSettings) -> int:
        seen: list[int] = []
        train(base, tmp_path, settings, lambda step: seen.append(step.step))
        return seen[0]

    short = FEW._replace(epochs=2)
    with pytest.raises(Killed):
        train(base, tmp_path, short, kill)
    saved = (tmp_path / checkpoint.NAME).read_bytes()
    assert first(short._replace(seed=1)) == 1
    for damaged in (saved[: len(saved) // 2], b"", b"\xff" * 64, saved[:9] + b"\x00" + saved[10:]):
        (tmp_path / checkpoint.NAME).write_bytes(damaged)
        assert first(short) == 1
    (tmp_path / checkpoint.NAME).write_bytes(saved)
    assert first(short) == 3


def test_it_stops_when_the_time_is_over(base: Path, tmp_path: Path) -> None:
    steps: list[TrainingStep] = []
    trained = train(base, tmp_path, FEW._replace(epochs=10_000, seconds=0.5, rate=1e-6), steps.append)
    assert trained.seconds < 5
    assert steps[-1].left < 0.5


def test_it_stops_when_nothing_is_gained(base: Path, tmp_path: Path) -> None:
    trained = train(base, tmp_path, FEW._replace(epochs=500, rate=0.0, patience=3))
    looks = trained.log.read_text().splitlines()
    assert len(looks) == 5  # the first is the best, and three more are waited for


def test_replay_keeps_what_the_model_said_not_what_is_right(base: Path, tmp_path: Path) -> None:
    """A replay whose teacher would say something else has no part in the loss for the right answer."""
    encoded = packing.encode(base, lessons())
    run = lora.Run(base, encoded, tmp_path, FEW, "x")
    replay = next(number for number, one in enumerate(run.packing.lessons) if one.kind == "replay")
    fact = next(number for number, one in enumerate(run.packing.lessons) if one.kind == "fact")
    assert not run.teacher.soft[replay].right
    hard, soft = run.teacher.weights([replay], "cpu")
    assert not hard.any()
    assert soft.all()
    hard, soft = run.teacher.weights([fact], "cpu")
    assert hard.all()
    assert not soft.any()
    # The adapter is nothing yet, so the model says what it said: no divergence once its teacher has the same prompt.
    same = run.teacher.divergence(run.reader.logs([[replay]], teacher=True), [replay])
    assert float(same.detach().abs().max()) < 1e-3


def test_lessons_that_share_a_row_do_not_see_each_other(base: Path, tmp_path: Path) -> None:
    run = lora.Run(base, packing.encode(base, lessons()), tmp_path, FEW, "x")
    run.reader.half = False
    rows = run.packing.rows(range(len(run.packing.lessons)), 96)
    assert max(map(len, rows)) > 2
    assert sum(map(run.packing.width, rows)) < sum(one.length for one in run.packing.lessons)
    together = run.reader.logs(rows)
    alone = torch.cat([run.reader.logs([[number]]) for row in rows for number in row])
    assert float((together - alone).detach().abs().max()) < 1e-3


def test_every_epoch_has_every_lesson_once_and_replay_in_turn(base: Path, tmp_path: Path) -> None:
    run = lora.Run(base, packing.encode(base, lessons()), tmp_path, FEW, "x")
    for epoch in range(3):
        batches = run.plan.batches(epoch)
        seen = sorted(number for rows in batches for row in rows for number in row)
        assert seen == [number for number, one in enumerate(run.packing.lessons) if not one.watched]
        assert batches == run.plan.batches(epoch)


def test_what_cannot_be_trained_is_told(base: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelUnavailable, match="cuda"):
        train(base, tmp_path, FEW._replace(device="cuda"))
    with pytest.raises(ModelUnavailable, match="nothing"):
        lora.LoraTrainer().train(base, [], tmp_path, FEW)
    with pytest.raises(ModelUnavailable):
        train(tmp_path / "none.gguf", tmp_path)
    (tmp_path / "bad.gguf").write_bytes(base.read_bytes()[:2000])
    with pytest.raises(ModelUnavailable):
        train(tmp_path / "bad.gguf", tmp_path)
