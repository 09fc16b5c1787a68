"""Train memos-mini: `python -m tests.mini.train FOLDER --minutes 60` (or `--steps N`, to repeat a run step by step).

Seeded. Each worker is a process with one thread and scenes of its own, and their gradients are averaged: two threads in one
process wait for each other at every operation, which on a busy machine costs nine tenths of the speed. The loss is on the
answers; while the model learns to read, in the first tenth, also with a small weight on all other text. The
learning rate warms up and then falls in a straight line. With `--guide` the model is also told how answers are found (see
`guidance`); what that takes beside the network is dropped at export. Scenes grow from two facts to twenty-one: to
the next size when the loss is low, or when it is time; later on they tell more often of what is still hard (`batches.Lesson`).
Tensors of ever other sizes leave glibc's allocator with long lists of holes, through which it walks a fifth of the time: with
`LD_PRELOAD=libtcmalloc_minimal.so.4` (Debian's package libtcmalloc-minimal4) a step took 0.43 s instead of 0.54.
Checkpoints are written as it goes, so that a run that is stopped leaves a model, and `--resume` goes on from it: with more
`--steps` than before the learning rate is again what it would have been at that step.
"""

import argparse
import json
import os
import random
import time
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.nn import functional

from tests.mini import batches, evaluate, tokenizer
from tests.mini.grammar import ABOUT
from tests.mini.muon import Muon
from tests.mini.network import Layer, Mini, Shape

LATEST = (0.08, 0.15, 0.25, 0.4, 0.7)
GOOD = 0.35
FOCUS = 0.3
"""From this share of the training on, relations are drawn by how hard they still are."""


READ = -4
"""After which layer (from the end) a line and a question must tell what they are about: before the first that looks up."""
LINE = ((-2, 3),)
COPY = ((-1, 0), (-3, 0))
"""Layers and heads that look at the line that answers, and at the token to be copied."""


class Guide(nn.Module):
    """What a line tells of and what a question asks for, read off their last tokens. Only for training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.line, self.question = nn.Linear(width, len(ABOUT)), nn.Linear(width, len(ABOUT))


def guidance(guide: Guide, lap: batches.Batch, states: list[Tensor], looks: list[Tensor]) -> Tensor:
    """How far the model is from finding answers as the grammar does.

    Three things are asked for: that a head looks at the line that answers the question, and at the beginning of the
    prompt where none does; that another looks at the very token that is to be copied next; and that lines and questions
    in whatever words are known for the relation that they are about.
    """
    hints, split = lap.hints, lap.hints.lines.shape[1]
    loss = torch.zeros(())
    for layer, head in LINE:
        seen = looks[layer][:, head].flatten(0, 1)[hints.looks][:, :split].float()
        loss = loss - ((seen * hints.lines).sum(-1) + 1e-4).log().mean() / len(LINE)
    for layer, head in COPY:
        seen = looks[layer][:, head].flatten(0, 1)[hints.copying, hints.copied].float()
        loss = loss - (seen + 1e-4).log().mean() / len(COPY)
    read = functional.rms_norm(states[READ].flatten(0, 1), states[READ].shape[-1:])
    known = hints.about >= 0
    loss = loss + functional.cross_entropy(guide.question(read[hints.opens[known]]), hints.about[known])
    return loss + functional.cross_entropy(guide.line(read[hints.ends]), hints.tells)


def weighed(lap: batches.Batch, losses: Tensor) -> Tensor:
    """The loss on the answers; their first tokens, which settle what is answered, count twice."""
    first = torch.ones_like(lap.owner, dtype=torch.float32)
    first[1:] += lap.owner[1:] != lap.owner[:-1]
    first[0] = 2
    return (losses * first).sum() / first.sum()


def optimizers(model: nn.Module, lr: float, *, muon: bool, half: bool = False) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "layers" in n]
    rest = [p for n, p in model.named_parameters() if p.dim() != 2 or "layers" not in n]
    adam = {"betas": (0.9, 0.98), "fused": True}
    if not muon:
        return [
            torch.optim.AdamW(
                [{"params": matrices, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}], lr=lr, **adam
            )
        ]
    return [
        Muon(matrices, lr=lr * 6, weight_decay=0.02, half=half),
        torch.optim.AdamW(rest, lr=lr * 1.5, weight_decay=0.0, **adam),
    ]


def averaged(model: nn.Module, workers: int) -> None:
    """The mean of all workers' gradients, in each of them."""
    if workers < 2:
        return
    flat = torch.cat([p.grad.flatten() for p in model.parameters()])
    distributed.all_reduce(flat)
    flat /= workers
    start = 0
    for p in model.parameters():
        p.grad.copy_(flat[start : start + p.numel()].view_as(p))
        start += p.numel()


def save(model: Mini, guide: Guide, folder: Path, state: dict[str, float], name: str = "model") -> None:
    """Weights and shape, replaced in one step."""
    saved = {"shape": model.shape.as_dict(), "weights": model.state_dict(), "state": state}
    torch.save(saved | {"guide": guide.state_dict()}, folder / f"{name}.tmp")
    (folder / f"{name}.tmp").replace(folder / f"{name}.pt")


def load(path: Path) -> Mini:
    """The model that `save` wrote."""
    found = torch.load(path, weights_only=True)
    model = Mini(Shape(**found["shape"]))
    model.load_state_dict(found["weights"])
    return model.eval()


def main() -> None:
    """Read the options and start the workers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--budget", type=int, default=3000, help="tokens a worker and step")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--muon", action="store_true")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint; the time spent counts")
    parser.add_argument("--level", type=int, default=0, help="with --resume: go on at least from this level")
    parser.add_argument("--guide", type=float, default=0.0, help="weight of the loss on how answers are found")
    parser.add_argument("--half", action="store_true", help="bfloat16 products, and layers compiled")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if not (options.folder / "tokenizer.json").exists():
        tokenizer.train().save(str(options.folder / "tokenizer.json"))
    (options.folder / "meeting").unlink(missing_ok=True)
    if options.workers < 2:
        work(0, options)
    else:
        multiprocessing.start_processes(work, (options,), options.workers, start_method="spawn")


def work(rank: int, options: argparse.Namespace) -> None:  # noqa: C901, PLR0912, PLR0915 - one loop, read from top to bottom
    """One worker. The first one keeps the clock, writes checkpoints and reports."""
    torch.set_num_threads(1)
    os.nice(max(0, 19 - os.nice(0)))
    if options.workers > 1:
        meeting = f"file://{(options.folder / 'meeting').resolve()}"
        distributed.init_process_group(
            "gloo", init_method=meeting, rank=rank, world_size=options.workers, timeout=timedelta(minutes=30)
        )
    torch.manual_seed(options.seed)
    pieces = tokenizer.load(options.folder / "tokenizer.json")
    shape = Shape(pieces.get_vocab_size(), options.width, options.layers, options.heads, options.kv_heads, options.hidden)
    model, guide = Mini(shape), Guide(options.width)
    if options.half:
        Layer.forward = torch.compile(Layer.forward, dynamic=True)
    tell = print if rank == 0 else lambda *_, **__: None
    tell(json.dumps({"parameters": sum(p.numel() for p in model.parameters()), **shape.as_dict()}), flush=True)
    both = nn.ModuleList((model, guide))
    steppers = optimizers(both, options.lr, muon=options.muon, half=options.half)
    bases = [[g["lr"] for g in o.param_groups] for o in steppers]
    lesson, since, smooth, reached = batches.Lesson(), 0, 9.0, 0.0
    before = {"step": 0, "seconds": 0.0, "questions": 0}
    if options.resume:
        saved = torch.load(options.folder / "model.pt", weights_only=True)
        before = saved["state"]
        model.load_state_dict(saved["weights"])
        guide.load_state_dict(saved["guide"])
        reached = before["step"] / options.steps if options.steps else before["seconds"] / (60 * options.minutes)
    lesson.level = max(options.level, sum(reached > late for late in LATEST))
    seed = f"{options.seed} {int(before['step'])} {rank}"
    order = random.Random(f"{options.seed} {int(before['step'])}")
    source = batches.stream(pieces, random.Random(seed), order, lesson, options.budget)
    start, seen, sums = time.time() - before["seconds"], 0, [0.0, 0, 0.0]
    step, asked = int(before["step"]), int(before["questions"])
    while reached < 1:
        step += 1
        lap = next(source)
        warm = min(1.0, (step - before["step"]) / (40 if options.resume else 100))
        rate = warm * max(0.01, 1 - reached)
        for optimizer, base in zip(steppers, bases, strict=True):
            for group, lr in zip(optimizer.param_groups, base, strict=True):
                group["lr"] = lr * rate
        model.half = options.half
        hidden, states, looks = model.traced(lap.tokens, lap.positions, lap.mask)
        scores = model.logits(hidden.flatten(0, 1)[lap.where])
        losses = functional.cross_entropy(scores, lap.wanted, reduction="none")
        plain, loss = losses.mean().item(), weighed(lap, losses)
        lesson.graded(lap, losses.detach())
        smooth, since = 0.95 * smooth + 0.05 * plain, since + 1
        guided = guidance(guide, lap, states, looks)
        sums = [sums[0] + plain, sums[1] + 1, sums[2] + guided.item()]
        loss = loss + options.guide * guided
        if reached < 0.1:
            loss = loss + 0.2 * functional.cross_entropy(model.logits(hidden.flatten(0, 1)), lap.plain)
        for optimizer in steppers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        averaged(both, options.workers)
        torch.nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        for optimizer in steppers:
            optimizer.step()
        seen += lap.tokens.numel()
        asked += len(lap.asks)
        spent = time.time() - start
        reached = step / options.steps if options.steps else spent / (60 * options.minutes)
        easy = smooth < GOOD and since > 60 and lesson.level < 4
        if lesson.level < len(LATEST) and (easy or reached > LATEST[lesson.level]):
            lesson.level, since = lesson.level + 1, 0
            tell(f"step {step} level {lesson.level} loss {smooth:.3f}", flush=True)
        if options.workers > 1:
            told = torch.tensor([reached, lesson.level], dtype=torch.float64)
            distributed.broadcast(told, 0)
            reached, lesson.level = told[0].item(), int(told[1].item())
        if reached > FOCUS and step % 20 == 0:
            lesson.focus()
        if step % 50 == 0:
            pace = options.workers * seen / (spent - before["seconds"])
            tell(
                f"step {step} {spent:.0f}s progress {reached:.3f} loss {sums[0] / sums[1]:.4f} "
                f"guide {sums[2] / sums[1]:.3f} questions {asked * options.workers} tokens/s {pace:.0f}",
                flush=True,
            )
            sums = [0.0, 0, 0.0]
        if step % options.every == 0 and rank == 0:
            save(model, guide, options.folder, {"step": step, "seconds": spent, "questions": asked})
            model.half = False
            tell("   ", json.dumps(evaluate.quick(model.eval(), pieces, scenes=12)), flush=True)
            model.train()
    if rank == 0:
        save(model, guide, options.folder, {"step": step, "seconds": time.time() - start, "questions": asked})
        model.half = False
        tell("done", json.dumps(evaluate.quick(model.eval(), pieces, scenes=60)), flush=True)


if __name__ == "__main__":
    main()
