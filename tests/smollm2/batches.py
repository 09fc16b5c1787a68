"""Samples as rows of tokens: each prompt once, and after it all its questions, of which none sees another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from memos_cli.operation.prompt.layout import Prompt, messages
from tests.smollm2.samples import Sample

BRIEF = "Answer from the memories, briefly. If they do not say it, answer: I don't know that yet.\n"
"""The system text of the layout that the adapter is trained on."""
END = "<|im_end|>"
OPENING = END + "\n<|im_start|>assistant\n"
FIRST = 2.0
"""The weight of an answer's first token, which settles what is answered; the others have 1."""


class Tokenizer:
    """The tokens of a GGUF, by llama.cpp; marks such as `<|im_end|>` are parsed."""

    def __init__(self, path: Path) -> None:
        import llama_cpp

        self.model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)

    def __call__(self, text: str) -> list[int]:
        return list(self.model.tokenize(text.encode(), add_bos=False, special=True))


def opening(prompt: Prompt) -> str:
    """The prompt in SmolLM2's own template, up to where the question begins."""
    *before, last = messages(prompt, BRIEF)
    told = "".join(f"<|im_start|>{message.role}\n{message.text}{END}\n" for message in before)
    return f"{told}<|im_start|>user\n{last.text}"


@dataclass(frozen=True)
class Row:
    """One sample in tokens."""

    tokens: list[int]
    positions: list[int]
    parts: list[int]
    """0 for the prompt, and the number of the question, counted from 1."""
    places: list[int]
    """From where the tokens of answers are told: the place before each."""
    wanted: list[int]
    """Those tokens."""
    weights: list[float]
    owners: list[int]
    """The question of each of those tokens."""

    def mask(self) -> Tensor:
        """Who sees whom: what came before, of the prompt or of the same question."""
        part, number = torch.tensor(self.parts), torch.arange(len(self.parts))
        seen = (part[None, :] == 0) | (part[None, :] == part[:, None])
        return seen & (number[None, :] <= number[:, None])


def row(sample: Sample, tokenizer: Tokenizer) -> Row:
    """A sample in tokens."""
    tokens = tokenizer(opening(sample.prompt))
    start = len(tokens)
    made = Row(tokens, list(range(start)), [0] * start, [], [], [], [])
    for number, (question, answer) in enumerate(sample.asks, 1):
        asked, said = tokenizer(question + OPENING), tokenizer(answer + END)
        first = len(made.tokens) + len(asked)
        made.tokens.extend(asked + said)
        made.positions.extend(range(start, start + len(asked) + len(said)))
        made.parts.extend([number] * (len(asked) + len(said)))
        made.places.extend(range(first - 1, first + len(said) - 1))
        made.wanted.extend(said)
        made.weights.extend([FIRST] + [1.0] * (len(said) - 1))
        made.owners.extend([number] * len(said))
    return made


@dataclass(frozen=True)
class Batch:
    """Rows, one after the other."""

    tokens: Tensor
    positions: Tensor
    masks: list[Tensor]
    places: Tensor
    wanted: Tensor
    weights: Tensor


def batch(rows: Sequence[Row]) -> Batch:
    """The rows as tensors."""
    starts = [sum(len(r.tokens) for r in rows[:n]) for n in range(len(rows))]
    return Batch(
        torch.tensor([t for r in rows for t in r.tokens]),
        torch.tensor([p for r in rows for p in r.positions], dtype=torch.float32),
        [r.mask() for r in rows],
        torch.tensor([start + p for start, r in zip(starts, rows, strict=True) for p in r.places]),
        torch.tensor([t for r in rows for t in r.wanted]),
        torch.tensor([w for r in rows for w in r.weights]),
    )


def grouped(rows: Sequence[Row], most: int) -> list[list[Row]]:
    """Rows in groups of at most so many tokens, or of one row: what is evaluated at once."""
    groups: list[list[Row]] = []
    for one in sorted(rows, key=lambda r: len(r.tokens)):
        if groups and sum(len(r.tokens) for r in groups[-1]) + len(one.tokens) <= most:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups
