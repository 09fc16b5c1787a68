"""Trains a LoRA adapter with PEFT on the GGUF that chat answers with, dequantised by transformers.

Two losses, both on the tokens of answers alone: the cross entropy with the answer, and the divergence from what the
unchanged model says when the facts stand in its prompt (Hinton et al. 2015, "Distilling the knowledge in a neural network";
Snell et al. 2022, "Learning by distilling context"). The unchanged model is the same weights before the adapter is put in, so
its answers are computed once, of each token the likeliest few and what is left over. Where it gets a lesson wrong itself, it
teaches nothing; in replay it is all there is, right or wrong: what is to be kept is how it answers.

Measured with memos-mini (6 layers) and 100 facts of one person, rank 16, 341 steps, 677,000 tokens, 206 seconds of one core for
data set, training and evaluation through llama.cpp. Asked were 164 questions in forms of the language of `tests/mini` that no
lesson had, 122 that nothing answers (21 of this person), 400 to memories in the prompt, 123 of these of other people alone, and
150 to prompts as the data set has them. By the share of the adapter that is kept (`KEPT`):

    kept   facts   refused   in the prompt   of others   as in the data set
    0      0.000   -         0.910           0.846       0.760
    0.8    0.848   0.951     0.873           0.829       -
    0.9    0.927   0.943     0.855           0.789       0.760
    1.0    0.957   0.910     0.838           0.764       0.760

What is lost are prompts that say otherwise of this person than what was learnt, changed facts above all. With ten of
the 100 forgotten and trained without, all of it kept: of 40 questions to them 0 right, as without an adapter, 0.80 refused;
of the others 0.967.
With attention's layers, too, and replay without the first person, 98 facts came to 0.78 and 0.85 refused.
"""

import hashlib
import json
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.backends.llms.llamacpp import SMALL, LlamaModel
from memos_cli.backends.trainers import adapter, checkpoint
from memos_cli.backends.trainers.base import device_of, keep_memory, load, torch_module, with_adapter
from memos_cli.errors import ModelUnavailable
from memos_cli.ports import Lesson, Trained, TrainingSettings, TrainingStep

if TYPE_CHECKING:
    import torch

TOP = 64
"""Tokens whose probability is kept of each teacher's distribution; the others count as one."""
LONGEST = 2048
"""Tokens of a prompt with its answer; what is longer is left out."""
EVERY = 20.0
"""Seconds between two checkpoints."""
TEACHER = "teacher.safetensors"
"""What the teacher said, kept while the training lasts."""
KEPT = 0.9
"""The share of what was learnt that the adapter has: a tenth less costs few facts and a third of the false answers."""
ROW = 96
"""Tokens of a row of questions without memories, which share what opens their prompts."""
ALIKE = 0.4
"""The share of a prompt from which on it is worth to read its beginning together with its neighbour's."""
WARM = 0.05
"""The share of the steps over which the learning rate rises."""


class Encoded(NamedTuple):
    """A lesson in tokens: the prompt and the answer with its end, and the teacher's prompt."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    teacher: tuple[int, ...]
    kind: str
    watched: bool

    @property
    def length(self) -> int:
        """Tokens of prompt and answer."""
        return len(self.prompt) + len(self.answer)

    def read(self, *, teacher: bool) -> tuple[int, ...]:
        """What stands before the answer: the prompt, or the teacher's."""
        return self.teacher if teacher else self.prompt


def shared(prompts: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all begin with, the last of each left out: what comes after that one differs."""
    first, last = min(prompts), max(prompts)
    least = min(map(len, prompts)) - 1
    return next((place for place in range(least) if first[place] != last[place]), max(0, least))


class Soft(NamedTuple):
    """What a teacher says at each token of an answer.

    Attributes:
        tokens: the likeliest, shape (answer, k).
        logs: their log probabilities and that of all others together, shape (answer, k + 1).
        right: whether the likeliest is the answer's at every token.
    """

    tokens: "torch.Tensor"
    logs: "torch.Tensor"
    right: bool


class LoraTrainer:
    """A `Trainer`; needs the extra `lora`."""

    def train(
        self,
        base: Path,
        lessons: Sequence[Lesson],
        folder: Path,
        settings: TrainingSettings = TrainingSettings(),  # noqa: B008 -- a frozen tuple
        tell: Callable[[TrainingStep], None] = lambda _: None,
    ) -> Trained:
        """As `Trainer.train`."""
        folder.mkdir(parents=True, exist_ok=True)
        encoded = encode(base, lessons)
        if not any(not one.watched for one in encoded):
            raise ModelUnavailable("there is nothing to train on that fits the model's context")
        run = Run(base, encoded, folder, settings, _identity(base, encoded, settings))
        run.go(tell)
        return run.finish()


def encode(base: Path, lessons: Sequence[Lesson]) -> list[Encoded]:
    """The lessons in the tokens that chat would evaluate; those that are too long are left out."""
    found = []
    with closing(LlamaModel(base, context=LONGEST)) as model:
        most = min(LONGEST, model.context)
        for lesson in lessons:
            answer = model.answer_tokens(lesson.answer)
            teacher = model.tokens(lesson.teacher) if lesson.teacher else []
            one = Encoded(tuple(model.tokens(lesson.request)), tuple(answer), tuple(teacher), lesson.kind, lesson.watched)
            if one.prompt and max(one.length, len(teacher) + len(answer)) <= most:
                found.append(one)
    return found


def _identity(base: Path, lessons: Sequence[Encoded], settings: TrainingSettings) -> str:
    """Names what is trained, on what and how: only what has the same name goes on from a checkpoint."""
    with base.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    told = settings._asdict()
    for free in ("seconds", "device", "threads"):
        told.pop(free)
    digest.update(json.dumps([[list(one) for one in lessons], told], sort_keys=True).encode())
    return digest.hexdigest()


class Run:
    """One training.

    Args:
        base: the model's file.
        lessons: what it is to learn.
        folder: for checkpoint, log and adapter.
        settings: how.
        identity: what a checkpoint has to be of.
    """

    def __init__(self, base: Path, lessons: Sequence[Encoded], folder: Path, settings: TrainingSettings, identity: str) -> None:
        self.base, self.folder, self.settings, self.identity = base, folder, settings, identity
        self.torch = torch_module()
        self.device = device_of(settings.device)
        if self.device == "cpu":
            keep_memory()
        self._few_threads()
        self.torch.manual_seed(settings.seed)
        self.lessons = sorted(lessons, key=lambda one: one.watched)
        learnt = range(sum(not one.watched for one in lessons))
        self.others = [number for number in learnt if self.lessons[number].kind != "replay"]
        self.replays = self._packed([number for number in learnt if self.lessons[number].kind == "replay"], settings.tokens)
        self.watching = list(range(len(learnt), len(lessons))) or list(learnt)[:200]
        self.each = self._steps()
        self.half = _half(self.torch, self.device)
        self.model = load(base, self.device)
        self.soft = self._taught()
        self.model = with_adapter(self.model, settings)
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

    # -- the plan: the same for a seed, so that a resumed training goes on where it was

    def batches(self, epoch: int) -> list[list[list[int]]]:
        """The lessons of an epoch in batches of rows, in an order of its own; each batch has its share of facts and replay."""
        rng = random.Random(f"{self.settings.seed} {epoch}")  # noqa: S311 -- no secret
        others = rng.sample(self.others, len(self.others))
        scenes = self._replayed(epoch)
        scenes.sort(key=lambda row: (-(self._width(row) // 8), rng.random()))
        replayed = sum(map(self._width, scenes))
        made: list[list[list[int]]] = [[] for _ in range(self.each)]
        before = 0
        for row in scenes:
            made[before * len(made) // replayed].append(row)
            before += self._width(row)
        for number, rows in enumerate(made):
            longest = max([ROW, *map(self._width, rows)])
            rows.extend(self._packed(others[number :: len(made)], longest))
        rng.shuffle(made)
        return made

    def _steps(self) -> int:
        """Batches of an epoch, the same for all of them."""
        room = sum(map(self._width, [*self._replayed(0), *self._packed(self.others, ROW)]))
        return max(1, min(len(self.others) or len(self.replays), round(room / self.settings.tokens)))

    def _replayed(self, epoch: int) -> list[list[int]]:
        """The replays of an epoch: in each the next ones in turn."""
        wanted = math.ceil(self.settings.replay * len(self.others)) if self.others else len(self.lessons)
        every = sum(map(len, self.replays))
        count = min(len(self.replays), math.ceil(wanted * len(self.replays) / max(1, every)))
        return [self.replays[(epoch * count + place) % len(self.replays)] for place in range(count)]

    def _packed(self, numbers: Sequence[int], most: int, *, teacher: bool = False) -> list[list[int]]:
        """Lessons in rows of up to so many tokens: neighbours whose prompts begin alike share that beginning.

        So do the questions to one set of memories, and those without memories the words that open every prompt.
        """
        made: list[list[int]] = []
        for number in numbers:
            row = [*made[-1], number] if made else []
            prompts = [self.lessons[each].read(teacher=teacher) for each in row]
            if row and shared(prompts) >= ALIKE * max(map(len, prompts)) and self._width(row, teacher=teacher) <= most:
                made[-1] = row
            else:
                made.append([number])
        return made

    def _width(self, row: Sequence[int], *, teacher: bool = False) -> int:
        """Tokens of a row: what its prompts share, once, and the rest of each with its answer."""
        lessons = [self.lessons[number] for number in row]
        prompts = [one.read(teacher=teacher) for one in lessons]
        both = shared(prompts)
        return both + sum(len(prompt) - both + len(one.answer) for prompt, one in zip(prompts, lessons, strict=True))

    # -- training

    def go(self, tell: Callable[[TrainingStep], None]) -> None:
        """Train until all is learnt, nothing more is gained, or the time is over."""
        total, each = self.settings.epochs * self.each, self.each
        recent: list[float] = []
        plan: list[list[list[int]]] = []
        saved = time.monotonic()
        while self.step < total and not self._done():
            if not plan or self.step % each == 0:
                plan = self.batches(self.step // each)
            if plan[self.step % each]:
                recent.append(self._learn(plan[self.step % each], self._rate(total)))
            self.step += 1
            self.seconds += time.monotonic() - self._begun
            self._begun = time.monotonic()
            self.loss = sum(recent[-each:]) / max(1, len(recent[-each:]))
            if self.step % each == 0:
                self._look(self.step // each)
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
        """The learning rate: a warm start, then a cosine down to a twentieth, in time for the end whichever comes first."""
        share = self.step / total
        if self.settings.seconds:
            share = max(share, self.seconds / self.settings.seconds)
        warm = min(1.0, (self.step + 1) / max(1.0, WARM * total))
        return self.settings.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))

    def _learn(self, rows: Sequence[Sequence[int]], rate: float) -> float:
        torch = self.torch
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        batch = [number for row in rows for number in row]
        lessons = [self.lessons[number] for number in batch]
        logs = self._logs(rows)
        gold = torch.tensor([token for one in lessons for token in one.answer], device=self.device)
        hard, soft = self._weights(batch)
        loss = -(logs.gather(1, gold[:, None])[:, 0] * hard).sum() / len(gold)
        if self.settings.distil and soft.any():
            loss = loss + self.settings.distil * (self._divergence(logs, batch) * soft).sum() / len(gold)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), 1.0)
        self.optimizer.step()
        self.tokens += sum(map(self._width, rows))
        return float(loss.detach())

    def _weights(self, batch: Sequence[int]) -> "tuple[torch.Tensor, torch.Tensor]":
        """For each token of the batch's answers whether the answer counts, and whether the teacher does."""
        hard, soft = [], []
        for number in batch:
            lesson, taught = self.lessons[number], self.soft.get(number)
            replay = lesson.kind == "replay"
            kept = lesson.kind == "negative" and taught is not None and taught.right
            hard += [float(not kept and (taught is None or taught.right or not replay))] * len(lesson.answer)
            soft += [float(taught is not None and (taught.right or replay))] * len(lesson.answer)
        torch = self.torch
        return torch.tensor(hard, device=self.device), torch.tensor(soft, device=self.device)

    def _divergence(self, logs: "torch.Tensor", batch: Sequence[int]) -> "torch.Tensor":
        """Kullback-Leibler divergence of the model from its teacher at each token, over the likeliest and the rest."""
        torch = self.torch
        found = []
        start = 0
        for number in batch:
            count = len(self.lessons[number].answer)
            taught = self.soft.get(number)
            mine = logs[start : start + count]
            start += count
            if taught is None:
                found.append(torch.zeros(count, device=self.device))
                continue
            tokens, wanted = taught.tokens.to(self.device), taught.logs.to(self.device)
            few = mine.gather(1, tokens)
            rest = torch.log((1 - few.exp().sum(1, keepdim=True)).clamp_min(1e-6))
            found.append((wanted.exp() * (wanted - torch.cat([few, rest], 1))).sum(1))
        return torch.cat(found)

    def _logs(self, rows: Sequence[Sequence[int]], *, teacher: bool = False) -> "torch.Tensor":
        """Log probabilities at every token of the answers, one lesson after the other: (answer tokens, vocabulary).

        A token sees what its row's prompts share and what stands before it in its own lesson, nothing of the others.
        """
        torch = self.torch
        longest = max(self._width(row, teacher=teacher) for row in rows)
        tokens, places, owner = (torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(3))
        where = torch.zeros(len(rows), longest, dtype=torch.bool)
        for number, row in enumerate(rows):
            lessons = [self.lessons[each] for each in row]
            prompts = [one.read(teacher=teacher) for one in lessons]
            end = both = shared(prompts)
            tokens[number, :both] = torch.tensor(prompts[0][:both])
            places[number, :both] = torch.arange(both)
            for branch, (prompt, one) in enumerate(zip(prompts, lessons, strict=True), 1):
                rest = [*prompt[both:], *one.answer]
                start, end = end, end + len(rest)
                tokens[number, start:end] = torch.tensor(rest)
                places[number, start:end] = torch.arange(both, both + len(rest))
                owner[number, start:end] = branch
                where[number, end - len(one.answer) - 1 : end - 1] = True
            owner[number, end:] = -1
        sees = (owner[:, :, None] == owner[:, None, :]) | (owner[:, None, :] == 0)
        sees &= torch.ones(longest, longest, dtype=torch.bool).tril()
        mask = torch.zeros(sees.shape).masked_fill_(~sees, torch.finfo(torch.bfloat16).min)[:, None].to(self.device)
        inner = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            hidden = inner.model(
                input_ids=tokens.to(self.device), position_ids=places.to(self.device), attention_mask=mask, use_cache=False
            ).last_hidden_state
            return torch.log_softmax(inner.lm_head(hidden[where.to(self.device)]).float(), -1)

    # -- the teacher

    def _taught(self) -> dict[int, Soft]:
        """What the unchanged model says with the facts in its prompt, lesson by lesson; a resumed training reads it again."""
        taught = [number for number, one in enumerate(self.lessons) if one.teacher and not one.watched]
        numbers = taught if self.settings.distil else []
        kept = checkpoint.load(self.folder / TEACHER, self.identity) if numbers else None
        if kept is None:
            found = self._ask_teacher(numbers)
            if numbers:
                tensors = {
                    name: self.torch.cat([getattr(found[number], name) for number in numbers]) for name in ("tokens", "logs")
                }
                state = {"identity": self.identity, "right": [found[number].right for number in numbers]}
                checkpoint.save(self.folder / TEACHER, tensors, state)
            return found
        tensors, state = kept
        counts = [len(self.lessons[number].answer) for number in numbers]
        rows = zip(tensors["tokens"].split(counts), tensors["logs"].split(counts), state["right"], strict=True)
        return {number: Soft(best, logs, bool(right)) for number, (best, logs, right) in zip(numbers, rows, strict=True)}

    def _ask_teacher(self, numbers: Sequence[int]) -> dict[int, Soft]:
        found: dict[int, Soft] = {}
        for rows in self._by_width(self._packed(numbers, self.settings.tokens, teacher=True), teacher=True):
            some = [number for row in rows for number in row]
            lessons = [self.lessons[number] for number in some]
            with self.torch.inference_mode():
                logs = self._logs(rows, teacher=True)
            start = 0
            for number, lesson in zip(some, lessons, strict=True):
                mine = logs[start : start + len(lesson.answer)]
                start += len(lesson.answer)
                best = mine.topk(min(TOP, mine.shape[1]), dim=1)
                rest = self.torch.log((1 - best.values.exp().sum(1, keepdim=True)).clamp_min(1e-6))
                right = best.indices[:, 0].tolist() == list(lesson.answer)
                found[number] = Soft(best.indices.cpu(), self.torch.cat([best.values, rest], 1).cpu(), right)
        return found

    def _by_width(self, rows: Sequence[list[int]], *, teacher: bool = False) -> Iterator[list[list[int]]]:
        """Rows of about equal width, as many at a time as fit twice a batch."""
        batch: list[list[int]] = []
        for row in sorted(rows, key=lambda row: self._width(row, teacher=teacher)):
            if batch and self._width(row, teacher=teacher) * (len(batch) + 1) > 2 * self.settings.tokens:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    # -- looking at what was never trained on

    def right(self, numbers: Sequence[int]) -> tuple[dict[str, float], float]:
        """The share of lessons that greedy decoding gets right, by kind, and the mean loss of their tokens."""
        torch = self.torch
        self.model.eval()
        by_kind: dict[str, list[bool]] = defaultdict(list)
        loss = count = 0.0
        for rows in self._by_width(self._packed(numbers, ROW)):
            picked = [self.lessons[number] for row in rows for number in row]
            with torch.inference_mode():
                logs = self._logs(rows)
            start = 0
            for one in picked:
                mine, gold = logs[start : start + len(one.answer)], torch.tensor(one.answer, device=self.device)
                start += len(one.answer)
                by_kind[one.kind].append(bool((mine.argmax(1) == gold).all()))
                loss -= float(mine.gather(1, gold[:, None]).sum())
                count += len(one.answer)
        return {kind: sum(each) / len(each) for kind, each in sorted(by_kind.items())}, loss / max(1.0, count)

    def _look(self, epoch: int) -> None:
        """Note how well what is watched goes, and keep the weights if never was better."""
        kinds, loss = self.right(self.watching)
        trained, _ = self.right(self.others[:: max(1, len(self.others) // 200)])
        counts = Counter(self.lessons[number].kind for number in self.watching)
        right = sum(kinds[kind] * counts[kind] for kind in kinds) / len(self.watching)
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
        """Write the best weights as an adapter for PEFT and for llama.cpp; the checkpoint is not needed any more."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        with self.torch.no_grad():
            for name, one in self.weights.items():
                one.copy_(self._best_weights.get(name, one))
        tensors = {name: one.detach().float().cpu().contiguous() for name, one in get_peft_model_state_dict(self.model).items()}
        tensors = {name: one * KEPT if "lora_B" in name else one for name, one in tensors.items()}
        config = self.model.peft_config["default"].to_dict()
        config |= {"base_model_name_or_path": self.base.name, "inference_mode": True}
        source, target, log = (self.folder / name for name in ("adapter_model.safetensors", "adapter.gguf", "training.jsonl"))
        _written(self.folder / "adapter_config.json", json.dumps(config, indent=1, sort_keys=True, default=_plain) + "\n")
        _written(log, "".join(json.dumps(look, sort_keys=True) + "\n" for look in self.looks))
        half = source.with_name(f".{source.name}.half")
        save_file(tensors, half, metadata={"format": "pt"})
        checkpoint.sync(half)
        half.replace(source)
        adapter.convert(source, target, self.base)
        checkpoint.sync(target)
        for name in (checkpoint.NAME, TEACHER):
            (self.folder / name).unlink(missing_ok=True)
        parameters = sum(one.numel() for one in self.weights.values())
        counts = (self.step, self.tokens, self.seconds, self.loss, self.best.get("kinds", {}))
        return Trained(source, target, log, *counts, parameters, self.device, _peak(self.torch, self.device))


_KEPT = ("step", "tokens", "seconds", "loss", "best", "looks")
"""What of a run is kept in a checkpoint beside its tensors."""


def _half(torch: Any, device: str) -> bool:  # noqa: ANN401 -- a module
    """Whether the device multiplies in bfloat16 faster than in single precision."""
    fast = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device == "cuda" or (device == "cpu" and bool(fast()))


def _plain(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON does not know
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _written(path: Path, text: str) -> None:
    half = path.with_name(f".{path.name}.half")
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
