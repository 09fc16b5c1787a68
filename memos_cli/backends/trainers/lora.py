"""Trains a LoRA adapter with PEFT on the GGUF that chat answers with, dequantised by transformers.

Two losses, both on the tokens of answers alone: the cross entropy with the answer, and the divergence from what the unchanged
model says when the facts are in its prompt (`teacher`). `packing` arranges the lessons in rows and plans an epoch,
`row_reader` what a model says to them, `lower_layers` what never changes of that, `base` the model with the adapter,
`checkpoint` what a killed training goes on from.

Measured with the memos-mini before the one that ships (0.98 of others' facts in the prompt), one thread, on facts and scenes
that were used to choose no setting. The questions ask for the facts of one life in wordings that no lesson had, with nothing in
the prompt; for what no memory answers; and, with memories in the prompt, for 500 facts of others and 500 in the first person,
of which the table lists the points lost. Seconds are the CPU's; without an adapter none of the facts is answered.

    facts  rank  closed book  refused  others lost  first person  seconds  peak
    10     16    1.000        0.965    0.4 +- 0.4   0.8 +- 0.5    100      3.1 GB
    30     16    0.976        0.947    0.6 +- 0.6   2.8 +- 0.8    154      3.0 GB
    100    4     0.914        0.889    1.4 +- 0.7   6.8 +- 1.2    336      3.9 GB
    100    8     0.957        0.968    1.4 +- 0.6   4.0 +- 0.9    379      3.8 GB
    100    16    0.969        0.952    2.0 +- 0.7   3.2 +- 0.8    404      3.8 GB
    300    16    0.942        0.988    1.0 +- 0.6   3.4 +- 0.9    1262     5.0 GB

With the one that ships, 100 facts of rank 16: closed book 0.975, refused 0.913, others lost 1.0 +- 0.6, first person 2.4
+- 0.8, 330 s, 3.7 GB. The other rows were not measured again.

In 1,500 further questions to others' facts 100 facts of rank 16 lost 0.5 +- 0.3 points. With 10 of the 100 left out, as after
they were forgotten, none of 40 questions to them is answered rightly, 22 are refused, and 0.958 of those to the other 90 are
answered. Most of what the first person loses are questions that the prompt leaves open: the adapter answers them. And of
unknown things of this person fewer are refused than of others': 0.88 of 24, and 0.62 of 42 where 10 facts had been forgotten.

The settings were chosen with an earlier memos-mini (0.884 of others' facts) and 100 facts of one person. The questions were 164
in forms of the language of `tests/mini` that no lesson had; 120 that no memory answers, 20 of them of this person; and scenes
of `tests/mini` with one to eight memories in the prompt: 500 questions to others' facts there, points lost with their standard
error, and 500 of the first person, many of which contradict what was learnt of this person. `distinct` counts the replays of
the data set, `replay` those of an epoch for each other lesson.

    rank  layers  distil  replay  distinct  facts  refused  others lost  first person  seconds
    16    all     4       0.4     1669      0.957  0.910    6.4 +- 1.4   6.2 +- 1.4    195
    16    all     8       1.0     8489      0.957  0.950    1.4 +- 0.9   1.8 +- 1.0    347
    32    upper   8       1.0     8489      0.939  0.950    2.2 +- 1.0   1.0 +- 1.0    292

These questions chose the second line; of 1000 others it lost 1.6 +- 0.8 points and 2.9 +- 0.7. Without an adapter none of the
facts is answered, and 0.884 of others' in the prompt. Multiplying the adapter by 0.9 (`TrainingSettings.kept`) loses facts
(0.902) and helps the others little: 6.4 to 4.8 with few replays, 1.4 to 1.4 with many. After the first line's training the
divergence from the base was 0.026 nats a token on replay that had been trained, 0.060 on replay of the same sort that had not:
distinct replays were missing. Leaving out one layer of an adapter loses facts and restores nothing. With attention's layers,
too, and replay without the first person, 98 facts reached 0.78, and 0.85 of the unknowns were refused.
"""

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli import modes
from memos_cli.backends.llms.contexts import SMALL
from memos_cli.backends.trainers import adapter, checkpoint, teacher
from memos_cli.backends.trainers.base import device_of, give_back, keep_memory, load, torch_module, with_adapter
from memos_cli.backends.trainers.lower_layers import below
from memos_cli.backends.trainers.packing import Encoded, Packing, Plan, Row, encode
from memos_cli.backends.trainers.row_reader import Reader
from memos_cli.backends.trainers.teacher import Teacher
from memos_cli.errors import ModelUnavailable
from memos_cli.ports.trainer import Lesson, Trained, TrainingSettings, TrainingStep

if TYPE_CHECKING:
    import torch

EVERY = 20.0
"""Seconds between two checkpoints."""
WARM = 0.05
"""The share of the steps over which the learning rate rises."""
_KEEPING = frozenset({"replay", "negative", "behaviour"})
"""The kinds of lessons whose teacher is more than a second voice: it says what is to stay, or what is to be learnt."""


class LoraTrainer:
    """A `Trainer`; needs the extra `lora`."""

    def train(
        self,
        base: Path,
        lessons: Sequence[Lesson],
        folder: Path,
        settings: TrainingSettings = TrainingSettings(),  # noqa: B008 -- a frozen tuple
        tell: Callable[[TrainingStep], None] = lambda _: None,
        beneath: Sequence[Path] = (),
    ) -> Trained:
        """As `Trainer.train`."""
        modes.make_folder(folder)
        encoded = encode(base, lessons)
        if not any(not one.watched for one in encoded):
            raise ModelUnavailable("there is nothing to train on that fits the model's context")
        identity = _identity((base, *beneath), encoded, settings)
        run = Run(base, encoded, folder, settings, identity, beneath)
        run.go(tell)
        return run.finish()


def _identity(bases: Sequence[Path], lessons: Sequence[Encoded], settings: TrainingSettings) -> str:
    """The name of what is trained, on what and how: a checkpoint is resumed only by a training of the same name.

    Args:
        bases: the model's file, and those of the adapters beneath.
        lessons: what it is trained on.
        settings: how.
    """
    digest = hashlib.sha256()
    for base in bases:
        with base.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    told = settings._asdict()
    for free in ("seconds", "device", "threads"):
        told.pop(free)
    digest.update(json.dumps([[list(one) for one in lessons], told], sort_keys=True).encode())
    return digest.hexdigest()


class Run:
    """One training.

    Args:
        base: the model's file.
        lessons: what the model is to learn.
        folder: for checkpoint, log and adapter.
        settings: how to train.
        identity: the identity that a checkpoint must have.
        beneath: adapters that are active while it is trained.
    """

    def __init__(
        self,
        base: Path,
        lessons: Sequence[Encoded],
        folder: Path,
        settings: TrainingSettings,
        identity: str,
        beneath: Sequence[Path] = (),
    ) -> None:
        self.base, self.folder, self.settings, self.identity = base, folder, settings, identity
        self.torch = torch_module()
        self.device = device_of(settings.device)
        if self.device == "cpu":
            keep_memory()
        self._few_threads()
        self.torch.manual_seed(settings.seed)
        self.packing = Packing(sorted(lessons, key=lambda one: one.watched), settings.tokens)
        self.plan = Plan(self.packing, settings)
        model = load(base, self.device, self.plan.widest, beneath)
        self.reader = Reader(model, self.packing, self.device, half=_half(self.torch, self.device))
        if settings.upper < 1:
            self.reader.store_lower(below(int(model.config.num_hidden_layers), settings.upper))
            self.plan.watching = self._known() or self.plan.watching
        taught = [number for number, one in enumerate(self.packing.lessons) if self._has_teacher(one)]
        self.teacher = Teacher(self.reader, taught if settings.distil else [], folder, identity)
        self.model = self.reader.model = with_adapter(model, settings)
        self.weights = {name: one for name, one in self.model.named_parameters() if one.requires_grad}
        self.optimizer = self.torch.optim.AdamW(self.weights.values(), lr=settings.rate, weight_decay=0.0)
        self.step = self.tokens = 0
        self.seconds = self.loss = 0.0
        self.best: dict[str, Any] = {}
        self.looks: list[dict[str, Any]] = []
        self._best_weights: dict[str, torch.Tensor] = {}
        self._begun = time.monotonic()
        self._resume()

    def _few_threads(self) -> None:
        """One thread for a small model: on two busy cores a second one made memos-mini's training three times slower."""
        if self.settings.threads or self.base.stat().st_size <= SMALL:
            self.torch.set_num_threads(self.settings.threads or 1)

    def _has_teacher(self, one: Encoded) -> bool:
        """Whether the unchanged model is asked about a lesson: about a fact only if the settings say so."""
        return bool(one.teacher) and not one.watched and (self.settings.taught or one.kind in _KEEPING)

    def _known(self) -> list[int]:
        """The watched lessons without the replays that the unchanged model answers wrong: it is to keep on answering so."""
        kinds = self.packing.lessons
        right, _ = self.reader.answered([number for number in self.plan.watching if kinds[number].kind == "replay"])
        return [number for number in self.plan.watching if right.get(number, True)]

    # -- training

    def go(self, tell: Callable[[TrainingStep], None]) -> None:
        """Train until all is learnt, nothing improves any more, or the time is over."""
        each = self.plan.each
        total = self.settings.epochs * each
        recent: list[float] = []
        plan: list[list[list[int]]] = []
        saved = time.monotonic()
        while self.step < total and not self._done():
            if not plan or self.step % each == 0:
                plan = self.plan.batches(self.step // each)
            if plan[self.step % each]:
                recent.append(self.learn(plan[self.step % each], self._rate(total)))
            self.step += 1
            self.seconds += time.monotonic() - self._begun
            self._begun = time.monotonic()
            self.loss = sum(recent[-each:]) / max(1, len(recent[-each:]))
            if self.step % each == 0:
                self._look(self.step // each)
                if self.device == "cpu":
                    give_back()
            if time.monotonic() - saved > EVERY:
                self._save()
                saved = time.monotonic()
            watched = self.looks[-1]["right"] if self.looks else None
            tell(TrainingStep(self.step, total, self.loss, self.seconds, self._left(total), watched))
        if self.step and (not self.looks or self.looks[-1]["step"] != self.step):
            self._look(math.ceil(self.step / each))
        self._save()

    def _left(self, total: int) -> float:
        left = self.seconds / self.step * (total - self.step)
        return left if self.settings.seconds is None else max(0.0, min(left, self.settings.seconds - self.seconds))

    def _done(self) -> bool:
        over = self.settings.seconds is not None and self.seconds >= self.settings.seconds
        learnt = len(self.looks) > 1 and all(look["right"] >= 0.995 and look["trained"] >= 0.995 for look in self.looks[-2:])
        stale = bool(self.best) and len(self.looks) - self.best["look"] > self.settings.patience
        return over or learnt or stale

    def _rate(self, total: int) -> float:
        """The learning rate: a warm start, then a cosine down to a twentieth at the first of the ends that may come."""
        share = self.step / total
        if self.settings.seconds:
            share = max(share, self.seconds / self.settings.seconds)
        warm = min(1.0, (self.step + 1) / max(1.0, WARM * total))
        return self.settings.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))

    def learn(self, rows: Sequence[Row], rate: float) -> float:
        """Take a step on rows of lessons; returns the loss before it."""
        torch = self.torch
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        logs, gold = self.reader.logs(rows), self.reader.gold(rows)
        batch = [number for row in rows for number in row]
        hard, soft = self.teacher.weights(batch, self.device)
        loss = -(logs.gather(1, gold[:, None])[:, 0] * hard).sum() / len(gold)
        if self.settings.distil and soft.any():
            loss = loss + self.settings.distil * (self.teacher.divergence(logs, batch) * soft).sum() / len(gold)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), 1.0)
        self.optimizer.step()
        self.tokens += sum(map(self.packing.width, rows))
        return float(loss.detach())

    # -- looking at the watched lessons

    def _look(self, epoch: int) -> None:
        """Record how well the watched lessons are answered, and keep the weights if they are the best so far."""
        watching, others = self.plan.watching, self.plan.others
        kinds, loss = self.reader.right(watching)
        trained, _ = self.reader.right(others[:: max(1, len(others) // 200)])
        counts = Counter(self.packing.lessons[number].kind for number in watching)
        right = sum(kinds[kind] * counts[kind] for kind in kinds) / len(watching)
        learnt = sum(trained.values()) / max(1, len(trained))
        look = {"step": self.step, "epoch": epoch, "loss": round(self.loss, 4), "watched_loss": round(loss, 4)}
        look |= {"right": round(right, 4), "trained": round(learnt, 4), "seconds": round(self.seconds, 1)}
        self.looks.append(look | {"kinds": {kind: round(share, 4) for kind, share in kinds.items()}})
        if not self.best or (right, -loss) > (self.best["right"], -self.best["watched_loss"]):
            self.best = {"look": len(self.looks), "right": right, "watched_loss": loss, "kinds": kinds}
            self._best_weights = {name: one.detach().clone() for name, one in self.weights.items()}

    # -- checkpoints

    def _save(self) -> None:
        tensors = {f"weight/{name}": one for name, one in self.weights.items()}
        tensors |= {f"best/{name}": one for name, one in self._best_weights.items()}
        for name, one in self.weights.items():
            for slot, value in self.optimizer.state.get(one, {}).items():
                tensors[f"optimizer/{slot}/{name}"] = value
        state = {name: getattr(self, name) for name in _KEPT}
        checkpoint.save(self.folder / checkpoint.NAME, tensors, {**state, "identity": self.identity})

    def _resume(self) -> None:
        found = checkpoint.load(self.folder / checkpoint.NAME, self.identity)
        if found is None:
            return
        tensors, state = found
        with self.torch.no_grad():
            for name, one in self.weights.items():
                one.copy_(tensors[f"weight/{name}"])
                slots = {
                    slot: tensors[f"optimizer/{slot}/{name}"]
                    for slot in ("step", "exp_avg", "exp_avg_sq")
                    if f"optimizer/{slot}/{name}" in tensors
                }
                if slots:
                    self.optimizer.state[one] = {
                        slot: value if slot == "step" else value.to(one.device) for slot, value in slots.items()
                    }
        self._best_weights = {
            name: tensors[f"best/{name}"].to(one.device) for name, one in self.weights.items() if f"best/{name}" in tensors
        }
        for name in _KEPT:
            setattr(self, name, state[name])

    # -- the end

    def finish(self) -> Trained:
        """Write the best weights as an adapter for PEFT and for llama.cpp, and remove the checkpoint."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        with self.torch.no_grad():
            for name, one in self.weights.items():
                one.copy_(self._best_weights.get(name, one))
        tensors = {name: one.detach().float().cpu().contiguous() for name, one in get_peft_model_state_dict(self.model).items()}
        tensors = {name: one * self.settings.kept if "lora_B" in name else one for name, one in tensors.items()}
        config = self.model.peft_config["default"].to_dict()
        config |= {"base_model_name_or_path": self.base.name, "inference_mode": True}
        source, target, log = (self.folder / name for name in ("adapter_model.safetensors", "adapter.gguf", "training.jsonl"))
        _written(self.folder / "adapter_config.json", json.dumps(config, indent=1, sort_keys=True, default=_plain) + "\n")
        _written(log, "".join(json.dumps(look, sort_keys=True) + "\n" for look in self.looks))
        half = source.with_name(f".{source.name}.half")
        modes.make_file(half)
        save_file(tensors, half, metadata={"format": "pt"})
        checkpoint.sync(half)
        half.replace(source)
        adapter.convert(source, target, self.base)
        checkpoint.sync(target)
        for name in (checkpoint.NAME, teacher.NAME):
            (self.folder / name).unlink(missing_ok=True)
        parameters = sum(one.numel() for one in self.weights.values())
        counts = (self.step, self.tokens, self.seconds, self.loss, self.best.get("kinds", {}))
        return Trained(source, target, log, *counts, parameters, self.device, _peak(self.torch, self.device))


_KEPT = ("step", "tokens", "seconds", "loss", "best", "looks")
"""The fields of a run that a checkpoint has beside its tensors."""


def _half(torch: Any, device: str) -> bool:  # noqa: ANN401 -- a module
    """Whether the device multiplies in bfloat16 faster than in single precision."""
    fast = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device == "cuda" or (device == "cpu" and bool(fast()))


def _plain(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON does not know
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _written(path: Path, text: str) -> None:
    half = path.with_name(f".{path.name}.half")
    modes.make_file(half)
    half.write_text(text, encoding="utf-8")
    checkpoint.sync(half)
    half.replace(path)


def _peak(torch: Any, device: str) -> int:  # noqa: ANN401 -- a module
    """The most memory in use at once: of the GPU, or of the process."""
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)
