"""Train memos-mini: `python -m tests.mini.train FOLDER --minutes 60` (or `--steps N`, to repeat a run step by step).

Seeded. Each worker is a process with one thread and scenes of its own, and their gradients are averaged: two threads in one
process wait for each other at every operation, which on a busy machine costs nine tenths of the speed. The loss is on the
answers; while the model learns to read, in the first tenth, also with a small weight on all other text. The
learning rate warms up and then falls along a cosine. Scenes grow from two facts to twenty-one: to
the next size when the loss is low, or when it is time. Checkpoints are written as it goes, so that a run that is
stopped leaves a model.
"""

import argparse
import json
import math
import os
import random
import time
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed, multiprocessing
from torch.nn import functional

from tests.mini import batches, evaluate, tokenizer
from tests.mini.muon import Muon
from tests.mini.network import Mini, Shape

LATEST = (0.08, 0.15, 0.25, 0.4, 0.7)
GOOD = 0.35


def optimizers(model: Mini, lr: float, *, muon: bool) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.dim() != 2 or "embed" in n]
    adam = {"betas": (0.9, 0.98), "fused": True}
    if not muon:
        return [
            torch.optim.AdamW(
                [{"params": matrices, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}], lr=lr, **adam
            )
        ]
    return [
        Muon(matrices, lr=lr * 6, weight_decay=0.02),
        torch.optim.AdamW(rest, lr=lr * 1.5, weight_decay=0.0, **adam),
    ]


def averaged(model: Mini, workers: int) -> None:
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


def save(model: Mini, folder: Path, state: dict[str, float], name: str = "model") -> None:
    """Weights and shape, replaced in one step."""
    torch.save({"shape": model.shape.as_dict(), "weights": model.state_dict(), "state": state}, folder / f"{name}.tmp")
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
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint; the time spent counts")
    parser.add_argument("--level", type=int, default=0, help="with --resume: go on at least from this level")
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
    model = Mini(shape)
    tell = print if rank == 0 else lambda *_, **__: None
    tell(json.dumps({"parameters": sum(p.numel() for p in model.parameters()), **shape.as_dict()}), flush=True)
    steppers = optimizers(model, options.lr, muon=options.muon)
    bases = [[g["lr"] for g in o.param_groups] for o in steppers]
    level, since, smooth, reached = [0], 0, 9.0, 0.0
    before = {"step": 0, "seconds": 0.0, "questions": 0}
    if options.resume:
        before = torch.load(options.folder / "model.pt", weights_only=True)["state"]
        model.load_state_dict(load(options.folder / "model.pt").state_dict())
        reached = before["step"] / options.steps if options.steps else before["seconds"] / (60 * options.minutes)
        level[0] = max(options.level, sum(reached > late for late in LATEST))
    seed = f"{options.seed} {int(before['step'])} {rank}"
    source = batches.stream(pieces, random.Random(seed), level, options.budget)
    start, seen, sums = time.time() - before["seconds"], 0, [0.0, 0]
    step, asked = int(before["step"]), int(before["questions"])
    while reached < 1:
        step += 1
        lap = next(source)
        warm = min(1.0, (step - before["step"]) / (40 if options.resume else 100))
        rate = warm * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * reached)))
        for optimizer, base in zip(steppers, bases, strict=True):
            for group, lr in zip(optimizer.param_groups, base, strict=True):
                group["lr"] = lr * rate
        hidden = model(lap.tokens, lap.positions, lap.mask)
        loss = functional.cross_entropy(model.logits(hidden.flatten(0, 1)[lap.where]), lap.wanted)
        smooth, since = 0.95 * smooth + 0.05 * loss.item(), since + 1
        sums = [sums[0] + loss.item(), sums[1] + 1]
        if reached < 0.1:
            loss = loss + 0.2 * functional.cross_entropy(model.logits(hidden.flatten(0, 1)), lap.plain)
        for optimizer in steppers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        averaged(model, options.workers)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in steppers:
            optimizer.step()
        seen += lap.tokens.numel()
        asked += len(lap.asks)
        spent = time.time() - start
        reached = step / options.steps if options.steps else spent / (60 * options.minutes)
        easy = smooth < GOOD and since > 60 and level[0] < 4
        if level[0] < len(LATEST) and (easy or reached > LATEST[level[0]]):
            level[0], since = level[0] + 1, 0
            tell(f"step {step} level {level[0]} loss {smooth:.3f}", flush=True)
        if options.workers > 1:
            told = torch.tensor([reached, level[0]], dtype=torch.float64)
            distributed.broadcast(told, 0)
            reached, level[0] = told[0].item(), int(told[1].item())
        if step % 50 == 0:
            tell(
                f"step {step} {spent:.0f}s progress {reached:.3f} loss {sums[0] / sums[1]:.4f} questions "
                f"{asked * options.workers} tokens/s {options.workers * seen / (spent - before['seconds']):.0f}",
                flush=True,
            )
            sums = [0.0, 0]
        if step % options.every == 0 and rank == 0:
            save(model, options.folder, {"step": step, "seconds": spent, "questions": asked})
            tell("   ", json.dumps(evaluate.quick(model.eval(), pieces, scenes=12)), flush=True)
            model.train()
    if rank == 0:
        save(model, options.folder, {"step": step, "seconds": time.time() - start, "questions": asked})
        tell("done", json.dumps(evaluate.quick(model.eval(), pieces, scenes=60)), flush=True)


if __name__ == "__main__":
    main()
