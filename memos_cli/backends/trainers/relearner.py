"""How many steps a fact takes to be learnt on top of an adapter: one that was purged is to take as many as one never seen."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from memos_cli import modes
from memos_cli.backends.trainers.lora import Run
from memos_cli.backends.trainers.packing import encode
from memos_cli.errors import IntegrityError, ModelUnavailable
from memos_cli.ports.trainer import Lesson, TrainingSettings

GENTLE = 0.25
"""The share of the training's learning rate: at the full rate a fact takes two or three steps, too few to compare."""


def steps(  # noqa: PLR0917 -- as `Trainer.train`, and the adapter
    base: Path,
    facts: Sequence[Sequence[Lesson]],
    weights: Path,
    folder: Path,
    settings: TrainingSettings = TrainingSettings(),  # noqa: B008 -- a frozen tuple
    beneath: Sequence[Path] = (),
    most: int = 60,
) -> list[int | None]:
    """For each fact, how many steps on its lessons alone lead to right answers to all of its watched lessons.

    Args:
        base: the GGUF file of the model.
        facts: for each fact its lessons, of which some are watched.
        weights: the adapter to begin with, safetensors with PEFT's names.
        folder: where the training may write; nothing is left there.
        settings: how the adapter was trained.
        beneath: adapters of the model itself.
        most: after so many steps a fact counts as not learnt (`None`).

    Raises:
        ModelUnavailable: the model cannot be trained here, or a lesson does not fit it.
        IntegrityError: the adapter is damaged, or another model's.
    """
    flat = [lesson for each in facts for lesson in each]
    encoded = encode(base, flat)
    if len(encoded) != len(flat):
        raise ModelUnavailable("a question to a fact does not fit the model's context")
    modes.make_folder(folder)
    more: dict[str, Any] = {"beneath": beneath} if beneath else {}
    run = Run(base, encoded, folder, settings._replace(distil=0.0, rate=GENTLE * settings.rate), "relearning", **more)
    order = sorted(range(len(flat)), key=lambda place: encoded[place].watched)  # as `Run` sorts them
    number = {place: rank for rank, place in enumerate(order)}
    parts = pairwise(accumulate([0, *map(len, facts)]))
    start = _read(weights, run)
    return [_steps(run, start, [number[place] for place in range(*part)], most) for part in parts]


def _read(weights: Path, run: Run) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = load_file(weights)
        return {name: found[name.replace(".default.", ".")].to(one.device) for name, one in run.weights.items()}
    except (OSError, SafetensorError, KeyError) as error:
        raise IntegrityError(f"the adapter {weights} cannot be trained further: {error}") from None


def _steps(run: Run, start: dict[str, Any], numbers: Sequence[int], most: int) -> int | None:
    with run.torch.no_grad():
        for name, one in run.weights.items():
            one.copy_(start[name])
    run.optimizer.state.clear()
    watched = [one for one in numbers if run.packing.lessons[one].watched]
    rows = run.packing.rows([one for one in numbers if one not in watched], run.packing.row)
    for step in range(most + 1):
        answered, _ = run.reader.answered(watched)
        if all(answered.values()):
            return step
        run.learn(rows, run.settings.rate)
    return None
