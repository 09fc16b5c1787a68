"""What memos-mini has learnt, on values and wordings that training never saw: `python -m tests.mini.evaluate FILE`.

Answers come from llama.cpp, as in chat, and count only where they are exactly right. Prints JSON.
"""

# ruff: noqa: T201 - a script

import argparse
import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from memos_cli.operation.prompt.layout import MINI, Line, Prompt
from tests.mini.batches import Row, batch, row
from tests.mini.grammar import REFUSAL, Ask, Split, scene
from tests.mini.network import Mini
from tests.mini.run import Answer, Runner


@dataclass(frozen=True)
class Result:
    """One question: whether greedy decoding gives exactly the answer, and the first wrong token's view of it."""

    ask: Ask
    right: bool
    refused: bool
    """Whether the first token that the model would write opens the refusal."""


@torch.inference_mode()
def results(model: Mini, tokenizer: Tokenizer, rows: list[Row]) -> Iterator[Result]:
    """Greedy decoding is right exactly where each token of the answer is the likeliest after those before it."""
    opening = tokenizer.encode(MINI.lead + REFUSAL).ids[0]
    for start in range(0, len(rows), 8):
        lap = batch(rows[start : start + 8])
        likeliest = model.logits(model(lap.tokens, lap.positions, lap.mask).flatten(0, 1)[lap.where]).argmax(-1)
        right = [True] * len(lap.asks)
        first: dict[int, int] = {}
        for owner, token, wanted in zip(lap.owner.tolist(), likeliest.tolist(), lap.wanted.tolist(), strict=True):
            right[owner] &= token == wanted
            first.setdefault(owner, token)
        for number, ask in enumerate(lap.asks):
            yield Result(ask, right[number], first[number] == opening)


def rows(
    tokenizer: Tokenizer, seed: int, scenes: int, facts: tuple[int, int], split: Split, *, plain: bool = True
) -> list[Row]:
    """Scenes for a measurement, longest last."""
    rng = random.Random(seed)
    made = [row(scene(rng, rng.randint(*facts), split, plain=plain), tokenizer) for _ in range(scenes)]
    return sorted((r for r in made if r.asks), key=lambda r: len(r.tokens))


SETS = {
    "values": ((1, 8), Split(values=True)),
    "says": ((1, 8), Split(values=True, says=True)),
    "asks": ((1, 8), Split(values=True, asks=True)),
    "facts20": ((20, 20), Split(values=True)),
}


def quick(model: Mini, tokenizer: Tokenizer, scenes: int, seed: int = 99) -> dict[str, float]:
    """A small report for the log of a training run."""
    report: dict[str, float] = {}
    kinds: Counter[str] = Counter()
    rights: Counter[str] = Counter()
    for name, (facts, split) in SETS.items():
        found = list(results(model, tokenizer, rows(tokenizer, seed, scenes, facts, split)))
        kept = [r for r in found if r.ask.held] if name in {"says", "asks"} else found
        report[name] = round(sum(r.right for r in kept) / max(1, len(kept)), 3)
        if name == "values":
            for r in found:
                kinds[r.ask.kind] += 1
                rights[r.ask.kind] += r.right
    return report | {k: round(rights[k] / kinds[k], 2) for k in sorted(kinds)}


# ---------------------------------------------------------------- through llama.cpp

HAND = Path(__file__).parents[1] / "data" / "handwritten_qa.json"
BOTH = {"both": ((1, 8), Split(values=True, says=True, asks=True))}


@dataclass(frozen=True)
class Trial:
    """A question put to the model as chat does."""

    ask: Ask
    given: Answer

    @property
    def right(self) -> bool:
        return self.given.text == self.ask.answer


def trials(runner: Runner, seed: int, questions: int, facts: tuple[int, int], split: Split) -> list[Trial]:
    """Fresh scenes until there are enough questions."""
    rng, found = random.Random(seed), []
    while len(found) < questions:
        drawn = scene(rng, rng.randint(*facts), split, plain=True)
        found += [Trial(ask, runner.answer(replace(drawn.prompt, question=ask.question))) for ask in drawn.asks]
    return found


def share(found: list[Trial]) -> float | None:
    return round(sum(t.right for t in found) / len(found), 4) if found else None


def normal(said: str) -> str:
    """For hand-written answers: case, articles and the marks around words don't count."""
    said = unicodedata.normalize("NFKC", said).lower().strip()
    said = re.sub(r"^(on|in|at|to|the|a|an)\s+", "", re.sub(r"^(on|in|at|to)\s+", "", said.strip(" .,!?'\"")))
    return re.sub(r"\s+", " ", said)


def handwritten(runner: Runner) -> list[dict[str, Any]]:
    """Each hand-written question with what was answered and how that is judged."""
    found = []
    for item in json.loads(HAND.read_text())["items"]:
        lines = tuple(Line(m["text"], m.get("date")) for m in item["memories"])
        given = runner.answer(Prompt(item["question"], lines))
        refused = given.text == REFUSAL
        if not item["answers"]:
            judged = "right" if refused else "wrong"
        elif refused:
            judged = "refused"
        else:
            judged = "right" if normal(given.text) in {normal(a) for a in item["answers"]} else "wrong"
        found.append(
            {
                "question": item["question"],
                "answers": item["answers"],
                "given": given.text,
                "judged": judged,
                "least": given.least,
                "mean": given.mean,
            }
        )
    return found


def threshold(found: list[Trial], purity: float = 0.99) -> tuple[float, float, float]:
    """The lowest bar on the least sure token over which answers that are no refusal are right with this share.

    Returns:
        The bar, the share of answers over it, and how many of those are right.
    """
    said = sorted(((t.given.least, t.right) for t in found if t.given.text != REFUSAL), reverse=True)
    best = (1.0, 0.0, 1.0)
    right = 0
    for number, (least, good) in enumerate(said, 1):
        right += good
        if right / number >= purity and number >= 20:
            best = (round(least, 3), round(number / len(said), 4), round(right / number, 4))
    return best


def report(path: Path, questions: int, seed: int = 4242, threads: int = 2) -> dict[str, Any]:
    """All figures of the model card."""
    runner = Runner(path, threads=threads)
    sets = {name: trials(runner, seed, questions, *how) for name, how in (SETS | BOTH).items()}
    known, kinds = sets["values"], sorted({t.ask.kind for t in sets["values"]})
    pool = [t for name in ("says", "asks") for t in sets[name]]
    changed = trials(runner, seed + 1, questions, (4, 10), Split(values=True))
    hand = handwritten(runner)
    bar = threshold(pool[::2])
    over = [t for t in pool[1::2] if t.given.least >= bar[0] and t.given.text != REFUSAL]
    sure = [h for h in hand if h["given"] == REFUSAL or h["least"] >= bar[0]]
    return {
        "held-out values, known wordings": share([t for t in known if t.ask.kind != "refuse"]),
        "held-out statement wordings": share([t for t in sets["says"] if t.ask.held]),
        "held-out question wordings": share([t for t in sets["asks"] if t.ask.held and t.ask.kind != "refuse"]),
        "both held out": share([t for t in sets["both"] if t.ask.held and t.ask.kind != "refuse"]),
        "refusal": share([t for t in [*known, *changed] if t.ask.kind == "refuse"]),
        "refusal, held-out questions": share([t for t in sets["asks"] if t.ask.kind == "refuse"]),
        "later fact wins": share([t for t in [*known, *changed] if t.ask.kind == "changed"]),
        "20 facts": share(sets["facts20"]),
        "by kind": {k: (share([t for t in known if t.ask.kind == k]), sum(t.ask.kind == k for t in known)) for k in kinds},
        "questions": {name: len(found) for name, found in sets.items()},
        "threshold": {
            "least": bar[0],
            "answers over it": bar[1],
            "right of these": bar[2],
            "right of these, other half": share(over),
        },
        "handwritten": dict(Counter(h["judged"] for h in hand)),
        "handwritten, answerable": dict(Counter(h["judged"] for h in hand if h["answers"])),
        "handwritten, over the threshold": dict(Counter(h["judged"] for h in sure)),
        "handwritten items": hand,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=4242)
    parser.add_argument("--threads", type=int, default=2, help="one is faster where other work keeps the cores busy")
    options = parser.parse_args()
    found = report(options.file, options.questions, options.seed, options.threads)
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
