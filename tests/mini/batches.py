"""Scenes to tensors: one prompt, then all of its questions side by side, none of which sees another."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from memos_cli.interface.prompt import MINI, sections
from tests.mini.grammar import Ask, Scene, Split, scene

_END = MINI.assistant[1]


@dataclass(frozen=True)
class Row:
    """A scene in tokens: `segment` 0 is the prompt, 1, 2, 3 its questions; `target` is -1 where nothing is learnt."""

    tokens: list[int]
    positions: list[int]
    segments: list[int]
    targets: list[int]
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Batch:
    """Rows padded to one length. `where` holds the flat indices whose next token is learnt, `wanted` those tokens."""

    tokens: Tensor
    positions: Tensor
    mask: Tensor
    where: Tensor
    wanted: Tensor
    plain: Tensor
    """Every token's successor in its own segment, -100 where there is none: for learning to read."""
    owner: Tensor
    """For each learnt token the number of its question among `asks`."""
    asks: tuple[Ask, ...]


def row(drawn: Scene, tokenizer: Tokenizer) -> Row:
    """The scene as the prompt module lays it out."""
    parts = sections(drawn.prompt)
    prefix = tokenizer.encode("".join(p.text for p in parts[:-1])).ids
    tail = parts[-1].text
    tokens, positions, segments, targets = list(prefix), list(range(len(prefix))), [0] * len(prefix), [-1] * len(prefix)
    for number, ask in enumerate(drawn.asks, 1):
        head = tokenizer.encode(ask.question + tail).ids
        body = tokenizer.encode(MINI.lead + ask.answer + _END).ids
        whole = head + body[:-1]
        tokens += whole
        positions += range(len(prefix), len(prefix) + len(whole))
        segments += [number] * len(whole)
        targets += [-1] * (len(head) - 1) + body
    return Row(tokens, positions, segments, targets, drawn.asks)


def batch(rows: list[Row]) -> Batch:
    """Rows to tensors."""
    longest = max(len(r.tokens) for r in rows)
    pad = lambda values, fill: torch.tensor([v + [fill] * (longest - len(v)) for v in values])  # noqa: E731
    tokens, positions = pad([r.tokens for r in rows], 5), pad([r.positions for r in rows], 0)
    segments, targets = pad([r.segments for r in rows], -1), pad([r.targets for r in rows], -1)
    causal = torch.ones(longest, longest, dtype=torch.bool).tril()
    same = segments[:, :, None] == segments[:, None, :]
    mask = causal & (same | (segments == 0)[:, None, :])
    where = (targets.flatten() >= 0).nonzero()[:, 0]
    after = torch.cat((tokens[:, 1:], tokens[:, :1]), 1)
    goes_on = torch.cat((segments[:, 1:] == segments[:, :-1], torch.zeros_like(segments[:, :1], dtype=torch.bool)), 1)
    plain = torch.where(goes_on & (segments >= 0), after, -100).flatten()
    start, owners = 0, []
    for r, s in zip(rows, segments, strict=True):
        owners.append(torch.where(s > 0, s - 1 + start, s))
        start += len(r.asks)
    owner = torch.stack(owners).flatten()[where]
    return Batch(
        tokens,
        positions,
        mask[:, None],
        where,
        targets.flatten()[where],
        plain,
        owner,
        tuple(a for r in rows for a in r.asks),
    )


LEVELS = ((2,), (4,), (8,), (14,), (4, 4, 6, 6, 12, 21), (4, 8, 14, 21))
"""How many facts a scene may hold, level by level; in a mixture each bound is as likely as the next."""


def facts_at(level: int, rng: random.Random) -> int:
    """How many facts a scene holds. Short scenes teach the most a token, so they stay in the mixture to the end."""
    return rng.randint(1, rng.choice(LEVELS[level]))


def stream(tokenizer: Tokenizer, rng: random.Random, level: list[int], budget: int) -> Iterator[Batch]:
    """Batches of about `budget` tokens, rows of like length together."""
    while True:
        rows = []
        size = 0
        while size < (2 if level[0] < 2 else 6) * budget:
            facts = facts_at(level[0], rng)
            made = row(scene(rng, facts, Split(), asks=7 + facts), tokenizer)
            if made.asks:
                rows.append(made)
                size += len(made.tokens)
        rows.sort(key=lambda r: len(r.tokens))
        group: list[Row] = []
        groups = []
        for r in rows:
            if group and (len(group) + 1) * len(r.tokens) > budget:
                groups.append(group)
                group = []
            group.append(r)
        groups.append(group)
        rng.shuffle(groups)
        for g in groups:
            yield batch(g)
