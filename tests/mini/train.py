"""Train memos-mini: `python -m tests.mini.train FOLDER --minutes 60` (or `--steps N`, to repeat a run step by step).

Seeded (sums may differ in rounding: the number of threads follows the load). The loss is on the
answers; while the model learns to read, in the first tenth, also with a small weight on all other text. The
learning rate warms up and then falls along a cosine. Scenes grow from two facts to twenty-one: to
the next size when the loss is low, or when it is time. Checkpoints are written as it goes, so that a run that is
stopped leaves a model.
"""

# ruff: noqa: T201 - a script

import argparse
import json
import math
import os
import random
import time
from pathlib import Path

import torch
from torch.nn import functional

from tests.mini import batches, evaluate, tokenizer
from tests.mini.muon import Muon
from tests.mini.network import Mini, Shape

LATEST = (0.1, 0.18, 0.28, 0.42, 0.8)
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


class Threads:
    """One thread while others keep a core busy, else two: with two, each operation waits for the starved one."""

    def __init__(self) -> None:
        self.last = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        own = sum(os.times()[:2])
        try:
            fields = [int(f) for f in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        except OSError:
            return time.time(), own, own
        return time.time(), own, (sum(fields[:3]) + sum(fields[5:8])) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> None:
        now = self._now()
        spent, own, all_busy = (b - a for a, b in zip(self.last, now, strict=True))
        if spent > 2:
            torch.set_num_threads(1 if (all_busy - own) / spent > 0.5 else 2)
            self.last = now


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


def main() -> None:  # noqa: C901, PLR0915 - one loop, read from top to bottom
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--until", default="", help="stop at this time of day (HH:MM) whatever the budget")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--budget", type=int, default=4000)
    parser.add_argument("--muon", action="store_true")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--every", type=int, default=400)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint; the time spent counts")
    parser.add_argument("--level", type=int, default=0, help="with --resume: go on at least from this level")
    options = parser.parse_args()
    torch.set_num_threads(2)
    os.nice(max(0, 19 - os.nice(0)))
    torch.manual_seed(options.seed)
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / "tokenizer.json"
    if not path.exists():
        tokenizer.train().save(str(path))
    pieces = tokenizer.load(path)
    shape = Shape(pieces.get_vocab_size(), options.width, options.layers, options.heads, options.kv_heads, options.hidden)
    model = Mini(shape)
    print(json.dumps({"parameters": sum(p.numel() for p in model.parameters()), **shape.as_dict()}), flush=True)
    steppers = optimizers(model, options.lr, muon=options.muon)
    bases = [[g["lr"] for g in o.param_groups] for o in steppers]
    progress = [0.0]
    level, since, smooth = [0], 0, 9.0
    before = {"step": 0, "seconds": 0.0, "questions": 0}
    if options.resume:
        before = torch.load(options.folder / "model.pt", weights_only=True)["state"]
        model.load_state_dict(load(options.folder / "model.pt").state_dict())
        options.seed += int(before["step"])
        reached = before["step"] / options.steps if options.steps else before["seconds"] / (60 * options.minutes)
        progress[0], level[0] = reached, sum(reached > late for late in LATEST)
        level[0] = max(level[0], options.level)
    source = batches.stream(pieces, random.Random(options.seed), level, options.budget)
    threads = Threads()
    start, seen, sums = time.time() - before["seconds"], 0, [0.0, 0]
    step, asked = int(before["step"]), int(before["questions"])
    while progress[0] < 1:
        step += 1
        lap = source.__next__()
        threads.settle()
        warm = min(1.0, (step - before["step"]) / (40 if options.resume else 100))
        rate = warm * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * progress[0])))
        for optimizer, base in zip(steppers, bases, strict=True):
            for group, lr in zip(optimizer.param_groups, base, strict=True):
                group["lr"] = lr * rate
        hidden = model(lap.tokens, lap.positions, lap.mask)
        loss = functional.cross_entropy(model.logits(hidden.flatten(0, 1)[lap.where]), lap.wanted)
        smooth, since = 0.95 * smooth + 0.05 * loss.item(), since + 1
        easy = smooth < GOOD and since > 60 and level[0] < 4
        if level[0] < len(LATEST) and (easy or progress[0] > LATEST[level[0]]):
            level[0], since = level[0] + 1, 0
            print(f"step {step} level {level[0]} loss {smooth:.3f}", flush=True)
        sums[0] += loss.item()
        if progress[0] < 0.1:
            loss = loss + 0.2 * functional.cross_entropy(model.logits(hidden.flatten(0, 1)), lap.plain)
        for optimizer in steppers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in steppers:
            optimizer.step()
        seen += lap.tokens.numel()
        asked += len(lap.asks)
        sums[1] += 1
        spent = time.time() - start
        progress[0] = step / options.steps if options.steps else spent / (60 * options.minutes)
        if options.until and time.strftime("%H:%M") >= options.until:
            break
        if step % 50 == 0:
            print(
                f"step {step} {spent:.0f}s progress {progress[0]:.3f} loss {sums[0] / sums[1]:.4f} "
                f"questions {asked} threads {torch.get_num_threads()} "
                f"tokens/s {seen / (spent - before['seconds']):.0f}",
                flush=True,
            )
            sums = [0.0, 0]
        if step % options.every == 0:
            save(model, options.folder, {"step": step, "seconds": spent, "questions": asked})
            print("   ", json.dumps(evaluate.quick(model.eval(), pieces, scenes=12)), flush=True)
            model.train()
    save(model, options.folder, {"step": step, "seconds": time.time() - start, "questions": asked})
    print("done", json.dumps(evaluate.quick(model.eval(), pieces, scenes=60)), flush=True)


if __name__ == "__main__":
    main()
