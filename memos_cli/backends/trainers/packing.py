"""Lessons in tokens, packed into rows whose prompts share their beginning, and the plan of an epoch's steps.

The questions to one set of memories begin alike, and so do all without memories; a model reads what they share once. A row is
the shared beginning of its prompts, then for each lesson the rest and its answer; `LayOut` says which token sees which.
"""

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.ports.trainer import Lesson, TrainingSettings

if TYPE_CHECKING:
    import torch

LONGEST = 2048
"""Most tokens of a prompt with its answer; a longer lesson is left out."""
ROW = 96
"""The least tokens of a row of questions without memories."""
BEGINNINGS = 4
"""A row of them has at least so many times the tokens of their common beginning, which is evaluated in each row again. A system
text of 95 tokens, as for models with a template, would otherwise be evaluated for each question alone."""
ALIKE = 0.4
"""The share of a prompt that its neighbour must share for reading the common beginning once to pay."""

Row = Sequence[int]
"""The numbers of the lessons in a row."""


class Encoded(NamedTuple):
    """A lesson in tokens: the prompt and the answer with its end, and the teacher's prompt."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    teacher: tuple[int, ...]
    kind: str
    watched: bool

    @property
    def length(self) -> int:
        """Tokens of prompt and answer."""
        return len(self.prompt) + len(self.answer)

    def read(self, *, teacher: bool) -> tuple[int, ...]:
        """The tokens before the answer: the prompt, or the teacher's."""
        return self.teacher if teacher else self.prompt


def encode(base: Path, lessons: Sequence[Lesson]) -> list[Encoded]:
    """The lessons in the tokens that chat would evaluate, without those that are too long."""
    found = []
    with closing(LlamaModel(base, context=LONGEST)) as model:
        most = min(LONGEST, model.context)
        for lesson in lessons:
            answer = model.answer_tokens(lesson.answer)
            teacher = model.tokens(lesson.teacher) if lesson.teacher else []
            one = Encoded(tuple(model.tokens(lesson.request)), tuple(answer), tuple(teacher), lesson.kind, lesson.watched)
            if one.prompt and max(one.length, len(teacher) + len(answer)) <= most:
                found.append(one)
    return found


def shared(prompts: Sequence[tuple[int, ...]]) -> int:
    """The length of the common prefix, without the last token of each prompt, after which they differ."""
    first, last = min(prompts), max(prompts)
    least = min(map(len, prompts)) - 1
    return next((place for place in range(least) if first[place] != last[place]), max(0, least))


class LayOut(NamedTuple):
    """Rows as a model reads them, each tensor of shape (rows, tokens of the longest).

    Attributes:
        tokens: the tokens.
        places: the position of each token in its own lesson.
        owner: 0 for the shared tokens of a row, else the number of the lesson within the row; -1 for padding.
        before: whether the next token is one of an answer.
    """

    tokens: "torch.Tensor"
    places: "torch.Tensor"
    owner: "torch.Tensor"
    before: "torch.Tensor"

    def mask(self) -> "torch.Tensor":
        """The attention mask to add, (rows, 1, tokens, tokens): a token sees the shared beginning and its own lesson so far."""
        import torch

        longest = self.tokens.shape[1]
        sees = (self.owner[:, :, None] == self.owner[:, None, :]) | (self.owner[:, None, :] == 0)
        sees &= torch.ones(longest, longest, dtype=torch.bool).tril()
        return torch.zeros(sees.shape).masked_fill_(~sees, torch.finfo(torch.bfloat16).min)[:, None]


class Packing:
    """Lessons and their rows.

    Args:
        lessons: all of them.
        tokens: about how many a batch has.
    """

    def __init__(self, lessons: Sequence[Encoded], tokens: int) -> None:
        self.lessons, self.tokens = lessons, tokens
        bare = [one.prompt for one in lessons if one.kind != "replay"]
        self.row = max(ROW, BEGINNINGS * shared(bare)) if bare else ROW
        """Tokens of a row of questions without memories: with a long system text many times as many as all begin with."""

    def rows(self, numbers: Sequence[int], most: int, *, teacher: bool = False) -> list[list[int]]:
        """Lessons in rows of up to `most` tokens: neighbours with similar prompts share their beginning."""
        made: list[list[int]] = []
        for number in numbers:
            row = [*made[-1], number] if made else []
            prompts = [self.lessons[each].read(teacher=teacher) for each in row]
            if row and shared(prompts) >= ALIKE * max(map(len, prompts)) and self.width(row, teacher=teacher) <= most:
                made[-1] = row
            else:
                made.append([number])
        return made

    def width(self, row: Row, *, teacher: bool = False) -> int:
        """Tokens of a row: the shared beginning once, and the rest of each prompt with its answer."""
        lessons = [self.lessons[number] for number in row]
        prompts = [one.read(teacher=teacher) for one in lessons]
        both = shared(prompts)
        return both + sum(len(prompt) - both + len(one.answer) for prompt, one in zip(prompts, lessons, strict=True))

    def places(self, row: Row) -> tuple[int, list[tuple[int, int]]]:
        """The tokens that a row's prompts share, and for each lesson where its own begin and end in the row (see `laid`)."""
        lessons = [self.lessons[number] for number in row]
        both = end = shared([one.prompt for one in lessons])
        found = []
        for one in lessons:
            start, end = end, end + one.length - both
            found.append((start, end))
        return both, found

    def by_width(self, rows: Sequence[list[int]], *, teacher: bool = False) -> Iterator[list[list[int]]]:
        """Rows of about equal width, in groups of up to two batches."""
        batch: list[list[int]] = []
        for row in sorted(rows, key=lambda row: self.width(row, teacher=teacher)):
            if batch and self.width(row, teacher=teacher) * (len(batch) + 1) > 2 * self.tokens:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    def laid(self, rows: Sequence[Row], *, teacher: bool = False) -> LayOut:
        """Rows as tensors."""
        import torch

        longest = max(self.width(row, teacher=teacher) for row in rows)
        tokens, places, owner = (torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(3))
        before = torch.zeros(len(rows), longest, dtype=torch.bool)
        for number, row in enumerate(rows):
            lessons = [self.lessons[each] for each in row]
            prompts = [one.read(teacher=teacher) for one in lessons]
            end = both = shared(prompts)
            tokens[number, :both] = torch.tensor(prompts[0][:both])
            places[number, :both] = torch.arange(both)
            for branch, (prompt, one) in enumerate(zip(prompts, lessons, strict=True), 1):
                rest = [*prompt[both:], *one.answer]
                start, end = end, end + len(rest)
                tokens[number, start:end] = torch.tensor(rest)
                places[number, start:end] = torch.arange(both, both + len(rest))
                owner[number, start:end] = branch
                before[number, end - len(one.answer) - 1 : end - 1] = True
            owner[number, end:] = -1
        return LayOut(tokens, places, owner, before)


class Plan:
    """The lessons of each step of an epoch: the same for a seed, so that a resumed training continues where it was.

    Args:
        packing: the lessons, the watched ones after the others.
        settings: how to train.
    """

    def __init__(self, packing: Packing, settings: TrainingSettings) -> None:
        self.packing, self.settings, lessons = packing, settings, packing.lessons
        learnt = range(sum(not one.watched for one in lessons))
        self.others = [number for number in learnt if lessons[number].kind != "replay"]
        replays = [number for number in learnt if lessons[number].kind == "replay"]
        self.replays = packing.rows(replays, min(settings.tokens, settings.row or settings.tokens))
        self.watching = list(range(len(learnt), len(lessons))) or list(learnt)[:200]
        self.each = self._steps()
        """Steps of an epoch."""

    @property
    def widest(self) -> int:
        """Tokens of the widest row, without teachers' prompts."""
        return max(map(self.packing.width, [[number] for number in range(len(self.packing.lessons))] + self.replays))

    def batches(self, epoch: int) -> list[list[list[int]]]:
        """The lessons of an epoch in batches of rows, in an order of its own; each batch has its share of facts and replay."""
        rng = random.Random(f"{self.settings.seed} {epoch}")  # noqa: S311 -- no secret
        others = rng.sample(self.others, len(self.others))
        width = self.packing.width
        scenes = self._replayed(epoch)
        scenes.sort(key=lambda row: (-(width(row) // 8), rng.random()))
        replayed = sum(map(width, scenes))
        made: list[list[list[int]]] = [[] for _ in range(self.each)]
        before = 0
        for row in scenes:
            made[before * len(made) // replayed].append(row)
            before += width(row)
        for number, rows in enumerate(made):
            longest = max([self.packing.row, *map(width, rows)])
            rows.extend(self.packing.rows(others[number :: len(made)], longest))
        rng.shuffle(made)
        return made

    def _steps(self) -> int:
        room = sum(map(self.packing.width, [*self._replayed(0), *self.packing.rows(self.others, self.packing.row)]))
        return max(1, min(len(self.others) or len(self.replays), round(room / self.settings.tokens)))

    def _replayed(self, epoch: int) -> list[list[int]]:
        """The replays of an epoch: each epoch takes the next ones in turn."""
        wanted = math.ceil(self.settings.replay * len(self.others)) if self.others else len(self.packing.lessons)
        every = sum(map(len, self.replays))
        count = min(len(self.replays), math.ceil(wanted * len(self.replays) / max(1, every)))
        return [self.replays[(epoch * count + place) % len(self.replays)] for place in range(count)]
