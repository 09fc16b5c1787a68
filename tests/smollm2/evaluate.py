"""What SmolLM2 answers with an adapter under it: `python -m tests.smollm2.evaluate MODEL [ADAPTER]`.

Through llama.cpp, greedily, on questions that training never saw: the hand-written ones of memos-mini, the scenes of the files
that are held out, and fresh scenes of the two grammars with values that are held out. Prints a line of JSON for each set;
without ADAPTER the model answers as it comes.
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
from itertools import islice
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from memos_cli.operation.prompt.layout import Line, Prompt
from tests.smollm2 import batches, rivals, samples, written

HAND = Path(__file__).parents[1] / "data" / "handwritten_qa.json"
BARS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9)
_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "on",
        "in",
        "at",
        "to",
        "of",
        "by",
        "for",
        "from",
        "with",
        "is",
        "are",
        "was",
        "were",
        "it",
        "he",
        "she",
        "they",
        "you",
        "your",
        "his",
        "her",
        "their",
        "and",
    ]
)


@dataclass(frozen=True)
class Trial:
    """A question, what may be answered (nothing where it is not known), and what was."""

    question: str
    accepted: tuple[str, ...]
    given: str
    least: float
    """The probability of the answer's least likely token, the mark that ends it included."""

    @property
    def refused(self) -> bool:
        """Whether it said that it does not know."""
        return self.given == samples.UNKNOWN

    @property
    def judged(self) -> str:
        """`right`, `wrong`, `refused` (though it is told), `kept` (not told, and refused) or `invented` (not told)."""
        if not self.accepted:
            return "kept" if self.refused else "invented"
        if self.refused:
            return "refused"
        return "right" if any(agree(self.given, said) for said in self.accepted) else "wrong"


def plain(said: str) -> list[str]:
    """Its words, without case, marks and the small ones."""
    said = unicodedata.normalize("NFKC", said).lower().replace("\u2019", "'")
    found = re.findall(r"[^\W_]+(?:[-'.:,@+][^\W_]+)*", said)
    return [word for word in (re.sub(r"'s$", "", w) for w in found) if word not in _SMALL] or found


def agree(given: str, wanted: str) -> bool:
    """Whether two answers say the same: yes or no alike, the same numbers, and most of the other words in common.

    A wanted answer that stands word by word in the given one counts as the same.
    """
    first, second = plain(given), plain(wanted)
    verdicts = {"yes", "no"}
    if second[:1] and second[0] in verdicts:
        return first[:1] == second[:1]
    if first[:1] and first[0] in verdicts:
        return False
    if " ".join(second) and f" {' '.join(second)} " in f" {' '.join(first)} ":
        return True
    numbers = [{word for word in words if any(c.isdigit() for c in word)} for words in (first, second)]
    common = sum((Counter(first) & Counter(second)).values())
    return numbers[0] == numbers[1] and common > 0 and 2 * common / (len(first) + len(second)) >= 0.6


class Runner:
    """The model with an adapter; a prompt that begins like the one before is evaluated from where they part."""

    def __init__(self, model: Path, adapter: Path | None, *, threads: int = 1, context: int = 2048) -> None:
        self.model = llama_cpp.Llama(
            str(model),
            lora_path=str(adapter) if adapter else None,
            n_ctx=context,
            n_threads=threads,
            n_threads_batch=threads,
            verbose=False,
        )
        self.held: list[int] = []

    def _next(self, tokens: list[int]) -> np.ndarray:
        self.model.eval(tokens)
        self.held += tokens
        scores = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.model.ctx, -1), (self.model.n_vocab(),))
        shifted = np.exp(scores - scores.max())
        return shifted / shifted.sum()

    def answer(self, prompt: Prompt, most: int = 40) -> tuple[str, float]:
        """What it says, and the probability of the least likely token of it."""
        said = batches.opening(prompt) + batches.OPENING
        wanted = list(self.model.tokenize(said.encode(), add_bos=False, special=True))
        same = 0
        while same < min(len(wanted) - 1, len(self.held)) and wanted[same] == self.held[same]:
            same += 1
        self.model.n_tokens, self.held = same, self.held[:same]
        odds = self._next(wanted[same:])
        written_down: list[int] = []
        least = 1.0
        while len(written_down) < most:
            token = int(odds.argmax())
            least = min(least, float(odds[token]))
            if token == self.model.token_eos():
                break
            written_down.append(token)
            odds = self._next([token])
        return self.model.detokenize(written_down).decode(errors="replace").strip(), least


def handwritten() -> Iterator[tuple[Prompt, str, tuple[str, ...]]]:
    """The 60 hand-written questions of memos-mini."""
    for item in json.loads(HAND.read_text())["items"]:
        lines = tuple(Line(m["text"], m.get("date")) for m in item["memories"])
        yield Prompt("", lines), item["question"], tuple(item["answers"])


def held_scenes() -> Iterator[tuple[Prompt, str, tuple[str, ...]]]:
    """The scenes of the files that are held out, as they were written."""
    for scene in written.scenes(held=True):
        for question, answer, _ in scene.asks:
            yield Prompt("", scene.lines), question, () if answer == samples.UNKNOWN else (answer,)


def drawn(source: str, scenes: int, seed: int = 4242) -> Iterator[tuple[Prompt, str, tuple[str, ...]]]:
    """Fresh scenes with values that are held out."""
    rng = random.Random(seed)
    for _ in range(scenes):
        sample = rivals.sample(rng, held=True) if source == "rivals" else samples.of_grammar(rng, held=True)
        for question, answer in sample.asks:
            yield sample.prompt, question, () if answer == samples.UNKNOWN else (answer,)


def trials(runner: Runner, asked: Iterator[tuple[Prompt, str, tuple[str, ...]]]) -> list[Trial]:
    """All questions, put one after the other."""
    found = []
    for prompt, question, accepted in asked:
        found.append(Trial(question, accepted, *runner.answer(replace(prompt, question=question))))
    return found


def report(found: list[Trial]) -> dict[str, Any]:
    """How many answers are what, and how many of those that are trusted over a bar."""
    over = {}
    for bar in BARS:
        said = [t for t in found if not t.refused and t.least >= bar]
        good = sum(t.judged == "right" for t in said)
        over[str(bar)] = {"said": len(said), "right": good, "wrong": len(said) - good}
    missed = [
        {"q": t.question, "accepted": t.accepted, "given": t.given, "least": round(t.least, 3)}
        for t in found
        if t.judged in {"wrong", "invented", "refused"}
    ]
    return {"asked": len(found), **Counter(t.judged for t in found), "over": over, "missed": missed}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("adapter", type=Path, nargs="?")
    parser.add_argument("--scenes", type=int, default=25, help="of each grammar")
    parser.add_argument("--questions", type=int, help="at most so many of each set")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sets", nargs="+", default=["hand", "written", "rivals", "grammar"])
    options = parser.parse_args()
    runner = Runner(options.model, options.adapter, threads=options.threads)
    sets = {
        "hand": handwritten,
        "written": held_scenes,
        "rivals": lambda: drawn("rivals", options.scenes),
        "grammar": lambda: drawn("grammar", options.scenes),
    }
    for name in options.sets:
        found = report(trials(runner, islice(sets[name](), options.questions)))
        print(json.dumps({name: found}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
