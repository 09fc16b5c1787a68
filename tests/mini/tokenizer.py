"""The tokenizer of memos-mini: byte-level BPE over text of the grammar, digits one by one, marks as tokens."""

import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from memos_cli.operation.prompt.layout import text
from tests.mini.grammar import Split, scene

SIZE = 2048
MARKS = ("<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|pad|>")


def corpus(scenes: int, seed: int) -> list[str]:
    """Prompts, questions and answers of the training split."""
    rng = random.Random(seed)
    found = []
    for _ in range(scenes):
        drawn = scene(rng, rng.randint(1, 10), Split())
        body = text(drawn.prompt)
        for mark in MARKS:
            body = body.replace(mark, "\n")
        found.append(body)
        found += [f"{ask.question}\n {ask.answer}" for ask in drawn.asks]
    return found


def train(seed: int = 1, scenes: int = 12_000) -> Tokenizer:
    """A new tokenizer. No merge joins digits, so the plain GPT-2 pre-tokenizer gives the same tokens afterwards."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        special_tokens=list(MARKS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(scenes, seed), trainer)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def load(path: Path) -> Tokenizer:
    """The tokenizer at `path`."""
    return Tokenizer.from_file(str(path))
