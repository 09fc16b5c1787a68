"""Scenes to tensors: one prompt, then all of its questions side by side, none of which sees another.

Beside the answers a batch tells what the grammar knows of how they are found (`Hints`): which line a question is answered
by, where in it each token of the answer stands, and what lines and questions are about. Training may ask for that, too.
"""

import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from memos_cli.operation.prompt.layout import MINI, sections
from tests.mini.grammar import ABOUT, RELATIONS, Ask, Drill, Scene, Split, scene

_END = MINI.assistant[1]
_CLASS = {name: number for number, name in enumerate(ABOUT)}


@dataclass(frozen=True)
class Row:
    """A scene in tokens: `segment` 0 is the prompt, 1, 2, 3 its questions; `target` is -1 where nothing is learnt."""

    tokens: list[int]
    positions: list[int]
    segments: list[int]
    targets: list[int]
    asks: tuple[Ask, ...]
    lines: tuple[tuple[int, int], ...] = ()
    """First and last token of each memory, its number and the end of its line included."""
    about: tuple[tuple[str, ...], ...] = ()
    opens: tuple[int, ...] = ()
    """For each question the place of the last token before its answer."""
    copies: tuple[tuple[int, int], ...] = ()
    """Where a token of an answer is learnt, and where in the lines that answer the question it stands."""


@dataclass(frozen=True)
class Hints:
    """How answers are found. Places are flat indices (row * time + place), in `looks` and `copies` of questions alone."""

    opens: Tensor
    """The last token before each answer, flat in the whole batch."""
    about: Tensor
    """What each question is about, a class number; -1 for small talk."""
    looks: Tensor
    """The same token as in `opens`, flat in (row * questions + place), where it is known which lines answer."""
    lines: Tensor
    """(looks, prompt): true in the lines that answer; at the very first token where nothing does."""
    copying: Tensor
    """Where a token is learnt that stands in the memories, flat in (row * questions + place)."""
    copied: Tensor
    """Its place in the prompt."""
    ends: Tensor
    """The last token of each memory, flat in the whole batch."""
    tells: Tensor
    """(ends, classes): what the memory tells of, in equal shares."""


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
    hints: Hints


def _spans(drawn: Scene, told: Encoding, text: str) -> tuple[tuple[int, int], ...]:
    """The tokens of each memory in the encoded prompt."""
    starts = [start for start, _ in told.offsets]
    spans, at = [], 0
    for number, _ in enumerate(drawn.prompt.lines, 1):
        at = text.index(f"\n{number}. ", at) + 1
        spans.append((bisect_left(starts, at), bisect_left(starts, text.index("\n", at))))
    return tuple(spans)


def _copied(body: list[int], tokens: list[int], spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches of an answer that stand in these lines: which of its tokens, and where; the longest first come first."""
    places = [place for first, last in spans for place in range(first, last + 1)]
    done = 0
    while done < len(body):
        best, source = 0, 0
        for place in places:
            size = 0
            while done + size < len(body) and place + size < len(tokens) and tokens[place + size] == body[done + size]:
                size += 1
            if size >= best and size:  # of two as long the later one: dates stand at the beginning
                best, source = size, place
        yield from ((done + n, source + n) for n in range(best))
        done += max(1, best)


def row(drawn: Scene, tokenizer: Tokenizer) -> Row:
    """The scene as the prompt module lays it out."""
    parts = sections(drawn.prompt)
    text = "".join(p.text for p in parts[:-1])
    told = tokenizer.encode(text)
    prefix = told.ids
    spans = _spans(drawn, told, text)
    opens, copies = [], []
    tail = parts[-1].text
    tokens, positions, segments, targets = list(prefix), list(range(len(prefix))), [0] * len(prefix), [-1] * len(prefix)
    for number, ask in enumerate(drawn.asks, 1):
        head = tokenizer.encode(ask.question + tail).ids
        body = tokenizer.encode(MINI.lead + ask.answer + _END).ids
        whole = head + body[:-1]
        opens.append(len(tokens) + len(head) - 1)
        if ask.lines and ask.kind != "yesno":
            from_lines = _copied(body[:-1], prefix, [spans[n - 1] for n in ask.lines])
            copies += [(opens[-1] + place, source) for place, source in from_lines]
        tokens += whole
        positions += range(len(prefix), len(prefix) + len(whole))
        segments += [number] * len(whole)
        targets += [-1] * (len(head) - 1) + body
    return Row(tokens, positions, segments, targets, drawn.asks, spans, drawn.about, tuple(opens), tuple(copies))


def batch(rows: list[Row]) -> Batch:
    """Rows to tensors: all prompts padded to one length, behind them all questions."""
    pad = lambda values, fill, size: torch.tensor([v + [fill] * (size - len(v)) for v in values])  # noqa: E731
    heads = [r.segments.count(0) for r in rows]
    split, rest = max(heads), max(len(r.tokens) - head for r, head in zip(rows, heads, strict=True))

    def laid(columns: list[list[int]], fill: int) -> Tensor:
        told = pad([c[:head] for c, head in zip(columns, heads, strict=True)], fill, split)
        return torch.cat((told, pad([c[head:] for c, head in zip(columns, heads, strict=True)], fill, rest)), 1)

    tokens, positions = laid([r.tokens for r in rows], 5), laid([r.positions for r in rows], 0)
    segments, targets = laid([r.segments for r in rows], -1), laid([r.targets for r in rows], -1)
    asking = segments[:, split:]
    causal = torch.ones(rest, rest, dtype=torch.bool).tril()
    own = causal & (asking[:, :, None] == asking[:, None, :])
    mask = torch.cat(((segments[:, None, :split] == 0).expand(-1, rest, -1), own), 2)
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
        _hints(rows, heads, split, rest),
    )


def _hints(rows: list[Row], heads: list[int], split: int, rest: int) -> Hints:
    opens, about, looks, lines, copying, copied, ends, tells = [], [], [], [], [], [], [], []
    time = split + rest
    for number, (r, head) in enumerate(zip(rows, heads, strict=True)):
        for ask, place in zip(r.asks, r.opens, strict=True):
            opens.append(number * time + split + place - head)
            about.append(_CLASS.get(ask.about, -1))
            if ask.lines or ask.kind == "refuse":
                looks.append(number * rest + place - head)
                open_ = torch.zeros(split, dtype=torch.bool)
                for line in ask.lines or ():
                    first, last = r.lines[line - 1]
                    open_[first : last + 1] = True
                open_[0] = not ask.lines
                lines.append(open_)
        copying += [number * rest + place - head for place, _ in r.copies]
        copied += [source for _, source in r.copies]
        for (_, last), names in zip(r.lines, r.about, strict=True):
            ends.append(number * time + last)
            told = torch.zeros(len(ABOUT))
            for name in names:
                told[_CLASS[name]] += 1 / len(names)
            tells.append(told)
    return Hints(
        torch.tensor(opens),
        torch.tensor(about),
        torch.tensor(looks, dtype=torch.long),
        torch.stack(lines) if lines else torch.zeros(0, split, dtype=torch.bool),
        torch.tensor(copying, dtype=torch.long),
        torch.tensor(copied, dtype=torch.long),
        torch.tensor(ends, dtype=torch.long),
        torch.stack(tells) if tells else torch.zeros(0, len(ABOUT)),
    )


LEVELS = ((2,), (4,), (8,), (14,), (4, 4, 6, 6, 12, 21), (4, 6, 8, 8, 12, 21))
"""How many facts a scene may hold, level by level; in a mixture each bound is as likely as the next."""


def facts_at(level: int, rng: random.Random) -> int:
    """How many facts a scene holds. Short scenes teach the most a token, so they stay in the mixture to the end."""
    return rng.randint(1, rng.choice(LEVELS[level]))


def _packed(rows: list[Row], groups: int) -> list[list[Row]]:
    """Rows, sorted by length, in so many groups (or fewer) of about the same padded size."""
    bound = sum(len(r.tokens) for r in rows) // groups
    while True:
        found: list[list[Row]] = [[]]
        for r in rows:
            if found[-1] and (len(found[-1]) + 1) * len(r.tokens) > bound:
                found.append([])
            found[-1].append(r)
        if len(found) <= groups:
            return found
        bound += bound // 50


ODD = 0.2
"""Share of open values whose words a model cannot know by heart."""


class Lesson:
    """How hard the scenes are at present: `level` bounds their facts, `drill` says what they tell of more often."""

    SHARE, SPEAKERS = 0.35, 0.2
    SLOW, LEAST, MOST = 0.99, 0.5, 2.5

    def __init__(self) -> None:
        self.level, self.drill = 0, Drill(self.SHARE, None, self.SPEAKERS)
        self.losses = dict.fromkeys(RELATIONS, 0.0)

    def graded(self, lap: Batch, losses: Tensor) -> None:
        """Draw relations by the square root of the loss on questions for them. losses: one for each learnt token."""
        sums = torch.zeros(len(lap.asks)).index_add_(0, lap.owner, losses).tolist()
        for ask, loss in zip(lap.asks, sums, strict=True):
            if ask.about in self.losses:
                self.losses[ask.about] += (1 - self.SLOW) * (loss - self.losses[ask.about])

    def focus(self) -> None:
        """From now on, as the losses are."""
        mean = sum(self.losses.values()) / len(self.losses)
        weights = ((loss / mean) ** 0.5 for loss in self.losses.values())
        self.drill = replace(self.drill, weights=tuple(min(self.MOST, max(self.LEAST, w)) for w in weights))


def stream(tokenizer: Tokenizer, rng: random.Random, order: random.Random, lesson: Lesson, budget: int) -> Iterator[Batch]:
    """Batches of about `budget` tokens, rows of like length together.

    Workers that are given the same `order` meet long rows and short ones at the same step, so that none waits for another.
    """
    while True:
        rows = []
        size, groups = 0, 2 if lesson.level < 2 else 6
        while size < groups * budget * 0.92:
            facts = facts_at(lesson.level, rng)
            made = row(
                scene(rng, facts, Split(odd=ODD), asks=min(8 + facts * 3 // 2, 10 + facts), drill=lesson.drill), tokenizer
            )
            if made.asks:
                rows.append(made)
                size += len(made.tokens)
        rows.sort(key=lambda r: len(r.tokens))
        packed = _packed(rows, groups)
        turns = list(range(groups))
        order.shuffle(turns)
        for turn in turns:
            if turn < len(packed):
                yield batch(packed[turn])
